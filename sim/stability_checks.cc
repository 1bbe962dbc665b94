#include "sim/stability_checks.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "sim/scenario_schema.h"

namespace ets::sim {
namespace {

class StabilityChecker {
 public:
  StabilityChecker(const Scenario& scenario, ScenarioTree& tree)
      : scenario_(scenario), keys_(scenario.stability), tree_(tree) {}

  void Run() {
    NeedsAuction("stability.reserve.enabled", keys_.reserve_enabled);
    NeedsAuction("stability.excessive_price.enabled", keys_.excessive_enabled);
    NeedsAuction("stability.cost_containment.enabled", keys_.cost_enabled);
    NeedsAuction("stability.triggers.enabled", keys_.triggers_enabled);
    NeedsAuction("stability.collar.enabled", keys_.collar_enabled);
    if (keys_.reserve_enabled && Good("stability.reserve")) Reserve();
    if (keys_.triggers_enabled && Good("stability.triggers")) Triggers();
    if (keys_.collar_enabled && Good("stability.collar")) Collar();
    if (scenario_.linear_caps.enabled && Good("caps.path")) LinearCapKeys();
  }

 private:
  bool Good(const char* key) const { return !tree_.Bad(Split(key)); }
  void Report(const char* key, const std::string& what, const std::vector<std::string>& beside) {
    Place place = tree_.PlaceOf(Split(key));
    for (const std::string& other : beside) {
      const Place later = tree_.PlaceOf(Split(other));
      if (later.file > place.file) place = later;
    }
    tree_.Report(place, key + (" " + what));
  }
  static std::string Cny(double price) { return FormatNumber(std::round(price * 100) / 100); }

  // Units come and go by auctions.
  void NeedsAuction(const char* key, bool enabled) {
    if (!enabled || scenario_.auction_enabled || !Good(key) || !Good("auction.enabled")) return;
    Report(key, "is true without an auction; allowed: false, or auction.enabled = true",
           {"auction.enabled"});
  }

  bool SomeCap(int year) const {
    return std::ranges::any_of(scenario_.sectors, [year](const Sector& sector) {
      return year >= sector.first_vintage && !sector.rule.empty() &&
             sector.rule.begin()->first <= year && sector.RuleOf(year) == "cap";
    });
  }

