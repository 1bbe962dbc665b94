#include "server/fix_entry.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio.hpp>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>
#include <utility>

#include "server/fix_dictionary.h"
#include "server/fix_session.h"
#include "server/tcp_listen.h"

namespace ets::server {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using asio::ip::tcp;
using boost::system::error_code;

namespace fix {
namespace {

namespace tag = FIX::FIELD;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

constexpr seconds kLogonPatience(10);
constexpr milliseconds kTick(100);
// To take what is still unsent, and then to close.
constexpr seconds kFarewell(5);
constexpr milliseconds kLinger(1'000);
constexpr int kHeartbeatMost = 600;
constexpr std::size_t kNameMax = 16;
constexpr int kClockSecondsMax = 120;
// A client that leaves so much unread is heard no further until it reads.
constexpr std::size_t kBehindBytes = std::size_t{1} << 20U;

// ---- Logon ----

// What a Logon says, in our words.
struct Logon {
  std::string client;  // SenderCompID(49).
  AccountId escrow;
  std::string token;
  seconds heartbeat{0};
  bool cancel_on_disconnect = false;
};

std::string TextOf(std::span<const Field> fields, int number) {
  return std::string(Find(fields, number).value_or(""));
}

// "1234" or "1234-desk2": the escrow account behind a client's CompID.
std::optional<AccountId> EscrowOf(std::string_view client) {
  const std::size_t dash = client.find('-');
  const std::string_view digits = client.substr(0, dash);
  std::uint32_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, number);
  if (digits.empty() || error != std::errc() || at != end) return std::nullopt;
  if (digits != std::to_string(number)) return std::nullopt;
  if (dash == client.npos) return AccountId(number);
  const std::string_view name = client.substr(dash + 1);
  const bool is_name = !name.empty() && name.size() <= kNameMax &&
                       std::all_of(name.begin(), name.end(), [](unsigned char c) {
                         return std::isalnum(c) != 0 && c < 0x80;
                       });
  return is_name ? std::optional(AccountId(number)) : std::nullopt;
}

// The logon, or what is wrong with it, in words.
Result<Logon, std::string> ReadLogon(std::span<const Field> fields) {
  Logon logon;
  if (fields[2].value != "A") return Fail{std::string("the first message must be a Logon(A)")};
  if (fields[0].value != "FIX.4.4") {
    return Fail{"BeginString(8) " + Printable(fields[0].value) + "; allowed: FIX.4.4"};
  }
  if (TextOf(fields, tag::TargetCompID) != kVenueId) {
    return Fail{"TargetCompID(56) '" + Printable(TextOf(fields, tag::TargetCompID)) +
                "'; allowed: " + kVenueId};
  }
  logon.client = TextOf(fields, tag::SenderCompID);
  const auto escrow = EscrowOf(logon.client);
  if (!escrow) {
    return Fail{"SenderCompID(49) '" + Printable(logon.client) +
                "'; allowed: the number of an escrow account, and after a dash a name of up to " +
                std::to_string(kNameMax) + " letters and digits, as in 12-desk2"};
  }
  logon.escrow = *escrow;
  if (TextOf(fields, tag::EncryptMethod) != "0") {
    return Fail{std::string("EncryptMethod(98); allowed: 0, none")};
  }
  const auto heartbeat = NumberOf(TextOf(fields, tag::HeartBtInt));
  if (!heartbeat || *heartbeat > kHeartbeatMost) {
    return Fail{"HeartBtInt(108) '" + Printable(TextOf(fields, tag::HeartBtInt)) +
                "'; allowed: 0 (none) to " + std::to_string(kHeartbeatMost)};
  }
  logon.heartbeat = seconds(*heartbeat);
  const auto number = NumberOf(TextOf(fields, tag::MsgSeqNum));
  if (!number || *number == 0) return Fail{std::string("MsgSeqNum(34) is missing or no number")};
  if (TextOf(fields, tag::ResetSeqNumFlag) == "Y" && *number != 1) {
    return Fail{"MsgSeqNum(34) " + std::to_string(*number) +
                "; allowed with ResetSeqNumFlag(141) Y: 1"};
  }
  const auto password = Find(fields, tag::Password);
  logon.token = std::string(password ? *password : Find(fields, tag::RawData).value_or(""));
  logon.cancel_on_disconnect = TextOf(fields, kCancelOnDisconnect) == "Y";
  return logon;
}

// What is wrong with a logon's content or clock, in words; empty: nothing.
std::string WhatIsWrongWith(const std::string& message, std::span<const Field> fields) {
  std::string wrong = WhatIsWrong(message);
  if (!wrong.empty()) return wrong;
  const std::string sent = TextOf(fields, tag::SendingTime);
  const int off =
      FIX::UtcTimeStamp() - FIX::UtcTimeStamp(FIX::UtcTimeStampConvertor::convert(sent));
  if (std::abs(off) <= kClockSecondsMax) return {};
  return "SendingTime(52) " + sent + " is " + std::to_string(off) +
         " s behind this clock; allowed: " + std::to_string(kClockSecondsMax) + " either way";
}

// A Logout to somebody who has no session: it counts in none.
std::string RefusalOf(std::string_view client, const std::string& why) {
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  const std::string time = DayText(now) + "-" + ClockText(now);
  const std::array fields{Field{tag::MsgType, "5"},         Field{tag::SenderCompID, kVenueId},
                          Field{tag::TargetCompID, client}, Field{tag::MsgSeqNum, "1"},
                          Field{tag::SendingTime, time},    Field{tag::Text, why}};
  return Framed(fields);
}

class Connection;

// What the connections of one port share. Its thread's.
struct Port {
  Port(Venue& venue, FixEntryOptions with)
      : options(std::move(with)), shared{venue, Symbols(venue.exchange()), {}, {}, {}} {}

