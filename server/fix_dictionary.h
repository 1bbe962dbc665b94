#pragma once

#include <string>
#include <string_view>

#include "server/quickfix.h"

namespace ets::server::fix {

// docs/fix44.xml, which is built in.
std::string_view DictionaryText();
// The same, read: what a message may hold.
const FIX::DataDictionary& Dictionary();
// What the dictionary has against a message, in words; empty: nothing.
std::string WhatIsWrong(const std::string& message);
// For FIX::Session.
FIX::DataDictionaryProvider DictionaryProvider();

}  // namespace ets::server::fix
