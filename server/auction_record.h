#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "market/market.h"

namespace ets::server {

// One auction as it stands: exactly one of the two is there.
struct AuctionChange {
  std::uint64_t sequence = 0;  // Of the journal record that caused it.
  SimTime time = 0;
  std::uint32_t number = 0;
  std::shared_ptr<const market::AuctionView> open;      // With sealed bids: see who may know them.
  std::shared_ptr<const market::ClosedAuction> closed;  // Awaits payment, or is done.
  bool is_abandoned = false;                            // `open`, as it last stood.
};

// The auctions that a market keeps, in order, as they stood at one record.
struct AuctionsNow {
  std::uint64_t sequence = 0;
  SimTime time = 0;
  std::vector<AuctionChange> auctions;
};

// A bid or a payment. For its member's eyes, and the operator's.
struct AuctionReport {
  std::uint64_t sequence = 0;
  SimTime time = 0;
  market::AuctionEvent event;
};
bool IsForOneMember(market::AuctionEventKind kind);

// Follows a market's auctions, so that every watcher is told of one copy. On the sequencer's
// thread.
class AuctionRecord {
 public:
  void Note(const market::AuctionEvent& event);
  bool has_news() const { return !touched_.empty(); }
  // What was noted since the last call, as it stands after the input that caused it.
  std::vector<AuctionChange> News(const market::Market& market, std::uint64_t sequence,
                                  SimTime time);
  AuctionsNow Now(const market::Market& market, std::uint64_t sequence, SimTime time);

 private:
  SimTime ChangedAt(const AuctionChange& change, SimTime now) const;
  // Empty: the market keeps it no more.
  std::optional<AuctionChange> StateOf(const market::Market& market, std::uint32_t number);

  std::map<std::uint32_t, bool> touched_;  // Whether it was abandoned.
  std::map<std::uint32_t, std::shared_ptr<const market::ClosedAuction>> closed_;
  std::map<std::uint32_t, SimTime> changed_;  // Last, since the record began.
  std::shared_ptr<const market::AuctionView> last_open_;
};

}  // namespace ets::server
