// A served exchange is killed with -9 at random instants while members place orders over gRPC, over
// the binary order entry and over FIX. A client that is cut off connects again and sends what was
// not answered once more, with the same client order ids. Whatever happens: what was acknowledged
// is in the journal, every id was applied once, a second answer equals the first, the journal
// replays to one state with snapshots and without, and nothing is created or lost. A FIX session
// goes on with its numbers, sends again what its client has lost, and tells no trade that there is
// not.

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/wire/dialect.h"
#include "bench/wire/fix_dialect.h"
#include "market/codec.h"
#include "server/exchange_recovery.h"
#include "server/serve.h"
#include "store/soak/soak.h"
#include "tests/market_set_up.h"
#include "tests/soak/fix_witness.h"

namespace ets {
namespace {

using bench::LoadAnswer;
using bench::LoadOrder;
using std::chrono::milliseconds;
using store::soak::Case;

constexpr int kKills = 8;
constexpr int kClients = 6;  // By gRPC, binary order entry and FIX in turn.
constexpr std::uint64_t kLifeMillisMax = 500;
constexpr std::size_t kUnansweredMax = 64;
constexpr std::uint64_t kSnapshotBytes = 100'000;
constexpr const char* kServe = "--serve";

// ---- The server: this program again. ----

int Serve(const std::string& data, const std::string& binary, const std::string& fix,
          const std::string& listen) {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  server::ServeOptions options;
  options.live.data = data;
  options.live.clock.kind = server::ClockOptions::Kind::kManual;
  options.live.clock.start = SimTime{1'772'409'600} * kMicrosPerSecond;  // 2 March 2026.
  options.live.snapshot_bytes = kSnapshotBytes;
  options.services.auth.required = false;
  options.services.rate.per_second = 0;
  options.port.listen = listen;
  options.binary_listen = binary;
  options.fix_listen = fix;
  const auto started = server::LiveServer::Start(options);
  if (!started.ok()) {
    std::cerr << started.error().message << "\n";
    return 1;
  }
  std::cout << "listening on " << (*started)->address() << std::endl;
  int signal = 0;
  sigwait(&ends, &signal);
  return (*started)->Shutdown().empty() ? 0 : 1;
}

// A port that nobody has.
std::uint16_t FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(at);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&at), size) != 0) std::abort();
  getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size);
  close(fd);
  return ntohs(at.sin_port);
}

// ---- A client ----

struct Ports {
  std::uint16_t grpc = 0, binary = 0, fix = 0;
};

class Client final : public bench::Ears {
 public:
  Client(Case& it, int member, const Ports& ports, std::uint64_t seed)
      : it_(it), member_(member), ports_(ports), dice_(seed), witness_(it, member) {}
  ~Client() override { HangUp(); }

  // Until `is_over`, and every order is answered.
  void Run(const std::atomic<bool>& is_over) {
    constexpr int kRoundsMax = 12'000;  // Of 5 ms at most, once it is over.
    int rounds = 0;
    while (!is_over || !unanswered_.empty()) {
      if (is_over && ++rounds > kRoundsMax) {
        return it_.Broken("member " + std::to_string(member_) + " was not answered: " +
                          std::to_string(unanswered_.size()) + " orders wait, " +
                          (fd_ < 0         ? "not connected"
                           : is_logged_on_ ? "logged on"
                                           : "connected") +
                          "; the last session ended with '" + why_ + "'" +
                          (fix_ != nullptr ? "; " + fix_->standing() : ""));
      }
      if (fd_ < 0 && !Connect()) {
        std::this_thread::sleep_for(milliseconds(10));
        continue;
      }
      if (is_logged_on_ && !is_over && unanswered_.size() < kUnansweredMax) {
        for (std::uint64_t i = dice_.Below(8); i > 0; --i) PlaceNew();
        if (!answers_.empty() && dice_.Below(50) == 0) PlaceOld();
      }
      Flush();
      Read();
    }
  }

  // By FIX, when all is quiet: which of the member's orders wait.
  void AskWhatWaits() {
    constexpr int kRoundsMax = 4'000;  // Of 5 ms at most.
    if (fd_ < 0 || !is_logged_on_) return it_.Broken("a FIX client that is not logged on");
    fix_->AskForAll(out_);
    for (int i = 0; i < kRoundsMax && fd_ >= 0 && !witness_.is_complete(); ++i) {
      Flush();
      Read();
    }
    if (!witness_.is_complete()) it_.Broken("FIX does not tell what waits");
  }

