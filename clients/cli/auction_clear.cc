#include "clients/cli/auction_clear.h"

#include <charconv>
#include <fstream>
#include <iostream>
#include <map>
#include <numeric>
#include <sstream>

#include "auction/fields.h"
#include "auction/reserve.h"

namespace ets::cli {
namespace {

using auction::Format;
using auction::Terms;
using Problems = std::vector<std::string>;

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

// Turns flags into terms, gathering what is wrong with them.
class TermsReader {
 public:
  TermsReader(const AuctionFlags& flags, Problems& problems) : flags_(flags), problems_(problems) {}

  Terms Read(const Format& profile) {
    Terms terms;
    terms.format = profile;
    for (const std::string& set : flags_.sets) {
      const auto [field, value] = Parts(set, '=');
      const auto done = auction::SetField(terms.format, field, value);
      if (!done.ok()) Wrong("--set " + set, done.error());
    }
    if (const std::string_view wrong = WrongWith(terms.format); !wrong.empty()) {
      Wrong("--set", "the fields do not fit: " + std::string(wrong));
    }
    terms.tie_seed = flags_.seed;
    ReadSupply(terms);
    ReadReserves(terms);
    ReadTriggers(terms);
    return terms;
  }

  // After the bidders have their numbers.
  void ReadConsignments(Terms& terms) {
    std::int64_t consigned = 0;
    std::uint32_t consignor = 1'000'000;
    for (const std::string& text : flags_.consigned) {
      const auto volume = Whole(Parts(text, '=').second);
      if (!volume || *volume <= 0) {
        Wrong("--consigned " + text, "no volume; allowed: NAME=TONNES");
        continue;
      }
      consigned += *volume;
      terms.consignments.push_back({MemberId(consignor++), Tonnes(*volume)});
    }
    if (consigned > terms.supply.count()) {
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
    if (flags_.supply <= 0 || flags_.supply > 10'000'000'000) {
      Wrong(flag,
            "not a volume; allowed: whole tonnes from " + std::to_string(lot) + " to 10000000000");
    } else if (lot > 0 && flags_.supply % lot != 0) {
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
    if (!terms.reserve && !only_secret && flags_.year != 0) {
      terms.reserve = auction::PublishedReserve(format.name, flags_.year);
    }
    const auto secondary = ReadPrice("--secondary", flags_.secondary);
    if (!secondary) return;
    if (format.reserve == auction::ReserveSource::kMovingAverage && !terms.reserve) {
      const auction::ListedTrade mean = {Date(), *secondary, Tonnes(1)};
      terms.reserve = auction::AverageReserve({&mean, 1}, Date(), Date(), format.average_bp);
    }
    const auto sigma = BasisPoints(flags_.sigma);
    if (!sigma) Wrong("--sigma " + flags_.sigma, "no share; allowed: as in 0.02");
    const bool uses_secret = format.secret != auction::SecretReserve::kNone ||
                             format.shortage == auction::Shortage::kDeclineOnLowBid;
    if (sigma && uses_secret && !terms.secret_reserve) {
      const Price secret =
          auction::SecretReservePrice(*secondary, format.secret_k_hundredths, *sigma);
      if (secret > Price()) terms.secret_reserve = secret;
    }
  }

  // "PRICE:TONNES", or "TONNES" at the price that the year's table names.
  std::optional<auction::Trigger> ReadTrigger(const std::string& flag, const std::string& text,
                                              const std::optional<Price>& from_table) {
    auto [price, volume] = Parts(text, ':');
    if (volume.empty()) std::swap(price, volume);
    const auto tonnes = Whole(volume);
    const auto named = price.empty() ? from_table : Price::Parse(price);
    if (tonnes && *tonnes > 0 && named && *named > Price()) {
      return auction::Trigger{*named, Tonnes(*tonnes)};
    }
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
      const auto tier = ReadTrigger("--containment", flags_.containment[i], price);
      if (!tier) continue;
      if (!terms.containment.empty() && tier->price <= terms.containment.back().price) {
        Wrong("--containment " + flags_.containment[i],
              "not above the tier before; allowed: tiers in order of their prices");
      }
      terms.containment.push_back(*tier);
    }
    if (terms.containment.size() > terms.format.containment_tiers && !flags_.all_formats) {
      Wrong("--containment", std::to_string(terms.containment.size()) + " tiers; allowed in " +
                                 std::string(terms.format.name) + ": " +
                                 std::to_string(terms.format.containment_tiers) +
                                 " (field containment_tiers)");
    }
    if (flags_.withholding.empty()) return;
    const auto emission = row != nullptr ? row->emission : std::nullopt;
    terms.withholding = ReadTrigger("--withholding", flags_.withholding, emission);
    if (!terms.format.emission_containment && !flags_.all_formats) {
      Wrong("--withholding",
            std::string(terms.format.name) +
                " withholds nothing; allowed: with --set emission_containment=true");
    }
  }

  const AuctionFlags& flags_;
  Problems& problems_;
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

// Reads the bids; the limits of those who bid become part of the terms.
std::optional<auction::BidTable> ReadTable(const AuctionFlags& flags,
                                           const auction::BidTableRules& rules, Terms& terms,
                                           Problems& problems) {
  const auto text = WholeFile(flags.bids);
  if (!text) {
    problems.push_back(flags.bids +
                       ": cannot be read; allowed: a table with bidder,price,quantity");
    return std::nullopt;
  }
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

// Widens what is only form until the bids fit it.
std::vector<std::string> Widen(const auction::BidTable& table, Terms& terms) {
  Format& format = terms.format;
  const Format before = format;
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
  format.over_limit = auction::OverLimit::kCut;
  std::vector<std::string> widened;
  if (format.lot != before.lot) widened.push_back("lot " + ToString(format.lot));
  if (format.tick != before.tick) widened.push_back("tick " + ToString(format.tick));
  if (format.smallest_bid < before.smallest_bid && format.lot == before.lot) {
    widened.push_back("smallest bid " + ToString(format.smallest_bid));
  }
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
    return Fail{Problems{"--format " + flags.format + ": no format; allowed: " + names}};
  }
  TermsReader reader(flags, problems);
  held.terms = reader.Read(*profile);
  reader.ReadConsignments(held.terms);
  auction::BidTableRules rules = ReadRules(flags, problems);
  rules.currency = held.terms.format.currency;
  // Bids are held to the supply and the fields: without these there is nothing to hold them to.
  rules.only_form = !problems.empty();
  auto table = ReadTable(flags, rules, held.terms, problems);
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
  std::vector<ComparedAuction> compared;
  for (const auction::Profile& profile : auction::Profiles()) {
    ComparedAuction one;
    one.held.name = flags.name;
    Format widest = profile.format;
    widest.lot = widest.smallest_bid = widest.award_unit = Tonnes(1);
    Terms wide = TermsReader(flags, problems).Read(widest);
    auto table = ReadTable(flags, rules, wide, problems);
    if (!problems.empty()) return Fail{std::move(problems)};
    one.held.terms = wide;
    one.held.terms.format.lot = profile.format.lot;
    one.held.terms.format.smallest_bid = profile.format.smallest_bid;
    one.held.terms.format.award_unit = profile.format.award_unit;
    one.widened = Widen(*table, one.held.terms);
    one.held.table = std::move(*table);
    one.held.clearing = auction::Clear(one.held.table.bids, one.held.terms);
    compared.push_back(std::move(one));
  }
  return compared;
}

}  // namespace ets::cli
