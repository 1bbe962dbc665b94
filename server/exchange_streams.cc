#include <algorithm>
#include <utility>

#include "server/exchange_live_impl.h"

namespace ets::server {
namespace {

using Kind = LiveFailure::Kind;
using std::chrono::milliseconds;

constexpr milliseconds kFirstPause(50);
constexpr milliseconds kLongestPause(1'000);
// So that a stream that comes fast does not fill the queue.
constexpr std::uint64_t kPositionsPerWait = 256;

bool IsWorthAnotherTry(const LiveFailure& failure) {
  switch (failure.kind) {
    case Kind::kStopped:
    case Kind::kIo:
    case Kind::kExpired:
    case Kind::kReconciling:
      return true;
    case Kind::kBadInput:
    case Kind::kOutOfRange:
    case Kind::kExists:
    case Kind::kDataLoss:
    case Kind::kAnchorAhead:
    case Kind::kPoisoned:
      return false;
  }
  return false;
}

registry::TransferCode CodeOf(market::Channel channel) {
  switch (channel) {
    case market::Channel::kListed:
      return registry::TransferCode::kListedTrade;
    case market::Channel::kBlock:
      return registry::TransferCode::kBlockTrade;
    case market::Channel::kAuction:
    case market::Channel::kOneWay:
      return registry::TransferCode::kAuctionAward;
  }
  return registry::TransferCode::kListedTrade;
}

}  // namespace

// Until `reached`, which is asked with `mutex` held. False: not in time, or stopped.
bool LiveExchange::Impl::WaitUntil(const std::function<bool()>& reached, const Patience& patience) {
  std::unique_lock lock(mutex);
  while (!reached()) {
    if (stopped || stopping || patience.ended()) return false;
    changed.wait_until(lock,
                       std::min(patience.deadline, std::chrono::system_clock::now() + kFirstPause));
  }
  return true;
}

// ---- Positions: registry -> market ----

void LiveExchange::Impl::FollowPositions() {
  while (!stopping && !stopped) {
    std::uint64_t from = 0;
    {
      const std::lock_guard lock(mutex);
      from = positions_taken + 1;
    }
    const LiveFailure failure = link.WatchPositions(
        from, [this](const RegistryLink::Deposit& deposit) { return TakeDeposit(deposit); });
    if (stopping || stopped) return;
    if (!IsWorthAnotherTry(failure)) return Fail("the Positions stream: " + failure.message);
    WaitUntil([] { return false; }, {std::chrono::system_clock::now() + kFirstPause, {}});
  }
}

bool LiveExchange::Impl::TakeDeposit(const RegistryLink::Deposit& deposit) {
  if (stopping || stopped) return false;
  AccountId holder = deposit.escrow;
  if (!admitted.contains(deposit.escrow.raw())) {
    const auto found = link.HolderOf(deposit.escrow);
    if (!found.ok()) {
      if (!IsWorthAnotherTry(found.error())) {
        Fail("accounts/" + std::to_string(deposit.escrow.raw()) +
             " has no account to withdraw to: " + found.error().message);
      }
      return false;
    }
    holder = *found;
    admitted.insert(deposit.escrow.raw());
  }
  if (deposit.stream_sequence % kPositionsPerWait == 0) {
    return Run([&] { TakePosition(deposit, holder); });
  }
  return sequencer->PostInternal([this, deposit, holder] {
    if (!stopped) TakePosition(deposit, holder);
  });
}

void LiveExchange::Impl::TakePosition(const RegistryLink::Deposit& deposit, AccountId holder) {
  const auto known = members.find(deposit.escrow.raw());
  if (known == members.end() &&
      !Apply(market::AdmitMember{deposit.escrow, holder}, SourceKind::kStream).ok()) {
    return Fail("accounts/" + std::to_string(deposit.escrow.raw()) + " was not admitted");
  }
  const MemberId member = members.at(deposit.escrow.raw());
  const auto taken =
      Apply(market::Position{deposit.stream_sequence, member, deposit.ledger, deposit.amount},
            SourceKind::kStream);
  if (!taken.ok()) {
    return Fail("message " + std::to_string(deposit.stream_sequence) +
                " of Positions was refused: " + std::string(ToString(taken.error())));
  }
  batch.answers.push_back([this, sequence = deposit.stream_sequence](const Synced* synced) {
    if (synced == nullptr) return;
    {
      const std::lock_guard lock(mutex);
      positions_taken = std::max(positions_taken, sequence);
    }
    changed.notify_all();
  });
}

bool LiveExchange::WaitForPosition(std::uint64_t sequence, const Patience& patience) {
  return impl_->WaitUntil([&] { return impl_->positions_taken >= sequence; }, patience);
}

// ---- Settlement: market -> registry ----

registry::Settle LiveExchange::Impl::MessageOf(const market::SettlementMessage& message) const {
  registry::Settle settle{message.sequence, {}, {}};
  for (const market::Fill& fill : message.fills) {
    const market::InstrumentView& instrument = market->instrument(fill.instrument);
    settle.fills.push_back({market->escrow(fill.seller), market->escrow(fill.buyer),
                            instrument.unit_ledger, instrument.cash_ledger, fill.quantity.count(),
                            (fill.price * fill.quantity).minor(), fill.trade_id,
                            CodeOf(fill.channel)});
  }
  for (const market::WithdrawalReady& ready : message.withdrawals) {
    settle.withdrawals.push_back(
        {market->escrow(ready.member), ready.to, ready.ledger, ready.amount});
  }
  return settle;
}

void LiveExchange::Impl::SendSettlement() {
  MakeRoom();
  for (const market::SettlementMessage& message : market->TakeSettlement()) {
    batch.answers.push_back([this, settle = MessageOf(message)](const Synced* synced) {
      if (synced == nullptr) return;
      {
        const std::lock_guard lock(mutex);
        if (to_deliver.empty()) delivered = settle.sequence - 1;
        to_deliver.push_back(settle);
      }
      changed.notify_all();
    });
  }
}

void LiveExchange::Impl::DeliverSettlement() {
  while (true) {
    registry::Settle message;
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return !to_deliver.empty() || stopping || stopped; });
      if (stopping || stopped) return;
      message = to_deliver.front();
    }
    if (!Deliver(message)) return;
    {
      const std::lock_guard lock(mutex);
      to_deliver.pop_front();
      delivered = message.sequence;
    }
    changed.notify_all();
  }
}

// As often as it takes: the registry does it once. False: stopped.
bool LiveExchange::Impl::Deliver(const registry::Settle& message) {
  milliseconds pause = kFirstPause;
  while (!stopping && !stopped) {
    const auto answer = link.Settle(message);
    if (answer.ok()) {
      const std::lock_guard lock(mutex);
      failed += *answer;
      alarm_count += *answer;
      return true;
    }
    if (!IsWorthAnotherTry(answer.error())) {
      Fail("message " + std::to_string(message.sequence) +
           " of Settlement was refused: " + answer.error().message);
      return false;
    }
    WaitUntil([] { return false; }, {std::chrono::system_clock::now() + pause, {}});
    pause = std::min(2 * pause, kLongestPause);
  }
  return false;
}

}  // namespace ets::server
