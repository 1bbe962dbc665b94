#include <cstring>

#include "base/bytes.h"
#include "registry/impl.h"

// A snapshot: the state's containers one behind the other, packed as in the journal, then the state
// hash and a hash of all bytes before it.
namespace ets::registry {
namespace {

constexpr std::string_view kMagic = "CCRS";
constexpr std::uint32_t kSnapshotVersion = 3;
constexpr std::size_t kHashSize = sizeof(std::uint64_t);

std::uint64_t HashOfBytes(std::string_view bytes) {
  StateHash hash;
  std::uint64_t word = 0;
  std::size_t i = 0;
  for (; i + sizeof(word) <= bytes.size(); i += sizeof(word)) {
    std::memcpy(&word, bytes.data() + i, sizeof(word));
    hash.Add(word);
  }
  hash.Add(bytes.substr(i));
  return hash.value();
}

template <typename T>
void SaveRows(const Rows<T>& rows, std::string& out) {
  Pack(rows.rows(), out);
}
template <typename T>
void LoadRows(ByteReader& in, Rows<T>& rows) {
  std::vector<T> loaded;
  Unpack(in, loaded);
  rows.Fill(std::move(loaded));
}

template <typename T>
void SaveTable(const Table<T>& table, std::string& out) {
  ByteWriter(out).Put(static_cast<std::uint32_t>(table.size()));
  for (const auto& [key, value] : table) {
    Pack(key, out);
    Pack(value, out);
  }
}
template <typename T>
void LoadTable(ByteReader& in, Table<T>& table) {
  const auto count = in.Get<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    Key key;
    Unpack(in, key);
    table.Change(key, [&](T& value) { Unpack(in, value); });
  }
}

void SaveRequests(const RequestTable& requests, std::string& out) {
  ByteWriter(out).Put(std::uint64_t{requests.size()});
  for (const RequestTable::Entry& entry : requests.places()) {
    if (entry.sequence == 0) continue;
    Pack(entry.id, out);
    Pack(entry.digest, out);
    Pack(entry.sequence, out);
  }
}
bool LoadRequests(ByteReader& in, RequestTable& requests) {
  const auto count = in.Get<std::uint64_t>();
  if (count > (std::uint64_t{1} << 40U)) return false;
  requests.Reserve(count);
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    RequestKey request;
    Unpack(in, request.id);
    Unpack(in, request.digest);
    const auto sequence = in.Get<std::uint64_t>();
    if (!in.ok() || sequence == 0 || !requests.Add(request, sequence)) return false;
  }
  return in.ok();
}

}  // namespace

void Registry::Impl::Save(std::string& out) const {
  const std::size_t begin = out.size();
  out.append(kMagic);
  ByteWriter writer(out);
  writer.Put(kSnapshotVersion);
  writer.PutText(ProfileText(profile));
  writer.PutText(branch);
  writer.Put(now);
  writer.Put(latest);
  writer.Put(sequence);
  writer.Put(due_year);
  writer.Put(due_from);
  writer.Put(surrendered);
  SaveRows(accounts, out);
  Pack(ledgers, out);
  balances.SaveCells(out);
  SaveTable(holds, out);
  SaveTable(trusted, out);
  SaveTable(principals, out);
  SaveTable(grants, out);
  SaveTable(reversibles, out);
  SaveTable(cures, out);
  SaveRows(pendings, out);
  SaveRows(freezes, out);
  SaveRows(certificates, out);
  SaveRows(tasks, out);
  SaveRows(settlement_answers, out);
  Pack(firms, out);
  SaveRequests(requests, out);
  writer.Put(StateHash());
  writer.Put(HashOfBytes(std::string_view(out).substr(begin)));
}

bool Registry::Impl::LoadState(ByteReader& in) {
  branch = in.GetText();
  now = in.Get<SimTime>();
  latest = in.Get<SimTime>();
  sequence = in.Get<std::uint64_t>();
  due_year = in.Get<std::uint16_t>();
  due_from = in.Get<std::uint16_t>();
  surrendered = in.Get<std::int64_t>();
  LoadRows(in, accounts);
  Unpack(in, ledgers);
  for (const Account& account : accounts) {
    const auto kind = static_cast<std::size_t>(account.kind);
    if (kind < 1 || kind >= kAccountKindCount) return false;
    balances.AddAccount(RowOf(account.kind).pool);
  }
  for (std::size_t i = 0; i < ledgers.size(); ++i) balances.AddLedger();
  if (!in.ok() ||
      !balances.LoadCells(in.GetBytes(accounts.size() * ledgers.size() * sizeof(std::int64_t)))) {
    return false;
  }
  LoadTable(in, holds);
  for (const auto& [key, hold] : holds) {
    if (key.first >= accounts.size() || key.second >= ledgers.size()) return false;
  }
  LoadTable(in, trusted);
  LoadTable(in, principals);
  LoadTable(in, grants);
  LoadTable(in, reversibles);
  LoadTable(in, cures);
  LoadRows(in, pendings);
  LoadRows(in, freezes);
  LoadRows(in, certificates);
  LoadRows(in, tasks);
  LoadRows(in, settlement_answers);
  Unpack(in, firms);
  return LoadRequests(in, requests) && in.ok();
}

void Registry::Impl::IndexAll() {
  for (std::uint32_t firm = 0; firm < firms.size(); ++firm) {
    firms_hash += HashOfFirm(firms[firm]);
    Index(firm);
  }
  for (std::uint32_t id = 0; id < accounts.size(); ++id) Index(AccountId(id));
  IndexHolds();
  SetNow(now);
  SortRetirement();
  ScheduleAll();
}

std::string Registry::Impl::Load(std::string_view bytes) {
  if (bytes.size() < kMagic.size() + 2 * kHashSize || !bytes.starts_with(kMagic)) {
    return "not a registry snapshot";
  }
  std::uint64_t hash = 0;
  std::memcpy(&hash, bytes.data() + bytes.size() - kHashSize, kHashSize);
  bytes.remove_suffix(kHashSize);
  if (hash != HashOfBytes(bytes)) return "the snapshot's bytes are not those that were written";
  ByteReader in(bytes.substr(kMagic.size()));
  if (in.Get<std::uint32_t>() != kSnapshotVersion) return "a snapshot of another version";
  auto law = ParseProfile(in.GetText());
  if (!law.ok()) return "the snapshot's profile: " + law.error();
  profile = std::move(law.value());
  if (!LoadState(in)) return "the snapshot cannot be decoded";
  IndexAll();
  hash = in.Get<std::uint64_t>();
  if (!in.ok() || !in.empty()) return "the snapshot cannot be decoded";
  if (hash != StateHash()) return "the snapshot's state hash is not that of its state";
  CheckFirmInvariants();
  return {};
}

}  // namespace ets::registry
