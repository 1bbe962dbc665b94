#include "sim/scenario_schema.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <type_traits>
#include <utility>

#include "auction/fields.h"
#include "base/assert.h"
#include "policy/allocation.h"

namespace ets::sim {
namespace {

constexpr Range kShare{0, 1};
constexpr Range kFree{};
constexpr Range kAtLeast0{0, kNumberMax};
constexpr Range kAbove0{0, kNumberMax, true};
constexpr Range kRate{-0.5, 0.5};
constexpr Range kDays{-25567, 84371};  // 1900 to 2200.
constexpr Range Between(double low, double high) { return {low, high}; }

// Where the members of each struct live in a scenario, by the path of a key.
template <typename Owner>
Owner& In(Scenario& scenario, const Path& path) {
  if constexpr (std::is_same_v<Owner, Scenario>) {
    return scenario;
  } else if constexpr (std::is_same_v<Owner, Europe>) {
    return scenario.europe;
  } else if constexpr (std::is_same_v<Owner, PowerClass>) {
    return scenario.power_classes[path[2]];
  } else if constexpr (std::is_same_v<Owner, policy::Benchmarks>) {
    return scenario.benchmarks[std::stoi(path[2])];
  } else if constexpr (std::is_same_v<Owner, CbamSector>) {
    return In<Sector>(scenario, path).cbam;
  } else if constexpr (std::is_same_v<Owner, DataTrust>) {
    return scenario.trust;
  } else if constexpr (std::is_same_v<Owner, Stability>) {
    return scenario.stability;
  } else if constexpr (std::is_same_v<Owner, LinearCaps>) {
    return scenario.linear_caps;
  } else {
    static_assert(std::is_same_v<Owner, Sector>);
    const int index = scenario.SectorIndex(path[1]);
    ETS_ASSERT(index >= 0);
    return scenario.sectors[static_cast<std::size_t>(index)];
  }
}

double Real(const Value& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  return std::get<double>(value);
}
int YearOf(const Path& path) { return std::stoi(path.back()); }
Date DateOf(double days) { return Date(static_cast<std::int32_t>(days)); }

// How a value reaches a member of each type, and what the member holds by itself.
void Put(double& member, const Path&, const Value& value) { member = Real(value); }
void Put(bool& member, const Path&, const Value& value) { member = std::get<bool>(value); }
void Put(std::string& member, const Path&, const Value& value) {
  member = std::get<std::string>(value);
}
void Put(Date& member, const Path&, const Value& value) { member = std::get<Date>(value); }
template <std::integral T>
void Put(T& member, const Path&, const Value& value) {
  member = static_cast<T>(std::get<std::int64_t>(value));
}
void Put(YearSeries& member, const Path& path, const Value& value) {
  if (path.back() == "each_year_after") {
    member.set_each_year_after(Real(value));
  } else {
    member.Set(YearOf(path), Real(value));
  }
}
template <typename K, typename T>
void Put(std::map<K, T>& member, const Path& path, const Value& value) {
  if constexpr (std::is_same_v<K, int>) {
    Put(member[YearOf(path)], path, value);
  } else {
    Put(member[path.back()], path, value);
  }
}
template <std::size_t N>
void Put(std::array<double, N>& member, const Path&, const Value& value) {
  const Rows& rows = std::get<Rows>(value);
  for (std::size_t i = 0; i < N; ++i) member[i] = rows[i][0];
}
void Put(std::vector<Date>& member, const Path&, const Value& value) {
  member.clear();
  for (const auto& row : std::get<Rows>(value)) member.push_back(DateOf(row[0]));
}
void Put(std::vector<SizeClass>& member, const Path&, const Value& value) {
  member.clear();
  for (const auto& row : std::get<Rows>(value)) {
    member.push_back({static_cast<int>(row[0]), row[1], row[2]});
  }
}
void Put(std::vector<CostAnchor>& member, const Path&, const Value& value) {
  member.clear();
  for (const auto& row : std::get<Rows>(value)) member.push_back({row[0], row[1]});
}
void Put(std::vector<std::pair<Date, double>>& member, const Path&, const Value& value) {
  member.clear();
  for (const auto& row : std::get<Rows>(value)) member.emplace_back(DateOf(row[0]), row[1]);
}

std::optional<Value> Get(double member) { return Value(member); }
std::optional<Value> Get(bool member) { return Value(member); }
std::optional<Value> Get(const std::string& member) { return Value(member); }
std::optional<Value> Get(Date member) { return Value(member); }
template <std::integral T>
std::optional<Value> Get(T member) {
  return Value(static_cast<std::int64_t>(member));
}
template <std::size_t N>
std::optional<Value> Get(const std::array<double, N>& member) {
  Rows rows;
  for (const double number : member) rows.push_back({number});
  return Value(std::move(rows));
}
template <typename T>
requires(!std::integral<T>) std::optional<Value> Get(const T&) { return std::nullopt; }

template <typename T>
Kind KindOf() {
  if constexpr (std::is_same_v<T, bool>) return Kind::kFlag;
  if constexpr (std::is_integral_v<T>) return Kind::kInteger;
  if constexpr (std::is_same_v<T, std::string>) return Kind::kText;
  if constexpr (std::is_same_v<T, std::map<int, std::string>>) return Kind::kText;
  if constexpr (std::is_same_v<T, Date>) return Kind::kDate;
  if constexpr (std::is_same_v<T, std::map<int, Date>>) return Kind::kDate;
  if constexpr (std::is_same_v<T, std::vector<Date>>) return Kind::kDates;
  if constexpr (std::is_same_v<T, std::array<double, 12>>) return Kind::kNumbers;
  if constexpr (std::is_same_v<T, std::array<double, 3>>) return Kind::kNumbers;
  if constexpr (std::is_same_v<T, std::vector<SizeClass>>) return Kind::kRows;
  if constexpr (std::is_same_v<T, std::vector<CostAnchor>>) return Kind::kRows;
  if constexpr (std::is_same_v<T, std::vector<std::pair<Date, double>>>) return Kind::kRows;
  return Kind::kNumber;
}

// Collects the rows; each call names a path, the member it fills, its unit, range and meaning.
class Table {
 public:
  template <typename Owner, typename T>
  Table& Add(std::string_view path, T Owner::*member, const char* unit, Range range,
             const char* words) {
    Key key;
    key.pattern = Split(path);
    key.kind = KindOf<T>();
    key.unit = unit;
    key.range = range;
    key.words = words;
    key.fallback = Get(Owner{}.*member);
    if constexpr (requires(T list) { std::tuple_size<T>::value; }) {
      key.length = std::tuple_size<T>::value;
    }
    key.store = [member](Scenario& scenario, const Path& at, const Value& value) {
      Put(In<Owner>(scenario, at).*member, at, value);
    };
    keys_.push_back(std::move(key));
    return *this;
  }
  template <typename Owner, typename T>
  Table& Text(std::string_view path, T Owner::*member, const char* words) {
    return Add(path, member, "", {}, words);
  }
  // A series by year, with its key for the years after the last one.
  template <typename Owner>
  Table& Series(const std::string& path, YearSeries Owner::*member, const char* unit, Range range,
                const char* words) {
    Add(path + ".<year>", member, unit, range, words);
    Add(path + ".each_year_after", member, unit, kFree, words);
    last().words = last().words.substr(0, last().words.find(';')) +
                   ", change each year after the last one given";
    last().unit += " a year";
    return *this;
  }
  Table& Benchmark(const char* part, policy::UnitClass unit_class, const char* words) {
    Add(std::string("power.benchmarks.<vintage>.") + part, &policy::Benchmarks::coal_heat, "t/MWh",
        Between(0.01, 5), words);
    last().store = [unit_class](Scenario& scenario, const Path& at, const Value& value) {
      In<policy::Benchmarks>(scenario, at).electricity[static_cast<std::size_t>(unit_class)] =
          Real(value);
    };
    return Required();
  }

