// ets.auction.v1.AuctionService: the auction house for bidders and auctioneers.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "auction/fields.h"
#include "auction/statistics.h"
#include "ets/auction/v1/auction_service.grpc.pb.h"
#include "server/auction_calendar_wire.h"
#include "server/auction_watch.h"
#include "server/auction_writer.h"
#include "server/exchange_services_impl.h"
#include "server/exchange_stream.h"
#include "server/registry_errors.h"
#include "server/wire_names.h"

namespace ets::server {
namespace {

namespace pb = auction_pb;
using grpc::ServerContext;
using grpc::Status;
using market::Refusal;

constexpr std::string_view kAuctions = "auctions/";
constexpr std::size_t kTextMax = 200;  // Of a field's name or value.
constexpr int kRowsMax = 10'000;       // Of consignments and of limits in one request.

Price PriceOf(std::int64_t minor) { return Price::FromMinorPerTonne(minor); }

OrStatus<std::uint32_t> ReadAuction(std::string_view field, const std::string& name) {
  std::uint32_t number = 0;
  if (name.starts_with(kAuctions)) {
    const char* const last = name.data() + name.size();
    const auto [end, wrong] = std::from_chars(name.data() + kAuctions.size(), last, number);
    if (wrong == std::errc() && end == last && number != 0) return number;
  }
  return Fail{FieldError(field, name, "a name as in auctions/4")};
}
// 0 when it is empty.
OrStatus<std::uint32_t> ReadAuctionIfAny(std::string_view field, const std::string& name) {
  return name.empty() ? OrStatus<std::uint32_t>(0U) : ReadAuction(field, name);
}

using Base = pb::AuctionService::WithCallbackMethod_WatchAuctions<pb::AuctionService::Service>;

class AuctionService final : public Base {
 public:
  AuctionService(ExchangeEdge& edge, Pulse& pulse)
      : edge_(edge), exchange_(edge.exchange()), pulse_(pulse) {}

  Status ListFormats(ServerContext* context, const pb::ListFormatsRequest*,
                     pb::ListFormatsResponse* response) override {
    if (const Status may = edge_.NeedsCaller(*context); !may.ok()) return may;
    for (const auction::Profile& profile : auction::Profiles()) {
      FillFormat(profile.format, response->add_formats());
    }
    return Status::OK;
  }
  Status OpenAuction(ServerContext* context, const pb::OpenAuctionRequest* request,
                     pb::OpenAuctionResponse* response) override;
  Status SubmitBids(ServerContext* context, const pb::SubmitBidsRequest* request,
                    pb::SubmitBidsResponse* response) override;
  Status SubmitBid(ServerContext* context, const pb::SubmitBidRequest* request,
                   pb::BidResponse* response) override;
  Status ChangeBid(ServerContext* context, const pb::ChangeBidRequest* request,
                   pb::BidResponse* response) override;
  Status WithdrawBid(ServerContext* context, const pb::WithdrawBidRequest* request,
                     pb::BidResponse* response) override;
  Status ListBids(ServerContext* context, const pb::ListBidsRequest* request,
                  pb::ListBidsResponse* response) override;
  Status CloseAuction(ServerContext* context, const pb::CloseAuctionRequest*,
                      pb::CloseAuctionResponse* response) override;
  Status PayAuction(ServerContext* context, const pb::PayAuctionRequest* request,
                    pb::PayAuctionResponse* response) override;
  Status GetAuction(ServerContext* context, const pb::GetAuctionRequest* request,
                    pb::Auction* response) override;
  Status ListAuctions(ServerContext* context, const pb::ListAuctionsRequest* request,
                      pb::ListAuctionsResponse* response) override;
  Status ListAwards(ServerContext* context, const pb::ListAwardsRequest* request,
                    pb::ListAwardsResponse* response) override;
  AuctionReactor* WatchAuctions(grpc::CallbackServerContext* context,
                                const pb::WatchAuctionsRequest* request) override;
  Status SetCalendar(ServerContext* context, const pb::SetCalendarRequest* request,
                     pb::SetCalendarResponse* response) override;
  Status GetCalendar(ServerContext* context, const pb::GetCalendarRequest* request,
                     pb::Calendar* response) override;
  Status ListCalendars(ServerContext* context, const pb::ListCalendarsRequest*,
                       pb::ListCalendarsResponse* response) override;

