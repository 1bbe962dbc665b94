#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "base/prng.h"
#include "ets/registry/v1/account_service.grpc.pb.h"
#include "ets/registry/v1/admin_service.grpc.pb.h"
#include "ets/registry/v1/compliance_service.grpc.pb.h"
#include "ets/registry/v1/transfer_service.grpc.pb.h"
#include "server/service_fixture.h"

namespace ets::server {
namespace {

namespace pb = ::ets::registry::v1;
using grpc::StatusCode;

// A wire between one client and a server that is cut, both ways at once, after so many bytes from
// the client, or so many from the server.
class CutWire {
 public:
  CutWire(const std::string& server_port, std::size_t from_client, std::size_t from_server)
      : left_{from_client, from_server} {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in here = Loopback(0);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&here), sizeof here), 0);
    EXPECT_EQ(::listen(listener_, 1), 0);
    socklen_t size = sizeof here;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&here), &size);
    address_ = "ipv4:127.0.0.1:" + std::to_string(ntohs(here.sin_port));
    const auto port = static_cast<std::uint16_t>(std::stoul(server_port));
    carrier_ = std::thread([this, port] { Carry(port); });
  }
  ~CutWire() {
    is_over_ = true;
    carrier_.join();
    ::close(listener_);
  }
  CutWire(const CutWire&) = delete;
  CutWire& operator=(const CutWire&) = delete;

  // A connection of its own, that is not tried again.
  std::shared_ptr<grpc::Channel> Connect() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    return grpc::CreateCustomChannel(address_, grpc::InsecureChannelCredentials(), arguments);
  }

 private:
  static sockaddr_in Loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  void Carry(std::uint16_t server_port) {
    pollfd knock{listener_, POLLIN, 0};
    while (::poll(&knock, 1, 20) == 0) {
      if (is_over_) return;
    }
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    ::shutdown(listener_, SHUT_RDWR);  // Nobody comes twice.
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in there = Loopback(server_port);
    EXPECT_EQ(::connect(server, reinterpret_cast<const sockaddr*>(&there), sizeof there), 0);
    while (!is_over_ && Pass(client, server)) {
    }
    ::close(client);
    ::close(server);
  }
  // False: it is cut, or an end hung up.
  bool Pass(int client, int server) {
    pollfd ends[] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
    if (::poll(ends, 2, 20) <= 0) return true;
    for (std::size_t from = 0; from < 2; ++from) {
      if (ends[from].revents == 0) continue;
      char bytes[4'096];
      const std::size_t most = std::min(left_[from], sizeof bytes);
      const ssize_t got = most == 0 ? 0 : ::read(ends[from].fd, bytes, most);
      if (got <= 0) return false;
      left_[from] -= static_cast<std::size_t>(got);
      if (::send(ends[1 - from].fd, bytes, static_cast<std::size_t>(got), MSG_NOSIGNAL) != got) {
        return false;
      }
      if (left_[from] == 0) return false;
    }
    return true;
  }

  std::size_t left_[2];
  int listener_ = -1;
  std::string address_;
  std::atomic<bool> is_over_ = false;
  std::thread carrier_;
};

constexpr std::size_t kEndless = std::size_t{1} << 40;
constexpr std::uint32_t kItems = 4'000;

// Callers who are gone before their answer: by a cancelled call, a deadline, or a connection that
// is cut in the middle of a message. Whatever became of it is one whole record or nothing, the same
// id gives the answer, and the server serves on.
class Vanishing : public Served {
 protected:
  void SetUp() override {
    Serve();
    transfers_ = pb::TransferService::NewStub(channel_);
  }
  void TearDown() override {
    const auto verified =
        branches_->main().Verify({std::chrono::system_clock::now() + std::chrono::seconds(60), {}});
    EXPECT_TRUE(verified.ok()) << verified.error().message;
    pb::GetAccountRequest request;
    request.set_name("accounts/5");
    pb::GetAccountResponse response;
    const auto accounts = pb::AccountService::NewStub(channel_);
    EXPECT_TRUE(
        Call(kHolder, *accounts, &pb::AccountService::Stub::GetAccount, request, response).ok());
  }
  std::string port() const { return address_.substr(address_.rfind(':') + 1); }

