// Durable transfers through gRPC from another process: batches of 8,190, and single transfers of 64
// clients. The server is this program again, in a process of its own; it syncs its log and its
// anchor before it answers.
//
//   ninja registry_grpc_bench && bin/registry_grpc_bench [--seconds N] [--data FOLDER]
// With --lists N: lists of an account's transfers among N instead.

#include <grpcpp/grpcpp.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/prng.h"
#include "ets/registry/v1/transfer_service.grpc.pb.h"
#include "registry/profile.h"
#include "server/live_branches.h"
#include "server/registry_services.h"

namespace ets::server {
namespace {

namespace pb = ::ets::registry::v1;
using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kFirms = 3'000;
constexpr std::uint32_t kFirstHolder = 1;  // accounts/0 is the issuance.
constexpr int kItems = 8'190;
constexpr int kBatchesInFlight = 4;
constexpr int kClients = 64;

double SecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// ---- The server's process ----

void Must(LiveRegistry& live, const registry::Command& command) {
  Submission submission;
  submission.command = command;
  submission.source = SourceKind::kAuthority;
  if (live.SubmitAndWait(std::move(submission)).kind != Answer::Kind::kApplied) std::abort();
}

void OpenAccounts(LiveRegistry& live) {
  constexpr LedgerId kUnits(0);
  Must(live, registry::OpenAccount{registry::AccountKind::kIssuance, 0});
  std::atomic<std::uint32_t> open = 0;
  for (std::uint32_t firm = 0; firm < kFirms; ++firm) {
    Submission submission;
    submission.command = registry::OpenAccount{registry::AccountKind::kHolder, firm};
    live.Submit(std::move(submission), [&](const Answer&) { ++open; });
  }
  while (open < kFirms) std::this_thread::yield();
  Must(live, registry::OpenLedger{Unit::Allowance(2026), 0});
  std::atomic<std::uint32_t> issued = 0;
  for (std::uint32_t firm = 0; firm < kFirms; ++firm) {
    Submission submission;
    submission.command = registry::Issue{AccountId(kFirstHolder + firm), kUnits, 1'000'000'000};
    live.Submit(std::move(submission), [&](const Answer& answer) {
      if (answer.kind != Answer::Kind::kApplied) std::abort();
      ++issued;
    });
  }
  while (issued < kFirms) std::this_thread::yield();
}

// Transfers of one unit between firms drawn by chance, a record each.
void Move(LiveRegistry& live, std::uint64_t transfers) {
  constexpr std::uint64_t kUnderWay = 30'000;
  Prng dice(1);
  std::atomic<std::uint64_t> done = 0;
  for (std::uint64_t i = 0; i < transfers; ++i) {
    const auto debit = static_cast<std::uint32_t>(dice.Below(kFirms));
    const auto step = static_cast<std::uint32_t>(1 + dice.Below(kFirms - 1));
    Submission submission;
    submission.command =
        registry::MakeTransfer{{AccountId(kFirstHolder + debit),
                                AccountId(kFirstHolder + (debit + step) % kFirms), LedgerId(0), 1}};
    submission.source = SourceKind::kAuthority;
    live.Submit(std::move(submission), [&](const Answer& answer) {
      if (answer.kind != Answer::Kind::kApplied) std::abort();
      ++done;
    });
    while (i + 1 - done > kUnderWay) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  while (done < transfers) std::this_thread::yield();
}

// Serves a registry that has moved so much, until its standard input ends.
int Serve(const std::string& data, std::uint64_t transfers) {
  LiveOptions options;
  options.data = data;
  options.profile = *registry::FindProfile("sim");
  auto branches = LiveBranches::Open(options);
  if (!branches.ok()) {
    std::cerr << branches.error().message << "\n";
    return 1;
  }
  OpenAccounts((*branches)->main());
  Move((*branches)->main(), transfers);
  ServiceOptions service_options;
  service_options.auth.required = false;
  RegistryServices services(**branches, service_options);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  for (grpc::Service* const service : services.all()) builder.RegisterService(service);
  const auto server = builder.BuildAndStart();
  std::cout << port << std::endl;
  std::string ignored;
  std::getline(std::cin, ignored);
  services.Stop();
  server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
  return (*branches)->Shutdown().empty() ? 0 : 1;
}

// This program as a server, with pipes to its input and output.
class ServerProcess {
 public:
  ServerProcess(const char* program, const std::string& data, std::uint64_t transfers = 0) {
    int input[2], output[2];
    if (pipe(input) != 0 || pipe(output) != 0) std::abort();
    child_ = fork();
    if (child_ == 0) {
      dup2(input[0], 0);
      dup2(output[1], 1);
      for (const int end : {input[0], input[1], output[0], output[1]}) close(end);
      execl(program, program, "--serve", data.c_str(), std::to_string(transfers).c_str(), nullptr);
      _exit(127);
    }
    close(input[0]);
    close(output[1]);
    input_ = input[1];
    std::string line;
    char letter = 0;
    while (read(output[0], &letter, 1) == 1 && letter != '\n') line += letter;
    close(output[0]);
    address_ = "127.0.0.1:" + line;
  }
  ~ServerProcess() {
    close(input_);
    waitpid(child_, nullptr, 0);
  }
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  const std::string& address() const { return address_; }

 private:
  pid_t child_ = 0;
  int input_ = -1;
  std::string address_;
};

// ---- The clients' process ----

std::string NextUuid() {
  static std::atomic<std::uint64_t> number = 0;
  static const unsigned kRun = static_cast<unsigned>(getpid());
  char text[37];
  std::snprintf(text, sizeof text, "%08x-0000-4000-8000-%012llx", kRun,
                static_cast<unsigned long long>(++number));
  return text;
}

std::shared_ptr<grpc::Channel> OwnChannel(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

// Counts what is done, until time is up and nothing is under way.
class Tally {
 public:
  explicit Tally(double seconds) : seconds_(seconds) {}

  bool IsOver() const { return SecondsSince(begin_) >= seconds_; }
  void Begin() {
    const std::lock_guard lock(mutex_);
    ++under_way_;
  }
  void End(std::uint64_t transfers, double milliseconds) {
    const std::lock_guard lock(mutex_);
    transfers_ += transfers;
    latencies_.push_back(milliseconds);
    if (--under_way_ == 0) done_.notify_all();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return under_way_ == 0; });
    elapsed_ = SecondsSince(begin_);
  }
  void Print(const char* what) {
    std::sort(latencies_.begin(), latencies_.end());
    const auto at = [&](double share) {
      return latencies_[static_cast<std::size_t>(share *
                                                 static_cast<double>(latencies_.size() - 1))];
    };
    std::printf("%-40s %10.0f /s   calls %8zu   p50 %7.2f ms   p99 %7.2f ms   max %7.2f ms\n", what,
                static_cast<double>(transfers_) / elapsed_, latencies_.size(), at(0.5), at(0.99),
                at(1));
  }

 private:
  const double seconds_;
  const Clock::time_point begin_ = Clock::now();
  std::mutex mutex_;
  std::condition_variable done_;
  int under_way_ = 0;
  std::uint64_t transfers_ = 0;
  double elapsed_ = 0;
  std::vector<double> latencies_;
};

// One after the other, batches of transfers between firms drawn by chance.
class BatchClient {
 public:
  BatchClient(const std::shared_ptr<grpc::Channel>& channel, std::uint64_t seed, Tally& tally)
      : stub_(pb::TransferService::NewStub(channel)), dice_(seed), tally_(tally) {}

  void Next() {
    if (tally_.IsOver()) return;
    tally_.Begin();
    Draw();
    context_ = std::make_unique<grpc::ClientContext>();
    context_->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    const auto begin = Clock::now();
    stub_->async()->BatchCreateTransfers(
        context_.get(), &request_, &response_, [this, begin](const grpc::Status& status) {
          if (!status.ok() || response_.failures_size() != 0) {
            std::cerr << status.error_message() << "\n";
            std::abort();
          }
          Next();
          tally_.End(response_.applied(), SecondsSince(begin) * 1e3);
        });
  }

 private:
  void Draw() {
    request_.Clear();
    request_.set_request_id(NextUuid());
    request_.add_units("CEA26");
    for (int item = 0; item < kItems; ++item) {
      const auto debit = static_cast<std::uint32_t>(dice_.Below(kFirms));
      const auto step = static_cast<std::uint32_t>(1 + dice_.Below(kFirms - 1));
      request_.add_debits(kFirstHolder + debit);
      request_.add_credits(kFirstHolder + (debit + step) % kFirms);
      request_.add_ledgers(0);
      request_.add_amounts(1 + dice_.Below(10));
    }
  }

  std::unique_ptr<pb::TransferService::Stub> stub_;
  Prng dice_;
  Tally& tally_;
  std::unique_ptr<grpc::ClientContext> context_;
  pb::BatchCreateTransfersRequest request_;
  pb::BatchCreateTransfersResponse response_;
};

// One transfer after the other.
class SingleClient {
 public:
  SingleClient(const std::shared_ptr<grpc::Channel>& channel, std::uint64_t seed, Tally& tally)
      : stub_(pb::TransferService::NewStub(channel)), dice_(seed), tally_(tally) {}

  void Next() {
    if (tally_.IsOver()) return;
    tally_.Begin();
    const auto debit = static_cast<std::uint32_t>(dice_.Below(kFirms));
    request_.set_request_id(NextUuid());
    request_.mutable_transfer()->set_debit("accounts/" + std::to_string(kFirstHolder + debit));
    request_.mutable_transfer()->set_credit("accounts/" +
                                            std::to_string(kFirstHolder + (debit + 1) % kFirms));
    request_.mutable_transfer()->set_unit("CEA-2026");
    request_.mutable_transfer()->set_amount(1);
    context_ = std::make_unique<grpc::ClientContext>();
    context_->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(5));
    const auto begin = Clock::now();
    stub_->async()->CreateTransfer(context_.get(), &request_, &response_,
                                   [this, begin](const grpc::Status& status) {
                                     if (!status.ok()) {
                                       std::cerr << status.error_message() << "\n";
                                       std::abort();
                                     }
                                     const double milliseconds = SecondsSince(begin) * 1e3;
                                     Next();
                                     tally_.End(1, milliseconds);
                                   });
  }

 private:
  std::unique_ptr<pb::TransferService::Stub> stub_;
  Prng dice_;
  Tally& tally_;
  std::unique_ptr<grpc::ClientContext> context_;
  pb::CreateTransferRequest request_;
  pb::CreateTransferResponse response_;
};

template <typename Client>
void Measure(const char* what, const std::string& address, int clients, double seconds) {
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (int client = 0; client < clients; ++client) {
    channels.push_back(OwnChannel(address));
    channels.back()->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(5));
  }
  Tally tally(seconds);
  std::vector<std::unique_ptr<Client>> all;
  for (int client = 0; client < clients; ++client) {
    all.push_back(std::make_unique<Client>(channels[static_cast<std::size_t>(client)],
                                           static_cast<std::uint64_t>(client) + 1, tally));
    all.back()->Next();
  }
  tally.Wait();
  tally.Print(what);
}

// One page of a list, in milliseconds.
double Page(pb::TransferService::Stub& stub, pb::ListTransfersRequest& request) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(120));
  pb::ListTransfersResponse page;
  const auto begin = Clock::now();
  const grpc::Status status = stub.ListTransfers(&context, request, &page);
  const double milliseconds = SecondsSince(begin) * 1e3;
  if (!status.ok() || page.transfers_size() == 0) {
    std::cerr << status.error_message() << "\n";
    std::abort();
  }
  request.set_page_token(page.next_page_token());
  return milliseconds;
}

