#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ets::bench {

// A limit order of a load, for the one instrument of the market place.
struct LoadOrder {
  std::uint64_t number = 0;  // Comes back with the answer; its client order id as well.
  bool buys = false;
  std::int64_t price = 0;
  std::int64_t quantity = 0;
};

// What became of an order.
struct LoadAnswer {
  std::uint64_t number = 0;
  bool is_refused = false;
  std::uint64_t order = 0;     // The venue's id; 0 when refused.
  std::uint64_t sequence = 0;  // Of the journal; 0 when refused.
};

// What a connection hears.
class Ears {
 public:
  virtual ~Ears() = default;
  virtual void OnLoggedOn() = 0;
  virtual void OnAnswer(const LoadAnswer& answer) = 0;
  virtual void OnReport(bool is_acceptance) = 0;
  virtual void OnEnd(const std::string& why) = 0;  // The venue ends the session.
};

// One connection's bytes in one protocol: as little work as will do, so that the generator costs
// the machine little beside what it measures. Not thread-safe.
class Dialect {
 public:
  virtual ~Dialect() = default;
  virtual void LogOn(std::string& out) = 0;
  virtual void Place(const LoadOrder& order, std::string& out) = 0;
  // Takes the whole messages at the front of `in`; how many bytes they were. What the protocol
  // itself answers goes to `out`.
  virtual std::size_t Take(std::string_view in, std::string& out, Ears& ears) = 0;
};

// `escrow`: the account of the member. `groups`: as in ets.market.v1.Logon.
std::unique_ptr<Dialect> MakeGrpcDialect(const std::string& address, const std::string& method,
                                         int escrow, const std::string& instrument, bool groups);
std::unique_ptr<Dialect> MakeBinaryDialect(int escrow, int instrument);

}  // namespace ets::bench
