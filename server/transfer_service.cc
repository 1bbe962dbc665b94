#include "ets/registry/v1/transfer_service.grpc.pb.h"
#include "registry/codec.h"
#include "server/transfer_scan.h"

namespace ets::server {

namespace {

using grpc::CallbackServerContext;
using grpc::ServerContext;
using grpc::ServerUnaryReactor;
using grpc::Status;
using registry::Registry;

// Transfers in a message of a watch: no new record after the first number, none after the second.
constexpr int kFullMessage = 1'000;
constexpr int kPerMessageMax = 8'190;
constexpr std::chrono::seconds kHeartbeat(10);

// Single and bulk transfers are answered from the registry's own threads; everything else may wait
// on a thread of gRPC.
using Base = pb::TransferService::WithCallbackMethod_CreateTransfer<
    pb::TransferService::WithCallbackMethod_BatchCreateTransfers<
        pb::TransferService::WithCallbackMethod_ProposeTransfer<pb::TransferService::Service>>>;

std::int64_t AmountOf(std::uint64_t amount) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::min(amount, kMax));
}

// The columns of a batch are of one length, or empty where they may be.
void CheckColumns(const pb::BatchCreateTransfersRequest& request, RequestReader& in) {
  const int count = request.debits_size();
  if (count < 1 || count > static_cast<int>(registry::kBatchItemsMax)) {
    return in.Wrong("debits", std::to_string(count) + " items",
                    "1 to " + std::to_string(registry::kBatchItemsMax));
  }
  const auto check = [&](const char* field, int size, bool may_be_empty) {
    if (size == count || (may_be_empty && size == 0)) return;
    in.Wrong(field, std::to_string(size) + " items",
             (may_be_empty ? "none, or " : "") + std::to_string(count) + ", as many as debits");
  };
  check("credits", request.credits_size(), false);
  check("ledgers", request.ledgers_size(), false);
  check("amounts", request.amounts_size(), false);
  check("codes", request.codes_size(), true);
  check("years", request.years_size(), true);
  check("references", request.references_size(), true);
  check("linked", request.linked_size(), true);
}

std::vector<LedgerId> LedgersOf(const pb::BatchCreateTransfersRequest& request, RequestReader& in) {
  std::vector<LedgerId> ledgers;
  for (const std::string& unit : request.units()) ledgers.push_back(in.Ledger("units", unit));
  for (const std::uint32_t index : request.ledgers()) {
    if (index >= ledgers.size()) {
      in.Wrong("ledgers", std::to_string(index), "an index into units");
      break;
    }
  }
  return ledgers;
}

registry::TransferBatch BatchOf(const pb::BatchCreateTransfersRequest& request, RequestReader& in) {
  registry::TransferBatch batch;
  CheckColumns(request, in);
  const std::vector<LedgerId> ledgers = LedgersOf(request, in);
  for (const int code : request.codes()) {
    in.Checked("codes", static_cast<pb::TransferCode>(code), pb::TransferCode_IsValid(code));
  }
  for (const std::uint32_t year : request.years()) in.Year("years", year);
  if (in.error()) return batch;
  batch.items.resize(static_cast<std::size_t>(request.debits_size()));
  for (int at = 0; at < request.debits_size(); ++at) {
    registry::BatchItem& item = batch.items[static_cast<std::size_t>(at)];
    item.transfer.debit = AccountId(request.debits(at));
    item.transfer.credit = AccountId(request.credits(at));
    item.transfer.ledger = ledgers[request.ledgers(at)];
    item.transfer.amount = AmountOf(request.amounts(at));
    item.transfer.code = request.codes_size() == 0 ? registry::TransferCode::kTransfer
                                                   : in.Code("codes", request.codes(at),
                                                             registry::TransferCode::kTransfer);
    if (request.years_size() != 0) {
      item.transfer.year = static_cast<std::uint16_t>(request.years(at));
    }
    if (request.references_size() != 0) item.transfer.reference = request.references(at);
    item.linked = request.linked_size() != 0 && request.linked(at);
  }
  return batch;
}

void FillBatch(const Answer& answer, pb::BatchCreateTransfersResponse& out) {
  std::uint32_t index = 0;
  std::uint32_t failed = 0;
  for (const registry::Refusal refusal : answer.batch_results) {
    if (refusal != registry::Refusal{}) {
      pb::TransferFailure* const failure = out.add_failures();
      failure->set_index(index);
      failure->set_reason(RowOf(refusal).reason);
      ++failed;
    }
    ++index;
  }
  out.set_applied(index - failed);
}

