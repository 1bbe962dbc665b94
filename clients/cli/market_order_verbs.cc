// The verbs of a member: place, change, cancel, block.
#include <map>

#include "base/quantity.h"
#include "clients/cli/market_verb.h"

namespace ets::cli {
namespace {

using MarketStub = mk::MarketService::Stub;

const std::map<std::string, mk::Side> kSides = {{"buy", mk::SIDE_BUY}, {"sell", mk::SIDE_SELL}};
const std::map<std::string, mk::OrderType> kTypes = {{"limit", mk::ORDER_TYPE_LIMIT},
                                                     {"market", mk::ORDER_TYPE_MARKET},
                                                     {"stop", mk::ORDER_TYPE_STOP},
                                                     {"stop_limit", mk::ORDER_TYPE_STOP_LIMIT}};
const std::map<std::string, mk::TimeInForce> kTimes = {
    {"day", mk::TIME_IN_FORCE_DAY},
    {"ioc", mk::TIME_IN_FORCE_IMMEDIATE_OR_CANCEL},
    {"fok", mk::TIME_IN_FORCE_FILL_OR_KILL},
    {"gtc", mk::TIME_IN_FORCE_GOOD_TILL_CANCEL},
    {"gtd", mk::TIME_IN_FORCE_GOOD_TILL_DATE}};
const std::map<std::string, mk::SelfTradePrevention> kSelfTrades = {
    {"off", mk::SELF_TRADE_PREVENTION_OFF},
    {"cancel_resting", mk::SELF_TRADE_PREVENTION_CANCEL_RESTING},
    {"cancel_incoming", mk::SELF_TRADE_PREVENTION_CANCEL_INCOMING},
    {"decrement_both", mk::SELF_TRADE_PREVENTION_DECREMENT_BOTH}};

template <typename Enum>
CLI::Option* AddChoice(CLI::App& verb, const char* name, std::string& value, const char* words,
                       const std::map<std::string, Enum>& choices) {
  std::vector<std::string> names;
  for (const auto& [choice, number] : choices) names.push_back(choice);
  return verb.add_option(name, value, words)->check(CLI::IsMember(names));
}

struct OrderArguments : MarketArguments {
  std::string side, type = "limit", time_in_force = "day", self_trade = "cancel_resting";
  std::int64_t price = 0, stop = 0, quantity = 0, display = 0, minimum = 0;
  bool post_only = false;
  std::string expire, client_id, new_client_id;
  std::uint64_t order = 0, offer = 0;
  bool all = false;
  std::string counterparty;
};

using Facts = std::vector<std::pair<std::string, Cell>>;

void Print(const OrderArguments& arguments, const mk::Receipt& receipt) {
  Facts facts = {{"sequence", Number(receipt.sequence())}};
  if (receipt.order() != 0) facts.push_back({"order", Number(receipt.order())});
  if (receipt.offer() != 0) facts.push_back({"offer", Number(receipt.offer())});
  facts.push_back({"traded", Tonnage(receipt.traded())});
  facts.push_back({"resting", Tonnage(receipt.resting())});
  facts.push_back({"value", MoneyCell(receipt.value())});
  PrintFacts(arguments.output, facts);
}

// Sends one and prints its receipt.
template <typename Request, typename Response>
MaybeFailure Send(const OrderArguments& arguments, const Request& request,
                  grpc::Status (MarketStub::*method)(grpc::ClientContext*, const Request&,
                                                     Response*)) {
  const auto client = MarketClient::Connect(arguments.target);
  if (!client.ok()) return client.error();
  const auto answer = (*client)->Call((*client)->market(), method, request);
  if (!answer.ok()) return answer.error();
  Print(arguments, answer->receipt());
  return {};
}

MaybeFailure RunPlace(const OrderArguments& arguments) {
  mk::PlaceOrderRequest request;
  request.set_member(MemberName(arguments.member));
  request.set_instrument(InstrumentName(arguments.instrument));
  request.set_side(kSides.at(arguments.side));
  request.set_type(kTypes.at(arguments.type));
  request.set_time_in_force(kTimes.at(arguments.time_in_force));
  request.set_self_trade_prevention(kSelfTrades.at(arguments.self_trade));
  request.set_price(arguments.price);
  request.set_stop_price(arguments.stop);
  request.set_quantity(arguments.quantity);
  request.set_display_quantity(arguments.display);
  request.set_minimum_quantity(arguments.minimum);
  request.set_post_only(arguments.post_only);
  request.set_expire_date(arguments.expire);
  request.set_client_order_id(arguments.client_id);
  const auto client = MarketClient::Connect(arguments.target);
  if (!client.ok()) return client.error();
  const auto answer = (*client)->Call((*client)->market(), &MarketStub::PlaceOrder, request);
  if (!answer.ok()) return answer.error();
  mk::Receipt receipt;
  receipt.set_sequence(answer->sequence());
  receipt.set_order(answer->order());
  receipt.set_traded(answer->traded());
  receipt.set_resting(answer->resting());
  receipt.set_value(answer->value());
  Print(arguments, receipt);
  return {};
}

MaybeFailure RunChange(const OrderArguments& arguments) {
  mk::ChangeOrderRequest request;
  request.set_member(MemberName(arguments.member));
  mk::OrderChange& change = *request.mutable_change();
  change.mutable_key()->set_instrument(InstrumentName(arguments.instrument));
  change.mutable_key()->set_order(arguments.order);
  change.mutable_key()->set_client_order_id(arguments.client_id);
  if (arguments.price != 0) change.set_price(arguments.price);
  if (arguments.quantity != 0) change.set_quantity(arguments.quantity);
  change.set_new_client_order_id(arguments.new_client_id);
  return Send(arguments, request, &MarketStub::ChangeOrder);
}

MaybeFailure RunCancel(const OrderArguments& arguments) {
  if (arguments.all) {
    mk::CancelOrdersRequest request;
    request.set_member(MemberName(arguments.member));
    request.mutable_which()->set_instrument(InstrumentName(arguments.instrument));
    if (!arguments.side.empty()) request.mutable_which()->set_side(kSides.at(arguments.side));
    const auto client = MarketClient::Connect(arguments.target);
    if (!client.ok()) return client.error();
    const auto answer = (*client)->Call((*client)->market(), &MarketStub::CancelOrders, request);
    if (!answer.ok()) return answer.error();
    PrintFacts(arguments.output, {{"sequence", Number(answer->receipt().sequence())},
                                  {"cancelled", Number(answer->receipt().cancelled())}});
    return {};
  }
  if (arguments.instrument.empty() || (arguments.order == 0 && arguments.client_id.empty())) {
    return Failure{2,
                   "cancel: name one order with --instrument and --order or --client-id; or "
                   "--all for every one"};
  }
  mk::CancelOrderRequest request;
  request.set_member(MemberName(arguments.member));
  request.set_instrument(InstrumentName(arguments.instrument));
  request.set_order(arguments.order);
  request.set_client_order_id(arguments.client_id);
  const auto client = MarketClient::Connect(arguments.target);
  if (!client.ok()) return client.error();
  const auto answer = (*client)->Call((*client)->market(), &MarketStub::CancelOrder, request);
  if (!answer.ok()) return answer.error();
  PrintFacts(arguments.output, {{"sequence", Number(answer->sequence())}});
  return {};
}

MaybeFailure RunQuote(const OrderArguments& arguments) {
  mk::QuoteBlockRequest request;
  request.set_member(MemberName(arguments.member));
  mk::BlockQuote& quote = *request.mutable_quote();
  quote.set_instrument(InstrumentName(arguments.instrument));
  quote.set_side(kSides.at(arguments.side));
  quote.set_price(arguments.price);
  quote.set_quantity(arguments.quantity);
  if (!arguments.counterparty.empty()) quote.set_counterparty(MemberName(arguments.counterparty));
  return Send(arguments, request, &MarketStub::QuoteBlock);
}

MaybeFailure RunConfirm(const OrderArguments& arguments) {
  mk::ConfirmBlockRequest request;
  request.set_member(MemberName(arguments.member));
  request.set_offer(arguments.offer);
  return Send(arguments, request, &MarketStub::ConfirmBlock);
}

MaybeFailure RunWithdrawQuote(const OrderArguments& arguments) {
  mk::CancelBlockRequest request;
  request.set_member(MemberName(arguments.member));
  request.set_offer(arguments.offer);
  return Send(arguments, request, &MarketStub::CancelBlock);
}

MaybeFailure RunBlocks(const OrderArguments& arguments) {
  const auto client = MarketClient::Connect(arguments.target);
  if (!client.ok()) return client.error();
  mk::ListBlocksRequest request;
  request.set_member(MemberName(arguments.member));
  const auto blocks = (*client)->Call((*client)->market(), &MarketStub::ListBlocks, request);
  if (!blocks.ok()) return blocks.error();
  Rows rows(arguments.output,
            {"offer", "member", "instrument", "side", "price", "quantity", "counterparty"});
  for (const mk::OpenBlock& block : blocks->blocks()) {
    const mk::BlockQuote& quote = block.quote();
    rows.Add({Number(block.offer()), Text(LastPart(block.member())),
              Text(LastPart(quote.instrument())), Text(Lower(mk::Side_Name(quote.side()), "SIDE_")),
              PriceCell(quote.price()), Tonnage(quote.quantity()),
              quote.counterparty().empty() ? Nothing() : Text(LastPart(quote.counterparty()))});
  }
  rows.End();
  return {};
}

using ArgumentsPtr = std::shared_ptr<OrderArguments>;

void AddPlace(CLI::App& parent, int& exit_code) {
  const auto it = std::make_shared<OrderArguments>();
  CLI::App* const verb = AddMarketVerb(parent, "place", "Place an order", it, exit_code, RunPlace);
  AddMember(*verb, *it)->required();
  AddInstrument(*verb, *it)->required();
  AddChoice(*verb, "--side", it->side, "Whether to buy or to sell", kSides)->required();
  AddTonnes(*verb, "--quantity", it->quantity, "How many tonnes")->required();
  AddPrice(*verb, "--price", it->price, "The limit; not of a market or stop order");
  AddChoice(*verb, "--type", it->type, "What the order waits for", kTypes)->capture_default_str();
  AddChoice(*verb, "--time", it->time_in_force, "How long it waits", kTimes)->capture_default_str();
  AddPrice(*verb, "--stop", it->stop, "The trade price that makes a stop order live");
  AddTonnes(*verb, "--display", it->display, "Show only so much at a time (iceberg)");
  AddTonnes(*verb, "--minimum", it->minimum, "Trade at least so much at once, or nothing");
  verb->add_flag("--post-only", it->post_only, "Refused if it would trade at once");
  AddChoice(*verb, "--self-trade", it->self_trade, "When it would meet an own order", kSelfTrades)
      ->capture_default_str();
  verb->add_option("--expire", it->expire, "The last day of a gtd order")
      ->check(CLI::Validator(CheckDate, "DATE"));
  verb->add_option(
          "--client-id", it->client_id,
          "A name of one's own, up to 20 characters: sent again, the order is applied once "
          "and answered as before")
      ->type_name("TEXT");
}

void AddChangeAndCancel(CLI::App& parent, int& exit_code) {
  auto it = std::make_shared<OrderArguments>();
  const auto name_order = [](CLI::App& verb, OrderArguments& arguments) {
    verb.add_option("--order", arguments.order, "The exchange's number of the order")
        ->type_name("N");
    verb.add_option("--client-id", arguments.client_id, "Or the member's own name for it")
        ->type_name("TEXT");
  };
  CLI::App* const change = AddMarketVerb(
      parent, "change", "Change an order: less quantity keeps its place, anything else loses it",
      it, exit_code, RunChange);
  AddMember(*change, *it)->required();
  AddInstrument(*change, *it)->required();
  name_order(*change, *it);
  AddPrice(*change, "--price", it->price, "The new limit");
  AddTonnes(*change, "--quantity", it->quantity,
            "The whole order's new quantity, filled part included");
  change->add_option("--new-client-id", it->new_client_id, "Its name from then on")
      ->type_name("TEXT");

  it = std::make_shared<OrderArguments>();
  CLI::App* const cancel = AddMarketVerb(parent, "cancel", "Cancel an order, or all of a member's",
                                         it, exit_code, RunCancel);
  AddMember(*cancel, *it)->required();
  AddInstrument(*cancel, *it);
  name_order(*cancel, *it);
  cancel->add_flag("--all", it->all, "Every order, in --instrument if it is given");
  AddChoice(*cancel, "--side", it->side, "With --all: of one side only", kSides);
}

void AddBlocks(CLI::App& parent, int& exit_code) {
  CLI::App* const block =
      parent.add_subcommand("block", "Negotiated blocks: quote, confirm, withdraw, list");
  block->require_subcommand(1);
  const auto add = [&](const char* name, const char* words,
                       MaybeFailure (*run)(const OrderArguments&)) {
    const auto arguments = std::make_shared<OrderArguments>();
    CLI::App* const verb = AddMarketVerb(*block, name, words, arguments, exit_code, run);
    AddMember(*verb, *arguments)->required();
    return std::pair(verb, arguments);
  };
  const auto [quote, of_quote] = add("quote", "Offer a block to one member, or to all", RunQuote);
  AddInstrument(*quote, *of_quote)->required();
  AddChoice(*quote, "--side", of_quote->side, "Whether to buy or to sell", kSides)->required();
  AddPrice(*quote, "--price", of_quote->price, "Within the block band")->required();
  AddTonnes(*quote, "--quantity", of_quote->quantity, "How many tonnes")->required();
  quote->add_option("--to", of_quote->counterparty, "To this member only")->type_name("N");
  const auto [confirm, of_confirm] = add("confirm", "Take a quote as a whole", RunConfirm);
  confirm->add_option("--offer", of_confirm->offer, "Its number")->required()->type_name("N");
  const auto [withdraw, of_withdraw] =
      add("withdraw", "Withdraw an own quote, or decline one", RunWithdrawQuote);
  withdraw->add_option("--offer", of_withdraw->offer, "Its number")->required()->type_name("N");
  add("list", "Open quotes: own ones, and those that one may confirm", RunBlocks);
}

}  // namespace

void AddMarketOrderVerbs(CLI::App& parent, int& exit_code) {
  AddPlace(parent, exit_code);
  AddChangeAndCancel(parent, exit_code);
  AddBlocks(parent, exit_code);
}

}  // namespace ets::cli
