#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "auction/format.h"
#include "base/date.h"
#include "base/quantity.h"
#include "base/result.h"

namespace ets::auction {

// One planned auction's volumes.
struct Slot {
  Tonnes first_volume;  // As first proposed.
  Tonnes volume;        // With what was added.
};

// How an unsold volume returns: evenly over the next `auctions`, whole lots, remainder to the
// first, each at most `ceiling_bp` of its first proposed volume. What a full auction cannot take
// goes to the others of the window, earliest first; what finds no room is left over.
struct UnsoldRule {
  int auctions = 4;
  std::uint32_t ceiling_bp = 12'500;  // 10,000 x 1.25; 0 = no ceiling.
};
// Spreads `unsold` over the slots after `index`; returns what found no room. Conserves tonnes.
Tonnes SpreadUnsold(std::span<Slot> slots, std::size_t index, Tonnes unsold, const UnsoldRule& rule,
                    Tonnes lot);

// Takes `volume` off the slots (or adds it, when negative), evenly in whole lots, the earliest
// taking the remainder; what a slot with less cannot give, the others give. Returns what found no
// room, and what is less than a lot. First volumes stay: ceilings count from them.
Tonnes AdjustSlots(std::span<Slot> slots, Tonnes volume, Tonnes lot);

// ---- The year of one auctioneer ----

struct PlannedAuction {
  Date date;
  Slot slot;
  bool held = false;
  Tonnes sold;

  friend bool operator==(const PlannedAuction& a, const PlannedAuction& b) {
    return a.date == b.date && a.slot.first_volume == b.slot.first_volume &&
           a.slot.volume == b.slot.volume && a.held == b.held && a.sold == b.sold;
  }
};

// Where every tonne is that the calendar was ever to sell:
// proposed = sold + pending + kept + carried + reserved + withdrawn + written_off.
struct CalendarTotals {
  Tonnes proposed;  // First volumes, and what adjustments added.
  Tonnes sold;
  Tonnes pending;      // Planned for auctions to come.
  Tonnes kept;         // Unsold, waiting for clean auctions.
  Tonnes carried;      // Unsold, and no auction of this calendar had room: for what comes after.
  Tonnes reserved;     // Unsold, gone to a reserve account.
  Tonnes withdrawn;    // Taken off by adjustments (stability rule) or withheld.
  Tonnes written_off;  // Unsold and gone.
};

// One auctioneer's auctions, with the rule by which unsold volumes come back. Each change makes a
// new edition, and every edition can be read as of its date: the stability rule changes a calendar
// mid-year, and nobody may plan on a volume that was not yet announced. Not thread-safe.
class Calendar {
 public:
  // An edition: the plan as it stood from `as_of` on.
  struct Edition {
    Date as_of;
    std::string why;
    std::vector<PlannedAuction> auctions;
  };

  // REQUIRES: a usable format; auctions in order of their dates, volumes in lots.
  Calendar(std::string auctioneer, const Format& format, Date as_of,
           std::vector<PlannedAuction> auctions);

  const std::string& auctioneer() const { return auctioneer_; }
  const std::vector<PlannedAuction>& auctions() const { return editions_.back().auctions; }
  const std::vector<Edition>& editions() const { return editions_; }
  // Null before the first edition.
  const Edition* AsOf(Date date) const;
  // The next auction that was not held; null when none is left.
  const PlannedAuction* Next() const;

  // The next auction was held on its day: `sold` of its volume, `withheld` never to return. What
  // is left comes back by the format's rule. `above_reserve`: the price was above the reserve, so
  // that an auction sold out counts as clean. REQUIRES: an auction left, sold + withheld <= volume.
  void Held(Tonnes sold, Tonnes withheld = {}, bool above_reserve = true);
  // The next auction failed for a reason of its own (orderly conduct, platform): as unsold.
  void Cancelled(std::string_view why);
  // An award was not paid: the lots come back like unsold ones, after the auction last held.
  void Unpaid(Tonnes volume);
  // Takes `volume` off the auctions from `first` to `last` that were not held (or adds it, when
  // negative), evenly in whole lots, the earliest taking the remainder. Returns what found no room.
  Tonnes Adjust(Date as_of, std::string_view why, Date first, Date last, Tonnes volume);

  // Puts these auctions in the place of all that were not held. REQUIRES: in order of their dates,
  // behind the one last held; volumes in lots; not before the last edition.
  void Replace(Date as_of, std::string_view why, std::vector<PlannedAuction> coming);

  CalendarTotals totals() const;

 private:
  struct Kept {
    Date since;
    Tonnes volume;
  };
  void Return(Date since, Tonnes volume);
  void OfferKept(Date today);
  std::vector<PlannedAuction>& Edit(Date as_of, std::string_view why);

  std::string auctioneer_;
  Format format_;
  std::vector<Edition> editions_;
  std::size_t next_ = 0;
  std::vector<Kept> kept_;
  std::uint32_t clean_auctions_ = 0;
  CalendarTotals totals_;  // Without `pending` and `kept`, which are counted.
};

// ---- How a calendar is made ----

// Every `every_weeks`th of these weekdays from `first` to `last`, without the days left out.
struct AuctionDays {
  Date first, last;
  std::vector<Weekday> weekdays;
  int every_weeks = 1;  // Counted in ISO weeks from that of `first`.
  std::vector<Date> without;
};
std::vector<Date> DaysOf(const AuctionDays& days);

// The volume divided evenly, whole lots; the last auction carries the remainder. What is less than
// a lot is not planned. REQUIRES: days not empty.
std::vector<PlannedAuction> EvenVolumes(std::span<const Date> days, Tonnes volume, Tonnes lot);

// ---- The European calendar of 2026, as held and announced until August ----

// "EU" (common platform: Monday, Tuesday, Thursday), "DE" (Friday), "PL" (every second Wednesday):
// EEX, auction calendar of 2026 as revised in July; volumes as auctioned. Three days without an
// auction before June follow from the published number of auctions and their sum, not from a list.
std::span<const std::string_view> EuropeanAuctioneers();
std::vector<PlannedAuction> EuropeanAuctions2026(std::string_view auctioneer, Date last);

}  // namespace ets::auction
