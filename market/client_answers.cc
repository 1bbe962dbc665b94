#include "market/client_answers.h"

#include <bit>
#include <cstring>

namespace ets::market {

std::uint32_t ClientAnswers::HashOf(std::uint32_t member, const matching::ClientOrderId& id) {
  std::uint64_t words[3] = {};
  std::memcpy(words, id.bytes().data(), matching::ClientOrderId::kSizeMax);
  std::uint64_t hash = (words[2] ^ std::uint64_t{member} << 32U) * 0x9E3779B97F4A7C15U;
  hash = (hash ^ hash >> 29U ^ words[0]) * 0xBF58476D1CE4E5B9U;
  hash = (hash ^ hash >> 32U ^ words[1]) * 0x94D049BB133111EBU;
  return static_cast<std::uint32_t>(hash >> 32U);
}

std::size_t ClientAnswers::SlotOf(std::uint32_t hash, std::uint32_t member,
                                  const matching::ClientOrderId& id) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash & mask;
  for (; slots_[slot].place != kNone; slot = (slot + 1) & mask) {
    if (slots_[slot].hash != hash) continue;
    const Entry& entry = At(slots_[slot].place);
    if (entry.member == member && entry.id == id) break;
  }
  return slot;
}

const ClientAnswer* ClientAnswers::Find(MemberId member, const matching::ClientOrderId& id) const {
  if (slots_.empty()) return nullptr;
  const Slot& slot = slots_[SlotOf(HashOf(member.raw(), id), member.raw(), id)];
  return slot.place == kNone ? nullptr : &At(slot.place).answer;
}

void ClientAnswers::Remember(MemberId member, const matching::ClientOrderId& id,
                             const ClientAnswer& answer) {
  if (slots_.empty()) slots_.resize(std::bit_ceil(2 * answers_max_));
  std::size_t place = count_;
  if (count_ < answers_max_) {
    if (count_ % kChunk == 0) chunks_.push_back(std::make_unique<Chunk>());
    ++count_;
  } else {
    place = oldest_;
    oldest_ = oldest_ + 1 == answers_max_ ? 0 : oldest_ + 1;
    Forget(place);
    // Those that go next are found in the cache when their time comes.
    __builtin_prefetch(&At((oldest_ + 16) % answers_max_));
    __builtin_prefetch(&slots_[At((oldest_ + 8) % answers_max_).hash & (slots_.size() - 1)]);
  }
  const std::uint32_t hash = HashOf(member.raw(), id);
  slots_[SlotOf(hash, member.raw(), id)] = {hash, static_cast<std::uint32_t>(place)};
  At(place) = {.hash = hash, .member = member.raw(), .id = id, .answer = answer};
  hash_.Add(std::uint64_t{hash} << 32U | member.raw());
  hash_.Add(answer.digest);
  hash_.Add(answer.sequence);
}

// Takes the entry out of the table, and moves up those that probed past it.
void ClientAnswers::Forget(std::size_t place) {
  const std::size_t mask = slots_.size() - 1;
  const Entry& gone = At(place);
  std::size_t hole = SlotOf(gone.hash, gone.member, gone.id);
  for (std::size_t at = (hole + 1) & mask; slots_[at].place != kNone; at = (at + 1) & mask) {
    const std::size_t home = slots_[at].hash & mask;
    if (((at - home) & mask) < ((at - hole) & mask)) continue;  // Its home lies behind the hole.
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole] = Slot{};
}

void ClientAnswers::Save(ByteWriter& out) const {
  out.Put(hash_.value());
  out.Put(std::uint64_t{count_});
  for (std::size_t i = 0; i < count_; ++i) {
    const Entry& entry = At((oldest_ + i) % count_);
    out.Put(entry.member);
    out.PutText(entry.id.text());
    const ClientAnswer& answer = entry.answer;
    out.Put(answer.refusal);
    for (const std::int64_t number :
         {answer.detail.asked, answer.detail.limit, answer.traded.count(), answer.resting.count(),
          answer.value.minor()}) {
      out.Put(number);
    }
    for (const std::uint64_t number : {answer.digest, answer.sequence, answer.order.raw()}) {
      out.Put(number);
    }
  }
}

bool ClientAnswers::Load(ByteReader& in) {
  const auto hash = in.Get<std::uint64_t>();
  const auto count = in.Get<std::uint64_t>();
  if (count > answers_max_) return false;
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const MemberId member(in.Get<std::uint32_t>());
    const auto id = matching::ClientOrderId::Parse(in.GetText());
    ClientAnswer answer;
    answer.refusal = in.Get<Refusal>();
    answer.detail.asked = in.Get<std::int64_t>();
    answer.detail.limit = in.Get<std::int64_t>();
    answer.traded = Tonnes(in.Get<std::int64_t>());
    answer.resting = Tonnes(in.Get<std::int64_t>());
    answer.value = Money::FromMinor(in.Get<std::int64_t>());
    answer.digest = in.Get<std::uint64_t>();
    answer.sequence = in.Get<std::uint64_t>();
    answer.order = OrderId(in.Get<std::uint64_t>());
    if (!in.ok() || !id || id->empty() || Find(member, *id) != nullptr) return false;
    Remember(member, *id, answer);
  }
  hash_ = ets::StateHash::From(hash);
  return in.ok();
}

}  // namespace ets::market
