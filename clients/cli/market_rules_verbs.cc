// The verbs that show a venue's rules: rules, sessions, holders.
#include <iostream>

#include "clients/cli/market_verb.h"
#include "market/rules_file.h"

namespace ets::cli {
namespace {

using MarketStub = mk::MarketService::Stub;
using DataStub = mk::MarketDataService::Stub;

struct RulesArguments : MarketArguments {
  bool always_open = false, keys = false;
};

Result<mk::GetVenueRulesResponse, Failure> Ask(const RulesArguments& arguments) {
  const auto client = MarketClient::Connect(arguments.target);
  if (!client.ok()) return Fail{client.error()};
  return (*client)->Call((*client)->data(), &DataStub::GetVenueRules, mk::GetVenueRulesRequest());
}

void PrintKeys() {
  Rows rows("table", {"key", "allowed", "meaning"});
  for (const market::RuleKey& key : market::RuleKeys()) {
    rows.Add({Text((key.of_session ? "session.NAME." : "") + std::string(key.name)),
              Text(std::string(key.allowed)), Text(std::string(key.words))});
  }
  rows.End();
}

MaybeFailure RunRules(const RulesArguments& arguments) {
  if (arguments.keys) {
    PrintKeys();
    return {};
  }
  if (!arguments.target.server.empty()) {
    const auto rules = Ask(arguments);
    if (!rules.ok()) return rules.error();
    std::cout << rules->file();
    return {};
  }
  std::cout << market::FormatRules(arguments.always_open ? market::VenueRules()
                                                         : market::ShippedRules());
  return {};
}

// "10%", "0.05%".
Cell ShareCell(std::uint32_t basis_points) {
  if (basis_points == 0) return Nothing();
  Cell cell = Number(basis_points);
  const std::uint32_t rest = basis_points % 100;
  cell.shown = std::to_string(basis_points / 100);
  if (rest != 0) cell.shown += (rest < 10 ? ".0" : ".") + std::to_string(rest);
  cell.shown += "%";
  return cell;
}
Cell MinutesCell(std::uint32_t minutes) { return minutes == 0 ? Nothing() : Number(minutes); }
Cell TonnesCell(std::int64_t tonnes) { return tonnes == 0 ? Nothing() : Tonnage(tonnes); }

std::string TicksOf(const mk::SessionType& type) {
  std::string text;
  for (const mk::TickRow& row : type.ticks()) {
    if (!text.empty()) text += " from " + PriceCell(row.from()).shown + " ";
    text += PriceCell(row.tick()).shown;
  }
  return text;
}

MaybeFailure RunSessions(const RulesArguments& arguments) {
  const auto answer = Ask(arguments);
  if (!answer.ok()) return answer.error();
  Rows rows(arguments.output,
            {"session", "mechanism", "hours", "opening_call", "closing_call", "volatility_call",
             "band", "static_range", "dynamic_range", "ticks", "lot", "from", "below", "most",
             "levels", "resale_next_day", "close", "maker_fee", "taker_fee"});
  for (const mk::SessionType& type : answer->rules().session_types()) {
    rows.Add(
        {Text(type.name()), Text(Lower(mk::Mechanism_Name(type.mechanism()), "MECHANISM_")),
         type.hours().empty() ? Nothing() : Text(Joined(type.hours())),
         MinutesCell(type.opening_call_minutes()), MinutesCell(type.closing_call_minutes()),
         MinutesCell(type.volatility_call_minutes()), ShareCell(type.band_basis_points()),
         ShareCell(type.static_range_basis_points()), ShareCell(type.dynamic_range_basis_points()),
         Text(TicksOf(type)), Tonnage(type.lot()), Tonnage(type.quantity_from()),
         TonnesCell(type.quantity_below()), TonnesCell(type.quantity_max()),
         type.visible_levels() == 0 ? Nothing() : Number(type.visible_levels()),
         YesNo(type.resale_next_day()),
         Text(Lower(mk::CloseRule_Name(type.close()), "CLOSE_RULE_")),
         ShareCell(type.maker_fee().basis_points()), ShareCell(type.taker_fee().basis_points())});
  }
  rows.End();
  return {};
}

MaybeFailure RunHolders(const RulesArguments& arguments) {
  const auto client = MarketClient::Connect(arguments.target);
  if (!client.ok()) return client.error();
  mk::ListLargeHoldersRequest request;
  request.set_instrument(InstrumentName(arguments.instrument));
  const auto answer = (*client)->Call((*client)->market(), &MarketStub::ListLargeHolders, request);
  if (!answer.ok()) return answer.error();
  Rows rows(arguments.output, {"member", "instrument", "held", "from"});
  for (const mk::LargeHolder& holder : answer->holders()) {
    rows.Add({Text(LastPart(holder.member())), Text(LastPart(holder.instrument())),
              Tonnage(holder.held()), Tonnage(holder.from())});
  }
  rows.End();
  return {};
}

constexpr const char* kRulesFooter =
    "Without --server the rules that are shipped, with the hours of the Shanghai exchange and of "
    "a\n"
    "continuous market with call auctions, as a file to copy and edit:\n\n"
    "  capclear market rules > venue.toml\n"
    "  capclear serve --data market --rules venue.toml\n\n"
    "The file says what each key means. What it leaves out is as shipped; a [session.NAME] of a "
    "new\n"
    "name starts from the shipped one that its key like = \"continuous\" names. A server that is\n"
    "started without --rules trades at every hour (--always-open). Rules are founded into record "
    "1\n"
    "of the exchange's journal and stay.";

}  // namespace

void AddMarketRulesVerbs(CLI::App& parent, int& exit_code) {
  const auto add = [&](const char* name, const char* words,
                       MaybeFailure (*run)(const RulesArguments&)) {
    const auto arguments = std::make_shared<RulesArguments>();
    return std::pair(AddMarketVerb(parent, name, words, arguments, exit_code, run), arguments);
  };
  const auto [rules, of_rules] =
      add("rules", "The venue's rules as a file that 'capclear serve --rules' reads", RunRules);
  rules->get_option("--server")->required(false);
  rules->remove_option(rules->get_option("--output"));
  rules
      ->add_flag("--always-open", of_rules->always_open,
                 "Without hours: what a server has that is given no rules")
      ->excludes(rules->get_option("--server"));
  rules->add_flag("--keys", of_rules->keys, "Instead: every key and what it may be");
  rules->footer(kRulesFooter);
  add("sessions", "The session types of a served venue: hours, calls, bands, ticks, sizes, fees",
      RunSessions);
  const auto [holders, of_holders] =
      add("holders", "Who holds as much as is reported. Operator", RunHolders);
  AddInstrument(*holders, *of_holders);
}

}  // namespace ets::cli
