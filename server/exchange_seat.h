#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/journal.h"
#include "base/result.h"
#include "market/events.h"
#include "market/market.h"
#include "server/bar_store.h"

namespace ets::server {

class Synced;

// Who sits behind a live exchange and hears of everything that happens in it, on the sequencer's
// thread: the venue. Events come between Begin() and End() of the input that caused them.
class ExchangeSeat : public market::Listener {
 public:
  // An input is about to be applied, whose journal record has this sequence and time.
  virtual void Begin(std::uint64_t sequence, SimTime time) = 0;
  // What came of it. `is_everything_anew`: the books may stand in another way than the events said.
  virtual void End(const market::Market& market,
                   const Result<market::Receipt, market::Refusal>& outcome,
                   bool is_everything_anew) = 0;
  // What was heard so far belongs to this batch: it may be told when the batch is on the disk.
  // `answers` takes what is then to be called, with null when the disk failed.
  virtual void HandOver(std::vector<std::function<void(const Synced*)>>& answers) = 0;
  // The tasks that waited are done; what is to be told before the sync is told now.
  virtual void Turn(const market::Market& market) = 0;
  // Whether somebody waits for the sync; else the journal may wait a moment for more.
  virtual bool is_in_haste() const = 0;
};

// Listens while nobody sits there, and remembers what the seat's next holder starts from: bars and
// the last trades of the journal. On the sequencer's thread, or before it runs.
class ExchangeRelay final : public market::Listener {
 public:
  void Take(ExchangeSeat* seat) { seat_ = seat; }
  ExchangeSeat* seat() const { return seat_; }
  void SetTime(std::uint64_t sequence, SimTime time) {
    sequence_ = sequence;
    time_ = time;
  }
  TradeHistory TakeHistory() { return std::move(history_); }
  void PutHistory(TradeHistory history) { history_ = std::move(history); }
  const TradeHistory& history() const { return history_; }

  void OnFill(const market::Fill& fill) override {
    if (seat_ != nullptr) return seat_->OnFill(fill);
    history_.Add(fill, sequence_, time_);
  }
  void OnAuctionCleared(InstrumentId instrument, const auction::Clearing& clearing) override {
    if (seat_ != nullptr) seat_->OnAuctionCleared(instrument, clearing);
  }
  void OnOrder(const market::OrderEvent& event) override {
    if (seat_ != nullptr) seat_->OnOrder(event);
  }
  void OnPhase(const market::PhaseEvent& event) override {
    if (seat_ != nullptr) seat_->OnPhase(event);
  }
  void OnIndicative(const market::IndicativeEvent& event) override {
    if (seat_ != nullptr) seat_->OnIndicative(event);
  }
  void OnDesk(const market::DeskEvent& event) override {
    if (seat_ != nullptr) seat_->OnDesk(event);
  }
  void OnAuction(const market::AuctionEvent& event) override {
    if (seat_ != nullptr) seat_->OnAuction(event);
  }
  void OnLargeHolder(const market::LargeHolderEvent& event) override {
    if (seat_ != nullptr) seat_->OnLargeHolder(event);
  }

 private:
  ExchangeSeat* seat_ = nullptr;
  TradeHistory history_;
  std::uint64_t sequence_ = 0;
  SimTime time_ = 0;
};

}  // namespace ets::server
