#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "market/inputs.h"

namespace ets::market {

// A venue's rules as a file that people write, in TOML. What the file does not say is as shipped: a
// [session.NAME] starts from the shipped type of that name or of the one that its `like` names,
// else from a book that trades at every hour; a file without sessions has the shipped ones. Session
// types come in the order of the file. Shares are of 1 (0.10 is 10%), prices money a tonne.
//
//   zone = "+08:00"
//   closed_days = [2026-10-01, 2026-10-02]
//   holding_limit_t = 5000000
//
//   [session.cn-listed]
//   hours = ["09:30-11:30", "13:00-15:00"]
//   ticks = [{ from = 0, tick = 0.01 }, { from = 100, tick = 0.05 }]

// The venue's rules that are shipped: the rows of SessionTypes() with their hours.
VenueRules ShippedRules();

// Everything that is wrong with a text, each as "file:line:column: key is value; allowed: ...".
using RulesProblems = std::vector<std::string>;
// `name` is the file's, for messages.
Result<VenueRules, RulesProblems> ParseRules(std::string_view text, std::string_view name);

// Every key with its value and what it means; ParseRules() reads the same rules back.
std::string FormatRules(const VenueRules& rules);

// One row a key, for help and documents.
struct RuleKey {
  std::string_view name;
  bool of_session = false;  // Under [session.NAME].
  std::string_view allowed;
  std::string_view words;
};
std::vector<RuleKey> RuleKeys();

}  // namespace ets::market
