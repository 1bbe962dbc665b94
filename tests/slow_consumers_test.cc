// Who does not read what it is sent is conflated or cut with a reason. What waits for it is
// bounded, and everybody else trades on.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <string>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "server/binary_protocol.h"
#include "tests/market_place.h"

namespace ets {
namespace {

namespace binary = server::binary;

// Few may wait, so that a test need not send much.
constexpr std::size_t kWaitingMax = 100;
// A client's window and the server's buffer for one stream, doubled, and what waits on top.
constexpr std::size_t kBytesMax = 200'000;
// Each a trade, which tells each watcher more than kBytesMax in all.
constexpr int kRounds = 4'000;
// Nobody waits longer for what does not come.
constexpr std::chrono::seconds kPatience(30);

gpr_timespec Deadline() {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_seconds(kPatience.count(), GPR_TIMESPAN));
}

// A member that reads what it is sent, and waits for each answer.
class Member {
 public:
  Member(MarketPlace& place, int member) : stream_(place.entry().Trade(&context_)) {
    mk::TradeRequest request;
    request.mutable_logon()->set_member(MarketPlace::Member(member));
    request.mutable_logon()->set_groups(true);
    context_.set_deadline(Deadline());
    stream_->Write(request);
    mk::TradeResponse logged_on;
    EXPECT_TRUE(stream_->Read(&logged_on));
  }
  ~Member() {
    context_.TryCancel();
    stream_->Finish();
  }
  // Whether it was accepted.
  bool Place(mk::Side side, std::int64_t price, std::int64_t quantity) {
    mk::TradeRequest request;
    request.set_request(++last_);
    mk::OrderDraft& draft = *request.mutable_place();
    draft.set_instrument(MarketPlace::kInstrument);
    draft.set_side(side);
    draft.set_price(price);
    draft.set_quantity(quantity);
    stream_->Write(request);
    mk::TradeResponse response;
    while (stream_->Read(&response)) {
      if (IsReceipt(response)) return true;
      for (const auto& one : response.group().responses()) {
        if (IsReceipt(one)) return true;
      }
    }
    return false;
  }

 private:
  bool IsReceipt(const mk::TradeResponse& response) const {
    return response.has_receipt() && response.request() == last_;
  }

  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<mk::TradeRequest, mk::TradeResponse>> stream_;
  std::uint64_t last_ = 0;
};

// Keeps the best prices busy: one rests, the other trades with part of it. How many of the orders
// were accepted.
int TradeOn(Member& maker, Member& taker, int rounds) {
  int accepted = 0;
  for (int i = 0; i < rounds; ++i) {
    const bool is_bid = i % 2 == 0;
    const int away = i / 2 % 5;
    accepted += maker.Place(is_bid ? mk::SIDE_BUY : mk::SIDE_SELL,
                            is_bid ? 6'990 - away : 7'010 + away, 2 + i % 3);
    accepted += taker.Place(is_bid ? mk::SIDE_SELL : mk::SIDE_BUY, is_bid ? 6'980 : 7'020, 1);
  }
  return accepted;
}

// A stream that one begins and then leaves unread.
template <typename Response>
class Sleeper {
 public:
  template <typename Begin>
  explicit Sleeper(const Begin& begin) {
    context_.set_deadline(Deadline());
    reader_ = begin(&context_);
    Response first;
    EXPECT_TRUE(reader_->Read(&first));
  }
  ~Sleeper() {
    context_.TryCancel();
    if (!is_over_) reader_->Finish();
  }
  bool Read() {
    Response next;
    if (!reader_->Read(&next)) return false;
    last_ = std::move(next);
    ++count_;
    bytes_ += last_.ByteSizeLong();
    return true;
  }
  grpc::Status End() {
    while (Read()) {
    }
    is_over_ = true;
    return reader_->Finish();
  }
  const Response& last() const { return last_; }
  std::size_t count() const { return count_; }  // Of what was read late.
  std::size_t bytes() const { return bytes_; }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<Response>> reader_;
  Response last_;
  std::size_t count_ = 0, bytes_ = 0;
  bool is_over_ = false;
};

// On a connection of its own, so that nobody shares its window, which does not grow.
std::shared_ptr<grpc::Channel> Alone(MarketPlace& place) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  return grpc::CreateCustomChannel(place.address(), grpc::InsecureChannelCredentials(), arguments);
}

template <typename Request>
Request OfTheInstrument() {
  Request request;
  request.set_instrument(MarketPlace::kInstrument);
  return request;
}

