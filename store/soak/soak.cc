#include "store/soak/soak.h"

#include <rocksdb/env.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <thread>
#include <utility>

namespace ets::store::soak {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

struct Options {
  std::uint64_t seed = 1;
  std::uint64_t first = 1;
  std::uint64_t count = 0;    // 0: not limited.
  std::uint64_t seconds = 0;  // 0: not limited.
  std::uint64_t threads = 16;
  std::string folder;
};

[[noreturn]] void Usage(const std::string& program, const std::string& wrong) {
  std::cerr << wrong << "\nusage: " << program
            << " [--seed S] [--first N] [--count N] [--seconds T] [--threads N] [--folder F]\n";
  std::exit(2);
}

std::uint64_t ReadNumber(const std::string& program, const std::string& text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) {
    Usage(program, "a whole number is needed, not '" + text + "'");
  }
  return std::strtoull(text.c_str(), nullptr, 10);
}

Options ReadOptions(int argc, char** argv, std::uint64_t count_by_default) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  Options options;
  const std::map<std::string, std::uint64_t*> numbers = {{"--seed", &options.seed},
                                                         {"--first", &options.first},
                                                         {"--count", &options.count},
                                                         {"--seconds", &options.seconds},
                                                         {"--threads", &options.threads}};
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    if (i + 1 == arguments.size()) Usage(argv[0], arguments[i] + " needs a value");
    const auto number = numbers.find(arguments[i]);
    if (number != numbers.end()) {
      *number->second = ReadNumber(argv[0], arguments[i + 1]);
    } else if (arguments[i] == "--folder") {
      options.folder = arguments[i + 1];
    } else {
      Usage(argv[0], "what is '" + arguments[i] + "'?");
    }
  }
  if (options.count == 0 && options.seconds == 0) options.count = count_by_default;
  if (options.folder.empty()) {
    const std::string name = fs::path(argv[0]).filename().string();
    options.folder = fs::temp_directory_path() / (name + "-" + std::to_string(::getpid()));
  }
  return options;
}

}  // namespace

Report::Report(std::string name, std::uint64_t seed) : name_(std::move(name)), seed_(seed) {}

void Report::Count(const std::string& what, std::uint64_t more) {
  const std::lock_guard lock(mutex_);
  for (auto& [name, value] : counts_) {
    if (name != what) continue;
    value += more;
    return;
  }
  counts_.emplace_back(what, more);
}

void Report::Broken(std::uint64_t number, const std::string& what) {
  const std::lock_guard lock(mutex_);
  ++broken_;
  std::cout << name_ << ": seed " << seed_ << ", case " << number << ": " << what << std::endl;
}

int Report::Finish() const {
  std::cout << "RESULT " << name_ << " seed=" << seed_;
  for (const auto& [name, value] : counts_) std::cout << " " << name << "=" << value;
  std::cout << " broken=" << broken_ << std::endl;
  return broken_ == 0 ? 0 : 1;
}

int Main(int argc, char** argv, const Program& program) {
  const Options options = ReadOptions(argc, argv, program.count_by_default);
  // A flush that fails makes RocksDB's thread sleep for a second: there must be others.
  const int pool = static_cast<int>(2 * options.threads);
  rocksdb::Env::Default()->SetBackgroundThreads(pool, rocksdb::Env::LOW);
  rocksdb::Env::Default()->SetBackgroundThreads(pool, rocksdb::Env::HIGH);
  fs::remove_all(options.folder);
  fs::create_directories(options.folder);
  Report report(program.name, options.seed);
  const auto start = steady_clock::now();
  if (program.prepare) program.prepare(options.folder, report);

  std::atomic<std::uint64_t> next = options.first;
  const auto work = [&] {
    while (true) {
      const std::uint64_t number = next++;
      if (options.count != 0 && number - options.first >= options.count) return;
      const auto spent = steady_clock::now() - start;
      if (options.seconds != 0 && spent >= std::chrono::seconds(options.seconds)) return;
      Case it{number, Prng::Stream(options.seed, program.name, number),
              options.folder + "/case" + std::to_string(number), report};
      fs::create_directories(it.folder);
      program.run(it);
      fs::remove_all(it.folder);
    }
  };
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < options.threads; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  fs::remove_all(options.folder);
  return report.Finish();
}

std::string HoldTo(const Promise& promise, const std::string& folder, ChainEnd& end,
                   bool& refused) {
  const auto reader = JournalReader::Open(folder);
  refused = !reader.ok();
  if (refused) return reader.error().message;
  std::string wrong;
  std::uint64_t next = 1;
  const auto read = reader->Read({}, kToTheEnd, [&](const JournalRecord& record) {
    if (record.sequence != next || !promise.records.Has(record)) {
      wrong = "record " + std::to_string(next) + " is another one";
    }
    ++next;
    return wrong.empty();
  });
  if (!wrong.empty()) return wrong;
  refused = !read.ok();
  if (refused) return read.error().message;
  end = *read;
  const ChainEnd& kept = promise.acknowledged;
  if (end.sequence < kept.sequence || next != end.sequence + 1) {
    return "it ends with record " + std::to_string(end.sequence) + ", and " +
           std::to_string(kept.sequence) + " were acknowledged";
  }
  const auto there = reader->BatchOf(kept.sequence);
  if (!there.ok() || *there != kept) return "the acknowledged chain head is another one";
  return {};
}

bool WriteSome(JournalStore& journal, Promise& promise, Prng& dice) {
  const std::uint64_t batches = 1 + dice.Below(4);
  for (std::uint64_t i = 0; i < batches; ++i) {
    promise.records.Append(journal, 1 + dice.Below(dice.Below(8) == 0 ? 300 : 12));
    journal.EndBatch();
    if (!journal.ok()) return false;
    promise.acknowledged = journal.end();
  }
  if (dice.Below(5) == 0) {
    const std::string state(1 + dice.Below(20'000), 's');
    // A failure to keep one breaks no promise.
    if (!journal.PutSnapshot({journal.end(), 1, state}).ok() && !journal.ok()) return false;
  }
  return true;
}

}  // namespace ets::store::soak
