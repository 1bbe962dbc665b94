// ets.market.v1.OrderEntryService: a stream a session, none of which takes a thread.
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <utility>

#include "ets/market/v1/order_entry_service.grpc.pb.h"
#include "server/exchange_services_impl.h"
#include "server/exchange_stream.h"
#include "server/registry_errors.h"
#include "server/trade_bytes.h"

namespace ets::server {
namespace {

using grpc::ByteBuffer;
using grpc::CallbackServerContext;
using grpc::Status;
using grpc::StatusCode;
using std::chrono::milliseconds;

constexpr std::uint32_t kHeartbeatMin = 100, kHeartbeatMax = 600'000;

Status Garbage(const std::string& message) {
  return Ended("MESSAGE_INVALID", StatusCode::INVALID_ARGUMENT, message);
}

// Tells what the venue tells a session to its stream; see Outgoing. Messages that are made again
// and again are each thread's own, so that they keep their memory.
class TradeTeller final : public SessionListener {
 public:
  TradeTeller(ExchangeEdge& edge, std::shared_ptr<Outgoing<grpc::Slice>> out, bool groups)
      : edge_(edge), out_(std::move(out)), groups_(groups) {}

  void OnAnswer(const VenueAnswer& answer) override {
    if (answer.refused) {
      mk::Rejection rejection;
      Fill(*answer.refused, &rejection);
      return Add(answer.tag, mk::TradeResponse::kRejectionFieldNumber, rejection);
    }
    thread_local mk::Receipt receipt;
    ExchangeEdge::Fill(answer.receipt, &receipt);
    Add(answer.tag, mk::TradeResponse::kReceiptFieldNumber, receipt);
  }
  void OnReport(const Report& report) override {
    thread_local mk::ExecutionReport execution;
    execution.Clear();
    edge_.Fill(report, &execution);
    Add(0, mk::TradeResponse::kExecutionFieldNumber, execution);
  }
  void OnTrade(const TradeReport& report) override {
    mk::TradeReport trade;
    edge_.Fill(report, &trade);
    Add(0, mk::TradeResponse::kTradeFieldNumber, trade);
  }
  void OnDesk(const DeskReport& report) override {
    mk::DeskReport desk;
    edge_.Fill(report, &desk);
    Add(0, mk::TradeResponse::kDeskFieldNumber, desk);
  }
  // In its turn; see Session::TellInTurn().
  void Reject(std::uint64_t tag, const Status& status) {
    mk::Rejection rejection;
    Fill(status, &rejection);
    Add(tag, mk::TradeResponse::kRejectionFieldNumber, rejection);
  }
  void OnTold() override {
    if (!groups_) return out_->Flush();
    const std::size_t count = told_.count();
    if (count != 0 && !out_->Write(told_.Take(), count)) out_->Finish(ReadsTooSlowly());
  }
  void OnClosed(CloseReason reason) override { out_->Finish(StatusOf(reason)); }

 private:
  void Add(std::uint64_t request, int what, const google::protobuf::MessageLite& message) {
    told_.Add(request, what, message);
    if (!groups_ && !out_->Add(told_.Take())) out_->Finish(ReadsTooSlowly());
  }

  ExchangeEdge& edge_;
  const std::shared_ptr<Outgoing<grpc::Slice>> out_;
  const bool groups_;
  TradeBytes told_;
};

class DropCopyTeller final : public SessionListener {
 public:
  DropCopyTeller(ExchangeEdge& edge, std::shared_ptr<Outgoing<mk::DropCopyResponse>> out)
      : edge_(edge), out_(std::move(out)) {}
  void OnAnswer(const VenueAnswer&) override {}
  void OnReport(const Report& report) override {
    mk::DropCopyResponse response;
    edge_.Fill(report, response.mutable_execution());
    Add(std::move(response));
  }
  void OnTrade(const TradeReport& report) override {
    mk::DropCopyResponse response;
    edge_.Fill(report, response.mutable_trade());
    Add(std::move(response));
  }
  void OnDesk(const DeskReport& report) override {
    mk::DropCopyResponse response;
    edge_.Fill(report, response.mutable_desk());
    Add(std::move(response));
  }
  void OnLargeHolder(const LargeHolderReport& report) override {
    mk::DropCopyResponse response;
    edge_.Fill(report, response.mutable_large_holder());
    Add(std::move(response));
  }
  void OnTold() override { out_->Flush(); }
  void OnClosed(CloseReason reason) override { out_->Finish(StatusOf(reason)); }

 private:
  void Add(mk::DropCopyResponse response) {
    if (!out_->Add(std::move(response))) out_->Finish(ReadsTooSlowly());
  }

  ExchangeEdge& edge_;
  const std::shared_ptr<Outgoing<mk::DropCopyResponse>> out_;
};

// With the server's own heartbeat: when it was silent for one.
class Beater final : public Keeper<grpc::Slice> {
 public:
  using Keeper::Keeper;
  void Start(milliseconds every) { every_ms_ = every.count(); }
  void Beat() override {
    Keeper::Beat();
    const milliseconds every(every_ms_);
    if (every.count() == 0 || !out_->idle()) return;
    if (Outgoing<grpc::Slice>::Clock::now() - out_->last_write() < every) return;
    mk::TradeResponse response;
    response.mutable_heartbeat();
    out_->Write(TradeBytes::Of(response));
  }

