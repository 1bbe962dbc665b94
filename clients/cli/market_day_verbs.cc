// The operator's verbs: list, delist, limit, open, close, halt, resume, phase, withdraw.
#include <map>

#include "base/quantity.h"
#include "clients/cli/market_verb.h"

namespace ets::cli {
namespace {

using MarketStub = mk::MarketService::Stub;

const std::map<std::string, mk::Phase> kPhases = {{"closed", mk::PHASE_CLOSED},
                                                  {"opening_call", mk::PHASE_OPENING_CALL},
                                                  {"continuous", mk::PHASE_CONTINUOUS},
                                                  {"break", mk::PHASE_BREAK},
                                                  {"volatility_call", mk::PHASE_VOLATILITY_CALL},
                                                  {"closing_call", mk::PHASE_CLOSING_CALL}};

struct DayArguments : MarketArguments {
  std::string unit, cash = "CNY", session, first_day, last_day, delisting_day, date, phase;
  std::int64_t reference = 0, amount = 0;
  std::optional<std::int64_t> holding_limit, large_holder_from;
  bool cancel_orders = false, as_listed = false;
};

template <typename Request, typename Response, typename Show>
MaybeFailure Send(const DayArguments& arguments, const Request& request,
                  grpc::Status (MarketStub::*method)(grpc::ClientContext*, const Request&,
                                                     Response*),
                  const Show& show) {
  const auto client = MarketClient::Connect(arguments.target);
  if (!client.ok()) return client.error();
  const auto answer = (*client)->Call((*client)->market(), method, request);
  if (!answer.ok()) return answer.error();
  PrintFacts(arguments.output, show(*answer));
  return {};
}

using Facts = std::vector<std::pair<std::string, Cell>>;
const auto kSequence = [](const auto& answer) -> Facts {
  return {{"sequence", Number(answer.sequence())}};
};
const auto kReceipt = [](const auto& answer) -> Facts {
  return {{"sequence", Number(answer.receipt().sequence())}};
};
const auto kHalted = [](const auto& answer) -> Facts {
  return {{"sequence", Number(answer.receipt().sequence())},
          {"cancelled", Number(answer.receipt().cancelled())}};
};

MaybeFailure RunList(const DayArguments& arguments) {
  mk::ListInstrumentRequest request;
  request.set_unit(arguments.unit);
  request.set_cash_unit(arguments.cash);
  request.set_reference_price(arguments.reference);
  request.set_session_type(arguments.session);
  request.set_first_day(arguments.first_day);
  request.set_last_day(arguments.last_day);
  request.set_delisting_day(arguments.delisting_day);
  if (arguments.holding_limit) request.set_holding_limit(*arguments.holding_limit);
  if (arguments.large_holder_from) request.set_large_holder_from(*arguments.large_holder_from);
  return Send(arguments, request, &MarketStub::ListInstrument, [](const auto& answer) -> Facts {
    return {{"sequence", Number(answer.sequence())},
            {"instrument", Text(LastPart(answer.instrument()))}};
  });
}

MaybeFailure RunDelist(const DayArguments& arguments) {
  mk::DelistInstrumentRequest request;
  request.set_instrument(InstrumentName(arguments.instrument));
  return Send(arguments, request, &MarketStub::DelistInstrument, [](const auto& answer) -> Facts {
    return {{"sequence", Number(answer.receipt().sequence())}};
  });
}

MaybeFailure RunLimit(const DayArguments& arguments) {
  if (arguments.as_listed == arguments.holding_limit.has_value()) {
    return Failure{2, "allowed: one of --tonnes N and --as-listed"};
  }
  mk::SetHoldingLimitRequest request;
  request.set_member(MemberName(arguments.member));
  request.set_instrument(InstrumentName(arguments.instrument));
  if (arguments.holding_limit) request.set_limit(*arguments.holding_limit);
  return Send(arguments, request, &MarketStub::SetHoldingLimit, [](const auto& answer) -> Facts {
    return {{"sequence", Number(answer.receipt().sequence())}};
  });
}

MaybeFailure SetBlocked(const DayArguments& arguments, bool blocked) {
  mk::BlockMemberRequest request;
  request.set_member(MemberName(arguments.member));
  request.set_blocked(blocked);
  return Send(arguments, request, &MarketStub::BlockMember, [](const auto& answer) -> Facts {
    return {{"sequence", Number(answer.receipt().sequence())}};
  });
}

MaybeFailure RunSuspend(const DayArguments& arguments) { return SetBlocked(arguments, true); }

MaybeFailure RunReinstate(const DayArguments& arguments) { return SetBlocked(arguments, false); }

MaybeFailure RunOpen(const DayArguments& arguments) {
  mk::OpenSessionRequest request;
  request.set_date(arguments.date);
  return Send(arguments, request, &MarketStub::OpenSession, kSequence);
}

MaybeFailure RunClose(const DayArguments& arguments) {
  const auto client = MarketClient::Connect(arguments.target);
  if (!client.ok()) return client.error();
  const auto closed =
      (*client)->Call((*client)->market(), &MarketStub::CloseDay, mk::CloseDayRequest());
  if (!closed.ok()) return closed.error();
  std::string mismatches;
  for (const std::string& name : closed->mismatches()) {
    mismatches += (mismatches.empty() ? "" : " ") + name;
  }
  PrintFacts(arguments.output, {{"settlement_sequence", Number(closed->settlement_sequence())},
                                {"failed", Number(closed->failed())},
                                {"mismatches", Text(mismatches.empty() ? "none" : mismatches)}});
  if (closed->failed() == 0 && mismatches.empty()) return {};
  return Failure{1, "the evening's reconciliation found differences"};
}

MaybeFailure RunHalt(const DayArguments& arguments) {
  mk::HaltTradingRequest request;
  request.set_instrument(InstrumentName(arguments.instrument));
  request.set_cancel_orders(arguments.cancel_orders);
  return Send(arguments, request, &MarketStub::HaltTrading, kHalted);
}

MaybeFailure RunResume(const DayArguments& arguments) {
  mk::ResumeTradingRequest request;
  request.set_instrument(InstrumentName(arguments.instrument));
  return Send(arguments, request, &MarketStub::ResumeTrading, kReceipt);
}

MaybeFailure RunPhase(const DayArguments& arguments) {
  mk::SetPhaseRequest request;
  request.set_instrument(InstrumentName(arguments.instrument));
  request.set_phase(kPhases.at(arguments.phase));
  return Send(arguments, request, &MarketStub::SetPhase, kReceipt);
}

MaybeFailure RunWithdraw(const DayArguments& arguments) {
  mk::WithdrawRequest request;
  request.set_member(MemberName(arguments.member));
  request.set_unit(arguments.unit);
  request.set_amount(arguments.amount);
  return Send(arguments, request, &MarketStub::Withdraw, kSequence);
}

}  // namespace

void AddMarketDayVerbs(CLI::App& parent, int& exit_code) {
  const auto add = [&](const char* name, const char* words,
                       MaybeFailure (*run)(const DayArguments&)) {
    const auto arguments = std::make_shared<DayArguments>();
    return std::pair(AddMarketVerb(parent, name, words, arguments, exit_code, run), arguments);
  };
  const auto date = [](CLI::App& verb, const char* name, std::string& value, const char* words) {
    return verb.add_option(name, value, words)->check(CLI::Validator(CheckDate, "DATE"));
  };
  const auto [list, of_list] = add("list", "List an instrument. Operator", RunList);
  list->add_option("--unit", of_list->unit, "What is traded")->required()->check(UnitCheck());
  list->add_option("--cash", of_list->cash, "Against which money")
      ->check(UnitCheck())
      ->capture_default_str();
  AddPrice(*list, "--reference", of_list->reference, "Stands in for the first previous close")
      ->required();
  list->add_option(
          "--session", of_list->session,
          "A session type of the venue with an order book (market sessions); else its first")
      ->type_name("NAME");
  date(*list, "--first-day", of_list->first_day, "Tradable from this day; else the next session");
  date(*list, "--last-day", of_list->last_day, "Its last trading day; else none");
  date(*list, "--delisting-day", of_list->delisting_day,
       "Delisted by itself on this day; else by 'market delist'");
  const auto tonnes = [](CLI::App& verb, const char* name, std::optional<std::int64_t>& value,
                         const char* words) {
    verb.add_option(name, value, words)
        ->check(CLI::Range(std::int64_t{0}, kAmountMax))
        ->type_name("T");
  };
  tonnes(*list, "--holding-limit", of_list->holding_limit,
         "What one member may hold and bid for; 0: no limit; else the venue's");
  tonnes(*list, "--large-holder-from", of_list->large_holder_from,
         "Who holds so much is reported; 0: nobody; else from the venue's threshold on");
  const auto [delist, of_delist] =
      add("delist", "End trading of an instrument for good: what rests is cancelled. Operator",
          RunDelist);
  AddInstrument(*delist, *of_delist)->required();
  const auto [limit, of_limit] =
      add("limit", "Give one member a holding limit of its own. Operator", RunLimit);
  AddMember(*limit, *of_limit)->required();
  AddInstrument(*limit, *of_limit)->required();
  tonnes(*limit, "--tonnes", of_limit->holding_limit,
         "What it may hold and bid for; 0: no limit at all");
  limit->add_flag("--as-listed", of_limit->as_listed, "The instrument's limit again");
  const auto [suspend, of_suspend] = add(
      "suspend", "Cancel a member's orders and take only cancels and withdrawals of it. Operator",
      RunSuspend);
  AddMember(*suspend, *of_suspend)->required();
  const auto [reinstate, of_reinstate] =
      add("reinstate", "Let a suspended or blocked member trade again. Operator", RunReinstate);
  AddMember(*reinstate, *of_reinstate)->required();
  const auto [open, of_open] = add("open", "Open a session. Operator", RunOpen);
  date(*open, "--date", of_open->date, "Its day")->required();
  add("close",
      "End the session, settle at the registry, compare every balance. Operator; exit code 1 when "
      "anything differs",
      RunClose);
  const auto [halt, of_halt] = add(
      "halt", "Stop trading of an instrument, or of all; cancels go through. Operator", RunHalt);
  AddInstrument(*halt, *of_halt);
  halt->add_flag("--cancel-orders", of_halt->cancel_orders, "And cancel what waits");
  const auto [resume, of_resume] = add("resume", "Go on after a halt. Operator", RunResume);
  AddInstrument(*resume, *of_resume);
  const auto [phase, of_phase] =
      add("phase", "Move an instrument into a phase before its hour. Operator", RunPhase);
  AddInstrument(*phase, *of_phase)->required();
  std::vector<std::string> phases;
  for (const auto& [name, number] : kPhases) phases.push_back(name);
  phase->add_option("--to", of_phase->phase, "Which one")->required()->check(CLI::IsMember(phases));
  const auto [withdraw, of_withdraw] =
      add("withdraw", "Ask for a holding back to the member's own account", RunWithdraw);
  AddMember(*withdraw, *of_withdraw)->required();
  withdraw->add_option("--unit", of_withdraw->unit, "Which")->required()->check(UnitCheck());
  withdraw->add_option("--amount", of_withdraw->amount, "Tonnes, or minor units of money")
      ->required()
      ->check(CLI::Range(std::int64_t{1}, kAmountMax))
      ->type_name("N");
}

}  // namespace ets::cli
