// A journal that goes on: opened again, read while it is written, with snapshots, copied and
// forked.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <thread>

#include "store/anchor.h"
#include "store/batch.h"
#include "store/database.h"
#include "store/folder.h"
#include "store/journal_store.h"
#include "store/sample_records.h"

namespace ets::store {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class LiveJournalTest : public testing::Test {
 protected:
  LiveJournalTest() {
    const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
    root_ = testing::TempDir() + "live_journal_" + test->name() + std::to_string(::getpid());
    fs::remove_all(root_);
    folder_ = root_ + "/registry";
  }
  ~LiveJournalTest() override { fs::remove_all(root_); }

  std::unique_ptr<JournalStore> Create() {
    auto created = JournalStore::Create(folder_, Durability::kEveryBatch, options_);
    EXPECT_TRUE(created.ok()) << created.error().message;
    return std::move(created.value());
  }
  std::unique_ptr<JournalStore> Open(const std::string& folder) {
    auto opened = JournalStore::Open(folder, Durability::kEveryBatch, options_);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return opened.ok() ? std::move(opened.value()) : nullptr;
  }
  std::unique_ptr<JournalStore> Open() { return Open(folder_); }
  void ExpectRefused(StoreFault fault, const std::string& why) {
    const auto opened = JournalStore::Open(folder_, Durability::kEveryBatch, options_);
    ASSERT_FALSE(opened.ok()) << "expected: " << why;
    EXPECT_EQ(opened.error().fault, fault) << opened.error().message;
    EXPECT_THAT(opened.error().message, HasSubstr(why));
    EXPECT_THAT(opened.error().message, HasSubstr(folder_));
  }

  // Batches of 10 records.
  void Write(JournalStore& journal, int batches) {
    for (int i = 0; i < batches; ++i) {
      records_.Append(journal, 10);
      journal.EndBatch();
    }
    EXPECT_TRUE(journal.ok()) << journal.error();
  }
  RecordCallback ExpectSamples(std::uint64_t& next) {
    return [this, &next](const JournalRecord& record) {
      EXPECT_EQ(record.sequence, next++);
      EXPECT_TRUE(records_.Has(record)) << record.sequence;
      return !HasFailure();
    };
  }
  // The number of records, each held to what it must be.
  std::uint64_t CountRecords(const std::string& folder) {
    std::uint64_t next = 1;
    const auto read = ReadJournal(folder, ExpectSamples(next), options_);
    EXPECT_TRUE(read.ok()) << read.error().message;
    return next - 1;
  }

  static std::map<std::string, std::string> FilesIn(const std::string& folder) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(folder)) {
      std::ifstream file(entry.path(), std::ios::binary);
      files[entry.path().filename()] = {std::istreambuf_iterator<char>(file), {}};
    }
    files.erase("LOCK");
    return files;
  }
  static void WriteFile(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }

  SampleRecords records_;
  StoreOptions options_;
  std::string root_, folder_;
};

// ---- Going on ----

TEST_F(LiveJournalTest, GoesOnWhereItWasClosed) {
  auto journal = Create();
  Write(*journal, 3);
  ASSERT_EQ(journal->Close(), "");
  const ChainEnd end = journal->end();
  journal = Open();
  EXPECT_EQ(journal->end(), end);
  EXPECT_EQ(journal->last_sequence(), 30U);
  Write(*journal, 2);
  EXPECT_EQ(journal->end().batch, 5U);
  ASSERT_EQ(journal->Close(), "");
  EXPECT_EQ(CountRecords(folder_), 50U);
}

TEST_F(LiveJournalTest, GoesOnAfterAnEndWithoutAClose) {
  for (std::uint64_t round = 1; round <= 5; ++round) {
    auto journal = round == 1 ? Create() : Open();
    EXPECT_EQ(journal->end().batch, round - 1);
    Write(*journal, 1);
    records_.Append(*journal, 3);  // Never acknowledged, and gone.
  }
  EXPECT_EQ(CountRecords(folder_), 50U);
}

