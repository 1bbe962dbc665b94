#include "sim/scenario_inputs.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace ets::sim {
namespace {

// The leaves in the order of the table of keys, sector by sector.
std::vector<const Leaf*> InOrder(const ScenarioTree& tree) {
  std::vector<const Leaf*> leaves;
  for (const auto& [path, leaf] : tree.leaves) {
    if (leaf.good) leaves.push_back(&leaf);
  }
  const Key* first = Keys().data();
  const auto rank = [&](const Leaf* leaf) {
    std::ptrdiff_t sector = -1;
    if (leaf->path[0] == "sectors") {
      sector = std::ranges::find(tree.sectors, leaf->path[1]) - tree.sectors.begin();
    }
    // Behaviour's horizons are numbers of different length; every other part sorts as text.
    return std::tuple(sector, leaf->key - first, leaf->path.back().size(), leaf->path);
  };
  std::ranges::stable_sort(leaves, {}, rank);
  return leaves;
}

// The longest mark that covers a path from `least` parts on, of those that name most of it.
const Mark* BestMark(const std::vector<Mark>& marks, const Path& path, std::size_t least) {
  const Mark* best = nullptr;
  std::pair<std::size_t, std::ptrdiff_t> best_rank;
  for (const Mark& mark : marks) {
    if (mark.path.size() < least || !Covers(mark, path)) continue;
    const std::pair rank(mark.path.size(), -std::ranges::count(mark.path, "*"));
    if (best == nullptr || rank > best_rank) {
      best = &mark;
      best_rank = rank;
    }
  }
  return best;
}

std::string WithoutFolder(const std::string& file) {
  return file.substr(file.find_last_of('/') + 1);
}

void Replace(std::string& text, std::string_view from, const std::string& to) {
  const std::size_t at = text.find(from);
  if (at != text.npos) text.replace(at, from.size(), to);
}

std::string TitleOf(const Scenario& scenario, const Leaf& leaf) {
  const Key& key = *leaf.key;
  std::string words = key.words.substr(0, key.words.find(';'));
  if (key.pattern.size() > 2 && key.pattern[2] == "<class>") {
    std::string name = leaf.path[2];
    std::ranges::replace(name, '_', ' ');
    Replace(words, "{class}", name.starts_with("I") ? "class " + name : name);
  }
  Replace(words, "{years}", leaf.path.back());
  const auto title_of = [&](const std::string& sector) {
    const int index = scenario.SectorIndex(sector);
    return index < 0 ? sector : scenario.sectors[static_cast<std::size_t>(index)].title;
  };
  if (leaf.path[0] == "sectors") {
    words = title_of(leaf.path[1]) + ": " + words;
  } else if (words[0] >= 'a' && words[0] <= 'z') {
    words[0] = static_cast<char>(words[0] - 'a' + 'A');
  }
  for (std::size_t i = 2; i < key.pattern.size(); ++i) {
    if (key.pattern[i] == "<year>") words += ", " + leaf.path[i];
    if (key.pattern[i] == "<vintage>") {
      words += ", vintage " + (leaf.path[i] == "2020" ? "2019-20" : leaf.path[i]);
    }
    if (key.pattern[i] == "<sector>") words += ", " + title_of(leaf.path[i]);
  }
  return words;
}

std::string UnitOf(const Scenario& scenario, const Leaf& leaf) {
  std::string unit = leaf.key->unit;
  if (leaf.path[0] == "sectors") {
    const int index = scenario.SectorIndex(leaf.path[1]);
    Replace(unit, "{unit}", scenario.sectors[static_cast<std::size_t>(index)].unit);
  }
  return unit;
}

// What shares a line of [marks] when all of it is marked alike: a series, or a key by itself.
Path GroupOf(const Leaf& leaf) {
  const std::string& last = leaf.key->pattern.back();
  Path group = leaf.path;
  if (last.front() == '<' || last == "each_year_after") group.pop_back();
  return group;
}

}  // namespace

