#include "server/auction_service.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "auction/fields.h"
#include "auction/statistics.h"
#include "ets/auction/v1/auction_service.grpc.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/auction_writer.h"
#include "server/registry_errors.h"

namespace ets::server {
namespace {

namespace pb = auction_pb;
using grpc::ServerContext;
using grpc::Status;
using grpc::StatusCode;
using market::Refusal;
template <typename T>
using OrStatus = Result<T, Status>;

constexpr std::string_view kMembers = "members/";
constexpr std::string_view kInstruments = "instruments/";
constexpr std::string_view kAuctions = "auctions/";
constexpr std::size_t kRowsMax = 10'000;  // Of consignments, tiers and limits in one request.

StatusCode CodeOf(Refusal refusal) {
  const bool missing = refusal == Refusal::kMemberNotFound || refusal == Refusal::kOrderNotFound ||
                       refusal == Refusal::kInstrumentNotFound;
  const bool malformed = refusal == Refusal::kQuantityNotPositive ||
                         refusal == Refusal::kPriceOffTick || refusal == Refusal::kBidNotInLots ||
                         refusal == Refusal::kAmountTooLarge ||
                         refusal == Refusal::kAuctionFormatInvalid;
  if (missing) return StatusCode::NOT_FOUND;
  return malformed ? StatusCode::INVALID_ARGUMENT : StatusCode::FAILED_PRECONDITION;
}

Status StatusOf(const ExchangeFailure& failure) {
  if (!failure.refusal) return Error(Reason::kNotServing, failure.message);
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(ToString(*failure.refusal)));
  info.set_domain("capclear");
  google::rpc::Status details;
  details.set_code(CodeOf(*failure.refusal));
  details.set_message(failure.message);
  details.add_details()->PackFrom(info);
  return {CodeOf(*failure.refusal), failure.message, details.SerializeAsString()};
}

std::optional<std::uint32_t> NumberBehind(std::string_view prefix, std::string_view name) {
  std::uint32_t number = 0;
  if (!name.starts_with(prefix) || name.size() == prefix.size()) return std::nullopt;
  const char* const begin = name.data() + prefix.size();
  const char* const last = name.data() + name.size();
  const auto [end, wrong] = std::from_chars(begin, last, number);
  return wrong == std::errc() && end == last ? std::optional(number) : std::nullopt;
}

Price PriceOf(std::int64_t minor) { return Price::FromMinorPerTonne(minor); }

Status Unknown() {
  return Error(Reason::kUnauthenticated,
               "nobody is known by that token; allowed: metadata \"authorization: Bearer TOKEN\"");
}

}  // namespace

struct AuctionServices::Impl final : pb::AuctionService::Service {
  Impl(LiveExchange& exchange_served, const ExchangeServiceOptions& service_options)
      : exchange(exchange_served), options(service_options) {}

  Status ListFormats(ServerContext* context, const pb::ListFormatsRequest*,
                     pb::ListFormatsResponse* response) override {
    if (!CallerOf(*context)) return Unknown();
    for (const auction::Profile& profile : auction::Profiles()) {
      FillFormat(profile.format, response->add_formats());
    }
    return Status::OK;
  }
  Status OpenAuction(ServerContext* context, const pb::OpenAuctionRequest* request,
                     pb::OpenAuctionResponse* response) override;
  Status SubmitBid(ServerContext* context, const pb::SubmitBidRequest* request,
                   pb::BidResponse* response) override {
    const auto member = MemberOf(*context, "member", request->member());
    if (!member.ok()) return member.error();
    return Give(market::SubmitBid{*member, PriceOf(request->price()), Tonnes(request->quantity())},
                response);
  }
  Status ChangeBid(ServerContext* context, const pb::ChangeBidRequest* request,
                   pb::BidResponse* response) override {
    const auto member = MemberOf(*context, "member", request->member());
    if (!member.ok()) return member.error();
    return Give(market::ChangeBid{*member, request->bid(), PriceOf(request->price()),
                                  Tonnes(request->quantity())},
                response);
  }
  Status WithdrawBid(ServerContext* context, const pb::WithdrawBidRequest* request,
                     pb::BidResponse* response) override {
    const auto member = MemberOf(*context, "member", request->member());
    if (!member.ok()) return member.error();
    return Give(market::WithdrawBid{*member, request->bid()}, response);
  }
  Status ListBids(ServerContext* context, const pb::ListBidsRequest* request,
                  pb::ListBidsResponse* response) override;
  Status CloseAuction(ServerContext* context, const pb::CloseAuctionRequest* request,
                      pb::CloseAuctionResponse* response) override;
  Status PayAuction(ServerContext* context, const pb::PayAuctionRequest* request,
                    pb::PayAuctionResponse* response) override;
  Status GetAuction(ServerContext* context, const pb::GetAuctionRequest* request,
                    pb::Auction* response) override;
  Status ListAwards(ServerContext* context, const pb::ListAwardsRequest* request,
                    pb::ListAwardsResponse* response) override;
  Status WatchAuctions(ServerContext* context, const pb::WatchAuctionsRequest* request,
                       grpc::ServerWriter<pb::Auction>* writer) override;

