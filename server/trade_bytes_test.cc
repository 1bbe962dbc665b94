#include "server/trade_bytes.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace ets::server {
namespace {

namespace mk = ::ets::market::v1;

mk::TradeResponse Parsed(const grpc::Slice& slice) {
  mk::TradeResponse response;
  EXPECT_TRUE(response.ParseFromArray(slice.begin(), static_cast<int>(slice.size())));
  return response;
}

// A response as a client makes it, and the same for TradeBytes.
mk::TradeResponse AddOne(std::mt19937_64& dice, TradeBytes& bytes) {
  mk::TradeResponse response;
  response.set_request(dice() % 2 == 0 ? 0 : dice() >> (dice() % 64));
  if (dice() % 2 == 0) {
    response.mutable_receipt()->set_order(dice() >> (dice() % 64));
    bytes.Add(response.request(), mk::TradeResponse::kReceiptFieldNumber, response.receipt());
  } else {
    mk::ExecutionReport& execution = *response.mutable_execution();
    execution.set_member(std::string(dice() % 300, 'm'));
    execution.set_price(-static_cast<std::int64_t>(dice() % 1'000));
    bytes.Add(response.request(), mk::TradeResponse::kExecutionFieldNumber, execution);
  }
  return response;
}

TEST(TradeBytes, ReadAsTheMessagesTheyStandFor) {
  std::mt19937_64 dice(1);
  TradeBytes bytes;
  for (int round = 0; round < 500; ++round) {
    const std::size_t count = 1 + dice() % 5;
    mk::TradeResponse group;
    for (std::size_t i = 0; i < count; ++i) {
      *group.mutable_group()->add_responses() = AddOne(dice, bytes);
    }
    EXPECT_EQ(bytes.count(), count);
    const mk::TradeResponse& expected = count == 1 ? group.group().responses(0) : group;
    EXPECT_EQ(Parsed(bytes.Take()).SerializeAsString(), expected.SerializeAsString());
    EXPECT_EQ(bytes.count(), 0U);
  }
}

TEST(TradeBytes, OfOneMessageAreItsOwn) {
  mk::TradeResponse response;
  response.mutable_heartbeat();
  const grpc::Slice slice = TradeBytes::Of(response);
  EXPECT_EQ(std::string(slice.begin(), slice.end()), response.SerializeAsString());
}

}  // namespace
}  // namespace ets::server
