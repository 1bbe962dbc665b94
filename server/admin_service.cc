#include <cstring>
#include <future>

#include "ets/registry/v1/admin_service.grpc.pb.h"
#include "registry/profile.h"
#include "server/call.h"
#include "server/registry_journal.h"
#include "server/version.h"
#include "store/batch.h"

namespace ets::server {

namespace {

using grpc::ServerContext;
using grpc::Status;
using registry::Registry;
using registry::Role;

// A name that becomes a folder's.
bool IsFolderName(const std::string& name) {
  if (name.empty() || name.size() > 64) return false;
  for (const char c : name) {
    if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-') return false;
  }
  return true;
}

class AdminService final : public pb::AdminService::Service {
 public:
  explicit AdminService(Edge& edge) : edge_(edge) {}

  Status GetRegistry(ServerContext* context, const pb::GetRegistryRequest* request,
                     pb::GetRegistryResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    const Status read = call.Read(*request, response, [&](const Registry& state) {
      response->set_profile(state.profile().name);
      response->set_accounts(state.account_count());
      response->set_ledgers(state.ledger_count());
      response->set_settlement_sequence(state.settlement_sequence());
      response->set_state_hash(ToHex(state.BooksHash()));
      if (state.next_due() != std::numeric_limits<SimTime>::max()) {
        wire::Fill(state.next_due(), response->mutable_next_due_time());
      }
      return Status::OK;
    });
    if (!read.ok()) return read;
    const LiveRegistry* const live = call.in.live();
    response->set_name(BranchName(live->branch()));
    response->set_read_only(live->read_only());
    response->set_manual_clock(live->clock().kind == ClockOptions::Kind::kManual);
    response->set_version(kVersion);
    return Status::OK;
  }

  // ---- Who may act ----

  Status SetPrincipal(ServerContext* context, const pb::SetPrincipalRequest* request,
                      pb::SetPrincipalResponse* response) override {
    Call call(edge_, *context);
    registry::SetPrincipal command;
    command.principal = call.in.Numbered("name", request->name(), "principals");
    const auto role = call.in.Checked("role", request->role(),
                                      pb::Role_IsValid(request->role()) && request->role() != 0);
    command.role = static_cast<Role>(role);
    command.active = request->active();
    command.name = request->display_name();
    const std::string& hash = request->token_hash();
    if (!hash.empty() && hash.size() != command.token_hash.size()) {
      call.in.Wrong("token_hash", std::to_string(hash.size()) + " bytes",
                    "32 bytes, the SHA-256 of a token, or none");
    } else if (!hash.empty()) {
      std::memcpy(command.token_hash.data(), hash.data(), hash.size());
    }
    return Finish(call.Prepare(FieldsOf(*request), command), response);
  }

  Status SetGrant(ServerContext* context, const pb::SetGrantRequest* request,
                  pb::SetGrantResponse* response) override {
    Call call(edge_, *context);
    registry::SetGrant command;
    command.principal = call.in.Numbered("name", request->name(), "principals");
    command.account = call.in.Account("grant.account", request->grant().account());
    if (request->grant().may_read()) command.rights |= registry::kMayRead;
    if (request->grant().may_initiate()) command.rights |= registry::kMayInitiate;
    if (request->grant().may_approve()) command.rights |= registry::kMayApprove;
    return Finish(call.Prepare(FieldsOf(*request), command), response);
  }

  Status ListPrincipals(ServerContext* context, const pb::ListPrincipalsRequest* request,
                        pb::ListPrincipalsResponse* response) override {
    Call call(edge_, *context);
    const Status may =
        call.Needs({Role::kRegistryAdmin, Role::kAuthority, Role::kRegulator, Role::kAuditor});
    if (!may.ok()) return may;
    call.in.Parent(request->parent());
    return call.List(*request, response, [&](const Registry& state, Page& page) {
      const std::vector<registry::PrincipalView> principals = state.principals();
      for (std::uint64_t at = page.position; at < principals.size() && page.Take(at); ++at) {
        call.Views(state).Fill(principals[at], response->add_principals());
      }
      return Status::OK;
    });
  }