  void Reserve() {
    if (keys_.lower_share > keys_.upper_share || keys_.floor_share > keys_.lower_share) {
      Report("stability.reserve.lower_share",
             "is " + FormatNumber(keys_.lower_share) + "; allowed: from floor_share, " +
                 FormatNumber(keys_.floor_share) + ", to upper_share, " +
                 FormatNumber(keys_.upper_share),
             {"stability.reserve.upper_share", "stability.reserve.floor_share"});
    }
    const int verified = std::max(scenario_.verification_power, scenario_.verification_industry);
    if (Good("calendar") && (keys_.published <= verified || keys_.published > 831)) {
      Report("stability.reserve.published",
             "is " + MonthDayText(keys_.published) + "; allowed: after the last verification, " +
                 MonthDayText(verified) + ", to 08-31, the day before it acts",
             {"calendar.verification_power", "calendar.verification_industry"});
    }
    const int first = keys_.reserve_first_year;
    if (keys_.base == "caps" && Good("sectors") && !SomeCap(first)) {
      Report("stability.reserve.first_year",
             "is " + std::to_string(first) +
                 ", when no sector is capped; allowed: a year with a cap, or base = \"emissions\"",
             {"stability.reserve.base"});
    }
  }
  static std::string MonthDayText(int month_day) {
    const std::string digits = std::to_string(10'000 + month_day);
    return digits.substr(1, 2) + "-" + digits.substr(3);
  }

  void Triggers() {
    if (keys_.triggers_table != "own") return;
    const int first = scenario_.auction_first_year;
    if (!(keys_.tier_one_cny.At(first) > 0) && !(keys_.withhold_below_cny.At(first) > 0)) {
      Report("stability.triggers.table",
             "is \"own\" without a price for " + std::to_string(first) +
                 "; allowed: tier_one_cny or withhold_below_cny for auction.first_year or earlier",
             {"stability.triggers.tier_one_cny", "stability.triggers.withhold_below_cny",
              "auction.first_year"});
      return;
    }
    for (int year = first; year <= scenario_.horizon_year; ++year) {
      const double one = keys_.tier_one_cny.At(year);
      const double two = keys_.tier_two_cny.At(year);
      const double below = keys_.withhold_below_cny.At(year);
      if (two > 0 && two <= one) {
        Report("stability.triggers.tier_two_cny",
               "is " + Cny(two) + " in " + std::to_string(year) +
                   "; allowed: above tier_one_cny, " + Cny(one),
               {"stability.triggers.tier_one_cny"});
        return;
      }
      if (two > 0 && !(one > 0)) {
        Report("stability.triggers.tier_two_cny",
               "has a price in " + std::to_string(year) +
                   " without a first tier; allowed: beside tier_one_cny",
               {"stability.triggers.tier_one_cny"});
        return;
      }
      if (below > 0 && one > 0 && below >= one) {
        Report("stability.triggers.withhold_below_cny",
               "is " + Cny(below) + " in " + std::to_string(year) +
                   "; allowed: below tier_one_cny, " + Cny(one),
               {"stability.triggers.tier_one_cny"});
        return;
      }
    }
  }

  void Collar() {
    if (keys_.ceiling_cny <= keys_.floor_cny) {
      Report("stability.collar.ceiling_cny",
             "is " + Cny(keys_.ceiling_cny) + "; allowed: above floor_cny, " + Cny(keys_.floor_cny),
             {"stability.collar.floor_cny"});
      return;
    }
    if (!Good("auction.reserve_cny") || !Good("auction.reserve_growth")) return;
    for (int year = scenario_.auction_first_year; year <= scenario_.horizon_year; ++year) {
      const double ceiling = keys_.ceiling_cny *
                             std::pow(1 + keys_.collar_growth, year - scenario_.auction_first_year);
      if (ceiling > scenario_.ReservePriceOf(year)) continue;
      Report("stability.collar.ceiling_cny",
             "is " + Cny(ceiling) + " in " + std::to_string(year) +
                 "; allowed: above the reserve price, " + Cny(scenario_.ReservePriceOf(year)),
             {"stability.collar.growth", "auction.reserve_cny", "auction.reserve_growth"});
      return;
    }
  }

  void LinearCapKeys() {
    const LinearCaps& path = scenario_.linear_caps;
    if (path.factor.empty()) {
      Report("caps.path.enabled",
             "is true without a caps.path.factor; allowed: a factor for one year or more",
             {"caps.path.factor"});
    }
    if (!path.rebasing_mt.empty() && path.rebasing_mt.values().begin()->first <= path.base_year) {
      Report("caps.path.rebasing_mt",
             "has " + std::to_string(path.rebasing_mt.values().begin()->first) +
                 "; allowed: years after caps.path.base_year, " + std::to_string(path.base_year),
             {"caps.path.base_year"});
    }
    if (Good("sectors") && !SomeCap(path.base_year)) {
      Report("caps.path.base_year",
             "is " + std::to_string(path.base_year) +
                 ", when no sector is capped; allowed: a year with a cap",
             {});
    }
  }

  const Scenario& scenario_;
  const Stability& keys_;
  ScenarioTree& tree_;
};

}  // namespace

void CheckStability(const Scenario& scenario, ScenarioTree& tree) {
  StabilityChecker(scenario, tree).Run();
}

void CheckLinearCaps(const Scenario& scenario, ScenarioTree& tree) {
  const Path at{"caps", "path", "factor"};
  for (const Sector& sector : scenario.sectors) {
    for (int year = sector.first_vintage; year <= scenario.horizon_year; ++year) {
      if (sector.RuleOf(year) != "cap" || sector.cap_mt.At(year) > 0) continue;
      tree.Report(tree.PlaceOf(at), Join(at) + " takes the cap of " + sector.name + " to 0 in " +
                                        std::to_string(year) +
                                        "; allowed: caps above 0 to horizon_year");
      return;
    }
  }
}

}  // namespace ets::sim
