// Market data and reference data of a FIX session.
#include <algorithm>
#include <atomic>
#include <utility>

#include "server/fix_session.h"

namespace ets::server::fix {
namespace {

namespace tag = FIX::FIELD;

constexpr std::size_t kFeedsMax = 1'000;        // Of one session.
constexpr std::size_t kUpdatesWaitMax = 1'024;  // Of one feed.
constexpr std::size_t kSecuritiesPerMessage = 100;
constexpr int kOtherReason = 0;  // BusinessRejectReason(380).

class FeedListener final : public MarketDataListener {
 public:
  FeedListener(std::shared_ptr<Inbox> inbox, std::uint64_t feed,
               std::shared_ptr<std::atomic<std::size_t>> waiting)
      : inbox_(std::move(inbox)), feed_(feed), waiting_(std::move(waiting)) {}
  void OnSnapshot(const std::shared_ptr<const MarketSnapshot>& snapshot) override {
    inbox_->Put(FeedNews{feed_, snapshot});
  }
  // What does not fit is left out; the gap in the numbers tells.
  void OnUpdates(const std::shared_ptr<const MarketUpdates>& updates) override {
    if (*waiting_ >= kUpdatesWaitMax) return;
    ++*waiting_;
    inbox_->Put(FeedNews{feed_, updates});
  }

