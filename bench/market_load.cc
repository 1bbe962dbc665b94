// What the exchange costs through its gRPC stream: one client's order to acknowledgement, or many
// clients at a fixed rate. Server and clients share this process and its cores.
//
//   bin/market_load --mode ping --count 20000
//   bin/market_load --mode load --clients 3000 --rate 20000 --seconds 10 --fsync
//
// Load is open-loop: every order has its moment, and its latency counts from there, late or not.

#include <grpcpp/grpcpp.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <iostream>
#include <random>

#include "tests/market_place.h"

namespace ets {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::nanoseconds;

struct Options {
  std::string mode = "ping";
  int clients = 1;
  int channels = 0;  // 0: one a client.
  int count = 20'000;
  int rate = 20'000;
  int seconds = 10;
  bool fsync = false;
};

void PrintLatencies(std::vector<double>& micros) {
  std::sort(micros.begin(), micros.end());
  const auto at = [&](double part) {
    return micros.empty()
               ? 0
               : micros[std::min(
                     micros.size() - 1,
                     static_cast<std::size_t>(part * static_cast<double>(micros.size())))];
  };
  std::printf("us: p50 %.1f  p90 %.1f  p99 %.1f  p99.9 %.1f  max %.1f\n", at(0.5), at(0.9),
              at(0.99), at(0.999), micros.empty() ? 0 : micros.back());
}

mk::TradeRequest OrderOf(std::uint64_t number, std::mt19937_64& dice) {
  mk::TradeRequest request;
  request.set_request(number);
  mk::OrderDraft& draft = *request.mutable_place();
  draft.set_instrument(MarketPlace::kInstrument);
  draft.set_side(dice() % 2 == 0 ? mk::SIDE_BUY : mk::SIDE_SELL);
  draft.set_price(6'990 + static_cast<std::int64_t>(dice() % 20));
  draft.set_quantity(1 + static_cast<std::int64_t>(dice() % 5));
  draft.set_client_order_id("c" + std::to_string(number));
  return request;
}

void Ping(const Options& options) {
  server::VenueOptions venue;
  if (!options.fsync) venue.acknowledge = server::Acknowledge::kBeforeSync;
  MarketPlace place(1, venue, options.fsync);
  grpc::ClientContext context;
  const auto stream = place.entry().Trade(&context);
  mk::TradeRequest logon;
  logon.mutable_logon()->set_member(MarketPlace::Member(0));
  stream->Write(logon);
  mk::TradeResponse response;
  stream->Read(&response);
  std::mt19937_64 dice(1);
  std::vector<double> micros;
  for (int i = 1; i <= options.count; ++i) {
    const mk::TradeRequest request = OrderOf(static_cast<std::uint64_t>(i), dice);
    const auto begin = Clock::now();
    stream->Write(request);
    do {
      if (!stream->Read(&response)) std::abort();
    } while (response.request() != request.request() || !response.has_receipt());
    const std::chrono::duration<double, std::micro> took = Clock::now() - begin;
    if (i > options.count / 10) micros.push_back(took.count());
  }
  std::printf("order to acknowledgement, one client, %d orders, %s\n", options.count,
              options.fsync ? "after fsync" : "no fsync");
  PrintLatencies(micros);
  context.TryCancel();
  stream->Finish();
}

// What all clients share: the moment of every order, and when it was answered.
struct Ledger {
  std::vector<Clock::time_point> due;
  std::vector<std::atomic<nanoseconds::rep>> took;
  std::atomic<std::uint64_t> answered = 0, refused = 0, logged_on = 0, ended = 0;
};

class Client final : public grpc::ClientBidiReactor<mk::TradeRequest, mk::TradeResponse> {
 public:
  Client(mk::OrderEntryService::Stub& stub, int member, Ledger& ledger) : ledger_(ledger) {
    stub.async()->Trade(&context_, this);
    mk::TradeRequest logon;
    logon.mutable_logon()->set_member(MarketPlace::Member(member));
    Send(std::move(logon));
    StartRead(&in_);
    StartCall();
  }
  void Send(mk::TradeRequest request) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(request));
    Pump();
  }
  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    is_writing_ = false;
    waiting_.pop_front();
    if (ok) Pump();
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    if (in_.has_logged_on()) ++ledger_.logged_on;
    if (in_.has_receipt() || in_.has_rejection()) {
      const auto took = Clock::now() - ledger_.due[in_.request()];
      ledger_.took[in_.request()] = std::chrono::duration_cast<nanoseconds>(took).count();
      if (in_.has_rejection()) ++ledger_.refused;
      ++ledger_.answered;
    }
    StartRead(&in_);
  }
  void OnDone(const grpc::Status&) override { ++ledger_.ended; }
  void Cancel() { context_.TryCancel(); }

 private:
  void Pump() {
    if (is_writing_ || waiting_.empty()) return;
    is_writing_ = true;
    StartWrite(&waiting_.front());
  }

  Ledger& ledger_;
  grpc::ClientContext context_;
  mk::TradeResponse in_;
  std::mutex mutex_;
  std::deque<mk::TradeRequest> waiting_;
  bool is_writing_ = false;
};

