#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace ets::server {

// The one order of everything that every machine of a process does. Tasks run in the order they
// were posted, one at a time; after those that were waiting, each machine gets its turn to hand its
// batch to its writer, let readers in and fire timers. They run on the sequencer's own thread, or
// on that of a caller who lends it (PostHere); "on the sequencer's thread" means either. Post(),
// Kick() and the life cycle may be called from any thread.
class Sequencer {
 public:
  using Clock = std::chrono::steady_clock;

  // A machine as its sequencer sees it; called on the sequencer's thread only.
  class Machine {
   public:
    virtual ~Machine() = default;
    // Returns when it wants another turn; empty: when something happens.
    virtual std::optional<Clock::time_point> Turn() = 0;
  };

  explicit Sequencer(std::size_t queue_max);
  ~Sequencer();  // Stop().
  Sequencer(const Sequencer&) = delete;
  Sequencer& operator=(const Sequencer&) = delete;

  // False: the queue is full or the sequencer has stopped; the task is dropped.
  bool Post(std::function<void()> task);
  // The same for what the process itself has to do: never full.
  bool PostInternal(std::function<void()> task);
  // The same; and when nobody is at work, the caller does what waits before it returns, which saves
  // the way to the other thread and back. REQUIRES: the caller holds no lock that a task or a
  // machine takes.
  bool PostHere(std::function<void()> task);
  // Another turn for all machines, soon.
  void Kick();

  // Both return when the thread knows. Removed, a machine is not called any more.
  void Add(Machine* machine);
  void Remove(Machine* machine);

  // Ends the thread after the tasks that were posted. May be repeated.
  void Stop();
  bool IsThisThread() const { return std::this_thread::get_id() == worker_; }

  // The next number in the one order of steps over all machines. On the sequencer's thread.
  std::uint64_t NextStep() { return ++step_; }
  // Steps up to this one are taken: by a journal that was recovered.
  void SkipSteps(std::uint64_t step);

 private:
  using Lock = std::unique_lock<std::mutex>;
  // So that a long queue does not keep a writer waiting.
  static constexpr std::size_t kTasksPerTurn = 1'024;

  void Run();
  bool PostIf(std::function<void()> task, bool is_bounded);
  // Runs it there and waits for it.
  void Do(const std::function<void()>& task);
  // What waits now, without the lock meanwhile. REQUIRES: nobody is at work.
  void Work(Lock& lock);
  bool has_work() const { return !queue_.empty() || kicked_ || stopping_; }

  const std::size_t queue_max_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::function<void()>> queue_;
  bool kicked_ = false;
  bool stopping_ = false;
  // Somebody is at work, and looks for more before it leaves.
  bool busy_ = false;
  Clock::time_point wake_at_ = Clock::time_point::max();       // When a machine wants its turn.
  Clock::time_point sleeps_until_ = Clock::time_point::max();  // Does the thread.

  // Of who is at work.
  std::atomic<std::thread::id> worker_;
  std::vector<std::function<void()>> tasks_;
  std::vector<Machine*> machines_;
  std::uint64_t step_ = 0;
  std::thread thread_;
};

}  // namespace ets::server