TEST_F(LiveJournalTest, HasTheSameHeadWhetherItWasInterruptedOrNot) {
  auto journal = Create();
  Write(*journal, 4);
  const std::string head = journal->chain_head();
  journal.reset();
  fs::remove_all(folder_);
  Write(*Create(), 2);
  journal = Open();
  Write(*journal, 2);
  EXPECT_EQ(journal->chain_head(), head);
}

TEST_F(LiveJournalTest, AcceptsABatchBehindItsAnchor) {
  auto journal = Create();
  Write(*journal, 2);
  const auto before = FilesIn(folder_);
  Write(*journal, 1);
  journal.reset();
  // As if power had failed between the sync of the log and that of the anchor.
  for (const char* const name : {"anchor.0", "anchor.1"}) {
    WriteFile(folder_ + "/" + name, before.at(name));
  }
  journal = Open();
  EXPECT_EQ(journal->last_sequence(), 30U);
  journal.reset();
  // It is anchored now.
  const auto anchors = ReadAnchors(*FilesOf({}), folder_);
  ASSERT_TRUE(anchors.ok());
  EXPECT_EQ(anchors->newest()->batch, 3U);
}

TEST_F(LiveJournalTest, OpensAJournalWrittenBeforeThereWereSnapshots) {
  auto journal = Create();
  Write(*journal, 2);
  ASSERT_EQ(journal->Close(), "");
  journal.reset();
  {
    const auto database = OpenDatabase(folder_, Access::kWrite, {});
    ASSERT_TRUE((*database)->db->DropColumnFamily((*database)->snapshots).ok());
  }
  EXPECT_EQ(CountRecords(folder_), 20U);
  const auto reader = JournalReader::Open(folder_);
  ASSERT_TRUE(reader.ok());
  EXPECT_FALSE(reader->LatestSnapshot());
  EXPECT_TRUE(reader->ListSnapshots().empty());
  journal = Open();
  Write(*journal, 1);
  EXPECT_TRUE(journal->PutSnapshot({journal->end(), 1, "state"}).ok());
}

// ---- Refusals ----

TEST_F(LiveJournalTest, TellsAFolderWithoutAJournalFromADamagedOne) {
  ExpectRefused(StoreFault::kNoJournal, "no such folder");
  fs::create_directories(folder_);
  ExpectRefused(StoreFault::kNoJournal, "no journal is there");
  Write(*Create(), 1);
  fs::remove(folder_ + "/CURRENT");
  ExpectRefused(StoreFault::kDamaged, "the file CURRENT is not");
  const auto again = JournalStore::Create(folder_, Durability::kEveryBatch);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().fault, StoreFault::kExists);
}

TEST_F(LiveJournalTest, RefusesASecondWriter) {
  const auto journal = Create();
  Write(*journal, 1);
  ExpectRefused(StoreFault::kLocked, "another writer");
  Write(*journal, 1);
  EXPECT_EQ(CountRecords(folder_), 20U);
}

TEST_F(LiveJournalTest, RefusesWhenTheLogIsGoneAndLeavesTheFolderAsItIs) {
  Write(*Create(), 3);
  std::string log;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    if (entry.path().extension() == ".log") log = entry.path();
  }
  const std::string bytes = FilesIn(folder_).at(fs::path(log).filename());
  fs::remove(log);
  const auto before = FilesIn(folder_);
  const auto opened = JournalStore::Open(folder_, Durability::kEveryBatch);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(FilesIn(folder_), before);
  // Truncated behind the first batch: the database opens without a word.
  WriteFile(log, bytes.substr(0, bytes.size() / 2));
  ExpectRefused(StoreFault::kAnchorAhead, "the anchor is ahead: it names batch 3");
  WriteFile(log, bytes);
  EXPECT_EQ(Open()->last_sequence(), 30U);
}

