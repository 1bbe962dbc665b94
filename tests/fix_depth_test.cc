// FIX market data of an instrument that shows everybody five levels: whatever MarketDepth asks for,
// no message and no book rebuilt from messages has a sixth, and at every number the rebuilt book is
// the engine's within sight, while levels enter and leave it.

#include <map>

#include "base/prng.h"
#include "server/fix_fixture.h"

namespace ets::server::fix {
namespace {

namespace tag = FIX::FIELD;

constexpr std::size_t kVisible = 5;
constexpr int kSteps = 300;

using Prices = std::map<std::int64_t, std::string>;  // Quantity and orders, by price.

struct Book {
  Prices bids, offers;
  Prices& of(bool is_bid) { return is_bid ? bids : offers; }
  Book Best(std::size_t count) const {
    Book best = *this;
    while (best.bids.size() > count) best.bids.erase(best.bids.begin());
    while (best.offers.size() > count) best.offers.erase(std::prev(best.offers.end()));
    return best;
  }
  friend bool operator==(const Book&, const Book&) = default;
};

std::int64_t MinorOf(const std::string& price) {
  return std::stoll(price.substr(0, price.size() - 3)) * 100 +
         std::stoll(price.substr(price.size() - 2));
}

// A subscription, and the book that its reader knows.
struct Reader {
  std::string id;
  std::size_t depth = 0;  // As asked for.
  bool is_incremental = false;
  Book book = {};
  int wholes = 0, changes = 0, compared = 0;

  std::size_t most() const { return depth == 0 ? kVisible : std::min(depth, kVisible); }

  // W or X; the number for which it holds.
  std::uint64_t Take(const std::vector<std::pair<int, std::string>>& fields, bool is_change) {
    std::uint64_t number = 0;
    if (!is_change) book = {};
    ++(is_change ? changes : wholes);
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const auto& [name, value] = fields[i];
      if (name == 83) number = std::stoull(value);
      if (name != (is_change ? tag::MDUpdateAction : tag::MDEntryType)) continue;
      std::size_t end = i + 1;
      while (end < fields.size() && fields[end].first != name) ++end;
      std::map<int, std::string> entry(fields.begin() + static_cast<std::ptrdiff_t>(i),
                                       fields.begin() + static_cast<std::ptrdiff_t>(end));
      TakeEntry(entry, is_change);
    }
    return number;
  }
  void TakeEntry(std::map<int, std::string>& entry, bool is_change) {
    const std::string& type = entry[tag::MDEntryType];
    if (type != "0" && type != "1") return;
    Prices& side = book.of(type == "0");
    const std::int64_t price = MinorOf(entry[tag::MDEntryPx]);
    const std::string action = is_change ? entry[tag::MDUpdateAction] : "0";
    EXPECT_EQ(side.contains(price), action != "0") << id << " at " << price << ": " << action;
    if (action == "2") {
      side.erase(price);
    } else {
      side[price] = entry[tag::MDEntrySize] + "/" + entry[tag::NumberOfOrders];
    }
    EXPECT_LE(side.size(), most()) << id;
  }
};

class FixDepth : public FixTest, public ::testing::WithParamInterface<std::size_t> {
 protected:
  FixDepth() : FixTest(Waiting(GetParam())), client_(entry_->port()) {
    client_.LogOn("30");
    EXPECT_NE(client_.NextOf("A"), "");
  }
  static VenueOptions Waiting(std::size_t waiting_max) {
    VenueOptions options;
    options.market_data.waiting_max = waiting_max;
    return options;
  }

  static std::string Request(const Reader& reader, char subscription) {
    return "35=V|262=" + reader.id + "|263=" + subscription +
           "|264=" + std::to_string(reader.depth) + "|265=" + (reader.is_incremental ? "1" : "0") +
           "|267=3|269=0|269=1|269=2|146=1|55=CEA26-CNY";
  }

