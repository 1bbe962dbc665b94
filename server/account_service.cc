#include "ets/registry/v1/account_service.grpc.pb.h"
#include "server/call.h"

namespace ets::server {

namespace {

using grpc::ServerContext;
using grpc::Status;
using registry::Registry;

// What stands against a change of an account that was read with `etag`.
Call::Precondition Unchanged(AccountId account, const std::string& etag) {
  if (etag.empty()) return {};
  return [account, etag](const Registry& state) -> std::optional<Status> {
    if (account.raw() >= state.account_count()) return {};  // The machine says so.
    const std::string current = EtagOf(state.account(account));
    if (current == etag) return {};
    return Error(Reason::kEtagMismatch, "the account has changed since etag \"" + etag + "\"",
                 {{"account", wire::NameOf(account)}, {"etag", current}});
  };
}

class AccountService final : public pb::AccountService::Service {
 public:
  explicit AccountService(Edge& edge) : edge_(edge) {}

  Status GetAccount(ServerContext* context, const pb::GetAccountRequest* request,
                    pb::GetAccountResponse* response) override {
    Call call(edge_, *context);
    const AccountId id = call.in.Account("name", request->name());
    return call.Read(*request, response, [&](const Registry& state) {
      const Status known = call.CheckAccount(state, id);
      if (known.ok()) call.Views(state).Fill(id, response->mutable_account());
      return known;
    });
  }

  Status ListAccounts(ServerContext* context, const pb::ListAccountsRequest* request,
                      pb::ListAccountsResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    const auto kind =
        call.in.Checked("kind", request->kind(), pb::AccountKind_IsValid(request->kind()));
    return call.List(*request, response, [&](const Registry& state, Page& page) {
      for (std::uint64_t at = page.position; at < state.account_count(); ++at) {
        const AccountId id(static_cast<std::uint32_t>(at));
        const registry::AccountView account = state.account(id);
        if (kind != pb::ACCOUNT_KIND_UNSPECIFIED && static_cast<int>(account.kind) != kind)
          continue;
        if (request->has_entity() && !Belongs(account, request->entity())) continue;
        if (!MayRead(state, call.caller(), id)) continue;
        if (!page.Take(at)) break;
        call.Views(state).Fill(id, response->add_accounts());
      }
      return Status::OK;
    });
  }

  Status CreateAccount(ServerContext* context, const pb::CreateAccountRequest* request,
                       pb::CreateAccountResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    const bool is_kind = pb::AccountKind_IsValid(request->kind()) && request->kind() != 0;
    const auto kind = call.in.Checked("kind", request->kind(), is_kind);
    const registry::OpenAccount command{static_cast<registry::AccountKind>(kind),
                                        request->entity()};
    if (is_kind && registry::RowOf(command.kind).has_entity && !request->has_entity()) {
      call.in.Wrong("entity", "", "a firm's number: accounts of that kind belong to one");
    }
    return Finish(call.Prepare(FieldsOf(*request), command), response,
                  [&](const Answer& answer, pb::CreateAccountResponse& out) {
                    out.set_account(call.Prefixed(wire::NameOf(AccountId(answer.receipt.id))));
                  });
  }

  Status UpdateAccount(ServerContext* context, const pb::UpdateAccountRequest* request,
                       pb::UpdateAccountResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    const registry::SetAccount command = call.in.Draft(request->draft());
    return Finish(
        call.Prepare(FieldsOf(*request), command, Unchanged(command.account, request->etag())),
        response);
  }

  Status CloseAccount(ServerContext* context, const pb::CloseAccountRequest* request,
                      pb::CloseAccountResponse* response) override {
    Call call(edge_, *context);
    const registry::CloseAccount command{call.in.Account("name", request->name())};
    return Finish(
        call.Prepare(FieldsOf(*request), command, Unchanged(command.account, request->etag())),
        response);
  }

  Status GetHolding(ServerContext* context, const pb::GetHoldingRequest* request,
                    pb::GetHoldingResponse* response) override {
    Call call(edge_, *context);
    const wire::HoldingPath path = call.in.Holding("name", request->name());
    return call.Read(*request, response, [&](const Registry& state) {
      const Status known = call.CheckAccount(state, path.account.account);
      if (!known.ok()) return known;
      if (!state.has_ledger(path.unit)) return LedgerNotFound(path.unit);
      call.Views(state).Fill(path.account.account, state.ledger(path.unit),
                             response->mutable_holding());
      return Status::OK;
    });
  }

