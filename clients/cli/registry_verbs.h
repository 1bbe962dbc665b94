#pragma once

namespace CLI {
class App;
}

namespace ets::cli {

// Adds `registry` and its verbs: reads, changes and proof of a registry, in a folder or behind a
// server. Nothing runs before `app` has parsed its arguments; then `exit_code` is set: 0 done, 1
// refused, failed or not whole, 2 bad input. It must outlive the parsing.
void AddRegistryVerbs(CLI::App& app, int& exit_code);

}  // namespace ets::cli
