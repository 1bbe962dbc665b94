#include <future>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include "ets/registry/v1/account_service.grpc.pb.h"
#include "ets/registry/v1/admin_service.grpc.pb.h"
#include "ets/registry/v1/transfer_service.grpc.pb.h"
#include "server/service_fixture.h"
#include "server/wire_names.h"

namespace ets::server {
namespace {

namespace pb = ::ets::registry::v1;
using grpc::StatusCode;
using pb::TransferService;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class TransferServiceTest : public Served {
 protected:
  using Stub = TransferService::Stub;

  void Serve(const std::string& profile = "sim") {
    Served::Serve(profile);
    if (channel_) Connect();
  }
  void Connect() {
    stub_ = TransferService::NewStub(channel_);
    accounts_ = pb::AccountService::NewStub(channel_);
    admin_ = pb::AdminService::NewStub(channel_);
  }

  pb::CreateTransferRequest Move(std::int64_t amount, const std::string& id) const {
    pb::CreateTransferRequest request;
    request.set_request_id(id);
    *request.mutable_transfer() = Draft(amount);
    return request;
  }
  static pb::TransferDraft Draft(std::int64_t amount) {
    pb::TransferDraft draft;
    draft.set_debit("accounts/5");
    draft.set_credit("accounts/7");
    draft.set_unit("CEA-2026");
    draft.set_amount(amount);
    return draft;
  }
  grpc::Status Create(const std::string& token, const pb::CreateTransferRequest& request,
                      pb::CreateTransferResponse& response) {
    return Call(token, *stub_, &Stub::CreateTransfer, request, response);
  }
  grpc::Status Create(const std::string& token, const pb::CreateTransferRequest& request) {
    pb::CreateTransferResponse ignored;
    return Create(token, request, ignored);
  }

  pb::Holding HoldingOf(AccountId account) {
    pb::GetHoldingRequest request;
    request.set_name(wire::HoldingName(account, Unit::Allowance(2026)));
    pb::GetHoldingResponse response;
    const grpc::Status status =
        Call(kOperator, *accounts_, &pb::AccountService::Stub::GetHolding, request, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.holding();
  }

  std::unique_ptr<Stub> stub_;
  std::unique_ptr<pb::AccountService::Stub> accounts_;
  std::unique_ptr<pb::AdminService::Stub> admin_;
};

TEST_F(TransferServiceTest, MovesUnitsAndSaysWhichRecordDidIt) {
  Serve();
  pb::CreateTransferResponse response;
  ASSERT_TRUE(Create(kAuthority, Move(700, NextId()), response).ok());
  EXPECT_EQ(response.sequence(), branches_->main().committed().sequence);
  EXPECT_EQ(response.chain_head(), branches_->main().committed().chain_head);
  EXPECT_EQ(response.transfer(), "transfers/" + std::to_string(response.sequence()) + "-0");
  EXPECT_EQ(HoldingOf(kFirm).posted(), 9'300);
  EXPECT_EQ(HoldingOf(kOther).posted(), 700);
}

TEST_F(TransferServiceTest, AnswersARetryAsTheFirstTimeAlsoAfterARestart) {
  Serve();
  const auto request = Move(700, NextId());
  pb::CreateTransferResponse first, again;
  ASSERT_TRUE(Create(kAuthority, request, first).ok());
  ASSERT_TRUE(Create(kAuthority, Move(1, NextId())).ok());
  for (int round = 0; round < 2; ++round) {
    for (int copy = 0; copy < 3; ++copy) {
      ASSERT_TRUE(Create(kAuthority, request, again).ok());
      EXPECT_EQ(again.SerializeAsString(), first.SerializeAsString());
    }
    ASSERT_NO_FATAL_FAILURE(Restart());
    Connect();
  }
  EXPECT_EQ(HoldingOf(kOther).posted(), 701);
}

TEST_F(TransferServiceTest, AnswersARetryOfARefusalWithTheSameRefusal) {
  Serve();
  const auto request = Move(10'001, NextId());
  const grpc::Status first = Create(kAuthority, request);
  EXPECT_THAT(first, Fails(StatusCode::FAILED_PRECONDITION, "INSUFFICIENT_HOLDING"));
  // It would be possible now, but the answer was given.
  Do(registry::Allocate{kAllocation, kFirm, LedgerId(0), 2026, 5'000,
                        registry::TransferCode::kPreAllocation});
  const grpc::Status again = Create(kAuthority, request);
  EXPECT_EQ(again.error_details(), first.error_details());
  ASSERT_NO_FATAL_FAILURE(Restart());
  Connect();
  EXPECT_EQ(Create(kAuthority, request).error_details(), first.error_details());
  EXPECT_EQ(HoldingOf(kOther).posted(), 0);
}

TEST_F(TransferServiceTest, SaysWhatWasAvailableAndWhatWasAsked) {
  Serve();
  const Said said = SaidBy(Create(kAuthority, Move(10'001, NextId())));
  EXPECT_EQ(said.metadata.at("account"), "accounts/5");
  EXPECT_EQ(said.metadata.at("unit"), "CEA26");
  EXPECT_EQ(said.metadata.at("available"), "10000");
  EXPECT_EQ(said.metadata.at("reserved"), "0");
  EXPECT_EQ(said.metadata.at("frozen"), "0");
  EXPECT_EQ(said.metadata.at("asked"), "10001");
  EXPECT_EQ(said.metadata.at("uk_code"), "3005/10003");
  EXPECT_TRUE(said.Has<google::rpc::PreconditionFailure>());
}

TEST_F(TransferServiceTest, RefusesAnIdThatWasUsedForAnotherRequest) {
  Serve();
  const std::string id = NextId();
  ASSERT_TRUE(Create(kAuthority, Move(700, id)).ok());
  EXPECT_THAT(Create(kAuthority, Move(701, id)),
              Fails(StatusCode::ALREADY_EXISTS, "REQUEST_ID_REUSED"));
  EXPECT_THAT(Create(kAdmin, Move(700, id)),
              Fails(StatusCode::ALREADY_EXISTS, "REQUEST_ID_REUSED"));
  EXPECT_EQ(HoldingOf(kOther).posted(), 700);
}

TEST_F(TransferServiceTest, TriesWithoutDoing) {
  Serve();
  auto request = Move(700, NextId());
  request.set_validate_only(true);
  const std::uint64_t before = branches_->main().committed().sequence;
  pb::CreateTransferResponse response;
  ASSERT_TRUE(Create(kAuthority, request, response).ok());
  EXPECT_EQ(response.transfer(), "");
  request.mutable_transfer()->set_amount(10'001);
  EXPECT_THAT(Create(kAuthority, request),
              Fails(StatusCode::FAILED_PRECONDITION, "INSUFFICIENT_HOLDING"));
  EXPECT_EQ(branches_->main().committed().sequence, before);
  // The id is still free.
  EXPECT_TRUE(Create(kAuthority, Move(5, request.request_id())).ok());
}

TEST_F(TransferServiceTest, AcceptsAnAccountByItsDisplayNumberAndChecksItsDigits) {
  Serve();
  const std::string number = wire::DisplayNumber("SI", registry::AccountKind::kHolder, kOther);
  auto request = Move(700, NextId());
  request.mutable_transfer()->set_credit("accounts/" + number);
  EXPECT_TRUE(Create(kAuthority, request).ok());
  EXPECT_EQ(HoldingOf(kOther).posted(), 700);

  request.set_request_id(NextId());
  std::string wrong = number;
  wrong.back() = wrong.back() == '1' ? '2' : '1';
  request.mutable_transfer()->set_credit("accounts/" + wrong);
  const grpc::Status status = Create(kAuthority, request);
  EXPECT_THAT(status, Fails(StatusCode::INVALID_ARGUMENT, "CHECK_DIGITS_INVALID"));
  EXPECT_TRUE(SaidBy(status).Has<google::rpc::BadRequest>());
  EXPECT_EQ(SaidBy(status).metadata.at("itl_code"), "5904");

  // Right digits of an account of another kind: nobody has that number.
  request.mutable_transfer()->set_credit(
      "accounts/" + wire::DisplayNumber("SI", registry::AccountKind::kTrading, kOther));
  EXPECT_THAT(Create(kAuthority, request), Fails(StatusCode::NOT_FOUND, "ACCOUNT_NOT_FOUND"));
}

TEST_F(TransferServiceTest, ShowsAStrangerNothingItCouldTellFromNothing) {
  Serve();
  const grpc::Status forbidden = Create(kStranger, Move(1, NextId()));
  auto request = Move(1, NextId());
  request.mutable_transfer()->set_debit("accounts/99");
  const grpc::Status unknown = Create(kStranger, request);
  EXPECT_THAT(forbidden, Fails(StatusCode::NOT_FOUND, "ACCOUNT_NOT_FOUND"));
  EXPECT_THAT(unknown, Fails(StatusCode::NOT_FOUND, "ACCOUNT_NOT_FOUND"));
  Said a = SaidBy(forbidden), b = SaidBy(unknown);
  EXPECT_EQ(a.metadata.at("account"), "accounts/5");
  EXPECT_EQ(b.metadata.at("account"), "accounts/99");
  a.metadata.erase("account");
  b.metadata.erase("account");
  EXPECT_EQ(a.metadata, b.metadata);
}

TEST_F(TransferServiceTest, TellsARoleThatItMayNotBeforeItLooksAtTheRequest) {
  Serve();
  pb::CreateTransferRequest malformed;
  EXPECT_THAT(Create(kAuditor, malformed), Fails(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
  EXPECT_THAT(Create("", malformed), Fails(StatusCode::UNAUTHENTICATED, "UNAUTHENTICATED"));
  EXPECT_THAT(Create("no such token", malformed),
              Fails(StatusCode::UNAUTHENTICATED, "UNAUTHENTICATED"));
  EXPECT_THAT(Create(kAuthority, malformed), Fails(StatusCode::INVALID_ARGUMENT, "FIELD_INVALID"));
}

TEST_F(TransferServiceTest, LetsARepresentativeMoveAtOnceWhereTheLawDoes) {
  Serve("sim");
  EXPECT_TRUE(Create(kHolder, Move(5, NextId())).ok());
  EXPECT_EQ(HoldingOf(kOther).posted(), 5);
}

TEST_F(TransferServiceTest, AsksForAProposalWhereTheLawWantsASecondPerson) {
  Serve("eu");
  EXPECT_THAT(Create(kHolder, Move(5, NextId())),
              Fails(StatusCode::FAILED_PRECONDITION, "PROPOSAL_REQUIRED"));
}

// ---- Batches ----

class Batches : public TransferServiceTest {
 protected:
  pb::BatchCreateTransfersRequest Of(std::initializer_list<std::uint64_t> amounts) {
    pb::BatchCreateTransfersRequest request;
    request.set_request_id(NextId());
    request.add_units("CEA26");
    for (const std::uint64_t amount : amounts) {
      request.add_debits(5);
      request.add_credits(7);
      request.add_ledgers(0);
      request.add_amounts(amount);
    }
    return request;
  }
  grpc::Status Send(const pb::BatchCreateTransfersRequest& request,
                    pb::BatchCreateTransfersResponse& response) {
    return Call(kAuthority, *stub_, &Stub::BatchCreateTransfers, request, response);
  }
};

TEST_F(Batches, ApplyEachItemOnItsOwnAndNameThoseThatFail) {
  Serve();
  pb::BatchCreateTransfersResponse response;
  const auto request = Of({4'000, 9'000, 6'000, 0, std::uint64_t{1} << 63U});
  ASSERT_TRUE(Send(request, response).ok());
  EXPECT_EQ(response.applied(), 2U);
  ASSERT_THAT(response.failures(), SizeIs(3));
  EXPECT_EQ(response.failures(0).index(), 1U);
  EXPECT_EQ(response.failures(0).reason(), "INSUFFICIENT_HOLDING");
  EXPECT_EQ(response.failures(1).index(), 3U);
  EXPECT_EQ(response.failures(1).reason(), "QUANTITY_INVALID");
  EXPECT_EQ(response.failures(2).reason(), "QUANTITY_TOO_LARGE");
  EXPECT_EQ(HoldingOf(kOther).posted(), 10'000);

  pb::BatchCreateTransfersResponse again;
  ASSERT_NO_FATAL_FAILURE(Restart());
  Connect();
  ASSERT_TRUE(Send(request, again).ok());
  EXPECT_EQ(again.SerializeAsString(), response.SerializeAsString());
}

TEST_F(Batches, ApplyALinkedGroupWholeOrNotAtAll) {
  Serve();
  auto request = Of({100, 20'000, 300, 1});
  for (const bool linked : {true, true, false, false}) request.add_linked(linked);
  pb::BatchCreateTransfersResponse response;
  ASSERT_TRUE(Send(request, response).ok());
  ASSERT_THAT(response.failures(), SizeIs(3));
  EXPECT_EQ(response.failures(0).reason(), "LINKED_FAILED");
  EXPECT_EQ(response.failures(1).reason(), "INSUFFICIENT_HOLDING");
  EXPECT_EQ(response.failures(2).reason(), "LINKED_FAILED");
  EXPECT_EQ(HoldingOf(kOther).posted(), 1);
}

TEST_F(Batches, TakeUpTo8190AndRefuseMore) {
  Serve();
  auto request = Of({});
  for (int item = 0; item < 8'190; ++item) {
    request.add_debits(5);
    request.add_credits(7);
    request.add_ledgers(0);
    request.add_amounts(1);
  }
  pb::BatchCreateTransfersResponse response;
  ASSERT_TRUE(Send(request, response).ok());
  EXPECT_EQ(response.applied(), 8'190U);
  EXPECT_THAT(response.failures(), IsEmpty());
  request.set_request_id(NextId());
  request.add_debits(5);
  request.add_credits(7);
  request.add_ledgers(0);
  request.add_amounts(1);
  EXPECT_THAT(Send(request, response), Fails(StatusCode::INVALID_ARGUMENT, "FIELD_INVALID"));
  EXPECT_EQ(HoldingOf(kOther).posted(), 8'190);
}

TEST_F(Batches, RefuseColumnsThatDoNotFit) {
  Serve();
  pb::BatchCreateTransfersResponse response;
  const std::vector<std::function<void(pb::BatchCreateTransfersRequest&)>> wrongs = {
      [](auto& request) { request.clear_debits(); },
      [](auto& request) { request.add_credits(7); },
      [](auto& request) { request.set_ledgers(0, 1); },
      [](auto& request) { request.add_linked(true); },
      [](auto& request) { request.add_years(2026); },
      [](auto& request) { request.add_references(1); },
      [](auto& request) {
        for (int item = 0; item < 2; ++item) request.add_codes(static_cast<pb::TransferCode>(99));
      },
      [](auto& request) {
        for (int item = 0; item < 2; ++item) request.add_years(70'000);
      },
      [](auto& request) { request.set_units(0, "CEA"); },
  };
  for (const auto& make_wrong : wrongs) {
    auto request = Of({1, 1});
    make_wrong(request);
    EXPECT_THAT(Send(request, response), Fails(StatusCode::INVALID_ARGUMENT, "FIELD_INVALID"));
  }
  EXPECT_EQ(HoldingOf(kOther).posted(), 0);
}

// ---- Two phases and four eyes ----

TEST_F(TransferServiceTest, ReservesPostsPartOfItOnceAndReturnsTheRest) {
  Serve();
  pb::ReserveTransferRequest reserve;
  reserve.set_request_id(NextId());
  *reserve.mutable_transfer() = Draft(600);
  pb::ReserveTransferResponse reserved;
  ASSERT_TRUE(Call(kAuthority, *stub_, &Stub::ReserveTransfer, reserve, reserved).ok());
  EXPECT_EQ(reserved.pending_transfer(), "pendingTransfers/1");
  EXPECT_EQ(HoldingOf(kFirm).available(), 9'400);
  EXPECT_EQ(HoldingOf(kOther).incoming(), 600);

  pb::PostPendingTransferRequest post;
  post.set_request_id(NextId());
  post.set_name(reserved.pending_transfer());
  post.set_amount(250);
  pb::PostPendingTransferResponse posted;
  ASSERT_TRUE(Call(kAuthority, *stub_, &Stub::PostPendingTransfer, post, posted).ok());
  EXPECT_EQ(HoldingOf(kFirm).available(), 9'750);
  EXPECT_EQ(HoldingOf(kOther).posted(), 250);

  pb::GetPendingTransferRequest get;
  get.set_name(reserved.pending_transfer());
  pb::GetPendingTransferResponse got;
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::GetPendingTransfer, get, got).ok());
  EXPECT_EQ(got.pending_transfer().state(), pb::PENDING_STATE_POSTED);
  EXPECT_EQ(got.pending_transfer().posted_amount(), 250);
  EXPECT_THAT(Call(kStranger, *stub_, &Stub::GetPendingTransfer, get, got),
              Fails(StatusCode::NOT_FOUND, "TRANSFER_NOT_FOUND"));

  pb::VoidPendingTransferRequest undo;
  undo.set_request_id(NextId());
  undo.set_name(reserved.pending_transfer());
  pb::VoidPendingTransferResponse undone;
  EXPECT_THAT(Call(kAuthority, *stub_, &Stub::VoidPendingTransfer, undo, undone),
              Fails(StatusCode::FAILED_PRECONDITION, "ALREADY_RESOLVED"));
  EXPECT_THAT(Call(kStranger, *stub_, &Stub::VoidPendingTransfer, undo, undone),
              Fails(StatusCode::NOT_FOUND, "TRANSFER_NOT_FOUND"));
}

TEST_F(TransferServiceTest, LetsASecondPersonApproveWhatAFirstProposed) {
  Serve("eu");
  pb::UpdateAccountRequest opt_out;
  opt_out.set_request_id(NextId());
  opt_out.mutable_draft()->set_account("accounts/5");
  opt_out.mutable_draft()->set_may_send(true);
  opt_out.mutable_draft()->set_may_receive(true);
  opt_out.mutable_draft()->set_may_surrender(true);
  opt_out.mutable_draft()->set_may_leave_trusted_list(true);
  pb::UpdateAccountResponse updated;
  ASSERT_TRUE(
      Call(kAdmin, *accounts_, &pb::AccountService::Stub::UpdateAccount, opt_out, updated).ok());

  pb::ProposeTransferRequest propose;
  propose.set_request_id(NextId());
  *propose.mutable_transfer() = Draft(40);
  pb::ProposeTransferResponse proposed;
  const grpc::Status status = Call(kSecond, *stub_, &Stub::ProposeTransfer, propose, proposed);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(proposed.task(), "tasks/1");
  EXPECT_FALSE(proposed.completed());
  EXPECT_EQ(HoldingOf(kFirm).available(), 9'960);

  pb::ApproveTaskRequest approve;
  approve.set_request_id(NextId());
  approve.set_name("tasks/1");
  pb::ApproveTaskResponse approved;
  EXPECT_THAT(Call(kSecond, *stub_, &Stub::ApproveTask, approve, approved),
              Fails(StatusCode::PERMISSION_DENIED, "SECOND_PERSON_REQUIRED"));
  EXPECT_THAT(Call(kHolder, *stub_, &Stub::ApproveTask, approve, approved),
              Fails(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
  EXPECT_THAT(Call(kStranger, *stub_, &Stub::ApproveTask, approve, approved),
              Fails(StatusCode::NOT_FOUND, "TASK_NOT_FOUND"));
  approve.set_request_id(NextId());
  ASSERT_TRUE(Call(kAdmin, *stub_, &Stub::ApproveTask, approve, approved).ok());

  pb::GetTaskRequest get;
  get.set_name("tasks/1");
  pb::GetTaskResponse got;
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::GetTask, get, got).ok());
  EXPECT_EQ(got.task().state(), pb::TASK_STATE_DELAYED);
  EXPECT_EQ(got.task().initiator(), "principals/3");
  EXPECT_EQ(got.task().approver(), "principals/7");
  EXPECT_EQ(got.task().proposal().transfer().amount(), 40);
  EXPECT_TRUE(got.task().has_execute_time());
  EXPECT_THAT(Call(kStranger, *stub_, &Stub::GetTask, get, got),
              Fails(StatusCode::NOT_FOUND, "TASK_NOT_FOUND"));

  pb::AdvanceTimeRequest advance;
  advance.set_request_id(NextId());
  wire::Fill(kStart + 7 * 86'400'000'000, advance.mutable_to_time());
  pb::AdvanceTimeResponse advanced;
  ASSERT_TRUE(
      Call(kAuthority, *admin_, &pb::AdminService::Stub::AdvanceTime, advance, advanced).ok());
  EXPECT_GE(advanced.fired(), 1);
  EXPECT_EQ(HoldingOf(kOther).posted(), 40);

  pb::ListTasksRequest list;
  list.set_state(pb::TASK_STATE_COMPLETED);
  pb::ListTasksResponse listed;
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::ListTasks, list, listed).ok());
  ASSERT_THAT(listed.tasks(), SizeIs(1));
  EXPECT_GT(listed.tasks(0).completed_sequence(), 0U);
  ASSERT_TRUE(Call(kStranger, *stub_, &Stub::ListTasks, list, listed).ok());
  EXPECT_THAT(listed.tasks(), IsEmpty());
}

// 17 CCR 95921(a): the receiving firm accepts.
TEST_F(TransferServiceTest, AsksTheReceiverWhereTheLawDoes) {
  Serve("ca");
  constexpr std::uint32_t kStrangersNumber = 8;
  Do(registry::SetGrant{kStrangersNumber, kOther, registry::kMayRead | registry::kMayApprove});
  pb::ProposeTransferRequest propose;
  propose.set_request_id(NextId());
  *propose.mutable_transfer() = Draft(40);
  pb::ProposeTransferResponse proposed;
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::ProposeTransfer, propose, proposed).ok());
  pb::GetTaskRequest get;
  get.set_name(proposed.task());
  pb::GetTaskResponse got;
  EXPECT_THAT(Call(kStranger, *stub_, &Stub::GetTask, get, got),
              Fails(StatusCode::NOT_FOUND, "TASK_NOT_FOUND"));

  pb::ApproveTaskRequest approve;
  approve.set_request_id(NextId());
  approve.set_name(proposed.task());
  pb::ApproveTaskResponse approved;
  ASSERT_TRUE(Call(kSecond, *stub_, &Stub::ApproveTask, approve, approved).ok());
  EXPECT_FALSE(approved.completed());
  ASSERT_TRUE(Call(kStranger, *stub_, &Stub::GetTask, get, got).ok());
  EXPECT_EQ(got.task().state(), pb::TASK_STATE_AWAITING_RECEIVER);
  approve.set_request_id(NextId());
  EXPECT_THAT(Call(kSecond, *stub_, &Stub::ApproveTask, approve, approved),
              Fails(StatusCode::PERMISSION_DENIED, "ROLE_REQUIRED"));
  ASSERT_TRUE(Call(kStranger, *stub_, &Stub::ApproveTask, approve, approved).ok());
  EXPECT_TRUE(approved.completed());
  EXPECT_EQ(HoldingOf(kOther).posted(), 40);
  ASSERT_TRUE(Call(kStranger, *stub_, &Stub::GetTask, get, got).ok());
  EXPECT_EQ(got.task().accepter(), "principals/8");
}

// ---- Reading and watching ----

class Histories : public TransferServiceTest {
 protected:
  void MakeTransfers(int count) {
    for (int number = 1; number <= count; ++number) {
      ASSERT_TRUE(Create(kAuthority, Move(number, NextId())).ok());
    }
  }
  std::vector<std::int64_t> AmountsOf(const pb::ListTransfersRequest& asked, int page_size,
                                      const std::string& token = kAuditor) {
    std::vector<std::int64_t> amounts;
    pb::ListTransfersRequest request = asked;
    request.set_page_size(page_size);
    do {
      pb::ListTransfersResponse response;
      const grpc::Status status = Call(token, *stub_, &Stub::ListTransfers, request, response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      if (!status.ok()) break;
      EXPECT_LE(response.transfers_size(), page_size);
      for (const auto& transfer : response.transfers()) amounts.push_back(transfer.amount());
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return amounts;
  }
};

TEST_F(Histories, ArePagedAndPinnedToTheStateOfTheFirstPage) {
  Serve();
  MakeTransfers(5);
  pb::ListTransfersRequest request;
  request.set_code(pb::TRANSFER_CODE_TRANSFER);
  EXPECT_THAT(AmountsOf(request, 2), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(AmountsOf(request, 5), ElementsAre(1, 2, 3, 4, 5));

  request.set_page_size(2);
  pb::ListTransfersResponse page;
  ASSERT_TRUE(Call(kAuditor, *stub_, &Stub::ListTransfers, request, page).ok());
  const std::uint64_t pinned = page.sequence();
  MakeTransfers(1);
  std::vector<std::int64_t> rest;
  while (!page.next_page_token().empty()) {
    request.set_page_token(page.next_page_token());
    ASSERT_TRUE(Call(kAuditor, *stub_, &Stub::ListTransfers, request, page).ok());
    EXPECT_EQ(page.sequence(), pinned);
    for (const auto& transfer : page.transfers()) rest.push_back(transfer.amount());
  }
  EXPECT_THAT(rest, ElementsAre(3, 4, 5));
}

TEST_F(Histories, RefuseATokenOfAnotherQuestion) {
  Serve();
  MakeTransfers(3);
  pb::ListTransfersRequest request;
  request.set_page_size(1);
  pb::ListTransfersResponse page;
  ASSERT_TRUE(Call(kAuditor, *stub_, &Stub::ListTransfers, request, page).ok());
  request.set_page_token(page.next_page_token());
  request.set_unit("CNY");
  EXPECT_THAT(Call(kAuditor, *stub_, &Stub::ListTransfers, request, page),
              Fails(StatusCode::INVALID_ARGUMENT, "PAGE_TOKEN_INVALID"));
  request.set_page_token("nonsense");
  EXPECT_THAT(Call(kAuditor, *stub_, &Stub::ListTransfers, request, page),
              Fails(StatusCode::INVALID_ARGUMENT, "PAGE_TOKEN_INVALID"));
  request.set_page_token("");
  request.set_page_size(-1);
  EXPECT_THAT(Call(kAuditor, *stub_, &Stub::ListTransfers, request, page),
              Fails(StatusCode::INVALID_ARGUMENT, "FIELD_INVALID"));
}

TEST_F(Histories, FilterByAccountFirmUnitAndTime) {
  Serve();
  MakeTransfers(2);
  pb::ListTransfersRequest request;
  request.set_account("accounts/7");
  EXPECT_THAT(AmountsOf(request, 10), ElementsAre(1, 2));
  request.Clear();
  request.set_entity(2);
  EXPECT_THAT(AmountsOf(request, 10), ElementsAre(1, 2));
  request.Clear();
  request.set_unit("CNY");
  EXPECT_THAT(AmountsOf(request, 10), ElementsAre(50'000));
  request.Clear();
  wire::Fill(kStart + 1, request.mutable_start_time());
  EXPECT_THAT(AmountsOf(request, 10), IsEmpty());
  request.Clear();
  request.set_code(pb::TRANSFER_CODE_TRANSFER);
  wire::Fill(kStart, request.mutable_start_time());
  wire::Fill(kStart + 1, request.mutable_end_time());
  EXPECT_THAT(AmountsOf(request, 10), ElementsAre(1, 2));
  wire::Fill(kStart, request.mutable_end_time());
  pb::ListTransfersResponse response;
  EXPECT_THAT(Call(kAuditor, *stub_, &Stub::ListTransfers, request, response),
              Fails(StatusCode::INVALID_ARGUMENT, "FIELD_INVALID"));
}

TEST_F(Histories, OfAnAccountHaveFullPagesThatHoldWhatTheWholeHistorySays) {
  Serve();
  MakeTransfers(40);
  for (int round = 0; round < 2; ++round) {  // The second one goes on from where the first was.
    pb::ListTransfersRequest request;
    std::vector<std::int64_t> whole;
    pb::ListTransfersResponse page;
    request.set_page_size(1'000);
    ASSERT_TRUE(Call(kAuditor, *stub_, &Stub::ListTransfers, request, page).ok());
    for (const auto& transfer : page.transfers()) {
      if (transfer.debit() == "accounts/5" || transfer.credit() == "accounts/5") {
        whole.push_back(transfer.amount());
      }
    }
    ASSERT_GT(whole.size(), 40U);
    request.Clear();
    request.set_account("accounts/5");
    for (const int size : {1, 7, 1'000}) EXPECT_EQ(AmountsOf(request, size), whole) << size;

    request.set_page_size(7);
    std::size_t told = 0;
    do {
      ASSERT_TRUE(Call(kAuditor, *stub_, &Stub::ListTransfers, request, page).ok());
      told += static_cast<std::size_t>(page.transfers_size());
      EXPECT_EQ(page.transfers_size() < 7, page.next_page_token().empty() && told % 7 != 0);
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    EXPECT_EQ(told, whole.size());
    MakeTransfers(3);
  }
}

TEST_F(Histories, TellOneTransferByItsName) {
  Serve();
  pb::CreateTransferResponse made;
  ASSERT_TRUE(Create(kAuthority, Move(9, NextId()), made).ok());
  pb::GetTransferRequest get;
  get.set_name(made.transfer());
  pb::GetTransferResponse got;
  ASSERT_TRUE(Call(kHolder, *stub_, &Stub::GetTransfer, get, got).ok());
  EXPECT_EQ(got.transfer().amount(), 9);
  EXPECT_EQ(got.transfer().debit(), "accounts/5");
  get.set_sequence(made.sequence() - 1);
  EXPECT_THAT(Call(kHolder, *stub_, &Stub::GetTransfer, get, got),
              Fails(StatusCode::NOT_FOUND, "TRANSFER_NOT_FOUND"));
  get.clear_as_of();
  get.set_name("transfers/" + std::to_string(made.sequence()) + "-1");
  EXPECT_THAT(Call(kHolder, *stub_, &Stub::GetTransfer, get, got),
              Fails(StatusCode::NOT_FOUND, "TRANSFER_NOT_FOUND"));
}

TEST_F(Histories, AreWatchedFromARecordOnAndGoOnAsTheyHappen) {
  Serve();
  MakeTransfers(2);
  grpc::ClientContext context;
  Prepare(context, kAuditor);
  pb::WatchTransfersRequest request;
  request.set_from_sequence(1);
  request.set_account("accounts/7");
  const auto reader = stub_->WatchTransfers(&context, request);
  std::vector<std::int64_t> amounts;
  pb::WatchTransfersResponse message;
  std::uint64_t last = 0;
  const auto read_until = [&](std::size_t count) {
    while (amounts.size() < count && reader->Read(&message)) {
      EXPECT_GT(message.sequence(), last);
      last = message.sequence();
      for (const auto& transfer : message.transfers()) amounts.push_back(transfer.amount());
    }
  };
  read_until(2);
  ASSERT_TRUE(Create(kAuthority, Move(77, NextId())).ok());
  read_until(3);
  EXPECT_THAT(amounts, ElementsAre(1, 2, 77));
  EXPECT_EQ(last, branches_->main().committed().sequence);
  context.TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), StatusCode::CANCELLED);
}

TEST_F(Histories, AreNotLostWhenAWatcherVanishesInMidStream) {
  Serve();
  for (int round = 0; round < 3; ++round) {
    const auto channel =
        grpc::CreateCustomChannel(address_, grpc::InsecureChannelCredentials(), {});
    const auto stub = TransferService::NewStub(channel);
    grpc::ClientContext context;
    Prepare(context, kAuditor);
    pb::WatchTransfersRequest request;
    request.set_from_sequence(1);
    auto reader = stub->WatchTransfers(&context, request);
    pb::WatchTransfersResponse message;
    EXPECT_TRUE(reader->Read(&message));
    context.TryCancel();
  }
  EXPECT_TRUE(Create(kAuthority, Move(1, NextId())).ok());
  EXPECT_EQ(HoldingOf(kOther).posted(), 1);
}

TEST_F(Histories, HaveNoMoreWatchersThanTheServerHasRoomFor) {
  service_options_.watches_max = 1;
  Serve();
  pb::WatchTransfersRequest request;
  request.set_from_sequence(1);
  grpc::ClientContext first;
  Prepare(first, kAuditor);
  const auto reader = stub_->WatchTransfers(&first, request);
  pb::WatchTransfersResponse message;
  ASSERT_TRUE(reader->Read(&message));
  grpc::ClientContext second;
  Prepare(second, kAuditor);
  const auto refused = stub_->WatchTransfers(&second, request);
  EXPECT_FALSE(refused->Read(&message));
  const grpc::Status status = refused->Finish();
  EXPECT_THAT(status, Fails(StatusCode::RESOURCE_EXHAUSTED, "OVERLOADED"));
  EXPECT_TRUE(SaidBy(status).Has<google::rpc::RetryInfo>());
  first.TryCancel();
}

}  // namespace
}  // namespace ets::server
