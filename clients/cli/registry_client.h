#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/date.h"
#include "base/local_time.h"
#include "base/result.h"
#include "ets/registry/v1/account_service.grpc.pb.h"
#include "ets/registry/v1/admin_service.grpc.pb.h"
#include "ets/registry/v1/allocation_service.grpc.pb.h"
#include "ets/registry/v1/compliance_service.grpc.pb.h"
#include "ets/registry/v1/transfer_service.grpc.pb.h"
#include "ets/registry/v1/unit_service.grpc.pb.h"

namespace ets::cli {

namespace pb = ::ets::registry::v1;

// What ends a verb early: thrown nowhere, returned up to the callback. The exit codes are those of
// run_verb.h.
struct Failure {
  int exit_code = 1;
  std::string message;
};
using MaybeFailure = std::optional<Failure>;

// Which registry a verb is about, as the command line says it.
struct Target {
  std::string data;    // A run's folder, or a registry's. Either this or `server`.
  std::string server;  // HOST:PORT
  std::string token, token_file;
  std::string tls_ca, tls_certificate, tls_key, tls_name;
  bool tls = false;  // With the machine's own authorities.
  std::string branch;
  double timeout_s = 60;
};

class RegistryFolder;

// A registry that answers ets.registry.v1: a server's, or a folder's, which is then served inside
// this process and to nobody else. The verbs know no difference. Not thread-safe.
class RegistryClient {
 public:
  // For what: a folder is opened for reading, where it is left as it is, or to change it.
  enum class Access : std::uint8_t { kRead, kChange };
  static Result<std::unique_ptr<RegistryClient>, Failure> Connect(const Target& target,
                                                                  Access access);
  ~RegistryClient();

  // For other services behind the same port.
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  pb::AccountService::Stub& accounts() { return *accounts_; }
  pb::AdminService::Stub& admin() { return *admin_; }
  pb::AllocationService::Stub& allocation() { return *allocation_; }
  pb::ComplianceService::Stub& compliance() { return *compliance_; }
  pb::TransferService::Stub& transfers() { return *transfers_; }
  pb::UnitService::Stub& units() { return *units_; }

  // The branch's prefix for `parent` fields and names; empty for main.
  const std::string& parent() const { return parent_; }
  // "accounts/12" within the branch; a full name as it is.
  std::string Name(const std::string& name) const;
  // The name of an account that a person calls 12, CN-108-10000012-0-41 or by a name.
  std::string Account(const std::string& text) const;

  template <typename Stub, typename Request, typename Response>
  Result<Response, Failure> Call(Stub& stub,
                                 grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                              Response*),
                                 const Request& request) {
    for (Patience patience(timeout_s_);;) {
      grpc::ClientContext context;
      Prepare(context);
      Response response;
      const grpc::Status status = (stub.*method)(&context, request, &response);
      if (status.ok()) return response;
      if (!patience.WaitFor(status)) return Fail{FailureOf(status)};
    }
  }

  // Hands every page of a list to `take`, which returns false when it wants no more.
  template <typename Stub, typename Request, typename Response, typename Take>
  MaybeFailure ForEachPage(Stub& stub,
                           grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                        Response*),
                           Request request, const Take& take) {
    request.set_page_size(kPageSize);
    do {
      const auto page = Call(stub, method, request);
      if (!page.ok()) return page.error();
      if (!take(*page)) return {};
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return {};
  }

  void Prepare(grpc::ClientContext& context) const;
  static Failure FailureOf(const grpc::Status& status);

  // The clock on the registry's wall; asked once.
  Result<Zone, Failure> zone();

 private:
  static constexpr int kPageSize = 1'000;

  // A server that is asked too much, or reconciles, says when to ask again; nothing has happened
  // then. It is asked again for as long as one call may take.
  class Patience {
   public:
    explicit Patience(double seconds);
    // Waits as the server asks; false when it does not, or for too long.
    bool WaitFor(const grpc::Status& status) const;

   private:
    std::chrono::steady_clock::time_point end_;
  };

  RegistryClient();
  MaybeFailure UseBranch(const std::string& branch);

  std::unique_ptr<RegistryFolder> folder_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<pb::AccountService::Stub> accounts_;
  std::unique_ptr<pb::AdminService::Stub> admin_;
  std::unique_ptr<pb::AllocationService::Stub> allocation_;
  std::unique_ptr<pb::ComplianceService::Stub> compliance_;
  std::unique_ptr<pb::TransferService::Stub> transfers_;
  std::unique_ptr<pb::UnitService::Stub> units_;
  std::string parent_;
  std::string token_;
  double timeout_s_ = 60;
  std::optional<Zone> zone_;
};

// A state to read, as --as-of says it: nothing, a journal record, or a simulated time.
struct Moment {
  std::optional<std::uint64_t> sequence;
  std::optional<SimTime> time;

  template <typename Request>
  void Ask(Request& request) const {
    if (sequence) request.set_sequence(*sequence);
    if (time) Fill(*time, *request.mutable_sim_time());
  }
  static void Fill(SimTime time, google::protobuf::Timestamp& out);
};

// 4711 (a journal record), 2027-01-31 (the end of that day on the registry's clock), or
// 2027-01-31T10:00 (on the registry's clock; with a Z behind it, UTC). A day that the journal
// does not reach is an error and never an empty answer.
Result<Moment, Failure> ResolveMoment(RegistryClient& client, const std::string& option,
                                      const std::string& text);
// The journal record after which that state holds.
Result<std::uint64_t, Failure> SequenceOf(RegistryClient& client, const std::string& option,
                                          const std::string& text);
// Whether `text` is one of the three; for the command line's own check.
bool IsMoment(const std::string& text);
// The same text as an instant, without looking at a journal.
Result<SimTime, Failure> ResolveTime(RegistryClient& client, const std::string& option,
                                     const std::string& text);

SimTime TimeOf(const google::protobuf::Timestamp& time);
// "2027-01-31 10:00:00" on the clock of a zone; empty when the time is not set.
std::string ShowTime(const google::protobuf::Timestamp& time, Zone zone);

// A new UUID, for a request's id.
std::string NewRequestId();

}  // namespace ets::cli
