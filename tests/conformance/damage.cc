#include "tests/conformance/damage.h"

#include <filesystem>
#include <fstream>

#include "tests/conformance/server.h"

namespace ets::conformance {

namespace fs = std::filesystem;

std::string NewestLog(const std::string& folder) {
  std::string newest;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const fs::path& path = entry.path();
    if (path.extension() != ".log" || entry.file_size() == 0) continue;
    if (newest.empty() || path.filename() > fs::path(newest).filename()) newest = path;
  }
  return newest;
}

void FlipAByte(const std::string& log) {
  std::fstream file(log, std::ios::in | std::ios::out | std::ios::binary);
  const auto middle = static_cast<std::streamoff>(fs::file_size(log) / 2);
  file.seekg(middle);
  const int byte = file.get();
  file.seekp(middle);
  file.put(static_cast<char>(byte ^ 0x10));
}

// Of RocksDB's log: blocks of 32 KiB; in each, pieces of a checksum of four bytes, a length of two,
// a type and so many bytes; type 1 is a whole record, 2 the first piece of one.
void CutLastRecord(const std::string& log) {
  constexpr std::size_t kBlock = 32'768, kHeader = 7;
  const std::string bytes = ContentsOf(log);
  const auto at = [&](std::size_t place) { return static_cast<unsigned char>(bytes[place]); };
  std::size_t last = 0;
  for (std::size_t place = 0; place + kHeader <= bytes.size();) {
    const std::size_t left = kBlock - place % kBlock;
    if (left < kHeader) {
      place += left;
      continue;
    }
    const unsigned type = at(place + 6);
    if (type == 0) break;  // Room that was taken ahead.
    if (type == 1 || type == 2) last = place;
    place += kHeader + at(place + 4) + 256U * at(place + 5);
  }
  fs::resize_file(log, last);
}

}  // namespace ets::conformance
