#include "server/scenario_files.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace ets::server {

namespace fs = std::filesystem;

bool ReadFile(const std::string& path, std::string& text, std::string& error) {
  std::error_code code;
  if (fs::is_directory(path, code)) {
    error = "is a folder; allowed: a readable file";
    return false;
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    error = std::string("cannot be opened: ") + std::strerror(errno) + "; allowed: a readable file";
    return false;
  }
  std::ostringstream buffer;
  buffer << in.rdbuf();
  text = std::move(buffer).str();
  return true;
}

LoadedScenario LoadScenario(const std::string& path, const std::vector<std::string>& overrides) {
  LoadedScenario loaded;
  std::vector<sim::SourceFile> chain;  // Outermost last.
  std::map<std::string, std::string> data;
  std::vector<std::string> seen;
  for (std::string next = path; !next.empty();) {
    const std::string canonical = fs::weakly_canonical(next).string();
    std::string text;
    std::string error;
    if (std::find(seen.begin(), seen.end(), canonical) != seen.end()) {
      loaded.problems.push_back(
          {chain.front().name, 1, 1,
           "extends comes back to " + next + "; allowed: a chain without a loop"});
      return loaded;
    }
    seen.push_back(canonical);
    if (!ReadFile(next, text, error)) {
      const std::string where = chain.empty() ? next : chain.front().name;
      loaded.problems.push_back(
          {where, 1, 1, (chain.empty() ? "" : "extends " + next + ", which ") + error});
      return loaded;
    }
    chain.insert(chain.begin(), {next, text});
    const sim::Mentions mentions = sim::MentionsOf(text);
    const fs::path folder = fs::path(next).parent_path();
    for (const std::string& name : mentions.data) {
      std::string content;
      // What cannot be read stays out of the map: the reader of the scenario says where it is
      // mentioned.
      if (!data.contains(name) && ReadFile((folder / name).string(), content, error))
        data[name] = std::move(content);
    }
    next = mentions.extends.empty() ? "" : (folder / mentions.extends).string();
  }
  // A file named on the command line is looked for from where the command was given.
  for (const std::string& change : overrides) {
    const auto equals = change.find('=');
    if (equals == change.npos) continue;
    std::string name = change.substr(equals + 1);
    if (name.size() > 1 && name.front() == '"' && name.back() == '"')
      name = name.substr(1, name.size() - 2);
    std::string content;
    std::string error;
    if (name.ends_with(".csv") && ReadFile(name, content, error)) data[name] = std::move(content);
  }
  sim::ParsedScenario parsed = sim::ParseScenario(chain, overrides, data);
  loaded.scenario = std::move(parsed.scenario);
  loaded.resolved = std::move(parsed.resolved);
  loaded.problems = std::move(parsed.problems);
  if (!loaded.problems.empty()) return loaded;
  if (loaded.scenario.firms_file.empty()) {
    loaded.population = sim::DrawPopulation(loaded.scenario);
  } else {
    auto population = sim::ParsePopulation(loaded.scenario, loaded.scenario.firms_file,
                                           loaded.scenario.firms_csv);
    if (population.ok()) {
      loaded.population = std::move(population.value());
    } else {
      loaded.problems = population.error();
    }
  }
  return loaded;
}

}  // namespace ets::server
