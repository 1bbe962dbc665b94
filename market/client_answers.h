#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/state_hash.h"
#include "market/market.h"

namespace ets::market {

// What was answered to a client order id.
struct ClientAnswer {
  Refusal refusal{};  // 0: accepted, and the receipt holds.
  RefusalDetail detail;
  std::uint64_t digest = 0;  // Of the input that was answered.
  std::uint64_t sequence = 0;
  OrderId order;
  Tonnes traded;
  Tonnes resting;
  Money value;
};

// The last answers to client order ids, by member and id; the oldest goes when they are
// `answers_max`. The first answer lays out the table, every 4,096th the room for as many, and when
// all is full nothing is allocated any more. Not thread-safe.
class ClientAnswers {
 public:
  // REQUIRES: answers_max > 0.
  explicit ClientAnswers(std::size_t answers_max = kClientAnswersMax) : answers_max_(answers_max) {}

  // Null when the id was never used or its answer is too old.
  const ClientAnswer* Find(MemberId member, const matching::ClientOrderId& id) const;
  // REQUIRES: Find() is null.
  void Remember(MemberId member, const matching::ClientOrderId& id, const ClientAnswer& answer);

  // Brings what Find() will look at into the cache. Changes nothing.
  void Prefetch(MemberId member, const matching::ClientOrderId& id) const {
    if (!slots_.empty())
      __builtin_prefetch(&slots_[HashOf(member.raw(), id) & (slots_.size() - 1)]);
  }

  std::size_t size() const { return count_; }
  // Of all answers, oldest first, kept up as they come and go. O(1).
  std::uint64_t StateHash() const { return hash_.value(); }

  void Save(ByteWriter& out) const;  // Oldest first.
  bool Load(ByteReader& in);         // False: not what Save() wrote.

 private:
  static constexpr std::size_t kChunk = 4'096;
  static constexpr std::uint32_t kNone = 0xFFFFFFFFU;

  struct Entry {
    std::uint32_t hash = 0;
    std::uint32_t member = 0;
    matching::ClientOrderId id;
    ClientAnswer answer;
  };

  // A slot says where an entry is and what its name's hash is, so that most probes end in the slot.
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t place = kNone;
  };

  static std::uint32_t HashOf(std::uint32_t member, const matching::ClientOrderId& id);
  // Where the id is, or the free slot where it would go. REQUIRES: slots_ is not empty.
  std::size_t SlotOf(std::uint32_t hash, std::uint32_t member,
                     const matching::ClientOrderId& id) const;
  void Forget(std::size_t place);
  Entry& At(std::size_t place) { return (*chunks_[place / kChunk])[place % kChunk]; }
  const Entry& At(std::size_t place) const { return (*chunks_[place / kChunk])[place % kChunk]; }

  using Chunk = std::array<Entry, kChunk>;

  const std::size_t answers_max_;
  std::vector<std::unique_ptr<Chunk>> chunks_;  // A ring once it is full.
  std::size_t count_ = 0;
  std::size_t oldest_ = 0;   // In a full ring.
  std::vector<Slot> slots_;  // Open addressing; a power of two.
  ets::StateHash hash_;      // Of every Remember() in turn, which fixes what is kept.
};

}  // namespace ets::market
