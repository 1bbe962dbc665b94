#include "server/exchange_link.h"

#include <atomic>
#include <utility>

#include "registry/words.h"
#include "server/day_close.h"

namespace ets::server {
namespace {

using Kind = LiveFailure::Kind;
using registry::AccountKind;

constexpr std::size_t kPositionsPerRead = 1'000;
constexpr std::chrono::milliseconds kNap(200);
constexpr std::chrono::seconds kPatience(10);

Patience For(std::chrono::milliseconds time) {
  return {std::chrono::system_clock::now() + time, {}};
}

// A registry in this process: the streams are function calls.
class LocalLink final : public RegistryLink {
 public:
  explicit LocalLink(LiveRegistry& live) : live_(live) {}

  LiveFailure WatchPositions(std::uint64_t from,
                             const std::function<bool(const Deposit&)>& take) override {
    std::uint64_t next = from;
    while (!is_stopped_) {
      const auto positions = live_.Positions(next, kPositionsPerRead, For(kNap));
      if (!positions.ok()) {
        if (positions.error().kind == Kind::kExpired) continue;
        return positions.error();
      }
      for (const LiveRegistry::Position& position : *positions) {
        const registry::Transfer& moved = position.transfer;
        if (!take({position.stream_sequence, moved.credit, moved.ledger, moved.amount})) {
          return {Kind::kStopped, "no more was wanted"};
        }
        next = position.stream_sequence + 1;
      }
    }
    return {Kind::kStopped, "the link is closed"};
  }

  Live<std::uint32_t> Settle(const registry::Settle& message) override {
    Submission submission;
    submission.command = message;
    submission.source = SourceKind::kStream;
    const Answer answer = live_.SubmitAndWait(std::move(submission));
    if (answer.kind == Answer::Kind::kApplied) return answer.receipt.failed;
    if (answer.kind == Answer::Kind::kRefused) {
      return Fail{LiveFailure{Kind::kOutOfRange, std::string(ToString(answer.refusal))}};
    }
    return Fail{LiveFailure{answer.kind == Answer::Kind::kReadOnly ? Kind::kBadInput : Kind::kIo,
                            "the registry does not take it now"}};
  }

  Live<AccountId> HolderOf(AccountId escrow) override {
    Live<AccountId> holder = Fail{LiveFailure{Kind::kBadInput, "there is none"}};
    const auto failed =
        live_.Read(For(kPatience), [&](const registry::Registry& state, const StatePoint&) {
          const std::uint32_t entity = state.account(escrow).entity;
          for (std::uint32_t id = 0; id < state.account_count() && !holder.ok(); ++id) {
            const registry::AccountView account = state.account(AccountId(id));
            if (account.entity == entity && TakesWithdrawals(account.kind)) holder = AccountId(id);
          }
        });
    if (failed) return Fail{*failed};
    return holder;
  }

  Live<std::map<std::uint16_t, Unit>> Ledgers() override {
    std::map<std::uint16_t, Unit> ledgers;
    const auto failed =
        live_.Read(For(kPatience), [&](const registry::Registry& state, const StatePoint&) {
          for (std::uint16_t id = 0; id < state.ledger_count(); ++id) {
            ledgers[id] = state.unit(LedgerId(id));
          }
        });
    if (failed) return Fail{*failed};
    return ledgers;
  }

  Live<std::map<std::uint16_t, std::int64_t>> Balances(AccountId account) override {
    std::map<std::uint16_t, std::int64_t> balances;
    const auto failed =
        live_.Read(For(kPatience), [&](const registry::Registry& state, const StatePoint&) {
          for (std::uint16_t id = 0; id < state.ledger_count(); ++id) {
            const std::int64_t amount = state.balance(account, LedgerId(id));
            if (amount != 0) balances[id] = amount;
          }
        });
    if (failed) return Fail{*failed};
    return balances;
  }

  Live<std::uint64_t> CloseDay(Date date, std::uint64_t settlement_sequence,
                               std::uint64_t market_state_hash) override {
    const auto closed =
        CloseRegistryDay(live_, date, settlement_sequence, market_state_hash, is_stopped_);
    if (!closed.ok()) return Fail{closed.error()};
    return closed->state_hash;
  }

  void Stop() override { is_stopped_ = true; }

 private:
  static bool TakesWithdrawals(AccountKind kind) {
    const registry::KindRow& row = registry::RowOf(kind);
    return row.has_entity && kind != AccountKind::kEscrow && kind != AccountKind::kCompliance &&
           kind != AccountKind::kLimitedUse;
  }

  LiveRegistry& live_;
  std::atomic<bool> is_stopped_ = false;
};

}  // namespace

std::unique_ptr<RegistryLink> LinkTo(LiveRegistry& live) {
  return std::make_unique<LocalLink>(live);
}

}  // namespace ets::server
