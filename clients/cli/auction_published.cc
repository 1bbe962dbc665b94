#include "clients/cli/auction_published.h"

#include "auction/fields.h"

namespace ets::cli {
namespace {

namespace au = ::ets::auction::v1;

Price PriceOf(std::int64_t minor) { return Price::FromMinorPerTonne(minor); }
auction::Trigger TriggerOf(const au::Trigger& one) {
  return {PriceOf(one.price()), Tonnes(one.volume())};
}
// Bidders are numbered from 1 by their first bids.
MemberId BidderOf(std::uint32_t number) { return MemberId(number - 1); }

// What the server says each bid won, as awards.
std::vector<auction::Award> AwardsOf(const au::Publication& publication) {
  std::vector<auction::Award> awards;
  for (int i = 0; i < publication.bids_size(); ++i) {
    const au::PublishedBid& bid = publication.bids(i);
    if (bid.won() == 0) continue;
    awards.push_back({static_cast<std::uint32_t>(i), Tonnes(bid.won()), PriceOf(bid.pays())});
  }
  return awards;
}

Result<auction::Terms, std::string> TermsOf(const au::Auction& published) {
  auction::Terms terms;
  const auction::Format* const format = auction::FindFormat(published.format().name());
  if (format == nullptr) {
    return Fail{published.format().name() + ": a format that this program does not know"};
  }
  terms.format = *format;
  for (const au::FormatField& field : published.format().fields()) {
    const auto done = auction::SetField(terms.format, field.name(), field.value());
    if (!done.ok()) return Fail{"format field " + field.name() + ": " + done.error()};
  }
  const au::Publication& publication = published.publication();
  terms.supply = Tonnes(published.supply());
  if (published.has_reserve()) terms.reserve = PriceOf(published.reserve());
  if (publication.has_secret_reserve())
    terms.secret_reserve = PriceOf(publication.secret_reserve());
  terms.tie_seed = publication.tie_seed();
  for (const au::Trigger& tier : publication.containment()) {
    terms.containment.push_back(TriggerOf(tier));
  }
  if (publication.has_withholding()) terms.withholding = TriggerOf(publication.withholding());
  for (const au::PublishedLimit& limit : publication.limits()) {
    auction::BidderTerms bidder;
    bidder.bidder = BidderOf(limit.bidder());
    bidder.covered = !limit.without_obligations();
    if (limit.has_room()) bidder.room = Tonnes(limit.room());
    if (limit.has_guarantee()) bidder.guarantee = Money::FromMinor(limit.guarantee());
    terms.bidders.push_back(bidder);
  }
  for (const std::int64_t volume : publication.consigned()) {
    terms.consignments.push_back({MemberId(0), Tonnes(volume)});
  }
  return terms;
}

}  // namespace

Result<HeldAuction, std::string> HeldOf(const au::Auction& published) {
  if (!published.has_publication()) {
    return Fail{published.auction() + ": is not closed, and nothing is published yet"};
  }
  HeldAuction held;
  held.name = published.auction();
  auto terms = TermsOf(published);
  if (!terms.ok()) return Fail{terms.error()};
  held.terms = std::move(terms.value());
  const auction::Format& format = held.terms.format;
  const au::Publication& publication = published.publication();
  for (const au::PublishedBid& bid : publication.bids()) {
    const bool fits = bid.bidder() > 0 && bid.price() > 0 && bid.quantity() > 0 &&
                      bid.quantity() % format.lot.count() == 0 &&
                      bid.price() % format.tick.minor_per_tonne() == 0;
    if (!fits) return Fail{held.name + ": a published bid off the lot or the tick"};
    held.table.bids.push_back(
        {BidderOf(bid.bidder()), PriceOf(bid.price()), Tonnes(bid.quantity())});
  }
  if (held.terms.supply <= Tonnes() || published.supply() % format.lot.count() != 0) {
    return Fail{held.name + ": a published supply off the lot"};
  }
  held.clearing = auction::Clear(held.table.bids, held.terms);
  const bool is_same = held.clearing.awards == AwardsOf(publication) &&
                       ToString(held.clearing.status) == publication.status() &&
                       held.clearing.revenue.minor() == publication.statistics().revenue();
  if (is_same) return held;
  return Fail{held.name + ": comes out otherwise than the server published it"};
}

}  // namespace ets::cli
