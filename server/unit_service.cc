#include "ets/registry/v1/unit_service.grpc.pb.h"
#include "server/call.h"

namespace ets::server {

namespace {

using grpc::ServerContext;
using grpc::Status;
using registry::Registry;
using registry::Role;

class UnitService final : public pb::UnitService::Service {
 public:
  explicit UnitService(Edge& edge) : edge_(edge) {}

  // ---- Ledgers ----

  Status OpenLedger(ServerContext* context, const pb::OpenLedgerRequest* request,
                    pb::OpenLedgerResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    const registry::OpenLedger command{call.in.UnitText("unit", request->unit()), request->cap()};
    return Finish(call.Prepare(FieldsOf(*request), command), response);
  }

  Status SetCap(ServerContext* context, const pb::SetCapRequest* request,
                pb::SetCapResponse* response) override {
    Call call(edge_, *context);
    const Unit unit = call.in.LedgerUnit("name", request->name());
    const registry::SetCap command{call.in.LedgerOf(unit), request->cap()};
    return Finish(call.Prepare(FieldsOf(*request), command), response);
  }

  Status GetLedger(ServerContext* context, const pb::GetLedgerRequest* request,
                   pb::GetLedgerResponse* response) override {
    Call call(edge_, *context);
    const Unit unit = call.in.LedgerUnit("name", request->name());
    return call.Read(*request, response, [&](const Registry& state) {
      if (!state.has_ledger(unit)) return LedgerNotFound(unit);
      call.Views(state).Fill(state.ledger(unit), response->mutable_ledger());
      return Status::OK;
    });
  }

  Status ListLedgers(ServerContext* context, const pb::ListLedgersRequest* request,
                     pb::ListLedgersResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    return call.List(*request, response, [&](const Registry& state, Page& page) {
      for (std::uint64_t at = page.position; at < state.ledger_count() && page.Take(at); ++at) {
        call.Views(state).Fill(LedgerId(static_cast<std::uint16_t>(at)), response->add_ledgers());
      }
      return Status::OK;
    });
  }

  Status IssueAllowances(ServerContext* context, const pb::IssueAllowancesRequest* request,
                         pb::IssueAllowancesResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    return Finish(call.Prepare(FieldsOf(*request), call.in.Draft(request->draft())), response,
                  [](const Answer& answer, pb::IssueAllowancesResponse& out) {
                    out.set_above_cap(answer.receipt.amount);
                  });
  }

  Status ConvertUnits(ServerContext* context, const pb::ConvertUnitsRequest* request,
                      pb::ConvertUnitsResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    registry::ConvertUnits command;
    command.holder = call.in.Account("account", request->account());
    command.from = call.in.Ledger("from_unit", request->from_unit());
    command.to = call.in.Ledger("to_unit", request->to_unit());
    command.amount = request->amount();
    return Finish(call.Prepare(FieldsOf(*request), command), response);
  }

  Status ExpireUnits(ServerContext* context, const pb::ExpireUnitsRequest* request,
                     pb::ExpireUnitsResponse* response) override {
    Call call(edge_, *context);
    const Unit unit = call.in.LedgerUnit("name", request->name());
    const registry::ExpireLedger command{call.in.LedgerOf(unit)};
    return Finish(call.Prepare(FieldsOf(*request), command), response,
                  [](const Answer& answer, pb::ExpireUnitsResponse& out) {
                    out.set_expired(answer.receipt.amount);
                  });
  }

  // ---- Cancellation ----

  Status Cancel(ServerContext* context, const pb::CancelRequest* request,
                pb::CancelResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    return Finish(
        call.Prepare(FieldsOf(*request), call.in.Draft(request->draft())), response,
        [&](const Answer& answer, pb::CancelResponse& out) {
          out.set_certificate(call.Prefixed(wire::NumberedName("certificates", answer.receipt.id)));
        });
  }

  Status GetCertificate(ServerContext* context, const pb::GetCertificateRequest* request,
                        pb::GetCertificateResponse* response) override {
    Call call(edge_, *context, kLongPatience);
    const std::uint32_t number = call.in.Numbered("name", request->name(), "certificates");
    registry::CertificateView view;
    const Status status = call.Read(*request, response, [&](const Registry& state) {
      if (number > state.certificate_count()) {
        return NotFound(Refusal::kTransferNotFound, wire::NumberedName("certificates", number));
      }
      view = state.certificate(number);
      call.Views(state).Fill(view, response->mutable_certificate());
      return Status::OK;
    });
    if (!status.ok()) return status;
    const auto failure = edge_.SerialsOf(call.in.branch())
                             .At(*call.in.live(), view.sequence, call.patience(),
                                 [&](const registry::SerialLineage& lineage) {
                                   AddRetired(lineage, view, *response->mutable_certificate());
                                 });
    return failure ? call.ToStatus(*failure) : Status::OK;
  }

  Status ListCertificates(ServerContext* context, const pb::ListCertificatesRequest* request,
                          pb::ListCertificatesResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    return call.List(*request, response, [&](const Registry& state, Page& page) {
      for (std::uint64_t at = std::max<std::uint64_t>(page.position, 1);
           at <= state.certificate_count() && page.Take(at); ++at) {
        call.Views(state).Fill(state.certificate(static_cast<std::uint32_t>(at)),
                               response->add_certificates());
      }
      return Status::OK;
    });
  }

  // ---- Serials ----

