#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "registry/commands.h"
#include "registry/profile.h"

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
// declares:
//   FIFO          the debited account's oldest acquisition leaves first
//   LIFO          its newest leaves first
//   proportional  each of its ranges gives in proportion to its size; the remainders of one unit go
//   to
//                 the ranges with the largest fraction, the older first
// Equal transfers give equal lineage. Units of money have no serials. A carry-over retires the old
// serials and issues new ones. Not thread-safe.
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
  const std::vector<Retired>& retired() const { return retired_; }
  std::int64_t issued(LedgerId ledger) const;

  // Asserts that ranges of a ledger are disjoint and add up to what was issued (I12).
  void CheckInvariants() const;

 private:
  std::vector<SerialRange> Remove(AccountId account, LedgerId ledger, std::int64_t amount);

  Lineage convention_;
  // By account and ledger, in order of acquisition.
  std::unordered_map<std::uint64_t, std::vector<SerialRange>> ranges_;
  std::unordered_map<std::uint16_t, std::int64_t> issued_;
  std::vector<Retired> retired_;
};

}  // namespace ets::registry
