#include "server/fix_dictionary.h"

#include <sstream>
#include <string>

#include "server/fix44.h"

namespace ets::server::fix {
namespace {

ptr::shared_ptr<FIX::DataDictionary> Read() {
  std::istringstream text{std::string(kFix44)};
  return ptr::shared_ptr<FIX::DataDictionary>(new FIX::DataDictionary(text));
}

const ptr::shared_ptr<FIX::DataDictionary>& Shared() {
  static const ptr::shared_ptr<FIX::DataDictionary> dictionary = Read();
  return dictionary;
}

// The tag that an exception of QuickFIX is about; 0: none.
template <typename... Kinds>
int TagOf(const std::exception& error) {
  int tag = 0;
  const auto look = [&](const auto* it) { tag = it == nullptr ? tag : it->field; };
  (look(dynamic_cast<const Kinds*>(&error)), ...);
  return tag;
}

}  // namespace

std::string_view DictionaryText() { return kFix44; }
const FIX::DataDictionary& Dictionary() { return *Shared(); }

std::string WhatIsWrong(const std::string& message) {
  try {
    Dictionary().validate(FIX::Message(message, Dictionary()));
    return {};
  } catch (const FIX::Exception& error) {
    const int tag = TagOf<FIX::RequiredTagMissing, FIX::InvalidTagNumber, FIX::NoTagValue,
                          FIX::TagNotDefinedForMessage, FIX::IncorrectTagValue,
                          FIX::IncorrectDataFormat, FIX::TagOutOfOrder, FIX::RepeatedTag>(error);
    return error.what() + (tag == 0 ? std::string() : ", field " + std::to_string(tag));
  }
}

FIX::DataDictionaryProvider DictionaryProvider() {
  FIX::DataDictionaryProvider provider;
  provider.addTransportDataDictionary(FIX::BeginString("FIX.4.4"), Shared());
  return provider;
}

}  // namespace ets::server::fix
