#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/fix_messages.h"

namespace ets::server::fix {

// What a client asked for, kept until the exchange has answered.
struct Request {
  enum class Kind : std::uint8_t { kPlace = 1, kReplace = 2, kCancel = 3, kMassCancel = 4 };
  Kind kind = Kind::kPlace;
  std::string id;        // ClOrdID(11).
  std::string original;  // OrigClOrdID(41).
  OrderId order;         // OrderID(37); 0: not named.
  std::vector<std::pair<int, std::string>> echo;
};
Request RequestOf(Request::Kind kind, const FIX::Message& message);

// The orders of one member as its reports tell them: what an execution report needs beside the
// event. Knows every order that waits, and the last kGoneMax that are gone. Not thread-safe.
class Orders {
 public:
  static constexpr std::size_t kGoneMax = 4'096;

  struct Known {
    market::OrderEvent last;
    // As it was first heard of; a stop that is triggered becomes a market or limit order.
    matching::OrderType entered = matching::OrderType::kLimit;
    Tonnes counted;  // Fills that were told here, and their value.
    Money value;
    bool is_gone = false;
    char status = '0';  // OrdStatus(39).
  };

  explicit Orders(Symbols& symbols) : symbols_(symbols) {}

  // An order that waited before the first report.
  void Load(InstrumentId instrument, const matching::OrderView& order);
  // What follows from a report; `request` is that of the client behind it, and only if the event
  // is about the order it was for. Nothing: FIX has no word for this event.
  std::optional<FIX::Message> Take(const market::OrderEvent& event, const Request* request);

  // Null: no such order.
  const Known* Find(OrderId order) const;
  const Known* Find(const std::string& client_id) const;
  // Of what a request names.
  const Known* Find(const Request& request) const;
  // Those that wait, by number.
  std::vector<const Known*> Live(std::optional<InstrumentId> instrument,
                                 std::optional<matching::Side> side) const;

  // ExecType(150) I: the order as it is.
  FIX::Message Status(const Known& known) const;

 private:
  Known& Remember(const market::OrderEvent& event);
  void Forget(OrderId order);
  FIX::Message Report(const Known& known, char exec_type) const;

  Symbols& symbols_;
  std::map<std::uint64_t, Known> known_;
  std::map<std::string, std::uint64_t> by_client_id_;
  std::deque<std::uint64_t> gone_;
};

// ---- Refusals ----

// ExecutionReport(8) with ExecType(150) 8.
FIX::Message RejectedOrder(const Request& request, const Wrong& wrong);
// OrderCancelReject(9); `known` is the order, if there is one.
FIX::Message RejectedCancel(const Request& request, const Wrong& wrong, const Orders::Known* known);
// OrderMassCancelReport(r).
FIX::Message MassCancelled(const Request& request, std::uint32_t count);
FIX::Message RejectedMassCancel(const Request& request, const Wrong& wrong);

}  // namespace ets::server::fix
