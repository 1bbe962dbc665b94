#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "auction/auction.h"
#include "auction/bid_file.h"
#include "base/result.h"

namespace ets::cli {

// What the command line says about one auction, as it was typed.
struct AuctionFlags {
  std::string format = "eu";
  std::vector<std::string> sets;  // field=value
  std::int64_t supply = 0;
  std::string reserve, secret, secondary;
  std::string sigma = "0.02";
  int year = 0;  // Of published reserve and trigger prices; 0 = none.
  std::uint64_t seed = 1;
  std::string bids, bidders;
  std::vector<std::string> containment, consigned, rates;
  std::string withholding;
  std::string close;
  std::string name = "auction";
  std::string output = "table";
  std::string show;  // Of csv: fills, statistics, curve, permutation.
  bool all_formats = false;
  std::string plot, publish;
};

// One auction, held: what went in and what came out.
struct HeldAuction {
  std::string name;
  auction::Terms terms;
  auction::BidTable table;
  auction::Clearing clearing;
};

// How much of a bid counts, and what cut the rest: empty when all counts.
struct CountedBid {
  Tonnes counted;
  std::string_view cut_by;
};
std::vector<CountedBid> CountedOf(const HeldAuction& held);  // By bid.

// Reads the flags and the file and clears. Every mistake is found; nothing is cleared when there is
// one. Problems are whole lines for people.
Result<HeldAuction, std::vector<std::string>> Hold(const AuctionFlags& flags);

// The same bids under every profile: where a profile's lot, tick, smallest bid, number of bids or
// limits would not take them, it is widened until it does, and `widened` says so.
struct ComparedAuction {
  HeldAuction held;
  std::vector<std::string> widened;
  std::string unknown;  // "reserve of 2026": what the flags ask for and nobody has published.
};
Result<std::vector<ComparedAuction>, std::vector<std::string>> HoldUnderAll(
    const AuctionFlags& flags);

// A whole file, or nothing. "-" is standard input.
std::optional<std::string> WholeFile(const std::string& path);

}  // namespace ets::cli
