#include "policy/market_stability.h"

#include <algorithm>
#include <array>

#include "base/assert.h"

namespace ets::policy {
namespace {

constexpr std::int64_t kMillion = 1'000'000;

constexpr std::array kPublished = {
    PublishedCirculation{2018, Tonnes(1'654'909'824), Tonnes(397'178'358),
                         "Commission communication, May 2019"},
    PublishedCirculation{2022, Tonnes(1'134'794'738), Tonnes(272'350'737),
                         "Commission communication, 15 May 2023"},
    PublishedCirculation{2025, Tonnes(1'023'494'202), Tonnes(190'494'202),
                         "Commission communication of 2026, as reported"},
};

// Without overflow: circulation is at most 2^53.
Tonnes RoundedShare(Tonnes whole, std::int32_t permille) {
  const std::int64_t rest = whole.count() % 1'000 * permille;
  return Tonnes(whole.count() / 1'000 * permille + (rest + 500) / 1'000);
}

}  // namespace

Tonnes InCirculation(const Circulation& sums) {
  return sums.banked + sums.allocated + sums.auctioned + sums.credits - sums.verified -
         sums.cancelled - sums.in_reserve;
}

ReserveRule EuropeanRule(int circulation_year, bool invalidates) {
  ETS_ASSERT(circulation_year >= 2017);
  ReserveRule rule;
  rule.name = "eu";
  rule.has_band = circulation_year >= 2023;
  rule.upper = Tonnes(rule.has_band ? 1'096 * kMillion : 833 * kMillion);
  rule.lower = Tonnes(833 * kMillion);
  rule.floor = Tonnes(400 * kMillion);
  rule.rate_permille = circulation_year >= 2030 ? 120 : 240;
  rule.release = Tonnes(100 * kMillion);
  if (invalidates) rule.keeps_at_most = Tonnes(400 * kMillion);
  return rule;
}

ReserveRule RuleByShares(Tonnes cap, std::int32_t upper_permille, std::int32_t lower_permille,
                         std::int32_t floor_permille) {
  ETS_ASSERT(0 <= floor_permille && floor_permille <= lower_permille &&
             lower_permille <= upper_permille);
  ReserveRule rule;
  rule.name = "shares";
  rule.upper = RoundedShare(cap, upper_permille);
  rule.lower = RoundedShare(cap, lower_permille);
  rule.floor = RoundedShare(cap, floor_permille);
  rule.release = Tonnes(rule.floor.count() / 4);
  rule.keeps_at_most = rule.floor;
  return rule;
}

std::string_view ToString(ReserveBranch branch) {
  switch (branch) {
    case ReserveBranch::kRate:
      return "rate";
    case ReserveBranch::kBand:
      return "band";
    case ReserveBranch::kNothing:
      return "nothing";
    case ReserveBranch::kRelease:
      return "release";
  }
  return "";
}

ReserveAction ActOn(const ReserveRule& rule, Tonnes circulation, Tonnes held) {
  if (circulation > rule.upper) {
    return {ReserveBranch::kRate, RoundedShare(circulation, rule.rate_permille), Tonnes(0)};
  }
  if (rule.has_band && circulation >= rule.lower) {
    return {ReserveBranch::kBand, circulation - rule.lower, Tonnes(0)};
  }
  if (circulation < rule.floor) {
    return {ReserveBranch::kRelease, Tonnes(0), std::min(rule.release, held)};
  }
  return {};
}

ReservePeriod PeriodOf(int circulation_year) {
  ETS_ASSERT(circulation_year >= 2017);
  ReservePeriod period;
  period.published_by = Date::Of(circulation_year + 1, 6, 1);
  period.first = Date::Of(circulation_year + 1, 9, 1);
  period.last = Date::Of(circulation_year + 2, 8, 31);
  if (circulation_year == 2017) {
    period.first = Date::Of(2019, 1, 1);
    period.twelfths = 8;
  }
  return period;
}

std::vector<YearPart> ByCalendarYear(const ReservePeriod& period, Tonnes volume) {
  const int last_year = period.last.year();
  if (period.first.year() == last_year) {
    return {{last_year, Tonnes(volume.count() * period.twelfths / 12)}};
  }
  const Tonnes until_december(volume.count() * 4 / 12);
  return {{last_year - 1, until_december}, {last_year, volume - until_december}};
}

Tonnes Invalidated(const ReserveRule& rule, Tonnes held) {
  if (rule.keeps_at_most == Tonnes(0)) return Tonnes(0);
  return std::max(Tonnes(0), held - rule.keeps_at_most);
}

std::span<const PublishedCirculation> PublishedCirculations() { return kPublished; }

}  // namespace ets::policy
