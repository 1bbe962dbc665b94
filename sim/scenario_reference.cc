#include <charconv>
#include <cstdio>

#include "auction/auction.h"
#include "base/assert.h"
#include "policy/allocation.h"
#include "sim/scenario.h"
#include "sim/scenario_schema.h"

namespace ets::sim {
namespace {

constexpr const char* kIntro =
    R"(# Scenario files

<!-- Generated from the table of keys, sim/scenario_schema.cc; a test compares. To change this page,
     change the table and run the test EveryKey.StandsInTheReference with ETS_WRITE_DOCS=1. -->

A scenario is everything a run is made of: who is covered, what the rules are in each year, how
firms behave, what Europe does. It is one TOML file, and mostly a short one, because it changes
another:

```toml
extends = "china-transition.toml"
name = "power-pays-earlier"
title = "Power pays half from 2030"

[sectors.power.paid_share]
2030 = 0.50

[marks]
"sectors.power.paid_share.2030" = "assumption: the question of this run"
```

`scenarios/` holds `china-transition.toml` (the default, every number written out) and five that
change it: `stay-intensity.toml`, `fast-cap.toml`, `loose.toml`, `cbam-2028.toml` and
`credible-data.toml`. The folder of a run holds `scenario.toml`, the same scenario in one file with
every default written out; it can be run again wherever the data files it names are beside it.

## How files add up

- `extends` names the file that this one changes; that one may extend another. The last word on a
  key wins.
- A table under a heading (`[sectors.power.cap_mt]`) adds to the table it extends, key by key. A
  table in braces replaces it: `cap_mt = { 2030 = 4998 }` leaves one year, `cap_mt = {}` none, and
  `sectors.copper = {}` takes a sector out. A list is replaced as a whole.
- `--set key=value` on the command line is the last file:
  `--set sectors.power.paid_share.2030=0.5`, `--set cbam.source=domestic`,
  `--set 'sectors.steel.cap_mt={}'`. The value is TOML, or a bare word.
- A key that is left out has the default below. A key without a default must be there, but for the
  years of a table.
- Names of data files are relative to the scenario file that names them.

## Years

In a table of years a value holds until the next year given, and before the first one there is
nothing (0, no rule). After the last one it changes by `each_year_after` a year, where the table has
that key; prices with a growth of their own grow. A vintage is the emission year that units are
issued for; 2020 is the joint vintage 2019-20.

## The registry's law

`registry.profile` names one of the shipped rule profiles, and `[registry.rules]` changes single
keys of it; [profiles.md](profiles.md) explains them and shows every value of every profile.

```toml
[registry]
profile = "sim"

[registry.rules]
units.lineage = "lifo"
transfers.tape_delay_hours = 24
```

Which vintages count for which year and how many offsets are the scenario's own keys
(`compliance.first_banking_vintage`, `offsets.limit`), whatever the profile says: its firms plan by
them. Firms must be able to hold, trade and surrender allowances and offsets, owe year by year, and
not be stopped before their emissions are verified; vintages expire by the scenario's own rules.

## Facts and assumptions

Every value but a name or a title is marked, in the table `[marks]` of its file: `"fact:
source"` or `"assumption: why"`. A mark covers a key and all below it, the longest one counts,
and `*` stands for any one part of a key (`"sectors.*.growth"`). A value that a file or `--set`
changes without marking it is an assumption, whatever it was before. The report of a run prints
every value with its mark.

## When something is wrong

All problems of all files are shown at once and nothing is run:
`file:line:column: what is wrong; what is allowed`. The first override is `--set:1:1:`, and so on.
Beyond single values this is checked: months, power's classes and horizons sum to 1; free + paid +
reserve is the whole of a cap; every capped vintage to `horizon_year` has a cap; abatement curves
rise; every sector has a rule from its first vintage on; every simulated year has its Spring
Festival; the auction has a reserve price and a trigger above it; stability rules have an auction,
thresholds in order and prices in order; data files have their columns.

## Keys

Parts in angle brackets are the scenario's own: `<sector>` a name of small letters, digits and `_`;
`<class>` one of I, II, III, gas, coal_heat, gas_heat; `<year>` and `<vintage>` a year from 2013 to
2100; `<years>` a number of years.
)";

struct Section {
  const char* first;  // The first part of its keys.
  const char* title;
};
constexpr Section kSections[] = {
    {"name", "The run"},
    {"power", "Power: groups, classes, benchmarks"},
    {"band", "Rules of all sectors"},
    {"auction", "Auction, market, credit"},
    {"stability", "Stability rules"},
    {"abatement", "Behaviour"},
    {"europe", "Europe and the border"},
    {"registry", "The registry's law"},
    {"sectors", "Sectors"},
};

void Replace(std::string& text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  if (at != text.npos) text.replace(at, from.size(), to);
}

std::string Cell(std::string text) {
  Replace(text, "{class}: ", "");
  Replace(text, "{years}", "so many");
  Replace(text, "{unit}", "unit of output");
  for (std::size_t at = 0; (at = text.find('|', at)) != text.npos; at += 2) text.insert(at, "\\");
  return text;
}

std::string Row(const Key& key) {
  const std::string& last = key.pattern.back();
  std::string default_value = "required";
  std::string mark = "the scenario's";
  if (key.fallback) {
    default_value = FormatValue(key, *key.fallback);
    if (default_value.size() > 100) default_value = "1/12 each";
    default_value =
        default_value == "\"\"" || default_value == "[]" ? "none" : "`" + default_value + "`";
    mark = key.label ? "" : key.mark + (key.source.empty() ? "" : ": " + key.source);
  } else if (key.rule != nullptr) {
    default_value = "the profile's";
  } else if (last == "each_year_after") {
    default_value = "`0`";
  } else if (!key.required) {
    default_value = "none";
  } else if (key.optional_table) {
    default_value = "required if the table is there";
  }
  if (key.label) mark = "not marked";
  return "| `" + Join(key.pattern) + "` | " + Cell(AllowedText(key)) + " | " + Cell(key.unit) +
         " | " + Cell(default_value) + " | " + Cell(mark) + " | " + Cell(key.words) + " |\n";
}

std::string FormatCell(Kind kind, double number) {
  return kind == Kind::kDate ? ToString(Date(static_cast<std::int32_t>(number)))
                             : FormatNumber(number);
}

}  // namespace

