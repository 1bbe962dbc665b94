#include "server/venue_telling.h"

#include <utility>

namespace ets::server {
namespace {

struct Tell {
  SessionState& session;
  void operator()(const VenueAnswer& answer) const { session.listener->OnAnswer(answer); }
  void operator()(const Report& report) const { session.listener->OnReport(report); }
  void operator()(const TradeReport& report) const { session.listener->OnTrade(report); }
  void operator()(const DeskReport& report) const { session.listener->OnDesk(report); }
  void operator()(const LargeHolderReport& report) const {
    session.listener->OnLargeHolder(report);
  }
  void operator()(const AuctionReport& report) const { session.listener->OnAuction(report); }
  void operator()(const AuctionChange& change) const { session.listener->OnAuctionChange(change); }
  void operator()(const AuctionsNow& now) const { session.listener->OnAuctionsNow(now); }
  void operator()(const TellOwn& tell) const { tell(); }
  void operator()(CloseReason reason) const {
    session.listener->OnTold();
    session.TellClosed(reason);
  }
};

}  // namespace

void TellSessions(const std::vector<SessionOutput>& outputs,
                  const std::function<void(SessionState&)>& forget) {
  std::vector<SessionState*> touched;
  for (const SessionOutput& output : outputs) {
    SessionState& session = *output.session;
    if (!std::exchange(session.is_touched, true)) touched.push_back(&session);
    std::visit(Tell{session}, output.what);
  }
  std::vector<SessionState*> gone;
  for (SessionState* const session : touched) {
    session->is_touched = false;
    if (session->is_told) {
      gone.push_back(session);
    } else {
      session->listener->OnTold();
    }
  }
  for (SessionState* const session : gone) forget(*session);
}

Teller::Teller(std::function<void(Outbox&)> tell)
    : tell_(std::move(tell)), thread_([this] { Run(); }) {}
Teller::~Teller() { Stop(); }

void Teller::Take(std::shared_ptr<Outbox> outbox) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return waiting_.size() < kAheadMax || is_stopping_; });
  waiting_.push_back(std::move(outbox));
  if (waiting_.size() == 1) changed_.notify_all();
}

void Teller::Stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Teller::Run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return !waiting_.empty() || is_stopping_; });
    if (waiting_.empty()) return;
    const std::shared_ptr<Outbox> outbox = waiting_.front();
    lock.unlock();
    tell_(*outbox);
    lock.lock();
    waiting_.pop_front();
    changed_.notify_all();
  }
}

}  // namespace ets::server
