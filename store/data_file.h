#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>

namespace ets::store {

// Inside store/: what has to be looked at in a data file before RocksDB does.

// RocksDB takes a data file's properties block apart before it looks at the block's checksum, and
// where it was built with assertions, a damaged last word of it ends the process. False when that
// word is another one than RocksDB writes. All other damage is left to RocksDB to refuse.
bool HasSoundEnd(const rocksdb::FSRandomAccessFile& file, std::uint64_t size);

}  // namespace ets::store