std::string RangeText(const Range& range) {
  if (range.low <= -kNumberMax && range.high >= kNumberMax) return "";
  if (range.high >= kNumberMax) {
    return (range.above_low ? "above " : "from ") + FormatNumber(range.low);
  }
  if (range.above_low) {
    return "above " + FormatNumber(range.low) + ", at most " + FormatNumber(range.high);
  }
  return "from " + FormatNumber(range.low) + " to " + FormatNumber(range.high);
}

std::string AllowedText(const Key& key) {
  const auto with_range = [](std::string what, const Range& range) {
    const std::string text = RangeText(range);
    return text.empty() ? what : what + " " + text;
  };
  switch (key.kind) {
    case Kind::kNumber:
      return with_range("a number", key.range);
    case Kind::kInteger:
      return with_range("a whole number", key.range);
    case Kind::kFlag:
      return "true or false";
    case Kind::kText: {
      std::string text;
      for (const std::string& choice : key.choices) {
        text += (text.empty() ? "\"" : ", \"") + choice + "\"";
      }
      return text.empty() ? "text in quotes" : text;
    }
    case Kind::kDate:
      return "a date that exists, as 2028-01-31";
    case Kind::kMonthDay:
      return "a month and day that exist every year, as \"12-31\"";
    case Kind::kFile:
      return "the name of a file, in quotes";
    case Kind::kNumbers:
      return with_range("a list of " + std::to_string(key.length) + " numbers", key.range);
    case Kind::kDates:
      return "a list of dates, in order";
    case Kind::kRows: {
      std::string text;
      for (const RowColumn& column : key.columns) {
        text += (text.empty() ? "{ " : ", ") + std::string(column.name) + " = ";
        text += column.kind == Kind::kDate
                    ? "a date"
                    : with_range(column.kind == Kind::kInteger ? "a whole number" : "a number",
                                 column.range);
      }
      return "a list of " + text + " }";
    }
    case Kind::kRule:
      return key.rule->allowed +
             (key.rule->type == registry::ProfileField::Type::kText ? "; in quotes" : "");
  }
  return "";
}

std::string FormatNumber(double number) {
  char buffer[400];
  const auto [end, error] =
      std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::fixed);
  ETS_ASSERT(error == std::errc());
  return number == 0 ? "0" : std::string(buffer, end);
}

std::string FormatText(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04X", static_cast<unsigned>(c));
      quoted += escape;
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string FormatValue(const Key& key, const Value& value) {
  switch (key.kind) {
    case Kind::kNumber:
      return FormatNumber(std::get<double>(value));
    case Kind::kInteger:
      return std::to_string(std::get<std::int64_t>(value));
    case Kind::kFlag:
      return std::get<bool>(value) ? "true" : "false";
    case Kind::kText:
    case Kind::kFile:
      return FormatText(std::get<std::string>(value));
    case Kind::kDate:
      return ToString(std::get<Date>(value));
    case Kind::kMonthDay: {
      const auto day = std::get<std::int64_t>(value);
      char text[16];
      std::snprintf(text, sizeof text, "\"%02d-%02d\"", static_cast<int>(day / 100 % 100),
                    static_cast<int>(day % 100));
      return text;
    }
    case Kind::kNumbers:
    case Kind::kDates:
    case Kind::kRows: {
      const Kind cell = key.kind == Kind::kDates ? Kind::kDate : Kind::kNumber;
      std::string text;
      for (const auto& row : std::get<Rows>(value)) {
        text += text.empty() ? "" : ", ";
        if (key.kind != Kind::kRows) {
          text += FormatCell(cell, row[0]);
          continue;
        }
        for (std::size_t c = 0; c < row.size(); ++c) {
          text += std::string(c == 0 ? "{ " : ", ") + key.columns[c].name + " = " +
                  FormatCell(key.columns[c].kind, row[c]);
        }
        text += " }";
      }
      return "[" + text + "]";
    }
    case Kind::kRule:
      return FormatRule(*key.rule, std::get<std::string>(value));
  }
  return "";
}

std::string ScenarioReference() {
  std::string page = kIntro;
  std::string last;
  for (const Key& key : Keys()) {
    for (const Section& section : kSections) {
      if (key.pattern[0] != section.first || last == section.first) continue;
      last = section.first;
      page += std::string("\n### ") + section.title + "\n\n";
      page += "| key | type and range | unit | default | mark of the default | meaning |\n";
      page += "|---|---|---|---|---|---|\n";
    }
    page += Row(key);
  }
  page += "\n### Allocation rules\n\n| rule | free units of a firm |\n|---|---|\n";
  for (const policy::Rule& rule : policy::Rules()) {
    page += "| `" + std::string(rule.name) + "` | " + std::string(rule.description) + " |\n";
  }
  page += "\n### Auction formats\n\n| format | what it is |\n|---|---|\n";
  for (const auction::Profile& profile : auction::Profiles()) {
    const auction::Format& format = profile.format;
    page += "| `" + std::string(format.name) + "` | " + std::string(format.description) + " |\n";
  }
  page += R"(
`extends` (text) and `[marks]` belong to a file, not to the scenario.
)";
  return page;
}

}  // namespace ets::sim
