#include "sim/kernel.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "sim/registry_rules.h"
#include "sim/rulebook.h"
#include "sim/world.h"

namespace ets::sim {
namespace {

constexpr std::uint16_t kLedgersMax = 48;  // Vintages 2019-20 to 2040, offsets, currencies.

constexpr SimTime At(int hour, int minute = 0) {
  return (hour * 60 + minute) * 60 * kMicrosPerSecond;
}

market::VenueRules Rules(const Scenario& scenario) {
  market::VenueRules rules;
  market::SessionType& listed = *rules.First(market::Mechanism::kOrderBook);
  market::SessionType& block = *rules.First(market::Mechanism::kNegotiated);
  listed.quantity_below = block.quantity_from = Tonnes(scenario.block_from_t);
  listed.band_bp = static_cast<std::uint32_t>(std::lround(scenario.listed_band * 10'000));
  block.band_bp = static_cast<std::uint32_t>(std::lround(scenario.block_band * 10'000));
  return rules;
}

}  // namespace

World::World(const RunInputs& inputs)
    : scenario_(*inputs.scenario),
      population_(inputs.population),
      recorder_(*inputs.recorder),
      inputs_(inputs),
      registry_(RegistryProfile(scenario_), inputs.registry_journal),
      market_(Rules(scenario_), kLedgersMax, inputs.market_journal, this),
      venue_(registry_, market_),
      authority_(MakeRulebook(scenario_, population_), registry_,
                 [this](const registry::Command& command) {
                   return venue_.Apply(command, SourceKind::kAuthority);
                 }),
      solver_(scenario_, population_),
      europe_(scenario_, inputs.european_facts, inputs.european_auctioneers),
      day_dice_(Prng::Stream(scenario_.seed, "days", 0)),
      error_dice_(Prng::Stream(scenario_.seed, "verification", 0)) {
  const auto years = static_cast<std::size_t>(scenario_.horizon_year - kFirstYear + 2);
  agents_ = MakeAgents(scenario_, population_);
  next_bid_.assign(agents_.size(), 0);
  years_.assign(agents_.size(), std::vector<FirmYear>(years));
  const std::size_t sectors = scenario_.sectors.size();
  sector_open_.assign(sectors, false);
  for (const Sector& sector : scenario_.sectors) {
    int capped_from = 9999;
    for (int year = scenario_.horizon_year; year >= sector.first_vintage; --year) {
      if (sector.RuleOf(year) == "cap") capped_from = year;
    }
    capped_from_.push_back(capped_from);
  }
  sector_shock_.assign(sectors, 0);
  sector_level_.assign(sectors, 1);
  expected_figure_.assign(sectors, std::vector<double>(years, 0));
  tallies_.assign(sectors, std::vector<SectorTally>(years));
  exporters_ = DrawExporters(scenario_, population_);
  std::vector<std::string> importers;
  for (std::size_t s = 0; s < sectors; ++s) {
    if (exporters_[s].empty()) continue;
    exporting_.push_back(s);
    importers.push_back(scenario_.sectors[s].name);
  }
  importers_.emplace(std::move(importers));
  certificate_sum_.assign(years, 0);
  certificate_days_.assign(years, 0);
  headline_sum_.assign(years, 0);
  headline_days_.assign(years, 0);
}

RunResult Run(const RunInputs& inputs) { return std::make_unique<World>(inputs)->Execute(); }

RunResult World::Execute() {
  today_ = scenario_.first_day;
  year_ = today_.year();
  OpenAccounts();
  OpenStock();
  RecordOpening();
  const double days = scenario_.last_day - scenario_.first_day + 1;
  bool going = true;
  for (Date day = scenario_.first_day; going && day <= scenario_.last_day; day = day + 1) {
    today_ = day;
    Morning(day);
    if (authority_.rulebook().calendar.IsTradingDay(day)) Session(day);
    Evening(day);
    CloseDay(day);
    ++result_.days;
    if (inputs_.progress) {
      going = inputs_.progress({day, (day - scenario_.first_day + 1) / days,
                                market_.orders_accepted() + market_.bids_accepted()});
    }
  }
  result_.completed = going;
  result_.alarms += authority_.refused();
  result_.registry_hash = registry_.StateHash();
  result_.market_hash = market_.StateHash();
  events_.Add(result_.registry_hash);
  events_.Add(result_.market_hash);
  result_.event_hash = events_.value();
  result_.orders = market_.orders_accepted();
  result_.bids = market_.bids_accepted();
  result_.registry_commands = registry_.sequence();
  return result_;
}

void World::OpenAccounts() {
  venue_.AdvanceTo(InstantOf(today_, 0, kBeijingOffset));
  auctioneer_ = venue_.Admit(0, authority_.accounts().auction_stock);
  firm_of_member_.push_back(-1);
  const auto projects =
      venue_.Apply(registry::OpenAccount{registry::AccountKind::kHolder,
                                         static_cast<std::uint32_t>(agents_.size())},
                   SourceKind::kAuthority);
  ETS_ASSERT(projects.ok());
  projects_holder_ = AccountId(projects->id);
  projects_ = venue_.Admit(static_cast<std::uint32_t>(agents_.size()), projects_holder_);
  firm_of_member_.push_back(-1);
  const auto listed =
      venue_.Apply(market::ListInstrument{authority_.offset_ledger(), authority_.cny(),
                                          ToPrice(scenario_.opening_close)},
                   SourceKind::kAuthority);
  ETS_ASSERT(listed.ok());
  offset_instrument_ = InstrumentId(static_cast<std::uint16_t>(listed->id));
  for (std::size_t s = 0; s < scenario_.sectors.size(); ++s) {
    if (scenario_.sectors[s].first_vintage <= year_ - 1) EnrolSector(s);
  }
}

void World::EnrolSector(std::size_t sector) {
  sector_open_[sector] = true;
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    Agent& agent = agents_[i];
    if (agent.sector != sector) continue;
    const auto opened = venue_.Apply(
        registry::OpenAccount{registry::AccountKind::kHolder, static_cast<std::uint32_t>(i)},
        SourceKind::kAuthority);
    ETS_ASSERT(opened.ok());
    agent.holder = AccountId(opened->id);
    agent.member = venue_.Admit(static_cast<std::uint32_t>(i), agent.holder);
    ETS_ASSERT(firm_of_member_.size() == agent.member.raw());
    firm_of_member_.push_back(static_cast<std::int32_t>(i));
    agent.enrolled = true;
    authority_.Enrol(FirmId(static_cast<std::uint32_t>(i)), sector, agent.holder,
                     ActivityOf(population_.firms[i], 1, 1));
    const double value = population_.firms[i].output * scenario_.sectors[sector].product_value +
                         population_.firms[i].heat * scenario_.sectors[sector].heat_value;
    agent.credit_limit = Money::FromMinor(
        value > 0 ? std::min(kAmountMax,
                             static_cast<std::int64_t>(value * scenario_.credit_line_share * 100))
                  : kAmountMax);
  }
}

// The hoard of 1 January 2025: the groups' share by size, the rest with utilities drawn
// log-normally.
void World::OpenStock() {
  std::vector<double> weight(agents_.size(), 0);
  double group_sum = 0;
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    if (agents_[i].group != 0) group_sum += population_.firms[i].emissions();
  }
  std::vector<std::size_t> others;
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    if (agents_[i].enrolled && scenario_.sectors[agents_[i].sector].name == "power" &&
        agents_[i].group == 0) {
      others.push_back(i);
    }
  }
  Prng dice = Prng::Stream(scenario_.seed, "opening-stock", 0);
  for (std::size_t i = others.size(); i > 1; --i) std::swap(others[i - 1], others[dice.Below(i)]);
  others.resize(
      std::min<std::size_t>(others.size(), static_cast<std::size_t>(scenario_.opening_utilities)));
  double other_sum = 0;
  for (const std::size_t i : others)
    other_sum += weight[i] = dice.LogNormal(1, scenario_.opening_sigma);
  const double group_share =
      group_sum > 0 ? (other_sum > 0 ? scenario_.opening_group_share : 1) : 0;
  for (const std::size_t i : others) weight[i] *= (1 - group_share) / other_sum;
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    if (agents_[i].group != 0)
      weight[i] = group_share * population_.firms[i].emissions() / group_sum;
  }
  const int power = scenario_.SectorIndex("power");
  const double scale = power >= 0 ? population_.cap_scale[static_cast<std::size_t>(power)] : 0;
  std::int64_t hoard = 0;
  for (const auto& [vintage, mt] : scenario_.opening_stock_mt) {
    const LedgerId ledger = authority_.Ledger(vintage);
    for (std::size_t i = 0; i < agents_.size(); ++i) {
      const auto amount = static_cast<std::int64_t>(weight[i] * mt * 1e6 * scale);
      if (amount <= 0 || !agents_[i].enrolled) continue;
      ETS_ASSERT(venue_
                     .Apply(registry::Issue{agents_[i].holder, ledger, amount,
                                            registry::TransferCode::kIssue},
                            SourceKind::kAuthority)
                     .ok());
      agents_[i].net_sales_legacy += static_cast<std::int64_t>(static_cast<double>(amount) *
                                                               scenario_.opening_net_sales_share);
      hoard += amount;
    }
    EnsureListed(vintage);
  }
  // What the holders sold in 2024 was bought by firms without a hoard, by size.
  double buyers = 0;
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    if (static_cast<int>(agents_[i].sector) == power && weight[i] <= 0)
      buyers += population_.firms[i].emissions();
  }
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    if (static_cast<int>(agents_[i].sector) != power || weight[i] > 0 || buyers <= 0) continue;
    agents_[i].net_sales_legacy -=
        static_cast<std::int64_t>(static_cast<double>(hoard) * scenario_.opening_net_sales_share *
                                  population_.firms[i].emissions() / buyers);
  }
  EnsureListed(kFirstYear);
  outlook_.adaptive = scenario_.opening_close;
  outlook_.benchmark_weight = scenario_.expectation_benchmark_weight;
}

