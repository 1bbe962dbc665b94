#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <numeric>
#include <vector>

#include "auction/auction.h"
#include "base/prng.h"

// For tests: small books full of ties and limits, every combination of fields, and a clearing that
// is as slow and as plain as the rules read.
namespace ets::auction {

struct Book {
  std::vector<Bid> bids;
  Terms terms;
};

inline std::int64_t Below(Prng& dice, std::int64_t bound) {
  return static_cast<std::int64_t>(dice.Below(static_cast<std::uint64_t>(bound)));
}

// Supplies near the volume bid, prices on a few ticks around the reserve prices.
inline Book RandomBook(const Format& format, Prng& dice) {
  Book book;
  Terms& terms = book.terms;
  terms.format = format;
  const std::int64_t lot = format.lot.count();
  const std::int64_t tick = format.tick.minor_per_tonne();
  const auto price = [&](std::int64_t range) {
    return Price::FromMinorPerTonne((100 + Below(dice, range)) * tick);
  };
  terms.supply = Tonnes((1 + Below(dice, 60)) * lot);
  terms.tie_seed = dice.Next();
  if (dice.Below(3) != 0) terms.reserve = price(8);
  if (dice.Below(2) != 0) terms.secret_reserve = price(10);
  for (int tier = 0; tier < 2; ++tier) {
    const Price least = terms.containment.empty() ? Price() : terms.containment.back().price;
    const Price trigger = price(12);
    if (trigger <= least) continue;
    terms.containment.push_back({trigger, Tonnes((1 + Below(dice, 12)) * lot)});
  }
  if (dice.Below(2) != 0) {
    terms.withholding = Trigger{price(12), Tonnes((1 + Below(dice, 12)) * lot)};
  }
  const std::int64_t smallest = format.smallest_bid.count() / lot;
  for (std::int64_t i = Below(dice, 30); i > 0; --i) {
    book.bids.push_back({MemberId(static_cast<std::uint32_t>(dice.Below(8))), price(14),
                         Tonnes((smallest + Below(dice, 10)) * lot)});
  }
  for (std::uint32_t i = 0; i < 8; ++i) {
    if (dice.Below(4) != 0) continue;
    BidderTerms bidder;
    bidder.bidder = MemberId(i);
    bidder.covered = dice.Below(2) == 0;
    if (dice.Below(2) == 0) bidder.room = Tonnes(Below(dice, 12 * lot));
    if (dice.Below(2) == 0) {
      bidder.guarantee = Money::FromMinor(Below(dice, 110 * tick * 12 * lot));
    }
    terms.bidders.push_back(bidder);
  }
  return book;
}

// Every combination of the fields that decide a clearing.
inline std::vector<Format> EveryCombination() {
  std::vector<Format> formats;
  for (const TieRule* tie : TieRules()) {
    for (const int shortage : {1, 2, 3, 4}) {
      for (const int rule : {1, 2}) {
        for (const int pricing : {1, 2}) {
          for (const int secret : {1, 2, 3}) {
            for (const int containment : {0, 1, 2, 3}) {
              for (const int limit : {0, 1, 2}) {
                Format format;
                format.tie = tie;
                format.shortage = static_cast<Shortage>(shortage);
                format.price_rule = static_cast<PriceRule>(rule);
                format.pricing = static_cast<Pricing>(pricing);
                format.secret = static_cast<SecretReserve>(secret);
                format.containment_tiers = static_cast<std::uint8_t>(containment % 3);
                format.emission_containment = containment >= 2;
                format.award_unit = Tonnes(limit == 1 ? 1 : 500);
                format.bidder_limit_bp = limit == 0 ? 10'000 : 2'500;
                format.other_limit_bp = limit == 0 ? 10'000 : 400;
                format.guarantee = static_cast<Guarantee>(1 + limit % 2);
                format.guarantee_bp = limit == 2 ? 3'000 : 10'000;
                formats.push_back(format);
              }
            }
          }
        }
      }
    }
  }
  return formats;
}

// What the plain clearing says.
struct PlainOutcome {
  Status status = Status::kUndersubscribed;
  std::int64_t price = 0;
  std::int64_t contained = 0, withheld = 0, sold = 0, revenue = 0;
  std::vector<std::int64_t> counted;  // By bid: what the reserve and the limits leave of it.
  std::vector<std::int64_t> won;      // By bid.
};

// Lot by lot, each step as the rule says it, nothing remembered that can be counted again.
class PlainClearing {
 public:
  explicit PlainClearing(const Book& book)
      : bids_(book.bids),
        terms_(book.terms),
        format_(book.terms.format),
        lot_(format_.lot.count()),
        order_(TieOrder(format_, bids_.size(), terms_.tie_seed)),
        lots_(bids_.size()) {}