  void Stop() {
    const std::lock_guard lock(mutex);
    stopping = true;
    changed.notify_all();
  }

  // ---- Who ----

  std::optional<Caller> CallerOf(const ServerContext& context) const {
    constexpr Caller kOperator{0, registry::Role::kRegistryAdmin, true};
    if (!options.auth.required) return kOperator;
    const auto header = context.client_metadata().find("authorization");
    if (header == context.client_metadata().end()) return std::nullopt;
    const std::string_view authorization(header->second.data(), header->second.size());
    if (options.registry != nullptr) {
      return Authenticate(options.auth, *options.registry, authorization, {});
    }
    constexpr std::string_view kBearer = "Bearer ";
    if (!authorization.starts_with(kBearer)) return std::nullopt;
    const auto hash = HashOfToken(authorization.substr(kBearer.size()));
    if (!EqualInConstantTime(hash, options.auth.operator_hash)) return std::nullopt;
    return kOperator;
  }
  bool IsOperator(const ServerContext& context) const {
    const auto caller = CallerOf(context);
    return caller && HasRole(*caller, {registry::Role::kExchange});
  }
  Status NeedsOperator(const ServerContext& context) const {
    if (!CallerOf(context)) return Unknown();
    if (IsOperator(context)) return Status::OK;
    return Error(Reason::kRoleRequired, "allowed: the operator, or a principal with role exchange");
  }
  // Who may not know of a member is told that there is none.
  OrStatus<MemberId> MemberOf(const ServerContext& context, std::string_view field,
                              const std::string& name) {
    const auto caller = CallerOf(context);
    if (!caller) return Fail{Unknown()};
    const auto escrow = NumberBehind(kMembers, name);
    if (!escrow) {
      return Fail{FieldError(field, name, "members/ and the number of an escrow account")};
    }
    bool may = HasRole(*caller, {registry::Role::kExchange});
    if (!may && options.registry != nullptr) {
      const Patience patience{std::chrono::system_clock::now() + options.patience, {}};
      options.registry->Read(patience, [&](const registry::Registry& state, const StatePoint&) {
        may = MayInitiate(state, *caller, AccountId(*escrow));
      });
    }
    const auto member = exchange.FindMember(AccountId(*escrow));
    if (may && member) return *member;
    return Fail{StatusOf(ExchangeFailure{.refusal = Refusal::kMemberNotFound,
                                         .message = name + ": nothing was deposited there"})};
  }

  // ---- Names ----

  OrStatus<LedgerId> LedgerOf(const std::string& text) {
    const auto ledgers = exchange.link().Ledgers();
    if (!ledgers.ok()) return Fail{Error(Reason::kNotServing, ledgers.error().message)};
    for (const auto& [number, known] : *ledgers) {
      if (ToString(known) == text) return LedgerId(number);
    }
    return Fail{FieldError("instrument", text, "units that the registry has")};
  }
  OrStatus<InstrumentId> InstrumentOf(const std::string& name) {
    const std::size_t dash = name.rfind('-');
    if (!name.starts_with(kInstruments) || dash == name.npos || dash < kInstruments.size()) {
      return Fail{FieldError("instrument", name, "a name as in instruments/CEA26-CNY")};
    }
    const auto unit = LedgerOf(name.substr(kInstruments.size(), dash - kInstruments.size()));
    if (!unit.ok()) return Fail{unit.error()};
    const auto cash = LedgerOf(name.substr(dash + 1));
    if (!cash.ok()) return Fail{cash.error()};
    const auto instrument = exchange.FindInstrument(*unit, *cash);
    if (instrument) return *instrument;
    return Fail{StatusOf(ExchangeFailure{.refusal = Refusal::kInstrumentNotFound,
                                         .message = name + ": is not listed"})};
  }
  std::map<std::uint16_t, Unit> Units() {
    const auto ledgers = exchange.link().Ledgers();
    return ledgers.ok() ? *ledgers : std::map<std::uint16_t, Unit>{};
  }
  static std::string NameOf(const std::map<std::uint16_t, Unit>& units,
                            const market::InstrumentView& view) {
    const auto unit = units.find(view.unit_ledger.raw());
    const auto cash = units.find(view.cash_ledger.raw());
    if (unit == units.end() || cash == units.end()) return "";
    return std::string(kInstruments) + ToString(unit->second) + "-" + ToString(cash->second);
  }

