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
};
std::string_view ToString(RecordKind kind);  // "open_account", ...
RecordKind KindOf(const Command& command);

// A decoded payload: what was asked, what came of it, what moved.
struct Record {
  Command command;
  std::optional<Refusal> refusal;  // Empty: applied, and `receipt` holds.
  Receipt receipt;                 // Its sequence is the record's own.
  std::vector<Transfer> transfers;
};

// Each appends to `payload`. A command's payload is its fields, the outcome, then the transfers;
// docs/journal-format.md has the layout.
void EncodeCommand(const Command& command, std::string& payload);
void EncodeOutcome(const Result<Receipt, Refusal>& outcome, std::span<const Transfer> transfers,
                   std::string& payload);
void EncodeProfile(const Profile& profile, std::string& payload);

// False when the payload is no command's: unknown kind or version, cut short, or with bytes left
// over. `record` is reused, so that reading a journal does not allocate a record.
bool Decode(const JournalRecord& journal_record, Record& record);
std::optional<Profile> DecodeProfile(const JournalRecord& journal_record);

}  // namespace ets::registry
