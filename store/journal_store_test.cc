#include "store/journal_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>

#include "base/prng.h"
#include "store/batch.h"
#include "store/database.h"
#include "store/sample_records.h"

namespace ets::store {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class JournalStoreTest : public testing::Test {
 protected:
  JournalStoreTest() {
    const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = testing::TempDir() + "journal_store_" + test->name() + std::to_string(::getpid());
    fs::remove_all(folder_);
  }
  ~JournalStoreTest() override { fs::remove_all(folder_); }

  std::unique_ptr<JournalStore> Create(Durability durability = Durability::kAtClose) {
    auto created = JournalStore::Create(folder_, durability);
    EXPECT_TRUE(created.ok()) << created.error().message;
    return std::move(created.value());
  }

  static void Append(JournalStore& journal, std::uint64_t count) {
    SampleRecords().Append(journal, count);
  }

  // Three batches of 10 records, closed well.
  std::string WriteThreeBatches() {
    const auto journal = Create();
    for (int batch = 0; batch < 3; ++batch) {
      Append(*journal, 10);
      journal->EndBatch();
    }
    EXPECT_EQ(journal->Close(), "");
    return journal->chain_head();
  }

  Result<JournalSummary, StoreFailure> Read() {
    return ReadJournal(folder_, [](const JournalRecord&) { return true; });
  }
  void ExpectReadFails(const std::string& why) {
    const auto read = Read();
    ASSERT_FALSE(read.ok()) << "expected: " << why;
    EXPECT_THAT(read.error().message, HasSubstr(why));
    EXPECT_THAT(read.error().message, HasSubstr(folder_));
  }

  // What somebody with a database tool could do.
  std::shared_ptr<Database> OpenTool() {
    auto opened = OpenDatabase(folder_, Access::kWrite, {});
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return opened.ok() ? *opened : nullptr;
  }
  std::string Value(std::uint64_t batch) {
    std::string value;
    EXPECT_TRUE(OpenTool()->db->Get({}, BatchKey(batch), &value).ok());
    return value;
  }
  void Put(std::uint64_t batch, const std::string& value) {
    EXPECT_TRUE(OpenTool()->db->Put({}, BatchKey(batch), value).ok());
  }
  void Delete(std::uint64_t batch) {
    EXPECT_TRUE(OpenTool()->db->Delete({}, BatchKey(batch)).ok());
  }
  void WriteFile(const std::string& name, const std::string& bytes) {
    std::ofstream(folder_ + "/" + name, std::ios::binary | std::ios::trunc) << bytes;
  }