  ClientSession* SessionOf(const std::string& client, MemberId member, std::string& error);
  void Restore();
  using Sessions = std::map<std::string, std::shared_ptr<ClientSession>>;  // By CompID.
  // A session whose day is over, with its numbers.
  Sessions::iterator Drop(Sessions::iterator session);
  void Tick();
  std::string PathOf(const std::string& client) const {
    return options.folder + "/FIX.4.4-" + kVenueId + "-" + client;
  }
  void RemoveFiles(const std::string& client) const;

  const FixEntryOptions options;
  asio::io_context context{1};
  Shared shared;
  Sessions sessions;
  std::set<std::shared_ptr<Connection>> connections;
  std::atomic<std::size_t> count = 0;
};

// ---- One client's socket ----

class Connection final : public Wire, public std::enable_shared_from_this<Connection> {
 public:
  Connection(Port& port, tcp::socket socket)
      : port_(port), socket_(std::move(socket)), began_(Clock::now()) {}

  void Begin() {
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    Read();
  }
  // Of a client without a session.
  void Refuse(std::string_view client, const std::string& why) {
    if (is_leaving_) return;
    Queue(RefusalOf(client.empty() ? "UNKNOWN" : client, why));
    End();
  }
  void SayGoodbye(const std::string& why) {
    if (session_ != nullptr) return session_->SayGoodbye(why);
    Refuse({}, why);
  }
  void Tick() {
    const auto now = Clock::now();
    if (is_leaving_ && now > ends_at_) return Cut();
    if (session_ != nullptr || is_leaving_ || now - began_ < kLogonPatience) return;
    Refuse({}, "no Logon(A) within 10 s");
  }

  // ---- Wire ----

  void Write(const std::string& message) override {
    if (is_leaving_) return;
    // What is sent again was asked for, and may be much.
    if (message.find("\x01"
                     "43=Y\x01") == message.npos)
      new_bytes_ += message.size();
    if (new_bytes_ > port_.options.unsent_bytes_max) {
      is_leaving_ = true;
      asio::post(port_.context, [self = shared_from_this()] { self->Cut(); });
      return;
    }
    Queue(message);
  }
  void End() override {
    is_leaving_ = true;
    ends_at_ = Clock::now() + kFarewell;
    session_ = nullptr;
    Pump();
  }
  bool is_behind() const override { return unsent_.size() > kBehindBytes; }

