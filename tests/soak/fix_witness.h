#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "bench/wire/fix_dialect.h"
#include "store/soak/soak.h"

namespace ets {

// Holds what a FIX session is told to docs/fix.md: what came under a number comes under it again,
// and no gap is filled over it; a trade is told one way. Not thread-safe.
class FixWitness final : public bench::FixEars {
 public:
  struct Trade {
    std::int64_t price = 0, quantity = 0;
    friend bool operator==(const Trade&, const Trade&) = default;
  };

  FixWitness(store::soak::Case& it, int member)
      : it_(it), name_("FIX session of member " + std::to_string(member)) {}

  void BeginAnew() { told_.clear(); }
  // By the trade's number and the member's order.
  const std::map<std::pair<std::uint64_t, std::uint64_t>, Trade>& trades() const { return trades_; }
  // What the answer to AskForAll() says waits, by order.
  const std::map<std::uint64_t, std::int64_t>& waiting() const { return waiting_; }
  bool is_complete() const { return is_complete_; }

  // ---- bench::FixEars ----
  void OnFixReport(const bench::FixReport& report) override {
    if (report.is_of_all) {
      if (report.order != 0) waiting_[report.order] = report.leaves;
      is_complete_ |= report.is_last;
    }
    if (report.is_again) it_.report.Count("fix_told_again");
    const std::string what = std::string(report.exec_id) + "/" + std::to_string(report.order);
    const auto [known, is_new] = told_.try_emplace(report.number, what);
    if (!is_new && known->second != what) {
      Broken("message " + std::to_string(report.number) + " was " + known->second + " and is " +
             what);
    }
    if (report.kind != 'F') return;
    const Trade trade{report.price, report.quantity};
    const auto [told, is_first] = trades_.try_emplace({report.trade, report.order}, trade);
    if (told->second != trade) Broken("trade " + std::to_string(report.trade) + " changed");
    if (is_first) it_.report.Count("fix_trades_told");
  }
  void OnNothingWaits() override { is_complete_ = true; }
  void OnGap(std::uint64_t from, std::uint64_t to) override {
    const auto lost = told_.lower_bound(from);
    if (lost == told_.end() || lost->first >= to) return;
    Broken("message " + std::to_string(lost->first) + ", which was " + lost->second +
           ", is a gap from " + std::to_string(from) + " to " + std::to_string(to));
  }
  void OnBroken(const std::string& what) override { Broken(what); }

 private:
  void Broken(const std::string& what) { it_.Broken(name_ + ": " + what); }

  store::soak::Case& it_;
  const std::string name_;
  std::map<std::uint64_t, std::string> told_;  // By MsgSeqNum.
  std::map<std::pair<std::uint64_t, std::uint64_t>, Trade> trades_;
  std::map<std::uint64_t, std::int64_t> waiting_;
  bool is_complete_ = false;
};

}  // namespace ets
