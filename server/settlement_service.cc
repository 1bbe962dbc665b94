#include "ets/registry/v1/settlement_service.grpc.pb.h"
#include "registry/codec.h"
#include "server/call.h"
#include "server/day_close.h"

namespace ets::server {

namespace {

using grpc::CallbackServerContext;
using grpc::ServerContext;
using grpc::ServerUnaryReactor;
using grpc::Status;
using registry::Registry;
using registry::Role;

constexpr std::size_t kPositionsPerRead = 1'000;
constexpr std::chrono::seconds kNap(10);
constexpr std::chrono::seconds kRetrySoon(1);

registry::Settle CommandOf(const pb::SettleRequest& request, RequestReader& in) {
  registry::Settle message{.sequence = request.stream_sequence(), .fills = {}, .withdrawals = {}};
  if (message.sequence == 0) in.Wrong("stream_sequence", "0", "1 and on");
  if (request.fills_size() > static_cast<int>(registry::kFillsPerMessageMax)) {
    in.Wrong("fills", std::to_string(request.fills_size()) + " items",
             "at most " + std::to_string(registry::kFillsPerMessageMax));
    return message;
  }
  for (const pb::SettlementFill& fill : request.fills()) {
    registry::SettlementFill out;
    out.seller_escrow = AccountId(fill.seller());
    out.buyer_escrow = AccountId(fill.buyer());
    out.unit_ledger = in.Ledger("fills.unit", fill.unit());
    out.cash_ledger = in.Ledger("fills.cash_unit", fill.cash_unit());
    out.quantity = fill.quantity();
    out.cash = fill.cash();
    out.trade_id = fill.trade_id();
    out.code = in.Code("fills.code", fill.code(), registry::TransferCode::kListedTrade);
    message.fills.push_back(out);
  }
  for (const pb::SettlementWithdrawal& withdrawal : request.withdrawals()) {
    registry::SettlementWithdrawal out;
    out.escrow = AccountId(withdrawal.escrow());
    out.holder = AccountId(withdrawal.account());
    out.ledger = in.Ledger("withdrawals.unit", withdrawal.unit());
    out.amount = withdrawal.amount();
    message.withdrawals.push_back(out);
  }
  return message;
}

// Which fills and withdrawals of a message moved nothing: its record's transfers stand in their
// order, each with what it was for.
void FillFailures(const registry::Settle& message, const std::vector<registry::Transfer>& moved,
                  pb::SettleResponse& out) {
  std::size_t at = 0;
  std::uint32_t index = 0;
  for (const registry::SettlementFill& fill : message.fills) {
    const bool is_made = at < moved.size() && moved[at].debit == fill.seller_escrow &&
                         moved[at].credit == fill.buyer_escrow &&
                         moved[at].ledger == fill.unit_ledger &&
                         moved[at].amount == fill.quantity && moved[at].reference == fill.trade_id;
    if (is_made) at += fill.cash != 0 ? 2 : 1;
    if (!is_made) out.add_failed_fills(index);
    ++index;
  }
  index = 0;
  for (const registry::SettlementWithdrawal& withdrawal : message.withdrawals) {
    const bool is_made = at < moved.size() && moved[at].debit == withdrawal.escrow &&
                         moved[at].credit == withdrawal.holder &&
                         moved[at].ledger == withdrawal.ledger &&
                         moved[at].amount == withdrawal.amount;
    if (is_made) ++at;
    if (!is_made) out.add_failed_withdrawals(index);
    ++index;
  }
}

class SettlementService final : public pb::SettlementService::Service {
 public:
  explicit SettlementService(Edge& edge) : edge_(edge) {}

  Status WatchPositions(ServerContext* context, const pb::WatchPositionsRequest* request,
                        grpc::ServerWriter<pb::WatchPositionsResponse>* writer) override {
    Call call(edge_, *context, std::chrono::hours(24 * 365));
    if (const Status may = call.Needs({Role::kExchange}); !may.ok()) return may;
    call.in.Parent(request->parent());
    CheckStream(request->stream_id(), "positions", call.in);
    if (const Status refused = call.Refused(); !refused.ok()) return refused;
    if (call.in.live() == nullptr) return call.Refused();
    const WatchSlot slot(edge_);
    if (!slot.is_free()) return TooManyWatches();
    std::uint64_t next = std::max<std::uint64_t>(request->from_sequence(), 1);
    while (!call.patience().ended()) {
      Patience nap = call.patience();
      nap.deadline = std::min(nap.deadline, std::chrono::system_clock::now() + kNap);
      const auto positions = call.in.live()->Positions(next, kPositionsPerRead, nap);
      if (!positions.ok()) {
        if (positions.error().kind == LiveFailure::Kind::kExpired) continue;
        return call.ToStatus(positions.error());
      }
      for (const LiveRegistry::Position& position : *positions) {
        if (!writer->Write(MessageOf(call, *call.in.live(), position))) return GoneStatus(call);
        next = position.stream_sequence + 1;
      }
    }
    return GoneStatus(call);
  }

