#include "clients/cli/auction_house_verbs.h"

#include <fstream>
#include <iostream>
#include <map>
#include <random>

#include "base/quantity.h"
#include "clients/cli/auction_publication.h"
#include "clients/cli/auction_published.h"
#include "clients/cli/market_verb.h"
#include "ets/auction/v1/auction_service.grpc.pb.h"

namespace ets::cli {
namespace {

namespace au = ::ets::auction::v1;
using Stub = au::AuctionService::Stub;
using Facts = std::vector<std::pair<std::string, Cell>>;

struct HouseArguments : MarketArguments {
  std::string auction;
  std::int64_t price = 0, quantity = 0;
  std::uint32_t bid = 0;
  std::string client_id, currency;
  // Opening.
  std::string auctioneer, format = "eu", opens, closes, pay_day;
  std::int64_t supply = 0, reserve = 0, secret = 0;
  std::optional<std::uint64_t> seed;
  std::vector<std::string> sets, containment, consigned, rooms, guarantees, not_covered, schedule;
  std::string withholding;
  // Results.
  bool bids = false;
  std::string publish, from;
  std::uint64_t count = 0;
};

// A client and its auction house; the client must outlive the calls.
struct House {
  std::unique_ptr<MarketClient> client;
  std::unique_ptr<Stub> stub;

  template <typename Request, typename Response>
  Result<Response, Failure> Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                              Response*),
                                 const Request& request) const {
    return client->Call(*stub, method, request);
  }
};
Result<House, Failure> Connect(const HouseArguments& arguments) {
  auto client = MarketClient::Connect(arguments.target);
  if (!client.ok()) return Fail{client.error()};
  House house{std::move(client.value()), nullptr};
  house.stub = au::AuctionService::NewStub(house.client->link().channel());
  return house;
}

std::string AuctionName(const std::string& text) {
  return text.empty() || text.find('/') != text.npos ? text : "auctions/" + text;
}
std::string StateName(au::AuctionState state) {
  return Lower(au::AuctionState_Name(state), "AUCTION_STATE_");
}

Failure Wrong(const std::string& flag, const std::string& value, const std::string& allowed) {
  return {2, flag + " " + value + ": allowed: " + allowed};
}

// ---- The auctioneer ----

std::optional<au::Trigger> ReadTrigger(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == text.npos) return std::nullopt;
  const auto price = Price::Parse(text.substr(0, colon));
  const auto volume = Price::Parse(text.substr(colon + 1));  // A number without a sign.
  if (!price || !volume || volume->minor_per_tonne() % 100 != 0) return std::nullopt;
  au::Trigger trigger;
  trigger.set_price(price->minor_per_tonne());
  trigger.set_volume(volume->minor_per_tonne() / 100);
  return trigger;
}
// "4=1000".
std::optional<std::pair<std::string, std::int64_t>> ReadVolume(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == text.npos || equals == 0) return std::nullopt;
  const auto volume = Price::Parse(text.substr(equals + 1));
  if (!volume || volume->minor_per_tonne() % 100 != 0) return std::nullopt;
  return std::pair(MemberName(text.substr(0, equals)), volume->minor_per_tonne() / 100);
}

// One row a member, whatever limits it.
MaybeFailure FillLimits(const HouseArguments& arguments, au::OpenAuctionRequest& request) {
  std::map<std::string, au::BidderLimit> limits;
  for (const std::string& text : arguments.rooms) {
    const auto room = ReadVolume(text);
    if (!room) return Wrong("--room", text, "MEMBER=TONNES, as in 6=1000");
    limits[room->first].set_room(room->second);
  }
  for (const std::string& text : arguments.guarantees) {
    const std::size_t equals = text.find('=');
    const auto money = equals == text.npos ? std::nullopt : Price::Parse(text.substr(equals + 1));
    if (!money || equals == 0) {
      return Wrong("--guarantee", text, "MEMBER=MONEY, as in 6=350000.00");
    }
    limits[MemberName(text.substr(0, equals))].set_guarantee(money->minor_per_tonne());
  }
  for (const std::string& member : arguments.not_covered) {
    limits[MemberName(member)].set_without_obligations(true);
  }
  for (auto& [member, limit] : limits) {
    limit.set_member(member);
    *request.add_bidders() = limit;
  }
  return {};
}

