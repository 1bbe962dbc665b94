#pragma once

namespace ets {

// Prints the failed condition with its place and stops the process. Never returns.
[[noreturn]] void AssertionFailed(const char* condition, const char* file, int line);

}  // namespace ets

// Always on, in every build: a bug in this program stops it before it can corrupt a ledger. A
// request can never reach one; what a request gets wrong is a Refusal.
#define ETS_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::ets::AssertionFailed(#condition, __FILE__, __LINE__))
