// Plays tests/scenarios/*.ets: stories of an exchange that anyone can read. A line that begins with
// two spaces is what the exchange answers; the others are what it is told. With ETS_UPDATE=1 the
// answers are written anew. tests/scenarios/README.md has the words.
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "market/exchange_fixture.h"

namespace ets::market {
namespace {

using matching::Side;

std::filesystem::path Folder() {
  std::filesystem::path at = std::filesystem::current_path();
  while (!std::filesystem::exists(at / "tests/scenarios") && at.has_parent_path() &&
         at != at.parent_path()) {
    at = at.parent_path();
  }
  return at / "tests/scenarios";
}

std::vector<std::string> Stories() {
  std::vector<std::string> names;
  for (const auto& file : std::filesystem::directory_iterator(Folder())) {
    if (file.path().extension() == ".ets") names.push_back(file.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// The words of a line, taken one by one.
class Words {
 public:
  explicit Words(const std::string& line) {
    std::istringstream in(line);
    for (std::string word; in >> word;) words_.push_back(word);
  }
  std::string Next() { return More() ? words_[at_++] : std::string(); }
  bool More() const { return at_ < words_.size(); }
  // True, and past it, if it comes next.
  bool Take(std::string_view word) {
    const bool comes = More() && words_[at_] == word;
    at_ += comes ? 1U : 0U;
    return comes;
  }
  std::int64_t Number() {
    const std::string word = Next();
    std::int64_t number = 0;
    std::from_chars(word.data(), word.data() + word.size(), number);
    return number;
  }
  Price AsPrice() { return Price::Parse(Next()).value_or(Price()); }
  Date AsDate() { return Date::Parse(Next()).value_or(Date()); }
  SimTime AsClock() {  // "09:30".
    const std::string word = Next() + "     ";
    int hour = 0, minute = 0;
    std::from_chars(word.data(), word.data() + 2, hour);
    std::from_chars(word.data() + 3, word.data() + word.size(), minute);
    return SimTime{hour * 60 + minute} * 60 * kMicrosPerSecond;
  }

 private:
  std::vector<std::string> words_;
  std::size_t at_ = 0;
};

// One exchange with one instrument, told a story line by line.
class Story final : public Listener {
 public:
  // What the exchange answers, each line behind two spaces.
  std::vector<std::string> Tell(const std::string& line) {
    said_.clear();
    Words words(line);
    const std::string first = words.Next();
    if (!Setting(first, words) && !Venue(first, words)) Member(first, words);
    if (market_) market_->CheckInvariants();
    return said_;
  }

 private:
  static constexpr LedgerId kCash{0};
  static constexpr LedgerId kUnits{1};
  static constexpr InstrumentId kIt{0};

  Market& market() {
    if (!market_) market_.emplace(rules_, std::uint16_t{2}, nullptr, this);
    return *market_;
  }
  template <typename... T>
  void Say(const T&... parts) {
    std::ostringstream line;
    line << "  ";
    (line << ... << parts);
    said_.push_back(line.str());
  }
  static std::string Name(Side side) { return side == Side::kBuy ? "buy" : "sell"; }
  std::string Who(MemberId member) const {
    return member.raw() < names_.size() ? names_[member.raw()] : "nobody";
  }
  MemberId Find(const std::string& name) const {
    const auto found = std::find(names_.begin(), names_.end(), name);
    return MemberId(static_cast<std::uint32_t>(found - names_.begin()));
  }
  // What was accepted gives back; empty when it was refused, which is said.
  std::optional<Receipt> Do(const Input& input) {
    const Outcome outcome = market().Apply(Envelope{.sim_time = now_}, input);
    if (outcome.ok()) {
      return *outcome;
    }
    const RefusalDetail& detail = market().detail();
    Say("refused ", static_cast<int>(outcome.error()), " ", ToString(outcome.error()), ": asked ",
        detail.asked, ", limit ", detail.limit);
    return std::nullopt;
  }

  // ---- What is set before the story begins. ----

  bool Setting(const std::string& first, Words& words) {
    if (first == "session") {
      SessionType type = *FindSessionType(words.Next());
      if (!words.Take("hours")) type.hours = {};
      while (words.More()) SetField(type, words.Next(), words);
      for (SessionType& row : rules_.sessions) {
        if (row.mechanism == type.mechanism) row = type;
      }
    } else if (first == "instrument") {
      ListInstrument list{kUnits, kCash, words.AsPrice()};
      while (words.More()) {
        const std::string word = words.Next();
        if (word == "last_day") list.last_day = words.AsDate();
        if (word == "delisting_day") list.delisting_day = words.AsDate();
        if (word == "holding_limit") list.holding_limit = Tonnes(words.Number());
        if (word == "report_from") list.large_holder_from = Tonnes(words.Number());
      }
      Do(list);
    } else if (first == "member") {
      const std::string name = words.Next();
      if (Find(name).raw() == names_.size()) {
        names_.push_back(name);
        const auto number = static_cast<std::uint32_t>(names_.size());
        Do(AdmitMember{AccountId(number), AccountId(1'000 + number)});
      }
      while (words.More()) {
        const LedgerId ledger = words.Next() == "cash" ? kCash : kUnits;
        const std::int64_t amount =
            ledger == kCash ? words.AsPrice().minor_per_tonne() : words.Number();
        Do(Position{++positions_, Find(name), ledger, amount});
      }
    } else {
      return false;
    }
    return true;
  }

  static void SetField(SessionType& type, const std::string& field, Words& words) {
    if (field == "maker_bp") type.fees.maker.bp = static_cast<std::uint32_t>(words.Number());
    if (field == "taker_bp") type.fees.taker.bp = static_cast<std::uint32_t>(words.Number());
    if (field == "maker_per_tonne") type.fees.maker.per_tonne = words.AsPrice();
    if (field == "taker_per_tonne") type.fees.taker.per_tonne = words.AsPrice();
    if (field == "lot") type.lot = Tonnes(words.Number());
    if (field == "quantity_max") type.quantity_max = Tonnes(words.Number());
    if (field == "open_orders_max") {
      type.open_orders_max = static_cast<std::uint32_t>(words.Number());
    }
    if (field == "tick") type.ticks = TickTable::Flat(words.AsPrice());
    if (field == "tick_from") {
      const Price from = words.AsPrice();
      type.ticks.rows[1] = {from, words.AsPrice()};
    }
  }

  // ---- The venue's own doings. ----

  bool Venue(const std::string& first, Words& words) {
    if (first == "time") {
      const Date date = words.AsDate();
      now_ = InstantOf(date, words.AsClock(), kBeijingOffset);
      Do(AdvanceTo{now_});
    } else if (first == "open") {
      Do(OpenSession{words.AsDate()});
      const InstrumentView& view = market().instrument(kIt);
      Say("band ", ToString(view.band_low), " to ", ToString(view.band_high), ", ",
          ToString(view.phase));
    } else if (first == "close") {
      if (Do(CloseSession{})) {
        const InstrumentView& view = market().instrument(kIt);
        Say("close ", ToString(view.close), ", listed ", view.listed_volume.count(), " t, block ",
            view.block_volume.count(), " t, one-way ", view.one_way_volume.count(), " t");
      }
    } else if (first == "halt") {
      Do(HaltTrading{kIt, words.Take("cancel")});
    } else if (first == "resume") {
      Do(ResumeTrading{kIt});
    } else if (first == "phase") {
      const std::string wanted = words.Next();
      for (std::size_t i = 1; i <= kPhaseCount; ++i) {
        const auto phase = static_cast<Phase>(i);
        if (ToString(phase) == wanted) Do(SetPhase{kIt, phase});
      }
    } else if (first == "block" || first == "unblock") {
      Do(BlockMember{Find(words.Next()), first == "block"});
    } else if (first == "book") {
      Draw();
    } else if (first == "settle") {
      Settle();
    } else {
      return false;
    }
    return true;
  }

  void Draw() {
    std::vector<matching::Engine::Quote> bids, offers;
    market().engine(kIt).AppendDepth(Side::kBuy, SIZE_MAX, bids);
    market().engine(kIt).AppendDepth(Side::kSell, SIZE_MAX, offers);
    Say("     bid |   price | offer");
    const auto row = [this](const std::string& bid, Price price, const std::string& offer) {
      const auto pad = [](std::size_t width, std::size_t size) {
        return std::string(size < width ? width - size : 0, ' ');
      };
      const std::string text = ToString(price);
      Say(pad(8, bid.size()), bid, " | ", pad(7, text.size()), text, " | ", offer);
    };
    std::map<Price, std::pair<std::string, std::string>, std::greater<>> rows;
    for (const auto& quote : bids) rows[quote.price].first = std::to_string(quote.quantity.count());
    for (const auto& quote : offers) {
      rows[quote.price].second = std::to_string(quote.quantity.count());
    }
    for (const auto& [price, both] : rows) row(both.first, price, both.second);
  }

  void Settle() {
    for (const SettlementMessage& message : market().TakeSettlement()) {
      Say("settlement ", message.sequence, ": ", message.fills.size(), " trades");
      for (const WithdrawalReady& ready : message.withdrawals) {
        Say("  ", Who(ready.member), " pays ", ToString(Money::FromMinor(ready.amount)),
            " to account ", ready.to.raw());
      }
    }
  }

  // ---- What members do. ----

  void Member(const std::string& name, Words& words) {
    const MemberId member = Find(name);
    const std::string verb = words.Next();
    if (verb == "buy" || verb == "sell") {
      Place(member, verb == "buy" ? Side::kBuy : Side::kSell, words);
    } else if (verb == "cancel") {
      Do(CancelOrder{member, kIt, OrderId(), Id(words.Next())});
    } else if (verb == "cancel-all") {
      CancelOrders cancel{member, {}, {}};
      if (words.Take("buy")) cancel.side = Side::kBuy;
      if (words.Take("sell")) cancel.side = Side::kSell;
      Do(cancel);
    } else if (verb == "change") {
      ChangeOrder change{member, kIt, OrderId(), Id(words.Next()), {}, {}, {}};
      while (words.More()) {
        if (words.Next() == "@") {
          change.limit = words.AsPrice();
        } else {
          change.quantity = Tonnes(words.Number());
        }
      }
      Do(change);
    } else if (verb == "holds") {
      const matching::Holding& cash = market().holding(member, kCash);
      const matching::Holding& units = market().holding(member, kUnits);
      Say("cash ", ToString(Money::FromMinor(cash.available)), " free, ",
          ToString(Money::FromMinor(cash.reserved)), " reserved; units ", units.available,
          " free, ", units.reserved, " reserved, ", units.bought_today, " bought today");
    } else if (!Desk(member, verb, words)) {
      Say("what is '", verb, "'?");
    }
  }

  static matching::ClientOrderId Id(const std::string& text) {
    return matching::ClientOrderId::Parse(text).value_or(matching::ClientOrderId());
  }

  void Place(MemberId member, Side side, Words& words) {
    PlaceOrder order;
    order.member = member;
    order.instrument = kIt;
    order.side = side;
    order.quantity = Tonnes(words.Number());
    order.type = matching::OrderType::kMarket;
    while (words.More()) {
      const std::string word = words.Next();
      const bool stops = order.stop > Price();
      if (word == "@") {
        order.limit = words.AsPrice();
        order.type = stops ? matching::OrderType::kStopLimit : matching::OrderType::kLimit;
      } else if (word == "stop") {
        order.stop = words.AsPrice();
        order.type =
            order.limit > Price() ? matching::OrderType::kStopLimit : matching::OrderType::kStop;
      } else {
        SetOrderField(order, word, words);
      }
    }
    const std::optional<Receipt> outcome = Do(order);
    if (outcome && outcome->resting == Tonnes(0) && outcome->traded > Tonnes(0)) {
      Say("filled ", outcome->traded.count(), " t for ", ToString(outcome->value));
    }
  }

  static void SetOrderField(PlaceOrder& order, const std::string& word, Words& words) {
    using enum matching::TimeInForce;
    using enum matching::SelfTradePrevention;
    if (word == "ioc") order.time_in_force = kImmediateOrCancel;
    if (word == "fok") order.time_in_force = kFillOrKill;
    if (word == "gtc") order.time_in_force = kGoodTillCancel;
    if (word == "until") {
      order.time_in_force = kGoodTillDate;
      order.expire = words.AsDate();
    }
    if (word == "shows") order.display = Tonnes(words.Number());
    if (word == "minimum") order.minimum = Tonnes(words.Number());
    if (word == "post-only") order.post_only = true;
    if (word == "self-trade-off") order.self_trade = kOff;
    if (word == "cancel-resting") order.self_trade = kCancelResting;
    if (word == "cancel-incoming") order.self_trade = kCancelIncoming;
    if (word == "decrement-both") order.self_trade = kDecrementBoth;
    if (word == "as") order.client_id = Id(words.Next());
  }

  bool Desk(MemberId member, const std::string& verb, Words& words) {
    if (verb == "quotes") {
      QuoteBlock quote{member, kIt, words.Next() == "buy" ? Side::kBuy : Side::kSell, {}, {}, {}};
      quote.quantity = Tonnes(words.Number());
      words.Take("@");
      quote.price = words.AsPrice();
      if (words.Take("to")) quote.counterparty = Find(words.Next());
      Do(quote);
    } else if (verb == "confirms") {
      Do(ConfirmBlock{member, OfferId(static_cast<std::uint64_t>(words.Number()))});
    } else if (verb == "declines") {
      Do(CancelBlock{member, OfferId(static_cast<std::uint64_t>(words.Number()))});
    } else if (verb == "announces") {
      AnnounceOneWay terms;
      terms.applicant = member;
      terms.instrument = kIt;
      terms.side = words.Next() == "buy" ? Side::kBuy : Side::kSell;
      terms.quantity = Tonnes(words.Number());
      words.Take("@");
      terms.price = words.AsPrice();
      const Date today = ToLocal(now_, rules_.zone).date;
      words.Take("from");
      terms.opens = InstantOf(today, words.AsClock(), kBeijingOffset);
      words.Take("to");
      terms.closes = InstantOf(today, words.AsClock(), kBeijingOffset);
      if (words.Take("uniform")) terms.pricing = OneWayPricing::kUniform;
      if (words.Take("all-or-at-least")) terms.sell_from = Tonnes(words.Number());
      Do(terms);
    } else if (verb == "bids") {
      BidOneWay bid{member, OfferId(static_cast<std::uint64_t>(words.Number())), {}, {}};
      bid.quantity = Tonnes(words.Number());
      words.Take("@");
      bid.price = words.AsPrice();
      Do(bid);
    } else if (verb == "withdraws") {
      const OfferId announcement(static_cast<std::uint64_t>(words.Number()));
      const OfferId bid(static_cast<std::uint64_t>(words.More() ? words.Number() : 0));
      Do(WithdrawOneWay{member, announcement, bid});
    } else {
      return false;
    }
    return true;
  }

  // ---- What the exchange tells. ----

  void OnFill(const Fill& fill) override {
    const char* const names[] = {"", "", "block ", "auction ", "one-way "};
    Say(names[static_cast<std::size_t>(fill.channel)], "trade ", fill.trade_id, ": ",
        Who(fill.seller), " sells ", fill.quantity.count(), " t to ", Who(fill.buyer), " at ",
        ToString(fill.price),
        fill.seller_fee + fill.buyer_fee == Money()
            ? ""
            : ", fees " + ToString(fill.seller_fee) + " and " + ToString(fill.buyer_fee));
  }
  void OnAuctionCleared(InstrumentId, const auction::Clearing&) override {}
  void OnOrder(const OrderEvent& event) override {
    const std::string order =
        Who(event.member) + "'s order " + std::to_string(matching::NumberOf(event.order));
    switch (event.kind) {
      case OrderEventKind::kAccepted:
      case OrderEventKind::kTraded:
        return;  // The trades are told.
      case OrderEventKind::kRested:
        Say(order, " rests: ", Name(event.side), " ", event.visible.count(), " t at ",
            ToString(event.price));
        return;
      case OrderEventKind::kRefreshed:
        Say(order, " shows its next ", event.visible.count(), " t");
        return;
      case OrderEventKind::kWaits:
        Say(order, " waits");
        return;
      case OrderEventKind::kTriggered:
        Say(order, " is triggered");
        return;
      case OrderEventKind::kReduced:
        Say(order, " is reduced to ", event.open.count(), " t");
        return;
      case OrderEventKind::kReplaced:
        Say(order, " leaves its place");
        return;
      case OrderEventKind::kCancelled:
      case OrderEventKind::kExpired:
        Say(order, " is gone with ", event.last_quantity.count(), " t: ", ToString(event.reason));
        return;
    }
  }
  void OnPhase(const PhaseEvent& event) override {
    if (event.from != event.to) {
      Say("phase ", ToString(event.from), " -> ", ToString(event.to));
    } else if (IsCall(event.to)) {
      Say("the ", ToString(event.to), " is prolonged");
    }
  }
  void OnIndicative(const IndicativeEvent& event) override {
    const std::string what = event.final ? "clears" : "would clear";
    if (!event.has_price) {
      Say("the call ", what, " nothing");
    } else {
      Say("the call ", what, " ", event.volume.count(), " t at ", ToString(event.price),
          ", imbalance ", event.imbalance, " t");
    }
  }
  void OnDesk(const DeskEvent& event) override {
    const std::string whose = Who(event.member);
    switch (event.kind) {
      case DeskEventKind::kBlockQuoted:
        Say("quote ", event.offer.raw(), ": ", whose, " would ", Name(event.side), " ",
            event.quantity.count(), " t at ", ToString(event.price));
        return;
      case DeskEventKind::kBlockWithdrawn:
        Say("quote ", event.offer.raw(), " is withdrawn");
        return;
      case DeskEventKind::kOneWayAnnounced:
        Say("announcement ", event.offer.raw(), ": ", whose, " would ", Name(event.side), " ",
            event.quantity.count(), " t at ", ToString(event.price), " or better");
        return;
      case DeskEventKind::kOneWayBid:
        Say("bid ", event.bid.raw(), ": ", whose, " would ", Name(event.side), " ",
            event.quantity.count(), " t at ", ToString(event.price));
        return;
      case DeskEventKind::kOneWayBidWithdrawn:
        Say("bid ", event.bid.raw(), " is withdrawn");
        return;
      case DeskEventKind::kOneWayWithdrawn:
        Say("announcement ", event.offer.raw(), " is withdrawn");
        return;
      case DeskEventKind::kOneWayClosed:
        Say("announcement ", event.offer.raw(), " is closed: ", event.quantity.count(),
            " t traded");
        return;
    }
  }
  void OnLargeHolder(const LargeHolderEvent& event) override {
    Say(Who(event.member), " holds ", event.held.count(), " t",
        event.is_large ? " and is reported" : " and is reported no longer");
  }

  VenueRules rules_ = [] {
    VenueRules rules;
    rules.fee_account = AccountId(9'000);
    return rules;
  }();
  std::optional<Market> market_;
  std::vector<std::string> names_;
  std::vector<std::string> said_;
  SimTime now_ = 0;
  std::uint64_t positions_ = 0;
};

class Scenario : public ::testing::TestWithParam<std::string> {};

TEST_P(Scenario, GoesAsItIsWritten) {
  const std::filesystem::path path = Folder() / (GetParam() + ".ets");
  std::ifstream in(path);
  ASSERT_TRUE(in.good()) << path;
  std::string written, played, line;
  Story story;
  bool has_title = false;
  while (std::getline(in, line)) {
    written += line + '\n';
    if (line.starts_with("  ")) continue;
    played += line + '\n';
    has_title = has_title || line.starts_with("# ");
    if (line.empty() || line.starts_with("#")) continue;
    for (const std::string& said : story.Tell(line)) played += said + '\n';
  }
  EXPECT_TRUE(has_title) << "the story has no title";
  const char* const update = std::getenv("ETS_UPDATE");
  if (update != nullptr && std::string_view(update) == "1") {
    std::ofstream(path) << played;
  } else {
    EXPECT_EQ(played, written) << "run again with ETS_UPDATE=1 to write what is played";
  }
}

INSTANTIATE_TEST_SUITE_P(Stories, Scenario, ::testing::ValuesIn(Stories()), [](const auto& story) {
  std::string name = story.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace ets::market
