#include "report/run_database.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "report/schema.h"
#include "report/tables.h"
#include "report/test_files.h"

namespace ets::report {
namespace {

// How many members an aggregate has: the most values it can be initialised from.
struct Anything {
  template <typename T>
  requires(!std::is_same_v<T, std::initializer_list<char>>) operator T() const;  // NOLINT
};
template <typename Row, std::size_t... I>
constexpr bool TakesValues(std::index_sequence<I...>) {
  return requires { Row{(static_cast<void>(I), std::declval<Anything>())...}; };
}
template <typename Row, std::size_t N = 1>
constexpr std::size_t MemberCount() {
  if constexpr (TakesValues<Row>(std::make_index_sequence<N>()) &&
                !TakesValues<Row>(std::make_index_sequence<N + 1>())) {
    return N;
  } else {
    return MemberCount<Row, N + 1>();
  }
}

// A row whose every member differs from every other, and from those of other `n`.
void Fill(std::string& member, int n) { member = "text, \"" + std::to_string(n) + "\"\n</script>"; }
void Fill(Date& member, int n) { member = Date::Of(2025, 1, 1) + n; }
void Fill(bool& member, int n) { member = n % 2 == 1; }
void Fill(double& member, int n) { member = n + 0.1; }
template <typename T>
requires std::is_integral_v<T>
void Fill(T& member, int n) { member = static_cast<T>(1000 + n); }
template <typename Row>
Row SampleRow(int n) {
  Row row;
  ForEachColumn<Row>([&](const auto& column) { Fill(row.*column.member, n++); });
  return row;
}

void RecordSamples(RunDatabase& database, int rows = 3) {
  ForEachTable([&]<typename Row>() {
    for (int i = 0; i < rows; ++i) database.Record(SampleRow<Row>(50 * i));
  });
  database.Record("seed", "1");
}

void ExpectEqual(const SQLite::Column& column, const std::string& value) {
  EXPECT_TRUE(column.isText());
  EXPECT_EQ(column.getString(), value);
}
void ExpectEqual(const SQLite::Column& column, Date value) { ExpectEqual(column, ToString(value)); }
void ExpectEqual(const SQLite::Column& column, double value) {
  EXPECT_TRUE(column.isFloat());
  EXPECT_EQ(column.getDouble(), value);
}
template <typename T>
requires std::is_integral_v<T>
void ExpectEqual(const SQLite::Column& column, T value) {
  EXPECT_TRUE(column.isInteger());
  EXPECT_EQ(column.getInt64(), static_cast<std::int64_t>(value));
}

TEST(Tables, HaveOneColumnForEachMemberInTheirOrder) {
  ForEachTable([]<typename Row>() {
    SCOPED_TRACE(Table<Row>::kName);
    EXPECT_EQ(std::tuple_size_v<std::remove_cvref_t<decltype(Table<Row>::kColumns)>>,
              MemberCount<Row>());
    const Row row;
    const char* last = nullptr;
    ForEachColumn<Row>([&](const auto& column) {
      const char* here = reinterpret_cast<const char*>(&(row.*column.member));
      EXPECT_LT(last, here) << column.name;
      last = here;
    });
  });
}

TEST(RunDatabase, GivesBackEveryRowOfEveryTableWithItsTypesInOrder) {
  const Folder folder;
  RunDatabase run;
  ASSERT_TRUE(run.Create(folder / "run.sqlite"));
  RecordSamples(run);
  ASSERT_TRUE(run.Close()) << run.error();

  SQLite::Database database(folder / "run.sqlite");
  ForEachTable([&]<typename Row>() {
    SCOPED_TRACE(Table<Row>::kName);
    SQLite::Statement query(database, "SELECT * FROM " + std::string(Table<Row>::kName));
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(query.executeStep());
      const Row row = SampleRow<Row>(50 * i);
      int index = 0;
      ForEachColumn<Row>([&](const auto& column) {
        EXPECT_STREQ(query.getColumnName(index), column.name);
        ExpectEqual(query.getColumn(index++), row.*column.member);
      });
      EXPECT_EQ(query.getColumnCount(), index);
    }
    EXPECT_FALSE(query.executeStep());
  });
  EXPECT_EQ(database.execAndGet("SELECT value FROM run WHERE \"key\" = 'seed'").getString(), "1");
  EXPECT_EQ(database.execAndGet("PRAGMA integrity_check").getString(), "ok");
}

TEST(RunDatabase, DeclaresEveryColumnNotNull) {
  const Folder folder;
  RunDatabase run;
  ASSERT_TRUE(run.Create(folder / "run.sqlite") && run.Close());
  SQLite::Database database(folder / "run.sqlite");
  EXPECT_EQ(database
                .execAndGet("SELECT count(*) FROM sqlite_master m, pragma_table_info(m.name) c "
                            "WHERE c.\"notnull\" = 0")
                .getInt(),
            0);
  EXPECT_EQ(database.execAndGet("SELECT count(*) FROM sqlite_master").getInt(),
            static_cast<int>(std::tuple_size_v<AllRows>) + 1);
}

TEST(RunDatabase, WritesEqualFilesForEqualRowsAndOthersForOthers) {
  const Folder folder;
  for (const char* name : {"a", "b", "c"}) {
    RunDatabase run;
    ASSERT_TRUE(run.Create(folder / name));
    RecordSamples(run, *name == 'c' ? 2 : 3);
    ASSERT_TRUE(run.Close());
  }
  EXPECT_EQ(Contents(folder / "a"), Contents(folder / "b"));
  EXPECT_NE(Contents(folder / "a"), Contents(folder / "c"));
}

TEST(RunDatabase, ReplacesTheDatabaseThatStoodThere) {
  const Folder folder;
  for (int rows : {3, 1}) {
    RunDatabase run;
    ASSERT_TRUE(run.Create(folder / "run.sqlite"));
    RecordSamples(run, rows);
    ASSERT_TRUE(run.Close());
  }
  SQLite::Database database(folder / "run.sqlite");
  EXPECT_EQ(database.execAndGet("SELECT count(*) FROM firms").getInt(), 1);
}

TEST(RunDatabase, KeepsTheErrorAndDropsTheRowsWhenTheFolderIsMissing) {
  const Folder folder;
  RunDatabase run;
  EXPECT_FALSE(run.Create(folder / "missing/run.sqlite"));
  RecordSamples(run);
  EXPECT_FALSE(run.Close());
  EXPECT_THAT(run.error(), testing::HasSubstr("missing/run.sqlite: "));
}

TEST(RunDatabase, KeepsTheErrorWhenTheDiskIsFull) {
  const Folder folder;
  const FileSizeLimit limit(100'000);  // Bytes; writing past it fails as on a full disk.
  RunDatabase run;
  ASSERT_TRUE(run.Create(folder / "run.sqlite"));
  RecordSamples(run, 5'000);
  EXPECT_FALSE(run.Close());
  EXPECT_THAT(run.error(), testing::HasSubstr("run.sqlite: "));
}

TEST(Csv, HoldsEveryTableWithItsHeaderAndQuotesWhatNeedsIt) {
  const Folder folder;
  RunDatabase run;
  ASSERT_TRUE(run.Create(folder / "run.sqlite"));
  RecordSamples(run, 1);
  sim::EquilibriumRow row;
  row.year = 2030;
  row.price_cny = 126.99;
  row.emissions_mt = 8590;
  run.Record(row);
  ASSERT_TRUE(run.Close());
  ASSERT_EQ(WriteCsv(folder / "run.sqlite", folder / "csv"), "");
  ForEachTable([&]<typename Row>() {
    std::string header;
    ForEachColumn<Row>([&](const auto& column) {
      header += (header.empty() ? "" : ",") + std::string(column.name);
    });
    EXPECT_THAT(Contents(folder / "csv/" + Table<Row>::kName + ".csv"),
                testing::StartsWith(header + "\n"));
  });
  EXPECT_EQ(Contents(folder / "csv/events.csv"),
            "date,kind,label\n2025-01-01,\"text, \"\"1\"\"\n</script>\","
            "\"text, \"\"2\"\"\n</script>\"\n");
  EXPECT_EQ(Contents(folder / "csv/equilibrium.csv"),
            "year,price_cny,bank_mt,emissions_mt\n1000,1.1,2.1,3.1\n2030,126.99,0,8590\n");
  EXPECT_EQ(Contents(folder / "csv/run.csv"), "key,value\nseed,1\n");
}

TEST(Csv, SaysWhatIsWrongWhenThereIsNoDatabase) {
  const Folder folder;
  EXPECT_NE(WriteCsv(folder / "none.sqlite", folder / "csv"), "");
  EXPECT_FALSE(std::filesystem::exists(folder / "csv"));
}

// To bring the document up to date: CAPCLEAR_WRITE_DOCS=1 ets_report_test, from the project's root.
TEST(ResultsDocument, DescribesTheTablesAsTheyAre) {
  const std::string path = "docs/results.md", begin = "<!-- tables -->\n", end = "<!-- end -->\n";
  std::string text = Contents(path);
  const auto from = text.find(begin), to = text.find(end);
  ASSERT_NE(from, std::string::npos);
  ASSERT_NE(to, std::string::npos);
  const std::string wanted = text.substr(0, from) + begin + DescribeTables() + text.substr(to);
  if (std::getenv("CAPCLEAR_WRITE_DOCS") != nullptr) {
    std::ofstream(path, std::ios::binary) << wanted;
    text = wanted;
  }
  EXPECT_EQ(text, wanted);
}

}  // namespace
}  // namespace ets::report
