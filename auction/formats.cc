#include <algorithm>
#include <array>

#include "auction/format.h"

namespace ets::auction {
namespace {

constexpr std::string_view kChoiceOfOurs = "this product's choice: no published value";

constexpr std::string_view kEex = "EEX, design of the emissions auctions";
constexpr std::string_view kArticle7 =
    "Del. Reg. (EU) 2023/2830; Reg. (EU) 1031/2010 Art. 7(1)-(7), of the same design";
constexpr FieldSource kEuSources[] = {
    {"tie", kArticle7},
    {"shortage", kArticle7},
    {"price_rule", kArticle7},
    {"pricing", kArticle7},
    {"secret", kArticle7},
    {"secret_k", kChoiceOfOurs},
    {"lot", kEex},
    {"smallest_bid", kEex},
    {"tick", kEex},
    {"over_limit", "from general knowledge: a bid above its collateral is rejected at entry"},
    {"guarantee_share", kChoiceOfOurs},
    {"unsold", "EEX, auction calendar, Annex 1: the next four auctions of the same auctioneer"},
    {"unsold_auctions", "EEX, auction calendar, Annex 1; two published cases of 2018 and 2022"},
};
constexpr Format kEu = {
    .name = "eu",
    .description =
        "EU: uniform price, lots of 500 t, secret reserve, cancelled when bids fall "
        "short",
    .currency = "EUR",
    .secret = SecretReserve::kCancel,
};

constexpr std::string_view kUkSales = "SI 2021/484 Reg. 6";
constexpr std::string_view kUkPrice = "SI 2021/484 Reg. 7 as revised";
constexpr FieldSource kUkSources[] = {
    {"tie", kUkSales},
    {"shortage", kUkPrice},
    {"price_rule", kUkPrice},
    {"pricing", kUkSales},
    {"reserve", "UK ETS authority: GBP 22, from 2026 GBP 28, indexed yearly from 2027"},
    {"secret", kUkPrice},
    {"secret_k", kChoiceOfOurs},
    {"lot", "ICE, UK auctions"},
    {"tick", kChoiceOfOurs},
    {"over_limit", kChoiceOfOurs},
    {"unsold", kUkSales},
    {"unsold_auctions", kUkSales},
    {"unsold_ceiling", kUkSales},
};
constexpr Format kUk = {
    .name = "uk",
    .description =
        "UK: uniform price, lots of 500 t, public reserve, a short auction sells at the "
        "lowest bid",
    .currency = "GBP",
    .shortage = Shortage::kSellAtLowestBid,
    .reserve = ReserveSource::kGiven,
    .secret = SecretReserve::kLowestBidAbove,
    .unsold_ceiling_bp = 12'500,
};

constexpr std::string_view kWciTie = "Quebec, Q-2, r. 46.1, s. 61.5";
constexpr std::string_view kWciLimits = "17 CCR 95911-95920, from general knowledge";
constexpr FieldSource kWciSources[] = {
    {"tie", kWciTie},
    {"shortage", "17 CCR 95911; auction 46 of 18 February 2026 sold at the floor"},
    {"price_rule", "17 CCR 95911"},
    {"pricing", "17 CCR 95911"},
    {"reserve", "17 CCR 95911: 10.00 in 2012, then 5% and inflation a year; 27.94 in 2026"},
    {"lot", "California-Quebec, auction notices: multiples of 1,000"},
    {"smallest_bid", "California-Quebec, auction notices: multiples of 1,000"},
    {"award_unit", kWciTie},
    {"tick", "California-Quebec, auction notices: whole cents"},
    {"bidder_limit", kWciLimits},
    {"other_limit", kWciLimits},
    {"over_limit", kWciLimits},
    {"guarantee", kWciLimits},
    {"consigned_first", kWciLimits},
    {"unsold", "17 CCR 95911(f); auction 46 re-offered what auction of Q2 2025 left"},
    {"unsold_auctions", "17 CCR 95911(f): two consecutive auctions above the reserve"},
    {"unsold_ceiling", "17 CCR 95911(f), from general knowledge: a quarter of the offer"},
    {"unsold_months", "17 CCR 95911(g), from general knowledge: 24 months"},
};
constexpr Format kWci = {
    .name = "wci",
    .description =
        "California-Quebec: uniform price, lots of 1,000 t, ties pro rata, public "
        "reserve, ladder guarantee, consigned units first",
    .currency = "USD",
    .tie = &kProRataRandom,
    .shortage = Shortage::kSellAtReserve,
    .reserve = ReserveSource::kGiven,
    .lot = Tonnes(1'000),
    .smallest_bid = Tonnes(1'000),
    .award_unit = Tonnes(1),
    .bidder_limit_bp = 2'500,
    .other_limit_bp = 400,
    .over_limit = OverLimit::kCutToGuarantee,
    .guarantee = Guarantee::kLadder,
    .consigned_first = true,
    .unsold = Unsold::kAfterCleanAuctions,
    .unsold_auctions = 2,
    .unsold_ceiling_bp = 12'500,
    .unsold_months = 24,
};

constexpr std::string_view kRggiRules = "RGGI model rule 2017, from general knowledge";
constexpr std::string_view kRggiReview = "ICAP on RGGI's third review, July 2025";
constexpr FieldSource kRggiSources[] = {
    {"tie", kRggiRules},
    {"shortage", "RGGI auction notices: a partial sale at the reserve price"},
    {"price_rule", kRggiRules},
    {"pricing", "RGGI auction notices: sealed bids, uniform price"},
    {"reserve", kRggiReview},
    {"lot", kRggiRules},
    {"smallest_bid", kRggiRules},
    {"bidder_limit", kRggiRules},
    {"other_limit", kRggiRules},
    {"over_limit", kChoiceOfOurs},
    {"containment_tiers", kRggiReview},
    {"emission_containment", "RGGI model rule 2017: 2021 to 2026; withheld units never return"},
    {"unsold", "RGGI auction notices: to the next auctions"},
};
constexpr Format kRggi = {
    .name = "rggi",
    .description =
        "RGGI: uniform price, lots of 1,000 t, public reserve, cost containment in one "
        "or two tiers, emission containment",
    .currency = "USD",
    .shortage = Shortage::kSellAtReserve,
    .reserve = ReserveSource::kGiven,
    .lot = Tonnes(1'000),
    .smallest_bid = Tonnes(1'000),
    .award_unit = Tonnes(1'000),
    .bidder_limit_bp = 2'500,
    .other_limit_bp = 2'500,
    .over_limit = OverLimit::kRefuse,
    .containment_tiers = 2,
    .emission_containment = true,
};

constexpr std::string_view kNzUnits = "New Zealand, unit settings consultation 2025";
constexpr FieldSource kNzSources[] = {
    {"tie", kChoiceOfOurs},
    {"shortage", kNzUnits},
    {"price_rule", "New Zealand auctions, from general knowledge"},
    {"pricing", "New Zealand auctions, from general knowledge"},
    {"reserve", kNzUnits},
    {"secret", kNzUnits},
    {"lot", "New Zealand auctions, from general knowledge"},
    {"smallest_bid", "New Zealand auctions, from general knowledge"},
    {"over_limit", kChoiceOfOurs},
    {"unsold", kNzUnits},
    {"unsold_auctions", kNzUnits},
};
constexpr Format kNz = {
    .name = "nz",
    .description =
        "New Zealand: public floor and confidential reserve; a short auction declines "
        "for one bid below the reserve",
    .currency = "NZD",
    .shortage = Shortage::kDeclineOnLowBid,
    .reserve = ReserveSource::kGiven,
    .secret = SecretReserve::kCancel,
    .unsold = Unsold::kNextOfYear,
    .unsold_auctions = 1,
};

constexpr std::string_view kKrx = "KRX, auction of paid allowances, rules and worked example";
constexpr std::string_view kKrxNotice = "KRX notice of February 2022";
constexpr std::string_view kIcapKorea = "ICAP on Korea, January 2019";
constexpr FieldSource kKrSources[] = {
    {"tie", kKrx},
    {"shortage", "ICAP on Korea: a partial sale; at the lowest bid: this product's choice"},
    {"price_rule", kKrx},
    {"pricing", kKrx},
    {"reserve", "ICAP on Korea's stability auctions of 2018: mean of three means"},
    {"lot", kKrxNotice},
    {"smallest_bid", kKrxNotice},
    {"tick", kKrxNotice},
    {"bids_max", kKrxNotice},
    {"bid_limit", "ICAP on Korea: 30%; 15% from March 2019 (profile kr-2019)"},
    {"bidder_limit", "ICAP on Korea: 30%; 15% from March 2019 (profile kr-2019)"},
    {"other_limit", "as bidder_limit"},
    {"over_limit", kChoiceOfOurs},
    {"unsold", kIcapKorea},
    {"unsold_auctions", "ICAP on Korea: added to the next month's auction"},
};
constexpr Format Korean(std::string_view name, std::string_view description,
                        std::uint32_t limit_bp) {
  return {
      .name = name,
      .description = description,
      .currency = "KRW",
      .tie = &kTimePriority,
      .shortage = Shortage::kSellAtLowestBid,
      .reserve = ReserveSource::kThreeMeans,
      .lot = Tonnes(100),
      .smallest_bid = Tonnes(1'000),
      .award_unit = Tonnes(100),
      .tick = Price::FromMinorPerTonne(5'000),
      .bid_limit_bp = limit_bp,
      .bids_max = 1,
      .bidder_limit_bp = limit_bp,
      .other_limit_bp = limit_bp,
      .over_limit = OverLimit::kRefuse,
      .unsold_auctions = 1,
  };
}

constexpr std::string_view kGuangdong2014 = "Guangdong, notice of the auction of September 2014";
constexpr std::string_view kGuangdong2015 = "Guangdong, announcement of 21 December 2015";
constexpr FieldSource kGuangdongSources[] = {
    {"tie", kGuangdong2014},
    {"shortage", kGuangdong2014},
    {"price_rule", kGuangdong2014},
    {"pricing", kGuangdong2014},
    {"reserve", "Guangdong, 27 March 2017: weighted average of listed trades of three months"},
    {"average", "Guangdong, 27 March 2017: once the average"},
    {"average_months", "Guangdong, 27 March 2017: the three preceding calendar months"},
    {"lot", "the notices name no step; 1 t is this product's choice"},
    {"smallest_bid", kGuangdong2015},
    {"irrevocable", kGuangdong2015},
    {"bid_limit", kGuangdong2015},
    {"bidder_limit", kGuangdong2015},
    {"other_limit", kGuangdong2015},
    {"over_limit", kChoiceOfOurs},
    {"unsold", kChoiceOfOurs},
};
constexpr Format kGuangdong = {
    .name = "guangdong",
    .description =
        "Guangdong: price and time priority, at most 50% a bidder, a short auction sells "
        "at the lowest bid",
    .currency = "CNY",
    .tie = &kTimePriority,
    .shortage = Shortage::kSellAtLowestBid,
    .reserve = ReserveSource::kMovingAverage,
    .average_months = 3,
    .lot = Tonnes(1),
    .smallest_bid = Tonnes(1'000),
    .award_unit = Tonnes(1),
    .bid_limit_bp = 5'000,
    .irrevocable = true,
    .bidder_limit_bp = 5'000,
    .other_limit_bp = 5'000,
    .over_limit = OverLimit::kRefuse,
    .unsold = Unsold::kReserve,
};

constexpr std::string_view kShanghai2017 = "Shanghai, notice of the auction of 30 June 2017";
constexpr FieldSource kShanghaiSources[] = {
    {"tie", kShanghai2017},
    {"shortage", kShanghai2017},
    {"price_rule", kShanghai2017},
    {"pricing", kShanghai2017},
    {"reserve", "Shanghai, 30 September 2024: 1.2 x the weighted average of six months"},
    {"average", kShanghai2017},
    {"average_months", "Shanghai, 30 September 2024: six months"},
    {"lot", "the notices name no step; 1 t is this product's choice"},
    {"over_limit", kChoiceOfOurs},
    {"compliance_only", kShanghai2017},
    {"unsold", kChoiceOfOurs},
};
constexpr Format kShanghai = {
    .name = "shanghai",
    .description =
        "Shanghai: price and time priority, reserve of 1.2 times the six-month average, "
        "units for compliance only",
    .currency = "CNY",
    .tie = &kTimePriority,
    .shortage = Shortage::kSellAtLowestBid,
    .reserve = ReserveSource::kMovingAverage,
    .average_bp = 12'000,
    .average_months = 6,
    .lot = Tonnes(1),
    .smallest_bid = Tonnes(1),
    .award_unit = Tonnes(1),
    .compliance_only = true,
    .unsold = Unsold::kReserve,
};

constexpr std::string_view kScenario =
    "assumption of the default scenario: China has no national auction";
constexpr FieldSource kCnWeeklySources[] = {
    {"tie", kScenario},
    {"shortage", kScenario},
    {"price_rule", kScenario},
    {"pricing", kScenario},
    {"reserve", kScenario},
    {"lot", kScenario},
    {"smallest_bid", "Guangdong's, 21 December 2015"},
    {"tick", kScenario},
    {"bids_max", kScenario},
    {"bidder_limit", kScenario},
    {"other_limit", kScenario},
    {"over_limit", kScenario},
    {"guarantee_share", kScenario},
    {"unsold", kScenario},
    {"unsold_auctions", kScenario},
    {"unsold_ceiling", "as the UK's (SI 2021/484 Reg. 6)"},
};
constexpr Format kCnWeekly = {
    .name = "cn-weekly",
    .description =
        "China, weekly: uniform price, lots of 1,000 t, public reserve price, at most "
        "10% a bidder, a short auction sells at the reserve price",
    .currency = "CNY",
    .shortage = Shortage::kSellAtReserve,
    .reserve = ReserveSource::kGiven,
    .lot = Tonnes(1'000),
    .smallest_bid = Tonnes(1'000),
    .award_unit = Tonnes(1'000),
    .bids_max = 10,
    .bidder_limit_bp = 1'000,
    .other_limit_bp = 1'000,
    .over_limit = OverLimit::kCut,
    .guarantee_bp = 3'000,
    .unsold_ceiling_bp = 12'500,
};

// Every profile there is, in the order they are shown to people.
constexpr std::array kProfiles = {
    Profile{kEu, kEuSources},
    Profile{kUk, kUkSources},
    Profile{kWci, kWciSources},
    Profile{kRggi, kRggiSources},
    Profile{kNz, kNzSources},
    Profile{Korean("kr", "Korea: price and time priority, one bid a bidder, at most 30%", 3'000),
            kKrSources},
    Profile{Korean("kr-2019", "Korea from March 2019: as kr, at most 15% a bidder", 1'500),
            kKrSources},
    Profile{kGuangdong, kGuangdongSources},
    Profile{kShanghai, kShanghaiSources},
    Profile{kCnWeekly, kCnWeeklySources},
};

}  // namespace

std::span<const Profile> Profiles() { return kProfiles; }

const Profile* FindProfile(std::string_view name) {
  for (const Profile& profile : kProfiles) {
    const bool same = std::ranges::equal(profile.format.name, name, [](char known, char asked) {
      return known == asked || (known == '-' && asked == '_');
    });
    if (same) return &profile;
  }
  return nullptr;
}

const Format* FindFormat(std::string_view name) {
  const Profile* profile = FindProfile(name);
  return profile == nullptr ? nullptr : &profile->format;
}

std::string_view WrongWith(const Format& format) {
  if (format.tie == nullptr) return "tie: no rule";
  if (format.lot <= Tonnes()) return "lot: not positive";
  if (format.tick <= Price()) return "tick: not positive";
  if (format.smallest_bid <= Tonnes() || format.smallest_bid.count() % format.lot.count() != 0) {
    return "smallest_bid: not a multiple of the lot";
  }
  if (format.award_unit <= Tonnes() || format.lot.count() % format.award_unit.count() != 0) {
    return "award_unit: does not divide the lot";
  }
  if (format.bid_limit_bp == 0 || format.bid_limit_bp > 10'000) return "bid_limit: not in (0, 1]";
  if (format.bidder_limit_bp == 0 || format.bidder_limit_bp > 10'000) {
    return "bidder_limit: not in (0, 1]";
  }
  if (format.other_limit_bp > 10'000) return "other_limit: above 1";
  if (format.guarantee_bp > 10'000) return "guarantee_share: above 1";
  if (format.containment_tiers > 2) return "containment_tiers: above 2";
  if (format.unsold_ceiling_bp != 0 && format.unsold_ceiling_bp < 10'000) {
    return "unsold_ceiling: below 1";
  }
  if (format.unsold == Unsold::kNextAuctions && format.unsold_auctions == 0) {
    return "unsold_auctions: 0 auctions take nothing";
  }
  return "";
}

std::string_view ToString(Shortage shortage) {
  switch (shortage) {
    case Shortage::kCancel:
      return "cancel";
    case Shortage::kSellAtReserve:
      return "sell_at_reserve";
    case Shortage::kSellAtLowestBid:
      return "sell_at_lowest_bid";
    case Shortage::kDeclineOnLowBid:
      return "decline_on_low_bid";
  }
  return "unknown";
}

std::string_view ToString(PriceRule rule) {
  switch (rule) {
    case PriceRule::kLowestAccepted:
      return "lowest_accepted";
    case PriceRule::kHighestRejected:
      return "highest_rejected";
  }
  return "unknown";
}

std::string_view ToString(Pricing pricing) {
  switch (pricing) {
    case Pricing::kUniform:
      return "uniform";
    case Pricing::kPayAsBid:
      return "pay_as_bid";
  }
  return "unknown";
}

std::string_view ToString(SecretReserve secret) {
  switch (secret) {
    case SecretReserve::kNone:
      return "none";
    case SecretReserve::kCancel:
      return "cancel";
    case SecretReserve::kLowestBidAbove:
      return "lowest_bid_above";
  }
  return "unknown";
}

std::string_view ToString(ReserveSource source) {
  switch (source) {
    case ReserveSource::kNone:
      return "none";
    case ReserveSource::kGiven:
      return "given";
    case ReserveSource::kMovingAverage:
      return "moving_average";
    case ReserveSource::kThreeMeans:
      return "three_means";
  }
  return "unknown";
}

std::string_view ToString(OverLimit over_limit) {
  switch (over_limit) {
    case OverLimit::kCut:
      return "cut";
    case OverLimit::kRefuse:
      return "refuse";
    case OverLimit::kCutToGuarantee:
      return "cut_to_guarantee";
  }
  return "unknown";
}

std::string_view ToString(Guarantee guarantee) {
  switch (guarantee) {
    case Guarantee::kValueOfBids:
      return "value_of_bids";
    case Guarantee::kLadder:
      return "ladder";
  }
  return "unknown";
}

std::string_view ToString(Unsold unsold) {
  switch (unsold) {
    case Unsold::kNextAuctions:
      return "next_auctions";
    case Unsold::kNextOfYear:
      return "next_of_year";
    case Unsold::kAfterCleanAuctions:
      return "after_clean_auctions";
    case Unsold::kReserve:
      return "reserve";
    case Unsold::kCancel:
      return "cancel";
  }
  return "unknown";
}

}  // namespace ets::auction
