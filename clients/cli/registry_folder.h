#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "base/result.h"
#include "clients/cli/registry_client.h"
#include "server/live_branches.h"
#include "server/registry_services.h"

namespace ets::cli {

// A folder's registry, served inside this process through a channel that leads nowhere else. Its
// caller is the operator: who may write the folder may do everything anyhow.
class RegistryFolder {
 public:
  // For reading, the folder is left as it is and may be that of a finished run. To change it, its
  // registry must be nobody's evidence and nobody else's: time stands still but for what the
  // command says, and each command is on the disk before it is answered.
  static Result<std::unique_ptr<RegistryFolder>, Failure> Open(const std::string& data,
                                                               bool to_change);
  // Makes a registry under a law, in a folder that holds none.
  static Result<std::unique_ptr<RegistryFolder>, Failure> Create(const std::string& data,
                                                                 const registry::Profile& profile,
                                                                 SimTime start);
  ~RegistryFolder();

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  server::LiveRegistry& main() const { return branches_->main(); }
  // What went wrong while it was put away; empty when nothing did.
  std::string Close();

 private:
  RegistryFolder() = default;
  static Result<std::unique_ptr<RegistryFolder>, Failure> Serve(const server::LiveOptions& options);

  std::unique_ptr<server::LiveBranches> branches_;
  std::unique_ptr<server::RegistryServices> services_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

// The folder above the registry/ folder that a person named, or named the registry/ folder in.
// Refused with what --data takes when there is no journal.
Result<std::string, Failure> DataFolder(const std::string& data);
// Whether a finished run lies here, whose journal run.json answers for.
bool IsFinishedRun(const std::string& data);

Failure FailureOf(const server::LiveFailure& failure);

}  // namespace ets::cli