VintageInstrument& World::EnsureListed(int vintage) {
  for (VintageInstrument& entry : vintages_) {
    if (entry.vintage != vintage) continue;
    if (!entry.listed) Relist(entry);  // Withheld units of an older vintage come to auction.
    return entry;
  }
  VintageInstrument entry;
  entry.vintage = vintage;
  entry.ledger = authority_.Ledger(vintage);
  // A new vintage's first reference is the newest vintage's last close.
  const Price reference = vintages_.empty() ? ToPrice(scenario_.opening_close)
                                            : market_.instrument(vintages_.back().instrument).close;
  const auto listed = venue_.Apply(
      market::ListInstrument{entry.ledger, authority_.cny(), reference}, SourceKind::kAuthority);
  ETS_ASSERT(listed.ok());
  entry.instrument = InstrumentId(static_cast<std::uint16_t>(listed->id));
  entry.listed = true;
  vintages_.push_back(entry);
  return vintages_.back();
}

// Ends the instrument if it still trades, and lists the ledger anew at today's level of the market.
void World::Relist(VintageInstrument& entry) {
  if (entry.listed) {
    ETS_ASSERT(
        venue_.Apply(market::DelistInstrument{entry.instrument}, SourceKind::kAuthority).ok());
  }
  const auto listed =
      venue_.Apply(market::ListInstrument{entry.ledger, authority_.cny(), ToPrice(MarketLevel())},
                   SourceKind::kAuthority);
  ETS_ASSERT(listed.ok());
  entry.instrument = InstrumentId(static_cast<std::uint16_t>(listed->id));
  entry.listed = true;
  entry.quiet_days = 0;
}

