#include "clients/cli/auction_plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "auction/statistics.h"

namespace ets::cli {
namespace {

constexpr double kWidth = 960, kHeight = 560;
constexpr double kLeft = 78, kRight = 928, kTop = 84, kBottom = 496;

constexpr const char* kStyle = R"(
  .plot { --paper:#fbfaf7; --ink:#1c2530; --muted:#5a6572; --grid:#ebe8e1; --line:#c9c4b8;
    --demand:#0b5cad; --won:#d9e7f4; --supply:#1c2530; --clear:#00866a; --reserve:#a3340a; }
  @media (prefers-color-scheme: dark) { .plot { --paper:#11151a; --ink:#e4e7ea; --muted:#9ba6b2;
    --grid:#262d35; --line:#3a444f; --demand:#82b9f0; --won:#1d3348; --supply:#e4e7ea;
    --clear:#3cb795; --reserve:#f0936b; } }
  .plot text { font: 13px system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
    fill: var(--muted); font-variant-numeric: tabular-nums; }
  .plot .title { font: 600 20px ui-serif, Charter, Georgia, serif; fill: var(--ink); }
  .plot .mark { font-weight: 600; paint-order: stroke; stroke: var(--paper); stroke-width: 4px;
    stroke-linejoin: round; }
)";

std::string Escaped(const std::string& text) {
  std::string safe;
  for (const char letter : text) {
    if (letter == '&') {
      safe += "&amp;";
    } else if (letter == '<') {
      safe += "&lt;";
    } else if (letter == '>') {
      safe += "&gt;";
    } else if (letter == '"') {
      safe += "&quot;";
    } else {
      safe += letter;
    }
  }
  return safe;
}

std::string Fixed(double value, int decimals) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

std::string Thousands(std::int64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, ",");
  return text;
}

// A step of 1, 2 or 5 times a power of ten that cuts the range into some five parts.
double NiceStep(double range) {
  const double rough = range / 5;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough) return factor * power;
  }
  return 10 * power;
}

double Units(Price price) { return static_cast<double>(price.minor_per_tonne()) / 100; }

class Plot {
 public:
  explicit Plot(const HeldAuction& held)
      : held_(held), curve_(auction::DemandCurve(held.table.bids, held.terms)) {
    ChooseRanges();
  }

  std::string Draw() {
    svg_ =
        "<svg class=\"plot\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 960 560\" "
        "role=\"img\" aria-label=\"" +
        Escaped(Headline()) + "\">\n<style>" + kStyle + "</style>\n";
    svg_ +=
        "<clipPath id=\"area\"><rect x=\"78\" y=\"84\" width=\"850\" height=\"412\"/>"
        "</clipPath>\n<rect width=\"960\" height=\"560\" fill=\"var(--paper)\"/>\n";
    Words(kLeft, 36, Escaped(Headline()), "class=\"title\"");
    Words(kLeft, 60, Escaped(Subline()), "");
    Axes();
    Demand();
    Marks();
    svg_ += "</svg>\n";
    return std::move(svg_);
  }

  std::string Headline() const {
    const auction::Clearing& clearing = held_.clearing;
    const std::string currency(held_.terms.format.currency);
    if (clearing.sold == Tonnes()) {
      return std::string(held_.terms.format.name) + ": nothing sold (" +
             std::string(ToString(clearing.status)) + ")";
    }
    return std::string(held_.terms.format.name) + ": " + Thousands(clearing.sold.count()) +
           " t at " + ToString(clearing.price) + " " + currency + " a tonne";
  }
  // "; 2 bids cut by 4,000 t", or nothing.
  std::string CutWords() const {
    const std::vector<CountedBid> counted = CountedOf(held_);
    std::int64_t bids = 0;
    Tonnes cut;
    for (std::size_t i = 0; i < counted.size(); ++i) {
      if (counted[i].cut_by.empty()) continue;
      ++bids;
      cut += held_.table.bids[i].quantity - counted[i].counted;
    }
    if (bids == 0) return "";
    return "; " + Thousands(bids) + (bids == 1 ? " bid" : " bids") + " cut by " +
           Thousands(cut.count()) + " t";
  }
  std::string Subline() const {
    const auction::Clearing& clearing = held_.clearing;
    return Thousands(clearing.bids) + " bids of " + Thousands(clearing.bidders) + " bidders for " +
           Thousands(clearing.bid_volume.count()) + " t; " + Thousands(clearing.supply.count()) +
           " t offered, cover " + Fixed(clearing.cover_ratio(), 2) + CutWords();
  }

