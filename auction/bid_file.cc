#include "auction/bid_file.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <tuple>

#include "auction/csv_table.h"
#include "auction/entry.h"
#include "base/date.h"

namespace ets::auction {
namespace {

// No bid is higher: 100,000.00 a tonne, as in an order book.
constexpr Price kPriceMax = Price::FromMinorPerTonne(10'000'000);
constexpr std::int64_t kQuantityMax = 10'000'000'000;
// So that a share of it in basis points stays an amount.
constexpr Price kGuaranteeMax = Price::FromMinorPerTonne(kAmountMax / 10'000);

// Which column a broken rule points at.
std::string_view ColumnOf(EntryFault fault) {
  switch (fault) {
    case EntryFault::kPriceNotPositive:
    case EntryFault::kPriceOffTick:
      return "price";
    case EntryFault::kTooManyBids:
    case EntryFault::kNotCovered:
      return "bidder";
    case EntryFault::kQuantityNotPositive:
    case EntryFault::kQuantityOffLot:
    case EntryFault::kQuantityBelowSmallest:
    case EntryFault::kQuantityAboveBidLimit:
    case EntryFault::kAboveBidderLimit:
    case EntryFault::kGuaranteeTooSmall:
      return "quantity";
  }
  return "quantity";
}

class BidReader {
 public:
  BidReader(std::string_view text, const Terms& terms, const BidTableRules& rules)
      : table_(text, {"bidder", "price", "quantity"}, {"id", "time", "currency"}),
        terms_(terms),
        rules_(rules) {
    if (rules.close) dated_ = *rules.close >= kMicrosPerDay;
  }

  Result<BidTable, std::vector<BidProblem>> Read() {
    if (!table_.usable()) return Fail{table_.Take()};
    while (table_.Next()) ReadRow();
    if (found_.bids.empty() && table_.clean()) {
      table_.Add("no bid behind the header; allowed: one bid a line");
    }
    if (!table_.clean()) return Fail{table_.Take()};
    SortByTime();
    return std::move(found_);
  }

 private:
  void Wrong(std::string_view column, std::string what) {
    table_.AddAt(column, std::string(column) + ": " + std::move(what));
  }

  void ReadRow() {
    ++rows_read_;
    const std::optional<MemberId> bidder = ReadBidder();
    const std::optional<Price> price = ReadPrice();
    const std::optional<Tonnes> quantity = ReadQuantity();
    const std::optional<std::int64_t> time = ReadTime();
    ReadId();
    if (!bidder || !price || !quantity) return;
    const Bid bid = {*bidder, *price, *quantity};
    CheckEntry(bid);
    if (!table_.Has("id")) {
      const auto key = std::tuple(bid.bidder, bid.price, bid.quantity);
      const auto [first, fresh] = same_.emplace(key, table_.line());
      if (!fresh) {
        Wrong("bidder", "the same bid as in line " + std::to_string(first->second) +
                            "; allowed: equal bids with an id column that tells them apart");
      }
    }
    const std::string_view id = table_.At("id");
    found_.bids.push_back(bid);
    found_.rows.push_back({id.empty() ? std::to_string(rows_read_) : std::string(id),
                           std::string(table_.At("bidder")), table_.line()});
    times_.push_back(time.value_or(0));
    own_[bid.bidder].push_back(bid);
  }

  std::optional<MemberId> ReadBidder() {
    const std::string name(table_.At("bidder"));
    if (name.empty()) {
      Wrong("bidder", "empty; allowed: a name");
      return std::nullopt;
    }
    if (!rules_.limits.empty() && !rules_.limits.contains(name)) {
      Wrong("bidder",
            Quoted(name) + " has lodged no guarantee; allowed: a bidder of the table of bidders");
    }
    const auto id = static_cast<std::uint32_t>(found_.bidders.size());
    const auto [known, fresh] = members_.emplace(name, MemberId(id));
    if (fresh) found_.bidders.push_back(name);
    return known->second;
  }

  std::optional<Price> ReadPrice() {
    const std::string_view text = table_.At("price");
    const std::string_view currency = table_.At("currency");
    const bool foreign =
        table_.Has("currency") && !rules_.currency.empty() && currency != rules_.currency;
    const auto rate = rules_.rates.find(std::string(currency));
    const bool converts = foreign && rate != rules_.rates.end();
    if (foreign && !converts) {
      Wrong("currency", Quoted(currency) + " is not the auction's currency; allowed: " +
                            std::string(rules_.currency));
    }
    std::optional<Price> price = Price::Parse(text);
    const bool negative = text.starts_with('-') && Price::Parse(text.substr(1));
    if (negative) {
      Wrong("price",
            Quoted(text) + " is not above 0; allowed: from " + ets::ToString(terms_.format.tick));
      return std::nullopt;
    }
    if (price && *price > kPriceMax) price.reset();
    if (!price) {
      Wrong("price", Quoted(text) +
                         " is no price; allowed: 0.01 to 100000.00 with at most two "
                         "decimals");
      return std::nullopt;
    }
    if (!converts) return price;
    const std::int64_t minor = price->minor_per_tonne() * rate->second;
    return Price::FromMinorPerTonne((minor + 5'000) / 10'000);
  }

  std::optional<Tonnes> ReadQuantity() {
    const std::string_view text = table_.At("quantity");
    const auto number = WholeNumber(text, -kQuantityMax, kQuantityMax);
    if (!number) {
      Wrong("quantity", Quoted(text) + " is no quantity; allowed: whole tonnes from 1 to " +
                            std::to_string(kQuantityMax));
      return std::nullopt;
    }
    return Tonnes(*number);
  }

  std::optional<std::int64_t> ReadTime() {
    if (!table_.Has("time")) return std::nullopt;
    const std::string_view text = table_.At("time");
    const auto time = ParseBidTime(text);
    if (!time) {
      Wrong("time", Quoted(text) + " is no time; allowed: 09:15:00, or 2026-01-08T09:15:00");
    } else if (const bool dated = *time >= kMicrosPerDay; dated != dated_.value_or(dated)) {
      Wrong("time", Quoted(text) + (dated ? " has a date" : " has no date") +
                        ", unlike the times before it or the close; allowed: all with a date, or "
                        "none");
    } else if (rules_.close && *time >= *rules_.close) {
      Wrong("time", Quoted(text) + " is after the close; allowed: before it");
    }
    if (time && !dated_) dated_ = *time >= kMicrosPerDay;
    return time;
  }

  void ReadId() {
    if (!table_.Has("id")) return;
    const std::string id(table_.At("id"));
    if (id.empty()) return Wrong("id", "empty; allowed: a name of its own for each bid");
    const auto [first, fresh] = ids_.emplace(id, table_.line());
    if (!fresh) {
      Wrong("id", Quoted(id) + " was in line " + std::to_string(first->second) +
                      " already; allowed: each once");
    }
  }

  void CheckEntry(const Bid& bid) {
    const std::vector<Bid>& others = own_[bid.bidder];
    const auto limits = rules_.limits.find(found_.bidders[bid.bidder.raw()]);
    const BidderTerms bidder = limits == rules_.limits.end() ? BidderTerms{} : limits->second;
    for (const EntryFault fault : FaultsOf(bid, terms_, bidder, others)) {
      const bool form =
          fault == EntryFault::kQuantityNotPositive || fault == EntryFault::kPriceNotPositive;
      if (rules_.only_form && !form) continue;
      Wrong(ColumnOf(fault), Explain(fault, bid, terms_, bidder, others));
    }
  }

  void SortByTime() {
    if (!table_.Has("time")) return;
    std::vector<std::size_t> order(times_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return times_[i]; });
    BidTable sorted;
    sorted.bidders = std::move(found_.bidders);
    for (const std::size_t i : order) {
      sorted.bids.push_back(found_.bids[i]);
      sorted.rows.push_back(std::move(found_.rows[i]));
    }
    found_ = std::move(sorted);
  }

  CsvTable table_;
  const Terms& terms_;
  const BidTableRules& rules_;
  BidTable found_;
  std::vector<std::int64_t> times_;
  std::map<std::string, MemberId, std::less<>> members_;
  std::map<std::tuple<MemberId, Price, Tonnes>, int> same_;
  std::map<std::string, int> ids_;
  std::map<MemberId, std::vector<Bid>> own_;
  std::size_t rows_read_ = 0;
  std::optional<bool> dated_;  // Whether times stand behind dates, once one says.
};

}  // namespace

std::optional<std::int64_t> ParseBidTime(std::string_view text) {
  std::int64_t time = 0;
  if (text.size() > 10 && (text[10] == 'T' || text[10] == ' ')) {
    const std::optional<Date> date = Date::Parse(text.substr(0, 10));
    if (!date) return std::nullopt;
    time = SimTime{date->days()} * kMicrosPerDay;
    text.remove_prefix(11);
  }
  const auto two = [&](std::size_t at, std::int64_t most) {
    return at + 2 <= text.size() ? WholeNumber(text.substr(at, 2), 0, most) : std::nullopt;
  };
  const bool short_form = text.size() == 5 && text[2] == ':';
  const bool long_form = text.size() >= 8 && text[2] == ':' && text[5] == ':';
  if (!short_form && !long_form) return std::nullopt;
  const auto hour = two(0, 23);
  const auto minute = two(3, 59);
  const auto second = long_form ? two(6, 59) : std::optional<std::int64_t>(0);
  if (!hour || !minute || !second) return std::nullopt;
  time += ((*hour * 60 + *minute) * 60 + *second) * kMicrosPerSecond;
  if (text.size() <= 8) return time;
  std::string fraction(text.substr(9));
  if (text[8] != '.' || fraction.empty() || fraction.size() > 6) return std::nullopt;
  fraction.resize(6, '0');
  const auto micros = WholeNumber(fraction, 0, kMicrosPerSecond - 1);
  if (!micros) return std::nullopt;
  return time + *micros;
}

Result<BidTable, std::vector<BidProblem>> ReadBids(std::string_view text, const Terms& terms,
                                                   const BidTableRules& rules) {
  return BidReader(text, terms, rules).Read();
}

Result<std::map<std::string, BidderTerms>, std::vector<BidProblem>> ReadBidders(
    std::string_view text) {
  CsvTable table(text, {"bidder"}, {"covered", "room", "guarantee"});
  if (!table.usable()) return Fail{table.Take()};
  std::map<std::string, BidderTerms> limits;
  const auto wrong = [&table](std::string_view column, const char* allowed) {
    table.AddAt(column,
                std::string(column) + ": " + Quoted(table.At(column)) + "; allowed: " + allowed);
  };
  while (table.Next()) {
    BidderTerms terms;
    const std::string_view covered = table.At("covered");
    if (!covered.empty() && covered != "yes" && covered != "no") wrong("covered", "yes, no");
    terms.covered = covered != "no";
    if (const std::string_view room = table.At("room"); !room.empty()) {
      const auto tonnes = WholeNumber(room, 0, kQuantityMax);
      if (!tonnes) wrong("room", "whole tonnes from 0");
      terms.room = Tonnes(tonnes.value_or(0));
    }
    if (const std::string_view lodged = table.At("guarantee"); !lodged.empty()) {
      auto money = Price::Parse(lodged);
      if (money && *money > kGuaranteeMax) money.reset();
      if (!money) {
        wrong("guarantee", "money from 0 to 9007199254.74 with at most two decimals");
      }
      terms.guarantee = Money::FromMinor(money.value_or(Price()).minor_per_tonne());
    }
    const std::string name(table.At("bidder"));
    if (name.empty()) wrong("bidder", "a name");
    if (!limits.emplace(name, terms).second) wrong("bidder", "each once");
  }
  if (!table.clean()) return Fail{table.Take()};
  return limits;
}

}  // namespace ets::auction