registry::Propose Proposed(const Call& call, const registry::Command& command) {
  registry::Propose propose;
  propose.principal = call.caller().principal;
  propose.kind = static_cast<std::uint16_t>(registry::KindOf(command));
  registry::EncodeCommand(command, propose.payload);
  return propose;
}

// Says which task a proposal became.
struct FillTask {
  std::string prefix;

  template <typename Response>
  void operator()(const Answer& answer, Response& out) const {
    out.set_task(prefix + wire::NumberedName("tasks", answer.receipt.id));
    out.set_completed(answer.receipt.amount != 0);
  }
};

class TransferService final : public Base {
 public:
  explicit TransferService(Edge& edge) : edge_(edge) {}

  // ---- Four eyes ----

  ServerUnaryReactor* ProposeTransfer(CallbackServerContext* context,
                                      const pb::ProposeTransferRequest* request,
                                      pb::ProposeTransferResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    const registry::Command proposed = registry::MakeTransfer{call.in.Draft(request->transfer())};
    return FinishLater(*context, call.Prepare(FieldsOf(*request), Proposed(call, proposed)),
                       response, FillTask{call.Prefixed({})});
  }

  Status ProposeTask(ServerContext* context, const pb::ProposeTaskRequest* request,
                     pb::ProposeTaskResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    const registry::Command proposed = call.in.Draft(request->proposal());
    return Finish(call.Prepare(FieldsOf(*request), Proposed(call, proposed)), response,
                  FillTask{call.Prefixed({})});
  }

  Status ApproveTask(ServerContext* context, const pb::ApproveTaskRequest* request,
                     pb::ApproveTaskResponse* response) override {
    Call call(edge_, *context);
    const std::uint32_t task = call.in.Numbered("name", request->name(), "tasks");
    const registry::ApproveTask command{task, call.caller().principal};
    return Finish(call.Prepare(FieldsOf(*request), command), response,
                  [](const Answer& answer, pb::ApproveTaskResponse& out) {
                    out.set_completed(answer.receipt.amount != 0);
                  });
  }

  Status RejectTask(ServerContext* context, const pb::RejectTaskRequest* request,
                    pb::RejectTaskResponse* response) override {
    Call call(edge_, *context);
    const std::uint32_t task = call.in.Numbered("name", request->name(), "tasks");
    return Finish(
        call.Prepare(FieldsOf(*request), registry::RejectTask{task, call.caller().principal}),
        response);
  }

  Status AbortTransfer(ServerContext* context, const pb::AbortTransferRequest* request,
                       pb::AbortTransferResponse* response) override {
    Call call(edge_, *context);
    const std::uint32_t task = call.in.Numbered("name", request->name(), "tasks");
    return Finish(
        call.Prepare(FieldsOf(*request), registry::AbortTask{task, call.caller().principal}),
        response);
  }

  Status GetTask(ServerContext* context, const pb::GetTaskRequest* request,
                 pb::GetTaskResponse* response) override {
    Call call(edge_, *context);
    const std::uint32_t task = call.in.Numbered("name", request->name(), "tasks");
    return call.Read(*request, response, [&](const Registry& state) {
      if (task > state.task_count() || !MaySee(state, call.caller(), state.task(task))) {
        return TaskNotFound(task);
      }
      call.Views(state).Fill(state.task(task), response->mutable_task());
      return Status::OK;
    });
  }

  Status ListTasks(ServerContext* context, const pb::ListTasksRequest* request,
                   pb::ListTasksResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    const auto asked =
        call.in.Checked("state", request->state(), pb::TaskState_IsValid(request->state()));
    const std::uint32_t initiator =
        request->initiator().empty()
            ? 0
            : call.in.Numbered("initiator", request->initiator(), "principals");
    return call.List(*request, response, [&](const Registry& state, Page& page) {
      for (std::uint64_t at = std::max<std::uint64_t>(page.position, 1); at <= state.task_count();
           ++at) {
        const registry::TaskView task = state.task(static_cast<std::uint32_t>(at));
        if (asked != 0 && static_cast<int>(task.state) != asked) continue;
        if (initiator != 0 && task.initiator != initiator) continue;
        if (!MaySee(state, call.caller(), task)) continue;
        if (!page.Take(at)) break;
        call.Views(state).Fill(task, response->add_tasks());
      }
      return Status::OK;
    });
  }

  // ---- At once ----

