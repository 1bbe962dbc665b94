#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "server/fix_messages.h"
#include "server/market_data.h"

namespace ets::server::fix {

// What one instrument's snapshot and updates are to one subscriber. Not thread-safe.
class Feed {
 public:
  virtual ~Feed() = default;
  // Begins anew from a snapshot.
  virtual std::optional<FIX::Message> Begin(const MarketSnapshot& snapshot) = 0;
  // What changed for this subscriber, if anything did; much of it in several messages.
  virtual std::vector<FIX::Message> GoOn(const MarketUpdates& updates) = 0;
};

// What a MarketDataRequest(V) asks for.
struct QuoteTerms {
  std::string id;               // MDReqID(262).
  std::string symbol;           // Of this instrument.
  std::size_t depth = 0;        // MarketDepth(264). 0: all that everybody may see.
  bool is_incremental = false;  // MDUpdateType(265) 1: X says what changed; else W, all of it.
  std::set<char> types;         // MDEntryType(269).
};
// W, then X or W.
std::unique_ptr<Feed> MakeQuoteFeed(QuoteTerms terms);

// SecurityStatus(f): at once, then at every change of phase.
std::unique_ptr<Feed> MakeStatusFeed(std::string id, std::string symbol);

// Those that can be asked for.
bool IsEntryType(char type);

// An instrument in SecurityList(y).
void AddSecurity(const std::string& symbol, const market::InstrumentView& view,
                 const market::SessionType& type, FIX::Message& list);

// TradSesStatus(340) of a phase.
int SessionStatusOf(market::Phase phase);

}  // namespace ets::server::fix
