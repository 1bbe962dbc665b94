#include "server/auction_watch.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "server/auction_writer.h"
#include "server/exchange_stream.h"
#include "server/wire_names.h"

namespace ets::server {
namespace {

namespace pb = auction_pb;
using Kind = market::AuctionEventKind;
using Response = pb::WatchAuctionsResponse;

pb::BidState StateOf(Kind kind) {
  switch (kind) {
    case Kind::kBidTaken:
      return pb::BID_STATE_TAKEN;
    case Kind::kBidChanged:
      return pb::BID_STATE_CHANGED;
    case Kind::kBidWithdrawn:
      return pb::BID_STATE_WITHDRAWN;
    case Kind::kOpened:
    case Kind::kClosed:
    case Kind::kAbandoned:
    case Kind::kPaid:
    case Kind::kUnpaid:
      return pb::BID_STATE_UNSPECIFIED;
  }
  return pb::BID_STATE_UNSPECIFIED;
}

// On the venue's thread that tells.
class AuctionTeller final : public SessionListener {
 public:
  AuctionTeller(ExchangeEdge& edge, const SessionTerms& terms, std::uint32_t from,
                std::shared_ptr<Outgoing<Response>> out)
      : edge_(edge), terms_(terms), from_(from), out_(std::move(out)) {}

  void OnAnswer(const VenueAnswer&) override {}
  void OnReport(const Report&) override {}
  void OnAuctionsNow(const AuctionsNow& now) override {
    for (const AuctionChange& change : now.auctions) {
      if (change.number < from_) continue;
      Tell(change);
      if (change.open) TellBids(change, change.open->bids, change.open->numbers);
    }
    Response response = At(now.sequence, now.time);
    response.mutable_heartbeat();
    Write(std::move(response));
  }
  void OnAuctionChange(const AuctionChange& change) override {
    if (change.number >= from_) Tell(change);
  }
  void OnAuction(const AuctionReport& report) override {
    const market::AuctionEvent& event = report.event;
    if (event.auction < from_) return;
    Response response = At(report.sequence, report.time);
    if (event.kind == Kind::kPaid || event.kind == Kind::kUnpaid) {
      pb::PaymentReport& payment = *response.mutable_payment();
      payment.set_auction(AuctionName(event.auction));
      payment.set_member(edge_.NameOf(event.member));
      payment.set_quantity(event.quantity.count());
      payment.set_paid(event.kind == Kind::kPaid);
    } else {
      pb::BidReport& bid = *response.mutable_bid();
      bid.set_auction(AuctionName(event.auction));
      bid.set_state(StateOf(event.kind));
      FillBid(edge_.NameOf(event.member), event.bid, {event.member, event.price, event.quantity},
              bid.mutable_bid());
    }
    Write(std::move(response));
  }
  void OnClosed(CloseReason reason) override { out_->Finish(StatusOf(reason)); }

 private:
  static Response At(std::uint64_t sequence, SimTime time) {
    Response response;
    response.set_sequence(sequence);
    wire::Fill(time, response.mutable_time());
    return response;
  }
  bool IsToldOf(MemberId member) const {
    return terms_.auctions == AuctionWatch::kAll ||
           (terms_.auctions == AuctionWatch::kMember && terms_.member == member);
  }
  // The auction, and at its close what became of bids.
  void Tell(const AuctionChange& change) {
    Response response = At(change.sequence, change.time);
    FillChange(edge_, change, response.mutable_auction());
    Write(std::move(response));
    if (!change.closed || !told_closed_.emplace(change.number, true).second) return;
    const market::ClosedAuction& closed = *change.closed;
    TellBids(change, closed.view.bids, closed.view.numbers, &closed.clearing.awards);
  }
  // Without awards: bids of an open auction.
  void TellBids(const AuctionChange& change, const std::vector<auction::Bid>& bids,
                const std::vector<std::uint32_t>& numbers,
                const std::vector<auction::Award>* awards = nullptr) {
    if (terms_.auctions == AuctionWatch::kNobody) return;
    std::size_t next = 0;  // Awards stand in the order of their bids.
    for (std::uint32_t i = 0; i < bids.size(); ++i) {
      const bool won = awards != nullptr && next < awards->size() && (*awards)[next].bid == i;
      const auction::Award award = won ? (*awards)[next++] : auction::Award{};
      if (!IsToldOf(bids[i].bidder)) continue;
      Response response = At(change.sequence, change.time);
      pb::BidReport& bid = *response.mutable_bid();
      bid.set_auction(AuctionName(change.number));
      FillBid(edge_.NameOf(bids[i].bidder), numbers[i], bids[i], bid.mutable_bid());
      bid.set_state(awards == nullptr ? pb::BID_STATE_TAKEN
                    : won             ? pb::BID_STATE_WON
                                      : pb::BID_STATE_LOST);
      bid.set_won(award.quantity.count());
      bid.set_pays(award.price.minor_per_tonne());
      Write(std::move(response));
    }
  }
  void Write(Response response) {
    if (!out_->Write(std::move(response))) out_->Finish(ReadsTooSlowly());
  }

  ExchangeEdge& edge_;
  const SessionTerms terms_;
  const std::uint32_t from_;
  const std::shared_ptr<Outgoing<Response>> out_;
  std::map<std::uint32_t, bool> told_closed_;
};

class AuctionStream final : public AuctionReactor {
 public:
  AuctionStream(ExchangeEdge& edge, Pulse& pulse, const SessionTerms& terms, std::uint32_t from) {
    out_ = std::make_shared<Outgoing<Response>>(
        edge.options().stream_responses_max,
        [this](const Response& response, bool more) { StartWrite(&response, HintOf(more)); },
        [this](const grpc::Status& status) { Finish(status); });
    keeper_ = std::make_shared<Keeper<Response>>(out_);
    if (!pulse.Add(keeper_)) out_->Finish(StatusOf(CloseReason::kVenueStopped));
    keeper_->Guard(
        edge.venue().Connect(terms, std::make_shared<AuctionTeller>(edge, terms, from, out_)));
  }
  void OnWriteDone(bool ok) override { out_->OnWriteDone(ok); }
  void OnCancel() override { out_->Finish(grpc::Status::CANCELLED); }
  void OnDone() override { delete this; }

 private:
  std::shared_ptr<Outgoing<Response>> out_;
  std::shared_ptr<Keeper<Response>> keeper_;
};

}  // namespace

AuctionReactor* WatchAuctions(ExchangeEdge& edge, Pulse& pulse, const SessionTerms& terms,
                              std::uint32_t from) {
  return new AuctionStream(edge, pulse, terms, from);
}

}  // namespace ets::server