  ServerUnaryReactor* CreateTransfer(CallbackServerContext* context,
                                     const pb::CreateTransferRequest* request,
                                     pb::CreateTransferResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    const registry::MakeTransfer command{call.in.Draft(request->transfer())};
    return FinishLater(
        *context, call.Prepare(FieldsOf(*request), command), response,
        [prefix = call.Prefixed({})](const Answer& answer, pb::CreateTransferResponse& out) {
          out.set_transfer(prefix + wire::TransferName(answer.at.sequence, 0));
        });
  }

  ServerUnaryReactor* BatchCreateTransfers(CallbackServerContext* context,
                                           const pb::BatchCreateTransfersRequest* request,
                                           pb::BatchCreateTransfersResponse* response) override {
    Call call(edge_, *context, kLongPatience);
    call.in.Parent(request->parent());
    return FinishLater(*context, call.Prepare(FieldsOf(*request), BatchOf(*request, call.in)),
                       response, FillBatch);
  }

  // ---- Two phases ----

  Status ReserveTransfer(ServerContext* context, const pb::ReserveTransferRequest* request,
                         pb::ReserveTransferResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    registry::ReserveTransfer command{call.in.Draft(request->transfer())};
    command.expires_at =
        call.in.Time("expire_time", request->has_expire_time(), request->expire_time());
    return Finish(call.Prepare(FieldsOf(*request), command), response,
                  [&](const Answer& answer, pb::ReserveTransferResponse& out) {
                    out.set_pending_transfer(
                        call.Prefixed(wire::NumberedName("pendingTransfers", answer.receipt.id)));
                  });
  }

  Status PostPendingTransfer(ServerContext* context, const pb::PostPendingTransferRequest* request,
                             pb::PostPendingTransferResponse* response) override {
    Call call(edge_, *context);
    const std::uint32_t pending = call.in.Numbered("name", request->name(), "pendingTransfers");
    return Finish(
        call.Prepare(FieldsOf(*request), registry::PostPending{pending, request->amount()}),
        response, [&](const Answer& answer, pb::PostPendingTransferResponse& out) {
          out.set_transfer(call.Prefixed(wire::TransferName(answer.at.sequence, 0)));
        });
  }

  Status VoidPendingTransfer(ServerContext* context, const pb::VoidPendingTransferRequest* request,
                             pb::VoidPendingTransferResponse* response) override {
    Call call(edge_, *context);
    const std::uint32_t pending = call.in.Numbered("name", request->name(), "pendingTransfers");
    return Finish(call.Prepare(FieldsOf(*request), registry::VoidPending{pending}), response);
  }

  Status GetPendingTransfer(ServerContext* context, const pb::GetPendingTransferRequest* request,
                            pb::GetPendingTransferResponse* response) override {
    Call call(edge_, *context);
    const std::uint32_t pending = call.in.Numbered("name", request->name(), "pendingTransfers");
    return call.Read(*request, response, [&](const Registry& state) {
      if (pending > state.pending_count() ||
          !MaySee(state, call.caller(), state.pending(pending).transfer)) {
        return PendingNotFound(pending);
      }
      call.Views(state).Fill(state.pending(pending), response->mutable_pending_transfer());
      return Status::OK;
    });
  }

  Status ListPendingTransfers(ServerContext* context,
                              const pb::ListPendingTransfersRequest* request,
                              pb::ListPendingTransfersResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    const auto asked =
        call.in.Checked("state", request->state(), pb::PendingState_IsValid(request->state()));
    return call.List(*request, response, [&](const Registry& state, Page& page) {
      for (std::uint64_t at = std::max<std::uint64_t>(page.position, 1);
           at <= state.pending_count(); ++at) {
        const registry::PendingView pending = state.pending(static_cast<std::uint32_t>(at));
        if (asked != 0 && static_cast<int>(pending.state) != asked) continue;
        if (!MaySee(state, call.caller(), pending.transfer)) continue;
        if (!page.Take(at)) break;
        call.Views(state).Fill(pending, response->add_pending_transfers());
      }
      return Status::OK;
    });
  }

  Status ReverseTransfer(ServerContext* context, const pb::ReverseTransferRequest* request,
                         pb::ReverseTransferResponse* response) override {
    Call call(edge_, *context);
    const wire::TransferPath path = call.in.Transfer("name", request->name());
    return Finish(
        call.Prepare(FieldsOf(*request), registry::ReverseTransfer{path.sequence, path.index}),
        response, [&](const Answer& answer, pb::ReverseTransferResponse& out) {
          out.set_transfer(call.Prefixed(wire::TransferName(answer.at.sequence, 0)));
        });
  }

  // ---- What has moved ----

