#pragma once

#include <grpcpp/support/status.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/unit.h"
#include "registry/words.h"

// The one table from what can go wrong to what a caller is told: a canonical code and exactly one
// google.rpc.ErrorInfo{reason, domain "capclear", metadata}, with BadRequest, PreconditionFailure,
// QuotaFailure and RetryInfo where they apply.
namespace ets::server {

// What the edge refuses by itself; a machine's refusals are registry::Refusal.
enum class Reason : std::uint8_t {
  kUnauthenticated,
  kRoleRequired,
  kFieldInvalid,
  kRequestIdInvalid,
  kRequestIdReused,
  kCheckDigitsInvalid,
  kPageTokenInvalid,
  kBranchNotFound,
  kBranchExists,
  kAsOfOutOfRange,
  kEtagMismatch,
  kReadOnly,
  kProposalRequired,
  kClockNotManual,
  kReconciliationInProgress,
  kRateLimited,
  kOverloaded,
  kNotServing,
  kWritesStopped,
  kDeadlineExceeded,
  kCallerGone,
  kChainBroken,
  kAnchorAhead,
};
inline constexpr std::size_t kReasonCount = 23;

struct ErrorRow {
  const char* reason;  // Stable; UPPER_SNAKE, at most 63 characters.
  grpc::StatusCode code;
  const char* uk;   // The UK registry's check code; empty: none.
  const char* itl;  // The ITL's; empty: none.
  const char* meaning;
};
const ErrorRow& RowOf(Reason reason);
const ErrorRow& RowOf(registry::Refusal refusal);

using Metadata = std::vector<std::pair<std::string, std::string>>;

// The canonical form of `row`; `message` is for people.
grpc::Status Error(Reason reason, const std::string& message, const Metadata& metadata = {});

// FIELD_INVALID (or another of INVALID_ARGUMENT) with BadRequest: "field: "value"; allowed: ...".
grpc::Status FieldError(std::string_view field, std::string_view value, std::string_view allowed,
                        Reason reason = Reason::kFieldInvalid);

// With RetryInfo, and QuotaFailure for kRateLimited.
grpc::Status RetryLater(Reason reason, const std::string& message, std::chrono::milliseconds after);

// What the machine refused. `unit` is that of detail.ledger.
grpc::Status RefusalError(registry::Refusal refusal, const registry::RefusalDetail& detail,
                          std::optional<Unit> unit);

// A machine's word for something that was only read, as in TASK_NOT_FOUND: `resource` is its name.
grpc::Status NotFound(registry::Refusal refusal, const std::string& resource);

// A stream's message came too early: OUT_OF_RANGE, STREAM_GAP, with `expected_sequence`.
grpc::Status StreamGap(std::uint64_t sequence, std::uint64_t expected);

// The reason in a status that this table made; empty for any other.
std::string ReasonOf(const grpc::Status& status);
// The number of a refusal of the exchange's, "7"; else empty.
std::string NumberOf(const grpc::Status& status);

// The table as Markdown rows, for proto/README.md.
std::string ErrorTableText();

}  // namespace ets::server