  Status ListHoldings(ServerContext* context, const pb::ListHoldingsRequest* request,
                      pb::ListHoldingsResponse* response) override {
    Call call(edge_, *context);
    const AccountId account = call.in.Account("parent", request->parent());
    return call.List(*request, response, [&](const Registry& state, Page& page) {
      if (const Status known = call.CheckAccount(state, account); !known.ok()) return known;
      for (std::uint64_t at = page.position; at < state.ledger_count(); ++at) {
        const LedgerId ledger(static_cast<std::uint16_t>(at));
        const registry::Holding holding = state.holding(account, ledger);
        if (holding.posted == 0 && holding.reserved == 0 && holding.frozen == 0 &&
            holding.incoming == 0) {
          continue;
        }
        if (!page.Take(at)) break;
        call.Views(state).Fill(account, ledger, response->add_holdings());
      }
      return Status::OK;
    });
  }

  Status ListTrustedAccounts(ServerContext* context, const pb::ListTrustedAccountsRequest* request,
                             pb::ListTrustedAccountsResponse* response) override {
    Call call(edge_, *context);
    const AccountId account = call.in.Account("parent", request->parent());
    return call.List(*request, response, [&](const Registry& state, Page& page) {
      if (const Status known = call.CheckAccount(state, account); !known.ok()) return known;
      const std::vector<registry::TrustedView> trusted = state.trusted(account);
      for (std::uint64_t at = page.position; at < trusted.size() && page.Take(at); ++at) {
        call.Views(state).Fill(trusted[at], response->add_trusted_accounts());
      }
      return Status::OK;
    });
  }

  Status AddTrustedAccount(ServerContext* context, const pb::AddTrustedAccountRequest* request,
                           pb::AddTrustedAccountResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    const registry::AddTrusted command = call.in.Draft(request->draft());
    return Finish(call.Prepare(FieldsOf(*request), command), response);
  }

  Status RemoveTrustedAccount(ServerContext* context,
                              const pb::RemoveTrustedAccountRequest* request,
                              pb::RemoveTrustedAccountResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    const registry::AddTrusted named = call.in.Draft(request->draft());
    return Finish(
        call.Prepare(FieldsOf(*request), registry::RemoveTrusted{named.account, named.target}),
        response);
  }

  Status GetEntity(ServerContext* context, const pb::GetEntityRequest* request,
                   pb::GetEntityResponse* response) override {
    Call call(edge_, *context);
    const std::uint32_t entity = call.in.Entity("name", request->name());
    return call.Read(*request, response, [&](const Registry& state) {
      if (!state.has_entity(entity)) return EntityNotFound(entity);
      call.Views(state).FillEntity(entity, response->mutable_entity());
      for (std::uint32_t at = 0; at < state.account_count(); ++at) {
        const AccountId id(at);
        if (!Belongs(state.account(id), entity) || !MayRead(state, call.caller(), id)) continue;
        response->mutable_entity()->add_accounts(call.Views(state).Name(id));
      }
      return Status::OK;
    });
  }

  Status ListEntities(ServerContext* context, const pb::ListEntitiesRequest* request,
                      pb::ListEntitiesResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    return call.List(*request, response, [&](const Registry& state, Page& page) {
      const std::vector<std::uint32_t> entities = state.entities();
      for (std::uint64_t at = page.position; at < entities.size() && page.Take(at); ++at) {
        call.Views(state).FillEntity(entities[at], response->add_entities());
      }
      return Status::OK;
    });
  }

  Status SetEntity(ServerContext* context, const pb::SetEntityRequest* request,
                   pb::SetEntityResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    registry::SetEntity command;
    command.entity = request->entity();
    command.first_year = call.in.Year("first_year", request->first_year());
    command.last_year = call.in.Year("last_year", request->last_year());
    command.group = request->group();
    return Finish(call.Prepare(FieldsOf(*request), command), response);
  }

  Status ExcludeYear(ServerContext* context, const pb::ExcludeYearRequest* request,
                     pb::ExcludeYearResponse* response) override {
    Call call(edge_, *context);
    registry::ExcludeYear command;
    command.entity = call.in.Entity("name", request->name());
    command.year = call.in.Year("year", request->year());
    command.excluded = request->excluded();
    return Finish(call.Prepare(FieldsOf(*request), command), response);
  }

 private:
  static bool Belongs(const registry::AccountView& account, std::uint32_t entity) {
    return registry::RowOf(account.kind).has_entity && account.entity == entity;
  }

  Edge& edge_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeAccountService(Edge& edge) {
  return std::make_unique<AccountService>(edge);
}

}  // namespace ets::server