 private:
  const std::shared_ptr<Inbox> inbox_;
  const std::uint64_t feed_;
  const std::shared_ptr<std::atomic<std::size_t>> waiting_;
};

// What is wrong with a MarketDataRequest, by MDReqRejReason(281).
struct QuoteFault {
  char reason = '0';
  std::string why;
};
using Quotes = Result<QuoteTerms, QuoteFault>;

Fail<QuoteFault> Fault(char reason, std::string why) {
  return Fail{QuoteFault{reason, std::move(why)}};
}

Quotes ReadQuotes(const FIX::Message& message) {
  QuoteTerms terms;
  terms.id = Text(message, tag::MDReqID);
  const std::string depth = Text(message, tag::MarketDepth);
  const auto levels = NumberOf(depth);
  if (!levels) return Fault('5', "MarketDepth(264) '" + depth + "'; allowed: 0 (all), 1, 2, ...");
  if (Text(message, tag::AggregatedBook) == "N") {
    return Fault('7',
                 "AggregatedBook(266) N; allowed: Y, by price; single orders are in the "
                 "gRPC service");
  }
  terms.depth = static_cast<std::size_t>(*levels);
  terms.is_incremental = Text(message, tag::MDUpdateType) == "1";
  for (std::size_t i = 1; i <= message.groupCount(tag::NoMDEntryTypes); ++i) {
    FIX::Group group(tag::NoMDEntryTypes, tag::MDEntryType);
    message.getGroup(static_cast<unsigned>(i), group);
    const std::string type = Text(group, tag::MDEntryType);
    if (type.size() != 1 || !IsEntryType(type[0])) {
      return Fault('8', "MDEntryType(269) '" + Printable(type) + "'; allowed: 0 1 2 4 5 7 8 B");
    }
    terms.types.insert(type[0]);
  }
  return terms;
}

}  // namespace

// ---- Feeds ----

bool ClientSession::IsSubscribed(char kind, const std::string& id) const {
  return std::any_of(feeds_.begin(), feeds_.end(), [&](const auto& entry) {
    return entry.second.kind == kind && entry.second.request == id;
  });
}

bool ClientSession::Unsubscribe(char kind, const std::string& id) {
  return std::erase_if(feeds_, [&](const auto& entry) {
           return entry.second.kind == kind && entry.second.request == id;
         }) != 0;
}

void ClientSession::Subscribe(char kind, const std::string& id, InstrumentId instrument,
                              std::unique_ptr<Feed> feed) {
  const std::uint64_t number = ++last_feed_;
  auto waiting = std::make_shared<std::atomic<std::size_t>>(0);
  Subscribed subscribed{id, kind, std::move(feed), nullptr, waiting, 0, true};
  subscribed.subscription = shared_.venue.market_data().Subscribe(
      instrument, std::make_shared<FeedListener>(inbox_, number, waiting));
  feeds_.emplace(number, std::move(subscribed));
}

void ClientSession::On(const FeedNews& news) {
  const auto found = feeds_.find(news.feed);
  if (found == feeds_.end()) return;
  Subscribed& it = found->second;
  if (const auto* const snapshot = std::get_if<0>(&news.what)) {
    if (!it.is_stale && (*snapshot)->number <= it.number) return;
    it.is_stale = false;
    it.number = (*snapshot)->number;
    if (auto whole = it.feed->Begin(**snapshot)) Send(std::move(*whole));
    return;
  }
  --*it.waiting;
  const MarketUpdates& updates = *std::get<1>(news.what);
  if (updates.updates.front().number != it.number + 1) it.is_stale = true;
  if (it.is_stale) return;
  it.number = updates.updates.back().number;
  for (FIX::Message& message : it.feed->GoOn(updates)) {
    it.is_stale = wire_ == nullptr || wire_->is_behind();
    if (it.is_stale) return;
    Send(std::move(message));
  }
}

// ---- MarketDataRequest(V) ----

void ClientSession::RejectQuotes(const std::string& id, char reason, const std::string& why) {
  FIX::Message message = Made("Y");
  Set(message, tag::MDReqID, id);
  Set(message, tag::MDReqRejReason, reason);
  Set(message, tag::Text, why);
  Send(std::move(message));
}

void ClientSession::MarketDataRequest(const FIX::Message& message) {
  const std::string id = Text(message, tag::MDReqID);
  const std::string subscription = Text(message, tag::SubscriptionRequestType);
  if (subscription == "2") {
    if (!Unsubscribe('V', id)) RejectQuotes(id, '1', "MDReqID(262) '" + id + "' is not subscribed");
    return;
  }
  if (IsSubscribed('V', id)) return RejectQuotes(id, '1', "MDReqID(262) '" + id + "' is in use");
  const Quotes quotes = ReadQuotes(message);
  if (!quotes.ok()) return RejectQuotes(id, quotes.error().reason, quotes.error().why);
  const std::size_t count = message.groupCount(tag::NoRelatedSym);
  std::vector<InstrumentId> instruments;
  for (std::size_t i = 1; i <= count; ++i) {
    FIX::Group group(tag::NoRelatedSym, tag::Symbol);
    message.getGroup(static_cast<unsigned>(i), group);
    const auto instrument = ReadInstrument(group, shared_.symbols);
    if (!instrument.ok()) return RejectQuotes(id, '0', instrument.error().text);
    instruments.push_back(*instrument);
  }
  const bool is_lasting = subscription == "1";
  if (is_lasting && feeds_.size() + count > kFeedsMax) {
    return RejectQuotes(id, '4', "too many subscriptions; allowed: " + std::to_string(kFeedsMax));
  }
  for (const InstrumentId instrument : instruments) {
    QuoteTerms terms = *quotes;
    terms.symbol = shared_.symbols.NameOf(instrument);
    auto feed = MakeQuoteFeed(std::move(terms));
    if (is_lasting) {
      Subscribe('V', id, instrument, std::move(feed));
    } else if (const auto snapshot = shared_.venue.market_data().Snapshot(instrument)) {
      if (auto whole = feed->Begin(*snapshot)) Send(std::move(*whole));
    }
  }
}

// ---- SecurityStatusRequest(e) ----

void ClientSession::SecurityStatusRequest(const FIX::Message& message) {
  const std::string id = Text(message, tag::SecurityStatusReqID);
  const std::string subscription = Text(message, tag::SubscriptionRequestType);
  if (subscription == "2") {
    if (!Unsubscribe('e', id)) {
      Reject(message, kOtherReason, "SecurityStatusReqID(324) '" + id + "' is not subscribed");
    }
    return;
  }
  const auto instrument = ReadInstrument(message, shared_.symbols);
  if (!instrument.ok()) return Reject(message, kOtherReason, instrument.error().text);
  auto feed = MakeStatusFeed(id, shared_.symbols.NameOf(*instrument));
  if (subscription == "0") {
    const auto snapshot = shared_.venue.market_data().Snapshot(*instrument);
    if (auto status = snapshot ? feed->Begin(*snapshot) : std::nullopt) Send(std::move(*status));
    return;
  }
  if (IsSubscribed('e', id) || feeds_.size() >= kFeedsMax) {
    return Reject(message, kOtherReason,
                  "SecurityStatusReqID(324) '" + id + "' is in use, or too many subscriptions");
  }
  Subscribe('e', id, *instrument, std::move(feed));
}

// ---- SecurityListRequest(x) and TradingSessionStatusRequest(g) ----

void ClientSession::SecurityListRequest(const FIX::Message& message) {
  const std::string id = Text(message, tag::SecurityReqID);
  std::vector<InstrumentId> instruments;
  if (Text(message, tag::SecurityListRequestType) == "0") {
    if (const auto one = ReadInstrument(message, shared_.symbols); one.ok()) {
      instruments.push_back(*one);
    }
  } else {
    for (std::uint16_t i = 0; i < shared_.symbols.count(); ++i) {
      const auto snapshot = shared_.venue.market_data().Snapshot(InstrumentId(i));
      if (snapshot && snapshot->view.listed) instruments.emplace_back(i);
    }
  }
  std::size_t done = 0;
  do {
    FIX::Message list = Made("y");
    Set(list, tag::SecurityReqID, id);
    Set(list, tag::SecurityResponseID, id + "." + std::to_string(done));
    Set(list, tag::SecurityRequestResult, std::int64_t{instruments.empty() ? 2 : 0});
    Set(list, tag::TotNoRelatedSym, static_cast<std::int64_t>(instruments.size()));
    const std::size_t end = std::min(instruments.size(), done + kSecuritiesPerMessage);
    for (; done < end; ++done) {
      const auto snapshot = shared_.venue.market_data().Snapshot(instruments[done]);
      if (!snapshot) continue;
      AddSecurity(shared_.symbols.NameOf(instruments[done]), snapshot->view,
                  shared_.rules.sessions[snapshot->view.session], list);
    }
    Set(list, tag::LastFragment, done == instruments.size() ? 'Y' : 'N');
    Send(std::move(list));
  } while (done < instruments.size());
}

void ClientSession::TradingSessionRequest(const FIX::Message& message) {
  if (Text(message, tag::SubscriptionRequestType) != "0") {
    return Reject(message, kOtherReason,
                  "SubscriptionRequestType(263); allowed: 0; a SecurityStatusRequest(e) follows "
                  "an instrument");
  }
  const std::string asked = Text(message, tag::TradingSessionID);
  std::map<std::string, market::Phase> phases;
  for (std::uint16_t i = 0; i < shared_.symbols.count(); ++i) {
    const auto snapshot = shared_.venue.market_data().Snapshot(InstrumentId(i));
    if (!snapshot || !snapshot->view.listed) continue;
    const std::string& name = shared_.rules.sessions[snapshot->view.session].name;
    if (asked.empty() || asked == name) phases.emplace(name, snapshot->view.phase);
  }
  if (phases.empty()) return Reject(message, kOtherReason, "no instrument trades in it");
  for (const auto& [name, phase] : phases) {
    FIX::Message status = Made("h");
    Set(status, tag::TradSesReqID, Text(message, tag::TradSesReqID));
    Set(status, tag::TradingSessionID, name);
    Set(status, tag::TradSesStatus, std::int64_t{SessionStatusOf(phase)});
    Set(status, tag::Text, ToString(phase));
    Send(std::move(status));
  }
}

}  // namespace ets::server::fix
