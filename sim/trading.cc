// How firms trade: the book each keeps, the orders it sends.

#include <algorithm>
#include <cmath>

#include "policy/offsets.h"
#include "sim/world.h"

namespace ets::sim {
namespace {

constexpr double kEagerness =
    10;  // How much likelier a sale gets where the price is well above its floor ...
constexpr double kEagerMargin = 0.10;  // ... by this share and more.
constexpr double kUrgentShare =
    0.10;  // Of decisions that take the market's price for what it is ...
constexpr double kUrgentTolerance = 0.4;    // ... within this share of their own value.
constexpr double kWorthTrading = 200;       // t; a smaller surplus is not worth an order.
constexpr double kSellHazard = 0.02;        // A day.
constexpr double kForcedSellHazard = 0.03;  // A day; a holder whose units will expire.
constexpr double kCarryOverHazard = 0.06;   // A day; a firm with room to carry old units over.
constexpr int kOffsetOrders = 40;           // The most the projects' owner offers on a day.
constexpr double kOpenBid = 1.02;           // Of the close, where nobody offers.
constexpr double kBankHazard = 0.01;        // A day; a firm that would hold more than it needs ...
constexpr double kBankMargin = 0.97;        // ... at this share of what holding is worth to it ...
constexpr double kBankLimit = 0.05;         // ... up to this share of its year's emissions.
constexpr double kPanicHazard =
    0.35;  // A day; a firm that is short in the panic days, for all it lacks.
constexpr double kForcedFloor =
    0.7;  // Of what holding is worth; below it even expiring units wait.
constexpr double kBuyTolerance = 1.10;  // Of what holding is worth, while the deadline is far.
constexpr double kUndercut = 0.01;      // The most a seller goes below the best offer at once.
constexpr int kQuietDays = 10;          // Trading days without a listed trade.
constexpr int kDeadlineQuarter = 60;    // Trading days.

// Simple interest in fen, rounded down, from the day a loan is drawn to 31 December.
std::int64_t InterestToYearEnd(std::int64_t loan, double rate, Date day) {
  const int days = Date::Of(day.year(), 12, 31) - day;
  return static_cast<std::int64_t>(static_cast<double>(loan) * rate * days / 365);
}

}  // namespace

Price World::ToPrice(double cny) const {
  return Price::FromMinorPerTonne(std::max<std::int64_t>(1, std::llround(cny * 100)));
}

std::int64_t World::Held(std::size_t firm, LedgerId ledger) const {
  const Agent& agent = agents_[firm];
  return registry_.balance(agent.holder, ledger) + market_.holding(agent.member, ledger).total();
}

// What a usable unit costs today: the mean previous close of the listed vintages, by yesterday's
// volume; where nothing traded, the headline.
double World::MarketLevel() const {
  double value = 0;
  double volume = 0;
  for (const VintageInstrument& entry : vintages_) {
    if (!entry.listed) continue;
    value += entry.recent_value;
    volume += entry.recent_volume;
  }
  return volume > 0 ? value / volume : static_cast<double>(HeadlineClose().minor_per_tonne()) / 100;
}

// A vintage that has not traded while the others left its band could never trade again: the venue
// lists it anew at the level of the others.
void World::RelistStale() {
  const double level = MarketLevel();
  for (VintageInstrument& entry : vintages_) {
    if (!entry.listed || entry.quiet_days < kQuietDays) continue;
    const double close =
        static_cast<double>(market_.instrument(entry.instrument).close.minor_per_tonne()) / 100;
    if (std::abs(level / close - 1) <= scenario_.listed_band) continue;
    Relist(entry);
  }
}

// Reads every firm's holdings and works out what it has too much or lacks.
void World::RefreshBooks(Date day) {
  const int old = year_ - 1;
  const bool legacy_year = old < scenario_.first_banking_vintage;
  large_sellers_.clear();
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    Agent& agent = agents_[i];
    if (!agent.enrolled) {
      agent.position = agent.due_gap = agent.offset_room = 0;
      continue;
    }
    const FirmId id(static_cast<std::uint32_t>(i));
    const Sector& sector = scenario_.sectors[agent.sector];
    double held = 0;
    double held_due = 0;
    double legacy = 0;
    for (const VintageInstrument& entry : vintages_) {
      const auto units = static_cast<double>(Held(i, entry.ledger));
      if (entry.vintage < scenario_.first_banking_vintage) {
        legacy += units;
        if (!legacy_year) continue;
      }
      held += units;
      if (entry.vintage <= old) held_due += units;
    }
    const auto offsets = static_cast<double>(Held(i, authority_.offset_ledger()));
    double owed = 0;
    double pending = 0;
    double offset_limit = 0;
    if (old >= sector.first_vintage) {
      const scheme::FirmVintage& record = authority_.firm_vintage(id, old);
      const registry::ComplianceView view =
          registry_.compliance(id.raw(), static_cast<std::uint16_t>(old));
      const double emitted =
          view.verified ? static_cast<double>(view.emissions.count()) : year_of(i, old).emissions;
      owed = std::max(0.0, emitted - static_cast<double>(view.surrendered.count()));
      if (record.assessed) owed = 0;
      offset_limit =
          owed > 0 ? emitted * scenario_.offset_limit - static_cast<double>(view.offsets.count())
                   : 0;
      if (!record.final)
        pending = year_of(i, old).expected_free - static_cast<double>(record.pre_allocated.count());
    }
    double running = 0;
    if (year_ >= sector.first_vintage) {
      const FirmYear& record = year_of(i, year_);
      const double share = record.expected_emissions > 0
                               ? std::min(1.0, record.emissions / record.expected_emissions)
                               : 0;
      running = record.expected_free * share -
                static_cast<double>(authority_.firm_vintage(id, year_).pre_allocated.count()) -
                (agent.never_complies ? 0 : record.emissions);
    }
    double arrears = static_cast<double>(authority_.arrears(id).count());
    if (agent.never_complies) owed = arrears = 0;
    agent.position = held + offsets + pending + running - owed - arrears +
                     static_cast<double>(agent.carry_over_left);
    agent.due_gap = owed - held_due - offsets - pending;
    agent.offset_room = std::max(0.0, offset_limit - offsets);
    agent.legacy_excess = 0;
    if (legacy_year && !authority_.rulebook().carry_over_base.empty()) {
      // Industry's base was made public late; before, only power knows it has one.
      const bool known = sector.name == "power" || day >= scenario_.carry_over_public;
      const double spare = legacy + pending - owed;
      const Tonnes room = known ? authority_.CarryOverRoom(id, Tonnes(agent.net_sales_legacy),
                                                           Tonnes(kAmountMax / 4))
                                : Tonnes();
      agent.legacy_excess = std::max(0.0, spare - static_cast<double>(room.count()));
    }
    if (agent.position >= static_cast<double>(scenario_.block_from_t))
      large_sellers_.push_back(static_cast<std::uint32_t>(i));
  }
}