  // One unit there and one back, and so on; the last of all stays there.
  pb::BatchCreateTransfersRequest Batch() {
    pb::BatchCreateTransfersRequest request;
    request.set_request_id(NextId());
    request.add_units("CEA-2026");
    for (std::uint32_t i = 0; i <= kItems; ++i) {
      request.add_debits(i % 2 == 0 ? kFirm.raw() : kOther.raw());
      request.add_credits(i % 2 == 0 ? kOther.raw() : kFirm.raw());
      request.add_ledgers(0);
      request.add_amounts(1);
    }
    return request;
  }
  grpc::Status Create(const pb::BatchCreateTransfersRequest& request,
                      pb::BatchCreateTransfersResponse& response) {
    return Call(kAuthority, *transfers_, &pb::TransferService::Stub::BatchCreateTransfers, request,
                response);
  }
  struct Seen {
    std::int64_t posted = 0;
    std::uint64_t sequence = 0;
  };
  Seen There() {
    Seen seen;
    const auto failed =
        branches_->main().Read({std::chrono::system_clock::time_point::max(), {}},
                               [&](const registry::Registry& state, const StatePoint& at) {
                                 seen = {state.balance(kOther, LedgerId(0)), at.sequence};
                               });
    EXPECT_FALSE(failed);
    return seen;
  }
  // What a batch that nobody saw answered has done: nothing, or all of it in one record; and that
  // it is told when it is asked for again, and done once.
  void SettleByAskingAgain(const pb::BatchCreateTransfersRequest& request, const Seen& before) {
    pb::BatchCreateTransfersResponse first, second;
    const grpc::Status status = Create(request, first);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(first.applied(), kItems + 1);
    ASSERT_TRUE(Create(request, second).ok());
    EXPECT_EQ(first.SerializeAsString(), second.SerializeAsString());
    const Seen after = There();
    EXPECT_EQ(after.posted, before.posted + 1);
    EXPECT_EQ(after.sequence, before.sequence + 1) << "one record";
  }
  // Until the server has nothing in hand of a caller that is gone.
  void AwaitQuiet() { std::this_thread::sleep_for(std::chrono::milliseconds(5)); }

  std::unique_ptr<pb::TransferService::Stub> transfers_;
  Prng dice_{23};
};

TEST_F(Vanishing, ABatchWhoseConnectionIsCutIsDoneWholeOrNotAtAll) {
  const std::size_t size = Batch().ByteSizeLong() + 2'000;
  int untouched = 0;
  for (int round = 0; round < 40; ++round) {
    const auto request = Batch();
    const Seen before = There();
    {
      // From the first bytes of the connection to the last of the message, and beyond.
      const CutWire wire(port(), dice_.Below(size), kEndless);
      const auto stub = pb::TransferService::NewStub(wire.Connect());
      grpc::ClientContext context;
      Prepare(context, kAuthority);
      pb::BatchCreateTransfersResponse response;
      EXPECT_FALSE(stub->BatchCreateTransfers(&context, request, &response).ok());
    }
    AwaitQuiet();
    if (There().sequence == before.sequence) ++untouched;
    SettleByAskingAgain(request, before);
  }
  EXPECT_GT(untouched, 20) << "most of a message is none";
}

TEST_F(Vanishing, ABatchWhoseAnswerIsCutIsDoneOnce) {
  int done = 0;
  for (int round = 0; round < 40; ++round) {
    const auto request = Batch();
    const Seen before = There();
    {
      const CutWire wire(port(), kEndless, 1 + dice_.Below(250));
      const auto stub = pb::TransferService::NewStub(wire.Connect());
      grpc::ClientContext context;
      Prepare(context, kAuthority);
      pb::BatchCreateTransfersResponse response;
      (void)stub->BatchCreateTransfers(&context, request, &response);
    }
    AwaitQuiet();
    const Seen now = There();
    EXPECT_TRUE(now.posted == before.posted || now.posted == before.posted + 1) << now.posted;
    if (now.posted != before.posted) ++done;
    SettleByAskingAgain(request, before);
  }
  EXPECT_GT(done, 0) << "some are done before their answer is lost";
}