 private:
  Status Give(const market::Input& bid, pb::BidResponse* response) {
    const auto done = exchange_.Do(bid);
    if (!done.ok()) return StatusOf(done.error());
    response->set_sequence(done->sequence);
    response->set_bid(done->id);
    return Status::OK;
  }
  // So that names can be written without waiting for the registry.
  void KnowUnits() {
    for (const auto& traded : exchange_.Instruments()) {
      edge_.UnitOf(traded.unit);
      edge_.UnitOf(traded.cash);
    }
  }
  Status NotFound(std::uint32_t number) {
    std::uint32_t last = 0;
    exchange_.Read([&](const market::Market& market) { last = market.auctions_opened(); });
    return RefusalStatus(
        Refusal::kAuctionNotFound, {number, last},
        number == 0 ? std::string("no auction was held yet")
                    : AuctionName(number) + ": is not open, and not among the last that closed");
  }
  // Prices are in the money of the auction, if the bid says which.
  Status CheckCurrency(const std::string& currency) {
    if (currency.empty()) return Status::OK;
    KnowUnits();
    std::optional<LedgerId> cash;
    exchange_.Read([&](const market::Market& market) {
      if (const auto open = market.open_auction()) {
        cash = market.instrument(open->instrument).cash_ledger;
      }
    });
    if (!cash) return RefusalStatus(Refusal::kAuctionNotOpen, {}, "no auction is open");
    const auto unit = edge_.UnitOf(*cash);
    const std::string allowed = unit ? ToString(*unit) : std::string();
    if (currency == allowed) return Status::OK;
    return FieldError("currency", currency, allowed);
  }
  OrStatus<auction::Format> ReadFormat(const pb::OpenAuctionRequest& request);
  OrStatus<auction::BidderTerms> ReadLimit(const ServerContext& context,
                                           const pb::BidderLimit& limit);
  OrStatus<auction::Terms> ReadTerms(const ServerContext& context,
                                     const pb::OpenAuctionRequest& request);
  OrStatus<market::OpenAuction> ReadOpening(const ServerContext& context,
                                            const pb::OpenAuctionRequest& request);
  OrStatus<market::SetAuctionCalendar> ReadCalendar(const ServerContext& context,
                                                    const pb::SetCalendarRequest& request);

