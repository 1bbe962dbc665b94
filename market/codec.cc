#include "market/codec.h"

#include "base/bytes.h"

namespace ets::market {
namespace {

// One list of fields per input serves both directions: Writer packs what Reader reads back.
class Writer {
 public:
  explicit Writer(std::string& payload) : bytes_(payload) {}

  template <typename T, typename Tag>
  void operator()(const Tagged<T, Tag>& id) {
    bytes_.Put(id.raw());
  }
  void operator()(const Tonnes& tonnes) { bytes_.Put(tonnes.count()); }
  void operator()(const Price& price) { bytes_.Put(price.minor_per_tonne()); }
  void operator()(const Date& date) { bytes_.Put(date.days()); }
  void operator()(const std::string_view& text) { bytes_.PutText(text); }
  void operator()(const std::optional<Price>& price) {
    bytes_.Put(std::uint8_t{price.has_value()});
    bytes_.Put(price.value_or(Price()).minor_per_tonne());
  }
  void operator()(const bool& flag) { bytes_.Put(std::uint8_t{flag}); }
  template <typename T>
  requires std::integral<T>
  void operator()(const T& number) { bytes_.Put(number); }
  template <typename E>
  requires std::is_enum_v<E>
  void Enum(const E& value, E) { bytes_.Put(value); }

 private:
  ByteWriter bytes_;
};

class Reader {
 public:
  explicit Reader(std::string_view payload) : bytes_(payload) {}

  template <typename T, typename Tag>
  void operator()(Tagged<T, Tag>& id) {
    id = Tagged<T, Tag>(bytes_.Get<T>());
  }
  void operator()(Tonnes& tonnes) { tonnes = Tonnes(bytes_.Get<std::int64_t>()); }
  void operator()(Price& price) { price = Price::FromMinorPerTonne(bytes_.Get<std::int64_t>()); }
  void operator()(Date& date) { date = Date(bytes_.Get<std::int32_t>()); }
  void operator()(std::string_view& text) { text = bytes_.GetText(); }
  void operator()(std::optional<Price>& price) {
    const bool present = Flag();
    const Price value = Price::FromMinorPerTonne(bytes_.Get<std::int64_t>());
    price = present ? std::optional(value) : std::nullopt;
  }
  void operator()(bool& flag) { flag = Flag(); }
  template <typename T>
  requires std::integral<T>
  void operator()(T& number) { number = bytes_.Get<T>(); }
  // Enumerators are dense from 1 to `last`.
  template <typename E>
  requires std::is_enum_v<E>
  void Enum(E& value, E last) {
    value = bytes_.Get<E>();
    known_ = known_ && E{} < value && value <= last;
  }

  bool complete() const { return known_ && bytes_.ok() && bytes_.empty(); }

 private:
  bool Flag() {
    const auto raw = bytes_.Get<std::uint8_t>();
    known_ = known_ && raw <= 1;
    return raw == 1;
  }

