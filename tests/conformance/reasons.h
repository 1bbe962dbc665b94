#pragma once

#include <ostream>
#include <span>

#include "tests/conformance/world.h"

// The error table of the registry, and for each of its reasons a case that provokes it.
namespace ets::conformance {

// As the table has it.
struct ReasonRow {
  const char* reason;
  grpc::StatusCode code;
  const char* uk;
  const char* itl;
};
inline void PrintTo(const ReasonRow& row, std::ostream* out) { *out << row.reason; }

enum class Heard : std::uint8_t {
  kAsError,  // With the one ErrorInfo.
  kAsItem,   // Of one item of a batch that was answered.
  // A client that stops waiting hears its own library before the server: the code alone counts.
  kByClientItself,
};

struct ReasonCase {
  const char* reason;
  const char* profile;
  const char* words;
  Said (*provoke)(World&);
  bool starts_servers = false;
  Heard heard = Heard::kAsError;
};

std::span<const ReasonCase> EdgeReasonCases();  // What the server refuses before the law is asked.
std::span<const ReasonCase> LawReasonCases();
const ReasonCase* FindReasonCase(std::string_view reason);

}  // namespace ets::conformance
