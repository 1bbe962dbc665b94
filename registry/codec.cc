#include "registry/codec.h"

#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>

#include "base/bytes.h"

namespace ets::registry {
namespace {

constexpr std::uint16_t kVersion = 1;
constexpr std::uint16_t kFirstCommandKind = static_cast<std::uint16_t>(RecordKind::kOpenAccount);
static_assert(std::variant_size_v<Command> == 17 && kFirstCommandKind + 17 - 1 == 18,
              "each command has its RecordKind");

// The fields of each struct, in their order on disk. The one list for writing and reading.
template <typename Struct>
constexpr auto Fields(Struct& s) {
  using T = std::remove_const_t<Struct>;
  if constexpr (std::is_same_v<T, Profile>) {
    return std::tie(s.first_year, s.offset_limit_bp);
  } else if constexpr (std::is_same_v<T, Receipt>) {
    return std::tie(s.id, s.amount, s.failed_pairs);
  } else if constexpr (std::is_same_v<T, Transfer>) {
    return std::tie(s.debit, s.credit, s.ledger, s.amount, s.code, s.year, s.reference);
  } else if constexpr (std::is_same_v<T, OpenAccount>) {
    return std::tie(s.kind, s.entity);
  } else if constexpr (std::is_same_v<T, OpenLedger>) {
    return std::tie(s.unit.type, s.unit.currency, s.unit.vintage, s.cap);
  } else if constexpr (std::is_same_v<T, SetCap>) {
    return std::tie(s.ledger, s.cap);
  } else if constexpr (std::is_same_v<T, Issue>) {
    return std::tie(s.to, s.ledger, s.amount, s.code);
  } else if constexpr (std::is_same_v<T, MakeTransfer>) {
    return Fields(s.transfer);
  } else if constexpr (std::is_same_v<T, DepositMonthlyData>) {
    return std::tie(s.entity, s.year, s.month, s.emissions);
  } else if constexpr (std::is_same_v<T, ReportEmissions> || std::is_same_v<T, VerifyEmissions>) {
    return std::tie(s.entity, s.year, s.emissions);
  } else if constexpr (std::is_same_v<T, Allocate>) {
    return std::tie(s.from, s.holder, s.ledger, s.year, s.amount, s.code);
  } else if constexpr (std::is_same_v<T, TakeBack>) {
    return std::tie(s.holder, s.to, s.ledger, s.year, s.amount);
  } else if constexpr (std::is_same_v<T, Surrender>) {
    return std::tie(s.holder, s.ledger, s.year, s.amount);
  } else if constexpr (std::is_same_v<T, AssessCompliance>) {
    return std::tie(s.entity, s.year);
  } else if constexpr (std::is_same_v<T, ConvertUnits>) {
    return std::tie(s.holder, s.from, s.to, s.amount);
  } else if constexpr (std::is_same_v<T, ExpireLedger>) {
    return std::tie(s.ledger);
  } else if constexpr (std::is_same_v<T, AdvanceTo>) {
    return std::tie(s.sim_time);
  } else if constexpr (std::is_same_v<T, DayClosed>) {
    return std::tie(s.date, s.settlement_sequence, s.registry_state_hash, s.market_state_hash);
  } else if constexpr (std::is_same_v<T, SettlementFill>) {
    return std::tie(s.seller_escrow, s.buyer_escrow, s.unit_ledger, s.cash_ledger, s.quantity,
                    s.cash, s.trade_id, s.code);
  } else {
    static_assert(std::is_same_v<T, SettlementWithdrawal>);
    return std::tie(s.escrow, s.holder, s.ledger, s.amount);
  }
}

// A field as the integer that is stored, and back.
template <typename T, typename Tag>
constexpr T Stored(Tagged<T, Tag> id) {
  return id.raw();
}
constexpr std::int64_t Stored(Tonnes tonnes) { return tonnes.count(); }
constexpr std::int32_t Stored(Date date) { return date.days(); }
template <typename T>
requires std::integral<T> || std::is_enum_v<T>
constexpr T Stored(T value) { return value; }

// One append a struct: an append a field would cost more than the transfer itself.
template <typename Struct>
void Put(const Struct& s, std::string& out) {
  std::apply(
      [&out](const auto&... field) {
        char raw[(sizeof(Stored(field)) + ...)];
        std::size_t at = 0;
        const auto put = [&raw, &at](auto value) {
          std::memcpy(raw + at, &value, sizeof(value));
          at += sizeof(value);
        };
        (put(Stored(field)), ...);
        out.append(raw, sizeof(raw));
      },
      Fields(s));
}

template <typename Struct>
void Get(ByteReader& in, Struct& s) {
  std::apply(
      [&in](auto&... field) {
        ((field = std::remove_cvref_t<decltype(field)>(in.Get<decltype(Stored(field))>())), ...);
      },
      Fields(s));
}

template <typename Struct>
void PutList(std::span<const Struct> list, std::string& out) {
  ByteWriter(out).Put(static_cast<std::uint32_t>(list.size()));
  for (const Struct& item : list) Put(item, out);
}

template <typename Struct>
void GetList(ByteReader& in, std::vector<Struct>& list) {
  list.clear();
  const auto count = in.Get<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) Get(in, list.emplace_back());
}

void Put(const Settle& settle, std::string& out) {
  ByteWriter(out).Put(settle.sequence);
  PutList<SettlementFill>(settle.fills, out);
  PutList<SettlementWithdrawal>(settle.withdrawals, out);
}

void Get(ByteReader& in, Settle& settle) {
  settle.sequence = in.Get<std::uint64_t>();
  GetList(in, settle.fills);
  GetList(in, settle.withdrawals);
}

template <std::size_t... kIndex>
bool GetCommand(std::size_t index, ByteReader& in, Command& command,
                std::index_sequence<kIndex...>) {
  const auto get = [&]<std::size_t kThis>() {
    if (index != kThis) return false;
    if (command.index() != kThis) command.emplace<kThis>();
    Get(in, *std::get_if<kThis>(&command));
    return true;
  };
  return (get.template operator()<kIndex>() || ...);
}

}  // namespace

