// Quotes both sides around the last price, and leans against what it has taken: the more it bought,
// the lower it quotes.
#include <algorithm>

#include "clients/bots/trader.h"

int main(int argc, char** argv) {
  namespace mk = ets::bots::mk;
  using ets::bots::Options;
  using ets::bots::Trader;
  constexpr std::int64_t kHalfSpread = 5;      // Minor units.
  constexpr std::int64_t kQuantity = 100;      // Tonnes a side.
  constexpr std::int64_t kTonnesPerTick = 50;  // Of inventory, for one unit of lean.
  return ets::bots::Trade(
      Options::Read(argc, argv), std::chrono::milliseconds(100), [](Trader& trader) {
        const mk::GetBookResponse book = trader.Book();
        if (!book.session_open()) return;
        const std::int64_t inventory = trader.bought() - trader.sold();
        const std::int64_t last = book.last() != 0 ? book.last() : book.previous_close();
        const std::int64_t fair = last - inventory / kTonnesPerTick;
        trader.CancelAll();
        trader.Place(mk::SIDE_BUY,
                     std::clamp(fair - kHalfSpread, book.band_low(), book.band_high()), kQuantity);
        trader.Place(mk::SIDE_SELL,
                     std::clamp(fair + kHalfSpread, book.band_low(), book.band_high()), kQuantity);
      });
}