MaybeFailure FillTerms(const HouseArguments& arguments, au::OpenAuctionRequest& request) {
  for (const std::string& set : arguments.sets) {
    const std::size_t equals = set.find('=');
    if (equals == set.npos) return Wrong("--set", set, "FIELD=VALUE, as in tie=time");
    (*request.mutable_fields())[set.substr(0, equals)] = set.substr(equals + 1);
  }
  for (const std::string& text : arguments.containment) {
    const auto tier = ReadTrigger(text);
    if (!tier) return Wrong("--containment", text, "PRICE:TONNES, as in 70.50:10000");
    *request.add_containment() = *tier;
  }
  if (!arguments.withholding.empty()) {
    const auto trigger = ReadTrigger(arguments.withholding);
    if (!trigger) {
      return Wrong("--withholding", arguments.withholding, "PRICE:TONNES, as in 40:10000");
    }
    *request.mutable_withholding() = *trigger;
  }
  for (const std::string& text : arguments.consigned) {
    const auto part = ReadVolume(text);
    if (!part) return Wrong("--consigned", text, "MEMBER=TONNES, as in 6=1000");
    au::Consignment& row = *request.add_consignments();
    row.set_member(part->first);
    row.set_volume(part->second);
  }
  return FillLimits(arguments, request);
}

MaybeFailure RunOpen(const HouseArguments& arguments) {
  au::OpenAuctionRequest request;
  request.set_auctioneer(MemberName(arguments.auctioneer));
  request.set_instrument(InstrumentName(arguments.instrument));
  request.set_format(arguments.format);
  request.set_supply(arguments.supply);
  if (arguments.reserve != 0) request.set_reserve(arguments.reserve);
  if (arguments.secret != 0) request.set_secret_reserve(arguments.secret);
  request.set_pay_day(arguments.pay_day);
  std::random_device chance;
  request.set_tie_seed(arguments.seed.value_or(std::uint64_t{chance()} << 32U | chance()));
  if (const auto wrong = FillTerms(arguments, request)) return wrong;
  auto house = Connect(arguments);
  if (!house.ok()) return house.error();
  for (const auto& [flag, text, is_opening] :
       {std::tuple("--opens", &arguments.opens, true), {"--closes", &arguments.closes, false}}) {
    if (text->empty()) continue;
    const auto time = ResolveTime(house->client->link(), flag, *text);
    if (!time.ok()) return time.error();
    Moment::Fill(*time, is_opening ? *request.mutable_open_time() : *request.mutable_close_time());
  }
  const auto opened = house->Call(&Stub::OpenAuction, request);
  if (!opened.ok()) return opened.error();
  PrintFacts(arguments.output, {{"sequence", Number(opened->sequence())},
                                {"auction", Text(LastPart(opened->auction()))},
                                {"commitment", Text(opened->commitment())}});
  return {};
}

void ShowResult(const HouseArguments& arguments, const au::Auction& auction);

MaybeFailure RunClose(const HouseArguments& arguments) {
  auto house = Connect(arguments);
  if (!house.ok()) return house.error();
  const auto closed = house->Call(&Stub::CloseAuction, au::CloseAuctionRequest());
  if (!closed.ok()) return closed.error();
  ShowResult(arguments, closed->auction());
  return {};
}

MaybeFailure RunPay(const HouseArguments& arguments) {
  au::PayAuctionRequest request;
  request.set_auction(AuctionName(arguments.auction));
  auto house = Connect(arguments);
  if (!house.ok()) return house.error();
  const auto paid = house->Call(&Stub::PayAuction, request);
  if (!paid.ok()) return paid.error();
  PrintFacts(arguments.output, {{"sequence", Number(paid->sequence())},
                                {"paid", Tonnage(paid->paid())},
                                {"unpaid", Tonnage(paid->unpaid())},
                                {"value", MoneyCell(paid->value())}});
  return {};
}

