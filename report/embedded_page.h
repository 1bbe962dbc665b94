#pragma once

#include <string_view>

// The files the page is made of, as they were when the library was built.
namespace ets::report::embedded {

std::string_view Template();  // page/template.html
std::string_view Style();     // page/report.css
std::string_view Script();    // page/*.js, in the order that words.js names
std::string_view Queries();   // page/data.sql
std::string_view Charts();    // third_party/echarts/echarts.common.min.js

}  // namespace ets::report::embedded