// Deposits what is missing, as far as the holder account has it. Returns what is then available.
std::int64_t World::MakeAvailable(std::size_t firm, LedgerId ledger, std::int64_t amount) {
  const Agent& agent = agents_[firm];
  const std::int64_t available = market_.holding(agent.member, ledger).available;
  if (available >= amount) return available;
  const std::int64_t more = std::min(amount - available, registry_.balance(agent.holder, ledger));
  if (more > 0) venue_.Deposit(agent.member, ledger, more);
  return available + std::max<std::int64_t>(more, 0);
}

// Sees to it that `amount` fen are available, borrowing at least `chunk` when it must.
bool World::Fund(std::size_t firm, std::int64_t amount, std::int64_t chunk) {
  Agent& agent = agents_[firm];
  const std::int64_t available = market_.holding(agent.member, authority_.cny()).available;
  if (available >= amount) return true;
  const std::int64_t left = (agent.credit_limit - agent.credit_used).minor();
  const std::int64_t loan = std::min(std::max(amount - available, chunk), left);
  if (loan < amount - available) return false;
  venue_.Borrow(agent.member, authority_.cny(), loan);
  agent.credit_used += Money::FromMinor(loan);
  FirmYear& record = year_of(firm, year_);
  record.borrowed += Money::FromMinor(loan);
  record.interest += Money::FromMinor(InterestToYearEnd(loan, scenario_.credit_rate, today_));
  return true;
}

