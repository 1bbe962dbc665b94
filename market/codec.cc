#include "market/codec.h"

#include <type_traits>

#include "market/input_fields.h"

namespace ets::market {
namespace {

template <typename T>
constexpr RecordKind kKind = RecordKind::kFounding;
#define ETS_KIND(input) \
  template <>           \
  constexpr RecordKind kKind<input> = RecordKind::k##input
ETS_KIND(AdmitMember);
ETS_KIND(ListInstrument);
ETS_KIND(DelistInstrument);
ETS_KIND(Position);
ETS_KIND(OpenSession);
ETS_KIND(PlaceOrder);
ETS_KIND(CancelOrder);
ETS_KIND(TradeBlock);
ETS_KIND(OpenAuction);
ETS_KIND(SubmitBid);
ETS_KIND(CloseAuction);
ETS_KIND(Withdraw);
ETS_KIND(CloseSession);
ETS_KIND(DropLedger);
ETS_KIND(AdvanceTo);
ETS_KIND(DayClosed);
ETS_KIND(BlockMember);
ETS_KIND(SetHoldingLimit);
ETS_KIND(HaltTrading);
ETS_KIND(ResumeTrading);
ETS_KIND(SetPhase);
ETS_KIND(ChangeOrder);
ETS_KIND(CancelOrders);
ETS_KIND(QuoteBlock);
ETS_KIND(ConfirmBlock);
ETS_KIND(CancelBlock);
ETS_KIND(AnnounceOneWay);
ETS_KIND(BidOneWay);
ETS_KIND(WithdrawOneWay);
ETS_KIND(ChangeBid);
ETS_KIND(WithdrawBid);
ETS_KIND(PayAuction);
ETS_KIND(SetAuctionCalendar);
ETS_KIND(SubmitBids);
#undef ETS_KIND

template <typename T>
bool ReadIf(std::uint16_t kind, std::string_view payload, std::optional<Input>& input) {
  static_assert(kKind<T> != RecordKind::kFounding, "an input without a record kind");
  if (static_cast<std::uint16_t>(kKind<T>) != kind) return false;
  ByteReader bytes(payload);
  Reader reader(bytes);
  T read{};
  Fields(reader, read);
  if (reader.ok() && bytes.empty()) input = read;
  return true;
}

template <typename... T>
std::optional<Input> ReadAnyOf(std::type_identity<std::variant<T...>>, std::uint16_t kind,
                               std::string_view payload) {
  std::optional<Input> input;
  static_cast<void>((ReadIf<T>(kind, payload, input) || ...));
  return input;
}

}  // namespace

RecordKind Encode(const PlaceOrder& input, std::string& payload) {
  Writer writer(payload);
  Fields(writer, input);
  return RecordKind::kPlaceOrder;
}

RecordKind Encode(const CancelOrder& input, std::string& payload) {
  Writer writer(payload);
  Fields(writer, input);
  return RecordKind::kCancelOrder;
}

RecordKind Encode(const Input& input, std::string& payload) {
  return std::visit(
      [&payload](const auto& in) {
        Writer writer(payload);
        Fields(writer, in);
        return kKind<std::remove_cvref_t<decltype(in)>>;
      },
      input);
}

std::optional<Input> Decode(std::uint16_t kind, std::string_view payload) {
  return ReadAnyOf(std::type_identity<Input>(), kind, payload);
}

void EncodeFounding(const Founding& founding, std::string& payload) {
  Writer writer(payload);
  Fields(writer, founding);
}

Result<Founding, std::string> DecodeFounding(const JournalRecord& record) {
  if (record.sequence != 1 || record.kind != static_cast<std::uint16_t>(RecordKind::kFounding)) {
    return Fail{std::string("not the first record of an exchange's journal")};
  }
  return DecodeFounding(record.payload);
}

Result<Founding, std::string> DecodeFounding(std::string_view payload) {
  ByteReader bytes(payload);
  Reader reader(bytes);
  Founding founding;
  Fields(reader, founding);
  if (!reader.ok() || !bytes.empty()) {
    return Fail{std::string("the founding record cannot be decoded")};
  }
  if (const std::string wrong = WhatIsWrong(founding.rules); !wrong.empty()) return Fail{wrong};
  return founding;
}

}  // namespace ets::market
