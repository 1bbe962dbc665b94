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
  return {};
}

// What a replay asks of either engine.
template <typename AnyEngine>
std::vector<StreamTrade> ReplayInto(AnyEngine& engine, const OrderStream& stream,
                                    ReplayCounts& counts) {
  std::vector<StreamTrade> trades;
  std::vector<std::uint64_t> id_of{0};  // By entry number.
  struct Known {
    MemberId owner;
    OrderId order;
    std::uint64_t filled = 0;
  };
  std::unordered_map<std::uint64_t, Known> known;
  for (const StreamMessage& message : stream.messages) {
    const auto found = known.find(message.id);
    if (message.type == StreamType::kAdd) {
      OrderEntry entry;
      entry.number = id_of.size();
      entry.owner = MemberId(message.owner);
      entry.side = message.side == 0 ? Side::kBuy : Side::kSell;
      entry.time_in_force =
          message.immediate != 0 ? TimeInForce::kImmediateOrCancel : TimeInForce::kGoodTillCancel;
      entry.self_trade = SelfTradePrevention::kOff;
      entry.limit = Price::FromMinorPerTonne(message.price);
      entry.quantity = Tonnes(message.quantity);
      id_of.push_back(message.id);
      const auto placed = engine.Place(entry);
      ETS_ASSERT(placed.ok());
      known[message.id] = {entry.owner, placed->order, 0};
    } else if (found == known.end()) {
      ++counts.refused;
      continue;
    } else if (message.type == StreamType::kCancel) {
      const bool was_live =
          engine.Cancel(found->second.owner, found->second.order, Departure::kByMember);
      if (!was_live) ++counts.refused;
    } else {
      const auto whole = Tonnes(static_cast<std::int64_t>(found->second.filled + message.quantity));
      const auto changed = engine.Change(found->second.owner, found->second.order,
                                         Price::FromMinorPerTonne(message.price), whole, {});
      if (!changed.ok()) ++counts.refused;
    }
    for (const Event& event : engine.events()) {
      if (event.kind != EventKind::kTraded) continue;
      const std::uint64_t maker = id_of[NumberOf(event.order)];
      const std::uint64_t taker = id_of[NumberOf(event.other)];
      const auto quantity = static_cast<std::uint32_t>(event.quantity.count());
      known[maker].filled += quantity;
      known[taker].filled += quantity;
      trades.push_back({maker, taker, event.price.minor_per_tonne(), quantity, message.sequence});
    }
  }
  return trades;
}

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
  return stream;
}

std::string EncodeOrderStream(const OrderStream& stream) {
  return Encode<StreamMessage>(kStreamMagic, stream, stream.messages);
}
std::string EncodeTrades(const OrderStream& of, std::span<const StreamTrade> trades) {
  return Encode<StreamTrade>(kTradesMagic, of, trades);
}

std::vector<StreamTrade> Replay(const OrderStream& stream, ReplayWith with, ReplayCounts& counts) {
  std::int64_t lowest = kPriceMax;
  std::int64_t highest = 1;
  for (const StreamMessage& message : stream.messages) {
    if (message.type == StreamType::kCancel) continue;
    lowest = std::min(lowest, message.price);
    highest = std::max(highest, message.price);
  }
  if (lowest > highest) return {};
  const Price low = Price::FromMinorPerTonne(lowest);
  const Price high = Price::FromMinorPerTonne(highest);
  EngineTerms terms;
  terms.unit_ledger = LedgerId(0);
  terms.cash_ledger = LedgerId(1);
  terms.resale_next_day = false;
  constexpr std::int64_t kPlenty = kAmountMax / kOwners / 2;
  if (with == ReplayWith::kReference) {
    ReferenceEngine engine(kOwners, terms);
    for (std::uint32_t i = 0; i < kOwners; ++i) engine.Give(MemberId(i), kPlenty, kPlenty);
    engine.OpenRange(low, high);
    engine.SetPhase(BookPhase::kContinuous);
    return ReplayInto(engine, stream, counts);
  }
  Holdings holdings(2);
  for (std::uint32_t i = 0; i < kOwners; ++i) {
    holdings.AddMember();
    holdings.Credit(MemberId(i), LedgerId(0), kPlenty);
    holdings.Credit(MemberId(i), LedgerId(1), kPlenty);
  }
  Engine engine(holdings, terms);
  engine.OpenRange(low, high);
  engine.SetPhase(BookPhase::kContinuous);
  return ReplayInto(engine, stream, counts);
}

}  // namespace ets::matching