  Status ListGrants(ServerContext* context, const pb::ListGrantsRequest* request,
                    pb::ListGrantsResponse* response) override {
    Call call(edge_, *context);
    const std::uint32_t principal = call.in.Numbered("parent", request->parent(), "principals");
    if (principal != call.caller().principal) {
      const Status may =
          call.Needs({Role::kRegistryAdmin, Role::kAuthority, Role::kRegulator, Role::kAuditor});
      if (!may.ok()) return may;
    }
    return call.List(*request, response, [&](const Registry& state, Page& page) {
      if (state.FindPrincipal(principal) == nullptr) {
        return NotFound(registry::Refusal::kPrincipalNotFound,
                        wire::NumberedName("principals", principal));
      }
      for (std::uint64_t at = page.position; at < state.account_count(); ++at) {
        const AccountId account(static_cast<std::uint32_t>(at));
        const registry::Rights rights = state.rights(principal, account);
        if (rights == 0) continue;
        if (!page.Take(at)) break;
        pb::Grant* const grant = response->add_grants();
        grant->set_account(call.Views(state).Name(account));
        grant->set_may_read((rights & registry::kMayRead) != 0);
        grant->set_may_initiate((rights & registry::kMayInitiate) != 0);
        grant->set_may_approve((rights & registry::kMayApprove) != 0);
      }
      return Status::OK;
    });
  }

  // ---- Time and branches ----

  Status AdvanceTime(ServerContext* context, const pb::AdvanceTimeRequest* request,
                     pb::AdvanceTimeResponse* response) override {
    Call call(edge_, *context, kLongPatience);
    call.in.Parent(request->parent());
    if (!request->has_to_time()) call.in.Wrong("to_time", "", "a time");
    const SimTime time = call.in.Time("to_time", true, request->to_time());
    auto prepared = call.Prepare(FieldsOf(*request), registry::AdvanceTo{time});
    if (!prepared.ok()) return prepared.error();
    Mutation& mutation = prepared.value();
    if (mutation.live->clock().kind != ClockOptions::Kind::kManual && !mutation.live->read_only()) {
      return Error(Reason::kClockNotManual, RowOf(Reason::kClockNotManual).meaning);
    }
    std::promise<Answer> answered;
    mutation.live->AdvanceTime(std::move(mutation.submission),
                               [&](const Answer& answer) { answered.set_value(answer); });
    const Answer answer = answered.get_future().get();
    if (const Status status = StatusOf(mutation, answer); !status.ok()) return status;
    Call::FillPoint(answer.at, response);
    response->set_fired(answer.receipt.amount);
    return Status::OK;
  }

  Status ForkBranch(ServerContext* context, const pb::ForkBranchRequest* request,
                    pb::ForkBranchResponse* response) override {
    Call call(edge_, *context, kLongPatience);
    const Status may = call.Needs({Role::kAuthority, Role::kRegistryAdmin});
    if (!may.ok()) return may;
    call.in.Parent(request->parent());
    if (!IsFolderName(request->branch_id()) || request->branch_id() == "main") {
      call.in.Wrong("branch_id", request->branch_id(), "1 to 64 of a-z, 0-9 and '-'; not main");
    }
    if (!request->profile_text().empty()) {
      const auto profile = registry::ParseProfile(request->profile_text());
      if (!profile.ok()) call.in.Wrong("profile_text", profile.error(), "a profile's text");
    }
    const auto id = wire::ParseRequestId(request->request_id());
    if (const Status refused = call.Refused(); !refused.ok()) return refused;
    if (!id.ok()) return id.error();
    LiveRegistry* const live = call.in.live();
    if (live == nullptr) return call.Refused();
    if (live->read_only()) return ReadOnly();
    if (request->at_sequence() > live->committed().sequence) {
      return call.ToStatus({LiveFailure::Kind::kOutOfRange,
                            "at_sequence: " + std::to_string(request->at_sequence()) +
                                "; allowed: 0, or 1 to " +
                                std::to_string(live->committed().sequence)});
    }
    if (request->validate_only()) {
      Call::FillPoint(live->committed(), response);
      return Status::OK;
    }
    const auto forked =
        edge_.branches.Fork(call.in.branch(), request->at_sequence(), request->branch_id(),
                            request->profile_text(), call.patience());
    if (!forked.ok()) return call.ToStatus(forked.error());
    // Of the branch's own first record, which a retry finds where it was.
    const auto begun = edge_.branches.Find(forked->name)->PointOf(forked->fork_sequence + 1);
    if (!begun.ok()) return call.ToStatus(begun.error());
    Call::FillPoint(*begun, response);
    response->set_branch(BranchName(forked->name));
    return Status::OK;
  }

