#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "auction/auction.h"
#include "base/date.h"
#include "base/ids.h"
#include "base/quantity.h"
#include "matching/order_words.h"

namespace ets::market {

// The life of an auction, as inputs: open, bids placed, changed and withdrawn, close, pay. What has
// an hour happens by itself, by the first AdvanceTo to it or later.

// No volume of an auction, and no bid, is larger: tonnes.
inline constexpr Tonnes kAuctionVolumeMax{10'000'000'000};

// Opens the bidding window of one auction. Its supply, and what cost containment may add, sits in
// the auctioneer's escrow, consigned units in their consignors'; all of it is reserved here. At
// most one auction is open at a time. The receipt's id is the auction's number, dense from 1.
struct OpenAuction {
  MemberId auctioneer{};
  InstrumentId instrument{};
  // The format is named after one of auction::Profiles(); `bidders` in order of their numbers.
  auction::Terms terms{};
  // The day on which awards are paid: by PayAuction, or by itself when the day is over. Empty: at
  // the close, and bids lodge all that they may cost whatever the format's guarantee_share says.
  std::optional<Date> pay_day{};
  SimTime opens = 0;   // Bids are taken from then on. 0: at once.
  SimTime closes = 0;  // Closes by itself. 0: by CloseAuction only.
};
// Reserves in the bidder's escrow what its guarantee must cover (auction::GuaranteeFor over all its
// bids). The receipt's id is the bid's number in this auction, dense from 1. With a client id the
// member's second input with it gets the answer of the first, as for PlaceOrder; orders and bids
// share the ids.
struct SubmitBid {
  MemberId member{};
  Price price{};
  Tonnes quantity{};
  matching::ClientOrderId client_id{};
  std::uint32_t auction = 0;  // The one that is meant; 0: whichever is open. In all four.
};
// A bidder's demand schedule: several bids, in their order of entry, all or none. Each is checked
// as a SubmitBid after those before it; the first that would be refused names the reason, and
// nothing has changed. The receipt's id is the first bid's number, the others follow it.
struct SubmitBids {
  struct Step {
    Price price{};
    Tonnes quantity{};
  };
  MemberId member{};
  std::vector<Step> bids{};  // 1 and more.
  matching::ClientOrderId client_id{};
  std::uint32_t auction = 0;
};
// Replaces price and quantity; the bid keeps its number and goes behind all others in time.
// Refused where bids are irrevocable.
struct ChangeBid {
  MemberId member{};
  std::uint32_t bid = 0;
  Price price{};
  Tonnes quantity{};
  std::uint32_t auction = 0;
};
struct WithdrawBid {
  MemberId member{};
  std::uint32_t bid = 0;
  std::uint32_t auction = 0;
};
// Closes the window and clears. Without a pay day awards become fills: one a winner and price, in
// the order of their first winning bids, consigned units first. With one, units and guarantees stay
// reserved until PayAuction.
struct CloseAuction {};
// Pay day of a closed auction: each winner's guarantee is topped up from what its escrow has free.
// Who cannot pay all it owes loses the award before it is sent, gets its guarantee back, and the
// units return to who offered them. The receipt's `traded` is what was paid, `resting` what was
// not.
struct PayAuction {
  std::uint32_t auction = 0;
};

// -- Calendars: auctions that open by the clock. --

// One auction of a calendar. Volumes are whole lots.
struct CalendarRow {
  Date date{0};
  Tonnes first_volume{};  // As first proposed: what ceilings of returning volumes count from.
  Tonnes volume{};

  friend bool operator==(const CalendarRow&, const CalendarRow&) = default;
};
// A calendar's first edition, or under a name that is known its next one: these are the auctions to
// come, in place of those that were not opened yet. Rows of days before today, or up to the last
// one that was opened or passed over, are left aside. Each opens on its day at `opens` with its
// volume, as OpenAuction would, and closes at `closes`; what is not sold or not paid comes back by
// the format's rule (auction::Calendar). One that cannot open at its time (units that are not
// there) is passed over, its volume unsold; one whose time another auction takes waits for it until
// `closes`.
struct SetAuctionCalendar {
  std::string name{};  // 1 to 32 letters, digits, - and _.
  MemberId auctioneer{};
  InstrumentId instrument{};
  // Of each auction. Without supply and consignments; every tie seed is drawn from this one. Later
  // editions keep the format.
  auction::Terms terms{};
  std::uint16_t opens = 0;  // Minutes of the venue's day.
  std::uint16_t closes = 0;
  std::uint16_t pay_days = 0;  // Weekdays that are no closed days, after it. 0: at the close.
  Date as_of{0};               // When it was announced: not before the last edition's, nor later
                               // than today.
  std::string why{};           // For people.
  std::vector<CalendarRow> auctions{};  // In the order of their dates.
};
inline constexpr std::size_t kCalendarsMax = 64;
inline constexpr std::size_t kCalendarRowsMax = 1'000;
inline constexpr std::uint16_t kPayDaysMax = 60;

// What happened to an auction, for services and recorders. On the wire. Append; never renumber.
enum class AuctionEventKind : std::uint8_t {
  kOpened = 1,
  kBidTaken = 2,      // Sealed: for the bidder's and the auctioneer's eyes.
  kBidChanged = 3,    // The same.
  kBidWithdrawn = 4,  // The same.
  kClosed = 5,        // OnAuctionCleared() was told before.
  kAbandoned = 6,     // Its instrument was delisted; everything is given back.
  kPaid = 7,          // One winner paid; its fills were told before.
  kUnpaid = 8,        // One winner did not; its award is cancelled.
};
struct AuctionEvent {
  AuctionEventKind kind = AuctionEventKind::kOpened;
  std::uint32_t auction = 0;
  InstrumentId instrument{};
  MemberId member{};      // The auctioneer, the bidder or the winner.
  std::uint32_t bid = 0;  // kBid...
  Price price{};          // kBid...
  Tonnes quantity{};      // Of the bid; kPaid, kUnpaid: of the award; else of the supply.
};

// An auction as those who run services see it: sealed until its close.
struct AuctionView {
  std::uint32_t number = 0;
  MemberId auctioneer{};
  InstrumentId instrument{};
  auction::Terms terms{};
  std::optional<Date> pay_day{};
  SimTime opens = 0, closes = 0;
  std::vector<auction::Bid> bids{};      // Live ones, in the order of entry.
  std::vector<std::uint32_t> numbers{};  // Theirs.
};
// Of a closed one, beside what it was closed with.
struct ClosedAuction {
  AuctionView view;
  auction::Clearing clearing;
  bool awaits_payment = false;
  Tonnes unpaid{};  // Known after its pay day.
};
// So many closed auctions are remembered.
inline constexpr std::size_t kClosedAuctionsKept = 64;

}  // namespace ets::market
