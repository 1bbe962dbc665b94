#pragma once

#include <string>

// What a disk may do to a journal while nobody looks.
namespace ets::conformance {

// The write-ahead log with the last records, somewhere below `folder`.
std::string NewestLog(const std::string& folder);
// In the middle of the file.
void FlipAByte(const std::string& log);
// Cuts the file where its last record begins.
void CutLastRecord(const std::string& log);

}  // namespace ets::conformance
