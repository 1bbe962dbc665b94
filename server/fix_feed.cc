#include "server/fix_feed.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace ets::server::fix {
namespace {

namespace tag = FIX::FIELD;
using market::Phase;
using matching::Side;

constexpr std::string_view kEntryTypes = "0124578B";
constexpr char kEmptyBook = 'J';
constexpr std::size_t kEntriesPerMessage = 100;
constexpr int kFullOrder[] = {tag::MDEntryType,
                              tag::MDEntryPx,
                              tag::MDEntrySize,
                              tag::MDEntryDate,
                              tag::MDEntryTime,
                              tag::MDEntryID,
                              83,
                              tag::MDEntryPositionNo,
                              tag::NumberOfOrders,
                              0};
constexpr int kChangeOrder[] = {tag::MDUpdateAction,
                                tag::MDEntryType,
                                tag::MDEntryID,
                                tag::Symbol,
                                83,
                                tag::MDEntryPx,
                                tag::MDEntrySize,
                                tag::MDEntryDate,
                                tag::MDEntryTime,
                                tag::MDEntryPositionNo,
                                tag::NumberOfOrders,
                                0};

using Levels = std::map<std::int64_t, LevelChange>;
using Best = std::vector<LevelChange>;

enum class Action : char { kNew = '0', kChange = '1', kDelete = '2' };

char EntryTypeOf(Side side) { return side == Side::kBuy ? '0' : '1'; }

// A number of the day beside the book: its entry type, price or quantity.
struct Figure {
  char type = '0';
  Price price;
  Tonnes quantity;
};
std::vector<Figure> FiguresOf(const market::InstrumentView& view) {
  std::vector<Figure> figures;
  if (view.listed_volume != Tonnes()) {
    figures.push_back({'4', view.open, {}});
    figures.push_back({'7', view.high, {}});
    figures.push_back({'8', view.low, {}});
  }
  if (view.close != Price()) figures.push_back({'5', view.close, {}});
  figures.push_back({'B', {}, view.listed_volume});
  return figures;
}

class QuoteFeed final : public Feed {
 public:
  explicit QuoteFeed(QuoteTerms terms) : terms_(std::move(terms)) {}

  std::optional<FIX::Message> Begin(const MarketSnapshot& snapshot) override {
    count_ = terms_.depth;
    const std::size_t most = snapshot.visible_levels;
    if (most != 0) count_ = count_ == 0 ? most : std::min(count_, most);
    Take(snapshot.book);
    view_ = snapshot.view;
    seen_.clear();
    return Refreshed(snapshot.number);
  }

  std::vector<FIX::Message> GoOn(const MarketUpdates& updates) override {
    trades_.clear();
    for (const MarketUpdate& update : updates.updates) Take(update);
    const std::uint64_t number = updates.updates.back().number;
    if (terms_.is_incremental) return Changes(number);
    auto whole = Refreshed(number);
    return whole ? std::vector{std::move(*whole)} : std::vector<FIX::Message>();
  }

 private:
  Levels& levels(Side side) { return side == Side::kBuy ? bids_ : offers_; }
  bool wants(char type) const { return terms_.types.contains(type); }

  void Take(const LevelChange& level) {
    if (level.orders == 0) {
      levels(level.side).erase(level.price.minor_per_tonne());
    } else {
      levels(level.side)[level.price.minor_per_tonne()] = level;
    }
  }
  void Take(const BookAnew& book) {
    bids_.clear();
    offers_.clear();
    for (const LevelChange& level : book.levels) Take(level);
  }
  void Take(const MarketUpdate& update) {
    if (const auto* const level = std::get_if<LevelChange>(&update.what)) Take(*level);
    if (const auto* const book = std::get_if<BookAnew>(&update.what)) Take(*book);
    if (const auto* const status = std::get_if<StatusChange>(&update.what)) view_ = status->view;
    if (std::holds_alternative<TradePrint>(update.what)) trades_.push_back(update);
  }

  Best BestOf(Side side) {
    Best best;
    if (!wants(EntryTypeOf(side))) return best;
    const auto add = [&](const auto& level) {
      if (count_ == 0 || best.size() < count_) best.push_back(level.second);
    };
    if (side == Side::kBuy) {
      std::for_each(bids_.rbegin(), bids_.rend(), add);
    } else {
      std::for_each(offers_.begin(), offers_.end(), add);
    }
    return best;
  }

  // ---- W ----

