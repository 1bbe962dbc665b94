#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/journal.h"

namespace ets::store {

// A batch closes when it holds this many records, or this many bytes.
inline constexpr std::uint32_t kBatchRecordsMax = 8'190;
inline constexpr std::size_t kBatchBytesMax = std::size_t{1} << 20U;

// A SHA-256. Of batch 0, the one before the first: all zeros.
using Hash = std::array<char, 32>;
std::string ToHex(const Hash& hash);
Hash Sha256(std::string_view bytes);
Hash GetHash(ByteReader& in);

// The database key of a batch: big-endian, so that the key order is the batch order.
std::string BatchKey(std::uint64_t batch);
std::optional<std::uint64_t> BatchOfKey(std::string_view key);

// Where a chain stands after a batch.
struct ChainEnd {
  std::uint64_t batch = 0;
  std::uint64_t sequence = 0;  // Of the last record.
  Hash head{};

  friend bool operator==(const ChainEnd&, const ChainEnd&) = default;
};

// What a stored value says about itself, unchecked.
struct BatchHeader {
  Hash hash{};
  Hash previous{};
  std::uint64_t batch = 0;
  std::uint32_t count = 0;
  std::uint64_t first_sequence = 0;

  ChainEnd before() const { return {batch - 1, first_sequence - 1, previous}; }
  ChainEnd end() const { return {batch, first_sequence + count - 1, hash}; }
};
std::optional<BatchHeader> ReadHeader(std::string_view value);

// The open batch of a journal: records packed one behind the other into one buffer, which Seal()
// turns into the value that is stored. docs/journal-format.md has the layout.
class BatchWriter {
 public:
  BatchWriter();

  void Append(const JournalRecord& record);
  std::uint32_t count() const { return count_; }
  std::size_t bytes() const { return value_.size(); }

  // The stored value. It stays valid until Reset(); `end` moves on to it.
  std::string_view Seal(ChainEnd& end);
  void Reset();

 private:
  std::string value_;  // The header's room first.
  std::uint32_t count_ = 0;
  std::uint64_t first_sequence_ = 0;
};

// Checks a stored value against the chain so far, hands out its records and moves `end` on. Returns
// an empty string, or what is wrong; then no record of it was handed out. `stopped` is set when the
// callback wanted no more.
std::string ReadBatch(std::string_view value, ChainEnd& end,
                      const std::function<bool(const JournalRecord&)>& callback, bool& stopped);

// The anchor's bytes: the last acknowledged batch, with a checksum. Empty when the checksum or the
// size is wrong.
std::string EncodeAnchor(const ChainEnd& end);
std::optional<ChainEnd> DecodeAnchor(std::string_view bytes);

}  // namespace ets::store
