// gRPC as a client speaks it: HTTP/2 with one stream, headers as literals, no library. A gRPC
// client in C++ costs several times what the server does.
#include <algorithm>
#include <cstdlib>
#include <limits>
#include <utility>

#include "bench/wire/dialect.h"
#include "ets/market/v1/order_entry_service.pb.h"

namespace ets::bench {
namespace {

namespace mk = ::ets::market::v1;

constexpr std::size_t kFrameHeader = 9;
constexpr std::size_t kMessageHeader = 5;
constexpr std::int64_t kWindow = 65'535;  // Before anybody says otherwise.

enum Frame : std::uint8_t {
  kData = 0,
  kHeaders = 1,
  kReset = 3,
  kSettings = 4,
  kPing = 6,
  kGoAway = 7,
  kWindowUpdate = 8,
};
constexpr std::uint8_t kAck = 1, kEndStream = 1, kEndHeaders = 4;
constexpr std::uint16_t kInitialWindowSize = 4;

void PutBig(std::string& out, std::uint32_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i) & 0xFFU));
}
std::uint32_t GetBig(std::string_view in, std::size_t bytes) {
  std::uint32_t value = 0;
  for (const char c : in.substr(0, bytes)) value = value << 8U | static_cast<std::uint8_t>(c);
  return value;
}
void PutFrame(std::string& out, Frame kind, std::uint8_t flags, std::uint32_t stream,
              std::size_t size) {
  PutBig(out, static_cast<std::uint32_t>(size), 3);
  out.push_back(static_cast<char>(kind));
  out.push_back(static_cast<char>(flags));
  PutBig(out, stream, 4);
}
void PutText(std::string& out, std::string_view text) {
  if (text.size() >= 127) std::abort();  // A longer one would need a longer length.
  out.push_back(static_cast<char>(text.size()));
  out.append(text);
}
// HPACK: the value of a name in the static table, and of a name of one's own.
void PutHeader(std::string& out, int name, std::string_view value) {
  if (name < 15) {
    out.push_back(static_cast<char>(name));
  } else {
    out.push_back(15);
    out.push_back(static_cast<char>(name - 15));
  }
  PutText(out, value);
}
void PutHeader(std::string& out, std::string_view name, std::string_view value) {
  out.push_back(0);
  PutText(out, name);
  PutText(out, value);
}

// The fields of a message, one after the other: what the generator wants to know is little, and a
// message object of all the rest costs more than what is measured.
class Fields {
 public:
  explicit Fields(std::string_view in) : in_(in) {}
  bool Next() {
    if (in_.empty()) return false;
    const std::uint64_t tag = Varint();
    number_ = static_cast<int>(tag >> 3U);
    switch (tag & 7U) {
      case 0:
        value_ = Varint();
        return true;
      case 2: {
        const auto size = static_cast<std::size_t>(Varint());
        bytes_ = in_.substr(0, size);
        in_.remove_prefix(std::min(size, in_.size()));
        return true;
      }
      default:
        std::abort();  // ets.market.v1 has no field of another type.
    }
  }
  int number() const { return number_; }
  std::uint64_t value() const { return value_; }
  std::string_view bytes() const { return bytes_; }

  // Of a number; 0: it is not there.
  static std::uint64_t ValueOf(std::string_view message, int number) {
    for (Fields fields(message); fields.Next();) {
      if (fields.number() == number) return fields.value();
    }
    return 0;
  }

 private:
  std::uint64_t Varint() {
    std::uint64_t value = 0;
    for (int shift = 0; !in_.empty() && shift < 64; shift += 7) {
      const auto byte = static_cast<std::uint8_t>(in_.front());
      in_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80) break;
    }
    return value;
  }

  std::string_view in_, bytes_;
  int number_ = 0;
  std::uint64_t value_ = 0;
};

class GrpcDialect final : public Dialect {
 public:
  GrpcDialect(std::string address, std::string method, int escrow, const std::string& instrument,
              bool groups)
      : address_(std::move(address)), method_(std::move(method)), escrow_(escrow), groups_(groups) {
    order_.mutable_place()->set_instrument(instrument);
  }

