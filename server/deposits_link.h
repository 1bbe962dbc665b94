#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "server/exchange_link.h"

namespace ets::server {

// For tests: a registry that has made these deposits, numbered from 1, in CEA26 (ledger 0) and CNY
// (ledger 1), and settles whatever it is told.
class DepositsLink : public RegistryLink {
 public:
  explicit DepositsLink(std::vector<Deposit> deposits) : deposits_(std::move(deposits)) {}

  LiveFailure WatchPositions(std::uint64_t from,
                             const std::function<bool(const Deposit&)>& take) override {
    for (const Deposit& deposit : deposits_) {
      if (deposit.stream_sequence >= from && !take(deposit)) break;
    }
    std::unique_lock lock(mutex_);
    stopped_.wait(lock, [this] { return is_stopped_; });
    return {LiveFailure::Kind::kStopped, "the link is closed"};
  }
  Live<std::uint32_t> Settle(const registry::Settle&) override { return 0U; }
  Live<AccountId> HolderOf(AccountId escrow) override { return AccountId(escrow.raw() + 1); }
  Live<std::map<std::uint16_t, Unit>> Ledgers() override {
    return std::map<std::uint16_t, Unit>{{0, *ParseUnit("CEA26")}, {1, *ParseUnit("CNY")}};
  }
  Live<std::map<std::uint16_t, std::int64_t>> Balances(AccountId) override {
    return std::map<std::uint16_t, std::int64_t>();
  }
  Live<std::uint64_t> CloseDay(Date, std::uint64_t, std::uint64_t) override {
    return std::uint64_t{1};
  }
  void Stop() override {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
    stopped_.notify_all();
  }

 private:
  std::vector<Deposit> deposits_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool is_stopped_ = false;
};

}  // namespace ets::server
