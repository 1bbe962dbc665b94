#include "clients/cli/cbam_auctions.h"

#include <fstream>
#include <iterator>
#include <utility>

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
  cbam::TextRows rows;
  if (LooksLikeXlsx(bytes)) {
    auto sheet = ReadFirstSheet(bytes);
    if (!sheet.ok()) return Fail{path + ": " + sheet.error()};
    rows = std::move(sheet.value());
  } else {
    rows = cbam::SplitCsv(bytes);
  }
  auto report = cbam::ReadAuctionReport(rows);
  if (report.ok()) return std::move(report.value());
  std::string all;
  for (const std::string& wrong : report.error()) {
    all += (all.empty() ? "" : "\n") + path + ": " + wrong;
  }
  return Fail{std::move(all)};
}

}  // namespace ets::cli
