#include "server/sequencer.h"

#include <algorithm>
#include <future>
#include <utility>

namespace ets::server {

Sequencer::Sequencer(std::size_t queue_max) : queue_max_(queue_max), thread_([this] { Run(); }) {}

Sequencer::~Sequencer() { Stop(); }

bool Sequencer::PostIf(std::function<void()> task, bool is_bounded) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || (is_bounded && queue_.size() >= queue_max_)) return false;
    queue_.push_back(std::move(task));
    if (busy_) return true;
  }
  wake_.notify_one();
  return true;
}

bool Sequencer::Post(std::function<void()> task) { return PostIf(std::move(task), true); }
bool Sequencer::PostInternal(std::function<void()> task) { return PostIf(std::move(task), false); }

bool Sequencer::PostHere(std::function<void()> task) {
  constexpr int kRounds = 16;  // Then the thread goes on: the caller has its own to do.
  Lock lock(mutex_);
  if (stopping_) return false;
  queue_.push_back(std::move(task));
  if (busy_) return true;
  for (int round = 0; round < kRounds && !queue_.empty(); ++round) Work(lock);
  const bool is_left = has_work() || wake_at_ < sleeps_until_;
  lock.unlock();
  if (is_left) wake_.notify_one();
  return true;
}

void Sequencer::Kick() {
  {
    const std::lock_guard lock(mutex_);
    kicked_ = true;
    if (busy_) return;
  }
  wake_.notify_one();
}

void Sequencer::Do(const std::function<void()>& task) {
  if (IsThisThread()) return task();
  std::promise<void> done;
  const bool posted = PostInternal([&] {
    task();
    done.set_value();
  });
  if (posted) return done.get_future().wait();
  task();  // The thread has ended, or is about to and runs no machine's turn any more.
}

void Sequencer::Add(Machine* machine) {
  Do([&] { machines_.push_back(machine); });
  Kick();
}

void Sequencer::Remove(Machine* machine) {
  Do([&] { std::erase(machines_, machine); });
}

void Sequencer::SkipSteps(std::uint64_t step) {
  Do([&] { step_ = std::max(step_, step); });
}

void Sequencer::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Sequencer::Run() {
  constexpr auto kNever = Clock::time_point::max();
  Lock lock(mutex_);
  while (true) {
    if (!busy_ && stopping_ && queue_.empty()) return;
    if (!busy_ && (has_work() || wake_at_ <= Clock::now())) {
      Work(lock);
      continue;
    }
    sleeps_until_ = busy_ ? kNever : wake_at_;
    if (sleeps_until_ == kNever) {
      wake_.wait(lock);
    } else {
      wake_.wait_until(lock, sleeps_until_);
    }
  }
}

void Sequencer::Work(Lock& lock) {
  busy_ = true;
  worker_ = std::this_thread::get_id();
  tasks_.swap(queue_);
  kicked_ = false;
  lock.unlock();
  Clock::time_point wake_at;
  std::size_t next = 0;
  do {
    const std::size_t end = std::min(tasks_.size(), next + kTasksPerTurn);
    for (; next < end; ++next) {
      tasks_[next]();
      tasks_[next] = nullptr;
    }
    wake_at = Clock::time_point::max();
    for (Machine* const machine : machines_) {
      wake_at = std::min(wake_at, machine->Turn().value_or(wake_at));
    }
  } while (next < tasks_.size());
  tasks_.clear();
  lock.lock();
  wake_at_ = wake_at;
  worker_ = std::thread::id();
  busy_ = false;
}

}  // namespace ets::server