// ---- Bidders ----

template <typename Request>
MaybeFailure SendBid(const HouseArguments& arguments,
                     grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                  au::BidResponse*),
                     const Request& request) {
  auto house = Connect(arguments);
  if (!house.ok()) return house.error();
  const auto done = house->Call(method, request);
  if (!done.ok()) return done.error();
  PrintFacts(arguments.output,
             {{"sequence", Number(done->sequence())}, {"bid", Number(done->bid())}});
  return {};
}

MaybeFailure RunSchedule(const HouseArguments& arguments) {
  au::SubmitBidsRequest request;
  request.set_member(MemberName(arguments.member));
  std::string wrong;
  for (const std::string& text : arguments.schedule) {
    const auto step = ReadTrigger(text);
    if (!step) {
      wrong += (wrong.empty() ? "" : "\n") +
               Wrong("--schedule", text, "PRICE:TONNES, as in 70.50:10000").message;
      continue;
    }
    au::SubmitBidsRequest::Step& bid = *request.add_bids();
    bid.set_price(step->price());
    bid.set_quantity(step->volume());
  }
  if (!wrong.empty()) return Failure{2, wrong};
  request.set_client_bid_id(arguments.client_id);
  request.set_auction(AuctionName(arguments.auction));
  request.set_currency(arguments.currency);
  auto house = Connect(arguments);
  if (!house.ok()) return house.error();
  const auto done = house->Call(&Stub::SubmitBids, request);
  if (!done.ok()) return done.error();
  Rows rows(arguments.output, {"sequence", "bid", "price", "quantity"});
  for (int i = 0; i < done->bids_size(); ++i) {
    rows.Add({Number(done->sequence()), Number(done->bids(i)), PriceCell(request.bids(i).price()),
              Tonnage(request.bids(i).quantity())});
  }
  rows.End();
  return {};
}

MaybeFailure RunBid(const HouseArguments& arguments) {
  if (!arguments.schedule.empty()) return RunSchedule(arguments);
  au::SubmitBidRequest request;
  request.set_member(MemberName(arguments.member));
  request.set_price(arguments.price);
  request.set_quantity(arguments.quantity);
  request.set_client_bid_id(arguments.client_id);
  request.set_auction(AuctionName(arguments.auction));
  request.set_currency(arguments.currency);
  return SendBid(arguments, &Stub::SubmitBid, request);
}

MaybeFailure RunChange(const HouseArguments& arguments) {
  au::ChangeBidRequest request;
  request.set_member(MemberName(arguments.member));
  request.set_bid(arguments.bid);
  request.set_price(arguments.price);
  request.set_quantity(arguments.quantity);
  request.set_auction(AuctionName(arguments.auction));
  request.set_currency(arguments.currency);
  return SendBid(arguments, &Stub::ChangeBid, request);
}

MaybeFailure RunWithdraw(const HouseArguments& arguments) {
  au::WithdrawBidRequest request;
  request.set_member(MemberName(arguments.member));
  request.set_bid(arguments.bid);
  request.set_auction(AuctionName(arguments.auction));
  return SendBid(arguments, &Stub::WithdrawBid, request);
}

MaybeFailure RunBids(const HouseArguments& arguments) {
  au::ListBidsRequest request;
  if (!arguments.member.empty()) request.set_member(MemberName(arguments.member));
  auto house = Connect(arguments);
  if (!house.ok()) return house.error();
  const auto bids = house->Call(&Stub::ListBids, request);
  if (!bids.ok()) return bids.error();
  Rows rows(arguments.output, {"auction", "bid", "member", "price", "quantity"});
  for (const au::Bid& bid : bids->bids()) {
    rows.Add({Text(LastPart(bids->auction())), Number(bid.bid()), Text(LastPart(bid.member())),
              PriceCell(bid.price()), Tonnage(bid.quantity())});
  }
  rows.End();
  return {};
}

