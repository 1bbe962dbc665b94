#include <algorithm>
#include <set>
#include <utility>

#include "server/live_branches.h"

namespace ets::server {
namespace {

using registry::Registry;
using Rows = std::vector<BranchDifference>;

std::string Number(std::int64_t number) { return std::to_string(number); }

// A field of what may be on one side only.
void Add(Rows& rows, const std::string& name, const char* field, std::string base,
         std::string other) {
  if (base != other) rows.push_back({name, field, std::move(base), std::move(other)});
}

// Appends the units of a state that are not there yet.
void AddUnits(const Registry& state, std::vector<std::pair<std::string, Unit>>& units) {
  for (std::uint16_t id = 0; id < state.ledger_count(); ++id) {
    const Unit unit = state.unit(LedgerId(id));
    const bool is_known = std::any_of(units.begin(), units.end(),
                                      [&](const auto& entry) { return entry.second == unit; });
    if (!is_known) units.emplace_back(ToString(unit), unit);
  }
}

void DiffTotals(const Registry& base, const Registry& other, const std::string& name, Unit unit,
                Rows& rows) {
  struct Field {
    const char* name;
    std::int64_t registry::LedgerTotals::*value;
  };
  static constexpr Field kFields[] = {
      {"issued", &registry::LedgerTotals::issued},
      {"held", &registry::LedgerTotals::held},
      {"surrendered", &registry::LedgerTotals::surrendered},
      {"cancelled", &registry::LedgerTotals::cancelled},
      {"converted", &registry::LedgerTotals::converted},
      {"expired", &registry::LedgerTotals::expired},
      {"reserved", &registry::LedgerTotals::reserved},
      {"frozen", &registry::LedgerTotals::frozen},
  };
  const auto of = [&](const Registry& state, const Field& field) {
    return state.has_ledger(unit) ? Number(state.totals(state.ledger(unit)).*field.value)
                                  : std::string();
  };
  for (const Field& field : kFields) {
    Add(rows, "ledgers/" + name, field.name, of(base, field), of(other, field));
  }
}

void DiffHoldings(const Registry& base, const Registry& other, std::uint32_t id,
                  const std::vector<std::pair<std::string, Unit>>& units, Rows& rows) {
  struct Field {
    const char* name;
    std::int64_t registry::Holding::*value;
  };
  static constexpr Field kFields[] = {
      {"posted", &registry::Holding::posted},
      {"reserved", &registry::Holding::reserved},
      {"frozen", &registry::Holding::frozen},
  };
  const AccountId account(id);
  for (const auto& [name, unit] : units) {
    const auto of = [&, unit = unit](const Registry& state) {
      return id < state.account_count() && state.has_ledger(unit)
                 ? state.holding(account, state.ledger(unit))
                 : registry::Holding{};
    };
    const registry::Holding left = of(base);
    const registry::Holding right = of(other);
    for (const Field& field : kFields) {
      Add(rows, "accounts/" + Number(id) + "/holdings/" + name, field.name,
          Number(left.*field.value), Number(right.*field.value));
    }
  }
}

void DiffEntity(const Registry& base, const Registry& other, std::uint32_t entity, Rows& rows) {
  const std::string name = "entities/" + Number(entity);
  const auto of = [&](const Registry& state, auto&& say) {
    return state.has_entity(entity) ? say(state.status(entity)) : std::string();
  };
  const auto symbol = [](const registry::ComplianceStatus& status) {
    return std::string(ToString(status.symbol)) + (status.corrected ? "*" : "");
  };
  const auto figure = [](const registry::ComplianceStatus& status) {
    return Number(status.figure);
  };
  Add(rows, name, "symbol", of(base, symbol), of(other, symbol));
  Add(rows, name, "figure", of(base, figure), of(other, figure));
}

}  // namespace

std::vector<BranchDifference> DiffStates(const Registry& base, const Registry& other) {
  Rows rows;
  std::vector<std::pair<std::string, Unit>> units;
  AddUnits(base, units);
  AddUnits(other, units);
  for (const auto& [name, unit] : units) DiffTotals(base, other, name, unit, rows);
  const std::uint32_t accounts = std::max(base.account_count(), other.account_count());
  for (std::uint32_t id = 0; id < accounts; ++id) {
    if (id >= base.account_count() || id >= other.account_count()) {
      const auto kind = [&](const Registry& state) {
        return id < state.account_count() ? std::string(ToString(state.account(AccountId(id)).kind))
                                          : std::string();
      };
      Add(rows, "accounts/" + Number(id), "kind", kind(base), kind(other));
    }
    DiffHoldings(base, other, id, units, rows);
  }
  std::set<std::uint32_t> entities;
  for (const Registry* const state : {&base, &other}) {
    for (const std::uint32_t entity : state->entities()) entities.insert(entity);
  }
  for (const std::uint32_t entity : entities) DiffEntity(base, other, entity, rows);
  return rows;
}

}  // namespace ets::server
