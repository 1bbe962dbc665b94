#include <array>
#include <charconv>

#include "cbam/certificate_price.h"

namespace ets::cbam {
namespace {

constexpr std::string_view kHeader = "date,auctioneer,price,volume";

// Takes the text up to the separator off the front; the separator goes with it.
std::string_view TakeUntil(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return taken;
}

std::optional<Tonnes> ParseVolume(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (count <= 0 || count > kAmountMax) return std::nullopt;
  return Tonnes(count);
}

Fail<std::string> Wrong(int line, std::string_view what, std::string_view found) {
  return Fail{"line " + std::to_string(line) + ": " + std::string(what) + ", not \"" +
              std::string(found) + "\""};
}

Result<AuctionFact, std::string> ParseLine(std::string_view text, int line) {
  const std::string_view whole = text;
  std::array<std::string_view, 4> fields;
  for (std::string_view& field : fields) field = TakeUntil(text, ',');
  if (!text.empty() || fields.back().empty()) return Wrong(line, "four fields expected", whole);

  const std::optional<Date> date = Date::Parse(fields[0]);
  if (!date) return Wrong(line, "a date like 2026-01-07 expected", fields[0]);
  if (fields[1].empty()) return Wrong(line, "an auctioneer expected", whole);
  const std::optional<Price> price = Price::Parse(fields[2]);
  if (!price) return Wrong(line, "a price with at most two decimals expected", fields[2]);
  const std::optional<Tonnes> volume = ParseVolume(fields[3]);
  if (!volume) return Wrong(line, "a volume in whole tonnes above 0 expected", fields[3]);
  return AuctionFact{.date = *date, .price = *price, .volume = *volume};
}

}  // namespace

Result<std::vector<AuctionFact>, std::string> ParseAuctionCsv(std::string_view text) {
  std::vector<AuctionFact> facts;
  for (int line = 1; line == 1 || !text.empty(); ++line) {
    std::string_view row = TakeUntil(text, '\n');
    if (row.ends_with('\r')) row.remove_suffix(1);
    if (line == 1) {
      if (row != kHeader)
        return Wrong(line, "the header " + std::string(kHeader) + " expected", row);
      continue;
    }
    if (row.empty()) continue;
    const Result<AuctionFact, std::string> fact = ParseLine(row, line);
    if (!fact.ok()) return Fail{fact.error()};
    if (!facts.empty() && fact->date < facts.back().date) {
      return Wrong(line, "dates in order expected", ToString(fact->date));
    }
    facts.push_back(*fact);
  }
  return facts;
}

}  // namespace ets::cbam