Price World::HeadlineClose() const {
  for (const VintageInstrument& entry : vintages_) {
    if (entry.listed) return market_.instrument(entry.instrument).close;
  }
  return vintages_.empty() ? Price() : market_.instrument(vintages_.back().instrument).close;
}

void World::Morning(Date day) {
  venue_.AdvanceTo(InstantOf(day, At(8), kBeijingOffset));
  const bool new_year = day.month() == 1 && day.day() == 1;
  year_ = day.year();
  if (new_year || day == scenario_.first_day) {
    days_to_deadline_ = authority_.rulebook().calendar.TradingDaysBetween(
        day - 1, Date::Of(year_, scenario_.deadline / 100, scenario_.deadline % 100));
    december_t_ = 0;
    december_value_ = {};
  }
  elapsed_share_ = (day - Date::Of(year_, 1, 1)) / 365.0;
  // New sectors' firms open accounts on their listing date, or on 1 January of a first vintage that
  // is capped.
  for (std::size_t s = 0; s < scenario_.sectors.size(); ++s) {
    const Sector& sector = scenario_.sectors[s];
    if (sector_open_[s]) continue;
    const auto date = scenario_.listing_dates.find(sector.first_vintage);
    const bool capped_at_once = sector.RuleOf(sector.first_vintage) == "cap";
    Date opens = Date::Of(sector.first_vintage, 1, 1);
    if (!capped_at_once && date != scenario_.listing_dates.end()) opens = date->second;
    if (day >= opens) EnrolSector(s);
  }
  if (day == authority_.rulebook().legacy_expiry) {
    for (const VintageInstrument& entry : vintages_) {
      if (entry.vintage >= scenario_.first_banking_vintage) continue;
      ETS_ASSERT(venue_.Apply(market::DropLedger{entry.ledger}, SourceKind::kAuthority).ok());
    }
  }
  authority_.Morning(day);
  RecordFigures();
  if (day.day() == 1 && day.month() != 1 && day != scenario_.first_day) {
    const Date last_month = day - 1;
    ProduceMonth(last_month.year(), last_month.month());
  }
  if (new_year || day == scenario_.first_day) PlanYear(year_);
  // From 2027 the running year's vintage is on sale in its year; before, last year's is the newest.
  bool on_sale = false;
  for (const Sector& sector : scenario_.sectors) {
    on_sale |= year_ >= sector.first_vintage && sector.RuleOf(year_) == "cap";
  }
  if (new_year) {
    EnsureListed(year_ - 1);
    if (on_sale) EnsureListed(year_);
  }
  FileReports(day);
  if (day.day() == 1) MonthOutlook(day);
  for (const Date batch : authority_.rulebook().carry_over_batches) {
    if (day == batch) CarryOverFirms(day, batch == authority_.rulebook().carry_over_batches.back());
  }
  // Offsets of the month reach their owners.
  if (day.day() == 1) {
    const double price = static_cast<double>(HeadlineClose().minor_per_tonne()) / 100;
    const double factor = std::clamp(price / std::max(scenario_.offset_full_price, 1e-9), 0.0, 1.0);
    const auto amount = static_cast<std::int64_t>(
        scenario_.offset_supply_mt.At(year_) * 1e6 / 12 * factor *
        (population_.sector_emissions.empty() ? 0 : population_.cap_scale[0]));
    if (amount > 0) {
      ETS_ASSERT(venue_
                     .Apply(registry::Issue{projects_holder_, authority_.offset_ledger(), amount,
                                            registry::TransferCode::kIssue},
                            SourceKind::kAuthority)
                     .ok());
      venue_.Deposit(projects_, authority_.offset_ledger(), amount);
    }
  }
  const int month_day = day.month() * 100 + day.day();
  const bool duty =
      day.day() == 1 || month_day == scenario_.pre_allocation_industry ||
      month_day == scenario_.pre_allocation_power || month_day == scenario_.pre_allocation_capped ||
      month_day == scenario_.final_issue || month_day == 327 || month_day == 626 ||
      (year_ == 2025 &&
       (month_day == 420 || month_day == 820 || month_day == 1118 || month_day == 1120)) ||
      day.weekday() == Weekday::kMonday;
  if (duty || day == scenario_.first_day) RefreshBooks(day);
  if (day.weekday() == Weekday::kMonday) RelistStale();
}