  Status ListBranches(ServerContext* context, const pb::ListBranchesRequest* request,
                      pb::ListBranchesResponse* response) override {
    const Call call(edge_, *context);
    if (const Status refused = call.Refused(); !refused.ok()) return refused;
    const std::string own = "registries/" + edge_.home.registry;
    if (!request->parent().empty() && request->parent() != own) {
      return FieldError("parent", request->parent(), own + ", or nothing");
    }
    for (const BranchInfo& info : edge_.branches.List()) {
      pb::Branch* const branch = response->add_branches();
      branch->set_name(BranchName(info.name));
      if (!info.parent.empty()) branch->set_fork_of(BranchName(info.parent));
      branch->set_fork_sequence(info.fork_sequence);
      branch->set_profile(info.profile);
      branch->set_sequence(info.at.sequence);
      branch->set_chain_head(info.at.chain_head);
    }
    return Status::OK;
  }

  Status DiffBranches(ServerContext* context, const pb::DiffBranchesRequest* request,
                      pb::DiffBranchesResponse* response) override {
    Call call(edge_, *context, kLongPatience);
    const Status may = NeedsToReadAll(call);
    if (!may.ok()) return may;
    RequestReader base(edge_.home, edge_.branches), other(edge_.home, edge_.branches);
    base.Parent(request->base());
    other.Parent(request->other());
    if (base.live() == nullptr) return *base.error();
    if (other.live() == nullptr) return *other.error();
    std::optional<SimTime> time;
    if (request->has_sim_time()) time = call.in.Time("sim_time", true, request->sim_time());
    const auto size = wire::ParsePageSize(request->page_size());
    if (!size.ok()) return size.error();
    if (const Status refused = call.Refused(); !refused.ok()) return refused;
    const auto diff = edge_.branches.Diff(base.branch(), other.branch(), time, call.patience());
    if (!diff.ok()) return call.ToStatus(diff.error());
    return FillDiff(*request, *diff, *size, *response);
  }

  // ---- Proof ----

  Status VerifyChain(ServerContext* context, const pb::VerifyChainRequest* request,
                     pb::VerifyChainResponse* response) override {
    Call call(edge_, *context, kLongPatience);
    const Status may =
        call.Needs({Role::kRegistryAdmin, Role::kAuthority, Role::kRegulator, Role::kAuditor});
    if (!may.ok()) return may;
    call.in.Parent(request->parent());
    if (const Status refused = call.Refused(); !refused.ok()) return refused;
    LiveRegistry* const live = call.in.live();
    if (live == nullptr) return call.Refused();
    const auto verified = live->Verify(call.patience());
    if (!verified.ok()) return call.ToStatus(verified.error());
    FillVerification(*verified, *response);
    return Status::OK;
  }

  Status Reconcile(ServerContext* context, const pb::ReconcileRequest* request,
                   pb::ReconcileResponse* response) override {
    Call call(edge_, *context, kLongPatience);
    const Status may = call.Needs({Role::kRegistryAdmin, Role::kAuditor});
    if (!may.ok()) return may;
    call.in.Parent(request->parent());
    const std::vector<LiveRegistry::Balance> auditors = BalancesOf(*request, call.in);
    LiveRegistry* const live = call.in.live();
    if (live == nullptr) return call.Refused();
    if (live->read_only()) return ReadOnly();
    Status known = Status::OK;
    const auto unread = live->Read(call.patience(), [&](const Registry& state, const StatePoint&) {
      known = CheckBalances(call, state, *request, auditors);
    });
    if (unread) return call.ToStatus(*unread);
    if (!known.ok()) return known;
    const auto reconciled = live->Reconcile(call.patience(), &auditors);
    if (!reconciled.ok()) return call.ToStatus(reconciled.error());
    Call::FillPoint(reconciled->at, response);
    response->set_accounts(reconciled->accounts);
    for (const LiveRegistry::Mismatch& mismatch : reconciled->mismatches) {
      pb::Mismatch* const out = response->add_mismatches();
      out->set_account(call.Prefixed(wire::NameOf(mismatch.account)));
      out->set_unit(ets::ToString(live->UnitOf(mismatch.ledger).value_or(Unit())));
      out->set_recorded(mismatch.recorded);
      out->set_recomputed(mismatch.recomputed);
    }
    return Status::OK;
  }

