#include "policy/cap_path.h"

#include <algorithm>

#include "base/assert.h"

namespace ets::policy {
namespace {

constexpr std::int64_t kWhole = 100'000;

Tonnes StepOf(const CapPath& path, int year) {
  const LinearFactor* applies = nullptr;
  for (const LinearFactor& factor : path.factors) {
    if (factor.first_year <= year) applies = &factor;
  }
  if (applies == nullptr) return Tonnes(0);
  const std::int64_t base = applies->base.count();
  const std::int64_t rest = base % kWhole * applies->rate_per_100000;
  return Tonnes(base / kWhole * applies->rate_per_100000 + (rest + kWhole / 2) / kWhole);
}

}  // namespace

std::vector<CapYear> CapsOf(const CapPath& path, int last_year) {
  std::vector<CapYear> years;
  Tonnes cap = path.first_cap;
  for (int year = path.first_year; year <= last_year; ++year) {
    CapYear row;
    row.year = year;
    if (year > path.first_year) {
      for (const Rebasing& rebasing : path.rebasings) {
        if (rebasing.year == year) row.rebased += rebasing.change;
      }
      row.step = StepOf(path, year);
      cap = std::max(Tonnes(0), cap + row.rebased - row.step);
    }
    row.cap = cap;
    years.push_back(row);
  }
  return years;
}

const CapPath& EuropeanCap() {
  // The bases give the published yearly amounts: 43,003,515 and 87,924,232.
  static const CapPath path = {.name = "eu",
                               .first_year = 2021,
                               .first_cap = Tonnes(1'571'583'007),
                               .factors = {{2022, 2'200, Tonnes(1'954'705'227)},
                                           {2024, 4'300, Tonnes(2'044'749'581)},
                                           {2028, 4'400, Tonnes(2'044'749'581)}},
                               .rebasings = {{2024, Tonnes(-90'000'000), "one-off reduction"},
                                             {2024, Tonnes(78'400'000), "shipping joins"},
                                             {2026, Tonnes(-27'000'000), "one-off reduction"}}};
  return path;
}

}  // namespace ets::policy
