// What a run leaves behind: typed rows for the recorder.

#include <algorithm>
#include <cmath>

#include "sim/world.h"

namespace ets::sim {
namespace {

double Cny(Money money) { return static_cast<double>(money.minor()) / 100; }
double Cny(Price price) { return static_cast<double>(price.minor_per_tonne()) / 100; }

}  // namespace

std::int64_t World::HeldByFirms() const {
  std::int64_t held = 0;
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    if (!agents_[i].enrolled) continue;
    for (const VintageInstrument& entry : vintages_) held += Held(i, entry.ledger);
  }
  return held;
}

void World::RecordOpening() {
  recorder_.Record("scenario", scenario_.name);
  recorder_.Record("title", scenario_.title);
  recorder_.Record("description", scenario_.description);
  recorder_.Record("seed", std::to_string(scenario_.seed));
  recorder_.Record("first_day", ToString(scenario_.first_day));
  recorder_.Record("last_day", ToString(scenario_.last_day));
  recorder_.Record("cny_per_eur", std::to_string(scenario_.cny_per_eur));
  recorder_.Record("cbam_source", scenario_.cbam_source);
  recorder_.Record("auction_enabled", scenario_.auction_enabled ? "true" : "false");
  recorder_.Record("recognition_from", ToString(scenario_.recognition_from));
  recorder_.Record(
      "headline",
      "close of the oldest vintage that is listed and eligible for the next surrender deadline");
  for (const InputRow& row : scenario_.inputs) recorder_.Record(row);
  for (std::size_t s = 0; s < scenario_.sectors.size(); ++s) {
    const Sector& sector = scenario_.sectors[s];
    SectorRow row{sector.name, sector.title, sector.unit, 0};
    for (const Firm& firm : population_.firms) row.firms += firm.sector == s ? 1 : 0;
    recorder_.Record(row);
  }
  for (std::size_t i = 0; i < population_.firms.size(); ++i) {
    const Firm& firm = population_.firms[i];
    FirmRow row;
    row.firm = static_cast<std::int64_t>(i);
    row.name = firm.name;
    row.province = firm.province;
    row.sector = scenario_.sectors[firm.sector].name;
    row.unit_class = policy::ToString(firm.unit_class);
    if (firm.group != 0) row.group = "group " + std::to_string(firm.group);
    row.first_vintage = scenario_.sectors[firm.sector].first_vintage;
    row.output_2024 = firm.output;
    row.emissions_2024_t = std::llround(firm.emissions());
    row.load_factor = firm.load_factor;
    recorder_.Record(row);
  }
  // Policy steps and deadlines for the time axes.
  const auto within = [&](Date date) {
    return date >= scenario_.first_day && date <= scenario_.last_day;
  };
  const auto event = [&](Date date, const char* kind, std::string label) {
    if (within(date)) recorder_.Record(EventRow{date, kind, std::move(label)});
  };
  for (int year = scenario_.first_day.year(); year <= scenario_.last_day.year(); ++year) {
    event(Date::Of(year, scenario_.deadline / 100, scenario_.deadline % 100), "deadline",
          "Surrender for " + std::to_string(year - 1));
    std::string capped;
    std::string entering;
    for (const Sector& sector : scenario_.sectors) {
      const bool cap = year >= sector.first_vintage && sector.RuleOf(year) == "cap";
      const bool before = year - 1 >= sector.first_vintage && sector.RuleOf(year - 1) == "cap";
      if (cap && !before) capped += (capped.empty() ? "" : ", ") + sector.title;
      if (sector.first_vintage == year && year > kFirstYear)
        entering += (entering.empty() ? "" : ", ") + sector.title;
    }
    if (!capped.empty()) event(Date::Of(year, 1, 1), "policy", "First absolute cap: " + capped);
    if (!entering.empty()) event(Date::Of(year, 1, 1), "policy", "First covered year: " + entering);
  }
  if (scenario_.auction_enabled) {
    const auto days = authority_.rulebook().calendar.AuctionDays(
        scenario_.auction_first_year, authority_.rulebook().auction_weekday);
    if (!days.empty()) event(days.front(), "policy", "First weekly auction");
  }
  event(authority_.rulebook().legacy_expiry, "policy",
        "Vintages 2019 to 2024 expire unless converted");
  event(scenario_.carry_over_public, "policy", "Industry's carry-over base made public");
  event(Date::Of(2026, 1, 1), "policy", "CBAM: certificates are owed");
  event(scenario_.recognition_from, "policy", "CBAM: the Chinese price is deducted");
  held_before_ = HeldByFirms();
}

