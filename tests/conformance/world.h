#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ets/registry/v1/account_service.grpc.pb.h"
#include "ets/registry/v1/admin_service.grpc.pb.h"
#include "ets/registry/v1/allocation_service.grpc.pb.h"
#include "ets/registry/v1/compliance_service.grpc.pb.h"
#include "ets/registry/v1/settlement_service.grpc.pb.h"
#include "ets/registry/v1/transfer_service.grpc.pb.h"
#include "ets/registry/v1/unit_service.grpc.pb.h"
#include "tests/conformance/calendar.h"
#include "tests/conformance/client.h"
#include "tests/conformance/server.h"

namespace ets::conformance {

namespace pb = ets::registry::v1;

// The stubs, by the words of the protocol.
using Accounts = pb::AccountService::Stub;
using Admin = pb::AdminService::Stub;
using Allocation = pb::AllocationService::Stub;
using Compliance = pb::ComplianceService::Stub;
using Settlement = pb::SettlementService::Stub;
using Transfers = pb::TransferService::Stub;
using Units = pb::UnitService::Stub;

// How the suite was called.
struct Options {
  std::string capclear;    // Starts servers of its own with this program ...
  std::string server;      // ... or asks this one, whose profile and operator's token are given.
  std::string profile;     // Cases of this profile only; empty: all.
  std::string token_file;  // Of `server`; without one the server asks for none.
};
Options& options();

// A firm with an account of its own and two people: the first may propose, the second may also
// approve.
struct Firm {
  std::uint32_t entity = 0;
  std::string account;
  Client proposer, approver;
};

// What every case stands on: one server for each profile, with a manual clock, and words for what a
// registry is asked. Each case makes its own firms, accounts and people and goes on from whatever
// time it is, so that cases may run in any order on a server that has seen others. `profile` is the
// law that the case is about.
class World : public ::testing::Test {
 public:
  explicit World(std::string profile) : profile_(std::move(profile)) {}

  void SetUp() override;
  void TearDown() override;  // Nothing of a unit is lost: issued = held + where it ended.

  // What the table says of the case; the first line of each.
  void Case(const std::string& source, const std::string& expectation) const;
  // For cases that start servers of their own. False: skipped, there is no program for it.
  bool MayStartServers();
  std::unique_ptr<Server> NewServer(std::vector<std::string> flags);
  void Use(const Server& server);  // From now on this one is asked.

  // ---- Asking ----

  // What an answer must be; its reason is in the message when it is not.
  template <typename Response>
  static Answer<Response> Good(Answer<Response> answer) {
    EXPECT_TRUE(answer.ok()) << answer.said().text();
    return answer;
  }
  // As the operator, who may do everything.
  template <typename Rpc, typename Request>
  auto Do(Rpc rpc, const Request& request) const {
    return Good(operator_.Ask(rpc, request));
  }
  // Asks for what must be refused: the reason it gives. The books may not have changed, and the
  // refusal's record may have moved nothing.
  template <typename Rpc, typename Request>
  Said Refused(const Client& client, Rpc rpc, const Request& request) const {
    const pb::GetRegistryResponse before = Registry();
    const auto answer = client.Ask(rpc, request);
    EXPECT_FALSE(answer.ok()) << "it was not refused";
    EXPECT_EQ(StateHash(), before.state_hash()) << "a refusal changed something";
    ExpectNothingMovedIn(before.sequence() + 1);
    return answer.said();
  }
  template <typename Rpc, typename Request>
  Said Refused(Rpc rpc, const Request& request) const {
    return Refused(operator_, rpc, request);
  }

  void ExpectNothingMovedIn(std::uint64_t record) const;

  pb::GetRegistryResponse Registry(const std::string& branch = {}) const;
  std::string StateHash(const std::string& branch = {}) const {
    return Registry(branch).state_hash();
  }

  // ---- Time, on the profile's clocks ----

  Time Now() const { return TimeOf(Registry().sim_time()); }
  int Year() const { return YearOf(Now()); }
  int YearOf(Time instant) const;
  void GoTo(Time instant) const;
  // The next such instant, from now on; of a day of the year: after now.
  Time Next(std::chrono::weekday day, int hour, int minute) const;
  Time Next(std::chrono::month_day day, int hour = 0, int minute = 0) const;
  Time At(Day day, int hour, int minute) const;  // Of that day.
  Day Today() const;

