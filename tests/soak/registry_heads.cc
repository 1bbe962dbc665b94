// Thrown commands under thrown laws, and for each sequence what its journal and its state came to:
// a line that any build on any machine must print alike (scripts/second_build.sh).

#include <cstdint>
#include <iomanip>
#include <iostream>

#include "registry/model/run.h"

int main() {
  constexpr std::uint64_t kSequences = 40;
  constexpr std::uint64_t kCommands = 5'000;
  std::cout << std::hex << std::setfill('0');
  for (std::uint64_t number = 1; number <= kSequences; ++number) {
    const auto trial = ets::registry::model::RunModel(number, number, kCommands);
    if (!trial.broken.empty()) {
      std::cerr << "sequence " << number << ": " << trial.broken << '\n';
      return 1;
    }
    std::cout << "sequence " << number << " journal " << std::setw(16) << trial.journal_hash
              << " state " << std::setw(16) << trial.state_hash << '\n';
  }
}