TEST_F(LiveJournalTest, ChecksTheWholeChainUnlessOnlyTheTailIsWanted) {
  Write(*Create(), 3);
  {
    const auto database = OpenDatabase(folder_, Access::kWrite, {});
    std::string value;
    ASSERT_TRUE((*database)->db->Get({}, BatchKey(1), &value).ok());
    value.back() = static_cast<char>(value.back() ^ 1);
    ASSERT_TRUE((*database)->db->Put({}, BatchKey(1), value).ok());
  }
  ExpectRefused(StoreFault::kDamaged, "batch 1: its content is not what its hash says");
  options_.check = Check::kTail;
  const auto journal = Open();
  ASSERT_NE(journal, nullptr);
  const auto read = journal->Reader().Read({}, kToTheEnd, [](const auto&) { return true; });
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().fault, StoreFault::kDamaged);
}

TEST_F(LiveJournalTest, RefusesAnAnchorOfAnotherHistory) {
  Write(*Create(), 2);
  ChainEnd other{2, 20, {}};
  other.head.fill('\x22');
  WriteFile(folder_ + "/anchor.0", EncodeAnchor(other));
  WriteFile(folder_ + "/anchor.1", EncodeAnchor(other));
  ExpectRefused(StoreFault::kDamaged, "batch 2 is not the one the anchor names");
}

// ---- A second anchor folder ----

TEST_F(LiveJournalTest, LivesWithTheAnchorsOfItsSecondFolderAlone) {
  options_.second_anchor_folder = root_ + "/anchors";
  Write(*Create(), 3);
  WriteFile(folder_ + "/anchor.0", "torn");
  fs::remove(folder_ + "/anchor.1");
  EXPECT_EQ(Open()->last_sequence(), 30U);
  const auto anchors = ReadAnchors(*FilesOf({}), folder_);
  EXPECT_TRUE(anchors->copies[0] && anchors->copies[1]) << "they are made whole again";
}

TEST_F(LiveJournalTest, KnowsFromItsSecondFolderThatADeviceWentBackInTime) {
  options_.second_anchor_folder = root_ + "/anchors";
  auto journal = Create();
  Write(*journal, 2);
  const auto files = FilesIn(folder_);
  Write(*journal, 1);
  journal.reset();
  fs::remove_all(folder_);
  fs::create_directories(folder_);
  for (const auto& [name, bytes] : files) WriteFile(folder_ + "/" + name, bytes);
  ExpectRefused(StoreFault::kAnchorAhead, "it names batch 3");
  options_.second_anchor_folder.clear();
  EXPECT_EQ(Open()->last_sequence(), 20U) << "which nobody could have known from one device";
}

// ---- Reading beside the writer ----

TEST_F(LiveJournalTest, IsReadByOtherThreadsWhileItIsWritten) {
  const auto journal = Create();
  constexpr std::uint64_t kBatches = 400;
  std::atomic<bool> done = false;
  std::atomic<int> wrong = 0;
  std::atomic<std::uint64_t> reads = 0;
  const auto read_all = [&](std::uint64_t index) {
    const JournalReader reader = journal->Reader();
    Prng dice = Prng::Stream(3, "reader", index);
    while (!done) {
      const ChainEnd end = reader.end();
      if (end.sequence == 0) continue;
      const std::uint64_t first = 1 + dice.Below(end.sequence);
      std::uint64_t next = first;
      const auto read = reader.ReadFrom(first, end.sequence, [&](const JournalRecord& record) {
        wrong += record.sequence != next++ || !records_.Has(record);
        return true;
      });
      wrong += !read.ok() || next != end.sequence + 1;
      ++reads;
    }
  };
  std::thread one(read_all, 1), two(read_all, 2);
  for (std::uint64_t i = 0; i < kBatches; ++i) Write(*journal, 1);
  done = true;
  one.join();
  two.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(reads, 0U);
}

