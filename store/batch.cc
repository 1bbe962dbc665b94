#include "store/batch.h"

#include <openssl/evp.h>

#include <cstring>

#include "base/assert.h"
#include "base/bytes.h"

namespace ets::store {
namespace {

// hash, previous hash, batch, count, first sequence. The hash is of everything behind it.
constexpr std::size_t kHashAt = 0;
constexpr std::size_t kPreviousAt = 32;
constexpr std::size_t kBatchAt = 64;
constexpr std::size_t kCountAt = 72;
constexpr std::size_t kFirstSequenceAt = 76;
constexpr std::size_t kHeaderSize = 84;

// length, then kind, version, sequence, step, sim_time, wall_time, source, source id, payload.
constexpr std::size_t kRecordFixedSize = 2 + 2 + 8 + 8 + 8 + 8 + 1 + 4;
constexpr std::size_t kRecordPayloadAt = 4 + kRecordFixedSize;

constexpr std::uint32_t kAnchorMagic = 0x314A4343;  // "CCJ1".

template <typename T>
void Store(char* at, T value) {
  std::memcpy(at, &value, sizeof(T));
}

// CRC-32 of IEEE 802.3, a bit at a time: an anchor is 56 bytes.
std::uint32_t Crc32(std::string_view bytes) {
  std::uint32_t crc = ~0U;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

// One record from the front of `in`, which is cut by it. False when it does not fit.
bool GetRecord(std::string_view& in, JournalRecord& record) {
  if (in.size() < kRecordPayloadAt) return false;
  ByteReader reader(in.substr(0, kRecordPayloadAt));
  const std::size_t length = reader.Get<std::uint32_t>();
  if (length < kRecordFixedSize || length > in.size() - 4) return false;
  record.kind = reader.Get<std::uint16_t>();
  record.version = reader.Get<std::uint16_t>();
  record.sequence = reader.Get<std::uint64_t>();
  record.envelope.step = reader.Get<std::uint64_t>();
  record.envelope.sim_time = reader.Get<SimTime>();
  record.envelope.wall_time = reader.Get<SimTime>();
  record.envelope.source = reader.Get<SourceKind>();
  record.envelope.source_id = reader.Get<std::uint32_t>();
  record.payload = in.substr(kRecordPayloadAt, length - kRecordFixedSize);
  in.remove_prefix(4 + length);
  return true;
}

// Walks all records before any is handed out. Empty, or what is wrong.
std::string CheckRecords(std::string_view records, std::uint32_t count, std::uint64_t first) {
  JournalRecord record;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!GetRecord(records, record)) {
      return "record " + std::to_string(first + i) + " is cut short";
    }
    if (record.sequence != first + i) {
      return "record " + std::to_string(first + i) + " says it is " +
             std::to_string(record.sequence);
    }
  }
  return records.empty() ? "" : "there are bytes behind its last record";
}

}  // namespace

std::string ToHex(const Hash& hash) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : hash) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 15U];
  }
  return hex;
}

std::string BatchKey(std::uint64_t batch) {
  std::string key(8, '\0');
  for (std::size_t i = 8; i-- > 0; batch >>= 8U) key[i] = static_cast<char>(batch & 0xFFU);
  return key;
}

std::optional<std::uint64_t> BatchOfKey(std::string_view key) {
  if (key.size() != 8) return {};
  std::uint64_t batch = 0;
  for (const char c : key) batch = batch << 8U | static_cast<unsigned char>(c);
  return batch;
}

Hash Sha256(std::string_view bytes) {
  Hash hash{};
  ETS_ASSERT(EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(hash.data()),
                        nullptr, EVP_sha256(), nullptr) == 1);
  return hash;
}

Hash GetHash(ByteReader& in) {
  Hash hash{};
  for (char& byte : hash) byte = in.Get<char>();
  return hash;
}

std::optional<BatchHeader> ReadHeader(std::string_view value) {
  if (value.size() < kHeaderSize) return {};
  ByteReader in(value.substr(0, kHeaderSize));
  BatchHeader header;
  header.hash = GetHash(in);
  header.previous = GetHash(in);
  header.batch = in.Get<std::uint64_t>();
  header.count = in.Get<std::uint32_t>();
  header.first_sequence = in.Get<std::uint64_t>();
  return header;
}

