#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/date.h"
#include "registry/registry.h"
#include "scheme/plan.h"
#include "scheme/rulebook.h"

namespace ets::scheme {

// The reserve rule's figure of one year, and what it decides:
// circulation = supplied + offsets - verified - cancelled - in_reserve.
struct CirculationFigure {
  int year = 0;
  Date published;
  // Units of the vintages to `year` that were issued by its end, carried over ones included.
  Tonnes supplied;
  Tonnes offsets;  // Used instead of units, by the day of publication.
  // Emissions of the years to `year`. A sector without a cap counts from the year on for which its
  // allocation is final: it gets about what it emits, and gets it a year later.
  Tonnes verified;
  Tonnes cancelled;
  Tonnes in_reserve;  // In the stability stock, the reserve for entrants and the auctions' stock.
  Tonnes circulation;
  Tonnes whole;  // What the thresholds are shares of.
  policy::ReserveRule rule;
  policy::ReserveAction action;
  Tonnes held;  // In the stability stock, on the day of publication.
  policy::ReservePeriod period;
  std::array<Tonnes, 2> parts;  // Of the volume: September to December, January to August.
};

// A price held against a price rule.
struct PriceReading {
  Date date;
  Offer rule = Offer::kRegular;  // kContainment: a tier inside the auction. kRegular: withholding.
  Price recent, reference, threshold;  // No reference where the threshold is given.
  bool triggered = false;
  Tonnes volume;  // That it moves.
};

// What went into and out of the stability stock in a calendar year; exact to the tonne.
struct StockYear {
  std::int64_t held_before = 0;
  std::int64_t withheld = 0;     // + by the reserve rule, off the auctions.
  std::int64_t set_aside = 0;    // + for the tiers, off the auctions.
  std::int64_t unsold = 0;       // + that no later auction takes.
  std::int64_t left_over = 0;    // + of the reserve for entrants, and of rounding.
  std::int64_t released = 0;     // - by the reserve rule, into auctions.
  std::int64_t price_rules = 0;  // - by price rules and the ceiling.
  std::int64_t containment = 0;  // - at the containment trigger, and into the tiers.
  std::int64_t returned = 0;     // + of these three, unsold.
  std::int64_t cancelled = 0;    // - above what may be held.

  std::int64_t held_after() const {
    return held_before + withheld + set_aside + unsold + left_over - released - price_rules -
           containment + returned - cancelled;
  }
};

// The stability stock and the rules that feed and open it. Owned by the Authority, which calls it
// in its day; like it a planner that owns no balance: every tonne moves by a registry command. The
// ordinary containment and its stock pass through here as well. Deterministic; not thread-safe.
class StabilityDesk {
 public:
  // What the desk sees of the authority it belongs to.
  struct Port {
    std::function<registry::Receipt(const registry::Command&)> apply;
    std::function<LedgerId(int vintage)> ledger;
    // Verified emissions of a year and offsets surrendered for it, of all sectors or of capped
    // ones.
    struct Used {
      Tonnes emissions, offsets;
    };
    std::function<Used(int year, bool only_capped)> used;
  };
  // Keeps references to the rulebook, the registry and the accounts.
  StabilityDesk(const Rulebook& rulebook, const registry::Registry& registry,
                const SystemAccounts& accounts, Port port);

  // 1 January, before the year's units are issued: what the old year ended with.
  void EndYear(int year);
  // 1 January, after them and with the year's plan: cancels what is above what the stock may hold,
  // sets aside what the tiers need, withholds what was announced for this year.
  void OpenYear(Date today, AuctionPlan& plan);
  // Publishes the figure on its day, and withholds from 1 September on.
  void Morning(Date today, AuctionPlan& plan);
  // A month's mean price, on the first day after it.
  void MonthEnded(Date today, Price mean, AuctionPlan& plan);

  // What a regular auction's reserve price is with the collar's floor.
  Price WithFloor(int year, Price reserve) const;
  // Moves the tiers' units to the auctions' stock and puts the triggers on a regular auction.
  void AddTriggers(PlannedAuction& regular);
  // What is offered beside the regular auction; moved to the auctions' stock. `seen`: the higher of
  // the last close and the last auction's price.
  std::vector<PlannedAuction> Offers(Date today, const AuctionPlan& plan, Price reserve,
                                     Price seen);
  // Draws up to `volume` in whole lots from the stock, the oldest vintage first.
  std::vector<PlannedAuction> Draw(Offer offer, Tonnes volume, int year, Price reserve);
  // After an auction: what was neither sold nor withheld of tiers and of extra offers goes back.
  void Held(Date today, const PlannedAuction& planned, const auction::Clearing& clearing);
  // Into the stock, from the auctions or from what allocation left.
  void TakeUnsold(LedgerId ledger, Tonnes amount);
  void TakeLeftOver(AccountId from, LedgerId ledger, Tonnes amount, int vintage);

  // Units in the stock, of the vintages to `year`.
  Tonnes stock(int year) const;
  const StockYear& stock_year() const { return flows_; }
  const std::vector<CirculationFigure>& figures() const { return figures_; }  // Oldest first.
  const std::vector<PriceReading>& readings() const { return readings_; }     // The same.
  // What the rules are known to add to the running year's supply: announced releases less what was
  // withheld and set aside, in t.
  std::int64_t announced() const;
  // Issued above caps at the ceiling and sold, all years.
  std::int64_t above_caps() const { return above_caps_; }

 private:
  struct Withholding {
    Date first, last;
    Tonnes volume;
  };
  struct Release {
    Offer offer;
    Date first, last;
    Tonnes left;
  };
  struct YearEnd {
    int year = 0;
    Tonnes supplied, cancelled, in_reserve;
  };

  void Publish(Date today);
  CirculationFigure FigureOf(int year) const;
  void Withhold(Date today, AuctionPlan& plan);
  void SetAside(int year, AuctionPlan& plan);
  void Trim(int year);
  void ReadRule(const PriceRule& rule, Offer offer, Date& quiet_until, Date today,
                AuctionPlan& plan);
  Tonnes BringForward(Date first, Date last, Tonnes volume, AuctionPlan& plan);
  int AuctionsFrom(Date today, Date last, const AuctionPlan& plan) const;
  std::vector<PlannedAuction> AtCeiling(Date today, Price seen);
  void Move(AccountId from, AccountId to, LedgerId ledger, Tonnes amount,
            registry::TransferCode code, int vintage = 0);
  std::int64_t& FlowOf(Offer offer);

  const Rulebook& rulebook_;
  const registry::Registry& registry_;
  const SystemAccounts& accounts_;
  Port port_;
  StockYear flows_;
  YearEnd year_end_;
  std::vector<CirculationFigure> figures_;
  std::vector<PriceReading> readings_;
  std::vector<Withholding> withholdings_;
  std::vector<Release> releases_;
  std::vector<Price> months_;
  Date excessive_quiet_until_, containment_quiet_until_;
  Tonnes tier_one_left_, tier_two_left_, withhold_left_;
  std::int64_t above_caps_ = 0;
};

}  // namespace ets::scheme
