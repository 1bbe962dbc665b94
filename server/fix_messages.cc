#include "server/fix_messages.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "base/unit.h"
#include "server/exchange_edge.h"
#include "server/exchange_link.h"
#include "server/fix_frames.h"

namespace ets::server::fix {
namespace {

namespace tag = FIX::FIELD;
using market::Refusal;

Fail<Wrong> WrongField(std::string_view name, int number, const std::string& value,
                       std::string_view allowed) {
  return Fail{Wrong{std::string(name) + "(" + std::to_string(number) + ") '" + Printable(value) +
                        "'; allowed: " + std::string(allowed),
                    {}}};
}

// A decimal number in units of 10^-decimals, cut off behind them. What is more than any unit counts
// is the most there is, and above every limit as well.
struct Decimal {
  std::int64_t units = 0;
  bool is_cut = false;  // Other digits than zeros were cut off.
};
std::optional<Decimal> ReadDecimal(std::string_view text, std::size_t decimals) {
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  std::string fraction(point == text.npos ? std::string_view() : text.substr(point + 1));
  const auto is_digits = [](std::string_view part) {
    return part.find_first_not_of("0123456789") == part.npos;
  };
  if (whole.empty() || !is_digits(whole) || !is_digits(fraction)) return std::nullopt;
  fraction.resize(std::max(fraction.size(), decimals), '0');
  Decimal decimal;
  decimal.is_cut = fraction.find_first_not_of('0', decimals) != fraction.npos;
  const std::string digits = std::string(whole) + fraction.substr(0, decimals);
  const auto [at, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), decimal.units);
  if (error != std::errc()) decimal.units = std::numeric_limits<std::int64_t>::max();
  if (is_negative) decimal.units = -decimal.units;
  return decimal;
}

// A refusal of the market's that only the wire can see, with the field it is in.
Fail<Wrong> WrongAmount(Refusal refusal, const market::RefusalDetail& detail, std::string_view name,
                        int number, const std::string& value) {
  Wrong wrong = WrongBy(refusal, detail);
  wrong.text +=
      "; " + std::string(name) + "(" + std::to_string(number) + ") '" + Printable(value) + "'";
  return Fail{std::move(wrong)};
}

Read<Tonnes> ReadTonnes(const FIX::FieldMap& fields, std::string_view name, int number,
                        const market::SessionType& type) {
  if (!fields.isSetField(number)) return Tonnes();
  const std::string text = Text(fields, number);
  const auto count = ReadDecimal(text, 0);
  if (!count) return WrongField(name, number, text, "whole tonnes");
  if (!count->is_cut) return Tonnes(count->units);
  return WrongAmount(Refusal::kQuantityOffLot, {count->units, type.lot.count()}, name, number,
                     text);
}

Read<Price> ReadPrice(const FIX::FieldMap& fields, std::string_view name, int number,
                      const market::SessionType& type) {
  if (!fields.isSetField(number)) return Price();
  const std::string text = Text(fields, number);
  const auto minor = ReadDecimal(text, 2);
  if (!minor) return WrongField(name, number, text, "a price as in 70.25");
  const Price price = Price::FromMinorPerTonne(minor->units);
  if (!minor->is_cut) return price;
  return WrongAmount(Refusal::kPriceOffTick,
                     {minor->units, type.ticks.TickAt(price).minor_per_tonne()}, name, number,
                     text);
}

Read<matching::ClientOrderId> ReadClientId(const FIX::FieldMap& fields, int number) {
  const std::string text = Text(fields, number);
  const auto id = matching::ClientOrderId::Parse(text);
  if (id) return *id;
  const std::string name = number == tag::ClOrdID ? "ClOrdID(11)" : "OrigClOrdID(41)";
  Wrong wrong = WrongBy(Refusal::kClientOrderIdInvalid, WrongInClientId(text));
  wrong.text += "; " + name + " '" + Printable(text) +
                "'; allowed: up to 20 printable ASCII characters without spaces";
  return Fail{std::move(wrong)};
}

Read<Date> ReadExpireDate(const FIX::FieldMap& fields) {
  if (!fields.isSetField(tag::ExpireDate)) return Date(0);
  const std::string text = Text(fields, tag::ExpireDate);
  const auto date =
      text.size() != 8
          ? std::nullopt
          : Date::Parse(text.substr(0, 4) + "-" + text.substr(4, 2) + "-" + text.substr(6));
  if (date) return *date;
  return WrongField("ExpireDate", tag::ExpireDate, text, "a day as in 20260302");
}

matching::TimeInForce TimeInForceOf(const FIX::FieldMap& fields) {
  const std::string text = Text(fields, tag::TimeInForce);
  if (text == "1") return matching::TimeInForce::kGoodTillCancel;
  if (text == "3") return matching::TimeInForce::kImmediateOrCancel;
  if (text == "4") return matching::TimeInForce::kFillOrKill;
  if (text == "6") return matching::TimeInForce::kGoodTillDate;
  return matching::TimeInForce::kDay;
}

matching::OrderType TypeOf(const FIX::FieldMap& fields) {
  const std::string text = Text(fields, tag::OrdType);
  if (text == "1") return matching::OrderType::kMarket;
  if (text == "3") return matching::OrderType::kStop;
  if (text == "4") return matching::OrderType::kStopLimit;
  return matching::OrderType::kLimit;
}

// The whole numbers of an order, in the order in which they are found wrong.
std::optional<Wrong> ReadAmounts(const FIX::FieldMap& fields, const market::SessionType& type,
                                 market::PlaceOrder& order) {
  struct Amount {
    Tonnes& to;
    const char* name;
    int number;
  };
  for (const Amount& amount : {Amount{order.quantity, "OrderQty", tag::OrderQty},
                               Amount{order.display, "MaxFloor", tag::MaxFloor},
                               Amount{order.minimum, "MinQty", tag::MinQty}}) {
    const auto tonnes = ReadTonnes(fields, amount.name, amount.number, type);
    if (!tonnes.ok()) return tonnes.error();
    amount.to = *tonnes;
  }
  const auto limit = ReadPrice(fields, "Price", tag::Price, type);
  if (!limit.ok()) return limit.error();
  const auto stop = ReadPrice(fields, "StopPx", tag::StopPx, type);
  if (!stop.ok()) return stop.error();
  order.limit = *limit;
  order.stop = *stop;
  return std::nullopt;
}

std::string Padded(std::int64_t number, std::size_t width) {
  std::string text = std::to_string(number);
  return std::string(width - std::min(width, text.size()), '0') + text;
}

struct Row {
  Refusal refusal;
  int reason;
};
constexpr int kOther = 99;
// FIX 4.4, OrdRejReason(103).
constexpr std::array kOrderReasons{
    Row{Refusal::kInstrumentNotFound, 1},     Row{Refusal::kInstrumentNotTrading, 2},
    Row{Refusal::kWrongSession, 2},           Row{Refusal::kInstrumentHalted, 2},
    Row{Refusal::kInstrumentExpired, 2},      Row{Refusal::kInsufficientUnits, 3},
    Row{Refusal::kInsufficientCash, 3},       Row{Refusal::kPriceOutsideBand, 3},
    Row{Refusal::kUnitsBoughtToday, 3},       Row{Refusal::kAboveHoldingLimit, 3},
    Row{Refusal::kTooManyOpenOrders, 3},      Row{Refusal::kAmountTooLarge, 3},
    Row{Refusal::kOrderNotFound, 5},          Row{Refusal::kDuplicateClientOrderId, 6},
    Row{Refusal::kOrderFieldsContradict, 11}, Row{Refusal::kQuantityNotPositive, 13},
    Row{Refusal::kQuantityOffLot, 13},        Row{Refusal::kQuantityOfWrongChannel, 13},
    Row{Refusal::kQuantityAboveMax, 13},      Row{Refusal::kMemberNotFound, 15},
    Row{Refusal::kMemberBlocked, 15},
};

template <std::size_t N>
int ReasonIn(const std::array<Row, N>& rows, const Wrong& wrong) {
  if (!wrong.refused) return kOther;
  for (const Row& row : rows) {
    if (row.refusal == wrong.refused->refusal) return row.reason;
  }
  return kOther;
}

}  // namespace

