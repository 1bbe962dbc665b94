#include "server/exchange_edge.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/registry_errors.h"
#include "server/wire_names.h"

namespace ets::server {
namespace {

using grpc::Status;
using grpc::StatusCode;
using market::Refusal;

constexpr std::string_view kMembers = "members/";
constexpr std::string_view kInstruments = "instruments/";

StatusCode CodeOf(Refusal refusal) {
  switch (refusal) {
    case Refusal::kMemberNotFound:
    case Refusal::kInstrumentNotFound:
    case Refusal::kOrderNotFound:
    case Refusal::kLedgerNotFound:
    case Refusal::kOfferNotFound:
    case Refusal::kAuctionNotFound:
      return StatusCode::NOT_FOUND;
    case Refusal::kQuantityNotPositive:
    case Refusal::kPriceOffTick:
    case Refusal::kBidNotInLots:
    case Refusal::kAmountTooLarge:
    case Refusal::kAuctionFormatInvalid:
    case Refusal::kQuantityOffLot:
    case Refusal::kOrderFieldsContradict:
    case Refusal::kStopPriceInvalid:
    case Refusal::kExpireDateInvalid:
    case Refusal::kClientOrderIdInvalid:
    case Refusal::kSessionTypeUnknown:
    case Refusal::kReferenceInvalid:
    case Refusal::kWindowInvalid:
    case Refusal::kNothingChanges:
      return StatusCode::INVALID_ARGUMENT;
    case Refusal::kDuplicateClientOrderId:
      return StatusCode::ALREADY_EXISTS;
    case Refusal::kBookFull:
    case Refusal::kTooManyOpenOrders:
      return StatusCode::RESOURCE_EXHAUSTED;
    case Refusal::kMemberBlocked:
    case Refusal::kNotTheCounterparty:
      return StatusCode::PERMISSION_DENIED;
    case Refusal::kStreamGap:
    case Refusal::kTimeGoesBack:
      return StatusCode::OUT_OF_RANGE;
    case Refusal::kInstrumentNotTrading:
    case Refusal::kQuantityOfWrongChannel:
    case Refusal::kPriceOutsideBand:
    case Refusal::kInsufficientUnits:
    case Refusal::kInsufficientCash:
    case Refusal::kWouldNotFill:
    case Refusal::kSameParty:
    case Refusal::kAuctionNotOpen:
    case Refusal::kBidBelowReserve:
    case Refusal::kTooManyBids:
    case Refusal::kSessionAlreadyOpen:
    case Refusal::kAuctionAlreadyOpen:
    case Refusal::kLedgerStillTraded:
    case Refusal::kInstrumentHalted:
    case Refusal::kInstrumentExpired:
    case Refusal::kUnitsBoughtToday:
    case Refusal::kAboveHoldingLimit:
    case Refusal::kWrongSession:
    case Refusal::kQuantityAboveMax:
    case Refusal::kWouldTakeLiquidity:
    case Refusal::kNothingToTradeWith:
    case Refusal::kBiddingNotOpen:
    case Refusal::kBidIrrevocable:
    case Refusal::kAlreadySo:
      return StatusCode::FAILED_PRECONDITION;
  }
  return StatusCode::FAILED_PRECONDITION;
}

Status Unknown() {
  return Error(Reason::kUnauthenticated,
               "nobody is known by that token or certificate; allowed: metadata \"authorization: "
               "Bearer TOKEN\"");
}

OrStatus<AccountId> ParseMember(const std::string& name) {
  std::uint32_t number = 0;
  if (name.starts_with(kMembers)) {
    const char* const begin = name.data() + kMembers.size();
    const char* const last = name.data() + name.size();
    const auto [end, wrong] = std::from_chars(begin, last, number);
    if (wrong == std::errc() && end == last && begin != last) return AccountId(number);
  }
  return Fail{FieldError("member", name, "members/ and the number of an escrow account")};
}

std::string CertificateNameOf(const grpc::ServerContextBase& context) {
  const auto auth = context.auth_context();
  if (!auth || !auth->IsPeerAuthenticated()) return {};
  const auto names = auth->FindPropertyValues("x509_common_name");
  return names.empty() ? std::string() : std::string(names[0].data(), names[0].size());
}

}  // namespace

std::string Upper(std::string_view name) {
  std::string upper(name);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return upper;
}

// ---- Refusals ----

market::RefusalDetail WrongInClientId(std::string_view text) {
  constexpr std::size_t kMost = matching::ClientOrderId::kSizeMax;
  if (text.size() > kMost) return {static_cast<std::int64_t>(text.size()), std::int64_t{kMost}};
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ') return {byte, ' ' + 1};
    if (byte > '~') return {byte, '~'};
  }
  return {};
}

