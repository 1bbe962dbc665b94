#include "matching/order_stream.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "matching/engine.h"
#include "matching/reference_engine.h"

namespace ets::matching {
namespace {

constexpr std::string_view kStreamMagic = "ETSSTRM1";
constexpr std::string_view kTradesMagic = "ETSTRDE1";
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kOwners = 200;
// Bounds the array of price levels that a file asks for.
constexpr std::int64_t kPriceMax = 10'000'000;

struct Header {
  char magic[8];
  std::uint32_t version;
  std::uint32_t record_size;
  std::uint64_t count;
  std::uint64_t seed;
  std::uint64_t checksum;
  char profile[16];
  std::uint64_t reserved;
};
static_assert(sizeof(Header) == 64);

std::uint64_t Fnv(const void* bytes, std::size_t size) {
  std::uint64_t hash = 14'695'981'039'346'656'037U;
  const auto* const at = static_cast<const unsigned char*>(bytes);
  for (std::size_t i = 0; i < size; ++i) hash = (hash ^ at[i]) * 1'099'511'628'211U;
  return hash;
}

template <typename Record>
std::string Encode(std::string_view magic, const OrderStream& of, std::span<const Record> records) {
  Header header{};
  std::memcpy(header.magic, magic.data(), 8);
  header.version = kVersion;
  header.record_size = sizeof(Record);
  header.count = records.size();
  header.seed = of.seed;
  header.checksum = ChecksumOf(records);
  std::memcpy(header.profile, of.profile.data(),
              std::min(of.profile.size(), sizeof(header.profile) - 1));
  std::string bytes(sizeof(Header) + records.size_bytes(), '\0');
  std::memcpy(bytes.data(), &header, sizeof(Header));
  if (!records.empty()) {
    std::memcpy(bytes.data() + sizeof(Header), records.data(), records.size_bytes());
  }
  return bytes;
}

std::string WhatIsWrong(const StreamMessage& message, std::uint64_t index) {
  const auto say = [&](const char* field, std::int64_t value, const char* allowed) {
    return "message " + std::to_string(index) + ": " + field + " is " + std::to_string(value) +
           "; allowed: " + allowed;
  };
  const auto type = static_cast<int>(message.type);
  if (type < 1 || type > 3) return say("type", type, "1 (add), 2 (cancel), 3 (modify)");
  if (message.side > 1) return say("side", message.side, "0 (buy), 1 (sell)");
  if (message.immediate > 1) return say("tif", message.immediate, "0 (rests), 1 (immediate)");
  if (message.sequence != index) return say("seq", message.sequence, "its number in the file");
  if (message.owner >= kOwners) return say("owner", message.owner, "0 to 199");
  if (message.type == StreamType::kCancel) return {};
  if (message.price < 1 || message.price > kPriceMax) {
    return say("price", message.price, "1 to 10000000 ticks");
  }
  if (message.quantity == 0) return say("quantity", 0, "1 lot or more");
  const std::int64_t worth = message.price * message.quantity;
  if (worth > kAmountMax) return say("price x quantity", worth, "up to 9007199254740991");
  return {};
}

// Where the id of an order is used again, or an empty string.
std::string WhatIsRepeated(std::span<const StreamMessage> messages) {
  std::unordered_map<std::uint64_t, std::uint32_t> added;
  for (const StreamMessage& message : messages) {
    if (message.type != StreamType::kAdd) continue;
    const auto [first, is_new] = added.try_emplace(message.id, message.sequence);
    if (is_new) continue;
    return "message " + std::to_string(message.sequence) + ": id is " + std::to_string(message.id) +
           ", which message " + std::to_string(first->second) +
           " has; allowed: an id of its own for every order";
  }
  return {};
}

// What every member is given at first in units and in cash, and again when it runs out.
constexpr std::int64_t kPlenty = kAmountMax / kOwners / 2;
// What all of them may be given: far from where sums end.
constexpr std::int64_t kGivenMax = std::int64_t{1} << 62;

// One way of a stream through either engine. `give` takes a member, units and cash.
template <typename AnyEngine, typename Give>
class Replayer {
 public:
  Replayer(AnyEngine& engine, Give give) : engine_(engine), give_(give) {
    for (std::uint32_t i = 0; i < kOwners; ++i) give_(MemberId(i), kPlenty, kPlenty);
  }

