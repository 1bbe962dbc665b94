#include "registry/lineage.h"

#include <algorithm>
#include <numeric>

#include "base/assert.h"

namespace ets::registry {
namespace {

__extension__ using Int128 = __int128;

}  // namespace

// ---- One account's queue ----

void SerialLineage::Queue::Push(Span span, bool joins) {
  if (joins) {
    spans_.back().last = span.last;
  } else {
    spans_.push_back(span);
  }
}

void SerialLineage::Queue::TakeFront(std::int64_t amount, std::vector<Span>& taken) {
  while (amount > 0) {
    ETS_ASSERT(head_ < spans_.size());
    Span& front = spans_[head_];
    const std::int64_t count = std::min(amount, front.last - front.first + 1);
    taken.push_back({front.first, front.first + count - 1});
    front.first += count;
    amount -= count;
    if (front.first > front.last) ++head_;
  }
  constexpr std::size_t kSpentMin = 32;
  if (head_ >= kSpentMin && head_ * 2 >= spans_.size()) {
    spans_.erase(spans_.begin(), spans_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

void SerialLineage::Queue::TakeBack(std::int64_t amount, std::vector<Span>& taken) {
  const auto begin = static_cast<std::ptrdiff_t>(taken.size());
  while (amount > 0) {
    ETS_ASSERT(head_ < spans_.size());
    Span& back = spans_.back();
    const std::int64_t count = std::min(amount, back.last - back.first + 1);
    taken.push_back({back.last - count + 1, back.last});
    back.last -= count;
    amount -= count;
    if (back.first > back.last) spans_.pop_back();
  }
  std::reverse(taken.begin() + begin, taken.end());
}

// How many each span gives.
std::vector<std::int64_t> SerialLineage::Queue::Shares(std::int64_t amount) const {
  const auto held = spans();
  std::int64_t total = 0;
  for (const Span& span : held) total += span.last - span.first + 1;
  ETS_ASSERT(amount <= total);
  std::vector<std::int64_t> shares;
  std::vector<std::int64_t> fractions;  // Of one unit, in 1 / total.
  std::int64_t missing = amount;
  for (const Span& span : held) {
    const Int128 product = Int128{amount} * (span.last - span.first + 1);
    shares.push_back(static_cast<std::int64_t>(product / total));
    fractions.push_back(static_cast<std::int64_t>(product % total));
    missing -= shares.back();
  }
  std::vector<std::size_t> order(held.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return fractions[a] > fractions[b]; });
  for (std::size_t i = 0; missing > 0; ++i, --missing) ++shares[order[i]];
  return shares;
}

std::vector<SerialLineage::Span> SerialLineage::Queue::TakeShares(std::int64_t amount,
                                                                  std::vector<Span>& taken) {
  const std::vector<std::int64_t> shares = Shares(amount);
  std::vector<Span> kept;
  kept.reserve(shares.size());
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const Span span = spans_[head_ + i];
    const std::int64_t next = span.first + shares[i];
    if (next > span.first) taken.push_back({span.first, next - 1});
    if (next <= span.last) kept.push_back({next, span.last});
  }
  spans_.clear();
  head_ = 0;
  return kept;
}

// ---- All of them ----

SerialLineage::LedgerSerials& SerialLineage::LedgerAt(LedgerId ledger) {
  if (ledger.raw() >= ledgers_.size()) ledgers_.resize(std::size_t{ledger.raw()} + 1);
  return ledgers_[ledger.raw()];
}

SerialLineage::Queue& SerialLineage::QueueAt(LedgerSerials& serials, AccountId account) {
  if (account.raw() >= serials.queues.size()) {
    serials.queues.resize(std::size_t{account.raw()} + 1);
  }
  return serials.queues[account.raw()];
}

bool SerialLineage::BeginsIssue(const LedgerSerials& serials, std::int64_t serial) {
  const auto found = std::lower_bound(
      serials.issues.begin(), serials.issues.end(), serial,
      [](const IssueBlock& issue, std::int64_t wanted) { return issue.first < wanted; });
  return found != serials.issues.end() && found->first == serial;
}

SerialRange SerialLineage::RangeOf(const LedgerSerials& serials, Span span) {
  const auto after = std::upper_bound(
      serials.issues.begin(), serials.issues.end(), span.first,
      [](std::int64_t wanted, const IssueBlock& issue) { return wanted < issue.first; });
  ETS_ASSERT(after != serials.issues.begin());
  return {span.first, span.last, std::prev(after)->sequence};
}

void SerialLineage::Put(LedgerSerials& serials, AccountId account, Span span) {
  Queue& queue = QueueAt(serials, account);
  queue.Push(span, queue.EndsBefore(span.first) && !BeginsIssue(serials, span.first));
}

void SerialLineage::Take(const Transfer& transfer, std::uint64_t sequence, bool is_issue,
                         bool is_cash) {
  if (is_cash) return;
  ETS_ASSERT(transfer.amount > 0);
  LedgerSerials& serials = LedgerAt(transfer.ledger);
  if (is_issue) {
    const Span span{serials.issued + 1, serials.issued + transfer.amount};
    serials.issues.push_back({span.first, sequence});
    serials.issued = span.last;
    Put(serials, transfer.credit, span);
    return;
  }
  taken_.clear();
  Queue& debit = QueueAt(serials, transfer.debit);
  switch (convention_) {
    case Lineage::kFifo:
      debit.TakeFront(transfer.amount, taken_);
      break;
    case Lineage::kLifo:
      debit.TakeBack(transfer.amount, taken_);
      break;
    case Lineage::kProportional:
      // Where a range is gone its neighbours may have become one.
      for (const Span span : debit.TakeShares(transfer.amount, taken_)) {
        Put(serials, transfer.debit, span);
      }
      break;
  }
  for (const Span span : taken_) Put(serials, transfer.credit, span);
  if (transfer.code != TransferCode::kSurrender && transfer.code != TransferCode::kCancel) return;
  retired_.push_back({sequence, transfer.debit, transfer.ledger, transfer.code, {}});
  for (const Span span : taken_) retired_.back().serials.push_back(RangeOf(serials, span));
}

std::vector<SerialRange> SerialLineage::Of(AccountId account, LedgerId ledger) const {
  std::vector<SerialRange> ranges;
  if (ledger.raw() >= ledgers_.size()) return ranges;
  const LedgerSerials& serials = ledgers_[ledger.raw()];
  if (account.raw() >= serials.queues.size()) return ranges;
  for (const Span span : serials.queues[account.raw()].spans()) {
    ranges.push_back(RangeOf(serials, span));
  }
  return ranges;
}

std::int64_t SerialLineage::issued(LedgerId ledger) const {
  return ledger.raw() < ledgers_.size() ? ledgers_[ledger.raw()].issued : 0;
}

std::int64_t SerialLineage::range_count() const {
  std::int64_t count = 0;
  for (const LedgerSerials& serials : ledgers_) {
    for (const Queue& queue : serials.queues) {
      count += static_cast<std::int64_t>(queue.spans().size());
    }
  }
  return count;
}

void SerialLineage::CheckInvariants() const {
  for (const LedgerSerials& serials : ledgers_) {
    std::vector<Span> all;
    for (const Queue& queue : serials.queues) {
      all.insert(all.end(), queue.spans().begin(), queue.spans().end());
    }
    std::sort(all.begin(), all.end(),
              [](const Span& a, const Span& b) { return a.first < b.first; });
    std::int64_t next = 1;
    for (const Span& span : all) {
      ETS_ASSERT(span.first == next && span.last >= span.first);
      next = span.last + 1;
    }
    ETS_ASSERT(next == serials.issued + 1);
  }
}

}  // namespace ets::registry
