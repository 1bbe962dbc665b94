#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auction/calendar.h"
#include "market/auction_house.h"

namespace ets::market {

// One calendar at work: the auctions of one auctioneer, what became of them, and what that does to
// those to come. It keeps what happened to it, and is made from that anew. Not thread-safe.
class AuctionPlan {
 public:
  // What an auction sold of its volume.
  struct Result {
    Tonnes sold;
    Tonnes withheld;  // Never to return.
    bool above_reserve = true;
  };
  // An auction that was opened, or passed over.
  struct Started {
    Date date;
    std::uint32_t number = 0;        // Of the auction; 0: it was passed over.
    std::string why{};               // Then.
    std::optional<Result> result{};  // Once it is known; whoever comes later waits for it.
  };
  // What happened, in order.
  struct Step {
    enum class Kind : std::uint8_t { kEdition = 1, kHeld = 2, kCancelled = 3 };
    Kind kind = Kind::kEdition;
    Date as_of{0};
    std::string why{};
    std::vector<CalendarRow> rows{};
    Result result{};
  };

  // REQUIRES: a usable format; rows in order, in lots.
  explicit AuctionPlan(const SetAuctionCalendar& first);
  // What a snapshot holds. REQUIRES: as another plan's.
  AuctionPlan(SetAuctionCalendar terms, std::vector<Step> steps, std::vector<Started> started);

  // The next edition. REQUIRES: not before the last one.
  void Replace(const SetAuctionCalendar& next);
  // The next auction that is neither opened nor passed over; null when none is left.
  const auction::PlannedAuction* Next() const;
  // It was opened under this number, or passed over.
  void Opened(std::uint32_t number);
  void PassedOver(const std::string& why);
  // What came of the auction with this number. False: it is not of this calendar, or was told.
  bool Finish(std::uint32_t number, const Result& result);

  // Of the last edition; its rows are in calendar().
  const SetAuctionCalendar& terms() const { return terms_; }
  const auction::Calendar& calendar() const { return calendar_; }
  const std::vector<Started>& started() const { return started_; }
  const std::vector<Step>& steps() const { return steps_; }
  // The seed of the ties of the auction on that day. Who knows it knows no other.
  std::uint64_t SeedOf(Date date) const;

 private:
  void Play(const Step& step);
  void Settle();

  SetAuctionCalendar terms_;
  std::vector<Step> steps_;
  auction::Calendar calendar_;
  std::vector<Started> started_;
  std::size_t settled_ = 0;  // Of `started_`: those whose result the calendar has.
};

}  // namespace ets::market