  ByteReader bytes_;
  bool known_ = true;
};

// The fields of every input, in the order of their declaration. `io` is a Writer or a Reader.
template <typename Io, typename T>
void Fields(Io& io, T& in) {
  using Type = std::remove_const_t<T>;
  if constexpr (std::is_same_v<Type, Founding>) {
    io(in.rules.block_from);
    io(in.rules.listed_band_bp);
    io(in.rules.block_band_bp);
    io(in.rules.tick);
    io(in.rules.resale_next_day);
    io(in.rules.bids_per_bidder_max);
    io(in.ledger_count_max);
  } else if constexpr (std::is_same_v<Type, AdmitMember>) {
    io(in.escrow);
    io(in.holder);
  } else if constexpr (std::is_same_v<Type, ListInstrument>) {
    io(in.unit_ledger);
    io(in.cash_ledger);
    io(in.reference);
  } else if constexpr (std::is_same_v<Type, DelistInstrument>) {
    io(in.instrument);
  } else if constexpr (std::is_same_v<Type, Position>) {
    io(in.sequence);
    io(in.member);
    io(in.ledger);
    io(in.amount);
  } else if constexpr (std::is_same_v<Type, OpenSession>) {
    io(in.date);
  } else if constexpr (std::is_same_v<Type, PlaceOrder>) {
    io(in.member);
    io(in.instrument);
    io.Enum(in.side, matching::Side::kSell);
    io.Enum(in.time_in_force, matching::TimeInForce::kFillOrKill);
    io(in.limit);
    io(in.quantity);
  } else if constexpr (std::is_same_v<Type, CancelOrder>) {
    io(in.member);
    io(in.instrument);
    io(in.order);
  } else if constexpr (std::is_same_v<Type, TradeBlock>) {
    io(in.seller);
    io(in.buyer);
    io(in.instrument);
    io(in.price);
    io(in.quantity);
  } else if constexpr (std::is_same_v<Type, OpenAuction>) {
    io(in.auctioneer);
    io(in.instrument);
    io(in.terms.format.name);
    io.Enum(in.terms.format.tie, auction::TieRule::kRandomOrder);
    io.Enum(in.terms.format.shortage, auction::ShortageRule::kSellAtLowestBid);
    io(in.terms.format.lot);
    io(in.terms.format.tick);
    io(in.terms.format.purchase_limit_bp);
    io(in.terms.format.reserve_cancels);
    io(in.terms.supply);
    io(in.terms.reserve);
    io(in.terms.tie_seed);
  } else if constexpr (std::is_same_v<Type, SubmitBid>) {
    io(in.member);
    io(in.price);
    io(in.quantity);
  } else if constexpr (std::is_same_v<Type, Withdraw>) {
    io(in.member);
    io(in.ledger);
    io(in.amount);
  } else if constexpr (std::is_same_v<Type, DropLedger>) {
    io(in.ledger);
  } else if constexpr (std::is_same_v<Type, AdvanceTo>) {
    io(in.sim_time);
  } else if constexpr (std::is_same_v<Type, DayClosed>) {
    io(in.date);
    io(in.settlement_sequence);
    io(in.registry_state_hash);
    io(in.market_state_hash);
  } else {
    static_assert(std::is_same_v<Type, CloseAuction> || std::is_same_v<Type, CloseSession>);
  }
}

template <typename T>
std::optional<Input> Read(std::string_view payload) {
  Reader reader(payload);
  T input{};
  Fields(reader, input);
  if (!reader.complete()) return std::nullopt;
  return input;
}

constexpr RecordKind KindOf(const AdmitMember&) { return RecordKind::kAdmitMember; }
constexpr RecordKind KindOf(const ListInstrument&) { return RecordKind::kListInstrument; }
constexpr RecordKind KindOf(const DelistInstrument&) { return RecordKind::kDelistInstrument; }
constexpr RecordKind KindOf(const Position&) { return RecordKind::kPosition; }
constexpr RecordKind KindOf(const OpenSession&) { return RecordKind::kOpenSession; }
constexpr RecordKind KindOf(const PlaceOrder&) { return RecordKind::kPlaceOrder; }
constexpr RecordKind KindOf(const CancelOrder&) { return RecordKind::kCancelOrder; }
constexpr RecordKind KindOf(const TradeBlock&) { return RecordKind::kTradeBlock; }
constexpr RecordKind KindOf(const OpenAuction&) { return RecordKind::kOpenAuction; }
constexpr RecordKind KindOf(const SubmitBid&) { return RecordKind::kSubmitBid; }
constexpr RecordKind KindOf(const CloseAuction&) { return RecordKind::kCloseAuction; }
constexpr RecordKind KindOf(const Withdraw&) { return RecordKind::kWithdraw; }
constexpr RecordKind KindOf(const CloseSession&) { return RecordKind::kCloseSession; }
constexpr RecordKind KindOf(const DropLedger&) { return RecordKind::kDropLedger; }
constexpr RecordKind KindOf(const AdvanceTo&) { return RecordKind::kAdvanceTo; }
constexpr RecordKind KindOf(const DayClosed&) { return RecordKind::kDayClosed; }

}  // namespace

RecordKind Encode(const Input& input, std::string& payload) {
  return std::visit(
      [&payload](const auto& in) {
        Writer writer(payload);
        Fields(writer, in);
        return KindOf(in);
      },
      input);
}

std::optional<Input> Decode(std::uint16_t kind, std::string_view payload) {
  switch (static_cast<RecordKind>(kind)) {
    case RecordKind::kAdmitMember:
      return Read<AdmitMember>(payload);
    case RecordKind::kListInstrument:
      return Read<ListInstrument>(payload);
    case RecordKind::kDelistInstrument:
      return Read<DelistInstrument>(payload);
    case RecordKind::kPosition:
      return Read<Position>(payload);
    case RecordKind::kOpenSession:
      return Read<OpenSession>(payload);
    case RecordKind::kPlaceOrder:
      return Read<PlaceOrder>(payload);
    case RecordKind::kCancelOrder:
      return Read<CancelOrder>(payload);
    case RecordKind::kTradeBlock:
      return Read<TradeBlock>(payload);
    case RecordKind::kOpenAuction:
      return Read<OpenAuction>(payload);
    case RecordKind::kSubmitBid:
      return Read<SubmitBid>(payload);
    case RecordKind::kCloseAuction:
      return Read<CloseAuction>(payload);
    case RecordKind::kWithdraw:
      return Read<Withdraw>(payload);
    case RecordKind::kCloseSession:
      return Read<CloseSession>(payload);
    case RecordKind::kDropLedger:
      return Read<DropLedger>(payload);
    case RecordKind::kAdvanceTo:
      return Read<AdvanceTo>(payload);
    case RecordKind::kDayClosed:
      return Read<DayClosed>(payload);
    case RecordKind::kFounding:
    case RecordKind::kSettlementTaken:
      break;
  }
  return std::nullopt;
}

void EncodeFounding(const Founding& founding, std::string& payload) {
  Writer writer(payload);
  Fields(writer, founding);
}

Result<Founding, std::string> DecodeFounding(const JournalRecord& record) {
  if (record.sequence != 1 || record.kind != static_cast<std::uint16_t>(RecordKind::kFounding)) {
    return Fail{std::string("not the first record of an exchange's journal")};
  }
  Reader reader(record.payload);
  Founding founding;
  Fields(reader, founding);
  if (!reader.complete()) return Fail{std::string("the founding record cannot be decoded")};
  return founding;
}

}  // namespace ets::market
