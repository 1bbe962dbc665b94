// How firms bid at auction, and what the authority does with one.

#include <algorithm>
#include <array>
#include <cmath>

#include "sim/world.h"

namespace ets::sim {
namespace {

constexpr double kLotsWorthBidding = 300;  // Who needs less bids less often: effort must pay ...
constexpr std::size_t kRoundMax = 17;      // ... but every firm bids at one auction in so many.
constexpr double kUncappedBidding = 0.1;   // Of what a firm without a cap lacks, sought at auction.
constexpr double kBehind = 0.05;           // Of a year's emissions; a firm that lacks more ...
constexpr std::array<double, 3> kBidParts = {0.5, 0.3,
                                             0.5};  // Of the need; the last adds units to bank.
constexpr double kBankBidShare = 0.002;  // Of the year's emissions, bid for to bank, an auction ...
constexpr double kBankBidPrice = 0.88;   // ... at this share of the expected price.
constexpr double kLoanRounds = 6;        // A loan covers what so many times of bidding may cost.

}  // namespace

// Who bids today: at every auction of the day.
void World::CallBidders() {
  ++auction_days_;
  bidders_.clear();
  for (std::uint32_t i = 0; i < agents_.size(); ++i) {
    if (next_bid_[i] > auction_days_) continue;
    const Agent& agent = agents_[i];
    const bool takes_part =
        agent.enrolled && year_ >= scenario_.sectors[agent.sector].first_vintage;
    if (takes_part) bidders_.push_back(i);
  }
}

// Bids for what the firm lacks until it comes again.
void World::Bid(std::size_t firm, const scheme::PlannedAuction& planned,
                std::size_t auctions_left) {
  Agent& agent = agents_[firm];
  const FirmYear& record = year_of(firm, year_);
  const Sector& sector = scenario_.sectors[agent.sector];
  const bool capped = sector.RuleOf(year_) == "cap";
  const auction::Format& format = authority_.rulebook().auction_format;
  const std::int64_t lot = format.lot.count();
  // The year's paid need, spread over its auctions; what is already long is used up slowly.
  const double to_come = (record.expected_emissions - record.expected_free) * (1 - elapsed_share_);
  double need = to_come + std::max(0.0, -agent.position) - 0.5 * std::max(0.0, agent.position);
  if (!capped) need *= kUncappedBidding;
  const double share = need / static_cast<double>(auctions_left);
  const double worth = kLotsWorthBidding * static_cast<double>(lot);
  std::size_t round = kRoundMax;
  if (share * static_cast<double>(kRoundMax) > worth) {
    round = std::max<std::size_t>(1, static_cast<std::size_t>(worth / share));
  }
  if (next_bid_[firm] == 0 && firm % round != 0) {  // At the first auction, the rounds spread.
    next_bid_[firm] = auction_days_ + static_cast<std::uint32_t>(firm % round);
    return;
  }
  next_bid_[firm] = auction_days_ + static_cast<std::uint32_t>(round);
  const auto auctions = static_cast<double>(std::min(round, auctions_left));

  const auto volume = static_cast<double>(planned.volume.count());
  auto left = static_cast<std::int64_t>(volume * scenario_.auction_bidder_limit) / lot;
  const std::int64_t smallest = (format.smallest_bid.count() + lot - 1) / lot;
  const auto largest = static_cast<std::int64_t>(volume * format.bid_limit_bp / 10'000) / lot;
  std::int64_t cost = 0;
  schedule_.bids.clear();
  const auto add = [&](double cny, std::int64_t lots) {
    const std::int64_t tick = format.tick.minor_per_tonne();
    const Price price = Price::FromMinorPerTonne(ToPrice(cny).minor_per_tonne() / tick * tick);
    lots = std::min({std::max(lots, lots > 0 ? smallest : 0), largest, left});
    const bool is_full = format.bids_max > 0 && schedule_.bids.size() == format.bids_max;
    if (price < planned.reserve || lots < std::max<std::int64_t>(smallest, 1) || is_full) return;
    left -= lots;
    schedule_.bids.push_back({price, Tonnes(lots * lot)});
    cost += (price * Tonnes(lots * lot)).minor();
  };
  double size = std::max(0.0, share * auctions) / static_cast<double>(lot);
  if (size < 1) size = agent.dice.Chance(size) ? 1 : 0;
  // Its own value: the expected price, or abating the gap itself where that is cheaper.
  double value = 0;
  if (size > 0) {
    const int month = (today_.year() - kFirstYear) * 12 + today_.month() - 1;
    const double gap =
        record.expected_emissions > 0 ? std::min(1.0, need / record.expected_emissions) : 0;
    const double own = record.per_tonne > 0.5
                           ? MarginalCost(agent, scenario_, sector,
                                          scenario_.operation_share + agent.decided + gap, month)
                           : agent.expected_price;
    // Who has fallen behind in buying pays what the exchange asks, its alternative next year.
    const bool behind = agent.position < -kBehind * record.expected_emissions;
    value = std::min(std::max(agent.expected_price, behind ? MarketLevel() : 0), own);
    for (std::size_t step = 0; step < kBidParts.size(); ++step) {
      add(value * scenario_.bid_steps[step],
          std::max<std::int64_t>(step == 0 ? 1 : 0, std::llround(size * kBidParts[step])));
    }
  }
  if (capped) {
    // Whoever has obligations for years to come takes cheap units to bank.
    add(agent.expected_price * kBankBidPrice,
        std::llround(record.expected_emissions * kBankBidShare * auctions /
                     static_cast<double>(lot)));
  }
  // Who cannot pay for all of its bids gives up the lowest.
  const auto chunk =
      static_cast<std::int64_t>(value * 100 * size * static_cast<double>(lot) * kLoanRounds);
  while (!schedule_.bids.empty() && !Fund(firm, cost, chunk)) {
    cost -= (schedule_.bids.back().price * schedule_.bids.back().quantity).minor();
    schedule_.bids.pop_back();
  }
  if (schedule_.bids.empty()) return;
  schedule_.member = agent.member;
  const auto receipt =
      venue_.Apply(schedule_, SourceKind::kAgent, static_cast<std::uint32_t>(firm));
  if (!receipt.ok()) ++result_.refused_orders;
}

void World::HoldAuctions(Date day, const std::vector<scheme::PlannedAuction>& auctions) {
  if (auctions.empty()) return;
  const std::size_t auctions_left = std::max<std::size_t>(authority_.AuctionsLeft(day), 1);
  CallBidders();
  for (const scheme::PlannedAuction& planned : auctions) {
    const VintageInstrument entry = EnsureListed(planned.vintage);
    Tonnes lodged = planned.volume;
    for (const auction::Trigger& tier : planned.tiers) lodged += tier.volume;
    venue_.Deposit(auctioneer_, entry.ledger, lodged.count());
    market::OpenAuction open;
    open.auctioneer = auctioneer_;
    open.instrument = entry.instrument;
    open.terms.format = authority_.rulebook().auction_format;
    open.terms.supply = planned.volume;
    open.terms.containment = planned.tiers;
    open.terms.withholding = planned.withholding;
    if (!planned.tiers.empty())
      open.terms.format.containment_tiers = static_cast<std::uint8_t>(planned.tiers.size());
    if (planned.withholding) open.terms.format.emission_containment = true;
    // Where a format knows only a secret reserve, the scenario's is it.
    const bool is_secret = open.terms.format.reserve == auction::ReserveSource::kNone &&
                           open.terms.format.secret != auction::SecretReserve::kNone;
    (is_secret ? open.terms.secret_reserve : open.terms.reserve) = planned.reserve;
    open.terms.tie_seed = day_dice_.Next();
    const auto opened = venue_.Apply(open, SourceKind::kAuthority);
    ETS_ASSERT(opened.ok());
    for (const std::uint32_t firm : bidders_) Bid(firm, planned, auctions_left);
    ETS_ASSERT(venue_.Apply(market::CloseAuction{}, SourceKind::kClock).ok());
    // Awards settle at once; what is unsold and what was paid goes back to the authority.
    venue_.AskBack(auctioneer_, entry.ledger);
    venue_.AskBack(auctioneer_, authority_.cny());
    result_.alarms += venue_.Settle();
    const std::int64_t revenue =
        registry_.balance(authority_.accounts().auction_stock, authority_.cny());
    if (revenue > 0) {
      ETS_ASSERT(
          venue_
              .Apply(registry::MakeTransfer{{authority_.accounts().auction_stock,
                                             authority_.accounts().treasury, authority_.cny(),
                                             revenue, registry::TransferCode::kOther, 0, 0}},
                     SourceKind::kAuthority)
              .ok());
    }
    authority_.AuctionHeld(planned, last_clearing_);
    const std::int64_t sold = last_clearing_.sold.count();
    events_.Add(last_clearing_.price.minor_per_tonne());
    events_.Add(sold);
    sold_at_auction_ += sold;
    const bool from_stock = planned.offer != scheme::Offer::kRegular && !planned.above_cap;
    containment_sold_ += from_stock ? sold : last_clearing_.contained.count();
    const Tonnes offered = planned.volume + last_clearing_.contained - last_clearing_.withheld;
    week_auction_t_ += sold;
    week_auction_offered_ += offered.count();
    week_auction_bid_ += last_clearing_.bid_volume.count();
    if (sold > 0) {
      week_auction_value_ += last_clearing_.price * last_clearing_.sold;
      const double eur =
          static_cast<double>(last_clearing_.price.minor_per_tonne()) / scenario_.cny_per_eur;
      domestic_prices_.Add({day, Price::FromMinorPerTonne(std::llround(eur)), last_clearing_.sold});
    }
    AuctionRow row;
    row.date = day;
    row.market = "cn";
    row.auctioneer = "CN";
    row.vintage = planned.vintage;
    row.status = auction::ToString(last_clearing_.status);
    row.currency = "CNY";
    row.price = sold > 0 ? static_cast<double>(last_clearing_.price.minor_per_tonne()) / 100 : 0;
    row.reserve_price = static_cast<double>(planned.reserve.minor_per_tonne()) / 100;
    row.offered_t = offered.count();
    row.sold_t = sold;
    row.unsold_t = offered.count() - sold;
    row.bid_t = last_clearing_.bid_volume.count();
    row.containment_t = from_stock ? offered.count() : last_clearing_.contained.count();
    row.rule = ToString(planned.offer);
    row.bids = static_cast<int>(last_clearing_.bids);
    row.bidders = static_cast<int>(last_clearing_.bidders);
    row.winners = static_cast<int>(last_clearing_.successful_bidders);
    row.cover_ratio = last_clearing_.cover_ratio();
    row.revenue = static_cast<double>((last_clearing_.price * last_clearing_.sold).minor()) / 100;
    recorder_.Record(row);
  }
}

}  // namespace ets::sim
