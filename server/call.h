#pragma once

#include <google/protobuf/message_lite.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "registry/registry.h"
#include "server/edge.h"
#include "server/registry_errors.h"
#include "server/request_reader.h"
#include "server/view_writer.h"
#include "server/visibility.h"

namespace ets::server {

inline constexpr std::chrono::seconds kUsualPatience(5);  // Of a caller who names no deadline.
inline constexpr std::chrono::seconds kLongPatience(60);

// One page of a list, pinned to a state.
struct Page {
  std::uint64_t sequence = 0;
  std::uint64_t position = 0;  // Where it begins.
  std::uint64_t question = 0;
  std::size_t size = 0;
  std::size_t filled = 0;
  std::string next{};  // The token of the next page; empty on the last.

  // Takes room for what is at `at`. False: there is none left, and the next page begins there.
  bool Take(std::uint64_t at);
  void GoOnAt(std::uint64_t at) { next = wire::Encode({sequence, at, question}); }
};

// What the messages of a mutation have in common.
struct MutationFields {
  std::string_view request_id;
  bool validate_only = false;
  std::uint64_t digest = 0;
};
// Of a request's name and bytes in canonical form.
std::uint64_t DigestOf(const google::protobuf::MessageLite& request);

template <typename Request>
MutationFields FieldsOf(const Request& request) {
  Request canonical = request;
  canonical.clear_request_id();
  canonical.clear_validate_only();
  return {request.request_id(), request.validate_only(), DigestOf(canonical)};
}

// A mutation on its way: what was asked, and why it was turned away if it was. Shared with the
// sequencer's thread, which writes `turned_away` before the answer comes.
struct Mutation {
  std::shared_ptr<LiveRegistry> live;
  std::vector<Unit> units{};  // Named in the request.
  Submission submission{};
  std::shared_ptr<grpc::Status> turned_away = std::make_shared<grpc::Status>();
};

// One call: who asks, about what, and for how long. Handlers read the request with `in`, then use
// one of Read(), List() and Prepare(). Not thread-safe.
class Call {
 public:
  using Precondition = std::function<std::optional<grpc::Status>(const registry::Registry&)>;
  using ReadState = std::function<grpc::Status(const registry::Registry&)>;

  Call(Edge& edge, const grpc::ServerContextBase& context,
       std::chrono::seconds unless_named = kUsualPatience);

  RequestReader in;

  Edge& edge() const { return edge_; }
  const Caller& caller() const { return caller_; }
  const Patience& patience() const { return patience_; }
  // Not OK: the caller is unknown, asks too much, or a field is wrong.
  grpc::Status Refused() const;
  grpc::Status ToStatus(const LiveFailure& failure) const;

  // Without a role among these: ROLE_REQUIRED. The operator has every role.
  grpc::Status Needs(std::initializer_list<registry::Role> roles) const;
  // The account as the caller may know it: ACCOUNT_NOT_FOUND otherwise.
  grpc::Status CheckAccount(const registry::Registry& state, AccountId account) const;
  // A name as the request's branch writes it.
  std::string Prefixed(std::string name) const;
  ViewWriter Views(const registry::Registry& state) const {
    return {state, edge_.home, in.branch()};
  }

  // Runs `read` on the state that the request's as_of says, and fills the answer's point.
  template <typename Request, typename Response>
  grpc::Status Read(const Request& request, Response* response, const ReadState& read) {
    StatePoint at;
    const grpc::Status status = ReadAt(AsOfOf(request), at, read);
    FillPoint(at, response);
    return status;
  }

  // The same for one page of a list; `list` takes room of the page for each thing it adds.
  template <typename Request, typename Response>
  grpc::Status List(const Request& request, Response* response,
                    const std::function<grpc::Status(const registry::Registry&, Page&)>& list) {
    StatePoint at;
    auto page = PageOf(request, at);
    if (!page.ok()) return page.error();
    const grpc::Status status =
        ReadAt({page->sequence, {}}, at,
               [&](const registry::Registry& state) { return list(state, page.value()); });
    FillPoint(at, response);
    response->set_next_page_token(page->next);
    return status;
  }
  // For lists that are not of a state alone: the page, and the point it is pinned to.
  template <typename Request>
  wire::OrStatus<Page> PageOf(const Request& request, StatePoint& at) {
    Request question = request;
    question.clear_page_size();
    question.clear_page_token();
    return PageFor(DigestOf(question), AsOfOf(request), request.page_size(), request.page_token(),
                   at);
  }

