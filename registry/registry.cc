#include "registry/registry.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/assert.h"
#include "registry/impl.h"

namespace ets::registry {
namespace {

std::string Describe(const MaybeRefusal& refusal, const Receipt& receipt, std::size_t transfers) {
  if (refusal) return "refused with " + std::string(ToString(*refusal));
  return "applied (id " + std::to_string(receipt.id) + ", amount " +
         std::to_string(receipt.amount) + ", failed " + std::to_string(receipt.failed) + ", " +
         std::to_string(transfers) + " transfers)";
}

std::string Describe(const Transfer& transfer) {
  return std::string(ToString(transfer.code)) + " of " + std::to_string(transfer.amount) +
         " in ledger " + std::to_string(transfer.ledger.raw()) + " from account " +
         std::to_string(transfer.debit.raw()) + " to " + std::to_string(transfer.credit.raw());
}

}  // namespace

// ---- One command from end to end ----

Registry::Impl::Impl(const Profile& the_profile, Journal* the_journal)
    : profile(the_profile), journal(the_journal) {
  SetNow(0);
  ScheduleAll();
}

MaybeRefusal Registry::Impl::CheckAny(const Command& command) const {
  return std::visit([this](const auto& c) { return Check(c); }, command);
}

Receipt Registry::Impl::DoAny(const Command& command) {
  return std::visit([this](const auto& c) { return Do(c); }, command);
}

Outcome Registry::Impl::Run(const Envelope& envelope, const Command& command) {
  transfers.clear();
  batch_results.clear();
  this_record = sequence + 1;
  const MaybeRefusal too_early =
      envelope.sim_time < latest
          ? Refuse(Refusal::kTimeGoesBack, {.asked = envelope.sim_time, .limit = latest})
          : MaybeRefusal();
  at = envelope.sim_time;
  Outcome outcome = too_early ? Outcome(Fail{*too_early})
                              : std::visit(
                                    [this](const auto& c) {
                                      const MaybeRefusal refusal = Check(c);
                                      return refusal ? Outcome(Fail{*refusal}) : Outcome(Do(c));
                                    },
                                    command);
  sequence = this_record;
  if (outcome.ok()) {
    latest = std::max(latest, envelope.sim_time);
    outcome.value().sequence = sequence;
  }
  return outcome;
}

const Receipt* Registry::Impl::AnsweredBefore(const Command& command) const {
  const Settle* const settle = std::get_if<Settle>(&command);
  if (settle == nullptr || settle->sequence < 1 || settle->sequence > settlement_answers.size()) {
    return nullptr;
  }
  return &settlement_answers[settle->sequence - 1].receipt;
}

void Registry::Impl::Write(RecordKind kind, const Envelope& envelope, bool has_request) {
  JournalRecord record;
  record.kind = static_cast<std::uint16_t>(kind);
  if (has_request) record.kind |= kHasRequest;
  record.version = kPayloadVersion;
  record.sequence = sequence;
  record.envelope = envelope;
  record.payload = payload;
  journal->Append(record);
}

std::string Registry::Impl::Compare(const Outcome& outcome, const Record& record) const {
  const MaybeRefusal refusal = outcome.ok() ? std::nullopt : std::optional(outcome.error());
  const Receipt receipt = outcome.ok() ? *outcome : Receipt{};
  if (refusal != record.refusal || receipt != record.receipt ||
      transfers.size() != record.transfers.size()) {
    return "recorded as " + Describe(record.refusal, record.receipt, record.transfers.size()) +
           ", replayed as " + Describe(refusal, receipt, transfers.size());
  }
  for (std::size_t i = 0; i < transfers.size(); ++i) {
    if (transfers[i] != record.transfers[i]) {
      return "transfer " + std::to_string(i) + " recorded as " + Describe(record.transfers[i]) +
             ", replayed as " + Describe(transfers[i]);
    }
  }
  if (!refusal && batch_results != record.item_results) return "other items of the batch refused";
  return {};
}

Registry::Registry(const Profile& profile, Journal* journal)
    : impl_(std::make_unique<Impl>(profile, journal)) {
  impl_->sequence = 1;
  if (journal == nullptr) return;
  impl_->payload = ProfileText(profile);
  impl_->Write(RecordKind::kProfile, {}, false);
}

Registry::~Registry() = default;
Registry::Registry(Registry&&) noexcept = default;
Registry& Registry::operator=(Registry&&) noexcept = default;

Result<Receipt, Refusal> Registry::Apply(const Envelope& envelope, const Command& command,
                                         const RequestKey* request) {
  Impl& impl = *impl_;
  if (const Receipt* const answer = impl.AnsweredBefore(command)) return *answer;
  const Outcome outcome = impl.Run(envelope, command);
  if (request != nullptr) ETS_ASSERT(impl.requests.Add(*request, impl.sequence));
  if (impl.journal != nullptr) {
    impl.payload.clear();
    if (request != nullptr) EncodeRequest(*request, impl.payload);
    EncodeCommand(command, impl.payload);
    OutcomeView view{{}, {}, impl.batch_results, impl.transfers};
    if (outcome.ok()) {
      view.receipt = *outcome;
    } else {
      view.refusal = outcome.error();
    }
    EncodeOutcome(command, view, impl.payload);
    impl.Write(KindOf(command), envelope, request != nullptr);
  }
  return outcome;
}

std::optional<Refusal> Registry::Check(const Command& command) {
  impl_->at = impl_->latest;
  impl_->this_record = impl_->sequence + 1;
  if (impl_->AnsweredBefore(command) != nullptr) return {};
  const MaybeRefusal refusal = impl_->CheckAny(command);
  const auto* const batch = std::get_if<TransferBatch>(&command);
  if (batch != nullptr && !refusal) impl_->CheckItems(*batch);
  return refusal;
}

const RefusalDetail& Registry::detail() const { return impl_->detail; }
std::span<const Refusal> Registry::batch_results() const { return impl_->batch_results; }
std::span<const Transfer> Registry::transfers() const { return impl_->transfers; }

std::optional<FoundRequest> Registry::FindRequest(const std::array<char, 16>& id) const {
  const RequestTable::Entry* const entry = impl_->requests.Find(id);
  if (entry == nullptr) return {};
  return FoundRequest{entry->sequence, entry->digest};
}

std::string Registry::Replay(const JournalRecord& record) {
  Impl& impl = *impl_;
  if (record.kind == static_cast<std::uint16_t>(RecordKind::kProfile)) {
    const auto profile = ProfileOf(record);
    if (!profile.ok()) return profile.error();
    if (impl.sequence != 1) return "a profile that is not the first record";
    return *profile == impl.profile ? "" : "the profile is not this registry's";
  }
  if (record.sequence != impl.sequence + 1) {
    return "sequence " + std::to_string(record.sequence) + " follows " +
           std::to_string(impl.sequence);
  }
  Record& decoded = impl.replayed;
  if (!Decode(record, decoded)) return "the payload cannot be decoded";
  if (impl.AnsweredBefore(decoded.command) != nullptr) {
    return "a settlement message recorded twice";
  }
  const auto* const day = std::get_if<DayClosed>(&decoded.command);
  if (day != nullptr && day->registry_state_hash != StateHash()) {
    return "the state hash of " + ToString(day->date) + " is not the one recorded";
  }
  const Outcome outcome = impl.Run(record.envelope, decoded.command);
  if (decoded.request && !impl.requests.Add(*decoded.request, impl.sequence)) {
    return "a request recorded twice";
  }
  return impl.Compare(outcome, decoded);
}

// ---- Snapshots and hash ----

void Registry::Save(std::string& out) const { impl_->Save(out); }

Result<Registry, std::string> Registry::Load(std::string_view bytes, Journal* journal) {
  Registry loaded(Profile{}, nullptr);
  const std::string error = loaded.impl_->Load(bytes);
  if (!error.empty()) return Fail{error};
  loaded.SetJournal(journal);
  return loaded;
}

void Registry::SetJournal(Journal* journal) { impl_->journal = journal; }

std::uint64_t Registry::StateHash() const { return impl_->StateHash(); }

std::uint64_t Registry::Impl::StateHash() const {
  ets::StateHash hash;
  hash.Add(std::string_view(branch));
  hash.Add(std::uint64_t{accounts.size()});
  for (const std::uint64_t part :
       {accounts.hash(), balances.hash(), holds.hash(), trusted.hash(), principals.hash(),
        grants.hash(), reversibles.hash(), cures.hash(), pendings.hash(), freezes.hash(),
        certificates.hash(), tasks.hash(), firms_hash, requests.hash(),
        std::uint64_t{settlement_answers.size()}, DueYears()}) {
    hash.Add(part);
  }
  hash.Add(surrendered);
  AddLedgers(hash);
  return hash.value();
}

void Registry::Impl::AddLedgers(ets::StateHash& hash) const {
  for (std::uint16_t id = 0; id < ledgers.size(); ++id) {
    Mix(ledgers[id], hash);
    hash.Add(ledgers[id].reserved);
    hash.Add(ledgers[id].incoming);
    hash.Add(ledgers[id].frozen);
    for (std::size_t pool = 0; pool < kPoolCount; ++pool) {
      hash.Add(balances.total(LedgerId(id), static_cast<Pool>(pool)));
    }
  }
}

std::uint64_t Registry::BooksHash() const { return impl_->BooksHash(); }

std::uint64_t Registry::Impl::BooksHash() const {
  ets::StateHash hash;
  hash.Add(std::uint64_t{accounts.size()});
  for (const std::uint64_t part :
       {accounts.hash(), balances.hash(), holds.hash(), trusted.hash(), cures.hash(),
        pendings.hash(), freezes.hash(), firms_hash, DueYears()}) {
    hash.Add(part);
  }
  hash.Add(surrendered);
  AddLedgers(hash);
  return hash.value();
}

void Registry::CheckInvariants() const { impl_->CheckInvariants(); }

// ---- Views ----

const Profile& Registry::profile() const { return impl_->profile; }
const std::string& Registry::branch() const { return impl_->branch; }
std::uint32_t Registry::account_count() const { return impl_->balances.account_count(); }
std::uint16_t Registry::ledger_count() const { return impl_->balances.ledger_count(); }

AccountView Registry::account(AccountId account) const {
  ETS_ASSERT(impl_->Exists(account));
  const Account& found = impl_->At(account);
  return {
      found.kind,     found.entity, found.capabilities, found.closed, found.may_leave_trusted_list,
      found.blocked()};
}

Unit Registry::unit(LedgerId ledger) const {
  ETS_ASSERT(impl_->Exists(ledger));
  return impl_->UnitOf(ledger);
}

LedgerId Registry::ledger(Unit unit) const {
  for (std::size_t id = 0; id < impl_->ledgers.size(); ++id) {
    if (impl_->ledgers[id].unit == unit) return LedgerId(static_cast<std::uint16_t>(id));
  }
  ETS_ASSERT(!"the unit has no ledger");
  return {};
}

bool Registry::has_ledger(Unit unit) const {
  return std::any_of(impl_->ledgers.begin(), impl_->ledgers.end(),
                     [unit](const LedgerInfo& ledger) { return ledger.unit == unit; });
}

std::int64_t Registry::balance(AccountId account, LedgerId ledger) const {
  ETS_ASSERT(impl_->Exists(account) && impl_->Exists(ledger));
  return impl_->balances.balance(account, ledger);
}

Holding Registry::holding(AccountId account, LedgerId ledger) const {
  Holding holding;
  holding.posted = balance(account, ledger);
  if (const Hold* const hold = impl_->FindHold(account, ledger)) {
    holding.reserved = hold->reserved;
    holding.frozen = hold->frozen;
    holding.incoming = hold->incoming;
  }
  return holding;
}

LedgerTotals Registry::totals(LedgerId ledger) const {
  ETS_ASSERT(impl_->Exists(ledger));
  const BalanceTable& balances = impl_->balances;
  return {balances.issued(ledger),
          balances.total(ledger, Pool::kHeld),
          balances.total(ledger, Pool::kSurrendered),
          balances.total(ledger, Pool::kCancelled),
          balances.total(ledger, Pool::kConverted),
          balances.total(ledger, Pool::kExpired),
          impl_->ledgers[ledger.raw()].reserved,
          impl_->ledgers[ledger.raw()].frozen};
}

std::int64_t Registry::cap(LedgerId ledger) const {
  ETS_ASSERT(impl_->Exists(ledger));
  return impl_->ledgers[ledger.raw()].cap;
}

std::int64_t Registry::holding_limit(LedgerId ledger) const {
  ETS_ASSERT(impl_->Exists(ledger));
  return impl_->HoldingLimit(ledger);
}

bool Registry::has_entity(std::uint32_t entity) const { return impl_->FindFirm(entity) != nullptr; }

std::vector<std::uint32_t> Registry::entities() const {
  std::vector<std::uint32_t> found;
  for (const Firm& firm : impl_->firms) found.push_back(firm.entity);
  std::sort(found.begin(), found.end());
  return found;
}

EntityView Registry::entity(std::uint32_t entity) const {
  const Firm* const firm = std::as_const(*impl_).FindFirm(entity);
  ETS_ASSERT(firm != nullptr);
  return {firm->info.first_year, firm->info.last_year, firm->info.group, firm->info.excluded};
}

ComplianceView Registry::compliance(std::uint32_t entity, std::uint16_t year) const {
  const Firm* const firm = std::as_const(*impl_).FindFirm(entity);
  const Year* const found = firm == nullptr ? nullptr : Impl::FindYear(*firm, year);
  if (found == nullptr) return {};
  return {found->verified,
          Tonnes(found->emissions),
          Tonnes(found->surrendered),
          Tonnes(found->offsets),
          found->symbol,
          Tonnes(found->shortfall),
          Tonnes(found->owed_in_units),
          Money::FromMinor(found->fine)};
}

ComplianceStatus Registry::status(std::uint32_t entity) const {
  const Firm* const firm = std::as_const(*impl_).FindFirm(entity);
  return firm == nullptr ? ComplianceStatus{} : impl_->LastStatus(*firm);
}

ComplianceStatus Registry::official_status(std::uint32_t entity) const {
  const Firm* const firm = std::as_const(*impl_).FindFirm(entity);
  if (firm == nullptr || impl_->profile.status_frozen.month == 0) return status(entity);
  return firm->official;
}

std::vector<ComplianceStatus> Registry::status_events(std::uint32_t entity) const {
  const Firm* const firm = std::as_const(*impl_).FindFirm(entity);
  return firm == nullptr ? std::vector<ComplianceStatus>{} : firm->events;
}

std::vector<EmissionsVersion> Registry::emissions(std::uint32_t entity, std::uint16_t year) const {
  std::vector<EmissionsVersion> versions;
  const Firm* const firm = std::as_const(*impl_).FindFirm(entity);
  if (firm == nullptr) return versions;
  for (const YearVersion& kept : firm->versions) {
    if (kept.year == year) versions.push_back(kept.version);
  }
  return versions;
}

std::vector<EntitlementView> Registry::entitlements(std::uint32_t entity) const {
  const Firm* const firm = std::as_const(*impl_).FindFirm(entity);
  return firm == nullptr ? std::vector<EntitlementView>{} : firm->entitlements;
}

std::uint32_t Registry::task_count() const {
  return static_cast<std::uint32_t>(impl_->tasks.size());
}
TaskView Registry::task(std::uint32_t task) const {
  ETS_ASSERT(task >= 1 && task <= task_count());
  return impl_->tasks[task - 1].view;
}
std::uint32_t Registry::pending_count() const {
  return static_cast<std::uint32_t>(impl_->pendings.size());
}
PendingView Registry::pending(std::uint32_t pending) const {
  ETS_ASSERT(pending >= 1 && pending <= pending_count());
  return impl_->pendings[pending - 1];
}
std::uint32_t Registry::freeze_count() const {
  return static_cast<std::uint32_t>(impl_->freezes.size());
}
FreezeView Registry::freeze(std::uint32_t freeze) const {
  ETS_ASSERT(freeze >= 1 && freeze <= freeze_count());
  return impl_->freezes[freeze - 1];
}
std::uint32_t Registry::certificate_count() const {
  return static_cast<std::uint32_t>(impl_->certificates.size());
}
CertificateView Registry::certificate(std::uint32_t certificate) const {
  ETS_ASSERT(certificate >= 1 && certificate <= certificate_count());
  return impl_->certificates[certificate - 1];
}

std::vector<TrustedView> Registry::trusted(AccountId account) const {
  ETS_ASSERT(impl_->Exists(account));
  std::vector<TrustedView> list;
  for (auto entry = impl_->trusted.From({account.raw(), 0});
       entry != impl_->trusted.end() && entry->first.first == account.raw(); ++entry) {
    list.push_back({AccountId(static_cast<std::uint32_t>(entry->first.second)), entry->second.state,
                    entry->second.effective_at});
  }
  return list;
}

bool Registry::is_trusted(AccountId account, AccountId target) const {
  ETS_ASSERT(impl_->Exists(account) && impl_->Exists(target));
  return impl_->IsTrusted(account, target);
}

std::vector<PrincipalView> Registry::principals() const {
  std::vector<PrincipalView> list;
  for (const auto& [key, principal] : impl_->principals) list.push_back(principal);
  return list;
}

const PrincipalView* Registry::FindPrincipal(std::uint32_t principal) const {
  return impl_->principals.Find({principal, 0});
}

Rights Registry::rights(std::uint32_t principal, AccountId account) const {
  const Rights* const found = impl_->grants.Find({principal, account.raw()});
  return found == nullptr ? Rights{0} : *found;
}

SimTime Registry::now() const { return impl_->now; }
SimTime Registry::next_due() const {
  return impl_->timers.empty() ? std::numeric_limits<SimTime>::max() : impl_->timers.begin()->due;
}
std::uint64_t Registry::sequence() const { return impl_->sequence; }
std::uint64_t Registry::settlement_sequence() const { return impl_->settlement_answers.size(); }

// ---- For readers of a journal ----

Result<Profile, std::string> Registry::ProfileOf(const JournalRecord& record) {
  const auto text = DecodeProfileText(record);
  if (!text || record.sequence != 1) {
    return Fail{std::string("not a registry journal: its first record is no registry profile")};
  }
  auto profile = ParseProfile(*text);
  if (!profile.ok()) return Fail{"the profile in record 1: " + profile.error()};
  return std::move(profile.value());
}

bool Registry::DecodeTransfers(const JournalRecord& record, std::vector<Transfer>& transfers) {
  transfers.clear();
  if (record.kind == static_cast<std::uint16_t>(RecordKind::kProfile)) return true;
  Record decoded;
  if (!Decode(record, decoded)) return false;
  transfers = std::move(decoded.transfers);
  return true;
}

std::string_view ToString(TaskState state) {
  switch (state) {
    case TaskState::kAwaitingApproval:
      return "awaiting_approval";
    case TaskState::kAwaitingReceiver:
      return "awaiting_receiver";
    case TaskState::kDelayed:
      return "delayed";
    case TaskState::kCompleted:
      return "completed";
    case TaskState::kRejected:
      return "rejected";
    case TaskState::kAborted:
      return "aborted";
    case TaskState::kExpired:
      return "expired";
    case TaskState::kFailed:
      return "failed";
  }
  return "unknown";
}

std::string_view ToString(PendingState state) {
  switch (state) {
    case PendingState::kPending:
      return "pending";
    case PendingState::kPosted:
      return "posted";
    case PendingState::kVoided:
      return "voided";
    case PendingState::kExpired:
      return "expired";
  }
  return "unknown";
}

}  // namespace ets::registry
