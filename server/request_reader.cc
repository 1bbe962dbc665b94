#include "server/request_reader.h"

#include <limits>

#include "server/registry_errors.h"

namespace ets::server {

namespace {

constexpr LedgerId kNoLedger(std::numeric_limits<std::uint16_t>::max());

}  // namespace

void RequestReader::Wrong(std::string_view field, std::string_view value,
                          std::string_view allowed) {
  if (!error_) error_ = FieldError(field, value, allowed);
}

std::shared_ptr<LiveRegistry> RequestReader::shared_live() {
  if (error_) return nullptr;
  if (!live_) live_ = branches_.Find(names_.branch());
  if (!live_) {
    error_ =
        Error(Reason::kBranchNotFound, "branch " + wire::Quoted(names_.branch()) + " is not there",
              {{"branch", wire::Shortened(names_.branch())}});
  }
  return live_;
}

LiveRegistry* RequestReader::live() { return shared_live().get(); }

// ---- Names ----

void RequestReader::Parent(const std::string& name) { Take(names_.Parent("parent", name)); }

AccountId RequestReader::Account(std::string_view field, const std::string& name) {
  const wire::AccountName read = Take(names_.Account(field, name));
  if (read.kind) kinds_.emplace_back(read.account, *read.kind);
  return read.account;
}

wire::HoldingPath RequestReader::Holding(std::string_view field, const std::string& name) {
  const wire::HoldingPath read = Take(names_.Holding(field, name));
  if (read.account.kind) kinds_.emplace_back(read.account.account, *read.account.kind);
  return read;
}

Unit RequestReader::LedgerUnit(std::string_view field, const std::string& name) {
  return Take(names_.Ledger(field, name));
}

std::uint32_t RequestReader::Numbered(std::string_view field, const std::string& name,
                                      std::string_view collection) {
  return Take(names_.Numbered(field, name, collection));
}

wire::TransferPath RequestReader::Transfer(std::string_view field, const std::string& name) {
  return Take(names_.Transfer(field, name));
}

std::uint32_t RequestReader::Entity(std::string_view field, const std::string& name) {
  return Take(names_.Entity(field, name));
}

wire::EntityYear RequestReader::InEntity(std::string_view field, const std::string& name,
                                         std::string_view collection) {
  return Take(names_.InEntity(field, name, collection));
}

wire::EntitlementPath RequestReader::Entitlement(std::string_view field, const std::string& name) {
  return Take(names_.Entitlement(field, name));
}

// ---- Values ----

Unit RequestReader::UnitText(std::string_view field, const std::string& text) {
  return Take(wire::ParseUnitText(field, text));
}

LedgerId RequestReader::Ledger(std::string_view field, const std::string& unit) {
  return LedgerOf(UnitText(field, unit));
}

LedgerId RequestReader::LedgerOf(Unit unit) {
  units_.push_back(unit);
  const LiveRegistry* const registry = live();
  return registry != nullptr ? registry->FindLedger(unit).value_or(kNoLedger) : kNoLedger;
}

std::uint16_t RequestReader::Year(std::string_view field, std::uint32_t year) {
  if (year > 9'999) Wrong(field, std::to_string(year), "a year from 1 to 9999, or 0 where it says");
  return static_cast<std::uint16_t>(year);
}

std::uint8_t RequestReader::Byte(std::string_view field, std::uint32_t value) {
  if (value > 255) Wrong(field, std::to_string(value), "0 to 255");
  return static_cast<std::uint8_t>(value);
}

registry::TransferCode RequestReader::Code(std::string_view field, pb::TransferCode code,
                                           registry::TransferCode fallback) {
  Checked(field, code, pb::TransferCode_IsValid(code));
  if (code == pb::TRANSFER_CODE_UNSPECIFIED) return fallback;
  return static_cast<registry::TransferCode>(code);  // The wire numbers them as the journal does.
}

SimTime RequestReader::Time(std::string_view field, bool is_set,
                            const google::protobuf::Timestamp& time) {
  if (!is_set) return 0;
  return Take(wire::ParseTime(field, time, wire::Rounding::kUp));
}

// ---- Drafts ----

registry::Transfer RequestReader::Draft(const pb::TransferDraft& draft) {
  registry::Transfer transfer;
  transfer.debit = Account("debit", draft.debit());
  transfer.credit = Account("credit", draft.credit());
  transfer.ledger = Ledger("unit", draft.unit());
  transfer.amount = draft.amount();
  transfer.code = Code("code", draft.code(), registry::TransferCode::kTransfer);
  transfer.year = Year("year", draft.year());
  transfer.reference = draft.reference();
  return transfer;
}

registry::Surrender RequestReader::Draft(const pb::SurrenderDraft& draft) {
  registry::Surrender command;
  command.holder = Account("account", draft.account());
  command.ledger = Ledger("unit", draft.unit());
  command.year = Year("year", draft.year());
  command.amount = draft.amount();
  return command;
}

registry::CancelUnits RequestReader::Draft(const pb::CancelDraft& draft) {
  registry::CancelUnits command;
  command.holder = Account("account", draft.account());
  command.ledger = Ledger("unit", draft.unit());
  command.amount = draft.amount();
  command.beneficiary = draft.beneficiary();
  command.statement = draft.statement();
  return command;
}

registry::AddTrusted RequestReader::Draft(const pb::TrustDraft& draft) {
  registry::AddTrusted command;
  command.account = Account("account", draft.account());
  command.target = Account("target", draft.target());
  return command;
}

registry::Allocate RequestReader::Draft(const pb::AllocateDraft& draft) {
  registry::Allocate command;
  command.from = Account("source", draft.source());
  command.holder = Account("account", draft.account());
  command.ledger = Ledger("unit", draft.unit());
  command.year = Year("year", draft.year());
  command.amount = draft.amount();
  command.code = Code("code", draft.code(), registry::TransferCode::kPreAllocation);
  return command;
}

registry::SetAccount RequestReader::Draft(const pb::AccountDraft& draft) {
  registry::SetAccount command;
  command.account = Account("account", draft.account());
  command.capabilities = 0;
  if (draft.may_send()) command.capabilities |= registry::kMaySend;
  if (draft.may_receive()) command.capabilities |= registry::kMayReceive;
  if (draft.may_surrender()) command.capabilities |= registry::kMaySurrender;
  command.may_leave_trusted_list = draft.may_leave_trusted_list();
  return command;
}

registry::Issue RequestReader::Draft(const pb::IssueDraft& draft) {
  registry::Issue command;
  command.to = Account("account", draft.account());
  command.ledger = Ledger("unit", draft.unit());
  command.amount = draft.amount();
  command.code = Code("code", draft.code(), registry::TransferCode::kIssue);
  return command;
}

registry::Freeze RequestReader::Draft(const pb::FreezeDraft& draft) {
  registry::Freeze command;
  command.account = Account("account", draft.account());
  command.ledger = Ledger("unit", draft.unit());
  command.amount = draft.amount();
  command.until = Time("expire_time", draft.has_expire_time(), draft.expire_time());
  command.authority = draft.authority();
  return command;
}

registry::SetEntitlement RequestReader::Draft(const pb::EntitlementDraft& draft) {
  registry::SetEntitlement command;
  command.entity = draft.entity();
  command.year = Year("year", draft.year());
  command.table = Byte("table", draft.table());
  command.amount = draft.amount();
  command.withheld = draft.withheld();
  return command;
}

registry::RunAllocation RequestReader::Draft(const pb::AllocationRunDraft& draft) {
  registry::RunAllocation command;
  command.year = Year("year", draft.year());
  command.table = Byte("table", draft.table());
  command.from = Account("source", draft.source());
  command.ledger = Ledger("unit", draft.unit());
  return command;
}

registry::ReturnExcess RequestReader::Draft(const pb::ReturnDraft& draft) {
  registry::ReturnExcess command;
  command.holder = Account("account", draft.account());
  command.to = Account("target", draft.target());
  command.ledger = Ledger("unit", draft.unit());
  command.year = Year("year", draft.year());
  command.table = Byte("table", draft.table());
  command.amount = draft.amount();
  return command;
}

registry::Command RequestReader::Draft(const pb::Proposal& proposal) {
  switch (proposal.action_case()) {
    case pb::Proposal::kTransfer:
      return registry::MakeTransfer{Draft(proposal.transfer())};
    case pb::Proposal::kSurrender:
      return Draft(proposal.surrender());
    case pb::Proposal::kCancel:
      return Draft(proposal.cancel());
    case pb::Proposal::kAddTrustedAccount:
      return Draft(proposal.add_trusted_account());
    case pb::Proposal::kAllocate:
      return Draft(proposal.allocate());
    case pb::Proposal::kReverseTransfer: {
      const auto path = Transfer("reverse_transfer", proposal.reverse_transfer());
      return registry::ReverseTransfer{path.sequence, path.index};
    }
    case pb::Proposal::kUpdateAccount:
      return Draft(proposal.update_account());
    case pb::Proposal::kCloseAccount:
      return registry::CloseAccount{Account("close_account", proposal.close_account())};
    case pb::Proposal::kIssue:
      return Draft(proposal.issue());
    case pb::Proposal::kFreeze:
      return Draft(proposal.freeze());
    case pb::Proposal::kUnfreeze:
      return registry::Unfreeze{Numbered("unfreeze", proposal.unfreeze(), "freezes")};
    case pb::Proposal::kSetEntitlement:
      return Draft(proposal.set_entitlement());
    case pb::Proposal::kRunAllocation:
      return Draft(proposal.run_allocation());
    case pb::Proposal::kReturnExcess:
      return Draft(proposal.return_excess());
    case pb::Proposal::ACTION_NOT_SET:
      break;
  }
  Wrong("proposal", "", "one action");
  return registry::Unfreeze{};
}

}  // namespace ets::server
