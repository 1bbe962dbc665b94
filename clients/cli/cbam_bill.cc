#include "clients/cli/cbam_bill.h"

// As in sim/scenario_tree.cc: one program holds toml++ once, with one set of switches.
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <functional>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "cbam/declaration.h"
#include "clients/cli/cbam_auctions.h"
#include "clients/cli/run_verb.h"

namespace ets::cli {
namespace {

using cbam::DeclaredGood;
using cbam::YearDeclaration;

// Reads one table of a file: every key has a type, and no key is left over. Mistakes carry the
// place.
class TableReader {
 public:
  TableReader(const std::string& file, const toml::table& table, std::vector<std::string>& mistakes)
      : file_(file), table_(table), mistakes_(mistakes) {}

  void Number(std::string_view key, double& out) { Optional<double>(key, "a number", out); }
  void Number(std::string_view key, std::optional<double>& out) {
    double value = 0;
    if (Optional<double>(key, "a number", value)) out = value;
  }
  void Whole(std::string_view key, std::optional<std::int64_t>& out) {
    std::int64_t value = 0;
    if (Optional<std::int64_t>(key, "a whole number", value)) out = value;
  }
  void Year(std::string_view key, int& out) {
    std::int64_t value = out;
    if (!Optional<std::int64_t>(key, "a year", value)) return;
    if (value < 1900 || value > 9999) {
      Wrong(*table_.get(key), std::string(key) + ": " + std::to_string(value), "2026 to 2050");
    } else {
      out = static_cast<int>(value);
    }
  }
  void Flag(std::string_view key, bool& out) { Optional<bool>(key, "true or false", out); }
  void Text(std::string_view key, std::string& out) { Optional<std::string>(key, "a text", out); }
  // A code of digits may be written without quotes.
  void Code(std::string_view key, std::string& out) {
    const toml::node* const node = table_.get(key);
    if (node != nullptr && node->is_integer()) {
      known_.insert(std::string(key));
      out = std::to_string(**node->as_integer());
    } else {
      Text(key, out);
    }
  }
  // A date, or with `quarters` "2026-Q1", which is its first day.
  std::optional<Date> Day(std::string_view key, bool quarters) {
    known_.insert(std::string(key));
    const toml::node* const node = table_.get(key);
    if (node == nullptr) return std::nullopt;
    const char* const allowed =
        quarters ? "a date as 2026-02-14, or \"2026-Q1\"" : "a date as 2028-01-01";
    if (const auto* const date = node->as_date()) {
      const toml::date day = **date;
      return Date::Of(day.year, day.month, day.day);
    }
    if (const auto* const text = node->as_string()) {
      if (const auto date = Date::Parse(**text)) return date;
      const auto quarter = cbam::ParseQuarter(**text);
      if (quarters && quarter) return Date::Of(quarter->year, 3 * quarter->quarter - 2, 1);
      Wrong(*node, std::string(key) + ": \"" + **text + "\"", allowed);
    } else {
      Wrong(*node, std::string(key), allowed);
    }
    return std::nullopt;
  }
  std::string Choice(std::string_view key, const std::vector<std::string>& allowed) {
    std::string value;
    const bool is_there = Optional<std::string>(key, "a text", value);
    std::string list;
    for (const std::string& one : allowed) {
      if (one == value) return value;
      list += (list.empty() ? "" : ", ") + one;
    }
    if (is_there) Wrong(*table_.get(key), std::string(key) + ": \"" + value + "\"", list);
    return allowed.front();
  }
  void Required(std::string_view key) {
    if (table_.get(key) != nullptr) return;
    mistakes_.push_back(Place(table_) + ": " + std::string(key) + " is missing");
  }
  const toml::node* Child(std::string_view key) {
    known_.insert(std::string(key));
    return table_.get(key);
  }
  // Keys that nothing asked for.
  void End() {
    for (const auto& [key, node] : table_) {
      if (known_.count(std::string(key.str())) != 0) continue;
      std::string list;
      for (const std::string& one : known_) list += (list.empty() ? "" : ", ") + one;
      Wrong(node, "there is no '" + std::string(key.str()) + "' here", list);
    }
  }
  std::string Place(const toml::node& node) const {
    const toml::source_position at = node.source().begin;
    return file_ + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
  }
  void Wrong(const toml::node& node, const std::string& what, const std::string& allowed) {
    mistakes_.push_back(Place(node) + ": " + what + "; allowed: " + allowed);
  }

