// ets.auction.v1 over a port: an auction's life as its bidders, its auctioneer and a stranger see
// it; every refusal with its number; who may see and do what.

#include <gmock/gmock.h>

#include <algorithm>
#include <limits>

#include "auction/calendar.h"
#include "auction/fields.h"
#include "auction/statistics.h"
#include "base/prng.h"
#include "server/auction_fixture.h"

namespace ets::server {
namespace {

using grpc::StatusCode;
using market::Refusal;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kTiny = std::numeric_limits<std::int64_t>::min();

// The market's refusal, with what was asked and the limit.
MATCHER_P3(IsRefused, refusal, asked, limit, "") {
  const Said said = SaidBy(arg);
  const auto text = [&](const char* key) {
    const auto found = said.metadata.find(key);
    return found == said.metadata.end() ? std::string("none") : found->second;
  };
  *result_listener << said.reason << ", number " << text("number") << ", asked " << text("asked")
                   << ", limit " << text("limit");
  return said.reason == ToString(refusal) &&
         text("number") == std::to_string(static_cast<int>(refusal)) &&
         text("asked") == std::to_string(asked) && text("limit") == std::to_string(limit);
}

// What was published, cleared again by somebody who has nothing else.
auction::Clearing ClearedAgain(const au::Auction& published, std::vector<auction::Bid>& bids,
                               auction::Terms& terms) {
  const au::Publication& publication = published.publication();
  terms.format = *auction::FindFormat(published.format().name());
  for (const au::FormatField& field : published.format().fields()) {
    EXPECT_TRUE(SetField(terms.format, field.name(), field.value()).ok()) << field.name();
  }
  terms.supply = Tonnes(published.supply());
  if (published.has_reserve()) terms.reserve = Price::FromMinorPerTonne(published.reserve());
  if (publication.has_secret_reserve()) {
    terms.secret_reserve = Price::FromMinorPerTonne(publication.secret_reserve());
  }
  terms.tie_seed = publication.tie_seed();
  const auto trigger = [](const au::Trigger& one) {
    return auction::Trigger{Price::FromMinorPerTonne(one.price()), Tonnes(one.volume())};
  };
  for (const au::Trigger& one : publication.containment()) {
    terms.containment.push_back(trigger(one));
  }
  if (publication.has_withholding()) terms.withholding = trigger(publication.withholding());
  for (const au::PublishedLimit& limit : publication.limits()) {
    auction::BidderTerms bidder{MemberId(limit.bidder()), !limit.without_obligations(), {}, {}};
    if (limit.has_room()) bidder.room = Tonnes(limit.room());
    terms.bidders.push_back(bidder);
  }
  for (const std::int64_t volume : publication.consigned()) {
    terms.consignments.push_back({MemberId(0), Tonnes(volume)});
  }
  for (const au::PublishedBid& bid : publication.bids()) {
    bids.push_back(
        {MemberId(bid.bidder()), Price::FromMinorPerTonne(bid.price()), Tonnes(bid.quantity())});
  }
  return auction::Clear(bids, terms);
}

void ExpectAStrangerComesToTheSame(const au::Auction& published) {
  std::vector<auction::Bid> bids;
  auction::Terms terms;
  const auction::Clearing again = ClearedAgain(published, bids, terms);
  const au::Publication& publication = published.publication();
  EXPECT_EQ(publication.status(), ToString(again.status));
  EXPECT_EQ(publication.sold(), again.sold.count());
  EXPECT_EQ(publication.unsold(), again.unsold.count());
  EXPECT_EQ(publication.statistics().revenue(), again.revenue.minor());
  EXPECT_EQ(publication.price(), again.sold > Tonnes() ? again.price.minor_per_tonne() : 0);
  std::vector<std::int64_t> won(bids.size()), pays(bids.size());
  for (const auction::Award& award : again.awards) {
    won[award.bid] = award.quantity.count();
    pays[award.bid] = award.price.minor_per_tonne();
  }
  for (int i = 0; i < publication.bids_size(); ++i) {
    EXPECT_EQ(publication.bids(i).won(), won[static_cast<std::size_t>(i)]) << "bid " << i;
    EXPECT_EQ(publication.bids(i).pays(), pays[static_cast<std::size_t>(i)]) << "bid " << i;
  }
  const auto order = auction::TieOrder(terms.format, bids.size(), terms.tie_seed);
  EXPECT_TRUE(std::ranges::equal(publication.tie_order(), order));
  EXPECT_EQ(published.commitment(),
            auction::SeedCommitment(published.auction(), publication.tie_seed()));
}

class AuctionService : public AuctionPlace {
 protected:
  Date server_day_ = Date::Of(2026, 3, 2);
};

// Acceptance case A4 with four bidders, then pay day, then the lots that came back.
TEST_F(AuctionService, LivesFromTheCalendarToTheLotsThatComeBack) {
  const auction::Format& eu = *auction::FindFormat("eu");
  const std::vector<Date> days = {Date::Of(2026, 3, 2), Date::Of(2026, 3, 3), Date::Of(2026, 3, 4),
                                  Date::Of(2026, 3, 5), Date::Of(2026, 3, 6)};
  auction::Calendar calendar("CN", eu, Date::Of(2026, 1, 2),
                             auction::EvenVolumes(days, Tonnes(25'000), eu.lot));
  AuctionWatcher all(*auctions_, kOperator);
  EXPECT_THAT(all.Past(), IsEmpty());

  au::OpenAuctionRequest opening = Opening(calendar.Next()->slot.volume.count());
  EXPECT_EQ(opening.supply(), 5'000);
  opening.set_pay_day("2026-03-03");
  (*opening.mutable_fields())["guarantee_share"] = "0.1";
  ASSERT_TRUE(Open(opening).ok());
  EXPECT_EQ(opened_.auction(), "auctions/1");
  EXPECT_EQ(Holding(0, "CEA26")->reserved(), 5'000);
  EXPECT_EQ(all.Next().auction().state(), au::AUCTION_STATE_OPEN);
  // Sealed: the commitment, and neither seed nor bids.
  EXPECT_EQ(Auction("").commitment(), opened_.commitment());
  EXPECT_FALSE(Auction("").has_publication());

  ASSERT_TRUE(Submit(1, 7'010, 2'000).ok());
  ASSERT_TRUE(Submit(2, 7'005, 1'500).ok());
  ASSERT_TRUE(Submit(3, 6'990, 3'000).ok());  // Bid 3, to be changed,
  ASSERT_TRUE(Submit(4, 7'100, 1'000).ok());  // bid 4, to be withdrawn.
  ASSERT_TRUE(Change(3, 3, 7'000, 1'500).ok());
  ASSERT_TRUE(Withdraw(4, 4).ok());
  ASSERT_TRUE(Submit(4, 7'000, 1'000).ok());
  EXPECT_EQ(Holding(3, "CNY")->reserved(), 7'000 * 1'500 / 10);
  ASSERT_TRUE(Close().ok());

  const au::Auction& result = closed_.auction();
  EXPECT_EQ(result.state(), au::AUCTION_STATE_AWAITS_PAYMENT);
  EXPECT_EQ(result.publication().price(), 7'000);
  EXPECT_EQ(result.publication().sold(), 5'000);
  EXPECT_EQ(result.publication().statistics().bid_volume(), 6'000);
  EXPECT_EQ(result.publication().statistics().bidders(), 4U);
  EXPECT_EQ(result.publication().statistics().revenue(), 7'000 * 5'000);
  ExpectAStrangerComesToTheSame(result);

  // Member 1 cannot pay: its money has left.
  mk::WithdrawRequest leave;
  leave.set_member(Member(1));
  leave.set_unit("CNY");
  leave.set_amount(Free(1, "CNY"));
  mk::WithdrawResponse left;
  ASSERT_TRUE(Call(TokenOf(1), *market_, &mk::MarketService::Stub::Withdraw, leave, left).ok());
  ASSERT_TRUE(Pay("auctions/1").ok());
  EXPECT_EQ(paid_.unpaid(), 2'000);
  EXPECT_EQ(paid_.paid(), 3'000);
  EXPECT_EQ(paid_.value(), 3'000 * 7'000);
  EXPECT_EQ(Auction("auctions/1").publication().unpaid(), 2'000);
  EXPECT_EQ(Holding(0, "CEA26")->available(), kStock - 3'000);
  EXPECT_EQ(Holding(0, "CEA26")->reserved(), 0);
  EXPECT_EQ(Holding(1, "CNY")->reserved(), 0);

  // Title and money move together, and every balance agrees.
  const auto day = CloseDay();
  EXPECT_EQ(day.failed(), 0U);
  EXPECT_EQ(day.mismatches_size(), 0);
  EXPECT_EQ(Posted(0, kMoney), 3'000 * 7'000);
  EXPECT_EQ(Posted(2, kUnits) + Posted(3, kUnits) + Posted(4, kUnits), 3'000);

  // The lots return to the next four auctions of the calendar.
  calendar.Held(Tonnes(result.publication().sold()));
  calendar.Unpaid(Tonnes(paid_.unpaid()));
  EXPECT_EQ(calendar.Next()->slot.volume, Tonnes(5'500));
  ASSERT_NO_FATAL_FAILURE(OpenSession("2026-03-03"));
  ASSERT_TRUE(Open(Opening(calendar.Next()->slot.volume.count())).ok());
  EXPECT_EQ(opened_.auction(), "auctions/2");
  // Nobody bids, nothing is sold, and all of it comes back.
  ASSERT_TRUE(Close().ok());
  EXPECT_EQ(closed_.auction().publication().unsold(), 5'500);
  EXPECT_EQ(Holding(0, "CEA26")->available(), kStock - 3'000);
  calendar.Held(Tonnes(0));
  const auction::CalendarTotals totals = calendar.totals();
  EXPECT_EQ(totals.sold + totals.pending, Tonnes(25'000));
}

TEST_F(AuctionService, TellsTheOperatorOfEveryBidAndABidderOfItsOwn) {
  au::WatchAuctionsRequest own;
  own.set_member(Member(1));
  AuctionWatcher all(*auctions_, kOperator), mine(*auctions_, TokenOf(1), own),
      nobody(*auctions_, TokenOf(2));
  all.Past(), mine.Past(), nobody.Past();
  au::OpenAuctionRequest opening = Opening(5'000);
  opening.set_pay_day("2026-03-02");
  ASSERT_TRUE(Open(opening).ok());
  ASSERT_TRUE(Submit(1, 7'010, 5'000).ok());
  ASSERT_TRUE(Submit(2, 7'000, 5'000).ok());
  ASSERT_TRUE(Change(1, 1, 7'020, 5'000).ok());
  ASSERT_TRUE(Withdraw(2, 2).ok());
  ASSERT_TRUE(Submit(2, 7'000, 500).ok());
  ASSERT_TRUE(Close().ok());
  ASSERT_TRUE(Pay("auctions/1").ok());

  const auto told = [](AuctionWatcher& watcher, int count) {
    std::vector<std::string> words;
    for (int i = 0; i < count; ++i) {
      const au::WatchAuctionsResponse next = watcher.Next();
      if (next.has_auction()) {
        words.push_back(au::AuctionState_Name(next.auction().state()).substr(14));
      } else if (next.has_bid()) {
        words.push_back(au::BidState_Name(next.bid().state()).substr(10) + " " +
                        next.bid().bid().member());
      } else {
        words.push_back((next.payment().paid() ? "PAID " : "UNPAID ") + next.payment().member());
      }
    }
    return words;
  };
  const std::string one = Member(1), two = Member(2);
  EXPECT_THAT(told(all, 11),
              ::testing::ElementsAre("OPEN", "TAKEN " + one, "TAKEN " + two, "CHANGED " + one,
                                     "WITHDRAWN " + two, "TAKEN " + two, "AWAITS_PAYMENT",
                                     "WON " + one, "LOST " + two, "PAID " + one, "DONE"));
  EXPECT_THAT(told(mine, 7),
              ::testing::ElementsAre("OPEN", "TAKEN " + one, "CHANGED " + one, "AWAITS_PAYMENT",
                                     "WON " + one, "PAID " + one, "DONE"));
  EXPECT_THAT(told(nobody, 3), ::testing::ElementsAre("OPEN", "AWAITS_PAYMENT", "DONE"));
}

TEST_F(AuctionService, TellsWhoComesLateWhenItWas) {
  ASSERT_TRUE(Open(Opening(5'000)).ok());
  ASSERT_TRUE(Close().ok());
  Advance(kStart + 2 * 3'600 * kMicrosPerSecond);
  ASSERT_TRUE(Open(Opening(5'000)).ok());
  AuctionWatcher late(*auctions_, TokenOf(1));
  const auto past = late.Past();
  ASSERT_THAT(past, SizeIs(2));
  EXPECT_EQ(past[0].time().seconds(), kStart / kMicrosPerSecond);
  EXPECT_EQ(past[1].time().seconds(), kStart / kMicrosPerSecond + 2 * 3'600);
}

TEST_F(AuctionService, TellsWhoComesLateOfWhatWasAlsoAfterARestart) {
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(Open(Opening(5'000)).ok());
    ASSERT_TRUE(Submit(1 + i, 7'000 + i, 5'000).ok());
    ASSERT_TRUE(Close().ok());
  }
  ASSERT_TRUE(Open(Opening(1'000)).ok());
  ASSERT_TRUE(Submit(2, 7'000, 500).ok());
  const auto check = [&] {
    au::WatchAuctionsRequest request;
    request.set_member(Member(2));
    AuctionWatcher late(*auctions_, TokenOf(2), request);
    const auto past = late.Past();
    ASSERT_THAT(past, SizeIs(6));  // Three results and one award, the open one and a bid.
    EXPECT_EQ(past[0].auction().publication().price(), 7'000);
    EXPECT_EQ(past[2].bid().state(), au::BID_STATE_WON);
    EXPECT_EQ(past[2].bid().won(), 5'000);
    EXPECT_EQ(past[2].bid().pays(), 7'001);
    EXPECT_EQ(past[4].auction().state(), au::AUCTION_STATE_OPEN);
    EXPECT_EQ(past[5].bid().state(), au::BID_STATE_TAKEN);
    request.set_from_auction("auctions/3");
    AuctionWatcher later(*auctions_, TokenOf(1), [&] {
      au::WatchAuctionsRequest from;
      from.set_from_auction("auctions/3");
      return from;
    }());
    EXPECT_THAT(later.Past(), SizeIs(2));
    au::ListAuctionsResponse list;
    ASSERT_TRUE(Call(TokenOf(1), *auctions_, &au::AuctionService::Stub::ListAuctions,
                     au::ListAuctionsRequest(), list)
                    .ok());
    EXPECT_EQ(list.auctions_size(), 4);
    ExpectAStrangerComesToTheSame(list.auctions(1));
  };
  ASSERT_NO_FATAL_FAILURE(check());
  Stop();
  ASSERT_NO_FATAL_FAILURE(Start());
  check();
}

TEST_F(AuctionService, ClosesAndTakesPaymentByTheClock) {
  AuctionWatcher all(*auctions_, kOperator);
  all.Past();
  au::OpenAuctionRequest opening = Opening(5'000);
  opening.mutable_open_time()->set_seconds(BeijingTime(2, 9) / kMicrosPerSecond);
  opening.mutable_close_time()->set_seconds(BeijingTime(2, 11) / kMicrosPerSecond);
  opening.set_pay_day("2026-03-03");
  (*opening.mutable_fields())["guarantee_share"] = "0.1";
  ASSERT_TRUE(Open(opening).ok());
  EXPECT_THAT(Submit(1, 7'000, 5'000),
              IsRefused(Refusal::kBiddingNotOpen, kStart, BeijingTime(2, 9)));
  Advance(BeijingTime(2, 9));
  ASSERT_TRUE(Submit(1, 7'000, 5'000).ok());
  Advance(BeijingTime(2, 11));
  EXPECT_EQ(all.Next().auction().state(), au::AUCTION_STATE_OPEN);
  EXPECT_TRUE(all.Next().has_bid());
  EXPECT_EQ(all.Next().auction().state(), au::AUCTION_STATE_AWAITS_PAYMENT);
  EXPECT_EQ(all.Next().bid().state(), au::BID_STATE_WON);
  CloseDay();
  // The third of March ends while no session runs: what is paid settles at once.
  Advance(BeijingTime(4, 0) - 1);
  EXPECT_EQ(Auction("auctions/1").state(), au::AUCTION_STATE_AWAITS_PAYMENT);
  Advance(BeijingTime(4, 0));
  EXPECT_TRUE(all.Next().payment().paid());
  EXPECT_EQ(all.Next().auction().state(), au::AUCTION_STATE_DONE);
  Eventually([&] { return Posted(1, kUnits) == 5'000; }, "the settlement");
  EXPECT_EQ(Posted(0, kMoney), 7'000 * 5'000);
  EXPECT_THAT(Pay("auctions/1"), IsRefused(Refusal::kAuctionNotOpen, 1, 0));
}

TEST_F(AuctionService, PublishesWhatAStrangerNeedsUnderEveryFormat) {
  Prng dice(2026);
  const auto below = [&](int bound) {
    return static_cast<std::int64_t>(dice.Below(static_cast<std::uint64_t>(bound)));
  };
  for (const auction::Profile& profile : auction::Profiles()) {
    const auction::Format& format = profile.format;
    const std::string name(format.name);
    const std::int64_t lot = format.lot.count(), tick = format.tick.minor_per_tonne();
    au::OpenAuctionRequest opening = Opening(std::min<std::int64_t>(8 * lot, kStock), name);
    (*opening.mutable_fields())["smallest_bid"] = std::to_string(lot);
    (*opening.mutable_fields())["bid_limit"] = "1";
    opening.set_tie_seed(dice.Below(std::numeric_limits<std::uint64_t>::max()));
    au::BidderLimit& limit = *opening.add_bidders();
    limit.set_member(Member(3));
    limit.set_room(lot * 2);
    if (format.containment_tiers > 0) {
      au::Trigger& tier = *opening.add_containment();
      tier.set_price(6'900);
      tier.set_volume(lot);
    }
    ASSERT_TRUE(Open(opening).ok()) << name;
    int taken = 0;
    for (int i = 0; i < 30; ++i) {
      const std::int64_t price = (6'800 + below(300)) / tick * tick;
      taken += Submit(1 + static_cast<int>(below(4)), price, lot * (1 + below(3))).ok();
    }
    EXPECT_GT(taken, 1) << name;
    ASSERT_TRUE(Close().ok()) << name;
    ExpectAStrangerComesToTheSame(closed_.auction());
    CloseDay();
    ASSERT_NO_FATAL_FAILURE(OpenSession(ToString(server_day_ = server_day_ + 1)));
    if (HasFailure()) break;
  }
}

// ---- Refusals ----

TEST_F(AuctionService, NamesTheRuleThatABidBreaksWithItsNumbers) {
  EXPECT_THAT(Submit(1, 7'000, 500), IsRefused(Refusal::kAuctionNotOpen, 0, 0));
  au::OpenAuctionRequest opening = Opening(5'000);
  opening.set_reserve(6'500);
  (*opening.mutable_fields())["reserve"] = "given";
  (*opening.mutable_fields())["over_limit"] = "refuse";
  (*opening.mutable_fields())["bids_max"] = "2";
  (*opening.mutable_fields())["bid_limit"] = "0.5";
  au::BidderLimit& limit = *opening.add_bidders();
  limit.set_member(Member(2));
  limit.set_room(1'000);
  au::BidderLimit& poor = *opening.add_bidders();
  poor.set_member(Member(4));
  poor.set_guarantee(7'000 * 400);
  ASSERT_TRUE(Open(opening).ok()) << Open(opening).error_message();
  const std::uint64_t hash = StateHash();
  EXPECT_THAT(Submit(1, 7'000, 501), IsRefused(Refusal::kBidNotInLots, 501, 500));
  EXPECT_THAT(Submit(1, 7'000, 0), IsRefused(Refusal::kQuantityNotPositive, 0, 0));
  EXPECT_THAT(Submit(1, 7'000, -500), IsRefused(Refusal::kQuantityNotPositive, -500, 0));
  EXPECT_THAT(Submit(1, 7'000, 20'000'000'000),
              IsRefused(Refusal::kQuantityAboveMax, 20'000'000'000, 10'000'000'000));
  EXPECT_THAT(Submit(1, 7'000, 3'000), IsRefused(Refusal::kQuantityAboveMax, 3'000, 2'500));
  EXPECT_THAT(Submit(2, 7'000, 1'500), IsRefused(Refusal::kQuantityAboveMax, 1'500, 1'000));
  EXPECT_THAT(Submit(1, 0, 500), IsRefused(Refusal::kPriceOutsideBand, 0, 10'000'000));
  EXPECT_THAT(Submit(1, 10'000'001, 500),
              IsRefused(Refusal::kPriceOutsideBand, 10'000'001, 10'000'000));
  EXPECT_THAT(Submit(1, 6'499, 500), IsRefused(Refusal::kBidBelowReserve, 6'499, 6'500));
  EXPECT_THAT(Submit(1, 1'000'000, 2'500),
              IsRefused(Refusal::kInsufficientCash, 2'500'000'000, kPurse));
  EXPECT_THAT(Submit(4, 7'000, 500),
              IsRefused(Refusal::kInsufficientCash, 7'000 * 500, 7'000 * 400));
  EXPECT_THAT(Submit(0, 7'000, 500), IsRefused(Refusal::kInsufficientCash, 3'500'000, 0));
  au::SubmitBidRequest meant = Bid(1, 7'000, 500);
  meant.set_auction("auctions/2");
  EXPECT_THAT(Submit(meant, TokenOf(1)), IsRefused(Refusal::kAuctionNotFound, 2, 1));
  meant.set_auction("auction one");
  EXPECT_THAT(Submit(meant, TokenOf(1)), Fails(StatusCode::INVALID_ARGUMENT, "FIELD_INVALID"));
  au::SubmitBidRequest abroad = Bid(1, 7'000, 500);
  abroad.set_currency("EUR");
  const grpc::Status other = Submit(abroad, TokenOf(1));
  EXPECT_THAT(other, Fails(StatusCode::INVALID_ARGUMENT, "FIELD_INVALID"));
  EXPECT_THAT(other.error_message(), ::testing::HasSubstr("allowed: CNY"));
  EXPECT_THAT(Change(1, 1, 7'000, 500), IsRefused(Refusal::kOrderNotFound, 1, 0));
  EXPECT_EQ(StateHash(), hash) << "a refusal changes nothing";

  au::SubmitBidRequest once = Bid(1, 7'000, 500);
  once.set_client_bid_id("monday-1");
  once.set_currency("CNY");
  once.set_auction("auctions/1");
  ASSERT_TRUE(Submit(once, TokenOf(1)).ok());
  const au::BidResponse first = bid_;
  ASSERT_TRUE(Submit(once, TokenOf(1)).ok()) << "a repetition is answered, not taken";
  EXPECT_EQ(bid_.bid(), first.bid());
  EXPECT_EQ(bid_.sequence(), first.sequence());
  once.set_price(7'001);
  EXPECT_THAT(Submit(once, TokenOf(1)), IsRefused(Refusal::kDuplicateClientOrderId, 0, 1));
  once.set_client_bid_id("a name that is far too long for a bid");
  EXPECT_THAT(Submit(once, TokenOf(1)), IsRefused(Refusal::kClientOrderIdInvalid, 37, 20));
  ASSERT_TRUE(Submit(1, 7'000, 500).ok());
  EXPECT_THAT(Submit(1, 7'000, 500), IsRefused(Refusal::kTooManyBids, 3, 2));
  EXPECT_THAT(Withdraw(2, 1), IsRefused(Refusal::kOrderNotFound, 1, 0)) << "not its bid";
  EXPECT_THAT(Change(2, 1, 7'100, 500), IsRefused(Refusal::kOrderNotFound, 1, 0));
  EXPECT_EQ(BidsOf(Member(1), TokenOf(1)).size(), 2U);
  ASSERT_TRUE(Close().ok());
  EXPECT_THAT(Submit(1, 7'000, 500), IsRefused(Refusal::kAuctionNotOpen, 0, 0));
  EXPECT_THAT(Withdraw(1, 1), IsRefused(Refusal::kAuctionNotOpen, 0, 0));
}

TEST_F(AuctionService, TakesBidsOnTheTickAlone) {
  au::OpenAuctionRequest opening = Opening(5'000);
  (*opening.mutable_fields())["tick"] = "0.05";
  ASSERT_TRUE(Open(opening).ok()) << Open(opening).error_message();
  const std::uint64_t hash = StateHash();
  for (const std::int64_t price : {7'001, 7'004, 7'006, 4, 10'000'001}) {
    EXPECT_THAT(Submit(1, price, 500), IsRefused(Refusal::kPriceOffTick, price, 5));
  }
  EXPECT_EQ(StateHash(), hash);
  ASSERT_TRUE(Submit(1, 7'005, 500).ok());
  const std::uint32_t bid = bid_.bid();
  EXPECT_THAT(Change(1, bid, 7'007, 500), IsRefused(Refusal::kPriceOffTick, 7'007, 5));
  EXPECT_TRUE(Change(1, bid, 7'010, 500).ok());
}

TEST_F(AuctionService, RefusesAnOpeningByItsField) {
  const std::uint64_t hash = StateHash();
  const auto refused = [&](const char* what, auto spoil) {
    au::OpenAuctionRequest request = Opening(5'000, "rggi");
    spoil(request);
    const grpc::Status status = Open(request);
    EXPECT_FALSE(status.ok()) << what;
    EXPECT_THAT(status.error_message(), ::testing::HasSubstr(what));
    SaidBy(status);
    EXPECT_EQ(StateHash(), hash) << what;
  };
  refused("format: \"xx\"; allowed: eu, uk", [](auto& it) { it.set_format("xx"); });
  refused("fields", [](auto& it) { (*it.mutable_fields())["tie"] = "best"; });
  refused("fields", [](auto& it) { (*it.mutable_fields())["colour"] = "red"; });
  refused("member", [](auto& it) { it.set_auctioneer("members/x"); });
  refused("nothing was deposited there", [](auto& it) { it.set_auctioneer("members/99"); });
  refused("instrument", [](auto& it) { it.set_instrument("CEA26"); });
  refused("pay_day", [](auto& it) { it.set_pay_day("2026-02-30"); });
  refused("WINDOW_INVALID", [](auto& it) { it.set_pay_day("2026-03-01"); });
  refused("WINDOW_INVALID", [](auto& it) { it.mutable_close_time()->set_seconds(1); });
  refused("open_time", [](auto& it) { it.mutable_open_time()->set_seconds(kHuge); });
  refused("containment", [](auto& it) {
    for (int i = 1; i <= 300; ++i) it.add_containment()->set_price(7'000 + i);
  });
  refused("containment.price", [](auto& it) {
    for (int i = 0; i < 2; ++i) it.add_containment()->set_price(7'000);
  });
  refused("bidders", [](auto& it) {
    for (int i = 0; i < 2; ++i) it.add_bidders()->set_member(Member(1));
  });
  refused("bidders.room", [](auto& it) {
    it.add_bidders()->set_member(Member(1));
    it.mutable_bidders(0)->set_room(-1);
  });
  refused("bidders: \"10001\"", [](auto& it) {
    for (int i = 0; i < 10'001; ++i) it.add_bidders();
  });
  for (const std::int64_t supply : {kTiny, std::int64_t{-1}, std::int64_t{0}}) {
    refused("QUANTITY_NOT_POSITIVE", [&](auto& it) { it.set_supply(supply); });
  }
  refused("AMOUNT_TOO_LARGE", [](auto& it) { it.set_supply(kHuge); });
  refused("BID_NOT_IN_LOTS: asked 5001, limit 1000", [](auto& it) { it.set_supply(5'001); });
  refused("INSUFFICIENT_UNITS: asked 101000, limit 100000",
          [](auto& it) { it.set_supply(101'000); });
  for (const std::int64_t price : {kTiny, std::int64_t{0}, kHuge}) {
    refused("PRICE_OUTSIDE_BAND", [&](auto& it) { it.set_reserve(price); });
    refused("PRICE_OUTSIDE_BAND", [&](auto& it) { it.set_secret_reserve(price); });
  }
  refused("QUANTITY_NOT_POSITIVE", [](auto& it) {
    it.add_consignments()->set_member(Member(1));
    it.mutable_consignments(0)->set_volume(kTiny);
  });
  ASSERT_TRUE(Open(Opening(5'000)).ok());
  EXPECT_THAT(Open(Opening(5'000)), IsRefused(Refusal::kAuctionAlreadyOpen, 0, 1));
  EXPECT_THAT(Pay("auctions/1"), IsRefused(Refusal::kAuctionNotOpen, 1, 0));
  EXPECT_THAT(Pay("auctions/7"), IsRefused(Refusal::kAuctionNotFound, 7, 1));
}

TEST_F(AuctionService, LeavesTheStateAloneWhateverNumbersComeIn) {
  ASSERT_TRUE(Open(Opening(5'000)).ok());
  ASSERT_TRUE(Submit(1, 7'000, 500).ok());
  const std::uint64_t hash = StateHash();
  for (const std::int64_t price : {kTiny, kTiny + 1, std::int64_t{-1}, std::int64_t{0},
                                   std::int64_t{1} << 53, kHuge - 1, kHuge}) {
    for (const std::int64_t quantity : {kTiny, std::int64_t{-500}, std::int64_t{0},
                                        std::int64_t{500}, std::int64_t{1} << 53, kHuge}) {
      EXPECT_FALSE(Submit(1, price, quantity).ok());
      EXPECT_FALSE(Change(1, 1, price, quantity).ok());
    }
  }
  for (const std::uint32_t bid : {0U, 2U, ~0U}) {
    EXPECT_FALSE(Withdraw(1, bid).ok());
    EXPECT_FALSE(Change(1, bid, 7'000, 500).ok());
  }
  EXPECT_EQ(StateHash(), hash);
  Stop();
  ASSERT_NO_FATAL_FAILURE(Start());
  EXPECT_EQ(StateHash(), hash) << "as replayed";
}

// ---- Who ----

TEST_F(AuctionService, KeepsRolesApart) {
  EXPECT_THAT(Open(Opening(5'000), ""), Fails(StatusCode::UNAUTHENTICATED, "UNAUTHENTICATED"));
  EXPECT_THAT(Open(Opening(5'000), TokenOf(0)),
              Fails(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
  ASSERT_TRUE(Open(Opening(5'000), kExchangeToken).ok());
  ASSERT_TRUE(Submit(1, 7'000, 500).ok());
  EXPECT_THAT(Submit(Bid(1, 7'000, 500), ""),
              Fails(StatusCode::UNAUTHENTICATED, "UNAUTHENTICATED"));
  EXPECT_THAT(Submit(Bid(1, 7'000, 500), "some token"),
              Fails(StatusCode::UNAUTHENTICATED, "UNAUTHENTICATED"));
  // Another's member looks as one that is not there.
  EXPECT_THAT(Submit(Bid(1, 7'000, 500), TokenOf(2)),
              Fails(StatusCode::NOT_FOUND, "MEMBER_NOT_FOUND"));
  EXPECT_THAT(Submit(Bid(50, 7'000, 500), TokenOf(2)),
              Fails(StatusCode::NOT_FOUND, "MEMBER_NOT_FOUND"));
  EXPECT_THAT(Close(TokenOf(0)), Fails(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
  EXPECT_THAT(Pay("auctions/1", TokenOf(0)), Fails(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));

  // Nobody sees another's bids before the publication, and no names after it.
  EXPECT_EQ(BidsOf(Member(1), TokenOf(1)).size(), 1U);
  EXPECT_EQ(BidsOf("", kOperator).size(), 1U);
  au::ListBidsRequest others;
  others.set_member(Member(1));
  au::ListBidsResponse bids;
  const auto list = &au::AuctionService::Stub::ListBids;
  EXPECT_THAT(Call(TokenOf(2), *auctions_, list, others, bids),
              Fails(StatusCode::NOT_FOUND, "MEMBER_NOT_FOUND"));
  EXPECT_FALSE(Call(TokenOf(2), *auctions_, list, au::ListBidsRequest(), bids).ok());
  au::WatchAuctionsRequest watch;
  watch.set_member(Member(1));
  EXPECT_THAT(AuctionWatcher(*auctions_, TokenOf(2), watch).End(),
              Fails(StatusCode::NOT_FOUND, "MEMBER_NOT_FOUND"));
  EXPECT_THAT(AuctionWatcher(*auctions_, "some token").End(),
              Fails(StatusCode::UNAUTHENTICATED, "UNAUTHENTICATED"));
  const std::string open = Auction("", TokenOf(2)).SerializeAsString();
  EXPECT_EQ(open.find(Member(1)), open.npos);
  EXPECT_FALSE(Auction("", TokenOf(2)).has_publication());
  ASSERT_TRUE(Close(kExchangeToken).ok());
  const std::string published = Auction("auctions/1", TokenOf(2)).SerializeAsString();
  EXPECT_EQ(published.find(Member(1)), published.npos);
  au::ListAwardsRequest awards;
  awards.set_auction("auctions/1");
  awards.set_member(Member(1));
  au::ListAwardsResponse won;
  const auto award = &au::AuctionService::Stub::ListAwards;
  EXPECT_TRUE(Call(TokenOf(1), *auctions_, award, awards, won).ok());
  EXPECT_EQ(won.awards_size(), 1);
  EXPECT_THAT(Call(TokenOf(2), *auctions_, award, awards, won),
              Fails(StatusCode::NOT_FOUND, "MEMBER_NOT_FOUND"));
  au::GetAuctionRequest unknown;
  unknown.set_auction("auctions/9");
  au::Auction none;
  EXPECT_THAT(Call(TokenOf(1), *auctions_, &au::AuctionService::Stub::GetAuction, unknown, none),
              IsRefused(Refusal::kAuctionNotFound, 9, 1));
  awards.set_auction("auctions/9");
  EXPECT_THAT(Call(TokenOf(1), *auctions_, award, awards, won),
              IsRefused(Refusal::kAuctionNotFound, 9, 1));
}

TEST_F(AuctionService, TakesAScheduleWholeOrNotAtAll) {
  ASSERT_TRUE(Open(Opening(5'000)).ok());
  au::SubmitBidsRequest schedule;
  schedule.set_member(Member(1));
  schedule.set_client_bid_id("monday");
  const auto add = [&](std::int64_t price, std::int64_t quantity) {
    au::SubmitBidsRequest::Step& step = *schedule.add_bids();
    step.set_price(price);
    step.set_quantity(quantity);
  };
  au::SubmitBidsResponse taken;
  const auto submit = [&](int member) {
    return Call(TokenOf(member), *auctions_, &au::AuctionService::Stub::SubmitBids, schedule,
                taken);
  };
  EXPECT_THAT(submit(2), Fails(StatusCode::NOT_FOUND, "MEMBER_NOT_FOUND"));
  EXPECT_THAT(submit(1), IsRefused(Refusal::kQuantityNotPositive, 0, 0)) << "no bid at all";
  schedule.set_client_bid_id("tuesday");
  add(7'200, 500);
  add(7'100, 1'000);
  add(7'000, 501);
  EXPECT_THAT(submit(1), IsRefused(Refusal::kBidNotInLots, 501, 500));
  EXPECT_TRUE(BidsOf(Member(1), TokenOf(1)).empty());
  schedule.set_client_bid_id("wednesday");
  schedule.mutable_bids(2)->set_quantity(1'500);
  ASSERT_TRUE(submit(1).ok());
  EXPECT_THAT(taken.bids(), ::testing::ElementsAre(1, 2, 3));
  ASSERT_TRUE(submit(1).ok()) << "a repetition is answered, not taken";
  EXPECT_THAT(taken.bids(), ::testing::ElementsAre(1, 2, 3));
  EXPECT_EQ(BidsOf(Member(1), TokenOf(1)).size(), 3U);
  schedule.set_currency("EUR");
  EXPECT_THAT(submit(1), Fails(StatusCode::INVALID_ARGUMENT, "FIELD_INVALID"));
}

}  // namespace
}  // namespace ets::server