  // By client order id: what was answered, and whether it was an order that breaks a rule.
  const std::map<std::uint64_t, LoadAnswer>& answers() const { return answers_; }
  int member() const { return member_; }
  bool is_fix() const { return member_ % 3 == 2; }
  const FixWitness& witness() const { return witness_; }

  void OnLoggedOn() override {
    is_logged_on_ = true;
    for (const auto& [number, order] : unanswered_) {
      it_.report.Count("sent_again");
      dialect_->Place(order, out_);
    }
  }
  void OnAnswer(const LoadAnswer& answer) override {
    it_.report.Count("answers");
    unanswered_.erase(answer.number);
    const auto [known, is_first] = answers_.try_emplace(answer.number, answer);
    if (is_first) return;
    const LoadAnswer& first = known->second;
    it_.report.Count("answered_twice");
    // FIX tells how a repeated order stands, and not which record it was.
    const bool names_record = answer.sequence != 0 && first.sequence != 0;
    if (first.is_refused != answer.is_refused || first.order != answer.order ||
        (names_record && first.sequence != answer.sequence)) {
      it_.Broken("order " + std::to_string(answer.number) + " of member " +
                 std::to_string(member_) + " was answered in two ways: order " +
                 std::to_string(first.order) + ", then " + std::to_string(answer.order));
    }
  }
  void OnReport(bool) override {}
  void OnEnd(const std::string& why) override {
    why_ = why;
    is_cut_ = true;
  }

 private:
  bool is_binary() const { return member_ % 3 == 1; }

  bool Connect() {
    const std::uint16_t port = is_fix() ? ports_.fix : is_binary() ? ports_.binary : ports_.grpc;
    fd_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0) {
      HangUp();
      return false;
    }
    it_.report.Count("sessions");
    is_logged_on_ = is_cut_ = false;
    in_.clear();
    out_.clear();
    is_fix() ? GoOnWithFix() : Begin(port);
    dialect_->LogOn(out_);
    return true;
  }
  void Begin(std::uint16_t port) {
    const int escrow = EscrowOfMember(member_);
    dialect_ = is_binary() ? bench::MakeBinaryDialect(escrow, 0)
                           : bench::MakeGrpcDialect("127.0.0.1:" + std::to_string(port),
                                                    "/ets.market.v1.OrderEntryService/Trade",
                                                    escrow, kMarketInstrument, member_ % 2 == 0);
  }
  // The session goes on where it was; or its client has lost something, or all of it.
  void GoOnWithFix() {
    if (fix_ == nullptr) {
      auto fix =
          std::make_unique<bench::FixDialect>(EscrowOfMember(member_), "CEA26-CNY", &witness_);
      fix_ = fix.get();
      dialect_ = std::move(fix);
    }
    fix_->set_resends(dice_.Below(2) == 0);
    switch (dice_.Below(8)) {
      case 0:
        it_.report.Count("fix_begun_anew");
        witness_.BeginAnew();
        return fix_->BeginAnew();
      case 1:
      case 2:
        it_.report.Count("fix_forgot");
        return fix_->Forget(1 + dice_.Below(50));
      case 3:
      case 4:
        it_.report.Count("fix_lost");
        return fix_->Lose(1 + dice_.Below(5));
      default:
        it_.report.Count("fix_went_on");
    }
  }
  void HangUp() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

  // A few break the price band, and are refused.
  static LoadOrder OrderOf(std::uint64_t number, std::uint64_t chance) {
    LoadOrder order;
    order.number = number;
    order.buys = chance % 2 == 0;
    order.price = chance % 37 == 0 ? 1 : 6'990 + static_cast<std::int64_t>(chance / 2 % 20);
    order.quantity = 1 + static_cast<std::int64_t>(chance / 40 % 5);
    return order;
  }
  void PlaceNew() {
    const std::uint64_t number = ++last_;
    const LoadOrder order = OrderOf(number, dice_.Next() >> 8U);
    orders_[number] = order;
    unanswered_[number] = order;
    dialect_->Place(order, out_);
  }
  void PlaceOld() {
    const std::uint64_t number = 1 + dice_.Below(last_);
    it_.report.Count("sent_again_later");
    dialect_->Place(orders_[number], out_);
  }
  void Flush() {
    if (out_.empty() || fd_ < 0) return;
    if (send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL) < 0) is_cut_ = true;
    out_.clear();
  }
  void Read() {
    pollfd ready{fd_, POLLIN, 0};
    if (!is_cut_ && poll(&ready, 1, 5) > 0) {
      char buffer[16'384];
      const ssize_t got = recv(fd_, buffer, sizeof(buffer), 0);
      if (got <= 0) {
        is_cut_ = true;
      } else {
        in_.append(buffer, static_cast<std::size_t>(got));
        in_.erase(0, dialect_->Take(in_, out_, *this));
      }
    }
    if (is_cut_) HangUp();
  }

  Case& it_;
  const int member_;
  const Ports ports_;
  Prng dice_;
  FixWitness witness_;
  bench::FixDialect* fix_ = nullptr;  // Also dialect_, of all connections.
  int fd_ = -1;
  bool is_logged_on_ = false, is_cut_ = false;
  std::unique_ptr<bench::Dialect> dialect_;
  std::string in_, out_;
  std::string why_;  // The last session ended.
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, LoadOrder> orders_, unanswered_;
  std::map<std::uint64_t, LoadAnswer> answers_;
};

