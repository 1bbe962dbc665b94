#pragma once

#include <rocksdb/file_system.h>

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "store/batch.h"
#include "store/options.h"

namespace ets::store {

// Inside store/: the anchor files of one folder, and the mark of a failed write.

// What the two copies of a folder say.
struct AnchorCopies {
  std::array<std::optional<ChainEnd>, 2> copies;  // Empty: missing, or not whole.
  bool any_file = false;

  const ChainEnd* newest() const;
};
Result<AnchorCopies, StoreFailure> ReadAnchors(rocksdb::FileSystem& files,
                                               const std::string& folder);

// The two alternating copies, held open: a torn write leaves the other one whole. Each method
// returns an empty string, or what went wrong.
class AnchorFiles {
 public:
  // Creates the copies that are not there and makes the next write go to the older one.
  std::string Open(rocksdb::FileSystem& files, const std::string& folder);
  // Over the older copy.
  std::string WriteNext(const ChainEnd& end);
  // What does not say so yet.
  std::string WriteBoth(const ChainEnd& end);

 private:
  std::array<std::unique_ptr<rocksdb::FSRandomRWFile>, 2> files_;
  std::array<std::optional<ChainEnd>, 2> held_;  // What each says.
  std::string folder_;
  std::size_t turn_ = 1;
};

// Makes the names in a folder durable.
std::string SyncFolder(rocksdb::FileSystem& files, const std::string& folder);

// A small file, synced with its name.
std::string WriteSmallFile(rocksdb::FileSystem& files, const std::string& folder,
                           const std::string& name, const std::string& text);
// Empty when it is not there.
Result<std::optional<std::string>, StoreFailure> ReadSmallFile(rocksdb::FileSystem& files,
                                                               const std::string& folder,
                                                               const std::string& name);

inline constexpr const char* kPoisonedName = "POISONED";

}  // namespace ets::store