void Load(const Options& options) {
  server::VenueOptions venue;
  MarketPlace place(options.clients, venue, options.fsync);
  const int channel_count = options.channels == 0 ? options.clients : options.channels;
  std::vector<std::unique_ptr<mk::OrderEntryService::Stub>> stubs;
  for (int i = 0; i < channel_count; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    stubs.push_back(mk::OrderEntryService::NewStub(
        grpc::CreateCustomChannel(place.address(), grpc::InsecureChannelCredentials(), arguments)));
  }
  const auto total =
      static_cast<std::size_t>(options.rate) * static_cast<std::size_t>(options.seconds);
  Ledger ledger;
  ledger.due.resize(total);
  ledger.took = std::vector<std::atomic<nanoseconds::rep>>(total);
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < options.clients; ++i) {
    clients.push_back(
        std::make_unique<Client>(*stubs[static_cast<std::size_t>(i % channel_count)], i, ledger));
  }
  while (ledger.logged_on < clients.size()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  std::printf("%zu clients on %d connections are logged on\n", clients.size(), channel_count);
  std::mt19937_64 dice(1);
  const auto begin = Clock::now();
  for (std::size_t i = 0; i < total; ++i) {
    ledger.due[i] =
        begin + nanoseconds(static_cast<std::int64_t>(i) * 1'000'000'000 / options.rate);
    if (Clock::now() < ledger.due[i]) std::this_thread::sleep_until(ledger.due[i]);
    clients[dice() % clients.size()]->Send(OrderOf(i, dice));
  }
  const auto patience = Clock::now() + std::chrono::seconds(30);
  while (ledger.answered < total && Clock::now() < patience) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  const std::chrono::duration<double> took = Clock::now() - begin;
  std::vector<double> micros;
  for (const auto& nanos : ledger.took) {
    if (nanos != 0) micros.push_back(static_cast<double>(nanos) / 1'000);
  }
  std::printf("%zu orders offered at %d/s, %llu answered (%.0f/s), %llu refused, %zu lost, %s\n",
              total, options.rate, static_cast<unsigned long long>(ledger.answered),
              static_cast<double>(ledger.answered) / took.count(),
              static_cast<unsigned long long>(ledger.refused), total - ledger.answered,
              options.fsync ? "after fsync" : "no fsync");
  PrintLatencies(micros);
  for (const auto& client : clients) client->Cancel();
  while (ledger.ended < clients.size()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

}  // namespace
}  // namespace ets

int main(int argc, char** argv) {
  ets::Options options;
  CLI::App app("The exchange through its gRPC stream: latency and load");
  app.add_option("--mode", options.mode)->check(CLI::IsMember({"ping", "load"}));
  app.add_option("--clients", options.clients)->check(CLI::Range(1, 100'000));
  app.add_option("--channels", options.channels, "Connections; 0: one a client");
  app.add_option("--count", options.count, "Orders of a ping");
  app.add_option("--rate", options.rate, "Orders a second of a load, in total");
  app.add_option("--seconds", options.seconds, "Of a load");
  app.add_flag("--fsync", options.fsync, "Acknowledge after the journal is on the disk");
  CLI11_PARSE(app, argc, argv);
  if (options.mode == "ping") {
    ets::Ping(options);
  } else {
    ets::Load(options);
  }
  return 0;
}
