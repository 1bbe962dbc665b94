#include "store/soak/faulty_disk.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace ets::store {

namespace fs = std::filesystem;
using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string ParentOf(const std::string& path) {
  return fs::path(path).lexically_normal().parent_path().string();
}
std::string LastPart(const std::string& path) { return fs::path(path).filename().string(); }

// The folder's name and the file's: what tells one call from another.
std::string ShortName(const std::string& path) {
  const fs::path whole(path);
  return (whole.parent_path().filename() / whole.filename()).string();
}

std::string Normal(const std::string& folder) {
  std::string normal = fs::path(folder).lexically_normal().string();
  while (normal.size() > 1 && normal.back() == '/') normal.pop_back();
  return normal;
}

}  // namespace

const char* NameOf(DiskCall call) {
  switch (call) {
    case DiskCall::kCreate:
      return "create";
    case DiskCall::kWrite:
      return "write";
    case DiskCall::kSync:
      return "sync";
    case DiskCall::kRename:
      return "rename";
    case DiskCall::kLink:
      return "link";
    case DiskCall::kDelete:
      return "delete";
    case DiskCall::kSyncFolder:
      return "sync-folder";
  }
  return "";
}

// ---- Files and folders as RocksDB holds them ----

class FaultyWritable final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultyWritable(FaultyDisk& disk, std::string name, FaultyDisk::InodePtr inode,
                 std::unique_ptr<rocksdb::FSWritableFile> real)
      : FSWritableFileOwnerWrapper(std::move(real)),
        disk_(disk),
        name_(std::move(name)),
        inode_(std::move(inode)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* context) override {
    const std::lock_guard lock(disk_.mutex_);
    IOStatus status = disk_.Admit(DiskCall::kWrite, name_);
    if (!status.ok()) return status;
    Slice fits = data;
    if (disk_.room_ && *disk_.room_ < data.size()) {
      fits = Slice(data.data(), *disk_.room_);
      status = IOStatus::NoSpace("the disk is full");
      if (disk_.first_refused_.empty()) disk_.first_refused_ = "write " + ShortName(name_);
    }
    if (disk_.room_) *disk_.room_ -= fits.size();
    const IOStatus written = FSWritableFileOwnerWrapper::Append(fits, options, context);
    inode_->size += fits.size();
    return written.ok() ? status : written;
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* context) override {
    return Append(data, options, context);
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    const std::lock_guard lock(disk_.mutex_);
    const IOStatus status = disk_.Admit(DiskCall::kSync, name_);
    if (!status.ok()) inode_->sync_failed = true;
    if (!inode_->sync_failed) inode_->synced = inode_->size;
    return status;
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override {
    return Sync(options, context);
  }
  IOStatus RangeSync(std::uint64_t, std::uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();  // Promises nothing.
  }
  IOStatus Allocate(std::uint64_t, std::uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }
  void PrepareWrite(std::size_t, std::size_t, const IOOptions&, IODebugContext*) override {}

 private:
  FaultyDisk& disk_;
  const std::string name_;
  const FaultyDisk::InodePtr inode_;
};

class FaultyRandomRw final : public rocksdb::FSRandomRWFileOwnerWrapper {
 public:
  FaultyRandomRw(FaultyDisk& disk, std::string name, FaultyDisk::InodePtr inode,
                 std::unique_ptr<rocksdb::FSRandomRWFile> real)
      : FSRandomRWFileOwnerWrapper(std::move(real)),
        disk_(disk),
        name_(std::move(name)),
        inode_(std::move(inode)) {}

