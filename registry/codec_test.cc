#include "registry/codec.h"

#include <gtest/gtest.h>

namespace ets::registry {
namespace {

std::array<char, 32> Bytes(char byte) {
  std::array<char, 32> bytes{};
  bytes.fill(byte);
  return bytes;
}

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
          Settle{5, {{a, b, l, m, 10, 20, 30, TransferCode::kBlockTrade}, {}}, {{a, b, l, 40}}},
          SetAccount{a, kMayReceive, true},
          CloseAccount{a},
          SetEntity{77, 2021, 2030, 5},
          ExcludeYear{77, 2026, false},
          AddTrusted{a, b},
          RemoveTrusted{a, b},
          SetPrincipal{9, Role::kVerifier, false, "A. Verifier", Bytes('t')},
          SetGrant{9, a, kMayRead | kMayApprove},
          CancelUnits{a, l, 130, "a forest", "for good"},
          TransferBatch{{{{a, b, l, 131}, true}, {{b, a, l, 132}, false}}},
          ReserveTransfer{{a, b, l, 133}, 1'000'000},
          PostPending{3, 134},
          VoidPending{4},
          Freeze{a, l, 135, 2'000'000, "a court"},
          Unfreeze{5},
          ReverseTransfer{1'000'000'007, 6},
          Propose{9, 6, std::string("\0\1\2", 3)},
          ApproveTask{7, 10},
          RejectTask{8, 11},
          AbortTask{9, 12},
          SetEntitlement{77, 2026, 2, 136, true},
          RunAllocation{2026, 3, a, l},
          ReturnExcess{a, b, l, 2026, 4, 137},
          CorrectEmissions{77, 2026, Tonnes(138), EmissionsSource::kEstimated, true},
          SurrenderInOrder{a, 2026, 139},
          RunCompliance{2026, false, true, {{77, Tonnes(140)}, {78, Tonnes(141)}}},
          BeginBranch{"what-if", Bytes('h'), "name = eu\n"}};
}

std::string Payload(const Command& command, const OutcomeView& outcome) {
  std::string payload;
  EncodeCommand(command, payload);
  EncodeOutcome(command, outcome, payload);
  return payload;
}

OutcomeView Applied(const Receipt& receipt, std::span<const Transfer> transfers = {},
                    std::span<const Refusal> item_results = {}) {
  return {{}, receipt, item_results, transfers};
}

JournalRecord RecordOf(const Command& command, std::string_view payload) {
  JournalRecord record;
  record.kind = static_cast<std::uint16_t>(KindOf(command));
  record.version = kPayloadVersion;
  record.sequence = 42;
  record.payload = payload;
  return record;
}

bool IsBatch(const Command& command) { return std::holds_alternative<TransferBatch>(command); }

TEST(Codec, WritesBackByteForByteWhatItReads) {
  const Receipt receipt{42, 1, 2, 3};
  const std::vector<Transfer> transfers{{AccountId(1), AccountId(2), LedgerId(3), 4}, {}};
  for (const Command& command : OneOfEach()) {
    if (IsBatch(command)) continue;  // It has no list of transfers of its own.
    const std::string payload = Payload(command, Applied(receipt, transfers));
    Record decoded;
    ASSERT_TRUE(Decode(RecordOf(command, payload), decoded)) << ToString(KindOf(command));
    EXPECT_EQ(decoded.command.index(), command.index());
    EXPECT_EQ(decoded.receipt, receipt);
    EXPECT_EQ(decoded.transfers, transfers);
    EXPECT_EQ(Payload(decoded.command, Applied(decoded.receipt, decoded.transfers)), payload);
  }
}

TEST(Codec, CoversEveryCommandInTheOrderOfItsKinds) {
  const auto commands = OneOfEach();
  ASSERT_EQ(commands.size(), std::variant_size_v<Command>);
  for (std::size_t i = 0; i < commands.size(); ++i) EXPECT_EQ(commands[i].index(), i);
}

TEST(Codec, GivesABatchTheTransfersOfItsItemsThatWereApplied) {
  const Transfer first{AccountId(1), AccountId(2), LedgerId(3), 4};
  const Transfer second{AccountId(2), AccountId(1), LedgerId(3), 5};
  const Command batch = TransferBatch{{{first, false}, {second, false}}};
  Record decoded;
  std::string payload = Payload(batch, Applied({42, 0, 0, 0}));
  ASSERT_TRUE(Decode(RecordOf(batch, payload), decoded));
  EXPECT_EQ(decoded.transfers, (std::vector{first, second}));
  EXPECT_EQ(decoded.item_results, std::vector(2, Refusal{}));

  const std::vector<Refusal> results{Refusal::kSameAccount, Refusal{}};
  payload = Payload(batch, Applied({42, 0, 0, 1}, {}, results));
  ASSERT_TRUE(Decode(RecordOf(batch, payload), decoded));
  EXPECT_EQ(decoded.transfers, std::vector{second});
  EXPECT_EQ(decoded.item_results, results);
}

TEST(Codec, PutsTheIdOfARequestBeforeTheCommand) {
  const Command command = ExpireLedger{LedgerId(1)};
  RequestKey request;
  request.id.fill('i');
  request.digest = 0x0102030405060708;
  std::string payload;
  EncodeRequest(request, payload);
  EXPECT_EQ(payload, std::string(16, 'i') + "\x08\x07\x06\x05\x04\x03\x02\x01");
  payload += Payload(command, Applied({42, 0, 7, 0}));
  JournalRecord record = RecordOf(command, payload);
  record.kind |= kHasRequest;
  Record decoded;
  ASSERT_TRUE(Decode(record, decoded));
  ASSERT_TRUE(decoded.request);
  EXPECT_EQ(decoded.request->id, request.id);
  EXPECT_EQ(decoded.request->digest, request.digest);
  EXPECT_EQ(decoded.receipt.amount, 7);
  EXPECT_EQ(KindOf(record), RecordKind::kExpireLedger);
}

TEST(Codec, ReadsAProposedCommandBack) {
  for (const Command& command : OneOfEach()) {
    std::string payload;
    EncodeCommand(command, payload);
    Command decoded;
    ASSERT_TRUE(DecodeCommand(KindOf(command), payload, decoded)) << ToString(KindOf(command));
    std::string again;
    EncodeCommand(decoded, again);
    EXPECT_EQ(again, payload);
    payload.push_back('\0');
    EXPECT_FALSE(DecodeCommand(KindOf(command), payload, decoded)) << ToString(KindOf(command));
  }
  Command decoded;
  EXPECT_FALSE(DecodeCommand(RecordKind::kProfile, "", decoded));
}

TEST(Codec, RefusesPayloadsCutShortAtAnyByteOrWithOneTooMany) {
  for (const Command& command : OneOfEach()) {
    const std::vector<Transfer> transfers{Transfer{}};
    const std::vector<Refusal> results(2, Refusal::kLinkedFailed);
    std::string payload = Payload(command, Applied({42, 1, 2, 3}, transfers, results));
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
  const std::string payload = Payload(command, Applied({}));
  Record decoded;
  JournalRecord record = RecordOf(command, payload);
  ASSERT_TRUE(Decode(record, decoded));
  for (const std::uint16_t kind :
       std::initializer_list<std::uint16_t>{0, 1, kRecordKindCount, 65'535}) {
    record.kind = kind;
    EXPECT_FALSE(Decode(record, decoded)) << kind;
  }
  record = RecordOf(command, payload);
  record.version = 1;
  EXPECT_FALSE(Decode(record, decoded));
}

TEST(Codec, KeepsARefusalInsteadOfAReceipt) {
  const Command command = ExpireLedger{LedgerId(1)};
  const std::string payload = Payload(command, {Refusal::kLedgerNotFound, {}, {}, {}});
  EXPECT_EQ(payload.size(), 2U + 2U);
  Record decoded;
  ASSERT_TRUE(Decode(RecordOf(command, payload), decoded));
  EXPECT_EQ(decoded.refusal, Refusal::kLedgerNotFound);
}

// The byte order and layout on disk; docs/journal-format.md shows the same bytes.
TEST(Codec, PacksATransferInTheBytesOnDiskSinceVersionOne) {
  const Transfer transfer{
      AccountId(1), AccountId(0x01020304), LedgerId(5), 1'000, TransferCode::kDeposit, 2026, 9};
  const std::string payload = Payload(MakeTransfer{transfer}, Applied({}, std::span(&transfer, 1)));
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

TEST(Codec, KeepsTheLawAsText) {
  JournalRecord record;
  record.kind = static_cast<std::uint16_t>(RecordKind::kProfile);
  record.version = kPayloadVersion;
  record.payload = "name = eu\n";
  EXPECT_EQ(DecodeProfileText(record), "name = eu\n");
  record.version = 1;
  EXPECT_FALSE(DecodeProfileText(record));
}

}  // namespace
}  // namespace ets::registry
