#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/stubs/logging.h>
#include <google/protobuf/text_format.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <future>
#include <map>

#include "base/prng.h"
#include "ets/registry/v1/account_service.pb.h"
#include "ets/registry/v1/admin_service.pb.h"
#include "ets/registry/v1/allocation_service.pb.h"
#include "ets/registry/v1/compliance_service.pb.h"
#include "ets/registry/v1/settlement_service.pb.h"
#include "ets/registry/v1/transfer_service.pb.h"
#include "ets/registry/v1/unit_service.pb.h"
#include "server/service_fixture.h"

namespace ets::server {
namespace {

namespace pb = ::ets::registry::v1;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using grpc::StatusCode;

// Every method of the protocol, asked what no client of ours would ask: the descriptors are walked,
// so a method that is added is asked too.
class Hostile : public Served {
 protected:
  void SetUp() override {
    google::protobuf::SetLogHandler(nullptr);  // It tells of every malformed string.
    Serve();
    for (const auto* file :
         {pb::GetAccountRequest::descriptor()->file(), pb::GetRegistryRequest::descriptor()->file(),
          pb::AllocateRequest::descriptor()->file(), pb::SurrenderRequest::descriptor()->file(),
          pb::SettleRequest::descriptor()->file(), pb::CreateTransferRequest::descriptor()->file(),
          pb::OpenLedgerRequest::descriptor()->file()}) {
      for (int i = 0; i < file->service(0)->method_count(); ++i) {
        methods_.push_back(file->service(0)->method(i));
      }
    }
  }

  // All that a refusal must leave as it is.
  struct State {
    std::uint64_t hash = 0;
    std::size_t accounts = 0, ledgers = 0, tasks = 0, pending = 0;
    bool operator==(const State&) const = default;
  };
  State Now() {
    State now;
    const auto failed = branches_->main().Read(
        {std::chrono::system_clock::time_point::max(), {}},
        [&](const registry::Registry& state, const StatePoint&) {
          now.accounts = state.account_count();
          now.ledgers = state.ledger_count();
          now.tasks = state.task_count();
          now.pending = state.pending_count();
          for (std::uint32_t id = 0; id < state.account_count(); ++id) {
            for (std::uint16_t ledger = 0; ledger < state.ledger_count(); ++ledger) {
              const auto holding = state.holding(AccountId(id), LedgerId(ledger));
              for (const std::int64_t part :
                   {holding.posted, holding.reserved, holding.frozen, holding.incoming}) {
                now.hash = now.hash * 1'000'003 + static_cast<std::uint64_t>(part);
              }
            }
          }
        });
    EXPECT_FALSE(failed);
    return now;
  }

  static std::string PathOf(const MethodDescriptor& method) {
    return "/" + method.service()->full_name() + "/" + method.name();
  }
  grpc::Status Send(const std::string& token, const MethodDescriptor& method,
                    const std::string& bytes) {
    grpc::GenericStub stub(channel_);
    grpc::ClientContext context;
    Prepare(context, token);
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer request(&slice, 1);
    if (method.server_streaming()) return Stream(stub, context, PathOf(method), request);
    grpc::ByteBuffer response;
    std::promise<grpc::Status> answered;
    stub.UnaryCall(&context, PathOf(method), grpc::StubOptions(), &request, &response,
                   [&](grpc::Status status) { answered.set_value(std::move(status)); });
    return answered.get_future().get();
  }
  // Reads the first message of a stream, if there is one, and hangs up.
  static grpc::Status Stream(grpc::GenericStub& stub, grpc::ClientContext& context,
                             const std::string& path, const grpc::ByteBuffer& request) {
    grpc::CompletionQueue queue;
    void* tag = nullptr;
    bool is_ok = false;
    const auto call = stub.PrepareCall(&context, path, &queue);
    call->StartCall(nullptr);
    queue.Next(&tag, &is_ok);
    call->WriteLast(request, grpc::WriteOptions(), nullptr);
    queue.Next(&tag, &is_ok);
    grpc::ByteBuffer message;
    context.set_deadline(std::chrono::system_clock::now());
    call->Read(&message, nullptr);
    const auto soon = std::chrono::system_clock::now() + std::chrono::milliseconds(200);
    if (queue.AsyncNext(&tag, &is_ok, soon) != grpc::CompletionQueue::GOT_EVENT) {
      context.TryCancel();
      queue.Next(&tag, &is_ok);
    } else if (is_ok) {
      context.TryCancel();
    }
    grpc::Status status;
    call->Finish(&status, nullptr);
    queue.Next(&tag, &is_ok);
    return status;
  }

