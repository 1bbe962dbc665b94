#include "server/exchange_stream.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace ets::server {
namespace {

using Written = std::vector<std::pair<int, bool>>;

// A message of which more follow may wait in gRPC's buffer, but never the first: with the stream's
// header it would wait for a write that itself waits for it.
TEST(Outgoing, LetsOnlyLaterMessagesWaitForMore) {
  Written written;
  Outgoing<int> out(
      8, [&](int response, bool more) { written.emplace_back(response, more); },
      [](const grpc::Status&) {});
  out.Hold();
  out.Write(2);
  out.Write(3);
  out.Write(4);
  out.WriteFirst(1);
  EXPECT_EQ(written, (Written{{1, false}}));
  for (int i = 0; i < 4; ++i) out.OnWriteDone(true);
  EXPECT_EQ(written, (Written{{1, false}, {2, true}, {3, true}, {4, false}}));
}

}  // namespace
}  // namespace ets::server
