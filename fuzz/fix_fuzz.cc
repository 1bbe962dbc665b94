// Bytes as a FIX client sends them. They go to the framing twice: as they are, cut where the first
// byte says, and as the body of a message whose length and sum are right, which reaches QuickFIX's
// parser and the dictionary. What is a message must come out of its own fields unchanged.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "server/fix_dictionary.h"
#include "server/fix_frames.h"

namespace fix = ets::server::fix;

namespace {

void Look(const std::string& message) {
  const bool is_good = fix::HasGoodCheckSum(message);
  const auto fields = fix::FieldsOf(message);
  if (!is_good || !fields.ok() || fields->size() < 4) return;
  (void)fix::WhatIsWrong(message);
  const std::span<const fix::Field> body(fields->begin() + 2, fields->end() - 1);
  if (fields->at(0).value != "FIX.4.4" || fix::Framed(body) == message) return;
  if (fields->at(1).value[0] == '0') return;  // A length with zeros in front.
  std::fprintf(stderr, "%s\n%s\n", fix::Printable(message).c_str(),
               fix::Printable(fix::Framed(body)).c_str());
  std::abort();
}

void Run(fix::Frames& frames, std::string_view bytes, std::size_t step) {
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    frames.Add(bytes.substr(at, step));
    while (true) {
      const auto message = frames.Next();
      if (!message.ok()) return;
      if (!message.value()) break;
      Look(**message);
    }
  }
}

std::string WithFrame(std::string_view body) {
  std::string message = "8=FIX.4.4";
  message += fix::kSoh;
  message += "9=" + std::to_string(body.size()) + fix::kSoh;
  message += body;
  unsigned sum = 0;
  for (const char c : message) sum += static_cast<unsigned char>(c);
  const std::string digits = std::to_string(sum % 256);
  return message + "10=" + std::string(3 - digits.size(), '0') + digits + fix::kSoh;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t step = std::size_t{data[0]} + 1;
  fix::Frames raw, framed;
  Run(raw, bytes, step);
  Run(framed, WithFrame(bytes), step);
  return 0;
}