 private:
  std::atomic<milliseconds::rep> every_ms_ = 0;
};

// ---- Trade ----

// Messages are read as bytes, so that bytes which are no message end the stream with a reason.
class TradeStream final : public grpc::ServerBidiReactor<ByteBuffer, ByteBuffer> {
 public:
  TradeStream(ExchangeEdge& edge, Pulse& pulse, CallbackServerContext* context)
      : edge_(edge), context_(context) {
    out_ = std::make_shared<Outgoing<grpc::Slice>>(
        edge.options().stream_responses_max,
        [this](const grpc::Slice& response, bool more) { Send(response, more); },
        [this](const Status& status) { Finish(status); });
    out_->Hold();
    beater_ = std::make_shared<Beater>(out_);
    if (!pulse.Add(beater_)) out_->Finish(StatusOf(CloseReason::kVenueStopped));
    StartRead(&in_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) return Leave();
    mk::TradeRequest request;
    const Status read = grpc::SerializationTraits<mk::TradeRequest>::Deserialize(&in_, &request);
    if (!read.ok()) return Fail(Garbage("the bytes are no TradeRequest"));
    const Status taken = session_ ? Take(request) : LogOn(request);
    if (!taken.ok()) return Fail(taken);
    StartRead(&in_);
  }
  void OnWriteDone(bool ok) override { out_->OnWriteDone(ok); }
  void OnCancel() override { Leave(); }
  void OnDone() override { delete this; }

 private:
  void Send(const grpc::Slice& response, bool more) {
    ByteBuffer bytes(&response, 1);
    writing_.Swap(&bytes);
    StartWrite(&writing_, HintOf(more));
  }
  void Fail(const Status& status) {
    out_->Finish(status);
    if (session_) session_->Close();
  }
  // The client has gone, or has said all it wanted to.
  void Leave() {
    const std::lock_guard lock(leaving_);
    if (session_) {
      session_->Close();
    } else {
      out_->Finish(Status::OK);
    }
  }
  Status LogOn(const mk::TradeRequest& request);
  Status Take(const mk::TradeRequest& request);
  // What could be read goes to the venue; what could not is answered here, when it is its turn.
  template <typename In>
  Status Submit(std::uint64_t tag, const OrStatus<In>& input) {
    if (input.ok()) {
      session_->Submit(VenueRequest{tag, input.value()});
    } else {
      session_->TellInTurn(
          [teller = teller_, tag, status = input.error()] { teller->Reject(tag, status); });
    }
    return Status::OK;
  }

