#pragma once

#include <rocksdb/file_system.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/prng.h"

namespace ets::store {

// What a program may ask of a disk that changes it.
enum class DiskCall : std::uint8_t {
  kCreate,
  kWrite,
  kSync,
  kRename,
  kLink,
  kDelete,
  kSyncFolder,
};
inline constexpr std::size_t kDiskCalls = 7;
const char* NameOf(DiskCall call);

// A disk for tests that can lose power, fail and be full, under RocksDB and under our own small
// files alike. It writes real files but never syncs them, and keeps account of what a sync has
// made durable: the bytes of a file by its own sync, the names in a folder by the folder's.
//
// After a power cut, of each file the synced bytes are left and any front part of what was written
// since (of a log at times with zeros behind it); of each folder's changes since its sync, the
// first few, in order. What a failed sync should have made durable never is. Thread-safe.
class FaultyDisk final : public rocksdb::FileSystemWrapper {
 public:
  FaultyDisk();
  ~FaultyDisk() override;
  static const char* kClassName() { return "FaultyDisk"; }
  const char* Name() const override { return kClassName(); }

  // Everything in a folder was there before and is durable.
  void Adopt(const std::string& folder);

  // The call with this number (from 1) is the last one that does not happen, and none does after.
  void CutPowerAt(std::uint64_t call);
  // The call with this number fails with EIO; with `for_good`, all after it too.
  void FailAt(std::uint64_t call, bool for_good);
  // No more than so many bytes can still be written.
  void FillUpAfter(std::uint64_t bytes);
  void Repair();  // None of the above any more.

  std::uint64_t calls() const;
  std::array<std::uint64_t, kDiskCalls> calls_by_kind() const;
  // Which call was refused first, as "sync registry/anchor.0"; empty when none was.
  std::string first_refused() const;

  // Makes `image` what a restart would find of `folder` after a power cut now. Once for a folder.
  void LeaveBehind(const std::string& folder, const std::string& image, Prng& dice);
  // Whether a folder has got this name by a rename, and whether it keeps it after a power cut.
  bool HasName(const std::string& folder) const;
  bool KeepsName(const std::string& folder) const;

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus ReopenWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                       std::unique_ptr<rocksdb::FSWritableFile>* result,
                                       rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus NewRandomRWFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSRandomRWFile>* result,
                                    rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* result,
                                 rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus LinkFile(const std::string& from, const std::string& to,
                             const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* context) override;

 private:
  friend class FaultyWritable;
  friend class FaultyRandomRw;
  friend class FaultyFolder;

  // A file, by whatever names it has.
  struct Inode {
    std::string path;          // Where its bytes really are.
    std::uint64_t size = 0;    // Written.
    std::uint64_t synced = 0;  // Of an appended file: so many bytes are durable.
    bool sync_failed = false;  // What was not durable then never will be.
    // Of a file that is overwritten: its durable bytes, and all bytes it was given since.
    std::optional<std::string> durable;
    std::vector<std::string> since;
  };
  using InodePtr = std::shared_ptr<Inode>;
  struct NameChange {
    std::string name;
    InodePtr inode;  // Null: the name goes.
  };
  struct Folder {
    std::map<std::string, InodePtr> now, durable;
    std::vector<std::vector<NameChange>> since;  // Each entry happens as a whole.
  };

  // Whether the next call may happen. REQUIRES: mutex_ is held.
  rocksdb::IOStatus Admit(DiskCall call, const std::string& name);
  Folder& FolderOf(const std::string& path);
  void RenameFolder(const std::string& from, const std::string& to);
  InodePtr Find(const std::string& path);
  void Change(const std::string& path, const InodePtr& inode);
  // A real file gives up its name and keeps its bytes, which may yet come back. False: none there.
  bool MoveAside(const std::string& path);
  static std::string BytesAfterCut(const Inode& inode, Prng& dice);

  mutable std::mutex mutex_;
  std::map<std::string, Folder> folders_;
  std::map<std::string, bool> renamed_;  // Folders; whether the name is durable.
  std::vector<std::string> removed_;     // Real files that a later image may need.
  std::array<std::uint64_t, kDiskCalls> by_kind_{};
  std::uint64_t calls_ = 0;
  std::uint64_t cut_at_ = 0, fail_at_ = 0;
  bool for_good_ = false;
  std::optional<std::uint64_t> room_;
  std::string first_refused_;
};

}  // namespace ets::store
