#include "market/rules_file.h"

#include <algorithm>
#include <utility>

#include "market/rules_keys.h"

namespace ets::market {
namespace {

// ---- Rules that span two keys ----

// Broken when it says something: what is allowed.
struct SessionCheck {
  std::string_view key;  // Where it is reported.
  std::string (*allowed)(const SessionType& type);
};

int LengthOf(const Window& window) { return window.to - window.from; }
Window LastOf(const SessionType& type) {
  Window last = type.hours[0];
  for (const Window& window : type.hours) last = window == Window{} ? last : window;
  return last;
}

const std::vector<SessionCheck>& SessionChecks() {
  static const std::vector<SessionCheck> checks = {
      {"band",
       [](const SessionType& type) -> std::string {
         const bool is_wrong = type.mechanism == Mechanism::kOrderBook && type.band_bp == 0;
         return is_wrong ? "above 0 where there is an order book" : "";
       }},
      {"quantity_below_t",
       [](const SessionType& type) -> std::string {
         const bool is_wrong =
             type.quantity_below != Tonnes(0) && type.quantity_below <= type.quantity_from;
         return is_wrong ? "0, or above quantity_from_t (" + ToString(type.quantity_from) + ")"
                         : "";
       }},
      {"quantity_max_t",
       [](const SessionType& type) -> std::string {
         const bool is_wrong =
             type.quantity_max != Tonnes(0) && type.quantity_max < type.quantity_from;
         return is_wrong ? "0, or from quantity_from_t (" + ToString(type.quantity_from) + ") on"
                         : "";
       }},
      {"volatility_call_min",
       [](const SessionType& type) -> std::string {
         const bool has_range = type.static_range_bp != 0 || type.dynamic_range_bp != 0;
         return has_range && type.volatility_call == 0
                    ? "above 0 where there is a static_range or a dynamic_range"
                    : "";
       }},
      {"opening_call_min",
       [](const SessionType& type) -> std::string {
         if (type.hours[0] == Window{}) return "";
         const bool is_one = type.hours[1] == Window{};
         const int calls = type.opening_call + (is_one ? type.closing_call : 0);
         if (calls <= LengthOf(type.hours[0])) return "";
         return "with the closing call of the same window at most its " +
                std::to_string(LengthOf(type.hours[0])) + " minutes";
       }},
      {"closing_call_min",
       [](const SessionType& type) -> std::string {
         if (type.hours[0] == Window{} || type.closing_call <= LengthOf(LastOf(type))) return "";
         return "at most the " + std::to_string(LengthOf(LastOf(type))) +
                " minutes of the last window";
       }},
  };
  return checks;
}

// ---- The file ----

bool IsSessionName(std::string_view name) {
  return !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

using Entry = std::pair<const toml::key*, const toml::node*>;

// In the order of the file; toml++ sorts by name.
std::vector<Entry> EntriesOf(const toml::table& table) {
  std::vector<Entry> entries;
  for (const auto& [key, value] : table) entries.emplace_back(&key, &value);
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    const toml::source_position& x = a.first->source().begin;
    const toml::source_position& y = b.first->source().begin;
    return std::pair(x.line, x.column) < std::pair(y.line, y.column);
  });
  return entries;
}

std::string NamesOf(const auto& keys, std::string_view more) {
  std::string names;
  for (const auto& key : keys) names += std::string(key.name) + ", ";
  return names += more;
}

class RulesReader {
 public:
  explicit RulesReader(std::string_view name) : name_(name) {}

  // A line that is no TOML is reported and left out, so that the rest is still looked at.
  void Read(std::string text) {
    toml::parse_result parsed = toml::parse(text);
    while (!parsed) {
      const toml::source_region at = parsed.error().source();
      Report(at, "not TOML: " + std::string(parsed.error().description()) +
                     "; allowed: TOML 1.0, every key once");
      if (!LeaveOut(text, at.begin.line)) return;
      parsed = toml::parse(text);
    }
    const toml::table& table = parsed.table();
    bool has_fee_account = false;
    for (const auto& [key, value] : EntriesOf(table)) {
      if (key->str() == "session") {
        ReadSessions(*value);
        continue;
      }
      has_fee_account = has_fee_account || key->str() == "fee_account";
      ReadKey(VenueKeys(), "", *key, *value, rules_, "session");
    }
    CheckVenue(table, has_fee_account);
  }
  Result<VenueRules, RulesProblems> Take() {
    if (!problems_.empty()) return Fail{std::move(problems_)};
    if (const std::string wrong = WhatIsWrong(rules_); !wrong.empty()) {
      return Fail{RulesProblems{std::string(name_) + ": " + wrong}};
    }
    return std::move(rules_);
  }

 private:
  void Report(const toml::source_region& source, const std::string& message) {
    problems_.push_back(std::string(name_) + ":" + std::to_string(source.begin.line) + ":" +
                        std::to_string(source.begin.column) + ": " + message);
  }

  // False: there is nothing to leave out.
  static bool LeaveOut(std::string& text, toml::source_index line) {
    std::size_t begin = 0;
    for (toml::source_index i = 1; i < line && begin != text.npos; ++i) {
      begin = text.find('\n', begin);
      if (begin != text.npos) ++begin;
    }
    if (begin == text.npos) return false;
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    text.erase(begin, end - begin);
    return end > begin;
  }

