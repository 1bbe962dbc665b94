#include "bench/wire/generator.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>

namespace ets::bench {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr int kEventsMax = 256;
constexpr std::chrono::seconds kPatience(20);

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::_Exit(1);
}

int Connected(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) Die("socket");
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0) Die("connect");
  const int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  return fd;
}

LoadOrder OrderOf(std::uint64_t number, std::mt19937_64& dice) {
  LoadOrder order;
  order.number = number;
  order.buys = dice() % 2 == 0;
  order.price = 6'990 + static_cast<std::int64_t>(dice() % 20);
  order.quantity = 1 + static_cast<std::int64_t>(dice() % 5);
  return order;
}

// A connection, written and read as one asks.
class Line {
 public:
  Line(const Desk& desk, int client) : fd_(Connected(desk.port)), dialect_(desk.dialect(client)) {}
  ~Line() { close(fd_); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  int fd() const { return fd_; }
  void LogOn() {
    dialect_->LogOn(out_);
    Flush();
  }
  void Place(const LoadOrder& order) {
    dialect_->Place(order, out_);
    Flush();
  }
  // Reads once; false: there is nothing to read, or nobody.
  bool Read(Ears& ears, int flags = 0) {
    static std::string buffer(kReadBytes, '\0');
    const ssize_t got = recv(fd_, buffer.data(), buffer.size(), flags);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (got <= 0) {
      if (!is_ended_) ears.OnEnd("the connection ended");
      is_ended_ = true;
      return false;
    }
    in_.append(buffer, 0, static_cast<std::size_t>(got));
    in_.erase(0, dialect_->Take(in_, out_, ears));
    if (!out_.empty()) Flush();
    return true;
  }
  bool is_ended() const { return is_ended_; }

 private:
  // The kernel takes what a load leaves unread: the venue reads at once, or the load is too high.
  void Flush() {
    std::size_t sent = 0;
    while (sent < out_.size()) {
      const ssize_t now = send(fd_, out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
      if (now <= 0) break;
      sent += static_cast<std::size_t>(now);
    }
    out_.clear();
  }

  const int fd_;
  std::unique_ptr<Dialect> dialect_;
  std::string in_, out_;
  bool is_ended_ = false;
};

// Processor time, wall time and what was used of them since.
class Watch {
 public:
  explicit Watch(pid_t server) : server_(server) {}
  void Read(Latencies& to) const {
    to.seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
    to.cpu_seconds = Cpu(0) - cpu_;
    to.server_cpu_seconds = Cpu(server_) - server_cpu_;
  }

 private:
  static double Cpu(pid_t process) {
    clockid_t clock{};
    timespec time{};
    if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &time) != 0) return 0;
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  }

  const pid_t server_;
  const Clock::time_point begin_ = Clock::now();
  const double cpu_ = Cpu(0), server_cpu_ = Cpu(server_);
};

// When every order was due, and what came of it.
class Book final : public Ears {
 public:
  Book(std::size_t orders, bool reports) : due_(orders), took_(orders), reports_(reports) {}

  void Due(std::uint64_t number, Clock::time_point when) { due_[number] = when; }
  void OnLoggedOn() override { ++logged_on_; }
  void OnAnswer(const LoadAnswer& answer) override {
    took_[answer.number] = Clock::now() - due_[answer.number];
    ++answered_;
    if (answer.is_refused) ++latencies_.refused;
    if (!reports_ && !answer.is_refused) ++accepted_;
  }
  void OnReport(bool is_acceptance) override {
    ++latencies_.reports;
    if (is_acceptance) ++accepted_;
  }
  void OnEnd(const std::string& why) override {
    if (latencies_.ended++ == 0) std::printf("the venue ended a session: %s\n", why.c_str());
  }

  std::uint64_t logged_on() const { return logged_on_; }
  std::uint64_t answered() const { return answered_; }
  // Every order is answered, and every acceptance reported.
  bool is_whole() const {
    return answered_ == took_.size() && accepted_ + latencies_.refused >= answered_;
  }
  Latencies Result(std::size_t first) const {
    Latencies result = latencies_;
    result.sent = took_.size();
    result.lost = took_.size() - std::min<std::uint64_t>(answered_, accepted_ + result.refused);
    for (std::size_t i = first; i < took_.size(); ++i) {
      if (took_[i].count() == 0) continue;
      result.micros.push_back(std::chrono::duration<double, std::micro>(took_[i]).count());
    }
    return result;
  }

 private:
  std::vector<Clock::time_point> due_;
  std::vector<nanoseconds> took_;
  const bool reports_;
  std::uint64_t logged_on_ = 0, answered_ = 0, accepted_ = 0;
  Latencies latencies_;
};

// Many connections on one thread.
class Switchboard {
 public:
  Switchboard() : epoll_(epoll_create1(0)) {}
  ~Switchboard() { close(epoll_); }
  Switchboard(const Switchboard&) = delete;
  Switchboard& operator=(const Switchboard&) = delete;

