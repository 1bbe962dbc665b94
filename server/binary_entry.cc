#include "server/binary_entry.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio.hpp>
#include <cstring>
#include <mutex>
#include <set>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "server/binary_protocol.h"
#include "server/tcp_listen.h"

namespace ets::server {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace binary {

std::optional<std::size_t> SizeOf(Kind kind) {
  switch (kind) {
    case Kind::kLogon:
      return sizeof(Logon);
    case Kind::kPlace:
      return sizeof(Place);
    case Kind::kChange:
      return sizeof(Change);
    case Kind::kCancel:
      return sizeof(Cancel);
    case Kind::kCancelAll:
      return sizeof(CancelAll);
    case Kind::kHeartbeat:
      return sizeof(Heartbeat);
    case Kind::kLogout:
      return sizeof(Logout);
    case Kind::kWelcome:
    case Kind::kAnswer:
    case Kind::kReport:
    case Kind::kGoodbye:
      break;
  }
  return std::nullopt;
}

std::string WhatIsWrong(const Header& header) {
  const auto size = SizeOf(header.kind);
  if (!size) {
    return "kind " + std::to_string(static_cast<int>(header.kind)) + "; allowed: 1 to 7";
  }
  if (header.version != kVersion) {
    return "version " + std::to_string(header.version) + "; allowed: 1";
  }
  if (header.size != *size) {
    return "size " + std::to_string(header.size) + " of kind " +
           std::to_string(static_cast<int>(header.kind)) + "; allowed: " + std::to_string(*size);
  }
  return {};
}

}  // namespace binary

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLogonPatience(10'000);
// What is read at once: many orders.
constexpr std::size_t kReadBytes = 4'096;
static_assert(kReadBytes >= binary::kMessageMax);
constexpr std::uint32_t kHeartbeatLeast = 100;
constexpr std::uint32_t kHeartbeatMost = 600'000;

matching::ClientOrderId ClientIdOf(std::uint64_t number) {
  return number == 0 ? matching::ClientOrderId() : matching::ClientOrderId::FromNumber(number);
}

// An enumerator out of a byte, or why not.
template <typename Enum>
bool IsOneOf(std::uint8_t value, Enum last) {
  return value >= 1 && value <= static_cast<std::uint8_t>(last);
}

std::string WrongField(const char* field, int value, int most) {
  return std::string(field) + " " + std::to_string(value) + "; allowed: 1 to " +
         std::to_string(most);
}

// What is wrong with a Place, in words.
std::string WhatIsWrong(const binary::Place& place) {
  if (!IsOneOf(place.side, matching::Side::kSell)) return WrongField("side", place.side, 2);
  if (!IsOneOf(place.type, matching::OrderType::kStopLimit)) {
    return WrongField("type", place.type, 4);
  }
  if (!IsOneOf(place.time_in_force, matching::TimeInForce::kGoodTillDate)) {
    return WrongField("time_in_force", place.time_in_force, 5);
  }
  if (place.self_trade > static_cast<int>(matching::SelfTradePrevention::kDecrementBoth)) {
    return "self_trade " + std::to_string(place.self_trade) + "; allowed: 0 to 4";
  }
  if (place.post_only > 1) {
    return "post_only " + std::to_string(place.post_only) + "; allowed: 0, 1";
  }
  return {};
}

market::PlaceOrder OrderOf(const binary::Place& place) {
  market::PlaceOrder order;
  order.instrument = InstrumentId(place.instrument);
  order.side = static_cast<matching::Side>(place.side);
  order.type = static_cast<matching::OrderType>(place.type);
  order.time_in_force = static_cast<matching::TimeInForce>(place.time_in_force);
  if (place.self_trade != 0) {
    order.self_trade = static_cast<matching::SelfTradePrevention>(place.self_trade);
  }
  order.post_only = place.post_only != 0;
  order.limit = Price::FromMinorPerTonne(place.limit);
  order.stop = Price::FromMinorPerTonne(place.stop);
  order.quantity = Tonnes(place.quantity);
  order.display = Tonnes(place.display);
  order.minimum = Tonnes(place.minimum);
  order.expire = Date(place.expire);
  order.client_id = ClientIdOf(place.client_id);
  return order;
}

binary::Answer AnswerOf(const VenueAnswer& from) {
  auto answer = binary::Make<binary::Answer>(binary::Kind::kAnswer);
  answer.tag = from.tag;
  answer.sequence = from.sequence;
  answer.time = from.time;
  if (from.refused) {
    answer.refusal = static_cast<std::uint16_t>(from.refused->refusal);
    answer.asked = from.refused->detail.asked;
    answer.limit = from.refused->detail.limit;
    return answer;
  }
  answer.cancelled =
      static_cast<std::uint16_t>(std::min<std::uint32_t>(from.receipt.count, 0xFFFF));
  answer.order = from.receipt.order.raw();
  answer.traded = from.receipt.traded.count();
  answer.value = from.receipt.value.minor();
  answer.open = from.receipt.resting.count();
  return answer;
}

binary::Report ReportOf(const Report& from) {
  auto report = binary::Make<binary::Report>(binary::Kind::kReport);
  const market::OrderEvent& event = from.event;
  report.event = static_cast<std::uint8_t>(event.kind);
  report.reason = static_cast<std::uint8_t>(event.reason);
  report.side = static_cast<std::uint8_t>(event.side);
  report.is_own = from.is_own ? 1 : 0;
  report.tag = from.tag;
  report.sequence = from.sequence;
  report.time = from.time;
  report.order = event.order.raw();
  binary::SetText(report.client_id, event.client_id.text());
  report.price = event.price.minor_per_tonne();
  report.quantity = event.quantity.count();
  report.filled = event.filled.count();
  report.open = event.open.count();
  report.visible = event.visible.count();
  report.last_price = event.last_price.minor_per_tonne();
  report.last_quantity = event.last_quantity.count();
  report.fee = event.fee.minor();
  report.trade_id = event.trade_id;
  report.instrument = event.instrument.raw();
  return report;
}

class Connection;

// What the connections of one port share.
struct Port {
  Port(Venue& at, BinaryEntryOptions with) : venue(at), options(std::move(with)) {}

  Venue& venue;
  const BinaryEntryOptions options;
  asio::io_context context{1};
  std::set<std::shared_ptr<Connection>> connections;  // The port's thread's.
  std::atomic<std::size_t> count = 0;
};

// One client. Everything but the listener's calls happens on the port's thread.
class Connection final : public SessionListener, public std::enable_shared_from_this<Connection> {
 public:
  Connection(Port& port, tcp::socket socket)
      : port_(port), socket_(std::move(socket)), timer_(port.context) {}

  void Begin() {
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    Watch(kLogonPatience);
    Read();
  }

  void Refuse(const std::string& why) {
    SayGoodbye(why);
    Read();
  }
  // Says why, and nothing behind it. The client has a while to read it and to close its side: a
  // socket that is closed before would take what is under way with it.
  void SayGoodbye(const std::string& why) {
    if (is_leaving_) return;
    is_leaving_ = true;
    if (session_) session_->Close();
    auto goodbye = binary::Make<binary::Goodbye>(binary::Kind::kGoodbye);
    binary::SetText(goodbye.reason, why);
    Send(goodbye);
    if (is_gone_) return;
    timer_.expires_after(port_.options.goodbye_patience);
    timer_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error) self->Cut();
    });
  }

  // ---- The venue's thread ----

  void OnAnswer(const VenueAnswer& answer) override { SendFromVenue(AnswerOf(answer)); }
  void OnReport(const Report& report) override { SendFromVenue(ReportOf(report)); }
  void OnTold() override {
    if (port_.context.get_executor().running_in_this_thread()) return TakeFromVenue();
    asio::post(port_.context, [self = shared_from_this()] { self->TakeFromVenue(); });
  }
  void OnClosed(CloseReason reason) override {
    asio::post(port_.context, [self = shared_from_this(), reason] {
      self->SayGoodbye("the session has ended: " + std::string(ToString(reason)));
    });
  }

 private:
  template <typename Message>
  void SendFromVenue(const Message& message) {
    const std::lock_guard lock(mutex_);
    const auto* const bytes = reinterpret_cast<const std::byte*>(&message);
    from_venue_.insert(from_venue_.end(), bytes, bytes + sizeof(Message));
  }
  void TakeFromVenue() {
    {
      const std::lock_guard lock(mutex_);
      if (!is_leaving_) unsent_.insert(unsent_.end(), from_venue_.begin(), from_venue_.end());
      from_venue_.clear();
    }
    if (unsent_.size() > port_.options.unsent_bytes_max) return LeaveUnread();
    Pump();
  }
  void LeaveUnread() {
    const std::size_t bytes = std::exchange(unsent_, {}).size();
    SayGoodbye("reads too slowly: " + std::to_string(bytes) +
               " bytes wait; allowed: " + std::to_string(port_.options.unsent_bytes_max));
  }

  // ---- Reading ----

  void Read() {
    socket_.async_read_some(asio::buffer(in_.data() + in_size_, in_.size() - in_size_),
                            [self = shared_from_this()](const error_code& error, std::size_t size) {
                              if (error) return self->Cut();
                              self->in_size_ += size;
                              self->TakeMessages();
                            });
  }

  // Takes what is whole; the orders among it go to the venue together.
  void TakeMessages() {
    const std::span<const std::byte> in(in_.data(), in_size_);
    std::size_t taken = 0;
    while (!is_leaving_ && in.size() - taken >= sizeof(binary::Header)) {
      const auto header = binary::ReadAs<binary::Header>(in.subspan(taken));
      std::string wrong = binary::WhatIsWrong(header);
      if (wrong.empty() && in.size() - taken < header.size) break;
      if (wrong.empty()) wrong = OnMessage(header.kind, in.subspan(taken, header.size));
      if (!wrong.empty()) {
        Submit();
        SayGoodbye(wrong);
        break;
      }
      taken += header.size;
    }
    Submit();
    if (is_leaving_) taken = in_size_;  // Nothing is heard any more.
    std::memmove(in_.data(), in_.data() + taken, in_size_ - taken);
    in_size_ -= taken;
    Read();
  }

  // What is wrong with it, or nothing.
  std::string OnMessage(binary::Kind kind, std::span<const std::byte> bytes) {
    if (!session_ && kind != binary::Kind::kLogon) {
      return "the first message must be a logon (kind 1)";
    }
    switch (kind) {
      case binary::Kind::kLogon:
        return OnLogon(binary::ReadAs<binary::Logon>(bytes));
      case binary::Kind::kPlace:
        return OnPlace(binary::ReadAs<binary::Place>(bytes));
      case binary::Kind::kChange:
        OnChange(binary::ReadAs<binary::Change>(bytes));
        break;
      case binary::Kind::kCancel:
        OnCancel(binary::ReadAs<binary::Cancel>(bytes));
        break;
      case binary::Kind::kCancelAll:
        return OnCancelAll(binary::ReadAs<binary::CancelAll>(bytes));
      case binary::Kind::kHeartbeat:
        session_->Heard();
        break;
      case binary::Kind::kLogout:
        Submit();
        session_->Close();
        break;
      case binary::Kind::kWelcome:
      case binary::Kind::kAnswer:
      case binary::Kind::kReport:
      case binary::Kind::kGoodbye:
        break;
    }
    return {};
  }

  std::string OnLogon(const binary::Logon& logon) {
    if (session_) return "a second logon; allowed: one a connection";
    const std::uint32_t beat = logon.heartbeat_ms;
    if (beat != 0 && (beat < kHeartbeatLeast || beat > kHeartbeatMost)) {
      return "heartbeat_ms " + std::to_string(beat) + "; allowed: 0, or 100 to 600000";
    }
    if (logon.cancel_on_disconnect > 1) {
      return "cancel_on_disconnect " + std::to_string(logon.cancel_on_disconnect) +
             "; allowed: 0, 1";
    }
    const auto member = port_.options.admit(binary::TextOf(logon.token), AccountId(logon.member));
    if (!member.ok()) return member.error();
    error_code ignored;
    const tcp::endpoint from = socket_.remote_endpoint(ignored);
    SessionTerms terms;
    terms.name = "binary " + from.address().to_string() + ":" + std::to_string(from.port());
    terms.member = *member;
    terms.cancel_on_disconnect = logon.cancel_on_disconnect != 0;
    terms.heartbeat = milliseconds(beat);
    terms.lends_thread = true;
    auto welcome = binary::Make<binary::Welcome>(binary::Kind::kWelcome);
    welcome.member = logon.member;
    welcome.heartbeat_ms = beat;
    Send(welcome);
    session_ = port_.venue.Connect(terms, shared_from_this());
    beat_ = milliseconds(beat);
    timer_.cancel();
    if (beat > 0) Beat();
    return {};
  }

  std::string OnPlace(const binary::Place& place) {
    std::string wrong = WhatIsWrong(place);
    if (wrong.empty()) Submit(place.tag, OrderOf(place));
    return wrong;
  }
  void OnChange(const binary::Change& change) {
    market::ChangeOrder order;
    order.instrument = InstrumentId(change.instrument);
    order.order = OrderId(change.order);
    order.client_id = ClientIdOf(change.client_id);
    order.new_client_id = ClientIdOf(change.new_client_id);
    if (change.limit != 0) order.limit = Price::FromMinorPerTonne(change.limit);
    if (change.quantity != 0) order.quantity = Tonnes(change.quantity);
    Submit(change.tag, order);
  }
  void OnCancel(const binary::Cancel& cancel) {
    market::CancelOrder order;
    order.instrument = InstrumentId(cancel.instrument);
    order.order = OrderId(cancel.order);
    order.client_id = ClientIdOf(cancel.client_id);
    Submit(cancel.tag, order);
  }
  std::string OnCancelAll(const binary::CancelAll& cancel) {
    if (cancel.side > 2) return "side " + std::to_string(cancel.side) + "; allowed: 0 to 2";
    market::CancelOrders orders;
    if (cancel.instrument != 0xFFFF) orders.instrument = InstrumentId(cancel.instrument);
    if (cancel.side != 0) orders.side = static_cast<matching::Side>(cancel.side);
    Submit(cancel.tag, orders);
    return {};
  }
  void Submit(std::uint64_t tag, MemberRequest request) {
    requests_.push_back({tag, std::move(request)});
  }
  void Submit() {
    if (requests_.empty() || !session_) return;
    session_->Submit(requests_);
    requests_.clear();
  }

  // ---- Writing ----

  template <typename Message>
  void Send(const Message& message) {
    const auto* const bytes = reinterpret_cast<const std::byte*>(&message);
    unsent_.insert(unsent_.end(), bytes, bytes + sizeof(Message));
    Pump();
  }
  void Pump() {
    if (is_writing_ || is_gone_) return;
    if (unsent_.empty()) {
      error_code ignored;
      if (is_leaving_) socket_.shutdown(tcp::socket::shutdown_send, ignored);
      return;
    }
    is_writing_ = true;
    sending_.swap(unsent_);
    unsent_.clear();
    asio::async_write(socket_, asio::buffer(sending_),
                      [self = shared_from_this()](const error_code& error, std::size_t) {
                        self->is_writing_ = false;
                        if (error) return self->Cut();
                        self->Pump();
                      });
  }

  void Watch(milliseconds patience) {
    timer_.expires_after(patience);
    timer_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error && !self->session_) self->SayGoodbye("no logon within 10 s");
    });
  }
  void Beat() {
    timer_.expires_after(beat_);
    timer_.async_wait([self = shared_from_this()](const error_code& error) {
      if (error || self->is_leaving_ || self->is_gone_) return;
      self->Send(binary::Make<binary::Heartbeat>(binary::Kind::kHeartbeat));
      self->Beat();
    });
  }

  void Cut() {
    if (is_gone_) return;
    is_gone_ = true;
    is_leaving_ = true;
    timer_.cancel();
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_both, ignored);
    socket_.close(ignored);
    session_.reset();
    if (port_.connections.erase(shared_from_this()) != 0) --port_.count;
  }

  Port& port_;
  tcp::socket socket_;
  asio::steady_timer timer_;
  std::array<std::byte, kReadBytes> in_{};
  std::size_t in_size_ = 0;
  std::vector<VenueRequest> requests_;  // That were read and not yet submitted.
  std::unique_ptr<Session> session_;
  milliseconds beat_{0};
  std::vector<std::byte> unsent_, sending_;
  bool is_writing_ = false;
  bool is_leaving_ = false;  // A goodbye is on its way, or was sent.
  bool is_gone_ = false;

  std::mutex mutex_;
  std::vector<std::byte> from_venue_;  // Guarded by mutex_.
};

}  // namespace