TEST_F(Vanishing, ABatchThatIsCancelledOrTooLateIsDoneWholeOrNotAtAll) {
  int late = 0;
  for (int round = 0; round < 60; ++round) {
    const auto request = Batch();
    const Seen before = There();
    grpc::ClientContext context;
    Prepare(context, kAuthority);
    const std::chrono::microseconds patience(dice_.Below(3'000));
    pb::BatchCreateTransfersResponse response;
    grpc::Status status;
    if (round % 2 == 0) {
      context.set_deadline(std::chrono::system_clock::now() + patience);
      status = transfers_->BatchCreateTransfers(&context, request, &response);
      EXPECT_TRUE(status.ok() || status.error_code() == StatusCode::DEADLINE_EXCEEDED);
    } else {
      std::thread hangs_up([&] {
        std::this_thread::sleep_for(patience);
        context.TryCancel();
      });
      status = transfers_->BatchCreateTransfers(&context, request, &response);
      hangs_up.join();
      EXPECT_TRUE(status.ok() || status.error_code() == StatusCode::CANCELLED);
    }
    if (!status.ok()) ++late;
    const Seen now = There();
    EXPECT_TRUE(now.posted == before.posted || now.posted == before.posted + 1) << now.posted;
    SettleByAskingAgain(request, before);
  }
  EXPECT_GT(late, 10);
}

// The whole scheme in one call, asked by somebody who cannot wait.
TEST_F(Vanishing, AYearThatIsClosedTooLateIsClosedWholeOrNotAtAll) {
  const auto compliance = pb::ComplianceService::NewStub(channel_);
  const auto admin = pb::AdminService::NewStub(channel_);
  const auto hash = [&] {
    pb::GetRegistryResponse response;
    EXPECT_TRUE(Call(kOperator, *admin, &pb::AdminService::Stub::GetRegistry, {}, response).ok());
    return response.state_hash();
  };
  pb::RunComplianceRequest request;
  request.set_year(2026);
  request.set_surrender(true);
  request.set_assess(true);
  request.add_entities(1);
  request.add_emissions(700);
  request.add_entities(2);
  request.add_emissions(30);
  request.set_validate_only(true);
  request.set_request_id(NextId());
  pb::RunComplianceResponse response;
  const auto run = &pb::ComplianceService::Stub::RunCompliance;
  ASSERT_TRUE(Call(kAuthority, *compliance, run, request, response).ok());
  request.set_validate_only(false);
  const std::string open = hash();
  std::string closed;
  for (int round = 0; round < 20; ++round) {
    grpc::ClientContext context;
    Prepare(context, kAuthority);
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::microseconds(dice_.Below(1'500)));
    (void)compliance->RunCompliance(&context, request, &response);
    const std::string now = hash();
    if (now == open) continue;
    if (closed.empty()) closed = now;
    EXPECT_EQ(now, closed) << "closed once";
  }
  pb::RunComplianceResponse first, second;
  ASSERT_TRUE(Call(kAuthority, *compliance, run, request, first).ok());
  ASSERT_TRUE(Call(kAuthority, *compliance, run, request, second).ok());
  EXPECT_EQ(first.SerializeAsString(), second.SerializeAsString());
  EXPECT_EQ(first.entities(), 2U);
  EXPECT_TRUE(closed.empty() || hash() == closed);
}

// A stream holds a thread: those of callers who are gone are free again.
TEST_F(Vanishing, AWatchThatIsCutGivesItsPlaceBack) {
  service_options_.watches_max = 2;
  StopServer();
  ASSERT_NO_FATAL_FAILURE(StartServer());
  transfers_ = pb::TransferService::NewStub(channel_);
  pb::BatchCreateTransfersResponse made;
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Create(Batch(), made).ok());
  pb::WatchTransfersRequest request;
  request.set_from_sequence(1);
  const auto opens = [&](const std::shared_ptr<grpc::Channel>& channel, bool is_read) {
    const auto stub = pb::TransferService::NewStub(channel);
    grpc::ClientContext context;
    Prepare(context, kAuditor);
    const auto reader = stub->WatchTransfers(&context, request);
    pb::WatchTransfersResponse message;
    bool has_begun = false;
    while (reader->Read(&message) && is_read) has_begun = true;
    context.TryCancel();
    const grpc::Status status = reader->Finish();
    return has_begun || status.error_code() == StatusCode::CANCELLED;
  };
  for (int round = 0; round < 10; ++round) {
    const CutWire wire(port(), kEndless, 200 + dice_.Below(300'000));
    (void)opens(wire.Connect(), true);
  }
  // Each may have to wait for the server to notice, but not for long.
  for (int round = 0; round < 4; ++round) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(15);
    bool has_begun = false;
    while (!has_begun && std::chrono::steady_clock::now() < end) has_begun = opens(channel_, false);
    EXPECT_TRUE(has_begun);
  }
}

TEST_F(Vanishing, AWatchGoesOnWhereItWasCutAndMissesNothing) {
  pb::BatchCreateTransfersResponse made;
  std::uint64_t transfers = 0;
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(Create(Batch(), made).ok());
    transfers += made.applied();
  }
  const std::uint64_t last = made.sequence();
  const std::uint64_t begin = last - 3;
  std::uint64_t next = begin;
  std::vector<std::string> told;
  int cuts = 0;
  while (next <= last && cuts < 200) {
    const CutWire wire(port(), kEndless, 100'000 + dice_.Below(1'500'000));
    const auto stub = pb::TransferService::NewStub(wire.Connect());
    grpc::ClientContext context;
    Prepare(context, kAuditor);
    pb::WatchTransfersRequest request;
    request.set_from_sequence(next);
    const auto reader = stub->WatchTransfers(&context, request);
    pb::WatchTransfersResponse message;
    std::vector<std::string> of_record;
    while (next <= last && reader->Read(&message)) {
      for (const auto& transfer : message.transfers()) of_record.push_back(transfer.name());
      // All of a record has come when a message ends with it or goes beyond it.
      if (message.sequence() < next) continue;
      told.insert(told.end(), of_record.begin(), of_record.end());
      of_record.clear();
      next = message.sequence() + 1;
    }
    context.TryCancel();
    (void)reader->Finish();
    ++cuts;
  }
  EXPECT_EQ(next, last + 1);
  EXPECT_EQ(told.size(), transfers);
  EXPECT_EQ(std::set<std::string>(told.begin(), told.end()).size(), transfers) << "each once";
}

}  // namespace
}  // namespace ets::server
