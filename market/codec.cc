#include "market/codec.h"

#include <algorithm>
#include <type_traits>

#include "base/bytes.h"
#include "market/auction_codec.h"

namespace ets::market {
namespace {

// The last enumerator of each enum in an input; all are dense from 1.
template <typename E>
constexpr E kLast = E{};
template <>
constexpr auto kLast<matching::Side> = matching::Side::kSell;
template <>
constexpr auto kLast<matching::TimeInForce> = matching::TimeInForce::kGoodTillDate;
template <>
constexpr auto kLast<matching::OrderType> = matching::OrderType::kStopLimit;
template <>
constexpr auto kLast<matching::SelfTradePrevention> = matching::SelfTradePrevention::kDecrementBoth;
template <>
constexpr auto kLast<Mechanism> = Mechanism::kOneWay;
template <>
constexpr auto kLast<Phase> = Phase::kHalted;
template <>
constexpr auto kLast<CloseRule> = CloseRule::kClosingCall;
template <>
constexpr auto kLast<OneWayPricing> = OneWayPricing::kUniform;

// One list of fields per input serves both directions: Writer packs what Reader reads back.
class Writer {
 public:
  explicit Writer(std::string& payload) : bytes_(payload) {}

  template <typename... T>
  void operator()(const T&... fields) {
    (Put(fields), ...);
  }

 private:
  template <typename T, typename Tag>
  void Put(const Tagged<T, Tag>& id) {
    bytes_.Put(id.raw());
  }
  void Put(const Tonnes& tonnes) { bytes_.Put(tonnes.count()); }
  void Put(const Price& price) { bytes_.Put(price.minor_per_tonne()); }
  void Put(const Date& date) { bytes_.Put(date.days()); }
  void Put(const std::string_view& text) { bytes_.PutText(text); }
  void Put(const std::string& text) { bytes_.PutText(text); }
  void Put(const bool& flag) { bytes_.Put(std::uint8_t{flag}); }
  void Put(const Window& window) { (*this)(window.from, window.to); }
  void Put(const TickTable::Row& row) { (*this)(row.from, row.tick); }
  void Put(const matching::ClientOrderId& id) {
    for (const char byte : id.bytes()) bytes_.Put(byte);
  }
  template <typename T>
  void Put(const std::optional<T>& value) {
    bytes_.Put(std::uint8_t{value.has_value()});
    Put(value.value_or(T{}));
  }
  template <typename T, std::size_t n>
  void Put(const std::array<T, n>& row) {
    for (const T& value : row) Put(value);
  }
  void Put(const std::vector<SessionType>& sessions);
  void Put(const auction::Terms& terms) { WriteTerms(terms, bytes_); }
  template <typename T>
  requires std::integral<T> || std::is_enum_v<T>
  void Put(const T& number) { bytes_.Put(number); }

  ByteWriter bytes_;
};

class Reader {
 public:
  explicit Reader(std::string_view payload) : bytes_(payload) {}

  template <typename... T>
  void operator()(T&... fields) {
    (Get(fields), ...);
  }
  bool complete() const { return known_ && bytes_.ok() && bytes_.empty(); }

 private:
  template <typename T, typename Tag>
  void Get(Tagged<T, Tag>& id) {
    id = Tagged<T, Tag>(bytes_.Get<T>());
  }
  void Get(Tonnes& tonnes) { tonnes = Tonnes(bytes_.Get<std::int64_t>()); }
  void Get(Price& price) { price = Price::FromMinorPerTonne(bytes_.Get<std::int64_t>()); }
  void Get(Date& date) { date = Date(bytes_.Get<std::int32_t>()); }
  void Get(std::string_view& text) { text = bytes_.GetText(); }
  void Get(std::string& text) { text = bytes_.GetText(); }
  void Get(bool& flag) {
    const auto raw = bytes_.Get<std::uint8_t>();
    known_ = known_ && raw <= 1;
    flag = raw == 1;
  }
  void Get(Window& window) { (*this)(window.from, window.to); }
  void Get(TickTable::Row& row) { (*this)(row.from, row.tick); }
  void Get(matching::ClientOrderId& id) {
    std::string_view bytes = bytes_.GetBytes(matching::ClientOrderId::kSizeMax);
    const std::string_view padding = bytes.substr(std::min(bytes.find('\0'), bytes.size()));
    known_ = known_ && padding.find_first_not_of('\0') == std::string_view::npos;
    bytes.remove_suffix(padding.size());
    const auto parsed = matching::ClientOrderId::Parse(bytes);
    known_ = known_ && parsed.has_value();
    id = parsed.value_or(matching::ClientOrderId());
  }
  // What an empty one carries is zeros.
  template <typename T>
  void Get(std::optional<T>& value) {
    bool present = false;
    Get(present);
    T read{};
    Get(read);
    if (present) value = read;
  }
  template <typename T, std::size_t n>
  void Get(std::array<T, n>& row) {
    for (T& value : row) Get(value);
  }
  void Get(std::vector<SessionType>& sessions);
  void Get(auction::Terms& terms) { known_ = ReadTerms(bytes_, terms) && known_; }
  template <typename T>
  requires std::integral<T>
  void Get(T& number) { number = bytes_.Get<T>(); }
  template <typename E>
  requires std::is_enum_v<E>
  void Get(E& value) {
    static_assert(kLast<E> != E{});
    value = bytes_.Get<E>();
    known_ = known_ && E{} < value && value <= kLast<E>;
  }

