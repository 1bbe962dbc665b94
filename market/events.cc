#include "market/events.h"

namespace ets::market {

std::string_view ToString(OrderEventKind kind) {
  switch (kind) {
    case OrderEventKind::kAccepted:
      return "accepted";
    case OrderEventKind::kRested:
      return "rested";
    case OrderEventKind::kTraded:
      return "traded";
    case OrderEventKind::kReduced:
      return "reduced";
    case OrderEventKind::kReplaced:
      return "replaced";
    case OrderEventKind::kTriggered:
      return "triggered";
    case OrderEventKind::kCancelled:
      return "cancelled";
    case OrderEventKind::kExpired:
      return "expired";
    case OrderEventKind::kWaits:
      return "waits";
    case OrderEventKind::kRefreshed:
      return "refreshed";
  }
  return "unknown";
}

std::string_view ToString(CancelReason reason) {
  switch (reason) {
    case CancelReason::kNone:
      return "none";
    case CancelReason::kByMember:
      return "by_member";
    case CancelReason::kNotFilledAtOnce:
      return "not_filled_at_once";
    case CancelReason::kSelfTrade:
      return "self_trade";
    case CancelReason::kDayPassed:
      return "day_passed";
    case CancelReason::kOutsideBand:
      return "outside_band";
    case CancelReason::kHalted:
      return "halted";
    case CancelReason::kDelisted:
      return "delisted";
    case CancelReason::kMemberBlocked:
      return "member_blocked";
    case CancelReason::kReplacedToNothing:
      return "replaced_to_nothing";
    case CancelReason::kUnfunded:
      return "unfunded";
    case CancelReason::kDisconnected:
      return "disconnected";
  }
  return "unknown";
}

}  // namespace ets::market