  // The engine's book, and the record it holds for.
  Book EngineBook(std::uint64_t& sequence) {
    std::map<std::pair<bool, std::int64_t>, std::pair<std::int64_t, int>> levels;
    exchange_->Read([&](const market::Market& market) {
      sequence = market.sequence();
      market.engine(InstrumentId(0)).ForEach([&](const matching::OrderView& order) {
        const bool is_bid = order.side == matching::Side::kBuy;
        auto& level = levels[{is_bid, order.limit.minor_per_tonne()}];
        level.first += order.visible.count();
        ++level.second;
      });
    });
    Book book;
    for (const auto& [where, level] : levels) {
      book.of(where.first)[where.second] =
          std::to_string(level.first) + "/" + std::to_string(level.second);
    }
    return book;
  }
  // Remembers the book under the number of market data's last change.
  void Remember() {
    std::uint64_t sequence = 0;
    Book book = EngineBook(sequence);
    for (int i = 0; i < 2'000; ++i) {
      const auto snapshot = venue_->market_data().Snapshot(InstrumentId(0));
      if (snapshot->sequence == sequence) {
        books_[snapshot->number] = std::move(book);
        return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ADD_FAILURE() << "market data never comes to record " << sequence;
  }
  void Place(matching::Side side, std::int64_t price, std::int64_t quantity) {
    market::PlaceOrder order;
    order.member = *Member(side == matching::Side::kBuy ? kBuyer : kSeller);
    order.instrument = InstrumentId(0);
    order.side = side;
    order.limit = Price::FromMinorPerTonne(price);
    order.quantity = Tonnes(quantity);
    const auto placed = venue_->Operate(order);
    ASSERT_TRUE(placed.ok());
    if (placed->resting != Tonnes()) orders_.push_back({order.member, placed->order});
    Remember();
  }
  void Step() {
    if (orders_.size() > 12 && dice_.Below(2) == 0) {
      const auto which = static_cast<std::ptrdiff_t>(dice_.Below(orders_.size()));
      const auto [member, order] = orders_[static_cast<std::size_t>(which)];
      orders_.erase(orders_.begin() + which);
      // It may have traded since.
      if (venue_->Operate(market::CancelOrder{member, InstrumentId(0), order, {}}).ok()) Remember();
      return;
    }
    const bool buys = dice_.Below(2) == 0;
    const auto away = static_cast<std::int64_t>(dice_.Below(14)) - 2;
    Place(buys ? matching::Side::kBuy : matching::Side::kSell, buys ? 7'000 - away : 7'001 + away,
          static_cast<std::int64_t>(1 + dice_.Below(9)));
  }

  // The next W or X, told to its reader.
  void ReadOne(std::vector<Reader>& readers) {
    const std::string message = client_.Next();
    ASSERT_NE(message, "");
    const auto fields = FieldsOf(message);
    ASSERT_TRUE(fields.ok());
    const std::string type(Find(*fields, tag::MsgType).value_or(""));
    if (type != "W" && type != "X") return;
    const std::string id(Find(*fields, tag::MDReqID).value_or(""));
    const auto reader = std::find_if(readers.begin(), readers.end(),
                                     [&](const Reader& one) { return one.id == id; });
    ASSERT_NE(reader, readers.end()) << id;
    std::vector<std::pair<int, std::string>> parts;
    for (const Field& field : *fields) parts.emplace_back(field.tag, std::string(field.value));
    const std::uint64_t number = reader->Take(parts, type == "X");
    const auto known = books_.find(number);
    if (known == books_.end()) return;
    EXPECT_EQ(reader->book, known->second.Best(reader->most())) << id << " at " << number;
    ++reader->compared;
  }

  RawClient client_;
  Prng dice_{7};
  std::vector<std::pair<MemberId, OrderId>> orders_;
  std::map<std::uint64_t, Book> books_;
};

TEST_P(FixDepth, IsFiveLevelsHoweverManyAreAskedForAndAlwaysTheEngines) {
  std::vector<Reader> readers = {{"all", 0, false},  {"nine", 9, false},  {"three", 3, false},
                                 {"all-x", 0, true}, {"nine-x", 9, true}, {"three-x", 3, true}};
  for (int i = 0; i < 60; ++i) Step();
  for (const Reader& reader : readers) client_.Say(Request(reader, '1'), "49=30");
  for (std::size_t i = 0; i < readers.size(); ++i) ReadOne(readers);
  for (int i = 0; i < kSteps; ++i) Step();
  // What no book before looked like.
  Place(matching::Side::kBuy, 7'600, 50'000);
  const Book end = books_.rbegin()->second;
  ASSERT_GT(end.bids.size(), kVisible) << "there is more than may be seen";
  const auto is_at_the_end = [&end](const Reader& reader) {
    return reader.book == end.Best(reader.most());
  };
  while (!std::all_of(readers.begin(), readers.end(), is_at_the_end) && !HasFailure()) {
    ReadOne(readers);
  }
  for (const Reader& reader : readers) {
    EXPECT_GT(reader.compared, 50) << reader.id << " " << reader.wholes << " " << reader.changes;
  }
  // A single look shows no more.
  for (Reader& reader : readers) {
    reader.id = "look-" + reader.id;
    reader.book = {};
    client_.Say(Request(reader, '0'), "49=30");
  }
  for (std::size_t i = 0; i < readers.size() && !HasFailure(); ++i) ReadOne(readers);
  EXPECT_TRUE(std::all_of(readers.begin(), readers.end(), is_at_the_end));
}

// As it is, and with all that can be conflated.
INSTANTIATE_TEST_SUITE_P(Waiting, FixDepth, ::testing::Values(65'536, 0));

}  // namespace
}  // namespace ets::server::fix
