// Writes a neutral order stream and the trades it must make: README.md beside this file.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <string>

#include "bench/order_stream/generate.h"

int main(int argc, char** argv) {
  ets::bench::StreamOptions options;
  std::string out = ".";
  std::string ids = "dense";
  bool no_sweep = false;
  std::vector<std::string> profiles;
  for (const std::string_view name : ets::bench::Profiles()) profiles.emplace_back(name);

  CLI::App app("Writes an order stream, PROFILE-sSEED-N.stream, and its trades, .trades.");
  app.add_option("--messages", options.messages, "how many")->check(CLI::Range(10, 500'000'000));
  app.add_option("--seed", options.seed, "any 64-bit number");
  app.add_option("--profile", options.profile)->check(CLI::IsMember(profiles));
  app.add_option("--ids", ids, "1, 2, 3 ... or mixed over 64 bits")
      ->check(CLI::IsMember({"dense", "mixed"}));
  app.add_option("--out", out, "the folder")->check(CLI::ExistingDirectory);
  app.add_flag("--no-sweep", no_sweep, "leave out the two orders that empty the book");
  CLI11_PARSE(app, argc, argv);
  options.mixed_ids = ids == "mixed";
  options.sweep = !no_sweep;

  const ets::bench::Generated made = ets::bench::Generate(options);
  const std::string stem = out + "/" + options.profile + "-s" + std::to_string(options.seed) + "-" +
                           std::to_string(options.messages) + (options.mixed_ids ? "-mixed" : "");
  std::ofstream(stem + ".stream", std::ios::binary) << EncodeOrderStream(made.stream);
  std::ofstream trades(stem + ".trades", std::ios::binary);
  trades << EncodeTrades(made.stream, made.trades);
  trades.close();
  if (!trades) {
    std::fprintf(stderr, "cannot write %s.trades\n", stem.c_str());
    return 1;
  }
  std::printf("%s: %zu messages (%016llx), %zu trades (%016llx)\n", stem.c_str(),
              made.stream.messages.size(),
              static_cast<unsigned long long>(ChecksumOf(made.stream.messages)), made.trades.size(),
              static_cast<unsigned long long>(ChecksumOf(made.trades)));
  return 0;
}