  IOStatus Write(std::uint64_t offset, const Slice& data, const IOOptions& options,
                 IODebugContext* context) override {
    const std::lock_guard lock(disk_.mutex_);
    IOStatus status = disk_.Admit(DiskCall::kWrite, name_);
    if (!status.ok()) return status;
    std::string bytes = ReadFile(inode_->path);
    bytes.resize(std::max<std::size_t>(bytes.size(), offset + data.size()));
    bytes.replace(offset, data.size(), data.data(), data.size());
    inode_->since.push_back(std::move(bytes));
    return FSRandomRWFileOwnerWrapper::Write(offset, data, options, context);
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    const std::lock_guard lock(disk_.mutex_);
    const IOStatus status = disk_.Admit(DiskCall::kSync, name_);
    if (!status.ok()) inode_->sync_failed = true;
    if (!inode_->sync_failed && !inode_->since.empty()) {
      inode_->durable = inode_->since.back();
      inode_->since.clear();
    }
    return status;
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override {
    return Sync(options, context);
  }

 private:
  FaultyDisk& disk_;
  const std::string name_;
  const FaultyDisk::InodePtr inode_;
};

class FaultyFolder final : public rocksdb::FSDirectoryWrapper {
 public:
  FaultyFolder(FaultyDisk& disk, std::string name, std::unique_ptr<rocksdb::FSDirectory> real)
      : FSDirectoryWrapper(std::move(real)), disk_(disk), name_(std::move(name)) {}

  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    const std::lock_guard lock(disk_.mutex_);
    const IOStatus status = disk_.Admit(DiskCall::kSyncFolder, name_);
    if (!status.ok()) return status;
    FaultyDisk::Folder& folder = disk_.folders_[Normal(name_)];
    folder.durable = folder.now;
    folder.since.clear();
    for (auto& [renamed, is_durable] : disk_.renamed_) {
      is_durable = is_durable || ParentOf(renamed) == Normal(name_);
    }
    return status;
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* context,
                               const rocksdb::DirFsyncOptions&) override {
    return Fsync(options, context);
  }

 private:
  FaultyDisk& disk_;
  const std::string name_;
};

// ---- The disk ----

FaultyDisk::FaultyDisk() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
FaultyDisk::~FaultyDisk() {
  for (const std::string& path : removed_) {
    std::error_code ignored;
    fs::remove(path, ignored);
  }
}

void FaultyDisk::Adopt(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  Folder& adopted = folders_[Normal(folder)];
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    auto inode = std::make_shared<Inode>();
    inode->path = entry.path().string();
    inode->size = inode->synced = entry.file_size();
    adopted.now[entry.path().filename().string()] = inode;
  }
  adopted.durable = adopted.now;
}

void FaultyDisk::CutPowerAt(std::uint64_t call) {
  const std::lock_guard lock(mutex_);
  cut_at_ = call;
}
void FaultyDisk::FailAt(std::uint64_t call, bool for_good) {
  const std::lock_guard lock(mutex_);
  fail_at_ = call;
  for_good_ = for_good;
}
void FaultyDisk::FillUpAfter(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  room_ = bytes;
}
void FaultyDisk::Repair() {
  const std::lock_guard lock(mutex_);
  cut_at_ = fail_at_ = 0;
  room_.reset();
}

std::uint64_t FaultyDisk::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}
std::array<std::uint64_t, kDiskCalls> FaultyDisk::calls_by_kind() const {
  const std::lock_guard lock(mutex_);
  return by_kind_;
}
std::string FaultyDisk::first_refused() const {
  const std::lock_guard lock(mutex_);
  return first_refused_;
}

IOStatus FaultyDisk::Admit(DiskCall call, const std::string& name) {
  ++calls_;
  ++by_kind_[static_cast<std::size_t>(call)];
  const bool off = cut_at_ != 0 && calls_ >= cut_at_;
  const bool fails = fail_at_ != 0 && (for_good_ ? calls_ >= fail_at_ : calls_ == fail_at_);
  if (!off && !fails) return IOStatus::OK();
  if (first_refused_.empty()) first_refused_ = std::string(NameOf(call)) + " " + ShortName(name);
  return IOStatus::IOError(off ? "the power is off" : "injected EIO", name);
}

FaultyDisk::Folder& FaultyDisk::FolderOf(const std::string& path) {
  return folders_[ParentOf(path)];
}

FaultyDisk::InodePtr FaultyDisk::Find(const std::string& path) {
  const Folder& folder = FolderOf(path);
  const auto found = folder.now.find(LastPart(path));
  return found == folder.now.end() ? nullptr : found->second;
}

