#include "clients/cli/cbam_auctions.h"

#include <fstream>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "clients/cli/xlsx_file.h"

namespace ets::cli {

Result<cbam::AuctionReport, std::string> ReadAuctionFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  if (!file) {
    return Fail{path +
                ": cannot be read; allowed: the exchange's report (xlsx, csv), or a csv of " +
                "date,auctioneer,price,volume"};
  }
  const bool is_workbook = LooksLikeXlsx(bytes);
  const auto rows = is_workbook ? ReadFirstSheet(bytes) : cbam::SplitCsv(bytes);
  if (!rows.ok()) return Fail{path + ": " + rows.error()};
  auto report = cbam::ReadAuctionReport(*rows, {.short_rows = is_workbook});
  if (report.ok()) return std::move(report.value());
  std::string all;
  for (const std::string& wrong : report.error()) {
    all += (all.empty() ? "" : "\n") + path + ": " + wrong;
  }
  return Fail{std::move(all)};
}

std::string WhatIsMissing(const std::string& path, const std::string& period,
                          const cbam::ReportPrices& prices,
                          const std::vector<cbam::AuctionDay>& missing) {
  std::map<std::size_t, std::vector<cbam::AuctionDay>> by_line;
  for (const cbam::AuctionDay& auction : missing)
    by_line[prices.LineBefore(auction.date)].push_back(auction);
  std::string all;
  for (const auto& [line, auctions] : by_line) {
    all += path + ": line " + std::to_string(line) + ", column " +
           cbam::ColumnLetters(prices.report().date_column) + " (date): behind it are missing " +
           cbam::Listed(auctions) + "\n";
  }
  return all + path + ": " + "auctions of " + period +
         " that are missing: " + std::to_string(missing.size()) +
         "; allowed: each auction of the calendar (EU Monday, Tuesday, Thursday; DE "
         "Friday; PL every second Wednesday; cancelled ones by a row of that status), or "
         "--provisional";
}

}  // namespace ets::cli
