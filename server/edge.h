#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "registry/lineage.h"
#include "server/auth.h"
#include "server/live_branches.h"
#include "server/rate_limit.h"
#include "server/registry_services.h"
#include "server/wire_names.h"

namespace ets::server {

// Which serials are where on one branch: a projector that follows the journal. Asked for an earlier
// state it starts again. Thread-safe.
class SerialsOfBranch {
 public:
  using Ask = std::function<void(const registry::SerialLineage&)>;
  // Runs `ask` with the lineage after record `sequence`.
  std::optional<LiveFailure> At(LiveRegistry& live, std::uint64_t sequence,
                                const Patience& patience, const Ask& ask);

 private:
  std::optional<LiveFailure> Advance(LiveRegistry& live, const registry::Registry& state,
                                     std::uint64_t sequence, const Patience& patience);

  std::timed_mutex mutex_;
  std::unique_ptr<registry::SerialLineage> lineage_;
  std::uint64_t sequence_ = 0;  // Of the last record it took.
};

// What the services share. Thread-safe.
struct Edge {
  Edge(LiveBranches& of_branches, const ServiceOptions& of_options);

  SerialsOfBranch& SerialsOf(const std::string& branch);

  LiveBranches& branches;
  const ServiceOptions options;
  const wire::Home home;
  RateLimit limit;
  std::atomic<bool> is_stopping = false;
  std::atomic<std::size_t> watches = 0;

 private:
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<SerialsOfBranch>> serials_;
};

// The services; each takes what it needs of the edge, which outlives it.
std::unique_ptr<grpc::Service> MakeAccountService(Edge& edge);
std::unique_ptr<grpc::Service> MakeTransferService(Edge& edge);
std::unique_ptr<grpc::Service> MakeUnitService(Edge& edge);
std::unique_ptr<grpc::Service> MakeComplianceService(Edge& edge);
std::unique_ptr<grpc::Service> MakeAllocationService(Edge& edge);
std::unique_ptr<grpc::Service> MakeAdminService(Edge& edge);
std::unique_ptr<grpc::Service> MakeSettlementService(Edge& edge);

}  // namespace ets::server
