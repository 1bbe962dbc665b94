#include "server/venue.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "server/exchange_live_impl.h"
#include "server/venue_telling.h"

namespace ets::server {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::string_view ToString(CloseReason reason) {
  switch (reason) {
    case CloseReason::kByClient:
      return "BY_CLIENT";
    case CloseReason::kSilent:
      return "SILENT";
    case CloseReason::kOverloaded:
      return "OVERLOADED";
    case CloseReason::kVenueStopped:
      return "VENUE_STOPPED";
  }
  return "VENUE_STOPPED";
}

namespace {

constexpr milliseconds kWatch(50);
// So that other tasks of the sequencer get their turn.
constexpr std::size_t kRequestsPerTask = 4'096;

struct Opens {};
struct Queued {
  SessionState* session = nullptr;
  std::uint64_t tag = 0;
  std::variant<MemberRequest, Opens, TellOwn, CloseReason> what;
};

class VenueImpl;

class SessionImpl final : public Session {
 public:
  SessionImpl(VenueImpl& venue, std::shared_ptr<SessionState> state)
      : venue_(venue), state_(std::move(state)) {}
  ~SessionImpl() override { Close(); }

  bool Submit(const VenueRequest& request) override { return Submit({&request, 1}); }
  bool Submit(std::span<const VenueRequest> requests) override;
  bool TellInTurn(std::function<void()> tell) override;
  void Heard() override { state_->Heard(); }
  void Close() override;
  const SessionTerms& terms() const override { return state_->terms; }

 private:
  VenueImpl& venue_;
  const std::shared_ptr<SessionState> state_;
};

class VenueImpl final : public Venue, public ExchangeSeat {
 public:
  using Outcome = Result<market::Receipt, market::Refusal>;

  VenueImpl(LiveExchange& exchange, const VenueOptions& options)
      : live_(exchange), exchange_(exchange.impl()), options_(options) {}
  ~VenueImpl() override { Shutdown(); }

  void TakeSeat();

  // ---- Venue ----
  std::unique_ptr<Session> Connect(const SessionTerms& terms,
                                   std::shared_ptr<SessionListener> listener) override;
  std::size_t session_count() const override;
  Exchanged<market::Receipt> Operate(const market::Input& input) override {
    return live_.Do(input);
  }
  MarketData& market_data() override { return *desk_; }
  LiveExchange& exchange() override { return live_; }
  void Shutdown() override;

  bool Submit(SessionState& session, std::span<const VenueRequest> requests);
  bool TellInTurn(SessionState& session, TellOwn tell);
  void Close(SessionState& session, CloseReason reason);

  // ---- ExchangeSeat: on the sequencer's thread ----
  void Begin(std::uint64_t sequence, SimTime time) override;
  void End(const market::Market& market, const Outcome& outcome, bool is_everything_anew) override;
  void HandOver(std::vector<std::function<void(const Synced*)>>& answers) override;
  void Turn(const market::Market& market) override;
  bool is_in_haste() const override { return teller_ != nullptr; }
  void OnFill(const market::Fill& fill) override;
  void OnAuctionCleared(InstrumentId, const auction::Clearing&) override {}
  void OnOrder(const market::OrderEvent& event) override;
  void OnPhase(const market::PhaseEvent& event) override;
  void OnIndicative(const market::IndicativeEvent& event) override;
  void OnDesk(const market::DeskEvent& event) override;
  void OnAuction(const market::AuctionEvent& event) override;
  void OnLargeHolder(const market::LargeHolderEvent& event) override {
    TellMember(event.member, LargeHolderReport{sequence_, time_, event});
  }

 private:
  // What is to be read anew of an instrument, before the input's end and before the turn's.
  struct Stale {
    bool book = false;
    bool status = false;
  };