void World::Session(Date day) {
  ++result_.trading_days;
  --days_to_deadline_;
  last_buying_day_ = days_to_deadline_ <= 0;
  venue_.AdvanceTo(InstantOf(day, At(9, 30), kBeijingOffset));
  const std::vector<scheme::PlannedAuction> planned = authority_.Auctions(day, HeadlineClose());
  for (const scheme::PlannedAuction& auction : planned) EnsureListed(auction.vintage);
  ETS_ASSERT(venue_.Apply(market::OpenSession{day}, SourceKind::kClock).ok());
  HoldAuctions(day, planned);
  TradeListed(day);
  venue_.AdvanceTo(InstantOf(day, At(15), kBeijingOffset));
  ETS_ASSERT(venue_.Apply(market::CloseSession{}, SourceKind::kClock).ok());
  RecordSession(day);
}

// Each firm pays the year's interest, then what came back to its holder account. What it spent
// stays drawn and is refinanced; interest it has no cash for is added to that.
void World::RepayCredit() {
  const LedgerId cny = authority_.cny();
  const auto pay = [&](AccountId from, AccountId to, std::int64_t fen,
                       registry::TransferCode code) {
    if (fen <= 0) return;
    ETS_ASSERT(
        venue_.Apply(registry::MakeTransfer{{from, to, cny, fen, code, 0, 0}}, SourceKind::kAgent)
            .ok());
  };
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    const AccountId holder = agents_[i].holder;
    if (!agents_[i].enrolled) continue;
    const std::int64_t interest = year_of(i, year_).interest.minor();
    const std::int64_t lacking = interest - registry_.balance(holder, cny);
    if (interest > 0 && lacking > 0) {
      ETS_ASSERT(venue_
                     .Apply(registry::Issue{holder, cny, lacking, registry::TransferCode::kLoan},
                            SourceKind::kAgent)
                     .ok());
    }
    pay(holder, authority_.accounts().treasury, interest, registry::TransferCode::kInterest);
    pay(holder, authority_.accounts().bank, registry_.balance(holder, cny),
        registry::TransferCode::kRepayment);
  }
}

