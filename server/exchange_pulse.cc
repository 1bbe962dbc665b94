#include "server/exchange_pulse.h"

#include <chrono>

namespace ets::server {
namespace {

constexpr std::chrono::milliseconds kBeat(50);

}  // namespace

Pulse::Pulse() : thread_([this] { Run(); }) {}
Pulse::~Pulse() { Stop(); }

bool Pulse::Add(const std::shared_ptr<Pulsed>& stream) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return false;
  streams_.push_back(stream);
  return true;
}

std::vector<std::shared_ptr<Pulsed>> Pulse::Living() {
  std::vector<std::shared_ptr<Pulsed>> living;
  std::erase_if(streams_, [&](const std::weak_ptr<Pulsed>& stream) {
    auto held = stream.lock();
    if (!held) return true;
    living.push_back(std::move(held));
    return false;
  });
  return living;
}

void Pulse::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    changed_.wait_for(lock, kBeat);
    auto living = Living();
    lock.unlock();
    for (const auto& stream : living) stream->Beat();
    living.clear();
    lock.lock();
  }
}

void Pulse::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (!thread_.joinable()) return;
  thread_.join();
  std::unique_lock lock(mutex_);
  const auto living = Living();
  lock.unlock();
  for (const auto& stream : living) stream->End();
}

}  // namespace ets::server
