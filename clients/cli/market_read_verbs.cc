// The verbs that look at a market: book, trades, bars, orders, member, instruments, status.
#include "clients/cli/market_verb.h"

namespace ets::cli {
namespace {

using MarketStub = mk::MarketService::Stub;
using DataStub = mk::MarketDataService::Stub;

struct ReadArguments : MarketArguments {
  std::uint64_t from = 0;
  std::uint32_t limit = 100;
  std::uint32_t minutes = 1;
  bool terms = false;
};

std::string SideName(mk::Side side) { return Lower(mk::Side_Name(side), "SIDE_"); }
std::string PhaseName(mk::Phase phase) { return Lower(mk::Phase_Name(phase), "PHASE_"); }

MaybeFailure RunBook(const ReadArguments& arguments) {
  const auto client = MarketClient::Connect(arguments.target);
  if (!client.ok()) return client.error();
  mk::GetBookRequest request;
  request.set_instrument(InstrumentName(arguments.instrument));
  const auto book = (*client)->Call((*client)->market(), &MarketStub::GetBook, request);
  if (!book.ok()) return book.error();
  if (arguments.output == "table") {
    std::cout << request.instrument() << "  " << PhaseName(book->phase()) << "  last "
              << PriceCell(book->last()).shown << "  band " << PriceCell(book->band_low()).shown
              << " to " << PriceCell(book->band_high()).shown << "  record " << book->sequence()
              << "\n";
  }
  Rows rows(arguments.output, {"side", "price", "quantity", "orders"});
  for (int i = book->offers_size(); i-- > 0;) {
    const mk::Level& level = book->offers(i);
    rows.Add({Text("sell"), PriceCell(level.price()), Tonnage(level.quantity()),
              Number(level.orders())});
  }
  for (const mk::Level& level : book->bids()) {
    rows.Add(
        {Text("buy"), PriceCell(level.price()), Tonnage(level.quantity()), Number(level.orders())});
  }
  rows.End();
  return {};
}

MaybeFailure RunTrades(const ReadArguments& arguments) {
  const auto client = MarketClient::Connect(arguments.target);
  if (!client.ok()) return client.error();
  mk::ListTradesRequest request;
  request.set_instrument(InstrumentName(arguments.instrument));
  request.set_from_trade_id(arguments.from);
  request.set_page_size(arguments.limit);
  const auto trades = (*client)->Call((*client)->data(), &DataStub::ListTrades, request);
  if (!trades.ok()) return trades.error();
  const Zone zone = (*client)->zone();
  Rows rows(arguments.output,
            {"trade", "time", "instrument", "channel", "price", "quantity", "taker"});
  for (const mk::Trade& trade : trades->trades()) {
    rows.Add({Number(trade.trade_id()), Text(ShowTime(trade.time(), zone)),
              Text(LastPart(trade.instrument())),
              Text(Lower(mk::Channel_Name(trade.channel()), "CHANNEL_")), PriceCell(trade.price()),
              Tonnage(trade.quantity()),
              trade.taker() == mk::SIDE_UNSPECIFIED ? Nothing() : Text(SideName(trade.taker()))});
  }
  rows.End();
  return {};
}

MaybeFailure RunBars(const ReadArguments& arguments) {
  const auto client = MarketClient::Connect(arguments.target);
  if (!client.ok()) return client.error();
  mk::ListBarsRequest request;
  request.set_instrument(InstrumentName(arguments.instrument));
  request.set_minutes(arguments.minutes);
  request.set_page_size(arguments.limit);
  const auto bars = (*client)->Call((*client)->data(), &DataStub::ListBars, request);
  if (!bars.ok()) return bars.error();
  const Zone zone = (*client)->zone();
  Rows rows(arguments.output,
            {"begin", "open", "high", "low", "close", "volume", "value", "trades"});
  for (const mk::Bar& bar : bars->bars()) {
    rows.Add({Text(ShowTime(bar.begin(), zone)), PriceCell(bar.open()), PriceCell(bar.high()),
              PriceCell(bar.low()), PriceCell(bar.close()), Tonnage(bar.volume()),
              MoneyCell(bar.value()), Number(bar.trades())});
  }
  rows.End();
  return {};
}

MaybeFailure RunOrders(const ReadArguments& arguments) {
  const auto client = MarketClient::Connect(arguments.target);
  if (!client.ok()) return client.error();
  mk::ListOrdersRequest request;
  request.set_member(MemberName(arguments.member));
  request.set_instrument(InstrumentName(arguments.instrument));
  const auto orders = (*client)->Call((*client)->market(), &MarketStub::ListOrders, request);
  if (!orders.ok()) return orders.error();
  Rows rows(arguments.output, {"order", "client_order_id", "instrument", "side", "type",
                               "time_in_force", "price", "stop", "quantity", "open", "visible"});
  for (const mk::Order& order : orders->orders()) {
    rows.Add({Number(order.order()),
              order.client_order_id().empty() ? Nothing() : Text(order.client_order_id()),
              Text(LastPart(order.instrument())), Text(SideName(order.side())),
              Text(Lower(mk::OrderType_Name(order.type()), "ORDER_TYPE_")),
              Text(Lower(mk::TimeInForce_Name(order.time_in_force()), "TIME_IN_FORCE_")),
              PriceCell(order.price()), PriceCell(order.stop_price()), Tonnage(order.quantity()),
              Tonnage(order.open()), Tonnage(order.visible())});
  }
  rows.End();
  return {};
}

MaybeFailure RunMember(const ReadArguments& arguments) {
  const auto client = MarketClient::Connect(arguments.target);
  if (!client.ok()) return client.error();
  mk::GetMemberRequest request;
  request.set_member(MemberName(arguments.member));
  const auto member = (*client)->Call((*client)->market(), &MarketStub::GetMember, request);
  if (!member.ok()) return member.error();
  Rows rows(arguments.output, {"unit", "available", "reserved", "bought_today"});
  for (const mk::MemberHolding& holding : member->holdings()) {
    const Unit unit = UnitOf(holding.unit());
    rows.Add({Text(holding.unit()), Amount(unit, holding.available()),
              Amount(unit, holding.reserved()), Amount(unit, holding.bought_today())});
  }
  rows.End();
  return {};
}

Cell TonnageOrNothing(std::int64_t tonnes) { return tonnes == 0 ? Nothing() : Tonnage(tonnes); }
Cell TextOrNothing(const std::string& text) { return text.empty() ? Nothing() : Text(text); }

// What may be ordered, and until when.
MaybeFailure PrintTerms(const std::string& output, const mk::ListInstrumentsResponse& list) {
  Rows rows(output, {"number", "instrument", "session", "hours", "tick", "lot", "from", "below",
                     "most", "open_orders", "band_low", "band_high", "holding_limit",
                     "large_holder_from", "first_day", "last_day", "delisting_day"});
  for (const mk::Instrument& it : list.instruments()) {
    rows.Add({Number(it.number()), Text(LastPart(it.name())), Text(it.session_type()),
              TextOrNothing(Joined(it.hours())), PriceCell(it.tick()), Tonnage(it.lot()),
              Tonnage(it.quantity_from()), TonnageOrNothing(it.quantity_below()),
              TonnageOrNothing(it.quantity_max()),
              it.open_orders_max() == 0 ? Nothing() : Number(it.open_orders_max()),
              PriceCell(it.band_low()), PriceCell(it.band_high()),
              TonnageOrNothing(it.holding_limit()), TonnageOrNothing(it.large_holder_from()),
              TextOrNothing(it.first_day()), TextOrNothing(it.last_day()),
              TextOrNothing(it.delisting_day())});
  }
  rows.End();
  return {};
}

MaybeFailure RunInstruments(const ReadArguments& arguments) {
  const auto client = MarketClient::Connect(arguments.target);
  if (!client.ok()) return client.error();
  const auto list =
      (*client)->Call((*client)->data(), &DataStub::ListInstruments, mk::ListInstrumentsRequest());
  if (!list.ok()) return list.error();
  if (arguments.terms) return PrintTerms(arguments.output, *list);
  Rows rows(arguments.output,
            {"number", "instrument", "session", "phase", "previous_close", "band_low", "band_high",
             "open", "high", "low", "last", "close", "volume"});
  for (const mk::Instrument& it : list->instruments()) {
    rows.Add({Number(it.number()), Text(LastPart(it.name())), Text(it.session_type()),
              Text(it.listed() ? PhaseName(it.phase()) : "delisted"),
              PriceCell(it.previous_close()), PriceCell(it.band_low()), PriceCell(it.band_high()),
              PriceCell(it.open()), PriceCell(it.high()), PriceCell(it.low()), PriceCell(it.last()),
              PriceCell(it.close()), Tonnage(it.volume())});
  }
  rows.End();
  return {};
}

MaybeFailure RunStatus(const ReadArguments& arguments) {
  const auto client = MarketClient::Connect(arguments.target);
  if (!client.ok()) return client.error();
  const auto status =
      (*client)->Call((*client)->market(), &MarketStub::GetStatus, mk::GetStatusRequest());
  if (!status.ok()) return status.error();
  PrintFacts(arguments.output, {{"sequence", Number(status->sequence())},
                                {"session_open", YesNo(status->session_open())},
                                {"settlement_sequence", Number(status->settlement_sequence())},
                                {"members", Number(status->members())},
                                {"instruments", Number(status->instruments())},
                                {"alarms", Number(status->alarms())}});
  return {};
}

}  // namespace

void AddMarketReadVerbs(CLI::App& parent, int& exit_code) {
  const auto add = [&](const char* name, const char* words,
                       MaybeFailure (*run)(const ReadArguments&)) {
    const auto arguments = std::make_shared<ReadArguments>();
    return std::pair(AddMarketVerb(parent, name, words, arguments, exit_code, run), arguments);
  };
  const auto limit = [](CLI::App& verb, ReadArguments& arguments, std::uint32_t most) {
    verb.add_option("--limit", arguments.limit, "At most so many")
        ->check(CLI::Range(std::uint32_t{1}, most))
        ->type_name("N")
        ->capture_default_str();
  };
  const auto book = add("book", "The levels of one order book, offers above bids", RunBook);
  AddInstrument(*book.first, *book.second)->required();
  const auto trades = add("trades", "The tape: what traded, oldest first", RunTrades);
  AddInstrument(*trades.first, *trades.second);
  trades.first->add_option("--from", trades.second->from, "From this trade on")
      ->check(CLI::NonNegativeNumber)
      ->type_name("TRADE");
  limit(*trades.first, *trades.second, 1'000);
  const auto bars = add("bars", "Listed trades as bars", RunBars);
  AddInstrument(*bars.first, *bars.second)->required();
  bars.first->add_option("--minutes", bars.second->minutes, "Length of a bar; divides 1440")
      ->check(CLI::Range(1U, 1'440U))
      ->type_name("N")
      ->capture_default_str();
  limit(*bars.first, *bars.second, 10'000);
  const auto orders = add("orders", "A member's live orders", RunOrders);
  AddMember(*orders.first, *orders.second)->required();
  AddInstrument(*orders.first, *orders.second);
  const auto member = add("member", "What a member has at the exchange", RunMember);
  AddMember(*member.first, *member.second)->required();
  const auto instruments =
      add("instruments", "Everything that is listed, with its numbers of the day", RunInstruments);
  instruments.first->add_flag("--terms", instruments.second->terms,
                              "What may be ordered instead: hours, tick, lot, limits, last day");
  add("status", "Whether a session is open, and whether all is well", RunStatus);
}

}  // namespace ets::cli
