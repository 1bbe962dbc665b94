// Has a duty to cover by a deadline: it buys its missing tonnes in equal slices, each at the best
// offer, and pays more the later it is.
#include <algorithm>

#include "clients/bots/trader.h"

int main(int argc, char** argv) {
  namespace mk = ets::bots::mk;
  using ets::bots::Options;
  using ets::bots::Trader;
  constexpr std::int64_t kMissing = 1'000;  // Tonnes.
  const Options options = Options::Read(argc, argv);
  const auto begin = std::chrono::steady_clock::now();
  return ets::bots::Trade(options, std::chrono::milliseconds(50), [&](Trader& trader) {
    const std::chrono::duration<double> gone = std::chrono::steady_clock::now() - begin;
    const double part = std::min(1.0, gone.count() / options.seconds);
    const auto due = static_cast<std::int64_t>(part * static_cast<double>(kMissing));
    const std::int64_t slice = due - trader.bought();
    const mk::GetBookResponse book = trader.Book();
    if (slice <= 0 || book.offers_size() == 0) return;
    const auto extra = static_cast<std::int64_t>(part * 20);  // Minor units above the best offer.
    trader.Place(mk::SIDE_BUY, std::min(book.offers(0).price() + extra, book.band_high()), slice,
                 mk::TIME_IN_FORCE_IMMEDIATE_OR_CANCEL);
  });
}
