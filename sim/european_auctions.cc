#include "sim/european_auctions.h"

#include <algorithm>
#include <cmath>

#include "base/quantity.h"

namespace ets::sim {
namespace {

constexpr std::int64_t kLot = 500;
constexpr int kSlotsAhead = 8;

// No auctions from 16 December to 6 January, on Good Friday, Easter Monday and 1 May (scenario,
// Europe).
bool AuctionHoliday(Date day) {
  const int month_day = day.month() * 100 + day.day();
  if (month_day >= 1216 || month_day <= 106 || month_day == 501) return true;
  const Date easter = EasterSunday(day.year());
  return day == easter - 2 || day == easter + 1;
}

}  // namespace

EuropeanAuctions::EuropeanAuctions(const Scenario& scenario, std::vector<cbam::AuctionFact> facts,
                                   std::vector<std::string> fact_auctioneers)
    : scenario_(scenario),
      facts_(std::move(facts)),
      fact_auctioneers_(std::move(fact_auctioneers)),
      fundamental_(scenario.europe.fundamental_eur.At(2025)),
      path_dice_(Prng::Stream(scenario.seed, "europe-path", 0)),
      common_{"EU", scenario.europe.common_t, {}, 0},
      germany_{"DE", scenario.europe.germany_t, {}, 0},
      poland_{"PL", scenario.europe.poland_t, {}, 0} {}

double EuropeanAuctions::PathAt(Date day) const {
  const YearSeries& path = scenario_.europe.fundamental_eur;
  if (path.empty()) return fundamental_;
  const int last = path.values().rbegin()->first;
  const auto mean_of = [&](int year) {
    return year <= last
               ? path.At(year)
               : path.At(last) * std::pow(1 + scenario_.europe.after_last_growth, year - last);
  };
  // Year means sit at mid-year; between them the logarithm is straight.
  const double time = day.year() + (day - Date::Of(day.year(), 1, 1)) / 365.25 - 0.5;
  const int year = static_cast<int>(std::floor(time));
  const double part = time - year;
  return std::exp((1 - part) * std::log(mean_of(year)) + part * std::log(mean_of(year + 1)));
}

void EuropeanAuctions::MoveFundamental(Date day) {
  const double decay = std::log(2.0) / (scenario_.europe.half_life_months * 21);
  const double sd = scenario_.europe.volatility / std::sqrt(252.0);
  const double log_price = std::log(fundamental_);
  fundamental_ =
      std::exp(log_price + decay * (std::log(PathAt(day)) - log_price) + sd * path_dice_.Normal());
}

void EuropeanAuctions::Day(Date day, Recorder& recorder) {
  if (day.weekday() == Weekday::kMonday) week_ = {};
  while (next_fact_ < facts_.size() && facts_[next_fact_].date <= day) {
    const cbam::AuctionFact& fact = facts_[next_fact_];
    if (fact.date == day) {
      prices_.Add(fact);
      week_.sold_t += fact.volume.count();
      week_.value += fact.price * fact.volume;
      AuctionRow row;
      row.date = day;
      row.market = "eu";
      row.auctioneer = fact_auctioneers_[next_fact_];
      row.fact = true;
      row.status = "cleared";
      row.currency = "EUR";
      row.price = static_cast<double>(fact.price.minor_per_tonne()) / 100;
      row.offered_t = row.sold_t = fact.volume.count();
      row.revenue = static_cast<double>((fact.price * fact.volume).minor()) / 100;
      recorder.Record(row);
      fundamental_ = row.price;
    }
    ++next_fact_;
  }
  const Weekday weekday = day.weekday();
  if (weekday == Weekday::kSaturday || weekday == Weekday::kSunday) return;
  if (day <= scenario_.europe.last_fact_date) {
    if (day == scenario_.europe.last_fact_date) fundamental_ = scenario_.europe.last_fact_eur;
    return;
  }
  MoveFundamental(day);
  if (AuctionHoliday(day)) return;
  switch (weekday) {
    case Weekday::kMonday:
    case Weekday::kTuesday:
    case Weekday::kThursday:
      Hold(common_, day, recorder);
      break;
    case Weekday::kFriday:
      Hold(germany_, day, recorder);
      break;
    case Weekday::kWednesday:
      if (IsoWeekOf(day).week % 2 == 0) Hold(poland_, day, recorder);
      break;
    case Weekday::kSaturday:
    case Weekday::kSunday:
      break;
  }
}

void EuropeanAuctions::Hold(Auctioneer& auctioneer, Date day, Recorder& recorder) {
  const double volume =
      static_cast<double>(auctioneer.first_t) *
      std::pow(1 - scenario_.europe.volume_decline, std::max(0, day.year() - 2026));
  const Tonnes planned(static_cast<std::int64_t>(volume) / kLot * kLot);
  while (auctioneer.slots.size() < auctioneer.next + kSlotsAhead)
    auctioneer.slots.push_back({planned, planned});
  const Tonnes supply = auctioneer.slots[auctioneer.next].volume;

  // The bid book: a few bidders, many bids around the fundamental, some thrown away at silly
  // prices.
  Prng dice = Prng::Stream(scenario_.seed, "europe-bids", auctions_held_++);
  bids_.clear();
  const double mean_size = 1.75 * static_cast<double>(supply.count()) / scenario_.europe.bids;
  for (int i = 0; i < scenario_.europe.bids; ++i) {
    const bool silly = dice.Chance(scenario_.europe.throw_away_share);
    double price = fundamental_ * (1 + scenario_.europe.bid_sd * dice.Normal());
    if (silly) price = 0.01 + dice.Uniform() * 149.99;
    const double size = dice.LogNormal(mean_size * std::exp(-0.5 * 0.8 * 0.8), 0.8);
    const auto lots = std::max<std::int64_t>(1, static_cast<std::int64_t>(size / kLot));
    bids_.push_back({MemberId(static_cast<std::uint32_t>(
                         dice.Below(static_cast<std::uint64_t>(scenario_.europe.bidders)))),
                     Price::FromMinorPerTonne(std::max<std::int64_t>(
                         1, static_cast<std::int64_t>(std::llround(price * 100)))),
                     Tonnes(lots * kLot)});
  }
  auction::Terms terms;
  terms.format = *auction::FindFormat("eu");
  terms.supply = supply;
  // The secret reserve: well below the secondary price, by the market's own short-term volatility.
  terms.secret_reserve =
      Price::FromMinorPerTonne(static_cast<std::int64_t>(std::llround(fundamental_ * 0.93 * 100)));
  terms.tie_seed = dice.Next();
  const auction::Clearing clearing = auction::Clear(bids_, terms);

  AuctionRow row;
  row.date = day;
  row.market = "eu";
  row.auctioneer = auctioneer.name;
  row.status = auction::ToString(clearing.status);
  row.currency = "EUR";
  row.reserve_price = static_cast<double>(terms.secret_reserve->minor_per_tonne()) / 100;
  row.offered_t = supply.count();
  row.sold_t = clearing.sold.count();
  row.unsold_t = clearing.unsold.count();
  row.bid_t = clearing.bid_volume.count();
  row.bids = static_cast<int>(clearing.bids);
  row.bidders = static_cast<int>(clearing.bidders);
  row.winners = static_cast<int>(clearing.successful_bidders);
  row.cover_ratio = clearing.cover_ratio();
  if (clearing.sold.count() > 0) {
    row.price = static_cast<double>(clearing.price.minor_per_tonne()) / 100;
    row.revenue = static_cast<double>((clearing.price * clearing.sold).minor()) / 100;
    prices_.Add({day, clearing.price, clearing.sold});
    week_.sold_t += clearing.sold.count();
    week_.value += clearing.price * clearing.sold;
  } else {
    // Art. 7(5), Art. 9: evenly over the next four auctions of the same auctioneer.
    auction::SpreadUnsold(auctioneer.slots, auctioneer.next, supply, {4, 0}, Tonnes(kLot));
  }
  ++auctioneer.next;
  recorder.Record(row);
}

}  // namespace ets::sim
