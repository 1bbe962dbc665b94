#include <cstring>
#include <span>

#include "bench/wire/dialect.h"
#include "market/events.h"
#include "matching/order_types.h"
#include "server/binary_protocol.h"

namespace ets::bench {
namespace {

namespace binary = server::binary;
using binary::Kind;

class BinaryDialect final : public Dialect {
 public:
  BinaryDialect(int escrow, int instrument)
      : escrow_(static_cast<std::uint32_t>(escrow)),
        instrument_(static_cast<std::uint16_t>(instrument)) {}

  void LogOn(std::string& out) override {
    auto logon = binary::Make<binary::Logon>(Kind::kLogon);
    logon.member = escrow_;
    Put(logon, out);
  }
  void Place(const LoadOrder& order, std::string& out) override {
    auto place = binary::Make<binary::Place>(Kind::kPlace);
    place.instrument = instrument_;
    place.side = order.buys ? 1 : 2;
    place.type = static_cast<std::uint8_t>(matching::OrderType::kLimit);
    place.time_in_force = static_cast<std::uint8_t>(matching::TimeInForce::kDay);
    place.self_trade = static_cast<std::uint8_t>(matching::SelfTradePrevention::kOff);
    place.tag = order.number;
    place.client_id = order.number;
    place.limit = order.price;
    place.quantity = order.quantity;
    Put(place, out);
  }
  std::size_t Take(std::string_view in, std::string&, Ears& ears) override {
    const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(in.data()),
                                           in.size());
    std::size_t taken = 0;
    while (bytes.size() - taken >= sizeof(binary::Header)) {
      const auto header = binary::ReadAs<binary::Header>(bytes.subspan(taken));
      if (bytes.size() - taken < header.size) break;
      OnMessage(header.kind, bytes.subspan(taken, header.size), ears);
      taken += header.size;
    }
    return taken;
  }

 private:
  template <typename Message>
  static void Put(const Message& message, std::string& out) {
    out.append(reinterpret_cast<const char*>(&message), sizeof(Message));
  }
  static void OnMessage(Kind kind, std::span<const std::byte> bytes, Ears& ears) {
    switch (kind) {
      case Kind::kWelcome:
        return ears.OnLoggedOn();
      case Kind::kAnswer: {
        const auto answer = binary::ReadAs<binary::Answer>(bytes);
        const bool is_refused = answer.refusal != 0;
        return ears.OnAnswer({answer.tag, is_refused, is_refused ? 0 : answer.order,
                              is_refused ? 0 : answer.sequence});
      }
      case Kind::kReport: {
        constexpr auto kAccepted = static_cast<std::uint8_t>(market::OrderEventKind::kAccepted);
        return ears.OnReport(binary::ReadAs<binary::Report>(bytes).event == kAccepted);
      }
      case Kind::kGoodbye: {
        const auto goodbye = binary::ReadAs<binary::Goodbye>(bytes);
        return ears.OnEnd(std::string(binary::TextOf(goodbye.reason)));
      }
      case Kind::kLogon:
      case Kind::kPlace:
      case Kind::kChange:
      case Kind::kCancel:
      case Kind::kCancelAll:
      case Kind::kHeartbeat:
      case Kind::kLogout:
        return;
    }
  }

  const std::uint32_t escrow_;
  const std::uint16_t instrument_;
};

}  // namespace

std::unique_ptr<Dialect> MakeBinaryDialect(int escrow, int instrument) {
  return std::make_unique<BinaryDialect>(escrow, instrument);
}

}  // namespace ets::bench
