#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/quantity.h"
#include "base/result.h"
#include "matching/order_words.h"

namespace ets::matching {

// Why the book refused an order: the first rule it broke, in this order. Append, never renumber.
enum class BookRefusal : std::uint8_t {
  kDuplicateOrderId = 1,  // An order with this id rests now.
  kQuantityNotPositive = 2,
  kPriceOutOfRange = 3,
  kWouldNotFill = 4,  // Fill-or-kill only.
};

struct NewOrder {
  OrderId id;
  MemberId owner;
  Side side = Side::kBuy;
  TimeInForce time_in_force = TimeInForce::kDay;
  Price limit;
  Tonnes quantity;
};

struct Trade {
  OrderId maker;
  OrderId taker;
  MemberId maker_owner;
  Price price;  // The maker's limit.
  Tonnes quantity;
  Tonnes maker_left;

  friend bool operator==(const Trade&, const Trade&) = default;
};

struct RestingOrder {
  OrderId id;
  MemberId owner;
  Side side = Side::kBuy;
  Price limit;
  Tonnes open;

  friend bool operator==(const RestingOrder&, const RestingOrder&) = default;
};

struct BestQuote {
  bool present = false;
  Price price;
  Tonnes quantity;  // Of the whole level.

  friend bool operator==(const BestQuote&, const BestQuote&) = default;
};

// One instrument's limit order book: price, then time of arrival. Its price range is fixed for a
// session and set anew between sessions; before the first one every price is out of range. An owner
// never meets itself: see Place(). A state machine with no clock and no thread: equal commands
// give equal trades and hashes, on any machine and in every implementation. Not thread-safe.
//
// Two implementations, one contract (book_contract_test.cc): ReferenceBook, slow and obvious, and
// LadderBook, an array of levels over the session's price band.
class OrderBook {
 public:
  virtual ~OrderBook() = default;

  // Starts a session with the given range, both ends included. REQUIRES: the book is empty and
  // 0 < lowest <= highest. Memory grows with the range.
  virtual void OpenSession(Price lowest, Price highest) = 0;

  // Matches, then rests what is left if the order may rest. Returns the quantity now resting. A
  // refusal leaves everything untouched. Trades are appended in the order they happened. A resting
  // order that would trade with one of the same owner is cancelled instead, appended to
  // `cancelled`, and the matching goes on; a fill-or-kill order does not count it.
  virtual Result<Tonnes, BookRefusal> Place(const NewOrder& order, std::vector<Trade>& trades,
                                            std::vector<RestingOrder>& cancelled) = 0;

  // True if the order was resting and is gone; *cancelled says what it was. False: it was not
  // there.
  virtual bool Cancel(OrderId id, RestingOrder* cancelled) = 0;

  // The order if it rests, and true.
  virtual bool Find(OrderId id, RestingOrder* order) const = 0;

  virtual BestQuote best(Side side) const = 0;
  virtual std::size_t resting_count() const = 0;
  // Best price first, then time; bids before offers. For cancelling at the session's end and tests.
  virtual void AppendResting(std::vector<RestingOrder>& orders) const = 0;
  // Drops every order; the range stays.
  virtual void Clear() = 0;

  // Of the range and of every resting order in the order of AppendResting().
  virtual std::uint64_t StateHash() const = 0;
  virtual void CheckInvariants() const = 0;  // Asserts; O(n).
};

std::unique_ptr<OrderBook> MakeReferenceBook();
std::unique_ptr<OrderBook> MakeLadderBook();

}  // namespace ets::matching
