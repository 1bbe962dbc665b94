#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sim/recorder.h"

namespace ets::report {

// Writes a run's rows to run.sqlite: one table per row struct (tables.h), all rows in one
// transaction, so that a reader sees nothing before Close() and everything after it. Equal rows in
// equal order give equal files, byte for byte. The first failure (no such folder, disk full) is
// kept in error(); whatever is recorded after it is dropped. No exception leaves this class. Not
// thread-safe.
class RunDatabase final : public sim::Recorder {
 public:
  RunDatabase();
  ~RunDatabase() override;  // Closes without a word about errors.
  RunDatabase(const RunDatabase&) = delete;
  RunDatabase& operator=(const RunDatabase&) = delete;

  // Starts an empty database at the path; a file that stands there is replaced. False: see error().
  bool Create(const std::string& path);
  // Commits, and waits until the rows are on disk. False: see error(); the file is then of no use.
  bool Close();

  bool ok() const;
  const std::string& error() const;  // Empty when ok().

  // REQUIRES (all): between Create() and Close().
  void Record(const sim::InputRow& row) override;
  void Record(const sim::PriceRow& row) override;
  void Record(const sim::AuctionRow& row) override;
  void Record(const sim::WeekRow& row) override;
  void Record(const sim::SectorRow& row) override;
  void Record(const sim::FirmRow& row) override;
  void Record(const sim::FirmYearRow& row) override;
  void Record(const sim::SectorYearRow& row) override;
  void Record(const sim::LedgerRow& row) override;
  void Record(const sim::CbamRow& row) override;
  void Record(const sim::CbamProvinceRow& row) override;
  void Record(const sim::CbamImporterRow& row) override;
  void Record(const sim::CirculationRow& row) override;
  void Record(const sim::StabilityRow& row) override;
  void Record(const sim::TriggerRow& row) override;
  void Record(const sim::EquilibriumRow& row) override;
  void Record(const sim::EventRow& row) override;
  void Record(const sim::TradeRow& row) override;
  void Record(std::string_view key, std::string_view value) override;

 private:
  struct Connection;  // SQLite and its statements.

  template <typename Row>
  void Insert(const Row& row);

  std::unique_ptr<Connection> connection_;
  std::string error_;
};

// Writes every table of the database as <folder>/<table>.csv (RFC 4180, first line the column
// names, numbers in their shortest exact form). The folder is made if missing. Empty text on
// success, else why not.
std::string WriteCsv(const std::string& sqlite_path, const std::string& folder);

}  // namespace ets::report
