#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/journal.h"
#include "base/quantity.h"
#include "base/result.h"
#include "base/unit.h"
#include "registry/commands.h"
#include "registry/profile.h"
#include "registry/words.h"

namespace ets::registry {

// ---- Views: copies; they stay as they were when the registry moves on. ----

struct LedgerTotals {  // Per ledger; the left side equals the sum of the five below it.
  std::int64_t issued = 0;
  std::int64_t held =
      0;  // Everything outside the sinks: escrow, pools, reserved and frozen included.
  std::int64_t surrendered = 0;
  std::int64_t cancelled = 0;
  std::int64_t converted = 0;
  std::int64_t expired = 0;
  std::int64_t reserved =
      0;  // Of `held`: bound by pending transfers. Debits pending = credits pending.
  std::int64_t frozen = 0;  // Of `held`: bound by freezes, as far as there is something to bind.
};

struct Holding {
  std::int64_t posted = 0;
  std::int64_t reserved = 0;  // By pending transfers out.
  std::int64_t frozen = 0;    // By freezes; may exceed what is there.
  std::int64_t incoming = 0;  // Pending transfers in.
  std::int64_t available() const { return posted - reserved - frozen; }
};

struct AccountView {
  AccountKind kind{};
  std::uint32_t entity = 0;
  Capabilities capabilities = kMayAll;
  bool closed = false;
  bool may_leave_trusted_list = false;
  bool blocked = false;  // After a failed settlement, or without verified emissions: may not send.
};

struct EntityView {
  std::uint16_t first_year = 0;
  std::uint16_t last_year = 0;
  std::uint32_t group = 0;
  std::vector<std::uint16_t> excluded_years;  // Sorted.
};

struct EmissionsVersion {
  std::uint32_t version = 0;  // From 1.
  Tonnes emissions;
  EmissionsSource source{};
  bool withdrawn = false;
  SimTime recorded_at = 0;
};

// One emission year on its own.
enum class ComplianceSymbol : std::uint8_t { kOpen = 0, kCompliant = 1, kShort = 2 };
struct ComplianceView {
  bool verified = false;
  Tonnes emissions;    // Verified, else 0.
  Tonnes surrendered;  // Allowances and offsets, less what was reversed.
  Tonnes offsets;      // Of which offsets.
  ComplianceSymbol symbol = ComplianceSymbol::kOpen;
  Tonnes shortfall;      // At the assessment.
  Tonnes owed_in_units;  // kUnits: still owed on account of the shortfall's multiple.
  Money fine;            // kFixedFine: shortfall x fine.
};

// A firm's status as the profile's compliance rule has it. Kept as a list of events: one is added
// whenever figure or symbol changes, so the status at any time is the last event at or before it.
struct ComplianceStatus {
  std::int64_t figure = 0;  // t surrendered less t verified; negative: short.
  Symbol symbol = Symbol::kNone;
  bool corrected = false;  // Shown as '*': a figure was estimated or corrected by the authority.
  std::uint16_t year = 0;  // The last emission year that counts.
  SimTime as_of = 0;       // When it became so.