  // `command` as the sequencer takes it. `precondition` says what stands against it in the state
  // where it would be applied; asked of new requests only.
  wire::OrStatus<Mutation> Prepare(const MutationFields& fields, registry::Command command,
                                   Precondition precondition = {});

  template <typename Response>
  static void FillPoint(const StatePoint& at, Response* response) {
    response->set_sequence(at.sequence);
    response->set_chain_head(at.chain_head);
    wire::Fill(at.sim_time, response->mutable_sim_time());
  }

 private:
  struct AsOf {
    std::optional<std::uint64_t> sequence;
    std::optional<google::protobuf::Timestamp> time;
  };
  template <typename Request>
  static AsOf AsOfOf(const Request& request) {
    if (request.has_sequence()) return {request.sequence(), {}};
    if (request.has_sim_time()) return {{}, request.sim_time()};
    return {};
  }

  bool IsOfRole(const registry::Command& command) const;
  wire::OrStatus<std::uint64_t> Resolve(const AsOf& as_of);
  grpc::Status ReadAt(const AsOf& as_of, StatePoint& at, const ReadState& read);
  wire::OrStatus<Page> PageFor(std::uint64_t question, const AsOf& as_of, std::int32_t page_size,
                               const std::string& page_token, StatePoint& at);

  Edge& edge_;
  Caller caller_;
  Patience patience_;
  grpc::Status begun_;  // Why the caller gets nothing, or OK.
};

grpc::Status LedgerNotFound(Unit unit);
grpc::Status EntityNotFound(std::uint32_t entity);

// A stream holds a thread; there are so many at once.
class WatchSlot {
 public:
  explicit WatchSlot(Edge& edge)
      : edge_(edge), is_free_(++edge.watches <= edge.options.watches_max) {}
  ~WatchSlot() { --edge_.watches; }
  WatchSlot(const WatchSlot&) = delete;
  WatchSlot& operator=(const WatchSlot&) = delete;

  bool is_free() const { return is_free_; }

 private:
  Edge& edge_;
  bool is_free_;
};
grpc::Status TooManyWatches();

// The status of an answer to a mutation; OK when it was applied, or would be.
grpc::Status StatusOf(const Mutation& mutation, const Answer& answer);

// Carries a prepared mutation out on this thread; `fill` adds to the answer what the record says.
// Not called for validate_only.
template <typename Response, typename FillAnswer>
grpc::Status Finish(wire::OrStatus<Mutation> prepared, Response* response, const FillAnswer& fill) {
  if (!prepared.ok()) return prepared.error();
  const bool is_trial = prepared->submission.validate_only;
  const Answer answer = prepared->live->SubmitAndWait(std::move(prepared->submission));
  const grpc::Status status = StatusOf(prepared.value(), answer);
  if (!status.ok()) return status;
  Call::FillPoint(answer.at, response);
  if (!is_trial) fill(answer, *response);
  return status;
}
template <typename Response>
grpc::Status Finish(wire::OrStatus<Mutation> prepared, Response* response) {
  return Finish(std::move(prepared), response, [](const Answer&, Response&) {});
}

// The same without waiting on a thread. `fill` outlives the call.
template <typename Response, typename FillAnswer>
grpc::ServerUnaryReactor* FinishLater(grpc::CallbackServerContext& context,
                                      wire::OrStatus<Mutation> prepared, Response* response,
                                      FillAnswer fill) {
  grpc::ServerUnaryReactor* const reactor = context.DefaultReactor();
  if (!prepared.ok()) {
    reactor->Finish(prepared.error());
    return reactor;
  }
  const auto mutation = std::make_shared<Mutation>(std::move(prepared.value()));
  const bool is_trial = mutation->submission.validate_only;
  mutation->live->Submit(std::move(mutation->submission),
                         [=, fill = std::move(fill)](const Answer& answer) {
                           const grpc::Status status = StatusOf(*mutation, answer);
                           if (status.ok()) Call::FillPoint(answer.at, response);
                           if (status.ok() && !is_trial) fill(answer, *response);
                           reactor->Finish(status);
                         });
  return reactor;
}

}  // namespace ets::server
