#include "clients/cli/policy_verbs.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "clients/cli/rows.h"
#include "clients/cli/run_verb.h"
#include "policy/allocation.h"
#include "policy/cap_path.h"
#include "policy/market_stability.h"

namespace ets::cli {
namespace {

using policy::CapPath;
using policy::ReserveAction;
using policy::ReserveRule;

// Every mistake on a line of its own.
int BadInput(const std::vector<std::string>& mistakes) {
  for (const std::string& mistake : mistakes) std::fprintf(stderr, "%s\n", mistake.c_str());
  return kBadInput;
}

// ---- reserve ----

struct ReserveOptions {
  std::int64_t tnac = -1;
  int year = 2025;
  std::int64_t held = 400'000'000;
  std::int64_t cap = 0;
  std::vector<double> shares;  // Percent: above, between, below.
  bool no_invalidation = false;
  std::int64_t auctioned = -1;
  std::string output = "table";
};

// A percentage in millionths; empty unless it is one with at most four decimals, to 1,000%.
std::optional<std::int32_t> Millionths(double percent) {
  if (!(percent >= 0 && percent <= 1'000)) return std::nullopt;
  const double millionths = std::round(percent * 10'000);
  if (std::abs(percent * 10'000 - millionths) > 1e-6) return std::nullopt;
  return static_cast<std::int32_t>(millionths);
}

// The thresholds of a market of another size; empty unless they are three that fall.
std::optional<policy::ReserveShares> SharesOf(const std::vector<double>& percents) {
  if (percents.empty()) return policy::ReserveShares();
  const auto upper = Millionths(percents[0]), lower = Millionths(percents[1]),
             floor = Millionths(percents[2]);
  if (!upper || !lower || !floor || *upper < *lower || *lower < *floor) return std::nullopt;
  policy::ReserveShares shares;
  shares.upper = *upper;
  shares.lower = *lower;
  shares.floor = shares.keeps_at_most = *floor;
  return shares;
}

std::vector<std::string> MistakesOf(const ReserveOptions& options) {
  std::vector<std::string> mistakes;
  if (options.tnac < 0) mistakes.emplace_back("--tnac: missing; allowed: 0 or more allowances");
  if (!options.shares.empty() && options.cap == 0) {
    mistakes.emplace_back("--shares: needs --cap; allowed: both or neither");
  }
  if (!SharesOf(options.shares)) {
    std::string given;
    for (const double share : options.shares) {
      char text[32];
      std::snprintf(text, sizeof text, "%s%.9g", given.empty() ? "" : ",", share);
      given += text;
    }
    mistakes.push_back("--shares: '" + given +
                       "'; allowed: three falling percentages of the cap, as 8,6,3, with at most "
                       "four decimals");
  }
  return mistakes;
}

// As it applies to the circulation of a year.
ReserveRule RuleOf(const ReserveOptions& options, int year) {
  if (options.cap == 0) {
    const auto auctioned =
        options.auctioned < 0 ? std::nullopt : std::optional(Tonnes(options.auctioned));
    return policy::EuropeanRule(year, !options.no_invalidation, auctioned);
  }
  ReserveRule rule = policy::RuleByShares(Tonnes(options.cap), *SharesOf(options.shares));
  rule.release = Tonnes(rule.floor.count() / 4);
  return rule;
}

// What becomes invalid on each 1 January after a part of the intake or release: `parts` by calendar
// year, below 0 for a release. False: the limit of 1 January 2023 is the volume auctioned in 2022,
// which is not known, so neither is what is left.
bool AddInvalidation(const ReserveOptions& options, const std::vector<policy::YearPart>& parts,
                     std::vector<std::pair<std::string, Cell>>& facts) {
  Tonnes held(options.held);
  bool is_known = true;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    // The limit of an earlier 1 January is that of the year before.
    const int year = options.year - static_cast<int>(parts.size() - 1 - i);
    const Date day = Date::Of(parts[i].year + 1, 1, 1);
    held += parts[i].volume;
    is_known = is_known && (options.cap != 0 || options.no_invalidation || options.auctioned >= 0 ||
                            day.year() != 2023);
    const Tonnes invalid =
        options.no_invalidation ? Tonnes() : policy::Invalidated(RuleOf(options, year), held);
    facts.emplace_back("invalid_on_" + ToString(day),
                       is_known ? Tonnage(invalid.count()) : Nothing());
    held -= invalid;
  }
  return is_known;
}

int ShowReserve(const ReserveOptions& options) {
  if (const auto mistakes = MistakesOf(options); !mistakes.empty()) return BadInput(mistakes);
  const ReserveRule rule = RuleOf(options, options.year);
  const Tonnes held(options.held);
  const ReserveAction action = policy::ActOn(rule, Tonnes(options.tnac), held);
  const policy::ReservePeriod period = policy::PeriodOf(options.year);
  const Tonnes volume = action.intake + action.release;
  const Tonnes scaled(volume.count() * period.twelfths / 12);
  std::vector<std::pair<std::string, Cell>> facts = {
      {"circulation_year", Number(static_cast<std::uint64_t>(options.year))},
      {"circulation", Tonnage(options.tnac)},
      {"upper", Tonnage(rule.upper.count())},
      {"lower", Tonnage(rule.lower.count())},
      {"floor", Tonnage(rule.floor.count())},
      {"branch", Text(std::string(ToString(action.branch)))},
      {"intake", Tonnage(action.intake.count())},
      {"release", Tonnage(action.release.count())},
      {"acts_from", Text(ToString(period.first))},
      {"acts_until", Text(ToString(period.last))},
  };
  std::vector<policy::YearPart> parts = policy::ByCalendarYear(period, volume);
  for (policy::YearPart& part : parts) {
    if (action.intake == Tonnes()) part.volume = Tonnes() - part.volume;
    facts.emplace_back("at_auctions_of_" + std::to_string(part.year),
                       Tonnage(-part.volume.count()));
  }
  const Tonnes after = action.intake > Tonnes(0) ? held + scaled : held - scaled;
  facts.emplace_back("held_before", Tonnage(options.held));
  facts.emplace_back("held_after", Tonnage(after.count()));
  const bool is_known = AddInvalidation(options, parts, facts);
  PrintFacts(options.output, facts);
  if (!is_known) {
    std::fprintf(stderr,
                 "invalid_on_2023-01-01: the limit is the volume auctioned in 2022; "
                 "--auctioned-in-2022 gives it\n");
  }
  return kDone;
}

// ---- cap ----

struct CapOptions {
  int from = 0;
  int to = 2034;
  int first_year = 0;
  std::int64_t first_cap = 0;
  std::vector<std::string> factors;    // 2024:4.3%:2044749581
  std::vector<std::string> rebasings;  // 2024:-90000000
  std::string output = "table";
};

std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ':') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}
template <typename T>
std::optional<T> ParseNumber(const std::string& text) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// "2024:4.3%" of the first cap, or "2024:4.3%:2044749581" of that base.
std::optional<policy::LinearFactor> ParseFactor(const std::string& text, Tonnes first_cap) {
  std::vector<std::string> parts = Split(text);
  if (parts.size() < 2 || parts.size() > 3 || !parts[1].ends_with('%')) return std::nullopt;
  parts[1].pop_back();
  const auto year = ParseNumber<int>(parts[0]);
  const auto percent = ParseNumber<double>(parts[1]);
  const auto base = parts.size() == 3 ? ParseNumber<std::int64_t>(parts[2]) : first_cap.count();
  const bool is_good = year && percent && base && *percent >= 0 && *percent <= 100 && *base >= 0 &&
                       *base <= kAmountMax;
  // Three decimals of a percent are kept.
  if (!is_good || std::abs(*percent * 1'000 - std::round(*percent * 1'000)) > 1e-6)
    return std::nullopt;
  return policy::LinearFactor{*year, static_cast<std::int32_t>(std::llround(*percent * 1'000)),
                              Tonnes(*base)};
}
std::optional<policy::Rebasing> ParseRebasing(const std::string& text) {
  const std::vector<std::string> parts = Split(text);
  if (parts.size() != 2) return std::nullopt;
  const auto year = ParseNumber<int>(parts[0]);
  const auto change = ParseNumber<std::int64_t>(parts[1]);
  if (!year || !change || *change < -kAmountMax || *change > kAmountMax) return std::nullopt;
  return policy::Rebasing{*year, Tonnes(*change), ""};
}

void ReadFactors(const CapOptions& options, CapPath& path, std::vector<std::string>& mistakes) {
  for (const std::string& text : options.factors) {
    const auto factor = ParseFactor(text, path.first_cap);
    const bool is_later =
        path.factors.empty() || (factor && factor->first_year > path.factors.back().first_year);
    if (factor && is_later) {
      path.factors.push_back(*factor);
    } else {
      mistakes.push_back("--factor: '" + text +
                         "'; allowed: YEAR:PERCENT% of the first cap, or YEAR:PERCENT%:BASE, by "
                         "year; 0 to 100% with at most three decimals, a base to " +
                         std::to_string(kAmountMax));
    }
  }
}

// One-off changes; those that add keep the cap within kAmountMax, those that take are no more.
void ReadRebasings(const CapOptions& options, CapPath& path, std::vector<std::string>& mistakes) {
  std::int64_t added = path.first_cap.count();
  std::int64_t taken = 0;
  for (const std::string& text : options.rebasings) {
    const auto rebasing = ParseRebasing(text);
    const bool is_within = rebasing && rebasing->year > options.first_year &&
                           rebasing->change.count() <= kAmountMax - added &&
                           -rebasing->change.count() <= kAmountMax - taken;
    if (!is_within) {
      mistakes.push_back(
          "--rebase: '" + text +
          "'; allowed: YEAR:CHANGE, as 2024:-90000000, after --first-year, a cap to " +
          std::to_string(kAmountMax));
      continue;
    }
    added += std::max(std::int64_t{0}, rebasing->change.count());
    taken += std::max(std::int64_t{0}, -rebasing->change.count());
    path.rebasings.push_back(*rebasing);
  }
}

CapPath PathOf(const CapOptions& options, std::vector<std::string>& mistakes) {
  if (options.first_cap == 0 && options.first_year == 0) {
    if (!options.factors.empty() || !options.rebasings.empty()) {
      mistakes.emplace_back("--factor, --rebase: only with --first-year and --first-cap");
    }
    return policy::EuropeanCap();
  }
  if (options.first_cap == 0 || options.first_year == 0 || options.factors.empty()) {
    mistakes.emplace_back(
        "a path of one's own needs --first-year, --first-cap and one or more --factor");
  }
  CapPath path{.name = "own",
               .first_year = options.first_year,
               .first_cap = Tonnes(options.first_cap),
               .factors = {},
               .rebasings = {}};
  ReadFactors(options, path, mistakes);
  ReadRebasings(options, path, mistakes);
  return path;
}

int ShowCap(const CapOptions& options) {
  std::vector<std::string> mistakes;
  const CapPath path = PathOf(options, mistakes);
  const int first = std::max(path.first_year, options.from);
  if (path.first_year > 0 && (options.to < first || options.to > path.first_year + 200)) {
    mistakes.push_back("--to: " + std::to_string(options.to) + "; allowed: " +
                       std::to_string(first) + " to " + std::to_string(path.first_year + 200));
  }
  if (!mistakes.empty()) return BadInput(mistakes);
  Rows rows(options.output, {"year", "rebased", "step", "cap"});
  for (const policy::CapYear& year : policy::CapsOf(path, options.to)) {
    if (year.year < options.from) continue;
    rows.Add({Number(static_cast<std::uint64_t>(year.year)), Tonnage(year.rebased.count()),
              Tonnage(year.step.count()), Tonnage(year.cap.count())});
  }
  rows.End();
  return kDone;
}

void AddOutput(CLI::App& verb, std::string& output) {
  verb.add_option("--output", output, "table, json or csv")
      ->check(CLI::IsMember({"table", "json", "csv"}))
      ->capture_default_str();
}

}  // namespace

void AddPolicyVerbs(CLI::App& app, int& exit_code) {
  CLI::App* const verb =
      app.add_subcommand("policy", "The rules: allocation, market stability reserve, cap paths");
  verb->require_subcommand(1);
  verb->add_subcommand("rules", "List every allocation rule a scenario may name")
      ->callback([&exit_code] {
        for (const policy::Rule& rule : policy::Rules()) {
          std::printf("%-12s %s\n", std::string(rule.name).c_str(),
                      std::string(rule.description).c_str());
        }
        exit_code = kDone;
      });

  CLI::App* const reserve = verb->add_subcommand(
      "reserve",
      "What the reserve takes in or releases for a figure of allowances in circulation (TNAC):\n"
      "24% above 1,096 m, the excess over 833 m between, nothing down to 400 m, 100 m out below;\n"
      "or, with --cap, the same rule with thresholds as shares of another market's cap.");
  const auto reserve_options = std::make_shared<ReserveOptions>();
  reserve->add_option("--tnac", reserve_options->tnac, "allowances in circulation")
      ->check(CLI::Range(std::int64_t{0}, kAmountMax));
  reserve->add_option("--year", reserve_options->year, "whose figure it is")
      ->check(CLI::Range(2017, 2100))
      ->capture_default_str();
  reserve->add_option("--held", reserve_options->held, "what the reserve holds")
      ->check(CLI::Range(std::int64_t{0}, kAmountMax))
      ->capture_default_str();
  reserve->add_option("--cap", reserve_options->cap, "another market's cap, for --shares")
      ->check(CLI::Range(std::int64_t{1}, kAmountMax));
  reserve
      ->add_option("--shares", reserve_options->shares,
                   "percent of the cap: above, between, below; 8,6,3 for China")
      ->delimiter(',')
      ->expected(3);
  reserve->add_flag("--no-invalidation", reserve_options->no_invalidation,
                    "as proposed in April 2026 (2026/0085(COD)), not in force");
  reserve
      ->add_option("--auctioned-in-2022", reserve_options->auctioned,
                   "what was auctioned in 2022: the reserve's limit on 1 January 2023")
      ->check(CLI::Range(std::int64_t{1}, kAmountMax));
  AddOutput(*reserve, reserve_options->output);
  reserve->callback([reserve_options, &exit_code] { exit_code = ShowReserve(*reserve_options); });

  CLI::App* const cap = verb->add_subcommand(
      "cap",
      "A cap year by year: one-off changes, then the linear factor's step. Without options the\n"
      "European one from 2021.");
  const auto cap_options = std::make_shared<CapOptions>();
  cap->add_option("--from", cap_options->from, "the first year shown");
  cap->add_option("--to", cap_options->to, "the last year")->capture_default_str();
  cap->add_option("--first-year", cap_options->first_year, "of a path of one's own")
      ->check(CLI::Range(1900, 9'000));
  cap->add_option("--first-cap", cap_options->first_cap, "its cap, in t")
      ->check(CLI::Range(std::int64_t{1}, kAmountMax));
  cap->add_option(
      "--factor", cap_options->factors,
      "YEAR:PERCENT%[:BASE]: from that year so much of the base (the first cap) a year");
  cap->add_option("--rebase", cap_options->rebasings, "YEAR:CHANGE in t, before the year's step");
  AddOutput(*cap, cap_options->output);
  cap->callback([cap_options, &exit_code] { exit_code = ShowCap(*cap_options); });
}

}  // namespace ets::cli
