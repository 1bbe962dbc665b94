#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "store/database.h"
#include "store/scan.h"

namespace ets::store {

// Inside store/: the steps from which folders are made, copied and cut.

// Creates a folder and its parents, so that a power cut does not take their names away. Empty, or
// what went wrong.
std::string MakeFolders(rocksdb::FileSystem& files, const std::string& folder);

// The first file of a journal that is in a folder, or of its anchors in the second one. Empty:
// none.
Result<std::string, StoreFailure> WhatIsLeftIn(rocksdb::FileSystem& files,
                                               const std::string& folder,
                                               const std::string& second_anchor_folder);

// Holds the database's own lock, so that nobody writes meanwhile.
class FolderLock {
 public:
  FolderLock(rocksdb::FileSystem& files, const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  const StoreFailure& failure() const { return failure_; }  // Its message is empty when it holds.

 private:
  rocksdb::FileSystem& files_;
  rocksdb::FileLock* lock_ = nullptr;
  StoreFailure failure_;
};

// Has `build` fill a folder under another name, and renames it when it succeeded and is on the
// disk. kExists when the folder is there. What is built goes through the files that `build` is
// given, which are synced once, at the end.
using Files = std::shared_ptr<rocksdb::FileSystem>;
using Build =
    std::function<Result<Done, StoreFailure>(const Files& files, const std::string& partial)>;
Result<Done, StoreFailure> MakeFolder(const Files& files, const std::string& folder,
                                      const Build& build);

// Everything of a journal that nobody writes to, but for its lock and its poison. Data files are
// linked where that is wanted and possible, everything else is copied and synced.
enum class Copying : std::uint8_t { kLinks, kBytes };
Result<Done, StoreFailure> CopyJournal(rocksdb::FileSystem& files, const std::string& source,
                                       const std::string& folder, Copying copying);

// The same of a journal that is being written, all that it holds now.
Result<Done, StoreFailure> CheckpointInto(const Database& database, rocksdb::FileSystem& files,
                                          const std::string& folder);

// Cuts a journal behind a record and anchors it there. Not safe against a crash: for folders in the
// making.
Result<ChainEnd, StoreFailure> TruncateAfter(const Files& files, const std::string& folder,
                                             std::uint64_t sequence);

// New anchors, both copies.
Result<Done, StoreFailure> WriteAnchors(rocksdb::FileSystem& files, const std::string& folder,
                                        const ChainEnd& end);

}  // namespace ets::store