struct BinaryEntry::Impl {
  Impl(Venue& venue, BinaryEntryOptions options)
      : port(venue, std::move(options)), acceptor(port.context) {}

  std::string Listen() {
    if (std::string wrong = ListenAt(acceptor, port.options.listen); !wrong.empty()) return wrong;
    bound = acceptor.local_endpoint().port();
    Accept();
    thread = std::thread([this] { Run(); });
    return {};
  }

  void Run() {
    using Clock = std::chrono::steady_clock;
    asio::io_context& context = port.context;
    if (port.options.busy_poll.count() == 0) {
      context.run();
      return;
    }
    // There is always something to wait for while the port is open.
    while (context.run_one() != 0) {
      for (auto heard = Clock::now(); Clock::now() - heard < port.options.busy_poll;) {
        if (context.poll() != 0) heard = Clock::now();
      }
    }
  }

  void Accept() {
    acceptor.async_accept([this](const error_code& error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (!error) {
        auto connection = std::make_shared<Connection>(port, std::move(socket));
        port.connections.insert(connection);
        ++port.count;
        if (port.connections.size() > port.options.connections_max) {
          connection->Refuse("too many connections; allowed: " +
                             std::to_string(port.options.connections_max));
        } else {
          connection->Begin();
        }
      }
      Accept();
    });
  }

