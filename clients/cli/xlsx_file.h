#pragma once

#include <string>

#include "base/result.h"
#include "cbam/auction_report.h"

namespace ets::cli {

// Whether the bytes are a zip container, as every xlsx file is.
bool LooksLikeXlsx(const std::string& bytes);

// The cells of a workbook's first sheet as text: shared and inline strings, and numbers as they are
// written (a date is its serial number). Row 0 is the sheet's row 1; rows and cells left out are
// empty. On failure: what is wrong.
Result<cbam::TextRows, std::string> ReadFirstSheet(const std::string& bytes);

}  // namespace ets::cli
