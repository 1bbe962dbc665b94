#pragma once

namespace CLI {
class App;
}

namespace ets::cli {

// Adds `market` and its verbs: books, orders, trades and the trading day of a served exchange. As
// AddRegistryVerbs(): `exit_code` is set to 0 done, 1 refused or failed, 2 bad input.
void AddMarketVerbs(CLI::App& app, int& exit_code);

}  // namespace ets::cli