  ExchangeEdge& edge_;
  CallbackServerContext* const context_;
  ByteBuffer in_, writing_;
  std::shared_ptr<Outgoing<grpc::Slice>> out_;
  std::shared_ptr<Beater> beater_;
  std::mutex leaving_;
  std::shared_ptr<TradeTeller> teller_;
  std::shared_ptr<Session> session_;
};

Status TradeStream::LogOn(const mk::TradeRequest& request) {
  if (!request.has_logon()) return Garbage("the first message must be a Logon");
  const mk::Logon& logon = request.logon();
  const std::uint32_t beat = logon.heartbeat_ms();
  if (beat != 0 && (beat < kHeartbeatMin || beat > kHeartbeatMax)) {
    return FieldError("heartbeat_ms", std::to_string(beat), "0, or from 100 to 600000");
  }
  const auto member = edge_.MemberOf(*context_, logon.member());
  if (!member.ok()) return member.error();
  SessionTerms terms;
  terms.name = "grpc " + context_->peer();
  terms.member = *member;
  terms.cancel_on_disconnect = logon.cancel_on_disconnect();
  terms.heartbeat = milliseconds(beat);
  terms.lends_thread = true;
  teller_ = std::make_shared<TradeTeller>(edge_, out_, logon.groups());
  {
    const std::lock_guard lock(leaving_);
    session_ = edge_.venue().Connect(terms, teller_);
  }
  beater_->Guard(session_);
  auto response = std::make_shared<mk::TradeResponse>();
  response->set_request(request.request());
  response->mutable_logged_on()->set_heartbeat_ms(beat);
  edge_.exchange().ReadLater(
      [&edge = edge_, response, member = *member](const market::Market& market) {
        mk::LoggedOn& logged_on = *response->mutable_logged_on();
        logged_on.set_sequence(market.sequence());
        ExchangeEdge::ForEachOrder(market, member, [&](InstrumentId instrument, const auto& order) {
          edge.Fill(instrument, order, logged_on.add_orders());
        });
      },
      [out = out_, response](bool is_on_disk) {
        if (is_on_disk) out->WriteFirst(TradeBytes::Of(*response));
      });
  beater_->Start(milliseconds(beat));
  if (context_->IsCancelled()) session_->Close();
  return Status::OK;
}

Status TradeStream::Take(const mk::TradeRequest& request) {
  using What = mk::TradeRequest::WhatCase;
  const std::uint64_t tag = request.request();
  session_->Heard();
  switch (request.what_case()) {
    case What::kLogon:
      return Garbage("a second Logon");
    case What::kHeartbeat:
      return Status::OK;
    case What::kPlace:
      return Submit(tag, edge_.Read(request.place()));
    case What::kChange:
      return Submit(tag, edge_.Read(request.change()));
    case What::kCancel:
      return Submit(tag, edge_.Read(request.cancel()));
    case What::kMassCancel:
      return Submit(tag, edge_.Read(request.mass_cancel()));
    case What::kQuoteBlock:
      return Submit(tag, edge_.Read(request.quote_block()));
    case What::kConfirmBlock:
      return Submit(tag, OrStatus<market::ConfirmBlock>(market::ConfirmBlock{
                             {}, market::OfferId(request.confirm_block().offer())}));
    case What::kCancelBlock:
      return Submit(tag, OrStatus<market::CancelBlock>(market::CancelBlock{
                             {}, market::OfferId(request.cancel_block().offer())}));
    case What::kAnnounceOneWay:
      return Submit(tag, edge_.Read(request.announce_one_way()));
    case What::kBidOneWay:
      return Submit(tag, OrStatus<market::BidOneWay>(ExchangeEdge::Read(request.bid_one_way())));
    case What::kWithdrawOneWay:
      return Submit(tag, OrStatus<market::WithdrawOneWay>(market::WithdrawOneWay{
                             {},
                             market::OfferId(request.withdraw_one_way().announcement()),
                             market::OfferId(request.withdraw_one_way().bid())}));
    case What::WHAT_NOT_SET:
      return Garbage("a TradeRequest that asks for nothing");
  }
  return Status::OK;
}

// ---- DropCopy ----

class DropCopyStream final : public grpc::ServerWriteReactor<mk::DropCopyResponse> {
 public:
  DropCopyStream(ExchangeEdge& edge, Pulse& pulse, const SessionTerms& terms) {
    out_ = std::make_shared<Outgoing<mk::DropCopyResponse>>(
        edge.options().stream_responses_max,
        [this](const mk::DropCopyResponse& response, bool more) {
          StartWrite(&response, HintOf(more));
        },
        [this](const Status& status) { Finish(status); });
    out_->Hold();
    ender_ = std::make_shared<Keeper<mk::DropCopyResponse>>(out_);
    if (!pulse.Add(ender_)) out_->Finish(StatusOf(CloseReason::kVenueStopped));
    auto session = edge.venue().Connect(terms, std::make_shared<DropCopyTeller>(edge, out_));
    mk::DropCopyResponse first;
    first.mutable_heartbeat();
    ender_->Guard(std::move(session));
    out_->WriteFirst(std::move(first));
  }
  void OnWriteDone(bool ok) override { out_->OnWriteDone(ok); }
  void OnCancel() override { out_->Finish(Status::CANCELLED); }
  void OnDone() override { delete this; }

 private:
  std::shared_ptr<Outgoing<mk::DropCopyResponse>> out_;
  std::shared_ptr<Keeper<mk::DropCopyResponse>> ender_;
};

class OrderEntryService final
    : public mk::OrderEntryService::WithRawCallbackMethod_Trade<
          mk::OrderEntryService::WithCallbackMethod_DropCopy<mk::OrderEntryService::Service>> {
 public:
  OrderEntryService(ExchangeEdge& edge, Pulse& pulse) : edge_(edge), pulse_(pulse) {}

  grpc::ServerBidiReactor<ByteBuffer, ByteBuffer>* Trade(CallbackServerContext* context) override {
    if (const Status may = edge_.NeedsCaller(*context); !may.ok()) {
      return new Refusing<grpc::ServerBidiReactor<ByteBuffer, ByteBuffer>>(may);
    }
    return new TradeStream(edge_, pulse_, context);
  }
  grpc::ServerWriteReactor<mk::DropCopyResponse>* DropCopy(
      CallbackServerContext* context, const mk::DropCopyRequest* request) override {
    SessionTerms terms;
    terms.name = "drop copy " + context->peer();
    terms.is_drop_copy = true;
    terms.of_all_members = request->member().empty();
    Status may = Status::OK;
    if (terms.of_all_members) {
      may = edge_.NeedsOperator(*context);
    } else {
      const auto member = edge_.MemberOf(*context, request->member());
      if (member.ok()) terms.member = *member;
      if (!member.ok()) may = member.error();
    }
    if (!may.ok()) return new Refusing<grpc::ServerWriteReactor<mk::DropCopyResponse>>(may);
    return new DropCopyStream(edge_, pulse_, terms);
  }

 private:
  ExchangeEdge& edge_;
  Pulse& pulse_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeOrderEntryService(ExchangeEdge& edge, Pulse& pulse) {
  return std::make_unique<OrderEntryService>(edge, pulse);
}

}  // namespace ets::server
