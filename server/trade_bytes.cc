#include "server/trade_bytes.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <cstring>

namespace ets::server {
namespace {

namespace mk = ::ets::market::v1;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedOutputStream;

std::uint32_t LengthTag(int field) {
  return WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
}
std::uint32_t NumberTag(int field) {
  return WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_VARINT);
}
std::uint8_t* Put(std::uint32_t tag, std::uint64_t number, std::uint8_t* to) {
  return CodedOutputStream::WriteVarint64ToArray(number,
                                                 CodedOutputStream::WriteTagToArray(tag, to));
}

}  // namespace

void TradeBytes::Add(std::uint64_t request, int what,
                     const google::protobuf::MessageLite& message) {
  const std::size_t size = message.ByteSizeLong();
  std::uint8_t fields[2 * kHeadMax], tag[kHeadMax];
  std::uint8_t* fields_end = fields;
  if (request != 0) {
    fields_end = Put(NumberTag(mk::TradeResponse::kRequestFieldNumber), request, fields_end);
  }
  fields_end = Put(LengthTag(what), size, fields_end);
  const auto fields_size = static_cast<std::size_t>(fields_end - fields);
  const std::uint8_t* const tag_end =
      Put(LengthTag(mk::TradeResponses::kResponsesFieldNumber), fields_size + size, tag);
  bytes_.append(reinterpret_cast<const char*>(tag), static_cast<std::size_t>(tag_end - tag));
  if (count_++ == 0) first_ = bytes_.size();
  bytes_.append(reinterpret_cast<const char*>(fields), fields_size);
  const std::size_t begin = bytes_.size();
  bytes_.resize(begin + size);
  message.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(bytes_.data()) + begin);
}

grpc::Slice TradeBytes::Take() {
  std::size_t begin = first_;
  if (count_ > 1) {
    std::uint8_t head[kHeadMax];
    const std::uint8_t* const end =
        Put(LengthTag(mk::TradeResponse::kGroupFieldNumber), bytes_.size() - kHeadMax, head);
    const auto size = static_cast<std::size_t>(end - head);
    begin = kHeadMax - size;
    std::memcpy(bytes_.data() + begin, head, size);
  }
  grpc::Slice slice(bytes_.data() + begin, bytes_.size() - begin);
  bytes_.resize(kHeadMax);
  count_ = 0;
  return slice;
}

grpc::Slice TradeBytes::Of(const mk::TradeResponse& response) {
  return grpc::Slice(response.SerializeAsString());
}

}  // namespace ets::server