void World::TradeListed(Date day) {
  OfferOffsets();
  active_.clear();
  const double near =
      scenario_.hazard_base +
      scenario_.hazard_deadline * std::exp(-days_to_deadline_ / scenario_.hazard_days);
  const bool panicking = days_to_deadline_ < scenario_.panic_days;
  const double far =
      scenario_.hazard_base +
      scenario_.hazard_deadline * std::exp(-(days_to_deadline_ + 242) / scenario_.hazard_days);
  const double level = MarketLevel();
  const bool legacy_year = year_ - 1 < scenario_.first_banking_vintage;
  const bool carry_over_demand =
      year_ - 1 < scenario_.first_banking_vintage && day >= scenario_.carry_over_public;
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    Agent& agent = agents_[i];
    if (!agent.enrolled) continue;
    const double chance = agent.dice.Uniform();
    const double need = std::max(agent.due_gap, -agent.position);
    // Units below what holding them is worth bring buyers, as dear ones bring sellers; those that
    // are about to expire are worth less.
    const double cheap =
        level > 0 && !legacy_year
            ? std::clamp((kBankMargin * agent.hold_value / level - 1) / kEagerMargin, 0.0, 1.0)
            : 0;
    const double eager = 1 + kEagerness * cheap;
    if (need >= 1) {
      const double due = panicking ? kPanicHazard : eager * near;
      if (!last_buying_day_ && chance < (agent.due_gap > 0 ? due : eager * far))
        active_.push_back(static_cast<std::uint32_t>(i) << 2U);
      continue;
    }
    if (agent.legacy_excess > kWorthTrading) {
      const double rush = 1 + std::max(0.0, 1 - days_to_deadline_ / 160.0);
      if (chance < kForcedSellHazard * rush)
        active_.push_back((static_cast<std::uint32_t>(i) << 2U) | 2U);
      continue;
    }
    if (agent.position > kWorthTrading &&
        (!agent.patient || days_to_deadline_ < kDeadlineQuarter)) {
      const double floor = scenario_.sell_margin * agent.hold_value;
      const double margin =
          floor > 0 ? std::clamp((level / floor - 1) / kEagerMargin, 0.0, 1.0) : 0;
      if (chance < kSellHazard * (1 + kEagerness * margin)) {
        active_.push_back((static_cast<std::uint32_t>(i) << 2U) | 1U);
        continue;
      }
    }
    if (carry_over_demand && !last_buying_day_ && chance > 1 - kCarryOverHazard &&
        scenario_.sectors[agent.sector].name != "power") {
      active_.push_back((static_cast<std::uint32_t>(i) << 2U) | 3U);
    } else if (!legacy_year && !last_buying_day_ && chance > 1 - eager * kBankHazard) {
      active_.push_back((static_cast<std::uint32_t>(i) << 2U) | 3U);
    }
  }
  for (std::size_t i = active_.size(); i > 1; --i)
    std::swap(active_[i - 1], active_[day_dice_.Below(i)]);
  double average = outlook_.adaptive;
  if (!recent_closes_.empty()) {
    average = 0;
    for (const double close : recent_closes_) average += close;
    average /= static_cast<double>(recent_closes_.size());
  }
  // From the panic days on, the limit climbs to three times the average.
  double panic = 0;
  if (days_to_deadline_ < scenario_.panic_days) panic = scenario_.panic_multiple * average;
  for (const std::uint32_t entry : active_) {
    const std::size_t firm = entry >> 2U;
    const Agent& agent = agents_[firm];
    switch (entry & 3U) {
      case 0: {
        const double need = std::max(agent.due_gap, -agent.position);
        if (need >= 1) Buy(firm, need, agent.due_gap > 0 ? panic : 0);
        break;
      }
      case 1:
        if (agent.position > kWorthTrading) Sell(firm, agent.position, false);
        break;
      case 2:
        Sell(firm, agent.legacy_excess / (1 + scenario_.carry_over_multiple), true);
        break;
      case 3:
        if (carry_over_demand) {
          BuyForCarryOver(firm);
        } else {
          BuyToBank(firm);
        }
        break;
    }
  }
}

