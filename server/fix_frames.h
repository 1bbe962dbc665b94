#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ets::server::fix {

// FIX's outer form, by which bytes become messages: 8=FIX.4.4|9=LENGTH|...|10=SUM|, where | is the
// byte 1 (SOH). Nothing here knows a session.

inline constexpr char kSoh = '\x01';
// No message of a client is larger, from 8= to the end.
inline constexpr std::size_t kMessageMax = 16'384;
// Tags whose values hold whole numbers have at most so many digits.
inline constexpr std::size_t kDigitsMax = 9;

// Cuts a stream of bytes into messages. Once the bytes are no FIX, the stream is lost: what a
// message is can only be told from where the last one ended. Not thread-safe.
class Frames {
 public:
  void Add(std::string_view bytes) { bytes_.append(bytes); }
  // The next whole message, nothing while bytes are missing, or why these are no FIX.
  Result<std::optional<std::string>, std::string> Next();

 private:
  std::string bytes_;
  std::size_t begin_ = 0;
};

// Whether the message's CheckSum(10) is the sum of its bytes. One that is not was garbled on its
// way: FIX has it ignored as if it had never come. REQUIRES: a message of Frames.
bool HasGoodCheckSum(std::string_view message);

struct Field {
  int tag = 0;
  std::string_view value;
};
// All fields in their order, or which of them is none. REQUIRES: a message of Frames.
Result<std::vector<Field>, std::string> FieldsOf(std::string_view message);
// Of the first field with this tag; empty: there is none.
std::optional<std::string_view> Find(std::span<const Field> fields, int tag);

// A whole number of 1 to kDigitsMax digits; empty: it is none.
std::optional<int> NumberOf(std::string_view text);

// The message of these fields; the first is MsgType(35).
std::string Framed(std::span<const Field> fields);

// Bytes for people: "8=FIX.4.4|9=..." with what cannot be printed as \xNN, at most 40 of them.
std::string Printable(std::string_view bytes);

}  // namespace ets::server::fix
