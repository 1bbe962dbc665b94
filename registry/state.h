#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "registry/packing.h"
#include "registry/registry.h"

// What the registry keeps. Each struct lists its fields once, for the snapshot and for the state
// hash; what can be derived from the rest is not in the list.
namespace ets::registry {

struct Account {
  AccountKind kind{};
  Capabilities capabilities = kMayAll;
  bool closed = false;
  bool may_leave_trusted_list = false;
  bool unsettled = false;          // A pair of it failed to settle.
  bool emissions_missing = false;  // Those of the year before, after the day they were due.
  std::uint32_t entity = 0;
  std::uint32_t holds = 0;  // Derived: ledgers with a Hold.

  bool blocked() const { return unsettled || emissions_missing; }
};
constexpr auto FieldsOf(Is<Account> auto& s) {
  return std::tie(s.kind, s.capabilities, s.closed, s.may_leave_trusted_list, s.unsettled,
                  s.emissions_missing, s.entity);
}

struct LedgerInfo {
  Unit unit;
  std::int64_t cap = 0;
  std::int64_t converted_in = 0;  // Issued by carry-over, which the cap does not count.
  std::int64_t over_cap = 0;      // Issued above the cap under a law that only warns.
  std::int64_t reserved = 0;      // Derived: over all accounts.
  std::int64_t incoming = 0;
  std::int64_t frozen = 0;  // As far as there is something to bind.
};
constexpr auto FieldsOf(Is<LedgerInfo> auto& s) {
  return std::tie(s.unit.type, s.unit.currency, s.unit.vintage, s.cap, s.converted_in, s.over_cap);
}

// What binds a part of one account's balance in one ledger.
struct Hold {
  std::int64_t reserved = 0;
  std::int64_t incoming = 0;
  std::int64_t frozen = 0;

  bool empty() const { return reserved == 0 && incoming == 0 && frozen == 0; }
};
constexpr auto FieldsOf(Is<Hold> auto& s) { return std::tie(s.reserved, s.incoming, s.frozen); }

// What one entity owes for one year, and how far it has got.
struct Year {
  std::uint16_t year = 0;
  bool verified = false;  // A version is recorded and not withdrawn.
  bool allocation_closed = false;
  EmissionsSource source = EmissionsSource::kVerified;
  ComplianceSymbol symbol = ComplianceSymbol::kOpen;
  std::int64_t reported = 0;
  std::int64_t emissions = 0;  // Of the version that holds.
  std::int64_t surrendered = 0;
  std::int64_t offsets = 0;
  std::int64_t shortfall = 0;  // At the assessment, like the next and the last.
  std::int64_t owed_in_units = 0;
  std::int64_t offsets_in_arrears = 0;  // Of those owed in units.
  std::int64_t fine = 0;
};
constexpr auto FieldsOf(Is<Year> auto& s) {
  return std::tie(s.year, s.verified, s.allocation_closed, s.source, s.symbol, s.reported,
                  s.emissions, s.surrendered, s.offsets, s.shortfall, s.owed_in_units,
                  s.offsets_in_arrears, s.fine);
}

struct YearVersion {
  std::uint16_t year = 0;
  EmissionsVersion version;
};
constexpr auto FieldsOf(Is<YearVersion> auto& s) {
  return std::tie(s.year, s.version.version, s.version.emissions, s.version.source,
                  s.version.withdrawn, s.version.recorded_at);
}

struct FirmInfo {
  std::uint16_t first_year = 0;
  std::uint16_t last_year = 0;
  std::uint32_t group = 0;
  std::vector<std::uint16_t> excluded;  // Sorted.
};
constexpr auto FieldsOf(Is<FirmInfo> auto& s) {
  return std::tie(s.first_year, s.last_year, s.group, s.excluded);
}
constexpr auto FieldsOf(Is<ComplianceStatus> auto& s) {
  return std::tie(s.figure, s.symbol, s.corrected, s.year, s.as_of);
}
constexpr auto FieldsOf(Is<EntitlementView> auto& s) {
  return std::tie(s.entity, s.year, s.table, s.version, s.amount, s.allocated, s.returned,
                  s.reversed, s.withheld);
}

// Everything known of one entity.
struct Firm {
  std::uint32_t entity = 0;
  FirmInfo info;
  std::vector<Year> years;                    // Sorted.
  std::vector<YearVersion> versions;          // As recorded.
  std::vector<EntitlementView> entitlements;  // By year and table.
  std::vector<ComplianceStatus> events;       // Oldest first.
  ComplianceStatus official;
  std::vector<AccountId> accounts;  // Derived: those with this entity, escrow left out.
};
constexpr auto FieldsOf(Is<Firm> auto& s) {
  return std::tie(s.entity, s.info, s.years, s.versions, s.entitlements, s.events, s.official);
}

constexpr auto FieldsOf(Is<PendingView> auto& s) {
  return std::tie(s.pending, s.transfer, s.expires_at, s.state, s.posted_amount);
}
constexpr auto FieldsOf(Is<FreezeView> auto& s) {
  return std::tie(s.freeze, s.account, s.ledger, s.amount, s.until, s.active, s.authority);
}
constexpr auto FieldsOf(Is<CertificateView> auto& s) {
  return std::tie(s.certificate, s.holder, s.ledger, s.amount, s.sequence, s.at, s.beneficiary,
                  s.statement);
}
constexpr auto FieldsOf(Is<PrincipalView> auto& s) {
  return std::tie(s.principal, s.role, s.active, s.name, s.token_hash);
}

// A proposed command and the debit it keeps reserved until it is carried out or falls.
struct Task {
  TaskView view;
  std::optional<Transfer> reserved;
};
constexpr auto FieldsOf(Is<Task> auto& s) {
  return std::tie(s.view.task, s.view.kind, s.view.payload, s.view.initiator, s.view.approver,
                  s.view.accepter, s.view.state, s.view.proposed_at, s.view.execute_at,
                  s.view.expires_at, s.view.refusal, s.view.sequence, s.reserved);
}

struct TrustedEntry {
  TrustState state{};
  SimTime effective_at = 0;
};
constexpr auto FieldsOf(Is<TrustedEntry> auto& s) { return std::tie(s.state, s.effective_at); }

// A surrender, cancellation or allocation that may be undone.
struct Reversible {
  Transfer transfer;
  SimTime at = 0;
  bool in_arrears = false;  // A surrender against what was owed in units.
  bool reversed = false;
};
constexpr auto FieldsOf(Is<Reversible> auto& s) {
  return std::tie(s.transfer, s.at, s.in_arrears, s.reversed);
}

// What a settlement message was told, for when it comes again.
struct Answer {
  Receipt receipt;
};
constexpr auto FieldsOf(Is<Answer> auto& s) {
  return std::tie(s.receipt.sequence, s.receipt.failed);
}

// Two numbers that name an entry of a Table, ordered by the first.
struct Key {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  friend auto operator<=>(const Key&, const Key&) = default;
};
constexpr auto FieldsOf(Is<Key> auto& s) { return std::tie(s.first, s.second); }

template <typename T>
std::uint64_t HashOf(Key key, const T& value) {
  StateHash hash;
  hash.Add(key.first);
  hash.Add(key.second);
  Mix(value, hash);
  return hash.value();
}

// A list that grows at its end, with a running hash of what is in it.
template <typename T>
class Rows {
 public:
  const T& operator[](std::size_t index) const { return rows_[index]; }
  std::size_t size() const { return rows_.size(); }
  auto begin() const { return rows_.begin(); }
  auto end() const { return rows_.end(); }
  std::uint64_t hash() const { return hash_; }