  PlainOutcome Run() {
    outcome_.won.assign(bids_.size(), 0);
    outcome_.status = bids_.empty() ? Status::kUndersubscribed : Status::kBelowReserve;
    for (std::size_t i = 0; i < bids_.size(); ++i) {
      if (!terms_.reserve || bids_[i].price >= *terms_.reserve) {
        lots_[i] = bids_[i].quantity.count() / lot_;
      }
    }
    CutToLimits();
    for (const std::int64_t lots : lots_) outcome_.counted.push_back(lots * lot_);
    LineUp();
    supply_ = terms_.supply.count() / lot_;
    if (line_.empty()) return outcome_;
    Contain();
    Withhold();
    if (supply_ == 0) {
      outcome_.withheld = withheld_ * lot_;  // All of it.
      return Nothing(Status::kBelowReserve);
    }
    return Decide();
  }

 private:
  std::int64_t PriceOf(std::size_t bid) const { return bids_[bid].price.minor_per_tonne(); }

  const BidderTerms* TermsOf(MemberId bidder) const {
    for (const BidderTerms& terms : terms_.bidders) {
      if (terms.bidder == bidder) return &terms;
    }
    return nullptr;
  }

  bool WithinLimits(MemberId bidder) const {
    const BidderTerms* own = TermsOf(bidder);
    std::int64_t all = 0, value = 0, ladder = 0;
    for (std::size_t i = 0; i < bids_.size(); ++i) {
      if (bids_[i].bidder != bidder) continue;
      all += lots_[i] * lot_;
      value += PriceOf(i) * lots_[i] * lot_;
      std::int64_t at_or_above = 0;
      for (std::size_t k = 0; k < bids_.size(); ++k) {
        if (bids_[k].bidder == bidder && PriceOf(k) >= PriceOf(i)) at_or_above += lots_[k] * lot_;
      }
      if (lots_[i] > 0) ladder = std::max(ladder, PriceOf(i) * at_or_above);
    }
    const std::int64_t share =
        own != nullptr && !own->covered ? format_.other_limit_bp : format_.bidder_limit_bp;
    if (share < 10'000 && all > lot_ && all * 10'000 > terms_.supply.count() * share) return false;
    if (own == nullptr) return true;
    if (format_.compliance_only && !own->covered && all > 0) return false;
    if (own->room && all > own->room->count()) return false;
    if (!own->guarantee) return true;
    const std::int64_t needed = format_.guarantee == Guarantee::kLadder ? ladder : value;
    return needed * format_.guarantee_bp <= own->guarantee->minor() * 10'000;
  }

  void CutToLimits() {
    for (const Bid& one : bids_) {
      while (!WithinLimits(one.bidder)) {
        // The lowest bid with a lot; of equal ones that which is asked last.
        std::size_t lowest = bids_.size();
        for (const std::uint32_t bid : order_) {
          if (bids_[bid].bidder != one.bidder || lots_[bid] == 0) continue;
          if (lowest == bids_.size() || PriceOf(bid) <= PriceOf(lowest)) lowest = bid;
        }
        --lots_[lowest];
      }
    }
  }

