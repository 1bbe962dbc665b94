// The stability rules as a run shows them, and what firms make of a ceiling.

#include <algorithm>

#include "sim/world.h"

namespace ets::sim {
namespace {

double Cny(Price price) { return static_cast<double>(price.minor_per_tonne()) / 100; }

const char* NameOf(scheme::Offer rule) {
  switch (rule) {
    case scheme::Offer::kExcessivePrice:
      return "excessive_price";
    case scheme::Offer::kCostContainment:
      return "cost_containment";
    case scheme::Offer::kContainment:
      return "tier";
    case scheme::Offer::kRegular:
      return "withholding";
    case scheme::Offer::kCeiling:
      return "ceiling";
    case scheme::Offer::kReserveRule:
      return "reserve";
  }
  return "";
}

}  // namespace

void World::RecordFigures() {
  const auto& figures = authority_.stability().figures();
  for (; figures_recorded_ < figures.size(); ++figures_recorded_) {
    const scheme::CirculationFigure& figure = figures[figures_recorded_];
    CirculationRow row;
    row.year = figure.year;
    row.published = figure.published;
    row.supplied_t = figure.supplied.count();
    row.offsets_t = figure.offsets.count();
    row.verified_t = figure.verified.count();
    row.cancelled_t = figure.cancelled.count();
    row.in_reserve_t = figure.in_reserve.count();
    row.circulation_t = figure.circulation.count();
    row.whole_t = figure.whole.count();
    row.upper_t = figure.rule.upper.count();
    row.lower_t = figure.rule.lower.count();
    row.floor_t = figure.rule.floor.count();
    row.branch = ToString(figure.action.branch);
    row.intake_t = figure.action.intake.count();
    row.release_t = figure.action.release.count();
    row.held_t = figure.held.count();
    row.first = figure.period.first;
    row.last = figure.period.last;
    row.first_part_t = figure.parts[0].count();
    row.rest_t = figure.parts[1].count();
    recorder_.Record(row);
  }
}

void World::RecordReadings() {
  const auto& readings = authority_.stability().readings();
  for (; readings_recorded_ < readings.size(); ++readings_recorded_) {
    const scheme::PriceReading& reading = readings[readings_recorded_];
    recorder_.Record(TriggerRow{reading.date, NameOf(reading.rule), Cny(reading.recent),
                                Cny(reading.reference), Cny(reading.threshold), reading.triggered,
                                reading.volume.count()});
  }
}

void World::RecordStability(int year) {
  const scheme::StabilityDesk& desk = authority_.stability();
  const scheme::StockYear& flows = desk.stock_year();
  StabilityRow row;
  row.year = year;
  row.held_before_t = flows.held_before;
  row.withheld_t = flows.withheld;
  row.set_aside_t = flows.set_aside;
  row.unsold_t = flows.unsold;
  row.left_over_t = flows.left_over;
  row.released_t = flows.released;
  row.price_rules_t = flows.price_rules;
  row.containment_t = flows.containment;
  row.returned_t = flows.returned;
  row.cancelled_t = flows.cancelled;
  row.held_after_t = desk.stock(year).count();
  row.above_caps_t = desk.above_caps() - above_caps_before_;
  above_caps_before_ = desk.above_caps();
  // Exact to the tonne, or the run is wrong.
  if (row.held_after_t != flows.held_after()) ++result_.alarms;
  recorder_.Record(row);
}

std::optional<Price> World::CeilingOf(int year) const {
  const scheme::Collar& collar = authority_.rulebook().stability.collar;
  if (!collar.enabled || !collar.without_end) return std::nullopt;
  const auto found = collar.by_year.find(year);
  if (found == collar.by_year.end()) return std::nullopt;
  return found->second.ceiling;
}

// Nobody expects to pay, or to be paid, more than what anyone can buy at.
void World::KnowCeiling(Agent& agent, int year) const {
  const auto ceiling = CeilingOf(year);
  if (!ceiling) return;
  agent.expected_price = std::min(agent.expected_price, Cny(*ceiling));
  agent.hold_value = std::min(agent.hold_value, Cny(*ceiling));
}

Price World::BelowCeiling(Price price) const {
  const auto ceiling = CeilingOf(year_);
  return ceiling ? std::min(price, *ceiling) : price;
}

}  // namespace ets::sim
