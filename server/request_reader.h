#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ets/registry/v1/resources.pb.h"
#include "registry/commands.h"
#include "registry/registry.h"
#include "server/live_branches.h"
#include "server/wire_names.h"

namespace ets::server {

namespace pb = ::ets::registry::v1;

// Turns the fields of one request into our words. The first field that is wrong is remembered, and
// everything after it is read as if it were right: who reads asks error() at the end. Not
// thread-safe.
class RequestReader {
 public:
  RequestReader(const wire::Home& home, const LiveBranches& branches)
      : names_(home), branches_(branches) {}

  const std::optional<grpc::Status>& error() const { return error_; }
  void Wrong(std::string_view field, std::string_view value, std::string_view allowed);

  // The branch that the names read so far lie on; null after an error.
  LiveRegistry* live();
  std::shared_ptr<LiveRegistry> shared_live();
  std::string branch() const { return names_.branch(); }

  // ---- Names ----

  void Parent(const std::string& name);
  // With a display number the account must be of the kind that it says: see kinds().
  AccountId Account(std::string_view field, const std::string& name);
  wire::HoldingPath Holding(std::string_view field, const std::string& name);
  Unit LedgerUnit(std::string_view field, const std::string& name);
  std::uint32_t Numbered(std::string_view field, const std::string& name,
                         std::string_view collection);
  wire::TransferPath Transfer(std::string_view field, const std::string& name);
  std::uint32_t Entity(std::string_view field, const std::string& name);
  wire::EntityYear InEntity(std::string_view field, const std::string& name,
                            std::string_view collection);
  wire::EntitlementPath Entitlement(std::string_view field, const std::string& name);

  // What display numbers said about accounts.
  using NamedKind = std::pair<AccountId, registry::AccountKind>;
  const std::vector<NamedKind>& kinds() const { return kinds_; }
  // The units whose ledgers were asked for, there or not.
  const std::vector<Unit>& units() const { return units_; }

  // ---- Values ----

  Unit UnitText(std::string_view field, const std::string& text);
  // The ledger of a unit, or one that no registry has: then the machine refuses.
  LedgerId Ledger(std::string_view field, const std::string& unit);
  LedgerId LedgerOf(Unit unit);
  std::uint16_t Year(std::string_view field, std::uint32_t year);
  std::uint8_t Byte(std::string_view field, std::uint32_t value);
  // Unspecified is `fallback`.
  registry::TransferCode Code(std::string_view field, pb::TransferCode code,
                              registry::TransferCode fallback);
  // 0 when it is not set.
  SimTime Time(std::string_view field, bool is_set, const google::protobuf::Timestamp& time);
  // Unless `is_valid`: the field is wrong.
  template <typename Enum>
  Enum Checked(std::string_view field, Enum value, bool is_valid) {
    if (!is_valid) Wrong(field, std::to_string(static_cast<int>(value)), "a value of its enum");
    return value;
  }

  // ---- Drafts ----

  registry::Transfer Draft(const pb::TransferDraft& draft);
  registry::Surrender Draft(const pb::SurrenderDraft& draft);
  registry::CancelUnits Draft(const pb::CancelDraft& draft);
  registry::AddTrusted Draft(const pb::TrustDraft& draft);
  registry::Allocate Draft(const pb::AllocateDraft& draft);
  registry::SetAccount Draft(const pb::AccountDraft& draft);
  registry::Issue Draft(const pb::IssueDraft& draft);
  registry::Freeze Draft(const pb::FreezeDraft& draft);
  registry::SetEntitlement Draft(const pb::EntitlementDraft& draft);
  registry::RunAllocation Draft(const pb::AllocationRunDraft& draft);
  registry::ReturnExcess Draft(const pb::ReturnDraft& draft);
  registry::Command Draft(const pb::Proposal& proposal);

 private:
  template <typename T>
  T Take(wire::OrStatus<T> read) {
    if (read.ok()) return std::move(read.value());
    if (!error_) error_ = read.error();
    return T{};
  }

  wire::NameReader names_;
  const LiveBranches& branches_;
  std::shared_ptr<LiveRegistry> live_;
  std::optional<grpc::Status> error_;
  std::vector<NamedKind> kinds_;
  std::vector<Unit> units_;
};

}  // namespace ets::server
