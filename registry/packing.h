#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/date.h"
#include "base/quantity.h"
#include "base/state_hash.h"
#include "base/tagged.h"
#include "base/unit.h"
#include "registry/words.h"

// One list of fields a struct, FieldsOf(), from which the journal, the snapshot and the state hash
// are made: fields in order, little-endian, without padding; text and lists with a u32 count first;
// a truth as one byte.
namespace ets::registry {

// A single field as the integer that is stored, and back.
template <typename T, typename Tag>
constexpr T Stored(Tagged<T, Tag> id) {
  return id.raw();
}
constexpr std::int64_t Stored(Tonnes tonnes) { return tonnes.count(); }
constexpr std::int64_t Stored(Money money) { return money.minor(); }
constexpr std::int32_t Stored(Date date) { return date.days(); }
constexpr std::uint8_t Stored(bool truth) { return truth ? 1 : 0; }
template <typename T>
requires(std::integral<T> || std::is_enum_v<T>) && (!std::is_same_v<T, bool>)constexpr T
    Stored(T value) {
  return value;
}

template <typename T>
concept SingleField = requires(const T& value) {
  Stored(value);
};

template <SingleField T>
constexpr T Restored(decltype(Stored(std::declval<T>())) value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value != 0;
  } else if constexpr (std::is_same_v<T, Money>) {
    return Money::FromMinor(value);
  } else {
    return static_cast<T>(value);
  }
}

// The fields of what several structs hold; the others stand with their structs.
template <typename T, typename Struct>
concept Is = std::is_same_v<std::remove_const_t<T>, Struct>;
constexpr auto FieldsOf(Is<Transfer> auto& s) {
  return std::tie(s.debit, s.credit, s.ledger, s.amount, s.code, s.year, s.reference);
}
constexpr auto FieldsOf(Is<Unit> auto& s) { return std::tie(s.type, s.currency, s.vintage); }

template <typename... Field>
consteval bool AllSingle(const std::tuple<Field&...>*) {
  return (SingleField<std::remove_const_t<Field>> && ...);
}
template <typename T>
consteval bool IsFlat() {
  return AllSingle(static_cast<decltype(FieldsOf(std::declval<const T&>()))*>(nullptr));
}

// ---- To bytes ----

template <SingleField T>
void Pack(const T& value, std::string& out) {
  ByteWriter(out).Put(Stored(value));
}
inline void Pack(const std::string& text, std::string& out) { ByteWriter(out).PutText(text); }
template <std::size_t kSize>
void Pack(const std::array<char, kSize>& bytes, std::string& out) {
  out.append(bytes.data(), kSize);
}
template <typename T>
void Pack(const std::optional<T>& value, std::string& out);
template <typename T>
void Pack(const std::vector<T>& list, std::string& out);

// One append where every field is a number: an append a field would cost more than a transfer.
template <typename T>
requires requires(const T& s) { FieldsOf(s); }
void Pack(const T& s, std::string& out) {
  std::apply(
      [&out](const auto&... field) {
        if constexpr (IsFlat<T>()) {
          char raw[(sizeof(Stored(field)) + ...)];
          std::size_t at = 0;
          const auto put = [&raw, &at](auto value) {
            std::memcpy(raw + at, &value, sizeof(value));
            at += sizeof(value);
          };
          (put(Stored(field)), ...);
          out.append(raw, sizeof(raw));
        } else {
          (Pack(field, out), ...);
        }
      },
      FieldsOf(s));
}
template <typename T>
void Pack(const std::optional<T>& value, std::string& out) {
  Pack(value.has_value(), out);
  if (value) Pack(*value, out);
}
template <typename T>
void Pack(const std::vector<T>& list, std::string& out) {
  ByteWriter(out).Put(static_cast<std::uint32_t>(list.size()));
  for (const T& item : list) Pack(item, out);
}

// ---- And back ----

template <SingleField T>
void Unpack(ByteReader& in, T& value) {
  value = Restored<T>(in.Get<decltype(Stored(value))>());
}
inline void Unpack(ByteReader& in, std::string& text) { text = in.GetText(); }
template <std::size_t kSize>
void Unpack(ByteReader& in, std::array<char, kSize>& bytes) {
  const std::string_view raw = in.GetBytes(kSize);
  if (raw.size() == kSize) std::memcpy(bytes.data(), raw.data(), kSize);
}
template <typename T>
void Unpack(ByteReader& in, std::optional<T>& value);
template <typename T>
void Unpack(ByteReader& in, std::vector<T>& list);
template <typename T>
requires requires(T& s) { FieldsOf(s); }
void Unpack(ByteReader& in, T& s) {
  std::apply(
      [&in](auto&... field) {
        if constexpr (IsFlat<T>()) {
          const std::string_view raw = in.GetBytes((sizeof(Stored(field)) + ...));
          if (raw.empty()) return;
          const char* at = raw.data();
          const auto take = [&at](auto& value) {
            decltype(Stored(value)) stored{};
            std::memcpy(&stored, at, sizeof(stored));
            value = Restored<std::remove_cvref_t<decltype(value)>>(stored);
            at += sizeof(stored);
          };
          (take(field), ...);
        } else {
          (Unpack(in, field), ...);
        }
      },
      FieldsOf(s));
}
template <typename T>
void Unpack(ByteReader& in, std::optional<T>& value) {
  bool has_value = false;
  Unpack(in, has_value);
  value.reset();
  if (has_value) Unpack(in, value.emplace());
}
template <typename T>
void Unpack(ByteReader& in, std::vector<T>& list) {
  list.clear();
  const auto count = in.Get<std::uint32_t>();
  // A count is believed as far as there are bytes behind it.
  list.reserve(std::min<std::size_t>(count, in.size()));
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) Unpack(in, list.emplace_back());
}

// ---- To a fingerprint ----

template <SingleField T>
void Mix(const T& value, StateHash& hash) {
  hash.Add(static_cast<std::uint64_t>(Stored(value)));
}
inline void Mix(const std::string& text, StateHash& hash) { hash.Add(std::string_view(text)); }
template <std::size_t kSize>
void Mix(const std::array<char, kSize>& bytes, StateHash& hash) {
  hash.Add(std::string_view(bytes.data(), kSize));
}
template <typename T>
void Mix(const std::optional<T>& value, StateHash& hash);
template <typename T>
void Mix(const std::vector<T>& list, StateHash& hash);
template <typename T>
requires requires(const T& s) { FieldsOf(s); }
void Mix(const T& s, StateHash& hash) {
  std::apply([&hash](const auto&... field) { (Mix(field, hash), ...); }, FieldsOf(s));
}
template <typename T>
void Mix(const std::optional<T>& value, StateHash& hash) {
  Mix(value.has_value(), hash);
  if (value) Mix(*value, hash);
}
template <typename T>
void Mix(const std::vector<T>& list, StateHash& hash) {
  hash.Add(std::uint64_t{list.size()});
  for (const T& item : list) Mix(item, hash);
}

}  // namespace ets::registry
