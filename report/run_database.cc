#include "report/run_database.h"

#include <SQLiteCpp/SQLiteCpp.h>

#include <charconv>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>

#include "report/schema.h"
#include "report/tables.h"

namespace ets::report {
namespace {

template <typename Row>
struct Insertion {
  explicit Insertion(SQLite::Database& database) : statement(database, InsertStatement<Row>()) {}
  SQLite::Statement statement;
};

template <typename Rows>
struct InsertionsOf;
template <typename... Row>
struct InsertionsOf<std::tuple<Row...>> {
  explicit InsertionsOf(SQLite::Database& database) : all(Insertion<Row>(database)...) {}
  std::tuple<Insertion<Row>...> all;
};

void Bind(SQLite::Statement& statement, int index, const std::string& value) {
  statement.bindNoCopy(index, value);  // The row outlives the step.
}
void Bind(SQLite::Statement& statement, int index, double value) { statement.bind(index, value); }
void Bind(SQLite::Statement& statement, int index, Date value) {
  statement.bind(index, ToString(value));
}
template <typename T>
requires std::is_integral_v<T>
void Bind(SQLite::Statement& statement, int index, T value) {
  statement.bind(index, static_cast<std::int64_t>(value));
}

std::string QuotedForCsv(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string CsvField(const SQLite::Column& column) {
  if (!column.isFloat()) return QuotedForCsv(column.getString());
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, column.getDouble()).ptr;
  return std::string(buffer, end);
}

void WriteTableAsCsv(SQLite::Database& database, const std::string& table,
                     const std::filesystem::path& folder) {
  std::ofstream file(folder / (table + ".csv"), std::ios::binary | std::ios::trunc);
  SQLite::Statement query(database, "SELECT * FROM " + table);
  const int columns = query.getColumnCount();
  for (int i = 0; i < columns; ++i) file << (i == 0 ? "" : ",") << query.getColumnName(i);
  file << "\n";
  while (query.executeStep()) {
    for (int i = 0; i < columns; ++i) file << (i == 0 ? "" : ",") << CsvField(query.getColumn(i));
    file << "\n";
  }
  file.close();
  if (!file) throw std::runtime_error("cannot write " + (folder / (table + ".csv")).string());
}

}  // namespace

struct RunDatabase::Connection {
  // The tables are made before the statements that name them are prepared.
  explicit Connection(const std::string& path) : database(Open(path)), insertions(database) {}

  static SQLite::Database Open(const std::string& path) {
    SQLite::Database database(path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    // A run that fails leaves a folder marked incomplete: there is nothing to roll back to.
    database.exec("PRAGMA journal_mode = OFF");
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    database.exec("PRAGMA cache_size = -65536");
    database.exec("BEGIN");
    ForEachTable([&]<typename Row>() { database.exec(CreateStatement<Row>()); });
    database.exec("CREATE TABLE run(\"key\" TEXT NOT NULL, value TEXT NOT NULL)");
    return database;
  }

  SQLite::Database database;
  InsertionsOf<AllRows> insertions;
  SQLite::Statement run{database, "INSERT INTO run VALUES(?,?)"};
};

RunDatabase::RunDatabase() = default;

RunDatabase::~RunDatabase() { Close(); }

bool RunDatabase::Create(const std::string& path) {
  connection_.reset();
  error_.clear();
  try {
    if (std::filesystem::is_regular_file(path)) std::filesystem::remove(path);
    connection_ = std::make_unique<Connection>(path);
  } catch (const std::exception& exception) {
    error_ = path + ": " + exception.what();
  }
  return ok();
}

bool RunDatabase::Close() {
  if (connection_ != nullptr && ok()) {
    try {
      connection_->database.exec("COMMIT");
    } catch (const std::exception& exception) {
      error_ = connection_->database.getFilename() + ": " + exception.what();
    }
  }
  connection_.reset();
  return ok();
}

bool RunDatabase::ok() const { return error_.empty(); }

const std::string& RunDatabase::error() const { return error_; }

template <typename Row>
void RunDatabase::Insert(const Row& row) {
  if (connection_ == nullptr || !ok()) return;
  try {
    SQLite::Statement& statement = std::get<Insertion<Row>>(connection_->insertions.all).statement;
    int index = 0;
    ForEachColumn<Row>([&](const auto& column) { Bind(statement, ++index, row.*column.member); });
    statement.exec();
    statement.reset();
  } catch (const std::exception& exception) {
    error_ = connection_->database.getFilename() + ": " + exception.what();
  }
}

void RunDatabase::Record(const sim::InputRow& row) { Insert(row); }
void RunDatabase::Record(const sim::PriceRow& row) { Insert(row); }
void RunDatabase::Record(const sim::AuctionRow& row) { Insert(row); }
void RunDatabase::Record(const sim::WeekRow& row) { Insert(row); }
void RunDatabase::Record(const sim::SectorRow& row) { Insert(row); }
void RunDatabase::Record(const sim::FirmRow& row) { Insert(row); }
void RunDatabase::Record(const sim::FirmYearRow& row) { Insert(row); }
void RunDatabase::Record(const sim::SectorYearRow& row) { Insert(row); }
void RunDatabase::Record(const sim::LedgerRow& row) { Insert(row); }
void RunDatabase::Record(const sim::CbamRow& row) { Insert(row); }
void RunDatabase::Record(const sim::CbamProvinceRow& row) { Insert(row); }
void RunDatabase::Record(const sim::CbamImporterRow& row) { Insert(row); }
void RunDatabase::Record(const sim::CirculationRow& row) { Insert(row); }
void RunDatabase::Record(const sim::StabilityRow& row) { Insert(row); }
void RunDatabase::Record(const sim::TriggerRow& row) { Insert(row); }
void RunDatabase::Record(const sim::EquilibriumRow& row) { Insert(row); }
void RunDatabase::Record(const sim::EventRow& row) { Insert(row); }
void RunDatabase::Record(const sim::TradeRow& row) { Insert(row); }

void RunDatabase::Record(std::string_view key, std::string_view value) {
  if (connection_ == nullptr || !ok()) return;
  try {
    connection_->run.bind(1, std::string(key));
    connection_->run.bind(2, std::string(value));
    connection_->run.exec();
    connection_->run.reset();
  } catch (const std::exception& exception) {
    error_ = connection_->database.getFilename() + ": " + exception.what();
  }
}

std::string WriteCsv(const std::string& sqlite_path, const std::string& folder) {
  try {
    SQLite::Database database(sqlite_path, SQLite::OPEN_READONLY);
    std::filesystem::create_directories(folder);
    ForEachTable([&]<typename Row>() { WriteTableAsCsv(database, Table<Row>::kName, folder); });
    WriteTableAsCsv(database, "run", folder);
  } catch (const std::exception& exception) {
    return folder + ": " + exception.what();
  }
  return "";
}

}  // namespace ets::report