 private:
  // Every step is drawn but silly ones: those further from the middle half of the volume than three
  // times its range and a third of its price, or beyond four times the supply. They are told.
  void ChooseRanges() {
    const double supply = static_cast<double>(held_.terms.supply.count());
    const double asked = curve_.empty() ? 0 : static_cast<double>(curve_.back().volume.count());
    volume_most_ = std::min(std::max(supply * 1.25, asked * 1.02), supply * 4);
    std::vector<double> keep;
    if (held_.clearing.sold > Tonnes()) keep.push_back(Units(held_.clearing.price));
    if (!curve_.empty()) {  // Highest first.
      keep.push_back(PriceAtShare(0.25));
      keep.push_back(PriceAtShare(0.75));
    }
    std::vector<double> reserves;
    for (const auto& price : {held_.terms.reserve, held_.terms.secret_reserve}) {
      if (price) reserves.push_back(Units(*price));
    }
    if (keep.empty()) keep = reserves.empty() ? std::vector<double>{0, 1} : reserves;
    const auto [low, high] = std::ranges::minmax(keep);
    const double reach = std::max(3 * (high - low), high / 3);
    for (const auction::DemandStep& step : curve_) reserves.push_back(Units(step.price));
    double least = low;
    double most = high;
    for (const double price : reserves) {
      if (price < low - reach || price > high + reach) continue;
      least = std::min(least, price);
      most = std::max(most, price);
    }
    const double margin = std::max((most - least) * 0.12, most * 0.01);
    price_least_ = std::max(0.0, least - margin);
    price_most_ = most + margin;
  }

  // The price at which that share of the demand is reached.
  double PriceAtShare(double share) const {
    const double wanted = share * static_cast<double>(curve_.back().volume.count());
    for (const auction::DemandStep& step : curve_) {
      if (static_cast<double>(step.volume.count()) >= wanted) return Units(step.price);
    }
    return Units(curve_.back().price);
  }

  double X(double volume) const { return kLeft + volume / volume_most_ * (kRight - kLeft); }
  double Y(double price) const {
    return kBottom - (price - price_least_) / (price_most_ - price_least_) * (kBottom - kTop);
  }

  void Words(double x, double y, const std::string& text, const std::string& more) {
    svg_ += "<text x=\"" + Fixed(x, 1) + "\" y=\"" + Fixed(y, 1) + "\" " + more + ">" + text +
            "</text>\n";
  }
  void Line(double x1, double y1, double x2, double y2, const std::string& more) {
    svg_ += "<line x1=\"" + Fixed(x1, 1) + "\" y1=\"" + Fixed(y1, 1) + "\" x2=\"" + Fixed(x2, 1) +
            "\" y2=\"" + Fixed(y2, 1) + "\" " + more + "/>\n";
  }

  void Axes() {
    const double price_step = NiceStep(price_most_ - price_least_);
    const int decimals = price_step < 0.1 ? 2 : price_step < 1 ? 1 : 0;
    for (double price = std::ceil(price_least_ / price_step) * price_step; price <= price_most_;
         price += price_step) {
      Line(kLeft, Y(price), kRight, Y(price), "stroke=\"var(--grid)\"");
      Words(kLeft - 10, Y(price) + 4, Fixed(price, decimals), "text-anchor=\"end\"");
    }
    const double volume_step = NiceStep(volume_most_);
    for (double volume = 0; volume <= volume_most_; volume += volume_step) {
      Line(X(volume), kBottom, X(volume), kBottom + 5, "stroke=\"var(--line)\"");
      Words(X(volume), kBottom + 22, Thousands(std::llround(volume)), "text-anchor=\"middle\"");
    }
    Line(kLeft, kBottom, kRight, kBottom, "stroke=\"var(--line)\"");
    Words(kRight, kBottom + 46, "tonnes bid at the price or more", "text-anchor=\"end\"");
    Words(kLeft, kBottom + 46, LeftOut(), "");
    Words(kLeft - 58, kTop - 8, std::string(held_.terms.format.currency) + " a tonne", "");
  }

