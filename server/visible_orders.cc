#include "server/visible_orders.h"

#include <algorithm>
#include <utility>

namespace ets::server {

using matching::Side;

void VisibleOrders::Remove(std::uint64_t id) {
  const auto found = orders_.find(id);
  if (found == orders_.end()) return;
  Levels& side = levels(found->second.side);
  const auto level = side.find(found->second.price);
  level->second.erase(found->second.place);
  if (level->second.empty()) side.erase(level);
  orders_.erase(found);
}

void VisibleOrders::Apply(const OrderChange& change) {
  const std::uint64_t id = change.order.raw();
  const std::int64_t price = change.price.minor_per_tonne();
  if (change.quantity == Tonnes()) return Remove(id);
  const auto known = orders_.find(id);
  const bool stays = known != orders_.end() && !change.to_the_end && known->second.price == price &&
                     known->second.side == change.side;
  if (stays) {
    known->second.quantity = change.quantity;
    return;
  }
  Remove(id);
  std::list<std::uint64_t>& level = levels(change.side)[price];
  orders_[id] = {change.side, price, change.quantity, level.insert(level.end(), id)};
}

VisibleOrders::Prices VisibleOrders::Best(Side side) const {
  Prices best;
  const Levels& all = levels(side);
  const auto take = [&](std::int64_t price) {
    if (levels_ != 0 && best.size() == levels_) return false;
    best.insert(price);
    return true;
  };
  if (side == Side::kBuy) {
    for (auto it = all.rbegin(); it != all.rend() && take(it->first); ++it) {
    }
  } else {
    for (auto it = all.begin(); it != all.end() && take(it->first); ++it) {
    }
  }
  return best;
}

void VisibleOrders::Show(Side side, std::int64_t price, std::vector<OrderChange>& out) {
  for (const std::uint64_t id : levels(side).at(price)) {
    out.push_back(
        {OrderId(id), side, Price::FromMinorPerTonne(price), orders_.at(id).quantity, true});
    told_[id] = side;
  }
}

void VisibleOrders::Hide(std::uint64_t id, std::vector<OrderChange>& out) {
  const auto told = told_.find(id);
  if (told == told_.end()) return;
  out.push_back({OrderId(id), told->second, Price(), Tonnes(), false});
  told_.erase(told);
}

std::vector<OrderChange> VisibleOrders::Begin(const BookAnew& book) {
  orders_.clear();
  bids_.clear();
  offers_.clear();
  told_.clear();
  for (const BookAnew::Order& order : book.orders) {
    Apply({order.order, order.side, order.price, order.quantity, true});
  }
  std::vector<OrderChange> seen;
  seen_bids_ = Best(Side::kBuy);
  seen_offers_ = Best(Side::kSell);
  for (auto it = seen_bids_.rbegin(); it != seen_bids_.rend(); ++it) Show(Side::kBuy, *it, seen);
  for (const std::int64_t price : seen_offers_) Show(Side::kSell, price, seen);
  return seen;
}

std::vector<OrderChange> VisibleOrders::GoOn(const std::vector<OrderChange>& changes) {
  if (levels_ == 0) return changes;
  std::vector<OrderChange> out;
  for (const OrderChange& change : changes) Apply(change);
  const Prices bids = Best(Side::kBuy), offers = Best(Side::kSell);
  const auto stays_in_sight = [&](const OrderChange& change) {
    const std::int64_t price = change.price.minor_per_tonne();
    const bool is_bid = change.side == Side::kBuy;
    return (is_bid ? seen_bids_ : seen_offers_).contains(price) &&
           (is_bid ? bids : offers).contains(price);
  };
  for (const OrderChange& change : changes) {
    if (change.quantity == Tonnes() || !stays_in_sight(change)) {
      Hide(change.order.raw(), out);
    } else {
      out.push_back(change);
      told_[change.order.raw()] = change.side;
    }
  }
  for (auto [side, now, before] :
       {std::tuple(Side::kBuy, &bids, &seen_bids_), {Side::kSell, &offers, &seen_offers_}}) {
    for (const std::int64_t price : *before) {
      const auto level = levels(side).find(price);
      if (now->contains(price) || level == levels(side).end()) continue;
      for (const std::uint64_t id : level->second) Hide(id, out);
    }
    for (const std::int64_t price : *now) {
      if (!before->contains(price)) Show(side, price, out);
    }
    *before = *now;
  }
  return out;
}

}  // namespace ets::server
