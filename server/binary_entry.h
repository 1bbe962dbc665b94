#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "server/venue.h"

namespace ets::server {

struct BinaryEntryOptions {
  std::string listen = "127.0.0.1:0";  // HOST:PORT; port 0: any free one.
  // Who may trade for a member, by token: the member's number at the exchange, or why not, in
  // words.
  std::function<Result<MemberId, std::string>(std::string_view token, AccountId escrow)> admit;
  std::size_t connections_max = 4'096;
  // A client that reads so slowly that more waits for it gets a Goodbye instead of it.
  std::size_t unsent_bytes_max = std::size_t{4} << 20U;
  std::chrono::microseconds busy_poll{0};  // As in VenueOptions.
  // What a client has to read its Goodbye, before it is cut off.
  std::chrono::milliseconds goodbye_patience{10'000};
};

// The binary order entry of a venue (server/binary_protocol.h, docs/binary-order-entry.md) on one
// thread of its own. A connection that breaks the protocol gets a Goodbye with the reason and is
// closed; nobody else notices. The venue must outlive it. Thread-safe.
class BinaryEntry {
 public:
  static Result<std::unique_ptr<BinaryEntry>, std::string> Open(Venue& venue,
                                                                BinaryEntryOptions options);
  ~BinaryEntry();  // Close().

  std::uint16_t port() const;
  std::size_t connection_count() const;
  void Close();  // Says goodbye to everybody.

 private:
  struct Impl;
  explicit BinaryEntry(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ets::server
