#include "report/html_report.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "report/embedded_page.h"

namespace ets::report {
namespace {

// "<", ">" and "&" are escaped too: the text stands inside a <script> element.
void AppendJson(std::string& json, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  json += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (byte < 0x20 || c == '<' || c == '>' || c == '&') {
      json += "\\u00";
      json += kHex[byte >> 4];
      json += kHex[byte & 15];
    } else {
      json += c;
    }
  }
  json += '"';
}

void AppendJson(std::string& json, const SQLite::Column& value) {
  if (value.isNull()) {
    json += "null";
  } else if (value.isText()) {
    AppendJson(json, value.getString());
  } else if (value.isInteger()) {
    json += std::to_string(value.getInt64());
  } else if (std::isfinite(value.getDouble())) {
    char buffer[32];
    json.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value.getDouble()).ptr);
  } else {
    json += "null";
  }
}

// {"date":[...],"close":[...]}: by column, which is a third of the size by row.
void AppendJson(std::string& json, SQLite::Statement& query) {
  std::vector<std::string> columns(static_cast<std::size_t>(query.getColumnCount()));
  while (query.executeStep()) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (!columns[i].empty()) columns[i] += ',';
      AppendJson(columns[i], query.getColumn(static_cast<int>(i)));
    }
  }
  for (std::size_t i = 0; i < columns.size(); ++i) {
    json += i == 0 ? '{' : ',';
    AppendJson(json, query.getColumnName(static_cast<int>(i)));
    json += ":[" + columns[i] + "]";
  }
  json += "}";
}

// page/data.sql: each query follows a line "-- name: its name".
std::vector<std::pair<std::string, std::string>> NamedQueries(std::string_view sql) {
  constexpr std::string_view kMark = "-- name: ";
  std::vector<std::pair<std::string, std::string>> queries;
  for (auto at = sql.find(kMark); at != std::string_view::npos;) {
    const auto name = at + kMark.size(), text = sql.find('\n', name), next = sql.find(kMark, text);
    queries.emplace_back(sql.substr(name, text - name), sql.substr(text, next - text));
    at = next;
  }
  return queries;
}

std::string PageData(SQLite::Database& database) {
  std::string json;
  for (const auto& [name, sql] : NamedQueries(embedded::Queries())) {
    json += json.empty() ? "{" : ",\n";
    AppendJson(json, name);
    json += ":";
    SQLite::Statement query(database, sql);
    AppendJson(json, query);
  }
  return json + "}";
}

std::string Title(SQLite::Database& database) {
  SQLite::Statement query(database, "SELECT value FROM run WHERE \"key\" = 'title'");
  const std::string title = query.executeStep() ? query.getColumn(0).getString() : "A run";
  std::string escaped;
  for (const char c : title) {
    if (c == '<') {
      escaped += "&lt;";
    } else if (c == '&') {
      escaped += "&amp;";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

// The template with each "{{name}}" filled in. What is filled in is not searched again.
std::string Filled(std::string_view text,
                   const std::vector<std::pair<std::string_view, std::string_view>>& parts) {
  std::string page;
  while (true) {
    const auto open = text.find("{{"), close = text.find("}}", open);
    page += text.substr(0, open);
    if (open == std::string_view::npos) return page;
    const auto name = text.substr(open + 2, close - open - 2);
    for (const auto& [key, value] : parts) {
      if (key == name) page += value;
    }
    text.remove_prefix(close + 2);
  }
}

bool WriteAll(int file, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

std::string WriteWhole(const std::string& path, std::string_view text) {
  const std::string temporary = path + ".part";
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return path + ": " + std::strerror(errno);
  bool good = WriteAll(file, text) && ::fsync(file) == 0;
  int error = errno;
  if (::close(file) != 0 && good) {
    good = false;
    error = errno;
  }
  if (good && std::rename(temporary.c_str(), path.c_str()) != 0) {
    good = false;
    error = errno;
  }
  if (good) return "";
  ::unlink(temporary.c_str());
  return path + ": " + std::strerror(error);
}

}  // namespace

std::string WriteHtmlReport(const std::string& sqlite_path, const std::string& html_path) {
  try {
    SQLite::Database database(sqlite_path, SQLite::OPEN_READONLY);
    return WriteWhole(html_path, Filled(embedded::Template(), {{"title", Title(database)},
                                                               {"style", embedded::Style()},
                                                               {"charts", embedded::Charts()},
                                                               {"data", PageData(database)},
                                                               {"script", embedded::Script()}}));
  } catch (const std::exception& exception) {
    return sqlite_path + ": " + exception.what();
  }
}

}  // namespace ets::report
