#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "market/market.h"

namespace ets::market {

// The kinds of the exchange's journal records. On disk. Append; never renumber.
enum class RecordKind : std::uint16_t {
  kFounding = 1,
  kAdmitMember = 2,
  kListInstrument = 3,
  kDelistInstrument = 4,
  kPosition = 5,
  kOpenSession = 6,
  kPlaceOrder = 7,
  kCancelOrder = 8,
  kTradeBlock = 9,
  kOpenAuction = 10,
  kSubmitBid = 11,
  kCloseAuction = 12,
  kWithdraw = 13,
  kCloseSession = 14,
  kDropLedger = 15,
  kAdvanceTo = 16,
  kDayClosed = 17,
  kSettlementTaken = 18,  // Not an Input: TakeSettlement() cut the messages here. No payload.
  kBlockMember = 19,
  kSetHoldingLimit = 20,
  kHaltTrading = 21,
  kResumeTrading = 22,
  kSetPhase = 23,
  kChangeOrder = 24,
  kCancelOrders = 25,
  kQuoteBlock = 26,
  kConfirmBlock = 27,
  kCancelBlock = 28,
  kAnnounceOneWay = 29,
  kBidOneWay = 30,
  kWithdrawOneWay = 31,
  kChangeBid = 32,
  kWithdrawBid = 33,
  kPayAuction = 34,
  kSetAuctionCalendar = 35,
  kSubmitBids = 36,
};

// What this build writes and reads.
inline constexpr std::uint16_t kRecordVersion = 2;

// Appends the input's fields to the payload, packed, in the order of its declaration.
RecordKind Encode(const Input& input, std::string& payload);
RecordKind Encode(const PlaceOrder& input, std::string& payload);
RecordKind Encode(const CancelOrder& input, std::string& payload);

// The inverse; empty when the kind is no input's, a field is missing or left over, or an enumerator
// does not exist.
std::optional<Input> Decode(std::uint16_t kind, std::string_view payload);

void EncodeFounding(const Founding& founding, std::string& payload);
Result<Founding, std::string> DecodeFounding(const JournalRecord& record);
Result<Founding, std::string> DecodeFounding(std::string_view payload);

}  // namespace ets::market
