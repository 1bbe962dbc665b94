// Whatever comes over gRPC, the exchange and its auction house go on: every method of their
// services is called with wild messages and with bytes that are none. Every refusal says why, the
// books hold together after every handful, another client's session is answered throughout, the day
// closes without a difference, and a restart replays the journal to the same state. Every third
// case calls the registry's methods as well.

#include <google/protobuf/descriptor.h>
#include <grpcpp/generic/generic_stub.h>

#include <memory>
#include <string>
#include <vector>

#include "ets/auction/v1/auction_service.grpc.pb.h"
#include "ets/registry/v1/admin_service.grpc.pb.h"
#include "ets/registry/v1/allocation_service.grpc.pb.h"
#include "ets/registry/v1/compliance_service.grpc.pb.h"
#include "ets/registry/v1/settlement_service.grpc.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "store/soak/soak.h"
#include "tests/market_place.h"
#include "tests/soak/wild_messages.h"

namespace ets {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::MessageFactory;
using google::protobuf::MethodDescriptor;
using grpc::ByteBuffer;
using grpc::StatusCode;
using store::soak::Case;

constexpr int kMessages = 400;  // Of one case.
constexpr int kHandful = 25;    // Then everything is looked at.
constexpr int kMembers = 3;     // The last is the bystander's.

const std::vector<std::string>& Words() {
  static const std::vector<std::string> words = {"",
                                                 "members/4",
                                                 "members/6",
                                                 "members/8",
                                                 "members/99",
                                                 "instruments/CEA26-CNY",
                                                 "instruments/CEA27-CNY",
                                                 "auctions/1",
                                                 "auctions/2",
                                                 "auctions/9",
                                                 "CEA26",
                                                 "CNY",
                                                 "CEA99",
                                                 "eu",
                                                 "wci",
                                                 "rggi",
                                                 "nz",
                                                 "cn-weekly",
                                                 "tie",
                                                 "time",
                                                 "random",
                                                 "lot",
                                                 "supply",
                                                 "cn-listed",
                                                 "cn-block",
                                                 "2026-03-02",
                                                 "2026-03-03",
                                                 "2026-03-04",
                                                 "2026-02-30",
                                                 "accounts/3",
                                                 "accounts/4",
                                                 "accounts/5",
                                                 "entities/1",
                                                 "main",
                                                 "firms/1",
                                                 "registries/registry/branches/main",
                                                 "00000009-0000-4000-8000-000000000077",
                                                 "client-1",
                                                 "client-2",
                                                 "a b",
                                                 "accounts/4/holdings/CEA26"};
  return words;
}

// Another client at work: its session is answered whatever happens beside it.
class Bystander {
 public:
  explicit Bystander(const std::string& address) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // A connection of its own.
    entry_ = mk::OrderEntryService::NewStub(
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
    context_.set_deadline(In(std::chrono::minutes(10)));
    stream_ = entry_->Trade(&context_);
    mk::TradeRequest logon;
    logon.mutable_logon()->set_member(MarketPlace::Member(kMembers - 1));
    stream_->Write(logon);
  }
  ~Bystander() {
    if (has_ended_) return;
    context_.TryCancel();
    stream_->Finish();
  }
  // Why it ended.
  std::string Ended() {
    has_ended_ = true;
    const grpc::Status status = stream_->Finish();
    return std::to_string(status.error_code()) + " " + status.error_message();
  }
  // Places an order and waits for what becomes of it. False: the stream has ended.
  bool IsAnswered() {
    mk::TradeRequest request;
    request.set_request(++last_);
    mk::OrderDraft& draft = *request.mutable_place();
    draft.set_instrument(MarketPlace::kInstrument);
    draft.set_side(mk::SIDE_BUY);
    draft.set_price(6'500);
    draft.set_quantity(1);
    draft.set_time_in_force(mk::TIME_IN_FORCE_IMMEDIATE_OR_CANCEL);
    if (!stream_->Write(request)) return false;
    mk::TradeResponse response;
    while (stream_->Read(&response)) {
      if (response.request() == last_ && (response.has_receipt() || response.has_rejection())) {
        return true;
      }
    }
    return false;
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<mk::OrderEntryService::Stub> entry_;
  std::unique_ptr<grpc::ClientReaderWriter<mk::TradeRequest, mk::TradeResponse>> stream_;
  std::uint64_t last_ = 0;
  bool has_ended_ = false;
};

class WildClients {
 public:
  explicit WildClients(Case& it)
      : it_(it),
        with_registry_(it.number % 3 == 0),
        wild_(it.dice, Words()),
        place_(kMembers, {}, false) {
    for (const char* const name :
         {"ets.market.v1.MarketService", "ets.market.v1.MarketDataService",
          "ets.market.v1.OrderEntryService", "ets.auction.v1.AuctionService"}) {
      AddService(name);
    }
    if (!with_registry_) return;
    for (const char* const name :
         {"ets.registry.v1.AccountService", "ets.registry.v1.AdminService",
          "ets.registry.v1.AllocationService", "ets.registry.v1.ComplianceService",
          "ets.registry.v1.SettlementService", "ets.registry.v1.TransferService",
          "ets.registry.v1.UnitService"}) {
      AddService(name);
    }
  }

  void Run() {
    it_.report.Count(with_registry_ ? "markets_with_registry" : "markets");
    {
      Bystander bystander(place_.address());
      for (int i = 1; i <= kMessages; ++i) {
        Send(*methods_[it_.dice.Below(methods_.size())]);
        if (i % kHandful != 0) continue;
        if (!Holds()) return;
        if (!bystander.IsAnswered()) {
          return it_.Broken("another client's session has ended: " + bystander.Ended());
        }
        it_.report.Count("bystander_answered");
        Mend();
      }
    }
    CloseDay();
    Restart();
  }

 private:
  void AddService(const std::string& name) {
    const auto* const service = DescriptorPool::generated_pool()->FindServiceByName(name);
    if (service == nullptr) return it_.Broken("no service " + name);
    for (int i = 0; i < service->method_count(); ++i) methods_.push_back(service->method(i));
  }

  // ---- One call ----

  void Send(const MethodDescriptor& method) {
    const std::unique_ptr<google::protobuf::Message> request(
        MessageFactory::generated_factory()->GetPrototype(method.input_type())->New());
    wild_.SetTame(it_.dice.Below(2) == 0);
    wild_.Fill(*request);
    const bool is_garbage = it_.dice.Below(4) == 0;
    const std::string bytes = is_garbage ? wild_.Garbage(*request) : request->SerializeAsString();
    it_.report.Count(is_garbage ? "garbage" : "messages");
    const std::string name = "/" + method.service()->full_name() + "/" + method.name();
    const bool is_stream = method.client_streaming() || method.server_streaming();
    const grpc::Status status = is_stream ? Stream(name, bytes) : Unary(name, bytes);
    Judge(name, status, is_garbage, is_stream, *request);
  }

  grpc::Status Unary(const std::string& name, const std::string& bytes) {
    grpc::ClientContext context;
    context.set_deadline(In(std::chrono::seconds(5)));
    grpc::CompletionQueue queue;
    grpc::GenericStub stub(place_.channel());
    grpc::Slice slice(bytes);
    const ByteBuffer request(&slice, 1);
    const auto call = stub.PrepareUnaryCall(&context, name, request, &queue);
    call->StartCall();
    ByteBuffer response;
    grpc::Status status;
    call->Finish(&response, &status, nullptr);
    Wait(queue);
    return status;
  }
  // The message and a look at what comes.
  grpc::Status Stream(const std::string& name, const std::string& bytes) {
    it_.report.Count("streams");
    grpc::ClientContext context;
    context.set_deadline(In(std::chrono::milliseconds(50)));
    grpc::CompletionQueue queue;
    grpc::GenericStub stub(place_.channel());
    const auto call = stub.PrepareCall(&context, name, &queue);
    call->StartCall(nullptr);
    grpc::Slice slice(bytes);
    if (Wait(queue)) {
      call->Write(ByteBuffer(&slice, 1), nullptr);
      if (Wait(queue)) {
        call->WritesDone(nullptr);
        Wait(queue);
      }
      ByteBuffer response;
      do {
        call->Read(&response, nullptr);
      } while (Wait(queue));
    }
    grpc::Status status;
    call->Finish(&status, nullptr);
    Wait(queue);
    return status;
  }
  static bool Wait(grpc::CompletionQueue& queue) {
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
    return ok;
  }

  // A refusal has a code that means something and says why.
  void Judge(const std::string& name, const grpc::Status& status, bool is_garbage, bool is_stream,
             const google::protobuf::Message& request) {
    const StatusCode code = status.error_code();
    const bool stood =
        is_stream && (code == StatusCode::DEADLINE_EXCEEDED || code == StatusCode::CANCELLED);
    it_.report.Count(stood ? "stood" : status.ok() ? "accepted" : "refused");
    if (status.ok() || stood || is_garbage) return;
    google::rpc::Status details;
    google::rpc::ErrorInfo info;
    int infos = 0;
    details.ParseFromString(status.error_details());
    for (const auto& detail : details.details()) infos += detail.UnpackTo(&info) ? 1 : 0;
    const bool says_why = infos == 1 && info.domain() == "capclear" && !info.reason().empty();
    if (says_why && code != StatusCode::INTERNAL && code != StatusCode::UNKNOWN) return;
    it_.Broken(name + ": code " + std::to_string(code) + ", " +
               status.error_message().substr(0, 200) + ", for " +
               request.ShortDebugString().substr(0, 400));
  }

  // ---- What must hold ----

  bool Holds() {
    mk::GetStatusResponse status;
    const auto asked =
        Call(place_.market(), &mk::MarketService::Stub::GetStatus, mk::GetStatusRequest(), status);
    if (!asked.ok() || !place_.server().failed().empty()) {
      it_.Broken("it serves no more: " + asked.error_message() + place_.server().failed());
      return false;
    }
    place_.server().exchange()->Read(
        [](const market::Market& market) { market.CheckInvariants(); });
    it_.report.Count("looks");
    return true;
  }
  // Lets trading go on, so that there is something to break.
  void Mend() {
    mk::ResumeTradingResponse resumed;
    Call(place_.market(), &mk::MarketService::Stub::ResumeTrading, mk::ResumeTradingRequest(),
         resumed);
    for (int member = 0; member < kMembers; ++member) {
      mk::BlockMemberRequest free;
      free.set_member(MarketPlace::Member(member));
      mk::BlockMemberResponse freed;
      Call(place_.market(), &mk::MarketService::Stub::BlockMember, free, freed);
    }
    mk::SetPhaseRequest go_on;
    go_on.set_instrument(MarketPlace::kInstrument);
    go_on.set_phase(mk::PHASE_CONTINUOUS);
    mk::SetPhaseResponse went;
    Call(place_.market(), &mk::MarketService::Stub::SetPhase, go_on, went);
    mk::OpenSessionRequest open;
    open.set_date(ToString(day_ = day_ + 1));
    mk::OpenSessionResponse opened;
    Call(place_.market(), &mk::MarketService::Stub::OpenSession, open, opened);
  }
  // What the registry was asked to do besides may well differ.
  void CloseDay() {
    mk::CloseDayResponse closed;
    const auto done = Call(place_.market(), &mk::MarketService::Stub::CloseDay,
                           mk::CloseDayRequest(), closed, {}, std::chrono::seconds(60));
    if (!done.ok() || with_registry_) return;
    it_.report.Count("days_closed");
    if (closed.failed() != 0 || closed.mismatches_size() != 0) {
      it_.Broken("the day's close finds differences");
    }
  }
  std::uint64_t MarketHash() {
    std::uint64_t hash = 0;
    place_.server().exchange()->Read(
        [&](const market::Market& market) { hash = market.StateHash(); });
    return hash;
  }
  std::uint64_t RegistryHash() {
    std::uint64_t hash = 0;
    const server::Patience patience{decltype(server::Patience::deadline)::max(), {}};
    place_.server().branches()->main().Read(
        patience, [&](const registry::Registry& state, const server::StatePoint&) {
          hash = state.StateHash();
        });
    return hash;
  }
  void Restart() {
    const std::uint64_t market = MarketHash(), registry = RegistryHash();
    place_.Stop();
    place_.Start();
    it_.report.Count("restarts");
    if (RegistryHash() != registry) it_.Broken("the registry's journal replays to another state");
    if (MarketHash() != market) it_.Broken("the exchange's journal replays to another state");
  }

  Case& it_;
  const bool with_registry_;
  WildMessages wild_;
  MarketPlace place_;
  std::vector<const MethodDescriptor*> methods_;
  Date day_ = Date::Of(2026, 3, 2);
};

void RunCase(Case& it) { WildClients(it).Run(); }

}  // namespace
}  // namespace ets

int main(int argc, char** argv) {
  return ets::store::soak::Main(argc, argv, {"exchange_wire_soak", 3, ets::RunCase});
}