 private:
  // True when it is there and of the type.
  template <typename T>
  bool Optional(std::string_view key, const char* what, T& out) {
    known_.insert(std::string(key));
    const toml::node* const node = table_.get(key);
    if (node == nullptr) return false;
    std::optional<T> value;
    if constexpr (std::is_same_v<T, double>) {
      value = node->is_number() ? node->value<double>() : std::nullopt;
    } else {
      value = node->value_exact<T>();
    }
    if (!value) {
      Wrong(*node, std::string(key), what);
      return false;
    }
    out = *value;
    return true;
  }

  const std::string file_;
  const toml::table& table_;
  std::vector<std::string>& mistakes_;
  std::set<std::string> known_;
};

class DeclarationReader {
 public:
  DeclarationReader(const std::string& file, const toml::table& root) : file_(file), root_(root) {}

  YearDeclaration Read() {
    YearDeclaration declaration;
    TableReader in(file_, root_, mistakes_);
    in.Text("importer", declaration.importer);
    in.Required("year");
    declaration.year = 0;  // None, until one is read.
    in.Year("year", declaration.year);
    in.Flag("authorised", declaration.authorised);
    in.Number("further_tonnes", declaration.further_tonnes);
    in.Number("default_carbon_price_eur", declaration.default_carbon_price);
    in.Number("penalty_eur", declaration.penalty);
    in.Whole("surrendered", declaration.surrendered);
    if (const auto day = in.Day("recognised_from", false)) declaration.recognised_from = *day;
    ForEach(in, in.Child("goods"), "[[goods]]",
            [&](const toml::table& table) { declaration.goods.push_back(ReadGood(table)); });
    in.End();
    return declaration;
  }
  std::vector<std::string>& mistakes() { return mistakes_; }

  // Where a mistake of a good's field stands.
  std::string PlaceOf(const cbam::Mistake& mistake) const {
    const toml::node* node = &root_;
    std::string name;
    if (mistake.good != cbam::Mistake::kNoGood) {
      node = root_["goods"][mistake.good].node();
      name = (*node->as_table())["name"].value_or(std::string());
      name = ": " + (name.empty() ? "good " + std::to_string(mistake.good + 1) : name);
    }
    std::string_view rest = mistake.field;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('.'), rest.size());
      const toml::node* const child = ChildOf(*node, rest.substr(0, end));
      if (child == nullptr) break;
      node = child;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    const toml::source_position at = node->source().begin;
    return file_ + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + name;
  }

 private:
  // What a step of a path leads to: a table's key, or an array's index.
  static const toml::node* ChildOf(const toml::node& node, std::string_view step) {
    if (const toml::table* const table = node.as_table()) return table->get(step);
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
    if (!node.is_array() || error != std::errc{} || end != step.data() + step.size())
      return nullptr;
    return node.as_array()->get(index);
  }

  void ForEach(TableReader& in, const toml::node* node, const char* what,
               const std::function<void(const toml::table&)>& read) {
    if (node == nullptr) return;
    const toml::array* const array = node->as_array();
    if (array == nullptr || !array->is_array_of_tables()) {
      in.Wrong(*node, "not a list of tables", what);
      return;
    }
    for (const toml::node& one : *array) read(*one.as_table());
  }

