#include "tests/soak/wild_messages.h"

#include <array>
#include <limits>

namespace ets {

using google::protobuf::Message;
using google::protobuf::Reflection;

// What a field of that name usually holds.
std::int64_t WildMessages::Integer(const Field& field) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  constexpr std::array<std::int64_t, 16> kEdges = {0,
                                                   1,
                                                   -1,
                                                   2,
                                                   7'000,
                                                   500,
                                                   1'000,
                                                   100'000,
                                                   kMost,
                                                   -kMost - 1,
                                                   std::int64_t{1} << 53U,
                                                   std::int64_t{1} << 31U,
                                                   -(std::int64_t{1} << 31U),
                                                   (std::int64_t{1} << 32U) - 1,
                                                   10'000'000,
                                                   253'402'300'800};
  if (is_tame_ && !OneIn(12)) {
    const std::string& name = field.name();
    if (name.find("price") != name.npos || name.find("reserve") != name.npos) {
      return 6'950 + static_cast<std::int64_t>(dice_.Below(100));
    }
    const bool is_small = name.find("bid") != name.npos || name.find("order") != name.npos ||
                          name.find("offer") != name.npos || name == "announcement";
    if (is_small) return static_cast<std::int64_t>(dice_.Below(40));
    if (name == "seconds") return 1'772'409'600 + static_cast<std::int64_t>(dice_.Below(200'000));
    return 500 * static_cast<std::int64_t>(1 + dice_.Below(8));
  }
  switch (dice_.Below(5)) {
    case 0:
      return kEdges[dice_.Below(kEdges.size())];
    case 1:
      return static_cast<std::int64_t>(dice_.Next());
    case 2:
      return static_cast<std::int64_t>(dice_.Below(20));
    case 3:
      return 500 * static_cast<std::int64_t>(dice_.Below(20));
    default:
      return 6'900 + static_cast<std::int64_t>(dice_.Below(200));
  }
}

