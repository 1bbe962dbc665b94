#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "sim/recorder.h"
#include "sim/scenario.h"

namespace ets::sim {

// Keeps every row of a run, for tests that ask what it left behind.
struct Rows final : Recorder {
  std::vector<InputRow> inputs;
  std::vector<PriceRow> prices;
  std::vector<AuctionRow> auctions;
  std::vector<WeekRow> weeks;
  std::vector<SectorRow> sectors;
  std::vector<FirmRow> firms;
  std::vector<FirmYearRow> firm_years;
  std::vector<SectorYearRow> sector_years;
  std::vector<LedgerRow> ledger;
  std::vector<CbamRow> cbam;
  std::vector<CbamProvinceRow> cbam_provinces;
  std::vector<CbamImporterRow> cbam_importers;
  std::vector<CirculationRow> circulation;
  std::vector<StabilityRow> stability;
  std::vector<TriggerRow> triggers;
  std::vector<EquilibriumRow> equilibrium;
  std::vector<EventRow> events;
  std::vector<TradeRow> trades;
  std::map<std::string, std::string, std::less<>> about;

  void Record(const InputRow& row) override { inputs.push_back(row); }
  void Record(const PriceRow& row) override { prices.push_back(row); }
  void Record(const AuctionRow& row) override { auctions.push_back(row); }
  void Record(const WeekRow& row) override { weeks.push_back(row); }
  void Record(const SectorRow& row) override { sectors.push_back(row); }
  void Record(const FirmRow& row) override { firms.push_back(row); }
  void Record(const FirmYearRow& row) override { firm_years.push_back(row); }
  void Record(const SectorYearRow& row) override { sector_years.push_back(row); }
  void Record(const LedgerRow& row) override { ledger.push_back(row); }
  void Record(const CbamRow& row) override { cbam.push_back(row); }
  void Record(const CbamProvinceRow& row) override { cbam_provinces.push_back(row); }
  void Record(const CbamImporterRow& row) override { cbam_importers.push_back(row); }
  void Record(const CirculationRow& row) override { circulation.push_back(row); }
  void Record(const StabilityRow& row) override { stability.push_back(row); }
  void Record(const TriggerRow& row) override { triggers.push_back(row); }
  void Record(const EquilibriumRow& row) override { equilibrium.push_back(row); }
  void Record(const EventRow& row) override { events.push_back(row); }
  void Record(const TradeRow& row) override { trades.push_back(row); }
  void Record(std::string_view key, std::string_view value) override {
    about[std::string(key)] = std::string(value);
  }
};

inline std::string TextOf(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// A shipped scenario with what it extends and mentions, and some keys changed.
inline Scenario Shipped(std::string name, const std::vector<std::string>& overrides = {}) {
  std::vector<SourceFile> files;
  std::map<std::string, std::string> data;
  while (!name.empty()) {
    const std::string text = TextOf("scenarios/" + name);
    files.insert(files.begin(), {name, text});
    const Mentions mentions = MentionsOf(text);
    for (const std::string& file : mentions.data) data[file] = TextOf("scenarios/" + file);
    name = mentions.extends;
  }
  ParsedScenario parsed = ParseScenario(files, overrides, data);
  for (const Problem& problem : parsed.problems) ADD_FAILURE() << ToString(problem);
  return std::move(parsed.scenario);
}

// The default scenario; every test starts from it.
inline const Scenario& Default() {
  static const Scenario scenario = Shipped("china-transition.toml");
  return scenario;
}

inline Sector& SectorOf(Scenario& scenario, std::string_view name) {
  return scenario.sectors[static_cast<std::size_t>(scenario.SectorIndex(name))];
}
inline const Sector& SectorOf(const Scenario& scenario, std::string_view name) {
  return scenario.sectors[static_cast<std::size_t>(scenario.SectorIndex(name))];
}

}  // namespace ets::sim
