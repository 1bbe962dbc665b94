#pragma once

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/slice.h>

#include <cstdint>
#include <string>

#include "ets/market/v1/order_entry_service.pb.h"

namespace ets::server {

// TradeResponses as the bytes that go out, encoded one behind the other as they come: a stream that
// is told thousands of things a second makes no message of messages for them. Not thread-safe.
class TradeBytes {
 public:
  // One more response: of `request`, unless that is 0, with `message` as the field `what`.
  void Add(std::uint64_t request, int what, const google::protobuf::MessageLite& message);
  std::size_t count() const { return count_; }
  // All of them, as one TradeResponse: the only one, or a group of several. None are left.
  // REQUIRES: count() > 0.
  grpc::Slice Take();

  static grpc::Slice Of(const ets::market::v1::TradeResponse& response);

 private:
  static constexpr std::size_t kHeadMax = 15;  // A tag and a number.

  std::size_t count_ = 0;
  std::size_t first_ = 0;  // Where the first response begins, behind its tag and length.
  // Room for a group's head, and the fields of a TradeResponses.
  std::string bytes_ = std::string(kHeadMax, '\0');
};

}  // namespace ets::server
