#pragma once

#include <string>
#include <type_traits>

#include "base/date.h"
#include "report/tables.h"

namespace ets::report {

// The SQL type of a member: dates are ISO text, so that every tool reads and sorts them.
template <typename T>
constexpr const char* SqlType() {
  if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, Date>) {
    return "TEXT";
  } else if constexpr (std::is_floating_point_v<T>) {
    return "REAL";
  } else {
    static_assert(std::is_integral_v<T>);
    return "INTEGER";
  }
}

// "CREATE TABLE events(date TEXT NOT NULL, ...)". Names are quoted: `group` and `key` are words of
// SQL.
template <typename Row>
std::string CreateStatement() {
  std::string sql = "CREATE TABLE " + std::string(Table<Row>::kName) + "(";
  const char* separator = "";
  ForEachColumn<Row>([&]<typename T>(const Column<Row, T>& column) {
    sql += std::string(separator) + "\"" + column.name + "\" " + SqlType<T>() + " NOT NULL";
    separator = ", ";
  });
  return sql + ")";
}

// "INSERT INTO events VALUES(?,?,?)"
template <typename Row>
std::string InsertStatement() {
  std::string sql = "INSERT INTO " + std::string(Table<Row>::kName) + " VALUES(";
  const char* separator = "";
  ForEachColumn<Row>([&](const auto&) {
    sql += std::string(separator) + "?";
    separator = ",";
  });
  return sql + ")";
}

}  // namespace ets::report
