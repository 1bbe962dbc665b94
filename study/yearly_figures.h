#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/recorder.h"

namespace ets::study {

// What an ensemble keeps of one year of one run. Empty: the run has no such number, because nothing
// was traded or sold, or because the year's deadline lies after the run's last day.
struct YearFigures {
  int year = 0;
  std::optional<double> price_cny;        // Mean of the headline closes.
  std::optional<double> equilibrium_cny;  // The frictionless benchmark.
  std::optional<double> emissions_mt;     // Verified.
  std::optional<double> auction_cny;      // Domestic, volume-weighted.
  std::optional<double> shortfall_t;      // Not surrendered at the deadline for this year.
  friend bool operator==(const YearFigures&, const YearFigures&) = default;
};

// The figures by name: the one list behind the CSV files, the quantiles and the printed table.
struct Figure {
  std::string_view name, unit;
  std::optional<double> YearFigures::*member;
};
inline constexpr std::array<Figure, 5> kFigures = {{
    {"price", "CNY/t", &YearFigures::price_cny},
    {"equilibrium", "CNY/t", &YearFigures::equilibrium_cny},
    {"emissions", "Mt", &YearFigures::emissions_mt},
    {"auction_price", "CNY/t", &YearFigures::auction_cny},
    {"shortfall", "t", &YearFigures::shortfall_t},
}};

// A light recorder: adds up a run's rows by year and forgets the rest.
class YearlyRecorder final : public sim::Recorder {
 public:
  void Record(const sim::InputRow&) override {}
  void Record(const sim::PriceRow& row) override;
  void Record(const sim::AuctionRow& row) override;
  void Record(const sim::WeekRow&) override {}
  void Record(const sim::SectorRow&) override {}
  void Record(const sim::FirmRow&) override {}
  void Record(const sim::FirmYearRow& row) override;
  void Record(const sim::SectorYearRow& row) override;
  void Record(const sim::LedgerRow&) override {}
  void Record(const sim::CbamRow&) override {}
  void Record(const sim::CbamProvinceRow&) override {}
  void Record(const sim::CbamImporterRow&) override {}
  void Record(const sim::CirculationRow&) override {}
  void Record(const sim::StabilityRow&) override {}
  void Record(const sim::TriggerRow&) override {}
  void Record(const sim::EquilibriumRow& row) override;
  void Record(const sim::EventRow&) override {}
  void Record(const sim::TradeRow&) override {}
  void Record(std::string_view, std::string_view) override {}

  // The years in which an instrument was listed, in order.
  std::vector<YearFigures> Years() const;

 private:
  struct Sums {
    double close_sum = 0, auction_revenue = 0, equilibrium = 0;
    std::int64_t auctioned_t = 0, verified_t = 0, shortfall_t = 0;
    int headline_days = 0;
    bool listed = false, assessed = false, solved = false;
  };
  std::map<int, Sums> sums_;
};

}  // namespace ets::study
