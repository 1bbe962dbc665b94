#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "bench/wire/dialect.h"
#include "server/fix_frames.h"

namespace ets::bench {

// An ExecutionReport (8), in the words of docs/fix.md; what is not in it is 0 or empty.
struct FixReport {
  std::uint64_t number = 0;  // MsgSeqNum(34).
  bool is_again = false;     // PossDupFlag(43).
  char kind = '0';           // ExecType(150).
  std::string_view exec_id;
  std::uint64_t order = 0, trade = 0;
  std::int64_t price = 0, quantity = 0;  // Of a trade; minor units and tonnes.
  std::int64_t leaves = 0;
  bool is_of_all = false;  // Answers AskForAll().
  bool is_last = false;    // Of those.
};

// What a session hears beside what every connection does.
class FixEars {
 public:
  virtual ~FixEars() = default;
  virtual void OnFixReport(const FixReport& report) = 0;
  virtual void OnNothingWaits() = 0;  // Answers AskForAll().
  // Numbers [from, to) hold nothing that is worth sending again.
  virtual void OnGap(std::uint64_t from, std::uint64_t to) = 0;
  virtual void OnBroken(const std::string& what) = 0;  // The venue broke the session's rules.
};

// A FIX 4.4 session of a client (docs/fix.md). It outlives its connections: LogOn() goes on where
// the numbers are, asks for what is missing and sends again what it is asked for. Days of the
// session begin at midnight, UTC. Not thread-safe.
class FixDialect final : public Dialect {
 public:
  // `ears` may be null.
  FixDialect(int escrow, std::string symbol, FixEars* ears);

  void LogOn(std::string& out) override;
  void Place(const LoadOrder& order, std::string& out) override;
  std::size_t Take(std::string_view in, std::string& out, Ears& ears) override;

  // OrderMassStatusRequest (AF) for all that waits.
  void AskForAll(std::string& out);

  std::string standing() const;  // Its numbers, for people.

  // ---- Before a logon ----
  void BeginAnew();                  // It has ResetSeqNumFlag(141).
  void Forget(std::uint64_t count);  // As if so many of the last messages had not come.
  void Lose(std::uint64_t count);    // As if so many of one's own had been lost on their way.
  // Whether it sends orders again under their numbers, or fills the gap and sends them anew.
  void set_resends(bool does) { resends_ = does; }

 private:
  using Field = server::fix::Field;
  static constexpr std::size_t kKept = 4'096;  // Orders that can be sent again.
  struct Sent {
    std::uint64_t number = 0;
    LoadOrder order;
    std::string time;
  };

  void Put(std::span<const Field> body, std::uint64_t number, std::string_view original_time,
           std::string& out);
  void PutNext(std::span<const Field> body, std::string& out) { Put(body, next_out_++, {}, out); }
  void PutOrder(const LoadOrder& order, std::uint64_t number, std::string_view original_time,
                std::string& out);
  void PutGap(std::uint64_t from, std::uint64_t to, std::string& out);
  void SendAgain(std::uint64_t from, std::uint64_t to, std::string& out);
  void AskAgain(std::uint64_t number, std::string& out);

  void OnMessage(std::span<const Field> fields, std::string& out, Ears& ears);
  void OnReset(std::span<const Field> fields, std::uint64_t number, std::string& out);
  // Whether it is the message that comes next.
  bool IsNext(std::uint64_t number, bool is_again, const std::string& type, std::string& out);
  void OnNext(const std::string& type, std::span<const Field> fields, std::string& out, Ears& ears);
  void OnReport(std::span<const Field> fields, Ears& ears);
  void Broken(const std::string& what);

  const std::string client_, symbol_;
  FixEars* const ears_;
  server::fix::Frames frames_;
  std::uint64_t next_out_ = 1, next_in_ = 1;
  std::uint64_t asked_to_ = 0;  // The venue sends again what is up to here.
  std::int64_t day_ = 0;        // Of the last logon.
  bool is_anew_ = true;
  bool resends_ = true;
  std::array<Sent, kKept> sent_;  // By number.
};

}  // namespace ets::bench
