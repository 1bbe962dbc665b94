#include "clients/cli/registry_folder.h"

#include <filesystem>
#include <utility>

#include "clients/cli/run_verb.h"
#include "server/registry_journal.h"

namespace ets::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kJournalFolder = "registry";

}  // namespace

Failure FailureOf(const server::LiveFailure& failure) {
  using Kind = server::LiveFailure::Kind;
  switch (failure.kind) {
    case Kind::kBadInput:
    case Kind::kOutOfRange:
    case Kind::kExists:
      return {kBadInput, failure.message};
    case Kind::kDataLoss:
    case Kind::kAnchorAhead:
    case Kind::kPoisoned:
    case Kind::kReconciling:
    case Kind::kExpired:
    case Kind::kStopped:
    case Kind::kIo:
      break;
  }
  return {kFailed, failure.message};
}

Result<std::string, Failure> DataFolder(const std::string& data) {
  const auto journal = server::FindRegistryJournal(data);
  if (!journal.ok()) {
    const bool is_input = journal.error().kind == server::JournalFailure::Kind::kNoJournal;
    return Fail{Failure{is_input ? kBadInput : kFailed, journal.error().message}};
  }
  fs::path folder = fs::path(*journal).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  if (folder.filename() != kJournalFolder) {
    return Fail{Failure{kBadInput, "--data " + data +
                                       ": a journal that is served lies in a folder " +
                                       kJournalFolder + "/; move it into one"}};
  }
  const fs::path above = folder.parent_path();
  return above.empty() ? "." : above.string();
}

bool IsFinishedRun(const std::string& data) { return fs::exists(fs::path(data) / "run.json"); }

Result<std::unique_ptr<RegistryFolder>, Failure> RegistryFolder::Open(const std::string& data,
                                                                      bool to_change) {
  const auto folder = DataFolder(data);
  if (!folder.ok()) return Fail{folder.error()};
  if (to_change && IsFinishedRun(*folder)) {
    return Fail{
        Failure{kBadInput, data +
                               " is a finished run; its journal is evidence and stays as it is. Go "
                               "on from a copy: capclear registry fork --data " +
                               data + " --out DIR"}};
  }
  server::LiveOptions options;
  options.data = *folder;
  options.create = false;
  options.read_only = !to_change;
  options.clock.kind = server::ClockOptions::Kind::kManual;
  return Serve(options);
}

Result<std::unique_ptr<RegistryFolder>, Failure> RegistryFolder::Create(
    const std::string& data, const registry::Profile& profile, SimTime start) {
  if (server::FindRegistryJournal(data).ok()) {
    return Fail{Failure{kBadInput, data + " holds a registry already"}};
  }
  server::LiveOptions options;
  options.data = data;
  options.profile = profile;
  options.clock.kind = server::ClockOptions::Kind::kManual;
  options.clock.start = start;
  return Serve(options);
}

Result<std::unique_ptr<RegistryFolder>, Failure> RegistryFolder::Serve(
    const server::LiveOptions& options) {
  std::unique_ptr<RegistryFolder> folder(new RegistryFolder);
  auto branches = server::LiveBranches::Open(options);
  if (!branches.ok()) return Fail{FailureOf(branches.error())};
  folder->branches_ = std::move(branches.value());
  server::ServiceOptions services;
  services.auth.required = false;
  folder->services_ = std::make_unique<server::RegistryServices>(*folder->branches_, services);
  grpc::ServerBuilder builder;
  for (grpc::Service* const service : folder->services_->all()) builder.RegisterService(service);
  folder->server_ = builder.BuildAndStart();
  if (!folder->server_) return Fail{Failure{kFailed, "the registry cannot be served"}};
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(64 << 20);
  folder->channel_ = folder->server_->InProcessChannel(arguments);
  return folder;
}

std::string RegistryFolder::Close() {
  if (server_) {
    services_->Stop();
    channel_.reset();
    server_->Shutdown();
    server_.reset();
  }
  return branches_ ? branches_->Shutdown() : "";
}

RegistryFolder::~RegistryFolder() { Close(); }

}  // namespace ets::cli
