#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "auction/format.h"
#include "base/result.h"

namespace ets::auction {

enum class FieldKind : std::uint8_t {
  kChoice = 1,  // One of a few words.
  kFlag,        // "true" or "false".
  kTonnes,      // Whole tonnes from 1.
  kPrice,       // Two decimals, above 0.
  kShare,       // Of 1, in steps of 0.0001: "0.25".
  kCount,       // A whole number.
};

// One field of a format by its name: how a profile is shown, and how a designer changes it.
struct Field {
  std::string_view name;
  std::string_view description;
  FieldKind kind = FieldKind::kChoice;
  std::string (*get)(const Format&);
  // Fails with what is allowed instead: "cancel, sell_at_reserve, ...".
  Result<Done, std::string> (*set)(Format&, std::string_view text);
  std::vector<std::string> (*choices)();  // Of kChoice; else empty.
};
std::span<const Field> Fields();  // In the order they are shown to people.
const Field* FindField(std::string_view name);

// Changes one field. Fails with the sentence for people: name, value, what is allowed. That fields
// fit each other is WrongWith()'s business, when all are set.
Result<Done, std::string> SetField(Format& format, std::string_view name, std::string_view text);

}  // namespace ets::auction
