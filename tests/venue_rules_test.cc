// A served exchange whose rules are a file: a day that goes by the clock, with calls, an
// interruption, fees, ticks, holding limits and reports of large holders, and what is left of it
// after a restart.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <mutex>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "market/rules_file.h"
#include "server/live_branches.h"
#include "tests/market_place.h"

namespace ets {
namespace {

using ::testing::HasSubstr;
using Market = mk::MarketService::Stub;

// The account of the third member is 8, so the next that is opened is 9.
constexpr const char* kRules = R"(
fee_account = 9
holding_limit_t = 1_500_000
large_holder_from_t = 1_200_000
closed_days = [2026-03-04]

[session.continuous]
hours = ["09:00-17:00"]
ticks = [{ from = 0, tick = 0.01 }, { from = 72, tick = 0.05 }]
maker_fee = 0.0005
taker_fee = 0.001

[session.cn-block]
[session.cn-listed]
)";

market::VenueRules RulesOf(const std::string& text) {
  auto rules = market::ParseRules(text, "venue.toml");
  EXPECT_TRUE(rules.ok());
  return rules.ok() ? std::move(rules.value()) : market::VenueRules();
}

// What the operator hears of, on a thread of its own.
class DropCopy {
 public:
  explicit DropCopy(mk::OrderEntryService::Stub& entry) {
    reader_ = entry.DropCopy(&context_, mk::DropCopyRequest());
    thread_ = std::thread([this] {
      mk::DropCopyResponse response;
      while (reader_->Read(&response)) {
        const std::lock_guard lock(mutex_);
        heard_.push_back(response);
      }
    });
  }
  ~DropCopy() {
    context_.TryCancel();
    thread_.join();
  }
  std::vector<mk::DropCopyResponse> heard() const {
    const std::lock_guard lock(mutex_);
    return heard_;
  }
  std::vector<mk::LargeHolderReport> large_holders() const {
    std::vector<mk::LargeHolderReport> reports;
    for (const auto& response : heard()) {
      if (response.has_large_holder()) reports.push_back(response.large_holder());
    }
    return reports;
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<mk::DropCopyResponse>> reader_;
  mutable std::mutex mutex_;
  std::vector<mk::DropCopyResponse> heard_;
  std::thread thread_;
};

class VenueRules : public ::testing::Test {
 protected:
  VenueRules() {
    rg::CreateAccountRequest request;
    request.set_request_id(Uuid(8, 1));
    request.set_kind(rg::ACCOUNT_KIND_FEES);
    rg::CreateAccountResponse response;
    const auto accounts = rg::AccountService::NewStub(place_.channel());
    Must(Call(*accounts, &rg::AccountService::Stub::CreateAccount, request, response));
    EXPECT_EQ(response.account(), "accounts/9");
  }

