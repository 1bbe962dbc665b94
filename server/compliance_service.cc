#include "ets/registry/v1/compliance_service.grpc.pb.h"
#include "server/call.h"

namespace ets::server {

namespace {

using grpc::ServerContext;
using grpc::Status;
using registry::Registry;

constexpr int kEntriesMax = 100'000;

class ComplianceService final : public pb::ComplianceService::Service {
 public:
  explicit ComplianceService(Edge& edge) : edge_(edge) {}

  // ---- Emissions ----

  Status DepositMonthlyData(ServerContext* context, const pb::DepositMonthlyDataRequest* request,
                            pb::DepositMonthlyDataResponse* response) override {
    Call call(edge_, *context);
    const wire::EntityYear at = call.in.InEntity("name", request->name(), "emissions");
    const registry::DepositMonthlyData command{
        at.entity, at.year, call.in.Byte("month", request->month()), Tonnes(request->emissions())};
    return Finish(call.Prepare(FieldsOf(*request), command), response);
  }

  Status ReportEmissions(ServerContext* context, const pb::ReportEmissionsRequest* request,
                         pb::ReportEmissionsResponse* response) override {
    Call call(edge_, *context);
    const wire::EntityYear at = call.in.InEntity("name", request->name(), "emissions");
    const registry::ReportEmissions command{at.entity, at.year, Tonnes(request->emissions())};
    return Finish(call.Prepare(FieldsOf(*request), command), response);
  }

  Status RecordEmissions(ServerContext* context, const pb::RecordEmissionsRequest* request,
                         pb::RecordEmissionsResponse* response) override {
    Call call(edge_, *context);
    const wire::EntityYear at = call.in.InEntity("name", request->name(), "emissions");
    const registry::VerifyEmissions command{at.entity, at.year, Tonnes(request->emissions())};
    return Finish(call.Prepare(FieldsOf(*request), command), response);
  }

  Status CorrectEmissions(ServerContext* context, const pb::CorrectEmissionsRequest* request,
                          pb::CorrectEmissionsResponse* response) override {
    Call call(edge_, *context);
    const wire::EntityYear at = call.in.InEntity("name", request->name(), "emissions");
    registry::CorrectEmissions command{at.entity, at.year, Tonnes(request->emissions())};
    const auto source = call.in.Checked("source", request->source(),
                                        pb::EmissionsSource_IsValid(request->source()));
    if (source != pb::EMISSIONS_SOURCE_UNSPECIFIED) {
      command.source = static_cast<registry::EmissionsSource>(source);
    }
    command.withdrawn = request->withdrawn();
    return Finish(call.Prepare(FieldsOf(*request), command), response);
  }

  Status GetEmissions(ServerContext* context, const pb::GetEmissionsRequest* request,
                      pb::GetEmissionsResponse* response) override {
    Call call(edge_, *context);
    const wire::EntityYear at = call.in.InEntity("name", request->name(), "emissions");
    return call.Read(*request, response, [&](const Registry& state) {
      if (!state.has_entity(at.entity)) return EntityNotFound(at.entity);
      call.Views(state).FillEmissions(at, response->mutable_emissions());
      return Status::OK;
    });
  }

  // ---- Surrender and status ----

  Status Surrender(ServerContext* context, const pb::SurrenderRequest* request,
                   pb::SurrenderResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    return Finish(call.Prepare(FieldsOf(*request), call.in.Draft(request->draft())), response,
                  [&](const Answer& answer, pb::SurrenderResponse& out) {
                    out.set_transfer(call.Prefixed(wire::TransferName(answer.at.sequence, 0)));
                  });
  }

  Status SurrenderInOrder(ServerContext* context, const pb::SurrenderInOrderRequest* request,
                          pb::SurrenderInOrderResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    registry::SurrenderInOrder command;
    command.holder = call.in.Account("account", request->account());
    command.year = call.in.Year("year", request->year());
    command.amount = request->amount();
    return Finish(
        call.Prepare(FieldsOf(*request), command), response,
        [&](const Answer& answer, pb::SurrenderInOrderResponse& out) {
          out.set_surrendered(answer.receipt.amount);
          for (std::uint32_t index = 0; index < answer.transfers; ++index) {
            out.add_transfers(call.Prefixed(wire::TransferName(answer.at.sequence, index)));
          }
        });
  }