  // On any thread, the queue's mutex held. True: somebody must drain the queue, who does not yet.
  bool Push(SessionState& session, Queued queued);
  void PushAndWake(SessionState& session, Queued queued);
  // The same for what a client sent, which may be too much. False: the session ends.
  bool PushOfClient(SessionState& session, Queued queued, bool& is_idle);
  void WakeFor(const SessionState& session);
  // On the sequencer's thread.
  void Drain();
  void Process(Queued& queued);
  void Answer(SessionState& session, std::uint64_t tag, MemberRequest& request);
  void Leave(SessionState& session, CloseReason reason);
  std::vector<SessionState*>& ListenersOf(MemberId member);
  // Where a session is entered that hears what its terms say.
  std::vector<SessionState*>& EarsOf(const SessionTerms& terms);
  template <typename What>
  void TellMember(MemberId member, const What& what);
  template <typename What>
  void TellEverybody(const What& what);
  void Remember(const market::OrderEvent& event);
  Stale& StaleOf(InstrumentId instrument);
  void Add(InstrumentId instrument, RareUpdate update);
  void AddBook(const market::Market& market, InstrumentId instrument);
  void AddStatus(const market::Market& market, InstrumentId instrument);
  // One at a time: the teller, or before the sync who is at work.
  void Dispatch(Outbox& outbox);
  void DispatchNow();
  void Forget(SessionState& session);
  void LeaveSeat();
  void StopAll();
  void Watch();

  LiveExchange& live_;
  LiveExchange::Impl& exchange_;
  const VenueOptions options_;
  std::unique_ptr<MarketDataDesk> desk_;
  std::unique_ptr<Teller> teller_;  // Null: everything is told before the sync.

  mutable std::mutex mutex_;  // Guards what follows.
  std::condition_variable changed_;
  std::vector<Queued> queue_;
  std::map<SessionState*, std::shared_ptr<SessionState>> alive_;
  std::set<SessionState*> watched_;  // Those with a heartbeat.
  bool is_stopped_ = false;

  // The sequencer's own.
  std::vector<Queued> at_work_;
  std::size_t next_ = 0;
  SessionState* current_ = nullptr;  // Whose request is being applied.
  std::uint64_t tag_ = 0;
  std::size_t answer_at_ = 0;
  std::uint64_t sequence_ = 0;
  SimTime time_ = 0;
  std::vector<std::vector<SessionState*>> listeners_;  // By member.
  std::vector<SessionState*> of_all_;
  std::vector<SessionState*> auction_watchers_;
  AuctionRecord auctions_;
  std::map<std::uint64_t, MemberId> applicants_;  // Of one-way announcements.
  std::vector<Stale> stale_;                      // By instrument.
  bool has_stale_book_ = false, has_stale_status_ = false;
  Outbox outbox_;