  std::string folder_;
};

TEST_F(JournalStoreTest, GivesBackEveryRecordInOrder) {
  const auto journal = Create();
  Append(*journal, 20'000);
  EXPECT_EQ(journal->last_sequence(), 20'000U);
  ASSERT_EQ(journal->Close(), "");
  std::uint64_t next = 1;
  const auto read = ReadJournal(folder_, [&next](const JournalRecord& record) {
    EXPECT_EQ(record.sequence, next++);
    EXPECT_TRUE(SampleRecords().Has(record));
    return !testing::Test::HasFailure();
  });
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->records, 20'000U);
  EXPECT_EQ(read->last_sequence, 20'000U);
  EXPECT_GE(read->batches, 3U);  // 8,190 records at most in each.
  EXPECT_EQ(read->chain_head, journal->chain_head());
}

TEST_F(JournalStoreTest, ClosesABatchByItsRecordsOrByItsBytes) {
  const auto journal = Create();
  const std::string large(kBatchBytesMax, 'x');
  journal->Append({1, 1, 1, {}, large});
  EXPECT_NE(journal->chain_head(), ToHex({}));
  const std::string head = journal->chain_head();
  for (std::uint64_t i = 0; i < kBatchRecordsMax - 1; ++i) journal->Append({1, 1, i + 2, {}, ""});
  EXPECT_EQ(journal->chain_head(), head);
  journal->Append({1, 1, kBatchRecordsMax + 1, {}, ""});
  EXPECT_NE(journal->chain_head(), head);
  ASSERT_EQ(journal->Close(), "");
  EXPECT_EQ(Read()->batches, 2U);
}

TEST_F(JournalStoreTest, HasTheSameChainHeadForTheSameRecordsInTheSameBatches) {
  const std::string head = WriteThreeBatches();
  EXPECT_EQ(Read()->chain_head, head);
  fs::remove_all(folder_);
  EXPECT_EQ(WriteThreeBatches(), head);
  fs::remove_all(folder_);
  const auto one_batch = Create(Durability::kEveryBatch);
  Append(*one_batch, 30);
  ASSERT_EQ(one_batch->Close(), "");
  EXPECT_NE(one_batch->chain_head(), head);
}

TEST_F(JournalStoreTest, ReadsAJournalOfNoRecords) {
  ASSERT_EQ(Create()->Close(), "");
  const auto read = Read();
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->records, 0U);
  EXPECT_EQ(read->chain_head, std::string(64, '0'));
}

TEST_F(JournalStoreTest, StopsReadingWhenTheCallbackWantsNoMore) {
  WriteThreeBatches();
  int seen = 0;
  EXPECT_TRUE(ReadJournal(folder_, [&seen](const JournalRecord&) { return ++seen < 12; }).ok());
  EXPECT_EQ(seen, 12);
}

TEST_F(JournalStoreTest, DoesNotChangeAFolderByReadingIt) {
  WriteThreeBatches();
  const auto listing = [this] {
    std::map<std::string, std::pair<std::uintmax_t, fs::file_time_type>> files;
    for (const auto& file : fs::directory_iterator(folder_)) {
      files[file.path()] = {file.file_size(), file.last_write_time()};
    }
    return files;
  };
  const auto before = listing();
  ASSERT_TRUE(Read().ok());
  EXPECT_EQ(listing(), before);
}

TEST_F(JournalStoreTest, KeepsEveryClosedBatchOfALiveJournalThatWasNeverClosed) {
  auto journal = Create(Durability::kEveryBatch);
  EXPECT_EQ(Read()->records, 0U);
  Append(*journal, 10);
  journal->EndBatch();
  const std::string head = journal->chain_head();
  Append(*journal, 5);              // Never acknowledged.
  EXPECT_EQ(Read()->records, 10U);  // A reader beside the writer.
  journal.reset();
  const auto read = Read();
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->records, 10U);
  EXPECT_EQ(read->chain_head, head);
}

TEST_F(JournalStoreTest, RefusesARunsJournalThatWasNeverClosed) {
  auto journal = Create(Durability::kAtClose);
  Append(*journal, 10);
  journal->EndBatch();
  journal.reset();
  ExpectReadFails("did not finish");
}

TEST_F(JournalStoreTest, SaysWhatIsWrongWithAFolder) {
  ExpectReadFails("no such folder");
  fs::create_directories(folder_);
  ExpectReadFails("no journal is there");
}

TEST_F(JournalStoreTest, RefusesToCreateOverAJournalOrUnderAFile) {
  const std::string head = WriteThreeBatches();
  const auto again = JournalStore::Create(folder_, Durability::kAtClose);
  ASSERT_FALSE(again.ok());
  EXPECT_THAT(again.error().message, HasSubstr("there is a journal already"));
  EXPECT_EQ(Read()->chain_head, head);
  const auto under = JournalStore::Create(folder_ + "/CURRENT/registry", Durability::kAtClose);
  ASSERT_FALSE(under.ok());
  EXPECT_THAT(under.error().message, HasSubstr("cannot create the folder"));
}

// ---- Damage ----

TEST_F(JournalStoreTest, NoticesAFlippedBitAnywhereInABatch) {
  WriteThreeBatches();
  for (std::uint64_t batch = 1; batch <= 3; ++batch) {
    const std::string good = Value(batch);
    Prng dice(batch);
    for (int i = 0; i < 20; ++i) {
      std::string bad = good;
      const std::size_t place = i == 0 ? 0 : dice.Below(bad.size());
      bad[place] = static_cast<char>(bad[place] ^ (1 << dice.Below(8)));
      Put(batch, bad);
      ExpectReadFails("batch " + std::to_string(batch));
    }
    Put(batch, good);
    ASSERT_TRUE(Read().ok());
  }
}

TEST_F(JournalStoreTest, NoticesATruncatedBatch) {
  WriteThreeBatches();
  const std::string good = Value(2);
  for (const std::size_t size : {std::size_t{0}, std::size_t{50}, good.size() - 1}) {
    Put(2, good.substr(0, size));
    ExpectReadFails("batch 2");
  }
}

TEST_F(JournalStoreTest, NoticesAMissingBatchInTheMiddleAndAtTheEnd) {
  WriteThreeBatches();
  const std::string third = Value(3);
  Delete(3);
  ExpectReadFails("the anchor is ahead: it names batch 3 (record 30)");
  Put(3, third);
  Delete(2);
  ExpectReadFails("batch 2 is missing");
}

TEST_F(JournalStoreTest, NoticesABatchThatAnotherHistoryWrote) {
  WriteThreeBatches();
  const std::string first = Value(1);
  const std::string second = Value(2);
  Put(2, first);
  ExpectReadFails("batch 2: the chain is broken");
  // Well made, but of a history that the anchor does not name.
  ChainEnd end;
  BatchWriter other;
  for (std::uint64_t sequence = 1; sequence <= 10; ++sequence) {
    other.Append({1, 1, sequence, {}, "forged"});
  }
  const std::string forged_first(other.Seal(end));
  Put(1, forged_first);
  Put(2, second);
  ExpectReadFails("batch 2: the chain is broken");
  WriteFile("anchor.0", EncodeAnchor(end));
  WriteFile("anchor.1", EncodeAnchor(end));
  Put(1, first);
  ExpectReadFails("batch 1 is not the one the anchor names");
}

TEST_F(JournalStoreTest, NoticesASequenceThatSkips) {
  WriteThreeBatches();
  ChainEnd end;
  BatchWriter batch;
  batch.Append({1, 1, 1, {}, ""});
  batch.Append({1, 1, 3, {}, ""});
  Put(1, std::string(batch.Seal(end)));
  ExpectReadFails("batch 1: record 2 says it is 3");
}

TEST_F(JournalStoreTest, NoticesAKeyThatIsNoBatch) {
  WriteThreeBatches();
  ASSERT_TRUE(OpenTool()->db->Put({}, "zzz", "").ok());
  ExpectReadFails("no batch number");
}

TEST_F(JournalStoreTest, NoticesAnAnchorThatIsAhead) {
  WriteThreeBatches();
  ChainEnd end;
  end.batch = 4;
  end.sequence = 40;
  WriteFile("anchor.0", EncodeAnchor(end));
  ExpectReadFails("the anchor is ahead: it names batch 4 (record 40)");
}

TEST_F(JournalStoreTest, LivesWithOneBrokenAnchorCopyButNotWithTwo) {
  const std::string head = WriteThreeBatches();
  WriteFile("anchor.0", "torn");
  EXPECT_EQ(Read()->chain_head, head);
  WriteFile("anchor.1", "");
  ExpectReadFails("no whole anchor");
}

TEST_F(JournalStoreTest, NoticesThatTheLogOfALiveJournalIsGone) {
  auto journal = Create(Durability::kEveryBatch);
  Append(*journal, 10);
  journal->EndBatch();
  journal.reset();
  int logs = 0;
  for (const auto& file : fs::directory_iterator(folder_)) {
    if (file.path().extension() == ".log") logs += static_cast<int>(fs::remove(file.path()));
  }
  ASSERT_EQ(logs, 1);
  EXPECT_FALSE(Read().ok());
}

TEST_F(JournalStoreTest, NoticesAFlippedBitInTheFilesOfTheDatabase) {
  WriteThreeBatches();
  int tables = 0;
  for (const auto& file : fs::directory_iterator(folder_)) {
    if (file.path().extension() != ".sst") continue;
    ++tables;
    std::fstream bytes(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekg(700);
    const int byte = bytes.get();
    bytes.seekp(700);
    bytes.put(static_cast<char>(byte ^ 4));
  }
  ASSERT_EQ(tables, 1);
  EXPECT_FALSE(Read().ok());
}

// ---- Errors while writing ----

// Makes every file that would grow beyond `bytes` fail to, as a full disk does.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST_F(JournalStoreTest, IsPoisonedForGoodByAWriteThatFails) {
  const auto journal = Create(Durability::kEveryBatch);
  Append(*journal, 10);
  journal->EndBatch();
  ASSERT_TRUE(journal->ok());
  const std::string head = journal->chain_head();
  {
    const FullDisk full(8'192);
    const std::string large(100'000, 'x');
    journal->Append({1, 1, 11, {}, large});
    journal->EndBatch();
  }
  EXPECT_FALSE(journal->ok());
  EXPECT_THAT(journal->error(), HasSubstr("cannot write a batch"));
  EXPECT_EQ(journal->chain_head(), head);
  const std::string error = journal->error();
  journal->Append({1, 1, 12, {}, ""});  // Dropped.
  journal->EndBatch();
  EXPECT_EQ(journal->Close(), error);
  // What was acknowledged before is all there.
  const auto read = Read();
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->chain_head, head);
}

TEST_F(JournalStoreTest, WritesNoAnchorWhenARunCannotBeFlushed) {
  const auto journal = Create(Durability::kAtClose);
  {
    const FullDisk full(8'192);
    const std::string large(100'000, 'x');
    journal->Append({1, 1, 1, {}, large});
    EXPECT_THAT(journal->Close(), HasSubstr("cannot flush"));
  }
  EXPECT_FALSE(journal->ok());
  EXPECT_FALSE(Read().ok());
}

TEST_F(JournalStoreTest, TakesNothingAfterItsClose) {
  const auto journal = Create();
  Append(*journal, 1);
  ASSERT_EQ(journal->Close(), "");
  ASSERT_EQ(journal->Close(), "");
  Append(*journal, 1);
  EXPECT_FALSE(journal->ok());
  EXPECT_THAT(journal->error(), HasSubstr("the journal is closed"));
}

TEST(JournalStoreDeathTest, AssertsThatSequencesAreDense) {
  const std::string folder =
      testing::TempDir() + "journal_store_dense" + std::to_string(::getpid());
  fs::remove_all(folder);
  auto created = JournalStore::Create(folder, Durability::kAtClose);
  ASSERT_TRUE(created.ok());
  EXPECT_DEATH((*created)->Append({1, 1, 2, {}, ""}), "sequence");
  created.value().reset();
  fs::remove_all(folder);
}

// ---- The bytes ----

TEST(Batch, LaysOutItsHeaderAsTheFormatSays) {
  BatchWriter writer;
  ChainEnd end{6, 40, {}};
  end.head.fill('\x11');
  writer.Append({2, 1, 41, {3, 4, 5, SourceKind::kClock, 6}, "payload"});
  const std::string value(writer.Seal(end));
  EXPECT_EQ(end.batch, 7U);
  EXPECT_EQ(end.sequence, 41U);
  EXPECT_EQ(value.substr(0, 32), std::string(end.head.data(), 32));
  EXPECT_EQ(value.substr(32, 32), std::string(32, '\x11'));
  const std::string rest{
      "\x07\0\0\0\0\0\0\0"  // batch
      "\x01\0\0\0"          // count
      "\x29\0\0\0\0\0\0\0"  // first sequence
      "\x30\0\0\0"          // length: 41 + 7
      "\x02\0\x01\0"        // kind, version
      "\x29\0\0\0\0\0\0\0"  // sequence
      "\x03\0\0\0\0\0\0\0"  // step
      "\x04\0\0\0\0\0\0\0"  // sim_time
      "\x05\0\0\0\0\0\0\0"  // wall_time
      "\x03\x06\0\0\0"      // source, source id
      "payload",
      20 + 45 + 7};
  EXPECT_EQ(value.substr(64), rest);
}

TEST(Batch, KeysSortInTheOrderOfTheirNumbers) {
  EXPECT_EQ(BatchKey(0x0102), std::string("\0\0\0\0\0\0\x01\x02", 8));
  EXPECT_LT(BatchKey(255), BatchKey(256));
  EXPECT_EQ(BatchOfKey(BatchKey(0x0102030405060708)), 0x0102030405060708U);
  EXPECT_FALSE(BatchOfKey("1234567"));
}

TEST(Anchor, IsRefusedWithAnyBitFlippedOrByteMissing) {
  ChainEnd end{12, 3'456, {}};
  end.head.fill('\x5A');
  const std::string good = EncodeAnchor(end);
  ASSERT_EQ(good.size(), 56U);
  const auto read = DecodeAnchor(good);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->batch, 12U);
  EXPECT_EQ(read->sequence, 3'456U);
  EXPECT_EQ(read->head, end.head);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(DecodeAnchor(bad)) << bit;
  }
  EXPECT_FALSE(DecodeAnchor(good.substr(1)));
  EXPECT_FALSE(DecodeAnchor(good + '\0'));
}

}  // namespace
}  // namespace ets::store