  DeclaredGood ReadGood(const toml::table& table) {
    DeclaredGood good;
    TableReader in(file_, table, mistakes_);
    for (const char* const key : {"cn", "origin", "tonnes", "imported"}) in.Required(key);
    in.Text("name", good.name);
    in.Code("cn", good.cn);
    in.Text("origin", good.origin);
    in.Text("route", good.route);
    in.Number("tonnes", good.tonnes);
    if (const auto day = in.Day("imported", true)) good.imported = *day;
    good.purchased = in.Day("purchased", false);
    in.Number("certificate_price", good.certificate_price);
    good.actual = in.Choice("emissions", {"default", "actual"}) == "actual";
    in.Number("direct", good.direct);
    in.Number("indirect", good.indirect);
    in.Number("benchmark_a", good.benchmark_a);
    in.Number("benchmark_b", good.benchmark_b);
    in.Number("default_value", good.default_value);
    in.Number("cross_sectoral_factor", good.cross_sectoral_factor);
    ForEach(in, in.Child("precursors"), "[[goods.precursors]]",
            [&](const toml::table& one) { good.precursors.push_back(ReadPrecursor(one)); });
    if (const toml::node* const paid = in.Child("paid")) {
      if (paid->is_table()) {
        good.paid = ReadPaid(*paid->as_table());
      } else {
        in.Wrong(*paid, "paid", "[goods.paid]");
      }
    }
    in.End();
    return good;
  }
  cbam::Precursor ReadPrecursor(const toml::table& table) {
    cbam::Precursor precursor;
    TableReader in(file_, table, mistakes_);
    for (const char* const key : {"name", "mass", "activity_level", "embedded"}) in.Required(key);
    in.Text("name", precursor.name);
    in.Number("mass", precursor.mass);
    in.Number("activity_level", precursor.activity_level);
    in.Number("embedded", precursor.embedded);
    in.Number("free_adjustment", precursor.free_adjustment);
    in.Flag("joint", precursor.joint);
    in.End();
    return precursor;
  }
  cbam::PricePaid ReadPaid(const toml::table& table) {
    cbam::PricePaid paid;
    TableReader in(file_, table, mistakes_);
    for (const char* const key : {"purchases", "price", "verified_emissions", "per_euro"}) {
      in.Required(key);
    }
    in.Number("purchases", paid.purchases);
    in.Number("sales", paid.sales);
    in.Number("price", paid.price);
    in.Number("verified_emissions", paid.verified_emissions);
    in.Number("per_euro", paid.rate);
    in.Number("covered_share", paid.covered_share);
    in.End();
    return paid;
  }