void World::RecordSession(Date day) {
  RecordReadings();
  bool headline = true;
  for (VintageInstrument& entry : vintages_) {
    if (!entry.listed) continue;
    const market::InstrumentView& view = market_.instrument(entry.instrument);
    entry.quiet_days = view.listed_volume > Tonnes() ? 0 : entry.quiet_days + 1;
    entry.recent_volume =
        0.9 * entry.recent_volume + static_cast<double>(view.listed_volume.count());
    entry.recent_value = 0.9 * entry.recent_value + Cny(view.listed_value);
    PriceRow row;
    row.date = day;
    row.instrument = ToString(Unit::Allowance(static_cast<Vintage>(entry.vintage)));
    row.vintage = entry.vintage;
    if (view.listed_volume > Tonnes()) {
      row.open = Cny(view.open);
      row.high = Cny(view.high);
      row.low = Cny(view.low);
    }
    row.close = Cny(view.close);
    row.listed_t = view.listed_volume.count();
    row.block_t = view.block_volume.count();
    row.auction_t = view.auction_volume.count();
    row.listed_cny = Cny(view.listed_value);
    row.block_cny = Cny(view.block_value);
    row.auction_cny = Cny(view.auction_value);
    row.trades = static_cast<int>(view.listed_trades + view.block_trades);
    if (view.listed_volume > Tonnes()) {
      row.at_limit = view.close >= view.band_high ? 1 : view.close <= view.band_low ? -1 : 0;
    }
    row.headline = headline;
    recorder_.Record(row);
    if (headline) {
      recent_closes_.push_back(row.close);
      if (recent_closes_.size() > 30) recent_closes_.erase(recent_closes_.begin());
      headline_sum_[static_cast<std::size_t>(day.year() - kFirstYear)] += row.close;
      ++headline_days_[static_cast<std::size_t>(day.year() - kFirstYear)];
    }
    headline = false;
  }
}

void World::RecordWeek(Date day) {
  WeekRow row;
  row.monday = MondayOf(day);
  row.week = ToString(IsoWeekOf(day));
  if (week_auction_t_ > 0)
    row.cn_auction_cny = Cny(week_auction_value_) / static_cast<double>(week_auction_t_);
  if (week_auction_offered_ > 0) {
    row.cn_cover_ratio =
        static_cast<double>(week_auction_bid_) / static_cast<double>(week_auction_offered_);
  }
  row.cn_sold_t = week_auction_t_;
  row.headline_cny = Cny(HeadlineClose());
  row.eu_fundamental_eur = europe_.fundamental();
  row.eu_sold_t = europe_.week().sold_t;
  if (row.eu_sold_t > 0)
    row.eu_auction_eur = Cny(europe_.week().value) / static_cast<double>(row.eu_sold_t);
  const auto& prices = scenario_.cbam_source == "domestic" ? domestic_prices_ : europe_.prices();
  if (const auto price = prices.Applicable(day - 2)) row.certificate_eur = Cny(*price);
  recorder_.Record(row);
  week_auction_t_ = week_auction_offered_ = week_auction_bid_ = 0;
  week_auction_value_ = {};
}