  FIX::Message Whole(std::uint64_t number) {
    FIX::Message message = Made("W");
    Set(message, tag::MDReqID, terms_.id);
    Set(message, tag::Symbol, terms_.symbol);
    Set(message, 83, static_cast<std::int64_t>(number));
    int entries = 0;
    const auto add = [&](const FIX::Group& group) {
      message.addGroup(group);
      ++entries;
    };
    for (const Side side : {Side::kBuy, Side::kSell}) {
      Best& sent = sent_[EntryTypeOf(side)];
      sent = BestOf(side);
      for (std::size_t i = 0; i < sent.size(); ++i) {
        FIX::Group group(tag::NoMDEntries, tag::MDEntryType, kFullOrder);
        FillLevel(sent[i], group);
        Set(group, tag::MDEntryPositionNo, static_cast<std::int64_t>(i + 1));
        add(group);
      }
    }
    if (wants('2') && view_.listed_trades != 0) add(Of(Figure{'2', view_.last, {}}));
    figures_ = FiguresOf(view_);
    for (const Figure& figure : figures_) {
      if (wants(figure.type)) add(Of(figure));
    }
    if (entries == 0) add(Of(Figure{kEmptyBook, {}, {}}));
    return message;
  }
  static FIX::Group Of(const Figure& figure) {
    FIX::Group group(tag::NoMDEntries, tag::MDEntryType, kFullOrder);
    FillFigure(figure, group);
    return group;
  }
  static void FillLevel(const LevelChange& level, FIX::Group& group) {
    Set(group, tag::MDEntryType, EntryTypeOf(level.side));
    Set(group, tag::MDEntryPx, level.price);
    Set(group, tag::MDEntrySize, level.quantity);
    Set(group, tag::NumberOfOrders, std::int64_t{level.orders});
  }
  static void FillFigure(const Figure& figure, FIX::Group& group) {
    Set(group, tag::MDEntryType, figure.type);
    if (figure.type == 'B') {
      Set(group, tag::MDEntrySize, figure.quantity);
    } else if (figure.type != kEmptyBook) {
      Set(group, tag::MDEntryPx, figure.price);
    }
  }

  std::optional<FIX::Message> Refreshed(std::uint64_t number) {
    FIX::Message message = Whole(number);
    FIX::Message bare = message;
    bare.removeField(83);
    std::string seen = bare.toString();
    if (std::exchange(seen_, seen) == seen) return std::nullopt;
    return message;
  }

  // ---- X ----

  std::vector<FIX::Message> Changes(std::uint64_t number) {
    messages_.clear();
    for (const Side side : {Side::kBuy, Side::kSell}) AddLevels(side, number);
    if (wants('2')) {
      for (const MarketUpdate& trade : trades_) AddTrade(trade, number);
    }
    AddFigures(number);
    return std::move(messages_);
  }
  FIX::Group Change(Action action, std::uint64_t number) const {
    FIX::Group group(tag::NoMDEntries, tag::MDUpdateAction, kChangeOrder);
    Set(group, tag::MDUpdateAction, static_cast<char>(action));
    Set(group, tag::Symbol, terms_.symbol);
    Set(group, 83, static_cast<std::int64_t>(number));
    return group;
  }
  void Add(const FIX::Group& group) {
    if (messages_.empty() || entries_ == kEntriesPerMessage) {
      entries_ = 0;
      messages_.push_back(Made("X"));
      Set(messages_.back(), tag::MDReqID, terms_.id);
    }
    messages_.back().addGroup(group);
    ++entries_;
  }
  void AddLevel(Action action, const LevelChange& level, std::uint64_t number) {
    FIX::Group group = Change(action, number);
    FillLevel(level, group);
    if (action == Action::kDelete) {
      group.removeField(tag::MDEntrySize);
      group.removeField(tag::NumberOfOrders);
    }
    Set(group, tag::MDEntryID,
        (level.side == Side::kBuy ? "B" : "S") + std::to_string(level.price.minor_per_tonne()));
    Add(group);
  }
  void AddLevels(Side side, std::uint64_t number) {
    Best& sent = sent_[EntryTypeOf(side)];
    Best best = BestOf(side);
    const auto at = [](const Best& levels, Price price) {
      return std::find_if(levels.begin(), levels.end(),
                          [price](const LevelChange& level) { return level.price == price; });
    };
    for (const LevelChange& level : sent) {
      if (at(best, level.price) != best.end()) continue;
      AddLevel(Action::kDelete, level, number);
    }
    for (const LevelChange& level : best) {
      const auto was = at(sent, level.price);
      const bool is_new = was == sent.end();
      if (!is_new && was->quantity == level.quantity && was->orders == level.orders) continue;
      AddLevel(is_new ? Action::kNew : Action::kChange, level, number);
    }
    sent = std::move(best);
  }
  void AddTrade(const MarketUpdate& update, std::uint64_t number) {
    const TradePrint& trade = std::get<TradePrint>(update.what);
    FIX::Group group = Change(Action::kNew, number);
    Set(group, tag::MDEntryType, '2');
    Set(group, tag::MDEntryID, std::to_string(trade.trade_id));
    Set(group, tag::MDEntryPx, trade.price);
    Set(group, tag::MDEntrySize, trade.quantity);
    Set(group, tag::MDEntryDate, DayText(update.time));
    Set(group, tag::MDEntryTime, ClockText(update.time));
    Add(group);
  }
  void AddFigures(std::uint64_t number) {
    auto figures = FiguresOf(view_);
    for (const Figure& figure : figures) {
      if (!wants(figure.type)) continue;
      const auto was = std::find_if(figures_.begin(), figures_.end(),
                                    [&](const Figure& old) { return old.type == figure.type; });
      const bool is_new = was == figures_.end();
      if (!is_new && was->price == figure.price && was->quantity == figure.quantity) continue;
      FIX::Group group = Change(is_new ? Action::kNew : Action::kChange, number);
      FillFigure(figure, group);
      Add(group);
    }
    figures_ = std::move(figures);
  }

