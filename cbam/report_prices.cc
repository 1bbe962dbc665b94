#include "cbam/report_prices.h"

#include <algorithm>
#include <utility>

namespace ets::cbam {
namespace {

constexpr std::size_t kListed = 12;
constexpr std::int32_t kDaysInWeek = 7;

CertificatePrices PricesOf(const AuctionReport& report, bool single_auction_amendment) {
  CertificatePrices prices(single_auction_amendment);
  for (const AuctionFact& fact : report.facts) prices.Add(fact);
  return prices;
}

}  // namespace

ReportPrices::ReportPrices(AuctionReport report, bool single_auction_amendment)
    : report_(std::move(report)), prices_(PricesOf(report_, single_auction_amendment)) {}

ReportedPrice ReportPrices::Checked(PeriodPrice period, Date first, Date last) const {
  return {period, MissingAuctions(report_.held, first, last)};
}

std::optional<ReportedPrice> ReportPrices::Quarter(YearQuarter quarter) const {
  const auto period = prices_.PeriodOfQuarter(quarter.year, quarter.quarter);
  if (!period) return std::nullopt;
  return Checked(*period, period->first, period->last);
}

std::optional<ReportedPrice> ReportPrices::Week(Date any_day_of_week) const {
  const auto period = prices_.PeriodOfWeek(any_day_of_week);
  if (!period) return std::nullopt;
  return Checked(*period, period->first, MondayOf(any_day_of_week) + (kDaysInWeek - 1));
}

std::size_t ReportPrices::LineBefore(Date date) const {
  std::size_t line = report_.header_line;
  for (std::size_t i = 0; i < report_.held.size(); ++i) {
    const bool stands_before =
        report_.newest_first ? report_.held[i].date > date : report_.held[i].date <= date;
    if (stands_before) line = std::max(line, report_.lines[i]);
  }
  return line;
}

std::string Listed(const std::vector<AuctionDay>& auctions) {
  std::string list;
  for (std::size_t i = 0; i < std::min(auctions.size(), kListed); ++i) {
    list += (i == 0 ? "" : ", ") + std::string(ToString(auctions[i].auctioneer)) + " " +
            ToString(auctions[i].date);
  }
  if (auctions.size() > kListed) {
    list += " and " + std::to_string(auctions.size() - kListed) + " more";
  }
  return list;
}

}  // namespace ets::cbam
