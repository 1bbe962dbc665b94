#include "store/snapshot.h"

#include "base/bytes.h"

namespace ets::store {
namespace {

constexpr std::uint32_t kSnapshotMagic = 0x31534343;  // "CCS1".

}  // namespace

std::string EncodeSnapshot(const Snapshot& snapshot) {
  std::string value(sizeof(Hash), '\0');
  value.reserve(sizeof(Hash) + 68 + snapshot.bytes.size());
  ByteWriter out(value);
  out.Put(kSnapshotMagic);
  out.Put(snapshot.at.batch);
  out.Put(snapshot.at.sequence);
  value.append(snapshot.at.head.data(), snapshot.at.head.size());
  out.Put(snapshot.state_hash);
  out.Put(static_cast<std::uint64_t>(snapshot.bytes.size()));
  value.append(snapshot.bytes);
  const Hash hash = Sha256(std::string_view(value).substr(sizeof(Hash)));
  value.replace(0, sizeof(Hash), hash.data(), hash.size());
  return value;
}

std::optional<Snapshot> DecodeSnapshot(std::string_view value) {
  ByteReader in(value);
  const Hash hash = GetHash(in);
  if (!in.ok() || hash != Sha256(value.substr(sizeof(Hash)))) return {};
  const auto magic = in.Get<std::uint32_t>();
  Snapshot snapshot;
  snapshot.at.batch = in.Get<std::uint64_t>();
  snapshot.at.sequence = in.Get<std::uint64_t>();
  snapshot.at.head = GetHash(in);
  snapshot.state_hash = in.Get<std::uint64_t>();
  const auto size = in.Get<std::uint64_t>();
  constexpr std::size_t kBytesAt = sizeof(Hash) + 4 + 8 + 8 + sizeof(Hash) + 8 + 8;
  if (!in.ok() || magic != kSnapshotMagic || size != value.size() - kBytesAt) return {};
  snapshot.bytes = value.substr(kBytesAt);
  return snapshot;
}

}  // namespace ets::store