  Status Settle(ServerContext* context, const pb::SettleRequest* request,
                pb::SettleResponse* response) override {
    Call call(edge_, *context, kLongPatience);
    if (const Status may = call.Needs({Role::kExchange}); !may.ok()) return may;
    call.in.Parent(request->parent());
    CheckStream(request->stream_id(), "settlement", call.in);
    const registry::Settle message = CommandOf(*request, call.in);
    auto prepared = call.Prepare({kNoId, false, DigestOf(*request)}, message, InOrder(message));
    if (!prepared.ok()) return prepared.error();
    Mutation& mutation = prepared.value();
    mutation.submission.source = SourceKind::kStream;
    mutation.submission.request.reset();  // Its number in the stream is its id.
    LiveRegistry& live = *mutation.live;
    const Answer answer = live.SubmitAndWait(std::move(mutation.submission));
    if (const Status status = StatusOf(mutation, answer); !status.ok()) return status;
    const auto at = live.PointOf(answer.receipt.sequence);
    if (!at.ok()) return call.ToStatus(at.error());
    Call::FillPoint(*at, response);
    response->set_stream_id("settlement");
    response->set_stream_sequence(message.sequence);
    response->set_failed(answer.receipt.failed);
    if (answer.receipt.failed == 0) return Status::OK;
    return AddFailures(call, live, message, at->sequence, *response);
  }

  Status CloseDay(ServerContext* context, const pb::CloseDayRequest* request,
                  pb::CloseDayResponse* response) override {
    Call call(edge_, *context, kLongPatience);
    if (const Status may = call.Needs({Role::kExchange}); !may.ok()) return may;
    call.in.Parent(request->parent());
    const auto date = Date::Parse(request->date());
    if (!date) call.in.Wrong("date", request->date(), "a date, as 2026-03-02");
    if (const Status refused = call.Refused(); !refused.ok()) return refused;
    if (call.in.live() == nullptr) return call.Refused();
    LiveRegistry& live = *call.in.live();
    const auto closed = CloseRegistryDay(live, *date, request->settlement_sequence(),
                                         request->exchange_state_hash(), edge_.is_stopping);
    if (!closed.ok() && closed.error().kind == LiveFailure::Kind::kExpired) {
      return RetryLater(Reason::kOverloaded, closed.error().message, kRetrySoon);
    }
    if (!closed.ok()) return call.ToStatus(closed.error());
    const auto at = live.PointOf(closed->sequence);
    if (!at.ok()) return call.ToStatus(at.error());
    Call::FillPoint(*at, response);
    response->set_registry_state_hash(closed->state_hash);
    return Status::OK;
  }

 private:
  static constexpr std::string_view kNoId = "00000000-0000-0000-0000-000000000000";

  static void CheckStream(const std::string& asked, std::string_view own, RequestReader& in) {
    if (!asked.empty() && asked != own) in.Wrong("stream_id", asked, own);
  }

  // A gap is said with the number that is missing.
  static Call::Precondition InOrder(const registry::Settle& message) {
    return [sequence = message.sequence](const Registry& state) -> std::optional<Status> {
      const std::uint64_t expected = state.settlement_sequence() + 1;
      if (sequence <= expected) return {};
      return StreamGap(sequence, expected);
    };
  }

  static pb::WatchPositionsResponse MessageOf(const Call& call, const LiveRegistry& live,
                                              const LiveRegistry::Position& position) {
    pb::WatchPositionsResponse message;
    message.set_stream_id("positions");
    message.set_stream_sequence(position.stream_sequence);
    message.set_escrow(call.Prefixed(wire::NameOf(position.transfer.credit)));
    message.set_unit(ets::ToString(live.UnitOf(position.transfer.ledger).value_or(Unit())));
    message.set_amount(position.transfer.amount);
    message.set_transfer(call.Prefixed(wire::TransferName(position.sequence, position.index)));
    wire::Fill(position.sim_time, message.mutable_sim_time());
    return message;
  }

  static Status GoneStatus(const Call& call) {
    return call.ToStatus({LiveFailure::Kind::kExpired, "the watch has ended"});
  }

  static Status AddFailures(const Call& call, LiveRegistry& live, const registry::Settle& message,
                            std::uint64_t sequence, pb::SettleResponse& out) {
    std::vector<registry::Transfer> moved;
    const auto failure = live.Records(sequence, sequence, [&](const JournalRecord& record) {
      Registry::DecodeTransfers(record, moved);
      return true;
    });
    if (failure) return call.ToStatus(*failure);
    FillFailures(message, moved, out);
    return Status::OK;
  }

  Edge& edge_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeSettlementService(Edge& edge) {
  return std::make_unique<SettlementService>(edge);
}

}  // namespace ets::server
