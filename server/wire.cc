#include "server/wire.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <charconv>
#include <concepts>
#include <optional>
#include <string>

namespace ets::server::wire {

namespace {

constexpr std::string_view kAccountAllowed = "accounts/{account}, as in accounts/12";
constexpr std::string_view kHoldingAllowed =
    "accounts/{account}/holdings/{unit}, as in accounts/12/holdings/CEA25";
constexpr std::string_view kComplianceAllowed =
    "entities/{entity}/complianceStatuses/{year}, as in entities/17/complianceStatuses/2027, with "
    "a "
    "year from 1 to 9999";
constexpr std::string_view kUnitAllowed = "CEA19-20, CEA21, CEA22, ..., CCER, CNY, EUR";
constexpr std::string_view kTokenAllowed =
    "empty, or the next_page_token of the page before, with all other fields but page_size as they "
    "were then";

constexpr std::size_t kPageSizeDefault = 100;
constexpr std::size_t kPageSizeMax = 1'000;

// Quoted, and cut where it is long; never within a character.
std::string Quoted(std::string_view text) {
  constexpr std::size_t kShownMax = 80;
  if (text.size() <= kShownMax) return '"' + std::string(text) + '"';
  std::size_t end = kShownMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return '"' + std::string(text.substr(0, end)) + "...\"";
}

// A number as std::to_string writes it: no sign, no leading zero.
template <std::unsigned_integral T>
std::optional<T> Number(std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  if (text.size() > 1 && text.front() == '0') return {};
  return value;
}

// Cuts "prefix/" off the front; false when it is not there.
bool Cut(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// What stands before the next '/', which goes too.
std::string_view CutSegment(std::string_view& text) {
  const std::size_t slash = text.find('/');
  const std::string_view segment = text.substr(0, slash);
  text.remove_prefix(slash == text.npos ? text.size() : slash + 1);
  return segment;
}

// As ParseUnit(), for the one spelling that ToString() gives.
std::optional<Unit> CanonicalUnit(std::string_view text) {
  const auto unit = ParseUnit(text);
  return unit && ets::ToString(*unit) == text ? unit : std::nullopt;
}

}  // namespace

grpc::Status Invalid(std::string_view field, std::string_view value, std::string_view allowed) {
  return {grpc::StatusCode::INVALID_ARGUMENT,
          std::string(field) + ": " + Quoted(value) + "; allowed: " + std::string(allowed)};
}

grpc::Status NotFound(std::string_view field, std::string_view value, std::string_view what) {
  return {grpc::StatusCode::NOT_FOUND,
          std::string(field) + ": " + Quoted(value) + " is not there; " + std::string(what)};
}

std::string NameOf(AccountId account) { return "accounts/" + std::to_string(account.raw()); }
std::string NameOf(AccountId account, Unit unit) {
  return NameOf(account) + "/holdings/" + ets::ToString(unit);
}

OrStatus<AccountId> ParseAccount(std::string_view field, const std::string& name) {
  std::string_view rest = name;
  if (Cut(rest, "accounts/")) {
    if (const auto number = Number<std::uint32_t>(rest)) return AccountId(*number);
  }
  return Fail{Invalid(field, name, kAccountAllowed)};
}

OrStatus<Unit> ParseUnitText(std::string_view field, const std::string& text) {
  if (const auto unit = CanonicalUnit(text)) return *unit;
  return Fail{Invalid(field, text, kUnitAllowed)};
}

OrStatus<HoldingName> ParseHolding(std::string_view field, const std::string& name) {
  std::string_view rest = name;
  if (Cut(rest, "accounts/")) {
    const auto number = Number<std::uint32_t>(CutSegment(rest));
    if (number && Cut(rest, "holdings/")) {
      if (const auto unit = CanonicalUnit(rest)) return HoldingName{AccountId(*number), *unit};
    }
  }
  return Fail{Invalid(field, name, kHoldingAllowed)};
}

OrStatus<ComplianceName> ParseCompliance(std::string_view field, const std::string& name) {
  std::string_view rest = name;
  if (Cut(rest, "entities/")) {
    const auto entity = Number<std::uint32_t>(CutSegment(rest));
    if (entity && Cut(rest, "complianceStatuses/")) {
      const auto year = Number<std::uint16_t>(rest);
      if (year && *year >= 1 && *year <= 9'999) return ComplianceName{*entity, *year};
    }
  }
  return Fail{Invalid(field, name, kComplianceAllowed)};
}

OrStatus<SimTime> ParseTime(std::string_view field, const google::protobuf::Timestamp& time,
                            Rounding rounding) {
  constexpr std::int64_t kYear1 = -62'135'596'800;
  constexpr std::int64_t kYear9999End = 253'402'300'799;
  if (time.seconds() < kYear1 || time.seconds() > kYear9999End || time.nanos() < 0 ||
      time.nanos() > 999'999'999) {
    return Fail{Invalid(
        field, std::to_string(time.seconds()) + " s " + std::to_string(time.nanos()) + " ns",
        "years 1 to 9999, with nanos from 0 to 999999999")};
  }
  const std::int32_t up = rounding == Rounding::kUp ? 999 : 0;
  return time.seconds() * kMicrosPerSecond + (time.nanos() + up) / 1'000;
}

void Fill(SimTime time, google::protobuf::Timestamp* out) {
  *out = google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(time);
}

std::string ToString(const google::protobuf::Timestamp& time) {
  return google::protobuf::util::TimeUtil::ToString(time);
}

std::string Encode(const PageToken& token) {
  return ToHex(token.sequence) + ToHex(token.position) + ToHex(token.question);
}

OrStatus<PageToken> ParsePageToken(const std::string& text, std::uint64_t question) {
  PageToken token;
  std::string_view rest = text;
  for (std::uint64_t* const part : {&token.sequence, &token.position, &token.question}) {
    const std::string_view digits = rest.substr(0, 16);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), *part, 16);
    if (digits.size() != 16 || error != std::errc() || end != digits.data() + 16) {
      return Fail{Invalid("page_token", text, kTokenAllowed)};
    }
    rest.remove_prefix(16);
  }
  if (!rest.empty() || token.question != question) {
    return Fail{Invalid("page_token", text, kTokenAllowed)};
  }
  return token;
}

OrStatus<std::size_t> ParsePageSize(std::int32_t size) {
  if (size < 0) {
    return Fail{Invalid(
        "page_size", std::to_string(size),
        "0 for " + std::to_string(kPageSizeDefault) + ", or 1 to " + std::to_string(kPageSizeMax))};
  }
  if (size == 0) return kPageSizeDefault;
  return std::min(static_cast<std::size_t>(size), kPageSizeMax);
}

OrStatus<pb::AccountKind> CheckKind(std::string_view field, pb::AccountKind kind) {
  if (pb::AccountKind_IsValid(kind)) return kind;
  return Fail{Invalid(field, std::to_string(static_cast<int>(kind)), "a value of AccountKind")};
}

OrStatus<pb::TransferCode> CheckCode(std::string_view field, pb::TransferCode code) {
  if (pb::TransferCode_IsValid(code)) return code;
  return Fail{Invalid(field, std::to_string(static_cast<int>(code)), "a value of TransferCode")};
}

// The wire numbers kinds and codes as the journal does; both are never renumbered.
pb::AccountKind ToWire(registry::AccountKind kind) { return static_cast<pb::AccountKind>(kind); }
pb::TransferCode ToWire(registry::TransferCode code) { return static_cast<pb::TransferCode>(code); }

pb::ComplianceSymbol ToWire(registry::ComplianceSymbol symbol) {
  switch (symbol) {
    case registry::ComplianceSymbol::kOpen:
      return pb::COMPLIANCE_SYMBOL_OPEN;
    case registry::ComplianceSymbol::kCompliant:
      return pb::COMPLIANCE_SYMBOL_COMPLIANT;
    case registry::ComplianceSymbol::kShort:
      return pb::COMPLIANCE_SYMBOL_SHORT;
  }
  return pb::COMPLIANCE_SYMBOL_UNSPECIFIED;
}

bool IsFirms(const registry::AccountView& account) {
  return account.kind == registry::AccountKind::kHolder ||
         account.kind == registry::AccountKind::kEscrow;
}

void Fill(AccountId id, const registry::AccountView& account, pb::Account* out) {
  out->set_name(NameOf(id));
  out->set_kind(ToWire(account.kind));
  if (IsFirms(account)) out->set_entity(account.entity);
  out->set_blocked(account.blocked);
}

void FillHolding(AccountId account, Unit unit, std::int64_t amount, pb::Holding* out) {
  out->set_name(NameOf(account, unit));
  out->set_unit(ets::ToString(unit));
  out->set_amount(amount);
}

void Fill(const ArchivedTransfer& moved, Unit unit, SimTime time, pb::Transfer* out) {
  const registry::Transfer& transfer = moved.transfer;
  out->set_name("transfers/" + std::to_string(moved.sequence) + "-" + std::to_string(moved.index));
  out->set_debit(NameOf(transfer.debit));
  out->set_credit(NameOf(transfer.credit));
  out->set_unit(ets::ToString(unit));
  out->set_amount(transfer.amount);
  out->set_code(ToWire(transfer.code));
  out->set_year(transfer.year);
  out->set_reference(transfer.reference);
  Fill(time, out->mutable_sim_time());
}

void Fill(const ComplianceName& name, const registry::ComplianceView& view,
          pb::ComplianceStatus* out) {
  out->set_name("entities/" + std::to_string(name.entity) + "/complianceStatuses/" +
                std::to_string(name.year));
  out->set_symbol(ToWire(view.symbol));
  if (view.verified) out->set_verified_emissions(view.emissions.count());
  out->set_surrendered(view.surrendered.count());
  out->set_surrendered_offsets(view.offsets.count());
}

void Fill(const Verification& verification, pb::VerifyChainResponse* out) {
  out->mutable_at()->set_sequence(verification.journal.last_sequence);
  Fill(verification.sim_time, out->mutable_at()->mutable_sim_time());
  out->mutable_at()->set_chain_head(verification.journal.chain_head);
  out->set_batches(verification.journal.batches);
  out->set_commands_applied(verification.applied);
  out->set_commands_refused(verification.refused);
  out->set_transfers(verification.transfers);
  out->set_days_closed(verification.days);
  out->set_settlement_messages(verification.messages);
  out->set_failed_pairs(verification.failed_pairs);
  out->set_accounts(verification.accounts);
  out->set_ledgers(verification.ledgers);
  out->set_state_hash(ToHex(verification.state_hash));
}

}  // namespace ets::server::wire
