#include "server/exchange_stream.h"

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace ets::server {

using grpc::Status;
using grpc::StatusCode;

Status Ended(const std::string& reason, StatusCode code, const std::string& message) {
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain("capclear");
  google::rpc::Status details;
  details.set_code(code);
  details.set_message(message);
  details.add_details()->PackFrom(info);
  return {code, message, details.SerializeAsString()};
}

Status StatusOf(CloseReason reason) {
  const std::string name(ToString(reason));
  switch (reason) {
    case CloseReason::kByClient:
      return Status::OK;
    case CloseReason::kSilent:
      return Ended(name, StatusCode::ABORTED, "nothing was heard for two heartbeats");
    case CloseReason::kOverloaded:
      return Ended(name, StatusCode::RESOURCE_EXHAUSTED, "too many requests wait");
    case CloseReason::kVenueStopped:
      return Ended(name, StatusCode::UNAVAILABLE,
                   "the exchange stops; what was not answered is not known: send it again with the "
                   "same client_order_id");
  }
  return Status::OK;
}

Status ReadsTooSlowly() {
  return Ended("READS_TOO_SLOWLY", StatusCode::RESOURCE_EXHAUSTED,
               "the client does not read what it is sent");
}

}  // namespace ets::server