  std::thread watcher_;
};

// ---- Sessions ----

bool SessionImpl::Submit(std::span<const VenueRequest> requests) {
  return venue_.Submit(*state_, requests);
}
bool SessionImpl::TellInTurn(std::function<void()> tell) {
  return venue_.TellInTurn(*state_, std::move(tell));
}
void SessionImpl::Close() { venue_.Close(*state_, CloseReason::kByClient); }

bool VenueImpl::Push(SessionState& session, Queued queued) {
  ++session.waiting;
  queue_.push_back(std::move(queued));
  return queue_.size() == 1;
}

void VenueImpl::PushAndWake(SessionState& session, Queued queued) {
  if (Push(session, std::move(queued))) {
    exchange_.sequencer->PostInternal([this] { Drain(); });
  }
}

bool VenueImpl::PushOfClient(SessionState& session, Queued queued, bool& is_idle) {
  if (session.is_closing) return false;
  session.is_closing = session.waiting >= options_.session_requests_max;
  if (session.is_closing) queued.what = CloseReason::kOverloaded;
  is_idle |= Push(session, std::move(queued));
  return !session.is_closing;
}

void VenueImpl::WakeFor(const SessionState& session) {
  if (session.terms.lends_thread) {
    exchange_.sequencer->PostHere([this] { Drain(); });
  } else {
    exchange_.sequencer->PostInternal([this] { Drain(); });
  }
}

bool VenueImpl::Submit(SessionState& session, std::span<const VenueRequest> requests) {
  if (!session.may_enter()) return false;
  session.Heard();
  bool is_taken = true;
  bool is_idle = false;
  {
    const std::lock_guard lock(mutex_);
    for (const VenueRequest& request : requests) {
      is_taken = PushOfClient(session, {&session, request.tag, request.what}, is_idle);
      if (!is_taken) break;
    }
  }
  if (is_idle) WakeFor(session);
  return is_taken;
}

bool VenueImpl::TellInTurn(SessionState& session, TellOwn tell) {
  if (!session.may_enter()) return false;
  session.Heard();
  bool is_taken = true;
  bool is_idle = false;
  {
    const std::lock_guard lock(mutex_);
    is_taken = PushOfClient(session, {&session, 0, std::move(tell)}, is_idle);
  }
  if (is_idle) WakeFor(session);
  return is_taken;
}

void VenueImpl::Close(SessionState& session, CloseReason reason) {
  const std::lock_guard lock(mutex_);
  if (session.is_closing) return;
  session.is_closing = true;
  PushAndWake(session, {&session, 0, reason});
}

std::unique_ptr<Session> VenueImpl::Connect(const SessionTerms& terms,
                                            std::shared_ptr<SessionListener> listener) {
  auto state = std::make_shared<SessionState>();
  state->terms = terms;
  state->listener = std::move(listener);
  state->Heard();
  bool is_stopped = false;
  {
    const std::lock_guard lock(mutex_);
    is_stopped = is_stopped_;
    state->is_closing = is_stopped;
    if (!is_stopped) {
      alive_[state.get()] = state;
      if (terms.heartbeat.count() != 0) watched_.insert(state.get());
      PushAndWake(*state, {state.get(), 0, Opens{}});
    }
  }
  if (is_stopped) state->TellClosed(CloseReason::kVenueStopped);
  return std::make_unique<SessionImpl>(*this, std::move(state));
}

std::size_t VenueImpl::session_count() const {
  const std::lock_guard lock(mutex_);
  return alive_.size();
}

void VenueImpl::Watch() {
  std::unique_lock lock(mutex_);
  while (!is_stopped_) {
    const auto now = steady_clock::now().time_since_epoch();
    for (SessionState* const session : watched_) {
      const milliseconds beat = session->terms.heartbeat;
      if (session->is_closing) continue;
      if (now - steady_clock::duration(session->heard) <= 2 * beat) continue;
      session->is_closing = true;
      PushAndWake(*session, {session, 0, CloseReason::kSilent});
    }
    changed_.wait_for(lock, kWatch);
  }
}

// ---- Life ----

void VenueImpl::TakeSeat() {
  if (options_.acknowledge == Acknowledge::kAfterSync) {
    teller_ = std::make_unique<Teller>([this](Outbox& outbox) { Dispatch(outbox); });
  }
  exchange_.Run([this] {
    desk_ = std::make_unique<MarketDataDesk>(exchange_.relay.TakeHistory(), options_.market_data);
    exchange_.relay.Take(this);
    const market::Market& market = *exchange_.market;
    Begin(market.sequence(), exchange_.latest);
    for (std::uint16_t id = 0; id < market.instrument_count(); ++id) {
      StaleOf(InstrumentId(id)) = {true, true};
    }
    has_stale_book_ = has_stale_status_ = true;
    for (const market::OneWayView& open : market.one_way()) {
      applicants_[open.offer.raw()] = open.terms.applicant;
    }
    End(market, market::Receipt{}, false);
    Turn(market);
  });
  if (!desk_) desk_ = std::make_unique<MarketDataDesk>(TradeHistory(), options_.market_data);
  watcher_ = std::thread([this] { Watch(); });
}

void VenueImpl::Shutdown() {
  {
    const std::lock_guard lock(mutex_);
    if (is_stopped_) return;
    is_stopped_ = true;
    for (const auto& [session, state] : alive_) {
      if (session->is_closing) continue;
      session->is_closing = true;
      PushAndWake(*session, {session, 0, CloseReason::kVenueStopped});
    }
  }
  changed_.notify_all();
  watcher_.join();
  // The first waits until all is on the disk, the second until it is with the teller.
  exchange_.Run([this] {
    while (next_ < at_work_.size() || !at_work_.empty()) Drain();
  });
  exchange_.Run([] {});
  LeaveSeat();
  if (teller_) teller_->Stop();
  StopAll();
  desk_->Stop();
}

// On the sequencer's thread, which looks at the seat, also when the exchange has failed.
void VenueImpl::LeaveSeat() {
  std::promise<void> left;
  const auto leave = [&] {
    exchange_.relay.Take(nullptr);
    left.set_value();
  };
  if (!exchange_.sequencer->PostInternal(leave)) leave();
  left.get_future().wait();
}

// The journal failed, or is closed: nothing more will be told.
void VenueImpl::StopAll() {
  std::map<SessionState*, std::shared_ptr<SessionState>> left;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [session, state] : alive_) session->is_closing = true;
    left.swap(alive_);
  }
  for (const auto& [session, state] : left) session->TellClosed(CloseReason::kVenueStopped);
  const std::lock_guard lock(mutex_);
  for (auto& [session, state] : left) alive_.emplace(session, std::move(state));
}

