#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/journal.h"
#include "registry/registry.h"

namespace ets::registry {

// The kind of a registry's journal record. On disk. Append; never renumber. Commands follow the
// order of the Command variant.
enum class RecordKind : std::uint16_t {
  kProfile = 1,
  kOpenAccount = 2,
  kOpenLedger = 3,
  kSetCap = 4,
  kIssue = 5,
  kMakeTransfer = 6,
  kDepositMonthlyData = 7,
  kReportEmissions = 8,
  kVerifyEmissions = 9,
  kAllocate = 10,
  kTakeBack = 11,
  kSurrender = 12,
  kAssessCompliance = 13,
  kConvertUnits = 14,
  kExpireLedger = 15,
  kAdvanceTo = 16,
  kDayClosed = 17,
  kSettle = 18,
  kSetAccount = 19,
  kCloseAccount = 20,
  kSetEntity = 21,
  kExcludeYear = 22,
  kAddTrusted = 23,
  kRemoveTrusted = 24,
  kSetPrincipal = 25,
  kSetGrant = 26,
  kCancelUnits = 27,
  kTransferBatch = 28,
  kReserveTransfer = 29,
  kPostPending = 30,
  kVoidPending = 31,
  kFreeze = 32,
  kUnfreeze = 33,
  kReverseTransfer = 34,
  kPropose = 35,
  kApproveTask = 36,
  kRejectTask = 37,
  kAbortTask = 38,
  kSetEntitlement = 39,
  kRunAllocation = 40,
  kReturnExcess = 41,
  kCorrectEmissions = 42,
  kSurrenderInOrder = 43,
  kRunCompliance = 44,
  kBeginBranch = 45,
};
inline constexpr std::uint16_t kRecordKindCount = 46;  // Numbered from 1.
std::string_view ToString(RecordKind kind);            // "open_account", ...
RecordKind KindOf(const Command& command);
// Without the bit that says that a request's id stands before the payload.
RecordKind KindOf(const JournalRecord& record);

// Set in a record's kind when its payload begins with the 16 bytes of a request's id and the u64 of
// its digest.
inline constexpr std::uint16_t kHasRequest = 0x8000;
// Of every record's payload. 1 was the layout before profiles were text.
inline constexpr std::uint16_t kPayloadVersion = 2;

// A decoded payload: what was asked, by which request, what came of it, what moved.
struct Record {
  std::optional<RequestKey> request;
  Command command;
  std::optional<Refusal> refusal;     // Empty: applied, and `receipt` holds.
  Receipt receipt;                    // Its sequence is the record's own.
  std::vector<Refusal> item_results;  // TransferBatch: by item; 0 where applied.
  std::vector<Transfer> transfers;
};

// What came of a command, as it is written behind it.
struct OutcomeView {
  std::optional<Refusal> refusal;
  Receipt receipt;
  std::span<const Refusal> item_results;  // TransferBatch only.
  std::span<const Transfer> transfers;
};

// Each appends to `payload`. A command's payload is the request's id if it has one, the command's
// fields, the outcome, then the transfers; docs/journal-format.md has the layout.
void EncodeRequest(const RequestKey& request, std::string& payload);
void EncodeCommand(const Command& command, std::string& payload);
void EncodeOutcome(const Command& command, const OutcomeView& outcome, std::string& payload);

// False when the payload is no command's: unknown kind or version, cut short, or with bytes left
// over. `record` is reused, so that reading a journal does not allocate a record.
bool Decode(const JournalRecord& journal_record, Record& record);
// The inverse of EncodeCommand(), as a proposal holds it.
bool DecodeCommand(RecordKind kind, std::string_view payload, Command& command);
// The text in record 1.
std::optional<std::string_view> DecodeProfileText(const JournalRecord& journal_record);

}  // namespace ets::registry
