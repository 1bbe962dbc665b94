#include "clients/cli/market_verbs.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "clients/cli/market_verb.h"

namespace ets::cli {
namespace {

// Up to two digits behind the point; empty when it is no price.
std::optional<std::int64_t> ParsePrice(const std::string& text) {
  const std::size_t point = text.find('.');
  const std::string whole = text.substr(0, point);
  std::string cents = point == text.npos ? "00" : text.substr(point + 1);
  if (cents.size() == 1) cents += '0';
  const std::string digits = whole + cents;
  std::int64_t minor = 0;
  const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), minor);
  const bool is_number = wrong == std::errc() && end == digits.data() + digits.size() &&
                         std::isdigit(static_cast<unsigned char>(digits[0])) != 0;
  if (whole.empty() || cents.size() != 2 || !is_number || minor <= 0) return std::nullopt;
  return minor;
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
          name, [&price](const std::string& text) { price = ParsePrice(text).value_or(0); }, words)
      ->check(CLI::Validator(
          [](std::string& text) {
            return ParsePrice(text)
                       ? ""
                       : "'" + text + "' is no price; write money a tonne, as in 70 or 70.25";
          },
          "PRICE"));
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