std::string_view ToString(RecordKind kind) {
  switch (kind) {
    case RecordKind::kProfile:
      return "profile";
    case RecordKind::kOpenAccount:
      return "open_account";
    case RecordKind::kOpenLedger:
      return "open_ledger";
    case RecordKind::kSetCap:
      return "set_cap";
    case RecordKind::kIssue:
      return "issue";
    case RecordKind::kMakeTransfer:
      return "make_transfer";
    case RecordKind::kDepositMonthlyData:
      return "deposit_monthly_data";
    case RecordKind::kReportEmissions:
      return "report_emissions";
    case RecordKind::kVerifyEmissions:
      return "verify_emissions";
    case RecordKind::kAllocate:
      return "allocate";
    case RecordKind::kTakeBack:
      return "take_back";
    case RecordKind::kSurrender:
      return "surrender";
    case RecordKind::kAssessCompliance:
      return "assess_compliance";
    case RecordKind::kConvertUnits:
      return "convert_units";
    case RecordKind::kExpireLedger:
      return "expire_ledger";
    case RecordKind::kAdvanceTo:
      return "advance_to";
    case RecordKind::kDayClosed:
      return "day_closed";
    case RecordKind::kSettle:
      return "settle";
  }
  return "unknown";
}

RecordKind KindOf(const Command& command) {
  return static_cast<RecordKind>(kFirstCommandKind + command.index());
}

void EncodeCommand(const Command& command, std::string& payload) {
  std::visit([&payload](const auto& c) { Put(c, payload); }, command);
}

void EncodeOutcome(const Result<Receipt, Refusal>& outcome, std::span<const Transfer> transfers,
                   std::string& payload) {
  ByteWriter out(payload);
  if (!outcome.ok()) {
    out.Put(outcome.error());
    return;
  }
  out.Put(std::uint16_t{0});
  Put(*outcome, payload);
  PutList<Transfer>(transfers, payload);
}

void EncodeProfile(const Profile& profile, std::string& payload) { Put(profile, payload); }

bool Decode(const JournalRecord& journal_record, Record& record) {
  if (journal_record.kind < kFirstCommandKind || journal_record.version != kVersion) return false;
  ByteReader in(journal_record.payload);
  const std::size_t index = std::size_t{journal_record.kind} - kFirstCommandKind;
  if (!GetCommand(index, in, record.command,
                  std::make_index_sequence<std::variant_size_v<Command>>())) {
    return false;
  }
  record.refusal.reset();
  record.receipt = Receipt{};
  record.transfers.clear();
  const auto refusal = in.Get<std::uint16_t>();
  if (refusal != 0) {
    record.refusal = static_cast<Refusal>(refusal);
  } else {
    record.receipt.sequence = journal_record.sequence;
    Get(in, record.receipt);
    GetList(in, record.transfers);
  }
  return in.ok() && in.empty();
}

std::optional<Profile> DecodeProfile(const JournalRecord& journal_record) {
  if (journal_record.kind != static_cast<std::uint16_t>(RecordKind::kProfile) ||
      journal_record.version != kVersion) {
    return {};
  }
  Profile profile;
  ByteReader in(journal_record.payload);
  Get(in, profile);
  if (!in.ok() || !in.empty()) return {};
  return profile;
}

}  // namespace ets::registry
