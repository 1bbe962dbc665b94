#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <charconv>
#include <mutex>
#include <set>
#include <utility>

#include "ets/registry/v1/account_service.grpc.pb.h"
#include "ets/registry/v1/settlement_service.grpc.pb.h"
#include "ets/registry/v1/unit_service.grpc.pb.h"
#include "server/exchange_link.h"

namespace ets::server {
namespace {

namespace pb = ::ets::registry::v1;
using Kind = LiveFailure::Kind;

constexpr std::chrono::seconds kPatience(10);
constexpr std::int32_t kPageSize = 1'000;
constexpr std::string_view kAccounts = "accounts/";

LiveFailure FailureOf(const grpc::Status& status) {
  const Kind kind = [&] {
    switch (status.error_code()) {
      case grpc::StatusCode::UNAVAILABLE:
      case grpc::StatusCode::DEADLINE_EXCEEDED:
      case grpc::StatusCode::CANCELLED:
      case grpc::StatusCode::RESOURCE_EXHAUSTED:
      case grpc::StatusCode::ABORTED:
      case grpc::StatusCode::UNKNOWN:
      case grpc::StatusCode::OK:
        return Kind::kIo;
      case grpc::StatusCode::OUT_OF_RANGE:
        return Kind::kOutOfRange;
      case grpc::StatusCode::DATA_LOSS:
        return Kind::kDataLoss;
      case grpc::StatusCode::INVALID_ARGUMENT:
      case grpc::StatusCode::NOT_FOUND:
      case grpc::StatusCode::ALREADY_EXISTS:
      case grpc::StatusCode::PERMISSION_DENIED:
      case grpc::StatusCode::UNAUTHENTICATED:
      case grpc::StatusCode::FAILED_PRECONDITION:
      case grpc::StatusCode::UNIMPLEMENTED:
      case grpc::StatusCode::INTERNAL:
      case grpc::StatusCode::DO_NOT_USE:
        return Kind::kBadInput;
    }
    return Kind::kBadInput;
  }();
  return {kind, status.ok() ? "the registry ended the stream" : status.error_message()};
}

std::optional<AccountId> ParseAccount(std::string_view name) {
  const std::size_t at = name.rfind(kAccounts);
  if (at == name.npos) return std::nullopt;
  const std::string_view digits = name.substr(at + kAccounts.size());
  std::uint32_t number = 0;
  const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (wrong != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return AccountId(number);
}

bool TakesWithdrawals(pb::AccountKind kind) {
  return kind == pb::ACCOUNT_KIND_HOLDER || kind == pb::ACCOUNT_KIND_TRADING ||
         kind == pb::ACCOUNT_KIND_REGULATED_ENTITY || kind == pb::ACCOUNT_KIND_IMPORTER;
}

// A registry in another process.
class RemoteLink final : public RegistryLink {
 public:
  RemoteLink(const RemoteRegistry& remote, const std::shared_ptr<grpc::Channel>& channel)
      : token_(remote.token),
        accounts_(pb::AccountService::NewStub(channel)),
        units_(pb::UnitService::NewStub(channel)),
        settlement_(pb::SettlementService::NewStub(channel)) {}

  LiveFailure WatchPositions(std::uint64_t from,
                             const std::function<bool(const Deposit&)>& take) override {
    Context context(*this);
    pb::WatchPositionsRequest request;
    request.set_from_sequence(from);
    const auto reader = settlement_->WatchPositions(&context.get(), request);
    pb::WatchPositionsResponse message;
    while (reader->Read(&message)) {
      const auto escrow = ParseAccount(message.escrow());
      const auto ledger = LedgerOf(message.unit());
      if (!escrow || !ledger.ok()) {
        context.get().TryCancel();
        if (!ledger.ok()) return ledger.error();
        return {Kind::kBadInput, message.escrow() + ": is no account"};
      }
      if (!take({message.stream_sequence(), *escrow, *ledger, message.amount()})) {
        context.get().TryCancel();
        return {Kind::kStopped, "no more was wanted"};
      }
    }
    return FailureOf(reader->Finish());
  }

  Live<std::uint32_t> Settle(const registry::Settle& message) override {
    const auto request = RequestOf(message);
    if (!request.ok()) return Fail{request.error()};
    Context context(*this, kPatience);
    pb::SettleResponse response;
    const grpc::Status status = settlement_->Settle(&context.get(), *request, &response);
    if (!status.ok()) return Fail{FailureOf(status)};
    return response.failed();
  }

  Live<AccountId> HolderOf(AccountId escrow) override {
    pb::GetAccountRequest request;
    request.set_name(std::string(kAccounts) + std::to_string(escrow.raw()));
    pb::GetAccountResponse response;
    {
      Context context(*this, kPatience);
      const grpc::Status status = accounts_->GetAccount(&context.get(), request, &response);
      if (!status.ok()) return Fail{FailureOf(status)};
    }
    const std::string& entity = response.account().entity();
    const std::size_t slash = entity.rfind('/');
    pb::ListAccountsRequest list;
    list.set_page_size(kPageSize);
    list.set_entity(slash == entity.npos
                        ? 0
                        : static_cast<std::uint32_t>(std::stoul(entity.substr(slash + 1))));
    pb::ListAccountsResponse firms;
    Context context(*this, kPatience);
    const grpc::Status status = accounts_->ListAccounts(&context.get(), list, &firms);
    if (!status.ok()) return Fail{FailureOf(status)};
    for (const pb::Account& account : firms.accounts()) {
      const auto id = ParseAccount(account.name());
      if (id && TakesWithdrawals(account.kind())) return *id;
    }
    return Fail{LiveFailure{Kind::kBadInput, "there is none"}};
  }

  Live<std::map<std::uint16_t, Unit>> Ledgers() override {
    std::map<std::uint16_t, Unit> ledgers;
    pb::ListLedgersRequest request;
    request.set_page_size(kPageSize);
    do {
      Context context(*this, kPatience);
      pb::ListLedgersResponse response;
      const grpc::Status status = units_->ListLedgers(&context.get(), request, &response);
      if (!status.ok()) return Fail{FailureOf(status)};
      for (const pb::Ledger& ledger : response.ledgers()) {
        const auto unit = ParseUnit(ledger.unit());
        if (!unit) return Fail{LiveFailure{Kind::kBadInput, ledger.unit() + ": is no unit"}};
        ledgers.emplace(static_cast<std::uint16_t>(ledgers.size()), *unit);
      }
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    const std::lock_guard lock(mutex_);
    known_ = ledgers;
    return ledgers;
  }

  Live<std::map<std::uint16_t, std::int64_t>> Balances(AccountId account) override {
    std::map<std::uint16_t, std::int64_t> balances;
    pb::ListHoldingsRequest request;
    request.set_parent(std::string(kAccounts) + std::to_string(account.raw()));
    request.set_page_size(kPageSize);
    Context context(*this, kPatience);
    pb::ListHoldingsResponse response;
    const grpc::Status status = accounts_->ListHoldings(&context.get(), request, &response);
    if (!status.ok()) return Fail{FailureOf(status)};
    for (const pb::Holding& holding : response.holdings()) {
      const auto ledger = LedgerOf(holding.unit());
      if (!ledger.ok()) return Fail{ledger.error()};
      if (holding.posted() != 0) balances[ledger->raw()] = holding.posted();
    }
    return balances;
  }

  Live<std::uint64_t> CloseDay(Date date, std::uint64_t settlement_sequence,
                               std::uint64_t market_state_hash) override {
    pb::CloseDayRequest request;
    request.set_date(ToString(date));
    request.set_settlement_sequence(settlement_sequence);
    request.set_exchange_state_hash(market_state_hash);
    Context context(*this, kPatience);
    pb::CloseDayResponse response;
    const grpc::Status status = settlement_->CloseDay(&context.get(), request, &response);
    if (!status.ok()) return Fail{FailureOf(status)};
    return response.registry_state_hash();
  }

  void Stop() override {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
    for (grpc::ClientContext* const context : at_work_) context->TryCancel();
  }

 private:
  // One call, which Stop() cancels.
  class Context {
   public:
    explicit Context(RemoteLink& link) : link_(link) {
      if (!link.token_.empty()) {
        context_.AddMetadata("authorization", "Bearer " + link.token_);
      }
      const std::lock_guard lock(link.mutex_);
      link.at_work_.insert(&context_);
      if (link.is_stopped_) context_.TryCancel();
    }
    Context(RemoteLink& link, std::chrono::seconds patience) : Context(link) {
      context_.set_deadline(std::chrono::system_clock::now() + patience);
    }
    ~Context() {
      const std::lock_guard lock(link_.mutex_);
      link_.at_work_.erase(&context_);
    }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    grpc::ClientContext& get() { return context_; }

   private:
    RemoteLink& link_;
    grpc::ClientContext context_;
  };

  // Ledgers are for good: asked for again only when one is new.
  Live<LedgerId> LedgerOf(const std::string& text) {
    const auto unit = ParseUnit(text);
    if (!unit) return Fail{LiveFailure{Kind::kBadInput, text + ": is no unit"}};
    for (int i = 0; i < 2; ++i) {
      {
        const std::lock_guard lock(mutex_);
        for (const auto& [number, known] : known_) {
          if (known == *unit) return LedgerId(number);
        }
      }
      const auto ledgers = Ledgers();
      if (!ledgers.ok()) return Fail{ledgers.error()};
    }
    return Fail{LiveFailure{Kind::kBadInput, text + ": the registry has no such ledger"}};
  }

  Live<std::string> UnitTextOf(LedgerId ledger) {
    {
      const std::lock_guard lock(mutex_);
      const auto known = known_.find(ledger.raw());
      if (known != known_.end()) return ToString(known->second);
    }
    const auto ledgers = Ledgers();
    if (!ledgers.ok()) return Fail{ledgers.error()};
    const auto found = ledgers->find(ledger.raw());
    if (found == ledgers->end()) {
      return Fail{LiveFailure{Kind::kBadInput, "the registry has no such ledger"}};
    }
    return ToString(found->second);
  }

  Live<pb::SettleRequest> RequestOf(const registry::Settle& message) {
    pb::SettleRequest request;
    request.set_stream_sequence(message.sequence);
    for (const registry::SettlementFill& fill : message.fills) {
      const auto unit = UnitTextOf(fill.unit_ledger);
      const auto cash = UnitTextOf(fill.cash_ledger);
      if (!unit.ok() || !cash.ok()) return Fail{unit.ok() ? cash.error() : unit.error()};
      pb::SettlementFill& out = *request.add_fills();
      out.set_seller(fill.seller_escrow.raw());
      out.set_buyer(fill.buyer_escrow.raw());
      out.set_unit(*unit);
      out.set_cash_unit(*cash);
      out.set_quantity(fill.quantity);
      out.set_cash(fill.cash);
      out.set_trade_id(fill.trade_id);
      out.set_code(static_cast<pb::TransferCode>(fill.code));
    }
    for (const registry::SettlementWithdrawal& withdrawal : message.withdrawals) {
      const auto unit = UnitTextOf(withdrawal.ledger);
      if (!unit.ok()) return Fail{unit.error()};
      pb::SettlementWithdrawal& out = *request.add_withdrawals();
      out.set_escrow(withdrawal.escrow.raw());
      out.set_account(withdrawal.holder.raw());
      out.set_unit(*unit);
      out.set_amount(withdrawal.amount);
    }
    return request;
  }

  const std::string token_;
  const std::unique_ptr<pb::AccountService::Stub> accounts_;
  const std::unique_ptr<pb::UnitService::Stub> units_;
  const std::unique_ptr<pb::SettlementService::Stub> settlement_;

  std::mutex mutex_;  // Guards what follows.
  std::map<std::uint16_t, Unit> known_;
  std::set<grpc::ClientContext*> at_work_;
  bool is_stopped_ = false;
};

}  // namespace

Result<std::unique_ptr<RegistryLink>, std::string> LinkTo(const RemoteRegistry& remote) {
  const auto credentials = ChannelCredentials(remote.tls, remote.use_tls);
  if (!credentials.ok()) return Fail{credentials.error()};
  grpc::ChannelArguments arguments;
  // A registry that was away is asked again soon, not after two minutes.
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1'000);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, 1'000);
  const auto channel = grpc::CreateCustomChannel(remote.address, *credentials, arguments);
  return std::unique_ptr<RegistryLink>(std::make_unique<RemoteLink>(remote, channel));
}

}  // namespace ets::server