  Status Backup(ServerContext* context, const pb::BackupRequest* request,
                pb::BackupResponse* response) override {
    Call call(edge_, *context, kLongPatience);
    if (const Status may = call.Needs({Role::kRegistryAdmin}); !may.ok()) return may;
    call.in.Parent(request->parent());
    if (!IsFolderName(request->backup_id())) {
      call.in.Wrong("backup_id", request->backup_id(), "1 to 64 of a-z, 0-9 and '-'");
    }
    LiveRegistry* const live = call.in.live();
    if (live == nullptr) return call.Refused();
    const auto at = live->Backup(request->backup_id());
    if (!at.ok()) return call.ToStatus(at.error());
    Call::FillPoint(*at, response);
    response->set_folder("backups/" + request->backup_id());
    return Status::OK;
  }

  // ---- The law ----

  Status GetProfile(ServerContext* context, const pb::GetProfileRequest* request,
                    pb::GetProfileResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    return call.Read(*request, response, [&](const Registry& state) {
      response->set_profile_text(registry::ProfileText(state.profile()));
      for (const registry::ProfileField& field : registry::ProfileFields()) {
        pb::ProfileField* const out = response->add_fields();
        out->set_key(field.key);
        out->set_value(field.get(state.profile()));
        out->set_meaning(field.words);
        out->set_allowed(field.allowed);
      }
      return Status::OK;
    });
  }

  Status ListProfiles(ServerContext* context, const pb::ListProfilesRequest*,
                      pb::ListProfilesResponse* response) override {
    const Call call(edge_, *context);
    if (const Status refused = call.Refused(); !refused.ok()) return refused;
    for (const registry::Profile& profile : registry::Profiles()) {
      pb::Profile* const out = response->add_profiles();
      out->set_name(profile.name);
      out->set_profile_text(registry::ProfileText(profile));
    }
    return Status::OK;
  }

  // ---- The journal ----

  Status ExportJournal(ServerContext* context, const pb::ExportJournalRequest* request,
                       grpc::ServerWriter<pb::ExportJournalResponse>* writer) override {
    Call call(edge_, *context, std::chrono::hours(1));
    if (const Status may = NeedsToReadAll(call); !may.ok()) return may;
    call.in.Parent(request->parent());
    LiveRegistry* const live = call.in.live();
    if (live == nullptr) return call.Refused();
    const WatchSlot slot(edge_);
    if (!slot.is_free()) return TooManyWatches();
    return Export(call, *live, request->from_batch(), *writer);
  }

 private:
  std::string BranchName(const std::string& branch) const {
    return "registries/" + edge_.home.registry + "/branches/" + branch;
  }

  static std::vector<LiveRegistry::Balance> BalancesOf(const pb::ReconcileRequest& request,
                                                       RequestReader& in) {
    constexpr int kBalancesMax = 100'000;
    const int count = request.auditor_balances_size();
    std::vector<LiveRegistry::Balance> balances;
    if (count > kBalancesMax) {
      in.Wrong("auditor_balances", std::to_string(count) + " items", "at most 100000");
      return balances;
    }
    for (const pb::AuditorBalance& balance : request.auditor_balances()) {
      balances.push_back({in.Account("auditor_balances.account", balance.account()),
                          in.Ledger("auditor_balances.unit", balance.unit()), balance.amount()});
    }
    return balances;
  }

  // Of accounts and ledgers that are there.
  static Status CheckBalances(const Call& call, const Registry& state,
                              const pb::ReconcileRequest& request,
                              const std::vector<LiveRegistry::Balance>& balances) {
    for (std::size_t at = 0; at < balances.size(); ++at) {
      const Status known = call.CheckAccount(state, balances[at].account);
      if (!known.ok()) return known;
      if (balances[at].ledger.raw() < state.ledger_count()) continue;
      const auto& named = request.auditor_balances(static_cast<int>(at));
      return NotFound(registry::Refusal::kLedgerNotFound, wire::Shortened(named.unit()));
    }
    return Status::OK;
  }

