#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "registry/registry.h"

namespace ets::registry {

// Every request id that was ever applied, with the record that holds its answer. Open addressing in
// one block of memory: ids are random, and there may be millions. Ids are never taken out. Not
// thread-safe.
class RequestTable {
 public:
  struct Entry {
    std::array<char, 16> id{};
    std::uint64_t sequence = 0;  // 0: the place is free.
    std::uint64_t digest = 0;
  };

  // Null when the id was never seen.
  const Entry* Find(const std::array<char, 16>& id) const;
  // False when the id was seen before; then nothing has changed. REQUIRES: sequence > 0.
  bool Add(const RequestKey& request, std::uint64_t sequence);

  void Reserve(std::size_t count);

  std::size_t size() const { return size_; }
  std::uint64_t hash() const { return hash_; }
  const std::vector<Entry>& places() const { return places_; }

 private:
  std::size_t PlaceOf(const std::array<char, 16>& id) const;
  void Grow(std::size_t place_count);

  std::vector<Entry> places_;  // A power of two of them, or none; at most three quarters in use.
  std::size_t size_ = 0;
  std::uint64_t hash_ = 0;
};

}  // namespace ets::registry