BatchWriter::BatchWriter() {
  value_.reserve(2 * kBatchBytesMax);
  Reset();
}

void BatchWriter::Reset() {
  value_.resize(kHeaderSize);
  count_ = 0;
}

void BatchWriter::Append(const JournalRecord& record) {
  if (count_ == 0) first_sequence_ = record.sequence;
  ++count_;
  char fixed[kRecordPayloadAt];
  Store(fixed, static_cast<std::uint32_t>(kRecordFixedSize + record.payload.size()));
  Store(fixed + 4, record.kind);
  Store(fixed + 6, record.version);
  Store(fixed + 8, record.sequence);
  Store(fixed + 16, record.envelope.step);
  Store(fixed + 24, record.envelope.sim_time);
  Store(fixed + 32, record.envelope.wall_time);
  Store(fixed + 40, record.envelope.source);
  Store(fixed + 41, record.envelope.source_id);
  value_.append(fixed, sizeof(fixed));
  value_.append(record.payload);
}

std::string_view BatchWriter::Seal(ChainEnd& end) {
  ++end.batch;
  end.sequence = first_sequence_ + count_ - 1;
  std::memcpy(&value_[kPreviousAt], end.head.data(), end.head.size());
  Store(&value_[kBatchAt], end.batch);
  Store(&value_[kCountAt], count_);
  Store(&value_[kFirstSequenceAt], first_sequence_);
  end.head = Sha256(std::string_view(value_).substr(kPreviousAt));
  std::memcpy(&value_[kHashAt], end.head.data(), end.head.size());
  return value_;
}

std::string ReadBatch(std::string_view value, ChainEnd& end,
                      const std::function<bool(const JournalRecord&)>& callback, bool& stopped) {
  const std::string name = "batch " + std::to_string(end.batch + 1) + ": ";
  const auto header = ReadHeader(value);
  if (!header) return name + "its header is cut short";
  if (header->hash != Sha256(value.substr(kPreviousAt))) {
    return name + "its content is not what its hash says";
  }
  if (header->previous != end.head) {
    return name + "the chain is broken, it does not follow the one before";
  }
  if (header->batch != end.batch + 1) {
    return name + "it says it is batch " + std::to_string(header->batch);
  }
  if (header->count == 0 || header->count > kBatchRecordsMax) {
    return name + "its record count is impossible";
  }
  if (header->first_sequence != end.sequence + 1) {
    return name + "it starts at record " + std::to_string(header->first_sequence) +
           " after record " + std::to_string(end.sequence);
  }
  std::string_view records = value.substr(kHeaderSize);
  const std::string wrong = CheckRecords(records, header->count, header->first_sequence);
  if (!wrong.empty()) return name + wrong;

  end = header->end();
  JournalRecord record;
  for (std::uint32_t i = 0; i < header->count && !stopped; ++i) {
    GetRecord(records, record);
    stopped = !callback(record);
  }
  return {};
}

std::string EncodeAnchor(const ChainEnd& end) {
  std::string bytes;
  ByteWriter out(bytes);
  out.Put(kAnchorMagic);
  out.Put(end.batch);
  out.Put(end.sequence);
  bytes.append(end.head.data(), end.head.size());
  out.Put(Crc32(bytes));
  return bytes;
}

std::optional<ChainEnd> DecodeAnchor(std::string_view bytes) {
  ByteReader in(bytes);
  const auto magic = in.Get<std::uint32_t>();
  ChainEnd end;
  end.batch = in.Get<std::uint64_t>();
  end.sequence = in.Get<std::uint64_t>();
  end.head = GetHash(in);
  const auto crc = in.Get<std::uint32_t>();
  if (!in.ok() || !in.empty() || magic != kAnchorMagic) return {};
  if (crc != Crc32(bytes.substr(0, bytes.size() - sizeof(crc)))) return {};
  return end;
}

}  // namespace ets::store
