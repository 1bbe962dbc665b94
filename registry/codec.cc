#include "registry/codec.h"

#include <tuple>
#include <type_traits>
#include <utility>

#include "registry/packing.h"

namespace ets::registry {

// The fields of each command, in their order on disk. The one list for writing and reading.
constexpr auto FieldsOf(Is<RequestKey> auto& s) { return std::tie(s.id, s.digest); }
constexpr auto FieldsOf(Is<Receipt> auto& s) { return std::tie(s.id, s.amount, s.failed); }
constexpr auto FieldsOf(Is<OpenAccount> auto& s) { return std::tie(s.kind, s.entity); }
constexpr auto FieldsOf(Is<OpenLedger> auto& s) {
  return std::tie(s.unit.type, s.unit.currency, s.unit.vintage, s.cap);
}
constexpr auto FieldsOf(Is<SetCap> auto& s) { return std::tie(s.ledger, s.cap); }
constexpr auto FieldsOf(Is<Issue> auto& s) { return std::tie(s.to, s.ledger, s.amount, s.code); }
constexpr auto FieldsOf(Is<MakeTransfer> auto& s) { return FieldsOf(s.transfer); }
constexpr auto FieldsOf(Is<DepositMonthlyData> auto& s) {
  return std::tie(s.entity, s.year, s.month, s.emissions);
}
constexpr auto FieldsOf(Is<ReportEmissions> auto& s) {
  return std::tie(s.entity, s.year, s.emissions);
}
constexpr auto FieldsOf(Is<VerifyEmissions> auto& s) {
  return std::tie(s.entity, s.year, s.emissions);
}
constexpr auto FieldsOf(Is<Allocate> auto& s) {
  return std::tie(s.from, s.holder, s.ledger, s.year, s.amount, s.code);
}
constexpr auto FieldsOf(Is<TakeBack> auto& s) {
  return std::tie(s.holder, s.to, s.ledger, s.year, s.amount);
}
constexpr auto FieldsOf(Is<Surrender> auto& s) {
  return std::tie(s.holder, s.ledger, s.year, s.amount);
}
constexpr auto FieldsOf(Is<AssessCompliance> auto& s) { return std::tie(s.entity, s.year); }
constexpr auto FieldsOf(Is<ConvertUnits> auto& s) {
  return std::tie(s.holder, s.from, s.to, s.amount);
}
constexpr auto FieldsOf(Is<ExpireLedger> auto& s) { return std::tie(s.ledger); }
constexpr auto FieldsOf(Is<AdvanceTo> auto& s) { return std::tie(s.sim_time); }
constexpr auto FieldsOf(Is<DayClosed> auto& s) {
  return std::tie(s.date, s.settlement_sequence, s.registry_state_hash, s.market_state_hash);
}
constexpr auto FieldsOf(Is<SettlementFill> auto& s) {
  return std::tie(s.seller_escrow, s.buyer_escrow, s.unit_ledger, s.cash_ledger, s.quantity, s.cash,
                  s.trade_id, s.code);
}
constexpr auto FieldsOf(Is<SettlementWithdrawal> auto& s) {
  return std::tie(s.escrow, s.holder, s.ledger, s.amount);
}
constexpr auto FieldsOf(Is<Settle> auto& s) { return std::tie(s.sequence, s.fills, s.withdrawals); }
constexpr auto FieldsOf(Is<SetAccount> auto& s) {
  return std::tie(s.account, s.capabilities, s.may_leave_trusted_list);
}
constexpr auto FieldsOf(Is<CloseAccount> auto& s) { return std::tie(s.account); }
constexpr auto FieldsOf(Is<SetEntity> auto& s) {
  return std::tie(s.entity, s.first_year, s.last_year, s.group);
}
constexpr auto FieldsOf(Is<ExcludeYear> auto& s) { return std::tie(s.entity, s.year, s.excluded); }
constexpr auto FieldsOf(Is<AddTrusted> auto& s) { return std::tie(s.account, s.target); }
constexpr auto FieldsOf(Is<RemoveTrusted> auto& s) { return std::tie(s.account, s.target); }
constexpr auto FieldsOf(Is<SetPrincipal> auto& s) {
  return std::tie(s.principal, s.role, s.active, s.name, s.token_hash);
}
constexpr auto FieldsOf(Is<SetGrant> auto& s) { return std::tie(s.principal, s.account, s.rights); }
constexpr auto FieldsOf(Is<CancelUnits> auto& s) {
  return std::tie(s.holder, s.ledger, s.amount, s.beneficiary, s.statement);
}
constexpr auto FieldsOf(Is<BatchItem> auto& s) {
  return std::tuple_cat(FieldsOf(s.transfer), std::tie(s.linked));
}
constexpr auto FieldsOf(Is<TransferBatch> auto& s) { return std::tie(s.items); }
constexpr auto FieldsOf(Is<ReserveTransfer> auto& s) {
  return std::tuple_cat(FieldsOf(s.transfer), std::tie(s.expires_at));
}
constexpr auto FieldsOf(Is<PostPending> auto& s) { return std::tie(s.pending, s.amount); }
constexpr auto FieldsOf(Is<VoidPending> auto& s) { return std::tie(s.pending); }
constexpr auto FieldsOf(Is<Freeze> auto& s) {
  return std::tie(s.account, s.ledger, s.amount, s.until, s.authority);
}
constexpr auto FieldsOf(Is<Unfreeze> auto& s) { return std::tie(s.freeze); }
constexpr auto FieldsOf(Is<ReverseTransfer> auto& s) { return std::tie(s.sequence, s.index); }
constexpr auto FieldsOf(Is<Propose> auto& s) { return std::tie(s.principal, s.kind, s.payload); }
constexpr auto FieldsOf(Is<ApproveTask> auto& s) { return std::tie(s.task, s.principal); }
constexpr auto FieldsOf(Is<RejectTask> auto& s) { return std::tie(s.task, s.principal); }
constexpr auto FieldsOf(Is<AbortTask> auto& s) { return std::tie(s.task, s.principal); }
constexpr auto FieldsOf(Is<SetEntitlement> auto& s) {
  return std::tie(s.entity, s.year, s.table, s.amount, s.withheld);
}
constexpr auto FieldsOf(Is<RunAllocation> auto& s) {
  return std::tie(s.year, s.table, s.from, s.ledger);
}
constexpr auto FieldsOf(Is<ReturnExcess> auto& s) {
  return std::tie(s.holder, s.to, s.ledger, s.year, s.table, s.amount);
}
constexpr auto FieldsOf(Is<CorrectEmissions> auto& s) {
  return std::tie(s.entity, s.year, s.emissions, s.source, s.withdrawn);
}
constexpr auto FieldsOf(Is<SurrenderInOrder> auto& s) {
  return std::tie(s.holder, s.year, s.amount);
}
constexpr auto FieldsOf(Is<EmissionsEntry> auto& s) { return std::tie(s.entity, s.emissions); }
constexpr auto FieldsOf(Is<RunCompliance> auto& s) {
  return std::tie(s.year, s.surrender, s.assess, s.emissions);
}
constexpr auto FieldsOf(Is<BeginBranch> auto& s) {
  return std::tie(s.branch, s.parent_head, s.profile_text);
}

namespace {

constexpr std::uint16_t kFirstCommandKind = static_cast<std::uint16_t>(RecordKind::kOpenAccount);
static_assert(std::variant_size_v<Command> + kFirstCommandKind == kRecordKindCount,
              "each command has its RecordKind");

template <std::size_t... kIndex>
bool GetCommand(std::size_t index, ByteReader& in, Command& command,
                std::index_sequence<kIndex...>) {
  const auto get = [&]<std::size_t kThis>() {
    if (index != kThis) return false;
    if (command.index() != kThis) command.emplace<kThis>();
    Unpack(in, *std::get_if<kThis>(&command));
    return true;
  };
  return (get.template operator()<kIndex>() || ...);
}

bool GetCommand(RecordKind kind, ByteReader& in, Command& command) {
  const auto number = static_cast<std::size_t>(kind);
  return number >= kFirstCommandKind &&
         GetCommand(number - kFirstCommandKind, in, command,
                    std::make_index_sequence<std::variant_size_v<Command>>());
}

// A batch's transfers are its items that were applied; they are not written twice.
void TransfersOf(const TransferBatch& batch, Record& record) {
  record.item_results.resize(batch.items.size());
  for (std::size_t i = 0; i < batch.items.size(); ++i) {
    if (record.item_results[i] == Refusal{}) record.transfers.push_back(batch.items[i].transfer);
  }
}

}  // namespace

std::string_view ToString(RecordKind kind) {
  switch (kind) {
    case RecordKind::kProfile:
      return "profile";
    case RecordKind::kOpenAccount:
      return "open_account";
    case RecordKind::kOpenLedger:
      return "open_ledger";
    case RecordKind::kSetCap:
      return "set_cap";
    case RecordKind::kIssue:
      return "issue";
    case RecordKind::kMakeTransfer:
      return "make_transfer";
    case RecordKind::kDepositMonthlyData:
      return "deposit_monthly_data";
    case RecordKind::kReportEmissions:
      return "report_emissions";
    case RecordKind::kVerifyEmissions:
      return "verify_emissions";
    case RecordKind::kAllocate:
      return "allocate";
    case RecordKind::kTakeBack:
      return "take_back";
    case RecordKind::kSurrender:
      return "surrender";
    case RecordKind::kAssessCompliance:
      return "assess_compliance";
    case RecordKind::kConvertUnits:
      return "convert_units";
    case RecordKind::kExpireLedger:
      return "expire_ledger";
    case RecordKind::kAdvanceTo:
      return "advance_to";
    case RecordKind::kDayClosed:
      return "day_closed";
    case RecordKind::kSettle:
      return "settle";
    case RecordKind::kSetAccount:
      return "set_account";
    case RecordKind::kCloseAccount:
      return "close_account";
    case RecordKind::kSetEntity:
      return "set_entity";
    case RecordKind::kExcludeYear:
      return "exclude_year";
    case RecordKind::kAddTrusted:
      return "add_trusted";
    case RecordKind::kRemoveTrusted:
      return "remove_trusted";
    case RecordKind::kSetPrincipal:
      return "set_principal";
    case RecordKind::kSetGrant:
      return "set_grant";
    case RecordKind::kCancelUnits:
      return "cancel_units";
    case RecordKind::kTransferBatch:
      return "transfer_batch";
    case RecordKind::kReserveTransfer:
      return "reserve_transfer";
    case RecordKind::kPostPending:
      return "post_pending";
    case RecordKind::kVoidPending:
      return "void_pending";
    case RecordKind::kFreeze:
      return "freeze";
    case RecordKind::kUnfreeze:
      return "unfreeze";
    case RecordKind::kReverseTransfer:
      return "reverse_transfer";
    case RecordKind::kPropose:
      return "propose";
    case RecordKind::kApproveTask:
      return "approve_task";
    case RecordKind::kRejectTask:
      return "reject_task";
    case RecordKind::kAbortTask:
      return "abort_task";
    case RecordKind::kSetEntitlement:
      return "set_entitlement";
    case RecordKind::kRunAllocation:
      return "run_allocation";
    case RecordKind::kReturnExcess:
      return "return_excess";
    case RecordKind::kCorrectEmissions:
      return "correct_emissions";
    case RecordKind::kSurrenderInOrder:
      return "surrender_in_order";
    case RecordKind::kRunCompliance:
      return "run_compliance";
    case RecordKind::kBeginBranch:
      return "begin_branch";
  }
  return "unknown";
}

RecordKind KindOf(const Command& command) {
  return static_cast<RecordKind>(kFirstCommandKind + command.index());
}

RecordKind KindOf(const JournalRecord& record) {
  return static_cast<RecordKind>(record.kind & ~kHasRequest);
}

void EncodeRequest(const RequestKey& request, std::string& payload) { Pack(request, payload); }

void EncodeCommand(const Command& command, std::string& payload) {
  std::visit([&payload](const auto& c) { Pack(c, payload); }, command);
}

void EncodeOutcome(const Command& command, const OutcomeView& outcome, std::string& payload) {
  Pack(outcome.refusal.value_or(Refusal{}), payload);
  if (outcome.refusal) return;
  Pack(outcome.receipt, payload);
  ByteWriter out(payload);
  if (std::holds_alternative<TransferBatch>(command)) {
    // Most batches are applied whole and say so with a count of 0.
    const std::size_t count = outcome.receipt.failed == 0 ? 0 : outcome.item_results.size();
    out.Put(static_cast<std::uint32_t>(count));
    for (std::size_t i = 0; i < count; ++i) out.Put(outcome.item_results[i]);
    return;
  }
  out.Put(static_cast<std::uint32_t>(outcome.transfers.size()));
  for (const Transfer& transfer : outcome.transfers) Pack(transfer, payload);
}

bool Decode(const JournalRecord& journal_record, Record& record) {
  if (journal_record.version != kPayloadVersion) return false;
  ByteReader in(journal_record.payload);
  record.request.reset();
  if ((journal_record.kind & kHasRequest) != 0) Unpack(in, record.request.emplace());
  if (!GetCommand(KindOf(journal_record), in, record.command)) return false;
  record.refusal.reset();
  record.receipt = Receipt{};
  record.item_results.clear();
  record.transfers.clear();
  const auto refusal = in.Get<Refusal>();
  if (refusal != Refusal{}) {
    record.refusal = refusal;
    return in.ok() && in.empty();
  }
  record.receipt.sequence = journal_record.sequence;
  Unpack(in, record.receipt);
  const auto* const batch = std::get_if<TransferBatch>(&record.command);
  if (batch == nullptr) {
    Unpack(in, record.transfers);
    return in.ok() && in.empty();
  }
  Unpack(in, record.item_results);
  if (!in.ok() || !in.empty() ||
      (!record.item_results.empty() && record.item_results.size() != batch->items.size())) {
    return false;
  }
  TransfersOf(*batch, record);
  return true;
}

bool DecodeCommand(RecordKind kind, std::string_view payload, Command& command) {
  ByteReader in(payload);
  return GetCommand(kind, in, command) && in.ok() && in.empty();
}

std::optional<std::string_view> DecodeProfileText(const JournalRecord& journal_record) {
  if (journal_record.kind != static_cast<std::uint16_t>(RecordKind::kProfile) ||
      journal_record.version != kPayloadVersion) {
    return {};
  }
  return journal_record.payload;
}

}  // namespace ets::registry