MaybeFailure RunAwards(const HouseArguments& arguments) {
  au::ListAwardsRequest request;
  request.set_auction(AuctionName(arguments.auction));
  request.set_member(MemberName(arguments.member));
  auto house = Connect(arguments);
  if (!house.ok()) return house.error();
  const auto awards = house->Call(&Stub::ListAwards, request);
  if (!awards.ok()) return awards.error();
  Rows rows(arguments.output,
            {"bid", "price", "quantity", "won", "pays", "value", "counted", "cut_by"});
  for (const au::MemberAward& award : awards->awards()) {
    rows.Add({Number(award.bid().bid()), PriceCell(award.bid().price()),
              Tonnage(award.bid().quantity()), Tonnage(award.won()), PriceCell(award.pays()),
              MoneyCell(award.won() * award.pays()), Tonnage(award.counted()),
              award.cut_by().empty() ? Nothing() : Text(award.cut_by())});
  }
  rows.End();
  return {};
}

// ---- Everybody ----

Cell Hundredths(std::uint64_t value) {
  const std::string text =
      std::to_string(value / 100) + "." + std::to_string(100 + value % 100).substr(1);
  return {text, text, true};
}

void ShowResult(const HouseArguments& arguments, const au::Auction& auction) {
  const au::Publication& result = auction.publication();
  const au::Statistics& row = result.statistics();
  Facts facts = {{"auction", Text(LastPart(auction.auction()))},
                 {"state", Text(StateName(auction.state()))},
                 {"instrument", Text(LastPart(auction.instrument()))},
                 {"format", Text(auction.format().name())},
                 {"supply", Tonnage(auction.supply())},
                 {"reserve", PriceCell(auction.reserve())},
                 {"commitment", Text(auction.commitment())},
                 {"pay_day", auction.pay_day().empty() ? Nothing() : Text(auction.pay_day())}};
  if (auction.has_publication()) {
    const Facts more = {{"status", Text(result.status())},
                        {"price", PriceCell(result.price())},
                        {"sold", Tonnage(result.sold())},
                        {"unsold", Tonnage(result.unsold())},
                        {"contained", Tonnage(result.contained())},
                        {"withheld", Tonnage(result.withheld())},
                        {"unpaid", Tonnage(result.unpaid())},
                        {"revenue", MoneyCell(row.revenue())},
                        {"bids", Number(row.bids())},
                        {"successful_bids", Number(row.successful_bids())},
                        {"bidders", Number(row.bidders())},
                        {"successful_bidders", Number(row.successful_bidders())},
                        {"bid_volume", Tonnage(row.bid_volume())},
                        {"cover_ratio", Hundredths(row.cover_hundredths())},
                        {"lowest_bid", PriceCell(row.lowest_bid())},
                        {"highest_bid", PriceCell(row.highest_bid())},
                        {"mean_bid", PriceCell(row.mean_bid())},
                        {"median_bid", PriceCell(row.median_bid())},
                        {"tie_seed", Text(std::to_string(result.tie_seed()))}};
    facts.insert(facts.end(), more.begin(), more.end());
  }
  PrintFacts(arguments.output, facts);
}

void ShowBids(const HouseArguments& arguments, const au::Auction& auction) {
  Rows rows(arguments.output,
            {"place", "bidder", "price", "quantity", "won", "pays", "counted", "cut_by"});
  std::uint64_t place = 0;
  for (const au::PublishedBid& bid : auction.publication().bids()) {
    rows.Add({Number(place++), Text("B" + std::to_string(bid.bidder())), PriceCell(bid.price()),
              Tonnage(bid.quantity()), Tonnage(bid.won()), PriceCell(bid.pays()),
              Tonnage(bid.counted()), bid.cut_by().empty() ? Nothing() : Text(bid.cut_by())});
  }
  rows.End();
}

MaybeFailure Publish(const HouseArguments& arguments, const au::Auction& auction) {
  const auto held = HeldOf(auction);
  if (!held.ok()) return Failure{1, held.error()};
  std::ofstream file(arguments.publish, std::ios::binary);
  file << PublicationOf(*held);
  file.close();
  if (file) return {};
  return Wrong("--publish", arguments.publish, "a writable file");
}