  // ---- Inputs ----

  Exchanged<market::Receipt> Do(const market::Input& input) {
    auto done = exchange.Do(input);
    const std::lock_guard lock(mutex);
    ++version;
    changed.notify_all();
    return done;
  }
  Status Give(const market::Input& bid, pb::BidResponse* response) {
    const auto done = exchange.Do(bid);
    if (!done.ok()) return StatusOf(done.error());
    response->set_sequence(done->sequence);
    response->set_bid(done->id);
    return Status::OK;
  }
  // The open auction, or a closed one. False: neither.
  bool FillAuction(std::uint32_t number, const std::map<std::uint16_t, Unit>& units,
                   pb::Auction* out) {
    bool found = false;
    exchange.Read([&](const market::Market& market) {
      const std::uint32_t wanted = number != 0 ? number : market.auctions_opened();
      if (const auto open = market.open_auction(); open && open->number == wanted) {
        FillOpen(*open, NameOf(units, market.instrument(open->instrument)), out);
        found = true;
      } else if (const market::ClosedAuction* closed = market.closed_auction(wanted)) {
        FillClosed(*closed, NameOf(units, market.instrument(closed->view.instrument)), out);
        found = true;
      }
    });
    return found;
  }
  static Status NoAuction(const std::string& name) {
    return {StatusCode::NOT_FOUND,
            (name.empty() ? std::string("no auction was held yet")
                          : name + ": is not open, and not among the last that closed")};
  }
  OrStatus<auction::Terms> TermsOf(const ServerContext& context,
                                   const pb::OpenAuctionRequest& request);

  LiveExchange& exchange;
  const ExchangeServiceOptions options;
  std::mutex mutex;
  std::condition_variable changed;
  std::uint64_t version = 0;  // Of openings, closes and payments.
  int watchers = 0;
  bool stopping = false;
};