Status RefusalStatus(Refusal refusal, const market::RefusalDetail& detail,
                     const std::string& message) {
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(ToString(refusal)));
  info.set_domain("capclear");
  (*info.mutable_metadata())["number"] = std::to_string(static_cast<int>(refusal));
  (*info.mutable_metadata())["asked"] = std::to_string(detail.asked);
  (*info.mutable_metadata())["limit"] = std::to_string(detail.limit);
  google::rpc::Status details;
  details.set_code(CodeOf(refusal));
  details.set_message(message);
  details.add_details()->PackFrom(info);
  return {CodeOf(refusal), message, details.SerializeAsString()};
}

Status StatusOf(const ExchangeFailure& failure) {
  if (!failure.refusal) return Error(Reason::kNotServing, failure.message);
  return RefusalStatus(*failure.refusal, failure.detail,
                       Explained(*failure.refusal, failure.detail));
}

void Fill(const VenueRefusal& refused, mk::Rejection* out) {
  out->set_number(static_cast<std::uint32_t>(refused.refusal));
  out->set_reason(std::string(ToString(refused.refusal)));
  out->set_asked(refused.detail.asked);
  out->set_limit(refused.detail.limit);
  out->set_message(Explained(refused.refusal, refused.detail));
}

void Fill(const Status& status, mk::Rejection* out) {
  out->set_message(status.error_message());
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  if (!details.ParseFromString(status.error_details()) || details.details_size() == 0) return;
  for (const auto& detail : details.details()) {
    if (!detail.Is<google::rpc::ErrorInfo>() || !detail.UnpackTo(&info)) continue;
    out->set_reason(info.reason());
    const auto value_of = [&info](const char* key) {
      std::int64_t value = 0;
      const auto found = info.metadata().find(key);
      if (found == info.metadata().end()) return value;
      std::from_chars(found->second.data(), found->second.data() + found->second.size(), value);
      return value;
    };
    out->set_number(static_cast<std::uint32_t>(value_of("number")));
    out->set_asked(value_of("asked"));
    out->set_limit(value_of("limit"));
  }
}

ExchangeEdge::ExchangeEdge(Venue& venue, const ExchangeServiceOptions& options)
    : venue_(venue), exchange_(venue.exchange()), options_(options) {
  exchange_.Read([this](const market::Market& market) { rules_ = market.rules(); });
  if (options_.registry != nullptr) LoadLedgers();
}

// ---- Who ----

std::optional<Caller> CallerBehind(const ExchangeServiceOptions& options,
                                   std::string_view authorization,
                                   std::string_view certificate_name) {
  constexpr Caller kOperator{0, registry::Role::kRegistryAdmin, true};
  if (!options.auth.required) return kOperator;
  if (options.registry != nullptr) {
    return Authenticate(options.auth, *options.registry, authorization, certificate_name);
  }
  constexpr std::string_view kBearer = "Bearer ";
  if (!authorization.starts_with(kBearer)) return std::nullopt;
  const auto hash = HashOfToken(authorization.substr(kBearer.size()));
  if (!EqualInConstantTime(hash, options.auth.operator_hash)) return std::nullopt;
  return kOperator;
}

bool MayTrade(const ExchangeServiceOptions& options, const Caller& caller, AccountId escrow) {
  if (HasRole(caller, {registry::Role::kExchange})) return true;
  bool may = false;
  if (options.registry != nullptr) {
    const Patience patience{std::chrono::system_clock::now() + options.patience, {}};
    options.registry->Read(patience, [&](const registry::Registry& state, const StatePoint&) {
      may = MayInitiate(state, caller, escrow);
    });
  }
  return may;
}

Result<MemberId, std::string> Admit(const ExchangeServiceOptions& options,
                                    const LiveExchange& exchange, std::string_view token,
                                    AccountId escrow) {
  const auto caller = CallerBehind(options, "Bearer " + std::string(token), {});
  if (!caller) return Fail{std::string("nobody is known by that token")};
  const auto member = exchange.FindMember(escrow);
  if (member && MayTrade(options, *caller, escrow)) return *member;
  return Fail{"member " + std::to_string(escrow.raw()) + ": nothing was deposited there"};
}

std::optional<Caller> ExchangeEdge::CallerOf(const grpc::ServerContextBase& context) const {
  const auto header = context.client_metadata().find("authorization");
  const std::string_view authorization =
      header == context.client_metadata().end()
          ? std::string_view()
          : std::string_view(header->second.data(), header->second.size());
  return CallerBehind(options_, authorization, CertificateNameOf(context));
}

Status ExchangeEdge::NeedsCaller(const grpc::ServerContextBase& context) const {
  return CallerOf(context) ? Status::OK : Unknown();
}

bool ExchangeEdge::IsOperator(const grpc::ServerContextBase& context) const {
  const auto caller = CallerOf(context);
  return caller && HasRole(*caller, {registry::Role::kExchange});
}