TEST_F(LiveJournalTest, ReadsAnyRecordAndAnyRange) {
  const auto journal = Create();
  Write(*journal, 7);
  const JournalReader reader = journal->Reader();
  for (std::uint64_t sequence = 1; sequence <= 70; ++sequence) {
    const auto record = reader.ReadRecord(sequence);
    ASSERT_TRUE(record.ok()) << record.error().message;
    EXPECT_EQ(record->sequence, sequence);
    EXPECT_TRUE(records_.Has(record->view()));
    EXPECT_EQ(reader.BatchOf(sequence)->batch, (sequence + 9) / 10);
  }
  for (std::uint64_t first = 1; first <= 71; first += 7) {
    std::uint64_t next = first;
    const auto end = reader.ReadFrom(first, kToTheEnd, ExpectSamples(next));
    ASSERT_TRUE(end.ok()) << end.error().message;
    EXPECT_EQ(next, 71U);
    EXPECT_EQ(*end, journal->end());
  }
  std::uint64_t next = 31;
  const ChainEnd third = *reader.BatchOf(30);
  const auto end = reader.Read(third, 45, ExpectSamples(next));
  EXPECT_EQ(next, 46U);
  EXPECT_EQ(end->batch, 5U);
  for (const std::uint64_t outside : {0U, 71U, 1'000U}) {
    const auto record = reader.ReadRecord(outside);
    ASSERT_FALSE(record.ok());
    EXPECT_EQ(record.error().fault, StoreFault::kOutOfRange);
  }
  EXPECT_EQ(reader.Read({}, 71, [](const auto&) { return true; }).error().fault,
            StoreFault::kOutOfRange);
}

TEST_F(LiveJournalTest, HandsOutItsStoredValuesFromAnyBatchOn) {
  const auto journal = Create();
  Write(*journal, 5);
  const JournalReader reader = journal->Reader();
  for (std::uint64_t first = 1; first <= 6; ++first) {
    ChainEnd at = *reader.BatchOf((first - 1) * 10);
    const auto read = reader.ReadValues(first, [&](std::string_view value, const ChainEnd& end) {
      bool stopped = false;
      EXPECT_EQ(ReadBatch(
                    value, at, [](const auto&) { return true; }, stopped),
                "");
      EXPECT_EQ(at, end);
      return true;
    });
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(at, journal->end());
  }
  for (const std::uint64_t outside : {0U, 7U}) {
    const auto read = reader.ReadValues(outside, [](auto, const auto&) { return true; });
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().fault, StoreFault::kOutOfRange);
  }
}

TEST_F(LiveJournalTest, RefusesToReadOnFromAnEndThatIsNotOnTheChain) {
  const auto journal = Create();
  Write(*journal, 3);
  for (const std::uint64_t batch : {1U, 3U}) {
    ChainEnd forged = *journal->Reader().BatchOf(batch * 10);
    forged.head[5] = static_cast<char>(forged.head[5] ^ 1);
    const auto read = journal->Reader().Read(forged, kToTheEnd, [](const auto&) { return true; });
    ASSERT_FALSE(read.ok());
    EXPECT_EQ(read.error().fault, StoreFault::kDamaged);
  }
}

TEST_F(LiveJournalTest, ShowsReadersWhatIsAcknowledgedAndNoMore) {
  const auto journal = Create();
  const JournalReader reader = journal->Reader();
  Write(*journal, 1);
  records_.Append(*journal, 5);
  EXPECT_EQ(reader.end().sequence, 10U);
  EXPECT_EQ(reader.ReadRecord(11).error().fault, StoreFault::kOutOfRange);
  journal->EndBatch();
  EXPECT_TRUE(reader.ReadRecord(11).ok());
}

// ---- Snapshots ----

