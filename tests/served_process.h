#pragma once

#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/capclear_process.h"

namespace ets {

// `capclear serve` as a process of its own, on a free port of this machine; ended with it.
class Served {
 public:
  explicit Served(const std::vector<std::string>& options) {
    std::vector<std::string> line = {CAPCLEAR, "serve"};
    line.insert(line.end(), options.begin(), options.end());
    line.insert(line.end(), {"--listen", "127.0.0.1:0"});
    server_ = Start(line, folder_ / "out", folder_ / "err");
    const timespec moment{0, 10'000'000};
    const std::string mark = "listening on ";
    for (int i = 0; i < 2'000 && address_.empty(); ++i) {
      const std::string said = Contents(folder_ / "out");
      const std::size_t at = said.find(mark);
      const std::size_t end = at == said.npos ? said.npos : said.find('\n', at);
      if (end != said.npos) address_ = said.substr(at + mark.size(), end - at - mark.size());
      nanosleep(&moment, nullptr);
    }
    EXPECT_FALSE(address_.empty()) << Contents(folder_ / "err");
  }
  ~Served() {
    if (server_ != 0) {
      EXPECT_EQ(Stop(SIGTERM), 0) << Contents(folder_ / "err");
    }
  }
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;

  const std::string& address() const { return address_; }
  std::string port() const { return address_.substr(address_.rfind(':') + 1); }
  // What it has said on its error output.
  std::string error() const { return Contents(folder_ / "err"); }
  // Sends a signal and waits for the end.
  int Stop(int signal) {
    kill(server_, signal);
    return Wait();
  }
  // Waits until it ends by itself.
  int Wait() {
    const int code = ExitCode(server_);
    server_ = 0;
    return code;
  }
  // From now on no file of the server grows beyond `bytes`: a full disk. SIGXFSZ must have been
  // ignored where it was started.
  void LimitFileSize(std::uint64_t bytes) const {
    const rlimit limit{bytes, RLIM_INFINITY};
    prlimit(server_, RLIMIT_FSIZE, &limit, nullptr);
  }

 private:
  const TestFolder folder_;
  pid_t server_ = 0;
  std::string address_;
};

}  // namespace ets