// ---- What the journal says ----

// Which orders were accepted, and what was deposited.
class Auditor final : public market::Listener {
 public:
  using Key = std::pair<std::uint32_t, std::string>;  // Member and client order id.
  std::map<Key, std::vector<std::uint64_t>> accepted;
  std::map<std::uint16_t, std::int64_t> deposits;

  void OnFill(const market::Fill& fill) override {
    fills[fill.trade_id] = {fill.price.minor_per_tonne(), fill.quantity.count()};
  }
  void OnAuctionCleared(InstrumentId, const auction::Clearing&) override {}
  void OnOrder(const market::OrderEvent& event) override {
    if (event.kind != market::OrderEventKind::kAccepted) return;
    accepted[{event.member.raw(), std::string(event.client_id.text())}].push_back(
        event.order.raw());
  }
  std::map<std::uint64_t, FixWitness::Trade> fills;
};

// Replays the whole journal. Null: it cannot be.
std::unique_ptr<market::Market> Replayed(Case& it, const store::JournalReader& reader,
                                         Auditor& auditor) {
  std::unique_ptr<market::Market> market;
  std::string wrong;
  const auto read = reader.Read({}, store::kToTheEnd, [&](const JournalRecord& record) {
    if (!market) {
      const auto founding = market::Market::FoundingOf(record);
      if (!founding.ok()) return false;
      market = std::make_unique<market::Market>(founding->rules, founding->ledger_count_max,
                                                nullptr, &auditor);
    }
    wrong = market->Replay(record);
    const auto input = market::Decode(record.kind, record.payload);
    if (!input) return wrong.empty();
    if (const auto* const position = std::get_if<market::Position>(&*input)) {
      auditor.deposits[position->ledger.raw()] += position->amount;
    }
    return wrong.empty();
  });
  if (read.ok() && wrong.empty() && market) return market;
  it.Broken("the journal does not replay: " + (read.ok() ? wrong : read.error().message));
  return nullptr;
}

void HoldToAnswers(Case& it, const market::Market& market, Auditor& auditor,
                   const std::vector<std::unique_ptr<Client>>& clients) {
  std::map<std::uint32_t, std::uint32_t> member_of;  // By escrow account.
  for (std::uint32_t m = 0; m < market.member_count(); ++m) {
    member_of[market.escrow(MemberId(m)).raw()] = m;
  }
  for (const auto& client : clients) {
    const auto escrow = static_cast<std::uint32_t>(EscrowOfMember(client->member()));
    for (const auto& [number, answer] : client->answers()) {
      it.report.Count(answer.is_refused ? "refused" : "acknowledged");
      const auto found = auditor.accepted.find({member_of.at(escrow), std::to_string(number)});
      const std::size_t times = found == auditor.accepted.end() ? 0 : found->second.size();
      const std::string name =
          "order " + std::to_string(number) + " of member " + std::to_string(client->member());
      if (times != (answer.is_refused ? 0U : 1U)) {
        it.Broken(name + (answer.is_refused ? " was refused" : " was acknowledged") +
                  " and is in the journal " + std::to_string(times) + " times");
      } else if (times == 1 && found->second[0] != answer.order) {
        it.Broken(name + " was answered with an id that is not its own");
      }
      if (times == 1) auditor.accepted.erase(found);
    }
  }
  for (const auto& [key, orders] : auditor.accepted) {
    it.Broken("order " + key.second + " is in the journal, and nobody sent it");
  }
}

