#pragma once

#include <gmock/gmock.h>
#include <stdlib.h>

#include <boost/asio.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/deposits_link.h"
#include "server/fix_entry.h"
#include "server/fix_frames.h"
#include "server/quickfix.h"

namespace ets::server::fix {

// For tests: an exchange with three members and one instrument, CEA26-CNY around 70.00, behind a
// FIX port; a client of QuickFIX's own, and one of raw bytes.

inline constexpr std::uint32_t kSeller = 10;
inline constexpr std::uint32_t kBuyer = 20;
inline constexpr std::uint32_t kWatcher = 30;
inline constexpr const char* kSymbol = "CEA26-CNY";
inline constexpr std::chrono::seconds kPatience(20);

// A registry that knows three escrow accounts: 10 with units, 20 with cash, 30 with next to
// nothing.
class ThreeMembers final : public DepositsLink {
 public:
  ThreeMembers()
      : DepositsLink({{1, AccountId(kSeller), LedgerId(0), 100'000},
                      {2, AccountId(kBuyer), LedgerId(1), 900'000'000},
                      {3, AccountId(kWatcher), LedgerId(1), 1}}) {}
};

inline std::string NewFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "capclear-fix-XXXXXX").string();
  return mkdtemp(pattern.data());
}

class FixTest : public ::testing::Test {
 protected:
  explicit FixTest(const VenueOptions& venue = {}) : venue_options_(venue) {
    folder_ = NewFolder();
    OpenExchange();
    for (int i = 0; i < 500 && !(Member(kSeller) && Member(kBuyer) && Member(kWatcher)); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    market::ListInstrument list{LedgerId(0), LedgerId(1), Price::FromMinorPerTonne(7'000)};
    EXPECT_TRUE(venue_->Operate(list).ok());
    EXPECT_TRUE(venue_->Operate(market::OpenSession{Date::Of(2026, 3, 2)}).ok());
    OpenPort("127.0.0.1:0");
  }
  ~FixTest() override {
    Stop();
    std::filesystem::remove_all(folder_);
  }

  void OpenExchange() {
    link_ = std::make_unique<ThreeMembers>();
    ExchangeOptions options;
    options.data = folder_ + "/exchange";
    options.fsync = false;
    options.now = [] { return SimTime{1'772'440'000'000'000}; };  // 2026-03-02.
    auto exchange = LiveExchange::Open(options, *link_);
    EXPECT_TRUE(exchange.ok());
    exchange_ = std::move(exchange.value());
    venue_ = Venue::Open(*exchange_, venue_options_);
  }
  void OpenPort(const std::string& listen) {
    FixEntryOptions options;
    options.listen = listen;
    options.folder = folder_ + "/fix";
    options.connections_max = 64;
    options.unsent_bytes_max = std::size_t{2} << 20U;
    options.admit = [this](std::string_view token,
                           AccountId escrow) -> Result<MemberId, std::string> {
      if (token != "secret") return Fail{std::string("nobody is known by that token")};
      const auto member = Member(escrow.raw());
      if (member) return *member;
      return Fail{"member " + std::to_string(escrow.raw()) + ": nothing was deposited there"};
    };
    auto entry = FixEntry::Open(*venue_, options);
    ASSERT_TRUE(entry.ok()) << entry.error();
    entry_ = std::move(entry.value());
  }
  void Stop() {
    if (entry_) entry_->Close();
    entry_.reset();
    if (venue_) venue_->Shutdown();
    if (link_) link_->Stop();
    if (exchange_) exchange_->Shutdown();
    venue_.reset();
    exchange_.reset();
  }
  // The whole server anew, on the same port.
  void Restart() {
    const std::string listen = "127.0.0.1:" + std::to_string(entry_->port());
    Stop();
    OpenExchange();
    OpenPort(listen);
  }

  std::optional<MemberId> Member(std::uint32_t escrow) {
    return exchange_->FindMember(AccountId(escrow));
  }
  std::uint64_t StateHash() {
    std::uint64_t hash = 0;
    exchange_->Read([&](const market::Market& market) {
      market.CheckInvariants();
      hash = market.StateHash();
    });
    return hash;
  }
  std::uint64_t OrdersAccepted() {
    std::uint64_t count = 0;
    exchange_->Read([&](const market::Market& market) { count = market.orders_accepted(); });
    return count;
  }

  const VenueOptions venue_options_;
  std::string folder_;
  std::unique_ptr<ThreeMembers> link_;
  std::unique_ptr<LiveExchange> exchange_;
  std::unique_ptr<Venue> venue_;
  std::unique_ptr<FixEntry> entry_;
};

// ---- QuickFIX's own client ----

// A message that came, without what differs from run to run.
inline std::string ValueOf(const FIX::FieldMap& fields, int tag) {
  return fields.isSetField(tag) ? fields.getField(tag) : std::string();
}

class Trader final : public FIX::Application {
 public:
  Trader(std::uint16_t port, std::string client, std::string password = "secret",
         std::map<int, std::string> logon = {})
      : client_(std::move(client)),
        password_(std::move(password)),
        logon_(std::move(logon)),
        folder_(NewFolder()),
        stores_(folder_) {
    std::istringstream text(
        "[DEFAULT]\nConnectionType=initiator\nReconnectInterval=1\n"
        "StartTime=00:00:00\nEndTime=00:00:00\nHeartBtInt=30\n"
        "UseDataDictionary=Y\nDataDictionary=docs/fix44.xml\n"
        "SocketConnectHost=127.0.0.1\nSocketConnectPort=" +
        std::to_string(port) +
        "\n[SESSION]\nBeginString=FIX.4.4\nTargetCompID=CAPCLEAR\n"
        "SenderCompID=" +
        client_ + "\n");
    settings_ = FIX::SessionSettings(text);
    initiator_ = std::make_unique<FIX::SocketInitiator>(*this, stores_, settings_);
    Start();
  }
  ~Trader() override {
    Cut();
    std::filesystem::remove_all(folder_);
  }

  void Start() {
    initiator_->start();
    is_started_ = true;
  }
  // Logs out and hangs up.
  void Stop() {
    if (std::exchange(is_started_, false)) initiator_->stop();
  }
  // Hangs up without a word.
  void Cut() {
    if (std::exchange(is_started_, false)) initiator_->stop(true);
  }

  bool AwaitLogon() {
    return Await([this] { return is_on_; });
  }
  bool AwaitLogout() {
    return Await([this] { return !is_on_ && !goodbye_.empty(); });
  }
  std::string goodbye() {
    const std::lock_guard lock(mutex_);
    return goodbye_;
  }
  bool Send(FIX::Message message) {
    FIX::Session* const session = FIX::Session::lookupSession(id());
    return session != nullptr && session->send(message);
  }
  FIX::Session& session() { return *FIX::Session::lookupSession(id()); }
  FIX::SessionID id() const { return {"FIX.4.4", client_, "CAPCLEAR"}; }

  // The next message for which `is_it`; others before it are dropped. Empty after a while.
  std::optional<FIX::Message> Next(const std::function<bool(const FIX::Message&)>& is_it) {
    std::unique_lock lock(mutex_);
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (true) {
      while (!inbox_.empty()) {
        const FIX::Message message = inbox_.front();
        inbox_.pop_front();
        if (is_it(message)) return message;
      }
      if (changed_.wait_until(lock, until) == std::cv_status::timeout) return std::nullopt;
    }
  }
  // All that have come.
  std::deque<FIX::Message> All() {
    const std::lock_guard lock(mutex_);
    return std::exchange(inbox_, {});
  }
  std::optional<FIX::Message> NextOf(const std::string& type) {
    return Next([&](const FIX::Message& message) {
      return ValueOf(message.getHeader(), FIX::FIELD::MsgType) == type;
    });
  }
  // The next ExecutionReport with this ExecType.
  std::optional<FIX::Message> NextReport(const std::string& exec_type) {
    return Next([&](const FIX::Message& message) {
      return ValueOf(message.getHeader(), FIX::FIELD::MsgType) == "8" &&
             ValueOf(message, FIX::FIELD::ExecType) == exec_type;
    });
  }

  void onCreate(const FIX::SessionID&) override {}
  void onLogon(const FIX::SessionID&) override {
    Change([this] { is_on_ = true; });
  }
  void onLogout(const FIX::SessionID&) override {
    Change([this] { is_on_ = false; });
  }
  void toAdmin(FIX::Message& message, const FIX::SessionID&) override {
    if (ValueOf(message.getHeader(), FIX::FIELD::MsgType) != "A") return;
    message.setField(FIX::FIELD::Password, password_);
    for (const auto& [tag, value] : logon_) message.setField(tag, value);
  }
  void toApp(FIX::Message&, const FIX::SessionID&) override {}
  void fromAdmin(const FIX::Message& message, const FIX::SessionID&) override {
    const std::string type = ValueOf(message.getHeader(), FIX::FIELD::MsgType);
    Change([&] {
      if (type == "5") goodbye_ = ValueOf(message, FIX::FIELD::Text) + "|";
      if (type == "3") inbox_.push_back(message);
    });
  }
  void fromApp(const FIX::Message& message, const FIX::SessionID&) override {
    Change([&] { inbox_.push_back(message); });
  }

 private:
  void Change(const std::function<void()>& change) {
    const std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }
  bool Await(const std::function<bool()>& is_so) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, is_so);
  }

  const std::string client_, password_;
  const std::map<int, std::string> logon_;
  const std::string folder_;
  FIX::FileStoreFactory stores_;
  FIX::SessionSettings settings_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<FIX::Message> inbox_;
  bool is_on_ = false;
  bool is_started_ = false;
  std::string goodbye_;
  std::unique_ptr<FIX::SocketInitiator> initiator_;
};

// A message as "35=D 11=a 38=10", values without spaces.
inline FIX::Message Said(const std::string& text) {
  FIX::Message message;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    const int tag = std::stoi(word.substr(0, equals));
    const std::string value = word.substr(equals + 1);
    if (tag == FIX::FIELD::MsgType) {
      message.getHeader().setField(tag, value);
    } else {
      message.setField(tag, value);
    }
  }
  if (ValueOf(message.getHeader(), FIX::FIELD::MsgType).find_first_of("DFGq") == 0) {
    message.setField(FIX::FIELD::TransactTime, "20260302-09:30:00");
  }
  return message;
}
// A limit order for the day; `more` adds and overrides.
inline FIX::Message Limit(const std::string& id, char side, const std::string& price,
                          const std::string& quantity, const std::string& more = {}) {
  return Said("35=D 11=" + id + " 55=" + kSymbol + " 54=" + side + " 40=2 44=" + price +
              " 38=" + quantity + " " + more);
}

// ---- A client of raw bytes ----

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : socket_(context_) {
    socket_.open(boost::asio::ip::tcp::v4());
    // Little is under way to who does not read.
    socket_.set_option(boost::asio::socket_base::receive_buffer_size(65'536));
    socket_.connect({boost::asio::ip::address_v4::loopback(), port});
  }

  void Bytes(std::string_view bytes) {
    boost::system::error_code ignored;
    boost::asio::write(socket_, boost::asio::buffer(bytes), ignored);
  }
  // A well-formed message: "35=D|11=a"; header and trailer are added, with what `header` says
  // otherwise, as "34=7|56=X".
  static std::string Message(const std::string& body, const std::string& header) {
    std::vector<std::pair<int, std::string>> fields = Parts(body);
    const auto stamp = Now();
    std::vector<std::pair<int, std::string>> head{{49, "10"}, {56, "CAPCLEAR"}, {52, stamp}};
    for (const auto& [tag, value] : Parts(header)) {
      const auto same = std::find_if(head.begin(), head.end(),
                                     [tag = tag](const auto& it) { return it.first == tag; });
      if (same == head.end()) {
        head.emplace_back(tag, value);
      } else if (value.empty()) {
        head.erase(same);
      } else {
        same->second = value;
      }
    }
    std::vector<Field> all{{fields[0].first, fields[0].second}};
    for (const auto& [tag, value] : head) all.push_back({tag, value});
    for (std::size_t i = 1; i < fields.size(); ++i) {
      all.push_back({fields[i].first, fields[i].second});
    }
    return Framed(all);
  }
  // The same with the next number.
  void Say(const std::string& body, const std::string& header = {}) {
    Bytes(Message(body, "34=" + std::to_string(next_++) + "|" + header));
  }
  void LogOn(const std::string& client = "10", const std::string& more = {}) {
    client_ = client;
    Say("35=A|98=0|108=30|554=secret|141=Y" + more, "49=" + client);
  }
  void set_next(int next) { next_ = next; }
  int next() const { return next_; }

  // The next message, empty when the connection has ended.
  std::string Next() {
    while (true) {
      auto message = frames_.Next();
      if (message.ok() && message.value()) return **message;
      if (!message.ok()) return "garbage from the venue: " + message.error();
      std::array<char, 4'096> bytes{};
      boost::system::error_code error;
      const std::size_t size = socket_.read_some(boost::asio::buffer(bytes), error);
      if (error) return {};
      frames_.Add({bytes.data(), size});
    }
  }
  // The next message of a type with all fields in it, as "35=5|58=...|"; empty: the end came first.
  std::string NextOf(const std::string& type) {
    while (true) {
      std::string message = Next();
      if (message.empty()) return {};
      std::replace(message.begin(), message.end(), kSoh, '|');
      if (message.find("|35=" + type + "|") != message.npos) return message;
    }
  }
  bool HasEnded() {
    while (!Next().empty()) {
    }
    return true;
  }
  void Close() { socket_.close(); }

  static std::string Now(int seconds_off = 0) {
    const std::time_t now = std::time(nullptr) + seconds_off;
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y%m%d-%H:%M:%S", &parts);
    return text.data();
  }

 private:
  static std::vector<std::pair<int, std::string>> Parts(const std::string& text) {
    std::vector<std::pair<int, std::string>> parts;
    std::istringstream words(text);
    for (std::string word; std::getline(words, word, '|');) {
      const std::size_t equals = word.find('=');
      if (equals == word.npos) continue;
      parts.emplace_back(std::stoi(word.substr(0, equals)), word.substr(equals + 1));
    }
    return parts;
  }

  boost::asio::io_context context_;
  boost::asio::ip::tcp::socket socket_;
  Frames frames_;
  std::string client_;
  int next_ = 1;
};

}  // namespace ets::server::fix
