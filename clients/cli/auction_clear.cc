#include "clients/cli/auction_clear.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iostream>
#include <map>
#include <numeric>
#include <sstream>

#include "auction/entry.h"
#include "auction/fields.h"
#include "auction/reserve.h"

namespace ets::cli {
namespace {

using auction::Format;
using auction::Terms;
using Problems = std::vector<std::string>;

constexpr std::int64_t kVolumeMax = 10'000'000'000;

std::optional<std::int64_t> Whole(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// "0.02" as 200 basis points; at most four decimals.
std::optional<std::uint32_t> BasisPoints(const std::string& text) {
  Format format;
  if (!auction::SetField(format, "bid_limit", text).ok()) return std::nullopt;
  return format.bid_limit_bp;
}

// "KEY=VALUE" in two.
std::pair<std::string, std::string> Parts(const std::string& text, char separator) {
  const std::size_t at = text.find(separator);
  if (at == std::string::npos) return {text, ""};
  return {text.substr(0, at), text.substr(at + 1)};
}

bool UsesSecret(const Format& format) {
  return format.secret != auction::SecretReserve::kNone ||
         format.shortage == auction::Shortage::kDeclineOnLowBid;
}

// Turns flags into terms, gathering what is wrong with them. Without a profile: only what is wrong
// whatever the format.
class TermsReader {
 public:
  TermsReader(const AuctionFlags& flags, Problems& problems, const Format* profile)
      : flags_(flags),
        problems_(problems),
        profile_(profile),
        fits_(profile != nullptr && !flags.all_formats) {}

  Terms Read() {
    Terms terms;
    if (profile_ != nullptr) terms.format = *profile_;
    for (const std::string& set : flags_.sets) {
      const auto [field, value] = Parts(set, '=');
      const auto done = auction::SetField(terms.format, field, value);
      if (!done.ok()) Wrong("--set " + set, done.error());
    }
    const std::string_view wrong = WrongWith(terms.format);
    if (profile_ != nullptr && !wrong.empty()) {
      Wrong("--set", "the fields do not fit: " + std::string(wrong));
    }
    terms.tie_seed = flags_.seed;
    ReadSupply(terms);
    ReadReserves(terms);
    ReadTriggers(terms);
    return terms;
  }

  void ReadConsignments(Terms& terms) {
    std::int64_t consigned = 0;
    std::uint32_t consignor = 1'000'000;
    for (const std::string& text : flags_.consigned) {
      const auto [name, tonnes] = Parts(text, '=');
      const auto volume = Whole(tonnes);
      if (name.empty() || !volume || *volume <= 0 || *volume > kVolumeMax) {
        Wrong("--consigned " + text, "no volume; allowed: NAME=TONNES");
        continue;
      }
      consigned += *volume;
      terms.consignments.push_back({MemberId(consignor++), Tonnes(*volume)});
    }
    if (supply_read_ && consigned > terms.supply.count()) {
      Wrong("--consigned", std::to_string(consigned) + " t in all; allowed: up to the supply, " +
                               std::to_string(terms.supply.count()));
    }
  }

 private:
  void Wrong(const std::string& flag, const std::string& what) {
    problems_.push_back(flag + ": " + what);
  }

  std::optional<Price> ReadPrice(const std::string& flag, const std::string& text) {
    if (text.empty()) return std::nullopt;
    const auto price = Price::Parse(text);
    if (price && *price > Price() && *price <= Price::FromMinorPerTonne(10'000'000)) return price;
    Wrong(flag + " " + text, "no price; allowed: 0.01 to 100000.00 with at most two decimals");
    return std::nullopt;
  }

  void ReadSupply(Terms& terms) {
    terms.supply = Tonnes(flags_.supply);
    const std::int64_t lot = terms.format.lot.count();
    const std::string flag = "--supply " + std::to_string(flags_.supply);
    supply_read_ = flags_.supply > 0 && flags_.supply <= kVolumeMax;
    if (!supply_read_) {
      Wrong(flag, "not a volume; allowed: whole tonnes from " + std::to_string(fits_ ? lot : 1) +
                      " to " + std::to_string(kVolumeMax));
    } else if (fits_ && flags_.supply % lot != 0) {
      Wrong(flag, "off the lot of " + std::string(terms.format.name) + "; allowed: multiples of " +
                      std::to_string(lot));
    }
  }

  // --reserve is the public price, or the secret one where a system has no other.
  void ReadReserves(Terms& terms) {
    const Format& format = terms.format;
    const auto reserve = ReadPrice("--reserve", flags_.reserve);
    terms.secret_reserve = ReadPrice("--secret", flags_.secret);
    const bool only_secret = format.reserve == auction::ReserveSource::kNone &&
                             format.secret != auction::SecretReserve::kNone;
    if (only_secret && reserve && !terms.secret_reserve) {
      terms.secret_reserve = reserve;
    } else {
      terms.reserve = reserve;
    }
    ReadYear(terms);
    ReadSecondary(terms);
    if (fits_ && !flags_.secret.empty() && !UsesSecret(format)) {
      Wrong("--secret", std::string(format.name) +
                            " has no secret reserve price; allowed: with --set secret=cancel or "
                            "lowest_bid_above");
    }
  }

  void ReadYear(Terms& terms) {
    if (flags_.year == 0) return;
    const Format& format = terms.format;
    const std::string flag = "--year " + std::to_string(flags_.year);
    const bool has_triggers = format.name == "rggi";
    if (format.reserve != auction::ReserveSource::kGiven) {
      if (fits_ && !has_triggers) {
        Wrong(flag, std::string(format.name) +
                        " publishes no reserve price by years; allowed: without it");
      }
      return;
    }
    if (terms.reserve || !flags_.reserve.empty()) return;
    terms.reserve = auction::PublishedReserve(format.name, flags_.year);
    if (terms.reserve || !fits_) return;
    std::string known;
    for (const auction::YearlyReserve& row : auction::PublishedReserves()) {
      if (row.format != format.name) continue;
      known +=
          (known.empty() ? "" : ", ") + std::to_string(row.year) + " (" + ToString(row.price) + ")";
    }
    Wrong(flag, "no public reserve price of " + std::string(format.name) +
                    " is known for it; allowed: " + (known.empty() ? "" : known + ", or ") +
                    "a price of your own by --reserve");
  }

  void ReadSecondary(Terms& terms) {
    const Format& format = terms.format;
    const auto secondary = ReadPrice("--secondary", flags_.secondary);
    const auto sigma = BasisPoints(flags_.sigma);
    if (!sigma) Wrong("--sigma " + flags_.sigma, "no share; allowed: as in 0.02");
    const bool averages = format.reserve == auction::ReserveSource::kMovingAverage;
    if (fits_ && !flags_.secondary.empty() && !averages && !UsesSecret(format)) {
      Wrong("--secondary",
            std::string(format.name) + " takes no reserve price from it; allowed: --reserve");
    }
    if (!secondary) return;
    if (averages && !terms.reserve) {
      const auction::ListedTrade mean = {Date(), *secondary, Tonnes(1)};
      terms.reserve = auction::AverageReserve({&mean, 1}, Date(), Date(), format.average_bp);
    }
    if (!sigma || !UsesSecret(format) || terms.secret_reserve) return;
    const Price secret =
        auction::SecretReservePrice(*secondary, format.secret_k_hundredths, *sigma);
    if (secret > Price()) terms.secret_reserve = secret;
  }

  // "PRICE:TONNES", or "TONNES" at the price that the year's table names.
  std::optional<auction::Trigger> ReadTrigger(const std::string& flag, const std::string& text,
                                              const std::optional<Price>& from_table, Tonnes lot) {
    auto [price, volume] = Parts(text, ':');
    if (volume.empty()) std::swap(price, volume);
    const auto tonnes = Whole(volume);
    const auto named = price.empty() ? from_table : Price::Parse(price);
    const bool fits = tonnes && *tonnes > 0 && *tonnes <= kVolumeMax && named && *named > Price() &&
                      *named <= Price::FromMinorPerTonne(10'000'000);
    if (fits && fits_ && *tonnes < lot.count()) {
      Wrong(flag + " " + text, "less than a lot; allowed: from " + ToString(lot) + " t");
      return std::nullopt;
    }
    if (fits) return auction::Trigger{*named, Tonnes(*tonnes)};
    Wrong(flag + " " + text,
          "no trigger; allowed: PRICE:TONNES, or TONNES with a --year whose prices are known");
    return std::nullopt;
  }

  void ReadTriggers(Terms& terms) {
    const auction::RggiTriggers* row =
        terms.format.name == "rggi" ? auction::RggiTriggersOf(flags_.year) : nullptr;
    for (std::size_t i = 0; i < flags_.containment.size(); ++i) {
      std::optional<Price> price;
      if (row != nullptr) price = i == 0 ? std::optional(row->tier_one) : row->tier_two;
      const auto tier =
          ReadTrigger("--containment", flags_.containment[i], price, terms.format.lot);
      if (!tier) continue;
      if (!terms.containment.empty() && tier->price <= terms.containment.back().price) {
        Wrong("--containment " + flags_.containment[i],
              "not above the tier before; allowed: tiers in order of their prices");
      }
      terms.containment.push_back(*tier);
    }
    if (terms.containment.size() > terms.format.containment_tiers && fits_) {
      Wrong("--containment", std::to_string(terms.containment.size()) + " tiers; allowed in " +
                                 std::string(terms.format.name) + ": " +
                                 std::to_string(terms.format.containment_tiers) +
                                 " (field containment_tiers)");
    }
    if (flags_.withholding.empty()) return;
    const auto emission = row != nullptr ? row->emission : std::nullopt;
    terms.withholding =
        ReadTrigger("--withholding", flags_.withholding, emission, terms.format.lot);
    if (!terms.format.emission_containment && fits_) {
      Wrong("--withholding",
            std::string(terms.format.name) +
                " withholds nothing; allowed: with --set emission_containment=true");
    }
  }

  const AuctionFlags& flags_;
  Problems& problems_;
  const Format* const profile_;
  const bool fits_;  // Whether the flags must fit this one format.
  bool supply_read_ = false;
};

void AddFileProblems(const std::string& path, const std::vector<auction::BidProblem>& found,
                     Problems& problems) {
  for (const auction::BidProblem& problem : found) {
    problems.push_back(path + ":" + std::to_string(problem.line) + ":" +
                       std::to_string(problem.column) + ": " + problem.what);
  }
}

std::map<std::string, std::int64_t> ReadRates(const AuctionFlags& flags, Problems& problems) {
  std::map<std::string, std::int64_t> rates;
  for (const std::string& text : flags.rates) {
    const auto [currency, value] = Parts(text, '=');
    const auto rate = BasisPoints(value);
    if (currency.size() == 3 && rate && *rate > 0) {
      rates[currency] = *rate;
    } else {
      problems.push_back("--rate " + text + ": no rate; allowed: as in CAD=0.7324, four decimals");
    }
  }
  return rates;
}

auction::BidTableRules ReadRules(const AuctionFlags& flags, Problems& problems) {
  auction::BidTableRules rules;
  rules.rates = ReadRates(flags, problems);
  if (!flags.close.empty()) {
    rules.close = auction::ParseBidTime(flags.close);
    if (!rules.close) {
      problems.push_back("--close " + flags.close +
                         ": no time; allowed: 11:00, or 2026-01-08T11:00");
    }
  }
  if (flags.bidders.empty()) return rules;
  const auto text = WholeFile(flags.bidders);
  if (!text) {
    problems.push_back(flags.bidders + ": cannot be read; allowed: a table with a column bidder");
    return rules;
  }
  const auto limits = auction::ReadBidders(*text);
  if (limits.ok()) {
    rules.limits = *limits;
  } else {
    AddFileProblems(flags.bidders, limits.error(), problems);
  }
  return rules;
}

std::optional<std::string> TextOfBids(const AuctionFlags& flags, Problems& problems) {
  auto text = WholeFile(flags.bids);
  if (!text) {
    problems.push_back(flags.bids +
                       ": cannot be read; allowed: a table with bidder,price,quantity");
  }
  return text;
}

// Reads the bids; the limits of those who bid become part of the terms.
std::optional<auction::BidTable> ReadTable(const AuctionFlags& flags,
                                           const std::optional<std::string>& text,
                                           const auction::BidTableRules& rules, Terms& terms,
                                           Problems& problems) {
  if (!text) return std::nullopt;
  auto table = auction::ReadBids(*text, terms, rules);
  if (!table.ok()) {
    AddFileProblems(flags.bids, table.error(), problems);
    return std::nullopt;
  }
  for (std::size_t i = 0; i < table->bidders.size(); ++i) {
    const auto limits = rules.limits.find(table->bidders[i]);
    if (limits == rules.limits.end()) continue;
    auction::BidderTerms bidder = limits->second;
    bidder.bidder = MemberId(static_cast<std::uint32_t>(i));
    terms.bidders.push_back(bidder);
  }
  return std::move(*table);
}

// What the bids break beside form, as words for it taken away.
std::vector<std::string> LimitsBroken(const auction::BidTable& table, const Terms& terms) {
  std::map<MemberId, std::vector<auction::Bid>> by_bidder;
  for (const auction::Bid& bid : table.bids) by_bidder[bid.bidder].push_back(bid);
  const Format& format = terms.format;
  const Tonnes bid_limit(
      MulDivFloor(terms.supply.count(), std::min(format.bid_limit_bp, 10'000U), 10'000));
  bool too_large = false, too_many = false, cuts = false;
  for (const auto& [bidder, bids] : by_bidder) {
    Tonnes asked;
    for (const auction::Bid& bid : bids) {
      asked += bid.quantity;
      too_large |= format.bid_limit_bp < 10'000 && bid.quantity > bid_limit;
    }
    too_many |= format.bids_max > 0 && bids.size() > format.bids_max;
    const auto own = std::ranges::find(terms.bidders, bidder, &auction::BidderTerms::bidder);
    const auction::BidderTerms limits = own == terms.bidders.end() ? auction::BidderTerms{} : *own;
    cuts |= format.over_limit == auction::OverLimit::kRefuse && asked > LimitOf(terms, limits);
    cuts |= format.over_limit != auction::OverLimit::kCutToGuarantee && limits.guarantee &&
            auction::GuaranteeFor(bids, format) > *limits.guarantee;
  }
  std::vector<std::string> words;
  if (too_large) words.emplace_back("bids of any size");
  if (too_many) words.emplace_back("any number of bids");
  if (cuts) words.emplace_back("limits cut");
  return words;
}

// Widens what does not take the bids until it does.
std::vector<std::string> Widen(const auction::BidTable& table, Terms& terms) {
  Format& format = terms.format;
  const Format before = format;
  const std::vector<std::string> broken = LimitsBroken(table, terms);
  std::int64_t lot = std::gcd(format.lot.count(), terms.supply.count());
  std::int64_t tick = format.tick.minor_per_tonne();
  std::int64_t smallest = format.smallest_bid.count();
  for (const auction::Bid& bid : table.bids) {
    lot = std::gcd(lot, bid.quantity.count());
    tick = std::gcd(tick, bid.price.minor_per_tonne());
    smallest = std::min(smallest, bid.quantity.count());
  }
  format.lot = Tonnes(lot);
  format.tick = Price::FromMinorPerTonne(tick);
  format.smallest_bid = Tonnes(std::max(lot, smallest / lot * lot));
  format.award_unit = Tonnes(std::gcd(format.award_unit.count(), lot));
  format.bid_limit_bp = 10'000;
  format.bids_max = 0;
  format.over_limit = auction::OverLimit::kCutToGuarantee;
  std::vector<std::string> widened;
  if (format.lot != before.lot) widened.push_back("lot " + ToString(format.lot));
  if (format.tick != before.tick) widened.push_back("tick " + ToString(format.tick));
  if (format.smallest_bid < before.smallest_bid && format.lot == before.lot) {
    widened.push_back("smallest bid " + ToString(format.smallest_bid));
  }
  widened.insert(widened.end(), broken.begin(), broken.end());
  return widened;
}

}  // namespace

std::optional<std::string> WholeFile(const std::string& path) {
  std::ostringstream text;
  if (path == "-") {
    text << std::cin.rdbuf();
    return text.str();
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  file.peek();  // A folder opens, and reads nothing.
  if (file.bad() || (file.fail() && !file.eof())) return std::nullopt;
  if (!file.eof()) text << file.rdbuf();
  return text.str();
}

std::vector<CountedBid> CountedOf(const HeldAuction& held) {
  std::vector<CountedBid> counted;
  for (const auction::Bid& bid : held.table.bids) counted.push_back({bid.quantity, ""});
  for (const auction::Cut& cut : auction::CutsOf(held.table.bids, held.terms)) {
    counted[cut.bid] = {cut.counted, ToString(cut.reason)};
  }
  return counted;
}

Result<HeldAuction, std::vector<std::string>> Hold(const AuctionFlags& flags) {
  Problems problems;
  HeldAuction held;
  held.name = flags.name;
  const Format* profile = auction::FindFormat(flags.format);
  if (profile == nullptr) {
    std::string names;
    for (const auction::Profile& known : auction::Profiles()) {
      names += (names.empty() ? "" : ", ") + std::string(known.format.name);
    }
    problems.push_back("--format " + flags.format + ": no format; allowed: " + names);
  }
  TermsReader reader(flags, problems, profile);
  held.terms = reader.Read();
  reader.ReadConsignments(held.terms);
  auction::BidTableRules rules = ReadRules(flags, problems);
  rules.currency = held.terms.format.currency;
  // Bids are held to the supply and the fields: without these there is nothing to hold them to.
  rules.only_form = !problems.empty();
  const auto text = TextOfBids(flags, problems);
  auto table = ReadTable(flags, text, rules, held.terms, problems);
  if (!problems.empty()) return Fail{std::move(problems)};
  held.table = std::move(*table);
  held.clearing = auction::Clear(held.table.bids, held.terms);
  return held;
}

Result<std::vector<ComparedAuction>, std::vector<std::string>> HoldUnderAll(
    const AuctionFlags& flags) {
  Problems problems;
  auction::BidTableRules rules = ReadRules(flags, problems);
  rules.only_form = true;
  const auto text = TextOfBids(flags, problems);
  std::vector<ComparedAuction> compared;
  for (const auction::Profile& profile : auction::Profiles()) {
    ComparedAuction one;
    one.held.name = flags.name;
    TermsReader reader(flags, problems, &profile.format);
    one.held.terms = reader.Read();
    reader.ReadConsignments(one.held.terms);
    auto table = ReadTable(flags, text, rules, one.held.terms, problems);
    if (!problems.empty()) return Fail{std::move(problems)};
    const bool is_given = one.held.terms.format.reserve == auction::ReserveSource::kGiven;
    if (flags.year != 0 && is_given && !one.held.terms.reserve) {
      one.unknown = "reserve of " + std::to_string(flags.year);
    }
    one.widened = Widen(*table, one.held.terms);
    one.held.table = std::move(*table);
    one.held.clearing = auction::Clear(one.held.table.bids, one.held.terms);
    compared.push_back(std::move(one));
  }
  return compared;
}

}  // namespace ets::cli
