#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cbam/auction_report.h"
#include "cbam/certificate_price.h"

namespace ets::cbam {

// A period's price with the auctions that it lacks. With any, it is not the period's price but a
// provisional one, to be shown as such or not at all.
struct ReportedPrice {
  PeriodPrice period;
  std::vector<AuctionDay> missing;
};

// The prices of a report, each checked against the exchange's calendar.
class ReportPrices {
 public:
  ReportPrices() = default;  // Of no auctions.
  explicit ReportPrices(AuctionReport report, bool single_auction_amendment = false);

  // Empty when the period has no auction (a week: nor any before).
  std::optional<ReportedPrice> Quarter(YearQuarter quarter) const;
  // A week's price is made of every week from the first it was averaged over to the week itself.
  std::optional<ReportedPrice> Week(Date any_day_of_week) const;

  // The line after which an auction of a day should stand.
  std::size_t LineBefore(Date date) const;

  const AuctionReport& report() const { return report_; }

 private:
  ReportedPrice Checked(PeriodPrice period, Date first, Date last) const;

  AuctionReport report_;
  CertificatePrices prices_;
};

// "EU 2026-03-26, DE 2026-03-27", and how many more from the thirteenth on.
std::string Listed(const std::vector<AuctionDay>& auctions);

}  // namespace ets::cbam