OrStatus<auction::Terms> AuctionServices::Impl::TermsOf(const ServerContext& context,
                                                        const pb::OpenAuctionRequest& request) {
  auction::Terms terms;
  const auction::Format* named = auction::FindFormat(request.format());
  if (named == nullptr) {
    return Fail{FieldError("format", request.format(), "a format that ListFormats names")};
  }
  terms.format = *named;
  for (const auto& [field, value] : request.fields()) {
    const auto done = auction::SetField(terms.format, field, value);
    if (!done.ok()) return Fail{FieldError("fields", field + "=" + value, done.error())};
  }
  if (const std::string_view wrong = WrongWith(terms.format); !wrong.empty()) {
    return Fail{FieldError("fields", wrong, "fields that fit each other")};
  }
  const auto rows = static_cast<std::size_t>(request.consignments_size() +
                                             request.containment_size() + request.bidders_size());
  if (rows > kRowsMax) {
    return Fail{FieldError("bidders", std::to_string(rows), "up to 10000 rows in all")};
  }
  terms.supply = Tonnes(request.supply());
  if (request.has_reserve()) terms.reserve = PriceOf(request.reserve());
  if (request.has_secret_reserve()) terms.secret_reserve = PriceOf(request.secret_reserve());
  terms.tie_seed = request.tie_seed();
  for (const pb::Consignment& one : request.consignments()) {
    const auto member = MemberOf(context, "consignments", one.member());
    if (!member.ok()) return Fail{member.error()};
    terms.consignments.push_back({*member, Tonnes(one.volume())});
  }
  for (const pb::Trigger& tier : request.containment()) {
    terms.containment.push_back({PriceOf(tier.price()), Tonnes(tier.volume())});
  }
  if (request.has_withholding()) {
    terms.withholding = auction::Trigger{PriceOf(request.withholding().price()),
                                         Tonnes(request.withholding().volume())};
  }
  for (const pb::BidderLimit& one : request.bidders()) {
    const auto member = MemberOf(context, "bidders", one.member());
    if (!member.ok()) return Fail{member.error()};
    const auto same = [&](const auction::BidderTerms& known) { return known.bidder == *member; };
    if (std::ranges::any_of(terms.bidders, same)) {
      return Fail{FieldError("bidders", one.member(), "each member once")};
    }
    auction::BidderTerms bidder;
    bidder.bidder = *member;
    bidder.covered = !one.without_obligations();
    if (one.has_room()) bidder.room = Tonnes(std::clamp<std::int64_t>(one.room(), 0, kAmountMax));
    if (one.has_guarantee()) {
      bidder.guarantee =
          Money::FromMinor(std::clamp<std::int64_t>(one.guarantee(), 0, kAmountMax / 10'000));
    }
    terms.bidders.push_back(bidder);
  }
  std::ranges::sort(terms.bidders, {}, &auction::BidderTerms::bidder);
  return terms;
}

Status AuctionServices::Impl::OpenAuction(ServerContext* context,
                                          const pb::OpenAuctionRequest* request,
                                          pb::OpenAuctionResponse* response) {
  const auto auctioneer = MemberOf(*context, "auctioneer", request->auctioneer());
  if (!auctioneer.ok()) return auctioneer.error();
  const auto instrument = InstrumentOf(request->instrument());
  if (!instrument.ok()) return instrument.error();
  const auto terms = TermsOf(*context, *request);
  if (!terms.ok()) return terms.error();
  std::optional<Date> pay_day;
  if (!request->pay_day().empty()) {
    pay_day = Date::Parse(request->pay_day());
    if (!pay_day) return FieldError("pay_day", request->pay_day(), "a date as in 2026-03-02");
  }
  const auto done = Do(market::OpenAuction{*auctioneer, *instrument, *terms, pay_day});
  if (!done.ok()) return StatusOf(done.error());
  response->set_sequence(done->sequence);
  response->set_auction(AuctionName(done->id));
  response->set_commitment(auction::SeedCommitment(AuctionName(done->id), terms->tie_seed));
  return Status::OK;
}

Status AuctionServices::Impl::ListBids(ServerContext* context, const pb::ListBidsRequest* request,
                                       pb::ListBidsResponse* response) {
  std::optional<MemberId> only;
  if (!request->member().empty() || !IsOperator(*context)) {
    const auto member = MemberOf(*context, "member", request->member());
    if (!member.ok()) return member.error();
    only = *member;
  }
  exchange.Read([&](const market::Market& market) {
    const auto open = market.open_auction();
    if (!open) return;
    response->set_auction(AuctionName(open->number));
    for (std::size_t i = 0; i < open->bids.size(); ++i) {
      const auction::Bid& bid = open->bids[i];
      if (only && bid.bidder != *only) continue;
      pb::Bid& row = *response->add_bids();
      row.set_bid(open->numbers[i]);
      row.set_member(std::string(kMembers) + std::to_string(market.escrow(bid.bidder).raw()));
      row.set_price(bid.price.minor_per_tonne());
      row.set_quantity(bid.quantity.count());
    }
  });
  return Status::OK;
}

Status AuctionServices::Impl::CloseAuction(ServerContext* context, const pb::CloseAuctionRequest*,
                                           pb::CloseAuctionResponse* response) {
  if (const Status may = NeedsOperator(*context); !may.ok()) return may;
  const auto done = Do(market::CloseAuction{});
  if (!done.ok()) return StatusOf(done.error());
  response->set_sequence(done->sequence);
  FillAuction(done->id, Units(), response->mutable_auction());
  return Status::OK;
}

Status AuctionServices::Impl::PayAuction(ServerContext* context,
                                         const pb::PayAuctionRequest* request,
                                         pb::PayAuctionResponse* response) {
  if (const Status may = NeedsOperator(*context); !may.ok()) return may;
  const auto number = NumberBehind(kAuctions, request->auction());
  if (!number) return FieldError("auction", request->auction(), "a name as in auctions/4");
  const auto done = Do(market::PayAuction{*number});
  if (!done.ok()) return StatusOf(done.error());
  response->set_sequence(done->sequence);
  response->set_paid(done->traded.count());
  response->set_unpaid(done->resting.count());
  response->set_value(done->value.minor());
  return Status::OK;
}

Status AuctionServices::Impl::GetAuction(ServerContext* context,
                                         const pb::GetAuctionRequest* request,
                                         pb::Auction* response) {
  if (!CallerOf(*context)) return Unknown();
  std::uint32_t number = 0;
  if (!request->auction().empty()) {
    const auto named = NumberBehind(kAuctions, request->auction());
    if (!named) return FieldError("auction", request->auction(), "a name as in auctions/4");
    number = *named;
  }
  return FillAuction(number, Units(), response) ? Status::OK : NoAuction(request->auction());
}

Status AuctionServices::Impl::ListAwards(ServerContext* context,
                                         const pb::ListAwardsRequest* request,
                                         pb::ListAwardsResponse* response) {
  const auto member = MemberOf(*context, "member", request->member());
  if (!member.ok()) return member.error();
  const auto number = NumberBehind(kAuctions, request->auction());
  if (!number) return FieldError("auction", request->auction(), "a name as in auctions/4");
  bool found = false;
  exchange.Read([&](const market::Market& market) {
    const market::ClosedAuction* closed = market.closed_auction(*number);
    found = closed != nullptr;
    if (!found) return;
    std::vector<auction::Award> awards(closed->view.bids.size());
    for (const auction::Award& award : closed->clearing.awards) awards[award.bid] = award;
    for (std::size_t i = 0; i < awards.size(); ++i) {
      const auction::Bid& bid = closed->view.bids[i];
      if (bid.bidder != *member) continue;
      pb::MemberAward& row = *response->add_awards();
      row.mutable_bid()->set_bid(closed->view.numbers[i]);
      row.mutable_bid()->set_member(request->member());
      row.mutable_bid()->set_price(bid.price.minor_per_tonne());
      row.mutable_bid()->set_quantity(bid.quantity.count());
      row.set_won(awards[i].quantity.count());
      row.set_pays(awards[i].price.minor_per_tonne());
    }
  });
  return found ? Status::OK : NoAuction(request->auction());
}

Status AuctionServices::Impl::WatchAuctions(ServerContext* context, const pb::WatchAuctionsRequest*,
                                            grpc::ServerWriter<pb::Auction>* writer) {
  if (!CallerOf(*context)) return Unknown();
  std::unique_lock lock(mutex);
  if (watchers >= kWatchersMax) {
    return {StatusCode::RESOURCE_EXHAUSTED,
            "as many watches as fit are open; allowed: " + std::to_string(kWatchersMax)};
  }
  ++watchers;
  const std::map<std::uint16_t, Unit> units = Units();
  std::map<std::uint32_t, pb::AuctionState> told;
  std::uint32_t first = 0;
  exchange.Read([&](const market::Market& market) {
    first = market.auctions_opened() + (market.open_auction() ? 0U : 1U);
  });
  bool alive = true;
  for (std::uint64_t seen = version + 1; alive && !stopping && !context->IsCancelled();) {
    if (seen == version) {
      changed.wait_for(lock, std::chrono::milliseconds(200));
      continue;
    }
    seen = version;
    lock.unlock();
    std::uint32_t last = 0;
    exchange.Read([&](const market::Market& market) { last = market.auctions_opened(); });
    const std::uint32_t from =
        std::max(first, last - std::min<std::uint32_t>(last, market::kClosedAuctionsKept));
    for (std::uint32_t number = from; alive && number <= last; ++number) {
      pb::Auction update;
      if (number == 0 || !FillAuction(number, units, &update)) continue;
      const auto [known, fresh] = told.emplace(number, update.state());
      if (!fresh && known->second == update.state()) continue;
      known->second = update.state();
      alive = writer->Write(update);
    }
    lock.lock();
  }
  --watchers;
  return stopping ? Error(Reason::kNotServing, "the server stops") : Status::OK;
}

AuctionServices::AuctionServices(LiveExchange& exchange, const ExchangeServiceOptions& options)
    : impl_(std::make_unique<Impl>(exchange, options)) {}
AuctionServices::~AuctionServices() { Stop(); }
grpc::Service* AuctionServices::service() const { return impl_.get(); }
void AuctionServices::Stop() { impl_->Stop(); }

}  // namespace ets::server