  Result<std::vector<StreamTrade>, std::string> Run(const OrderStream& stream,
                                                    ReplayCounts& counts) {
    std::string wrong;
    for (const StreamMessage& message : stream.messages) {
      if (message.type == StreamType::kAdd) {
        const Side side = message.side == 0 ? Side::kBuy : Side::kSell;
        wrong = Enter(message, {MemberId(message.owner), side, {}}, message.immediate != 0);
      } else if (const auto found = known_.find(message.id);
                 found == known_.end() ||
                 !engine_.Cancel(found->second.owner, found->second.order, Departure::kByMember)) {
        ++counts.refused;
      } else if (message.type == StreamType::kModify) {
        wrong = Enter(message, found->second, false);
      }
      if (wrong.empty()) continue;
      return Fail{"message " + std::to_string(message.sequence) + ": " + wrong};
    }
    return std::move(trades_);
  }

 private:
  struct Known {
    MemberId owner;
    Side side = Side::kBuy;
    OrderId order;
  };

  // Places an order under the message's id. Empty, or why it cannot be.
  std::string Enter(const StreamMessage& message, Known order, bool is_immediate) {
    OrderEntry entry;
    entry.number = id_of_.size();
    entry.owner = order.owner;
    entry.side = order.side;
    entry.time_in_force =
        is_immediate ? TimeInForce::kImmediateOrCancel : TimeInForce::kGoodTillCancel;
    entry.self_trade = SelfTradePrevention::kOff;
    entry.limit = Price::FromMinorPerTonne(message.price);
    entry.quantity = Tonnes(message.quantity);
    auto placed = engine_.Place(entry);
    if (!placed.ok() && placed.error().why != EngineRefusal::kBookFull) {
      if (!TopUp(entry, placed.error())) {
        return "all that waits binds more than its members are given; allowed: up to " +
               std::to_string(kGivenMax) + " lots, and lots times their price in ticks";
      }
      placed = engine_.Place(entry);
    }
    if (!placed.ok()) {
      return std::to_string(placed.error().asked) + " orders would rest; allowed: up to " +
             std::to_string(placed.error().limit);
    }
    id_of_.push_back(message.id);
    order.order = placed->order;
    known_[message.id] = order;
    Collect(message.sequence);
    return {};
  }

  // Gives what an order was refused for. False: the members have all that there may be.
  bool TopUp(const OrderEntry& entry, const Refused& refused) {
    const bool buys = refused.why == EngineRefusal::kInsufficientCash;
    ETS_ASSERT(buys || refused.why == EngineRefusal::kInsufficientUnits);
    const std::int64_t more = std::max(kPlenty, refused.asked - refused.limit);
    std::int64_t& given = buys ? cash_given_ : units_given_;
    if (more > kGivenMax - given) return false;
    given += more;
    give_(entry.owner, buys ? 0 : more, buys ? more : 0);
    return true;
  }

  void Collect(std::uint32_t sequence) {
    for (const Event& event : engine_.events()) {
      if (event.kind != EventKind::kTraded) continue;
      trades_.push_back({id_of_[NumberOf(event.order)], id_of_[NumberOf(event.other)],
                         event.price.minor_per_tonne(),
                         static_cast<std::uint32_t>(event.quantity.count()), sequence});
    }
  }

