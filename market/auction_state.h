#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "market/auction_house.h"

namespace ets::market {

inline constexpr std::uint32_t kNoPlace = ~std::uint32_t{0};

// A bid in the window. What a change or a withdrawal leaves behind is not live.
struct EnteredBid {
  std::uint32_t number = 0;
  bool live = true;
  auction::Bid bid;
  std::uint32_t before = kNoPlace;  // Of a live one: its member's live bid before it.
};

// One member's bids in the window.
struct OwnBids {
  std::uint32_t last = kNoPlace;  // Of live ones; the others hang on it (EnteredBid::before).
  std::uint32_t count = 0;
  std::int64_t value = 0;     // Of live ones: price x quantity.
  std::int64_t reserved = 0;  // Cash.
};

struct OpenedAuction {
  std::uint32_t number = 0;
  MemberId auctioneer;
  InstrumentId instrument;
  auction::Terms terms;
  std::optional<Date> pay_day;
  SimTime opens = 0, closes = 0;
  std::vector<EnteredBid> bids;
  std::vector<std::uint32_t> place_of;  // By the bid's number - 1; the last entry of it.
  std::vector<OwnBids> own;             // By member; grows as members bid.

  // Leaves nothing but the memory, for the next window.
  void Clear() {
    bids.clear();
    place_of.clear();
    own.clear();
  }
  // Hangs the bid at this place on its member's others.
  void Hang(std::uint32_t place) {
    OwnBids& of = OwnOf(bids[place].bid.bidder);
    bids[place].before = of.last;
    of.last = place;
    ++of.count;
  }
  void Unhang(std::uint32_t place) {
    OwnBids& of = OwnOf(bids[place].bid.bidder);
    std::uint32_t* link = &of.last;
    while (*link != place) link = &bids[*link].before;
    *link = bids[place].before;
    --of.count;
  }

  OwnBids& OwnOf(MemberId member) {
    if (member.raw() >= own.size()) own.resize(member.raw() + std::size_t{1});
    return own[member.raw()];
  }
};

// What one winner won: at one price, or under pay as bid at several.
struct Winner {
  struct Part {
    Price price;
    Tonnes quantity;
  };
  MemberId buyer;
  std::vector<Part> parts;
  Tonnes quantity;
  std::int64_t owed = 0;
  std::int64_t reserved = 0;  // Of it; the rest is topped up on pay day.
};
// Who sells how much of an auction.
struct AuctionSeller {
  MemberId seller;
  Tonnes volume;
};
// An auction between its close and its pay day. Sellers' units and winners' cash are reserved.
struct AwaitedAuction {
  std::uint32_t number = 0;
  InstrumentId instrument;
  SimTime due = 0;                     // The end of its pay day.
  std::vector<Winner> winners;         // In the order of first winning bids.
  std::vector<AuctionSeller> sellers;  // Consigned first; their volumes sum to the awards.
};

}  // namespace ets::market
