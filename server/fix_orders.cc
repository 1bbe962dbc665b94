#include "server/fix_orders.h"

#include <utility>

namespace ets::server::fix {
namespace {

namespace tag = FIX::FIELD;
using market::OrderEventKind;

constexpr const char* kNoOrder = "NONE";
constexpr std::int64_t kRestatedOther = 99;  // ExecRestatementReason(378).

// How FIX tells an event.
struct Telling {
  char exec_type = '0';
  std::string_view text;
};
std::optional<Telling> TellingOf(const market::OrderEvent& event, bool is_replace) {
  switch (event.kind) {
    case OrderEventKind::kAccepted:
      return Telling{'0', {}};
    case OrderEventKind::kTraded:
      return Telling{'F', {}};
    case OrderEventKind::kReduced:
    case OrderEventKind::kReplaced:
      if (is_replace) return Telling{'5', {}};
      return Telling{'D', ToString(event.kind)};
    case OrderEventKind::kTriggered:
      return Telling{'D', ToString(event.kind)};
    case OrderEventKind::kCancelled:
      return Telling{'4', ToString(event.reason)};
    case OrderEventKind::kExpired:
      return Telling{'C', ToString(event.reason)};
    case OrderEventKind::kRested:
    case OrderEventKind::kWaits:
    case OrderEventKind::kRefreshed:
      return std::nullopt;
  }
  return std::nullopt;
}

bool IsGone(const market::OrderEvent& event) {
  return event.kind == OrderEventKind::kCancelled || event.kind == OrderEventKind::kExpired ||
         event.open == Tonnes();
}

char StatusOf(const market::OrderEvent& event) {
  if (event.kind == OrderEventKind::kCancelled) return '4';
  if (event.kind == OrderEventKind::kExpired) return 'C';
  if (event.open == Tonnes()) return '2';
  return event.filled == Tonnes() ? '0' : '1';
}

void Echo(const Request& request, FIX::Message& message) {
  for (const auto& [number, value] : request.echo) Set(message, number, value);
}

}  // namespace

Request RequestOf(Request::Kind kind, const FIX::Message& message) {
  Request request;
  request.kind = kind;
  request.id = Text(message, tag::ClOrdID);
  request.original = Text(message, tag::OrigClOrdID);
  if (const auto order = ReadOrderId(message); order.ok()) request.order = *order;
  for (const int number : {tag::Symbol, tag::Side, tag::OrderQty, tag::OrdType, tag::Price,
                           tag::TimeInForce, tag::MassCancelRequestType}) {
    if (message.isSetField(number)) request.echo.emplace_back(number, Text(message, number));
  }
  return request;
}

// ---- What is known ----

void Orders::Load(InstrumentId instrument, const matching::OrderView& order) {
  market::OrderEvent event;
  event.kind = OrderEventKind::kRested;
  event.side = order.side;
  event.type = order.type;
  event.instrument = instrument;
  event.member = order.owner;
  event.order = order.id;
  event.client_id = order.client_id;
  if (order.type == matching::OrderType::kLimit || order.type == matching::OrderType::kStopLimit) {
    event.price = order.limit;
  }
  event.quantity = order.quantity;
  event.open = order.open;
  event.filled = order.quantity - order.open;
  event.visible = order.visible;
  Remember(event);
}

Orders::Known& Orders::Remember(const market::OrderEvent& event) {
  const std::uint64_t order = event.order.raw();
  const auto [at, is_new] = known_.try_emplace(order);
  Known& known = at->second;
  if (is_new) known.entered = event.type;
  const std::string old_id(known.last.client_id.text()), new_id(event.client_id.text());
  if (old_id != new_id) by_client_id_.erase(old_id);
  if (!new_id.empty()) by_client_id_[new_id] = order;
  known.last = event;
  known.status = StatusOf(event);
  if (event.kind == OrderEventKind::kTraded) {
    known.counted += event.last_quantity;
    known.value += event.last_price * event.last_quantity;
  }
  if (IsGone(event) && !std::exchange(known.is_gone, true)) {
    gone_.push_back(order);
    if (gone_.size() > kGoneMax) {
      Forget(OrderId(gone_.front()));
      gone_.pop_front();
    }
  }
  return known;
}

void Orders::Forget(OrderId order) {
  const auto found = known_.find(order.raw());
  if (found == known_.end()) return;
  const auto named = by_client_id_.find(std::string(found->second.last.client_id.text()));
  if (named != by_client_id_.end() && named->second == order.raw()) by_client_id_.erase(named);
  known_.erase(found);
}

const Orders::Known* Orders::Find(OrderId order) const {
  const auto found = known_.find(order.raw());
  return found == known_.end() ? nullptr : &found->second;
}
const Orders::Known* Orders::Find(const std::string& client_id) const {
  const auto found = by_client_id_.find(client_id);
  return found == by_client_id_.end() ? nullptr : Find(OrderId(found->second));
}
const Orders::Known* Orders::Find(const Request& request) const {
  return request.order.raw() != 0 ? Find(request.order) : Find(request.original);
}

std::vector<const Orders::Known*> Orders::Live(std::optional<InstrumentId> instrument,
                                               std::optional<matching::Side> side) const {
  std::vector<const Known*> live;
  for (const auto& [order, known] : known_) {
    if (known.is_gone || (instrument && known.last.instrument != *instrument)) continue;
    if (!side || known.last.side == *side) live.push_back(&known);
  }
  return live;
}

// ---- Reports ----

std::optional<FIX::Message> Orders::Take(const market::OrderEvent& event, const Request* request) {
  const Known* const before = Find(event.order);
  const std::string old_id(before == nullptr ? "" : before->last.client_id.text());
  const Known& known = Remember(event);
  const bool is_replace = request != nullptr && request->kind == Request::Kind::kReplace;
  const bool is_cancel = request != nullptr && request->kind == Request::Kind::kCancel;
  const auto telling = TellingOf(event, is_replace);
  if (!telling) return std::nullopt;
  FIX::Message message = Report(known, telling->exec_type);
  const bool is_answer = telling->exec_type == '5' || telling->exec_type == '4';
  if ((is_replace || is_cancel) && is_answer) {
    Set(message, tag::ClOrdID, request->id);
    Set(message, tag::OrigClOrdID, old_id);
  }
  const bool is_asked_for = event.reason == market::CancelReason::kByMember;
  if (!is_asked_for) Set(message, tag::Text, telling->text);
  if (telling->exec_type == 'D') Set(message, tag::ExecRestatementReason, kRestatedOther);
  if (event.kind != OrderEventKind::kTraded) return message;
  Set(message, tag::LastPx, event.last_price);
  Set(message, tag::LastQty, event.last_quantity);
  Set(message, tag::SecondaryExecID, std::to_string(event.trade_id));
  message.setField(tag::Commission, ToString(event.fee));
  Set(message, tag::CommType, '3');
  return message;
}

FIX::Message Orders::Report(const Known& known, char exec_type) const {
  const market::OrderEvent& event = known.last;
  FIX::Message message = Made("8");
  Set(message, tag::OrderID, std::to_string(event.order.raw()));
  Set(message, tag::ClOrdID, event.client_id.text());
  Set(message, tag::ExecType, exec_type);
  Set(message, tag::OrdStatus, known.status);
  Set(message, tag::Symbol, symbols_.NameOf(event.instrument));
  Set(message, tag::Side, SideChar(event.side));
  Set(message, tag::OrderQty, event.quantity);
  Set(message, tag::OrdType, TypeChar(event.type));
  if (event.price != Price()) Set(message, tag::Price, event.price);
  Set(message, tag::LeavesQty, known.is_gone ? Tonnes() : event.open);
  Set(message, tag::CumQty, event.filled);
  const bool is_counted = event.filled != Tonnes() && known.counted == event.filled;
  Set(message, tag::AvgPx, is_counted ? AveragePrice(known.value, known.counted) : Price());
  return message;
}

FIX::Message Orders::Status(const Known& known) const {
  FIX::Message message = Report(known, 'I');
  Set(message, tag::ExecID, "0");
  return message;
}

// ---- Refusals ----

FIX::Message RejectedOrder(const Request& request, const Wrong& wrong) {
  FIX::Message message = Made("8");
  Echo(request, message);
  Set(message, tag::OrderID, kNoOrder);
  Set(message, tag::ClOrdID, request.id);
  Set(message, tag::ExecType, '8');
  Set(message, tag::OrdStatus, '8');
  Set(message, tag::OrdRejReason, std::int64_t{OrderRejectReason(wrong)});
  Set(message, tag::LeavesQty, Tonnes());
  Set(message, tag::CumQty, Tonnes());
  Set(message, tag::AvgPx, Price());
  Set(message, wrong);
  return message;
}

FIX::Message RejectedCancel(const Request& request, const Wrong& wrong,
                            const Orders::Known* known) {
  FIX::Message message = Made("9");
  const bool is_replace = request.kind == Request::Kind::kReplace;
  std::int64_t reason = CancelRejectReason(wrong);
  if (known != nullptr && known->is_gone) reason = 0;  // Too late.
  Set(message, tag::OrderID,
      known == nullptr ? std::string(kNoOrder) : std::to_string(known->last.order.raw()));
  Set(message, tag::ClOrdID, request.id);
  Set(message, tag::OrigClOrdID, request.original.empty() ? kNoOrder : request.original);
  Set(message, tag::OrdStatus, known == nullptr ? '8' : known->status);
  Set(message, tag::CxlRejResponseTo, is_replace ? '2' : '1');
  Set(message, tag::CxlRejReason, reason);
  Set(message, wrong);
  return message;
}

FIX::Message MassCancelled(const Request& request, std::uint32_t count) {
  FIX::Message message = Made("r");
  Echo(request, message);
  Set(message, tag::ClOrdID, request.id);
  for (const auto& [number, value] : request.echo) {
    if (number == tag::MassCancelRequestType) Set(message, tag::MassCancelResponse, value);
  }
  Set(message, tag::TotalAffectedOrders, std::int64_t{count});
  return message;
}

FIX::Message RejectedMassCancel(const Request& request, const Wrong& wrong) {
  FIX::Message message = Made("r");
  Echo(request, message);
  Set(message, tag::OrderID, kNoOrder);
  Set(message, tag::ClOrdID, request.id);
  Set(message, tag::MassCancelResponse, '0');
  const bool is_unknown =
      wrong.refused && wrong.refused->refusal == market::Refusal::kInstrumentNotFound;
  Set(message, tag::MassCancelRejectReason, std::int64_t{is_unknown ? 1 : 99});
  Set(message, wrong);
  return message;
}

}  // namespace ets::server::fix
