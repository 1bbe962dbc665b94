#include "clients/cli/match_verbs.h"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "clients/cli/run_verb.h"
#include "matching/order_stream.h"

namespace ets::cli {
namespace {

struct ReplayOptions {
  std::string stream;
  std::string trades;
  std::string engine = "ladder";
};

bool ReadWhole(const std::string& file, std::string& bytes) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) return false;
  std::ifstream in(file, std::ios::binary);
  bytes.assign(std::istreambuf_iterator<char>(in), {});
  return static_cast<bool>(in);
}

int ReplayAFile(const ReplayOptions& options) {
  std::string bytes;
  if (!ReadWhole(options.stream, bytes)) {
    std::fprintf(stderr, "--stream: cannot read '%s'; allowed: a stream file\n",
                 options.stream.c_str());
    return kBadInput;
  }
  const auto stream = matching::ParseOrderStream(bytes);
  if (!stream.ok()) {
    std::fprintf(stderr, "--stream: %s: %s\n", options.stream.c_str(), stream.error().c_str());
    return kBadInput;
  }
  const auto with =
      options.engine == "ladder" ? matching::ReplayWith::kEngine : matching::ReplayWith::kReference;
  matching::ReplayCounts counts;
  const auto begin = std::chrono::steady_clock::now();
  const auto trades = matching::Replay(*stream, with, counts);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  if (!trades.ok()) {
    std::fprintf(stderr, "--stream: %s: %s\n", options.stream.c_str(), trades.error().c_str());
    return kBadInput;
  }
  if (!options.trades.empty()) {
    std::ofstream out(options.trades, std::ios::binary | std::ios::trunc);
    out << matching::EncodeTrades(*stream, *trades);
    out.close();
    if (!out) {
      std::fprintf(stderr, "--trades: cannot write '%s'\n", options.trades.c_str());
      return kFailed;
    }
  }
  std::uint64_t volume = 0;
  for (const matching::StreamTrade& trade : *trades) volume += trade.quantity;
  const auto count = static_cast<double>(stream->messages.size());
  std::printf("%s, seed %llu: %zu messages (%016llx)\n", stream->profile.c_str(),
              static_cast<unsigned long long>(stream->seed), stream->messages.size(),
              static_cast<unsigned long long>(ChecksumOf(stream->messages)));
  std::printf("%zu trades (%016llx), %llu lots, %llu orders to cancel or change were gone\n",
              trades->size(), static_cast<unsigned long long>(ChecksumOf(*trades)),
              static_cast<unsigned long long>(volume),
              static_cast<unsigned long long>(counts.refused));
  std::fprintf(stderr, "%.2f s, the file's own order ids looked up included: %.1f M messages/s\n",
               took.count(), count / took.count() / 1e6);
  return kDone;
}

}  // namespace

void AddMatchVerbs(CLI::App& app, int& exit_code) {
  CLI::App* const match = app.add_subcommand("match", "Order streams through the matching engine");
  match->require_subcommand(1);
  CLI::App* const replay = match->add_subcommand(
      "replay",
      "Sends a stream file through the engine and writes the trades it makes. The price range is\n"
      "the file's. bench/order_stream/README.md has the format and a generator.");
  const auto options = std::make_shared<ReplayOptions>();
  replay->add_option("--stream", options->stream, "the stream file")->required();
  replay->add_option("--trades", options->trades, "where to write the trades; none: nowhere");
  replay->add_option("--engine", options->engine, "ladder (the product's), or reference (slow)")
      ->check(CLI::IsMember({"ladder", "reference"}))
      ->capture_default_str();
  replay->callback([options, &exit_code] { exit_code = ReplayAFile(*options); });
}

}  // namespace ets::cli