void ExpectCut(const grpc::Status& end) {
  EXPECT_EQ(end.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << end.error_message();
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(details.ParseFromString(end.error_details()));
  ASSERT_EQ(details.details_size(), 1);
  details.details(0).UnpackTo(&info);
  EXPECT_EQ(info.reason(), "READS_TOO_SLOWLY");
}

using Levels = std::map<std::int64_t, std::int64_t>;

void Take(const google::protobuf::RepeatedPtrField<mk::Level>& levels, Levels& into) {
  for (const mk::Level& level : levels) {
    if (level.quantity() == 0) {
      into.erase(level.price());
    } else {
      into[level.price()] = level.quantity();
    }
  }
}

class SlowConsumers : public ::testing::Test {
 protected:
  SlowConsumers()
      : place_(3, {}, false, kWaitingMax),
        data_(mk::MarketDataService::NewStub(Alone(place_))),
        entry_(mk::OrderEntryService::NewStub(Alone(place_))) {}

  mk::GetBookResponse Book() {
    mk::GetBookResponse book;
    MarketPlace::Must(Call(place_.market(), &mk::MarketService::Stub::GetBook,
                           OfTheInstrument<mk::GetBookRequest>(), book));
    return book;
  }
  Sleeper<mk::WatchQuotesResponse> Quotes() {
    return Sleeper<mk::WatchQuotesResponse>([&](grpc::ClientContext* context) {
      return data_->WatchQuotes(context, OfTheInstrument<mk::WatchQuotesRequest>());
    });
  }
  Sleeper<mk::WatchDepthResponse> Depth() {
    return Sleeper<mk::WatchDepthResponse>([&](grpc::ClientContext* context) {
      return data_->WatchDepth(context, OfTheInstrument<mk::WatchDepthRequest>());
    });
  }

  MarketPlace place_;
  std::unique_ptr<mk::MarketDataService::Stub> data_;
  std::unique_ptr<mk::OrderEntryService::Stub> entry_;
};

TEST_F(SlowConsumers, OfMarketDataAndReportsHoldNobodyUp) {
  auto quotes = Quotes();
  auto depth = Depth();
  Sleeper<mk::WatchOrdersResponse> orders([&](grpc::ClientContext* context) {
    return data_->WatchOrders(context, OfTheInstrument<mk::WatchOrdersRequest>());
  });
  Sleeper<mk::WatchTradesResponse> trades([&](grpc::ClientContext* context) {
    return data_->WatchTrades(context, OfTheInstrument<mk::WatchTradesRequest>());
  });
  Sleeper<mk::DropCopyResponse> copy([&](grpc::ClientContext* context) {
    return entry_->DropCopy(context, mk::DropCopyRequest());
  });
  Member maker(place_, 0), taker(place_, 1);
  ASSERT_EQ(TradeOn(maker, taker, kRounds), 2 * kRounds);
  // What comes last, to know it by.
  constexpr std::int64_t kLastPrice = 7'009, kLastQuantity = 777;
  ASSERT_TRUE(maker.Place(mk::SIDE_SELL, kLastPrice, kLastQuantity));
  const mk::GetBookResponse book = Book();

  // The newest quotes win.
  while (quotes.last().offer().price() != kLastPrice) ASSERT_TRUE(quotes.Read());
  EXPECT_EQ(quotes.last().bid().price(), book.bids(0).price());
  EXPECT_EQ(quotes.last().bid().quantity(), book.bids(0).quantity());
  EXPECT_EQ(quotes.last().offer().quantity(), kLastQuantity);
  EXPECT_LT(quotes.bytes(), kBytesMax);
  // Depth begins anew, and what comes out of it is the book.
  Levels bids, offers, book_bids, book_offers;
  int snapshots = 0;
  while (!offers.contains(kLastPrice)) {
    const std::uint64_t number = depth.last().number();
    ASSERT_TRUE(depth.Read());
    EXPECT_GT(depth.last().number(), number);
    if (depth.last().snapshot()) bids.clear(), offers.clear(), ++snapshots;
    Take(depth.last().bids(), bids);
    Take(depth.last().offers(), offers);
  }
  Take(book.bids(), book_bids);
  Take(book.offers(), book_offers);
  EXPECT_EQ(bids, book_bids);
  EXPECT_EQ(offers, book_offers);
  EXPECT_GE(snapshots, 1);
  EXPECT_LT(depth.bytes(), kBytesMax);
  // Who may miss nothing is told so.
  ExpectCut(orders.End());
  EXPECT_LT(orders.bytes(), kBytesMax);
  ExpectCut(trades.End());
  EXPECT_LT(trades.bytes(), kBytesMax);
  ExpectCut(copy.End());
  EXPECT_LT(copy.bytes(), kBytesMax);
  EXPECT_EQ(TradeOn(maker, taker, 10), 20);
}

TEST_F(SlowConsumers, OfStatusGetTheNewest) {
  Sleeper<mk::WatchStatusResponse> status([&](grpc::ClientContext* context) {
    return data_->WatchStatus(context, OfTheInstrument<mk::WatchStatusRequest>());
  });
  constexpr int kHalts = 1'500;
  const auto halt = [&] {
    mk::HaltTradingResponse halted;
    MarketPlace::Must(Call(place_.market(), &mk::MarketService::Stub::HaltTrading,
                           OfTheInstrument<mk::HaltTradingRequest>(), halted));
  };
  std::uint64_t last = 0;
  for (int i = 0; i < kHalts; ++i) {
    halt();
    mk::ResumeTradingResponse resumed;
    MarketPlace::Must(Call(place_.market(), &mk::MarketService::Stub::ResumeTrading,
                           OfTheInstrument<mk::ResumeTradingRequest>(), resumed));
  }
  halt();
  const mk::GetBookResponse book = Book();
  last = book.sequence();
  while (status.last().sequence() < last) ASSERT_TRUE(status.Read());
  EXPECT_EQ(status.last().instrument().phase(), book.phase());
  EXPECT_LT(status.count(), std::size_t{2 * kHalts});
  EXPECT_LT(status.bytes(), kBytesMax);
}

TEST_F(SlowConsumers, OfTheirOwnAnswersAreCut) {
  grpc::ClientContext context;
  context.set_deadline(Deadline());
  const auto stream = entry_->Trade(&context);
  mk::TradeRequest request;
  request.mutable_logon()->set_member(MarketPlace::Member(2));
  stream->Write(request);
  // It reads nothing, not even that it is logged on.
  mk::OrderDraft& draft = *request.mutable_place();
  draft.set_instrument(MarketPlace::kInstrument);
  draft.set_side(mk::SIDE_BUY);
  draft.set_price(6'900);
  draft.set_quantity(1);
  for (std::uint64_t i = 1; i <= 5'000; ++i) {
    request.set_request(i);
    if (i % 10 == 0) draft.set_price(0);  // Is rejected, which takes room as well.
    if (!stream->Write(request)) break;
    draft.set_price(6'900);
  }
  Member maker(place_, 0), taker(place_, 1);
  EXPECT_EQ(TradeOn(maker, taker, 100), 200);
  mk::TradeResponse response;
  std::size_t bytes = 0;
  while (stream->Read(&response)) bytes += response.ByteSizeLong();
  ExpectCut(stream->Finish());
  EXPECT_LT(bytes, kBytesMax);
}

// A binary client that sends orders and does not read, until it reads all that there is.
class BinarySleeper {
 public:
  explicit BinarySleeper(std::uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    const int small = 4'096;
    setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
    timeval patience{kPatience.count(), 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  }
  ~BinarySleeper() { close(socket_); }
  template <typename Message>
  bool Send(const Message& message) {
    const auto sent = send(socket_, &message, sizeof(message), MSG_NOSIGNAL);
    return sent == static_cast<ssize_t>(sizeof(message));
  }
  // The reason in the goodbye, which is the last message; empty: there was none.
  std::string Goodbye() {
    std::string reason;
    std::array<std::byte, binary::kMessageMax> bytes{};
    while (Receive(bytes.data(), sizeof(binary::Header))) {
      EXPECT_EQ(reason, "");
      const auto header = binary::ReadAs<binary::Header>(bytes);
      if (!Receive(bytes.data() + sizeof(header), header.size - sizeof(header))) break;
      received_ += header.size;
      if (header.kind != binary::Kind::kGoodbye) continue;
      reason = binary::TextOf(binary::ReadAs<binary::Goodbye>(bytes).reason);
    }
    return reason;
  }
  std::size_t received() const { return received_; }

 private:
  bool Receive(std::byte* to, std::size_t size) {
    return recv(socket_, to, size, MSG_WAITALL) == static_cast<ssize_t>(size);
  }

  const int socket_;
  std::size_t received_ = 0;
};

TEST_F(SlowConsumers, OfTheBinaryProtocolGetAGoodbye) {
  BinarySleeper sleeper(place_.server().binary_port());
  auto logon = binary::Make<binary::Logon>(binary::Kind::kLogon);
  logon.member = static_cast<std::uint32_t>(MarketPlace::EscrowOf(2));
  ASSERT_TRUE(sleeper.Send(logon));
  auto order = binary::Make<binary::Place>(binary::Kind::kPlace);
  order.side = 1;
  order.type = 1;
  order.limit = 6'900;
  order.quantity = 1;
  order.time_in_force = 1;
  order.self_trade = 2;
  constexpr std::uint64_t kOrders = 60'000;
  for (order.tag = 1; order.tag <= kOrders; ++order.tag) ASSERT_TRUE(sleeper.Send(order));
  Member maker(place_, 0), taker(place_, 1);
  EXPECT_EQ(TradeOn(maker, taker, 100), 200);
  const std::string goodbye = sleeper.Goodbye();
  EXPECT_EQ(goodbye.find("reads too slowly"), std::size_t{0}) << "'" << goodbye << "'";
  // Twice what may wait, and what the sockets hold.
  EXPECT_LT(sleeper.received(), std::size_t{16} << 20U);
}

}  // namespace
}  // namespace ets
