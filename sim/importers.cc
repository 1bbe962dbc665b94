#include "sim/importers.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace ets::sim {
namespace {

constexpr int kFirstImportYear = 2026;

double Eur(Money money) { return static_cast<double>(money.minor()) / 100; }

Date QuarterEnd(int year, int quarter) {
  return quarter == 4 ? Date::Of(year, 12, 31) : Date::Of(year, quarter * 3 + 1, 1) + -1;
}

// What of a year's total has come in until a quarter's end.
std::int64_t Until(std::int64_t total, int quarter) { return total * quarter / 4; }

}  // namespace

Importers::Importers(std::vector<std::string> sectors)
    : sectors_(std::move(sectors)), registry_(scheme::CertificateLaw(), nullptr), desk_(registry_) {
  for (std::uint32_t i = 0; i < sectors_.size(); ++i) desk_.Authorise(i);
}

void Importers::Buy(std::uint32_t importer, Date day, int year, std::int64_t count, Price price) {
  if (count <= 0) return;
  desk_.PayIn(importer, price * Tonnes(count));
  const auto paid = desk_.Buy(importer, day, year, count, price);
  ETS_ASSERT(paid.ok());
  CbamImporterRow& row = years_.at(year)[importer].row;
  row.bought += count;
  row.cost_eur += Eur(paid.value());
}

std::optional<std::array<Price, 4>> QuartersOf2026(const cbam::CertificatePrices& prices) {
  std::array<std::optional<Price>, 4> known;
  std::int64_t sum = 0;
  std::int64_t count = 0;
  for (int quarter = 1; quarter <= 4; ++quarter) {
    const auto price = prices.Quarter(kFirstImportYear, quarter);
    known.at(static_cast<std::size_t>(quarter - 1)) = price;
    if (!price) continue;
    sum += price->minor_per_tonne();
    ++count;
  }
  if (count == 0) return std::nullopt;
  const Price mean = Price::FromMinorPerTonne((sum + count / 2) / count);
  std::array<Price, 4> owed;
  for (std::size_t i = 0; i < owed.size(); ++i) owed.at(i) = known.at(i).value_or(mean);
  return owed;
}

// 2026: a quarter's certificates at the quarter's own price.
void Importers::BuyFor2026(std::uint32_t importer, Date day,
                           const cbam::CertificatePrices& prices) {
  const std::int64_t due = years_.at(kFirstImportYear)[importer].figures.due;
  const auto owed = QuartersOf2026(prices);
  if (!owed) return;
  for (int quarter = 1; quarter <= 4; ++quarter) {
    Buy(importer, day, kFirstImportYear, Until(due, quarter) - Until(due, quarter - 1),
        owed->at(static_cast<std::size_t>(quarter - 1)));
  }
}

void Importers::EndQuarter(int year, int quarter, const cbam::CertificatePrices& prices) {
  const Date day = QuarterEnd(year, quarter);
  for (std::uint32_t i = 0; i < sectors_.size(); ++i) {
    const std::int64_t embedded = years_.at(year)[i].figures.embedded_t;
    desk_.Import(i, day, Until(embedded, quarter) - Until(embedded, quarter - 1));
    const auto price = prices.Applicable(day);
    const std::int64_t lacking = desk_.HoldingDuty(i, day) - desk_.HeldTowards(i, day);
    if (price) Buy(i, day, year, lacking, *price);
  }
}

// Declares an import year and buys what is still missing.
void Importers::Settle(std::uint32_t importer, int year, const cbam::CertificatePrices& prices) {
  const Date day = Date::Of(year + 1, 9, 15);
  Open& open = years_.at(year)[importer];
  const auto declared = desk_.Declare(importer, day, year, open.figures.due);
  ETS_ASSERT(declared.ok());
  if (year == kFirstImportYear) {
    BuyFor2026(importer, day, prices);
  } else if (const auto price = prices.Applicable(day)) {
    Buy(importer, day, year, open.figures.due - desk_.held(importer, year), *price);
  }
}

void Importers::Surrender(std::uint32_t importer, int year) {
  const std::int64_t given =
      std::min(years_.at(year)[importer].figures.due, desk_.held(importer, year));
  if (given == 0) return;
  const auto taken = desk_.Surrender(importer, Date::Of(year + 1, 9, 30), year, given);
  ETS_ASSERT(taken.ok());
}

CbamImporterRow Importers::Return(std::uint32_t importer, int year) {
  CbamImporterRow& row = years_.at(year)[importer].row;
  const Date day = Date::Of(year + 1, 10, 31);
  const std::int64_t back =
      std::min(desk_.held(importer, year), desk_.RepurchaseLimit(importer, day));
  if (back > 0) {
    const auto paid = desk_.Repurchase(importer, day, year, back);
    ETS_ASSERT(paid.ok());
    row.repurchased = back;
    row.cost_eur -= Eur(paid.value());
  }
  row.surrendered = desk_.surrendered(importer, year);
  row.remaining = desk_.held(importer, year);
  row.penalty_eur = Eur(desk_.penalty(importer, year));
  return row;
}

std::vector<CbamImporterRow> Importers::Live(int year, const std::vector<SectorYear>& sectors,
                                             const cbam::CertificatePrices& prices) {
  ETS_ASSERT(sectors.size() == sectors_.size());
  std::vector<Open>& opened = years_[year];
  for (std::size_t i = 0; i < sectors.size(); ++i) {
    Open& open = opened.emplace_back();
    open.figures = sectors[i];
    open.row.sector = sectors_[i];
    open.row.year = year;
    open.row.due = sectors[i].due;
  }
  const auto settled = static_cast<std::uint32_t>(years_.contains(year - 1) ? sectors_.size() : 0);
  for (int quarter = 1; quarter <= 2; ++quarter) EndQuarter(year, quarter, prices);
  for (std::uint32_t i = 0; i < settled; ++i) Settle(i, year - 1, prices);
  for (std::uint32_t i = 0; i < settled; ++i) Surrender(i, year - 1);
  EndQuarter(year, 3, prices);
  (void)desk_.EndDay(Date::Of(year, 9, 30));
  std::vector<CbamImporterRow> rows;
  for (std::uint32_t i = 0; i < settled; ++i) rows.push_back(Return(i, year - 1));
  (void)desk_.EndDay(Date::Of(year, 11, 1));
  EndQuarter(year, 4, prices);
  return rows;
}

}  // namespace ets::sim