MaybeFailure RunOneResult(const HouseArguments& arguments, const House& house) {
  au::GetAuctionRequest request;
  request.set_auction(AuctionName(arguments.auction));
  const auto auction = house.Call(&Stub::GetAuction, request);
  if (!auction.ok()) return auction.error();
  if (!arguments.publish.empty()) {
    if (auto failure = Publish(arguments, *auction)) return failure;
  }
  if (arguments.bids) {
    ShowBids(arguments, *auction);
  } else {
    ShowResult(arguments, *auction);
  }
  return {};
}

MaybeFailure RunResults(const HouseArguments& arguments) {
  auto house = Connect(arguments);
  if (!house.ok()) return house.error();
  if (!arguments.auction.empty()) return RunOneResult(arguments, *house);
  if (!arguments.publish.empty() || arguments.bids) {
    return Failure{2, std::string(arguments.bids ? "--bids" : "--publish") +
                          ": is about one auction; allowed: with --auction N"};
  }
  au::ListAuctionsRequest request;
  request.set_from_auction(AuctionName(arguments.from));
  const auto list = house->Call(&Stub::ListAuctions, request);
  if (!list.ok()) return list.error();
  Rows rows(arguments.output,
            {"auction", "state", "instrument", "format", "supply", "status", "price", "sold",
             "unsold", "unpaid", "bids", "bidders", "cover", "revenue"});
  for (const au::Auction& auction : list->auctions()) {
    const au::Publication& result = auction.publication();
    const au::Statistics& row = result.statistics();
    const bool is_closed = auction.has_publication();
    rows.Add({Text(LastPart(auction.auction())), Text(StateName(auction.state())),
              Text(LastPart(auction.instrument())), Text(auction.format().name()),
              Tonnage(auction.supply()), is_closed ? Text(result.status()) : Nothing(),
              PriceCell(result.price()), is_closed ? Tonnage(result.sold()) : Nothing(),
              is_closed ? Tonnage(result.unsold()) : Nothing(),
              is_closed ? Tonnage(result.unpaid()) : Nothing(),
              is_closed ? Number(row.bids()) : Nothing(),
              is_closed ? Number(row.bidders()) : Nothing(),
              is_closed ? Hundredths(row.cover_hundredths()) : Nothing(),
              is_closed ? MoneyCell(row.revenue()) : Nothing()});
  }
  rows.End();
  return {};
}

// One line of what happened, as cells of the same columns for all.
std::vector<Cell> LineOf(const au::WatchAuctionsResponse& told, Zone zone) {
  const Cell time = Text(ShowTime(told.time(), zone));
  if (told.has_auction()) {
    const au::Auction& auction = told.auction();
    return {time,
            Text(LastPart(auction.auction())),
            Text(StateName(auction.state())),
            Nothing(),
            Nothing(),
            PriceCell(auction.publication().price()),
            Tonnage(auction.has_publication() ? auction.publication().sold() : auction.supply())};
  }
  if (told.has_bid()) {
    const au::BidReport& bid = told.bid();
    const bool has_won = bid.state() == au::BID_STATE_WON;
    return {time,
            Text(LastPart(bid.auction())),
            Text("bid_" + Lower(au::BidState_Name(bid.state()), "BID_STATE_")),
            Text(LastPart(bid.bid().member())),
            Number(bid.bid().bid()),
            PriceCell(has_won ? bid.pays() : bid.bid().price()),
            Tonnage(has_won ? bid.won() : bid.bid().quantity())};
  }
  const au::PaymentReport& payment = told.payment();
  return {time,
          Text(LastPart(payment.auction())),
          Text(payment.paid() ? "paid" : "unpaid"),
          Text(LastPart(payment.member())),
          Nothing(),
          Nothing(),
          Tonnage(payment.quantity())};
}