  // `more`: what may stand here beside the keys.
  template <typename T>
  bool ReadKey(const std::vector<KeyOf<T>>& keys, const std::string& prefix, const toml::key& key,
               const toml::node& value, T& into, std::string_view more) {
    const auto row = std::find_if(keys.begin(), keys.end(),
                                  [&](const auto& one) { return one.name == key.str(); });
    const std::string path = prefix + std::string(key.str());
    if (row == keys.end()) {
      Report(key.source(), "unknown key '" + path + "'; allowed: " + NamesOf(keys, more));
      return false;
    }
    if (row->read(value, into)) return true;
    Report(value.source(),
           path + " is " + Shown(value) + "; allowed: " + std::string(row->allowed));
    return false;
  }

  void ReadSessions(const toml::node& node) {
    const toml::table* const table = node.as_table();
    if (table == nullptr) {
      return Report(node.source(), "session is " + Shown(node) +
                                       "; allowed: tables as in "
                                       "[session.cn-listed]");
    }
    rules_.sessions.clear();
    for (const auto& [key, value] : EntriesOf(*table)) ReadSession(*key, *value);
    if (table->size() > kSessionTypesMax) {
      Report(node.source(), "there are " + std::to_string(table->size()) +
                                " session types; allowed: " + std::to_string(kSessionTypesMax));
    }
  }

  void ReadSession(const toml::key& name, const toml::node& node) {
    const toml::table* const table = node.as_table();
    const std::string prefix = "session." + std::string(name.str()) + ".";
    if (!IsSessionName(name.str())) {
      Report(name.source(), "a session type is named \"" + std::string(name.str()) +
                                "\"; allowed: 1 to 32 letters, digits, - and _");
    }
    if (table == nullptr) {
      return Report(node.source(), "session." + std::string(name.str()) + " is " + Shown(node) +
                                       "; allowed: a table of its keys");
    }
    SessionType type = BaseOf(name.str(), *table, prefix);
    type.name = std::string(name.str());
    bool is_good = true;
    for (const auto& [key, value] : EntriesOf(*table)) {
      if (key->str() == "like") continue;
      is_good = ReadKey(SessionKeys(), prefix, *key, *value, type, "like") && is_good;
    }
    if (is_good) CheckSession(name, *table, prefix, type);
    rules_.sessions.push_back(std::move(type));
  }

  SessionType BaseOf(std::string_view name, const toml::table& table, const std::string& prefix) {
    SessionType plain;
    plain.band_bp = FindSessionType("cn-listed")->band_bp;
    plain.close = CloseRule::kAverage;
    const toml::node* const like = table.get("like");
    if (like == nullptr) {
      const SessionType* const shipped = FindSessionType(name);
      return shipped == nullptr ? plain : *shipped;
    }
    const auto* const text = like->as_string();
    const SessionType* const base = text == nullptr ? nullptr : FindSessionType(text->get());
    if (base != nullptr) return *base;
    Report(like->source(), prefix + "like is " + Shown(*like) +
                               "; allowed: " + NamesOf(SessionTypes(), "in quotes"));
    return plain;
  }

  void CheckSession(const toml::key& name, const toml::table& table, const std::string& prefix,
                    const SessionType& type) {
    for (const SessionCheck& check : SessionChecks()) {
      const std::string allowed = check.allowed(type);
      if (allowed.empty()) continue;
      const auto key = std::find_if(SessionKeys().begin(), SessionKeys().end(),
                                    [&](const SessionKey& one) { return one.name == check.key; });
      const toml::node* const said = table.get(check.key);
      Report(said == nullptr ? name.source() : said->source(),
             prefix + std::string(check.key) + " is " + key->write(type) + "; allowed: " + allowed);
    }
  }

  void CheckVenue(const toml::table& table, bool has_fee_account) {
    if (rules_.First(Mechanism::kOrderBook) == nullptr) {
      Report(table.source(),
             "no session type has mechanism = \"order_book\"; allowed: at least one "
             "that has");
    }
    if (rules_.HasFees() && !has_fee_account) {
      Report(table.source(), "fee_account is missing; allowed where there are fees: " +
                                 std::string(VenueKeys()[3].allowed));
    }
  }

  const std::string_view name_;
  VenueRules rules_ = ShippedRules();
  RulesProblems problems_;
};

template <typename T>
void Write(const KeyOf<T>& key, const T& from, bool with_words, std::string& out) {
  std::string line = std::string(key.name) + " = " + key.write(from);
  if (with_words) {
    constexpr std::size_t kColumn = 36;
    line.resize(std::max(line.size() + 2, kColumn), ' ');
    line += "# " + std::string(key.words);
  }
  out += line + "\n";
}

}  // namespace

VenueRules ShippedRules() {
  VenueRules rules;
  rules.sessions.assign(SessionTypes().begin(), SessionTypes().end());
  return rules;
}

Result<VenueRules, RulesProblems> ParseRules(std::string_view text, std::string_view name) {
  RulesReader reader(name);
  reader.Read(std::string(text));
  return reader.Take();
}

std::string FormatRules(const VenueRules& rules) {
  std::string out = "# A venue's rules: capclear serve --rules FILE\n\n";
  for (const VenueKey& key : VenueKeys()) {
    const bool is_unused =
        key.name == "fee_account" && !rules.HasFees() && rules.fee_account == AccountId();
    if (is_unused) out += "# ";
    Write(key, rules, true, out);
  }
  bool is_first = true;
  for (const SessionType& type : rules.sessions) {
    out += "\n[session." + type.name + "]\n";
    for (const SessionKey& key : SessionKeys()) Write(key, type, is_first, out);
    is_first = false;
  }
  return out;
}

std::vector<RuleKey> RuleKeys() {
  std::vector<RuleKey> rows;
  for (const VenueKey& key : VenueKeys()) rows.push_back({key.name, false, key.allowed, key.words});
  for (const SessionKey& key : SessionKeys()) {
    rows.push_back({key.name, true, key.allowed, key.words});
  }
  return rows;
}

}  // namespace ets::market
