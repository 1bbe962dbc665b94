#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "google/rpc/status.pb.h"

// A client of the registry that knows nothing but the protocol.
namespace ets::conformance {

// What an error says.
struct Said {
  grpc::StatusCode code = grpc::StatusCode::OK;
  std::string message;
  int infos = 0;  // ErrorInfo details; exactly one is promised.
  std::string reason;
  std::string domain;
  std::map<std::string, std::string> metadata;

  std::string text() const;  // For people.
};
Said SaidBy(const grpc::Status& status);

template <typename Response>
struct Answer {
  grpc::Status status;
  Response value;

  bool ok() const { return status.ok(); }
  Said said() const { return SaidBy(status); }
  const Response* operator->() const { return &value; }
};

// Another UUID at each call, in no other run of the suite either.
std::string NewRequestId();
// A number that no other run is likely to take: of firms and people.
std::uint32_t NewNumber();

// Who is asking, and where.
class Client {
 public:
  Client() = default;
  Client(std::shared_ptr<grpc::Channel> channel, std::string token)
      : channel_(std::move(channel)), token_(std::move(token)) {}

  Client As(std::string token) const { return {channel_, std::move(token)}; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  // One call. A mutation without a request_id gets one of its own.
  template <typename Stub, typename Request, typename Response>
  Answer<Response> Ask(grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&, Response*),
                       Request request,
                       std::chrono::milliseconds patience = std::chrono::seconds(30)) const {
    if constexpr (requires { request.set_request_id(std::string()); }) {
      if (request.request_id().empty()) request.set_request_id(NewRequestId());
    }
    Stub stub(channel_);
    grpc::ClientContext context;
    Prepare(context, patience);
    Answer<Response> answer;
    answer.status = (stub.*rpc)(&context, request, &answer.value);
    return answer;
  }

  void Prepare(grpc::ClientContext& context, std::chrono::milliseconds patience) const;

 private:
  std::shared_ptr<grpc::Channel> channel_;
  std::string token_;
};

std::shared_ptr<grpc::Channel> Connect(const std::string& address);
std::string Sha256(const std::string& text);  // 32 bytes.

}  // namespace ets::conformance