  // Values at the edges of what a field can say, and some that mean something.
  std::string Text() {
    static const std::string kTexts[] = {"",
                                         "accounts/5",
                                         "accounts/7",
                                         "accounts/4294967295",
                                         "accounts/18446744073709551616",
                                         "accounts/-1",
                                         "accounts/5/holdings/CEA-2026",
                                         "CEA-2026",
                                         "CNY",
                                         "CEA-99999",
                                         "entities/1",
                                         "entities/1/emissions/2026",
                                         "tasks/1",
                                         "tasks/0",
                                         "transfers/1-0",
                                         "transfers/99999999999999999999-1",
                                         "freezes/4294967295",
                                         "principals/2",
                                         "registries/sim/branches/main",
                                         "registries//branches/",
                                         "allocationPlans/2026-0",
                                         "../../../etc/passwd",
                                         std::string(300, '/'),
                                         std::string(70'000, 'a'),
                                         std::string("nul\0in it", 9),
                                         "\xe2\x82\xac"};
    return kTexts[dice_.Below(std::size(kTexts))];
  }
  std::int64_t Number() {
    static constexpr std::int64_t kNumbers[] = {0,
                                                1,
                                                2,
                                                5,
                                                7,
                                                100,
                                                2026,
                                                9'999,
                                                10'000,
                                                65'535,
                                                65'536,
                                                -1,
                                                INT32_MAX,
                                                INT32_MIN,
                                                std::int64_t{1} << 32,
                                                (std::int64_t{1} << 53) - 1,
                                                std::int64_t{1} << 53,
                                                INT64_MAX - 1,
                                                INT64_MAX,
                                                INT64_MIN};
    return kNumbers[dice_.Below(std::size(kNumbers))];
  }
  // 200 elements at most, mostly few.
  int Length() { return static_cast<int>(dice_.Below(8) == 0 ? dice_.Below(200) : dice_.Below(4)); }

  void Fill(Message& message, int depth = 0) {
    const Descriptor& type = *message.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      if (dice_.Below(6) == 0) continue;
      const int times = field.is_repeated() ? Length() : 1;
      for (int n = 0; n < times; ++n) Set(message, field, depth);
    }
  }
  void Set(Message& message, const FieldDescriptor& field, int depth) {
    const google::protobuf::Reflection& fields = *message.GetReflection();
    const bool many = field.is_repeated();
    const std::int64_t number = Number();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_INT32: {
        const auto value = static_cast<std::int32_t>(number);
        many ? fields.AddInt32(&message, &field, value) : fields.SetInt32(&message, &field, value);
        return;
      }
      case FieldDescriptor::CPPTYPE_UINT32: {
        const auto value = static_cast<std::uint32_t>(number);
        many ? fields.AddUInt32(&message, &field, value)
             : fields.SetUInt32(&message, &field, value);
        return;
      }
      case FieldDescriptor::CPPTYPE_INT64:
        many ? fields.AddInt64(&message, &field, number)
             : fields.SetInt64(&message, &field, number);
        return;
      case FieldDescriptor::CPPTYPE_UINT64: {
        const auto value = static_cast<std::uint64_t>(number);
        many ? fields.AddUInt64(&message, &field, value)
             : fields.SetUInt64(&message, &field, value);
        return;
      }
      case FieldDescriptor::CPPTYPE_DOUBLE:
        many ? fields.AddDouble(&message, &field, 1e308)
             : fields.SetDouble(&message, &field, 1e308);
        return;
      case FieldDescriptor::CPPTYPE_FLOAT:
        many ? fields.AddFloat(&message, &field, 1e38F) : fields.SetFloat(&message, &field, 1e38F);
        return;
      case FieldDescriptor::CPPTYPE_BOOL: {
        const bool value = dice_.Below(2) == 0;
        many ? fields.AddBool(&message, &field, value) : fields.SetBool(&message, &field, value);
        return;
      }
      case FieldDescriptor::CPPTYPE_ENUM: {
        const int value =
            dice_.Below(3) == 0 ? static_cast<int>(number) : static_cast<int>(dice_.Below(12));
        many ? fields.AddEnumValue(&message, &field, value)
             : fields.SetEnumValue(&message, &field, value);
        return;
      }
      case FieldDescriptor::CPPTYPE_STRING: {
        const std::string value = field.name() == "request_id" ? NextId() : Text();
        many ? fields.AddString(&message, &field, value)
             : fields.SetString(&message, &field, value);
        return;
      }
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (depth > 3) return;
        Fill(many ? *fields.AddMessage(&message, &field) : *fields.MutableMessage(&message, &field),
             depth + 1);
        return;
    }
  }
  std::unique_ptr<Message> NewRequest(const MethodDescriptor& method) {
    const Message* const prototype =
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(method.input_type());
    return std::unique_ptr<Message>(prototype->New());
  }
  bool IsWhole() {
    const auto verified =
        branches_->main().Verify({std::chrono::system_clock::now() + std::chrono::seconds(60), {}});
    EXPECT_TRUE(verified.ok()) << (verified.ok() ? "" : verified.error().message);
    return verified.ok();
  }

