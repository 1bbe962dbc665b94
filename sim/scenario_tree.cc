#include "sim/scenario_tree.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace ets::sim {
namespace {

std::string_view TypeName(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::string:
      return "text";
    case toml::node_type::integer:
      return "a whole number";
    case toml::node_type::floating_point:
      return "a number";
    case toml::node_type::boolean:
      return "true or false";
    case toml::node_type::date:
      return "a date";
    case toml::node_type::time:
      return "a time";
    case toml::node_type::date_time:
      return "a date with a time";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::table:
      return "a table";
    case toml::node_type::none:
      break;
  }
  return "nothing";
}

// How a value looks to the person who wrote it, for messages.
std::string Shown(const toml::node& node) {
  if (const auto* text = node.as_string()) return FormatText(text->get());
  if (const auto* whole = node.as_integer()) return std::to_string(whole->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (const auto* real = node.as_floating_point()) {
    return std::isfinite(real->get()) ? FormatNumber(real->get())
                                      : std::string(std::isnan(real->get()) ? "nan" : "inf");
  }
  return std::string(TypeName(node));
}

std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

std::vector<std::string> NamesIn(const KeyNode& node, bool at_root) {
  std::vector<std::string> names;
  for (const auto& [name, child] : node.children) names.push_back(name);
  if (at_root) names.insert(names.end(), {"extends", "marks"});
  return names;
}

std::string ListOfKeys(const KeyNode& node, bool at_root) {
  std::string list;
  if (node.any) list = WildcardMeaning(node.wildcard);
  for (const std::string& name : NamesIn(node, at_root)) list += (list.empty() ? "" : ", ") + name;
  return list;
}

std::optional<double> DateDays(const toml::node& node) {
  const auto* date = node.as_date();
  if (date == nullptr) return std::nullopt;
  const toml::date& day = date->get();
  if (day.month < 1 || day.month > 12 || day.day < 1 ||
      day.day > DaysInMonth(day.year, day.month)) {
    return std::nullopt;
  }
  return Date::Of(day.year, day.month, day.day).days();
}

std::optional<std::int64_t> MonthDay(std::string_view text) {
  // A year without a leap day: the day must exist in every year.
  const std::optional<Date> date = Date::Parse("2025-" + std::string(text));
  if (!date || text.size() != 5) return std::nullopt;
  return date->month() * 100 + date->day();
}

class Reader {
 public:
  Reader(const std::vector<SourceFile>& files, const std::vector<std::string>& overrides) {
    for (const SourceFile& file : files) tree_.file_names.push_back(file.name);
    tree_.file_names.emplace_back("--set");
    tree_.marks.resize(files.size());
    for (const SourceFile& file : files) {
      before_ = tree_.leaves;
      ReadFile(file.text);
      ++file_;
    }
    before_ = tree_.leaves;
    for (const std::string& override_text : overrides) {
      ++override_line_;
      ReadOverride(override_text);
    }
    CheckMarks();
    std::erase_if(tree_.sectors, [&](const std::string& sector) {
      const Path prefix{"sectors", sector};
      const auto first = tree_.leaves.lower_bound(prefix);
      return first == tree_.leaves.end() || !IsUnder(first->first, prefix);
    });
  }
  ScenarioTree Take() { return std::move(tree_); }

 private:
  Place PlaceAt(const toml::source_region& source) const {
    if (override_line_ > 0) return {file_, override_line_, 1};
    const auto line = static_cast<int>(source.begin.line);
    return {file_, std::max(line, 1), std::max(static_cast<int>(source.begin.column), 1)};
  }
  void Report(const toml::source_region& source, std::string message) {
    tree_.Report(PlaceAt(source), std::move(message));
  }
  void WrongValue(const Path& path, const toml::node& node, const std::string& allowed) {
    Report(node.source(), Join(path) + " is " + Shown(node) + "; allowed: " + allowed);
  }

  // Parses a file. A line that is wrong by itself, or that says a thing twice, is reported and left
  // out, so that the rest is still looked at.
  void ReadFile(const std::string& text) {
    std::string rest = text;
    for (int attempt = 0; attempt < 50; ++attempt) {
      toml::parse_result result = toml::parse(std::string_view(rest));
      if (result) {
        Walk(result.table(), KeyTree(), {});
        return;
      }
      tree_.readable = false;
      const toml::parse_error& error = result.error();
      Report(error.source(), "not TOML: " + std::string(error.description()) +
                                 "; allowed: TOML 1.0, every key once");
      if (!LeaveOut(rest, error)) return;
    }
  }
  static bool LeaveOut(std::string& text, const toml::parse_error& error) {
    std::size_t begin = 0;
    for (toml::source_index line = 1; line < error.source().begin.line; ++line) {
      begin = text.find('\n', begin);
      if (begin == text.npos) return false;
      ++begin;
    }
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const bool twice = error.description().find("redefine") != std::string_view::npos;
    if (begin == end ||
        (!twice && toml::parse(std::string_view(text).substr(begin, end - begin)))) {
      return false;
    }
    text.erase(begin, end - begin);
    return true;
  }

  void ReadOverride(const std::string& text) {
    const std::size_t equals = text.find('=');
    const Place place{file_, override_line_, 1};
    if (equals == text.npos || equals == 0) {
      tree_.Report(place, FormatText(text) + " is not an override; allowed: key.path=value");
      return;
    }
    const auto trim = [](std::string_view part) {
      const std::size_t first = part.find_first_not_of(" \t");
      if (first == part.npos) return std::string_view();
      return part.substr(first, part.find_last_not_of(" \t") - first + 1);
    };
    const std::string key(trim(std::string_view(text).substr(0, equals)));
    const std::string value(trim(std::string_view(text).substr(equals + 1)));
    const Path path = Split(key);
    toml::parse_result parsed = toml::parse("value = " + value);
    const bool is_value = parsed && parsed.table().size() == 1 && parsed.table().contains("value");
    const bool bare = !value.empty() && value.find_first_of("\"'[]{}=\n\r") == value.npos;
    toml::table words;
    if (!is_value) {
      if (!bare) {
        tree_.Report(
            place,
            key + " is given a value that is not TOML; allowed: a TOML value or a bare word");
        return;
      }
      words.insert("value", value);
    }
    const toml::node& node = *(is_value ? parsed.table() : words).get("value");
    bare_text_ = bare ? value : "";
    WalkOverride(path, node);
  }
  void WalkOverride(const Path& path, const toml::node& node) {
    const KeyNode* at = &KeyTree();
    for (std::size_t depth = 0; depth < path.size(); ++depth) {
      const KeyNode* below = Below(*at, path[depth]);
      if (below == nullptr) {
        const Path known(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(depth) + 1);
        Report(node.source(), Unknown(*at, known, false));
        return;
      }
      at = below;
    }
    Visit(node, *at, path);
  }

  std::string Unknown(const KeyNode& node, const Path& path, bool at_root) const {
    if (node.key != nullptr)
      return Join(path) + " goes too deep; allowed: " + AllowedText(*node.key);
    std::vector<std::string> known = NamesIn(node, at_root);
    if (path.size() == 2 && path[0] == "sectors") known = tree_.sectors;
    const std::string near = Nearest(path.back(), known);
    return "unknown key '" + Join(path) + "'; " +
           (near.empty() ? "" : "did you mean '" + near + "'? ") +
           "allowed: " + ListOfKeys(node, at_root);
  }
  static const KeyNode* Below(const KeyNode& node, const std::string& part) {
    const auto child = node.children.find(part);
    if (child != node.children.end()) return &child->second;
    return node.any && FitsWildcard(node.wildcard, part) ? node.any.get() : nullptr;
  }

  void Walk(const toml::table& table, const KeyNode& node, const Path& path) {
    // A TOML table is sorted by name; people read files from the top.
    std::vector<std::pair<const toml::key*, const toml::node*>> entries;
    for (const auto& [key, value] : table) entries.emplace_back(&key, &value);
    std::ranges::stable_sort(entries, [](const auto& a, const auto& b) {
      const auto& x = a.first->source().begin;
      const auto& y = b.first->source().begin;
      return x.line != y.line ? x.line < y.line : x.column < y.column;
    });
    for (const auto& [key, value] : entries) {
      Path at = path;
      at.emplace_back(key->str());
      if (path.empty() && at[0] == "extends") {
        if (!value->is_string()) WrongValue(at, *value, "the name of a scenario file, in quotes");
        continue;
      }
      if (path.empty() && at[0] == "marks" && override_line_ == 0) {
        ReadMarks(*value, {});
        continue;
      }
      const KeyNode* below = Below(node, at.back());
      if (below == nullptr) {
        Report(key->source(), Unknown(node, at, path.empty()));
      } else {
        Visit(*value, *below, at);
      }
    }
  }

  void Visit(const toml::node& value, const KeyNode& node, const Path& path) {
    if (path.size() == 2 && path[0] == "sectors" &&
        std::ranges::find(tree_.sectors, path[1]) == tree_.sectors.end()) {
      tree_.sectors.push_back(path[1]);
    }
    if (node.key != nullptr) {
      ReadLeaf(value, *node.key, path);
      return;
    }
    const toml::table* table = value.as_table();
    if (table == nullptr) {
      WrongValue(path, value, "a table of " + ListOfKeys(node, false));
      return;
    }
    if (table->is_inline()) {
      // A table in braces replaces what earlier files say.
      std::erase_if(tree_.leaves, [&](const auto& entry) {
        return IsUnder(entry.first, path) &&
               (entry.second.place.file < file_ || override_line_ > entry.second.place.line);
      });
    }
    Walk(*table, node, path);
  }

  void ReadLeaf(const toml::node& node, const Key& key, const Path& path) {
    Leaf leaf;
    leaf.key = &key;
    leaf.path = path;
    leaf.place = PlaceAt(node.source());
    leaf.changed_by = file_;
    std::optional<Value> value = ReadValue(node, key, path);
    leaf.good = value.has_value();
    if (value) {
      leaf.value = std::move(*value);
      const auto old = before_.find(path);
      if (old != before_.end() && old->second.good &&
          FormatValue(key, old->second.value) == FormatValue(key, leaf.value)) {
        leaf.changed_by = old->second.changed_by;
      }
    }
    ever_.insert(path);
    tree_.leaves.insert_or_assign(path, std::move(leaf));
  }

  // The text of a profile's field in the form that the profile writes it.
  std::optional<std::string> ReadRule(const toml::node& node,
                                      const registry::ProfileField& field) const {
    using Type = registry::ProfileField::Type;
    std::string text = bare_text_;  // --set registry.rules.trusted.kind=at_once is a word.
    if (field.type == Type::kFlag && node.is_boolean()) {
      text = node.as_boolean()->get() ? "true" : "false";
    } else if (field.type == Type::kNumber && node.is_integer()) {
      text = std::to_string(node.as_integer()->get());
    } else if (field.type == Type::kText && node.is_string()) {
      text = node.as_string()->get();
    } else if (field.type != Type::kText || text.empty()) {
      return std::nullopt;
    }
    registry::Profile profile;
    if (!field.set(profile, text)) return std::nullopt;
    return field.get(profile);
  }

  std::optional<Value> ReadValue(const toml::node& node, const Key& key, const Path& path) {
    switch (key.kind) {
      case Kind::kNumber:
      case Kind::kInteger: {
        const std::optional<double> number = Number(node, key.kind, key.range);
        if (!number) break;
        if (key.kind == Kind::kNumber) return Value(*number);
        return Value(node.as_integer()->get());
      }
      case Kind::kFlag:
        if (const auto* flag = node.as_boolean()) return Value(flag->get());
        break;
      case Kind::kText:
      case Kind::kFile: {
        std::string text = bare_text_;  // --set name=2030 is a name.
        if (const auto* given = node.as_string()) text = given->get();
        if (text.empty() && !node.is_string()) break;
        if (key.required && text.empty()) break;
        if (!key.choices.empty() && std::ranges::find(key.choices, text) == key.choices.end())
          break;
        return Value(std::move(text));
      }
      case Kind::kDate:
        if (const auto days = DateDays(node); days && key.range.Holds(*days)) {
          return Value(Date(static_cast<std::int32_t>(*days)));
        }
        break;
      case Kind::kMonthDay:
        if (const auto* text = node.as_string()) {
          if (const auto day = MonthDay(text->get())) return Value(*day);
        }
        break;
      case Kind::kNumbers:
      case Kind::kDates:
      case Kind::kRows:
        if (const toml::array* list = node.as_array()) return ReadRows(*list, key, path);
        break;
      case Kind::kRule:
        if (std::optional<std::string> text = ReadRule(node, *key.rule)) {
          return Value(std::move(*text));
        }
        break;
    }
    WrongValue(path, node, AllowedText(key));
    return std::nullopt;
  }
  static std::optional<double> Number(const toml::node& node, Kind kind, const Range& range) {
    double number = 0;
    if (const auto* whole = node.as_integer()) {
      number = static_cast<double>(whole->get());
    } else if (const auto* real = node.as_floating_point(); real && kind == Kind::kNumber) {
      number = real->get();
    } else {
      return std::nullopt;
    }
    if (!std::isfinite(number) || !range.Holds(number)) return std::nullopt;
    return number;
  }

  std::optional<Value> ReadRows(const toml::array& list, const Key& key, const Path& path) {
    Rows rows;
    bool good = true;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const toml::node& element = *list.get(i);
      Path at = path;
      at.back() += "[" + std::to_string(i) + "]";
      if (key.kind != Kind::kRows) {
        const std::optional<double> cell = key.kind == Kind::kDates
                                               ? DateDays(element)
                                               : Number(element, Kind::kNumber, key.range);
        if (!cell || !key.range.Holds(*cell)) {
          WrongValue(at, element, AllowedText(key));
          good = false;
          continue;
        }
        rows.push_back({*cell});
        continue;
      }
      const std::optional<std::vector<double>> row = ReadRow(element, key, at);
      good = good && row.has_value();
      if (row) rows.push_back(*row);
    }
    if (good && key.length != 0 && rows.size() != key.length) {
      Report(list.source(), Join(path) + " has " + std::to_string(rows.size()) +
                                " values; allowed: " + AllowedText(key));
      good = false;
    }
    if (good && rows.empty() && key.required) {
      Report(list.source(), Join(path) + " is empty; allowed: " + AllowedText(key));
      good = false;
    }
    if (!good) return std::nullopt;
    return Value(std::move(rows));
  }
  std::optional<std::vector<double>> ReadRow(const toml::node& element, const Key& key,
                                             const Path& at) {
    const toml::table* table = element.as_table();
    if (table == nullptr) {
      WrongValue(at, element, AllowedText(key));
      return std::nullopt;
    }
    bool good = true;
    std::vector<double> row;
    for (const RowColumn& column : key.columns) {
      const toml::node* cell = table->get(column.name);
      if (cell == nullptr) {
        Report(element.source(),
               Join(at) + " has no " + column.name + "; allowed: " + AllowedText(key));
        good = false;
        continue;
      }
      std::optional<double> number =
          column.kind == Kind::kDate ? DateDays(*cell) : Number(*cell, column.kind, column.range);
      if (number && !column.range.Holds(*number)) number.reset();
      if (!number) {
        Path inside = at;
        inside.emplace_back(column.name);
        WrongValue(inside, *cell, AllowedText(key));
        good = false;
      }
      row.push_back(number.value_or(0));
    }
    for (const auto& [name, cell] : *table) {
      if (std::ranges::none_of(key.columns, [&](const RowColumn& c) { return name == c.name; })) {
        Report(name.source(), "unknown key '" + std::string(name.str()) + "' in " + Join(at) +
                                  "; allowed: " + AllowedText(key));
        good = false;
      }
    }
    if (!good) return std::nullopt;
    return row;
  }

  void ReadMarks(const toml::node& node, const Path& path) {
    constexpr const char* kAllowed = "\"fact: source\" or \"assumption: why\"";
    if (const toml::table* table = node.as_table()) {
      for (const auto& [key, value] : *table) {
        Path at = path;
        for (std::string& part : Split(key.str())) at.push_back(std::move(part));
        if (!CanExist(KeyTree(), at, 0)) {
          Report(key.source(), "a mark for '" + Join(at) +
                                   "', which no key begins with; allowed: a key or its first "
                                   "parts, * for any one part");
          continue;
        }
        ReadMarks(value, at);
      }
      return;
    }
    const auto* text = node.as_string();
    Mark mark;
    mark.path = path;
    mark.place = PlaceAt(node.source());
    std::string_view rest = text != nullptr ? std::string_view(text->get()) : std::string_view();
    const auto starts = [&](std::string_view word) {
      if (!rest.starts_with(word)) return false;
      if (rest.size() > word.size() && rest[word.size()] != ':') return false;
      rest.remove_prefix(std::min(rest.size(), word.size() + 1));
      rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(' ')));
      return true;
    };
    mark.fact = starts("fact");
    if (path.empty() || (!mark.fact && !starts("assumption")) || (mark.fact && rest.empty())) {
      Path at = path;
      at.insert(at.begin(), "marks");
      WrongValue(at, node, kAllowed);
      return;
    }
    mark.source = rest;
    tree_.marks[static_cast<std::size_t>(file_)].push_back(std::move(mark));
  }
  // A mark for a sector or a year that no file ever mentions is a slip of the pen.
  void CheckMarks() {
    for (const std::vector<Mark>& marks : tree_.marks) {
      for (const Mark& mark : marks) {
        const auto covers = [&](const Path& path) { return Covers(mark, path); };
        const auto is_pattern = [&](const Key& key) { return Covers(mark, key.pattern); };
        if (std::ranges::any_of(ever_, covers) || std::ranges::any_of(Keys(), is_pattern)) continue;
        tree_.Report(mark.place,
                     "a mark for '" + Join(mark.path) +
                         "', where no file says anything; allowed: a key that is there");
      }
    }
  }
  static bool CanExist(const KeyNode& node, const Path& path, std::size_t depth) {
    if (depth == path.size()) return true;
    if (path[depth] == "*") {
      const auto below = [&](const auto& child) { return CanExist(child.second, path, depth + 1); };
      return std::ranges::any_of(node.children, below) ||
             (node.any && CanExist(*node.any, path, depth + 1));
    }
    const KeyNode* below = Below(node, path[depth]);
    return below != nullptr && CanExist(*below, path, depth + 1);
  }

  ScenarioTree tree_;
  std::map<Path, Leaf> before_;  // What the earlier files say.
  std::set<Path> ever_;          // Every leaf that some file names, later replaced or not.
  int file_ = 0;
  int override_line_ = 0;  // The number of the override being read; 0: a file is.
  std::string bare_text_;
};

}  // namespace

