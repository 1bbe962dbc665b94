#include "server/binary_entry.h"

#include <gmock/gmock.h>

#include <boost/asio.hpp>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <mutex>

#include "base/prng.h"
#include "server/binary_protocol.h"
#include "server/deposits_link.h"

namespace ets::server {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using asio::ip::tcp;
using binary::Kind;
using boost::system::error_code;
using ::testing::HasSubstr;

constexpr std::uint32_t kSeller = 10;
constexpr std::uint32_t kBuyer = 20;

// A registry that knows two escrow accounts: 10 with units, 20 with cash.
class TwoMembers final : public DepositsLink {
 public:
  TwoMembers()
      : DepositsLink({{1, AccountId(kSeller), LedgerId(0), 100'000},
                      {2, AccountId(kBuyer), LedgerId(1), 900'000'000}}) {}
};

// A client of raw bytes.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(context_) {
    socket_.connect(tcp::endpoint(asio::ip::address_v4::loopback(), port));
  }

  template <typename Message>
  void Send(const Message& message) {
    SendBytes(&message, sizeof(Message));
  }
  void SendBytes(const void* bytes, std::size_t size) {
    error_code ignored;
    asio::write(socket_, asio::buffer(bytes, size), ignored);
  }
  // The next message of the kind; others are passed over. Empty: the connection has ended.
  template <typename Message>
  std::optional<Message> Next(Kind kind) {
    while (true) {
      std::array<std::byte, binary::kMessageMax> bytes{};
      error_code error;
      asio::read(socket_, asio::buffer(bytes.data(), sizeof(binary::Header)), error);
      if (error) return std::nullopt;
      const auto header = binary::ReadAs<binary::Header>(bytes);
      heard.push_back(header.kind);
      asio::read(socket_, asio::buffer(bytes.data() + sizeof(header), header.size - sizeof(header)),
                 error);
      if (error) return std::nullopt;
      if (header.kind == kind) return binary::ReadAs<Message>(bytes);
      if (header.kind == Kind::kGoodbye) return std::nullopt;
    }
  }
  std::string Goodbye() {
    const auto goodbye = Next<binary::Goodbye>(Kind::kGoodbye);
    return goodbye ? std::string(binary::TextOf(goodbye->reason)) : "closed without a word";
  }
  void LogOn(std::uint32_t member, bool cancel_on_disconnect = false,
             std::string_view token = "secret") {
    auto logon = binary::Make<binary::Logon>(Kind::kLogon);
    logon.member = member;
    logon.cancel_on_disconnect = cancel_on_disconnect ? 1 : 0;
    binary::SetText(logon.token, token);
    Send(logon);
  }
  void Close() { socket_.close(); }

  std::vector<Kind> heard;  // All kinds that came, in order.

 private:
  asio::io_context context_;
  tcp::socket socket_;
};

binary::Place Order(std::uint64_t tag, matching::Side side, std::int64_t limit,
                    std::int64_t quantity, std::uint64_t client_id = 0) {
  auto place = binary::Make<binary::Place>(Kind::kPlace);
  place.tag = tag;
  place.client_id = client_id;
  place.side = static_cast<std::uint8_t>(side);
  place.type = 1;
  place.limit = limit;
  place.quantity = quantity;
  place.time_in_force = 1;
  place.self_trade = 2;
  return place;
}

