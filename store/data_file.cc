#include "store/data_file.h"

#include <array>
#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace ets::store {
namespace {

// A data file ends with the properties block, the block that names it, and a footer: the checksum's
// kind (one byte), where the naming block lies and how long it is (two numbers of 7 bits a byte),
// padding, the format's version (u32) and the file kind's own number (u64).
constexpr std::size_t kFooter = 53;
constexpr std::uint64_t kKind = 0x88E2'41B7'85F4'CFF7;
// Behind each block: how it is compressed (one byte) and a checksum (u32).
constexpr std::uint64_t kTrailer = 5;
// A block's last word counts the places in it where a search can begin, with the kind of its index
// in the top bit. The properties are read from their one beginning.
constexpr std::uint32_t kOneBeginning = 1;

std::optional<std::uint64_t> ReadNumber(ByteReader& in) {
  std::uint64_t number = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto byte = in.Get<std::uint8_t>();
    number |= std::uint64_t{byte & 0x7FU} << shift;
    if ((byte & 0x80U) == 0) break;
  }
  return in.ok() ? std::optional(number) : std::nullopt;
}

template <std::size_t kSize>
std::optional<std::array<char, kSize>> ReadAt(const rocksdb::FSRandomAccessFile& file,
                                              std::uint64_t offset) {
  std::array<char, kSize> bytes{};
  rocksdb::Slice read;
  const rocksdb::IOStatus status =
      file.Read(offset, bytes.size(), {}, &read, bytes.data(), nullptr);
  if (!status.ok() || read.size() != bytes.size()) return {};
  std::memcpy(bytes.data(), read.data(), read.size());
  return bytes;
}

}  // namespace

bool HasSoundEnd(const rocksdb::FSRandomAccessFile& file, std::uint64_t size) {
  if (size < kFooter) return true;
  const auto footer = ReadAt<kFooter>(file, size - kFooter);
  if (!footer) return true;
  const std::string_view bytes(footer->data(), footer->size());
  ByteReader last(bytes.substr(kFooter - sizeof(kKind)));
  if (last.Get<std::uint64_t>() != kKind) return true;
  ByteReader in(bytes.substr(1));
  const auto properties_end = ReadNumber(in);
  constexpr std::uint64_t kBack = kTrailer + sizeof(kOneBeginning);
  if (!properties_end || *properties_end < kBack || *properties_end > size) return true;
  const auto word = ReadAt<sizeof(kOneBeginning)>(file, *properties_end - kBack);
  if (!word) return true;
  return ByteReader({word->data(), word->size()}).Get<std::uint32_t>() == kOneBeginning;
}

}  // namespace ets::store