  Status GetTransfer(ServerContext* context, const pb::GetTransferRequest* request,
                     pb::GetTransferResponse* response) override {
    Call call(edge_, *context);
    const wire::TransferPath path = call.in.Transfer("name", request->name());
    std::optional<TransferView> view;
    const Status status = call.Read(*request, response, [&](const Registry& state) {
      if (path.sequence <= state.sequence()) view.emplace(state, call.caller(), TransferFilter());
      return Status::OK;
    });
    if (!status.ok()) return status;
    bool is_found = false;
    if (view) {
      const ScanEnd end =
          ScanTransfers(*call.in.live(), *view, path, path.sequence, call.patience(),
                        [&](const MadeTransfer& made) {
                          is_found = made.path.index == path.index;
                          if (is_found) {
                            Fill(made, call.Prefixed({}), response->mutable_transfer());
                          }
                          return false;
                        });
      if (end.failure) return call.ToStatus(*end.failure);
    }
    if (is_found) return Status::OK;
    return NotFound(registry::Refusal::kTransferNotFound,
                    wire::TransferName(path.sequence, path.index));
  }

  Status ListTransfers(ServerContext* context, const pb::ListTransfersRequest* request,
                       pb::ListTransfersResponse* response) override {
    Call call(edge_, *context);
    call.in.Parent(request->parent());
    const TransferFilter filter = FilterOf(*request, call.in);
    StatePoint at;
    auto page = call.PageOf(*request, at);
    if (!page.ok()) return page.error();
    LiveRegistry& live = *call.in.live();
    std::optional<TransferView> view;
    Status known = Status::OK;
    const auto unread = live.Read(call.patience(), [&](const Registry& state, const StatePoint&) {
      if (filter.account) known = call.CheckAccount(state, *filter.account);
      if (known.ok()) view.emplace(state, call.caller(), filter);
    });
    if (unread) return call.ToStatus(*unread);
    if (!known.ok()) return known;
    const auto range = RangeOf(call, live, filter, page->sequence);
    if (!range.ok()) return range.error();
    const ScanEnd end =
        ScanTransfers(live, *view, PathAt(std::max(page->position, PositionOf({range->first, 0}))),
                      range->last, call.patience(), [&](const MadeTransfer& made) {
                        if (!page.value().Take(PositionOf(made.path))) return false;
                        Fill(made, call.Prefixed({}), response->add_transfers());
                        return true;
                      });
    if (end.failure) return call.ToStatus(*end.failure);
    if (end.go_on_at != 0) page.value().GoOnAt(end.go_on_at);
    Call::FillPoint(at, response);
    response->set_next_page_token(page->next);
    return Status::OK;
  }

  Status WatchTransfers(ServerContext* context, const pb::WatchTransfersRequest* request,
                        grpc::ServerWriter<pb::WatchTransfersResponse>* writer) override {
    Call call(edge_, *context, std::chrono::hours(24 * 365));
    call.in.Parent(request->parent());
    TransferFilter filter;
    if (!request->account().empty())
      filter.account = call.in.Account("account", request->account());
    if (!request->unit().empty()) filter.ledger = call.in.Ledger("unit", request->unit());
    if (const Status refused = call.Refused(); !refused.ok()) return refused;
    if (call.in.live() == nullptr) return call.Refused();
    const WatchSlot slot(edge_);
    if (!slot.is_free()) return TooManyWatches();
    const std::uint64_t from = request->from_sequence() != 0
                                   ? request->from_sequence()
                                   : call.in.live()->committed().sequence + 1;
    return Watch(call, filter, from, *writer);
  }

 private:
  struct Range {
    std::uint64_t first = 1;
    std::uint64_t last = 0;
  };

  static TransferFilter FilterOf(const pb::ListTransfersRequest& request, RequestReader& in) {
    TransferFilter filter;
    if (!request.account().empty()) filter.account = in.Account("account", request.account());
    if (request.has_entity()) filter.entity = request.entity();
    if (!request.unit().empty()) filter.ledger = in.Ledger("unit", request.unit());
    if (request.code() != pb::TRANSFER_CODE_UNSPECIFIED) {
      filter.code = in.Code("code", request.code(), registry::TransferCode::kOther);
    }
    if (request.has_start_time()) {
      filter.start = in.Time("start_time", true, request.start_time());
    }
    if (request.has_end_time()) filter.end = in.Time("end_time", true, request.end_time());
    if (filter.end <= filter.start) {
      in.Wrong("end_time", wire::ToString(filter.end), "a time after start_time");
    }
    return filter;
  }