  friend bool operator==(const ComplianceStatus&, const ComplianceStatus&) = default;
};

enum class PendingState : std::uint8_t {
  kPending = 1,
  kPosted = 2,
  kVoided = 3,
  kExpired = 4,
};
struct PendingView {
  std::uint32_t pending = 0;
  Transfer transfer;
  SimTime expires_at = 0;
  PendingState state{};
  std::int64_t posted_amount = 0;
};

// On disk and on the wire. Append; never renumber.
enum class TaskState : std::uint8_t {
  kAwaitingApproval = 1,
  kDelayed = 2,  // Agreed; carried out at execute_at.
  kCompleted = 3,
  kRejected = 4,
  kAborted = 5,
  kExpired = 6,
  kFailed = 7,  // Refused when it was to be carried out; `refusal` says why. Nothing is reserved.
  kAwaitingReceiver = 8,  // Its own side has agreed; the receiving firm has not accepted yet.
};
std::string_view ToString(TaskState state);
std::string_view ToString(PendingState state);
struct TaskView {
  std::uint32_t task = 0;
  std::uint16_t kind = 0;  // RecordKind of the proposed command.
  std::string payload;     // Its EncodeCommand().
  std::uint32_t initiator = 0;
  std::uint32_t approver = 0;  // 0: nobody yet, or nobody needed.
  std::uint32_t accepter = 0;  // The receiver's representative; 0: the same.
  TaskState state{};
  SimTime proposed_at = 0;
  SimTime execute_at = 0;  // kDelayed and later; 0 before.
  SimTime expires_at = 0;  // kAwaitingApproval, kAwaitingReceiver; 0: never.
  std::optional<Refusal> refusal;
  std::uint64_t sequence = 0;  // kCompleted: the record that carried it out.
};

enum class TrustState : std::uint8_t { kPending = 1, kActive = 2 };
struct TrustedView {
  AccountId target;
  TrustState state{};
  SimTime effective_at = 0;
};

struct FreezeView {
  std::uint32_t freeze = 0;
  AccountId account;
  LedgerId ledger;
  std::int64_t amount = 0;
  SimTime until = 0;
  bool active = false;
  std::string authority;
};

struct EntitlementView {
  std::uint32_t entity = 0;
  std::uint16_t year = 0;
  std::uint8_t table = 0;
  std::uint32_t version = 0;
  std::int64_t amount = 0;
  std::int64_t allocated = 0;
  std::int64_t returned = 0;
  std::int64_t reversed = 0;
  bool withheld = false;
};

struct CertificateView {
  std::uint32_t certificate = 0;
  AccountId holder;
  LedgerId ledger;
  std::int64_t amount = 0;
  std::uint64_t sequence = 0;  // Of the cancellation; its serials are ListSerials' (lineage.h).
  SimTime at = 0;
  std::string beneficiary, statement;
};

struct PrincipalView {
  std::uint32_t principal = 0;
  Role role{};
  bool active = false;
  std::string name;
  std::array<char, 32> token_hash{};
};

// A request as its sender names it. The machine remembers every id for good; the answer to a retry
// is in the journal, at the record FoundRequest names.
struct RequestKey {
  std::array<char, 16> id{};  // Of a UUID.
  std::uint64_t digest = 0;   // Of the request's canonical bytes.
};
struct FoundRequest {
  std::uint64_t sequence = 0;
  std::uint64_t digest = 0;
};

// The registry: who holds which units and money, and who owes what. A single-writer deterministic
// state machine: equal commands give equal balances, journal records and hashes on any machine. It
// knows no clock, disk, network, thread or chance. Not thread-safe; const methods may run side by
// side.
//
// Every applied or refused command is appended to the journal with its outcome and the transfers it
// caused, before Apply() returns. A repeated Settle gets its old answer and is not written again.
// Record 1 holds the profile.
class Registry {
 public:
  // The journal may be null (nothing is written). It must outlive the registry.
  Registry(const Profile& profile, Journal* journal);
  ~Registry();
  Registry(Registry&&) noexcept;
  Registry& operator=(Registry&&) noexcept;

  // With `request` the record also keeps the request's id. REQUIRES: FindRequest(request->id) is
  // empty.
  Result<Receipt, Refusal> Apply(const Envelope& envelope, const Command& command,
                                 const RequestKey* request = nullptr);

  // Whether the command would be applied now, without applying it (validate_only). A TransferBatch
  // is checked item by item, a Settle for its sequence only.
  std::optional<Refusal> Check(const Command& command);

  // What the last refusal of Apply() or Check() was about.
  const RefusalDetail& detail() const;
  // By item of the last TransferBatch: its refusal, 0 when applied.
  std::span<const Refusal> batch_results() const;
  // Those the last applied command caused.
  std::span<const Transfer> transfers() const;

  std::optional<FoundRequest> FindRequest(const std::array<char, 16>& id) const;

  // Applies one record read back from a journal, without writing one, and checks that outcome and
  // transfers are those recorded: record 1 against the profile, a DayClosed against StateHash()
  // too. Returns an empty string, or what differs.
  std::string Replay(const JournalRecord& record);

