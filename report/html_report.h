#pragma once

#include <string>

namespace ets::report {

// Writes the run in the database as one self-contained page: data, charts and all code in one file
// that opens offline and asks nothing of the network. The page appears under its name complete or
// not at all (temporary name, sync, rename). Empty text on success, else why not; then no file is
// left behind, and one that stood there before is untouched.
std::string WriteHtmlReport(const std::string& sqlite_path, const std::string& html_path);

}  // namespace ets::report