void World::RecordVintage(int vintage) {
  if (vintage < kFirstYear) return;
  const auto v = static_cast<std::size_t>(vintage - kFirstYear);
  const double mean_price =
      headline_days_[v] > 0 ? headline_sum_[v] / headline_days_[v] : scenario_.opening_close;
  for (std::size_t s = 0; s < scenario_.sectors.size(); ++s) {
    const Sector& sector = scenario_.sectors[s];
    if (vintage < sector.first_vintage) continue;
    const scheme::VintageBook& book = authority_.rulebook().sectors[s].vintages.at(vintage);
    SectorYearRow total;
    total.sector = sector.name;
    total.year = vintage;
    total.rule = book.rule->name;
    total.cap_t = book.rule->capped ? static_cast<double>(book.cap.count()) : 0;
    total.output = tallies_[s][v].output;
    total.baseline_t = std::llround(tallies_[s][v].baseline);
    total.offered_t = authority_.offered(s, vintage).count();
    total.paid_share = book.paid_share;
    if (book.rule->name == "band") total.balance_value = authority_.sector_figure(s, vintage);
    if (tallies_[s][v].marginal_weight > 0) {
      total.marginal_share = tallies_[s][v].marginal_weighted / tallies_[s][v].marginal_weight;
    }
    total.marginal_price_cny = total.marginal_share * mean_price;
    for (std::size_t i = 0; i < agents_.size(); ++i) {
      const Agent& agent = agents_[i];
      if (agent.sector != s) continue;
      const FirmYear& record = year_of(i, vintage);
      const scheme::FirmVintage& plan =
          authority_.firm_vintage(FirmId(static_cast<std::uint32_t>(i)), vintage);
      const registry::ComplianceView view =
          registry_.compliance(static_cast<std::uint32_t>(i), static_cast<std::uint16_t>(vintage));
      FirmYearRow row;
      row.firm = static_cast<std::int64_t>(i);
      row.year = vintage;
      row.sector = sector.name;
      row.rule = book.rule->name;
      row.output = record.output;
      row.baseline_t = std::llround(record.baseline);
      row.verified_t = view.emissions.count();
      row.pre_allocated_t = plan.pre_allocated.count();
      row.allocated_t = plan.allocated.count();
      row.taken_back_t = plan.taken_back.count();
      row.bought_listed_t = record.bought_listed;
      row.bought_block_t = record.bought_block;
      row.bought_auction_t = record.bought_auction;
      row.sold_t = record.sold;
      row.bought_listed_cny = Cny(record.paid_listed);
      row.bought_block_cny = Cny(record.paid_block);
      row.bought_auction_cny = Cny(record.paid_auction);
      row.sold_cny = Cny(record.received);
      row.surrendered_t = view.surrendered.count();
      row.offsets_t = view.offsets.count();
      row.shortfall_t = plan.shortfall.count();
      row.fine_cny = Cny(plan.fine);
      row.abatement_cny = record.abatement_cost;
      row.marginal_share = record.per_tonne;
      row.output_incentive = record.per_output;
      row.product_value_cny =
          record.output * sector.product_value + record.heat * sector.heat_value;
      row.credit_drawn_cny = Cny(record.borrowed);
      row.interest_cny = Cny(record.interest);
      for (const VintageInstrument& entry : vintages_) row.banked_t += Held(i, entry.ledger);
      row.status = view.symbol == registry::ComplianceSymbol::kCompliant ? "compliant"
                   : view.symbol == registry::ComplianceSymbol::kShort   ? "short"
                                                                         : "open";
      recorder_.Record(row);
      total.verified_t += row.verified_t;
      total.allocated_t += row.allocated_t;
      total.sold_at_auction_t += row.bought_auction_t;
      const std::int64_t net = row.allocated_t - row.verified_t;
      (net >= 0 ? total.long_t : total.short_t) += std::abs(net);
      ++total.firms;
      total.firms_short += net < 0 ? 1 : 0;
      total.abatement_cny += row.abatement_cny;
      total.carbon_cost_cny +=
          row.bought_listed_cny + row.bought_block_cny + row.bought_auction_cny - row.sold_cny;
    }
    recorder_.Record(total);
  }
}

void World::RecordYear(int year) {
  LedgerRow row;
  row.year = year;
  const scheme::Authority::Totals& totals = authority_.totals();
  row.held_before_t = held_before_;
  row.issued_free_t = totals.issued_free - totals_before_.issued_free;
  row.taken_back_t = totals.taken_back - totals_before_.taken_back;
  row.sold_t = sold_at_auction_;
  row.containment_t = containment_sold_;
  row.offsets_used_t = offsets_used_;
  row.obligations_met_t = obligations_met_;
  row.expired_t = totals.expired_from_firms - totals_before_.expired_from_firms;
  row.converted_t = totals.converted - totals_before_.converted;
  row.held_after_t = HeldByFirms();
  for (const VintageInstrument& entry : vintages_) {
    row.reserve_t += registry_.balance(authority_.accounts().reserve, entry.ledger);
    row.stability_t += registry_.balance(authority_.accounts().stability, entry.ledger);
    row.unsold_stock_t += registry_.balance(authority_.accounts().auction_stock, entry.ledger);
  }
  // Exact to the tonne, or the run is wrong.
  if (row.held_before_t + row.issued_free_t - row.taken_back_t + row.sold_t + row.offsets_used_t !=
      row.obligations_met_t + row.expired_t + row.cancelled_t + row.held_after_t) {
    ++result_.alarms;
  }
  RefreshBooks(today_);
  double bank = 0;
  for (const Agent& agent : agents_) bank += agent.position;
  row.bank_t = std::llround(bank);
  recorder_.Record(row);
  RecordStability(year);
  held_before_ = row.held_after_t;
  totals_before_ = totals;
  sold_at_auction_ = containment_sold_ = offsets_used_ = obligations_met_ = 0;
  RecordCbam(year);
  // After a deadline only the vintage just settled and the newer ones are listed: who still holds
  // an older one surrenders it first and sells the newer.
  for (VintageInstrument& entry : vintages_) {
    if (!entry.listed || entry.vintage >= year - 1) continue;
    ETS_ASSERT(
        venue_.Apply(market::DelistInstrument{entry.instrument}, SourceKind::kAuthority).ok());
    entry.listed = false;
  }
}

}  // namespace ets::sim
