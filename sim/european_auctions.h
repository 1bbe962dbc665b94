#pragma once

#include <cstdint>
#include <vector>

#include "auction/auction.h"
#include "auction/calendar.h"
#include "base/date.h"
#include "base/prng.h"
#include "cbam/certificate_price.h"
#include "sim/recorder.h"
#include "sim/scenario.h"

namespace ets::sim {

// The European side: the published auctions of early 2026 as facts, afterwards simulated bids
// around a fundamental that follows the scenario's path, cleared by the same auction engine under
// the European rules. The auctions clear and publish only; their bidders hold no accounts here.
//
// Bid books are drawn from streams of their own: what China does never moves a European price.
class EuropeanAuctions {
 public:
  EuropeanAuctions(const Scenario& scenario, std::vector<cbam::AuctionFact> facts,
                   std::vector<std::string> fact_auctioneers);

  // Holds the day's auctions, if any. Days must come in order, without gaps.
  void Day(Date day, Recorder& recorder);

  const cbam::CertificatePrices& prices() const { return prices_; }
  double fundamental() const { return fundamental_; }

  struct WeekTotals {
    std::int64_t sold_t = 0;
    Money value;
  };
  const WeekTotals& week() const { return week_; }  // Of the running ISO week.

 private:
  struct Auctioneer {
    const char* name;
    std::int64_t first_t;              // A regular auction's volume in 2026.
    std::vector<auction::Slot> slots;  // Volumes of this and the coming auctions, by number.
    std::size_t next = 0;
  };
  void Hold(Auctioneer& auctioneer, Date day, Recorder& recorder);
  void MoveFundamental(Date day);
  double PathAt(Date day) const;

  const Scenario& scenario_;
  std::vector<cbam::AuctionFact> facts_;
  std::vector<std::string> fact_auctioneers_;
  std::size_t next_fact_ = 0;
  cbam::CertificatePrices prices_;
  double fundamental_;
  std::uint64_t auctions_held_ = 0;
  Prng path_dice_;
  Auctioneer common_, germany_, poland_;
  WeekTotals week_;
  std::vector<auction::Bid> bids_;
};

}  // namespace ets::sim
