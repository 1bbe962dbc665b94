#include "market/inputs.h"

#include <algorithm>
#include <utility>

namespace ets::market {

std::vector<SessionType> VenueRules::DefaultSessions() {
  std::vector<SessionType> sessions;
  for (const SessionType& shipped : SessionTypes()) {
    sessions.push_back(shipped);
    sessions.back().hours = {};
  }
  return sessions;
}

bool VenueRules::HasFees() const {
  return std::any_of(sessions.begin(), sessions.end(),
                     [](const SessionType& type) { return !type.fees.AreFree(); });
}

bool VenueRules::HasHours() const {
  return std::any_of(sessions.begin(), sessions.end(),
                     [](const SessionType& type) { return type.hours[0] != Window{}; });
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
  for (const Tonnes limit : {rules.holding_limit, rules.large_holder_from}) {
    if (limit < Tonnes(0) || limit.count() > kAmountMax) {
      return "a holding limit is " + ToString(limit) + " t, allowed is 0 or more";
    }
  }
  if (!std::is_sorted(rules.closed_days.begin(), rules.closed_days.end())) {
    return "the closed days are not in order";
  }
  return "";
}

}  // namespace ets::market
