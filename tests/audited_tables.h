#pragma once

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "registry/lineage.h"
#include "registry/registry.h"

// The registry's own tables, as its command line prints them; what an auditor is held against.
namespace ets::registry {

using Json = nlohmann::ordered_json;

inline Json TotalsOf(const Registry& registry) {
  Json rows = Json::array();
  for (std::uint16_t id = 0; id < registry.ledger_count(); ++id) {
    const LedgerId ledger(id);
    const LedgerTotals totals = registry.totals(ledger);
    rows.push_back({{"unit", ToString(registry.unit(ledger))},
                    {"cap", registry.cap(ledger)},
                    {"issued", totals.issued},
                    {"held", totals.held},
                    {"surrendered", totals.surrendered},
                    {"cancelled", totals.cancelled},
                    {"converted", totals.converted},
                    {"expired", totals.expired}});
  }
  return rows;
}

inline Json BalancesOf(const Registry& registry) {
  Json rows = Json::array();
  for (std::uint32_t id = 0; id < registry.account_count(); ++id) {
    const AccountView view = registry.account(AccountId(id));
    for (std::uint16_t ledger = 0; ledger < registry.ledger_count(); ++ledger) {
      const Holding holding = registry.holding(AccountId(id), LedgerId(ledger));
      if (holding.posted == 0 && holding.reserved == 0 && holding.frozen == 0 &&
          holding.incoming == 0) {
        continue;
      }
      rows.push_back({{"account", id},
                      {"kind", ToString(view.kind)},
                      {"unit", ToString(registry.unit(LedgerId(ledger)))},
                      {"balance", holding.posted},
                      {"reserved", holding.reserved},
                      {"frozen", holding.frozen},
                      {"incoming", holding.incoming},
                      {"available", holding.available()}});
    }
  }
  return rows;
}

inline Json YearsOf(const Registry& registry) {
  constexpr std::array<const char*, 3> kSymbols = {"open", "compliant", "short"};
  Json rows = Json::array();
  for (const std::uint32_t entity : registry.entities()) {
    for (std::uint16_t year = 2020; year < 2040; ++year) {
      const ComplianceView view = registry.compliance(entity, year);
      if (registry.emissions(entity, year).empty() && view.surrendered == Tonnes(0)) continue;
      Json row = {{"entity", entity},
                  {"year", year},
                  {"verified", nullptr},
                  {"surrendered", view.surrendered.count()},
                  {"offsets", view.offsets.count()},
                  {"symbol", kSymbols[static_cast<std::size_t>(view.symbol)]},
                  {"shortfall", view.shortfall.count()},
                  {"owed_units", view.owed_in_units.count()}};
      if (view.verified) row["verified"] = view.emissions.count();
      rows.push_back(row);
    }
  }
  return rows;
}

inline Json StatusesOf(const Registry& registry) {
  Json rows = Json::array();
  for (const std::uint32_t entity : registry.entities()) {
    const ComplianceStatus status = registry.status(entity);
    rows.push_back({{"entity", entity},
                    {"figure", status.figure},
                    {"symbol", ToString(status.symbol)},
                    {"corrected", status.corrected}});
  }
  return rows;
}

// Of every account, the sinks included: what was surrendered and cancelled.
inline Json SerialsOf(const Registry& registry, const SerialLineage& lineage) {
  Json rows = Json::array();
  for (std::uint32_t id = 0; id < registry.account_count(); ++id) {
    for (std::uint16_t ledger = 0; ledger < registry.ledger_count(); ++ledger) {
      for (const SerialRange& range : lineage.Of(AccountId(id), LedgerId(ledger))) {
        rows.push_back({{"account", id},
                        {"unit", ToString(registry.unit(LedgerId(ledger)))},
                        {"first", range.first},
                        {"last", range.last},
                        {"count", range.count()},
                        {"issued_at", range.issued_at}});
      }
    }
  }
  return rows;
}

}  // namespace ets::registry
