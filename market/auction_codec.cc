#include "market/auction_codec.h"

#include "auction/fields.h"

namespace ets::market {
namespace {

void WriteTrigger(const auction::Trigger& trigger, ByteWriter& bytes) {
  bytes.Put(trigger.price.minor_per_tonne());
  bytes.Put(trigger.volume.count());
}
auction::Trigger ReadTrigger(ByteReader& bytes) {
  const Price price = Price::FromMinorPerTonne(bytes.Get<std::int64_t>());
  return {price, Tonnes(bytes.Get<std::int64_t>())};
}

// A flag, then the number or 0.
void WriteOptional(std::optional<std::int64_t> number, ByteWriter& bytes) {
  bytes.Put(std::uint8_t{number.has_value()});
  bytes.Put(number.value_or(0));
}
bool ReadOptional(ByteReader& bytes, std::optional<std::int64_t>& number) {
  const auto flag = bytes.Get<std::uint8_t>();
  const auto value = bytes.Get<std::int64_t>();
  number = flag == 1 ? std::optional(value) : std::nullopt;
  return flag <= 1;
}
std::optional<std::int64_t> Minor(const std::optional<Price>& price) {
  if (!price) return std::nullopt;
  return price->minor_per_tonne();
}
bool ReadPrice(ByteReader& bytes, std::optional<Price>& price) {
  std::optional<std::int64_t> minor;
  if (!ReadOptional(bytes, minor)) return false;
  price = minor ? std::optional(Price::FromMinorPerTonne(*minor)) : std::nullopt;
  return true;
}

bool ReadFormat(ByteReader& bytes, auction::Format& format) {
  const auction::Format* profile = auction::FindFormat(bytes.GetText());
  if (profile == nullptr) return false;
  format = *profile;
  for (auto left = bytes.Get<std::uint16_t>(); left > 0; --left) {
    const std::string_view name = bytes.GetText();
    if (!auction::SetField(format, name, bytes.GetText()).ok()) return false;
  }
  return true;
}

bool ReadBidders(ByteReader& bytes, auction::Terms& terms) {
  for (auto left = bytes.Get<std::uint32_t>(); left > 0 && bytes.ok(); --left) {
    auction::BidderTerms bidder;
    bidder.bidder = MemberId(bytes.Get<std::uint32_t>());
    const auto covered = bytes.Get<std::uint8_t>();
    std::optional<std::int64_t> room, guarantee;
    if (covered > 1 || !ReadOptional(bytes, room) || !ReadOptional(bytes, guarantee)) return false;
    bidder.covered = covered == 1;
    if (room) bidder.room = Tonnes(*room);
    if (guarantee) bidder.guarantee = Money::FromMinor(*guarantee);
    terms.bidders.push_back(bidder);
  }
  return true;
}

}  // namespace

void WriteTerms(const auction::Terms& terms, ByteWriter& bytes) {
  bytes.PutText(terms.format.name);
  bytes.Put(static_cast<std::uint16_t>(auction::Fields().size()));
  for (const auction::Field& field : auction::Fields()) {
    bytes.PutText(field.name);
    bytes.PutText(field.get(terms.format));
  }
  bytes.Put(terms.supply.count());
  WriteOptional(Minor(terms.reserve), bytes);
  WriteOptional(Minor(terms.secret_reserve), bytes);
  bytes.Put(terms.tie_seed);
  bytes.Put(static_cast<std::uint32_t>(terms.bidders.size()));
  for (const auction::BidderTerms& bidder : terms.bidders) {
    bytes.Put(bidder.bidder.raw());
    bytes.Put(std::uint8_t{bidder.covered});
    WriteOptional(bidder.room ? std::optional(bidder.room->count()) : std::nullopt, bytes);
    WriteOptional(bidder.guarantee ? std::optional(bidder.guarantee->minor()) : std::nullopt,
                  bytes);
  }
  bytes.Put(static_cast<std::uint32_t>(terms.consignments.size()));
  for (const auction::Consignment& part : terms.consignments) {
    bytes.Put(part.consignor.raw());
    bytes.Put(part.volume.count());
  }
  bytes.Put(static_cast<std::uint8_t>(terms.containment.size()));
  for (const auction::Trigger& tier : terms.containment) WriteTrigger(tier, bytes);
  bytes.Put(std::uint8_t{terms.withholding.has_value()});
  WriteTrigger(terms.withholding.value_or(auction::Trigger{}), bytes);
}

bool ReadTerms(ByteReader& bytes, auction::Terms& terms) {
  terms = {};
  if (!ReadFormat(bytes, terms.format)) return false;
  terms.supply = Tonnes(bytes.Get<std::int64_t>());
  if (!ReadPrice(bytes, terms.reserve) || !ReadPrice(bytes, terms.secret_reserve)) return false;
  terms.tie_seed = bytes.Get<std::uint64_t>();
  if (!ReadBidders(bytes, terms)) return false;
  for (auto left = bytes.Get<std::uint32_t>(); left > 0 && bytes.ok(); --left) {
    const MemberId consignor(bytes.Get<std::uint32_t>());
    terms.consignments.push_back({consignor, Tonnes(bytes.Get<std::int64_t>())});
  }
  for (auto left = bytes.Get<std::uint8_t>(); left > 0; --left) {
    terms.containment.push_back(ReadTrigger(bytes));
  }
  const auto withholds = bytes.Get<std::uint8_t>();
  const auction::Trigger withholding = ReadTrigger(bytes);
  if (withholds == 1) terms.withholding = withholding;
  return withholds <= 1;
}

}  // namespace ets::market