bool Covers(const Mark& mark, const Path& path) {
  const auto fits = [](const std::string& pattern, const std::string& part) {
    return pattern == "*" || pattern == part;
  };
  return mark.path.size() <= path.size() &&
         std::equal(mark.path.begin(), mark.path.end(), path.begin(), fits);
}

std::string Nearest(std::string_view word, const std::vector<std::string>& names) {
  const auto distance = [&](const std::string& name) { return Distance(name, word); };
  const auto best = std::ranges::min_element(names, {}, distance);
  const std::size_t most = std::max<std::size_t>(2, word.size() / 3);
  return best != names.end() && distance(*best) <= most ? *best : "";
}

const Leaf* ScenarioTree::Find(const Path& path) const {
  const auto found = leaves.find(path);
  return found == leaves.end() ? nullptr : &found->second;
}

bool ScenarioTree::Bad(const Path& prefix) const {
  for (auto i = leaves.lower_bound(prefix); i != leaves.end() && IsUnder(i->first, prefix); ++i) {
    if (!i->second.good) return true;
  }
  return false;
}

Place ScenarioTree::PlaceOf(const Path& path) const {
  for (Path at = path; !at.empty(); at.pop_back()) {
    const Leaf* first = nullptr;
    for (auto i = leaves.lower_bound(at); i != leaves.end() && IsUnder(i->first, at); ++i) {
      const Place& place = i->second.place;
      if (place.file < 0) continue;
      if (first == nullptr || place.file > first->place.file ||
          (place.file == first->place.file && place.line < first->place.line)) {
        first = &i->second;
      }
    }
    if (first != nullptr) return first->place;
  }
  return {};
}

