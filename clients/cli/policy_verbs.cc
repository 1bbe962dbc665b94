#include "clients/cli/policy_verbs.h"

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

int BadInput(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
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
  std::string output = "table";
};

std::int32_t Permille(double percent) {
  return static_cast<std::int32_t>(std::llround(percent * 10));
}

int ShowReserve(const ReserveOptions& options) {
  if (options.tnac < 0) return BadInput("--tnac: missing; allowed: 0 or more allowances");
  const bool by_shares = options.cap > 0;
  if (!options.shares.empty() && !by_shares) {
    return BadInput("--shares: needs --cap; allowed: both or neither");
  }
  std::vector<double> shares = options.shares;
  if (shares.empty()) shares = {8, 6, 3};
  if (shares[0] < shares[1] || shares[1] < shares[2] || shares[2] < 0 || shares[0] > 1'000) {
    return BadInput("--shares: allowed: three falling percentages of the cap, as 8,6,3");
  }
  const ReserveRule rule = by_shares
                               ? policy::RuleByShares(Tonnes(options.cap), Permille(shares[0]),
                                                      Permille(shares[1]), Permille(shares[2]))
                               : policy::EuropeanRule(options.year, !options.no_invalidation);
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
  for (const policy::YearPart& part : policy::ByCalendarYear(period, volume)) {
    facts.emplace_back(
        "at_auctions_of_" + std::to_string(part.year),
        Tonnage(action.intake > Tonnes(0) ? -part.volume.count() : part.volume.count()));
  }
  const Tonnes after = held + (action.intake > Tonnes(0) ? scaled : Tonnes(0)) - action.release;
  facts.emplace_back("held_before", Tonnage(options.held));
  facts.emplace_back("held_after", Tonnage(after.count()));
  facts.emplace_back(
      "then_invalid",
      Tonnage(options.no_invalidation ? 0 : policy::Invalidated(rule, after).count()));
  PrintFacts(options.output, facts);
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
  if (!year || !percent || !base || *percent < 0 || *percent > 100 || *base < 0)
    return std::nullopt;
  return policy::LinearFactor{*year, static_cast<std::int32_t>(std::llround(*percent * 1'000)),
                              Tonnes(*base)};
}
std::optional<policy::Rebasing> ParseRebasing(const std::string& text) {
  const std::vector<std::string> parts = Split(text);
  if (parts.size() != 2) return std::nullopt;
  const auto year = ParseNumber<int>(parts[0]);
  const auto change = ParseNumber<std::int64_t>(parts[1]);
  if (!year || !change) return std::nullopt;
  return policy::Rebasing{*year, Tonnes(*change), ""};
}

int ShowCap(const CapOptions& options) {
  CapPath path = policy::EuropeanCap();
  const bool own = options.first_cap > 0 || options.first_year > 0;
  if (own) {
    if (options.first_cap <= 0 || options.first_year <= 0 || options.factors.empty()) {
      return BadInput(
          "a path of one's own needs --first-year, --first-cap and one or more --factor");
    }
    path = {.name = "own",
            .first_year = options.first_year,
            .first_cap = Tonnes(options.first_cap),
            .factors = {},
            .rebasings = {}};
    for (const std::string& text : options.factors) {
      const auto factor = ParseFactor(text, path.first_cap);
      if (!factor ||
          (!path.factors.empty() && factor->first_year <= path.factors.back().first_year)) {
        return BadInput(
            "--factor: '" + text +
            "'; allowed: YEAR:PERCENT% of the first cap, or YEAR:PERCENT%:BASE, by year");
      }
      path.factors.push_back(*factor);
    }
    for (const std::string& text : options.rebasings) {
      const auto rebasing = ParseRebasing(text);
      if (!rebasing)
        return BadInput("--rebase: '" + text + "'; allowed: YEAR:CHANGE, as 2024:-90000000");
      path.rebasings.push_back(*rebasing);
    }
  } else if (!options.factors.empty() || !options.rebasings.empty()) {
    return BadInput("--factor, --rebase: only with --first-year and --first-cap");
  }
  if (options.to < path.first_year || options.to > path.first_year + 200) {
    return BadInput("--to: " + std::to_string(options.to) +
                    "; allowed: " + std::to_string(path.first_year) + " to " +
                    std::to_string(path.first_year + 200));
  }
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
  AddOutput(*reserve, reserve_options->output);
  reserve->callback([reserve_options, &exit_code] { exit_code = ShowReserve(*reserve_options); });

  CLI::App* const cap = verb->add_subcommand(
      "cap",
      "A cap year by year: one-off changes, then the linear factor's step. Without options the\n"
      "European one from 2021.");
  const auto cap_options = std::make_shared<CapOptions>();
  cap->add_option("--from", cap_options->from, "the first year shown");
  cap->add_option("--to", cap_options->to, "the last year")->capture_default_str();
  cap->add_option("--first-year", cap_options->first_year, "of a path of one's own");
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
