#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/journal.h"
#include "base/prng.h"
#include "store/journal_store.h"
#include "store/sample_records.h"

// What the programs that put a journal to the test have in common. Each takes
//
//   --seed S      the first seed; every case has its own dice, made from the seed and its number
//   --first N     the number of the first case; 1 by default
//   --count N     so many cases
//   --seconds T   or as many as fit into so many seconds
//   --threads N   cases at a time; a case is mostly waiting
//   --folder F    where to work; a new folder below the temporary one by default
//
// prints one line that begins with RESULT, its name and its counts, and fails when a promise was
// broken: then a line names the case, to be repeated with --seed S --first N --count 1.
namespace ets::store::soak {

// Named counts, in the order of their first use. Thread-safe.
class Report {
 public:
  Report(std::string name, std::uint64_t seed);
  void Count(const std::string& what, std::uint64_t more = 1);
  void Broken(std::uint64_t number, const std::string& what);
  int Finish() const;  // Prints the result; returns the program's exit code.

 private:
  const std::string name_;
  const std::uint64_t seed_;
  std::mutex mutex_;
  std::vector<std::pair<std::string, std::uint64_t>> counts_;
  std::uint64_t broken_ = 0;
};

// One case: what it is made of, and where it works.
struct Case {
  std::uint64_t number = 0;
  Prng dice;
  std::string folder;  // Its own; removed afterwards.
  Report& report;

  void Broken(const std::string& what) const { report.Broken(number, what); }
};

// Runs cases as the arguments say. `prepare` gets the folder all cases share, once before.
struct Program {
  std::string name;
  std::uint64_t count_by_default = 1;
  std::function<void(Case&)> run;
  std::function<void(const std::string& folder, Report& report)> prepare = {};
};
int Main(int argc, char** argv, const Program& program);

// What a journal must still hold, from what it has acknowledged.
struct Promise {
  SampleRecords records;
  ChainEnd acknowledged;
};

// Reads a folder and holds it to the promise: every record the one it must be, none that was
// acknowledged missing, the chain head at the acknowledged end as it was. Returns what is wrong.
// `end` gets the journal's end. A refusal to read is wrong too, and `refused` tells it apart.
std::string HoldTo(const Promise& promise, const std::string& folder, ChainEnd& end, bool& refused);

// Appends a random batch, or a few, and closes it; at times takes a snapshot. Moves the promise on
// with what is acknowledged. False when the journal has stopped.
bool WriteSome(JournalStore& journal, Promise& promise, Prng& dice);

}  // namespace ets::store::soak
