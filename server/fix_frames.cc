#include "server/fix_frames.h"

#include <algorithm>
#include <charconv>
#include <numeric>

namespace ets::server::fix {
namespace {

constexpr std::string_view kBegin = "8=";
constexpr std::string_view kLength = "9=";
constexpr std::string_view kSum = "10=";
constexpr std::size_t kTrailer = 7;  // 10=NNN and SOH.
constexpr std::size_t kVersionMax = 12;
constexpr int kTagMax = 99'999;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// A field at the front of what has come: its value, nothing while its end is missing, or lost.
struct Front {
  bool is_lost = false;
  std::optional<std::string_view> value;
};
Front FrontOf(std::string_view bytes, std::string_view tag, std::size_t value_max) {
  const std::size_t known = std::min(bytes.size(), tag.size());
  if (bytes.substr(0, known) != tag.substr(0, known)) return {true, {}};
  if (known < tag.size()) return {};
  bytes.remove_prefix(tag.size());
  const std::size_t end = bytes.find(kSoh);
  if (end != bytes.npos && end <= value_max) return {false, bytes.substr(0, end)};
  return {bytes.size() > value_max, {}};
}

std::string Lost(std::string_view why, std::string_view bytes) {
  return std::string(why) + ": " + Printable(bytes);
}

unsigned SumOf(std::string_view bytes) {
  return std::accumulate(bytes.begin(), bytes.end(), 0U,
                         [](unsigned sum, char c) { return sum + static_cast<unsigned char>(c); }) %
         256;
}

std::string ThreeDigits(unsigned number) {
  std::string text = std::to_string(number);
  return std::string(3 - text.size(), '0') + text;
}

}  // namespace

Result<std::optional<std::string>, std::string> Frames::Next() {
  using Whole = std::optional<std::string>;
  const std::string_view bytes = std::string_view(bytes_).substr(begin_);
  const Front version = FrontOf(bytes, kBegin, kVersionMax);
  if (version.is_lost) return Fail{Lost("these bytes do not begin a FIX message", bytes)};
  if (!version.value) return Whole();
  const std::size_t at = kBegin.size() + version.value->size() + 1;
  const Front length = FrontOf(bytes.substr(at), kLength, kDigitsMax);
  if (length.is_lost) return Fail{Lost("BodyLength(9) does not follow BeginString(8)", bytes)};
  if (!length.value) return Whole();
  const auto body = NumberOf(*length.value);
  const std::size_t head = at + kLength.size() + length.value->size() + 1;
  if (!body || head + static_cast<std::size_t>(*body) + kTrailer > kMessageMax) {
    return Fail{"BodyLength(9) " + Printable(*length.value) + "; allowed: a number, and " +
                std::to_string(kMessageMax) + " bytes for the whole message"};
  }
  const std::size_t sum = head + static_cast<std::size_t>(*body);
  const std::size_t size = sum + kTrailer;
  if (bytes.size() < size) return Whole();
  const std::string_view trailer = bytes.substr(sum, kTrailer);
  const bool is_trailer = trailer.starts_with(kSum) && trailer.back() == kSoh &&
                          std::all_of(trailer.begin() + 3, trailer.end() - 1, IsDigit) &&
                          bytes[sum - 1] == kSoh;
  if (!is_trailer) {
    return Fail{"BodyLength(9) " + std::string(*length.value) +
                " does not lead to CheckSum(10): " + Printable(trailer)};
  }
  std::string message(bytes.substr(0, size));
  begin_ += size;
  if (begin_ == bytes_.size() || begin_ > kMessageMax) {
    bytes_.erase(0, begin_);
    begin_ = 0;
  }
  return Whole(std::move(message));
}

bool HasGoodCheckSum(std::string_view message) {
  const std::string_view summed = message.substr(0, message.size() - kTrailer);
  return message.substr(message.size() - 4, 3) == ThreeDigits(SumOf(summed));
}

Result<std::vector<Field>, std::string> FieldsOf(std::string_view message) {
  std::vector<Field> fields;
  while (!message.empty()) {
    const std::string_view text = message.substr(0, message.find(kSoh));
    message.remove_prefix(text.size() + 1);
    const std::size_t equals = text.find('=');
    const auto tag = NumberOf(text.substr(0, equals));
    if (equals == text.npos || !tag || *tag > kTagMax || text[0] == '0') {
      return Fail{"'" + Printable(text) + "' is no field; allowed: TAG=VALUE, TAG from 1 to 99999"};
    }
    fields.push_back({*tag, text.substr(equals + 1)});
  }
  return fields;
}

std::optional<std::string_view> Find(std::span<const Field> fields, int tag) {
  for (const Field& field : fields) {
    if (field.tag == tag) return field.value;
  }
  return std::nullopt;
}

std::optional<int> NumberOf(std::string_view text) {
  if (text.empty() || text.size() > kDigitsMax) return std::nullopt;
  if (!std::all_of(text.begin(), text.end(), IsDigit)) return std::nullopt;
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string Framed(std::span<const Field> fields) {
  std::string body;
  for (const Field& field : fields) {
    body += std::to_string(field.tag) + "=" + std::string(field.value) + kSoh;
  }
  std::string message = "8=FIX.4.4";
  message += kSoh;
  message += "9=" + std::to_string(body.size()) + kSoh + body;
  return message + "10=" + ThreeDigits(SumOf(message)) + kSoh;
}

std::string Printable(std::string_view bytes) {
  constexpr std::size_t kMost = 40;
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (const char c : bytes.substr(0, kMost)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == kSoh) {
      text += '|';
    } else if (byte >= ' ' && byte <= '~') {
      text += c;
    } else {
      text += "\\x";
      text += kHex[byte / 16];
      text += kHex[byte % 16];
    }
  }
  return bytes.size() > kMost ? text + "..." : text;
}

}  // namespace ets::server::fix