// Every trade that FIX told is one, and what it says waits is what waits.
void HoldToFix(Case& it, const market::Market& market, const Auditor& auditor,
               const Client& client) {
  const std::string name = "member " + std::to_string(client.member());
  for (const auto& [key, told] : client.witness().trades()) {
    const auto fill = auditor.fills.find(key.first);
    if (fill != auditor.fills.end() && fill->second == told) continue;
    it.Broken("trade " + std::to_string(key.first) + " was told to " + name + ", and is none");
  }
  std::map<std::uint64_t, std::int64_t> waiting;
  market.engine(InstrumentId(0)).ForEach([&](const matching::OrderView& order) {
    const AccountId escrow = market.escrow(order.owner);
    if (escrow.raw() != static_cast<std::uint32_t>(EscrowOfMember(client.member()))) return;
    waiting[order.id.raw()] = order.open.count();
  });
  it.report.Count("fix_orders_waiting", waiting.size());
  if (waiting != client.witness().waiting()) {
    it.Broken("what waits of " + name + " is " + std::to_string(waiting.size()) +
              " orders; FIX told another list of " +
              std::to_string(client.witness().waiting().size()));
  }
}

void HoldToTheJournal(Case& it, const std::vector<std::unique_ptr<Client>>& clients) {
  const auto reader = store::JournalReader::Open(it.folder + "/data/exchange");
  if (!reader.ok()) return it.Broken("the journal: " + reader.error().message);
  Auditor auditor;
  const auto market = Replayed(it, *reader, auditor);
  if (!market) return;
  it.report.Count("records", market->sequence());
  it.report.Count("trades", auditor.fills.size());
  market->CheckInvariants();
  HoldToAnswers(it, *market, auditor, clients);
  for (const auto& client : clients) {
    if (client->is_fix()) HoldToFix(it, *market, auditor, *client);
  }
  for (const auto& [ledger, deposited] : auditor.deposits) {
    std::int64_t held = 0;
    for (std::uint32_t m = 0; m < market->member_count(); ++m) {
      held += market->holding(MemberId(m), LedgerId(ledger)).total();
    }
    if (held != deposited) {
      it.Broken("ledger " + std::to_string(ledger) + ": " + std::to_string(deposited) +
                " was deposited, and members hold " + std::to_string(held));
    }
  }
  server::ExchangeRelay relay;
  const std::atomic<bool> never = false;
  const auto rebuilt = server::RebuildExchange(*reader, relay, never);
  if (!rebuilt.ok()) return it.Broken("recovery: " + rebuilt.error().message);
  it.report.Count("snapshots", reader->ListSnapshots().size());
  if (rebuilt->from != 0) it.report.Count("recovered_from_a_snapshot");
  if (rebuilt->market->StateHash() != market->StateHash()) {
    it.Broken("recovery from record " + std::to_string(rebuilt->from) +
              " comes to another state than replay");
  }
}

void Run(Case& it) {
  it.report.Count("exchanges");
  Ports ports{0, FreePort(), FreePort()};
  ServedProcess server("/proc/self/exe",
                       {kServe, it.folder + "/data", "127.0.0.1:" + std::to_string(ports.binary),
                        "127.0.0.1:" + std::to_string(ports.fix)},
                       it.folder);
  if (!server.Start()) return it.Broken("it does not start: " + server.error());
  SetUpMarket(server.Connect(), kClients);
  const std::string& address = server.address();
  ports.grpc = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.push_back(std::make_unique<Client>(it, i, ports, it.dice.Next()));
  }
  std::atomic<bool> is_over = false;
  std::vector<std::thread> threads;
  for (const auto& client : clients) {
    threads.emplace_back([&client, &is_over] { client->Run(is_over); });
  }
  bool is_up = true;
  for (int i = 0; i < kKills && is_up; ++i) {
    std::this_thread::sleep_for(milliseconds(100 + it.dice.Below(kLifeMillisMax)));
    server.Kill();
    it.report.Count("kills");
    is_up = server.Start();
  }
  if (!is_up) it.Broken("it does not start again: " + server.error());
  is_over = true;
  for (std::thread& thread : threads) thread.join();
  std::this_thread::sleep_for(milliseconds(50));  // What was answered last is told to all.
  for (const auto& client : clients) {
    if (client->is_fix()) client->AskWhatWaits();
  }
  if (is_up && server.Stop() != 0) it.Broken("it does not end well: " + server.error());
  HoldToTheJournal(it, clients);
}

}  // namespace
}  // namespace ets

int main(int argc, char** argv) {
  // ServedProcess adds --listen ADDRESS.
  if (argc == 7 && std::strcmp(argv[1], ets::kServe) == 0) {
    return ets::Serve(argv[2], argv[3], argv[4], argv[6]);
  }
  return ets::store::soak::Main(argc, argv, {"exchange_kill_soak", 1, ets::Run});
}