// ---- Symbols ----

Symbols::Symbols(LiveExchange& exchange) : exchange_(exchange) {
  exchange_.Read([this](const market::Market& market) { rules_ = market.rules(); });
}

void Symbols::Load() {
  const auto traded = exchange_.Instruments();
  if (traded.size() == names_.size()) return;
  auto ledgers = exchange_.link().Ledgers();
  if (!ledgers.ok()) return;
  for (std::size_t id = names_.size(); id < traded.size(); ++id) {
    const auto unit = ledgers->find(traded[id].unit.raw());
    const auto cash = ledgers->find(traded[id].cash.raw());
    const bool is_known = unit != ledgers->end() && cash != ledgers->end();
    names_.push_back(is_known ? ToString(unit->second) + "-" + ToString(cash->second)
                              : std::to_string(id));
    types_.push_back(traded[id].session);
    ids_[names_.back()] = InstrumentId(static_cast<std::uint16_t>(id));
  }
}

std::optional<InstrumentId> Symbols::Find(const std::string& symbol) {
  Load();
  const auto found = ids_.find(symbol);
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

std::string Symbols::NameOf(InstrumentId instrument) {
  if (instrument.raw() >= names_.size()) Load();
  return instrument.raw() < names_.size() ? names_[instrument.raw()] : std::string();
}

const market::SessionType& Symbols::TypeOf(InstrumentId instrument) const {
  return rules_.sessions[types_[instrument.raw()]];
}

std::uint16_t Symbols::count() {
  Load();
  return static_cast<std::uint16_t>(names_.size());
}

// ---- From the wire ----

Wrong WrongBy(Refusal refusal, const market::RefusalDetail& detail) {
  return {Explained(refusal, detail), VenueRefusal{refusal, detail}};
}

Read<InstrumentId> ReadInstrument(const FIX::FieldMap& fields, Symbols& symbols) {
  const std::string symbol = Text(fields, tag::Symbol);
  if (const auto instrument = symbols.Find(symbol)) return *instrument;
  Wrong wrong = WrongBy(Refusal::kInstrumentNotFound);
  wrong.text += "; Symbol(55) '" + Printable(symbol) + "'; allowed: one of the SecurityList";
  return Fail{std::move(wrong)};
}

std::optional<matching::Side> ReadSide(const FIX::FieldMap& fields) {
  if (!fields.isSetField(tag::Side)) return std::nullopt;
  return Text(fields, tag::Side) == "1" ? matching::Side::kBuy : matching::Side::kSell;
}

Read<OrderId> ReadOrderId(const FIX::FieldMap& fields) {
  if (!fields.isSetField(tag::OrderID)) return OrderId(0);
  const std::string text = Text(fields, tag::OrderID);
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc() && at == end && number != 0) return OrderId(number);
  return WrongField("OrderID", tag::OrderID, text, "the number the exchange gave the order");
}