  ExchangeEdge& edge_;
  LiveExchange& exchange_;
  Pulse& pulse_;
};

// ---- The auctioneer ----

OrStatus<auction::Format> AuctionService::ReadFormat(const pb::OpenAuctionRequest& request) {
  const auction::Format* const named = auction::FindFormat(request.format());
  if (named == nullptr) {
    std::string allowed;
    for (const auction::Profile& profile : auction::Profiles()) {
      allowed += (allowed.empty() ? "" : ", ") + std::string(profile.format.name);
    }
    return Fail{FieldError("format", request.format(), allowed)};
  }
  auction::Format format = *named;
  for (const auto& [field, value] : request.fields()) {
    if (field.size() > kTextMax || value.size() > kTextMax) {
      return Fail{FieldError("fields", field + "=" + value, "a field that ListFormats names")};
    }
    const auto done = auction::SetField(format, field, value);
    if (!done.ok()) return Fail{FieldError("fields", field + "=" + value, done.error())};
  }
  if (const std::string_view wrong = WrongWith(format); !wrong.empty()) {
    return Fail{FieldError("fields", wrong, "fields that fit each other")};
  }
  return format;
}

OrStatus<auction::BidderTerms> AuctionService::ReadLimit(const ServerContext& context,
                                                         const pb::BidderLimit& limit) {
  const auto member = edge_.MemberOf(context, limit.member());
  if (!member.ok()) return Fail{member.error()};
  auction::BidderTerms bidder;
  bidder.bidder = *member;
  bidder.covered = !limit.without_obligations();
  if (limit.has_room()) {
    if (limit.room() < 0 || limit.room() > kAmountMax) {
      return Fail{FieldError("bidders.room", std::to_string(limit.room()),
                             "0 to " + std::to_string(kAmountMax) + " t")};
    }
    bidder.room = Tonnes(limit.room());
  }
  if (limit.has_guarantee()) {
    constexpr std::int64_t kMost = kAmountMax / 10'000;
    if (limit.guarantee() < 0 || limit.guarantee() > kMost) {
      return Fail{FieldError("bidders.guarantee", std::to_string(limit.guarantee()),
                             "0 to " + std::to_string(kMost) + " minor units")};
    }
    bidder.guarantee = Money::FromMinor(limit.guarantee());
  }
  return bidder;
}

OrStatus<auction::Terms> AuctionService::ReadTerms(const ServerContext& context,
                                                   const pb::OpenAuctionRequest& request) {
  auction::Terms terms;
  auto format = ReadFormat(request);
  if (!format.ok()) return Fail{format.error()};
  terms.format = *format;
  for (const auto& [field, rows] : {std::pair("consignments", request.consignments_size()),
                                    {"bidders", request.bidders_size()}}) {
    if (rows <= kRowsMax) continue;
    return Fail{FieldError(field, std::to_string(rows), "up to 10000 rows")};
  }
  const int tiers = terms.format.containment_tiers;
  if (request.containment_size() > tiers) {
    return Fail{FieldError(
        "containment", std::to_string(request.containment_size()),
        "up to " + std::to_string(tiers) + " tiers: the format's " + "containment_tiers")};
  }
  terms.supply = Tonnes(request.supply());
  if (request.has_reserve()) terms.reserve = PriceOf(request.reserve());
  if (request.has_secret_reserve()) terms.secret_reserve = PriceOf(request.secret_reserve());
  terms.tie_seed = request.tie_seed();
  for (const pb::Consignment& one : request.consignments()) {
    const auto member = edge_.MemberOf(context, one.member());
    if (!member.ok()) return Fail{member.error()};
    terms.consignments.push_back({*member, Tonnes(one.volume())});
  }
  for (const pb::Trigger& tier : request.containment()) {
    const auction::Trigger trigger{PriceOf(tier.price()), Tonnes(tier.volume())};
    if (!terms.containment.empty() && trigger.price <= terms.containment.back().price) {
      return Fail{FieldError("containment.price", std::to_string(tier.price()),
                             "tiers in order of their prices, each once")};
    }
    terms.containment.push_back(trigger);
  }
  if (request.has_withholding()) {
    terms.withholding = auction::Trigger{PriceOf(request.withholding().price()),
                                         Tonnes(request.withholding().volume())};
  }
  for (const pb::BidderLimit& one : request.bidders()) {
    const auto bidder = ReadLimit(context, one);
    if (!bidder.ok()) return Fail{bidder.error()};
    terms.bidders.push_back(*bidder);
  }
  std::ranges::sort(terms.bidders, {}, &auction::BidderTerms::bidder);
  const auto twice = std::ranges::adjacent_find(terms.bidders, {}, &auction::BidderTerms::bidder);
  if (twice != terms.bidders.end()) {
    return Fail{FieldError("bidders", edge_.NameOf(twice->bidder), "each member once")};
  }
  return terms;
}

OrStatus<market::OpenAuction> AuctionService::ReadOpening(const ServerContext& context,
                                                          const pb::OpenAuctionRequest& request) {
  market::OpenAuction input;
  const auto auctioneer = edge_.MemberOf(context, request.auctioneer());
  if (!auctioneer.ok()) return Fail{auctioneer.error()};
  input.auctioneer = *auctioneer;
  const auto instrument = edge_.InstrumentOf(request.instrument());
  if (!instrument.ok()) return Fail{instrument.error()};
  input.instrument = *instrument;
  auto terms = ReadTerms(context, request);
  if (!terms.ok()) return Fail{terms.error()};
  input.terms = std::move(terms.value());
  if (!request.pay_day().empty()) {
    input.pay_day = Date::Parse(request.pay_day());
    if (!input.pay_day) {
      return Fail{FieldError("pay_day", request.pay_day(), "a date as in 2026-03-02")};
    }
  }
  for (const auto& [field, is_set, time, out] :
       {std::tuple("open_time", request.has_open_time(), &request.open_time(), &input.opens),
        {"close_time", request.has_close_time(), &request.close_time(), &input.closes}}) {
    if (!is_set) continue;
    const auto read = wire::ParseTime(field, *time, wire::Rounding::kUp);
    if (!read.ok()) return Fail{read.error()};
    *out = *read;
  }
  return input;
}

Status AuctionService::OpenAuction(ServerContext* context, const pb::OpenAuctionRequest* request,
                                   pb::OpenAuctionResponse* response) {
  if (const Status may = edge_.NeedsOperator(*context); !may.ok()) return may;
  const auto input = ReadOpening(*context, *request);
  if (!input.ok()) return input.error();
  const auto done = exchange_.Do(*input);
  if (!done.ok()) return StatusOf(done.error());
  response->set_sequence(done->sequence);
  response->set_auction(AuctionName(done->id));
  response->set_commitment(auction::SeedCommitment(AuctionName(done->id), input->terms.tie_seed));
  return Status::OK;
}

Status AuctionService::CloseAuction(ServerContext* context, const pb::CloseAuctionRequest*,
                                    pb::CloseAuctionResponse* response) {
  if (const Status may = edge_.NeedsOperator(*context); !may.ok()) return may;
  KnowUnits();
  const auto done = exchange_.Do(market::CloseAuction{});
  if (!done.ok()) return StatusOf(done.error());
  response->set_sequence(done->sequence);
  exchange_.Read([&](const market::Market& market) {
    const market::ClosedAuction* const closed = market.closed_auction(done->id);
    if (closed != nullptr) FillClosed(edge_, *closed, response->mutable_auction());
  });
  return Status::OK;
}

Status AuctionService::PayAuction(ServerContext* context, const pb::PayAuctionRequest* request,
                                  pb::PayAuctionResponse* response) {
  if (const Status may = edge_.NeedsOperator(*context); !may.ok()) return may;
  const auto number = ReadAuction("auction", request->auction());
  if (!number.ok()) return number.error();
  const auto done = exchange_.Do(market::PayAuction{*number});
  if (!done.ok()) return StatusOf(done.error());
  response->set_sequence(done->sequence);
  response->set_paid(done->traded.count());
  response->set_unpaid(done->resting.count());
  response->set_value(done->value.minor());
  return Status::OK;
}

// ---- Bidders ----

namespace {

Result<matching::ClientOrderId, Status> ReadClientId(const std::string& text) {
  if (const auto id = matching::ClientOrderId::Parse(text)) return *id;
  return Fail{RefusalStatus(Refusal::kClientOrderIdInvalid,
                            {static_cast<std::int64_t>(text.size()), 20},
                            "client_bid_id: allowed: up to 20 printable ASCII characters without "
                            "spaces")};
}

}  // namespace

Status AuctionService::SubmitBid(ServerContext* context, const pb::SubmitBidRequest* request,
                                 pb::BidResponse* response) {
  const auto member = edge_.MemberOf(*context, request->member());
  if (!member.ok()) return member.error();
  const auto meant = ReadAuctionIfAny("auction", request->auction());
  if (!meant.ok()) return meant.error();
  const auto id = ReadClientId(request->client_bid_id());
  if (!id.ok()) return id.error();
  if (const Status right = CheckCurrency(request->currency()); !right.ok()) return right;
  market::SubmitBid bid{*member, PriceOf(request->price()), Tonnes(request->quantity())};
  bid.client_id = *id;
  bid.auction = *meant;
  return Give(bid, response);
}

Status AuctionService::SubmitBids(ServerContext* context, const pb::SubmitBidsRequest* request,
                                  pb::SubmitBidsResponse* response) {
  const auto member = edge_.MemberOf(*context, request->member());
  if (!member.ok()) return member.error();
  const auto meant = ReadAuctionIfAny("auction", request->auction());
  if (!meant.ok()) return meant.error();
  const auto id = ReadClientId(request->client_bid_id());
  if (!id.ok()) return id.error();
  if (const Status right = CheckCurrency(request->currency()); !right.ok()) return right;
  market::SubmitBids schedule{*member, {}, *id, *meant};
  for (const pb::SubmitBidsRequest::Step& step : request->bids()) {
    schedule.bids.push_back({PriceOf(step.price()), Tonnes(step.quantity())});
  }
  const auto done = exchange_.Do(schedule);
  if (!done.ok()) return StatusOf(done.error());
  response->set_sequence(done->sequence);
  for (std::uint32_t i = 0; i < schedule.bids.size(); ++i) response->add_bids(done->id + i);
  return Status::OK;
}

Status AuctionService::ChangeBid(ServerContext* context, const pb::ChangeBidRequest* request,
                                 pb::BidResponse* response) {
  const auto member = edge_.MemberOf(*context, request->member());
  if (!member.ok()) return member.error();
  const auto meant = ReadAuctionIfAny("auction", request->auction());
  if (!meant.ok()) return meant.error();
  if (const Status right = CheckCurrency(request->currency()); !right.ok()) return right;
  return Give(market::ChangeBid{*member, request->bid(), PriceOf(request->price()),
                                Tonnes(request->quantity()), *meant},
              response);
}

Status AuctionService::WithdrawBid(ServerContext* context, const pb::WithdrawBidRequest* request,
                                   pb::BidResponse* response) {
  const auto member = edge_.MemberOf(*context, request->member());
  if (!member.ok()) return member.error();
  const auto meant = ReadAuctionIfAny("auction", request->auction());
  if (!meant.ok()) return meant.error();
  return Give(market::WithdrawBid{*member, request->bid(), *meant}, response);
}

Status AuctionService::ListBids(ServerContext* context, const pb::ListBidsRequest* request,
                                pb::ListBidsResponse* response) {
  std::optional<MemberId> only;
  if (!request->member().empty() || !edge_.IsOperator(*context)) {
    const auto member = edge_.MemberOf(*context, request->member());
    if (!member.ok()) return member.error();
    only = *member;
  }
  exchange_.Read([&](const market::Market& market) {
    const auto open = market.open_auction();
    if (!open) return;
    response->set_auction(AuctionName(open->number));
    for (std::size_t i = 0; i < open->bids.size(); ++i) {
      const auction::Bid& bid = open->bids[i];
      if (only && bid.bidder != *only) continue;
      FillBid(edge_.NameOf(bid.bidder), open->numbers[i], bid, response->add_bids());
    }
  });
  return Status::OK;
}

Status AuctionService::ListAwards(ServerContext* context, const pb::ListAwardsRequest* request,
                                  pb::ListAwardsResponse* response) {
  const auto member = edge_.MemberOf(*context, request->member());
  if (!member.ok()) return member.error();
  const auto number = ReadAuction("auction", request->auction());
  if (!number.ok()) return number.error();
  bool found = false;
  exchange_.Read([&](const market::Market& market) {
    const market::ClosedAuction* const closed = market.closed_auction(*number);
    found = closed != nullptr;
    if (!found) return;
    std::vector<auction::Award> awards(closed->view.bids.size());
    for (const auction::Award& award : closed->clearing.awards) awards[award.bid] = award;
    std::map<std::size_t, auction::Cut> cuts;
    for (const auction::Cut& cut : auction::CutsOf(closed->view.bids, closed->view.terms)) {
      cuts.emplace(cut.bid, cut);
    }
    for (std::size_t i = 0; i < awards.size(); ++i) {
      const auction::Bid& bid = closed->view.bids[i];
      if (bid.bidder != *member) continue;
      pb::MemberAward& row = *response->add_awards();
      FillBid(request->member(), closed->view.numbers[i], bid, row.mutable_bid());
      row.set_won(awards[i].quantity.count());
      row.set_pays(awards[i].price.minor_per_tonne());
      const auto cut = cuts.find(i);
      row.set_counted((cut == cuts.end() ? bid.quantity : cut->second.counted).count());
      if (cut != cuts.end()) row.set_cut_by(std::string(ToString(cut->second.reason)));
    }
  });
  return found ? Status::OK : NotFound(*number);
}

// ---- Everybody ----

Status AuctionService::GetAuction(ServerContext* context, const pb::GetAuctionRequest* request,
                                  pb::Auction* response) {
  if (const Status may = edge_.NeedsCaller(*context); !may.ok()) return may;
  const auto named = ReadAuctionIfAny("auction", request->auction());
  if (!named.ok()) return named.error();
  KnowUnits();
  bool found = false;
  exchange_.Read([&](const market::Market& market) {
    const std::uint32_t wanted = *named != 0 ? *named : market.auctions_opened();
    if (const auto open = market.open_auction(); open && open->number == wanted) {
      FillOpen(edge_, *open, response);
      found = true;
    } else if (const market::ClosedAuction* const closed = market.closed_auction(wanted)) {
      FillClosed(edge_, *closed, response);
      found = true;
    }
  });
  return found ? Status::OK : NotFound(*named);
}

Status AuctionService::ListAuctions(ServerContext* context, const pb::ListAuctionsRequest* request,
                                    pb::ListAuctionsResponse* response) {
  if (const Status may = edge_.NeedsCaller(*context); !may.ok()) return may;
  const auto from = ReadAuctionIfAny("from_auction", request->from_auction());
  if (!from.ok()) return from.error();
  KnowUnits();
  exchange_.Read([&](const market::Market& market) {
    const std::uint32_t last = market.auctions_opened();
    const auto kept = static_cast<std::uint32_t>(market::kClosedAuctionsKept);
    for (std::uint32_t number = std::max(*from, last > kept ? last - kept : 1); number <= last;
         ++number) {
      if (const market::ClosedAuction* const closed = market.closed_auction(number)) {
        FillClosed(edge_, *closed, response->add_auctions());
      }
    }
    if (const auto open = market.open_auction(); open && open->number >= *from) {
      FillOpen(edge_, *open, response->add_auctions());
    }
  });
  return Status::OK;
}

AuctionReactor* AuctionService::WatchAuctions(grpc::CallbackServerContext* context,
                                              const pb::WatchAuctionsRequest* request) {
  const auto refuse = [](const Status& why) { return new Refusing<AuctionReactor>(why); };
  if (const Status may = edge_.NeedsCaller(*context); !may.ok()) return refuse(may);
  const auto from = ReadAuctionIfAny("from_auction", request->from_auction());
  if (!from.ok()) return refuse(from.error());
  SessionTerms terms;
  terms.name = "auctions " + context->peer();
  terms.auctions = edge_.IsOperator(*context) ? AuctionWatch::kAll : AuctionWatch::kNobody;
  if (!request->member().empty()) {
    const auto member = edge_.MemberOf(*context, request->member());
    if (!member.ok()) return refuse(member.error());
    terms.auctions = AuctionWatch::kMember;
    terms.member = *member;
  }
  KnowUnits();
  return server::WatchAuctions(edge_, pulse_, terms, *from);
}

// ---- Calendars ----

OrStatus<market::SetAuctionCalendar> AuctionService::ReadCalendar(
    const ServerContext& context, const pb::SetCalendarRequest& request) {
  market::SetAuctionCalendar input;
  const auto name = ReadCalendarName(request.calendar());
  if (!name.ok()) return Fail{name.error()};
  input.name = *name;
  const pb::OpenAuctionRequest& terms = request.terms();
  if (const Status wrong = CheckTemplate(terms); !wrong.ok()) return Fail{wrong};
  auto opening = ReadOpening(context, terms);
  if (!opening.ok()) return Fail{opening.error()};
  input.auctioneer = opening->auctioneer;
  input.instrument = opening->instrument;
  input.terms = std::move(opening.value().terms);
  const auto opens = ReadMinute("opens", request.opens());
  if (!opens.ok()) return Fail{opens.error()};
  const auto closes = ReadMinute("closes", request.closes());
  if (!closes.ok()) return Fail{closes.error()};
  if (*closes <= *opens) {
    return Fail{FieldError("closes", request.closes(), "a time after " + request.opens())};
  }
  input.opens = *opens;
  input.closes = *closes;
  if (request.pay_days() > market::kPayDaysMax) {
    return Fail{FieldError("pay_days", std::to_string(request.pay_days()), "0 to 60")};
  }
  input.pay_days = static_cast<std::uint16_t>(request.pay_days());
  if (request.why().size() > kTextMax) {
    return Fail{FieldError("why", request.why(), "up to 200 characters")};
  }
  input.why = request.why();
  auto rows = ReadRows(request, input.terms.format.lot);
  if (!rows.ok()) return Fail{rows.error()};
  input.auctions = std::move(rows.value());
  const Date today = ToLocal(exchange_.Now(), edge_.rules().zone).date;
  const auto as_of = ReadDay("as_of", request.as_of(), today);
  if (!as_of.ok()) return Fail{as_of.error()};
  if (*as_of > today) {
    return Fail{FieldError("as_of", request.as_of(), "today (" + ToString(today) + ") or before")};
  }
  input.as_of = *as_of;
  return input;
}

Status AuctionService::SetCalendar(ServerContext* context, const pb::SetCalendarRequest* request,
                                   pb::SetCalendarResponse* response) {
  if (const Status may = edge_.NeedsOperator(*context); !may.ok()) return may;
  const auto input = ReadCalendar(*context, *request);
  if (!input.ok()) return input.error();
  KnowUnits();
  const auto done = exchange_.Do(*input);
  if (!done.ok()) return StatusOf(done.error());
  response->set_sequence(done->sequence);
  exchange_.Read([&](const market::Market& market) {
    for (const market::AuctionPlan& plan : market.calendars()) {
      if (plan.terms().name == input->name) {
        FillCalendar(edge_, plan, std::nullopt, response->mutable_calendar());
      }
    }
  });
  return Status::OK;
}

Status AuctionService::GetCalendar(ServerContext* context, const pb::GetCalendarRequest* request,
                                   pb::Calendar* response) {
  if (const Status may = edge_.NeedsCaller(*context); !may.ok()) return may;
  const auto name = ReadCalendarName(request->calendar());
  if (!name.ok()) return name.error();
  std::optional<Date> as_of;
  if (!request->as_of().empty()) {
    const auto date = ReadDay("as_of", request->as_of(), Date());
    if (!date.ok()) return date.error();
    as_of = *date;
  }
  KnowUnits();
  bool is_known = false;
  std::optional<Date> first;
  exchange_.Read([&](const market::Market& market) {
    for (const market::AuctionPlan& plan : market.calendars()) {
      if (plan.terms().name != *name) continue;
      is_known = true;
      first = plan.calendar().editions().front().as_of;
      if (!as_of || *as_of >= *first) FillCalendar(edge_, plan, as_of, response);
    }
  });
  if (!is_known) {
    return RefusalStatus(Refusal::kAuctionNotFound, {},
                         wire::Shortened(request->calendar()) + ": no such calendar was loaded");
  }
  if (as_of && *as_of < *first) {
    return FieldError("as_of", request->as_of(), "from its first edition on, " + ToString(*first));
  }
  return Status::OK;
}

Status AuctionService::ListCalendars(ServerContext* context, const pb::ListCalendarsRequest*,
                                     pb::ListCalendarsResponse* response) {
  if (const Status may = edge_.NeedsCaller(*context); !may.ok()) return may;
  exchange_.Read([&](const market::Market& market) {
    for (const market::AuctionPlan& plan : market.calendars()) {
      response->add_calendars(CalendarName(plan));
    }
  });
  return Status::OK;
}

}  // namespace

std::unique_ptr<grpc::Service> MakeAuctionService(ExchangeEdge& edge, Pulse& pulse) {
  return std::make_unique<AuctionService>(edge, pulse);
}

}  // namespace ets::server
