#include "store/anchor.h"

#include <utility>

namespace ets::store {
namespace {

constexpr std::array<const char*, 2> kAnchorNames = {"anchor.0", "anchor.1"};

// More than any small file of ours holds.
constexpr std::size_t kSmallFileMax = 4'096;

std::string PathOf(const std::string& folder, const char* name) { return folder + "/" + name; }

std::string Wrong(const char* what, const std::string& path, const rocksdb::IOStatus& status) {
  return std::string("cannot ") + what + " " + path + ": " + status.ToString();
}

std::string CreateEmpty(rocksdb::FileSystem& files, const std::string& path) {
  std::unique_ptr<rocksdb::FSWritableFile> file;
  rocksdb::IOStatus status = files.NewWritableFile(path, {}, &file, nullptr);
  if (status.ok()) status = file->Close({}, nullptr);
  return status.ok() ? "" : Wrong("create", path, status);
}

}  // namespace

const ChainEnd* AnchorCopies::newest() const {
  const ChainEnd* newest = nullptr;
  for (const auto& copy : copies) {
    if (copy && (newest == nullptr || copy->batch > newest->batch)) newest = &*copy;
  }
  return newest;
}

Result<AnchorCopies, StoreFailure> ReadAnchors(rocksdb::FileSystem& files,
                                               const std::string& folder) {
  AnchorCopies found;
  for (std::size_t i = 0; i < kAnchorNames.size(); ++i) {
    const auto bytes = ReadSmallFile(files, folder, kAnchorNames[i]);
    if (!bytes.ok()) return Fail{bytes.error()};
    if (!*bytes) continue;
    found.any_file = true;
    found.copies[i] = DecodeAnchor(**bytes);
  }
  return found;
}

std::string AnchorFiles::Open(rocksdb::FileSystem& files, const std::string& folder) {
  folder_ = folder;
  const auto found = ReadAnchors(files, folder);
  if (!found.ok()) return found.error().message;
  bool created = false;
  for (std::size_t i = 0; i < kAnchorNames.size(); ++i) {
    const std::string path = PathOf(folder, kAnchorNames[i]);
    if (files.FileExists(path, {}, nullptr).IsNotFound()) {
      const std::string error = CreateEmpty(files, path);
      if (!error.empty()) return error;
      created = true;
    }
    const rocksdb::IOStatus status = files.NewRandomRWFile(path, {}, &files_[i], nullptr);
    if (!status.ok()) return Wrong("open", path, status);
  }
  held_ = found->copies;
  turn_ = found->newest() != nullptr && found->newest() == &*found->copies[0] ? 0 : 1;
  return created ? SyncFolder(files, folder) : "";
}

std::string AnchorFiles::WriteNext(const ChainEnd& end) {
  turn_ = 1 - turn_;
  const std::string bytes = EncodeAnchor(end);
  rocksdb::FSRandomRWFile& file = *files_[turn_];
  rocksdb::IOStatus status = file.Write(0, bytes, {}, nullptr);
  if (!status.ok()) return Wrong("write", PathOf(folder_, kAnchorNames[turn_]), status);
  status = file.Sync({}, nullptr);
  if (!status.ok()) return Wrong("sync", PathOf(folder_, kAnchorNames[turn_]), status);
  held_[turn_] = end;
  return {};
}

std::string AnchorFiles::WriteBoth(const ChainEnd& end) {
  while (held_[0] != end || held_[1] != end) {
    std::string error = WriteNext(end);
    if (!error.empty()) return error;
  }
  return {};
}

std::string SyncFolder(rocksdb::FileSystem& files, const std::string& folder) {
  std::unique_ptr<rocksdb::FSDirectory> directory;
  rocksdb::IOStatus status = files.NewDirectory(folder, {}, &directory, nullptr);
  if (status.ok()) status = directory->Fsync({}, nullptr);
  return status.ok() ? "" : Wrong("sync", folder, status);
}

std::string WriteSmallFile(rocksdb::FileSystem& files, const std::string& folder,
                           const std::string& name, const std::string& text) {
  const std::string path = folder + "/" + name;
  std::unique_ptr<rocksdb::FSWritableFile> file;
  rocksdb::IOStatus status = files.NewWritableFile(path, {}, &file, nullptr);
  if (status.ok()) status = file->Append(text, {}, nullptr);
  if (status.ok()) status = file->Sync({}, nullptr);
  if (status.ok()) status = file->Close({}, nullptr);
  return status.ok() ? SyncFolder(files, folder) : Wrong("write", path, status);
}

Result<std::optional<std::string>, StoreFailure> ReadSmallFile(rocksdb::FileSystem& files,
                                                               const std::string& folder,
                                                               const std::string& name) {
  const std::string path = folder + "/" + name;
  std::unique_ptr<rocksdb::FSSequentialFile> file;
  rocksdb::IOStatus status = files.FileExists(path, {}, nullptr);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (status.ok()) status = files.NewSequentialFile(path, {}, &file, nullptr);
  std::string bytes(kSmallFileMax, '\0');
  rocksdb::Slice read;
  if (status.ok()) status = file->Read(bytes.size(), {}, &read, bytes.data(), nullptr);
  if (!status.ok()) return Fail{StoreFailure{StoreFault::kIo, Wrong("read", path, status)}};
  return std::optional<std::string>(read.ToString());
}

}  // namespace ets::store