  // The curve's corners up to a volume; the last step is cut there.
  std::string Corners(double most) const {
    std::string path = "M" + Fixed(X(0), 1) + " " + Fixed(kTop - 20, 1);
    double at = 0;
    for (const auction::DemandStep& step : curve_) {
      const double end = std::min(static_cast<double>(step.volume.count()), most);
      path += "L" + Fixed(X(at), 1) + " " + Fixed(Y(Units(step.price)), 1) + "L" +
              Fixed(X(end), 1) + " " + Fixed(Y(Units(step.price)), 1);
      at = end;
      if (at >= most) break;
    }
    return path + "L" + Fixed(X(at), 1) + " " + Fixed(kBottom, 1);
  }

  void Demand() {
    if (curve_.empty()) return;
    const double sold = static_cast<double>(held_.clearing.sold.count());
    svg_ += "<g clip-path=\"url(#area)\">\n";
    if (sold > 0) {
      svg_ += "<path d=\"" + Corners(sold) + "L" + Fixed(X(0), 1) + " " + Fixed(kBottom, 1) +
              "Z\" fill=\"var(--won)\"/>\n";
    }
    svg_ += "<path d=\"" + Corners(1e18) +
            "\" fill=\"none\" stroke=\"var(--demand)\" stroke-width=\"2\" "
            "stroke-linejoin=\"round\"/>\n</g>\n";
  }

  // What lies outside the picture: "not drawn: 500 t bid above, 1,500 t bid below".
  std::string LeftOut() const {
    Tonnes above, below, before;
    for (const auction::DemandStep& step : curve_) {
      const Tonnes volume = step.volume - before;
      const bool is_drawn = static_cast<double>(before.count()) < volume_most_;
      before = step.volume;
      if (Units(step.price) > price_most_) above += volume;
      if (Units(step.price) < price_least_ || !is_drawn) below += volume;
    }
    const auto words = [](Tonnes volume, const char* where) {
      return volume == Tonnes() ? std::string() : Thousands(volume.count()) + " t bid " + where;
    };
    const std::string high = words(above, "above");
    const std::string low = words(below, "below");
    if (high.empty() && low.empty()) return "";
    return "not drawn: " + high + (high.empty() || low.empty() ? "" : ", ") + low;
  }

  void Level(const std::optional<Price>& price, const char* words) {
    if (!price) return;
    const bool inside = Units(*price) >= price_least_ && Units(*price) <= price_most_;
    const double y = inside ? Y(Units(*price)) : Units(*price) < price_least_ ? kBottom - 26 : kTop;
    if (inside) {
      Line(kLeft, y, kRight, y, "stroke=\"var(--reserve)\" stroke-dasharray=\"2 4\"");
    }
    const char* where = inside ? "" : Units(*price) < price_least_ ? ", below" : ", above";
    Words(kRight - 6, y + 17, std::string(words) + " " + ToString(*price) + where,
          "text-anchor=\"end\" class=\"mark\" style=\"fill:var(--reserve)\"");
  }
  void Supply(Tonnes supply, const std::string& words, const char* dash) {
    const double x = X(static_cast<double>(supply.count()));
    Line(x, kTop, x, kBottom,
         "stroke=\"var(--supply)\" stroke-width=\"1.5\" stroke-dasharray=\"" + std::string(dash) +
             "\"");
    Words(x + 8, kTop + 14, words + " " + Thousands(supply.count()) + " t",
          "class=\"mark\" style=\"fill:var(--supply)\"");
  }

  void Marks() {
    const auction::Clearing& clearing = held_.clearing;
    Level(held_.terms.reserve, "reserve");
    Level(held_.terms.secret_reserve, "secret reserve");
    const Tonnes moved = clearing.supply + clearing.contained - clearing.withheld;
    if (moved == clearing.supply) {
      Supply(clearing.supply, "offered", "none");
    } else {
      const double x = X(static_cast<double>(clearing.supply.count()));
      Line(x, kTop, x, kBottom, "stroke=\"var(--supply)\" stroke-dasharray=\"4 4\"");
      Supply(moved, clearing.contained > Tonnes() ? "with containment" : "less withheld", "none");
    }
    if (clearing.sold == Tonnes()) return;
    const double x = X(static_cast<double>(clearing.sold.count()));
    const double y = Y(Units(clearing.price));
    Line(kLeft, y, x, y, "stroke=\"var(--clear)\" stroke-width=\"1.5\" stroke-dasharray=\"6 4\"");
    svg_ += "<circle cx=\"" + Fixed(x, 1) + "\" cy=\"" + Fixed(y, 1) +
            "\" r=\"6\" fill=\"var(--clear)\" stroke=\"var(--paper)\" stroke-width=\"2\"/>\n";
    Words(x - 14, y + 26, ToString(clearing.price),
          "text-anchor=\"end\" class=\"mark\" style=\"fill:var(--clear);font-size:16px\"");
  }

