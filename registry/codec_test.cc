#include "registry/codec.h"

#include <gtest/gtest.h>

namespace ets::registry {
namespace {

// One of each, with every field at a value of its own.
std::vector<Command> OneOfEach() {
  const AccountId a(0x01020304), b(0x11121314);
  const LedgerId l(0x0A0B), m(0x1A1B);
  return {OpenAccount{AccountKind::kHolder, 77},
          OpenLedger{Unit::Allowance(2027), 5'000},
          SetCap{l, 6'000},
          Issue{a, l, 7'000, TransferCode::kLoan},
          MakeTransfer{{a, b, l, 8'000, TransferCode::kFine, 2026, 9}},
          DepositMonthlyData{77, 2026, 12, Tonnes(123)},
          ReportEmissions{77, 2026, Tonnes(124)},
          VerifyEmissions{77, 2026, Tonnes(125)},
          Allocate{a, b, l, 2026, 126, TransferCode::kFinalAllocation},
          TakeBack{a, b, l, 2026, 127},
          Surrender{a, l, 2026, 128},
          AssessCompliance{77, 2026},
          ConvertUnits{a, l, m, 129},
          ExpireLedger{l},
          AdvanceTo{-1'000'000},
          DayClosed{Date::Of(2026, 3, 31), 1, 2, 3},
          Settle{5, {{a, b, l, m, 10, 20, 30, TransferCode::kBlockTrade}, {}}, {{a, b, l, 40}}}};
}

std::string Payload(const Command& command, const Result<Receipt, Refusal>& outcome,
                    const std::vector<Transfer>& transfers) {
  std::string payload;
  EncodeCommand(command, payload);
  EncodeOutcome(outcome, transfers, payload);
  return payload;
}

JournalRecord RecordOf(const Command& command, std::string_view payload) {
  JournalRecord record;
  record.kind = static_cast<std::uint16_t>(KindOf(command));
  record.sequence = 42;
  record.payload = payload;
  return record;
}

TEST(Codec, WritesBackByteForByteWhatItReads) {
  const Receipt receipt{42, 1, 2, 3};
  const std::vector<Transfer> transfers{{AccountId(1), AccountId(2), LedgerId(3), 4}, {}};
  for (const Command& command : OneOfEach()) {
    const std::string payload = Payload(command, receipt, transfers);
    Record decoded;
    ASSERT_TRUE(Decode(RecordOf(command, payload), decoded)) << ToString(KindOf(command));
    EXPECT_EQ(decoded.command.index(), command.index());
    EXPECT_EQ(decoded.receipt, receipt);
    EXPECT_EQ(decoded.transfers, transfers);
    EXPECT_EQ(Payload(decoded.command, decoded.receipt, decoded.transfers), payload);
  }
}

TEST(Codec, RefusesPayloadsCutShortAtAnyByteOrWithOneTooMany) {
  for (const Command& command : OneOfEach()) {
    std::string payload = Payload(command, Receipt{42, 1, 2, 3}, {Transfer{}});
    Record decoded;
    for (std::size_t size = 0; size < payload.size(); ++size) {
      EXPECT_FALSE(Decode(RecordOf(command, std::string_view(payload).substr(0, size)), decoded))
          << ToString(KindOf(command)) << " at " << size;
    }
    payload.push_back('\0');
    EXPECT_FALSE(Decode(RecordOf(command, payload), decoded)) << ToString(KindOf(command));
  }
}

TEST(Codec, RefusesKindsAndVersionsItDoesNotKnow) {
  const Command command = ExpireLedger{LedgerId(1)};
  const std::string payload = Payload(command, Receipt{}, {});
  Record decoded;
  JournalRecord record = RecordOf(command, payload);
  ASSERT_TRUE(Decode(record, decoded));
  for (const std::uint16_t kind : std::initializer_list<std::uint16_t>{0, 1, 19, 65'535}) {
    record.kind = kind;
    EXPECT_FALSE(Decode(record, decoded)) << kind;
  }
  record = RecordOf(command, payload);
  record.version = 2;
  EXPECT_FALSE(Decode(record, decoded));
}

TEST(Codec, KeepsARefusalInsteadOfAReceipt) {
  const Command command = ExpireLedger{LedgerId(1)};
  const std::string payload = Payload(command, Fail{Refusal::kLedgerNotFound}, {});
  EXPECT_EQ(payload.size(), 2U + 2U);
  Record decoded;
  ASSERT_TRUE(Decode(RecordOf(command, payload), decoded));
  EXPECT_EQ(decoded.refusal, Refusal::kLedgerNotFound);
}

// The byte order and layout on disk; docs/journal-format.md shows the same bytes.
TEST(Codec, PacksATransferInTheBytesOnDiskSinceVersionOne) {
  const Transfer transfer{
      AccountId(1), AccountId(0x01020304), LedgerId(5), 1'000, TransferCode::kDeposit, 2026, 9};
  const std::string payload = Payload(MakeTransfer{transfer}, Receipt{}, {transfer});
  const std::string packed{
      "\x01\x00\x00\x00"                   // debit
      "\x04\x03\x02\x01"                   // credit
      "\x05\x00"                           // ledger
      "\xE8\x03\x00\x00\x00\x00\x00\x00"   // amount
      "\x05"                               // code
      "\xEA\x07"                           // year
      "\x09\x00\x00\x00\x00\x00\x00\x00",  // reference
      29};
  const std::string outcome(2 + 4 + 8 + 4, '\0');
  EXPECT_EQ(payload, packed + outcome + std::string("\x01\0\0\0", 4) + packed);
}

TEST(Codec, ReadsAProfileBack) {
  std::string payload;
  EncodeProfile({2030, 1'234}, payload);
  JournalRecord record;
  record.kind = static_cast<std::uint16_t>(RecordKind::kProfile);
  record.payload = payload;
  EXPECT_EQ(DecodeProfile(record), (Profile{2030, 1'234}));
  record.payload = std::string_view(payload).substr(1);
  EXPECT_FALSE(DecodeProfile(record));
}

}  // namespace
}  // namespace ets::registry