  void Add(T row) {
    hash_ += HashOf({rows_.size(), 0}, row);
    rows_.push_back(std::move(row));
  }
  template <typename Edit>
  void Change(std::size_t index, const Edit& edit) {
    hash_ -= HashOf({index, 0}, rows_[index]);
    edit(rows_[index]);
    hash_ += HashOf({index, 0}, rows_[index]);
  }
  // For what is not in FieldsOf().
  T& Derived(std::size_t index) { return rows_[index]; }

  const std::vector<T>& rows() const { return rows_; }
  void Fill(std::vector<T> rows) {
    rows_ = std::move(rows);
    hash_ = 0;
    for (std::size_t i = 0; i < rows_.size(); ++i) hash_ += HashOf({i, 0}, rows_[i]);
  }

 private:
  std::vector<T> rows_;
  std::uint64_t hash_ = 0;
};

// Entries by Key, in order, with a running hash.
template <typename T>
class Table {
 public:
  const T* Find(Key key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : &found->second;
  }
  bool contains(Key key) const { return entries_.contains(key); }
  auto begin() const { return entries_.begin(); }
  auto end() const { return entries_.end(); }
  auto From(Key key) const { return entries_.lower_bound(key); }
  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  std::uint64_t hash() const { return hash_; }

  // Makes the entry if there is none.
  template <typename Edit>
  const T& Change(Key key, const Edit& edit) {
    const auto [place, is_new] = entries_.try_emplace(key);
    if (!is_new) hash_ -= HashOf(key, place->second);
    edit(place->second);
    hash_ += HashOf(key, place->second);
    return place->second;
  }
  void Erase(Key key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return;
    hash_ -= HashOf(key, found->second);
    entries_.erase(found);
  }

 private:
  std::map<Key, T> entries_;
  std::uint64_t hash_ = 0;
};

}  // namespace ets::registry
