#include "matching/client_index.h"

#include <gmock/gmock.h>

#include <map>
#include <set>
#include <vector>

#include "base/prng.h"
#include "matching/level_bitmap.h"

namespace ets::matching {
namespace {

std::uint32_t FindPlace(const ClientIndex& index, std::uint32_t hash, std::uint32_t place) {
  return index.Find(hash, [place](std::uint32_t found) { return found == place; });
}

// Hashes that share a few homes and tags, so that groups run over into one another.
TEST(ClientIndex, FindsWhatIsThereAndNothingElseWhereverHashesCrowd) {
  constexpr std::uint32_t kPlaces = 256;
  for (const std::uint64_t homes : {1U, 3U, 40U}) {
    Prng dice(homes);
    ClientIndex index;
    index.Resize(kPlaces);
    std::map<std::uint32_t, std::uint32_t> hash_of;  // By place, of those in the index.
    for (int step = 0; step < 20'000; ++step) {
      const auto place = static_cast<std::uint32_t>(dice.Below(kPlaces));
      if (const auto known = hash_of.find(place); known != hash_of.end()) {
        index.Erase(known->second, place);
        EXPECT_EQ(FindPlace(index, known->second, place), ClientIndex::kNone);
        hash_of.erase(known);
      } else {
        const auto hash = static_cast<std::uint32_t>(dice.Below(homes) | dice.Below(4) << 24U);
        index.Insert(hash, place);
        hash_of[place] = hash;
      }
      const auto asked = static_cast<std::uint32_t>(dice.Below(kPlaces));
      const auto known = hash_of.find(asked);
      const bool is_there = known != hash_of.end();
      ASSERT_EQ(FindPlace(index, is_there ? known->second : 0, asked),
                is_there ? asked : ClientIndex::kNone);
      ASSERT_EQ(index.count(), hash_of.size());
    }
  }
}

TEST(ClientIndex, HoldsAsManyAsItWasMadeForUnderOneHash) {
  ClientIndex index;
  index.Resize(64);
  for (std::uint32_t place = 0; place < 64; ++place) index.Insert(5, place);
  for (std::uint32_t place = 0; place < 64; ++place) EXPECT_EQ(FindPlace(index, 5, place), place);
  for (std::uint32_t place = 0; place < 64; ++place) index.Erase(5, place);
  EXPECT_EQ(index.Find(5, [](std::uint32_t) { return true; }), ClientIndex::kNone);
}

TEST(LevelBitmap, KnowsTheNextMemberAcrossAnyGap) {
  constexpr std::uint32_t kBound = 20'000;
  Prng dice(1);
  LevelBitmap bitmap;
  bitmap.Resize(kBound);
  std::set<std::uint32_t> members;
  for (int step = 0; step < 50'000; ++step) {
    // Sparse for a while, then crowded around one place, then sparse again.
    const std::uint64_t spread = step / 10'000 % 2 == 0 ? kBound : 100;
    const auto at = static_cast<std::uint32_t>(dice.Below(spread) + (kBound - spread) / 2);
    if (dice.Below(members.size() < 60 ? 3 : 2) != 0) {
      members.insert(at);
      bitmap.Set(at);
    } else if (const auto near = members.lower_bound(at); near != members.end()) {
      bitmap.Reset(*near);
      members.erase(near);
    }
    const auto above = members.upper_bound(at);
    ASSERT_EQ(bitmap.Above(at), above == members.end() ? LevelBitmap::kNone : *above);
    const std::uint32_t lowest = members.empty() ? LevelBitmap::kNone : *members.begin();
    ASSERT_EQ(bitmap.Lowest(), lowest);
    if (!members.empty()) {
      ASSERT_EQ(bitmap.LowestFrom(lowest), lowest);
    }
  }
}

}  // namespace
}  // namespace ets::matching
