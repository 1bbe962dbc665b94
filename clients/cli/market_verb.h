#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "clients/cli/registry_client.h"
#include "clients/cli/registry_verb.h"
#include "clients/cli/rows.h"
#include "ets/market/v1/market_data_service.grpc.pb.h"
#include "ets/market/v1/market_service.grpc.pb.h"

// What the verbs under `market` share: the server, the names people use, prices as people write
// them.
namespace ets::cli {

namespace mk = ::ets::market::v1;

struct MarketArguments {
  Target target;
  std::string output = "table";
  std::string instrument;  // CEA26, CEA26-CNY or the whole name.
  std::string member;      // 13 or members/13.
};

// An exchange that a server serves. Not thread-safe.
class MarketClient {
 public:
  static Result<std::unique_ptr<MarketClient>, Failure> Connect(const Target& target);

  mk::MarketService::Stub& market() { return *market_; }
  mk::MarketDataService::Stub& data() { return *data_; }
  RegistryClient& link() { return *link_; }

  template <typename Stub, typename Request, typename Response>
  Result<Response, Failure> Call(Stub& stub,
                                 grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                              Response*),
                                 const Request& request) {
    return link_->Call(stub, method, request);
  }
  // The clock on the wall of the registry behind it; UTC when there is none at this port.
  Zone zone();

 private:
  std::unique_ptr<RegistryClient> link_;
  std::unique_ptr<mk::MarketService::Stub> market_;
  std::unique_ptr<mk::MarketDataService::Stub> data_;
};

// Adds --server and what goes with it, and --output.
void AddServer(CLI::App& verb, MarketArguments& arguments);
CLI::Option* AddInstrument(CLI::App& verb, MarketArguments& arguments);
CLI::Option* AddMember(CLI::App& verb, MarketArguments& arguments);
// "70.25" a tonne into minor units.
CLI::Option* AddPrice(CLI::App& verb, const std::string& name, std::int64_t& price,
                      const std::string& words);
// Whole tonnes, of any size: the exchange says what is too much or too little.
CLI::Option* AddTonnes(CLI::App& verb, const std::string& name, std::int64_t& tonnes,
                       const std::string& words);

std::string InstrumentName(const std::string& text);
std::string MemberName(const std::string& text);
// Minor units as people read them; 0 is nothing.
Cell PriceCell(std::int64_t minor);
Cell MoneyCell(std::int64_t minor);
// "buy", "continuous": an enumerator's name without its prefix, in lower case.
std::string Lower(const std::string& enumerator, const std::string& prefix);

// "09:30-11:30 13:00-15:00"
template <typename Texts>
std::string Joined(const Texts& texts) {
  std::string joined;
  for (const std::string& text : texts) joined += (joined.empty() ? "" : " ") + text;
  return joined;
}

// Runs `run` with a client.
template <typename Arguments>
CLI::App* AddMarketVerb(CLI::App& parent, const std::string& name, const std::string& description,
                        const std::shared_ptr<Arguments>& arguments, int& exit_code,
                        MaybeFailure (*run)(const Arguments&)) {
  CLI::App* const verb = AddVerb(parent, name, description, arguments, exit_code, run);
  AddServer(*verb, *arguments);
  return verb;
}

void AddMarketReadVerbs(CLI::App& parent, int& exit_code);   // book, trades, bars, orders, ...
void AddMarketOrderVerbs(CLI::App& parent, int& exit_code);  // place, change, cancel, block
void AddMarketDayVerbs(CLI::App& parent, int& exit_code);    // list, delist, open, close, halt, ...
void AddMarketRulesVerbs(CLI::App& parent, int& exit_code);  // rules, sessions, holders

}  // namespace ets::cli
