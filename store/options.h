#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace rocksdb {
class FileSystem;
}

namespace ets::store {

// Why a journal was not opened, read, copied or written. Only what somebody can react to.
enum class StoreFault : std::uint8_t {
  kNoJournal = 1,    // The folder is not there, or no journal is in it.
  kExists = 2,       // What was to be created is there already.
  kDamaged = 3,      // CHAIN_BROKEN: the bytes are not what was acknowledged. Restore a copy.
  kAnchorAhead = 4,  // ANCHOR_AHEAD: acknowledged batches are missing. Restore a copy.
  kPoisoned = 5,     // A write failed here once, and nobody has verified the journal since.
  kLocked = 6,       // Another writer has it.
  kOutOfRange = 7,   // The journal does not hold the record that was asked for.
  kIo = 8,           // The disk said no: an error, or full.
};

struct StoreFailure {
  StoreFault fault = StoreFault::kIo;
  std::string message;  // Names the folder and the place in it.
};

// When acknowledged records reach the disk for good.
enum class Durability : std::uint8_t {
  kEveryBatch,  // A live registry: one WAL sync and one anchor sync per batch.
  kAtClose,     // A simulated run: everything is synced once, in Close().
};

// How much of a journal is checked before it goes on.
enum class Check : std::uint8_t {
  kWholeChain,  // Every batch from the first.
  kTail,        // The batch the anchor names, and those behind it. For who replays the rest anyhow,
                // or from a snapshot: every reader checks what it reads.
};

struct StoreOptions {
  Check check = Check::kWholeChain;  // Of Open() only.
  // A folder of this journal's own for a second pair of anchors, on another device, so that no one
  // device can lose the journal's end and the knowledge of it. Empty: none. Created when missing.
  std::string second_anchor_folder;
  // How much is kept in memory, and in the log, before a data file is written.
  std::size_t write_buffer_bytes = std::size_t{32} << 20U;
  // Null: the machine's. Every write, sync and rename goes through it, so faults can be put there.
  std::shared_ptr<rocksdb::FileSystem> file_system;
};

}  // namespace ets::store
