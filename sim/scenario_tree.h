#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenario.h"
#include "sim/scenario_schema.h"

namespace ets::sim {

// Where something stands: `file` is an index into the files given, their number for --set, -1 for a
// default.
struct Place {
  int file = 0;
  int line = 1;
  int column = 1;
};

struct Leaf {
  const Key* key = nullptr;
  Path path;
  Value value;
  Place place;
  int changed_by = 0;  // The last file that made it another value; -1: a default.
  bool good = true;    // False: reported already; the value means nothing.
};

// A line of a [marks] table.
struct Mark {
  Path path;  // "*" stands for any one part.
  bool fact = false;
  std::string source;
  Place place;
};

bool Covers(const Mark& mark, const Path& path);

// The name that someone who wrote `word` may have meant; "" when none is near.
std::string Nearest(std::string_view word, const std::vector<std::string>& names);

// Everything some files say together: the later file wins, key by key. Its problems are those of
// single values; what values must be to one another is scenario_checks.h.
struct ScenarioTree {
  std::map<Path, Leaf> leaves;
  std::vector<std::string> sectors;      // In the order in which they first appear.
  std::vector<std::vector<Mark>> marks;  // By file.
  std::vector<Problem> problems;
  std::vector<std::string> file_names;  // "--set" is the last.
  bool readable = true;                 // False: some file is not TOML, so much may be missing.

  const Leaf* Find(const Path& path) const;
  bool Bad(const Path& prefix) const;  // Some value there is reported already.
  // Of the leaf, else of the first thing under it that the last file says, else of the nearest part
  // above it.
  Place PlaceOf(const Path& path) const;
  void Report(const Place& place, std::string message);
};

ScenarioTree ReadTree(const std::vector<SourceFile>& files,
                      const std::vector<std::string>& overrides);

}  // namespace ets::sim