void World::Buy(std::size_t firm, double need, double panic) {
  Agent& agent = agents_[firm];
  if (need >= static_cast<double>(scenario_.block_from_t) &&
      agent.dice.Chance(scenario_.block_probability) && BuyBlock(firm, need)) {
    return;
  }
  const double draw =
      agent.dice.LogNormal(scenario_.listed_size_median_t, scenario_.listed_size_sigma);
  double wanted = std::max(scenario_.buy_fraction * need, std::min(draw, need));
  if (need < 1'000 || panic > 0) wanted = need;
  const auto quantity = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::ceil(wanted)), 1,
                                                 scenario_.block_from_t - 1);
  const bool due = agent.due_gap > 0;

  // The cheapest offer among what can be used.
  InstrumentId best;
  std::int64_t best_ask = 0;
  const InstrumentId* newest = nullptr;
  for (const VintageInstrument& entry : vintages_) {
    if (!entry.listed || (due && entry.vintage > year_ - 1)) continue;
    newest = &entry.instrument;
    const matching::Engine::Quote quote = market_.best(entry.instrument, matching::Side::kSell);
    if (quote.present && (best_ask == 0 || quote.price.minor_per_tonne() < best_ask)) {
      best = entry.instrument;
      best_ask = quote.price.minor_per_tonne();
    }
  }
  std::int64_t size = quantity;
  if (agent.offset_room >= 1) {
    const matching::Engine::Quote quote = market_.best(offset_instrument_, matching::Side::kSell);
    if (quote.present && (best_ask == 0 || quote.price.minor_per_tonne() <= best_ask)) {
      best = offset_instrument_;
      best_ask = quote.price.minor_per_tonne();
      size = std::min(size, static_cast<std::int64_t>(agent.offset_room));
    }
  }
  const double worth =
      agent.hold_value * (agent.dice.Chance(kUrgentShare) ? 1 + kUrgentTolerance : kBuyTolerance);
  double limit = 0;
  if (best_ask > 0) {
    limit = static_cast<double>(best_ask) / 100 * scenario_.buy_markup;
    limit = std::min(limit, std::max(worth, panic));
  } else {
    if (newest == nullptr) return;
    best = *newest;
    limit = std::max(worth, panic);
  }
  const market::InstrumentView& view = market_.instrument(best);
  if (best_ask == 0)
    limit = std::min(limit, static_cast<double>(view.close.minor_per_tonne()) / 100 * kOpenBid);
  const Price price = BelowCeiling(std::min(ToPrice(limit), view.band_high));
  if (price < view.band_low) return;
  const std::int64_t value = (price * Tonnes(size)).minor();
  if (!Fund(firm, value, value)) return;
  const auto receipt =
      venue_.Apply(market::PlaceOrder{agent.member, best, matching::Side::kBuy,
                                      matching::TimeInForce::kDay, price, Tonnes(size)},
                   SourceKind::kAgent, static_cast<std::uint32_t>(firm));
  if (!receipt.ok()) ++result_.refused_orders;
}

bool World::BuyBlock(std::size_t firm, double need) {
  Agent& buyer = agents_[firm];
  if (large_sellers_.empty()) return false;
  const bool due = buyer.due_gap > 0;
  const bool panicking = days_to_deadline_ < scenario_.panic_days;
  const auto wanted =
      std::max(scenario_.block_from_t,
               static_cast<std::int64_t>((panicking ? 1 : scenario_.buy_fraction) * need));
  // Inside the group first, then whoever is met.
  std::array<std::size_t, 8> candidates{};
  std::size_t count = 0;
  if (buyer.group != 0) {
    for (const std::uint32_t other : large_sellers_) {
      if (agents_[other].group == buyer.group && other != firm && count < 3)
        candidates[count++] = other;
    }
  }
  while (count < candidates.size())
    candidates[count++] = large_sellers_[buyer.dice.Below(large_sellers_.size())];
  for (const std::size_t other : candidates) {
    Agent& seller = agents_[other];
    if (other == firm || seller.position < static_cast<double>(scenario_.block_from_t)) continue;
    if (seller.patient && seller.group != buyer.group && days_to_deadline_ > kDeadlineQuarter)
      continue;
    for (const VintageInstrument& entry : vintages_) {
      if (!entry.listed || (due && entry.vintage > year_ - 1)) continue;
      const double free =
          entry.vintage <= year_ - 1 ? std::min(-seller.due_gap, seller.position) : seller.position;
      const std::int64_t quantity =
          std::min({wanted, static_cast<std::int64_t>(free), Held(other, entry.ledger)});
      if (quantity < scenario_.block_from_t) continue;
      const market::InstrumentView& view = market_.instrument(entry.instrument);
      const double close = static_cast<double>(view.previous_close.minor_per_tonne()) / 100;
      const double agreed =
          close * (1 - scenario_.block_discount + scenario_.block_sd * buyer.dice.Normal());
      const bool forced = seller.legacy_excess > kWorthTrading;
      if (!forced && agreed < 0.9 * seller.hold_value) continue;
      if (agreed > std::max(kBuyTolerance * buyer.hold_value,
                            days_to_deadline_ < scenario_.panic_days ? 2 * close : 0))
        continue;
      const Price price =
          std::clamp(BelowCeiling(ToPrice(agreed)), view.block_band_low, view.block_band_high);
      if (MakeAvailable(other, entry.ledger, quantity) < quantity) continue;
      const std::int64_t value = (price * Tonnes(quantity)).minor();
      if (!Fund(firm, value, value)) return false;
      const auto receipt =
          venue_.Apply(market::TradeBlock{seller.member, buyer.member, entry.instrument, price,
                                          Tonnes(quantity)},
                       SourceKind::kAgent, static_cast<std::uint32_t>(firm));
      if (!receipt.ok()) ++result_.refused_orders;
      return receipt.ok();
    }
  }
  return false;
}

