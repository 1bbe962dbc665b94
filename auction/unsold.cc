#include <algorithm>

#include "auction/calendar.h"

namespace ets::auction {
namespace {

std::int64_t WholeLots(std::int64_t tonnes, Tonnes lot) { return tonnes - tonnes % lot.count(); }

// What still fits into the slot: the ceiling counts from the volume first proposed, so a second
// cancellation inside the window stacks on the first but never passes it.
Tonnes RoomIn(const Slot& slot, const UnsoldRule& rule, Tonnes lot, Tonnes unsold) {
  if (rule.ceiling_bp == 0) return unsold;
  const std::int64_t ceiling = MulDivFloor(slot.first_volume.count(), rule.ceiling_bp, 10'000);
  const std::int64_t room = std::max<std::int64_t>(0, ceiling - slot.volume.count());
  return std::min(unsold, Tonnes(WholeLots(room, lot)));
}

}  // namespace

Tonnes SpreadUnsold(std::span<Slot> slots, std::size_t index, Tonnes unsold, const UnsoldRule& rule,
                    Tonnes lot) {
  ETS_ASSERT(index < slots.size() && lot > Tonnes(0) && rule.auctions >= 0);
  ETS_ASSERT(unsold >= Tonnes(0) && unsold.count() % lot.count() == 0);
  const std::span<Slot> later = slots.subspan(index + 1);
  const std::span<Slot> next =
      later.first(std::min(later.size(), static_cast<std::size_t>(rule.auctions)));
  if (next.empty()) return unsold;

  const Tonnes share(WholeLots(unsold.count() / static_cast<std::int64_t>(next.size()), lot));
  const Tonnes remainder = unsold - Tonnes(share.count() * static_cast<std::int64_t>(next.size()));
  const auto add = [&](Slot& slot, Tonnes wanted) {
    const Tonnes added = std::min(wanted, RoomIn(slot, rule, lot, unsold));
    slot.volume += added;
    unsold -= added;
  };
  add(next.front(), share + remainder);
  for (Slot& slot : next.subspan(1)) add(slot, share);
  // What a full slot could not take goes to the others of the window, the earliest first.
  for (Slot& slot : next) add(slot, unsold);
  return unsold;
}

Tonnes AdjustSlots(std::span<Slot> slots, Tonnes volume, Tonnes lot) {
  const bool adds = volume < Tonnes();
  const Tonnes all(adds ? -volume.count() : volume.count());
  if (slots.empty() || all < lot) return all;
  Tonnes left(WholeLots(all.count(), lot));
  const Tonnes rest = all - left;
  const auto change = [&](Slot& slot, Tonnes wanted) {
    const Tonnes part = std::min({wanted, left, adds ? left : slot.volume});
    slot.volume = adds ? slot.volume + part : slot.volume - part;
    left -= part;
  };
  const auto count = static_cast<std::int64_t>(slots.size());
  const Tonnes share(WholeLots(left.count() / count, lot));
  const Tonnes first = left - Tonnes(share.count() * (count - 1));
  change(slots.front(), first);
  for (Slot& slot : slots.subspan(1)) change(slot, share);
  for (Slot& slot : slots) change(slot, left);
  return left + rest;
}

}  // namespace ets::auction