  const QuoteTerms terms_;
  std::size_t count_ = 0;
  Levels bids_, offers_;
  market::InstrumentView view_;
  std::vector<MarketUpdate> trades_;  // Of the updates at hand.
  std::map<char, Best> sent_;         // By entry type.
  std::vector<Figure> figures_;       // Likewise.
  std::string seen_;
  std::vector<FIX::Message> messages_;  // Being made.
  std::size_t entries_ = 0;             // In the last of them.
};

// FIX 4.4, SecurityTradingStatus(326).
int SecurityStatusOf(Phase phase) {
  constexpr int kHalt = 2, kReady = 17, kNotAvailable = 18, kPreOpen = 21;
  switch (phase) {
    case Phase::kHalted:
      return kHalt;
    case Phase::kContinuous:
      return kReady;
    case Phase::kOpeningCall:
    case Phase::kVolatilityCall:
    case Phase::kClosingCall:
      return kPreOpen;
    case Phase::kClosed:
    case Phase::kBreak:
      return kNotAvailable;
  }
  return kNotAvailable;
}

class StatusFeed final : public Feed {
 public:
  StatusFeed(std::string id, std::string symbol) : id_(std::move(id)), symbol_(std::move(symbol)) {}

  std::optional<FIX::Message> Begin(const MarketSnapshot& snapshot) override {
    return Made(snapshot.view, snapshot.time);
  }
  std::vector<FIX::Message> GoOn(const MarketUpdates& updates) override {
    for (auto it = updates.updates.rbegin(); it != updates.updates.rend(); ++it) {
      const auto* const status = std::get_if<StatusChange>(&it->what);
      if (status == nullptr) continue;
      if (status->view.phase == phase_) return {};
      return {Made(status->view, it->time)};
    }
    return {};
  }

 private:
  FIX::Message Made(const market::InstrumentView& view, SimTime time) {
    phase_ = view.phase;
    FIX::Message message = fix::Made("f");
    Set(message, tag::SecurityStatusReqID, id_);
    Set(message, tag::Symbol, symbol_);
    Set(message, tag::SecurityTradingStatus, std::int64_t{SecurityStatusOf(view.phase)});
    Set(message, tag::Text, ToString(view.phase));
    SetTime(message, tag::TransactTime, time);
    if (view.listed_volume == Tonnes()) return message;
    Set(message, tag::HighPx, view.high);
    Set(message, tag::LowPx, view.low);
    Set(message, tag::LastPx, view.last);
    return message;
  }

  const std::string id_, symbol_;
  Phase phase_ = Phase::kClosed;
};

}  // namespace

std::unique_ptr<Feed> MakeQuoteFeed(QuoteTerms terms) {
  return std::make_unique<QuoteFeed>(std::move(terms));
}
std::unique_ptr<Feed> MakeStatusFeed(std::string id, std::string symbol) {
  return std::make_unique<StatusFeed>(std::move(id), std::move(symbol));
}

bool IsEntryType(char type) { return kEntryTypes.find(type) != kEntryTypes.npos; }

void AddSecurity(const std::string& symbol, const market::InstrumentView& view,
                 const market::SessionType& type, FIX::Message& list) {
  constexpr int kOrder[] = {tag::Symbol,
                            tag::SecurityDesc,
                            tag::MaturityDate,
                            tag::Currency,
                            tag::RoundLot,
                            tag::MinTradeVol,
                            kLowLimitPrice,
                            kHighLimitPrice,
                            kPriceTick,
                            kPreviousClose,
                            0};
  FIX::Group group(tag::NoRelatedSym, tag::Symbol, kOrder);
  Set(group, tag::Symbol, symbol);
  Set(group, tag::SecurityDesc, type.name);
  SetDay(group, tag::MaturityDate, view.last_day);
  if (const std::size_t dash = symbol.rfind('-'); dash != symbol.npos) {
    Set(group, tag::Currency, symbol.substr(dash + 1));
  }
  Set(group, tag::RoundLot, type.lot);
  Set(group, tag::MinTradeVol, type.quantity_from);
  Set(group, kLowLimitPrice, view.band_low);
  Set(group, kHighLimitPrice, view.band_high);
  Set(group, kPriceTick, type.ticks.TickAt(view.previous_close));
  Set(group, kPreviousClose, view.previous_close);
  list.addGroup(group);
}

int SessionStatusOf(Phase phase) {
  constexpr int kHalted = 1, kOpen = 2, kClosed = 3, kPreOpen = 4, kPreClose = 5;
  switch (phase) {
    case Phase::kHalted:
      return kHalted;
    case Phase::kContinuous:
      return kOpen;
    case Phase::kOpeningCall:
    case Phase::kVolatilityCall:
      return kPreOpen;
    case Phase::kClosingCall:
      return kPreClose;
    case Phase::kClosed:
    case Phase::kBreak:
      return kClosed;
  }
  return kClosed;
}

}  // namespace ets::server::fix