// ---- Requests, on the sequencer's thread ----

void VenueImpl::Drain() {
  if (next_ == at_work_.size()) {
    at_work_.clear();
    next_ = 0;
    const std::lock_guard lock(mutex_);
    at_work_.swap(queue_);
  }
  const std::size_t end = std::min(at_work_.size(), next_ + kRequestsPerTask);
  while (next_ < end) {
    Queued& queued = at_work_[next_++];
    --queued.session->waiting;
    if (!exchange_.stopped) Process(queued);
  }
  if (next_ < at_work_.size()) exchange_.sequencer->PostInternal([this] { Drain(); });
}

void VenueImpl::Process(Queued& queued) {
  SessionState& session = *queued.session;
  if (auto* const request = std::get_if<MemberRequest>(&queued.what)) {
    return Answer(session, queued.tag, *request);
  }
  if (const auto* const reason = std::get_if<CloseReason>(&queued.what)) {
    return Leave(session, *reason);
  }
  if (auto* const tell = std::get_if<TellOwn>(&queued.what)) {
    outbox_.outputs.push_back({&session, std::move(*tell)});
    return;
  }
  EarsOf(session.terms).push_back(&session);
  if (session.terms.auctions == AuctionWatch::kNone) return;
  const market::Market& market = *exchange_.market;
  outbox_.outputs.push_back({&session, auctions_.Now(market, market.sequence(), exchange_.latest)});
}

struct NameMember {
  MemberId member;
  void operator()(market::AnnounceOneWay& input) const { input.applicant = member; }
  template <typename In>
  void operator()(In& input) const {
    input.member = member;
  }
};

void VenueImpl::Answer(SessionState& session, std::uint64_t tag, MemberRequest& request) {
  std::visit(NameMember{session.terms.member}, request);
  current_ = &session;
  tag_ = tag;
  std::visit(
      [this](const auto& input) {
        using In = std::decay_t<decltype(input)>;
        if constexpr (std::is_same_v<In, market::Withdraw>) {
          (void)exchange_.Apply(input, SourceKind::kPerson);  // Which sends what it can.
        } else {
          (void)exchange_.ApplyOrder(input);
        }
      },
      request);
  current_ = nullptr;
}

void VenueImpl::Leave(SessionState& session, CloseReason reason) {
  const auto orders = std::exchange(session.orders, {});
  for (const auto& [order, instrument] : orders) {
    (void)exchange_.Give(market::CancelOrder{session.terms.member, instrument, OrderId(order), {}},
                         SourceKind::kStream, false);
  }
  std::erase(EarsOf(session.terms), &session);
  outbox_.outputs.push_back({&session, reason});
}

// ---- What happens, on the sequencer's thread ----

std::vector<SessionState*>& VenueImpl::ListenersOf(MemberId member) {
  if (listeners_.size() <= member.raw()) listeners_.resize(member.raw() + 1);
  return listeners_[member.raw()];
}

std::vector<SessionState*>& VenueImpl::EarsOf(const SessionTerms& terms) {
  if (terms.auctions != AuctionWatch::kNone) return auction_watchers_;
  return terms.of_all_members ? of_all_ : ListenersOf(terms.member);
}

VenueImpl::Stale& VenueImpl::StaleOf(InstrumentId instrument) {
  if (stale_.size() <= instrument.raw()) stale_.resize(instrument.raw() + std::size_t{1});
  return stale_[instrument.raw()];
}

void VenueImpl::Begin(std::uint64_t sequence, SimTime time) {
  sequence_ = sequence;
  time_ = time;
  if (current_ == nullptr) return;
  answer_at_ = outbox_.outputs.size();
  outbox_.outputs.push_back({current_, VenueAnswer{tag_, sequence, time, {}, {}}});
}