  std::vector<const MethodDescriptor*> methods_;
  Prng dice_{17};
};

// Whatever a method is asked: a refusal has one reason of our table, or none where gRPC itself
// could not read the message, and leaves everything as it was. What is applied is one whole record:
// the journal verifies, with every invariant.
TEST_F(Hostile, RequestsOfEveryMethodAreRefusedWholeOrAppliedWhole) {
  ASSERT_GT(methods_.size(), 70U);
  std::map<StatusCode, int> outcomes;
  for (const MethodDescriptor* const method : methods_) {
    if (method->server_streaming()) continue;
    // Branches and backups are folders; a few of them do.
    const int rounds = method->name() == "ForkBranch" || method->name() == "VerifyChain" ? 5 : 60;
    for (int round = 0; round < rounds; ++round) {
      const auto request = NewRequest(*method);
      Fill(*request);
      const State before = Now();
      const grpc::Status status =
          Send(round % 3 == 0 ? kHolder : kOperator, *method, request->SerializeAsString());
      ++outcomes[status.error_code()];
      if (status.ok()) continue;
      EXPECT_EQ(Now(), before) << method->full_name() << "\n" << request->ShortDebugString();
      EXPECT_NE(SaidBy(status).reason, "") << method->full_name() << ": " << status.error_message();
      EXPECT_NE(status.error_code(), StatusCode::UNKNOWN) << method->full_name();
      EXPECT_NE(status.error_code(), StatusCode::INTERNAL) << method->full_name();
      EXPECT_NE(status.error_code(), StatusCode::UNAVAILABLE) << method->full_name();
    }
  }
  EXPECT_GT(outcomes[StatusCode::OK], 50) << "the values mean something";
  EXPECT_GT(outcomes[StatusCode::INVALID_ARGUMENT], 1'000);
  EXPECT_TRUE(IsWhole());
}

TEST_F(Hostile, BytesToEveryMethodAreRefusedAndMoveNothing) {
  const State before = Now();
  for (const MethodDescriptor* const method : methods_) {
    for (const std::string& bytes :
         {std::string("\x0a\xff\xff\xff\xff\x7f", 6), std::string("\xff"), std::string(100, '\x0a'),
          std::string(64, '\x80'), std::string(2'000, '\x0b'), std::string(5 << 20, '\x01')}) {
      const grpc::Status status = Send(kOperator, *method, bytes);
      EXPECT_FALSE(status.ok()) << method->full_name();
    }
  }
  EXPECT_EQ(Now(), before);
  EXPECT_TRUE(IsWhole());
}

TEST_F(Hostile, CallersWithoutATokenAreToldSoByEveryMethodBeforeAnythingElse) {
  for (const MethodDescriptor* const method : methods_) {
    for (int round = 0; round < 3; ++round) {
      const auto request = NewRequest(*method);
      Fill(*request);
      for (const char* token : {"", "a token that nobody has"}) {
        EXPECT_THAT(Send(token, *method, request->SerializeAsString()),
                    Fails(StatusCode::UNAUTHENTICATED, "UNAUTHENTICATED"))
            << method->full_name();
      }
    }
  }
}

// A request with an amount of one (@) is in order as far as its amount goes; with another, the
// amount is what is wrong with it.
struct AmountCase {
  const char* method;
  const char* request;
  bool may_be_zero = false;
  const char* token = kOperator;
};
constexpr AmountCase kAmountCases[] = {
    {"CreateTransfer",
     "transfer { debit: 'accounts/5' credit: 'accounts/7' unit: 'CEA-2026' amount: @ }"},
    {"ReserveTransfer",
     "transfer { debit: 'accounts/5' credit: 'accounts/7' unit: 'CEA-2026' amount: @ }"},
    {"ProposeTransfer",
     "transfer { debit: 'accounts/5' credit: 'accounts/7' unit: 'CEA-2026' amount: @ }", false,
     kHolder},
    {"ProposeTask",
     "proposal { surrender { account: 'accounts/5' unit: 'CEA-2026' year: 2026 amount: @ } }",
     false, kHolder},
    {"IssueAllowances", "draft { account: 'accounts/2' unit: 'CEA-2026' amount: @ }"},
    {"Cancel", "draft { account: 'accounts/5' unit: 'CEA-2026' amount: @ }"},
    {"FreezeUnits",
     "draft { account: 'accounts/5' unit: 'CEA-2026' amount: @ authority: 'court' }"},
    {"Surrender", "draft { account: 'accounts/5' unit: 'CEA-2026' year: 2026 amount: @ }"},
    {"SurrenderInOrder", "account: 'accounts/5' year: 2026 amount: @"},
    {"Allocate",
     "draft { source: 'accounts/2' account: 'accounts/5' unit: 'CEA-2026' year: 2026 amount: @ }"},
    {"TakeBack",
     "account: 'accounts/5' target: 'accounts/2' unit: 'CEA-2026' year: 2026 amount: @"},
    {"OpenLedger", "unit: 'CEA-2027' cap: @", true},
    {"SetCap", "name: 'ledgers/CEA-2026' cap: @", true},
    {"RecordEmissions", "name: 'entities/1/emissions/2026' emissions: @", true},
    {"ReportEmissions", "name: 'entities/1/emissions/2026' emissions: @", true},
    {"CorrectEmissions", "name: 'entities/1/emissions/2026' emissions: @", true},
    {"SetEntitlement", "draft { entity: 1 year: 2026 table: 1 amount: @ }", true},
};

TEST_F(Hostile, AmountsOutOfRangeAreWhatIsWrongWithARequest) {
  const State before = Now();
  for (const AmountCase& each : kAmountCases) {
    const MethodDescriptor* method = nullptr;
    for (const MethodDescriptor* const known : methods_) {
      if (known->name() == each.method) method = known;
    }
    ASSERT_NE(method, nullptr) << each.method;
    const auto ask = [&](const std::string& amount) {
      std::string text = each.request;
      text.replace(text.find('@'), 1, amount);
      text += " validate_only: true request_id: '" + NextId() + "'";
      const auto request = NewRequest(*method);
      EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, request.get())) << text;
      return Send(each.token, *method, request->SerializeAsString());
    };
    const auto is_amount = [&](const std::string& amount) {
      const Said said = SaidBy(ask(amount));
      return said.code == StatusCode::INVALID_ARGUMENT &&
             (said.reason == "QUANTITY_INVALID" || said.reason == "QUANTITY_TOO_LARGE");
    };
    EXPECT_FALSE(is_amount("1")) << each.method;
    EXPECT_EQ(is_amount("0"), !each.may_be_zero) << each.method;
    for (const char* amount :
         {"-1", "-9223372036854775808", "9007199254740992", "9223372036854775807"}) {
      EXPECT_TRUE(is_amount(amount))
          << each.method << " " << amount << ": " << ask(amount).error_message();
    }
  }
  EXPECT_EQ(Now(), before);
}

}  // namespace
}  // namespace ets::server