  AnyEngine& engine_;
  const Give give_;
  std::int64_t units_given_ = kPlenty * kOwners;
  std::int64_t cash_given_ = kPlenty * kOwners;
  std::vector<StreamTrade> trades_;
  std::vector<std::uint64_t> id_of_{0};  // By entry number.
  std::unordered_map<std::uint64_t, Known> known_;
};

}  // namespace

std::uint64_t ChecksumOf(std::span<const StreamMessage> messages) {
  return Fnv(messages.data(), messages.size_bytes());
}
std::uint64_t ChecksumOf(std::span<const StreamTrade> trades) {
  return Fnv(trades.data(), trades.size_bytes());
}

Result<OrderStream, std::string> ParseOrderStream(std::string_view bytes) {
  Header header{};
  if (bytes.size() < sizeof(Header)) {
    return Fail{"it has " + std::to_string(bytes.size()) +
                " bytes; allowed: a header of 64 or more"};
  }
  std::memcpy(&header, bytes.data(), sizeof(Header));
  const std::string_view magic(header.magic, 8);
  if (magic != kStreamMagic) {
    return Fail{"byte 0: it begins with '" + std::string(magic) + "'; allowed: '" +
                std::string(kStreamMagic) + "'"};
  }
  if (header.version != kVersion || header.record_size != sizeof(StreamMessage)) {
    return Fail{"byte 8: version " + std::to_string(header.version) + " with records of " +
                std::to_string(header.record_size) + " bytes; allowed: version 1 with 32"};
  }
  const std::size_t room = (bytes.size() - sizeof(Header)) / sizeof(StreamMessage);
  if ((bytes.size() - sizeof(Header)) % sizeof(StreamMessage) != 0 || header.count != room) {
    return Fail{"byte 16: " + std::to_string(header.count) + " messages in a file of " +
                std::to_string(bytes.size()) + " bytes; allowed: as many as it holds, " +
                std::to_string(room)};
  }
  OrderStream stream;
  stream.seed = header.seed;
  stream.profile.assign(header.profile, strnlen(header.profile, sizeof(header.profile)));
  stream.messages.resize(header.count);
  if (header.count > 0) {
    std::memcpy(stream.messages.data(), bytes.data() + sizeof(Header),
                header.count * sizeof(StreamMessage));
  }
  if (ChecksumOf(stream.messages) != header.checksum) {
    return Fail{
        std::string("byte 32: the checksum is not that of the messages: they were changed")};
  }
  for (std::uint64_t i = 0; i < header.count; ++i) {
    std::string wrong = WhatIsWrong(stream.messages[i], i);
    if (!wrong.empty()) return Fail{std::move(wrong)};
  }
  std::string repeated = WhatIsRepeated(stream.messages);
  if (!repeated.empty()) return Fail{std::move(repeated)};
  return stream;
}

std::string EncodeOrderStream(const OrderStream& stream) {
  return Encode<StreamMessage>(kStreamMagic, stream, stream.messages);
}
std::string EncodeTrades(const OrderStream& of, std::span<const StreamTrade> trades) {
  return Encode<StreamTrade>(kTradesMagic, of, trades);
}

Result<std::vector<StreamTrade>, std::string> Replay(const OrderStream& stream, ReplayWith with,
                                                     ReplayCounts& counts) {
  std::int64_t lowest = kPriceMax;
  std::int64_t highest = 1;
  for (const StreamMessage& message : stream.messages) {
    if (message.type == StreamType::kCancel) continue;
    lowest = std::min(lowest, message.price);
    highest = std::max(highest, message.price);
  }
  EngineTerms terms;
  terms.unit_ledger = LedgerId(0);
  terms.cash_ledger = LedgerId(1);
  terms.resale_next_day = false;
  const auto run = [&](auto& engine, const auto& give) {
    if (lowest <= highest) {
      engine.OpenRange(Price::FromMinorPerTonne(lowest), Price::FromMinorPerTonne(highest));
    }
    engine.SetPhase(BookPhase::kContinuous);
    return Replayer(engine, give).Run(stream, counts);
  };
  if (with == ReplayWith::kReference) {
    ReferenceEngine engine(kOwners, terms);
    return run(engine, [&engine](MemberId member, std::int64_t units, std::int64_t cash) {
      engine.Give(member, units, cash);
    });
  }
  Holdings holdings(2);
  for (std::uint32_t i = 0; i < kOwners; ++i) holdings.AddMember();
  Engine engine(holdings, terms);
  return run(engine, [&holdings](MemberId member, std::int64_t units, std::int64_t cash) {
    holdings.Credit(member, LedgerId(0), units);
    holdings.Credit(member, LedgerId(1), cash);
  });
}

}  // namespace ets::matching