TEST_F(LiveJournalTest, FindsTheNewestSnapshotAtOrBeforeARecord) {
  auto journal = Create();
  for (int i = 1; i <= 4; ++i) {
    Write(*journal, 2);
    const Snapshot state{journal->end(), static_cast<std::uint64_t>(i), std::string(1'000, 's')};
    ASSERT_TRUE(journal->PutSnapshot(state).ok());
  }
  Write(*journal, 1);
  journal.reset();
  journal = Open();
  const JournalReader reader = journal->Reader();
  EXPECT_FALSE(reader.LatestSnapshot(19));
  EXPECT_EQ(reader.LatestSnapshot(20)->state_hash, 1U);
  EXPECT_EQ(reader.LatestSnapshot(79)->state_hash, 3U);
  const auto newest = reader.LatestSnapshot();
  ASSERT_TRUE(newest);
  EXPECT_EQ(newest->state_hash, 4U);
  EXPECT_EQ(newest->bytes, std::string(1'000, 's'));
  EXPECT_EQ(reader.ListSnapshots().size(), 4U);
  std::uint64_t next = 81;
  ASSERT_TRUE(reader.Read(newest->at, kToTheEnd, ExpectSamples(next)).ok());
  EXPECT_EQ(next, 91U);
  journal->DropSnapshot(80);
  EXPECT_EQ(reader.LatestSnapshot()->state_hash, 3U);
}

TEST_F(LiveJournalTest, TakesSnapshotsOfBatchEndsOnItsChainOnly) {
  const auto journal = Create();
  Write(*journal, 2);
  const ChainEnd end = journal->end();
  ChainEnd inside = end;
  --inside.sequence;
  ChainEnd elsewhere = end;
  elsewhere.head.fill('x');
  ChainEnd later = end;
  ++later.batch;
  for (const ChainEnd& wrong : {inside, elsewhere, later}) {
    const auto put = journal->PutSnapshot({wrong, 1, "state"});
    ASSERT_FALSE(put.ok());
    EXPECT_EQ(put.error().fault, StoreFault::kOutOfRange);
  }
  EXPECT_TRUE(journal->ok());
  EXPECT_TRUE(journal->Reader().ListSnapshots().empty());
}

TEST_F(LiveJournalTest, PassesOverASnapshotThatIsDamagedOrOfAnotherHistory) {
  auto journal = Create();
  for (std::uint64_t i = 1; i <= 3; ++i) {
    Write(*journal, 1);
    ASSERT_TRUE(journal->PutSnapshot({journal->end(), i, "state"}).ok());
  }
  journal.reset();
  {
    const auto opened = OpenDatabase(folder_, Access::kWrite, {});
    const auto& [db, kept] = std::pair((*opened)->db.get(), (*opened)->snapshots);
    std::string third;
    ASSERT_TRUE(db->Get({}, kept, BatchKey(30), &third).ok());
    third[150 % third.size()] = static_cast<char>(third[150 % third.size()] ^ 1);
    ASSERT_TRUE(db->Put({}, kept, BatchKey(30), third).ok());
    ChainEnd forged{2, 20, {}};
    forged.head.fill('f');
    ASSERT_TRUE(db->Put({}, kept, BatchKey(20), EncodeSnapshot({forged, 2, "state"})).ok());
  }
  const auto reader = JournalReader::Open(folder_);
  ASSERT_TRUE(reader.ok()) << reader.error().message;
  EXPECT_EQ(reader->LatestSnapshot()->state_hash, 1U);
  EXPECT_EQ(reader->ListSnapshots().size(), 1U);
}

TEST(Snapshot, IsRefusedWithAnyBitFlippedOrByteMissing) {
  Snapshot snapshot{{3, 30, {}}, 77, "a state"};
  snapshot.at.head.fill('\x5A');
  const std::string good = EncodeSnapshot(snapshot);
  ASSERT_EQ(good.size(), 107U);
  const auto read = DecodeSnapshot(good);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->at, snapshot.at);
  EXPECT_EQ(read->state_hash, 77U);
  EXPECT_EQ(read->bytes, "a state");
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(DecodeSnapshot(bad)) << bit;
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(DecodeSnapshot(good.substr(0, size))) << size;
  }
}

// ---- Copies and forks ----

TEST_F(LiveJournalTest, MakesACheckpointThatOpensAndGoesItsOwnWay) {
  const auto journal = Create();
  Write(*journal, 3);
  ASSERT_TRUE(journal->PutSnapshot({journal->end(), 5, "state"}).ok());
  const auto at = journal->Checkpoint(root_ + "/copies/one");
  ASSERT_TRUE(at.ok()) << at.error().message;
  EXPECT_EQ(*at, journal->end());
  Write(*journal, 2);
  const auto copy = Open(root_ + "/copies/one");
  ASSERT_NE(copy, nullptr);
  EXPECT_EQ(copy->end(), *at);
  EXPECT_EQ(copy->Reader().LatestSnapshot()->state_hash, 5U);
  Write(*copy, 4);
  EXPECT_EQ(CountRecords(folder_), 50U);
  EXPECT_EQ(CountRecords(root_ + "/copies/one"), 70U);
  const auto again = journal->Checkpoint(root_ + "/copies/one");
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().fault, StoreFault::kExists);
}

TEST_F(LiveJournalTest, ForksAtAnyRecordWhetherLiveOrNot) {
  auto journal = Create();
  Write(*journal, 2);
  ASSERT_TRUE(journal->PutSnapshot({journal->end(), 2, "state"}).ok());
  Write(*journal, 1);
  const std::string head = journal->chain_head();
  const ChainEnd second = *journal->Reader().BatchOf(20);
  for (const bool live : {true, false}) {
    if (!live) journal.reset();
    for (const std::uint64_t sequence : {0U, 1U, 9U, 10U, 11U, 20U, 25U, 30U}) {
      const std::string target = root_ + "/fork" + std::to_string(sequence) + (live ? "l" : "f");
      const auto made = live ? journal->Fork(sequence, target) : Fork(folder_, sequence, target);
      ASSERT_TRUE(made.ok()) << made.error().message;
      EXPECT_EQ(made->sequence, sequence);
      EXPECT_EQ(*made == second, sequence == 20);
      const auto fork = Open(target);
      ASSERT_NE(fork, nullptr);
      EXPECT_EQ(fork->end(), *made);
      EXPECT_EQ(fork->Reader().LatestSnapshot().has_value(), sequence >= 20);
      Write(*fork, 1);
      EXPECT_EQ(CountRecords(target), sequence + 10);
    }
  }
  EXPECT_EQ(Open()->chain_head(), head);
  const auto beyond = Fork(folder_, 31, root_ + "/beyond");
  ASSERT_FALSE(beyond.ok());
  EXPECT_EQ(beyond.error().fault, StoreFault::kOutOfRange);
  EXPECT_FALSE(fs::exists(root_ + "/beyond"));
  EXPECT_FALSE(fs::exists(root_ + "/beyond.partial"));
}

TEST_F(LiveJournalTest, ForksOfAFolderLeaveItAsItIs) {
  Write(*Create(), 3);
  const auto before = FilesIn(folder_);
  ASSERT_TRUE(Fork(folder_, 15, root_ + "/fork").ok());
  EXPECT_EQ(FilesIn(folder_), before);
  Write(*Open(root_ + "/fork"), 5);
  EXPECT_EQ(FilesIn(folder_), before);
  const auto journal = Open();
  const auto locked = Fork(folder_, 15, root_ + "/locked");
  ASSERT_FALSE(locked.ok());
  EXPECT_EQ(locked.error().fault, StoreFault::kLocked);
}

TEST_F(LiveJournalTest, IsCopiedForkedAndSnapshottedByOtherThreadsWhileItIsWritten) {
  const auto journal = Create();
  Write(*journal, 1);
  std::atomic<bool> done = false;
  std::atomic<int> wrong = 0;
  int copies = 0;
  std::thread copier([&] {
    while (!done) {
      const std::string copy = root_ + "/copy" + std::to_string(copies);
      const std::string fork = root_ + "/fork" + std::to_string(copies++);
      const ChainEnd end = journal->end();
      wrong += !journal->PutSnapshot({end, 1, std::string(1'000, 's')}).ok();
      wrong += !journal->Checkpoint(copy).ok();
      const auto forked = journal->Fork(end.sequence - 5, fork);
      wrong += !forked.ok() || forked->sequence != end.sequence - 5;
    }
  });
  for (int i = 0; i < 100; ++i) Write(*journal, 1);
  done = true;
  copier.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(copies, 0);
  for (int i = 0; i < copies; ++i) {
    EXPECT_GE(CountRecords(root_ + "/copy" + std::to_string(i)), 10U);
    EXPECT_EQ(CountRecords(root_ + "/fork" + std::to_string(i)) % 10, 5U);
  }
}

TEST_F(LiveJournalTest, AppliesTheForksOfAFork) {
  Write(*Create(), 3);
  ASSERT_TRUE(Fork(folder_, 25, root_ + "/one").ok());
  Write(*Open(root_ + "/one"), 2);
  ASSERT_TRUE(Fork(root_ + "/one", 33, root_ + "/two").ok());
  EXPECT_EQ(CountRecords(root_ + "/two"), 33U);
}

TEST_F(LiveJournalTest, RestoresABackupAndRefusesADamagedOne) {
  auto journal = Create();
  Write(*journal, 3);
  ASSERT_TRUE(journal->Checkpoint(root_ + "/backup").ok());
  const std::string head = journal->chain_head();
  journal.reset();
  fs::remove_all(folder_);
  const auto restored = Restore(root_ + "/backup", folder_);
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  EXPECT_EQ(restored->chain_head, head);
  Write(*Open(), 1);
  for (const auto& entry : fs::directory_iterator(root_ + "/backup")) {
    if (entry.path().extension() != ".sst") continue;
    std::fstream bytes(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(200);
    bytes.put('\x7F');
  }
  const auto damaged = Restore(root_ + "/backup", root_ + "/again");
  ASSERT_FALSE(damaged.ok());
  EXPECT_EQ(damaged.error().fault, StoreFault::kDamaged);
  EXPECT_FALSE(fs::exists(root_ + "/again"));
}

TEST_F(LiveJournalTest, ExportsItsBatchesAndItsAnchorForOtherReaders) {
  auto journal = Create();
  Write(*journal, 3);
  const ChainEnd end = journal->end();
  journal.reset();
  const std::string file = root_ + "/journal.export";
  const auto exported = Export(folder_, file);
  ASSERT_TRUE(exported.ok()) << exported.error().message;
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  std::string_view rest = bytes;
  ChainEnd at;
  std::uint64_t next = 1;
  bool stopped = false;
  while (true) {
    ByteReader reader(rest.substr(0, 4));
    const auto length = reader.Get<std::uint32_t>();
    rest.remove_prefix(4);
    if (length == 0) break;
    EXPECT_EQ(ReadBatch(rest.substr(0, length), at, ExpectSamples(next), stopped), "");
    rest.remove_prefix(length);
  }
  EXPECT_EQ(next, 31U);
  EXPECT_EQ(DecodeAnchor(rest), end);
}

// ---- Poison ----

TEST_F(LiveJournalTest, RefusesAPoisonedJournalUntilItIsVerified) {
  auto journal = Create();
  Write(*journal, 2);
  journal.reset();
  EXPECT_FALSE(IsPoisoned(folder_));
  WriteFile(folder_ + "/POISONED", "cannot sync\n");
  ExpectRefused(StoreFault::kPoisoned, "cannot sync");
  EXPECT_EQ(CountRecords(folder_), 20U) << "reading is allowed";
  std::string why;
  EXPECT_TRUE(IsPoisoned(folder_, {}, &why));
  EXPECT_EQ(why, "cannot sync");
  const auto cleared = ClearPoison(folder_);
  ASSERT_TRUE(cleared.ok()) << cleared.error().message;
  EXPECT_EQ(cleared->last_sequence, 20U);
  Write(*Open(), 1);
}

TEST_F(LiveJournalTest, KeepsTheMarkOfAJournalThatDoesNotVerify) {
  Write(*Create(), 2);
  WriteFile(folder_ + "/POISONED", "cannot sync\n");
  WriteFile(folder_ + "/anchor.0", EncodeAnchor({9, 90, {}}));
  const auto cleared = ClearPoison(folder_);
  ASSERT_FALSE(cleared.ok());
  EXPECT_EQ(cleared.error().fault, StoreFault::kAnchorAhead);
  ExpectRefused(StoreFault::kPoisoned, "nobody has verified");
}

}  // namespace
}  // namespace ets::store
