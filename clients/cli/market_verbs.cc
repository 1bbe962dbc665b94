#include "clients/cli/market_verbs.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>

#include "clients/cli/market_verb.h"
#include "market/refusal.h"

namespace ets::cli {
namespace {

// A number that people write, in units of 10^-decimals; what no amount can be is the most there is.
struct Written {
  std::int64_t units = 0;
  bool is_finer = false;  // It says more than the unit can.
};
std::optional<Written> ParseNumber(const std::string& text, std::size_t decimals) {
  const std::size_t sign = text.starts_with('-') ? 1 : 0;
  const std::size_t point = text.find('.');
  const std::string whole = text.substr(sign, point == text.npos ? point : point - sign);
  std::string fraction = point == text.npos ? "" : text.substr(point + 1);
  const auto is_digits = [](const std::string& part) {
    return part.find_first_not_of("0123456789") == part.npos;
  };
  const bool ends_with_point = point != text.npos && fraction.empty();
  if (whole.empty() || ends_with_point || !is_digits(whole) || !is_digits(fraction)) {
    return std::nullopt;
  }
  fraction.resize(std::max(fraction.size(), decimals), '0');
  Written written;
  written.is_finer = fraction.find_first_not_of('0', decimals) != fraction.npos;
  const std::string digits = whole + fraction.substr(0, decimals);
  const auto [end, wrong] =
      std::from_chars(digits.data(), digits.data() + digits.size(), written.units);
  if (wrong != std::errc()) written.units = std::numeric_limits<std::int64_t>::max();
  if (sign != 0) written.units = -written.units;
  return written;
}

// The exchange's refusal of what cannot even be sent to it.
std::string Refused(market::Refusal refusal, const std::string& asked, const char* limit) {
  return std::string(ToString(refusal)) + " (" + std::to_string(static_cast<int>(refusal)) +
         "): asked " + asked + ", limit " + limit;
}

std::string WhatIsWrongWithPrice(const std::string& text) {
  const auto price = ParseNumber(text, 2);
  if (!price || (price->units <= 0 && !price->is_finer)) {
    return "'" + text + "' is no price; write money a tonne, as in 70 or 70.25";
  }
  return price->is_finer ? Refused(market::Refusal::kPriceOffTick, text, "0.01") : "";
}

std::string WhatIsWrongWithTonnes(const std::string& text) {
  const auto tonnes = ParseNumber(text, 0);
  if (!tonnes) return "'" + text + "' is no quantity; write whole tonnes, as in 1500";
  return tonnes->is_finer ? Refused(market::Refusal::kQuantityOffLot, text, "1") : "";
}

}  // namespace

Result<std::unique_ptr<MarketClient>, Failure> MarketClient::Connect(const Target& target) {
  auto link = RegistryClient::Connect(target, RegistryClient::Access::kRead);
  if (!link.ok()) return Fail{link.error()};
  auto client = std::make_unique<MarketClient>();
  client->link_ = std::move(link.value());
  client->market_ = mk::MarketService::NewStub(client->link_->channel());
  client->data_ = mk::MarketDataService::NewStub(client->link_->channel());
  return client;
}

Zone MarketClient::zone() {
  const auto zone = link_->zone();
  return zone.ok() ? *zone : Zone{0, false};
}

void AddServer(CLI::App& verb, MarketArguments& arguments) {
  Target& target = arguments.target;
  verb.add_option("--server", target.server, "A server that capclear serve runs")
      ->type_name("HOST:PORT")
      ->required();
  CLI::Option* const token =
      verb.add_option("--token", target.token,
                      "Who asks: a bearer token; others can see it in the list of processes")
          ->type_name("TEXT")
          ->envname("CAPCLEAR_TOKEN");
  verb.add_option("--token-file", target.token_file, "The token, from a file")
      ->type_name("FILE")
      ->excludes(token);
  verb.add_flag("--tls", target.tls, "Speak TLS, trusting the machine's authorities");
  const auto add = [&](const char* name, std::string& value, const char* words, const char* type) {
    verb.add_option(name, value, words)->type_name(type);
  };
  add("--tls-ca", target.tls_ca, "Speak TLS, trusting the authorities in this file", "FILE");
  add("--tls-cert", target.tls_certificate, "Show this client certificate", "FILE");
  add("--tls-key", target.tls_key, "With this key", "FILE");
  add("--tls-name", target.tls_name, "The name in the server's certificate, when it is not HOST",
      "NAME");
  verb.add_option("--timeout", target.timeout_s, "Seconds that one call may take")
      ->check(CLI::Range(0.001, 86'400.0))
      ->type_name("S")
      ->capture_default_str();
  verb.add_option(
          "--output", arguments.output,
          "How to print: a table to read; json or csv, where prices are minor units a tonne")
      ->check(CLI::IsMember({"table", "json", "csv"}))
      ->capture_default_str();
}

CLI::Option* AddInstrument(CLI::App& verb, MarketArguments& arguments) {
  return verb
      .add_option("--instrument", arguments.instrument,
                  "CEA26-CNY, or CEA26 for the same; all without it where that makes sense")
      ->type_name("NAME");
}

CLI::Option* AddMember(CLI::App& verb, MarketArguments& arguments) {
  return verb
      .add_option("--member", arguments.member,
                  "The number of the member's escrow account at the registry")
      ->type_name("N");
}

CLI::Option* AddPrice(CLI::App& verb, const std::string& name, std::int64_t& price,
                      const std::string& words) {
  return verb
      .add_option_function<std::string>(
          name, [&price](const std::string& text) { price = ParseNumber(text, 2)->units; }, words)
      ->check(
          CLI::Validator([](std::string& text) { return WhatIsWrongWithPrice(text); }, "PRICE"));
}

CLI::Option* AddTonnes(CLI::App& verb, const std::string& name, std::int64_t& tonnes,
                       const std::string& words) {
  return verb
      .add_option_function<std::string>(
          name, [&tonnes](const std::string& text) { tonnes = ParseNumber(text, 0)->units; }, words)
      ->check(CLI::Validator([](std::string& text) { return WhatIsWrongWithTonnes(text); }, "T"));
}

std::string InstrumentName(const std::string& text) {
  if (text.empty() || text.starts_with("instruments/")) return text;
  return "instruments/" + text +
         (text.find("-C") == text.npos && text.find("-E") == text.npos ? "-CNY" : "");
}

std::string MemberName(const std::string& text) {
  return text.find('/') == std::string::npos ? "members/" + text : text;
}

Cell PriceCell(std::int64_t minor) {
  return minor == 0 ? Nothing() : Amount(Unit::Cash(Currency::kCny), minor);
}
Cell MoneyCell(std::int64_t minor) { return Amount(Unit::Cash(Currency::kCny), minor); }

std::string Lower(const std::string& enumerator, const std::string& prefix) {
  std::string name = enumerator.starts_with(prefix) ? enumerator.substr(prefix.size()) : enumerator;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

void AddMarketVerbs(CLI::App& app, int& exit_code) {
  CLI::App* const parent =
      app.add_subcommand("market", "A served exchange: its books, orders, trades and trading day");
  parent->require_subcommand(1);
  parent->footer(
      "Prices are money a tonne (70.25), quantities whole tonnes. What is refused says why, with\n"
      "the limit that was broken. Exit codes: 0 done, 1 refused or failed, 2 bad input. A walk\n"
      "through: docs/market.md.");
  AddMarketReadVerbs(*parent, exit_code);
  AddMarketOrderVerbs(*parent, exit_code);
  AddMarketDayVerbs(*parent, exit_code);
  AddMarketRulesVerbs(*parent, exit_code);
}

}  // namespace ets::cli
