#pragma once

#include <map>
#include <vector>

#include "server/compose.h"
#include "sim/recorder.h"

namespace ets::server {

// Passes every row on and keeps what the summary table needs.
class Summary final : public sim::Recorder {
 public:
  explicit Summary(sim::Recorder& next) : next_(next) {}

  void Record(const sim::InputRow& row) override { next_.Record(row); }
  void Record(const sim::PriceRow& row) override;
  void Record(const sim::AuctionRow& row) override;
  void Record(const sim::WeekRow& row) override;
  void Record(const sim::SectorRow& row) override { next_.Record(row); }
  void Record(const sim::FirmRow& row) override { next_.Record(row); }
  void Record(const sim::FirmYearRow& row) override { next_.Record(row); }
  void Record(const sim::SectorYearRow& row) override;
  void Record(const sim::LedgerRow& row) override;
  void Record(const sim::CbamRow& row) override { next_.Record(row); }
  void Record(const sim::CbamProvinceRow& row) override { next_.Record(row); }
  void Record(const sim::CbamImporterRow& row) override { next_.Record(row); }
  void Record(const sim::CirculationRow& row) override;
  void Record(const sim::StabilityRow& row) override;
  void Record(const sim::TriggerRow& row) override;
  void Record(const sim::EquilibriumRow& row) override;
  void Record(const sim::EventRow& row) override { next_.Record(row); }
  void Record(const sim::TradeRow& row) override { next_.Record(row); }
  void Record(std::string_view key, std::string_view value) override { next_.Record(key, value); }

  std::vector<YearSummary> Years() const;
  // By year of the stock, each with what was published and triggered in it.
  std::vector<StabilityYear> Stability() const;

 private:
  struct Sums {
    YearSummary year;
    double price_sum = 0, certificate_sum = 0;
    int price_days = 0, certificate_weeks = 0;
    bool traded = false;
  };
  Sums& At(int year);

  sim::Recorder& next_;
  std::map<int, Sums> sums_;
  std::map<int, StabilityYear> stability_;
};

}  // namespace ets::server
