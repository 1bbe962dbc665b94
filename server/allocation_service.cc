#include <condition_variable>
#include <cstring>
#include <mutex>

#include "ets/registry/v1/allocation_service.grpc.pb.h"
#include "server/call.h"
#include "store/batch.h"

namespace ets::server {

namespace {

using grpc::ServerContext;
using grpc::Status;
using registry::Registry;

constexpr int kDraftsMax = 10'000;

const registry::EntitlementView* Find(const std::vector<registry::EntitlementView>& views,
                                      std::uint16_t year, std::uint8_t table) {
  for (const registry::EntitlementView& view : views) {
    if (view.year == year && view.table == table) return &view;
  }
  return nullptr;
}

Call::Precondition Unchanged(const registry::SetEntitlement& command, const std::string& etag) {
  if (etag.empty()) return {};
  return [command, etag](const Registry& state) -> std::optional<Status> {
    std::string current;
    if (state.has_entity(command.entity)) {
      const auto views = state.entitlements(command.entity);
      const auto* const view = Find(views, command.year, command.table);
      if (view != nullptr) current = EtagOf(*view);
    }
    if (current == etag) return {};
    return Error(Reason::kEtagMismatch, "the entitlement has changed since etag \"" + etag + "\"",
                 {{"etag", current}});
  };
}

// The request id of item `index`, made of that of its batch.
std::array<char, 16> ItemId(const std::array<char, 16>& id, std::uint32_t index) {
  std::string bytes(id.data(), id.size());
  for (unsigned shift = 0; shift < 32; shift += 8) {
    bytes += static_cast<char>(index >> shift & 0xFFU);
  }
  const store::Hash hash = store::Sha256(bytes);
  std::array<char, 16> item{};
  std::memcpy(item.data(), hash.data(), item.size());
  return item;
}

// Waits for the answers to many submissions.
class Answers {
 public:
  explicit Answers(std::size_t count) : answers_(count), missing_(count) {}

  void Set(std::size_t index, const Answer& answer) {
    const std::lock_guard lock(mutex_);
    answers_[index] = answer;
    if (--missing_ == 0) done_.notify_one();
  }
  const std::vector<Answer>& Wait() {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return missing_ == 0; });
    return answers_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable done_;
  std::vector<Answer> answers_;
  std::size_t missing_;
};

class AllocationService final : public pb::AllocationService::Service {
 public:
  explicit AllocationService(Edge& edge) : edge_(edge) {}

  Status SetEntitlement(ServerContext* context, const pb::SetEntitlementRequest* request,
                        pb::SetEntitlementResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    const registry::SetEntitlement command = call.in.Draft(request->draft());
    return Finish(call.Prepare(FieldsOf(*request), command, Unchanged(command, request->etag())),
                  response);
  }

  Status BatchSetEntitlements(ServerContext* context,
                              const pb::BatchSetEntitlementsRequest* request,
                              pb::BatchSetEntitlementsResponse* response) override {
    Call call(edge_, *context, kLongPatience);
    call.in.Parent(request->parent());
    const int count = request->drafts_size();
    if (count < 1 || count > kDraftsMax) {
      call.in.Wrong("drafts", std::to_string(count) + " items", "1 to 10000");
    }
    std::vector<registry::SetEntitlement> commands;
    for (const pb::EntitlementDraft& draft : request->drafts()) {
      commands.push_back(call.in.Draft(draft));
    }
    const MutationFields fields = FieldsOf(*request);
    const auto answers = std::make_shared<Answers>(commands.size());
    std::vector<Mutation> mutations;
    for (const registry::SetEntitlement& command : commands) {
      auto prepared = call.Prepare(fields, command);
      if (!prepared.ok()) return prepared.error();
      auto& request_key = prepared.value().submission.request;
      request_key->id = ItemId(request_key->id, static_cast<std::uint32_t>(mutations.size()));
      mutations.push_back(std::move(prepared.value()));
    }
    if (mutations.empty()) return call.Refused();
    for (std::size_t index = 0; index < mutations.size(); ++index) {
      mutations[index].live->Submit(
          std::move(mutations[index].submission),
          [answers, index](const Answer& answer) { answers->Set(index, answer); });
    }
    return Summarise(mutations, answers->Wait(), *response);
  }

  Status GetEntitlement(ServerContext* context, const pb::GetEntitlementRequest* request,
                        pb::GetEntitlementResponse* response) override {
    Call call(edge_, *context);
    const wire::EntitlementPath path = call.in.Entitlement("name", request->name());
    return call.Read(*request, response, [&](const Registry& state) {
      std::vector<registry::EntitlementView> views;
      if (state.has_entity(path.entity)) views = state.entitlements(path.entity);
      const auto* const view = Find(views, path.year, path.table);
      if (view == nullptr) {
        return NotFound(registry::Refusal::kEntitlementNotFound,
                        wire::EntitlementName(path.entity, path.year, path.table));
      }
      call.Views(state).Fill(*view, response->mutable_entitlement());
      return Status::OK;
    });
  }