MaybeFailure RunWatch(const HouseArguments& arguments) {
  auto house = Connect(arguments);
  if (!house.ok()) return house.error();
  const Zone zone = house->client->zone();
  au::WatchAuctionsRequest request;
  if (!arguments.member.empty()) request.set_member(MemberName(arguments.member));
  request.set_from_auction(AuctionName(arguments.from));
  grpc::ClientContext context;
  house->client->link().Prepare(context);
  const auto reader = house->stub->WatchAuctions(&context, request);
  const std::vector<std::string> columns = {"time", "auction", "what",    "member",
                                            "bid",  "price",   "quantity"};
  au::WatchAuctionsResponse told;
  std::uint64_t lines = 0;
  Rows rows(arguments.output, columns);
  while ((arguments.count == 0 || lines < arguments.count) && reader->Read(&told)) {
    if (told.has_heartbeat()) continue;
    rows.Add(LineOf(told, zone));
    ++lines;
  }
  const bool has_enough = arguments.count != 0 && lines == arguments.count;
  if (has_enough) context.TryCancel();
  const grpc::Status ended = reader->Finish();
  rows.End();
  std::cout.flush();
  const bool is_over =
      has_enough || ended.ok() || ended.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
  if (is_over) return {};
  return RegistryClient::FailureOf(ended);
}

// ---- The command line ----

using ArgumentsPtr = std::shared_ptr<HouseArguments>;
struct Verbs {
  CLI::App& parent;
  int& exit_code;
  std::pair<CLI::App*, ArgumentsPtr> Add(const char* name, const char* words,
                                         MaybeFailure (*run)(const HouseArguments&)) const {
    const auto arguments = std::make_shared<HouseArguments>();
    return {AddMarketVerb(parent, name, words, arguments, exit_code, run), arguments};
  }
};

CLI::Option* AddTonnes(CLI::App& verb, const char* name, std::int64_t& value, const char* words) {
  return verb.add_option(name, value, words)
      ->check(CLI::Range(std::int64_t{1}, kAmountMax))
      ->type_name("T");
}
CLI::Option* AddAuction(CLI::App& verb, HouseArguments& arguments, const char* words) {
  return verb.add_option("--auction", arguments.auction, words)->type_name("N");
}
CLI::Option* AddMany(CLI::App& verb, const char* name, std::vector<std::string>& values,
                     const char* words) {
  return verb.add_option(name, values, words)->take_all()->allow_extra_args(false);
}

void AddOpen(const Verbs& verbs) {
  const auto [open, it] = verbs.Add("open", "Open a bidding window. Operator", RunOpen);
  open->add_option("--auctioneer", it->auctioneer, "Whose units are sold: a member")
      ->required()
      ->type_name("N");
  AddInstrument(*open, *it)->required();
  AddTonnes(*open, "--supply", it->supply, "Tonnes offered")->required();
  open->add_option("--format", it->format, "A named format; see auction formats")
      ->capture_default_str();
  AddMany(*open, "--set", it->sets, "Change one field of the format: --set tie=time");
  AddPrice(*open, "--reserve", it->reserve, "Public reserve price");
  AddPrice(*open, "--secret", it->secret, "Secret reserve price, published after the close");
  open->add_option("--seed", it->seed, "Of the ties; else drawn from all 64 bits")->type_name("N");
  open->add_option("--opens", it->opens, "Bids are taken from then on; else at once")
      ->check(TimeCheck());
  open->add_option("--closes", it->closes, "Closes by itself then; else by auction close")
      ->check(TimeCheck());
  open->add_option("--pay-day", it->pay_day,
                   "Awards are paid when this day is over; else they settle at the close")
      ->check(CLI::Validator(CheckDate, "DATE"));
  AddMany(*open, "--containment", it->containment, "PRICE:TONNES of a cost containment tier");
  open->add_option("--withholding", it->withholding,
                   "PRICE:TONNES of the emission containment reserve");
  AddMany(*open, "--consigned", it->consigned, "MEMBER=TONNES of the supply that MEMBER consigned");
  AddMany(*open, "--room", it->rooms, "MEMBER=TONNES that a holding limit leaves MEMBER");
  AddMany(*open, "--guarantee", it->guarantees,
          "MEMBER=MONEY that MEMBER lodged; bids above it are not taken");
  AddMany(*open, "--not-covered", it->not_covered, "A member without obligations")
      ->type_name("MEMBER");
}