void FaultyDisk::Change(const std::string& path, const InodePtr& inode) {
  Folder& folder = FolderOf(path);
  const std::string name = LastPart(path);
  folder.since.push_back({{name, inode}});
  if (inode) {
    folder.now[name] = inode;
  } else {
    folder.now.erase(name);
  }
}

bool FaultyDisk::MoveAside(const std::string& path) {
  std::error_code failed;
  const std::string aside = ParentOf(path) + ".removed." + std::to_string(calls_);
  fs::rename(path, aside, failed);
  if (failed) return false;
  removed_.push_back(aside);
  if (const InodePtr inode = Find(path)) inode->path = aside;
  return true;
}

IOStatus FaultyDisk::NewWritableFile(const std::string& name, const FileOptions& options,
                                     std::unique_ptr<rocksdb::FSWritableFile>* result,
                                     IODebugContext* context) {
  const std::lock_guard lock(mutex_);
  IOStatus status = Admit(DiskCall::kCreate, name);
  if (!status.ok()) return status;
  MoveAside(name);
  std::unique_ptr<rocksdb::FSWritableFile> real;
  status = target()->NewWritableFile(name, options, &real, context);
  if (!status.ok()) return status;
  auto inode = std::make_shared<Inode>();
  inode->path = name;
  Change(name, inode);
  *result = std::make_unique<FaultyWritable>(*this, name, inode, std::move(real));
  return status;
}

IOStatus FaultyDisk::ReopenWritableFile(const std::string& name, const FileOptions& options,
                                        std::unique_ptr<rocksdb::FSWritableFile>* result,
                                        IODebugContext* context) {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<rocksdb::FSWritableFile> real;
  const IOStatus status = target()->ReopenWritableFile(name, options, &real, context);
  if (!status.ok()) return status;
  InodePtr inode = Find(name);
  if (inode == nullptr) {
    inode = std::make_shared<Inode>();
    inode->path = name;
    Change(name, inode);
  }
  *result = std::make_unique<FaultyWritable>(*this, name, inode, std::move(real));
  return status;
}

IOStatus FaultyDisk::NewRandomRWFile(const std::string& name, const FileOptions& options,
                                     std::unique_ptr<rocksdb::FSRandomRWFile>* result,
                                     IODebugContext* context) {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<rocksdb::FSRandomRWFile> real;
  const IOStatus status = target()->NewRandomRWFile(name, options, &real, context);
  if (!status.ok()) return status;
  const InodePtr inode = Find(name);
  if (inode == nullptr) return IOStatus::IOError("a file nobody created", name);
  if (!inode->durable) inode->durable = ReadFile(inode->path).substr(0, inode->synced);
  *result = std::make_unique<FaultyRandomRw>(*this, name, inode, std::move(real));
  return status;
}

IOStatus FaultyDisk::NewDirectory(const std::string& name, const IOOptions& options,
                                  std::unique_ptr<rocksdb::FSDirectory>* result,
                                  IODebugContext* context) {
  std::unique_ptr<rocksdb::FSDirectory> real;
  const IOStatus status = target()->NewDirectory(name, options, &real, context);
  if (status.ok()) *result = std::make_unique<FaultyFolder>(*this, name, std::move(real));
  return status;
}

IOStatus FaultyDisk::DeleteFile(const std::string& name, const IOOptions&, IODebugContext*) {
  const std::lock_guard lock(mutex_);
  IOStatus status = Admit(DiskCall::kDelete, name);
  if (!status.ok()) return status;
  const bool is_known = Find(name) != nullptr;
  if (!MoveAside(name)) return IOStatus::PathNotFound("no such file", name);
  if (is_known) Change(name, nullptr);
  return status;
}

