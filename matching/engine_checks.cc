// What is asked of an order before anything is touched, rule by rule.
#include "matching/engine_inline.h"

namespace ets::matching {

Contradiction WhatContradicts(const OrderEntry& entry) {
  using Is = Contradiction;
  const bool is_stop = IsStop(entry.type);
  const auto has_limit = entry.type == OrderType::kLimit || entry.type == OrderType::kStopLimit;
  const bool takes_at_once = !RowOf(entry.time_in_force).may_rest;
  const bool may_show = has_limit && !takes_at_once;
  if (has_limit != (entry.limit > Price())) return has_limit ? Is::kNoLimit : Is::kLimit;
  if (is_stop != (entry.stop > Price())) return is_stop ? Is::kNoStop : Is::kStop;
  if (entry.post_only && !may_show) return Is::kPostOnly;
  if (entry.display < Tonnes(0) || entry.display > entry.quantity) return Is::kDisplayAboveWhole;
  if (entry.display > Tonnes(0) && !may_show) return Is::kDisplay;
  if (entry.minimum < Tonnes(0) || entry.minimum > entry.quantity) return Is::kMinimumAboveWhole;
  if (entry.minimum > Tonnes(0) && (entry.post_only || is_stop)) return Is::kMinimum;
  const bool is_dated = entry.time_in_force == TimeInForce::kGoodTillDate;
  if (is_dated != (entry.expire != Date(0))) return Is::kExpire;
  return Is::kNone;
}

std::string_view ToString(Contradiction contradiction) {
  switch (contradiction) {
    case Contradiction::kNone:
      break;
    case Contradiction::kNoLimit:
      return "limit: missing";
    case Contradiction::kLimit:
      return "limit: a market order has none";
    case Contradiction::kNoStop:
      return "stop: missing";
    case Contradiction::kStop:
      return "stop: only a stop order has one";
    case Contradiction::kPostOnly:
      return "post-only: needs a limit and a time in force that may rest";
    case Contradiction::kDisplayAboveWhole:
      return "display: below 0 or more than the whole quantity";
    case Contradiction::kDisplay:
      return "display: needs a limit and a time in force that may rest";
    case Contradiction::kMinimumAboveWhole:
      return "minimum: below 0 or more than the whole quantity";
    case Contradiction::kMinimum:
      return "minimum: not for an order that does not trade at once";
    case Contradiction::kExpire:
      return "expire date: of a good-till-date order, and of no other";
  }
  return {};
}

std::optional<Refused> Engine::CheckEntry(const OrderEntry& entry, std::int64_t limit) const {
  using Why = EngineRefusal;
  if (const auto what = WhatContradicts(entry); what != Contradiction::kNone) {
    return Refused{Why::kFieldsContradict, static_cast<std::int64_t>(what)};
  }
  if (phase_ == BookPhase::kHalted) return Refused{Why::kHalted};
  const bool takes_at_once = !RowOf(entry.time_in_force).may_rest;
  if (phase_ == BookPhase::kCall && !IsStop(entry.type) &&
      (takes_at_once || entry.minimum > Tonnes(0))) {
    return Refused{Why::kNotInCall};
  }
  if (!entry.client_id.empty()) {
    const OrderId other = FindClientId(entry.owner, entry.client_id);
    if (other != OrderId()) {
      return Refused{Why::kDuplicateClientId, 0, static_cast<std::int64_t>(other.raw())};
    }
  }
  if (entry.quantity <= Tonnes(0) || entry.quantity.count() > kAmountMax) {
    return Refused{Why::kQuantityNotPositive, entry.quantity.count(), 1};
  }
  if (lowest_ > highest_) return Refused{Why::kPriceOutOfRange, limit, 0};
  const std::int64_t stop = IsStop(entry.type) ? entry.stop.minor_per_tonne() : lowest_;
  for (const std::int64_t price : {limit, stop}) {
    if (price < lowest_) return Refused{Why::kPriceOutOfRange, price, lowest_};
    if (price > highest_) return Refused{Why::kPriceOutOfRange, price, highest_};
  }
  if (IsStop(entry.type) && last_ != 0 &&
      (entry.side == Side::kBuy ? last_ >= stop : last_ <= stop)) {
    return Refused{Why::kStopPassed, stop, last_};
  }
  if (live_count_ >= terms_.orders_max) {
    return Refused{Why::kBookFull, static_cast<std::int64_t>(live_count_) + 1, terms_.orders_max};
  }
  return {};
}

std::optional<Refused> Engine::CheckMarketable(const OrderEntry& entry, std::int64_t limit) const {
  using Why = EngineRefusal;
  const Ladder& against = book(Opposite(entry.side));
  if (entry.type == OrderType::kMarket && against.empty()) {
    return Refused{Why::kNothingToTradeWith};
  }
  if (entry.post_only && !against.empty()) {
    const std::int64_t best = against.PriceOf(against.best());
    if (entry.side == Side::kBuy ? limit >= best : limit <= best) {
      return Refused{Why::kWouldTake, limit, best};
    }
  }
  const std::int64_t enough =
      RowOf(entry.time_in_force).may_fill_partly ? entry.minimum.count() : entry.quantity.count();
  if (enough == 0) return {};
  const std::int64_t at_hand =
      AtHand(entry.side, entry.owner, entry.self_trade, limit, entry.quantity.count(), enough);
  if (at_hand < enough) return Refused{Why::kWouldNotFill, enough, at_hand};
  return {};
}

// What would trade, counted until it is enough. Within a level every order's visible part comes
// before any hidden one.
std::int64_t Engine::AtHand(Side side, MemberId owner, SelfTradePrevention mode, std::int64_t limit,
                            std::int64_t quantity, std::int64_t enough) const {
  const Ladder& against = book(Opposite(side));
  std::int64_t left = quantity;
  std::int64_t found = 0;
  const auto count = [&](std::int64_t part) {
    const std::int64_t traded = std::min(left, part);
    found += traded;
    left -= traded;
    return left == 0 || found >= enough;
  };
  const std::int64_t deepest = std::min(
      against.DepthOf(limit), against.DepthOf(side == Side::kBuy ? collar_high_ : collar_low_));
  for (std::uint32_t at = against.best(); at != kNone && at <= deepest; at = against.After(at)) {
    std::int64_t hidden = 0;
    for (std::uint32_t i = against[at].first; i != kNone; i = links_[i].next) {
      const bool is_own = orders_[i].owner == owner.raw() && mode != SelfTradePrevention::kOff;
      if (!is_own) {
        hidden += HiddenOf(i);
        if (count(orders_[i].visible)) return found;
      } else if (mode == SelfTradePrevention::kCancelIncoming) {
        return found;
      } else if (mode == SelfTradePrevention::kDecrementBoth) {
        left -= std::min(left, OpenOf(i));
        if (left == 0) return found;
      }
    }
    if (count(hidden)) return found;
  }
  return found;
}

}  // namespace ets::matching
