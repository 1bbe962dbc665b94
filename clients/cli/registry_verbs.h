#pragma once

namespace CLI {
class App;
}

namespace ets::cli {

// Adds `registry balance|transfers|verify`, which read a registry's journal. Nothing runs before
// `app` has parsed its arguments; then `exit_code` is set: 0 done, 1 the journal is damaged or does
// not verify, 2 bad input. It must outlive the parsing.
void AddRegistryVerbs(CLI::App& app, int& exit_code);

}  // namespace ets::cli