Status ExchangeEdge::NeedsOperator(const grpc::ServerContextBase& context) const {
  if (!CallerOf(context)) return Unknown();
  if (IsOperator(context)) return Status::OK;
  return Error(Reason::kRoleRequired, "allowed: the operator, or a principal with role exchange");
}

OrStatus<MemberId> ExchangeEdge::MemberOf(const grpc::ServerContextBase& context,
                                          const std::string& name) {
  const auto caller = CallerOf(context);
  if (!caller) return Fail{Unknown()};
  const auto escrow = ParseMember(name);
  if (!escrow.ok()) return Fail{escrow.error()};
  const bool may = MayTrade(options_, *caller, *escrow);
  const auto member = exchange_.FindMember(*escrow);
  if (may && member) return *member;
  return Fail{RefusalStatus(Refusal::kMemberNotFound, {escrow->raw(), 0},
                            wire::Shortened(name) + ": nothing was deposited there")};
}

// ---- Names ----

Status ExchangeEdge::LoadLedgers() {
  auto ledgers = exchange_.link().Ledgers();
  if (!ledgers.ok()) return Error(Reason::kNotServing, ledgers.error().message);
  const std::lock_guard lock(mutex_);
  ledgers_ = std::move(ledgers.value());
  return Status::OK;
}

std::optional<LedgerId> ExchangeEdge::KnownLedger(Unit unit) {
  const std::lock_guard lock(mutex_);
  for (const auto& [number, known] : ledgers_) {
    if (known == unit) return LedgerId(number);
  }
  return std::nullopt;
}

std::optional<Unit> ExchangeEdge::KnownUnit(LedgerId ledger) {
  const std::lock_guard lock(mutex_);
  const auto found = ledgers_.find(ledger.raw());
  return found == ledgers_.end() ? std::nullopt : std::optional(found->second);
}

OrStatus<std::pair<LedgerId, Unit>> ExchangeEdge::LedgerOf(std::string_view field,
                                                           const std::string& text) {
  const auto unit = ParseUnit(text);
  if (!unit) return Fail{FieldError(field, text, "a unit as in CEA26, CCER or CNY")};
  auto ledger = KnownLedger(*unit);
  if (!ledger) {
    if (const Status loaded = LoadLedgers(); !loaded.ok()) return Fail{loaded};
    ledger = KnownLedger(*unit);
  }
  if (ledger) return std::pair(*ledger, *unit);
  return Fail{RefusalStatus(Refusal::kLedgerNotFound, {},
                            wire::Shortened(text) + ": the registry has no such ledger")};
}

OrStatus<InstrumentId> ExchangeEdge::InstrumentOf(const std::string& name) {
  const std::size_t dash = name.rfind('-');
  if (name.starts_with(kInstruments) && dash != name.npos && dash >= kInstruments.size()) {
    const auto unit =
        LedgerOf("instrument", name.substr(kInstruments.size(), dash - kInstruments.size()));
    const auto cash = LedgerOf("instrument", name.substr(dash + 1));
    for (const auto* const part : {&unit, &cash}) {
      if (!part->ok() && part->error().error_code() == StatusCode::UNAVAILABLE) {
        return Fail{part->error()};
      }
    }
    if (unit.ok() && cash.ok()) {
      const auto instrument = exchange_.FindInstrument(unit->first, cash->first);
      if (instrument) return *instrument;
    }
  }
  return Fail{RefusalStatus(Refusal::kInstrumentNotFound, {},
                            "instrument: " + wire::Quoted(name) +
                                "; allowed: what is listed, by a name as in "
                                "instruments/CEA26-CNY")};
}

std::optional<Unit> ExchangeEdge::UnitOf(LedgerId ledger) {
  if (const auto unit = KnownUnit(ledger)) return unit;
  LoadLedgers();
  return KnownUnit(ledger);
}

std::string ExchangeEdge::NameOf(InstrumentId instrument) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = names_.find(instrument.raw());
    if (found != names_.end()) return found->second;
  }
  const auto traded = exchange_.Instruments();
  if (instrument.raw() >= traded.size()) return {};
  const auto unit = KnownUnit(traded[instrument.raw()].unit);
  const auto cash = KnownUnit(traded[instrument.raw()].cash);
  if (!unit || !cash) return std::string(kInstruments) + std::to_string(instrument.raw());
  const std::lock_guard lock(mutex_);
  return names_[instrument.raw()] =
             std::string(kInstruments) + ToString(*unit) + "-" + ToString(*cash);
}

std::string ExchangeEdge::NameOf(MemberId member) const {
  const auto escrow = exchange_.EscrowOf(member);
  return escrow ? std::string(kMembers) + std::to_string(escrow->raw()) : std::string();
}

}  // namespace ets::server
