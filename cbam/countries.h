#pragma once

#include <string_view>

namespace ets::cbam {

// Whether this is a country's code of ISO 3166-1 alpha-2, in capitals, or XK (Kosovo), which
// customs use.
bool IsCountry(std::string_view code);

// Whether goods that originate there come under the regulation: not those of the Union itself, nor
// of the countries of Annex III, point 1, Reg. (EU) 2023/956: Iceland, Liechtenstein, Norway,
// Switzerland.
bool IsThirdCountry(std::string_view code);

}  // namespace ets::cbam