Read<market::PlaceOrder> ReadNewOrder(const FIX::Message& message, Symbols& symbols) {
  market::PlaceOrder order;
  const auto id = ReadClientId(message, tag::ClOrdID);
  if (!id.ok()) return Fail{id.error()};
  const auto instrument = ReadInstrument(message, symbols);
  if (!instrument.ok()) return Fail{instrument.error()};
  if (auto wrong = ReadAmounts(message, symbols.TypeOf(*instrument), order))
    return Fail{std::move(*wrong)};
  const auto expire = ReadExpireDate(message);
  if (!expire.ok()) return Fail{expire.error()};
  order.client_id = *id;
  order.instrument = *instrument;
  order.expire = *expire;
  order.side = *ReadSide(message);
  order.type = TypeOf(message);
  order.time_in_force = TimeInForceOf(message);
  order.post_only = message.isSetField(tag::ExecInst);  // The dictionary knows one: 6.
  if (message.isSetField(kSelfTradePrevention)) {
    order.self_trade = static_cast<matching::SelfTradePrevention>(
        Text(message, kSelfTradePrevention).front() - '0');
  }
  return order;
}

Read<market::CancelOrder> ReadCancel(const FIX::Message& message, Symbols& symbols) {
  if (const auto own = ReadClientId(message, tag::ClOrdID); !own.ok()) return Fail{own.error()};
  const auto id = ReadClientId(message, tag::OrigClOrdID);
  if (!id.ok()) return Fail{id.error()};
  const auto order = ReadOrderId(message);
  if (!order.ok()) return Fail{order.error()};
  if (order->raw() == 0 && id->empty()) {
    return Fail{Wrong{"OrigClOrdID(41) or OrderID(37) is missing: which order is meant?", {}}};
  }
  const auto instrument = ReadInstrument(message, symbols);
  if (!instrument.ok()) return Fail{instrument.error()};
  return market::CancelOrder{{}, *instrument, *order, *id};
}

