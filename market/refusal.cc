#include "market/refusal.h"

#include <array>

#include "base/assert.h"
#include "base/date.h"
#include "base/quantity.h"
#include "market/session_types.h"
#include "matching/order_words.h"

namespace ets::market {
namespace {

struct Row {
  Refusal refusal;
  std::string_view name;
  Counts asked;
  Counts limit;
};

constexpr std::array kRows = {
    Row{Refusal::kMemberNotFound, "MEMBER_NOT_FOUND", Counts::kNumber, Counts::kNothing},
    Row{Refusal::kInstrumentNotFound, "INSTRUMENT_NOT_FOUND", Counts::kNothing, Counts::kNothing},
    Row{Refusal::kInstrumentNotTrading, "INSTRUMENT_NOT_TRADING", Counts::kNothing,
        Counts::kNothing},
    Row{Refusal::kQuantityNotPositive, "QUANTITY_NOT_POSITIVE", Counts::kNumber, Counts::kNothing},
    Row{Refusal::kQuantityOfWrongChannel, "QUANTITY_OF_WRONG_CHANNEL", Counts::kTonnes,
        Counts::kTonnes},
    Row{Refusal::kPriceOffTick, "PRICE_OFF_TICK", Counts::kPrice, Counts::kPrice},
    Row{Refusal::kPriceOutsideBand, "PRICE_OUTSIDE_BAND", Counts::kPrice, Counts::kPrice},
    Row{Refusal::kInsufficientUnits, "INSUFFICIENT_UNITS", Counts::kTonnes, Counts::kTonnes},
    Row{Refusal::kInsufficientCash, "INSUFFICIENT_CASH", Counts::kMoney, Counts::kMoney},
    Row{Refusal::kWouldNotFill, "WOULD_NOT_FILL", Counts::kTonnes, Counts::kTonnes},
    Row{Refusal::kOrderNotFound, "ORDER_NOT_FOUND", Counts::kNumber, Counts::kNothing},
    Row{Refusal::kSameParty, "SAME_PARTY", Counts::kNumber, Counts::kNothing},
    Row{Refusal::kAuctionNotOpen, "AUCTION_NOT_OPEN", Counts::kNumberOrTime, Counts::kNumberOrTime},
    Row{Refusal::kBidNotInLots, "BID_NOT_IN_LOTS", Counts::kTonnes, Counts::kTonnes},
    Row{Refusal::kBidBelowReserve, "BID_BELOW_RESERVE", Counts::kPrice, Counts::kPrice},
    Row{Refusal::kTooManyBids, "TOO_MANY_BIDS", Counts::kNumber, Counts::kNumber},
    Row{Refusal::kStreamGap, "STREAM_GAP", Counts::kNumber, Counts::kNumber},
    Row{Refusal::kTimeGoesBack, "TIME_GOES_BACK", Counts::kDayOrTime, Counts::kDayOrTime},
    Row{Refusal::kAmountTooLarge, "AMOUNT_TOO_LARGE", Counts::kNumber, Counts::kNumber},
    Row{Refusal::kSessionAlreadyOpen, "SESSION_ALREADY_OPEN", Counts::kDayOrTime, Counts::kNothing},
    Row{Refusal::kAuctionAlreadyOpen, "AUCTION_ALREADY_OPEN", Counts::kNothing, Counts::kNumber},
    Row{Refusal::kAuctionFormatInvalid, "AUCTION_FORMAT_INVALID", Counts::kNothing,
        Counts::kNothing},
    Row{Refusal::kLedgerNotFound, "LEDGER_NOT_FOUND", Counts::kNumber, Counts::kNothing},
    Row{Refusal::kLedgerStillTraded, "LEDGER_STILL_TRADED", Counts::kNumber, Counts::kNothing},
    Row{Refusal::kQuantityOffLot, "QUANTITY_OFF_LOT", Counts::kTonnes, Counts::kTonnes},
    Row{Refusal::kInstrumentHalted, "INSTRUMENT_HALTED", Counts::kNothing, Counts::kNothing},
    Row{Refusal::kInstrumentExpired, "INSTRUMENT_EXPIRED", Counts::kDayOrTime, Counts::kDayOrTime},
    Row{Refusal::kDuplicateClientOrderId, "DUPLICATE_CLIENT_ORDER_ID", Counts::kNothing,
        Counts::kNumber},
    Row{Refusal::kUnitsBoughtToday, "UNITS_BOUGHT_TODAY", Counts::kTonnes, Counts::kTonnes},
    Row{Refusal::kAboveHoldingLimit, "ABOVE_HOLDING_LIMIT", Counts::kTonnes, Counts::kTonnes},
    Row{Refusal::kWrongSession, "WRONG_SESSION", Counts::kPhase, Counts::kPhase},
    Row{Refusal::kQuantityAboveMax, "QUANTITY_ABOVE_MAX", Counts::kTonnes, Counts::kTonnes},
    Row{Refusal::kTooManyOpenOrders, "TOO_MANY_OPEN_ORDERS", Counts::kNumber, Counts::kNumber},
    Row{Refusal::kBookFull, "BOOK_FULL", Counts::kNumber, Counts::kNumber},
    Row{Refusal::kWouldTakeLiquidity, "WOULD_TAKE_LIQUIDITY", Counts::kPrice, Counts::kPrice},
    Row{Refusal::kOrderFieldsContradict, "ORDER_FIELDS_CONTRADICT", Counts::kContradiction,
        Counts::kNothing},
    Row{Refusal::kStopPriceInvalid, "STOP_PRICE_INVALID", Counts::kPrice, Counts::kPrice},
    Row{Refusal::kExpireDateInvalid, "EXPIRE_DATE_INVALID", Counts::kDayOrTime, Counts::kDayOrTime},
    Row{Refusal::kClientOrderIdInvalid, "CLIENT_ORDER_ID_INVALID", Counts::kNumber,
        Counts::kNumber},
    Row{Refusal::kMemberBlocked, "MEMBER_BLOCKED", Counts::kNumber, Counts::kNothing},
    Row{Refusal::kNothingToTradeWith, "NOTHING_TO_TRADE_WITH", Counts::kNothing, Counts::kNothing},
    Row{Refusal::kOfferNotFound, "OFFER_NOT_FOUND", Counts::kNumber, Counts::kNothing},
    Row{Refusal::kNotTheCounterparty, "NOT_THE_COUNTERPARTY", Counts::kNumber, Counts::kNothing},
    Row{Refusal::kBiddingNotOpen, "BIDDING_NOT_OPEN", Counts::kDayOrTime, Counts::kDayOrTime},
    Row{Refusal::kSessionTypeUnknown, "SESSION_TYPE_UNKNOWN", Counts::kNumber, Counts::kNumber},
    Row{Refusal::kReferenceInvalid, "REFERENCE_INVALID", Counts::kPrice, Counts::kPrice},
    Row{Refusal::kWindowInvalid, "WINDOW_INVALID", Counts::kDayOrTime, Counts::kDayOrTime},
    Row{Refusal::kAlreadySo, "ALREADY_SO", Counts::kNothing, Counts::kNothing},
    Row{Refusal::kNothingChanges, "NOTHING_CHANGES", Counts::kNothing, Counts::kNothing},
    Row{Refusal::kBidIrrevocable, "BID_IRREVOCABLE", Counts::kNumber, Counts::kNothing},
    Row{Refusal::kAuctionNotFound, "AUCTION_NOT_FOUND", Counts::kNumber, Counts::kNumber},
};
static_assert(kRows.size() == kRefusalCount);

constexpr bool RowsFollowTheEnum() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (static_cast<std::size_t>(kRows[i].refusal) != i + 1) return false;
  }
  return true;
}
static_assert(RowsFollowTheEnum());

