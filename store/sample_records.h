#pragma once

#include <cstdint>
#include <string>

#include "base/journal.h"
#include "base/prng.h"
#include "store/journal_store.h"

// For tests: records that can be made again from a seed and their sequence, so that a journal can
// be held to what must be in it without keeping a copy.
namespace ets::store {

struct SampleRecords {
  std::uint64_t seed = 7;
  std::uint64_t payload_max = 200;

  // Every field different, payloads of 0 to payload_max bytes.
  StoredRecord operator[](std::uint64_t sequence) const {
    Prng dice = Prng::Stream(seed, "record", sequence);
    StoredRecord made;
    made.kind = static_cast<std::uint16_t>(dice.Next());
    made.version = static_cast<std::uint16_t>(dice.Next());
    made.sequence = sequence;
    made.envelope = {dice.Next(), static_cast<SimTime>(dice.Next()),
                     static_cast<SimTime>(dice.Next()), SourceKind::kStream,
                     static_cast<std::uint32_t>(dice.Next())};
    made.payload.resize(dice.Below(payload_max + 1));
    for (char& byte : made.payload) byte = static_cast<char>(dice.Next());
    return made;
  }

  void Append(JournalStore& journal, std::uint64_t count) const {
    for (std::uint64_t i = 0; i < count; ++i) {
      journal.Append((*this)[journal.last_sequence() + 1].view());
    }
  }

  // Whether a record is the one that must be at its place.
  bool Has(const JournalRecord& record) const {
    const StoredRecord made = (*this)[record.sequence];
    const Envelope& a = made.envelope;
    const Envelope& b = record.envelope;
    return record.kind == made.kind && record.version == made.version &&
           record.payload == made.payload && a.step == b.step && a.sim_time == b.sim_time &&
           a.wall_time == b.wall_time && a.source == b.source && a.source_id == b.source_id;
  }
};

}  // namespace ets::store
