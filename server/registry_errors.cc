#include "server/registry_errors.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <array>
#include <span>

#include "base/assert.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/wire_names.h"

namespace ets::server {
namespace {

using enum grpc::StatusCode;
using registry::Refusal;

constexpr const char* kDomain = "capclear";

constexpr std::array<ErrorRow, kReasonCount> kEdgeRows = {{
    {"UNAUTHENTICATED", UNAUTHENTICATED, "", "", "no token or certificate, or one that nobody has"},
    {"ROLE_REQUIRED", PERMISSION_DENIED, "", "",
     "the caller's role or grants do not reach that far"},
    {"FIELD_INVALID", INVALID_ARGUMENT, "", "5904", "a field is malformed or out of its range"},
    {"REQUEST_ID_INVALID", INVALID_ARGUMENT, "", "", "request_id is no UUID"},
    {"REQUEST_ID_REUSED", ALREADY_EXISTS, "10006", "", "the id was used for another request"},
    {"CHECK_DIGITS_INVALID", INVALID_ARGUMENT, "1001/2001", "5904",
     "a display number's check digits are wrong"},
    {"PAGE_TOKEN_INVALID", INVALID_ARGUMENT, "", "", "a page_token of another list"},
    {"BRANCH_NOT_FOUND", NOT_FOUND, "", "", "no such registry or branch"},
    {"BRANCH_EXISTS", ALREADY_EXISTS, "", "", "a branch of that name is there already"},
    {"AS_OF_OUT_OF_RANGE", OUT_OF_RANGE, "", "", "the journal does not reach that state"},
    {"ETAG_MISMATCH", ABORTED, "", "", "it has changed since it was read"},
    {"READ_ONLY", FAILED_PRECONDITION, "", "", "a finished run's registry does not change"},
    {"PROPOSAL_REQUIRED", FAILED_PRECONDITION, "", "",
     "the law delays it or asks a second person: propose it"},
    {"CLOCK_NOT_MANUAL", FAILED_PRECONDITION, "", "", "the server's clock moves by itself"},
    {"RECONCILIATION_IN_PROGRESS", UNAVAILABLE, "3016", "", "mutations wait for a reconciliation"},
    {"RATE_LIMITED", RESOURCE_EXHAUSTED, "", "", "too many calls of this principal"},
    {"OVERLOADED", RESOURCE_EXHAUSTED, "", "", "the queue of commands is full"},
    {"NOT_SERVING", UNAVAILABLE, "", "", "the server starts, or shuts down"},
    {"WRITES_STOPPED", UNAVAILABLE, "", "",
     "a write failed: what became of the request is known after a restart"},
    {"DEADLINE_EXCEEDED", DEADLINE_EXCEEDED, "", "",
     "the answer took longer than the caller waits"},
    {"CALLER_GONE", CANCELLED, "", "", "the caller went away"},
    {"CHAIN_BROKEN", DATA_LOSS, "", "", "the journal does not hold together"},
    {"ANCHOR_AHEAD", DATA_LOSS, "", "", "the journal ends before what was acknowledged"},
}};

// In the order of registry::Refusal, from 1.
constexpr std::array<ErrorRow, registry::kRefusalCount - 1> kRefusalRows = {{
    {"TIME_GOES_BACK", FAILED_PRECONDITION, "", "", "the time lies before the registry's"},
    {"ACCOUNT_NOT_FOUND", NOT_FOUND, "1002/2002", "5902", "no such account"},
    {"LEDGER_NOT_FOUND", NOT_FOUND, "", "", "no ledger of that unit"},
    {"ENTITY_NOT_FOUND", NOT_FOUND, "", "", "no such firm"},
    {"TRANSFER_NOT_FOUND", NOT_FOUND, "", "", "no such transfer or pending transfer"},
    {"TASK_NOT_FOUND", NOT_FOUND, "", "", "no such task"},
    {"FREEZE_NOT_FOUND", NOT_FOUND, "", "", "no such freeze, or it is over"},
    {"PRINCIPAL_NOT_FOUND", NOT_FOUND, "", "", "no such principal; the operator is none"},
    {"ENTITLEMENT_NOT_FOUND", NOT_FOUND, "", "", "no entitlement for that firm, year and table"},
    {"LEDGER_EXISTS", ALREADY_EXISTS, "", "", "the unit has a ledger already"},
    {"SAME_ACCOUNT", INVALID_ARGUMENT, "2508", "5904", "debit and credit are one account"},
    {"QUANTITY_INVALID", INVALID_ARGUMENT, "3007/3008", "5904", "the amount is not from 1 on"},
    {"QUANTITY_TOO_LARGE", INVALID_ARGUMENT, "", "5904", "an amount or a balance above 2^53 - 1"},
    {"VALUE_INVALID", INVALID_ARGUMENT, "", "5904",
     "a year, month, time, text or list no rule allows"},
    {"WRONG_ACCOUNT_KIND", FAILED_PRECONDITION, "1007/2007", "5903",
     "an account of that kind cannot be used so"},
    {"ESCROW_IS_DEBITED_BY_SETTLEMENT_ONLY", FAILED_PRECONDITION, "", "",
     "what is on the exchange leaves it by settlement"},
    {"STREAM_GAP", OUT_OF_RANGE, "", "", "a stream's message is missing before this one"},
    {"ACCOUNT_CLOSED", FAILED_PRECONDITION, "1003/2003", "5906", "closed, for good"},
    {"ACCOUNT_SUSPENDED", FAILED_PRECONDITION, "1004/2004", "5903", "it may do nothing"},
    {"ACCOUNT_BLOCKED", FAILED_PRECONDITION, "", "5903", "it may not send"},
    {"ACCOUNT_RESTRICTED", FAILED_PRECONDITION, "1012/1014", "5903",
     "it lacks what the command needs"},
    {"UNIT_NOT_TRANSFERABLE", FAILED_PRECONDITION, "3006", "5903", "the unit stays where it is"},
    {"UNIT_TYPE_NOT_HOLDABLE", FAILED_PRECONDITION, "2006/2010", "5903",
     "the account may not hold that unit"},
    {"UNIT_NOT_ELIGIBLE_FOR_SURRENDER", FAILED_PRECONDITION, "3006", "5903",
     "not for this year, or not for this use"},
    {"NOT_ON_TRUSTED_LIST", FAILED_PRECONDITION, "2507", "",
     "the account sends to trusted ones only"},
    {"SECOND_PERSON_REQUIRED", PERMISSION_DENIED, "", "",
     "it needs a proposal and another person's approval"},
    {"ALREADY_RESOLVED", FAILED_PRECONDITION, "", "", "a task or pending transfer resolves once"},
    {"ABORT_TOO_LATE", FAILED_PRECONDITION, "", "", "it is carried out too soon from now"},
    {"REVERSAL_NOT_ALLOWED", FAILED_PRECONDITION, "", "", "the law reverses no such transfer"},
    {"REVERSAL_WINDOW_PASSED", FAILED_PRECONDITION, "3020", "", "it was too long ago"},
    {"ALREADY_REVERSED", FAILED_PRECONDITION, "3019", "", "a transfer is reversed once"},
    {"WOULD_BREACH_COMPLIANCE", FAILED_PRECONDITION, "", "", "the firm would become short"},
    {"INSUFFICIENT_HOLDING", FAILED_PRECONDITION, "3005/10003", "", "less is available than asked"},
    {"CAP_EXCEEDED", FAILED_PRECONDITION, "3500", "", "more than may be issued"},
    {"HOLDING_LIMIT_EXCEEDED", FAILED_PRECONDITION, "", "", "more than a group may hold"},
    {"OFFSET_LIMIT_EXCEEDED", FAILED_PRECONDITION, "", "", "more offsets than the year allows"},
    {"EMISSIONS_NOT_VERIFIED", FAILED_PRECONDITION, "", "", "the year has no verified emissions"},
    {"EMISSIONS_ALREADY_VERIFIED", FAILED_PRECONDITION, "", "", "a later figure is a correction"},
    {"OVER_ENTITLEMENT", FAILED_PRECONDITION, "3017", "", "more than the firm is entitled to"},
    {"ENTITLEMENT_WITHHELD", FAILED_PRECONDITION, "", "", "nothing is paid until that is lifted"},
    {"YEAR_ALREADY_ASSESSED", FAILED_PRECONDITION, "", "", "the year is closed for the firm"},
    {"MORE_THAN_OWED", FAILED_PRECONDITION, "", "", "the year owes less"},
    {"ACCOUNT_NOT_EMPTY", FAILED_PRECONDITION, "", "",
     "it still holds, reserves or has frozen units"},
    {"RETURN_OF_EXCESS_PENDING", FAILED_PRECONDITION, "1006", "",
     "the firm owes a return of excess"},
    {"LINKED_FAILED", FAILED_PRECONDITION, "", "", "another transfer of the group was refused"},
}};
static_assert(kEdgeRows.back().reason != nullptr && kRefusalRows.back().reason != nullptr);

std::string Canonical(const google::protobuf::Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream out(&bytes);
  google::protobuf::io::CodedOutputStream coded(&out);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

google::rpc::Status Canonical(const ErrorRow& row, const std::string& message,
                              const Metadata& metadata) {
  google::rpc::Status status;
  status.set_code(static_cast<int>(row.code));
  status.set_message(message);
  google::rpc::ErrorInfo info;
  info.set_reason(row.reason);
  info.set_domain(kDomain);
  if (*row.uk != '\0') (*info.mutable_metadata())["uk_code"] = row.uk;
  if (*row.itl != '\0') (*info.mutable_metadata())["itl_code"] = row.itl;
  for (const auto& [key, value] : metadata) (*info.mutable_metadata())[key] = value;
  // Equal errors are equal bytes: a map's order is not left to chance.
  google::protobuf::Any* const packed = status.add_details();
  packed->PackFrom(info);
  packed->set_value(Canonical(info));
  return status;
}

grpc::Status ToGrpc(const google::rpc::Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), status.message(),
          status.SerializeAsString()};
}

Metadata AmountsOf(Refusal refusal, const registry::RefusalDetail& detail,
                   std::optional<Unit> unit) {
  Metadata metadata;
  const auto add = [&](const char* key, std::int64_t value) {
    metadata.emplace_back(key, std::to_string(value));
  };
  if (detail.has_account) metadata.emplace_back("account", wire::NameOf(detail.account));
  if (detail.has_ledger && unit) metadata.emplace_back("unit", ets::ToString(*unit));
  if (detail.has_holding) {
    add("posted", detail.posted);
    add("reserved", detail.reserved);
    add("frozen", detail.frozen);
    add("available", detail.available);
  }
  if (detail.asked != 0 || refusal == Refusal::kAmountNotPositive) add("asked", detail.asked);
  // To owe nothing, or to have no room for an offset, is a limit, too.
  if (detail.limit != 0 || refusal == Refusal::kMoreThanOwed ||
      refusal == Refusal::kOffsetLimitExceeded) {
    add("limit", detail.limit);
  }
  return metadata;
}

// Whether what was asked and what is the limit are times.
bool IsAboutTime(Refusal refusal) {
  return refusal == Refusal::kTimeGoesBack || refusal == Refusal::kAbortTooLate;
}

Metadata TimesOf(const registry::RefusalDetail& detail) {
  return {{"asked", wire::ToString(detail.asked)}, {"limit", wire::ToString(detail.limit)}};
}

// Where what was asked is an account's kind, and the limit the kinds allowed.
Metadata KindsOf(const registry::RefusalDetail& detail) {
  if (detail.asked == 0) return {};
  std::string allowed;
  for (const registry::KindRow& row : std::span(registry::Kinds()).subspan(1)) {
    if ((detail.limit & registry::BitOf(row.kind)) == 0) continue;
    allowed += (allowed.empty() ? "" : " ") + std::string(row.name);
  }
  const auto kind = static_cast<registry::AccountKind>(detail.asked);
  return {{"account", wire::NameOf(detail.account)},
          {"kind", std::string(registry::ToString(kind))},
          {"allowed_kinds", allowed}};
}

Metadata MetadataOf(Refusal refusal, const registry::RefusalDetail& detail,
                    std::optional<Unit> unit) {
  if (IsAboutTime(refusal)) return TimesOf(detail);
  if (refusal == Refusal::kWrongAccountKind) return KindsOf(detail);
  return AmountsOf(refusal, detail, unit);
}

std::string MessageOf(const ErrorRow& row, const Metadata& metadata) {
  std::string message = row.meaning;
  const char* before = ": ";
  for (const auto& [key, value] : metadata) {
    message += before + key + " " + value;
    before = ", ";
  }
  return message;
}

std::string SubjectOf(const Metadata& metadata) {
  for (const auto& [key, value] : metadata) {
    if (key == "account") return value;
  }
  return {};
}

}  // namespace

