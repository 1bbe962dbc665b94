#include "server/registry_service.h"

#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <stdlib.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "ets/registry/read/v1/registry.grpc.pb.h"
#include "registry/registry.h"
#include "registry/registry_fixture.h"
#include "server/registry_archive.h"
#include "server/wire.h"
#include "store/journal_store.h"

namespace ets::server {
namespace {

namespace fs = std::filesystem;
namespace pb = ::ets::registry::read::v1;
using grpc::StatusCode;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const Date kFirstDay = Date::Of(2027, 1, 4);
constexpr int kDays = 3;
constexpr std::int64_t kAllocated = 1'000;  // Each day, to the holder of entity 0.

SimTime NoonOf(int day) { return InstantOf(kFirstDay + day, 12 * 3'600 * kMicrosPerSecond, 0); }

// A run's folder with a registry's journal in it: a scheme opened on the first day, an allocation a
// day, and on the last day emissions, a surrender and a refused transfer.
class RunFolder {
 public:
  RunFolder() {
    std::string pattern = (fs::temp_directory_path() / "capclear-serve-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    auto store = store::JournalStore::Create(folder_ + "/registry", store::Durability::kAtClose);
    registry::Registry registry(registry::TwoPeriods(), store.value().get());
    Do(registry, 0, registry::AdvanceTo{NoonOf(0)});
    opened_ = Open(registry);
    Do(registry, 0, registry::Issue{opened_.allocation, opened_.cea26, 10'000});
    Do(registry, 0, registry::Issue{opened_.holder, opened_.cny, 50'000, TransferCode::kLoan});
    for (int day = 0; day < kDays; ++day) {
      Do(registry, day, registry::AdvanceTo{NoonOf(day)});
      Do(registry, day,
         registry::Allocate{opened_.allocation, opened_.holder, opened_.cea26, 2026, kAllocated});
      day_ends_.push_back(registry.sequence());
      store.value()->EndBatch();
    }
    Do(registry, kDays - 1, registry::VerifyEmissions{0, 2026, Tonnes(2'500)});
    Do(registry, kDays - 1, registry::Surrender{opened_.holder, opened_.cea26, 2026, 700});
    const auto refused = registry.Apply(
        {.sim_time = NoonOf(kDays - 1)},
        registry::MakeTransfer{{opened_.other_holder, opened_.holder, opened_.cea26, 1}});
    EXPECT_FALSE(refused.ok());
    last_ = registry.sequence();
    state_hash_ = ToHex(registry.StateHash());
    EXPECT_EQ(store.value()->Close(), "");
    chain_head_ = store.value()->chain_head();
    WriteRunJson(chain_head_);
  }
  ~RunFolder() { fs::remove_all(folder_); }

  void WriteRunJson(const std::string& head) const {
    std::ofstream(folder_ + "/run.json") << "{\"registry_chain_hash\": \"" << head << "\"}";
  }

  const std::string& path() const { return folder_; }
  const registry::Opened& opened() const { return opened_; }
  std::uint64_t last() const { return last_; }
  std::uint64_t day_end(std::size_t day) const { return day_ends_[day]; }
  const std::string& chain_head() const { return chain_head_; }
  const std::string& state_hash() const { return state_hash_; }

 private:
  using TransferCode = registry::TransferCode;

  static std::uint32_t Do(registry::Registry& registry, int day, const registry::Command& command) {
    const auto receipt = registry.Apply({.sim_time = NoonOf(day)}, command);
    EXPECT_TRUE(receipt.ok()) << ToString(receipt.error());
    return receipt->id;
  }

  static registry::Opened Open(registry::Registry& registry) {
    using registry::AccountKind;
    registry::Opened opened;
    const auto account = [&](AccountKind kind, std::uint32_t entity = 0) {
      return AccountId(Do(registry, 0, registry::OpenAccount{kind, entity}));
    };
    const auto ledger = [&](Unit unit) {
      return LedgerId(static_cast<std::uint16_t>(Do(registry, 0, registry::OpenLedger{unit, 0})));
    };
    opened.issuance = account(AccountKind::kIssuance);
    opened.bank = account(AccountKind::kBank);
    opened.allocation = account(AccountKind::kAllocation);
    opened.surrender = account(AccountKind::kSurrender);
    opened.holder = account(AccountKind::kHolder, 0);
    opened.escrow = account(AccountKind::kEscrow, 0);
    opened.other_holder = account(AccountKind::kHolder, 1);
    opened.cea26 = ledger(Unit::Allowance(2026));
    opened.ccer = ledger(Unit::Offset());
    opened.cny = ledger(Unit::Cash(Currency::kCny));
    return opened;
  }

  std::string folder_;
  registry::Opened opened_{};
  std::vector<std::uint64_t> day_ends_;
  std::uint64_t last_ = 0;
  std::string chain_head_, state_hash_;
};

class RegistryService : public ::testing::Test {
 protected:
  RegistryService() {
    auto started = RegistryServer::Start(run_.path(), "127.0.0.1:0");
    EXPECT_TRUE(started.ok()) << started.error().message;
    server_ = std::move(started.value());
    channel_ = grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
    stub_ = pb::RegistryReadService::NewStub(channel_);
  }

  using Stub = pb::RegistryReadService::Stub;

  template <typename Request, typename Response>
  grpc::Status Call(grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response& response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    response.Clear();
    return (stub_.get()->*rpc)(&context, request, &response);
  }

  // The answer, which must be one.
  template <typename Request, typename Response>
  Response Ask(grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&, Response*),
               const Request& request) {
    Response response;
    const grpc::Status status = Call(rpc, request, response);
    EXPECT_TRUE(status.ok()) << status.error_code() << ": " << status.error_message();
    return response;
  }

  // The refusal, which must be one with this code.
  template <typename Request, typename Response>
  std::string Refusal(grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&, Response*),
                      const Request& request, StatusCode code) {
    Response response;
    const grpc::Status status = Call(rpc, request, response);
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    return status.error_message();
  }

  std::string Name(AccountId account) const { return wire::NameOf(account); }
  std::string Holding(AccountId account, const std::string& unit) const {
    return wire::NameOf(account) + "/holdings/" + unit;
  }

  RunFolder run_;
  std::unique_ptr<RegistryServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<Stub> stub_;
};

// One message sent to a method of any service and its one answer, both as bytes.
std::string CallWithBytes(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                          const std::string& message) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  const grpc::Slice sent(message);
  const grpc::ByteBuffer request(&sent, 1);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> done;
  stub.UnaryCall(&context, method, {}, &request, &response,
                 [&done](const grpc::Status& status) { done.set_value(status); });
  const grpc::Status status = done.get_future().get();
  EXPECT_TRUE(status.ok()) << method << ": " << status.error_message();
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(response.Dump(&slices).ok());
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

// What grpc.health.v1 says of a service: field 1 of request and response is all they have.
std::string HealthOf(const std::shared_ptr<grpc::Channel>& channel, const std::string& service) {
  return CallWithBytes(channel, "/grpc.health.v1.Health/Check",
                       "\x0a" + std::string(1, static_cast<char>(service.size())) + service);
}
constexpr const char* kServing = "\x08\x01";
constexpr const char* kNotServing = "\x08\x02";

template <typename Enum>
std::string UpperOf(Enum value) {
  std::string text(ToString(value));
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

TEST(Wire, CallsEveryKindAndCodeByTheRegistrysName) {
  for (int kind = 1; kind < pb::AccountKind_ARRAYSIZE; ++kind) {
    const auto ours = static_cast<registry::AccountKind>(kind);
    EXPECT_EQ(pb::AccountKind_Name(wire::ToWire(ours)), "ACCOUNT_KIND_" + UpperOf(ours));
  }
  EXPECT_EQ(pb::AccountKind_MAX, static_cast<int>(registry::AccountKind::kExpired));
  for (int code = 1; code < pb::TransferCode_ARRAYSIZE; ++code) {
    const auto ours = static_cast<registry::TransferCode>(code);
    EXPECT_EQ(pb::TransferCode_Name(wire::ToWire(ours)), "TRANSFER_CODE_" + UpperOf(ours));
  }
  EXPECT_EQ(pb::TransferCode_MAX, static_cast<int>(registry::TransferCode::kOther));
}

TEST(Wire, RoundsTimesBetweenMicrosecondsAsAsked) {
  google::protobuf::Timestamp time;
  time.set_seconds(-1);
  time.set_nanos(1'500);
  EXPECT_EQ(*wire::ParseTime("t", time, wire::Rounding::kDown), -999'999);
  EXPECT_EQ(*wire::ParseTime("t", time, wire::Rounding::kUp), -999'998);
  google::protobuf::Timestamp back;
  wire::Fill(-999'999, &back);
  EXPECT_EQ(wire::ToString(back), "1969-12-31T23:59:59.000001Z");
  time.set_nanos(-1);
  EXPECT_FALSE(wire::ParseTime("t", time, wire::Rounding::kDown).ok());
}

TEST_F(RegistryService, GetsAnAccountWithTheStateItSpeaksOf) {
  pb::GetAccountRequest request;
  request.set_name(Name(run_.opened().other_holder));
  const auto response = Ask(&Stub::GetAccount, request);
  EXPECT_EQ(response.account().name(), request.name());
  EXPECT_EQ(response.account().kind(), pb::ACCOUNT_KIND_HOLDER);
  EXPECT_EQ(response.account().entity(), 1U);
  EXPECT_FALSE(response.account().blocked());
  EXPECT_EQ(response.at().sequence(), run_.last());
  EXPECT_EQ(response.at().chain_head(), run_.chain_head());
  EXPECT_EQ(wire::ToString(response.at().sim_time()), "2027-01-06T12:00:00Z");
  request.set_name(Name(run_.opened().bank));
  EXPECT_FALSE(Ask(&Stub::GetAccount, request).account().has_entity());
}

TEST_F(RegistryService, RefusesNamesThatAreNoneAndSaysWhatIsAllowed) {
  pb::GetAccountRequest account;
  for (const char* const name : {"", "accounts/", "accounts/x", "accounts/-1", "accounts/01",
                                 "accounts/1/", "account/1", "accounts/4294967296"}) {
    account.set_name(name);
    EXPECT_THAT(Refusal(&Stub::GetAccount, account, StatusCode::INVALID_ARGUMENT),
                AllOf(StartsWith("name: \"" + std::string(name) + "\""),
                      HasSubstr("allowed: accounts/{account}")));
  }
  pb::GetHoldingRequest holding;
  for (const char* const name : {"accounts/1", "accounts/1/holdings/", "accounts/1/holdings/cea26",
                                 "accounts/1/holdings/CEA26/x", "accounts/1/holding/CEA26"}) {
    holding.set_name(name);
    EXPECT_THAT(Refusal(&Stub::GetHolding, holding, StatusCode::INVALID_ARGUMENT),
                HasSubstr("allowed: accounts/{account}/holdings/{unit}"));
  }
  pb::GetComplianceRequest compliance;
  for (const char* const name :
       {"entities/0", "entities/0/complianceStatuses/0", "entities/0/complianceStatuses/10000",
        "entities/a/complianceStatuses/2026", "entities/0/emissions/2026"}) {
    compliance.set_name(name);
    EXPECT_THAT(Refusal(&Stub::GetCompliance, compliance, StatusCode::INVALID_ARGUMENT),
                HasSubstr("allowed: entities/{entity}/complianceStatuses/{year}"));
  }
}

TEST_F(RegistryService, CutsALongNameInItsAnswer) {
  pb::GetAccountRequest request;
  request.set_name(std::string(79, 'a') + "\u00fc" + std::string(1'000, 'b'));
  EXPECT_THAT(Refusal(&Stub::GetAccount, request, StatusCode::INVALID_ARGUMENT),
              StartsWith("name: \"" + std::string(79, 'a') + "...\";"));
}

TEST_F(RegistryService, DoesNotFindWhatIsNotThere) {
  pb::GetAccountRequest account;
  account.set_name("accounts/7");
  EXPECT_THAT(Refusal(&Stub::GetAccount, account, StatusCode::NOT_FOUND),
              AllOf(HasSubstr("\"accounts/7\""), HasSubstr("accounts/0 to accounts/6")));
  pb::GetHoldingRequest holding;
  holding.set_name(Holding(run_.opened().holder, "CEA31"));
  EXPECT_THAT(Refusal(&Stub::GetHolding, holding, StatusCode::NOT_FOUND),
              HasSubstr("CEA26 CCER CNY"));
  pb::GetComplianceRequest compliance;
  compliance.set_name("entities/2/complianceStatuses/2026");
  EXPECT_THAT(Refusal(&Stub::GetCompliance, compliance, StatusCode::NOT_FOUND),
              HasSubstr("numbers up to 1"));
  pb::ListHoldingsRequest holdings;
  holdings.set_parent("accounts/7");
  Refusal(&Stub::ListHoldings, holdings, StatusCode::NOT_FOUND);
  pb::ListAccountsRequest accounts;
  accounts.set_entity(2);
  Refusal(&Stub::ListAccounts, accounts, StatusCode::NOT_FOUND);
  pb::ListTransfersRequest transfers;
  transfers.set_account("accounts/7");
  Refusal(&Stub::ListTransfers, transfers, StatusCode::NOT_FOUND);
  transfers.set_account("");
  transfers.set_unit("EUR");
  Refusal(&Stub::ListTransfers, transfers, StatusCode::NOT_FOUND);
}

TEST_F(RegistryService, TellsAHoldingAsOfEachDayBySequenceAndByTime) {
  pb::GetHoldingRequest request;
  request.set_name(Holding(run_.opened().holder, "CEA26"));
  for (int day = 0; day < kDays; ++day) {
    request.mutable_as_of()->set_sequence(run_.day_end(static_cast<std::size_t>(day)));
    const auto by_sequence = Ask(&Stub::GetHolding, request);
    EXPECT_EQ(by_sequence.holding().amount(), kAllocated * (day + 1));
    EXPECT_EQ(by_sequence.at().sequence(), request.as_of().sequence());
    if (day == kDays - 1) break;  // That day goes on behind its allocation.
    wire::Fill(NoonOf(day) + 1, request.mutable_as_of()->mutable_sim_time());
    const auto by_time = Ask(&Stub::GetHolding, request);
    EXPECT_EQ(by_time.SerializeAsString(), by_sequence.SerializeAsString());
  }
  request.clear_as_of();
  EXPECT_EQ(Ask(&Stub::GetHolding, request).holding().amount(), kAllocated * kDays - 700);
  request.set_name(Holding(run_.opened().other_holder, "CEA26"));
  EXPECT_EQ(Ask(&Stub::GetHolding, request).holding().amount(), 0);
}

TEST_F(RegistryService, AnswersEverySequenceOfTheJournal) {
  pb::ListAccountsRequest request;
  int accounts = 0;
  for (std::uint64_t sequence = 1; sequence <= run_.last(); ++sequence) {
    request.mutable_as_of()->set_sequence(sequence);
    const int now = Ask(&Stub::ListAccounts, request).accounts_size();
    EXPECT_TRUE(now == accounts || now == accounts + 1) << "after record " << sequence;
    accounts = now;
  }
  EXPECT_EQ(accounts, 7);
  pb::GetAccountRequest account;
  account.set_name("accounts/0");
  account.mutable_as_of()->set_sequence(1);
  Refusal(&Stub::GetAccount, account, StatusCode::NOT_FOUND);
}

TEST_F(RegistryService, RefusesTimesThatTheJournalDoesNotReach) {
  pb::GetAccountRequest request;
  request.set_name("accounts/0");
  for (const std::uint64_t sequence : {std::uint64_t{0}, run_.last() + 1, ~std::uint64_t{0}}) {
    request.mutable_as_of()->set_sequence(sequence);
    EXPECT_THAT(Refusal(&Stub::GetAccount, request, StatusCode::OUT_OF_RANGE),
                AllOf(StartsWith("as_of.sequence: " + std::to_string(sequence)),
                      HasSubstr("allowed: 1 to " + std::to_string(run_.last()))));
  }
  wire::Fill(NoonOf(kDays), request.mutable_as_of()->mutable_sim_time());
  EXPECT_THAT(Refusal(&Stub::GetAccount, request, StatusCode::OUT_OF_RANGE),
              AllOf(StartsWith("as_of.sim_time: 2027-01-07T12:00:00Z"),
                    HasSubstr(" to 2027-01-06T12:00:00Z")));
  wire::Fill(-1, request.mutable_as_of()->mutable_sim_time());
  Refusal(&Stub::GetAccount, request, StatusCode::OUT_OF_RANGE);
  request.mutable_as_of()->mutable_sim_time()->set_nanos(-1);
  EXPECT_THAT(Refusal(&Stub::GetAccount, request, StatusCode::INVALID_ARGUMENT),
              HasSubstr("nanos from 0 to 999999999"));
}

TEST_F(RegistryService, ListsAccountsByKindAndByFirm) {
  pb::ListAccountsRequest request;
  request.set_kind(pb::ACCOUNT_KIND_HOLDER);
  EXPECT_EQ(Ask(&Stub::ListAccounts, request).accounts_size(), 2);
  request.set_entity(0);
  const auto both = Ask(&Stub::ListAccounts, request);
  ASSERT_EQ(both.accounts_size(), 1);
  EXPECT_EQ(both.accounts(0).name(), Name(run_.opened().holder));
  request.clear_kind();
  EXPECT_EQ(Ask(&Stub::ListAccounts, request).accounts_size(), 2);
  request.set_kind(static_cast<pb::AccountKind>(99));
  EXPECT_THAT(Refusal(&Stub::ListAccounts, request, StatusCode::INVALID_ARGUMENT),
              StartsWith("kind: \"99\""));
}

TEST_F(RegistryService, ListsWhatAnAccountHasAndLeavesOutWhatItHasNot) {
  pb::ListHoldingsRequest request;
  request.set_parent(Name(run_.opened().holder));
  const auto response = Ask(&Stub::ListHoldings, request);
  ASSERT_EQ(response.holdings_size(), 2);
  EXPECT_EQ(response.holdings(0).name(), Holding(run_.opened().holder, "CEA26"));
  EXPECT_EQ(response.holdings(0).amount(), kAllocated * kDays - 700);
  EXPECT_EQ(response.holdings(1).unit(), "CNY");
  EXPECT_EQ(response.holdings(1).amount(), 50'000);
  EXPECT_EQ(response.next_page_token(), "");
  request.set_parent(Name(run_.opened().issuance));
  EXPECT_EQ(Ask(&Stub::ListHoldings, request).holdings(0).amount(), -10'000);
}

TEST_F(RegistryService, ListsTransfersThatPassEveryFilterGiven) {
  pb::ListTransfersRequest request;
  EXPECT_EQ(Ask(&Stub::ListTransfers, request).transfers_size(), 2 + kDays + 1);
  request.set_code(pb::TRANSFER_CODE_SURRENDER);
  const auto surrender = Ask(&Stub::ListTransfers, request);
  ASSERT_EQ(surrender.transfers_size(), 1);
  const pb::Transfer& transfer = surrender.transfers(0);
  EXPECT_EQ(transfer.debit(), Name(run_.opened().holder));
  EXPECT_EQ(transfer.credit(), Name(run_.opened().surrender));
  EXPECT_EQ(transfer.unit(), "CEA26");
  EXPECT_EQ(transfer.amount(), 700);
  EXPECT_EQ(transfer.year(), 2026U);
  EXPECT_EQ(transfer.name(), "transfers/" + std::to_string(run_.last() - 1) + "-0");
  EXPECT_EQ(wire::ToString(transfer.sim_time()), "2027-01-06T12:00:00Z");
  request.set_unit("CNY");
  EXPECT_EQ(Ask(&Stub::ListTransfers, request).transfers_size(), 0);
  request.clear_code();
  EXPECT_EQ(Ask(&Stub::ListTransfers, request).transfers_size(), 1);
  request.clear_unit();
  request.set_account(Name(run_.opened().issuance));
  EXPECT_EQ(Ask(&Stub::ListTransfers, request).transfers_size(), 1);
  request.clear_account();
  request.set_entity(0);
  EXPECT_EQ(Ask(&Stub::ListTransfers, request).transfers_size(), 1 + kDays + 1);
  request.set_entity(1);
  EXPECT_EQ(Ask(&Stub::ListTransfers, request).transfers_size(), 0);
  request.clear_entity();
  wire::Fill(NoonOf(1), request.mutable_start_time());
  wire::Fill(NoonOf(2), request.mutable_end_time());
  EXPECT_EQ(Ask(&Stub::ListTransfers, request).transfers_size(), 1);
  request.clear_end_time();
  EXPECT_EQ(Ask(&Stub::ListTransfers, request).transfers_size(), 3);
  request.mutable_as_of()->set_sequence(run_.day_end(1));
  EXPECT_EQ(Ask(&Stub::ListTransfers, request).transfers_size(), 1);
}

TEST_F(RegistryService, RefusesFiltersThatMakeNoSense) {
  pb::ListTransfersRequest request;
  request.set_account("12");
  EXPECT_THAT(Refusal(&Stub::ListTransfers, request, StatusCode::INVALID_ARGUMENT),
              StartsWith("account: \"12\""));
  request.clear_account();
  request.set_unit("gold");
  EXPECT_THAT(Refusal(&Stub::ListTransfers, request, StatusCode::INVALID_ARGUMENT),
              AllOf(StartsWith("unit: \"gold\""), HasSubstr("CCER")));
  request.clear_unit();
  request.set_code(static_cast<pb::TransferCode>(-1));
  EXPECT_THAT(Refusal(&Stub::ListTransfers, request, StatusCode::INVALID_ARGUMENT),
              StartsWith("code: \"-1\""));
  request.clear_code();
  wire::Fill(NoonOf(1), request.mutable_start_time());
  wire::Fill(NoonOf(1), request.mutable_end_time());
  EXPECT_THAT(Refusal(&Stub::ListTransfers, request, StatusCode::INVALID_ARGUMENT),
              AllOf(StartsWith("end_time: "), HasSubstr("after start_time")));
}

TEST_F(RegistryService, PagesTellTheWholeListOnceInOrder) {
  pb::ListTransfersRequest request;
  std::vector<std::string> whole;
  const auto all = Ask(&Stub::ListTransfers, request);
  for (const auto& transfer : all.transfers()) {
    whole.push_back(transfer.name());
  }
  for (const int size : {1, 2, 3, 6, 7, 5'000}) {
    std::vector<std::string> paged;
    request.clear_page_token();
    do {
      request.set_page_size(size);
      const auto page = Ask(&Stub::ListTransfers, request);
      ASSERT_GT(page.transfers_size(), 0) << "an empty page at size " << size;
      ASSERT_LE(page.transfers_size(), size);
      for (const auto& transfer : page.transfers()) paged.push_back(transfer.name());
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    EXPECT_EQ(paged, whole) << "page size " << size;
  }
}

TEST_F(RegistryService, PagesKeepTheStateOfTheFirst) {
  pb::ListAccountsRequest request;
  request.set_page_size(4);
  request.mutable_as_of()->set_sequence(run_.day_end(0));
  const auto first = Ask(&Stub::ListAccounts, request);
  ASSERT_EQ(first.accounts_size(), 4);
  request.set_page_token(first.next_page_token());
  request.set_page_size(100);
  const auto second = Ask(&Stub::ListAccounts, request);
  EXPECT_EQ(second.accounts_size(), 3);
  EXPECT_EQ(second.accounts(0).name(), "accounts/4");
  EXPECT_EQ(second.at().SerializeAsString(), first.at().SerializeAsString());
  EXPECT_EQ(second.next_page_token(), "");
}

TEST_F(RegistryService, RefusesAPageOfAnotherQuestion) {
  pb::ListAccountsRequest accounts;
  accounts.set_page_size(1);
  const std::string token = Ask(&Stub::ListAccounts, accounts).next_page_token();
  ASSERT_NE(token, "");
  std::string forged = token;
  forged.back() = forged.back() == '0' ? '1' : '0';
  for (const std::string& wrong : {std::string("next"), forged, token + "0", token.substr(1)}) {
    accounts.set_page_token(wrong);
    EXPECT_THAT(Refusal(&Stub::ListAccounts, accounts, StatusCode::INVALID_ARGUMENT),
                AllOf(StartsWith("page_token: "), HasSubstr("next_page_token")));
  }
  accounts.set_page_token(token);
  accounts.set_kind(pb::ACCOUNT_KIND_HOLDER);
  Refusal(&Stub::ListAccounts, accounts, StatusCode::INVALID_ARGUMENT);
  pb::ListHoldingsRequest holdings;
  holdings.set_parent("accounts/0");
  holdings.set_page_token(token);
  Refusal(&Stub::ListHoldings, holdings, StatusCode::INVALID_ARGUMENT);
  // Far behind the end, with a good fingerprint: an empty last page.
  accounts.clear_kind();
  accounts.set_page_token(token.substr(0, 16) + std::string(16, 'f') + token.substr(32));
  const auto beyond = Ask(&Stub::ListAccounts, accounts);
  EXPECT_EQ(beyond.accounts_size(), 0);
  EXPECT_EQ(beyond.next_page_token(), "");
  accounts.set_page_token(std::string(16, 'f') + token.substr(16));
  Refusal(&Stub::ListAccounts, accounts, StatusCode::INVALID_ARGUMENT);
  accounts.clear_page_token();
  accounts.set_page_size(-1);
  EXPECT_THAT(Refusal(&Stub::ListAccounts, accounts, StatusCode::INVALID_ARGUMENT),
              AllOf(StartsWith("page_size: \"-1\""), HasSubstr("1 to 1000")));
}

TEST_F(RegistryService, TellsWhatAFirmEmittedAndSurrendered) {
  pb::GetComplianceRequest request;
  request.set_name("entities/0/complianceStatuses/2026");
  const pb::ComplianceStatus status = Ask(&Stub::GetCompliance, request).compliance_status();
  EXPECT_EQ(status.name(), request.name());
  EXPECT_EQ(status.symbol(), pb::COMPLIANCE_SYMBOL_OPEN);
  EXPECT_EQ(status.verified_emissions(), 2'500);
  EXPECT_EQ(status.surrendered(), 700);
  EXPECT_EQ(status.surrendered_offsets(), 0);
  request.mutable_as_of()->set_sequence(run_.day_end(kDays - 1));
  EXPECT_FALSE(Ask(&Stub::GetCompliance, request).compliance_status().has_verified_emissions());
}

TEST_F(RegistryService, VerifiesTheChainAndCountsWhatItSaw) {
  const auto response = Ask(&Stub::VerifyChain, pb::VerifyChainRequest());
  EXPECT_EQ(response.at().sequence(), run_.last());
  EXPECT_EQ(response.at().chain_head(), run_.chain_head());
  EXPECT_EQ(response.state_hash(), run_.state_hash());
  EXPECT_EQ(response.commands_applied() + response.commands_refused() + 1, run_.last());
  EXPECT_EQ(response.commands_refused(), 1U);
  EXPECT_EQ(response.transfers(), 6U);
  EXPECT_EQ(response.batches(), 4U);
  EXPECT_EQ(response.accounts(), 7U);
  EXPECT_EQ(response.ledgers(), 3U);
}

TEST_F(RegistryService, SaysSoWhenTheJournalIsNotTheOneOfTheRun) {
  run_.WriteRunJson(std::string(64, '0'));
  EXPECT_THAT(Refusal(&Stub::VerifyChain, pb::VerifyChainRequest(), StatusCode::DATA_LOSS),
              AllOf(HasSubstr(run_.chain_head()), HasSubstr("run.json")));
  fs::remove_all(run_.path() + "/registry");
  Refusal(&Stub::VerifyChain, pb::VerifyChainRequest(), StatusCode::DATA_LOSS);
  pb::GetAccountRequest request;
  request.set_name("accounts/0");
  request.mutable_as_of()->set_sequence(run_.day_end(0));
  Refusal(&Stub::GetAccount, request, StatusCode::DATA_LOSS);
}

TEST_F(RegistryService, SaysToHealthChecksWhetherItsJournalIsWhole) {
  const std::string service = pb::RegistryReadService::service_full_name();
  EXPECT_EQ(HealthOf(channel_, ""), kServing);
  EXPECT_EQ(HealthOf(channel_, service), kServing);
  run_.WriteRunJson(std::string(64, '0'));
  Refusal(&Stub::VerifyChain, pb::VerifyChainRequest(), StatusCode::DATA_LOSS);
  EXPECT_EQ(HealthOf(channel_, service), kNotServing);
  run_.WriteRunJson(run_.chain_head());
  Ask(&Stub::VerifyChain, pb::VerifyChainRequest());
  EXPECT_EQ(HealthOf(channel_, service), kServing);
}

TEST_F(RegistryService, ListsItselfToReflection) {
  const std::string list_services("\x3a\x00", 2);  // Field 7, empty.
  EXPECT_THAT(
      CallWithBytes(channel_, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                    list_services),
      AllOf(HasSubstr("ets.registry.read.v1.RegistryReadService"),
            HasSubstr("grpc.health.v1.Health")));
}

TEST_F(RegistryService, StopsWhenTheCallersDeadlinePasses) {
  pb::VerifyChainResponse response;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() - std::chrono::seconds(1));
  EXPECT_EQ(stub_->VerifyChain(&context, {}, &response).error_code(),
            StatusCode::DEADLINE_EXCEEDED);
}

TEST_F(RegistryService, TakesNoCallsAfterShutdown) {
  server_->Shutdown();
  pb::GetAccountRequest request;
  request.set_name("accounts/0");
  Refusal(&Stub::GetAccount, request, StatusCode::UNAVAILABLE);
}

TEST(RegistryArchive, EndsAReplayThatIsNotWaitedFor) {
  const RunFolder run;
  const auto archive = RegistryArchive::Open(run.path());
  ASSERT_TRUE(archive.ok());
  const Patience none{std::chrono::system_clock::now() - std::chrono::seconds(1), {}};
  const auto verified = (*archive)->Verify(
      {std::chrono::system_clock::now() + std::chrono::seconds(30), [] { return true; }});
  ASSERT_FALSE(verified.ok());
  EXPECT_EQ(verified.error().kind, JournalFailure::Kind::kStopped);
  // The last state needs no replay.
  EXPECT_TRUE((*archive)->StateAt(run.last(), none).ok());
}

TEST_F(RegistryService, AnswersManyCallersAtOnce) {
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 8; ++caller) {
    callers.emplace_back([this, caller] {
      pb::GetHoldingRequest request;
      request.set_name(Holding(run_.opened().holder, "CEA26"));
      for (int round = 0; round < 20; ++round) {
        const auto day = static_cast<std::size_t>((caller + round) % kDays);
        request.mutable_as_of()->set_sequence(run_.day_end(day));
        EXPECT_EQ(Ask(&Stub::GetHolding, request).holding().amount(),
                  kAllocated * (static_cast<std::int64_t>(day) + 1));
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
}

TEST(RegistryServer, RefusesAddressesThatAreNoneBeforeItReadsAnything) {
  for (const char* const listen : {"", "127.0.0.1", ":0", "127.0.0.1:", "127.0.0.1:65536",
                                   "127.0.0.1:x", "unix:/tmp/x", "::1:0"}) {
    const auto started = RegistryServer::Start("/nonexistent", listen);
    ASSERT_FALSE(started.ok()) << listen;
    EXPECT_TRUE(started.error().is_bad_input);
    EXPECT_THAT(started.error().message, HasSubstr("allowed: HOST:PORT"));
  }
}

TEST(RegistryServer, DoesNotStartWithoutAWholeJournalOrOnATakenPort) {
  const auto nothing = RegistryServer::Start("/nonexistent", "127.0.0.1:0");
  ASSERT_FALSE(nothing.ok());
  EXPECT_TRUE(nothing.error().is_bad_input);
  EXPECT_THAT(nothing.error().message, HasSubstr("/nonexistent: is no folder"));

  const RunFolder run;
  const auto first = RegistryServer::Start(run.path(), "127.0.0.1:0");
  ASSERT_TRUE(first.ok());
  const auto second = RegistryServer::Start(run.path(), (*first)->address());
  ASSERT_FALSE(second.ok());
  EXPECT_FALSE(second.error().is_bad_input);
  EXPECT_THAT(second.error().message, HasSubstr("cannot listen on " + (*first)->address()));

  for (const auto& entry : fs::directory_iterator(run.path() + "/registry")) {
    if (entry.path().extension() == ".log" || entry.path().extension() == ".sst") {
      fs::resize_file(entry.path(), entry.file_size() / 2);
    }
  }
  const auto damaged = RegistryServer::Start(run.path(), "127.0.0.1:0");
  ASSERT_FALSE(damaged.ok());
  EXPECT_FALSE(damaged.error().is_bad_input);
}

}  // namespace
}  // namespace ets::server
