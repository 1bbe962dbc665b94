// The canary of scripts/check_pure.sh: one door of each kind a deterministic room must not have.
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <random>
#include <thread>

namespace ets::tests {

long Leak() {
  std::ifstream file("/dev/null");
  std::thread([] {}).join();
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();  // tidy: on purpose
  const char* home = std::getenv("HOME");
  return static_cast<long>(now) + static_cast<long>(std::random_device{}()) +  // tidy: on purpose
         (home != nullptr) + file.good();
}

}  // namespace ets::tests