  // The whole state as bytes, and back: a snapshot. Load() checks the state hash that Save() wrote;
  // a loaded registry goes on exactly as the saved one would. Or what is wrong with the bytes.
  void Save(std::string& out) const;
  static Result<Registry, std::string> Load(std::string_view bytes, Journal* journal);
  // Where the records of a loaded or replayed registry go from now on.
  void SetJournal(Journal* journal);

  const Profile& profile() const;
  const std::string& branch() const;  // "main" unless a BeginBranch said otherwise.
  std::uint32_t account_count() const;
  std::uint16_t ledger_count() const;
  AccountView account(AccountId account) const;
  Unit unit(LedgerId ledger) const;
  // The ledger of a unit; REQUIRES: it was opened (see has_ledger).
  LedgerId ledger(Unit unit) const;
  bool has_ledger(Unit unit) const;
  std::int64_t balance(AccountId account, LedgerId ledger) const;  // Posted.
  Holding holding(AccountId account, LedgerId ledger) const;
  LedgerTotals totals(LedgerId ledger) const;
  std::int64_t cap(LedgerId ledger) const;  // 0: none.
  // What a group may hold of a vintage, in t; 0: no limit.
  std::int64_t holding_limit(LedgerId ledger) const;

  bool has_entity(std::uint32_t entity) const;
  std::vector<std::uint32_t> entities() const;  // Sorted.
  EntityView entity(std::uint32_t entity) const;
  ComplianceView compliance(std::uint32_t entity, std::uint16_t year) const;
  ComplianceStatus status(std::uint32_t entity) const;
  // The status as of the profile's last status_frozen day at or before now; without such a rule,
  // status(). (EU Art. 33: frozen until the next 1 October.)
  ComplianceStatus official_status(std::uint32_t entity) const;
  std::vector<ComplianceStatus> status_events(std::uint32_t entity) const;  // Oldest first.
  std::vector<EmissionsVersion> emissions(std::uint32_t entity, std::uint16_t year) const;
  std::vector<EntitlementView> entitlements(std::uint32_t entity) const;  // By year and table.

  std::uint32_t task_count() const;  // Tasks, pendings, freezes, certificates are numbered from 1.
  TaskView task(std::uint32_t task) const;
  std::uint32_t pending_count() const;
  PendingView pending(std::uint32_t pending) const;
  std::uint32_t freeze_count() const;
  FreezeView freeze(std::uint32_t freeze) const;
  std::uint32_t certificate_count() const;
  CertificateView certificate(std::uint32_t certificate) const;
  std::vector<TrustedView> trusted(AccountId account) const;  // By target; automatic ones left out.
  bool is_trusted(AccountId account, AccountId target) const;  // Now; automatic ones included.
  std::vector<PrincipalView> principals() const;               // By number.
  const PrincipalView* FindPrincipal(std::uint32_t principal) const;
  Rights rights(std::uint32_t principal, AccountId account) const;

  SimTime now() const;
  SimTime next_due() const;  // When AdvanceTo next has something to do; max() when never.
  std::uint64_t sequence() const;
  std::uint64_t settlement_sequence() const;

  // Of everything above; the same for every implementation and machine. O(ledgers). DayClosed
  // carries the value before it is applied; it changes nothing itself.
  std::uint64_t StateHash() const;
  // Of what is held and owed alone, whatever it was asked for by and in which record: equal on two
  // branches that were told the same, and unchanged by a refusal. What people are shown.
  std::uint64_t BooksHash() const;

  // Asserts section "What must hold, always" of ARCHITECTURE.md: conservation per ledger, debits
  // equal credits, posted and pending, no negative balance but ISSUANCE and BANK, issued <= cap
  // where it binds, surrendered = its transfers less reversals, entitlements kept, nothing on
  // closed accounts, initiator and approver differ. O(accounts x ledgers + everything listed).
  void CheckInvariants() const;

  // The profile in a journal's first record, or why it is none. With it a reader makes the Registry
  // that Replay() needs.
  static Result<Profile, std::string> ProfileOf(const JournalRecord& record);

  // The transfers of a record's payload; for readers of a journal. False when it cannot be decoded.
  static bool DecodeTransfers(const JournalRecord& record, std::vector<Transfer>& transfers);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ets::registry
