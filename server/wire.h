#pragma once

#include <grpcpp/support/status.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/date.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/unit.h"
#include "ets/registry/read/v1/registry.pb.h"
#include "registry/registry.h"
#include "server/registry_archive.h"

// Between the wire's words and ours. Parse functions take the field's name for their message, which
// names the field, its value and what is allowed.
namespace ets::server::wire {

namespace pb = ::ets::registry::read::v1;

template <typename T>
using OrStatus = Result<T, grpc::Status>;

grpc::Status Invalid(std::string_view field, std::string_view value, std::string_view allowed);
grpc::Status NotFound(std::string_view field, std::string_view value, std::string_view what);

// ---- Names ----

std::string NameOf(AccountId account);
std::string NameOf(AccountId account, Unit unit);

OrStatus<AccountId> ParseAccount(std::string_view field, const std::string& name);
OrStatus<Unit> ParseUnitText(std::string_view field, const std::string& text);

struct HoldingName {
  AccountId account;
  Unit unit;
};
OrStatus<HoldingName> ParseHolding(std::string_view field, const std::string& name);

struct ComplianceName {
  std::uint32_t entity = 0;
  std::uint16_t year = 0;  // 1 to 9999.
};
OrStatus<ComplianceName> ParseCompliance(std::string_view field, const std::string& name);

// ---- Time ----

// To the microsecond; what lies between two goes down, or up.
enum class Rounding : std::uint8_t { kDown, kUp };
OrStatus<SimTime> ParseTime(std::string_view field, const google::protobuf::Timestamp& time,
                            Rounding rounding);
void Fill(SimTime time, google::protobuf::Timestamp* out);
std::string ToString(const google::protobuf::Timestamp& time);

// ---- Paging ----

// Where a list goes on: in the state after `sequence`, at `position`, for the same question.
struct PageToken {
  std::uint64_t sequence = 0;
  std::uint64_t position = 0;
  std::uint64_t question = 0;  // A fingerprint of the request without its page.
};
std::string Encode(const PageToken& token);
OrStatus<PageToken> ParsePageToken(const std::string& text, std::uint64_t question);
OrStatus<std::size_t> ParsePageSize(std::int32_t size);

// ---- Resources ----

// Each checks that the enum's number has a name; unspecified is a name.
OrStatus<pb::AccountKind> CheckKind(std::string_view field, pb::AccountKind kind);
OrStatus<pb::TransferCode> CheckCode(std::string_view field, pb::TransferCode code);

pb::AccountKind ToWire(registry::AccountKind kind);
pb::TransferCode ToWire(registry::TransferCode code);
pb::ComplianceSymbol ToWire(registry::ComplianceSymbol symbol);

// Holder and escrow accounts are a firm's; the entity of all others means nothing.
bool IsFirms(const registry::AccountView& account);

void Fill(AccountId id, const registry::AccountView& account, pb::Account* out);
void FillHolding(AccountId account, Unit unit, std::int64_t amount, pb::Holding* out);
void Fill(const ArchivedTransfer& moved, Unit unit, SimTime time, pb::Transfer* out);
void Fill(const ComplianceName& name, const registry::ComplianceView& view,
          pb::ComplianceStatus* out);
void Fill(const Verification& verification, pb::VerifyChainResponse* out);

}  // namespace ets::server::wire