  Status ListEntitlements(ServerContext* context, const pb::ListEntitlementsRequest* request,
                          pb::ListEntitlementsResponse* response) override {
    Call call(edge_, *context);
    std::optional<std::uint32_t> only;
    if (request->parent().find("entities/") != std::string::npos) {
      only = call.in.Entity("parent", request->parent());
    } else {
      call.in.Parent(request->parent());
    }
    return call.List(*request, response, [&](const Registry& state, Page& page) {
      if (only && !state.has_entity(*only)) {
        return NotFound(registry::Refusal::kEntityNotFound, wire::NumberedName("entities", *only));
      }
      AddEntitlements(state, call, *request, only, page, *response);
      return Status::OK;
    });
  }

  Status RunAllocation(ServerContext* context, const pb::RunAllocationRequest* request,
                       pb::RunAllocationResponse* response) override {
    Call call(edge_, *context, kLongPatience);
    call.in.Parent(request->parent());
    return Finish(call.Prepare(FieldsOf(*request), call.in.Draft(request->draft())), response,
                  [](const Answer& answer, pb::RunAllocationResponse& out) {
                    out.set_firms(answer.receipt.id);
                    out.set_allocated(answer.receipt.amount);
                    out.set_transfers(answer.transfers);
                  });
  }

  Status ReturnExcess(ServerContext* context, const pb::ReturnExcessRequest* request,
                      pb::ReturnExcessResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    return Finish(call.Prepare(FieldsOf(*request), call.in.Draft(request->draft())), response,
                  [&](const Answer& answer, pb::ReturnExcessResponse& out) {
                    out.set_transfer(call.Prefixed(wire::TransferName(answer.at.sequence, 0)));
                  });
  }

  Status Allocate(ServerContext* context, const pb::AllocateRequest* request,
                  pb::AllocateResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    return Finish(call.Prepare(FieldsOf(*request), call.in.Draft(request->draft())), response,
                  [&](const Answer& answer, pb::AllocateResponse& out) {
                    out.set_transfer(call.Prefixed(wire::TransferName(answer.at.sequence, 0)));
                  });
  }

  Status TakeBack(ServerContext* context, const pb::TakeBackRequest* request,
                  pb::TakeBackResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    registry::TakeBack command;
    command.holder = call.in.Account("account", request->account());
    command.to = call.in.Account("target", request->target());
    command.ledger = call.in.Ledger("unit", request->unit());
    command.year = call.in.Year("year", request->year());
    command.amount = request->amount();
    return Finish(call.Prepare(FieldsOf(*request), command), response,
                  [](const Answer& answer, pb::TakeBackResponse& out) {
                    out.set_taken(answer.receipt.amount);
                  });
  }

 private:
  // The machine's refusals are items' outcomes; anything else is the whole batch's.
  static Status Summarise(const std::vector<Mutation>& mutations,
                          const std::vector<Answer>& answers,
                          pb::BatchSetEntitlementsResponse& out) {
    std::uint32_t applied = 0;
    for (std::size_t index = 0; index < answers.size(); ++index) {
      const Answer& answer = answers[index];
      if (answer.kind == Answer::Kind::kApplied) {
        ++applied;
      } else if (answer.kind == Answer::Kind::kRefused) {
        pb::EntitlementFailure* const failure = out.add_failures();
        failure->set_index(static_cast<std::uint32_t>(index));
        failure->set_reason(RowOf(answer.refusal).reason);
      } else {
        return StatusOf(mutations[index], answer);
      }
    }
    out.set_applied(applied);
    Call::FillPoint(answers.back().at, &out);
    return Status::OK;
  }

  // A position is the entity's number and the entry's among those of the entity.
  static void AddEntitlements(const Registry& state, const Call& call,
                              const pb::ListEntitlementsRequest& request,
                              std::optional<std::uint32_t> only, Page& page,
                              pb::ListEntitlementsResponse& out) {
    constexpr unsigned kEntryBits = 16;
    for (const std::uint32_t entity : state.entities()) {
      const std::uint64_t begin = std::uint64_t{entity} << kEntryBits;
      if ((only && entity != *only) || begin + (1U << kEntryBits) <= page.position) continue;
      std::uint64_t at = begin;
      for (const registry::EntitlementView& view : state.entitlements(entity)) {
        const std::uint64_t position = at++;
        if (position < page.position) continue;
        if (request.year() != 0 && view.year != request.year()) continue;
        if (request.table() != 0 && view.table != request.table()) continue;
        if (!page.Take(position)) return;
        call.Views(state).Fill(view, out.add_entitlements());
      }
    }
  }

  Edge& edge_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeAllocationService(Edge& edge) {
  return std::make_unique<AllocationService>(edge);
}

}  // namespace ets::server