  // ---- Accounts and people ----

  // The authority's account of a kind; made when there is none.
  std::string Central(pb::AccountKind kind);
  std::string NewAccount(pb::AccountKind kind, std::optional<std::uint32_t> entity = {}) const;
  Firm NewFirm(pb::AccountKind kind = pb::ACCOUNT_KIND_HOLDER) const;
  // Years of verified emissions; last 0: goes on.
  void SetYears(const Firm& firm, int first, int last = 0, std::uint32_t group = 0) const;
  Client NewPerson(pb::Role role, const std::string& account = {}, bool may_approve = false) const;
  void SetMay(const std::string& account, bool send, bool receive, bool surrender,
              bool leave_trusted_list) const;
  // The firm may send to accounts that are not on its list.
  void LeaveTrustedList(const Firm& firm) const;
  // Puts the target on the firm's list and waits until that counts.
  void Trust(const Firm& firm, const std::string& target) const;
  pb::Account Account(const std::string& name) const;

  // ---- Units ----

  void Open(const std::string& unit) const;
  // Opens its ledger where there is none, issues and hands over.
  void Give(const std::string& account, const std::string& unit, std::int64_t amount);
  pb::Holding Holding(const std::string& account, const std::string& unit) const;
  std::int64_t Posted(const std::string& account, const std::string& unit) const {
    return Holding(account, unit).posted();
  }
  pb::Ledger Ledger(const std::string& unit) const;
  static std::string Allowance(int vintage);

  static pb::TransferDraft Draft(const std::string& debit, const std::string& credit,
                                 const std::string& unit, std::int64_t amount);
  static pb::CreateTransferRequest Transfer(const std::string& debit, const std::string& credit,
                                            const std::string& unit, std::int64_t amount);
  static pb::ProposeTransferRequest Proposal(const std::string& debit, const std::string& credit,
                                             const std::string& unit, std::int64_t amount);
  static pb::SurrenderRequest Surrender(const std::string& account, const std::string& unit,
                                        int year, std::int64_t amount);
  static pb::CancelRequest Cancel(const std::string& account, const std::string& unit,
                                  std::int64_t amount);
  static std::uint32_t NumberOf(const std::string& account);
  static std::string FirstTransferOf(std::uint64_t sequence);
  pb::Task Task(const std::string& name) const;
  void Approve(const Client& person, const std::string& task) const;
  Said RefusedReversal(const std::string& transfer) const;
  // What a mutation is told while a reconciliation runs; of one that was not told so: what it was.
  Said SaidWhileReconciling();

  // ---- Emissions and compliance ----

  void Record(const Firm& firm, int year, std::int64_t emissions) const;
  void Correct(const Firm& firm, int year, std::int64_t emissions) const;
  void Entitle(const Firm& firm, int year, std::uint32_t table, std::int64_t amount) const;
  // Pays a table that no other case uses; the pool has `pool` units for it.
  pb::RunAllocationResponse Allocate(int year, std::uint32_t table, std::int64_t pool);
  static std::uint32_t NewTable();
  pb::ComplianceStatus Status(const Firm& firm, int year) const;
  pb::ComplianceSymbol Symbol(const Firm& firm) const;

  static std::string Of(const Firm& firm, const std::string& collection, int year);

  Client operator_;
  std::shared_ptr<Server> own_;  // The one of the profile; null when a server was named.

 private:
  Clocks clocks() const;
  Time NextThat(int days_apart, Time first) const;

  const std::string profile_;
  std::map<pb::AccountKind, std::string> central_;
};

// One fixture for each profile; what is not a place's own law is tested under `sim`.
#define CONFORMANCE_PROFILE(Name, profile) \
  class Name : public World {              \
   protected:                              \
    Name() : World(profile) {}             \
  }
CONFORMANCE_PROFILE(EU, "eu");
CONFORMANCE_PROFILE(UK, "uk");
CONFORMANCE_PROFILE(CA, "ca");
CONFORMANCE_PROFILE(CN, "cn");
CONFORMANCE_PROFILE(SIM, "sim");

}  // namespace ets::conformance