 private:
  void Read() {
    is_reading_ = true;
    socket_.async_read_some(asio::buffer(in_),
                            [self = shared_from_this()](const error_code& error, std::size_t size) {
                              self->is_reading_ = false;
                              if (error) return self->Cut();
                              if (!self->is_leaving_) self->OnBytes(size);
                              self->ReadOn();
                            });
  }
  // When the client has read what it was sent; of one that leaves, until it has left.
  void ReadOn() {
    if (!is_reading_ && !is_gone_ && (is_leaving_ || !is_behind())) Read();
  }
  void OnBytes(std::size_t size) {
    frames_.Add({in_.data(), size});
    while (!is_leaving_) {
      auto message = frames_.Next();
      if (!message.ok()) return SayGoodbye(message.error());
      if (!message.value()) return;
      OnMessage(**message);
    }
  }
  void OnMessage(const std::string& message) {
    if (!HasGoodCheckSum(message)) return;
    const auto fields = FieldsOf(message);
    if (!fields.ok()) return SayGoodbye(fields.error());
    if (fields->size() < 4 || (*fields)[2].tag != tag::MsgType) return;
    if (session_ != nullptr) return session_->Take(message, *fields);
    const auto logon = ReadLogon(*fields);
    const std::string client = TextOf(*fields, tag::SenderCompID);
    if (!logon.ok()) return Refuse(client, logon.error());
    const std::string wrong = WhatIsWrongWith(message, *fields);
    if (!wrong.empty()) return Refuse(client, wrong);
    LogOn(*logon, message);
  }
  void LogOn(const Logon& logon, const std::string& message) {
    const auto member = port_.options.admit(logon.token, logon.escrow);
    if (!member.ok()) return Refuse(logon.client, member.error());
    std::string error;
    ClientSession* const session = port_.SessionOf(logon.client, *member, error);
    if (session == nullptr) return Refuse(logon.client, error);
    if (session->is_connected()) {
      return Refuse(logon.client, logon.client + " is logged on already, on another connection");
    }
    session_ = session;
    session->LogOn(*this, message, logon.heartbeat, logon.cancel_on_disconnect);
  }

  // ---- Writing ----

  void Queue(const std::string& message) {
    unsent_ += message;
    Pump();
  }
  void Pump() {
    if (is_writing_ || is_gone_) return;
    if (unsent_.empty()) {
      new_bytes_ = 0;
      if (is_leaving_) Linger();
      return;
    }
    is_writing_ = true;
    sending_.swap(unsent_);
    unsent_.clear();
    asio::async_write(socket_, asio::buffer(sending_),
                      [self = shared_from_this()](const error_code& error, std::size_t) {
                        self->is_writing_ = false;
                        if (error) return self->Cut();
                        self->Pump();
                        self->ReadOn();
                      });
  }
  // Waits for the client to close, so that it reads the last words before the socket goes.
  void Linger() {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    ends_at_ = std::min(ends_at_, Clock::now() + kLinger);
    ReadOn();
  }
  void Cut() {
    if (is_gone_) return;
    is_gone_ = true;
    is_leaving_ = true;
    error_code ignored;
    socket_.close(ignored);
    if (ClientSession* const session = std::exchange(session_, nullptr)) session->Lost();
    --port_.count;
    port_.connections.erase(shared_from_this());
  }

  Port& port_;
  tcp::socket socket_;
  const Clock::time_point began_;
  Clock::time_point ends_at_;         // Once it is leaving.
  ClientSession* session_ = nullptr;  // While it has this wire.
  std::array<char, 4'096> in_{};
  Frames frames_;
  std::string unsent_, sending_;
  std::size_t new_bytes_ = 0;  // Since all was sent.
  bool is_reading_ = false;
  bool is_writing_ = false;
  bool is_leaving_ = false;
  bool is_gone_ = false;
};

// ---- Sessions of a port ----

ClientSession* Port::SessionOf(const std::string& client, MemberId member, std::string& error) {
  if (const auto found = sessions.find(client); found != sessions.end()) {
    if (!found->second->is_over()) return found->second.get();
    Drop(found);
  }
  if (sessions.size() >= options.sessions_max) {
    error = "too many sessions today; allowed: " + std::to_string(options.sessions_max);
    return nullptr;
  }
  try {
    auto session = std::make_shared<ClientSession>(shared, client, member);
    session->Begin();
    return sessions.emplace(client, std::move(session)).first->second.get();
  } catch (const std::exception& failed) {
    error = "the session's files cannot be opened: " + std::string(failed.what());
    return nullptr;
  }
}

void Port::RemoveFiles(const std::string& client) const {
  for (const char* const ending : {".body", ".header", ".seqnums", ".session"}) {
    std::error_code ignored;
    fs::remove(PathOf(client) + ending, ignored);
  }
}

// Sessions of today go on; those of other days are over.
void Port::Restore() {
  const std::string prefix = std::string("FIX.4.4-") + kVenueId + "-";
  const auto now = SimTime{std::time(nullptr)} * kMicrosPerSecond;
  std::vector<std::string> clients;
  for (const auto& entry : fs::directory_iterator(options.folder)) {
    const std::string stem = entry.path().stem().string();
    if (entry.path().extension() != ".session" || !stem.starts_with(prefix)) continue;
    clients.push_back(stem.substr(prefix.size()));
  }
  for (const std::string& client : clients) {
    std::string day, error;
    std::ifstream(PathOf(client) + ".session") >> day;
    const auto escrow = EscrowOf(client);
    const auto member = escrow ? shared.venue.exchange().FindMember(*escrow) : std::nullopt;
    if (!day.starts_with(DayText(now))) {
      RemoveFiles(client);
    } else if (member) {
      SessionOf(client, *member, error);
    }
  }
}

Port::Sessions::iterator Port::Drop(Sessions::iterator session) {
  const std::shared_ptr<ClientSession> dropped = session->second;
  const auto next = sessions.erase(session);
  dropped->End();
  RemoveFiles(dropped->client());
  return next;
}

void Port::Tick() {
  for (const auto& connection : std::set(connections)) connection->Tick();
  for (auto it = sessions.begin(); it != sessions.end();) {
    it->second->Tick();
    it = it->second->is_over() ? Drop(it) : std::next(it);
  }
}

}  // namespace
}  // namespace fix

// ---- The port ----

struct FixEntry::Impl {
  Impl(Venue& venue, FixEntryOptions options)
      : port(venue, std::move(options)), acceptor(port.context), timer(port.context) {}