  // By clocks in Beijing.
  void Advance(int day, int hour, int minute = 0) {
    server::Submission submission;
    submission.command = registry::AdvanceTo{InstantOf(
        Date::Of(2026, 3, day), (hour * 60 + minute) * 60 * kMicrosPerSecond, kBeijingOffset)};
    submission.source = SourceKind::kAuthority;
    const auto answer = place_.server().branches()->main().SubmitAndWait(std::move(submission));
    EXPECT_EQ(answer.kind, server::Answer::Kind::kApplied);
  }
  static bool Until(const std::function<bool()>& so) {
    for (int i = 0; i < 500; ++i) {
      if (so()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  mk::GetBookResponse Book() {
    mk::GetBookRequest request;
    request.set_instrument(MarketPlace::kInstrument);
    mk::GetBookResponse book;
    Must(Call(place_.market(), &Market::GetBook, request, book));
    return book;
  }
  bool Reaches(mk::Phase phase) {
    return Until([&] { return Book().phase() == phase; });
  }
  bool IsSessionOpen() {
    mk::GetStatusResponse status;
    Must(Call(place_.market(), &Market::GetStatus, mk::GetStatusRequest(), status));
    EXPECT_EQ(status.alarms(), 0U);
    return status.session_open();
  }
  grpc::Status Place(int member, mk::Side side, std::int64_t price, std::int64_t quantity) {
    mk::PlaceOrderRequest request;
    request.set_member(MarketPlace::Member(member));
    request.set_instrument(MarketPlace::kInstrument);
    request.set_side(side);
    request.set_price(price);
    request.set_quantity(quantity);
    return Call(place_.market(), &Market::PlaceOrder, request, placed_);
  }
  void Sell(int member, std::int64_t price, std::int64_t quantity) {
    Must(Place(member, mk::SIDE_SELL, price, quantity));
  }
  void Buy(int member, std::int64_t price, std::int64_t quantity) {
    Must(Place(member, mk::SIDE_BUY, price, quantity));
  }
  // "PRICE_OFF_TICK asked 7203 limit 5"
  static std::string RefusalOf(const grpc::Status& status) {
    google::rpc::Status details;
    google::rpc::ErrorInfo info;
    if (!details.ParseFromString(status.error_details()) || details.details_size() == 0 ||
        !details.details(0).UnpackTo(&info)) {
      return "none: " + status.error_message();
    }
    return info.reason() + " asked " + info.metadata().at("asked") + " limit " +
           info.metadata().at("limit");
  }
  std::vector<mk::Trade> Trades() {
    mk::ListTradesResponse trades;
    Must(Call(place_.data(), &mk::MarketDataService::Stub::ListTrades, mk::ListTradesRequest(),
              trades));
    return {trades.trades().begin(), trades.trades().end()};
  }
  std::int64_t FeesAtRegistry() {
    const auto accounts = rg::AccountService::NewStub(place_.channel());
    rg::GetHoldingRequest request;
    request.set_name("accounts/9/holdings/CNY");
    rg::GetHoldingResponse response;
    const auto status = Call(*accounts, &rg::AccountService::Stub::GetHolding, request, response);
    return status.ok() ? response.holding().posted() : 0;
  }
  // Opening call, continuous trading, an interruption and the closing call of 2 March.
  void TradeOneDay();

  MarketPlace place_{3, {}, true, 65'536, RulesOf(kRules)};
  mk::PlaceOrderResponse placed_;
};

void VenueRules::TradeOneDay() {
  EXPECT_EQ(Book().phase(), mk::PHASE_CLOSED) << "eight in the morning";
  EXPECT_EQ(RefusalOf(Place(0, mk::SIDE_SELL, 7'000, 1)), "WRONG_SESSION asked 1 limit 3");

  Advance(2, 9);
  ASSERT_TRUE(Reaches(mk::PHASE_OPENING_CALL));
  Sell(0, 7'000, 100);
  Sell(0, 7'010, 50);
  Buy(1, 7'020, 150);
  Buy(2, 7'000, 50);
  EXPECT_TRUE(Trades().empty()) << "a call collects";

  // 150 t clear at any price from 70.10 to 70.20; 70.10 is next to the reference, 70.00.
  Advance(2, 9, 15);
  ASSERT_TRUE(Reaches(mk::PHASE_CONTINUOUS));
  ASSERT_TRUE(Until([&] { return Trades().size() == 2; }));
  EXPECT_EQ(Trades()[0].price(), 7'010);
  EXPECT_EQ(Trades()[1].price(), 7'010);
  EXPECT_EQ(Trades()[0].quantity() + Trades()[1].quantity(), 150);

  EXPECT_EQ(RefusalOf(Place(0, mk::SIDE_SELL, 7'203, 1)), "PRICE_OFF_TICK asked 7203 limit 5");

  // More than 3% above the last trade: the trade waits for a call of five minutes.
  Advance(2, 9, 16);
  Sell(2, 7'300, 100);
  Buy(1, 7'300, 100);
  ASSERT_TRUE(Reaches(mk::PHASE_VOLATILITY_CALL));
  EXPECT_EQ(Book().last(), 7'010);
  Advance(2, 9, 20);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(Book().phase(), mk::PHASE_VOLATILITY_CALL)
      << "five minutes from the order that set it off";
  Advance(2, 9, 21);
  ASSERT_TRUE(Reaches(mk::PHASE_CONTINUOUS));
  EXPECT_EQ(Book().last(), 7'300);
}

TEST_F(VenueRules, ADayGoesByTheClockWithCallsAndAnInterruption) {
  TradeOneDay();
  Advance(2, 16, 50);
  ASSERT_TRUE(Reaches(mk::PHASE_CLOSING_CALL));
  Sell(0, 7'250, 30);
  Buy(2, 7'260, 30);
  EXPECT_TRUE(IsSessionOpen());
  Advance(2, 17);
  ASSERT_TRUE(Until([&] { return !IsSessionOpen(); })) << "closed by itself";
  EXPECT_EQ(Trades().back().quantity(), 30);
  EXPECT_EQ(Book().close(), Trades().back().price()) << "the closing call's price";

  // Every fill has cost its two sides something, and all of it has arrived.
  ASSERT_TRUE(Until([&] { return FeesAtRegistry() > 0; }));
  std::int64_t fees = 0;
  for (const mk::Trade& trade : Trades()) {
    fees += 2 * (trade.price() * trade.quantity() * 5 / 10'000);
  }
  EXPECT_EQ(FeesAtRegistry(), fees) << "in calls both sides are makers";
}

TEST_F(VenueRules, ASessionWaitsForACallThatIsGivenItsTimeAgain) {
  TradeOneDay();
  Advance(2, 16, 50);
  ASSERT_TRUE(Reaches(mk::PHASE_CLOSING_CALL));
  Sell(0, 8'200, 10);  // More than 10% above the last call's 73.00.
  Buy(2, 8'200, 10);
  Advance(2, 17);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(Book().phase(), mk::PHASE_CLOSING_CALL) << "ten minutes more";
  EXPECT_TRUE(IsSessionOpen());
  Advance(2, 17, 10);
  ASSERT_TRUE(Until([&] { return !IsSessionOpen(); }));
  EXPECT_EQ(Book().close(), 8'200);
}

TEST_F(VenueRules, SessionsOpenOnTradingDaysAlone) {
  Advance(2, 18);
  ASSERT_TRUE(Until([&] { return !IsSessionOpen(); }));
  Advance(3, 8, 59);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_FALSE(IsSessionOpen());
  Advance(3, 9);
  ASSERT_TRUE(Until([&] { return IsSessionOpen(); }));
  EXPECT_TRUE(Reaches(mk::PHASE_OPENING_CALL));
  place_.CloseDay();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_FALSE(IsSessionOpen()) << "closed by hand it stays closed";
  for (const int closed : {4, 7, 8}) {
    Advance(closed, 12);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    EXPECT_FALSE(IsSessionOpen()) << closed << " March: a closed day, a Saturday, a Sunday";
  }
  Advance(9, 12);
  ASSERT_TRUE(Until([&] { return IsSessionOpen(); }));
  EXPECT_TRUE(Reaches(mk::PHASE_CONTINUOUS)) << "in the middle of the day, without its first call";
  mk::SetPhaseRequest by_hand;
  by_hand.set_instrument(MarketPlace::kInstrument);
  by_hand.set_phase(mk::PHASE_CLOSING_CALL);
  mk::SetPhaseResponse moved;
  Must(Call(place_.market(), &Market::SetPhase, by_hand, moved));
  EXPECT_EQ(Book().phase(), mk::PHASE_CLOSING_CALL) << "the operator may be ahead of the clock";
}

TEST_F(VenueRules, HoldingsAreBoundAndReported) {
  const DropCopy copy(place_.entry());
  ASSERT_TRUE(Until([&] { return !copy.heard().empty(); })) << "the heartbeat";
  Advance(2, 9, 15);
  ASSERT_TRUE(Reaches(mk::PHASE_CONTINUOUS));

  EXPECT_EQ(RefusalOf(Place(1, mk::SIDE_BUY, 7'000, 500'001)),
            "ABOVE_HOLDING_LIMIT asked 1500001 limit 1500000");
  mk::SetHoldingLimitRequest own;
  own.set_member(MarketPlace::Member(1));
  own.set_instrument(MarketPlace::kInstrument);
  own.set_limit(1'100'000);
  mk::SetHoldingLimitResponse set;
  Must(Call(place_.market(), &Market::SetHoldingLimit, own, set));
  EXPECT_EQ(RefusalOf(Place(1, mk::SIDE_BUY, 7'000, 200'000)),
            "ABOVE_HOLDING_LIMIT asked 1200000 limit 1100000");
  mk::GetMemberRequest ask;
  ask.set_member(MarketPlace::Member(1));
  mk::GetMemberResponse member;
  Must(Call(place_.market(), &Market::GetMember, ask, member));
  ASSERT_EQ(member.limits_size(), 1);
  EXPECT_EQ(member.limits(0).limit(), 1'100'000);
  EXPECT_TRUE(member.limits(0).own());
  own.clear_limit();
  Must(Call(place_.market(), &Market::SetHoldingLimit, own, set));

  Sell(0, 7'000, 200'000);
  Buy(1, 7'000, 200'000);
  ASSERT_TRUE(Until([&] { return copy.large_holders().size() == 1; }));
  const mk::LargeHolderReport report = copy.large_holders()[0];
  EXPECT_EQ(report.member(), MarketPlace::Member(1));
  EXPECT_EQ(report.instrument(), MarketPlace::kInstrument);
  EXPECT_EQ(report.held(), 1'200'000);
  EXPECT_TRUE(report.large());
  EXPECT_GT(report.sequence(), 0U);
  mk::ListLargeHoldersResponse holders;
  Must(Call(place_.market(), &Market::ListLargeHolders, mk::ListLargeHoldersRequest(), holders));
  ASSERT_EQ(holders.holders_size(), 1);
  EXPECT_EQ(holders.holders(0).member(), MarketPlace::Member(1));
  EXPECT_EQ(holders.holders(0).held(), 1'200'000);
  EXPECT_EQ(holders.holders(0).from(), 1'200'000);

  Sell(1, 7'000, 1);
  Buy(2, 7'000, 1);
  ASSERT_TRUE(Until([&] { return copy.large_holders().size() == 2; }));
  EXPECT_FALSE(copy.large_holders()[1].large()) << "no more";
}

TEST_F(VenueRules, ADelistedInstrumentTradesNoMoreAndMayBeListedAgain) {
  Advance(2, 9, 15);
  ASSERT_TRUE(Reaches(mk::PHASE_CONTINUOUS));
  Sell(0, 7'000, 10);
  mk::DelistInstrumentRequest delist;
  delist.set_instrument(MarketPlace::kInstrument);
  mk::DelistInstrumentResponse gone;
  Must(Call(place_.market(), &Market::DelistInstrument, delist, gone));
  EXPECT_THAT(RefusalOf(Place(0, mk::SIDE_SELL, 7'000, 1)), HasSubstr("INSTRUMENT_NOT_TRADING"));
  EXPECT_THAT(RefusalOf(Call(place_.market(), &Market::DelistInstrument, delist, gone)),
              HasSubstr("INSTRUMENT_NOT_TRADING"));

  mk::ListInstrumentRequest again;
  again.set_unit("CEA26");
  again.set_cash_unit("CNY");
  again.set_reference_price(7'200);
  again.set_session_type("cn-listed");
  again.set_holding_limit(0);
  again.set_last_day("2026-12-31");
  again.set_delisting_day("2027-01-15");
  mk::ListInstrumentResponse listed;
  Must(Call(place_.market(), &Market::ListInstrument, again, listed));
  mk::ListInstrumentsResponse directory;
  Must(Call(place_.data(), &mk::MarketDataService::Stub::ListInstruments,
            mk::ListInstrumentsRequest(), directory));
  ASSERT_EQ(directory.instruments_size(), 2);
  EXPECT_FALSE(directory.instruments(0).listed());
  EXPECT_EQ(directory.instruments(0).holding_limit(), 1'500'000) << "the venue's";
  const mk::Instrument& now = directory.instruments(1);
  EXPECT_EQ(now.number(), 1U);
  EXPECT_EQ(now.session_type(), "cn-listed");
  ASSERT_EQ(now.hours_size(), 2);
  EXPECT_EQ(now.hours(0), "09:30-11:30");
  EXPECT_EQ(now.quantity_below(), 100'000);
  EXPECT_EQ(now.holding_limit(), 0) << "none, whatever the venue's is";
  EXPECT_EQ(now.large_holder_from(), 1'200'000);
  EXPECT_EQ(now.last_day(), "2026-12-31");
  EXPECT_EQ(now.delisting_day(), "2027-01-15");
}

TEST_F(VenueRules, AnUnknownSessionTypeNamesThoseThatABookMayHave) {
  mk::ListInstrumentRequest list;
  list.set_unit("CEA26");
  list.set_cash_unit("CNY");
  list.set_reference_price(7'000);
  mk::ListInstrumentResponse listed;
  for (const char* const name : {"cn-block", "continous"}) {
    list.set_session_type(name);
    const auto status = Call(place_.market(), &Market::ListInstrument, list, listed);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), HasSubstr("session_type: \"" + std::string(name) +
                                                  "\"; allowed: continuous, cn-listed"));
    EXPECT_THAT(status.error_message(), ::testing::Not(HasSubstr(", cn-block")));
  }
}

TEST_F(VenueRules, ARestartKeepsThemAndRefusesOthers) {
  TradeOneDay();
  mk::GetVenueRulesResponse before, after;
  const auto ask = [&](mk::GetVenueRulesResponse& rules) {
    Must(Call(place_.data(), &mk::MarketDataService::Stub::GetVenueRules,
              mk::GetVenueRulesRequest(), rules));
  };
  ask(before);
  EXPECT_EQ(RulesOf(before.file()), RulesOf(kRules));
  ASSERT_EQ(before.rules().session_types_size(), 3);
  const mk::SessionType& type = before.rules().session_types(0);
  EXPECT_EQ(type.name(), "continuous");
  EXPECT_EQ(type.opening_call_minutes(), 15U);
  EXPECT_EQ(type.ticks(1).tick(), 5);
  EXPECT_EQ(type.taker_fee().basis_points(), 10U);
  EXPECT_EQ(before.rules().fee_account(), "accounts/9");
  EXPECT_EQ(before.rules().closed_days(0), "2026-03-04");

  place_.Stop();
  place_.Start();
  ask(after);
  EXPECT_EQ(after.file(), before.file());
  EXPECT_EQ(Book().phase(), mk::PHASE_CONTINUOUS);
  Advance(2, 17);
  ASSERT_TRUE(Until([&] { return !IsSessionOpen(); }));
  Advance(3, 9);
  EXPECT_TRUE(Until([&] { return IsSessionOpen(); }));

  place_.Stop();
  const auto refused = place_.TryToStart(market::VenueRules());
  ASSERT_TRUE(refused);
  EXPECT_TRUE(refused->is_bad_input);
  EXPECT_THAT(refused->message, HasSubstr("founded with other rules"));
  EXPECT_FALSE(place_.TryToStart(std::nullopt)) << "without any it goes on with its own";
}

}  // namespace
}  // namespace ets