  const HeldAuction& held_;
  std::vector<auction::DemandStep> curve_;
  double volume_most_ = 1, price_least_ = 0, price_most_ = 1;
  std::string svg_;
};

std::string FactsTable(const HeldAuction& held) {
  const auction::Statistics row = auction::StatisticsOf(held.table.bids, held.clearing);
  const std::string currency(held.terms.format.currency);
  const auto hundredths = [](std::uint64_t value) {
    return Fixed(static_cast<double>(value) / 100, 2);
  };
  const auto tonnes = [](Tonnes volume) { return Thousands(volume.count()) + " t"; };
  const std::vector<std::pair<std::string, std::string>> facts = {
      {"status", std::string(ToString(row.status))},
      {"offered", tonnes(held.clearing.supply)},
      {"sold", tonnes(row.sold)},
      {"unsold", tonnes(held.clearing.unsold)},
      {"revenue", Thousands(row.revenue.minor() / 100) +
                      ToString(Money::FromMinor(row.revenue.minor() % 100)).substr(1) + " " +
                      currency},
      {"cover ratio", hundredths(row.cover_hundredths)},
      {"bids, successful", Thousands(row.bids) + ", " + Thousands(row.successful_bids)},
      {"bidders, successful", Thousands(row.bidders) + ", " + Thousands(row.successful_bidders)},
      {"lowest to highest bid", ToString(row.lowest_bid) + " to " + ToString(row.highest_bid)},
      {"mean, median bid", ToString(row.mean_bid) + ", " + ToString(row.median_bid)},
      {"bids a bidder", hundredths(row.bids_per_bidder_hundredths)},
      {"mean bid size", tonnes(row.bid_size)},
      {"won a winner (s.d.)",
       tonnes(row.won_per_bidder) + " (" + Thousands(row.won_per_bidder_sd.count()) + ")"},
      {"tie rule, seed",
       std::string(held.terms.format.tie->name) + ", " + std::to_string(held.terms.tie_seed)},
  };
  std::string html = "<dl>\n";
  for (const auto& [name, value] : facts) {
    html += "<div><dt>" + Escaped(name) + "</dt><dd>" + Escaped(value) + "</dd></div>\n";
  }
  return html + "</dl>\n";
}

}  // namespace

std::string PlotSvg(const HeldAuction& held) { return Plot(held).Draw(); }

std::string PlotHtml(const HeldAuction& held) {
  Plot plot(held);
  return "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta name=\"color-scheme\" content=\"light dark\">\n<title>" +
         Escaped(held.name + ", " + plot.Headline()) + R"(</title>
<style>
  body { margin: 0; background: #fbfaf7; color: #1c2530;
    font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
  main { max-width: 980px; margin: 0 auto; padding: 20px; }
  svg { width: 100%; height: auto; display: block; }
  p { margin: 12px 0 20px; color: #5a6572; }
  dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(270px, 1fr)); gap: 0 36px;
    margin: 0; }
  dl div { display: flex; justify-content: space-between; gap: 16px; padding: 7px 0;
    border-bottom: 1px solid #e3e0d8; }
  dt { color: #5a6572; } dd { margin: 0; font-variant-numeric: tabular-nums; text-align: right; }
  @media (prefers-color-scheme: dark) { body { background: #11151a; color: #e4e7ea; }
    p, dt { color: #9ba6b2; } dl div { border-color: #2c343d; } }
</style>
<main>
)" + plot.Draw() +
         "<p>" + Escaped(std::string(held.terms.format.description)) + ".</p>\n" +
         FactsTable(held) + "</main>\n</html>\n";
}

}  // namespace ets::cli
