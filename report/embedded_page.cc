#include "report/embedded_page.h"

// The assembler reads the files itself; its include path is the project's root (CMakeLists.txt).
#define ETS_FILE(path) ".incbin \"" path "\"\n"
#define ETS_EMBED(symbol, files)                                        \
  asm(".section .rodata\n"                                              \
      "ets_embedded_" #symbol "_begin:\n" files "ets_embedded_" #symbol \
      "_end:\n"                                                         \
      ".byte 0\n"                                                       \
      ".previous\n");                                                   \
  extern "C" const char ets_embedded_##symbol##_begin[];                \
  extern "C" const char ets_embedded_##symbol##_end[]

ETS_EMBED(template, ETS_FILE("report/page/template.html"));
ETS_EMBED(style, ETS_FILE("report/page/report.css"));
ETS_EMBED(script, ETS_FILE("report/page/words.js") ETS_FILE("report/page/charts.js")
                      ETS_FILE("report/page/what_happened.js") ETS_FILE("report/page/scarcity.js")
                          ETS_FILE("report/page/stability.js") ETS_FILE("report/page/who_pays.js")
                              ETS_FILE("report/page/market.js") ETS_FILE("report/page/rules.js")
                                  ETS_FILE("report/page/page.js"));
ETS_EMBED(queries, ETS_FILE("report/page/data.sql"));
ETS_EMBED(charts, ETS_FILE("third_party/echarts/echarts.common.min.js"));

namespace ets::report::embedded {

std::string_view Template() { return {ets_embedded_template_begin, ets_embedded_template_end}; }
std::string_view Style() { return {ets_embedded_style_begin, ets_embedded_style_end}; }
std::string_view Script() { return {ets_embedded_script_begin, ets_embedded_script_end}; }
std::string_view Queries() { return {ets_embedded_queries_begin, ets_embedded_queries_end}; }
std::string_view Charts() { return {ets_embedded_charts_begin, ets_embedded_charts_end}; }

}  // namespace ets::report::embedded
