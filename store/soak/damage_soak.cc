// One damage at a time to the files of a whole journal: bits flipped, ranges zeroed or overwritten,
// files cut short, deleted, exchanged or grown. The outcome is always the same records, or a
// refusal; never fewer records, never others.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

#include "store/folder.h"
#include "store/soak/faulty_disk.h"
#include "store/soak/soak.h"

namespace ets::store::soak {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kDamagesPerCase = 10;
constexpr std::size_t kDataFileEnd = 1'500;

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
void WriteFile(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// What kind of file it is, as the counts name it.
std::string KindOf(const fs::path& path) {
  const std::string name = path.filename().string();
  if (name.rfind("MANIFEST", 0) == 0) return "manifest";
  if (name.rfind("anchor", 0) == 0) return "anchor";
  if (name == "CURRENT") return "current";
  if (path.extension() == ".log") return "wal";
  if (path.extension() == ".sst") return "sst";
  return "other";
}

// A journal in one of the conditions in which it may lie on a disk: in its log, in data files,
// both, with snapshots, opened many times.
Promise MakeJournal(Case& it, const std::string& folder) {
  Promise promise;
  promise.records.seed = it.dice.Next();
  const auto disk = std::make_shared<FaultyDisk>();
  StoreOptions options;
  options.file_system = disk;
  options.write_buffer_bytes = std::size_t{it.dice.Below(2) == 0 ? 64U : 4'096U} << 10U;
  auto opened = JournalStore::Create(folder, Durability::kEveryBatch, options);
  for (std::uint64_t life = 1 + it.dice.Below(4); life > 0 && opened.ok(); --life) {
    for (std::uint64_t i = 1 + it.dice.Below(8); i > 0; --i) {
      WriteSome(**opened, promise, it.dice);
    }
    const bool is_last = life == 1;
    if (it.dice.Below(2) == 0) (*opened)->Close();
    opened.value().reset();
    if (!is_last) opened = JournalStore::Open(folder, Durability::kEveryBatch, options);
  }
  return promise;
}

// Damages one file; returns what was done to which.
std::string Damage(const std::string& folder, Prng& dice, std::string& kind) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  fs::path path = files[dice.Below(files.size())];
  // Those that nobody reads get less of it.
  if (KindOf(path) == "other") path = files[dice.Below(files.size())];
  kind = KindOf(path);
  std::string bytes = ReadFile(path);
  const std::string whole = bytes;
  // What a data file says about itself, and is read first, stands at its end.
  const bool at_the_end = kind == "sst" && bytes.size() > kDataFileEnd && dice.Below(2) == 0;
  const std::uint64_t from = at_the_end ? bytes.size() - kDataFileEnd : 0;
  const std::uint64_t at = bytes.empty() ? 0 : from + dice.Below(bytes.size() - from);
  const std::uint64_t length = std::min<std::uint64_t>(1 + dice.Below(600), bytes.size() - at);
  std::string what;
  switch (dice.Below(8)) {
    case 0:
    case 1:
    case 2:
      what = "flip a bit of";
      if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << dice.Below(8)));
      break;
    case 3:
      what = "zero bytes of";
      bytes.replace(at, length, length, '\0');
      break;
    case 4:
      what = "overwrite bytes of";
      for (std::uint64_t i = at; i < at + length; ++i) bytes[i] = static_cast<char>(dice.Next());
      break;
    case 5:
      what = "cut short";
      bytes.resize(at);
      break;
    case 6:
      what = "grow";
      bytes.append(length, static_cast<char>(dice.Next()));
      break;
    default:
      what = dice.Below(2) == 0 ? "delete" : "exchange";
      if (what == "exchange") bytes = ReadFile(files[dice.Below(files.size())]);
      break;
  }
  if (what == "delete") {
    fs::remove(path);
  } else {
    WriteFile(path, bytes);
  }
  if (what != "delete" && bytes == whole) what = "leave as it is";
  return what + " " + path.filename().string() + " at " + std::to_string(at);
}

// After a damage: the same records, or a refusal. Then the journal goes on, or refuses to.
std::string Judge(Case& it, const Promise& promise, const std::string& folder,
                  const std::string& kind) {
  ChainEnd end;
  bool refused = false;
  std::string wrong = HoldTo(promise, folder, end, refused);
  if (!wrong.empty() && !refused) return wrong;
  if (!refused && end != promise.acknowledged) return "it ends elsewhere";

  const auto disk = std::make_shared<FaultyDisk>();
  disk->Adopt(folder);
  StoreOptions options;
  options.file_system = disk;
  auto opened = JournalStore::Open(folder, Durability::kEveryBatch, options);
  it.report.Count(kind + (opened.ok() ? "_same" : "_refused"));
  if (!opened.ok()) return {};
  if (refused) return "it refused to be read and was opened: " + wrong;
  if ((*opened)->end() != promise.acknowledged) return "it was opened at another end";
  Promise further = promise;
  if (!WriteSome(**opened, further, it.dice)) return "it did not go on: " + (*opened)->error();
  opened.value().reset();
  wrong = HoldTo(further, folder, end, refused);
  return wrong.empty() ? "" : "after it went on: " + wrong;
}

void Run(Case& it) {
  const std::string whole = it.folder + "/whole";
  const Promise promise = MakeJournal(it, whole);
  it.report.Count("journals");
  for (std::uint64_t i = 0; i < kDamagesPerCase; ++i) {
    const std::string folder = it.folder + "/damaged";
    fs::remove_all(folder);
    fs::copy(whole, folder);
    std::string kind;
    const std::string damage = Damage(folder, it.dice, kind);
    it.report.Count("damages");
    const std::string wrong = Judge(it, promise, folder, kind);
    if (!wrong.empty()) it.Broken(damage + ": " + wrong);
  }
}

}  // namespace
}  // namespace ets::store::soak

int main(int argc, char** argv) {
  return ets::store::soak::Main(argc, argv, {"damage_soak", 60, ets::store::soak::Run});
}