void VenueImpl::End(const market::Market& market, const Outcome& outcome, bool is_everything_anew) {
  if (current_ != nullptr) {
    VenueAnswer& answer = std::get<VenueAnswer>(outbox_.outputs[answer_at_].what);
    if (outcome.ok()) {
      answer.receipt = *outcome;
      answer.sequence = outcome->sequence;
    } else {
      answer.refused = VenueRefusal{outcome.error(), market.detail()};
    }
  }
  if (auctions_.has_news()) {
    for (const AuctionChange& change : auctions_.News(market, sequence_, time_)) {
      for (SessionState* const watcher : auction_watchers_) {
        outbox_.outputs.push_back({watcher, change});
      }
    }
  }
  if (is_everything_anew) {
    for (std::uint16_t id = 0; id < market.instrument_count(); ++id) {
      StaleOf(InstrumentId(id)) = {true, true};
    }
    has_stale_book_ = has_stale_status_ = true;
  }
  if (!has_stale_book_) return;
  has_stale_book_ = false;
  for (std::uint16_t id = 0; id < stale_.size(); ++id) {
    if (std::exchange(stale_[id].book, false)) AddBook(market, InstrumentId(id));
  }
}

void VenueImpl::Turn(const market::Market& market) {
  if (has_stale_status_) {
    has_stale_status_ = false;
    for (std::uint16_t id = 0; id < stale_.size(); ++id) {
      if (std::exchange(stale_[id].status, false)) AddStatus(market, InstrumentId(id));
    }
  }
  if (!teller_) DispatchNow();
}

void VenueImpl::HandOver(std::vector<std::function<void(const Synced*)>>& answers) {
  if (!teller_) DispatchNow();
  if (outbox_.empty()) return;
  auto outbox = std::make_shared<Outbox>(std::move(outbox_));
  outbox_ = {};
  outbox_.outputs.reserve(outbox->outputs.size());
  // Before the others: who is answered finds in the market data what it is told of.
  answers.insert(answers.begin(), [this, outbox](const Synced* synced) {
    outbox->is_lost = synced == nullptr;
    if (!outbox->is_lost) desk_->Take(outbox->market_data);
    teller_->Take(outbox);
  });
}

template <typename What>
void VenueImpl::TellMember(MemberId member, const What& what) {
  for (SessionState* const session : ListenersOf(member)) {
    outbox_.outputs.push_back({session, what});
  }
  for (SessionState* const session : of_all_) outbox_.outputs.push_back({session, what});
}

template <typename What>
void VenueImpl::TellEverybody(const What& what) {
  for (const auto& sessions : listeners_) {
    for (SessionState* const session : sessions) outbox_.outputs.push_back({session, what});
  }
  for (SessionState* const session : of_all_) outbox_.outputs.push_back({session, what});
}

void VenueImpl::Remember(const market::OrderEvent& event) {
  using Kind = market::OrderEventKind;
  if (event.kind == Kind::kAccepted) {
    if (current_ != nullptr && current_->terms.cancel_on_disconnect) {
      current_->orders[event.order.raw()] = event.instrument;
    }
    return;
  }
  const bool is_gone = event.kind == Kind::kCancelled || event.kind == Kind::kExpired ||
                       (event.kind == Kind::kTraded && event.open == Tonnes());
  if (!is_gone) return;
  for (SessionState* const session : ListenersOf(event.member)) {
    if (session->terms.cancel_on_disconnect) session->orders.erase(event.order.raw());
  }
}

void VenueImpl::OnOrder(const market::OrderEvent& event) {
  Remember(event);
  for (SessionState* const session : ListenersOf(event.member)) {
    const bool is_own = session == current_;
    outbox_.outputs.push_back(
        {session, Report{sequence_, time_, is_own, is_own ? tag_ : 0, event}});
  }
  for (SessionState* const session : of_all_) {
    outbox_.outputs.push_back({session, Report{sequence_, time_, false, 0, event}});
  }
  if (event.kind == market::OrderEventKind::kAccepted) return;
  outbox_.market_data.push_back(
      {event.instrument, sequence_, time_,
       BookTouch{event.kind, event.side, event.order, event.price, event.visible}});
}

