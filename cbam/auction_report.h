#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cbam/certificate_price.h"

namespace ets::cbam {

// A table of text, as a file has it: row 0 is line 1.
using TextRows = std::vector<std::vector<std::string>>;

// Splits CSV with commas or semicolons (whichever the text has more of in its first line with
// several fields), quotes allowed. Empty lines stay, as empty rows.
TextRows SplitCsv(std::string_view text);

struct AuctionReport {
  std::vector<AuctionFact> facts;  // In the order of their dates.
  std::vector<std::size_t> lines;  // Where each stands, from 1.
  int not_cleared = 0;             // Cancelled, or of another status: they do not count.
  int of_other_contracts = 0;      // Aviation allowances and others: nor do they.
  Date earliest, latest;           // Of all rows; what the file can speak of.
};

// Reads a list of auctions: ours (date, auctioneer, price, volume) or the exchange's own report as
// downloaded, where some lines stand above the header, dates may be the serial numbers of a
// spreadsheet and the newest row may come first. Columns are found by their names: "date"; "price"
// or one that begins with "auction price" or "price eur"; "volume" or one that begins with "auction
// volume"; and, where they are there, "status", "contract", "auction name" and "zone", "country" or
// "auctioneer". With `oldest_first` the newest row may not come first. All mistakes at once, each
// with its line and column.
Result<AuctionReport, std::vector<std::string>> ReadAuctionReport(const TextRows& rows,
                                                                  bool oldest_first = false);

// The same of our own four columns with a header line, as scenarios mention them. On failure: what
// is wrong, a line each.
Result<std::vector<AuctionFact>, std::string> ParseAuctionCsv(std::string_view text);

}  // namespace ets::cbam