  Table& Required() {
    last().required = true;
    last().fallback.reset();
    return *this;
  }
  Table& Label() {
    last().label = true;
    return *this;
  }
  Table& Choices(std::vector<std::string> choices) {
    last().choices = std::move(choices);
    return *this;
  }
  Table& Columns(std::vector<RowColumn> columns) {
    last().columns = std::move(columns);
    return *this;
  }
  Table& As(Kind kind) {
    last().kind = kind;
    return *this;
  }
  Table& Fact(const char* source) {
    last().mark = "fact";
    last().source = source;
    return *this;
  }
  Table& Because(const char* reason) {
    last().source = reason;
    return *this;
  }
  void Append(std::vector<Key> keys) { std::ranges::move(keys, std::back_inserter(keys_)); }
  std::vector<Key> Take() { return std::move(keys_); }
  Key& last() { return keys_.back(); }

 private:
  std::vector<Key> keys_;
};

constexpr const char* kPlan = "China MEE, 2023-2024 power allocation plan (15 October 2024)";
constexpr const char* kNotice = "China MEE, work notice for 2026 (27 January 2026)";
constexpr const char* kExchange = "Shanghai exchange's announcement of 22 June 2021";
constexpr const char* kEex = "European Energy Exchange, auctions of 2025-26";

std::vector<std::string> RuleNames() {
  std::vector<std::string> names;
  for (const policy::Rule& rule : policy::Rules()) names.emplace_back(rule.name);
  return names;
}
std::vector<std::string> FormatNames() {
  std::vector<std::string> names;
  for (const auction::Profile& profile : auction::Profiles())
    names.emplace_back(profile.format.name);
  return names;
}

// Said by auction.bidder_limit, unsold_auctions and unsold_ceiling; awards settle at the close, so
// that a bid lodges what it costs.
constexpr std::string_view kAuctionSaidElsewhere[] = {
    "bidder_limit", "other_limit", "unsold_auctions", "unsold_ceiling", "guarantee_share"};

Kind KindOf(auction::FieldKind kind) {
  switch (kind) {
    case auction::FieldKind::kChoice:
      return Kind::kText;
    case auction::FieldKind::kFlag:
      return Kind::kFlag;
    case auction::FieldKind::kTonnes:
    case auction::FieldKind::kCount:
      return Kind::kInteger;
    case auction::FieldKind::kPrice:
    case auction::FieldKind::kShare:
      return Kind::kNumber;
  }
  return Kind::kText;
}
Range RangeOf(auction::FieldKind kind) {
  switch (kind) {
    case auction::FieldKind::kTonnes:
      return {1, 1e9};
    case auction::FieldKind::kPrice:
      return {0.01, 1e5};
    case auction::FieldKind::kShare:
      return {0, 10};
    case auction::FieldKind::kCount:
      return {0, 1'000};
    case auction::FieldKind::kChoice:
    case auction::FieldKind::kFlag:
      return {};
  }
  return {};
}
// As auction/fields.h reads it: prices to the cent, shares to four decimals.
std::string FieldText(auction::FieldKind kind, const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  const bool price = kind == auction::FieldKind::kPrice;
  if (!price && kind != auction::FieldKind::kShare) {
    return std::to_string(std::get<std::int64_t>(value));
  }
  const long long parts = std::llround(Real(value) * (price ? 100 : 10'000));
  const std::string digits = std::to_string(10'000 + parts % (price ? 100 : 10'000));
  return std::to_string(parts / (price ? 100 : 10'000)) + "." + digits.substr(price ? 3 : 1);
}

// A key for every field of an auction format; what is not given is the named format's.
std::vector<Key> AuctionRuleKeys() {
  std::vector<Key> keys;
  for (const auction::Field& field : auction::Fields()) {
    if (std::ranges::count(kAuctionSaidElsewhere, field.name) != 0) continue;
    Key key;
    key.pattern = {"auction", "rules", std::string(field.name)};
    key.kind = KindOf(field.kind);
    key.range = RangeOf(field.kind);
    if (field.name == "containment_tiers") key.range = {0, 2};
    key.choices = field.choices();
    key.words = field.description;
    key.source = "the named format's, where no scenario says otherwise";
    key.store = [&field](Scenario& scenario, const Path&, const Value& value) {
      scenario.auction_rules[std::string(field.name)] = FieldText(field.kind, value);
    };
    keys.push_back(std::move(key));
  }
  return keys;
}

void AddRun(Table& t) {
  using S = Scenario;
  t.Text("name", &S::name, "short name; part of the run's folder").Required().Label();
  t.Text("title", &S::title, "title, in words").Required().Label();
  t.Text("description", &S::description, "what the scenario tells, for its report").Label();
  t.Add("seed", &S::seed, "", Between(0, 9e15), "seed of all chance");
  t.Add("first_day", &S::first_day, "", kDays, "first simulated day").Required();
  t.Add("last_day", &S::last_day, "", kDays, "last simulated day").Required();
  t.Add("horizon_year", &S::horizon_year, "", Between(2025, 2060),
        "year to which paths and expectations reach")
      .Because("a bank needs a future to have a value");
  t.Text("trade_detail", &S::trade_detail, "which trades are kept one by one")
      .Choices({"none", "all"});
  t.Text("firms", &S::firms_csv, "population file of your own; empty: firms are drawn")
      .As(Kind::kFile)
      .Because("firms are drawn from the seed");
  t.last().file_name = &S::firms_file;
  t.Text("provinces", &S::province_csv, "table of firms by province; empty: no provinces")
      .As(Kind::kFile);
}

void AddPower(Table& t) {
  using S = Scenario;
  using policy::UnitClass;
  t.Add("power.groups", &S::power_groups, "", Between(0, 1000), "number of generating groups");
  t.Add("power.group_share", &S::power_group_share, "share", kShare,
        "share of power's emissions that the groups own");
  t.Add("power.benchmark_tightening", &S::benchmark_tightening, "a year", Between(-0.1, 0.2),
        "fall of coal's benchmarks after the last vintage given");
  t.Add("power.gas_relief", &S::gas_relief, "", {},
        "whether a gas unit's deficit is topped up to its verified emissions")
      .Fact(kPlan);
  t.Add("power.shortfall_ceiling", &S::shortfall_ceiling, "share", kShare,
        "ceiling on a generator's shortfall, over its emissions")
      .Fact(kPlan);
  t.Text("power.peaking.<vintage>", &S::peaking,
         "peaking factor of the benchmarks; holds until the next vintage given")
      .Choices({std::begin(kPeakingFactors), std::end(kPeakingFactors)});
  t.Benchmark("I", UnitClass::kCoalLarge, "benchmark of class I (coal from 400 MW)");
  t.Benchmark("II", UnitClass::kCoalSmall, "benchmark of class II (coal below 400 MW)");
  t.Benchmark("III", UnitClass::kUnconventional, "benchmark of class III (non-conventional coal)");
  t.Benchmark("gas", UnitClass::kGas, "benchmark of gas");
  t.Add("power.benchmarks.<vintage>.coal_heat", &policy::Benchmarks::coal_heat, "t/GJ",
        Between(0.001, 1), "benchmark of heat from coal")
      .Required();
  t.Add("power.benchmarks.<vintage>.gas_heat", &policy::Benchmarks::gas_heat, "t/GJ",
        Between(0.001, 1), "benchmark of heat from gas")
      .Required();
  t.Add("power.benchmarks.<vintage>.gross_generation", &policy::Benchmarks::gross_generation, "",
        {}, "whether the benchmark counts gross generation (else net supply)")
      .Fact(kPlan);
  t.Add("power.classes.<class>.share_of_emissions", &PowerClass::share_of_emissions, "share",
        kShare, "{class}: share of power's emissions; the six sum to 1")
      .Required();
  t.Add("power.classes.<class>.load_mean", &PowerClass::load_mean, "share", kShare,
        "{class}: mean load factor over running hours")
      .Because("only classes I and II have a load factor");
  t.Add("power.classes.<class>.load_sd", &PowerClass::load_sd, "share", kShare,
        "{class}: standard deviation of the load factor")
      .Because("only classes I and II have a load factor");
  t.Add("power.classes.<class>.balance_2023", &PowerClass::balance_2023, "share", kRate,
        "{class}: allowances by the 2023 benchmarks over emissions, less 1")
      .Required();
}

void AddRules(Table& t) {
  using S = Scenario;
  t.Add("band.slope", &S::band_slope, "", Between(0, 5),
        "allowances per relative distance from the balance value");
  t.Add("band.reach", &S::band_reach, "share", Between(0, 1),
        "relative distance beyond which the band is flat");
  t.Add("caps.reserve_share", &S::reserve_share, "share", kShare,
        "share of each cap that is held back");
  using L = LinearCaps;
  t.Add("caps.path.enabled", &L::enabled, "", {},
        "whether caps fall by a linear factor after base_year, instead of as cap_mt says");
  t.Add("caps.path.base_year", &L::base_year, "", Between(2020, 2100),
        "last year whose caps are those given; a sector capped later starts from its first cap")
      .Because("every sector of the roadmap is capped in 2030");
  t.Add(
      "caps.path.factor.<year>", &L::factor, "share a year", kShare,
      "part of its base cap that each sector's cap loses a year; holds until the next year given");
  t.Add("caps.path.rebasing_mt.<year>", &L::rebasing_mt, "Mt", Between(-1e5, 1e5),
        "one-off change of all caps together, before the year's step; split by caps");
  t.Add("caps.weight_gas", &S::cap_weight_gas, "", kAbove0,
        "weight of a MWh from gas in power's pool; from coal: 1");
  t.Add("caps.weight_heat_coal", &S::cap_weight_heat_coal, "", kAbove0,
        "weight of a GJ of heat from coal in power's pool");
  t.Add("caps.weight_heat_gas", &S::cap_weight_heat_gas, "", kAbove0,
        "weight of a GJ of heat from gas in power's pool");
  const auto day = [&t](const char* path, int S::*member, const char* words) {
    t.Add(path, member, "", {}, words).As(Kind::kMonthDay).Fact(kNotice);
  };
  day("calendar.pre_allocation_industry", &S::pre_allocation_industry,
      "first issue to industry, in the year after the vintage");
  day("calendar.pre_allocation_power", &S::pre_allocation_power,
      "first issue to power, in the year after the vintage");
  day("calendar.pre_allocation_capped", &S::pre_allocation_capped,
      "first issue of a capped vintage, in its own year");
  t.last().mark = "assumption";
  t.last().source = "a cap is known before its year";
  day("calendar.report_due", &S::report_due, "emissions reports are due");
  day("calendar.verification_power", &S::verification_power, "verification of power is complete");
  day("calendar.verification_industry", &S::verification_industry,
      "verification of industry is complete");
  day("calendar.final_issue", &S::final_issue, "final issue and take-back");
  day("calendar.deadline", &S::deadline, "surrender is due");
  t.Add("calendar.spring_festivals", &S::spring_festivals, "", kDays,
        "first day of each lunar year; one for every simulated year")
      .Required();
  t.Add("calendar.listing.<vintage>", &S::listing_dates, "", kDays,
        "day on which firms of sectors with that first vintage open accounts");
  t.Add("compliance.threshold_t", &S::threshold_t, "t a year", kAbove0,
        "emissions from which a firm is covered")
      .Fact("China MEE, Order 19, article 8");
  t.Add("compliance.first_banking_vintage", &S::first_banking_vintage, "", Between(2020, 2100),
        "first vintage that pays for later years")
      .Fact("China MEE, 2025-2026 allocation plan, consultation draft");
  const char* fine = "Decree 775, article 24, allows 5 to 10";
  t.Add("compliance.fine_first", &S::fine_first, "x price", Between(0, 100),
        "fine for a first shortfall; a multiple of the mean price of the month before the deadline")
      .Because(fine);
  t.Add("compliance.fine_second", &S::fine_second, "x price", Between(0, 100),
        "fine for a second shortfall")
      .Because(fine);
  t.Add("compliance.fine_later", &S::fine_later, "x price", Between(0, 100),
        "fine for every later shortfall")
      .Because(fine);
  t.Add("offsets.limit", &S::offset_limit, "share", kShare,
        "most of an obligation that offsets may pay")
      .Fact("China MEE, Order 19, article 29");
  t.Series("offsets.supply_mt", &S::offset_supply_mt, "Mt", kAtLeast0,
           "offsets that reach the market");
  t.Add("offsets.full_price", &S::offset_full_price, "CNY/t", kAbove0,
        "price from which the whole supply is offered");
  t.Add("offsets.price_share", &S::offset_price_share, "share", Between(0.01, 2),
        "price of an offset over an allowance's");
  t.Add("carry_over.multiple", &S::carry_over_multiple, "", Between(0, 100),
        "old units that may be carried over per unit of net sales")
      .Fact(kPlan);
  t.Add("carry_over.base_t.<sector>", &S::carry_over_base, "t", kAtLeast0,
        "old units that a firm may carry over in any case");
  t.Add("carry_over.public_from", &S::carry_over_public, "", kDays,
        "day on which industry's base becomes public")
      .Required();
  t.Add("opening.close", &S::opening_close, "CNY/t", kAbove0,
        "close of all vintages before the first day")
      .Fact("Shanghai Environment and Energy Exchange, close of 31 December 2024");
  t.Add("opening.stock_mt.<vintage>", &S::opening_stock_mt, "Mt", kAtLeast0,
        "units in private hands before the first day");
  t.Add("opening.group_share", &S::opening_group_share, "share", kShare,
        "share of them that the groups hold");
  t.Add("opening.utilities", &S::opening_utilities, "firms", Between(0, 100'000),
        "number of utilities that hold the rest");
  t.Add("opening.sigma", &S::opening_sigma, "", Between(0, 5),
        "spread of the utilities' holdings (log-normal)");
  t.Add("opening.net_sales_share", &S::opening_net_sales_share, "share", kShare,
        "share of its holding that a holder sold in 2024");
}

void AddMarket(Table& t) {
  using S = Scenario;
  t.Add("auction.enabled", &S::auction_enabled, "", {}, "whether there is an auction");
  t.Text("auction.format", &S::auction_format, "auction format").Choices(FormatNames());
  t.Append(AuctionRuleKeys());
  t.Add("auction.first_year", &S::auction_first_year, "", Between(2020, 2100),
        "year of the first auction");
  t.Add("auction.weekday", &S::auction_weekday, "", Between(1, 5),
        "weekday of the auction, 1 = Monday");
  t.Add("auction.reserve_cny.<year>", &S::auction_reserve_cny, "CNY/t", kAbove0, "reserve price");
  t.Add("auction.reserve_growth", &S::auction_reserve_growth, "a year", kRate,
        "growth of the reserve price after the last year given");
  t.Add("auction.bidder_limit", &S::auction_bidder_limit, "share", Between(0.0001, 1),
        "most of one auction that one bidder may win");
  t.Add("auction.unsold_auctions", &S::unsold_auctions, "auctions", Between(1, 8),
        "auctions over which an unsold volume is spread");
  t.Add("auction.unsold_ceiling", &S::unsold_ceiling, "", Between(1, 10),
        "most that an auction may offer with unsold volume, over its first volume");
  t.Add("auction.stability_ceiling", &S::stability_ceiling, "share", kShare,
        "stability stock over the year's caps above which it is cancelled on 1 January");
  t.Add("auction.containment.trigger_cny.<year>", &S::containment_trigger_cny, "CNY/t", kAbove0,
        "price that opens the stability stock");
  t.Add("auction.containment.growth", &S::containment_growth, "a year", kRate,
        "growth of the trigger after the last year given");
  t.Add("auction.containment.window", &S::containment_window, "auctions", Between(1, 52),
        "auctions in a row whose mean is held against the trigger");
  t.Add("auction.containment.share", &S::containment_share, "share", kShare,
        "share of the stability stock that is then offered");
  t.Add("market.listed_band", &S::listed_band, "share", Between(0.001, 0.99),
        "daily price limit of listed trades around the previous close")
      .Fact(kExchange);
  t.Add("market.block_band", &S::block_band, "share", Between(0.001, 0.99),
        "daily price limit of block trades")
      .Fact(kExchange);
  t.Add("market.block_from_t", &S::block_from_t, "t", Between(1, 1e9),
        "size from which an order is a block")
      .Fact(kExchange);
  t.Add("credit.line_share", &S::credit_line_share, "share", Between(0, 10),
        "credit line of a firm, over twelve months' product value");
  t.Add("credit.rate", &S::credit_rate, "a year", Between(0, 1), "interest on credit");
}

constexpr const char* kMsr = "Decision (EU) 2015/1814";
constexpr const char* kRggiTable = "RGGI: a tenth of the cap, which is auctioned nearly whole";

void AddReserveRule(Table& t) {
  using S = Stability;
  t.Add("stability.reserve.enabled", &S::reserve_enabled, "", {},
        "whether auctions follow the circulation: the reserve rule");
  t.Add("stability.reserve.first_year", &S::reserve_first_year, "", Between(2025, 2100),
        "first year whose circulation counts")
      .Because("every sector of the roadmap is capped from 2030");
  t.Text("stability.reserve.base", &S::base,
         "what the shares are of; the year's caps, or all verified emissions of the year")
      .Choices({"caps", "emissions"});
  t.Add("stability.reserve.upper_share", &S::upper_share, "share", Between(0, 2),
        "circulation above which intake_rate of it is taken in")
      .Because("China's bank is a few percent of its caps; Europe's 1,096 Mt are 79% of its cap");
  t.Add("stability.reserve.lower_share", &S::lower_share, "share", Between(0, 2),
        "circulation from which what lies above this is taken in")
      .Because("as for upper_share");
  t.Add("stability.reserve.floor_share", &S::floor_share, "share", Between(0, 2),
        "circulation below which units are released")
      .Because("as for upper_share");
  t.Add("stability.reserve.intake_rate", &S::intake_rate, "share", kShare,
        "part of the circulation that is taken in above the upper threshold")
      .Fact(kMsr);
  t.Add("stability.reserve.release_share", &S::release_share, "share", kShare,
        "released over twelve months below the floor; all, if fewer are held")
      .Because("a quarter of floor_share, as 100 Mt are of 400 Mt");
  t.Add("stability.reserve.invalidates", &S::invalidates, "", {},
        "whether what the stock holds above keeps_share is cancelled on 1 January; false: the "
        "amendment of 2026")
      .Fact("Decision (EU) 2015/1814; proposal 2026/0085(COD) would stop it");
  t.Add("stability.reserve.keeps_share", &S::keeps_share, "share", Between(0, 2),
        "most that the stock may hold on 1 January")
      .Because("floor_share, as 400 Mt are in Europe");
  t.Add("stability.reserve.published", &S::published, "", {},
        "day of the next year on which the figure is published; it acts on auctions from 1 "
        "September to 31 August")
      .As(Kind::kMonthDay)
      .Because("China verifies until 31 July; Europe until 31 March, and publishes by 1 June");
}

void AddPriceRules(Table& t) {
  using S = Stability;
  t.Add("stability.excessive_price.enabled", &S::excessive_enabled, "", {},
        "whether dear months release units from the stock (Article 29a)");
  t.Add("stability.excessive_price.months", &S::excessive_months, "months", Between(1, 24),
        "months in a row whose mean is held against the two years before them")
      .Fact("Directive 2003/87/EC, Article 29a");
  t.Add("stability.excessive_price.multiple", &S::excessive_multiple, "x price", Between(0.1, 100),
        "how far above those two years' mean it must lie")
      .Fact("Directive 2003/87/EC, Article 29a");
  t.Add("stability.excessive_price.volume_share", &S::excessive_volume, "share", kShare,
        "what is then released; of the year's caps")
      .Because("75 Mt of a cap of 1,386 Mt");
  t.Add("stability.excessive_price.over_months", &S::excessive_over_months, "months",
        Between(1, 12), "months over whose auctions it is spread");
  t.Add("stability.excessive_price.pause_months", &S::excessive_pause_months, "months",
        Between(0, 60), "months from a trigger until the next one counts");
  t.Add("stability.cost_containment.enabled", &S::cost_enabled, "", {},
        "whether dear months bring units by the British rule; 2x for 3 months in the scheme's "
        "first year, 2.5x for 3 in its second, 3x for 6 later");
  t.Add("stability.cost_containment.first_year", &S::cost_first_year, "", Between(2020, 2100),
        "the scheme's first year in that sense")
      .Because("the year of the first caps and auctions");
  t.Add("stability.cost_containment.acts", &S::cost_acts, "", {},
        "whether the authority acts when the rule says it may; else it looks on")
      .Because("the British rule leaves it to ministers");
  t.Add("stability.cost_containment.volume_share", &S::cost_volume, "share", kShare,
        "what is then offered in addition; of the year's caps");
  t.Text("stability.cost_containment.source", &S::cost_source,
         "where it comes from; the stability stock, or later auctions of the same year")
      .Choices({"stock", "later_auctions"});
  t.Add("stability.cost_containment.over_months", &S::cost_over_months, "months", Between(1, 12),
        "months over whose auctions it is spread");
  t.Add("stability.cost_containment.pause_months", &S::cost_pause_months, "months", Between(0, 60),
        "months from a trigger until the next one counts");
  t.Add("stability.triggers.enabled", &S::triggers_enabled, "", {},
        "whether prices inside an auction bring units to it or keep units back");
  t.Text("stability.triggers.table", &S::triggers_table,
         "prices; RGGI's stored table of 2021 to 2037, or the three keys below")
      .Choices({"rggi", "own"});
  t.Add("stability.triggers.cny_per_usd", &S::cny_per_usd, "CNY/USD", Between(0.01, 1000),
        "exchange rate for RGGI's table");
  t.Add("stability.triggers.tier_one_cny.<year>", &S::tier_one_cny, "CNY/t", kAbove0,
        "price above which the first tier is sold; holds until the next year given");
  t.Add("stability.triggers.tier_two_cny.<year>", &S::tier_two_cny, "CNY/t", kAbove0,
        "price above which the second tier is sold; holds until the next year given");
  t.Add("stability.triggers.withhold_below_cny.<year>", &S::withhold_below_cny, "CNY/t", kAbove0,
        "price below which units are kept back and cancelled; holds until the next year given");
  t.Add("stability.triggers.tier_one_share", &S::tier_one_share, "share", Between(0, 0.45),
        "first tier; set aside from the year's auctions")
      .Because(kRggiTable);
  t.Add("stability.triggers.tier_two_share", &S::tier_two_share, "share", Between(0, 0.45),
        "second tier; set aside from the year's auctions")
      .Because(kRggiTable);
  t.Add("stability.triggers.withhold_share", &S::withhold_share, "share", kShare,
        "most that a year's auctions may keep back; of their volume")
      .Because(kRggiTable);
  t.Add("stability.collar.enabled", &S::collar_enabled, "", {},
        "whether auctions have a floor and a ceiling");
  t.Add("stability.collar.floor_cny", &S::floor_cny, "CNY/t", kAbove0,
        "price below which no auction sells, in auction.first_year; the higher of it and the "
        "reserve price holds")
      .Because("the auction's reserve price");
  t.Add("stability.collar.ceiling_cny", &S::ceiling_cny, "CNY/t", kAbove0,
        "price at which units are offered once it is reached, in auction.first_year");
  t.Add("stability.collar.growth", &S::collar_growth, "a year", Between(0, 0.5),
        "growth of both, each year rounded to the fen")
      .Because("as the reserve price grows");
  t.Add("stability.collar.without_end", &S::without_end, "", {},
        "whether what the stock lacks is issued above the caps; false: the ceiling holds while "
        "there is stock");
  t.Add("stability.collar.offer_share", &S::ceiling_offer, "share", Between(0.00001, 1),
        "what one auction offers at the ceiling; of the year's caps");
}

void AddBehaviour(Table& t) {
  using S = Scenario;
  t.Add("abatement.cost_decline", &S::abatement_cost_decline, "a year", kRate,
        "fall of abatement costs from 2025");
  t.Add("abatement.multiplier_mean", &S::abatement_multiplier_mean, "", Between(-3, 3),
        "mean of the logarithm of a firm's cost multiplier");
  t.Add("abatement.multiplier_sigma", &S::abatement_multiplier_sigma, "", Between(0, 3),
        "standard deviation of the same");
  t.Add("abatement.operation_share", &S::operation_share, "share", kShare,
        "abatement by operation: at once and reversible");
  t.Add("abatement.step_trigger", &S::step_trigger, "", Between(0.1, 10),
        "expected price over cost at which a step is decided");
  t.Add("abatement.step_delay_months", &S::step_delay_months, "months", Between(0, 120),
        "months until a step works");
  t.Add("abatement.step_life_years", &S::step_life_years, "years", Between(1, 50),
        "years for which a step works");
  t.Add("behaviour.discount_mean", &S::discount_mean, "a year", Between(0, 1),
        "firms' discount rate, nominal: mean");
  t.Add("behaviour.discount_sd", &S::discount_sd, "a year", Between(0, 1),
        "firms' discount rate: standard deviation");
  t.Add("behaviour.discount_low", &S::discount_low, "a year", Between(0, 1),
        "firms' discount rate: lowest");
  t.Add("behaviour.discount_high", &S::discount_high, "a year", Between(0, 1),
        "firms' discount rate: highest");
  t.Add("behaviour.horizons.<years>", &S::horizons, "share", kShare,
        "share of firms that look {years} years ahead; the shares sum to 1");
  t.Add("behaviour.group_horizon", &S::group_horizon, "years", Between(1, 50),
        "years that the groups look ahead");
  t.Add("behaviour.belief", &S::belief, "", {},
        "belief in the announced caps, until each date; 1 after the last")
      .Columns({{"until", Kind::kDate, kDays}, {"share", Kind::kNumber, kShare}});
  t.last().fallback = Value(Rows{});
  t.Add("behaviour.belief_fallback_tightening", &S::belief_fallback_tightening, "a year", kRate,
        "fall of the benchmarks that the others expect");
  t.Add("behaviour.expectation_benchmark_weight", &S::expectation_benchmark_weight, "share", kShare,
        "weight of the equilibrium path in the expected price");
  t.Add("behaviour.expectation_gain", &S::expectation_gain, "a month", kShare,
        "speed of adaptive expectations");
  t.Add("behaviour.hazard_base", &S::hazard_base, "a day", kShare,
        "chance to trade, far from the deadline");
  t.Add("behaviour.hazard_deadline", &S::hazard_deadline, "a day", kShare,
        "chance added at the deadline");
  t.Add("behaviour.hazard_days", &S::hazard_days, "days", kAbove0,
        "trading days over which that chance falls to a third");
  t.Add("behaviour.buy_fraction", &S::buy_fraction, "share", kShare,
        "share of the gap bought at a time");
  t.Add("behaviour.buy_markup", &S::buy_markup, "", Between(0.1, 10),
        "most that a buyer pays, over the best offer");
  t.Add("behaviour.panic_days", &S::panic_days, "days", Between(0, 250),
        "trading days before the deadline from which buyers pay more");
  t.Add("behaviour.panic_multiple", &S::panic_multiple, "", Between(1, 100),
        "most that they then pay, over the 30-day mean");
  t.Add("behaviour.hold_until_deadline_share", &S::hold_until_deadline_share, "share", kShare,
        "share of long firms that sell nothing before the deadline year");
  t.Add("behaviour.sell_margin", &S::sell_margin, "", Between(0.1, 10),
        "least that a seller asks, over the discounted expectation");
  t.Add("behaviour.listed_size_median_t", &S::listed_size_median_t, "t", kAbove0,
        "median size of a listed order");
  t.Add("behaviour.listed_size_sigma", &S::listed_size_sigma, "", Between(0, 5),
        "spread of listed orders (log-normal)");
  t.Add("behaviour.block_probability", &S::block_probability, "share", kShare,
        "chance that a gap of block size goes to blocks");
  t.Add("behaviour.block_discount", &S::block_discount, "share", kRate,
        "mean discount of a block on the previous close");
  t.Add("behaviour.block_sd", &S::block_sd, "share", Between(0, 1), "spread of block prices");
  t.Add("behaviour.bid_steps", &S::bid_steps, "", Between(0.01, 100),
        "a bidder's three prices, over its own value");
  t.Add("behaviour.verification_error_sd", &S::verification_error_sd, "share", Between(0, 1),
        "error of a firm's own estimate before verification");
  t.Add("behaviour.never_comply_share", &S::never_comply_share, "share", kShare,
        "share of firms that never comply");
  t.Add("behaviour.sector_shock_ar", &S::sector_shock_ar, "", Between(-0.99, 0.99),
        "memory of a sector's growth shock, by year");
  t.Add("behaviour.sector_shock_sd", &S::sector_shock_sd, "share", Between(0, 1),
        "spread of a sector's growth shock");
  t.Add("behaviour.firm_shock_sd", &S::firm_shock_sd, "share", Between(0, 1),
        "spread of a firm's growth shock");
}

void AddDataTrust(Table& t) {
  using D = DataTrust;
  t.Text("cbam.data.platforms", &D::platforms_csv,
         "provinces' platforms; a file with status,province,years; empty: every exporter can prove "
         "its emissions")
      .As(Kind::kFile)
      .Because("every exporter can prove its emissions");
  t.Add("cbam.data.pilot_share", &D::pilot_share, "share", kShare,
        "share of a pilot province's exporters that may use its platform");
  t.Add("cbam.data.undated_from", &D::undated_from, "", Between(2026, 9'999),
        "year from which a platform that is planned without a year works");
  t.Add("cbam.data.all_from", &D::all_from, "", Between(0, 2100),
        "year from which every province has a platform; 0: as the table says");
  t.Add("cbam.data.not_before", &D::not_before, "", Between(2026, 2100),
        "first year in which any platform counts");
  t.Add("cbam.data.readiness_years", &D::readiness_years, "years", Between(0, 100),
        "mean time from a platform's start to an exporter's own readiness");
  t.Add("cbam.data.default_price_share", &D::default_price_share, "share", kShare,
        "default carbon price over the mean price paid in the sector; for default values");
  t.Add("cbam.data.verification_error_sd", &D::verification_error_sd, "share", Between(0, 1),
        "spread of the error in verified embedded emissions");
  t.Add("cbam.data.audit_share", &D::audit_share, "share", kShare,
        "share of exporters audited in a year");
  t.Add("cbam.data.fraud_share", &D::fraud_share, "share", kShare,
        "share of exporters that understate their emissions");
  t.Add("cbam.data.fraud_understatement", &D::fraud_understatement, "share", kShare,
        "share of their emissions that they leave out");
  t.Add("cbam.data.fraud_penalty_eur", &D::fraud_penalty_eur, "EUR/t", kAtLeast0,
        "penalty for a tonne left out, once found");
}

void AddEurope(Table& t) {
  using S = Scenario;
  using E = Europe;
  t.Text("europe.facts", &E::facts_csv,
         "published auctions; a file with date,auctioneer,price,volume")
      .As(Kind::kFile)
      .Because("no published auctions");
  t.Add("europe.last_fact_date", &E::last_fact_date, "", kDays,
        "day of the last published auction; simulated after it")
      .Required();
  t.Add("europe.last_fact_eur", &E::last_fact_eur, "EUR/t", kAbove0, "price on that day")
      .Fact("European Energy Exchange, auction of 31 March 2026");
  t.Add("europe.fundamental_eur.<year>", &E::fundamental_eur, "EUR/t", kAbove0,
        "European fundamental price, the year's mean");
  t.Add("europe.after_last_growth", &E::after_last_growth, "a year", kRate,
        "growth of the fundamental after the last year given");
  t.Add("europe.half_life_months", &E::half_life_months, "months", kAbove0,
        "half-life of a distance from the path");
  t.Add("europe.volatility", &E::volatility, "a year", Between(0, 3), "volatility of the price");
  t.Add("europe.common_t", &E::common_t, "t", Between(500, 1e9),
        "volume of a common auction (Monday, Tuesday, Thursday) in 2026")
      .Fact(kEex);
  t.Add("europe.germany_t", &E::germany_t, "t", Between(500, 1e9),
        "volume of a German auction (Friday) in 2026")
      .Fact(kEex);
  t.Add("europe.poland_t", &E::poland_t, "t", Between(500, 1e9),
        "volume of a Polish auction (every second Wednesday) in 2026")
      .Fact(kEex);
  t.Add("europe.volume_decline", &E::volume_decline, "a year", kRate,
        "fall of these volumes from 2027");
  t.Add("europe.bidders", &E::bidders, "bidders", Between(1, 1000), "bidders in an auction")
      .Fact(kEex);
  t.Add("europe.bids", &E::bids, "bids", Between(1, 10'000), "bids in an auction").Fact(kEex);
  t.Add("europe.bid_sd", &E::bid_sd, "share", Between(0, 1), "spread of bids");
  t.Add("europe.throw_away_share", &E::throw_away_share, "share", kShare,
        "share of bids far from any value");
  t.Text("cbam.source", &S::cbam_source, "auctions that price certificates")
      .Choices({"europe", "domestic"});
  t.Add("cbam.cny_per_eur", &S::cny_per_eur, "CNY/EUR", Between(0.01, 1000), "exchange rate");
  t.Add("cbam.recognition_from", &S::recognition_from, "", kDays,
        "day from which the Chinese price is deducted")
      .Required();
  t.Add("cbam.cross_sectoral_factor", &S::cross_sectoral_factor, "", kShare,
        "cross-sectoral correction factor of free allocation")
      .Fact("Implementing Decision (EU) 2026/1862, for 2026-30");
  AddDataTrust(t);
}

void AddSectors(Table& t) {
  using S = Sector;
  using C = CbamSector;
  t.Text("sectors.<sector>.title", &S::title, "name, in words").Required().Label();
  t.Text("sectors.<sector>.unit", &S::unit, "unit of output").Required().Label();
  t.Add("sectors.<sector>.first_vintage", &S::first_vintage, "", Between(2020, 2060),
        "first vintage")
      .Required();
  t.Add("sectors.<sector>.verified_2024_mt", &S::verified_2024_mt, "Mt", kAbove0,
        "verified emissions of 2024")
      .Required();
  t.Text("sectors.<sector>.provinces_like", &S::provinces_like,
         "columns of the province table that its firms follow; joined by +");
  t.Add("sectors.<sector>.sizes", &S::sizes, "", {},
        "firms and their emissions in Mt; drawn from log-normals, scaled to verified_2024_mt")
      .Columns({{"firms", Kind::kInteger, Between(1, 1'000'000)},
                {"median_mt", Kind::kNumber, kAbove0},
                {"sigma", Kind::kNumber, Between(0, 3)}})
      .Required();
  t.Add("sectors.<sector>.intensity_mean", &S::intensity_mean, "t/{unit}", kAbove0,
        "mean emission intensity; power's comes from its classes")
      .Because("reference units, or power's classes");
  t.Add("sectors.<sector>.intensity_sd", &S::intensity_sd, "share", Between(0, 1),
        "relative spread of the intensity");
  t.Add("sectors.<sector>.process_share", &S::process_share, "share", Between(0.001, 1),
        "share of emissions that the band's intensity looks at")
      .Because("the whole firm");
  t.Add("sectors.<sector>.abated_in_2024", &S::abated_in_2024, "share", Between(0, 0.9),
        "share of emissions without a price that 2024 had already cut")
      .Because("no price in 2024");
  t.Add("sectors.<sector>.intensity_drift", &S::intensity_drift, "a year", kRate,
        "change of intensity without a price");
  t.Add("sectors.<sector>.product_value", &S::product_value, "CNY/{unit}", kAtLeast0,
        "value of a unit of output");
  t.Add("sectors.<sector>.heat_value", &S::heat_value, "CNY/GJ", kAtLeast0,
        "value of the heat that power plants sell; counts for their credit line");
  t.Add("sectors.<sector>.demand_elasticity", &S::demand_elasticity, "", Between(0, 10),
        "price elasticity of demand; without its sign");
  t.Add("sectors.<sector>.abatement", &S::abatement, "", {},
        "abatement curve; share of emissions cut at a cost in CNY/t, straight lines between")
      .Columns({{"share", Kind::kNumber, Range{0, 1, true}}, {"cost", Kind::kNumber, kAbove0}})
      .Required();
  t.Add("sectors.<sector>.months", &S::months, "share", kShare,
        "shares of the year's output, January to December")
      .Because("even over the year");
  t.Add("sectors.<sector>.growth.<year>", &S::growth, "a year", kRate, "growth of output");
  t.Add("sectors.<sector>.pass_through.<year>", &S::pass_through, "share", Between(0, 2),
        "share of the marginal carbon cost in the product's price");
  t.Text("sectors.<sector>.rule.<vintage>", &S::rule,
         "allocation rule; holds until the next vintage given")
      .Choices(RuleNames());
  t.Series("sectors.<sector>.cap_mt", &S::cap_mt, "Mt", kAtLeast0, "cap; where the rule is capped");
  t.Series("sectors.<sector>.paid_share", &S::paid_share, "share", kShare, "paid share of the cap");
  t.Series(
      "sectors.<sector>.pre_allocation", &S::pre_allocation, "share", kShare,
      "first issue over the last verified emissions; capped: over the firm's share of the pool");
  const auto cbam = [&t](const char* part, double C::*member, const char* unit, Range range,
                         const char* words) -> Table& {
    t.Add(std::string("sectors.<sector>.cbam.") + part, member, unit, range, words);
    t.last().optional_table = true;
    return t;
  };
  cbam("exports_mt", &C::exports_mt, "Mt", kAtLeast0, "exports to the EU that CBAM covers, a year")
      .Required();
  cbam("exporter_share", &C::exporter_share, "share", kShare,
       "share of the sector's firms that export")
      .Required();
  cbam("actual_intensity", &C::actual_intensity, "t/t", Between(0, 100),
       "embedded emissions, actual mean")
      .Required();
  cbam("actual_intensity_sd", &C::actual_intensity_sd, "share", Between(0, 1),
       "embedded emissions, relative spread of the actual ones");
  cbam("default_intensity", &C::default_intensity, "t/t", Between(0, 100),
       "embedded emissions by default, before the mark-up")
      .Required();
  cbam("benchmark", &C::benchmark, "t/t", Between(0, 100), "European benchmark of the good")
      .Required();
  cbam("covered_share", &C::covered_share, "share", kShare,
       "share of the embedded emissions inside the Chinese scheme")
      .Required();
  cbam("actual_from", &C::actual_from, "", Between(2026, 2100),
       "year from which exporters declare actual emissions");
  cbam("downstream_mt", &C::downstream_mt, "Mt", kAtLeast0,
       "exports of goods made of it, a year, once they are covered");
  cbam("downstream_content", &C::downstream_content, "share", kShare,
       "content of the sector's good in them");
  cbam("downstream_from", &C::downstream_from, "", Between(2026, 2100),
       "year from which they are covered");
}

std::vector<Key> BuildKeys() {
  Table table;
  AddRun(table);
  AddPower(table);
  AddRules(table);
  AddMarket(table);
  AddReserveRule(table);
  AddPriceRules(table);
  AddBehaviour(table);
  AddEurope(table);
  table.Append(RegistryKeys());
  AddSectors(table);
  return table.Take();
}

KeyNode BuildTree() {
  KeyNode root;
  for (const Key& key : Keys()) {
    KeyNode* node = &root;
    for (const std::string& part : key.pattern) {
      if (part.front() == '<') {
        if (!node->any) node->any = std::make_unique<KeyNode>();
        node->wildcard = part;
        node = node->any.get();
      } else {
        node = &node->children[part];
      }
    }
    node->key = &key;
  }
  return root;
}

}  // namespace

const std::vector<Key>& Keys() {
  static const std::vector<Key> keys = BuildKeys();
  return keys;
}

const KeyNode& KeyTree() {
  static const KeyNode root = BuildTree();
  return root;
}

std::string Join(const Path& path) {
  std::string dotted;
  for (const std::string& part : path) dotted += (dotted.empty() ? "" : ".") + part;
  return dotted;
}

Path Split(std::string_view dotted) {
  Path path;
  while (true) {
    const std::size_t dot = dotted.find('.');
    path.emplace_back(dotted.substr(0, dot));
    if (dot == dotted.npos) return path;
    dotted.remove_prefix(dot + 1);
  }
}

bool IsUnder(const Path& path, const Path& prefix) {
  return path.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
}

bool FitsWildcard(std::string_view wildcard, std::string_view part) {
  const auto is_number = [&](std::size_t digits_max) {
    return !part.empty() && part.size() <= digits_max &&
           part.find_first_not_of("0123456789") == part.npos;
  };
  if (wildcard == "<year>" || wildcard == "<vintage>") {
    return part.size() == 4 && is_number(4) && part >= "2013" && part <= "2100";
  }
  if (wildcard == "<years>") return is_number(2) && part.front() != '0';
  if (wildcard == "<class>")
    return std::ranges::find(kPowerClasses, part) != std::end(kPowerClasses);
  return !part.empty() && part.front() >= 'a' && part.front() <= 'z' &&
         part.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == part.npos;
}

std::string_view WildcardMeaning(std::string_view wildcard) {
  if (wildcard == "<year>") return "a year from 2013 to 2100";
  if (wildcard == "<vintage>") return "a vintage from 2013 to 2100 (2020 is 2019-20)";
  if (wildcard == "<years>") return "a number of years from 1 to 99";
  if (wildcard == "<class>") return "I, II, III, gas, coal_heat, gas_heat";
  return "a sector's name of small letters, digits and _";
}

}  // namespace ets::sim