  std::string Open() {
    ReadRules();
    std::error_code error;
    fs::create_directories(port.options.folder, error);
    if (error) return "cannot make " + port.options.folder + ": " + error.message();
    port.shared.stores = fix::MakeStores(port.options.folder);
    port.shared.post = [this](std::function<void()> task) {
      asio::post(port.context, std::move(task));
    };
    std::string wrong = Listen();
    if (!wrong.empty()) return wrong;
    port.Restore();
    Accept();
    Tick();
    thread = std::thread([this] { port.context.run(); });
    return {};
  }
  void ReadRules() {
    port.shared.venue.exchange().Read(
        [this](const market::Market& market) { port.shared.rules = market.rules(); });
  }

  std::string Listen() {
    if (std::string wrong = ListenAt(acceptor, port.options.listen); !wrong.empty()) return wrong;
    bound = acceptor.local_endpoint().port();
    return {};
  }

  void Accept() {
    acceptor.async_accept([this](const error_code& error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (!error) Welcome(std::make_shared<fix::Connection>(port, std::move(socket)));
      Accept();
    });
  }
  void Welcome(const std::shared_ptr<fix::Connection>& connection) {
    port.connections.insert(connection);
    ++port.count;
    if (port.connections.size() <= port.options.connections_max) return connection->Begin();
    connection->Refuse(
        {}, "too many connections; allowed: " + std::to_string(port.options.connections_max));
  }
  void Tick() {
    timer.expires_after(fix::kTick);
    timer.async_wait([this](const error_code& error) {
      if (error) return;
      port.Tick();
      Tick();
    });
  }

  void Close() {
    if (!thread.joinable()) return;
    asio::post(port.context, [this] {
      error_code ignored;
      acceptor.close(ignored);
      for (const auto& [client, session] : port.sessions) session->End();
      for (const auto& connection : std::set(port.connections)) {
        connection->SayGoodbye("the venue closes");
      }
      ends_at = fix::Clock::now() + fix::kLinger;
      StopSoon();
    });
    thread.join();
    port.connections.clear();
    port.sessions.clear();
  }

  // When everybody has read the last words, or has had time to.
  void StopSoon() {
    if (port.connections.empty() || fix::Clock::now() > ends_at) return port.context.stop();
    timer.expires_after(std::chrono::milliseconds(10));
    timer.async_wait([this](const error_code&) { StopSoon(); });
  }

  fix::Port port;
  tcp::acceptor acceptor;
  asio::steady_timer timer;
  fix::Clock::time_point ends_at;
  std::uint16_t bound = 0;
  std::thread thread;
};

Result<std::unique_ptr<FixEntry>, std::string> FixEntry::Open(Venue& venue,
                                                              FixEntryOptions options) {
  auto impl = std::make_unique<Impl>(venue, std::move(options));
  std::string wrong = impl->Open();
  if (!wrong.empty()) return Fail{std::move(wrong)};
  return std::unique_ptr<FixEntry>(new FixEntry(std::move(impl)));
}

FixEntry::FixEntry(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
FixEntry::~FixEntry() { Close(); }
std::uint16_t FixEntry::port() const { return impl_->bound; }
std::size_t FixEntry::connection_count() const { return impl_->port.count; }
void FixEntry::Close() { impl_->Close(); }

}  // namespace ets::server
