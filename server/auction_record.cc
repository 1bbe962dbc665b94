#include "server/auction_record.h"

#include <algorithm>
#include <utility>

namespace ets::server {

bool IsForOneMember(market::AuctionEventKind kind) {
  using Kind = market::AuctionEventKind;
  switch (kind) {
    case Kind::kBidTaken:
    case Kind::kBidChanged:
    case Kind::kBidWithdrawn:
    case Kind::kPaid:
    case Kind::kUnpaid:
      return true;
    case Kind::kOpened:
    case Kind::kClosed:
    case Kind::kAbandoned:
      return false;
  }
  return true;
}

void AuctionRecord::Note(const market::AuctionEvent& event) {
  using Kind = market::AuctionEventKind;
  const bool is_sealed = event.kind == Kind::kBidTaken || event.kind == Kind::kBidChanged ||
                         event.kind == Kind::kBidWithdrawn;
  if (is_sealed) return;
  touched_[event.auction] |= event.kind == Kind::kAbandoned;
  closed_.erase(event.auction);
}

std::optional<AuctionChange> AuctionRecord::StateOf(const market::Market& market,
                                                    std::uint32_t number) {
  AuctionChange change;
  change.number = number;
  if (auto open = market.open_auction(); open && open->number == number) {
    last_open_ = std::make_shared<const market::AuctionView>(std::move(*open));
    change.open = last_open_;
    return change;
  }
  const market::ClosedAuction* const closed = market.closed_auction(number);
  if (closed == nullptr) return std::nullopt;
  auto& copy = closed_[number];
  if (!copy) copy = std::make_shared<const market::ClosedAuction>(*closed);
  change.closed = copy;
  return change;
}

std::vector<AuctionChange> AuctionRecord::News(const market::Market& market, std::uint64_t sequence,
                                               SimTime time) {
  std::vector<AuctionChange> news;
  for (const auto& [number, is_abandoned] : std::exchange(touched_, {})) {
    auto change = StateOf(market, number);
    if (!change && is_abandoned && last_open_ && last_open_->number == number) {
      change.emplace().number = number;
      change->open = last_open_;
      change->is_abandoned = true;
    }
    if (!change) continue;
    change->sequence = sequence;
    change->time = changed_[number] = time;
    news.push_back(std::move(*change));
  }
  return news;
}

// What happened before this process began is told by the auction's own hours, if it has any.
SimTime AuctionRecord::ChangedAt(const AuctionChange& change, SimTime now) const {
  const auto known = changed_.find(change.number);
  if (known != changed_.end()) return known->second;
  const market::AuctionView& view = change.open ? *change.open : change.closed->view;
  const SimTime hour = change.open ? view.opens : view.closes;
  return hour == 0 ? now : std::min(hour, now);
}

AuctionsNow AuctionRecord::Now(const market::Market& market, std::uint64_t sequence, SimTime time) {
  AuctionsNow now{sequence, time, {}};
  const std::uint32_t last = market.auctions_opened();
  const auto kept = static_cast<std::uint32_t>(market::kClosedAuctionsKept) + 1;
  const std::uint32_t first = last >= kept ? last - kept + 1 : 1;
  closed_.erase(closed_.begin(), closed_.lower_bound(first));
  changed_.erase(changed_.begin(), changed_.lower_bound(first));
  for (std::uint32_t number = first; number <= last; ++number) {
    auto change = StateOf(market, number);
    if (!change) continue;
    change->sequence = sequence;
    change->time = ChangedAt(*change, time);
    now.auctions.push_back(std::move(*change));
  }
  return now;
}

}  // namespace ets::server