void VenueImpl::OnFill(const market::Fill& fill) {
  StaleOf(fill.instrument).status = true;
  has_stale_status_ = true;
  Add(fill.instrument, {fill, 0});
  if (fill.channel == market::Channel::kListed) return;
  TellMember(fill.seller, TradeReport{sequence_, time_, matching::Side::kSell, fill});
  TellMember(fill.buyer, TradeReport{sequence_, time_, matching::Side::kBuy, fill});
}

void VenueImpl::OnPhase(const market::PhaseEvent& event) {
  StaleOf(event.instrument) = {true, true};
  has_stale_book_ = has_stale_status_ = true;
}

void VenueImpl::OnIndicative(const market::IndicativeEvent& event) {
  Add(event.instrument, {event, 0});
  if (!event.final) return;
  StaleOf(event.instrument).book = true;
  has_stale_book_ = true;
}

void VenueImpl::OnDesk(const market::DeskEvent& event) {
  using Kind = market::DeskEventKind;
  const DeskReport report{sequence_, time_, event};
  if (event.kind == Kind::kOneWayAnnounced) applicants_[event.offer.raw()] = event.member;
  const bool is_sealed = event.kind == Kind::kOneWayBid || event.kind == Kind::kOneWayBidWithdrawn;
  const bool is_addressed = event.counterparty.has_value();
  if (!is_sealed && !is_addressed) return TellEverybody(report);
  TellMember(event.member, report);
  const auto applicant = applicants_.find(event.offer.raw());
  const std::optional<MemberId> other =
      is_addressed
          ? event.counterparty
          : (applicant == applicants_.end() ? std::nullopt : std::optional(applicant->second));
  if (!other || *other == event.member) return;
  for (SessionState* const session : ListenersOf(*other)) {
    outbox_.outputs.push_back({session, report});
  }
}

void VenueImpl::OnAuction(const market::AuctionEvent& event) {
  auctions_.Note(event);
  if (!IsForOneMember(event.kind)) return;
  for (SessionState* const watcher : auction_watchers_) {
    const SessionTerms& terms = watcher->terms;
    const bool is_own = terms.auctions == AuctionWatch::kMember && terms.member == event.member;
    if (!is_own && terms.auctions != AuctionWatch::kAll) continue;
    outbox_.outputs.push_back({watcher, AuctionReport{sequence_, time_, event}});
  }
}

void VenueImpl::Add(InstrumentId instrument, RareUpdate update) {
  outbox_.market_data.push_back(
      {instrument, sequence_, time_, std::make_unique<RareUpdate>(std::move(update))});
}

void VenueImpl::AddBook(const market::Market& market, InstrumentId instrument) {
  BookAnew book;
  market.engine(instrument).ForEach([&book](const matching::OrderView& order) {
    if (order.state != matching::OrderState::kResting) return;
    book.orders.push_back({order.id, order.side, order.limit, order.visible});
  });
  Add(instrument, {std::move(book), 0});
}

void VenueImpl::AddStatus(const market::Market& market, InstrumentId instrument) {
  market::InstrumentView view = market.instrument(instrument);
  view.close = market.close_so_far(instrument);
  Add(instrument, {view, market.rules().sessions[view.session].visible_levels});
}

// ---- Telling ----

void VenueImpl::Dispatch(Outbox& outbox) {
  if (outbox.is_lost) return StopAll();
  desk_->Take(outbox.market_data);  // Nothing, where it has it already.
  TellSessions(outbox.outputs, [this](SessionState& session) { Forget(session); });
}

void VenueImpl::DispatchNow() {
  if (exchange_.stopped) return StopAll();
  Dispatch(outbox_);
  outbox_.outputs.clear();
}

void VenueImpl::Forget(SessionState& session) {
  std::shared_ptr<SessionState> last;
  const std::lock_guard lock(mutex_);
  const auto found = alive_.find(&session);
  if (found == alive_.end()) return;
  last = std::move(found->second);
  alive_.erase(found);
  watched_.erase(&session);
}

}  // namespace

std::unique_ptr<Venue> Venue::Open(LiveExchange& exchange, const VenueOptions& options) {
  auto venue = std::make_unique<VenueImpl>(exchange, options);
  venue->TakeSeat();
  return venue;
}

}  // namespace ets::server
