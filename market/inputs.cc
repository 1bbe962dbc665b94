#include "market/inputs.h"

#include <algorithm>
#include <utility>

namespace ets::market {

std::vector<SessionType> VenueRules::DefaultSessions() {
  std::vector<SessionType> sessions;
  for (const std::string_view name : {"cn-listed", "cn-block", "cn-oneway"}) {
    sessions.push_back(*FindSessionType(name));
    sessions.back().hours = {};
  }
  return sessions;
}

const SessionType* VenueRules::First(Mechanism mechanism) const {
  const auto found =
      std::find_if(sessions.begin(), sessions.end(),
                   [mechanism](const SessionType& type) { return type.mechanism == mechanism; });
  return found == sessions.end() ? nullptr : &*found;
}

SessionType* VenueRules::First(Mechanism mechanism) {
  return const_cast<SessionType*>(std::as_const(*this).First(mechanism));
}

std::string WhatIsWrong(const VenueRules& rules) {
  if (rules.First(Mechanism::kOrderBook) == nullptr) {
    return "the venue has no session type with an order book";
  }
  if (rules.sessions.size() > kSessionTypesMax) {
    return "the venue has " + std::to_string(rules.sessions.size()) +
           " session types, allowed are " + std::to_string(kSessionTypesMax);
  }
  for (const SessionType& type : rules.sessions) {
    if (const std::string wrong = WhatIsWrong(type); !wrong.empty()) return wrong;
  }
  return "";
}

}  // namespace ets::market