void World::Evening(Date day) {
  venue_.AdvanceTo(InstantOf(day, At(18), kBeijingOffset));
  const bool year_end = day.month() * 100 + day.day() == scenario_.deadline;
  if (day == authority_.rulebook().legacy_last_trading_day) {
    for (VintageInstrument& entry : vintages_) {
      if (entry.vintage >= scenario_.first_banking_vintage || !entry.listed) continue;
      ETS_ASSERT(
          venue_.Apply(market::DelistInstrument{entry.instrument}, SourceKind::kAuthority).ok());
      entry.listed = false;
      for (const Agent& agent : agents_) {
        if (agent.enrolled) venue_.AskBack(agent.member, entry.ledger);
      }
    }
  }
  AskBackForSurrender(day);
  if (year_end) SettleYearEndCash();
  result_.alarms += venue_.Settle();
  SurrenderFirms(day);
  if (year_end) {
    RepayCredit();
    month_average_ =
        december_t_ > 0 ? AveragePrice(december_value_, Tonnes(december_t_)) : HeadlineClose();
  }
  // December's output belongs to the year that the night ends.
  if (day.month() == 12 && day.day() == 31) ProduceMonth(year_, 12);
  authority_.Evening(day, month_average_);
  // Who was short at this deadline has no room, so this comes after it was assessed.
  if (day == authority_.rulebook().legacy_last_trading_day) FixCarryOver();
  europe_.Day(day, recorder_);
}

void World::CloseDay(Date day) {
  const auto y = static_cast<std::size_t>(day.year() - kFirstYear);
  const auto& prices = scenario_.cbam_source == "domestic" ? domestic_prices_ : europe_.prices();
  if (const auto price = prices.Applicable(day)) {
    certificate_sum_[y] += static_cast<double>(price->minor_per_tonne()) / 100;
    ++certificate_days_[y];
  }
  registry_.CheckInvariants();
  market_.CheckInvariants();
  result_.alarms += venue_.Reconcile();
  const std::uint64_t registry_hash = registry_.StateHash();
  const std::uint64_t market_hash = market_.StateHash();
  events_.Add(registry_hash);
  events_.Add(market_hash);
  const std::uint64_t settled = registry_.settlement_sequence();
  ETS_ASSERT(
      venue_
          .Apply(registry::DayClosed{day, settled, registry_hash, market_hash}, SourceKind::kClock)
          .ok());
  ETS_ASSERT(
      venue_.Apply(market::DayClosed{day, settled, registry_hash, market_hash}, SourceKind::kClock)
          .ok());
  if (day.weekday() == Weekday::kSunday) RecordWeek(day);
  if (day.month() * 100 + day.day() == scenario_.deadline) {
    RecordVintage(day.year() - 1);
    RecordYear(day.year());
  }
}