  Status AssessCompliance(ServerContext* context, const pb::AssessComplianceRequest* request,
                          pb::AssessComplianceResponse* response) override {
    Call call(edge_, *context);
    const wire::EntityYear at = call.in.InEntity("name", request->name(), "complianceStatuses");
    return Finish(call.Prepare(FieldsOf(*request), registry::AssessCompliance{at.entity, at.year}),
                  response, [](const Answer& answer, pb::AssessComplianceResponse& out) {
                    out.set_shortfall(answer.receipt.amount);
                  });
  }

  Status RunCompliance(ServerContext* context, const pb::RunComplianceRequest* request,
                       pb::RunComplianceResponse* response) override {
    Call call(edge_, *context, kLongPatience);
    call.in.Parent(request->parent());
    return Finish(call.Prepare(FieldsOf(*request), RunOf(*request, call.in)), response,
                  [](const Answer& answer, pb::RunComplianceResponse& out) {
                    out.set_entities(answer.receipt.id);
                    out.set_shortfall(answer.receipt.amount);
                    out.set_transfers(answer.transfers);
                  });
  }

  Status GetComplianceStatus(ServerContext* context, const pb::GetComplianceStatusRequest* request,
                             pb::GetComplianceStatusResponse* response) override {
    Call call(edge_, *context);
    const wire::EntityYear at = call.in.InEntity("name", request->name(), "complianceStatuses");
    return call.Read(*request, response, [&](const Registry& state) {
      if (!state.has_entity(at.entity)) return EntityNotFound(at.entity);
      call.Views(state).FillStatus(at, response->mutable_compliance_status());
      return Status::OK;
    });
  }

  Status ListComplianceStatuses(ServerContext* context,
                                const pb::ListComplianceStatusesRequest* request,
                                pb::ListComplianceStatusesResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    const std::uint16_t year = call.in.Year("year", request->year());
    if (year == 0) call.in.Wrong("year", "0", "a year from 1 to 9999");
    const auto symbol = call.in.Checked("symbol", request->symbol(),
                                        pb::ComplianceSymbol_IsValid(request->symbol()));
    return call.List(*request, response, [&](const Registry& state, Page& page) {
      const std::vector<std::uint32_t> entities = state.entities();
      for (std::uint64_t at = page.position; at < entities.size(); ++at) {
        const auto its_symbol = static_cast<int>(state.status(entities[at]).symbol);
        if (symbol != pb::COMPLIANCE_SYMBOL_UNSPECIFIED && its_symbol != symbol) continue;
        if (!page.Take(at)) break;
        call.Views(state).FillStatus({entities[at], year}, response->add_compliance_statuses());
      }
      return Status::OK;
    });
  }

  Status ListComplianceEvents(ServerContext* context,
                              const pb::ListComplianceEventsRequest* request,
                              pb::ListComplianceEventsResponse* response) override {
    Call call(edge_, *context);
    const std::uint32_t entity = call.in.Entity("parent", request->parent());
    return call.List(*request, response, [&](const Registry& state, Page& page) {
      if (!state.has_entity(entity)) return EntityNotFound(entity);
      const std::vector<registry::ComplianceStatus> events = state.status_events(entity);
      for (std::uint64_t at = page.position; at < events.size() && page.Take(at); ++at) {
        Fill(events[at], response->add_compliance_events());
      }
      return Status::OK;
    });
  }

 private:
  static registry::RunCompliance RunOf(const pb::RunComplianceRequest& request, RequestReader& in) {
    registry::RunCompliance command;
    command.year = in.Year("year", request.year());
    command.surrender = request.surrender();
    command.assess = request.assess();
    const int count = request.entities_size();
    if (count > kEntriesMax || count != request.emissions_size()) {
      in.Wrong("entities", std::to_string(count) + " items",
               "at most 100000, as many as emissions");
      return command;
    }
    command.emissions.reserve(static_cast<std::size_t>(count));
    for (int at = 0; at < count; ++at) {
      command.emissions.push_back({request.entities(at), Tonnes(request.emissions(at))});
    }
    return command;
  }

  Edge& edge_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeComplianceService(Edge& edge) {
  return std::make_unique<ComplianceService>(edge);
}

}  // namespace ets::server
