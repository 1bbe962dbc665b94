// Buys and sells small quantities for no reason, near the last price: without it, a young market
// is quiet.
#include <algorithm>
#include <random>

#include "clients/bots/trader.h"

int main(int argc, char** argv) {
  namespace mk = ets::bots::mk;
  using ets::bots::Options;
  using ets::bots::Trader;
  std::mt19937_64 dice(std::random_device{}());
  return ets::bots::Trade(
      Options::Read(argc, argv), std::chrono::milliseconds(20), [&](Trader& trader) {
        const mk::GetBookResponse book = trader.Book();
        if (!book.session_open()) return;
        const std::int64_t last = book.last() != 0 ? book.last() : book.previous_close();
        const std::int64_t price = last - 10 + static_cast<std::int64_t>(dice() % 21);
        trader.Place(dice() % 2 == 0 ? mk::SIDE_BUY : mk::SIDE_SELL,
                     std::clamp(price, book.band_low(), book.band_high()),
                     1 + static_cast<std::int64_t>(dice() % 20));
      });
}
