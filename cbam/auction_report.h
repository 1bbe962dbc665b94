#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cbam/auction_calendar.h"
#include "cbam/certificate_price.h"

namespace ets::cbam {

// A table of text, as a file has it: row 0 is line 1.
using TextRows = std::vector<std::vector<std::string>>;

// Splits CSV with commas or semicolons (whichever the text has more of), quotes allowed. Empty
// lines stay, as empty rows. On failure: the line whose quote never ends.
Result<TextRows, std::string> SplitCsv(std::string_view text);

struct AuctionReport {
  std::vector<AuctionFact> facts;  // Those that cleared, in the order of their dates.
  // Every auction of general allowances, cancelled ones too, in the order of their dates, and the
  // line of each, from 1.
  std::vector<AuctionDay> held;
  std::vector<std::size_t> lines;
  std::size_t header_line = 1;
  std::size_t date_column = 0;  // From 0.
  bool newest_first = false;
  int not_cleared = 0;         // Cancelled: they do not count.
  int of_other_contracts = 0;  // Aviation allowances and others: nor do they.
};

struct ReportForm {
  bool oldest_first = false;  // The newest row may not come first.
  bool short_rows = false;    // Empty cells at a row's end may be left out, as workbooks do.
};

// Reads a list of auctions: ours (date, auctioneer, price, volume) or the exchange's own report as
// downloaded, where some lines stand above the header, dates may be the serial numbers of a
// spreadsheet and the newest row may come first. Columns are found by their names: "date"; "price"
// or one that begins with "auction price" or "price eur"; "volume" or one that begins with "auction
// volume"; "zone", "country" or "auctioneer", or else "auction name", which ends with it; and,
// where they are there, "status" and "contract". An auctioneer holds one auction of general
// allowances a day; price x volume of the whole file is at most kAmountMax cents. All mistakes at
// once, each with its line and column.
Result<AuctionReport, std::vector<std::string>> ReadAuctionReport(const TextRows& rows,
                                                                  ReportForm form = {});

// The same of our own four columns with a header line, as scenarios mention them. On failure: what
// is wrong, a line each.
Result<std::vector<AuctionFact>, std::string> ParseAuctionCsv(std::string_view text);

// "AB" for column 27, counted from 0.
std::string ColumnLetters(std::size_t column);

}  // namespace ets::cbam