const Row& RowOf(Refusal refusal) {
  const auto index = static_cast<std::size_t>(refusal) - 1;
  ETS_ASSERT(index < kRows.size());
  return kRows[index];
}

// No day is this far from 1970, and no moment of a market this near.
constexpr std::int64_t kDaysEnd = 10'000'000;

std::string TimeText(SimTime time) {
  const auto padded = [](std::int64_t number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
  };
  const std::int64_t second = time % kMicrosPerDay / kMicrosPerSecond;
  return ToString(Date(static_cast<std::int32_t>(time / kMicrosPerDay))) + "T" +
         padded(second / 3'600) + ":" + padded(second / 60 % 60) + ":" + padded(second % 60) + "Z";
}

std::string TextOf(Counts counts, std::int64_t value) {
  const bool is_time = value > kDaysEnd;
  switch (counts) {
    case Counts::kNothing:
      break;
    case Counts::kNumber:
    case Counts::kTonnes:
      return std::to_string(value);
    case Counts::kPrice:
    case Counts::kMoney:
      return ToString(Money::FromMinor(value));
    case Counts::kNumberOrTime:
      return is_time ? TimeText(value) : std::to_string(value);
    case Counts::kDayOrTime:
      if (value == 0) return "no day";
      return is_time ? TimeText(value) : ToString(Date(static_cast<std::int32_t>(value)));
    case Counts::kPhase:
      return value < 1 || value > static_cast<std::int64_t>(kPhaseCount)
                 ? std::string()
                 : std::string(ToString(static_cast<Phase>(value)));
    case Counts::kContradiction:
      return std::string(ToString(static_cast<matching::Contradiction>(value)));
  }
  return {};
}

}  // namespace

std::string_view ToString(Refusal refusal) { return RowOf(refusal).name; }

Counted CountedBy(Refusal refusal) { return {RowOf(refusal).asked, RowOf(refusal).limit}; }

std::string Explained(Refusal refusal, const RefusalDetail& detail) {
  const Row& row = RowOf(refusal);
  std::string text(row.name);
  if (detail == RefusalDetail{}) return text;
  const std::string asked = TextOf(row.asked, detail.asked);
  const std::string limit = TextOf(row.limit, detail.limit);
  if (row.asked == Counts::kContradiction) return text + ": " + asked;
  if (!asked.empty()) text += ": asked " + asked;
  if (!limit.empty()) text += (asked.empty() ? ": limit " : ", limit ") + limit;
  return text;
}

}  // namespace ets::market
