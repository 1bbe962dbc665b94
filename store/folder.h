#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "store/journal_reader.h"
#include "store/options.h"

namespace ets::store {

// What is done with a whole journal folder that nobody has open. Every folder that is made is made
// under another name beside it (".partial") and renamed as the last act: it is whole or not there.

// The scrub: the checksums of every file of the database, then the whole chain to its anchor.
Result<JournalSummary, StoreFailure> VerifyJournal(const std::string& folder,
                                                   const StoreOptions& options = {});

// Whether a write failed here and nobody has verified the journal since; `why` gets the reason.
bool IsPoisoned(const std::string& folder, const StoreOptions& options = {},
                std::string* why = nullptr);

// Verifies the journal as the disk has it, not as the page cache remembers it, and takes the mark
// away. A journal that does not verify stays marked.
Result<JournalSummary, StoreFailure> ClearPoison(const std::string& folder,
                                                 const StoreOptions& options = {});

// As JournalStore::Fork(). The source is not changed; kLocked when somebody writes to it.
Result<ChainEnd, StoreFailure> Fork(const std::string& source, std::uint64_t sequence,
                                    const std::string& folder, const StoreOptions& options = {});

// Copies a backup, bytes and not links, and verifies the copy as VerifyJournal() does. Poison does
// not come along.
Result<JournalSummary, StoreFailure> Restore(const std::string& backup, const std::string& folder,
                                             const StoreOptions& options = {});

// Writes the batches' stored values one behind the other, each after its length (u32), then a
// length of 0 and the anchor's 56 bytes, for a reader that has no RocksDB. Verifies on the way.
Result<JournalSummary, StoreFailure> Export(const std::string& folder, const std::string& file,
                                            const StoreOptions& options = {});

}  // namespace ets::store
