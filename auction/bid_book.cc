#include "auction/bid_book.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

namespace ets::auction {
namespace {

constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();

// What one bidder has taken, and may.
struct Account {
  MemberId bidder;
  bool used = false;
  bool closed = false;  // A bid was cut: all that is lower falls away.
  CutReason limited_by = CutReason::kBidderLimit;
  CutReason cut_by = CutReason::kBidderLimit;  // When closed.
  std::int64_t limit = 0;
  std::int64_t guarantee = kNoLimit;  // At full value: the format's share divided out.
  std::int64_t taken = 0;
  std::int64_t value = 0;
};

// One account per bidder: an open-addressing table, looked up and never iterated.
class Accounts {
 public:
  explicit Accounts(std::size_t bidders) : slots_(std::bit_ceil(bidders * 2 + 2)) {}

  // Sets *fresh when this is the first time.
  Account& Of(MemberId bidder, bool* fresh) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = (bidder.raw() * 0x9E3779B97F4A7C15U >> 32U) & mask;
    while (slots_[at].used && slots_[at].bidder != bidder) at = (at + 1) & mask;
    *fresh = !slots_[at].used;
    slots_[at].used = true;
    slots_[at].bidder = bidder;
    return slots_[at];
  }

 private:
  std::vector<Account> slots_;
};

std::int64_t InLots(std::int64_t tonnes, Tonnes lot) { return tonnes - tonnes % lot.count(); }

// The most that the bidder's guarantee lets this bid ask, its higher bids standing.
std::int64_t Covered(const Account& account, const Format& format, std::int64_t price) {
  if (account.guarantee == kNoLimit) return kNoLimit;
  switch (format.guarantee) {
    case Guarantee::kValueOfBids:
      return InLots(std::max<std::int64_t>(0, account.guarantee - account.value) / price,
                    format.lot);
    case Guarantee::kLadder:
      return std::max<std::int64_t>(0,
                                    InLots(account.guarantee / price, format.lot) - account.taken);
  }
  return 0;
}

}  // namespace

BidBook::BidBook(std::span<const Bid> bids, const Terms& terms, std::vector<Cut>* cuts)
    : bids_(bids), order_(TieOrder(terms.format, bids.size(), terms.tie_seed)) {
  SortByPrice();
  Count(terms, cuts);
}

// Keeps the order of equal prices: radix sort from the lowest digit of the distance to the highest
// price.
void BidBook::SortByPrice() {
  struct Key {
    std::uint64_t distance;
    std::uint32_t bid;
  };
  constexpr unsigned kDigitBits = 11;
  constexpr std::size_t kDigits = std::size_t{1} << kDigitBits;

  std::int64_t highest = 0;
  for (const Bid& bid : bids_) highest = std::max(highest, bid.price.minor_per_tonne());
  std::vector<Key> keys;
  keys.reserve(order_.size());
  std::uint64_t furthest = 0;
  for (const std::uint32_t bid : order_) {
    keys.push_back({static_cast<std::uint64_t>(highest - bids_[bid].price.minor_per_tonne()), bid});
    furthest = std::max(furthest, keys.back().distance);
  }
  std::vector<Key> sorted(keys.size());
  for (unsigned shift = 0; shift < 64 && furthest >> shift != 0; shift += kDigitBits) {
    std::vector<std::size_t> starts(kDigits + 1);
    for (const Key& key : keys) ++starts[(key.distance >> shift) % kDigits + 1];
    std::partial_sum(starts.begin(), starts.end(), starts.begin());
    for (const Key& key : keys) sorted[starts[(key.distance >> shift) % kDigits]++] = key;
    keys.swap(sorted);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) order_[i] = keys[i].bid;
}

void BidBook::Count(const Terms& terms, std::vector<Cut>* cuts) {
  const Format& format = terms.format;
  const std::int64_t usual = LimitOf(terms, {}).count();
  Accounts accounts(bids_.size() + terms.bidders.size());
  bool fresh = false;
  for (const BidderTerms& bidder : terms.bidders) {
    Account& account = accounts.Of(bidder.bidder, &fresh);
    ETS_ASSERT(fresh);
    account.limit = LimitOf(terms, bidder).count();
    if (format.compliance_only && !bidder.covered) account.limited_by = CutReason::kNotCovered;
    BidderTerms roomy = bidder;
    roomy.room.reset();
    if (LimitOf(terms, roomy) > LimitOf(terms, bidder)) account.limited_by = CutReason::kRoom;
    if (bidder.guarantee && format.guarantee_bp > 0) {
      account.guarantee = MulDivFloor(bidder.guarantee->minor(), 10'000, format.guarantee_bp);
    }
  }
  counted_.assign(bids_.size(), Tonnes());
  sums_.assign(bids_.size(), Tonnes());
  Tonnes sum;
  for (std::size_t rank = 0; rank < order_.size(); ++rank) {
    const Bid& bid = bids_[order_[rank]];
    if (!terms.reserve || bid.price >= *terms.reserve) {
      Account& account = accounts.Of(bid.bidder, &fresh);
      if (fresh) account.limit = usual;
      const std::int64_t price = bid.price.minor_per_tonne();
      const std::int64_t room = account.limit - account.taken;
      const std::int64_t covered = account.closed ? 0 : Covered(account, format, price);
      const std::int64_t counts =
          account.closed ? 0 : std::min({bid.quantity.count(), room, covered});
      if (counts < bid.quantity.count()) {
        if (!account.closed) {
          account.cut_by = room <= covered ? account.limited_by : CutReason::kGuarantee;
        }
        account.closed = true;
        if (cuts != nullptr) cuts->push_back({order_[rank], Tonnes(counts), account.cut_by});
      }
      account.taken += counts;
      if (account.guarantee != kNoLimit) account.value += price * counts;
      counted_[order_[rank]] = Tonnes(counts);
      sum += Tonnes(counts);
    } else if (cuts != nullptr) {
      cuts->push_back({order_[rank], Tonnes(), CutReason::kBelowReserve});
    }
    sums_[rank] = sum;
  }
}

Tonnes BidBook::DemandAt(Price price) const {
  const auto end = std::partition_point(
      order_.begin(), order_.end(), [&](std::uint32_t bid) { return bids_[bid].price >= price; });
  return end == order_.begin() ? Tonnes()
                               : sums_[static_cast<std::size_t>(end - order_.begin()) - 1];
}

std::size_t BidBook::Reaches(Tonnes volume) const {
  const auto at = std::lower_bound(sums_.begin(), sums_.end(), volume);
  ETS_ASSERT(volume > Tonnes() && at != sums_.end());
  return static_cast<std::size_t>(at - sums_.begin());
}

std::size_t BidBook::Passes(Tonnes volume) const {
  return static_cast<std::size_t>(std::upper_bound(sums_.begin(), sums_.end(), volume) -
                                  sums_.begin());
}

std::uint32_t CountBidders(std::span<const Bid> bids, std::span<const Tonnes> won) {
  Accounts seen(bids.size());
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < bids.size(); ++i) {
    if (!won.empty() && won[i] == Tonnes()) continue;
    bool fresh = false;
    seen.Of(bids[i].bidder, &fresh);
    count += fresh ? 1 : 0;
  }
  return count;
}

}  // namespace ets::auction