// An account's transfers among all that there are, page by page. The first list of a server makes
// its index.
void MeasureLists(const std::string& address) {
  const auto stub = pb::TransferService::NewStub(OwnChannel(address));
  for (const std::uint32_t account : {1U, 2U, 1'500U}) {
    pb::ListTransfersRequest request;
    request.set_page_size(1'000);
    request.set_account("accounts/" + std::to_string(account));
    const double first = Page(*stub, request);
    double sum = 0, most = 0;
    int pages = 0;
    for (; !request.page_token().empty(); ++pages) {
      const double later = Page(*stub, request);
      sum += later;
      most = std::max(most, later);
    }
    std::printf(
        "transfers of accounts/%u, pages of 1,000: first %.1f ms, %d later ones %.1f ms on "
        "average, %.1f ms at most\n",
        account, first, pages, sum / std::max(pages, 1), most);
  }
}

std::string MachineName() {
  std::ifstream file("/proc/cpuinfo");
  std::string line, model = "unknown processor";
  while (std::getline(file, line)) {
    if (line.starts_with("model name")) model = line.substr(line.find(':') + 2);
  }
  return model + ", " + std::to_string(std::thread::hardware_concurrency()) + " cores";
}

int Main(int argc, char** argv) {
  double seconds = 5;
  std::uint64_t listed = 0;
  std::string folder = (std::filesystem::temp_directory_path() / "capclear-bench").string();
  for (int at = 1; at + 1 < argc; at += 2) {
    if (std::strcmp(argv[at], "--serve") == 0) {
      return Serve(argv[at + 1], std::strtoull(argv[at + 2], nullptr, 10));
    }
    if (std::strcmp(argv[at], "--lists") == 0) listed = std::strtoull(argv[at + 1], nullptr, 10);
    if (std::strcmp(argv[at], "--seconds") == 0) seconds = std::atof(argv[at + 1]);
    if (std::strcmp(argv[at], "--data") == 0) folder = argv[at + 1];
  }
  std::filesystem::remove_all(folder);
  std::printf("%s; server and clients in two processes\n", MachineName().c_str());
  if (listed != 0) {
    const ServerProcess server(argv[0], folder, listed);
    MeasureLists(server.address());
  } else {
    const ServerProcess server(argv[0], folder);
    Measure<BatchClient>("transfers, batches of 8,190", server.address(), kBatchesInFlight,
                         seconds);
    Measure<SingleClient>("single transfers, 64 clients", server.address(), kClients, seconds);
  }
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace ets::server

int main(int argc, char** argv) { return ets::server::Main(argc, argv); }
