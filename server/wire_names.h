#pragma once

#include <google/protobuf/timestamp.pb.h>
#include <grpcpp/support/status.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/date.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/unit.h"
#include "registry/words.h"

// The wire's names, times and page tokens. Parse functions take the field's name for their message,
// which names the field, its value and what is allowed.
namespace ets::server::wire {

template <typename T>
using OrStatus = Result<T, grpc::Status>;

std::string Shortened(std::string_view text);  // Cut where it is long; never within a character.
std::string Quoted(std::string_view text);     // The same, in quotes.

// ---- Names without their prefix ----

std::string NameOf(AccountId account);
std::string HoldingName(AccountId account, Unit unit);
std::string LedgerName(Unit unit);
std::string TransferName(std::uint64_t sequence, std::uint32_t index);
std::string NumberedName(std::string_view collection, std::uint64_t number);
std::string EntityYearName(std::uint32_t entity, std::string_view collection, std::uint16_t year);
std::string EntitlementName(std::uint32_t entity, std::uint16_t year, std::uint8_t table);

// {type}-{vintage}, as in CEA-2025; CCER, CNY. Read as this or as ets::ToString() writes it.
std::string FullUnit(Unit unit);
OrStatus<Unit> ParseUnitText(std::string_view field, std::string_view text);

// An account's number for people, with check digits by the UK registry's formula:
// CN-108-10000012-0-22. `letters` are two of A-Z.
std::string DisplayNumber(std::string_view letters, registry::AccountKind kind, AccountId account);
// The two letters of a profile: "cn" -> "CN"; "XX" where a name has not two.
std::string LettersOf(std::string_view profile);

// ---- Reading names ----

// What a server calls itself.
struct Home {
  std::string registry;  // {registry} of its names.
  std::string letters;   // Of its account numbers.
};

// An account as it was named. With a display number its kind was named too.
struct AccountName {
  AccountId account;
  std::optional<registry::AccountKind> kind;
};
struct HoldingPath {
  AccountName account;
  Unit unit;
};
struct EntityYear {
  std::uint32_t entity = 0;
  std::uint16_t year = 0;  // 1 to 9999.
};
struct EntitlementPath {
  std::uint32_t entity = 0;
  std::uint16_t year = 0;
  std::uint8_t table = 0;
};
struct TransferPath {
  std::uint64_t sequence = 0;
  std::uint32_t index = 0;
};

// Reads the names of one request, which all lie on one branch: the first that says a branch, or is
// without a prefix, decides. Not thread-safe.
class NameReader {
 public:
  explicit NameReader(const Home& home) : home_(home) {}

  // `main`, or what the names read so far say.
  std::string branch() const { return branch_.value_or("main"); }

  // A prefix alone, or nothing.
  OrStatus<Done> Parent(std::string_view field, std::string_view name);
  OrStatus<AccountName> Account(std::string_view field, std::string_view name);
  OrStatus<HoldingPath> Holding(std::string_view field, std::string_view name);
  OrStatus<Unit> Ledger(std::string_view field, std::string_view name);
  // {collection}/{number}, from 1: tasks, freezes, certificates, pendingTransfers, principals.
  OrStatus<std::uint32_t> Numbered(std::string_view field, std::string_view name,
                                   std::string_view collection);
  OrStatus<TransferPath> Transfer(std::string_view field, std::string_view name);
  OrStatus<std::uint32_t> Entity(std::string_view field, std::string_view name);
  OrStatus<EntityYear> InEntity(std::string_view field, std::string_view name,
                                std::string_view collection);
  OrStatus<EntitlementPath> Entitlement(std::string_view field, std::string_view name);

 private:
  // What is behind the prefix; takes the branch.
  OrStatus<std::string_view> Local(std::string_view field, std::string_view name);
  OrStatus<AccountName> AccountSegment(std::string_view field, std::string_view segment,
                                       std::string_view name);

  const Home& home_;
  std::optional<std::string> branch_;
};

// ---- Time ----

// To the microsecond; what lies between two goes down, or up.
enum class Rounding : std::uint8_t { kDown, kUp };
OrStatus<SimTime> ParseTime(std::string_view field, const google::protobuf::Timestamp& time,
                            Rounding rounding);
void Fill(SimTime time, google::protobuf::Timestamp* out);
std::string ToString(SimTime time);  // 2027-01-04T04:00:00Z

// ---- Request ids ----

// Of a UUID in its 36-character form, upper or lower case.
OrStatus<std::array<char, 16>> ParseRequestId(std::string_view text);

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

}  // namespace ets::server::wire
