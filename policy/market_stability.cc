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
Tonnes RoundedShare(Tonnes whole, std::int32_t part, std::int64_t of) {
  const std::int64_t rest = whole.count() % of * part;
  return Tonnes(whole.count() / of * part + (rest + of / 2) / of);
}

}  // namespace

Tonnes InCirculation(const Circulation& sums) {
  return sums.banked + sums.allocated + sums.auctioned + sums.credits - sums.verified -
         sums.cancelled - sums.in_reserve;
}

ReserveRule EuropeanRule(int circulation_year, bool invalidates,
                         std::optional<Tonnes> auctioned_in_2022) {
  ETS_ASSERT(circulation_year >= 2017);
  ReserveRule rule;
  rule.name = "eu";
  rule.has_band = circulation_year >= 2023;
  rule.upper = Tonnes(rule.has_band ? 1'096 * kMillion : 833 * kMillion);
  rule.lower = Tonnes(833 * kMillion);
  rule.floor = Tonnes(400 * kMillion);
  rule.rate_permille = circulation_year >= 2030 ? 120 : 240;
  rule.release = Tonnes(100 * kMillion);
  const int year = InvalidatedOn(circulation_year).year();
  if (!invalidates || year < 2023) return rule;
  rule.keeps_at_most =
      year == 2023 ? auctioned_in_2022.value_or(Tonnes(0)) : Tonnes(400 * kMillion);
  return rule;
}

Tonnes ShareOf(Tonnes whole, std::int32_t share) { return RoundedShare(whole, share, kMillion); }

ReserveRule RuleByShares(Tonnes whole, const ReserveShares& shares) {
  ETS_ASSERT(0 <= shares.floor && shares.floor <= shares.lower && shares.lower <= shares.upper);
  ETS_ASSERT(shares.rate_permille >= 0 && shares.release >= 0 && shares.keeps_at_most >= 0);
  ReserveRule rule;
  rule.name = "shares";
  rule.upper = ShareOf(whole, shares.upper);
  rule.lower = ShareOf(whole, shares.lower);
  rule.floor = ShareOf(whole, shares.floor);
  rule.rate_permille = shares.rate_permille;
  rule.release = ShareOf(whole, shares.release);
  rule.keeps_at_most = std::max(Tonnes(1), ShareOf(whole, shares.keeps_at_most));
  return rule;
}

ReserveRule RuleByShares(Tonnes cap, std::int32_t upper_permille, std::int32_t lower_permille,
                         std::int32_t floor_permille) {
  ReserveShares shares;
  shares.upper = upper_permille * 1'000;
  shares.lower = lower_permille * 1'000;
  shares.floor = floor_permille * 1'000;
  shares.keeps_at_most = shares.floor;
  ReserveRule rule = RuleByShares(cap, shares);
  rule.release = Tonnes(rule.floor.count() / 4);
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
    return {ReserveBranch::kRate, RoundedShare(circulation, rule.rate_permille, 1'000), Tonnes(0)};
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

Date InvalidatedOn(int circulation_year) {
  return Date::Of(PeriodOf(circulation_year).last.year() + 1, 1, 1);
}

Tonnes Invalidated(const ReserveRule& rule, Tonnes held) {
  if (rule.keeps_at_most == Tonnes(0)) return Tonnes(0);
  return std::max(Tonnes(0), held - rule.keeps_at_most);
}

std::span<const PublishedCirculation> PublishedCirculations() { return kPublished; }

}  // namespace ets::policy
