#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace ets {

// Packs integers little-endian, without padding, at the end of a string. What the journals hold.
class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}

  template <typename T>
  requires std::integral<T> || std::is_enum_v<T>
  void Put(T value) {
    // Both supported targets are little-endian; tests/ holds the byte order to a golden record.
    char raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    out_.append(raw, sizeof(T));
  }
  void PutText(std::string_view text) {
    Put(static_cast<std::uint32_t>(text.size()));
    out_.append(text);
  }

 private:
  std::string& out_;
};

// Reads what ByteWriter wrote. Reading past the end gives zeros and makes ok() false for good, so a
// decoder checks once, at its end.
class ByteReader {
 public:
  explicit ByteReader(std::string_view in) : in_(in) {}

  template <typename T>
  requires std::integral<T> || std::is_enum_v<T> T Get() {
    T value{};
    if (in_.size() < sizeof(T)) {
      ok_ = false;
      in_ = {};
      return value;
    }
    std::memcpy(&value, in_.data(), sizeof(T));
    in_.remove_prefix(sizeof(T));
    return value;
  }
  std::string_view GetText() {
    const auto size = Get<std::uint32_t>();
    return GetBytes(size);
  }

  std::string_view GetBytes(std::size_t size) {
    if (!ok_ || size > in_.size()) {
      ok_ = false;
      in_ = {};
      return {};
    }
    const std::string_view bytes = in_.substr(0, size);
    in_.remove_prefix(size);
    return bytes;
  }

  bool ok() const { return ok_; }
  bool empty() const { return in_.empty(); }
  std::size_t size() const { return in_.size(); }  // Of what is left.

 private:
  std::string_view in_;
  bool ok_ = true;
};

}  // namespace ets