  ByteReader bytes_;
  bool known_ = true;
};

// `in` is const for a Writer.
template <typename In, typename T>
concept Is = std::same_as<std::remove_const_t<In>, T>;

// ---- The fields of every input, in the order of their declaration. ----

void Fields(auto& io, Is<SessionType> auto& in) {
  io(in.name, in.mechanism, in.hours, in.opening_call, in.closing_call, in.volatility_call,
     in.band_bp, in.static_range_bp, in.dynamic_range_bp, in.lot, in.quantity_from,
     in.quantity_below, in.quantity_max, in.open_orders_max, in.ticks.rows, in.visible_levels,
     in.resale_next_day, in.close, in.fees.maker.bp, in.fees.taker.bp, in.fees.maker.per_tonne,
     in.fees.taker.per_tonne);
}
void Fields(auto& io, Is<Founding> auto& in) {
  io(in.rules.sessions, in.rules.zone.offset_minutes, in.rules.zone.daylight_saving,
     in.rules.fee_account, in.rules.bids_per_bidder_max, in.ledger_count_max);
}
void Fields(auto& io, Is<AdmitMember> auto& in) { io(in.escrow, in.holder); }
void Fields(auto& io, Is<BlockMember> auto& in) { io(in.member, in.blocked); }
void Fields(auto& io, Is<ListInstrument> auto& in) {
  io(in.unit_ledger, in.cash_ledger, in.reference, in.session, in.first_day, in.last_day,
     in.delisting_day, in.holding_limit, in.large_holder_from);
}
void Fields(auto& io, Is<DelistInstrument> auto& in) { io(in.instrument); }
void Fields(auto& io, Is<SetHoldingLimit> auto& in) { io(in.member, in.instrument, in.limit); }
void Fields(auto& io, Is<Position> auto& in) { io(in.sequence, in.member, in.ledger, in.amount); }
void Fields(auto& io, Is<Withdraw> auto& in) { io(in.member, in.ledger, in.amount); }
void Fields(auto& io, Is<DropLedger> auto& in) { io(in.ledger); }
void Fields(auto& io, Is<AdvanceTo> auto& in) { io(in.sim_time); }
void Fields(auto& io, Is<OpenSession> auto& in) { io(in.date); }
void Fields(auto&, Is<CloseSession> auto&) {}
void Fields(auto& io, Is<DayClosed> auto& in) {
  io(in.date, in.settlement_sequence, in.registry_state_hash, in.market_state_hash);
}
void Fields(auto& io, Is<HaltTrading> auto& in) { io(in.instrument, in.cancel_orders); }
void Fields(auto& io, Is<ResumeTrading> auto& in) { io(in.instrument); }
void Fields(auto& io, Is<SetPhase> auto& in) { io(in.instrument, in.phase); }
void Fields(auto& io, Is<PlaceOrder> auto& in) {
  io(in.member, in.instrument, in.side, in.time_in_force, in.limit, in.quantity, in.type,
     in.self_trade, in.post_only, in.stop, in.display, in.minimum, in.expire, in.client_id);
}
void Fields(auto& io, Is<CancelOrder> auto& in) {
  io(in.member, in.instrument, in.order, in.client_id);
}
void Fields(auto& io, Is<ChangeOrder> auto& in) {
  io(in.member, in.instrument, in.order, in.client_id, in.limit, in.quantity, in.new_client_id);
}
void Fields(auto& io, Is<CancelOrders> auto& in) { io(in.member, in.instrument, in.side); }
void Fields(auto& io, Is<QuoteBlock> auto& in) {
  io(in.member, in.instrument, in.side, in.price, in.quantity, in.counterparty);
}
void Fields(auto& io, Is<ConfirmBlock> auto& in) { io(in.member, in.offer); }
void Fields(auto& io, Is<CancelBlock> auto& in) { io(in.member, in.offer); }
void Fields(auto& io, Is<TradeBlock> auto& in) {
  io(in.seller, in.buyer, in.instrument, in.price, in.quantity);
}
void Fields(auto& io, Is<AnnounceOneWay> auto& in) {
  io(in.applicant, in.instrument, in.side, in.price, in.quantity, in.bid_from, in.sell_from,
     in.pricing, in.opens, in.closes);
}
void Fields(auto& io, Is<BidOneWay> auto& in) {
  io(in.member, in.announcement, in.price, in.quantity);
}
void Fields(auto& io, Is<WithdrawOneWay> auto& in) { io(in.member, in.announcement, in.bid); }
void Fields(auto& io, Is<OpenAuction> auto& in) { io(in.auctioneer, in.instrument, in.terms); }
void Fields(auto& io, Is<SubmitBid> auto& in) { io(in.member, in.price, in.quantity); }
void Fields(auto&, Is<CloseAuction> auto&) {}

void Writer::Put(const std::vector<SessionType>& sessions) {
  bytes_.Put(static_cast<std::uint8_t>(sessions.size()));
  for (const SessionType& type : sessions) Fields(*this, type);
}

void Reader::Get(std::vector<SessionType>& sessions) {
  const auto count = bytes_.Get<std::uint8_t>();
  known_ = known_ && count <= kSessionTypesMax;
  sessions.clear();
  for (std::uint8_t i = 0; i < count && known_ && bytes_.ok(); ++i) {
    Fields(*this, sessions.emplace_back());
  }
}

template <typename T>
constexpr RecordKind kKind = RecordKind::kFounding;
#define ETS_KIND(input) \
  template <>           \
  constexpr RecordKind kKind<input> = RecordKind::k##input
ETS_KIND(AdmitMember);
ETS_KIND(ListInstrument);
ETS_KIND(DelistInstrument);
ETS_KIND(Position);
ETS_KIND(OpenSession);
ETS_KIND(PlaceOrder);
ETS_KIND(CancelOrder);
ETS_KIND(TradeBlock);
ETS_KIND(OpenAuction);
ETS_KIND(SubmitBid);
ETS_KIND(CloseAuction);
ETS_KIND(Withdraw);
ETS_KIND(CloseSession);
ETS_KIND(DropLedger);
ETS_KIND(AdvanceTo);
ETS_KIND(DayClosed);
ETS_KIND(BlockMember);
ETS_KIND(SetHoldingLimit);
ETS_KIND(HaltTrading);
ETS_KIND(ResumeTrading);
ETS_KIND(SetPhase);
ETS_KIND(ChangeOrder);
ETS_KIND(CancelOrders);
ETS_KIND(QuoteBlock);
ETS_KIND(ConfirmBlock);
ETS_KIND(CancelBlock);
ETS_KIND(AnnounceOneWay);
ETS_KIND(BidOneWay);
ETS_KIND(WithdrawOneWay);
#undef ETS_KIND

template <typename T>
bool ReadIf(std::uint16_t kind, std::string_view payload, std::optional<Input>& input) {
  static_assert(kKind<T> != RecordKind::kFounding, "an input without a record kind");
  if (static_cast<std::uint16_t>(kKind<T>) != kind) return false;
  Reader reader(payload);
  T read{};
  Fields(reader, read);
  if (reader.complete()) input = read;
  return true;
}

template <typename... T>
std::optional<Input> ReadAnyOf(std::type_identity<std::variant<T...>>, std::uint16_t kind,
                               std::string_view payload) {
  std::optional<Input> input;
  static_cast<void>((ReadIf<T>(kind, payload, input) || ...));
  return input;
}

}  // namespace

RecordKind Encode(const PlaceOrder& input, std::string& payload) {
  Writer writer(payload);
  Fields(writer, input);
  return RecordKind::kPlaceOrder;
}

RecordKind Encode(const CancelOrder& input, std::string& payload) {
  Writer writer(payload);
  Fields(writer, input);
  return RecordKind::kCancelOrder;
}

RecordKind Encode(const Input& input, std::string& payload) {
  return std::visit(
      [&payload](const auto& in) {
        Writer writer(payload);
        Fields(writer, in);
        return kKind<std::remove_cvref_t<decltype(in)>>;
      },
      input);
}

std::optional<Input> Decode(std::uint16_t kind, std::string_view payload) {
  return ReadAnyOf(std::type_identity<Input>(), kind, payload);
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
