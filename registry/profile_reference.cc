#include "registry/profile.h"

// docs/profiles.md, out of the table of fields and the shipped profiles.
namespace ets::registry {
namespace {

constexpr const char* kIntro =
    R"(# Rule profiles

<!-- Generated from the table of fields, registry/profile_fields.cc, and the shipped profiles,
     registry/profiles.cc; a test compares. To change this page, change those and run the test
     ProfileReference.IsThePageInTheDocs with ETS_WRITE_DOCS=1. -->

How the law of a place binds the registry is data. A registry is opened under one profile, and the
first record of its journal holds the whole of it as text, one `key = value` a line. Five are
shipped:

| name | whose law | read in |
|---|---|---|
| `cn` | China's national scheme | State Council Decree 775; the plans for 2023-24, 2025-26 |
| `eu` | the European Union's scheme | Regulation (EU) 2019/1122; Directive 2003/87/EC |
| `uk` | the United Kingdom's scheme | SI 2020/1265; the registry's published source |
| `ca` | California's scheme | 17 CCR 95801-96022 |
| `sim` | the simulation's: China's vintages and quota, no delays, no second persons | |

Beside each value in `registry/profiles.cc` stands the article it comes from, or that it is our
choice. A value that a place's law leaves to somebody's setting is the one its published tests use.

## A profile of your own

Write down what differs, in a text file or in a scenario:

```
name = slow-trust
trusted_entry.kind = at_minute
trusted_entry.at_minute = 720
trusted_entry.days_before = 7
trusted_entry.days_after = 7
```

A key that is missing keeps its value in `sim`. Empty lines and lines that begin with `#` are left
out. A value that is not allowed, a key that does not exist or stands there twice, and two values
that contradict each other (a window that closes before it opens) are refused with their line.

In a scenario `registry.profile` names the profile to start from, and the table `[registry.rules]`
has the same keys:

```toml
[registry]
profile = "sim"

[registry.rules]
holding_limit.base_t = 25_000_000
holding_limit.base_bp = 1000
holding_limit.rest_bp = 250
```

## How times are counted

Working days are Monday to Friday without `holidays`. Minutes of the day are those of the profile's
clocks, summer time included; an end of a window and a cutoff are themselves inside. A proposal on a
day that is no working day counts as made on the next one, before its cutoff. With `in_window` the
clock starts at the next instant inside the window, then the days and minutes of delay pass, and
again the next instant inside the window counts; where the delay ends on a day that is no working
day, it is the same time of the next one. Whoever proposes later is never served earlier.

## Keys
)";

struct Section {
  const char* first;  // How its keys begin.
  const char* title;
};
constexpr Section kSections[] = {
    {"name", "The place"},
    {"transfers.four_eyes", "Transfers and who agrees to them"},
    {"trusted.", "Transfers to accounts on the trusted list"},
    {"untrusted.", "Other transfers"},
    {"trusted_entry.", "Entries of the trusted list"},
    {"transfers.abort", "Proposals and publication"},
    {"units.", "Units"},
    {"surrender.", "What may be surrendered"},
    {"compliance.", "Compliance and shortfall"},
    {"reversal.", "Reversal"},
    {"units.cap_binds", "Caps, serials and holding limits"},
};

std::string Cell(const Profile& profile, const ProfileField& field) {
  if (field.key != "holidays" || profile.holidays.empty()) return "`" + field.get(profile) + "`";
  return std::to_string(profile.holidays.size()) + " bank holidays from " +
         ToString(profile.holidays.front()) + " to " + ToString(profile.holidays.back());
}

std::string Heading() {
  std::string names = "| key | meaning | allowed |";
  std::string line = "|---|---|---|";
  for (const Profile& profile : Profiles()) {
    names += " " + profile.name + " |";
    line += "---|";
  }
  return names + "\n" + line + "\n";
}

}  // namespace

std::string ProfileReference() {
  std::string page = kIntro;
  const Section* next = std::begin(kSections);
  for (const ProfileField& field : ProfileFields()) {
    if (next != std::end(kSections) && field.key.starts_with(next->first)) {
      page += std::string("\n### ") + next->title + "\n\n" + Heading();
      ++next;
    }
    page += "| `" + field.key + "` | " + field.words + " | " + field.allowed + " |";
    for (const Profile& profile : Profiles()) page += " " + Cell(profile, field) + " |";
    page += "\n";
  }
  return page;
}

}  // namespace ets::registry
