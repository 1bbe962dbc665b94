#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <thread>

#include "ets/market/v1/market_data_service.grpc.pb.h"
#include "ets/market/v1/market_service.grpc.pb.h"
#include "ets/market/v1/order_entry_service.grpc.pb.h"

// What the example bots share: a connection, an order-entry stream and one question about the book.
// One request at a time, one thread: the simplest thing that trades. Copy it.
namespace ets::bots {

namespace mk = ::ets::market::v1;

struct Options {
  std::string server, token, member, instrument;
  int seconds = 10;

  // SERVER MEMBER INSTRUMENT [SECONDS], as in 127.0.0.1:50051 members/4 instruments/CEA26-CNY 10;
  // the token is taken from CAPCLEAR_TOKEN.
  static Options Read(int argc, char** argv) {
    Options options;
    if (argc > 4) options.seconds = std::atoi(argv[4]);
    if (argc < 4 || argc > 5 || options.seconds <= 0) {
      std::cerr << "usage: " << argv[0] << " HOST:PORT members/N instruments/NAME [SECONDS]\n"
                << "SECONDS: a whole number from 1; 10 if left out\n";
      std::exit(2);
    }
    options.server = argv[1];
    options.member = argv[2];
    options.instrument = argv[3];
    if (const char* const token = std::getenv("CAPCLEAR_TOKEN")) options.token = token;
    return options;
  }
};

class Trader {
 public:
  explicit Trader(const Options& options)
      : options_(options),
        channel_(grpc::CreateChannel(options.server, grpc::InsecureChannelCredentials())),
        market_(mk::MarketService::NewStub(channel_)),
        entry_(mk::OrderEntryService::NewStub(channel_)) {
    Authorize(context_);
    stream_ = entry_->Trade(&context_);
    mk::TradeRequest logon;
    logon.mutable_logon()->set_member(options.member);
    logon.mutable_logon()->set_cancel_on_disconnect(true);  // A bot that dies leaves no orders.
    stream_->Write(logon);
    mk::TradeResponse response;
    if (!stream_->Read(&response)) {
      std::cerr << "logon: " << stream_->Finish().error_message() << "\n";
      std::exit(1);
    }
  }
  ~Trader() {
    stream_->WritesDone();
    mk::TradeResponse response;
    while (stream_->Read(&response)) Hear(response);
    stream_->Finish();
  }

  // The best prices and the band now.
  mk::GetBookResponse Book() {
    grpc::ClientContext context;
    Authorize(context);
    mk::GetBookRequest request;
    request.set_instrument(options_.instrument);
    mk::GetBookResponse book;
    const grpc::Status status = market_->GetBook(&context, request, &book);
    if (!status.ok()) std::cerr << "book: " << status.error_message() << "\n";
    return book;
  }

  // Places an order and waits for its answer; fills that are reported meanwhile are counted.
  mk::TradeResponse Place(mk::Side side, std::int64_t price, std::int64_t quantity,
                          mk::TimeInForce time_in_force = mk::TIME_IN_FORCE_DAY) {
    mk::TradeRequest request;
    mk::OrderDraft& draft = *request.mutable_place();
    draft.set_instrument(options_.instrument);
    draft.set_side(side);
    draft.set_price(price);
    draft.set_quantity(quantity);
    draft.set_time_in_force(time_in_force);
    return Ask(std::move(request));
  }
  mk::TradeResponse CancelAll() {
    mk::TradeRequest request;
    request.mutable_mass_cancel()->set_instrument(options_.instrument);
    return Ask(std::move(request));
  }

  std::int64_t bought() const { return bought_; }
  std::int64_t sold() const { return sold_; }

 private:
  mk::TradeResponse Ask(mk::TradeRequest request) {
    request.set_request(++last_);
    stream_->Write(request);
    mk::TradeResponse response;
    while (stream_->Read(&response)) {
      const bool is_answer = response.has_receipt() || response.has_rejection();
      if (is_answer && response.request() == last_) return response;
      Hear(response);
    }
    std::cerr << "the stream ended: " << stream_->Finish().error_message() << "\n";
    std::exit(1);
  }
  void Hear(const mk::TradeResponse& response) {
    if (!response.has_execution()) return;
    const mk::ExecutionReport& report = response.execution();
    if (report.kind() != mk::EXECUTION_KIND_TRADED) return;
    (report.side() == mk::SIDE_BUY ? bought_ : sold_) += report.last_quantity();
  }
  void Authorize(grpc::ClientContext& context) const {
    if (!options_.token.empty()) context.AddMetadata("authorization", "Bearer " + options_.token);
  }

  const Options options_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<mk::MarketService::Stub> market_;
  std::unique_ptr<mk::OrderEntryService::Stub> entry_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<mk::TradeRequest, mk::TradeResponse>> stream_;
  std::uint64_t last_ = 0;
  std::int64_t bought_ = 0, sold_ = 0;
};

// Calls `step` every `pause` until the time is over, and says what came of it.
inline int Trade(const Options& options, std::chrono::milliseconds pause,
                 const std::function<void(Trader&)>& step) {
  Trader trader(options);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(options.seconds);
  while (std::chrono::steady_clock::now() < end) {
    step(trader);
    std::this_thread::sleep_for(pause);
  }
  trader.CancelAll();
  std::cout << "bought " << trader.bought() << " t, sold " << trader.sold() << " t\n";
  return 0;
}

}  // namespace ets::bots
