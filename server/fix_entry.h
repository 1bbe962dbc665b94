#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "server/venue.h"

namespace ets::server {

struct FixEntryOptions {
  std::string listen = "127.0.0.1:0";  // HOST:PORT; port 0: any free one.
  // Where sessions keep sequence numbers and what they may have to send again, so that a client
  // goes on after a restart; made when it is not there.
  std::string folder;
  // Who may trade for a member, by token: the member's number at the exchange, or why not, in
  // words.
  std::function<Result<MemberId, std::string>(std::string_view token, AccountId escrow)> admit;
  std::size_t connections_max = 1'024;
  std::size_t sessions_max = 256;  // Known on one day, connected or not; four open files each.
  // A client that reads so slowly that more new messages wait for it is cut off; what it asked to
  // be sent again does not count.
  std::size_t unsent_bytes_max = std::size_t{8} << 20U;
};

// The FIX 4.4 gateway of a venue (docs/fix.md, docs/fix44.xml), on one thread of its own: QuickFIX
// keeps the sessions, this room the sockets. A session is known by its client's SenderCompID and
// lives for a day (UTC), connected or not: what happens to its member's orders meanwhile is kept
// for it. Bytes that are no FIX close their connection with a Logout that says why; nobody else
// notices. The venue must outlive it. Thread-safe.
class FixEntry {
 public:
  static Result<std::unique_ptr<FixEntry>, std::string> Open(Venue& venue, FixEntryOptions options);
  ~FixEntry();  // Close().

  std::uint16_t port() const;
  std::size_t connection_count() const;
  void Close();  // Logs everybody out.

 private:
  struct Impl;
  explicit FixEntry(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ets::server