  void LogOn(std::string& out) override {
    out.append("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    PutFrame(out, kSettings, 0, 0, 6);
    PutBig(out, kInitialWindowSize, 2);
    PutBig(out, std::numeric_limits<std::int32_t>::max(), 4);
    PutFrame(out, kWindowUpdate, 0, 0, 4);
    PutBig(out, std::numeric_limits<std::int32_t>::max() - kWindow, 4);
    std::string headers;
    headers.push_back(static_cast<char>(0x83));  // :method POST
    headers.push_back(static_cast<char>(0x86));  // :scheme http
    PutHeader(headers, 4, method_);
    PutHeader(headers, 1, address_);
    PutHeader(headers, 31, "application/grpc");
    PutHeader(headers, "te", "trailers");
    PutFrame(out, kHeaders, kEndHeaders, 1, headers.size());
    out.append(headers);
    mk::TradeRequest logon;
    logon.mutable_logon()->set_member("members/" + std::to_string(escrow_));
    logon.mutable_logon()->set_groups(groups_);
    Put(logon, out);
  }

  void Place(const LoadOrder& order, std::string& out) override {
    order_.set_request(order.number);
    mk::OrderDraft& draft = *order_.mutable_place();
    draft.set_side(order.buys ? mk::SIDE_BUY : mk::SIDE_SELL);
    draft.set_price(order.price);
    draft.set_quantity(order.quantity);
    draft.set_client_order_id(std::to_string(order.number));
    Put(order_, out);
  }

  std::size_t Take(std::string_view in, std::string& out, Ears& ears) override {
    std::size_t taken = 0;
    while (in.size() - taken >= kFrameHeader) {
      const std::string_view header = in.substr(taken, kFrameHeader);
      const std::size_t size = GetBig(header, 3);
      if (in.size() - taken < kFrameHeader + size) break;
      const std::string_view payload = in.substr(taken + kFrameHeader, size);
      taken += kFrameHeader + size;
      OnFrame(static_cast<Frame>(header[3]), static_cast<std::uint8_t>(header[4]),
              GetBig(header.substr(5), 4), payload, out, ears);
    }
    return taken;
  }

 private:
  void Put(const mk::TradeRequest& request, std::string& out) {
    const std::size_t size = request.ByteSizeLong();
    PutFrame(out, kData, 0, 1, kMessageHeader + size);
    out.push_back(0);
    PutBig(out, static_cast<std::uint32_t>(size), 4);
    request.AppendToString(&out);
    const auto sent = static_cast<std::int64_t>(kMessageHeader + size);
    window_ -= sent;
    stream_window_ -= sent;
    if (window_ < 0 || stream_window_ < 0) std::abort();  // The venue does not read.
  }

  void OnFrame(Frame kind, std::uint8_t flags, std::uint32_t stream, std::string_view payload,
               std::string& out, Ears& ears) {
    switch (kind) {
      case kData:
        data_.append(payload);
        TakeMessages(ears);
        if ((flags & kEndStream) != 0) ears.OnEnd("the stream ended");
        return;
      case kHeaders:
        if ((flags & kEndStream) != 0) ears.OnEnd("the stream ended with a status");
        return;
      case kReset:
        return ears.OnEnd("the stream was reset");
      case kSettings:
        if ((flags & kAck) == 0) TakeSettings(payload, out);
        return;
      case kPing:
        if ((flags & kAck) != 0) return;
        PutFrame(out, kPing, kAck, 0, payload.size());
        out.append(payload);
        return;
      case kGoAway:
        return ears.OnEnd("the server goes away");
      case kWindowUpdate:
        (stream == 0 ? window_ : stream_window_) += GetBig(payload, 4);
        return;
    }
  }

  void TakeSettings(std::string_view payload, std::string& out) {
    for (; payload.size() >= 6; payload.remove_prefix(6)) {
      if (GetBig(payload, 2) != kInitialWindowSize) continue;
      const std::int64_t initial = GetBig(payload.substr(2), 4);
      stream_window_ += initial - initial_window_;
      initial_window_ = initial;
    }
    PutFrame(out, kSettings, kAck, 0, 0);
  }

  void TakeMessages(Ears& ears) {
    std::string_view left = data_;
    while (left.size() >= kMessageHeader) {
      const std::size_t size = GetBig(left.substr(1), 4);
      if (left.size() < kMessageHeader + size) break;
      OnResponse(left.substr(kMessageHeader, size), ears);
      left.remove_prefix(kMessageHeader + size);
    }
    data_.erase(0, data_.size() - left.size());
  }

  static void OnResponse(std::string_view response, Ears& ears) {
    using Response = mk::TradeResponse;
    std::uint64_t request = 0;
    for (Fields fields(response); fields.Next();) {
      const std::string_view what = fields.bytes();
      switch (fields.number()) {
        case Response::kRequestFieldNumber:
          request = fields.value();
          break;
        case Response::kLoggedOnFieldNumber:
          ears.OnLoggedOn();
          break;
        case Response::kReceiptFieldNumber:
          ears.OnAnswer({request, false, Fields::ValueOf(what, mk::Receipt::kOrderFieldNumber),
                         Fields::ValueOf(what, mk::Receipt::kSequenceFieldNumber)});
          break;
        case Response::kRejectionFieldNumber:
          ears.OnAnswer({request, true, 0, 0});
          break;
        case Response::kExecutionFieldNumber:
          ears.OnReport(Fields::ValueOf(what, mk::ExecutionReport::kKindFieldNumber) ==
                        mk::EXECUTION_KIND_ACCEPTED);
          break;
        case Response::kGroupFieldNumber:
          for (Fields group(what); group.Next();) OnResponse(group.bytes(), ears);
          break;
        default:
          break;
      }
    }
  }

  const std::string address_, method_;
  const int escrow_;
  const bool groups_;
  std::int64_t window_ = kWindow, stream_window_ = kWindow, initial_window_ = kWindow;
  mk::TradeRequest order_;
  std::string data_;  // Of messages that are not whole yet.
};

}  // namespace

std::unique_ptr<Dialect> MakeGrpcDialect(const std::string& address, const std::string& method,
                                         int escrow, const std::string& instrument, bool groups) {
  return std::make_unique<GrpcDialect>(address, method, escrow, instrument, groups);
}

}  // namespace ets::bench
