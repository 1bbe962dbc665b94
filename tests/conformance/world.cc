#include "tests/conformance/world.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

namespace ets::conformance {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

// Of the servers that the suite starts. All cases go on from here.
constexpr const char* kStart = "2026-02-16";

// One server for each profile, for as long as the suite runs.
std::shared_ptr<Server> ServerOf(const std::string& profile) {
  static std::map<std::string, std::shared_ptr<Server>> servers;
  std::shared_ptr<Server>& server = servers[profile];
  if (!server) {
    const std::vector<std::string> flags = {"--profile", profile,   "--clock",
                                            "manual",    "--start", kStart};
    server = std::make_shared<Server>(options().capclear, flags);
    EXPECT_TRUE(server->Start()) << server->said();
  }
  return server;
}

std::string WithoutNewline(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

bool IsMoney(const std::string& unit) { return unit == "CNY" || unit == "EUR"; }

}  // namespace

Options& options() {
  static Options the_options;
  return the_options;
}

void World::SetUp() {
  if (!options().profile.empty() && options().profile != profile_) {
    GTEST_SKIP() << "of profile " << profile_;
  }
  if (options().server.empty()) {
    own_ = ServerOf(profile_);
    Use(*own_);
  } else {
    operator_ = Client(Connect(options().server), WithoutNewline(ContentsOf(options().token_file)));
  }
  const auto registry = operator_.Ask(&Admin::GetRegistry, pb::GetRegistryRequest());
  ASSERT_TRUE(registry.ok()) << registry.said().text();
  ASSERT_EQ(registry->profile(), profile_) << "the server is of another profile";
  Central(pb::ACCOUNT_KIND_ISSUANCE);
  Central(pb::ACCOUNT_KIND_BANK);
  Central(pb::ACCOUNT_KIND_SURRENDER);
  Central(pb::ACCOUNT_KIND_CANCELLATION);
}

void World::TearDown() {
  if (IsSkipped() || !operator_.channel()) return;
  pb::ListLedgersRequest all;
  all.set_page_size(1'000);
  const auto ledgers = operator_.Ask(&Units::ListLedgers, all);
  if (!ledgers.ok()) return;  // A case has ended the server that it asked.
  for (const pb::Ledger& ledger : ledgers->ledgers()) {
    EXPECT_EQ(ledger.issued(), ledger.held() + ledger.surrendered() + ledger.cancelled() +
                                   ledger.converted() + ledger.expired())
        << ledger.unit();
  }
}

void World::Case(const std::string& source, const std::string& expectation) const {
  RecordProperty("profile", profile_);
  RecordProperty("source", source);
  RecordProperty("expectation", expectation);
}

bool World::MayStartServers() { return !options().capclear.empty(); }

std::unique_ptr<Server> World::NewServer(std::vector<std::string> flags) {
  flags.insert(flags.begin(), {"--profile", profile_});
  auto server = std::make_unique<Server>(options().capclear, flags);
  EXPECT_TRUE(server->Start()) << server->said();
  return server;
}

void World::Use(const Server& server) {
  operator_ = Client(Connect(server.address()), server.token());
  central_.clear();
}

pb::GetRegistryResponse World::Registry(const std::string& branch) const {
  pb::GetRegistryRequest request;
  request.set_parent(branch);
  return Do(&Admin::GetRegistry, request).value;
}

void World::ExpectNothingMovedIn(std::uint64_t record) const {
  pb::GetTransferRequest request;
  request.set_name(FirstTransferOf(record));
  const auto found = operator_.Ask(&Transfers::GetTransfer, request);
  EXPECT_EQ(found.said().reason, "TRANSFER_NOT_FOUND") << found->transfer().ShortDebugString();
}

// ---- Time ----

Clocks World::clocks() const {
  if (profile_ == "eu") return {hours(1), true};
  if (profile_ == "uk") return {hours(0), true};
  if (profile_ == "ca") return {hours(-8), false};
  return {hours(8), false};
}

Day World::Today() const { return std::chrono::floor<std::chrono::days>(Shown(clocks(), Now())); }

int World::YearOf(Time instant) const {
  const Day day = std::chrono::floor<std::chrono::days>(Shown(clocks(), instant));
  return int(std::chrono::year_month_day(day).year());
}

Time World::At(Day day, int hour, int minute) const {
  return InstantOf(clocks(), Time(day) + hours(hour) + minutes(minute));
}

void World::GoTo(Time instant) const {
  pb::AdvanceTimeRequest request;
  *request.mutable_to_time() = ToTimestamp(instant);
  Do(&Admin::AdvanceTime, request);
}

Time World::Next(std::chrono::weekday day, int hour, int minute) const {
  Day date = Today();
  while (std::chrono::weekday(date) != day || At(date, hour, minute) < Now()) {
    date += std::chrono::days(1);
  }
  return At(date, hour, minute);
}

Time World::Next(std::chrono::month_day day, int hour, int minute) const {
  for (std::chrono::year year(Year());; ++year) {
    const Time instant = At(Day(year / day), hour, minute);
    if (instant > Now()) return instant;
  }
}

// ---- Accounts and people ----

std::string World::Central(pb::AccountKind kind) {
  std::string& name = central_[kind];
  if (!name.empty()) return name;
  pb::ListAccountsRequest request;
  request.set_kind(kind);
  const auto found = Do(&Accounts::ListAccounts, request);
  name = found->accounts().empty() ? NewAccount(kind) : found->accounts(0).name();
  return name;
}

std::string World::NewAccount(pb::AccountKind kind, std::optional<std::uint32_t> entity) const {
  pb::CreateAccountRequest request;
  request.set_kind(kind);
  if (entity) request.set_entity(*entity);
  return Do(&Accounts::CreateAccount, request)->account();
}

Firm World::NewFirm(pb::AccountKind kind) const {
  Firm firm;
  firm.entity = NewNumber();
  firm.account = NewAccount(kind, firm.entity);
  firm.proposer = NewPerson(pb::ROLE_HOLDER, firm.account);
  firm.approver = NewPerson(pb::ROLE_HOLDER, firm.account, true);
  return firm;
}

void World::SetYears(const Firm& firm, int first, int last, std::uint32_t group) const {
  pb::SetEntityRequest request;
  request.set_entity(firm.entity);
  request.set_first_year(static_cast<std::uint32_t>(first));
  request.set_last_year(static_cast<std::uint32_t>(last));
  request.set_group(group);
  Do(&Accounts::SetEntity, request);
}

Client World::NewPerson(pb::Role role, const std::string& account, bool may_approve) const {
  const std::string token = "token " + NewRequestId();
  const std::string name = "principals/" + std::to_string(NewNumber());
  pb::SetPrincipalRequest principal;
  principal.set_name(name);
  principal.set_role(role);
  principal.set_active(true);
  principal.set_display_name("a person");
  principal.set_token_hash(Sha256(token));
  Do(&Admin::SetPrincipal, principal);
  if (account.empty()) return operator_.As(token);
  pb::SetGrantRequest grant;
  grant.set_name(name);
  grant.mutable_grant()->set_account(account);
  grant.mutable_grant()->set_may_read(true);
  grant.mutable_grant()->set_may_initiate(true);
  grant.mutable_grant()->set_may_approve(may_approve);
  Do(&Admin::SetGrant, grant);
  return operator_.As(token);
}

void World::SetMay(const std::string& account, bool send, bool receive, bool surrender,
                   bool leave_trusted_list) const {
  pb::UpdateAccountRequest request;
  request.mutable_draft()->set_account(account);
  request.mutable_draft()->set_may_send(send);
  request.mutable_draft()->set_may_receive(receive);
  request.mutable_draft()->set_may_surrender(surrender);
  request.mutable_draft()->set_may_leave_trusted_list(leave_trusted_list);
  Do(&Accounts::UpdateAccount, request);
}

void World::LeaveTrustedList(const Firm& firm) const {
  SetMay(firm.account, true, true, true, true);
}

void World::Trust(const Firm& firm, const std::string& target) const {
  pb::AddTrustedAccountRequest add;
  add.mutable_draft()->set_account(firm.account);
  add.mutable_draft()->set_target(target);
  Do(&Accounts::AddTrustedAccount, add);
  pb::ListTrustedAccountsRequest list;
  list.set_parent(firm.account);
  const auto listed = Do(&Accounts::ListTrustedAccounts, list);
  ASSERT_EQ(listed->trusted_accounts_size(), 1);
  GoTo(std::max(Now(), TimeOf(listed->trusted_accounts(0).effective_time())));
}

pb::Account World::Account(const std::string& name) const {
  pb::GetAccountRequest request;
  request.set_name(name);
  return Do(&Accounts::GetAccount, request)->account();
}

// ---- Units ----

std::string World::Allowance(int vintage) { return "CEA-" + std::to_string(vintage); }

void World::Open(const std::string& unit) const {
  pb::OpenLedgerRequest request;
  request.set_unit(unit);
  const auto opened = operator_.Ask(&Units::OpenLedger, request);
  EXPECT_TRUE(opened.ok() || opened.said().reason == "LEDGER_EXISTS") << opened.said().text();
}

void World::Give(const std::string& account, const std::string& unit, std::int64_t amount) {
  Open(unit);
  pb::IssueAllowancesRequest issue;
  issue.mutable_draft()->set_unit(unit);
  issue.mutable_draft()->set_amount(amount);
  if (IsMoney(unit)) {
    issue.mutable_draft()->set_account(account);
    Do(&Units::IssueAllowances, issue);
    return;
  }
  const std::string source = Central(pb::ACCOUNT_KIND_ALLOCATION);
  issue.mutable_draft()->set_account(source);
  Do(&Units::IssueAllowances, issue);
  if (account != source) Do(&Transfers::CreateTransfer, Transfer(source, account, unit, amount));
}

pb::Holding World::Holding(const std::string& account, const std::string& unit) const {
  pb::GetHoldingRequest request;
  request.set_name(account + "/holdings/" + unit);
  return Do(&Accounts::GetHolding, request)->holding();
}

pb::Ledger World::Ledger(const std::string& unit) const {
  pb::GetLedgerRequest request;
  request.set_name("ledgers/" + unit);
  return Do(&Units::GetLedger, request)->ledger();
}

pb::TransferDraft World::Draft(const std::string& debit, const std::string& credit,
                               const std::string& unit, std::int64_t amount) {
  pb::TransferDraft draft;
  draft.set_debit(debit);
  draft.set_credit(credit);
  draft.set_unit(unit);
  draft.set_amount(amount);
  return draft;
}

pb::CreateTransferRequest World::Transfer(const std::string& debit, const std::string& credit,
                                          const std::string& unit, std::int64_t amount) {
  pb::CreateTransferRequest request;
  *request.mutable_transfer() = Draft(debit, credit, unit, amount);
  return request;
}

pb::ProposeTransferRequest World::Proposal(const std::string& debit, const std::string& credit,
                                           const std::string& unit, std::int64_t amount) {
  pb::ProposeTransferRequest request;
  *request.mutable_transfer() = Draft(debit, credit, unit, amount);
  return request;
}

pb::SurrenderRequest World::Surrender(const std::string& account, const std::string& unit, int year,
                                      std::int64_t amount) {
  pb::SurrenderRequest request;
  request.mutable_draft()->set_account(account);
  request.mutable_draft()->set_unit(unit);
  request.mutable_draft()->set_year(static_cast<std::uint32_t>(year));
  request.mutable_draft()->set_amount(amount);
  return request;
}

pb::CancelRequest World::Cancel(const std::string& account, const std::string& unit,
                                std::int64_t amount) {
  pb::CancelRequest request;
  request.mutable_draft()->set_account(account);
  request.mutable_draft()->set_unit(unit);
  request.mutable_draft()->set_amount(amount);
  request.mutable_draft()->set_beneficiary("the atmosphere");
  request.mutable_draft()->set_statement("of a conformance case");
  return request;
}

std::uint32_t World::NumberOf(const std::string& account) {
  return static_cast<std::uint32_t>(std::stoul(account.substr(account.rfind('/') + 1)));
}

std::string World::FirstTransferOf(std::uint64_t sequence) {
  return "transfers/" + std::to_string(sequence) + "-0";
}

pb::Task World::Task(const std::string& name) const {
  pb::GetTaskRequest request;
  request.set_name(name);
  return Do(&Transfers::GetTask, request)->task();
}

void World::Approve(const Client& person, const std::string& task) const {
  pb::ApproveTaskRequest request;
  request.set_name(task);
  Good(person.Ask(&Transfers::ApproveTask, request));
}

Said World::RefusedReversal(const std::string& transfer) const {
  pb::ReverseTransferRequest request;
  request.set_name(transfer);
  return Refused(&Transfers::ReverseTransfer, request);
}

// The run reads the journal again: filled with batches, it takes long enough to be met.
Said World::SaidWhileReconciling() {
  constexpr int kItems = 8'190, kBatches = 12, kRunsMax = 50;
  const std::string unit = "CEA-2026";
  const std::string from = Central(pb::ACCOUNT_KIND_ALLOCATION);
  const std::string to = Central(pb::ACCOUNT_KIND_RESERVE);
  Give(from, unit, kItems * kBatches);
  pb::BatchCreateTransfersRequest batch;
  batch.add_units(unit);
  for (int item = 0; item < kItems; ++item) {
    batch.add_debits(NumberOf(from));
    batch.add_credits(NumberOf(to));
    batch.add_ledgers(0);
    batch.add_amounts(1);
  }
  for (int i = 0; i < kBatches; ++i) Do(&Transfers::BatchCreateTransfers, batch);
  std::atomic<bool> is_met{false};
  std::thread reconciling([&] {
    for (int run = 0; run < kRunsMax && !is_met; ++run) {
      EXPECT_EQ(Do(&Admin::Reconcile, pb::ReconcileRequest())->mismatches_size(), 0);
    }
  });
  Said said;
  for (int call = 0; call < 10'000 && said.code == grpc::StatusCode::OK; ++call) {
    said = operator_.Ask(&Transfers::CreateTransfer, Transfer(to, from, unit, 1)).said();
  }
  is_met = true;
  reconciling.join();
  return said;
}

// ---- Emissions and compliance ----

std::string World::Of(const Firm& firm, const std::string& collection, int year) {
  return "entities/" + std::to_string(firm.entity) + "/" + collection + "/" + std::to_string(year);
}

void World::Record(const Firm& firm, int year, std::int64_t emissions) const {
  pb::RecordEmissionsRequest request;
  request.set_name(Of(firm, "emissions", year));
  request.set_emissions(emissions);
  Do(&Compliance::RecordEmissions, request);
}

void World::Correct(const Firm& firm, int year, std::int64_t emissions) const {
  pb::CorrectEmissionsRequest request;
  request.set_name(Of(firm, "emissions", year));
  request.set_emissions(emissions);
  Do(&Compliance::CorrectEmissions, request);
}

void World::Entitle(const Firm& firm, int year, std::uint32_t table, std::int64_t amount) const {
  pb::SetEntitlementRequest request;
  request.mutable_draft()->set_entity(firm.entity);
  request.mutable_draft()->set_year(static_cast<std::uint32_t>(year));
  request.mutable_draft()->set_table(table);
  request.mutable_draft()->set_amount(amount);
  Do(&Allocation::SetEntitlement, request);
}

pb::RunAllocationResponse World::Allocate(int year, std::uint32_t table, std::int64_t pool) {
  const std::string source = Central(pb::ACCOUNT_KIND_ALLOCATION);
  Give(source, Allowance(year), pool);
  pb::RunAllocationRequest request;
  request.mutable_draft()->set_year(static_cast<std::uint32_t>(year));
  request.mutable_draft()->set_table(table);
  request.mutable_draft()->set_source(source);
  request.mutable_draft()->set_unit(Allowance(year));
  return Do(&Allocation::RunAllocation, request).value;
}

std::uint32_t World::NewTable() {
  constexpr std::uint32_t kFirst = 3, kCount = 253;  // 1 and 2 are the law's own.
  static std::uint32_t next = NewNumber();
  return kFirst + next++ % kCount;
}

pb::ComplianceStatus World::Status(const Firm& firm, int year) const {
  pb::GetComplianceStatusRequest request;
  request.set_name(Of(firm, "complianceStatuses", year));
  return Do(&Compliance::GetComplianceStatus, request)->compliance_status();
}

pb::ComplianceSymbol World::Symbol(const Firm& firm) const {
  return Status(firm, Year()).dynamic().symbol();
}

}  // namespace ets::conformance
