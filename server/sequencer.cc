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
  }
  wake_.notify_one();
  return true;
}

bool Sequencer::Post(std::function<void()> task) { return PostIf(std::move(task), true); }
bool Sequencer::PostInternal(std::function<void()> task) { return PostIf(std::move(task), false); }

void Sequencer::Kick() {
  {
    const std::lock_guard lock(mutex_);
    kicked_ = true;
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
  std::vector<std::function<void()>> tasks;
  std::size_t next = 0;
  std::optional<Clock::time_point> wake_at;
  while (true) {
    if (next == tasks.size()) {
      tasks.clear();
      next = 0;
      std::unique_lock lock(mutex_);
      const auto has_work = [&] { return !queue_.empty() || kicked_ || stopping_; };
      if (wake_at) {
        wake_.wait_until(lock, *wake_at, has_work);
      } else {
        wake_.wait(lock, has_work);
      }
      if (stopping_ && queue_.empty()) return;
      tasks.swap(queue_);
      kicked_ = false;
    }
    const std::size_t end = std::min(tasks.size(), next + kTasksPerTurn);
    for (; next < end; ++next) {
      tasks[next]();
      tasks[next] = nullptr;
    }
    wake_at.reset();
    for (Machine* const machine : machines_) {
      const auto wish = machine->Turn();
      if (wish && (!wake_at || *wish < *wake_at)) wake_at = wish;
    }
  }
}

}  // namespace ets::server