Read<market::ChangeOrder> ReadReplace(const FIX::Message& message, Symbols& symbols) {
  const auto key = ReadCancel(message, symbols);
  if (!key.ok()) return Fail{key.error()};
  const auto new_id = ReadClientId(message, tag::ClOrdID);
  if (!new_id.ok()) return Fail{new_id.error()};
  market::ChangeOrder change{{}, key->instrument, key->order, key->client_id, {}, {}, *new_id};
  const market::SessionType& type = symbols.TypeOf(key->instrument);
  const auto quantity = ReadTonnes(message, "OrderQty", tag::OrderQty, type);
  if (!quantity.ok()) return Fail{quantity.error()};
  const auto limit = ReadPrice(message, "Price", tag::Price, type);
  if (!limit.ok()) return Fail{limit.error()};
  change.quantity = *quantity;
  if (message.isSetField(tag::Price)) change.limit = *limit;
  return change;
}

Read<market::CancelOrders> ReadMassCancel(const FIX::Message& message, Symbols& symbols) {
  if (const auto own = ReadClientId(message, tag::ClOrdID); !own.ok()) return Fail{own.error()};
  market::CancelOrders cancel;
  cancel.side = ReadSide(message);
  if (Text(message, tag::MassCancelRequestType) == "7") {
    if (!message.isSetField(tag::Symbol)) return cancel;
    return Fail{
        Wrong{"Symbol(55) does not go with MassCancelRequestType(530) 7, all orders; "
              "allowed: with 1",
              {}}};
  }
  const auto instrument = ReadInstrument(message, symbols);
  if (!instrument.ok()) return Fail{instrument.error()};
  cancel.instrument = *instrument;
  return cancel;
}

// ---- To the wire ----

FIX::Message Made(const char* message_type) {
  FIX::Message message;
  message.getHeader().setField(tag::MsgType, message_type);
  return message;
}

std::string Text(const FIX::FieldMap& fields, int number) {
  return fields.isSetField(number) ? fields.getField(number) : std::string();
}
void Set(FIX::FieldMap& fields, int number, std::string_view value) {
  if (!value.empty()) fields.setField(number, std::string(value));
}
void Set(FIX::FieldMap& fields, int number, char value) {
  fields.setField(number, std::string(1, value));
}
void Set(FIX::FieldMap& fields, int number, std::int64_t value) {
  fields.setField(number, std::to_string(value));
}
void Set(FIX::FieldMap& fields, int number, Price price) {
  fields.setField(number, ToString(price));
}
void Set(FIX::FieldMap& fields, int number, Tonnes tonnes) {
  fields.setField(number, ToString(tonnes));
}

std::string DayText(SimTime time) {
  std::string text = ToString(Date(static_cast<std::int32_t>(time / kMicrosPerDay)));
  std::erase(text, '-');
  return text;
}

std::string ClockText(SimTime time) {
  const SimTime of_day = time % kMicrosPerDay;
  const SimTime second = of_day / kMicrosPerSecond;
  return Padded(second / 3'600, 2) + ":" + Padded(second / 60 % 60, 2) + ":" +
         Padded(second % 60, 2) + "." + Padded(of_day % kMicrosPerSecond / 1'000, 3);
}

void SetTime(FIX::FieldMap& fields, int number, SimTime time) {
  fields.setField(number, DayText(time) + "-" + ClockText(time));
}
void SetDay(FIX::FieldMap& fields, int number, Date date) {
  if (date != Date(0)) fields.setField(number, DayText(SimTime{date.days()} * kMicrosPerDay));
}

void Set(FIX::FieldMap& fields, const Wrong& wrong) {
  Set(fields, tag::Text, wrong.text);
  if (!wrong.refused) return;
  Set(fields, kRefusalNumber, static_cast<std::int64_t>(wrong.refused->refusal));
  Set(fields, kRefusalAsked, wrong.refused->detail.asked);
  Set(fields, kRefusalLimit, wrong.refused->detail.limit);
}

char SideChar(matching::Side side) { return side == matching::Side::kBuy ? '1' : '2'; }

char TypeChar(matching::OrderType type) {
  switch (type) {
    case matching::OrderType::kMarket:
      return '1';
    case matching::OrderType::kLimit:
      return '2';
    case matching::OrderType::kStop:
      return '3';
    case matching::OrderType::kStopLimit:
      return '4';
  }
  return '2';
}

int OrderRejectReason(const Wrong& wrong) { return ReasonIn(kOrderReasons, wrong); }

int CancelRejectReason(const Wrong& wrong) {
  // FIX 4.4, CxlRejReason(102).
  constexpr std::array kReasons{Row{Refusal::kOrderNotFound, 1},
                                Row{Refusal::kDuplicateClientOrderId, 6}};
  return ReasonIn(kReasons, wrong);
}

}  // namespace ets::server::fix