const ErrorRow& RowOf(Reason reason) { return kEdgeRows[static_cast<std::size_t>(reason)]; }

const ErrorRow& RowOf(registry::Refusal refusal) {
  const auto number = static_cast<std::size_t>(refusal);
  ETS_ASSERT(number >= 1 && number < registry::kRefusalCount);
  return kRefusalRows[number - 1];
}

grpc::Status Error(Reason reason, const std::string& message, const Metadata& metadata) {
  return ToGrpc(Canonical(RowOf(reason), message, metadata));
}

grpc::Status FieldError(std::string_view field, std::string_view value, std::string_view allowed,
                        Reason reason) {
  const std::string description = wire::Quoted(value) + "; allowed: " + std::string(allowed);
  google::rpc::Status status =
      Canonical(RowOf(reason), std::string(field) + ": " + description,
                {{"field", std::string(field)}, {"value", wire::Shortened(value)}});
  google::rpc::BadRequest bad;
  auto* const violation = bad.add_field_violations();
  violation->set_field(std::string(field));
  violation->set_description(description);
  status.add_details()->PackFrom(bad);
  return ToGrpc(status);
}

grpc::Status RetryLater(Reason reason, const std::string& message,
                        std::chrono::milliseconds after) {
  google::rpc::Status status = Canonical(RowOf(reason), message, {});
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(after.count() / 1'000);
  retry.mutable_retry_delay()->set_nanos(static_cast<std::int32_t>(after.count() % 1'000) *
                                         1'000'000);
  status.add_details()->PackFrom(retry);
  if (reason == Reason::kRateLimited) {
    google::rpc::QuotaFailure quota;
    auto* const violation = quota.add_violations();
    violation->set_subject("principal");
    violation->set_description(message);
    status.add_details()->PackFrom(quota);
  }
  return ToGrpc(status);
}

grpc::Status RefusalError(registry::Refusal refusal, const registry::RefusalDetail& detail,
                          std::optional<Unit> unit) {
  const ErrorRow& row = RowOf(refusal);
  const Metadata metadata = MetadataOf(refusal, detail, unit);
  const std::string message = MessageOf(row, metadata);
  google::rpc::Status status = Canonical(row, message, metadata);
  if (row.code == FAILED_PRECONDITION) {
    google::rpc::PreconditionFailure failure;
    auto* const violation = failure.add_violations();
    violation->set_type(row.reason);
    violation->set_subject(SubjectOf(metadata));
    violation->set_description(message);
    status.add_details()->PackFrom(failure);
  }
  return ToGrpc(status);
}

grpc::Status NotFound(registry::Refusal refusal, const std::string& resource) {
  const ErrorRow& row = RowOf(refusal);
  return ToGrpc(
      Canonical(row, std::string(row.meaning) + ": " + resource, {{"resource", resource}}));
}

grpc::Status StreamGap(std::uint64_t sequence, std::uint64_t expected) {
  const ErrorRow& row = RowOf(registry::Refusal::kStreamGap);
  return ToGrpc(Canonical(row,
                          std::string(row.meaning) + ": " + std::to_string(sequence) +
                              " came, expected is " + std::to_string(expected),
                          {{"expected_sequence", std::to_string(expected)}}));
}

namespace {

// Of a status of this server's; empty when it has none.
google::rpc::ErrorInfo InfoOf(const grpc::Status& status) {
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  if (!details.ParseFromString(status.error_details())) return {};
  for (const auto& detail : details.details()) {
    if (detail.UnpackTo(&info)) return info;
  }
  return {};
}

}  // namespace

std::string ReasonOf(const grpc::Status& status) { return InfoOf(status).reason(); }

std::string NumberOf(const grpc::Status& status) {
  const google::rpc::ErrorInfo info = InfoOf(status);
  const auto number = info.metadata().find("number");
  return number == info.metadata().end() ? std::string() : number->second;
}

std::string ErrorTableText() {
  static constexpr std::array<const char*, 17> kCodes = {"OK",
                                                         "CANCELLED",
                                                         "UNKNOWN",
                                                         "INVALID_ARGUMENT",
                                                         "DEADLINE_EXCEEDED",
                                                         "NOT_FOUND",
                                                         "ALREADY_EXISTS",
                                                         "PERMISSION_DENIED",
                                                         "RESOURCE_EXHAUSTED",
                                                         "FAILED_PRECONDITION",
                                                         "ABORTED",
                                                         "OUT_OF_RANGE",
                                                         "UNIMPLEMENTED",
                                                         "INTERNAL",
                                                         "UNAVAILABLE",
                                                         "DATA_LOSS",
                                                         "UNAUTHENTICATED"};
  std::string text;
  const auto add = [&](const ErrorRow& row) {
    const auto dash = [](const char* code) { return *code == '\0' ? "-" : code; };
    text += std::string("| ") + row.reason + " | " + kCodes[static_cast<std::size_t>(row.code)] +
            " | " + dash(row.uk) + " | " + dash(row.itl) + " | " + row.meaning + " |\n";
  };
  for (const ErrorRow& row : kEdgeRows) add(row);
  for (const ErrorRow& row : kRefusalRows) add(row);
  return text;
}

}  // namespace ets::server