  Status ListSerialRanges(ServerContext* context, const pb::ListSerialRangesRequest* request,
                          pb::ListSerialRangesResponse* response) override {
    Call call(edge_, *context, kLongPatience);
    const Status may =
        call.Needs({Role::kAuditor, Role::kRegulator, Role::kAuthority, Role::kRegistryAdmin});
    if (!may.ok()) return may;
    const AccountId account = call.in.Account("parent", request->parent());
    std::optional<Unit> unit;
    if (!request->unit().empty()) unit = call.in.UnitText("unit", request->unit());
    std::vector<std::pair<LedgerId, Unit>> ledgers;
    Page pinned;
    const Status status = call.List(*request, response, [&](const Registry& state, Page& page) {
      if (const Status known = call.CheckAccount(state, account); !known.ok()) return known;
      if (unit && !state.has_ledger(*unit)) return LedgerNotFound(*unit);
      for (std::uint16_t at = 0; at < state.ledger_count(); ++at) {
        const Unit its_unit = state.unit(LedgerId(at));
        const bool is_wanted = unit ? its_unit == *unit : its_unit.type != UnitType::kCurrency;
        if (is_wanted) ledgers.emplace_back(LedgerId(at), its_unit);
      }
      pinned = page;
      return Status::OK;
    });
    if (!status.ok()) return status;
    const auto failure = edge_.SerialsOf(call.in.branch())
                             .At(*call.in.live(), pinned.sequence, call.patience(),
                                 [&](const registry::SerialLineage& lineage) {
                                   AddRanges(lineage, account, ledgers, pinned, *response);
                                 });
    response->set_next_page_token(pinned.next);
    return failure ? call.ToStatus(*failure) : Status::OK;
  }

  // ---- Freezes ----

  Status FreezeUnits(ServerContext* context, const pb::FreezeUnitsRequest* request,
                     pb::FreezeUnitsResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    return Finish(call.Prepare(FieldsOf(*request), call.in.Draft(request->draft())), response,
                  [&](const Answer& answer, pb::FreezeUnitsResponse& out) {
                    out.set_freeze(call.Prefixed(wire::NumberedName("freezes", answer.receipt.id)));
                  });
  }

  Status UnfreezeUnits(ServerContext* context, const pb::UnfreezeUnitsRequest* request,
                       pb::UnfreezeUnitsResponse* response) override {
    Call call(edge_, *context);
    const registry::Unfreeze command{call.in.Numbered("name", request->name(), "freezes")};
    return Finish(call.Prepare(FieldsOf(*request), command), response);
  }

  Status GetFreeze(ServerContext* context, const pb::GetFreezeRequest* request,
                   pb::GetFreezeResponse* response) override {
    Call call(edge_, *context);
    const std::uint32_t number = call.in.Numbered("name", request->name(), "freezes");
    return call.Read(*request, response, [&](const Registry& state) {
      if (number > state.freeze_count() ||
          !MayRead(state, call.caller(), state.freeze(number).account)) {
        return NotFound(Refusal::kFreezeNotFound, wire::NumberedName("freezes", number));
      }
      call.Views(state).Fill(state.freeze(number), response->mutable_freeze());
      return Status::OK;
    });
  }

  Status ListFreezes(ServerContext* context, const pb::ListFreezesRequest* request,
                     pb::ListFreezesResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    std::optional<AccountId> account;
    if (!request->account().empty()) account = call.in.Account("account", request->account());
    return call.List(*request, response, [&](const Registry& state, Page& page) {
      if (account) {
        if (const Status known = call.CheckAccount(state, *account); !known.ok()) return known;
      }
      for (std::uint64_t at = std::max<std::uint64_t>(page.position, 1); at <= state.freeze_count();
           ++at) {
        const registry::FreezeView freeze = state.freeze(static_cast<std::uint32_t>(at));
        if (account && freeze.account != *account) continue;
        if (request->active_only() && !freeze.active) continue;
        if (!MayRead(state, call.caller(), freeze.account)) continue;
        if (!page.Take(at)) break;
        call.Views(state).Fill(freeze, response->add_freezes());
      }
      return Status::OK;
    });
  }

 private:
  using Refusal = registry::Refusal;

  // The serials that the cancellation retired.
  static void AddRetired(const registry::SerialLineage& lineage,
                         const registry::CertificateView& view, pb::Certificate& out) {
    for (const registry::SerialLineage::Retired& retired : lineage.retired()) {
      if (retired.sequence != view.sequence || retired.from != view.holder) continue;
      for (const registry::SerialRange& range : retired.serials)
        Fill(range, out.add_serial_ranges());
    }
  }

  static void AddRanges(const registry::SerialLineage& lineage, AccountId account,
                        const std::vector<std::pair<LedgerId, Unit>>& ledgers, Page& page,
                        pb::ListSerialRangesResponse& out) {
    std::uint64_t at = 0;
    for (const auto& [ledger, unit] : ledgers) {
      for (const registry::SerialRange& range : lineage.Of(account, ledger)) {
        if (at++ < page.position) continue;
        if (!page.Take(at - 1)) return;
        pb::HeldRange* const held = out.add_ranges();
        held->set_unit(ets::ToString(unit));
        Fill(range, held->mutable_range());
      }
    }
  }

  Edge& edge_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeUnitService(Edge& edge) {
  return std::make_unique<UnitService>(edge);
}

}  // namespace ets::server
