#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/date.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/unit.h"
#include "registry/commands.h"
#include "server/live_registry.h"
#include "server/tls.h"

namespace ets::server {

// What an exchange needs of a registry, wherever it runs: the two streams, and who and what stands
// behind the numbers. In one process these are function calls, in two it is gRPC; the exchange does
// not know which. All but Stop() may block; kStopped, kIo and kExpired pass, and are worth another
// try.
class RegistryLink {
 public:
  virtual ~RegistryLink() = default;

  struct Deposit {
    std::uint64_t stream_sequence = 0;
    AccountId escrow;
    LedgerId ledger;
    std::int64_t amount = 0;
  };
  // The Positions stream from message `from` on, until `take` returns false, Stop() or a failure.
  virtual LiveFailure WatchPositions(std::uint64_t from,
                                     const std::function<bool(const Deposit&)>& take) = 0;

  // The Settlement stream. The same message again gets the same answer. How many of its pairs and
  // withdrawals failed; 0 is expected.
  virtual Live<std::uint32_t> Settle(const registry::Settle& message) = 0;

  // The account that an escrow account's withdrawals go to: the same firm's, the first that is
  // neither escrow nor limited to surrender.
  virtual Live<AccountId> HolderOf(AccountId escrow) = 0;
  // The ledgers by number, in the order they were opened.
  virtual Live<std::map<std::uint16_t, Unit>> Ledgers() = 0;
  // What an account has posted, by ledger; empty ones are left out.
  virtual Live<std::map<std::uint16_t, std::int64_t>> Balances(AccountId account) = 0;
  // The registry's part of a day's close: its state hash. In one process its journal gets the same
  // DayClosed.
  virtual Live<std::uint64_t> CloseDay(Date date, std::uint64_t settlement_sequence,
                                       std::uint64_t market_state_hash) = 0;

  // Ends what blocks.
  virtual void Stop() = 0;
};

// To a registry in this process, which outlives the link.
std::unique_ptr<RegistryLink> LinkTo(LiveRegistry& live);

struct RemoteRegistry {
  std::string address;  // HOST:PORT
  std::string token;    // Of a principal with the role of an exchange; or empty with a certificate.
  TlsFiles tls;
  bool use_tls = false;
};
// To a registry in another process. It need not be up yet.
Result<std::unique_ptr<RegistryLink>, std::string> LinkTo(const RemoteRegistry& remote);

}  // namespace ets::server
