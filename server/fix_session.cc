#include "server/fix_session.h"

#include <utility>

#include "server/exchange_edge.h"
#include "server/fix_dictionary.h"

namespace ets::server::fix {
namespace {

namespace tag = FIX::FIELD;
using std::chrono::milliseconds;
using std::chrono::seconds;

// After two heartbeats without a word, and half of one since QuickFIX has asked for it, a client is
// gone: sooner than QuickFIX would hang up, which says nothing.
constexpr int kSilentBeats = 2;
constexpr seconds kLogoutPatience(2);
constexpr std::size_t kAheadBytesMax = std::size_t{1} << 20U;
constexpr int kUnknownId = 1, kNotAvailable = 4;  // BusinessRejectReason(380).

Date Today() { return Date(static_cast<std::int32_t>(std::time(nullptr) / 86'400)); }

std::string TypeIn(const std::string& message) {
  constexpr std::string_view kType =
      "\x01"
      "35=";
  const std::size_t at = message.find(kType);
  if (at == message.npos) return {};
  const std::size_t begin = at + kType.size();
  return message.substr(begin, message.find(kSoh, begin) - begin);
}

// Keeps no market data.
class Store final : public FIX::FileStore {
 public:
  using FileStore::FileStore;
  bool set(int number, const std::string& message) override {
    const std::string type = TypeIn(message);
    return type == "W" || type == "X" || type == "f" || FileStore::set(number, message);
  }
};
class Stores final : public FIX::MessageStoreFactory {
 public:
  explicit Stores(std::string folder) : folder_(std::move(folder)) {}
  FIX::MessageStore* create(const FIX::SessionID& id) override { return new Store(folder_, id); }
  void destroy(FIX::MessageStore* store) override { delete store; }

 private:
  const std::string folder_;
};

class DropCopyListener final : public SessionListener {
 public:
  explicit DropCopyListener(std::shared_ptr<Inbox> inbox) : inbox_(std::move(inbox)) {}
  void OnAnswer(const VenueAnswer&) override {}
  void OnReport(const Report& report) override { inbox_->Put(report); }
  void OnClosed(CloseReason reason) override { inbox_->Put(VenueClosed{0, reason}); }

 private:
  const std::shared_ptr<Inbox> inbox_;
};

// Its reports come by the drop copy.
class TradeListener final : public SessionListener {
 public:
  TradeListener(std::shared_ptr<Inbox> inbox, std::uint64_t connection)
      : inbox_(std::move(inbox)), connection_(connection) {}
  void OnAnswer(const VenueAnswer& answer) override { inbox_->Put(answer); }
  void OnReport(const Report&) override {}
  void OnClosed(CloseReason reason) override { inbox_->Put(VenueClosed{connection_, reason}); }

 private:
  const std::shared_ptr<Inbox> inbox_;
  const std::uint64_t connection_;
};

bool IsWhole(FIX::TYPE::Type type) {
  return type == FIX::TYPE::Int || type == FIX::TYPE::SeqNum || type == FIX::TYPE::Length ||
         type == FIX::TYPE::NumInGroup;
}

}  // namespace

std::unique_ptr<FIX::MessageStoreFactory> MakeStores(const std::string& folder) {
  return std::make_unique<Stores>(folder);
}

// ---- Inbox ----

void Inbox::Put(News news) {
  const std::lock_guard lock(mutex_);
  if (!wake_) return;
  news_.push_back(std::move(news));
  if (news_.size() == 1) wake_();
}
std::vector<News> Inbox::Take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(news_, {});
}
void Inbox::Close() {
  const std::lock_guard lock(mutex_);
  wake_ = nullptr;
  news_.clear();
}

// ---- Life ----

ClientSession::ClientSession(Shared& shared, std::string client, MemberId member)
    : shared_(shared),
      client_(std::move(client)),
      member_(member),
      day_(Today()),
      orders_(shared.symbols) {
  const FIX::UtcTimeOnly midnight(0, 0, 0);
  session_ = std::make_unique<FIX::Session>(
      *this, *shared_.stores, FIX::SessionID("FIX.4.4", kVenueId, client_), DictionaryProvider(),
      FIX::TimeRange(midnight, midnight), 0, nullptr);
}
ClientSession::~ClientSession() { End(); }

void ClientSession::Begin() {
  inbox_ = std::make_shared<Inbox>([post = shared_.post, weak = weak_from_this()] {
    post([weak] {
      if (const auto self = weak.lock()) self->Drain();
    });
  });
  SessionTerms terms;
  terms.name = "fix drop copy " + client_;
  terms.member = member_;
  terms.is_drop_copy = true;
  drop_copy_ = shared_.venue.Connect(terms, std::make_shared<DropCopyListener>(inbox_));
  shared_.venue.exchange().Read([this](const market::Market& market) {
    loaded_ = newest_ = market.sequence();
    ExchangeEdge::ForEachOrder(market, member_, [this](InstrumentId instrument, const auto& order) {
      orders_.Load(instrument, order);
    });
  });
}

void ClientSession::End() {
  SayGoodbye("the venue closes");
  if (inbox_) inbox_->Close();
  drop_copy_.reset();
  trade_.reset();
}

void ClientSession::LogOn(Wire& wire, const std::string& logon, seconds heartbeat,
                          bool cancel_on_disconnect) {
  wire_ = &wire;
  heartbeat_ = heartbeat;
  cancel_on_disconnect_ = cancel_on_disconnect;
  heard_ = Clock::now();
  asked_.reset();
  logout_sent_.reset();
  ahead_bytes_ = 0;
  day_ = Today();
  session_->setResponder(this);
  try {
    session_->next(logon, FIX::UtcTimeStamp());
  } catch (const std::exception&) {  // QuickFIX has hung up.
  }
  if (wire_ != nullptr && !session_->isLoggedOn()) SayGoodbye("the logon is not valid");
}

void ClientSession::onLogon(const FIX::SessionID&) {
  if (trade_) return;
  SessionTerms terms;
  terms.name = "fix " + client_;
  terms.member = member_;
  terms.cancel_on_disconnect = cancel_on_disconnect_;
  trade_ = shared_.venue.Connect(terms, std::make_shared<TradeListener>(inbox_, ++connection_));
}

bool ClientSession::is_over() const { return !is_connected() && day_ != Today(); }

// QuickFIX ends a day without a word.
void ClientSession::toAdmin(FIX::Message& message, const FIX::SessionID&) {
  if (message.getHeader().getField(tag::MsgType) != "5" || day_ == Today()) return;
  if (!message.isSetField(tag::Text)) {
    Set(message, tag::Text, "the day is over; numbers begin at 1 again");
  }
}

std::string ClientSession::WhatIsWrong(const std::string& message, std::span<const Field> fields) {
  if (fields[0].value != "FIX.4.4") {
    return "BeginString(8) " + Printable(fields[0].value) + "; allowed: FIX.4.4";
  }
  const bool is_reset = Find(fields, tag::ResetSeqNumFlag) == "Y";
  if (fields[2].value == "A" && !is_reset) {
    return "a second Logon(A); allowed: one a connection, or with ResetSeqNumFlag(141) Y";
  }
  const auto number = NumberOf(Find(fields, tag::MsgSeqNum).value_or(""));
  if (!number || *number == 0) {
    return "MsgSeqNum(34) is missing or no number; allowed: from 1, of at most " +
           std::to_string(kDigitsMax) + " digits";
  }
  for (const Field& field : fields) {
    FIX::TYPE::Type type = FIX::TYPE::Unknown;
    if (field.value.size() <= kDigitsMax || !Dictionary().getFieldType(field.tag, type)) continue;
    if (!IsWhole(type)) continue;
    return "field " + std::to_string(field.tag) + " '" + Printable(field.value) +
           "'; allowed: at most " + std::to_string(kDigitsMax) + " digits";
  }
  const bool is_ahead = *number > session_->getExpectedTargetNum();
  ahead_bytes_ = is_ahead ? ahead_bytes_ + message.size() : 0;
  if (ahead_bytes_ <= kAheadBytesMax) return {};
  return "MsgSeqNum(34) " + std::to_string(*number) + ": too much waits for message " +
         std::to_string(session_->getExpectedTargetNum());
}

void ClientSession::Take(const std::string& message, std::span<const Field> fields) {
  heard_ = Clock::now();
  asked_.reset();
  if (trade_) trade_->Heard();
  const std::string wrong = WhatIsWrong(message, fields);
  if (!wrong.empty()) return SayGoodbye(wrong);
  try {
    session_->next(message, FIX::UtcTimeStamp());
  } catch (const std::exception& error) {
    SayGoodbye(error.what());
  }
}

bool ClientSession::IsSilent() const {
  if (wire_ == nullptr || heartbeat_.count() == 0 || !asked_) return false;
  const auto now = Clock::now();
  return now - heard_ > heartbeat_ * kSilentBeats && now - *asked_ > milliseconds(heartbeat_) / 2;
}

void ClientSession::Tick() {
  if (IsSilent()) {
    return SayGoodbye("nothing was heard for " + std::to_string(heartbeat_.count()) +
                      " s, nor after a TestRequest(1)");
  }
  try {
    session_->next();
  } catch (const std::exception& error) {
    return SayGoodbye(error.what());
  }
  if (wire_ == nullptr) return;
  if (session_->sentLogout()) {
    if (!logout_sent_) logout_sent_ = Clock::now();
    if (Clock::now() - *logout_sent_ > kLogoutPatience) return Lost();
  }
  for (auto& [number, subscribed] : feeds_) {
    if (subscribed.is_stale && !wire_->is_behind()) subscribed.subscription->Refresh();
  }
}

void ClientSession::SayGoodbye(const std::string& why) {
  if (wire_ == nullptr) return;
  if (session_->isLoggedOn()) {
    session_->logout(why);
    session_->next();
  }
  session_->disconnect();
  session_->logon();  // It may come again.
}

void ClientSession::Lost() { session_->disconnect(); }

bool ClientSession::send(const std::string& message) {
  if (wire_ == nullptr) return false;
  if (TypeIn(message) == "1") asked_ = Clock::now();
  wire_->Write(message);
  return true;
}

void ClientSession::disconnect() {
  if (wire_ == nullptr) return;
  std::exchange(wire_, nullptr)->End();
  feeds_.clear();
  trade_.reset();
}

// ---- Messages of the client ----

ClientSession::Handler ClientSession::HandlerOf(const std::string& message_type) {
  static const std::map<std::string, Handler> kHandlers{
      {"D", &ClientSession::NewOrder},
      {"F", &ClientSession::Cancel},
      {"G", &ClientSession::Replace},
      {"H", &ClientSession::OrderStatus},
      {"q", &ClientSession::MassCancel},
      {"AF", &ClientSession::MassStatus},
      {"V", &ClientSession::MarketDataRequest},
      {"x", &ClientSession::SecurityListRequest},
      {"e", &ClientSession::SecurityStatusRequest},
      {"g", &ClientSession::TradingSessionRequest},
  };
  const auto found = kHandlers.find(message_type);
  return found == kHandlers.end() ? nullptr : found->second;
}

void ClientSession::fromApp(const FIX::Message& message, const FIX::SessionID&) {
  const std::string type = message.getHeader().getField(tag::MsgType);
  if (type == "j") return;  // What the client did not take is its own matter.
  const Handler handler = HandlerOf(type);
  if (handler == nullptr) throw FIX::UnsupportedMessageType();
  (this->*handler)(message);
}

void ClientSession::Send(FIX::Message message) { session_->send(message); }

void ClientSession::Reject(const FIX::Message& message, int reason, const std::string& why) {
  FIX::Message reject = Made("j");
  Set(reject, tag::RefSeqNum, Text(message.getHeader(), tag::MsgSeqNum));
  Set(reject, tag::RefMsgType, Text(message.getHeader(), tag::MsgType));
  Set(reject, tag::BusinessRejectRefID, Text(message, tag::ClOrdID));
  Set(reject, tag::BusinessRejectReason, std::int64_t{reason});
  Set(reject, tag::Text, why);
  Send(std::move(reject));
}

// ---- Orders ----

template <typename Order>
void ClientSession::Submit(const FIX::Message& message, Request request, const Read<Order>& order) {
  if (!order.ok()) {
    const std::string exec_id = "0." + Text(message.getHeader(), tag::MsgSeqNum);
    return Refuse(request, order.error(), exec_id, 0);
  }
  const std::uint64_t number = ++last_tag_;
  pending_.emplace(number, std::move(request));
  if (trade_ && trade_->Submit(VenueRequest{number, *order})) return;
  pending_.erase(number);
  Reject(message, kNotAvailable, "the exchange takes no requests of this session any more");
}

void ClientSession::NewOrder(const FIX::Message& message) {
  Submit(message, RequestOf(Request::Kind::kPlace, message),
         ReadNewOrder(message, shared_.symbols));
}
void ClientSession::Cancel(const FIX::Message& message) {
  Request request = RequestOf(Request::Kind::kCancel, message);
  auto cancel = ReadCancel(message, shared_.symbols);
  if (auto wrong = WhatDiffers(message, request); cancel.ok() && wrong) cancel = Fail{*wrong};
  Submit(message, std::move(request), cancel);
}
void ClientSession::Replace(const FIX::Message& message) {
  Request request = RequestOf(Request::Kind::kReplace, message);
  auto change = ReadReplace(message, shared_.symbols);
  if (auto wrong = WhatDiffers(message, request); change.ok() && wrong) change = Fail{*wrong};
  Submit(message, std::move(request), change);
}

std::optional<Wrong> ClientSession::WhatDiffers(const FIX::Message& message,
                                                const Request& request) const {
  const Orders::Known* const known = orders_.Find(request);
  if (known == nullptr || known->is_gone) return std::nullopt;
  const auto differs = [](const char* field, const std::string& is, char must) {
    return Wrong{std::string(field) + " '" + Printable(is) + "'; allowed: the order's, " + must +
                     ", which nothing changes",
                 {}};
  };
  const std::string side = Text(message, tag::Side);
  const char own_side = SideChar(known->last.side);
  if (side != std::string(1, own_side)) return differs("Side(54)", side, own_side);
  const std::string type = Text(message, tag::OrdType);
  if (type.empty()) return std::nullopt;
  for (const matching::OrderType own : {known->last.type, known->entered}) {
    if (type == std::string(1, TypeChar(own))) return std::nullopt;
  }
  return differs("OrdType(40)", type, TypeChar(known->last.type));
}

void ClientSession::MassCancel(const FIX::Message& message) {
  Submit(message, RequestOf(Request::Kind::kMassCancel, message),
         ReadMassCancel(message, shared_.symbols));
}

void ClientSession::Refuse(const Request& request, const Wrong& wrong, const std::string& exec_id,
                           SimTime time) {
  FIX::Message message;
  switch (request.kind) {
    case Request::Kind::kPlace:
      message = RejectedOrder(request, wrong);
      Set(message, tag::ExecID, exec_id);
      break;
    case Request::Kind::kReplace:
    case Request::Kind::kCancel:
      message = RejectedCancel(request, wrong, orders_.Find(request));
      break;
    case Request::Kind::kMassCancel:
      message = RejectedMassCancel(request, wrong);
      break;
  }
  if (time != 0) SetTime(message, tag::TransactTime, time);
  Send(std::move(message));
}

void ClientSession::OrderStatus(const FIX::Message& message) {
  const Request request = RequestOf(Request::Kind::kPlace, message);
  const Orders::Known* const known =
      request.order.raw() != 0 ? orders_.Find(request.order) : orders_.Find(request.id);
  FIX::Message report;
  if (known != nullptr) {
    report = orders_.Status(*known);
  } else {
    report = RejectedOrder(request, WrongBy(market::Refusal::kOrderNotFound));
    Set(report, tag::ExecType, 'I');
    Set(report, tag::ExecID, "0");
  }
  Set(report, tag::OrdStatusReqID, Text(message, tag::OrdStatusReqID));
  Send(std::move(report));
}

void ClientSession::MassStatus(const FIX::Message& message) {
  std::optional<InstrumentId> instrument;
  if (Text(message, tag::MassStatusReqType) == "1") {
    const auto read = ReadInstrument(message, shared_.symbols);
    if (!read.ok()) return Reject(message, kUnknownId, read.error().text);
    instrument = *read;
  }
  const auto live = orders_.Live(instrument, ReadSide(message));
  const std::string id = Text(message, tag::MassStatusReqID);
  if (live.empty()) return Reject(message, kUnknownId, "no order waits");
  for (std::size_t i = 0; i < live.size(); ++i) {
    FIX::Message report = orders_.Status(*live[i]);
    Set(report, tag::MassStatusReqID, id);
    Set(report, tag::TotNumReports, static_cast<std::int64_t>(live.size()));
    Set(report, tag::LastRptRequested, i + 1 == live.size() ? 'Y' : 'N');
    Send(std::move(report));
  }
}

// ---- What the venue says ----

void ClientSession::Drain() {
  for (const News& news : inbox_->Take()) {
    std::visit([this](const auto& it) { On(it); }, news);
  }
}

void ClientSession::On(const VenueAnswer& answer) {
  auto node = pending_.extract(answer.tag);
  if (node.empty()) return;
  Request& request = node.mapped();
  if (answer.refused) {
    const Wrong wrong = WrongBy(answer.refused->refusal, answer.refused->detail);
    return Refuse(request, wrong, std::to_string(answer.sequence) + ".0", answer.time);
  }
  if (request.kind == Request::Kind::kMassCancel) {
    FIX::Message message = MassCancelled(request, answer.receipt.count);
    Set(message, tag::OrderID, std::to_string(answer.sequence));
    SetTime(message, tag::TransactTime, answer.time);
    return Send(std::move(message));
  }
  // A repeated request gets the first one's record, whose reports have long been told.
  if (answer.sequence <= newest_) return SendStatus(request, answer.receipt);
  newest_ = answer.sequence;
  current_ = Current{answer.sequence, answer.receipt.order, std::move(request)};
}

void ClientSession::SendStatus(const Request& request, const market::Receipt& receipt) {
  if (const Orders::Known* const known = orders_.Find(receipt.order)) {
    return Send(orders_.Status(*known));
  }
  // Gone so long ago that only the answer is known.
  FIX::Message report = RejectedOrder(request, {"as it was answered first; gone since", {}});
  report.removeField(tag::OrdRejReason);
  const bool is_filled = receipt.traded != Tonnes() && receipt.resting == Tonnes();
  Set(report, tag::OrderID, std::to_string(receipt.order.raw()));
  Set(report, tag::ExecType, 'I');
  Set(report, tag::ExecID, "0");
  Set(report, tag::OrdStatus, is_filled ? '2' : '4');
  Set(report, tag::CumQty, receipt.traded);
  if (receipt.traded != Tonnes()) {
    Set(report, tag::AvgPx, AveragePrice(receipt.value, receipt.traded));
  }
  Send(std::move(report));
}

void ClientSession::On(const Report& report) {
  if (report.sequence != record_) {
    record_ = report.sequence;
    record_reports_ = 0;
  }
  ++record_reports_;
  newest_ = std::max(newest_, report.sequence);
  const bool is_own =
      current_ && current_->sequence == report.sequence && current_->order == report.event.order;
  const Request* const request = is_own ? &current_->request : nullptr;
  // What was told before the orders were read must not undo what they have become.
  Orders past(shared_.symbols);
  Orders& orders = report.sequence <= loaded_ ? past : orders_;
  auto message = orders.Take(report.event, request);
  if (!message) return;
  Set(*message, tag::ExecID,
      std::to_string(report.sequence) + "." + std::to_string(record_reports_));
  SetTime(*message, tag::TransactTime, report.time);
  Send(std::move(*message));
}

void ClientSession::On(const VenueClosed& closed) {
  if (closed.connection != 0 && closed.connection != connection_) return;
  if (closed.connection != 0 && closed.reason == CloseReason::kByClient) return;
  SayGoodbye("the session has ended: " + std::string(ToString(closed.reason)));
}

}  // namespace ets::server::fix
