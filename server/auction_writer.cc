#include "server/auction_writer.h"

#include <map>

#include "auction/fields.h"
#include "auction/statistics.h"
#include "server/wire_names.h"

namespace ets::server {
namespace {

void FillStatistics(const auction::Statistics& row, auction_pb::Statistics* out) {
  out->set_lowest_bid(row.lowest_bid.minor_per_tonne());
  out->set_highest_bid(row.highest_bid.minor_per_tonne());
  out->set_mean_bid(row.mean_bid.minor_per_tonne());
  out->set_median_bid(row.median_bid.minor_per_tonne());
  out->set_volume(row.volume.count());
  out->set_bid_volume(row.bid_volume.count());
  out->set_bids(row.bids);
  out->set_successful_bids(row.successful_bids);
  out->set_bids_per_bidder_hundredths(row.bids_per_bidder_hundredths);
  out->set_bid_size(row.bid_size.count());
  out->set_bid_per_bidder(row.bid_per_bidder.count());
  out->set_bid_per_bidder_sd(row.bid_per_bidder_sd.count());
  out->set_won_per_bidder(row.won_per_bidder.count());
  out->set_won_per_bidder_sd(row.won_per_bidder_sd.count());
  out->set_cover_hundredths(row.cover_hundredths);
  out->set_bidders(row.bidders);
  out->set_successful_bidders(row.successful_bidders);
  out->set_revenue(row.revenue.minor());
}

void FillTrigger(const auction::Trigger& trigger, auction_pb::Trigger* out) {
  out->set_price(trigger.price.minor_per_tonne());
  out->set_volume(trigger.volume.count());
}

// Also the limits of those who bid, by the same numbers.
void FillBids(const market::ClosedAuction& closed, auction_pb::Publication* out) {
  std::map<MemberId, std::uint32_t> numbers;
  for (const auction::Bid& bid : closed.view.bids) {
    const auto next = static_cast<std::uint32_t>(numbers.size() + 1);
    auction_pb::PublishedBid& row = *out->add_bids();
    row.set_bidder(numbers.emplace(bid.bidder, next).first->second);
    row.set_price(bid.price.minor_per_tonne());
    row.set_quantity(bid.quantity.count());
    row.set_counted(bid.quantity.count());
  }
  for (const auction::Cut& cut : auction::CutsOf(closed.view.bids, closed.view.terms)) {
    auction_pb::PublishedBid& row = *out->mutable_bids(static_cast<int>(cut.bid));
    row.set_counted(cut.counted.count());
    row.set_cut_by(std::string(ToString(cut.reason)));
  }
  for (const auction::Award& award : closed.clearing.awards) {
    auction_pb::PublishedBid& row = *out->mutable_bids(static_cast<int>(award.bid));
    row.set_won(award.quantity.count());
    row.set_pays(award.price.minor_per_tonne());
  }
  for (const auction::BidderTerms& bidder : closed.view.terms.bidders) {
    const auto number = numbers.find(bidder.bidder);
    if (number == numbers.end()) continue;
    auction_pb::PublishedLimit& row = *out->add_limits();
    row.set_bidder(number->second);
    row.set_without_obligations(!bidder.covered);
    if (bidder.room) row.set_room(bidder.room->count());
    if (bidder.guarantee) row.set_guarantee(bidder.guarantee->minor());
  }
}

void FillPublication(const market::ClosedAuction& closed, auction_pb::Publication* out) {
  const auction::Clearing& clearing = closed.clearing;
  const auction::Terms& terms = closed.view.terms;
  out->set_status(std::string(ToString(clearing.status)));
  if (clearing.sold > Tonnes()) out->set_price(clearing.price.minor_per_tonne());
  out->set_sold(clearing.sold.count());
  out->set_unsold(clearing.unsold.count());
  out->set_contained(clearing.contained.count());
  out->set_withheld(clearing.withheld.count());
  out->set_unpaid(closed.unpaid.count());
  FillStatistics(auction::StatisticsOf(closed.view.bids, clearing), out->mutable_statistics());
  FillBids(closed, out);
  out->set_tie_seed(terms.tie_seed);
  for (const std::uint32_t bid :
       auction::TieOrder(terms.format, closed.view.bids.size(), terms.tie_seed)) {
    out->add_tie_order(bid);
  }
  if (terms.secret_reserve) out->set_secret_reserve(terms.secret_reserve->minor_per_tonne());
  for (const auction::Trigger& tier : terms.containment) FillTrigger(tier, out->add_containment());
  if (terms.withholding) FillTrigger(*terms.withholding, out->mutable_withholding());
  for (const auction::Consignment& part : terms.consignments) {
    out->add_consigned(part.volume.count());
  }
}

}  // namespace

std::string AuctionName(std::uint32_t number) { return "auctions/" + std::to_string(number); }

void FillFormat(const auction::Format& format, auction_pb::Format* out) {
  out->set_name(std::string(format.name));
  out->set_description(std::string(format.description));
  out->set_currency(std::string(format.currency));
  const auction::Profile* profile = auction::FindProfile(format.name);
  for (const auction::Field& field : auction::Fields()) {
    auction_pb::FormatField& row = *out->add_fields();
    row.set_name(std::string(field.name));
    row.set_value(field.get(format));
    row.set_description(std::string(field.description));
    if (profile == nullptr) continue;
    for (const auction::FieldSource& source : profile->sources) {
      if (source.field == field.name) row.set_source(std::string(source.source));
    }
  }
}

void FillOpen(ExchangeEdge& edge, const market::AuctionView& view, auction_pb::Auction* out) {
  const std::string name = AuctionName(view.number);
  out->set_auction(name);
  out->set_state(auction_pb::AUCTION_STATE_OPEN);
  out->set_auctioneer(edge.NameOf(view.auctioneer));
  out->set_instrument(edge.NameOf(view.instrument));
  if (const std::size_t dash = out->instrument().rfind('-'); dash != std::string::npos) {
    out->set_currency(out->instrument().substr(dash + 1));
  }
  FillFormat(view.terms.format, out->mutable_format());
  out->set_supply(view.terms.supply.count());
  if (view.terms.reserve) out->set_reserve(view.terms.reserve->minor_per_tonne());
  out->set_commitment(auction::SeedCommitment(name, view.terms.tie_seed));
  if (view.pay_day) out->set_pay_day(ToString(*view.pay_day));
  if (view.opens != 0) wire::Fill(view.opens, out->mutable_open_time());
  if (view.closes != 0) wire::Fill(view.closes, out->mutable_close_time());
}

void FillClosed(ExchangeEdge& edge, const market::ClosedAuction& closed, auction_pb::Auction* out) {
  FillOpen(edge, closed.view, out);
  out->set_state(closed.awaits_payment ? auction_pb::AUCTION_STATE_AWAITS_PAYMENT
                                       : auction_pb::AUCTION_STATE_DONE);
  FillPublication(closed, out->mutable_publication());
}

void FillChange(ExchangeEdge& edge, const AuctionChange& change, auction_pb::Auction* out) {
  if (change.closed) return FillClosed(edge, *change.closed, out);
  FillOpen(edge, *change.open, out);
  if (change.is_abandoned) out->set_state(auction_pb::AUCTION_STATE_ABANDONED);
}

void FillBid(const std::string& member, std::uint32_t number, const auction::Bid& bid,
             auction_pb::Bid* out) {
  out->set_bid(number);
  out->set_member(member);
  out->set_price(bid.price.minor_per_tonne());
  out->set_quantity(bid.quantity.count());
}

}  // namespace ets::server
