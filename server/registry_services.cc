#include "server/registry_services.h"

#include "server/edge.h"

namespace ets::server {

struct RegistryServices::Impl {
  Impl(LiveBranches& branches, const ServiceOptions& options) : edge(branches, options) {
    for (auto* const make :
         {MakeAccountService, MakeTransferService, MakeUnitService, MakeComplianceService,
          MakeAllocationService, MakeAdminService, MakeSettlementService}) {
      services.push_back(make(edge));
      all.push_back(services.back().get());
    }
  }

  Edge edge;
  std::vector<std::unique_ptr<grpc::Service>> services;
  std::vector<grpc::Service*> all;
};

RegistryServices::RegistryServices(LiveBranches& branches, const ServiceOptions& options)
    : impl_(std::make_unique<Impl>(branches, options)) {}
RegistryServices::~RegistryServices() = default;

const std::vector<grpc::Service*>& RegistryServices::all() const { return impl_->all; }

const std::vector<std::string>& RegistryServices::Names() {
  static const std::vector<std::string> kNames = {
      "ets.registry.v1.AccountService",    "ets.registry.v1.TransferService",
      "ets.registry.v1.UnitService",       "ets.registry.v1.ComplianceService",
      "ets.registry.v1.AllocationService", "ets.registry.v1.AdminService",
      "ets.registry.v1.SettlementService"};
  return kNames;
}

void RegistryServices::Stop() { impl_->edge.is_stopping = true; }

}  // namespace ets::server