void AddBidding(const Verbs& verbs) {
  const auto [bid, of_bid] = verbs.Add("bid", "Place a sealed bid", RunBid);
  const auto [change, of_change] =
      verbs.Add("change", "Change a bid; it goes behind all others in time", RunChange);
  const auto [withdraw, of_withdraw] = verbs.Add("withdraw", "Withdraw a bid", RunWithdraw);
  for (const auto& [verb, it] : {std::pair(bid, of_bid), {change, of_change}}) {
    CLI::Option* price = AddPrice(*verb, "--price", it->price, "What is bid for a tonne");
    CLI::Option* quantity = AddTonnes(*verb, "--quantity", it->quantity, "How many tonnes");
    if (verb == change) {
      price->required();
      quantity->required();
      continue;
    }
    // One bid, or a schedule.
    price->needs(quantity);
    quantity->needs(price);
    CLI::Option_group* what = verb->add_option_group("What is bid");
    what->add_option(price);
    what->add_option("--schedule", it->schedule,
                     "PRICE:TONNES of several bids, as in 72.00:5000 70.50:10000: all or none");
    what->require_option(1);
    verb->add_option("--currency", it->currency, "Refused unless it is the auction's")
        ->type_name("UNIT");
  }
  for (const auto& [verb, it] : {std::pair(change, of_change), {withdraw, of_withdraw}}) {
    verb->add_option("--bid", it->bid, "Its number in the auction")->required()->type_name("N");
  }
  for (const auto& [verb, it] :
       {std::pair(bid, of_bid), {change, of_change}, {withdraw, of_withdraw}}) {
    AddMember(*verb, *it)->required();
    AddAuction(*verb, *it, "Refused unless this auction is open");
  }
  bid->add_option("--client-id", of_bid->client_id,
                  "A name of one's own, up to 20 characters: sent again, the bid is taken once and "
                  "answered as before")
      ->type_name("TEXT");
  const auto [bids, of_bids] = verbs.Add(
      "bids", "A member's bids in the open auction; to the operator everybody's", RunBids);
  AddMember(*bids, *of_bids);
  const auto [awards, of_awards] =
      verbs.Add("awards", "What each bid of a member won in a closed auction", RunAwards);
  AddMember(*awards, *of_awards)->required();
  AddAuction(*awards, *of_awards, "Which")->required();
}

void AddResults(const Verbs& verbs) {
  const auto [close, of_close] =
      verbs.Add("close", "Close the window, clear and show the result. Operator", RunClose);
  const auto [pay, of_pay] = verbs.Add(
      "pay", "Take payment before the pay day is over; unpaid lots return. Operator", RunPay);
  AddAuction(*pay, *of_pay, "Which")->required();
  const auto [results, it] = verbs.Add(
      "results", "The auctions that are kept; with --auction all that one published", RunResults);
  AddAuction(*results, *it, "One auction");
  results->add_option("--from", it->from, "The first auction to list")->type_name("N");
  results->add_flag("--bids", it->bids, "Its bids, bidders as B1, B2 ..., and what each won");
  results
      ->add_option("--publish", it->publish,
                   "Clear it again here and write all that a stranger needs to do the same; see "
                   "auction verify")
      ->type_name("FILE");
  const auto [watch, of_watch] = verbs.Add(
      "watch", "Results as they come, past ones first, until --timeout; with --member its bids",
      RunWatch);
  AddMember(*watch, *of_watch);
  watch->add_option("--from", of_watch->from, "The first auction to tell of")->type_name("N");
  watch->add_option("--count", of_watch->count, "End after so many lines; 0: never")
      ->capture_default_str();
}

}  // namespace

void AddAuctionHouseVerbs(CLI::App& parent, int& exit_code) {
  const Verbs verbs{parent, exit_code};
  AddOpen(verbs);
  AddBidding(verbs);
  AddResults(verbs);
}

}  // namespace ets::cli