  void LineUp() {
    std::vector<std::uint32_t> by_price = order_;
    std::ranges::stable_sort(by_price, std::greater{}, [&](auto bid) { return PriceOf(bid); });
    for (const std::uint32_t bid : by_price) {
      line_.insert(line_.end(), static_cast<std::size_t>(lots_[bid]), bid);
    }
  }

  std::int64_t Line() const { return static_cast<std::int64_t>(line_.size()); }
  std::int64_t PriceInLine(std::int64_t place) const {
    return PriceOf(line_[static_cast<std::size_t>(place)]);
  }
  std::int64_t AskedAt(std::int64_t price) const {
    return std::ranges::count_if(line_, [&](auto bid) { return PriceOf(bid) >= price; });
  }

  std::int64_t PriceNow() const {
    const bool pay_as_bid = format_.pricing == Pricing::kPayAsBid;
    if (Line() < supply_) {
      const bool reserve = format_.shortage == Shortage::kSellAtReserve && terms_.reserve;
      return reserve && !pay_as_bid ? terms_.reserve->minor_per_tonne() : PriceInLine(Line() - 1);
    }
    const std::int64_t accepted = PriceInLine(supply_ - 1);
    if (pay_as_bid || format_.price_rule == PriceRule::kLowestAccepted) return accepted;
    std::int64_t price = accepted;
    if (Line() > supply_) {
      price = PriceInLine(supply_);
    } else if (terms_.reserve) {
      price = terms_.reserve->minor_per_tonne();
    }
    return std::max(price, least_);
  }

  void Contain() {
    for (std::size_t i = 0; i < terms_.containment.size(); ++i) {
      if (i >= format_.containment_tiers) break;
      const std::int64_t trigger = terms_.containment[i].price.minor_per_tonne();
      if (PriceNow() <= trigger) break;
      std::int64_t spare = terms_.containment[i].volume.count() / lot_;
      while (spare > 0 && supply_ < Line() && PriceInLine(supply_) >= trigger) {
        ++supply_;
        ++contained_;
        --spare;
        least_ = trigger;
      }
    }
  }

  void Withhold() {
    if (!format_.emission_containment || !terms_.withholding || contained_ > 0) return;
    const std::int64_t trigger = terms_.withholding->price.minor_per_tonne();
    if (PriceNow() >= trigger) return;
    std::int64_t most = terms_.withholding->volume.count() / lot_;
    while (most > 0 && supply_ > AskedAt(trigger)) {
      --supply_;
      --most;
      ++withheld_;
    }
    if (withheld_ > 0 && supply_ == AskedAt(trigger)) least_ = trigger;
  }

  PlainOutcome Nothing(Status status) {
    outcome_.status = status;
    return outcome_;
  }

  PlainOutcome Decide() {
    const bool is_short = Line() < supply_;
    const std::int64_t secret =
        terms_.secret_reserve ? terms_.secret_reserve->minor_per_tonne() : 0;
    if (is_short && format_.shortage == Shortage::kCancel) {
      return Nothing(Status::kUndersubscribed);
    }
    if (is_short && format_.shortage == Shortage::kDeclineOnLowBid &&
        std::ranges::any_of(bids_,
                            [&](const Bid& bid) { return bid.price.minor_per_tonne() < secret; })) {
      return Nothing(Status::kDeclined);
    }
    std::int64_t sold = std::min(Line(), supply_);
    std::int64_t price = PriceNow();
    if (price < secret && format_.secret == SecretReserve::kCancel) {
      return Nothing(Status::kBelowReserve);
    }
    if (price < secret && format_.secret == SecretReserve::kLowestBidAbove) {
      const std::int64_t above = AskedAt(secret);
      if (above == 0) return Nothing(Status::kBelowReserve);
      sold = std::min(above, supply_);
      price = PriceInLine(above - 1);
    }
    Give(sold);
    outcome_.status = sold == supply_ ? Status::kCleared : Status::kPartial;
    outcome_.price = price;
    outcome_.sold = sold * lot_;
    outcome_.contained = contained_ * lot_;
    outcome_.withheld = withheld_ * lot_;
    for (std::size_t i = 0; i < bids_.size(); ++i) {
      const bool own = format_.pricing == Pricing::kPayAsBid;
      outcome_.revenue += outcome_.won[i] * (own ? PriceOf(i) : price);
    }
    return outcome_;
  }