IOStatus FaultyDisk::RenameFile(const std::string& from, const std::string& to,
                                const IOOptions& options, IODebugContext* context) {
  const std::lock_guard lock(mutex_);
  IOStatus status = Admit(DiskCall::kRename, from);
  if (!status.ok()) return status;
  const InodePtr inode = Find(from);
  MoveAside(to);
  status = target()->RenameFile(from, to, options, context);
  if (status.ok() && folders_.contains(Normal(from))) RenameFolder(Normal(from), Normal(to));
  if (!status.ok() || inode == nullptr) return status;
  inode->path = to;
  Folder& folder = FolderOf(to);
  folder.now.erase(LastPart(from));
  folder.now[LastPart(to)] = inode;
  folder.since.push_back({{LastPart(from), nullptr}, {LastPart(to), inode}});
  return status;
}

void FaultyDisk::RenameFolder(const std::string& from, const std::string& to) {
  auto moved = folders_.extract(from);
  moved.key() = to;
  for (const auto& [name, inode] : moved.mapped().now) {
    if (ParentOf(inode->path) == from) inode->path = to + "/" + LastPart(inode->path);
  }
  folders_.insert(std::move(moved));
  renamed_[to] = false;
}

bool FaultyDisk::HasName(const std::string& folder) const {
  const std::lock_guard lock(mutex_);
  return renamed_.contains(Normal(folder));
}

bool FaultyDisk::KeepsName(const std::string& folder) const {
  const std::lock_guard lock(mutex_);
  const auto found = renamed_.find(Normal(folder));
  return found != renamed_.end() && found->second;
}

IOStatus FaultyDisk::LinkFile(const std::string& from, const std::string& to,
                              const IOOptions& options, IODebugContext* context) {
  const std::lock_guard lock(mutex_);
  IOStatus status = Admit(DiskCall::kLink, to);
  if (status.ok()) status = target()->LinkFile(from, to, options, context);
  if (!status.ok()) return status;
  const InodePtr inode = Find(from);
  if (inode != nullptr) Change(to, inode);
  return status;
}

// ---- After the cut ----

std::string FaultyDisk::BytesAfterCut(const Inode& inode, Prng& dice) {
  if (inode.durable) {
    // Overwritten in place: the old bytes, or the new ones, or a new front and an old rest.
    std::string bytes = *inode.durable;
    for (const std::string& next : inode.since) {
      const std::uint64_t turn = dice.Below(inode.sync_failed ? 1 : 3);
      if (turn == 0) continue;
      const std::size_t torn = turn == 1 ? next.size() : dice.Below(next.size() + 1);
      bytes = next.substr(0, torn) + (bytes.size() > torn ? bytes.substr(torn) : "");
    }
    return bytes;
  }
  std::string bytes = ReadFile(inode.path);
  const std::uint64_t size = std::min<std::uint64_t>(inode.size, bytes.size());
  const std::uint64_t synced = std::min(inode.synced, size);
  const std::uint64_t loose = inode.sync_failed ? 0 : size - synced;
  const std::uint64_t turn = dice.Below(3);
  if (turn == 0 || loose == 0) {
    bytes.resize(synced);
  } else {
    bytes.resize(synced + dice.Below(loose + 1));
    // A log has grown and its last pages have not arrived.
    if (turn == 2 && fs::path(inode.path).extension() == ".log")
      bytes.resize(bytes.size() + dice.Below(4'096), '\0');
  }
  return bytes;
}

void FaultyDisk::LeaveBehind(const std::string& folder, const std::string& image, Prng& dice) {
  const std::lock_guard lock(mutex_);
  fs::remove_all(image);
  fs::create_directories(image);
  const auto found = folders_.find(Normal(folder));
  if (found != folders_.end()) {
    std::map<std::string, InodePtr> names = found->second.durable;
    const auto& since = found->second.since;
    const std::uint64_t happened = dice.Below(since.size() + 1);
    for (std::uint64_t i = 0; i < happened; ++i) {
      for (const NameChange& change : since[i]) {
        if (change.inode) {
          names[change.name] = change.inode;
        } else {
          names.erase(change.name);
        }
      }
    }
    for (const auto& [name, inode] : names) {
      std::ofstream(image + "/" + name, std::ios::binary) << BytesAfterCut(*inode, dice);
    }
  }
}

}  // namespace ets::store
