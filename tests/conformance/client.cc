#include "tests/conformance/client.h"

#include <grpc/support/time.h>
#include <openssl/sha.h>

#include <atomic>
#include <cstdio>
#include <fstream>

#include "google/rpc/error_details.pb.h"

namespace ets::conformance {
namespace {

// Of this run: the machine's own randomness.
std::string RunId() {
  static const std::string id = [] {
    std::ifstream in("/proc/sys/kernel/random/uuid");
    std::string text;
    in >> text;
    return text;
  }();
  return id;
}

}  // namespace

std::string Said::text() const {
  return "code " + std::to_string(code) + ", reason " + (reason.empty() ? "-" : reason) + ": " +
         message;
}

Said SaidBy(const grpc::Status& status) {
  Said said;
  said.code = status.error_code();
  said.message = status.error_message();
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return said;
  for (const auto& detail : details.details()) {
    google::rpc::ErrorInfo info;
    if (!detail.UnpackTo(&info)) continue;
    ++said.infos;
    said.reason = info.reason();
    said.domain = info.domain();
    said.metadata = {info.metadata().begin(), info.metadata().end()};
  }
  return said;
}

std::string NewRequestId() {
  static std::atomic<std::uint64_t> last{0};
  char tail[13];
  std::snprintf(tail, sizeof tail, "%012llx", static_cast<unsigned long long>(++last));
  return RunId().substr(0, 24) + tail;
}

std::uint32_t NewNumber() {
  constexpr std::uint32_t kMask = 0x3FFF'FFFF;
  static std::atomic<std::uint32_t> last{
      static_cast<std::uint32_t>(std::stoul(RunId().substr(28), nullptr, 16)) & kMask};
  return (++last & kMask) + 1;
}

void Client::Prepare(grpc::ClientContext& context, std::chrono::milliseconds patience) const {
  if (!token_.empty()) context.AddMetadata("authorization", "Bearer " + token_);
  context.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                    gpr_time_from_millis(patience.count(), GPR_TIMESPAN)));
}

std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // A connection of its own.
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

std::string Sha256(const std::string& text) {
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash);
  return {reinterpret_cast<const char*>(hash), sizeof hash};
}

}  // namespace ets::conformance
