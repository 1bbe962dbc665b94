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

}  // namespace

std::string_view DictionaryText() { return kFix44; }
const FIX::DataDictionary& Dictionary() { return *Shared(); }

FIX::DataDictionaryProvider DictionaryProvider() {
  FIX::DataDictionaryProvider provider;
  provider.addTransportDataDictionary(FIX::BeginString("FIX.4.4"), Shared());
  return provider;
}

}  // namespace ets::server::fix