class BinaryEntryTest : public ::testing::Test {
 protected:
  BinaryEntryTest() {
    std::string pattern = (fs::temp_directory_path() / "capclear-binary-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    link_ = std::make_unique<TwoMembers>();
    ExchangeOptions options;
    options.data = folder_;
    options.fsync = false;
    options.now = [] { return SimTime{1'772'440'000'000'000}; };  // 2026-03-02.
    auto exchange = LiveExchange::Open(options, *link_);
    EXPECT_TRUE(exchange.ok());
    exchange_ = std::move(exchange.value());
    venue_ = Venue::Open(*exchange_, {});
    for (int i = 0; i < 500 && !(Member(kSeller) && Member(kBuyer)); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    const auto listed = venue_->Operate(
        market::ListInstrument{LedgerId(0), LedgerId(1), Price::FromMinorPerTonne(7'000)});
    EXPECT_TRUE(listed.ok());
    EXPECT_TRUE(venue_->Operate(market::OpenSession{Date::Of(2026, 3, 2)}).ok());
    auto entry = BinaryEntry::Open(
        *venue_, {.admit = [this](std::string_view token,
                                  AccountId escrow) -> Result<MemberId, std::string> {
                    const auto member = Member(escrow.raw());
                    if (token != "secret" || !member) return Fail{std::string("unknown")};
                    return *member;
                  },
                  .connections_max = 64});
    EXPECT_TRUE(entry.ok());
    entry_ = std::move(entry.value());
  }
  ~BinaryEntryTest() override {
    entry_.reset();
    venue_->Shutdown();
    link_->Stop();
    exchange_->Shutdown();
    venue_.reset();
    exchange_.reset();
    fs::remove_all(folder_);
  }
  std::optional<MemberId> Member(std::uint32_t escrow) {
    return exchange_->FindMember(AccountId(escrow));
  }

  std::string folder_;
  std::unique_ptr<TwoMembers> link_;
  std::unique_ptr<LiveExchange> exchange_;
  std::unique_ptr<Venue> venue_;
  std::unique_ptr<BinaryEntry> entry_;
};

TEST_F(BinaryEntryTest, TakesOrdersAnswersAndReportsTrades) {
  Client seller(entry_->port());
  Client buyer(entry_->port());
  seller.LogOn(kSeller);
  buyer.LogOn(kBuyer);
  ASSERT_TRUE(seller.Next<binary::Welcome>(Kind::kWelcome));
  seller.Send(Order(7, matching::Side::kSell, 7'010, 100, 42));
  const auto rested = seller.Next<binary::Answer>(Kind::kAnswer);
  ASSERT_TRUE(rested);
  EXPECT_EQ(rested->tag, 7U);
  EXPECT_EQ(rested->refusal, 0U);
  EXPECT_EQ(rested->open, 100);

  buyer.Send(Order(8, matching::Side::kBuy, 7'020, 30));
  const auto bought = buyer.Next<binary::Answer>(Kind::kAnswer);
  ASSERT_TRUE(bought);
  EXPECT_EQ(bought->traded, 30);
  EXPECT_EQ(bought->value, 30 * 7'010);
  while (true) {
    const auto report = seller.Next<binary::Report>(Kind::kReport);
    ASSERT_TRUE(report);
    if (report->event != static_cast<std::uint8_t>(market::OrderEventKind::kTraded)) continue;
    EXPECT_EQ(report->last_quantity, 30);
    EXPECT_EQ(report->last_price, 7'010);
    EXPECT_EQ(report->open, 70);
    EXPECT_EQ(binary::TextOf(report->client_id), "42");
    break;
  }
}

// So that nobody sees more of a book here than the session type shows everybody.
TEST_F(BinaryEntryTest, TellsNothingOfOthersOrders) {
  Client seller(entry_->port()), buyer(entry_->port());
  seller.LogOn(kSeller);
  buyer.LogOn(kBuyer);
  ASSERT_TRUE(buyer.Next<binary::Welcome>(Kind::kWelcome));
  for (std::uint64_t i = 0; i < 12; ++i) {
    seller.Send(Order(i, matching::Side::kSell, 7'010 + static_cast<std::int64_t>(i), 100));
    ASSERT_TRUE(seller.Next<binary::Answer>(Kind::kAnswer));
  }
  buyer.Send(Order(1, matching::Side::kBuy, 6'900, 30));
  const auto answer = buyer.Next<binary::Answer>(Kind::kAnswer);
  ASSERT_TRUE(answer);
  buyer.Send(binary::Make<binary::Logout>(Kind::kLogout));
  while (const auto report = buyer.Next<binary::Report>(Kind::kReport)) {
    EXPECT_EQ(report->order, answer->order);
  }
  EXPECT_LE(std::count(buyer.heard.begin(), buyer.heard.end(), Kind::kReport), 2);
  for (const Kind kind : buyer.heard) {
    EXPECT_TRUE(kind == Kind::kWelcome || kind == Kind::kAnswer || kind == Kind::kReport ||
                kind == Kind::kGoodbye);
  }
}

TEST_F(BinaryEntryTest, SaysWhichLimitARefusedOrderBroke) {
  Client client(entry_->port());
  client.LogOn(kBuyer);
  client.Send(Order(1, matching::Side::kBuy, 9'000, 10));
  const auto answer = client.Next<binary::Answer>(Kind::kAnswer);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->refusal, static_cast<std::uint16_t>(market::Refusal::kPriceOutsideBand));
  EXPECT_EQ(answer->asked, 9'000);
  EXPECT_EQ(answer->limit, 7'700);
}

TEST_F(BinaryEntryTest, AppliesARepeatedOrderOnceAndAnswersItAlike) {
  Client client(entry_->port());
  client.LogOn(kSeller);
  client.Send(Order(1, matching::Side::kSell, 7'000, 10, 77));
  const auto first = client.Next<binary::Answer>(Kind::kAnswer);
  Client again(entry_->port());
  again.LogOn(kSeller);
  again.Send(Order(2, matching::Side::kSell, 7'000, 10, 77));
  const auto second = again.Next<binary::Answer>(Kind::kAnswer);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->order, second->order);
  EXPECT_EQ(first->sequence, second->sequence);
}

TEST_F(BinaryEntryTest, ChangesCancelsAndCancelsAll) {
  Client client(entry_->port());
  client.LogOn(kSeller);
  client.Send(Order(1, matching::Side::kSell, 7'000, 10, 5));
  const auto placed = client.Next<binary::Answer>(Kind::kAnswer);
  ASSERT_TRUE(placed);
  auto change = binary::Make<binary::Change>(Kind::kChange);
  change.tag = 2;
  change.order = placed->order;
  change.quantity = 4;
  client.Send(change);
  EXPECT_EQ(client.Next<binary::Answer>(Kind::kAnswer)->open, 4);
  auto cancel = binary::Make<binary::Cancel>(Kind::kCancel);
  cancel.tag = 3;
  cancel.client_id = 5;
  client.Send(cancel);
  EXPECT_EQ(client.Next<binary::Answer>(Kind::kAnswer)->refusal, 0U);
  client.Send(cancel);
  EXPECT_EQ(client.Next<binary::Answer>(Kind::kAnswer)->refusal,
            static_cast<std::uint16_t>(market::Refusal::kOrderNotFound));
  client.Send(Order(4, matching::Side::kSell, 7'000, 10));
  auto all = binary::Make<binary::CancelAll>(Kind::kCancelAll);
  all.tag = 5;
  client.Send(all);
  EXPECT_EQ(client.Next<binary::Answer>(Kind::kAnswer)->tag, 4U);
  EXPECT_EQ(client.Next<binary::Answer>(Kind::kAnswer)->tag, 5U);
}

TEST_F(BinaryEntryTest, CancelsWhatADisconnectedClientLeftIfItAskedForThat) {
  Client watcher(entry_->port());
  watcher.LogOn(kSeller);
  ASSERT_TRUE(watcher.Next<binary::Welcome>(Kind::kWelcome));
  Client client(entry_->port());
  client.LogOn(kSeller, true);
  client.Send(Order(1, matching::Side::kSell, 7'000, 10));
  ASSERT_TRUE(client.Next<binary::Answer>(Kind::kAnswer));
  client.Close();
  while (true) {
    const auto report = watcher.Next<binary::Report>(Kind::kReport);
    ASSERT_TRUE(report);
    if (report->event == static_cast<std::uint8_t>(market::OrderEventKind::kCancelled)) break;
  }
}

TEST_F(BinaryEntryTest, SaysGoodbyeWithTheReason) {
  struct Case {
    std::function<void(Client&)> offend;
    const char* reason;
  };
  for (const Case& offence : std::initializer_list<Case>{
           {[](Client& it) { it.Send(Order(1, matching::Side::kBuy, 7'000, 1)); },
            "the first message must be a logon"},
           {[](Client& it) { it.LogOn(kSeller, false, "wrong"); }, "unknown"},
           {[](Client& it) { it.LogOn(99); }, "unknown"},
           {[](Client& it) {
              it.LogOn(kSeller);
              it.LogOn(kSeller);
            },
            "a second logon"},
           {[](Client& it) {
              it.LogOn(kSeller);
              auto place = Order(1, matching::Side::kBuy, 7'000, 1);
              place.side = 9;
              it.Send(place);
            },
            "side 9; allowed: 1 to 2"},
           {[](Client& it) {
              it.LogOn(kSeller);
              auto place = Order(1, matching::Side::kBuy, 7'000, 1);
              place.header.size = 71;
              it.Send(place);
            },
            "size 71 of kind 2; allowed: 72"},
           {[](Client& it) { it.SendBytes("GET / HTTP/1.1\r\n\r\n", 18); }, "kind 84"},
           {[](Client& it) {
              it.LogOn(kSeller);
              it.Send(binary::Make<binary::Logout>(Kind::kLogout));
            },
            "BY_CLIENT"}}) {
    Client client(entry_->port());
    offence.offend(client);
    EXPECT_THAT(client.Goodbye(), HasSubstr(offence.reason));
  }
}

// Bytes of all kinds, cut anywhere: their connections end, another one's goes on.
TEST_F(BinaryEntryTest, OutlivesRandomBytes) {
  Client honest(entry_->port());
  honest.LogOn(kSeller);
  ASSERT_TRUE(honest.Next<binary::Welcome>(Kind::kWelcome));
  Prng dice(3);
  for (int i = 0; i < 300; ++i) {
    Client client(entry_->port());
    if (dice.Chance(0.7)) client.LogOn(dice.Chance(0.5) ? kSeller : kBuyer);
    std::string bytes;
    for (std::uint64_t parts = dice.Below(6); parts > 0; --parts) {
      auto place = Order(dice.Next(), matching::Side::kBuy, static_cast<std::int64_t>(dice.Next()),
                         static_cast<std::int64_t>(dice.Next()), dice.Next());
      std::string part(reinterpret_cast<const char*>(&place), sizeof(place));
      const std::size_t from = dice.Chance(0.5) ? 4 : 0;
      for (std::uint64_t flips = dice.Below(8); flips > 0; --flips) {
        part[from + dice.Below(part.size() - from)] = static_cast<char>(dice.Next());
      }
      bytes += part;
    }
    bytes.resize(dice.Below(bytes.size() + 1));
    client.SendBytes(bytes.data(), bytes.size());
    if (i % 50 == 0) {
      honest.Send(Order(1'000, matching::Side::kSell, 7'000, 1));
      const auto answer = honest.Next<binary::Answer>(Kind::kAnswer);
      ASSERT_TRUE(answer);
      EXPECT_EQ(answer->refusal, 0U);
    }
  }
}

TEST_F(BinaryEntryTest, SaysHowManyOrdersWereCancelled) {
  Client client(entry_->port());
  client.LogOn(kSeller);
  for (std::uint64_t tag = 1; tag <= 3; ++tag) {
    binary::Place order = Order(tag, matching::Side::kSell, 7'000, 10);
    order.self_trade = 0;  // As wherever nothing is said: cancel the resting one.
    client.Send(order);
    ASSERT_EQ(client.Next<binary::Answer>(Kind::kAnswer)->refusal, 0);
  }
  auto all = binary::Make<binary::CancelAll>(Kind::kCancelAll);
  client.Send(all);
  EXPECT_EQ(client.Next<binary::Answer>(Kind::kAnswer)->cancelled, 3);
}

TEST_F(BinaryEntryTest, TellsOthersThatADisconnectTookTheOrder) {
  Client watcher(entry_->port());
  watcher.LogOn(kSeller);
  ASSERT_TRUE(watcher.Next<binary::Welcome>(Kind::kWelcome));
  Client client(entry_->port());
  client.LogOn(kSeller, true);
  client.Send(Order(1, matching::Side::kSell, 7'000, 10));
  ASSERT_EQ(client.Next<binary::Answer>(Kind::kAnswer)->refusal, 0);
  client.Close();
  std::optional<binary::Report> report;
  do {
    report = watcher.Next<binary::Report>(Kind::kReport);
    ASSERT_TRUE(report);
  } while (report->event != static_cast<std::uint8_t>(market::OrderEventKind::kCancelled));
  EXPECT_EQ(report->reason, static_cast<std::uint8_t>(market::CancelReason::kDisconnected));
}

// The registry of this test knows of no balances.
TEST_F(BinaryEntryTest, RefusesAMemberWhoseBalancesDifferedInTheEvening) {
  const Patience patience{std::chrono::system_clock::now() + std::chrono::seconds(30), {}};
  const auto closed = exchange_->CloseDay(patience);
  ASSERT_TRUE(closed.ok());
  EXPECT_EQ(closed->mismatches.size(), 2U);
  ASSERT_TRUE(venue_->Operate(market::OpenSession{Date::Of(2026, 3, 3)}).ok());
  Client client(entry_->port());
  client.LogOn(kSeller);
  client.Send(Order(1, matching::Side::kSell, 7'000, 10));
  const auto answer = client.Next<binary::Answer>(Kind::kAnswer);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->refusal, static_cast<std::uint16_t>(market::Refusal::kMemberBlocked));
  EXPECT_EQ(answer->asked, kSeller);
  ASSERT_TRUE(venue_->Operate(market::BlockMember{*Member(kSeller), false}).ok());
  client.Send(Order(2, matching::Side::kSell, 7'000, 10));
  EXPECT_EQ(client.Next<binary::Answer>(Kind::kAnswer)->refusal, 0);
}

}  // namespace
}  // namespace ets::server
