#include "server/view_writer.h"

#include <variant>

#include "base/state_hash.h"
#include "registry/codec.h"
#include "server/registry_errors.h"
#include "server/registry_journal.h"

namespace ets::server {

namespace {

// The wire numbers its enums as the journal does; both are never renumbered.
template <typename To, typename From>
To SameNumber(From value) {
  return static_cast<To>(static_cast<int>(value));
}

pb::YearSymbol ToWire(registry::ComplianceSymbol symbol) {
  switch (symbol) {
    case registry::ComplianceSymbol::kOpen:
      return pb::YEAR_SYMBOL_OPEN;
    case registry::ComplianceSymbol::kCompliant:
      return pb::YEAR_SYMBOL_COMPLIANT;
    case registry::ComplianceSymbol::kShort:
      return pb::YEAR_SYMBOL_SHORT;
  }
  return pb::YEAR_SYMBOL_UNSPECIFIED;
}

// What each proposed command says; those that cannot be proposed say nothing.
struct ProposalWriter {
  const registry::Registry& state;
  const ViewWriter& names;
  pb::Proposal& out;

  std::string UnitText(LedgerId ledger) const { return ets::ToString(state.unit(ledger)); }

  void operator()(const registry::MakeTransfer& command) const {
    names.Fill(command.transfer, out.mutable_transfer());
  }
  void operator()(const registry::Surrender& command) const {
    pb::SurrenderDraft& draft = *out.mutable_surrender();
    draft.set_account(names.Name(command.holder));
    draft.set_unit(UnitText(command.ledger));
    draft.set_year(command.year);
    draft.set_amount(command.amount);
  }
  void operator()(const registry::CancelUnits& command) const {
    pb::CancelDraft& draft = *out.mutable_cancel();
    draft.set_account(names.Name(command.holder));
    draft.set_unit(UnitText(command.ledger));
    draft.set_amount(command.amount);
    draft.set_beneficiary(command.beneficiary);
    draft.set_statement(command.statement);
  }
  void operator()(const registry::AddTrusted& command) const {
    out.mutable_add_trusted_account()->set_account(names.Name(command.account));
    out.mutable_add_trusted_account()->set_target(names.Name(command.target));
  }
  void operator()(const registry::Allocate& command) const {
    pb::AllocateDraft& draft = *out.mutable_allocate();
    draft.set_source(names.Name(command.from));
    draft.set_account(names.Name(command.holder));
    draft.set_unit(UnitText(command.ledger));
    draft.set_year(command.year);
    draft.set_amount(command.amount);
    draft.set_code(SameNumber<pb::TransferCode>(command.code));
  }
  void operator()(const registry::ReverseTransfer& command) const {
    out.set_reverse_transfer(names.Prefixed(wire::TransferName(command.sequence, command.index)));
  }
  void operator()(const registry::SetAccount& command) const {
    pb::AccountDraft& draft = *out.mutable_update_account();
    draft.set_account(names.Name(command.account));
    draft.set_may_send((command.capabilities & registry::kMaySend) != 0);
    draft.set_may_receive((command.capabilities & registry::kMayReceive) != 0);
    draft.set_may_surrender((command.capabilities & registry::kMaySurrender) != 0);
    draft.set_may_leave_trusted_list(command.may_leave_trusted_list);
  }
  void operator()(const registry::CloseAccount& command) const {
    out.set_close_account(names.Name(command.account));
  }
  void operator()(const registry::Issue& command) const {
    pb::IssueDraft& draft = *out.mutable_issue();
    draft.set_account(names.Name(command.to));
    draft.set_unit(UnitText(command.ledger));
    draft.set_amount(command.amount);
    draft.set_code(SameNumber<pb::TransferCode>(command.code));
  }
  void operator()(const registry::Freeze& command) const {
    pb::FreezeDraft& draft = *out.mutable_freeze();
    draft.set_account(names.Name(command.account));
    draft.set_unit(UnitText(command.ledger));
    draft.set_amount(command.amount);
    if (command.until != 0) wire::Fill(command.until, draft.mutable_expire_time());
    draft.set_authority(command.authority);
  }
  void operator()(const registry::Unfreeze& command) const {
    out.set_unfreeze(names.Prefixed(wire::NumberedName("freezes", command.freeze)));
  }
  void operator()(const registry::SetEntitlement& command) const {
    pb::EntitlementDraft& draft = *out.mutable_set_entitlement();
    draft.set_entity(command.entity);
    draft.set_year(command.year);
    draft.set_table(command.table);
    draft.set_amount(command.amount);
    draft.set_withheld(command.withheld);
  }
  void operator()(const registry::RunAllocation& command) const {
    pb::AllocationRunDraft& draft = *out.mutable_run_allocation();
    draft.set_year(command.year);
    draft.set_table(command.table);
    draft.set_source(names.Name(command.from));
    draft.set_unit(UnitText(command.ledger));
  }
  void operator()(const registry::ReturnExcess& command) const {
    pb::ReturnDraft& draft = *out.mutable_return_excess();
    draft.set_account(names.Name(command.holder));
    draft.set_target(names.Name(command.to));
    draft.set_unit(UnitText(command.ledger));
    draft.set_year(command.year);
    draft.set_table(command.table);
    draft.set_amount(command.amount);
  }
  template <typename Command>
  void operator()(const Command&) const {}
};

}  // namespace

ViewWriter::ViewWriter(const registry::Registry& state, const wire::Home& home,
                       const std::string& branch)
    : state_(state), home_(home) {
  if (branch != "main") prefix_ = "registries/" + home.registry + "/branches/" + branch + "/";
}

void ViewWriter::Fill(AccountId id, pb::Account* out) const {
  const registry::AccountView view = state_.account(id);
  out->set_name(Name(id));
  out->set_number(wire::DisplayNumber(home_.letters, view.kind, id));
  out->set_kind(SameNumber<pb::AccountKind>(view.kind));
  if (registry::RowOf(view.kind).has_entity) {
    out->set_entity(Prefixed(wire::NumberedName("entities", view.entity)));
  }
  out->set_may_send((view.capabilities & registry::kMaySend) != 0);
  out->set_may_receive((view.capabilities & registry::kMayReceive) != 0);
  out->set_may_surrender((view.capabilities & registry::kMaySurrender) != 0);
  out->set_may_leave_trusted_list(view.may_leave_trusted_list);
  out->set_blocked(view.blocked);
  out->set_closed(view.closed);
  out->set_etag(EtagOf(view));
}

void ViewWriter::Fill(AccountId account, LedgerId ledger, pb::Holding* out) const {
  const registry::Holding holding = state_.holding(account, ledger);
  const Unit unit = state_.unit(ledger);
  out->set_name(Prefixed(wire::HoldingName(account, unit)));
  out->set_unit(ets::ToString(unit));
  out->set_posted(holding.posted);
  out->set_reserved(holding.reserved);
  out->set_frozen(holding.frozen);
  out->set_incoming(holding.incoming);
  out->set_available(holding.available());
}

void ViewWriter::Fill(const registry::TrustedView& view, pb::TrustedAccount* out) const {
  out->set_target(Name(view.target));
  out->set_state(SameNumber<pb::TrustState>(view.state));
  wire::Fill(view.effective_at, out->mutable_effective_time());
}

void ViewWriter::FillEntity(std::uint32_t entity, pb::Entity* out) const {
  const registry::EntityView view = state_.entity(entity);
  out->set_name(Prefixed(wire::NumberedName("entities", entity)));
  out->set_first_year(view.first_year);
  out->set_last_year(view.last_year);
  out->set_group(view.group);
  for (const std::uint16_t year : view.excluded_years) out->add_excluded_years(year);
}

void ViewWriter::Fill(const registry::Transfer& transfer, pb::TransferDraft* out) const {
  out->set_debit(Name(transfer.debit));
  out->set_credit(Name(transfer.credit));
  out->set_unit(ets::ToString(state_.unit(transfer.ledger)));
  out->set_amount(transfer.amount);
  out->set_code(SameNumber<pb::TransferCode>(transfer.code));
  out->set_year(transfer.year);
  out->set_reference(transfer.reference);
}

void ViewWriter::Fill(const registry::PendingView& view, pb::PendingTransfer* out) const {
  out->set_name(Prefixed(wire::NumberedName("pendingTransfers", view.pending)));
  Fill(view.transfer, out->mutable_transfer());
  out->set_state(SameNumber<pb::PendingState>(view.state));
  if (view.expires_at != 0) wire::Fill(view.expires_at, out->mutable_expire_time());
  out->set_posted_amount(view.posted_amount);
}

void ViewWriter::Fill(const registry::TaskView& view, pb::Task* out) const {
  const auto principal = [&](std::uint32_t number) {
    return Prefixed(wire::NumberedName("principals", number));
  };
  out->set_name(Prefixed(wire::NumberedName("tasks", view.task)));
  registry::Command command;
  if (registry::DecodeCommand(static_cast<registry::RecordKind>(view.kind), view.payload,
                              command)) {
    FillProposal(command, out->mutable_proposal());
  }
  out->set_state(SameNumber<pb::TaskState>(view.state));
  out->set_initiator(principal(view.initiator));
  if (view.approver != 0) out->set_approver(principal(view.approver));
  if (view.accepter != 0) out->set_accepter(principal(view.accepter));
  wire::Fill(view.proposed_at, out->mutable_propose_time());
  if (view.execute_at != 0) wire::Fill(view.execute_at, out->mutable_execute_time());
  if (view.expires_at != 0) wire::Fill(view.expires_at, out->mutable_expire_time());
  if (view.refusal) {
    const grpc::Status failure = RefusalError(*view.refusal, {}, {});
    out->mutable_failure()->ParseFromString(failure.error_details());
  }
  out->set_completed_sequence(view.sequence);
}

void ViewWriter::Fill(LedgerId ledger, pb::Ledger* out) const {
  const registry::LedgerTotals totals = state_.totals(ledger);
  const Unit unit = state_.unit(ledger);
  out->set_name(Prefixed(wire::LedgerName(unit)));
  out->set_unit(ets::ToString(unit));
  out->set_cap(state_.cap(ledger));
  out->set_issued(totals.issued);
  out->set_held(totals.held);
  out->set_reserved(totals.reserved);
  out->set_frozen(totals.frozen);
  out->set_surrendered(totals.surrendered);
  out->set_cancelled(totals.cancelled);
  out->set_converted(totals.converted);
  out->set_expired(totals.expired);
  out->set_holding_limit(state_.holding_limit(ledger));
}

void ViewWriter::Fill(const registry::FreezeView& view, pb::Freeze* out) const {
  out->set_name(Prefixed(wire::NumberedName("freezes", view.freeze)));
  out->set_account(Name(view.account));
  out->set_unit(ets::ToString(state_.unit(view.ledger)));
  out->set_amount(view.amount);
  if (view.until != 0) wire::Fill(view.until, out->mutable_expire_time());
  out->set_active(view.active);
  out->set_authority(view.authority);
}

void ViewWriter::Fill(const registry::CertificateView& view, pb::Certificate* out) const {
  out->set_name(Prefixed(wire::NumberedName("certificates", view.certificate)));
  out->set_account(Name(view.holder));
  out->set_unit(ets::ToString(state_.unit(view.ledger)));
  out->set_amount(view.amount);
  out->set_beneficiary(view.beneficiary);
  out->set_statement(view.statement);
  out->set_cancelled_sequence(view.sequence);
  wire::Fill(view.at, out->mutable_cancel_time());
}

void ViewWriter::Fill(const registry::EntitlementView& view, pb::Entitlement* out) const {
  out->set_name(Prefixed(wire::EntitlementName(view.entity, view.year, view.table)));
  out->set_version(view.version);
  out->set_amount(view.amount);
  out->set_allocated(view.allocated);
  out->set_returned(view.returned);
  out->set_reversed(view.reversed);
  out->set_withheld(view.withheld);
  out->set_etag(EtagOf(view));
}

void ViewWriter::FillEmissions(const wire::EntityYear& at, pb::Emissions* out) const {
  out->set_name(Prefixed(wire::EntityYearName(at.entity, "emissions", at.year)));
  for (const registry::EmissionsVersion& view : state_.emissions(at.entity, at.year)) {
    pb::EmissionsVersion* const version = out->add_versions();
    version->set_version(view.version);
    version->set_emissions(view.emissions.count());
    version->set_source(SameNumber<pb::EmissionsSource>(view.source));
    version->set_withdrawn(view.withdrawn);
    wire::Fill(view.recorded_at, version->mutable_record_time());
  }
}

void ViewWriter::FillStatus(const wire::EntityYear& at, pb::ComplianceStatus* out) const {
  const registry::ComplianceView view = state_.compliance(at.entity, at.year);
  out->set_name(Prefixed(wire::EntityYearName(at.entity, "complianceStatuses", at.year)));
  out->set_year_symbol(ToWire(view.symbol));
  if (view.verified) out->set_verified_emissions(view.emissions.count());
  out->set_surrendered(view.surrendered.count());
  out->set_surrendered_offsets(view.offsets.count());
  out->set_shortfall(view.shortfall.count());
  out->set_owed_units(view.owed_in_units.count());
  out->set_fine_minor(view.fine.minor());
  server::Fill(state_.status(at.entity), out->mutable_dynamic());
  server::Fill(state_.official_status(at.entity), out->mutable_official());
}

void ViewWriter::Fill(const registry::PrincipalView& view, pb::Principal* out) const {
  out->set_name(Prefixed(wire::NumberedName("principals", view.principal)));
  out->set_role(SameNumber<pb::Role>(view.role));
  out->set_active(view.active);
  out->set_display_name(view.name);
  out->set_has_token(view.token_hash != decltype(view.token_hash){});
}

void ViewWriter::FillProposal(const registry::Command& command, pb::Proposal* out) const {
  std::visit(ProposalWriter{state_, *this, *out}, command);
}

void Fill(const MadeTransfer& made, const std::string& prefix, pb::Transfer* out) {
  const registry::Transfer& transfer = made.transfer;
  out->set_name(prefix + wire::TransferName(made.path.sequence, made.path.index));
  out->set_debit(prefix + wire::NameOf(transfer.debit));
  out->set_credit(prefix + wire::NameOf(transfer.credit));
  out->set_unit(ets::ToString(made.unit));
  out->set_amount(transfer.amount);
  out->set_code(SameNumber<pb::TransferCode>(transfer.code));
  out->set_year(transfer.year);
  out->set_reference(transfer.reference);
  wire::Fill(made.sim_time, out->mutable_sim_time());
}

void Fill(const registry::ComplianceStatus& status, pb::ComplianceEvent* out) {
  out->set_figure(status.figure);
  out->set_symbol(SameNumber<pb::ComplianceSymbol>(status.symbol));
  out->set_corrected(status.corrected);
  out->set_last_year(status.year);
  wire::Fill(status.as_of, out->mutable_time());
}

void Fill(const registry::SerialRange& range, pb::SerialRange* out) {
  out->set_first(range.first);
  out->set_last(range.last);
  out->set_issued_sequence(range.issued_at);
}

std::string EtagOf(const registry::AccountView& account) {
  StateHash hash;
  for (const bool flag : {account.closed, account.may_leave_trusted_list, account.blocked}) {
    hash.Add(std::uint64_t{flag});
  }
  hash.Add(std::uint64_t{account.capabilities});
  return ToHex(hash.value());
}

std::string EtagOf(const registry::EntitlementView& entitlement) {
  StateHash hash;
  hash.Add(std::uint64_t{entitlement.version});
  for (const std::int64_t amount :
       {entitlement.amount, entitlement.allocated, entitlement.returned, entitlement.reversed}) {
    hash.Add(amount);
  }
  hash.Add(std::uint64_t{entitlement.withheld});
  return ToHex(hash.value());
}

}  // namespace ets::server
