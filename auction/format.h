#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "auction/ties/ties.h"
#include "base/quantity.h"

namespace ets::auction {

// What happens when the bids that count fall short of the supply. Four systems, four rules: they
// share no code.
enum class Shortage : std::uint8_t {
  kCancel = 1,         // Nothing is sold (EU: Reg. 1031/2010 Art. 7(5)).
  kSellAtReserve = 2,  // All bids are filled at the public reserve; without one, at the lowest bid.
  kSellAtLowestBid = 3,  // All bids are filled at the lowest of them (UK, Guangdong).
  // Filled at the lowest bid if every bid is at or above the confidential reserve; one bid below
  // it, whether it counts or not, and nothing is sold (New Zealand).
  kDeclineOnLowBid = 4,
};

// Which bid makes the price.
enum class PriceRule : std::uint8_t {
  kLowestAccepted = 1,  // The lowest bid that wins something.
  // The first lot that finds no supply; none: the public reserve, else the lowest accepted bid.
  kHighestRejected = 2,
};

enum class Pricing : std::uint8_t {
  kUniform = 1,   // Every winner pays the clearing price.
  kPayAsBid = 2,  // Every winner pays its own bid.
};

// What a secret reserve price does.
enum class SecretReserve : std::uint8_t {
  kNone = 1,
  kCancel = 2,  // A clearing price below it cancels the auction (EU: Art. 7(6)).
  // The price becomes the lowest bid at or above it, and only those bids are filled (UK: SI
  // 2021/484 Reg. 7 as revised).
  kLowestBidAbove = 3,
};

// Where the public reserve price comes from; auction/reserve.h computes it.
enum class ReserveSource : std::uint8_t {
  kNone = 1,
  kGiven = 2,          // A figure of the law, indexed or from a table (Reserve tables).
  kMovingAverage = 3,  // Format::average_bp of the mean of listed trades of the last months.
  kThreeMeans = 4,     // (mean of three months + of one month + of three days) / 3 (Korea 2018).
};

// What a bid gets that asks more than its bidder may win, or than its guarantee covers.
enum class OverLimit : std::uint8_t {
  kCut = 1,     // Limits cut the bidder's lowest bids lot by lot; above its guarantee: not taken.
  kRefuse = 2,  // Not taken.
  kCutToGuarantee = 3,  // Limits and the guarantee cut (California).
};

// What a bidder's guarantee must cover.
enum class Guarantee : std::uint8_t {
  kValueOfBids = 1,  // guarantee_bp of the sum of price x quantity.
  // The most its bids can come to: the highest, over its own prices p, of p x its quantity bid at p
  // or more (California).
  kLadder = 2,
};

// How an unsold volume comes back.
enum class Unsold : std::uint8_t {
  kNextAuctions = 1,  // Evenly over the next unsold_auctions of the auctioneer.
  kNextOfYear = 2,    // To the next auction of the same calendar year; after the last: written off.
  kAfterCleanAuctions = 3,  // Kept until unsold_auctions in a row sold out above the reserve.
  kReserve = 4,             // To a reserve account.
  kCancel = 5,              // Written off.
};

// A format is data: take a profile of Formats() and change fields, by hand or by name
// (auction/fields.h). Shares are in basis points; 10,000 = all.
struct Format {
  std::string_view name;         // "eu", "cn-weekly".
  std::string_view description;  // One line, for people.
  std::string_view currency;     // ISO 4217.

  const TieRule* tie = &kRandomOrder;
  Shortage shortage = Shortage::kCancel;
  PriceRule price_rule = PriceRule::kLowestAccepted;
  Pricing pricing = Pricing::kUniform;

  ReserveSource reserve = ReserveSource::kNone;
  std::uint32_t average_bp = 10'000;  // kMovingAverage: 12,000 = 1.2 times the mean.
  std::uint32_t average_months = 0;
  SecretReserve secret = SecretReserve::kNone;
  // The secret reserve: reference x (1 - k x sigma), k in hundredths. The methods of real platforms
  // are not public; k is this product's choice.
  std::uint32_t secret_k_hundredths = 200;

  Tonnes lot{500};           // Quantities are multiples of it.
  Tonnes smallest_bid{500};  // A multiple of the lot.
  Tonnes award_unit{500};    // Of shares pro rata; divides the lot.
  Price tick = Price::FromMinorPerTonne(1);
  std::uint32_t bid_limit_bp = 10'000;  // The most one bid may ask, of the supply.
  std::uint32_t bids_max = 0;           // Bids of one bidder; 0 = no limit.
  bool irrevocable = false;             // A bid taken cannot be changed or withdrawn.

  std::uint32_t bidder_limit_bp = 10'000;  // The most one bidder may win, of the supply.
  std::uint32_t other_limit_bp = 10'000;   // The same for bidders without obligations.
  OverLimit over_limit = OverLimit::kRefuse;
  Guarantee guarantee = Guarantee::kValueOfBids;
  std::uint32_t guarantee_bp = 10'000;

  bool consigned_first = false;
  std::uint8_t containment_tiers = 0;  // 0, 1 or 2.
  bool emission_containment = false;
  // Only bidders with obligations may bid: units serve the buyer's own compliance, no trade. That
  // they are not traded after delivery is the buyer's duty; nothing here follows a unit.
  bool compliance_only = false;

  Unsold unsold = Unsold::kNextAuctions;
  std::uint32_t unsold_auctions = 4;
  std::uint32_t unsold_ceiling_bp = 0;  // Of the volume first proposed; 0 = no ceiling.
  std::uint32_t unsold_months = 0;      // Kept longer, it goes to the reserve; 0 = for ever.
};

// Where a field of a profile comes from. A field that no source names is at the value that has no
// effect, or is said to be this product's choice.
struct FieldSource {
  std::string_view field;  // As auction/fields.h names it.
  std::string_view source;
};
struct Profile {
  Format format;
  std::span<const FieldSource> sources;
};
std::span<const Profile> Profiles();
// Null when there is none. '_' stands for '-' as well.
const Format* FindFormat(std::string_view name);
const Profile* FindProfile(std::string_view name);

// The first field that contradicts itself or another, in words; empty when the format can be used.
std::string_view WrongWith(const Format& format);

std::string_view ToString(Shortage shortage);
std::string_view ToString(PriceRule rule);
std::string_view ToString(Pricing pricing);
std::string_view ToString(SecretReserve secret);
std::string_view ToString(ReserveSource source);
std::string_view ToString(OverLimit over_limit);
std::string_view ToString(Guarantee guarantee);
std::string_view ToString(Unsold unsold);

}  // namespace ets::auction
