#include "registry/request_table.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "base/state_hash.h"

namespace ets::registry {
namespace {

constexpr std::size_t kPlacesMin = 1'024;

// An id as the two numbers in its bytes.
std::array<std::uint64_t, 2> HalvesOf(const std::array<char, 16>& id) {
  std::array<std::uint64_t, 2> halves{};
  std::memcpy(halves.data(), id.data(), id.size());
  return halves;
}

std::uint64_t HashOf(const RequestTable::Entry& entry) {
  StateHash hash;
  for (const std::uint64_t half : HalvesOf(entry.id)) hash.Add(half);
  hash.Add(entry.sequence);
  hash.Add(entry.digest);
  return hash.value();
}

}  // namespace

// Where the id stands, or the free place where it would.
std::size_t RequestTable::PlaceOf(const std::array<char, 16>& id) const {
  StateHash hash;
  for (const std::uint64_t half : HalvesOf(id)) hash.Add(half);
  hash.Add(std::uint64_t{0});  // Once more: ids that count up differ in few bits.
  const std::size_t mask = places_.size() - 1;
  std::size_t place = hash.value() & mask;
  while (places_[place].sequence != 0 && places_[place].id != id) place = (place + 1) & mask;
  return place;
}

const RequestTable::Entry* RequestTable::Find(const std::array<char, 16>& id) const {
  if (places_.empty()) return nullptr;
  const Entry& entry = places_[PlaceOf(id)];
  return entry.sequence == 0 ? nullptr : &entry;
}

bool RequestTable::Add(const RequestKey& request, std::uint64_t sequence) {
  ETS_ASSERT(sequence > 0);
  if (size_ * 4 >= places_.size() * 3) Grow(std::max(kPlacesMin, places_.size() * 2));
  Entry& entry = places_[PlaceOf(request.id)];
  if (entry.sequence != 0) return false;
  entry = {request.id, sequence, request.digest};
  hash_ += HashOf(entry);
  ++size_;
  return true;
}

void RequestTable::Reserve(std::size_t count) {
  std::size_t place_count = kPlacesMin;
  while (count * 4 >= place_count * 3) place_count *= 2;
  if (place_count > places_.size()) Grow(place_count);
}

void RequestTable::Grow(std::size_t place_count) {
  std::vector<Entry> old(place_count);
  std::swap(old, places_);
  for (const Entry& entry : old) {
    if (entry.sequence != 0) places_[PlaceOf(entry.id)] = entry;
  }
}

}  // namespace ets::registry