  void Close() {
    if (!thread.joinable()) return;
    asio::post(port.context, [this] {
      error_code ignored;
      acceptor.close(ignored);
      const auto everybody = port.connections;
      for (const auto& connection : everybody) connection->SayGoodbye("the venue closes");
      linger.expires_after(milliseconds(500));
      linger.async_wait([this](const error_code&) { port.context.stop(); });
    });
    thread.join();
    port.connections.clear();
  }

  Port port;
  tcp::acceptor acceptor;
  asio::steady_timer linger{port.context};
  std::uint16_t bound = 0;
  std::thread thread;
};

Result<std::unique_ptr<BinaryEntry>, std::string> BinaryEntry::Open(Venue& venue,
                                                                    BinaryEntryOptions options) {
  auto impl = std::make_unique<Impl>(venue, std::move(options));
  std::string wrong = impl->Listen();
  if (!wrong.empty()) return Fail{std::move(wrong)};
  return std::unique_ptr<BinaryEntry>(new BinaryEntry(std::move(impl)));
}

BinaryEntry::BinaryEntry(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BinaryEntry::~BinaryEntry() { Close(); }
std::uint16_t BinaryEntry::port() const { return impl_->bound; }
std::size_t BinaryEntry::connection_count() const { return impl_->port.count; }
void BinaryEntry::Close() { impl_->Close(); }

}  // namespace ets::server
