#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/quantity.h"
#include "base/result.h"
#include "server/exchange_live.h"
#include "server/quickfix.h"
#include "server/venue.h"

namespace ets::server::fix {

// What FIX messages say in the market's words, and back. The messages have passed docs/fix44.xml:
// required fields are there, enumerators are known.

// User-defined fields; docs/fix.md.
inline constexpr int kRefusalNumber = 5001;
inline constexpr int kRefusalAsked = 5002;
inline constexpr int kRefusalLimit = 5003;
inline constexpr int kSelfTradePrevention = 5004;
inline constexpr int kCancelOnDisconnect = 5005;
inline constexpr int kLowLimitPrice = 5006;
inline constexpr int kHighLimitPrice = 5007;
inline constexpr int kPriceTick = 5008;
inline constexpr int kPreviousClose = 5009;

// Instruments by Symbol(55): unit and currency, as in "CEA26-CNY". Not thread-safe.
class Symbols {
 public:
  explicit Symbols(LiveExchange& exchange);

  // Of several with one symbol the last that was listed.
  std::optional<InstrumentId> Find(const std::string& symbol);
  // Empty: no such instrument.
  std::string NameOf(InstrumentId instrument);
  // Its lot, ticks and limits. REQUIRES: an instrument that Find() gave.
  const market::SessionType& TypeOf(InstrumentId instrument) const;
  std::uint16_t count();

 private:
  void Load();

  LiveExchange& exchange_;
  market::VenueRules rules_;  // A copy; they never change.
  std::vector<std::string> names_;
  std::vector<std::uint8_t> types_;  // Rows of rules_.sessions.
  std::map<std::string, InstrumentId> ids_;
};

// Why a request cannot be one: a rule of the market with its limit, or a field, in words.
struct Wrong {
  std::string text;
  std::optional<VenueRefusal> refused;
};
Wrong WrongBy(market::Refusal refusal, const market::RefusalDetail& detail = {});

template <typename T>
using Read = Result<T, Wrong>;

Read<market::PlaceOrder> ReadNewOrder(const FIX::Message& message, Symbols& symbols);
Read<market::CancelOrder> ReadCancel(const FIX::Message& message, Symbols& symbols);
Read<market::ChangeOrder> ReadReplace(const FIX::Message& message, Symbols& symbols);
Read<market::CancelOrders> ReadMassCancel(const FIX::Message& message, Symbols& symbols);

// Symbol(55) of a message or group.
Read<InstrumentId> ReadInstrument(const FIX::FieldMap& fields, Symbols& symbols);
std::optional<matching::Side> ReadSide(const FIX::FieldMap& fields);
// OrderID(37); 0: there is none.
Read<OrderId> ReadOrderId(const FIX::FieldMap& fields);

// ---- To the wire ----

FIX::Message Made(const char* message_type);
// A field's value, empty when it is not there.
std::string Text(const FIX::FieldMap& fields, int tag);
void Set(FIX::FieldMap& fields, int tag, std::string_view value);
void Set(FIX::FieldMap& fields, int tag, char value);
void Set(FIX::FieldMap& fields, int tag, std::int64_t value);
void Set(FIX::FieldMap& fields, int tag, Price price);
void Set(FIX::FieldMap& fields, int tag, Tonnes tonnes);
void SetTime(FIX::FieldMap& fields, int tag, SimTime time);  // To the millisecond.
void SetDay(FIX::FieldMap& fields, int tag, Date date);
// Text(58) and, of the market's own refusals, the three fields that carry number, asked and limit.
void Set(FIX::FieldMap& fields, const Wrong& wrong);

std::string DayText(SimTime time);    // "20260302"
std::string ClockText(SimTime time);  // "09:30:00.000"

char SideChar(matching::Side side);
char TypeChar(matching::OrderType type);

// OrdRejReason(103) and CxlRejReason(102) nearest to a refusal; 99: another.
int OrderRejectReason(const Wrong& wrong);
int CancelRejectReason(const Wrong& wrong);

}  // namespace ets::server::fix
