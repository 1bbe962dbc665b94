#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <variant>
#include <vector>

#include "server/market_data_impl.h"
#include "server/venue.h"

// Inside the venue: what its sessions are to hear, and who tells them.
namespace ets::server {

struct SessionState {
  SessionTerms terms;
  std::shared_ptr<SessionListener> listener;
  std::atomic<std::size_t> waiting = 0;
  std::atomic<std::chrono::steady_clock::duration::rep> heard = 0;
  std::atomic<bool> is_told = false;  // OnClosed() was called.
  bool is_closing = false;            // Guarded by the queue's mutex.
  bool is_touched = false;            // Of who tells: it heard something since OnTold().
  // The sequencer's: with cancel_on_disconnect, what it entered and still waits.
  std::map<std::uint64_t, InstrumentId> orders;

  bool may_enter() const { return !terms.is_drop_copy && terms.auctions == AuctionWatch::kNone; }
  void Heard() { heard = std::chrono::steady_clock::now().time_since_epoch().count(); }
  void TellClosed(CloseReason reason) {
    if (!is_told.exchange(true)) listener->OnClosed(reason);
  }
};

// What a gateway tells by itself, in its turn.
using TellOwn = std::function<void()>;

// What one session is to hear.
struct SessionOutput {
  SessionState* session = nullptr;
  std::variant<VenueAnswer, Report, TradeReport, DeskReport, LargeHolderReport, AuctionReport,
               AuctionChange, AuctionsNow, TellOwn, CloseReason>
      what;
};

// What is told together.
struct Outbox {
  std::vector<SessionOutput> outputs;
  std::vector<RawUpdate> market_data;
  bool is_lost = false;  // The journal failed: none of it is told, and nothing behind it.
  bool empty() const { return outputs.empty() && market_data.empty(); }
};

// Tells every session its part, in order; then, once each, that this was all. `forget` is called
// for one that has heard the last.
void TellSessions(const std::vector<SessionOutput>& outputs,
                  const std::function<void(SessionState&)>& forget);

// Tells outboxes one after the other, on a thread of its own: the journal's writer goes on with the
// next group meanwhile. Thread-safe.
class Teller {
 public:
  explicit Teller(std::function<void(Outbox&)> tell);
  ~Teller();  // Stop().

  // Waits while too many wait, so that nothing runs ahead of what is told.
  void Take(std::shared_ptr<Outbox> outbox);
  // After what was taken.
  void Stop();

 private:
  static constexpr std::size_t kAheadMax = 4;
  void Run();

  const std::function<void(Outbox&)> tell_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Outbox>> waiting_;  // The first is being told.
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace ets::server