  const std::string file_;
  const toml::table& root_;
  std::vector<std::string> mistakes_;
};

std::string Decimal(double value, int decimals) {
  char text[48];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

nlohmann::ordered_json StepsOf(const std::vector<cbam::Step>& steps) {
  auto list = nlohmann::ordered_json::array();
  for (const cbam::Step& step : steps) {
    list.push_back({{"name", step.name},
                    {"formula", step.formula},
                    {"value", step.value},
                    {"unit", step.unit}});
  }
  return list;
}

void PrintJson(const YearDeclaration& declaration, const cbam::YearBill& bill) {
  nlohmann::ordered_json out;
  out["importer"] = declaration.importer;
  out["year"] = declaration.year;
  out["threshold_tonnes"] = bill.threshold_tonnes;
  out["in_scope"] = bill.in_scope;
  out["on_watch_list"] = bill.on_watch_list;
  out["goods"] = nlohmann::ordered_json::array();
  for (const cbam::GoodBill& good : bill.goods) {
    out["goods"].push_back({{"name", good.name},
                            {"embedded_t", good.embedded},
                            {"free_adjustment_t", good.free_adjustment},
                            {"deduction_certificates", good.deduction},
                            {"certificates", good.certificates},
                            {"price_eur", good.price},
                            {"provisional", good.provisional},
                            {"cost_eur", good.cost},
                            {"steps", StepsOf(good.steps)}});
  }
  out["embedded_t"] = bill.embedded;
  out["certificates"] = bill.certificates;
  out["certificates_to_surrender"] = bill.to_surrender;
  out["cost_eur"] = bill.cost;
  out["provisional"] = bill.provisional;
  out["penalty_eur"] = bill.penalty;
  out["duties"] = StepsOf(bill.duties);
  std::cout << out.dump(2) << "\n";
}

std::string CsvText(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

void PrintCsv(const cbam::YearBill& bill) {
  std::printf(
      "good,embedded_t,free_adjustment_t,deduction_certificates,certificates,price_eur,cost_eur,"
      "provisional\n");
  for (const cbam::GoodBill& good : bill.goods) {
    std::printf("%s,%s,%s,%s,%s,%s,%s,%s\n", CsvText(good.name).c_str(),
                Decimal(good.embedded, 6).c_str(), Decimal(good.free_adjustment, 6).c_str(),
                Decimal(good.deduction, 6).c_str(), Decimal(good.certificates, 6).c_str(),
                Decimal(good.price, 2).c_str(), Decimal(good.cost, 2).c_str(),
                good.provisional ? "yes" : "no");
  }
}

void PrintSteps(const std::vector<cbam::Step>& steps) {
  for (const cbam::Step& step : steps) {
    const int decimals = step.unit == "EUR" ? 2 : 6;
    if (step.unit.empty()) {
      std::printf("  %-30s %14s %-13s %s\n", step.name.c_str(), "", "", step.formula.c_str());
      continue;
    }
    std::printf("  %-30s %14s %-13s = %s\n", step.name.c_str(),
                Decimal(step.value, decimals).c_str(), step.unit.c_str(), step.formula.c_str());
  }
}

void PrintTable(const YearDeclaration& declaration, const cbam::YearBill& bill) {
  std::printf("%s, imports of %d\n\n",
              declaration.importer.empty() ? "Declaration" : declaration.importer.c_str(),
              declaration.year);
  const std::string mass = Decimal(bill.threshold_tonnes, 3);
  std::printf("  %s t of iron and steel, aluminium, fertilisers and cement: %s\n\n", mass.c_str(),
              bill.threshold_tonnes > cbam::kThresholdTonnes
                  ? "above 50 t, the whole year is in scope"
                  : (bill.on_watch_list ? "not above 50 t, but at 90% of it: on the watch list"
                                        : "not above 50 t: out of scope"));
  for (const cbam::GoodBill& good : bill.goods) {
    std::printf("%s\n", good.name.c_str());
    PrintSteps(good.steps);
    std::printf("\n");
  }
  std::printf("Total%s\n  %-30s %14s t\n  %-30s %14s, %lld whole ones\n  %-30s %14s EUR\n",
              bill.provisional ? ", PROVISIONAL: auctions are missing" : "", "embedded",
              Decimal(bill.embedded, 6).c_str(), "certificates",
              Decimal(bill.certificates, 6).c_str(), static_cast<long long>(bill.to_surrender),
              "cost", Decimal(bill.cost, 2).c_str());
  if (bill.duties.empty()) return;
  std::printf("\nDuties\n");
  PrintSteps(bill.duties);
}

int BadInput(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  return kBadInput;
}

// Adds what working out found, but for what follows from a field or a file that could not be read.
void AddMistakes(const DeclarationReader& reader, const std::vector<cbam::Mistake>& found,
                 bool has_auctions, std::vector<std::string>& mistakes) {
  const std::vector<std::string> read = mistakes;
  for (const cbam::Mistake& mistake : found) {
    const std::string place = reader.PlaceOf(mistake);
    const std::string key = mistake.field.substr(mistake.field.rfind('.') + 1);
    const std::string said = place.substr(0, place.find(": ")) + ": " + key;
    const auto is_said = [&](const std::string& one) {
      return one.starts_with(said) &&
             (one.size() == said.size() ||
              std::string_view(" :;").find(one[said.size()]) != std::string_view::npos);
    };
    if (std::ranges::any_of(read, is_said)) continue;
    if (!has_auctions && mistake.field == "certificate_price") continue;
    mistakes.push_back(place + ": " + mistake.what);
  }
}

}  // namespace

int ShowBill(const BillOptions& options) {
  const toml::parse_result parsed = toml::parse_file(options.declaration);
  if (!parsed) {
    const toml::source_position at = parsed.error().source().begin;
    return BadInput(options.declaration + ":" + std::to_string(at.line) + ":" +
                    std::to_string(at.column) + ": " + std::string(parsed.error().description()));
  }
  const toml::table& root = parsed.table();
  DeclarationReader reader(options.declaration, root);
  const YearDeclaration declaration = reader.Read();
  cbam::AuctionReport auctions;
  bool has_auctions = true;
  if (!options.auctions.empty()) {
    const auto report = ReadAuctionFile(options.auctions);
    if (report.ok()) {
      auctions = *report;
    } else {
      reader.mistakes().push_back("--auctions: " + report.error());
      has_auctions = false;
    }
  }
  std::vector<std::string> mistakes = reader.mistakes();
  // What could be read is worked out even if not all could, to say all that is wrong at once.
  const auto bill = cbam::WorkOut(declaration, cbam::ReportPrices(auctions), options.provisional);
  if (bill.ok() && mistakes.empty()) {
    if (options.output == "json") {
      PrintJson(declaration, *bill);
    } else if (options.output == "csv") {
      PrintCsv(*bill);
    } else {
      PrintTable(declaration, *bill);
    }
    return kDone;
  }
  if (!bill.ok()) AddMistakes(reader, bill.error(), has_auctions, mistakes);
  std::string all;
  for (const std::string& mistake : mistakes) all += (all.empty() ? "" : "\n") + mistake;
  return BadInput(all);
}

}  // namespace ets::cli