void World::Sell(std::size_t firm, double surplus, bool forced) {
  Agent& agent = agents_[firm];
  for (const VintageInstrument& entry : vintages_) {
    if (!entry.listed) continue;
    double free = surplus;
    // What the next deadline needs is not for sale.
    if (!forced && entry.vintage <= year_ - 1) free = std::min(free, -agent.due_gap);
    const std::int64_t held = Held(firm, entry.ledger);
    const auto most = std::min(static_cast<std::int64_t>(free), held);
    if (most < 1) continue;
    const double draw =
        agent.dice.LogNormal(scenario_.listed_size_median_t, scenario_.listed_size_sigma);
    const double wanted =
        std::max(draw, (days_to_deadline_ < scenario_.panic_days ? 0.5 : 0.2) * surplus);
    const auto quantity = std::clamp<std::int64_t>(static_cast<std::int64_t>(wanted), 1,
                                                   std::min(most, scenario_.block_from_t - 1));
    const market::InstrumentView& view = market_.instrument(entry.instrument);
    const matching::Engine::Quote ask = market_.best(entry.instrument, matching::Side::kSell);
    const double close = static_cast<double>(view.previous_close.minor_per_tonne()) / 100;
    const double best =
        ask.present ? static_cast<double>(ask.price.minor_per_tonne()) / 100 : close;
    double price = best * (1 - kUndercut * agent.dice.Uniform());
    const bool urgent = agent.dice.Chance(kUrgentShare);
    if (forced) {
      price = std::max(price, kForcedFloor * agent.hold_value);
    } else if (urgent) {
      const matching::Engine::Quote bid = market_.best(entry.instrument, matching::Side::kBuy);
      if (bid.present) price = static_cast<double>(bid.price.minor_per_tonne()) / 100;
      price = std::max(price, (1 - kUrgentTolerance) * agent.hold_value);
    } else {
      price = std::max(price, scenario_.sell_margin * agent.hold_value);
    }
    const Price limit = std::max(ToPrice(price), view.band_low);
    if (limit > view.band_high) return;
    const std::int64_t available = MakeAvailable(firm, entry.ledger, quantity);
    if (available < 1) continue;
    const auto receipt =
        venue_.Apply(market::PlaceOrder{agent.member, entry.instrument, matching::Side::kSell,
                                        matching::TimeInForce::kDay, limit,
                                        Tonnes(std::min(quantity, available))},
                     SourceKind::kAgent, static_cast<std::uint32_t>(firm));
    if (!receipt.ok()) ++result_.refused_orders;
    return;
  }
}

// A unit offered below what holding it is worth is bought to bank: this ties today's price to
// tomorrow's.
void World::BuyToBank(std::size_t firm) {
  Agent& agent = agents_[firm];
  const double room = kBankLimit * year_of(firm, year_).expected_emissions - agent.position;
  if (room < kWorthTrading) return;
  const VintageInstrument* best = nullptr;
  Price best_ask;
  for (const VintageInstrument& entry : vintages_) {
    if (!entry.listed) continue;
    const matching::Engine::Quote ask = market_.best(entry.instrument, matching::Side::kSell);
    if (best == nullptr || (ask.present && (best_ask == Price() || ask.price < best_ask))) {
      best = &entry;
      best_ask = ask.present ? ask.price : Price();
    }
  }
  if (best == nullptr) return;
  InstrumentId instrument = best->instrument;
  double most = room;
  if (agent.offset_room >= 1) {
    // A cheaper offset pays what is due, and the unit that would have paid it is banked.
    const matching::Engine::Quote ask = market_.best(offset_instrument_, matching::Side::kSell);
    if (ask.present && (best_ask == Price() || ask.price < best_ask)) {
      instrument = offset_instrument_;
      best_ask = ask.price;
      most = std::min(room, agent.offset_room);
    }
  }
  const market::InstrumentView& view = market_.instrument(instrument);
  Price limit = std::min(ToPrice(agent.hold_value * kBankMargin), view.band_high);
  if (best_ask > Price()) limit = std::min(limit, best_ask);
  const double close = static_cast<double>(view.close.minor_per_tonne()) / 100;
  limit = std::min(limit, std::max(ToPrice(close * kOpenBid), view.band_low));
  if (limit < view.band_low) return;
  const double draw =
      agent.dice.LogNormal(scenario_.listed_size_median_t, scenario_.listed_size_sigma);
  const auto quantity = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::min(draw, most)), 1,
                                                 scenario_.block_from_t - 1);
  const std::int64_t value = (limit * Tonnes(quantity)).minor();
  if (!Fund(firm, value, value)) return;
  const auto receipt =
      venue_.Apply(market::PlaceOrder{agent.member, instrument, matching::Side::kBuy,
                                      matching::TimeInForce::kDay, limit, Tonnes(quantity)},
                   SourceKind::kAgent, static_cast<std::uint32_t>(firm));
  if (!receipt.ok()) ++result_.refused_orders;
}