  static Status ReadOnly() { return Error(Reason::kReadOnly, RowOf(Reason::kReadOnly).meaning); }

  static Status NeedsToReadAll(const Call& call) {
    return call.Needs({Role::kAuthority, Role::kRegistryAdmin, Role::kRegulator, Role::kAuditor});
  }

  static Status FillDiff(const pb::DiffBranchesRequest& request, const BranchDiff& diff,
                         std::size_t page_size, pb::DiffBranchesResponse& out) {
    // Pages of a difference are of the two states that the first one was of.
    pb::DiffBranchesRequest question = request;
    question.clear_page_size();
    question.clear_page_token();
    const std::uint64_t fingerprint =
        DigestOf(question) ^ diff.base_state_hash ^ (diff.other_state_hash << 1U);
    Page page{.sequence = std::max<std::uint64_t>(diff.base.sequence, 1),
              .question = fingerprint,
              .size = page_size};
    if (!request.page_token().empty()) {
      const auto token = wire::ParsePageToken(request.page_token(), fingerprint);
      if (!token.ok()) return token.error();
      page.position = token->position;
    }
    out.set_base_sequence(diff.base.sequence);
    out.set_other_sequence(diff.other.sequence);
    out.set_base_state_hash(ToHex(diff.base_state_hash));
    out.set_other_state_hash(ToHex(diff.other_state_hash));
    for (std::uint64_t at = page.position; at < diff.differences.size() && page.Take(at); ++at) {
      const BranchDifference& difference = diff.differences[at];
      pb::Difference* const message = out.add_differences();
      message->set_name(difference.name);
      message->set_field(difference.field);
      message->set_base(difference.base);
      message->set_other(difference.other);
    }
    out.set_next_page_token(page.next);
    return Status::OK;
  }

  static void FillVerification(const Verification& verification, pb::VerifyChainResponse& out) {
    Call::FillPoint({verification.journal.last_sequence, verification.sim_time,
                     verification.journal.chain_head},
                    &out);
    out.set_batches(verification.journal.batches);
    out.set_commands_applied(verification.applied);
    out.set_commands_refused(verification.refused);
    out.set_transfers(verification.transfers);
    out.set_days_closed(verification.days);
    out.set_settlement_messages(verification.messages);
    out.set_failed_pairs(verification.failed_pairs);
    out.set_accounts(verification.accounts);
    out.set_ledgers(verification.ledgers);
    out.set_state_hash(ToHex(verification.state_hash));
  }

  // Batches are written from their records as the store writes them, which gives the same bytes.
  static Status Export(const Call& call, LiveRegistry& live, std::uint64_t from_batch,
                       grpc::ServerWriter<pb::ExportJournalResponse>& writer) {
    const store::JournalReader reader = live.Reader();
    const store::ChainEnd last = reader.end();
    store::ChainEnd end;
    store::BatchWriter batch;
    while (end.batch < last.batch && !call.patience().ended()) {
      const auto next = reader.BatchOf(end.sequence + 1);
      if (!next.ok()) return Error(Reason::kChainBroken, next.error().message);
      if (next->batch < from_batch) {
        end = *next;
        continue;
      }
      batch.Reset();
      const auto read = reader.Read(end, next->sequence, [&](const JournalRecord& record) {
        batch.Append(record);
        return true;
      });
      if (!read.ok()) return Error(Reason::kChainBroken, read.error().message);
      pb::ExportJournalResponse message;
      message.set_value(std::string(batch.Seal(end)));
      message.set_batch(end.batch);
      message.set_chain_head(store::ToHex(end.head));
      if (end != *next) return Error(Reason::kChainBroken, "a batch does not give its hash");
      if (!writer.Write(message)) break;
    }
    if (end.batch >= last.batch) return Status::OK;
    return call.ToStatus({LiveFailure::Kind::kExpired, "the export has ended before the journal"});
  }

  Edge& edge_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeAdminService(Edge& edge) {
  return std::make_unique<AdminService>(edge);
}

}  // namespace ets::server