  void Give(std::int64_t sold) {
    const std::int64_t lowest = PriceInLine(sold - 1);
    std::int64_t left = sold * lot_;
    std::vector<std::uint32_t> tied;
    for (const std::uint32_t bid : order_) {
      if (lots_[bid] == 0 || PriceOf(bid) < lowest) continue;
      if (PriceOf(bid) == lowest) {
        tied.push_back(bid);
      } else {
        outcome_.won[bid] = lots_[bid] * lot_;
        left -= outcome_.won[bid];
      }
    }
    const std::string_view rule = format_.tie->name;
    if (rule == "random" || rule == "time") {
      for (const std::uint32_t bid : tied) {
        while (left > 0 && outcome_.won[bid] < lots_[bid] * lot_) {
          outcome_.won[bid] += lot_;
          left -= lot_;
        }
      }
    } else {
      ShareByQuota(tied, left, rule == "pro_rata_random");
    }
  }

  // Quotas in units, by bidder or by bid; the rest by place or by the size of the remainder.
  void ShareByQuota(const std::vector<std::uint32_t>& tied, std::int64_t left, bool by_bidder) {
    const std::int64_t unit = format_.award_unit.count();
    std::vector<std::vector<std::uint32_t>> claims;
    for (const std::uint32_t bid : tied) {
      auto claim = std::ranges::find_if(claims, [&](const auto& known) {
        return by_bidder && bids_[known.front()].bidder == bids_[bid].bidder;
      });
      if (claim == claims.end()) claim = claims.emplace(claims.end());
      claim->push_back(bid);
    }
    std::int64_t all = 0;
    std::vector<std::int64_t> wanted;
    for (const auto& claim : claims) {
      wanted.push_back(0);
      for (const std::uint32_t bid : claim) wanted.back() += lots_[bid] * lot_ / unit;
      all += wanted.back();
    }
    const std::int64_t units = left / unit;
    std::vector<std::int64_t> given;
    for (const std::int64_t one : wanted) given.push_back(units * one / all);
    std::int64_t rest = units - std::accumulate(given.begin(), given.end(), std::int64_t{0});
    while (rest > 0) {
      std::size_t best = claims.size();
      for (std::size_t i = 0; i < claims.size(); ++i) {
        if (given[i] > units * wanted[i] / all || given[i] == wanted[i]) continue;  // Had its one.
        const bool larger = best < claims.size() && !by_bidder &&
                            units * wanted[i] % all > units * wanted[best] % all;
        if (best == claims.size() || larger) best = i;
      }
      ++given[best];
      --rest;
    }
    for (std::size_t i = 0; i < claims.size(); ++i) {
      for (const std::uint32_t bid : claims[i]) {
        const std::int64_t part = std::min(given[i] * unit, lots_[bid] * lot_);
        outcome_.won[bid] = part;
        given[i] -= part / unit;
      }
    }
  }

  const std::vector<Bid>& bids_;
  const Terms& terms_;
  const Format& format_;
  std::int64_t lot_;
  std::vector<std::uint32_t> order_;
  std::vector<std::int64_t> lots_;   // By bid: the lots that count.
  std::vector<std::uint32_t> line_;  // One entry a lot: whose it is, best first.
  std::int64_t supply_ = 0, contained_ = 0, withheld_ = 0;  // Lots.
  std::int64_t least_ = 0;
  PlainOutcome outcome_;
};

}  // namespace ets::auction
