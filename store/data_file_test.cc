// What a data file says about itself stands at its end, and every damage to it is refused politely.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "store/journal_store.h"
#include "store/sample_records.h"

namespace ets::store {
namespace {

namespace fs = std::filesystem;

class DataFileTest : public testing::Test {
 protected:
  DataFileTest() : folder_(testing::TempDir() + "data_file_" + std::to_string(::getpid())) {
    fs::remove_all(folder_);
    auto journal = JournalStore::Create(folder_, Durability::kAtClose);
    SampleRecords records;
    records.Append(**journal, 40);
    EXPECT_EQ((*journal)->Close(), "");
    for (const auto& entry : fs::directory_iterator(folder_)) {
      if (entry.path().extension() == ".sst") path_ = entry.path();
    }
    std::ifstream file(path_, std::ios::binary);
    whole_ = {std::istreambuf_iterator<char>(file), {}};
  }
  ~DataFileTest() override { fs::remove_all(folder_); }

  // Whether the journal is whole with these bytes in its data file, or refused.
  std::string Read(const std::string& bytes) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
    const auto read = ReadJournal(folder_, [](const JournalRecord&) { return true; });
    if (!read.ok()) return "refused";
    return read->records == 40 ? "whole" : "shorter";
  }

  const std::string folder_;
  fs::path path_;
  std::string whole_;
};

TEST_F(DataFileTest, IsReadAsItWasWritten) { EXPECT_EQ(Read(whole_), "whole"); }

// The top bit of the word behind the properties is what RocksDB would die of.
TEST_F(DataFileTest, WithAnyBitOfItsEndFlippedIsRefusedOrReadAsItWas) {
  int refused = 0;
  constexpr std::size_t kEnd = 250;
  for (std::size_t at = whole_.size() - kEnd; at < whole_.size(); ++at) {
    for (const int bit : {0, 3, 7}) {
      std::string bytes = whole_;
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
      const std::string outcome = Read(bytes);
      ASSERT_NE(outcome, "shorter") << "bit " << bit << " of byte " << at;
      refused += outcome == "refused" ? 1 : 0;
    }
  }
  EXPECT_GT(refused, 600);
}

TEST_F(DataFileTest, CutShortAnywhereInItsEndIsRefused) {
  for (std::size_t left = whole_.size() - 200; left < whole_.size(); left += 7) {
    EXPECT_EQ(Read(whole_.substr(0, left)), "refused") << left;
  }
}

}  // namespace
}  // namespace ets::store
