#include "matching/engine_hash.h"
#include "matching/engine_inline.h"

namespace ets::matching {

bool Engine::IsLive(OrderId order) const {
  const std::uint32_t place = PlaceOf(order);
  return place < orders_.size() && orders_[place].id == order.raw() && orders_[place].live();
}

OrderView Engine::View(OrderId order) const {
  const std::uint32_t place = PlaceOf(order);
  ETS_ASSERT(place < orders_.size() && orders_[place].id == order.raw());
  return ViewAt(place);
}

OrderView Engine::ViewAt(std::uint32_t place) const {
  const OrderRecord& order = orders_[place];
  OrderView view;
  view.id = OrderId(order.id);
  view.owner = MemberId(order.owner);
  view.state = order.state();
  view.side = order.side();
  view.type = order.type();
  view.time_in_force = order.time_in_force();
  view.self_trade = order.self_trade();
  view.post_only = order.post_only();
  view.limit = Price::FromMinorPerTonne(LimitOf(place));
  view.quantity = Tonnes(order.quantity);
  view.open = Tonnes(order.live() ? OpenOf(place) : 0);
  view.visible = Tonnes(order.live() ? order.visible : 0);
  view.client_id = order.client_id;
  if (order.has_extra()) {
    view.stop = Price::FromMinorPerTonne(extras_[place].stop);
    view.display = Tonnes(extras_[place].display);
    view.expire = extras_[place].expire;
  }
  return view;
}

Engine::Quote Engine::best(Side side) const {
  const Ladder& ladder = book(side);
  if (ladder.empty()) return {};
  const Ladder::Level& level = ladder[ladder.best()];
  return {true, Price::FromMinorPerTonne(ladder.PriceOf(ladder.best())), Tonnes(level.visible),
          level.count};
}

void Engine::AppendDepth(Side side, std::size_t levels_max, std::vector<Quote>& levels) const {
  const Ladder& ladder = book(side);
  std::size_t count = 0;
  for (std::uint32_t at = ladder.best(); at != kNone && count < levels_max; at = ladder.After(at)) {
    levels.push_back({true, Price::FromMinorPerTonne(ladder.PriceOf(at)),
                      Tonnes(ladder[at].visible), ladder[at].count});
    ++count;
  }
}

std::uint32_t Engine::open_orders(MemberId owner) const {
  return owner.raw() < of_member_.size() ? of_member_[owner.raw()].open_orders : 0;
}
Tonnes Engine::open_buys(MemberId owner) const {
  return Tonnes(owner.raw() < of_member_.size() ? of_member_[owner.raw()].open[Of(Side::kBuy)] : 0);
}

// ---- Snapshots, hash, invariants. ----

void Engine::Restore(const OrderView& order) {
  const std::uint32_t place = PlaceOf(order.id);
  if (place >= orders_.size()) {
    GrowPlaces(std::max<std::size_t>(orders_.size() * 2, std::size_t{place} + 1));
  }
  const bool has_extra =
      order.stop > Price() || order.display > Tonnes(0) || order.expire != Date(0);
  OrderRecord& record = orders_[place];
  record.traits() = {order.side, order.type, order.time_in_force, order.self_trade};
  record.set_state(order.state);
  record.set_post_only(order.post_only);
  record.set_has_extra(has_extra);
  record.set_live(true);
  record.id = order.id.raw();
  record.visible = order.visible.count();
  record.quantity = order.quantity.count();
  record.owner = order.owner.raw();
  record.client_id = order.client_id;
  record.client_hash = ClientIndex::HashOf(order.owner, order.client_id);
  if (has_extra) {
    extras_[place] = {.stop = order.stop.minor_per_tonne(),
                      .limit = order.limit.minor_per_tonne(),
                      .display = order.display.count(),
                      .hidden = order.open.count() - order.visible.count(),
                      .expire = order.expire};
  }
  free_.Reset(place);
  lowest_free_ = free_.Lowest();
  Ladder& ladder = LadderOf(order.state, order.side);
  if (order.state != OrderState::kAtMarket) {
    const Price price = order.state == OrderState::kStopped ? order.stop : order.limit;
    record.level = ladder.LevelOf(price.minor_per_tonne());
  }
  ladder.Join(links_.data(), orders_[place], place);
  Count(place, order.open.count());
  if (!order.client_id.empty()) clients_.Insert(record.client_hash, place);
}

void Engine::RestoreTrades(const TradeMarks& marks) {
  last_ = marks.last.minor_per_tonne();
  reach_low_ = marks.reach_low.minor_per_tonne();
  reach_high_ = marks.reach_high.minor_per_tonne();
}

Engine::TradeMarks Engine::trade_marks() const {
  return {Price::FromMinorPerTonne(last_), Price::FromMinorPerTonne(reach_low_),
          Price::FromMinorPerTonne(reach_high_)};
}

std::uint64_t Engine::StateHash() const {
  EngineHash hash(phase_,
                  {lowest_, highest_, collar_low_, collar_high_, last_, reach_low_, reach_high_});
  ForEach([&hash](const OrderView& order) { hash.Add(order); });
  return hash.value();
}

void Engine::AddReserved(std::vector<std::int64_t>& units_of_member,
                         std::vector<std::int64_t>& cash_of_member) const {
  Walk([&](std::uint32_t place) {
    const OrderRecord& order = orders_[place];
    auto& reserved = order.side() == Side::kBuy ? cash_of_member : units_of_member;
    reserved[order.owner] += BoundBy(place);
  });
}

void Engine::CheckInvariants() const {
  std::size_t count = 0;
  for (const Ladder& ladder : ladders_) count += ladder.CheckInvariants(links_, orders_);
  ETS_ASSERT(count == live_count_);
  if (phase_ == BookPhase::kContinuous) ETS_ASSERT(!IsCrossed());
  std::size_t with_client_id = 0;
  std::vector<OfMember> of_member(of_member_.size());
  Walk([&](std::uint32_t place) {
    const OrderRecord& order = orders_[place];
    ETS_ASSERT(order.live() && HiddenOf(place) >= 0 && OpenOf(place) <= order.quantity);
    ETS_ASSERT(PlaceOf(OrderId(order.id)) == place);
    ++of_member[order.owner].open_orders;
    of_member[order.owner].open[Of(order.side())] += OpenOf(place);
    if (order.client_id.empty()) return;
    ETS_ASSERT(FindClientId(MemberId(order.owner), order.client_id).raw() == order.id);
    ++with_client_id;
  });
  ETS_ASSERT(with_client_id == clients_.count());
  for (std::size_t i = 0; i < of_member.size(); ++i) {
    ETS_ASSERT(of_member[i].open_orders == of_member_[i].open_orders);
    ETS_ASSERT(of_member[i].open == of_member_[i].open);
  }
}

}  // namespace ets::matching