void World::OnFill(const market::Fill& fill) {
  ++result_.trades;
  events_.Add(fill.trade_id);
  events_.Add(fill.price.minor_per_tonne());
  events_.Add(fill.quantity.count());
  events_.Add((std::uint64_t{fill.seller.raw()} << 32U) | fill.buyer.raw());
  const Money value = fill.price * fill.quantity;
  const std::int64_t quantity = fill.quantity.count();
  const std::int32_t buyer = firm_of_member_[fill.buyer.raw()];
  const std::int32_t seller = firm_of_member_[fill.seller.raw()];
  int vintage = 0;
  for (const VintageInstrument& entry : vintages_) {
    if (entry.instrument == fill.instrument) vintage = entry.vintage;
  }
  const bool legacy = vintage != 0 && vintage < scenario_.first_banking_vintage;
  if (buyer >= 0) {
    Agent& agent = agents_[static_cast<std::size_t>(buyer)];
    FirmYear& record = year_of(static_cast<std::size_t>(buyer), year_);
    switch (fill.channel) {
      case market::Channel::kListed:
      case market::Channel::kOneWay:
        record.bought_listed += quantity;
        record.paid_listed += value;
        break;
      case market::Channel::kBlock:
        record.bought_block += quantity;
        record.paid_block += value;
        break;
      case market::Channel::kAuction:
        record.bought_auction += quantity;
        record.paid_auction += value;
        tallies_[agent.sector][static_cast<std::size_t>(year_ - kFirstYear)].auction_sold +=
            quantity;
        break;
    }
    agent.position += static_cast<double>(quantity);
    if (vintage == 0) agent.offset_room -= static_cast<double>(quantity);
    if (vintage < year_) agent.due_gap -= static_cast<double>(quantity);
    if (legacy) agent.net_sales_legacy -= quantity;
  }
  if (seller >= 0) {
    Agent& agent = agents_[static_cast<std::size_t>(seller)];
    FirmYear& record = year_of(static_cast<std::size_t>(seller), year_);
    record.sold += quantity;
    record.received += value;
    agent.position -= static_cast<double>(quantity);
    if (vintage < year_) agent.due_gap += static_cast<double>(quantity);
    if (legacy) {
      agent.net_sales_legacy += quantity;
      agent.legacy_excess -= 2.5 * static_cast<double>(quantity);
    }
  }
  if (vintage != 0 && fill.channel != market::Channel::kBlock) {
    month_t_ += quantity;
    month_value_ += value;
  }
  if (today_.month() == 12 && vintage != 0 && fill.channel != market::Channel::kAuction) {
    december_t_ += quantity;
    december_value_ += value;
  }
  if (scenario_.trade_detail == "all") {
    TradeRow row;
    row.trade = static_cast<std::int64_t>(fill.trade_id);
    row.date = today_;
    row.instrument = ToString(registry_.unit(market_.instrument(fill.instrument).unit_ledger));
    row.channel = fill.channel == market::Channel::kListed  ? "listed"
                  : fill.channel == market::Channel::kBlock ? "block"
                                                            : "auction";
    row.seller = seller;
    row.buyer = buyer;
    row.price = static_cast<double>(fill.price.minor_per_tonne()) / 100;
    row.quantity_t = quantity;
    recorder_.Record(row);
  }
}

void World::OnAuctionCleared(InstrumentId instrument, const auction::Clearing& clearing) {
  static_cast<void>(instrument);
  last_clearing_ = clearing;
}

}  // namespace ets::sim
