#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/prng.h"

namespace ets {

// Messages of any type that can be read and mean anything: fields missing or set, numbers from the
// ends of their range and from the middle of what is usual, enumerators that do not exist, names
// that exist and names that do not, texts that are far too long.
class WildMessages {
 public:
  // `words`: texts that mean something to who is asked.
  WildMessages(Prng& dice, std::vector<std::string> words)
      : dice_(dice), words_(std::move(words)) {}

  // From now on mostly what can be meant: words that fit the field, usual numbers, all fields.
  void SetTame(bool is_tame) { is_tame_ = is_tame; }
  void Fill(google::protobuf::Message& message, int depth = 0);
  // Its bytes, or such bytes with a few of them changed, cut or repeated, or no message's at all.
  std::string Garbage(const google::protobuf::Message& message);

 private:
  using Field = google::protobuf::FieldDescriptor;

  bool OneIn(std::uint64_t bound) { return dice_.Below(bound) == 0; }
  std::int64_t Integer(const Field& field);
  std::string Text(const Field& field);
  void Set(google::protobuf::Message& message, const Field& field, int depth);

  Prng& dice_;
  const std::vector<std::string> words_;
  bool is_tame_ = false;
};

}  // namespace ets