  // Connects another client, who logs on.
  void Add(const Desk& desk) {
    const auto number = static_cast<int>(lines_.size());
    Line& line = *lines_.emplace_back(std::make_unique<Line>(desk, number));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = static_cast<std::uint32_t>(number);
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, line.fd(), &event) != 0) Die("epoll_ctl");
    line.LogOn();
  }
  Line& line(std::size_t i) { return *lines_[i]; }
  std::size_t size() const { return lines_.size(); }
  // Reads what there is until `until`, or until nothing comes any more.
  void ReadUntil(Clock::time_point until, Ears& ears) {
    epoll_event events[kEventsMax];
    const auto left = std::max(nanoseconds(0), nanoseconds(until - Clock::now()));
    timespec wait{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
    const int count = epoll_pwait2(epoll_, events, kEventsMax, &wait, nullptr);
    for (int i = 0; i < count; ++i) {
      Line& line = *lines_[events[i].data.u32];
      line.Read(ears, MSG_DONTWAIT);
      if (line.is_ended()) epoll_ctl(epoll_, EPOLL_CTL_DEL, line.fd(), nullptr);
    }
  }

 private:
  const int epoll_;
  std::vector<std::unique_ptr<Line>> lines_;
};

// A few at a time.
void LogOn(Switchboard& board, Book& book, const std::vector<Desk>& desks, std::size_t clients) {
  constexpr std::size_t kAtOnce = 50;
  const auto patience = Clock::now() + kPatience;
  while (book.logged_on() < clients && Clock::now() < patience) {
    const std::size_t size = board.size();
    if (size < clients && size < book.logged_on() + kAtOnce) {
      board.Add(desks[size % desks.size()]);
    } else {
      board.ReadUntil(Clock::now() + std::chrono::milliseconds(10), book);
    }
  }
}

}  // namespace

Latencies Ping(const Desk& desk, int orders, std::uint64_t seed, bool busy_poll, pid_t server) {
  const auto total = static_cast<std::size_t>(orders);
  Book book(total, true);
  Line line(desk, 0);
  line.LogOn();
  while (book.logged_on() == 0) {
    if (!line.Read(book)) Die("no logon");
  }
  std::mt19937_64 dice(seed);
  const Watch watch(server);
  for (std::size_t i = 0; i < total; ++i) {
    const LoadOrder order = OrderOf(i, dice);
    book.Due(i, Clock::now());
    line.Place(order);
    while (book.answered() <= i) {
      if (!line.Read(book, busy_poll ? MSG_DONTWAIT : 0) && (!busy_poll || line.is_ended())) {
        Die("no answer");
      }
    }
  }
  while (!book.is_whole() && line.Read(book)) {
  }
  Latencies result = book.Result(total / 10);
  watch.Read(result);
  return result;
}

Latencies Offer(const std::vector<Desk>& desks, const LoadOptions& options, pid_t server) {
  prctl(PR_SET_TIMERSLACK, 1);
  const auto total =
      static_cast<std::size_t>(options.rate) * static_cast<std::size_t>(options.seconds);
  Book book(total, options.reports);
  Switchboard board;
  LogOn(board, book, desks, static_cast<std::size_t>(options.clients));
  std::printf("%llu clients are logged on\n", static_cast<unsigned long long>(book.logged_on()));
  std::mt19937_64 dice(options.seed);
  const Watch watch(server);
  const auto begin = Clock::now();
  for (std::size_t i = 0; i < total; ++i) {
    const auto due =
        begin + nanoseconds(static_cast<std::int64_t>(i) * 1'000'000'000 / options.rate);
    book.Due(i, due);
    do {
      board.ReadUntil(due, book);
    } while (Clock::now() < due);
    board.line(dice() % board.size()).Place(OrderOf(i, dice));
  }
  const auto patience = Clock::now() + kPatience;
  while (!book.is_whole() && Clock::now() < patience) board.ReadUntil(patience, book);
  Latencies result = book.Result(0);
  watch.Read(result);
  return result;
}

void Print(const char* what, Latencies& latencies) {
  std::vector<double>& micros = latencies.micros;
  std::sort(micros.begin(), micros.end());
  const auto at = [&](double part) {
    if (micros.empty()) return 0.0;
    const auto rank = static_cast<std::size_t>(part * static_cast<double>(micros.size()));
    return micros[std::min(micros.size() - 1, rank)];
  };
  std::printf("%s: %llu orders, %llu refused, %llu lost, %llu reports, %llu sessions ended\n", what,
              static_cast<unsigned long long>(latencies.sent),
              static_cast<unsigned long long>(latencies.refused),
              static_cast<unsigned long long>(latencies.lost),
              static_cast<unsigned long long>(latencies.reports),
              static_cast<unsigned long long>(latencies.ended));
  std::printf("  %.0f answers/s; us: p50 %.1f  p90 %.1f  p99 %.1f  p99.9 %.1f  max %.1f\n",
              static_cast<double>(micros.size()) / latencies.seconds, at(0.5), at(0.9), at(0.99),
              at(0.999), micros.empty() ? 0 : micros.back());
  const auto each = [&](double seconds) {
    return seconds / static_cast<double>(latencies.sent) * 1e6;
  };
  std::printf("  processor time an order: server %.1f us, generator %.1f us\n",
              each(latencies.server_cpu_seconds), each(latencies.cpu_seconds));
}

}  // namespace ets::bench