// Room to carry old units over is worth the difference between their price and a new unit's value.
void World::BuyForCarryOver(std::size_t firm) {
  Agent& agent = agents_[firm];
  const FirmId id(static_cast<std::uint32_t>(firm));
  std::int64_t held = 0;
  for (const VintageInstrument& entry : vintages_) {
    if (entry.vintage < scenario_.first_banking_vintage) held += Held(firm, entry.ledger);
  }
  const double spare = static_cast<double>(held) + std::min(0.0, -agent.due_gap);
  const double room =
      static_cast<double>(
          authority_.CarryOverRoom(id, Tonnes(agent.net_sales_legacy), Tonnes(kAmountMax / 4))
              .count()) -
      spare;
  if (room < 1'000) return;
  for (const VintageInstrument& entry : vintages_) {
    if (!entry.listed || entry.vintage >= scenario_.first_banking_vintage) continue;
    const matching::Engine::Quote ask = market_.best(entry.instrument, matching::Side::kSell);
    if (!ask.present) continue;
    const double offer = static_cast<double>(ask.price.minor_per_tonne()) / 100;
    if (offer * scenario_.sell_margin > agent.hold_value) continue;
    const auto quantity =
        std::clamp<std::int64_t>(static_cast<std::int64_t>(room * 0.5 * agent.dice.Uniform()),
                                 1'000, scenario_.block_from_t - 1);
    const std::int64_t value = (ask.price * Tonnes(quantity)).minor();
    if (!Fund(firm, value, value)) return;
    const auto receipt = venue_.Apply(
        market::PlaceOrder{agent.member, entry.instrument, matching::Side::kBuy,
                           matching::TimeInForce::kImmediateOrCancel, ask.price, Tonnes(quantity)},
        SourceKind::kAgent, static_cast<std::uint32_t>(firm));
    if (!receipt.ok()) ++result_.refused_orders;
    return;
  }
}

void World::OfferOffsets() {
  const LedgerId ledger = authority_.offset_ledger();
  std::int64_t stock = market_.holding(projects_, ledger).available;
  if (stock <= 0) return;
  const double target =
      scenario_.offset_price_share * static_cast<double>(HeadlineClose().minor_per_tonne()) / 100;
  const market::InstrumentView& view = market_.instrument(offset_instrument_);
  const Price wanted = ToPrice(target);
  if (wanted < view.band_low || wanted > view.band_high) {
    // The allowance price has left the offset's band: it is listed anew at the price it is offered
    // at.
    ETS_ASSERT(
        venue_.Apply(market::DelistInstrument{offset_instrument_}, SourceKind::kAuthority).ok());
    const auto listed = venue_.Apply(market::ListInstrument{ledger, authority_.cny(), wanted},
                                     SourceKind::kAuthority);
    ETS_ASSERT(listed.ok());
    offset_instrument_ = InstrumentId(static_cast<std::uint16_t>(listed->id));
    return;
  }
  for (int order = 0; order < kOffsetOrders && stock > 0; ++order) {
    const std::int64_t quantity = std::min(stock, scenario_.block_from_t - 1);
    const auto receipt =
        venue_.Apply(market::PlaceOrder{projects_, offset_instrument_, matching::Side::kSell,
                                        matching::TimeInForce::kDay, wanted, Tonnes(quantity)},
                     SourceKind::kAgent, static_cast<std::uint32_t>(agents_.size()));
    if (!receipt.ok()) return;
    stock -= quantity;
  }
}

}  // namespace ets::sim
