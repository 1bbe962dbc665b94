#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/ids.h"
#include "registry/profile.h"
#include "registry/words.h"

namespace ets::registry {

// A range of serials of one ledger, both ends inside. Serials of a ledger are numbered from 1 in
// the order of issue.
struct SerialRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::uint64_t issued_at = 0;  // The journal record that issued them.

  std::int64_t count() const { return last - first + 1; }
  friend bool operator==(const SerialRange&, const SerialRange&) = default;
};

// Which serials are where. Allowances are fungible by law (Reg. (EU) 2019/1122 Art. 36), so a
// transfer carries quantities only and costs two integers; this projector reads the transfers of a
// journal in order and says which serials travelled, under the convention that the profile
// declares. What an account has of a ledger is a queue of serials in the order of acquisition;
// neighbours of one issue are one range.
//   FIFO          what leaves is the front of the queue
//   LIFO          what leaves is its back
//   proportional  each range gives its first serials in proportion to its size, rounded down; the
//                 units still missing come one each from the ranges with the largest fraction, the
//                 older first
// What leaves keeps its order and joins the back of the receiver's queue. Equal transfers give
// equal lineage. Units of money have no serials. A carry-over retires the old serials and issues
// new ones; a reversal gives back the quantity, not the same serials (Art. 58(8)). FIFO and LIFO
// cost what they move; proportional costs what the account has. Not thread-safe.
class SerialLineage {
 public:
  explicit SerialLineage(Lineage convention) : convention_(convention) {}

  // REQUIRES: transfers in journal order. `is_issue`: the debit account is a source (kIssuance);
  // `is_cash`: the ledger counts money.
  void Take(const Transfer& transfer, std::uint64_t sequence, bool is_issue, bool is_cash);

  // In order of acquisition.
  std::vector<SerialRange> Of(AccountId account, LedgerId ledger) const;
  // What one transfer moved: kept for surrenders and cancellations only (their records' serials).
  struct Retired {
    std::uint64_t sequence = 0;
    AccountId from;
    LedgerId ledger;
    TransferCode code{};
    std::vector<SerialRange> serials;
  };
  const std::vector<Retired>& retired() const { return retired_; }  // In journal order.
  std::int64_t issued(LedgerId ledger) const;
  std::int64_t range_count() const;  // Of all accounts and ledgers: what memory is spent on.

  // Asserts that ranges of a ledger are disjoint and add up to what was issued (I12). Sorts all.
  void CheckInvariants() const;

 private:
  struct Span {
    std::int64_t first = 0;
    std::int64_t last = 0;
  };
  // A queue of spans. Takes from the front only move `head_`, until half of it is spent.
  class Queue {
   public:
    std::span<const Span> spans() const { return std::span(spans_).subspan(head_); }
    // `joins`: the span is the last one's neighbour, of the same issue.
    void Push(Span span, bool joins);
    bool EndsBefore(std::int64_t serial) const {
      return head_ < spans_.size() && spans_.back().last + 1 == serial;
    }
    // Append what leaves to `taken`. REQUIRES: the queue has that many.
    void TakeFront(std::int64_t amount, std::vector<Span>& taken);
    void TakeBack(std::int64_t amount, std::vector<Span>& taken);
    // Empties the queue and gives back what stays.
    std::vector<Span> TakeShares(std::int64_t amount, std::vector<Span>& taken);

   private:
    std::vector<std::int64_t> Shares(std::int64_t amount) const;

    std::vector<Span> spans_;
    std::size_t head_ = 0;
  };
  struct IssueBlock {
    std::int64_t first = 0;  // Serial.
    std::uint64_t sequence = 0;
  };
  struct LedgerSerials {
    std::int64_t issued = 0;
    std::vector<IssueBlock> issues;  // Sorted.
    std::vector<Queue> queues;       // By account.
  };

  LedgerSerials& LedgerAt(LedgerId ledger);
  static Queue& QueueAt(LedgerSerials& serials, AccountId account);
  static bool BeginsIssue(const LedgerSerials& serials, std::int64_t serial);
  static SerialRange RangeOf(const LedgerSerials& serials, Span span);
  void Put(LedgerSerials& serials, AccountId account, Span span);

  Lineage convention_;
  std::vector<LedgerSerials> ledgers_;  // By ledger.
  std::vector<Retired> retired_;
  std::vector<Span> taken_;  // By the transfer at hand.
};

}  // namespace ets::registry