  // The records between the filter's times, no further than `last`.
  static wire::OrStatus<Range> RangeOf(const Call& call, LiveRegistry& live,
                                       const TransferFilter& filter, std::uint64_t last) {
    // The last record before a time; 0 when all are later.
    const auto before = [&](SimTime time) -> wire::OrStatus<std::uint64_t> {
      // Record 1 is the law and moves nothing; time begins behind it.
      const auto first_point = live.PointOf(std::min<std::uint64_t>(2, last));
      if (!first_point.ok()) return Fail{call.ToStatus(first_point.error())};
      if (time <= first_point->sim_time) return std::uint64_t{0};
      if (time > live.committed().sim_time) return last;
      const auto found = live.SequenceAt(time - 1, call.patience());
      if (!found.ok()) return Fail{call.ToStatus(found.error())};
      return *found;
    };
    Range range{1, last};
    if (filter.start != TransferFilter().start) {
      const auto found = before(filter.start);
      if (!found.ok()) return Fail{found.error()};
      range.first = *found + 1;
    }
    if (filter.end != TransferFilter().end) {
      const auto found = before(filter.end);
      if (!found.ok()) return Fail{found.error()};
      range.last = std::min(last, *found);
    }
    return range;
  }

  // Waits and tells, until the caller, its deadline or the server ends it.
  static Status Watch(Call& call, const TransferFilter& filter, std::uint64_t next,
                      grpc::ServerWriter<pb::WatchTransfersResponse>& writer) {
    LiveRegistry& live = *call.in.live();
    while (!call.patience().ended()) {
      Patience nap = call.patience();
      nap.deadline = std::min(nap.deadline, std::chrono::system_clock::now() + kHeartbeat);
      const auto committed = live.WaitFor(next, nap);
      if (!committed.ok() && committed.error().kind != LiveFailure::Kind::kExpired) {
        return call.ToStatus(committed.error());
      }
      if (!committed.ok()) {
        pb::WatchTransfersResponse message;
        Call::FillPoint(live.committed(), &message);
        if (call.patience().ended() || !writer.Write(message)) break;
        continue;
      }
      const Status told = Tell(call, filter, next, *committed, writer);
      if (!told.ok()) return told;
      next = *committed + 1;
    }
    return call.ToStatus({LiveFailure::Kind::kExpired, "the watch has ended"});
  }

  // The records from `next` to `last`, as many messages as they need.
  static Status Tell(Call& call, const TransferFilter& filter, std::uint64_t next,
                     std::uint64_t last, grpc::ServerWriter<pb::WatchTransfersResponse>& writer) {
    LiveRegistry& live = *call.in.live();
    std::optional<TransferView> view;
    Status known = Status::OK;
    const auto unread = live.Read(call.patience(), [&](const Registry& state, const StatePoint&) {
      if (filter.account) known = call.CheckAccount(state, *filter.account);
      view.emplace(state, call.caller(), filter);
    });
    if (unread) return call.ToStatus(*unread);
    if (!known.ok()) return known;
    wire::TransferPath begin{next, 0};
    while (begin.sequence <= last) {
      if (call.patience().ended()) break;
      pb::WatchTransfersResponse message;
      std::uint64_t told = last;
      wire::TransferPath go_on{last + 1, 0};
      const ScanEnd end =
          ScanTransfers(live, *view, begin, last, call.patience(),
                        [&, record = begin.sequence](const MadeTransfer& made) mutable {
                          const bool is_new_record = record != made.path.sequence;
                          record = made.path.sequence;
                          const int size = message.transfers_size();
                          if (size >= kPerMessageMax || (is_new_record && size >= kFullMessage)) {
                            told = is_new_record ? made.path.sequence - 1 : made.path.sequence;
                            go_on = made.path;
                            return false;
                          }
                          Fill(made, call.Prefixed({}), message.add_transfers());
                          return true;
                        });
      if (end.failure) return call.ToStatus(*end.failure);
      if (end.go_on_at != 0) {
        go_on = PathAt(end.go_on_at);
        told = go_on.sequence - 1;
      }
      begin = go_on;
      if (message.transfers_size() == 0) continue;
      const auto point = live.PointOf(told);
      if (!point.ok()) return call.ToStatus(point.error());
      Call::FillPoint(*point, &message);
      if (!writer.Write(message)) {
        return call.ToStatus({LiveFailure::Kind::kExpired, "the caller went away"});
      }
    }
    return Status::OK;
  }

  Edge& edge_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeTransferService(Edge& edge) {
  return std::make_unique<TransferService>(edge);
}

}  // namespace ets::server
