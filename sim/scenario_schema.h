#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/date.h"
#include "registry/profile.h"
#include "sim/scenario.h"

namespace ets::sim {

// A key's parts: {"sectors", "power", "cap_mt", "2030"}.
using Path = std::vector<std::string>;
std::string Join(const Path& path);  // "sectors.power.cap_mt.2030"
Path Split(std::string_view dotted);
bool IsUnder(const Path& path, const Path& prefix);

// A value as a scenario file holds it. Lists are rows of numbers; dates in them are days.
using Rows = std::vector<std::vector<double>>;
using Value = std::variant<double, std::int64_t, bool, std::string, Date, Rows>;

enum class Kind : std::uint8_t {
  kNumber,
  kInteger,
  kFlag,
  kText,
  kDate,
  kMonthDay,  // "12-31", held as 1231.
  kFile,      // The name of a data file; the scenario holds its text.
  kNumbers,   // [1, 2]
  kDates,     // [2025-01-29, ...]
  kRows,      // [{ share = 0.05, cost = 110 }, ...]
  kRule,      // A key of the registry's profile, held as the profile's own text.
};

// No number of a scenario is larger, on either side of 0.
inline constexpr double kNumberMax = 1e12;

struct Range {
  double low = -kNumberMax;
  double high = kNumberMax;
  bool above_low = false;  // Low itself is not allowed.

  bool Holds(double number) const {
    return (above_low ? number > low : number >= low) && number <= high;
  }
};

// One member of the rows of a Kind::kRows list.
struct RowColumn {
  const char* name;
  Kind kind;  // kNumber, kInteger or kDate.
  Range range;
};

// One row of the table of keys: what a scenario file may say, and where it goes. The reader, --set,
// the resolved text, the inputs and docs/scenario.md all walk this table.
struct Key {
  Path pattern;  // Parts in <angle brackets> stand for a name or a year of the scenario's own.
  Kind kind = Kind::kNumber;
  std::string unit;  // "{unit}" is the sector's.
  Range range;
  std::vector<std::string> choices;  // Of a text; empty: any.
  std::vector<RowColumn> columns;    // Of rows.
  std::size_t length = 0;            // Of a list; 0: any.
  bool required = false;
  bool label = false;  // A name or a title: no input, no mark.
  bool optional_table =
      false;          // Its table may be left out as a whole; then nothing in it is there.
  std::string words;  // "cap; where the rule is capped": the title, then what more there is to say.
  std::string mark = "assumption";  // Of the default.
  std::string source;               // The same.

  // What the struct holds when no file says anything; none for maps and required keys. A file's
  // value is its name, but store() takes its text.
  std::optional<Value> fallback;
  // Puts a checked value into its place. The sector, class or vintage of the path is made if new,
  // but for sectors, which are there.
  std::function<void(Scenario&, const Path&, const Value&)> store;
  const registry::ProfileField* rule = nullptr;  // Of a rule.
  std::string Scenario::*file_name = nullptr;    // Of a file: where its name goes, beside its text.
};
const std::vector<Key>& Keys();
// Of them registry.profile and one for each field of a profile (registry_rules.cc).
std::vector<Key> RegistryKeys();

// The keys as a tree, for walking a file beside it.
struct KeyNode {
  std::map<std::string, KeyNode, std::less<>> children;
  std::unique_ptr<KeyNode> any;  // Whatever stands for the wildcard below.
  std::string wildcard;          // "<year>"
  const Key* key = nullptr;      // A leaf's.
};
const KeyNode& KeyTree();

// Whether a part may stand for a wildcard, and what may.
bool FitsWildcard(std::string_view wildcard, std::string_view part);
std::string_view WildcardMeaning(std::string_view wildcard);

inline constexpr std::string_view kPowerClasses[] = {"I",   "II",        "III",
                                                     "gas", "coal_heat", "gas_heat"};
inline constexpr std::string_view kPeakingFactors[] = {"none", "below_65", "below_50"};

std::string RangeText(const Range& range);      // "from 0 to 1"
std::string AllowedText(const Key& key);        // "a number from 0 to 1"
std::string FormatNumber(double number);        // Shortest form that reads back exactly.
std::string FormatText(std::string_view text);  // In quotes, escaped.
std::string FormatValue(const Key& key, const Value& value);  // As TOML.
// A rule's text as TOML: numbers and flags bare, the rest in quotes.
std::string FormatRule(const registry::ProfileField& field, const std::string& text);

}  // namespace ets::sim