std::string WildMessages::Text(const Field& field) {
  if (!OneIn(is_tame_ ? 30 : 5)) {
    // Words with the field's own name in them are what it most likely means.
    const bool is_member = field.name() == "counterparty" || field.name() == "auctioneer";
    const std::string name = is_member ? "member" : field.name().substr(0, 6);
    for (int tries = 0; tries < (is_tame_ ? 60 : 6); ++tries) {
      const std::string& word = words_[dice_.Below(words_.size())];
      const bool is_there = word.find("99") == word.npos && word.find("27") == word.npos;
      if (word.find(name) != word.npos && (is_there || !is_tame_)) return word;
    }
    return words_[dice_.Below(words_.size())];
  }
  switch (dice_.Below(5)) {
    case 0:
      return {};
    case 1:
      return std::string(dice_.Below(100'000), 'a');
    case 2:
      return words_[dice_.Below(words_.size())] + std::to_string(Integer(field));
    case 3: {
      std::string text = words_[dice_.Below(words_.size())];
      if (!text.empty()) text[dice_.Below(text.size())] = static_cast<char>(dice_.Below(128));
      return text;
    }
    default:
      return std::string("\0 \xc3\xa9\x7f/%s\n", 9);
  }
}

void WildMessages::Set(Message& message, const Field& field, int depth) {
  const Reflection& it = *message.GetReflection();
  const bool many = field.is_repeated();
  switch (field.cpp_type()) {
    case Field::CPPTYPE_INT32:
      return many ? it.AddInt32(&message, &field, static_cast<std::int32_t>(Integer(field)))
                  : it.SetInt32(&message, &field, static_cast<std::int32_t>(Integer(field)));
    case Field::CPPTYPE_INT64:
      return many ? it.AddInt64(&message, &field, Integer(field))
                  : it.SetInt64(&message, &field, Integer(field));
    case Field::CPPTYPE_UINT32:
      return many ? it.AddUInt32(&message, &field, static_cast<std::uint32_t>(Integer(field)))
                  : it.SetUInt32(&message, &field, static_cast<std::uint32_t>(Integer(field)));
    case Field::CPPTYPE_UINT64:
      return many ? it.AddUInt64(&message, &field, static_cast<std::uint64_t>(Integer(field)))
                  : it.SetUInt64(&message, &field, static_cast<std::uint64_t>(Integer(field)));
    case Field::CPPTYPE_DOUBLE:
      return many ? it.AddDouble(&message, &field, static_cast<double>(Integer(field)))
                  : it.SetDouble(&message, &field, static_cast<double>(Integer(field)));
    case Field::CPPTYPE_FLOAT:
      return many ? it.AddFloat(&message, &field, static_cast<float>(Integer(field)))
                  : it.SetFloat(&message, &field, static_cast<float>(Integer(field)));
    case Field::CPPTYPE_BOOL:
      return many ? it.AddBool(&message, &field, OneIn(2)) : it.SetBool(&message, &field, OneIn(2));
    case Field::CPPTYPE_ENUM: {
      const auto known = static_cast<std::uint64_t>(field.enum_type()->value_count());
      const int value = OneIn(is_tame_ ? 40 : 6) ? static_cast<int>(Integer(field))
                                                 : static_cast<int>(dice_.Below(known));
      return many ? it.AddEnumValue(&message, &field, value)
                  : it.SetEnumValue(&message, &field, value);
    }
    case Field::CPPTYPE_STRING:
      return many ? it.AddString(&message, &field, Text(field))
                  : it.SetString(&message, &field, Text(field));
    case Field::CPPTYPE_MESSAGE:
      Fill(many ? *it.AddMessage(&message, &field) : *it.MutableMessage(&message, &field),
           depth + 1);
      return;
  }
}

namespace {

// Fields that ask for something special, which what is usual leaves alone.
bool IsRare(const std::string& name) {
  for (const char* const rare :
       {"stop_price",    "display_quantity", "minimum_quantity", "expire_date",  "client_order_id",
        "client_bid_id", "post_only",        "currency",         "counterparty", "containment",
        "withholding",   "consignments",     "bidders",          "fields",       "secret_reserve",
        "pay_day",       "open_time",        "close_time",       "type",         "time_in_force",
        "blocked",       "session_type"}) {
    if (name == rare) return true;
  }
  return false;
}

}  // namespace

void WildMessages::Fill(Message& message, int depth) {
  const google::protobuf::Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.oneof_decl_count(); ++i) {
    const google::protobuf::OneofDescriptor& one = *type.oneof_decl(i);
    if (OneIn(10)) continue;
    Set(message,
        *one.field(static_cast<int>(dice_.Below(static_cast<std::uint64_t>(one.field_count())))),
        depth);
  }
  for (int i = 0; i < type.field_count(); ++i) {
    const Field& field = *type.field(i);
    if (field.containing_oneof() != nullptr) continue;
    const bool is_rare = is_tame_ && IsRare(field.name());
    if (is_rare ? !OneIn(10) : OneIn(is_tame_ ? 40 : 6)) continue;
    if (!field.is_repeated()) {
      Set(message, field, depth);
      continue;
    }
    if (depth > 3) continue;
    for (std::uint64_t left = dice_.Below(3); left > 0; --left) Set(message, field, depth);
  }
}

std::string WildMessages::Garbage(const Message& message) {
  std::string bytes = message.SerializeAsString();
  if (bytes.empty() || OneIn(3)) {
    bytes.resize(dice_.Below(200));
    for (char& byte : bytes) byte = static_cast<char>(dice_.Below(256));
    return bytes;
  }
  for (std::uint64_t left = 1 + dice_.Below(4); left > 0 && !bytes.empty(); --left) {
    const std::size_t at = dice_.Below(bytes.size());
    switch (dice_.Below(3)) {
      case 0:
        bytes[at] = static_cast<char>(dice_.Below(256));
        break;
      case 1:
        bytes.resize(at);
        break;
      default:
        bytes.insert(at, bytes.substr(at, 50));
        break;
    }
  }
  return bytes;
}

}  // namespace ets
