#pragma once

#include <string>
#include <utility>

#include "ets/registry/v1/resources.pb.h"
#include "registry/lineage.h"
#include "registry/registry.h"
#include "server/wire_names.h"

namespace ets::server {

namespace pb = ::ets::registry::v1;

// Turns views of one state into messages. Names carry `prefix`: nothing for branch main. Lives no
// longer than the state.
class ViewWriter {
 public:
  ViewWriter(const registry::Registry& state, const wire::Home& home, const std::string& branch);

  std::string Name(AccountId account) const { return prefix_ + wire::NameOf(account); }
  std::string Prefixed(std::string name) const { return prefix_ + std::move(name); }

  void Fill(AccountId id, pb::Account* out) const;
  void Fill(AccountId account, LedgerId ledger, pb::Holding* out) const;
  void Fill(const registry::TrustedView& view, pb::TrustedAccount* out) const;
  void FillEntity(std::uint32_t entity, pb::Entity* out) const;  // Without its accounts.
  void Fill(const registry::Transfer& transfer, pb::TransferDraft* out) const;
  void Fill(const registry::PendingView& view, pb::PendingTransfer* out) const;
  void Fill(const registry::TaskView& view, pb::Task* out) const;
  void Fill(LedgerId ledger, pb::Ledger* out) const;
  void Fill(const registry::FreezeView& view, pb::Freeze* out) const;
  void Fill(const registry::CertificateView& view, pb::Certificate* out) const;  // No serials.
  void Fill(const registry::EntitlementView& view, pb::Entitlement* out) const;
  void FillEmissions(const wire::EntityYear& at, pb::Emissions* out) const;
  void FillStatus(const wire::EntityYear& at, pb::ComplianceStatus* out) const;
  void Fill(const registry::PrincipalView& view, pb::Principal* out) const;

 private:
  void FillProposal(const registry::Command& command, pb::Proposal* out) const;

  const registry::Registry& state_;
  const wire::Home& home_;
  std::string prefix_;
};

// A transfer that was made; `prefix` goes before its names.
struct MadeTransfer {
  registry::Transfer transfer;
  Unit unit;
  wire::TransferPath path;
  SimTime sim_time = 0;
};
void Fill(const MadeTransfer& made, const std::string& prefix, pb::Transfer* out);

void Fill(const registry::ComplianceStatus& status, pb::ComplianceEvent* out);
void Fill(const registry::SerialRange& range, pb::SerialRange* out);

// Of what a caller may have read; another one when that has changed.
std::string EtagOf(const registry::AccountView& account);
std::string EtagOf(const registry::EntitlementView& entitlement);

}  // namespace ets::server
