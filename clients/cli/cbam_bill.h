#pragma once

#include <string>

namespace ets::cli {

struct BillOptions {
  std::string declaration;   // A .toml file.
  std::string auctions;      // Empty: prices stand in the declaration.
  bool provisional = false;  // Prices although auctions are missing.
  std::string output = "table";
};

// Prints what a declaration comes to. Returns the exit code.
int ShowBill(const BillOptions& options);

}  // namespace ets::cli