void ScenarioTree::Report(const Place& place, std::string message) {
  const auto file = static_cast<std::size_t>(place.file);
  problems.push_back({file_names[file], place.line, place.column, std::move(message)});
}

ScenarioTree ReadTree(const std::vector<SourceFile>& files,
                      const std::vector<std::string>& overrides) {
  return Reader(files, overrides).Take();
}

Mentions MentionsOf(std::string_view text) {
  Mentions mentions;
  toml::parse_result parsed = toml::parse(text);
  if (!parsed) return mentions;
  if (const auto extends = parsed.table()["extends"].value<std::string>())
    mentions.extends = *extends;
  for (const Key& key : Keys()) {
    if (key.kind != Kind::kFile) continue;
    const toml::node* node = &parsed.table();
    for (const std::string& part : key.pattern) {
      node = node != nullptr && node->is_table() ? node->as_table()->get(part) : nullptr;
    }
    if (node == nullptr || !node->is_string() || node->as_string()->get().empty()) continue;
    mentions.data.push_back(node->as_string()->get());
  }
  return mentions;
}

Mentions MentionsOfOverrides(const std::vector<std::string>& overrides) {
  Mentions mentions;
  for (const auto& [path, leaf] : ReadTree({}, overrides).leaves) {
    if (leaf.key->kind != Kind::kFile || !leaf.good) continue;
    const std::string& name = std::get<std::string>(leaf.value);
    if (!name.empty()) mentions.data.push_back(name);
  }
  return mentions;
}

}  // namespace ets::sim
