#include "server/wire_names.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <charconv>
#include <concepts>

#include "server/registry_errors.h"

namespace ets::server::wire {

namespace {

constexpr std::uint32_t kFirstNumber = 10'000'000;  // The display number of account 0.
constexpr std::uint32_t kFirstType = 100;           // Of kind 0.
constexpr std::size_t kPageSizeDefault = 100;
constexpr std::size_t kPageSizeMax = 1'000;

constexpr std::string_view kPrefixAllowed =
    "registries/{registry}/branches/{branch}, or nothing for this server's own, branch main";
constexpr std::string_view kAccountAllowed =
    "accounts/{account}, as in accounts/12, or with its display number";
constexpr std::string_view kHoldingAllowed =
    "accounts/{account}/holdings/{unit}, as in accounts/12/holdings/CEA-2025";
constexpr std::string_view kUnitAllowed =
    "{type}-{vintage} of a type CEA, AVI, RET, CCU or CBAM, as in CEA-2025; or CCER, CNY, EUR";
constexpr std::string_view kUuidAllowed =
    "a UUID of your own making, as in 123e4567-e89b-42d3-a456-426614174000";
constexpr std::string_view kTokenAllowed =
    "empty, or the next_page_token of the page before, with all other fields but page_size as they "
    "were then";

// A number as std::to_string writes it: no sign, no leading zero.
template <std::unsigned_integral T>
std::optional<T> Number(std::string_view text) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  if (text.size() > 1 && text.front() == '0') return {};
  return value;
}

// Cuts "prefix" off the front; false when it is not there.
bool Cut(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// What stands before the next `mark`, which goes too.
std::string_view CutSegment(std::string_view& text, char mark = '/') {
  const std::size_t at = text.find(mark);
  const std::string_view segment = text.substr(0, at);
  text.remove_prefix(at == text.npos ? text.size() : at + 1);
  return segment;
}

std::optional<std::uint16_t> Year(std::string_view text) {
  const auto year = Number<std::uint16_t>(text);
  return year && *year >= 1 && *year <= 9'999 ? year : std::nullopt;
}

std::optional<Unit> UnitOf(std::string_view text) {
  if (const auto unit = ets::ParseUnit(text); unit && ets::ToString(*unit) == text) return unit;
  const std::size_t dash = text.find('-');
  if (dash == text.npos) return {};
  auto unit = ets::ParseUnit(std::string(text.substr(0, dash)) + "21");
  const auto vintage = Number<std::uint16_t>(text.substr(dash + 1));
  if (!unit || !vintage || *vintage < 2'000 || *vintage > 2'099) return {};
  unit->vintage = *vintage;
  return unit;
}

std::string TwoDigits(int number) { return (number < 10 ? "0" : "") + std::to_string(number); }

// 98 less the remainder by 97 of the digits put behind one another (UK registry, GeneratorService).
int CheckDigits(std::string_view letters, std::uint32_t type, std::string_view number) {
  const auto value = [](char letter) { return std::to_string(letter - 'A' + 10); };
  const std::string digits =
      std::string(number) + value(letters[0]) + value(letters[1]) + std::to_string(type) + "0000";
  int rest = 0;
  for (const char digit : digits) rest = (rest * 10 + (digit - '0')) % 97;
  return 98 - rest;
}

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace

std::string Shortened(std::string_view text) {
  constexpr std::size_t kShownMax = 80;
  if (text.size() <= kShownMax) return std::string(text);
  std::size_t end = kShownMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return std::string(text.substr(0, end)) + "...";
}

std::string Quoted(std::string_view text) {
  std::string quoted = Shortened(text);
  return quoted.insert(0, 1, '"') + '"';
}

// ---- Names ----

std::string NameOf(AccountId account) { return NumberedName("accounts", account.raw()); }
std::string HoldingName(AccountId account, Unit unit) {
  return NameOf(account) + "/holdings/" + FullUnit(unit);
}
std::string LedgerName(Unit unit) { return "ledgers/" + FullUnit(unit); }
std::string TransferName(std::uint64_t sequence, std::uint32_t index) {
  return NumberedName("transfers", sequence) + "-" + std::to_string(index);
}
std::string NumberedName(std::string_view collection, std::uint64_t number) {
  return std::string(collection) + "/" + std::to_string(number);
}
std::string EntityYearName(std::uint32_t entity, std::string_view collection, std::uint16_t year) {
  return NumberedName("entities", entity) + "/" + NumberedName(collection, year);
}
std::string EntitlementName(std::uint32_t entity, std::uint16_t year, std::uint8_t table) {
  return EntityYearName(entity, "allocationPlans", year) + "-" + std::to_string(table);
}

std::string FullUnit(Unit unit) {
  if (unit.vintage == 0) return ets::ToString(unit);
  const Unit plain{unit.type, unit.currency, 2'021};
  const std::string with_year = ets::ToString(plain);
  return with_year.substr(0, with_year.size() - 2) + "-" + std::to_string(unit.vintage);
}

OrStatus<Unit> ParseUnitText(std::string_view field, std::string_view text) {
  if (const auto unit = UnitOf(text)) return *unit;
  return Fail{FieldError(field, text, kUnitAllowed)};
}

std::string DisplayNumber(std::string_view letters, registry::AccountKind kind, AccountId account) {
  const std::uint32_t type = kFirstType + static_cast<std::uint32_t>(kind);
  const std::string number = std::to_string(std::uint64_t{kFirstNumber} + account.raw());
  return std::string(letters) + "-" + std::to_string(type) + "-" + number + "-0-" +
         TwoDigits(CheckDigits(letters, type, number));
}

std::string LettersOf(std::string_view profile) {
  std::string letters;
  for (const char c : profile) {
    const char upper = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    if (IsUpper(upper) && letters.size() < 2) letters += upper;
  }
  return letters.size() == 2 ? letters : "XX";
}

// ---- Reading names ----

OrStatus<std::string_view> NameReader::Local(std::string_view field, std::string_view name) {
  std::string_view rest = name;
  std::string branch = "main";
  if (Cut(rest, "registries/")) {
    const std::string_view registry = CutSegment(rest);
    if (!Cut(rest, "branches/")) return Fail{FieldError(field, name, kPrefixAllowed)};
    branch = CutSegment(rest);
    if (registry != home_.registry || branch.empty()) {
      return Fail{Error(Reason::kBranchNotFound,
                        std::string(field) + ": " + Quoted(name) +
                            " is not there; this server's "
                            "registry is registries/" +
                            home_.registry,
                        {{"field", std::string(field)}, {"resource", Shortened(name)}})};
    }
  }
  if (branch_ && *branch_ != branch) {
    return Fail{FieldError(field, name, "a name of the request's own branch, " + *branch_)};
  }
  branch_ = branch;
  return rest;
}

OrStatus<Done> NameReader::Parent(std::string_view field, std::string_view name) {
  if (name.empty()) return Done{};
  const auto local = Local(field, name);
  if (!local.ok()) return Fail{local.error()};
  if (!local->empty()) return Fail{FieldError(field, name, kPrefixAllowed)};
  return Done{};
}

OrStatus<AccountName> NameReader::AccountSegment(std::string_view field, std::string_view segment,
                                                 std::string_view name) {
  if (const auto number = Number<std::uint32_t>(segment))
    return AccountName{AccountId(*number), {}};
  const std::string_view letters = CutSegment(segment, '-');
  const auto type = Number<std::uint32_t>(CutSegment(segment, '-'));
  const std::string_view digits = CutSegment(segment, '-');
  const auto number = Number<std::uint64_t>(digits);
  const bool is_period_0 = CutSegment(segment, '-') == "0";
  const bool is_shaped = letters.size() == 2 && IsUpper(letters[0]) && IsUpper(letters[1]) &&
                         type && *type >= kFirstType && *type <= 999 && number && is_period_0 &&
                         segment.size() == 2;
  if (!is_shaped) return Fail{FieldError(field, name, kAccountAllowed)};
  if (segment != TwoDigits(CheckDigits(letters, *type, digits))) {
    return Fail{FieldError(field, name, "an account number with its own check digits",
                           Reason::kCheckDigitsInvalid)};
  }
  const std::uint32_t kind = *type - kFirstType;
  const std::uint64_t id = *number - std::min<std::uint64_t>(*number, kFirstNumber);
  if (letters != home_.letters || *number < kFirstNumber || id > ~0U || kind == 0 ||
      kind >= registry::kAccountKindCount) {
    return Fail{RefusalError(registry::Refusal::kAccountNotFound, {}, {})};
  }
  return AccountName{AccountId(static_cast<std::uint32_t>(id)),
                     static_cast<registry::AccountKind>(kind)};
}

OrStatus<AccountName> NameReader::Account(std::string_view field, std::string_view name) {
  auto rest = Local(field, name);
  if (!rest.ok()) return Fail{rest.error()};
  if (!Cut(rest.value(), "accounts/")) return Fail{FieldError(field, name, kAccountAllowed)};
  return AccountSegment(field, *rest, name);
}

OrStatus<HoldingPath> NameReader::Holding(std::string_view field, std::string_view name) {
  auto rest = Local(field, name);
  if (!rest.ok()) return Fail{rest.error()};
  if (!Cut(rest.value(), "accounts/")) return Fail{FieldError(field, name, kHoldingAllowed)};
  const std::string_view segment = CutSegment(rest.value());
  if (!Cut(rest.value(), "holdings/")) return Fail{FieldError(field, name, kHoldingAllowed)};
  const auto account = AccountSegment(field, segment, name);
  if (!account.ok()) return Fail{account.error()};
  const auto unit = UnitOf(*rest);
  if (!unit) return Fail{FieldError(field, name, kHoldingAllowed)};
  return HoldingPath{*account, *unit};
}

OrStatus<Unit> NameReader::Ledger(std::string_view field, std::string_view name) {
  auto rest = Local(field, name);
  if (!rest.ok()) return Fail{rest.error()};
  if (Cut(rest.value(), "ledgers/")) {
    if (const auto unit = UnitOf(*rest)) return *unit;
  }
  return Fail{FieldError(field, name, "ledgers/{unit}, as in ledgers/CEA-2025")};
}

OrStatus<std::uint32_t> NameReader::Numbered(std::string_view field, std::string_view name,
                                             std::string_view collection) {
  auto rest = Local(field, name);
  if (!rest.ok()) return Fail{rest.error()};
  if (Cut(rest.value(), std::string(collection) + "/")) {
    if (const auto number = Number<std::uint32_t>(*rest); number && *number > 0) return *number;
  }
  return Fail{FieldError(field, name, std::string(collection) + "/{number}, from 1")};
}

OrStatus<TransferPath> NameReader::Transfer(std::string_view field, std::string_view name) {
  auto rest = Local(field, name);
  if (!rest.ok()) return Fail{rest.error()};
  if (Cut(rest.value(), "transfers/")) {
    const auto sequence = Number<std::uint64_t>(CutSegment(rest.value(), '-'));
    const auto index = Number<std::uint32_t>(*rest);
    if (sequence && index && *sequence > 0) return TransferPath{*sequence, *index};
  }
  return Fail{FieldError(field, name, "transfers/{sequence}-{index}, as in transfers/1042-3")};
}

OrStatus<std::uint32_t> NameReader::Entity(std::string_view field, std::string_view name) {
  auto rest = Local(field, name);
  if (!rest.ok()) return Fail{rest.error()};
  if (Cut(rest.value(), "entities/")) {
    if (const auto number = Number<std::uint32_t>(*rest)) return *number;
  }
  return Fail{FieldError(field, name, "entities/{entity}, as in entities/17")};
}

OrStatus<EntityYear> NameReader::InEntity(std::string_view field, std::string_view name,
                                          std::string_view collection) {
  auto rest = Local(field, name);
  if (!rest.ok()) return Fail{rest.error()};
  if (Cut(rest.value(), "entities/")) {
    const auto entity = Number<std::uint32_t>(CutSegment(rest.value()));
    const bool is_collection = CutSegment(rest.value()) == collection;
    const auto year = Year(*rest);
    if (entity && is_collection && year) return EntityYear{*entity, *year};
  }
  return Fail{FieldError(
      field, name,
      "entities/{entity}/" + std::string(collection) + "/{year}, with a year from 1 to 9999")};
}

OrStatus<EntitlementPath> NameReader::Entitlement(std::string_view field, std::string_view name) {
  auto rest = Local(field, name);
  if (!rest.ok()) return Fail{rest.error()};
  if (Cut(rest.value(), "entities/")) {
    const auto entity = Number<std::uint32_t>(CutSegment(rest.value()));
    const bool is_plan = CutSegment(rest.value()) == "allocationPlans";
    const auto year = Year(CutSegment(rest.value(), '-'));
    const auto table = Number<std::uint8_t>(*rest);
    if (entity && is_plan && year && table) return EntitlementPath{*entity, *year, *table};
  }
  return Fail{FieldError(field, name, "entities/{entity}/allocationPlans/{year}-{table}")};
}

// ---- Time ----

OrStatus<SimTime> ParseTime(std::string_view field, const google::protobuf::Timestamp& time,
                            Rounding rounding) {
  constexpr std::int64_t kYear1 = -62'135'596'800;
  constexpr std::int64_t kYear9999End = 253'402'300'799;
  if (time.seconds() < kYear1 || time.seconds() > kYear9999End || time.nanos() < 0 ||
      time.nanos() > 999'999'999) {
    return Fail{FieldError(
        field, std::to_string(time.seconds()) + " s " + std::to_string(time.nanos()) + " ns",
        "a time from year 1 to 9999 with 0 to 999999999 ns")};
  }
  const std::int32_t over = time.nanos() % 1'000;
  const std::int64_t micros = time.seconds() * 1'000'000 + time.nanos() / 1'000;
  return rounding == Rounding::kUp && over > 0 ? micros + 1 : micros;
}

void Fill(SimTime time, google::protobuf::Timestamp* out) {
  std::int64_t seconds = time / 1'000'000;
  std::int64_t micros = time % 1'000'000;
  if (micros < 0) {
    micros += 1'000'000;
    --seconds;
  }
  out->set_seconds(seconds);
  out->set_nanos(static_cast<std::int32_t>(micros) * 1'000);
}

std::string ToString(SimTime time) {
  google::protobuf::Timestamp stamp;
  Fill(time, &stamp);
  return google::protobuf::util::TimeUtil::ToString(stamp);
}

// ---- Request ids ----

OrStatus<std::array<char, 16>> ParseRequestId(std::string_view text) {
  const auto wrong = [&] {
    return Fail{FieldError("request_id", text, kUuidAllowed, Reason::kRequestIdInvalid)};
  };
  if (text.size() != 36) return wrong();
  std::array<char, 16> id{};
  std::size_t nibble = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool is_dash = at == 8 || at == 13 || at == 18 || at == 23;
    const int digit = HexDigit(text[at]);
    if (is_dash ? text[at] != '-' : digit < 0) return wrong();
    if (is_dash) continue;
    auto& byte = id[nibble / 2];
    byte = static_cast<char>(static_cast<unsigned char>(byte) * 16 + digit);
    ++nibble;
  }
  return id;
}

// ---- Paging ----

std::string Encode(const PageToken& token) {
  std::string text;
  for (const std::uint64_t part : {token.sequence, token.position, token.question}) {
    for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[part >> shift & 0xFU];
  }
  return text;
}

OrStatus<PageToken> ParsePageToken(const std::string& text, std::uint64_t question) {
  const auto wrong = [&] {
    return Fail{FieldError("page_token", text, kTokenAllowed, Reason::kPageTokenInvalid)};
  };
  PageToken token;
  if (text.size() != 48) return wrong();
  std::string_view rest = text;
  for (std::uint64_t* const part : {&token.sequence, &token.position, &token.question}) {
    const std::string_view digits = rest.substr(0, 16);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + 16, *part, 16);
    if (error != std::errc() || end != digits.data() + 16) return wrong();
    rest.remove_prefix(16);
  }
  if (token.question != question || token.sequence == 0) return wrong();
  return token;
}

OrStatus<std::size_t> ParsePageSize(std::int32_t size) {
  if (size < 0) {
    return Fail{FieldError(
        "page_size", std::to_string(size),
        "0 for " + std::to_string(kPageSizeDefault) + ", or 1 to " + std::to_string(kPageSizeMax))};
  }
  if (size == 0) return kPageSizeDefault;
  return std::min(static_cast<std::size_t>(size), kPageSizeMax);
}

}  // namespace ets::server::wire