std::vector<InputRow> InputsOf(const Scenario& scenario, ScenarioTree& tree) {
  std::vector<InputRow> rows;
  std::set<Path> reported;
  const bool any_mark =
      std::ranges::any_of(tree.marks, [](const auto& marks) { return !marks.empty(); });
  if (!any_mark && !tree.marks.empty()) {
    tree.Report({},
                "no [marks] table; allowed: one that marks every value, as \"sectors\" = "
                "\"assumption: why\"");
  }
  for (const Leaf* leaf : InOrder(tree)) {
    if (leaf->key->label) continue;
    InputRow row;
    row.key = Join(leaf->path);
    row.value = FormatValue(*leaf->key, leaf->value);
    row.unit = UnitOf(scenario, *leaf);
    row.title = TitleOf(scenario, *leaf);
    // A default knows its own mark; only one that names it whole says better.
    const std::size_t least = leaf->changed_by < 0 ? leaf->path.size() : 0;
    const int from = std::max(leaf->changed_by, 0);
    const Mark* mark = nullptr;
    for (int file = static_cast<int>(tree.marks.size()) - 1; mark == nullptr && file >= from;
         --file) {
      mark = BestMark(tree.marks[static_cast<std::size_t>(file)], leaf->path, least);
    }
    if (mark != nullptr) {
      row.mark = mark->fact ? "fact" : "assumption";
      row.source = mark->source;
    } else if (leaf->changed_by < 0) {
      row.mark = leaf->key->mark;
      row.source = leaf->key->source;
    } else if (leaf->changed_by > 0) {
      row.mark = "assumption";
      row.source = "changed by " +
                   WithoutFolder(tree.file_names[static_cast<std::size_t>(leaf->changed_by)]);
    } else if (any_mark && reported.insert(GroupOf(*leaf)).second) {
      tree.Report(leaf->place, Join(leaf->path) + " has no mark; allowed: a line in [marks], \"" +
                                   Join(GroupOf(*leaf)) +
                                   "\" = \"fact: source\" or \"assumption: why\"");
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string ResolvedText(const Scenario& scenario, const ScenarioTree& tree) {
  std::vector<std::pair<Path, std::string>> tables;  // By heading, in order of first appearance.
  std::map<Path, std::size_t> index;
  std::vector<std::pair<Path, std::vector<std::string>>> marks;  // By group: a line a leaf.
  const auto marked = [](const InputRow& row) {
    return FormatText(row.mark + (row.source.empty() ? "" : ": " + row.source));
  };
  std::size_t input = 0;
  for (const Leaf* leaf : InOrder(tree)) {
    const Path heading(leaf->path.begin(), leaf->path.end() - 1);
    const auto [place, added] = index.try_emplace(heading, tables.size());
    if (added) tables.emplace_back(heading, "");
    const std::string unit = UnitOf(scenario, *leaf);
    tables[place->second].second += leaf->path.back() + " = " +
                                    FormatValue(*leaf->key, leaf->value) +
                                    (unit.empty() ? "" : "  # " + unit) + "\n";
    if (leaf->key->label) continue;
    const InputRow& row = scenario.inputs[input++];
    const Path group = GroupOf(*leaf);
    if (marks.empty() || marks.back().first != group)
      marks.emplace_back(group, std::vector<std::string>());
    marks.back().second.push_back("\"" + row.key + "\" = " + marked(row) + "\n");
    marks.back().second.push_back(marked(row));
  }
  std::string text =
      "# The whole scenario, every default written out. docs/scenario.md explains the keys.\n\n";
  for (const auto& [heading, lines] : tables) {
    if (!heading.empty()) text += "\n[" + Join(heading) + "]\n";
    text += lines;
  }
  text += "\n[marks]\n";
  for (const auto& [group, lines] : marks) {
    bool alike = true;
    for (std::size_t i = 3; i < lines.size(); i += 2) alike = alike && lines[i] == lines[1];
    if (alike) {
      text += "\"" + Join(group) + "\" = " + lines[1] + "\n";
      continue;
    }
    for (std::size_t i = 0; i < lines.size(); i += 2) text += lines[i];
  }
  return text;
}

}  // namespace ets::sim
