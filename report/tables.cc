#include "report/tables.h"

#include <cstdint>
#include <string>

#include "report/schema.h"

namespace ets::report {

std::string DescribeTables() {
  std::string text;
  ForEachTable([&]<typename Row>() {
    text += "### `" + std::string(Table<Row>::kName) + "`\n\n" + Table<Row>::kAbout + "\n\n";
    text += "| column | type | unit | meaning |\n|---|---|---|---|\n";
    ForEachColumn<Row>([&]<typename T>(const Column<Row, T>& column) {
      text += "| `" + std::string(column.name) + "` | " + SqlType<T>() + " | " + column.unit +
              " | " + column.meaning + " |\n";
    });
    text += "\n";
  });
  text +=
      "### `run`\n\nKey figures about the run itself.\n\n| column | type | unit | meaning |\n"
      "|---|---|---|---|\n| `key` | TEXT |  | Name, e.g. `seed`, `scenario`, `title` |\n"
      "| `value` | TEXT |  | Value |\n";
  return text;
}

}  // namespace ets::report
