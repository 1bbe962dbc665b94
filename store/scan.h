#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/batch.h"
#include "store/database.h"

namespace ets::store {

// Inside store/: how batches are found and walked.

// Takes a batch's stored value and moves `end` on over it. Returns what is wrong, or nothing.
using BatchCallback = std::function<std::string(std::string_view, ChainEnd& end, bool& stopped)>;

// Walks the batches behind `after`, up to `last_batch` (kToTheEnd: as far as there are).
Result<ChainEnd, StoreFailure> ScanBatches(const Database& database, const ChainEnd& after,
                                           std::uint64_t last_batch, const BatchCallback& callback);

// What a batch says about itself; its bytes too, when wanted.
Result<BatchHeader, StoreFailure> HeaderOf(const Database& database, std::uint64_t batch,
                                           std::string* value);

// Where a database that nobody has checked seems to end.
Result<ChainEnd, StoreFailure> LastBatch(const Database& database);

// The end of the batch before the one that holds a record; the latter's bytes too, when wanted.
// kOutOfRange when there is no such record in a journal that ends with `end`.
Result<ChainEnd, StoreFailure> BatchBefore(const Database& database, std::uint64_t sequence,
                                           const ChainEnd& end, std::string* value = nullptr);

// Whether a batch is there, whole, and ends so.
bool LiesOnChain(const Database& database, const ChainEnd& at);

// The newest whole anchor of a journal, in its folder or the second one. kNoJournal when there is
// nothing of a journal, kDamaged when there is one and no whole anchor.
Result<ChainEnd, StoreFailure> FindAnchor(const std::string& folder, const StoreOptions& options);

// Holds the journal's end to the anchor: the batch it names, and every batch behind it. Returns the
// last batch's end. kAnchorAhead when the batch is not there.
Result<ChainEnd, StoreFailure> FindTail(const Database& database, const ChainEnd& anchor);

StoreFailure Damage(const Database& database, const std::string& what);
StoreFailure OutOfRange(const Database& database, std::uint64_t sequence, const ChainEnd& end);

}  // namespace ets::store
