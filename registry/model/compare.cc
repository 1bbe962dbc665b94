// The registry's answers held against the model's.

#include <algorithm>
#include <limits>
#include <type_traits>

#include "registry/model/model.h"

namespace ets::registry::model {
namespace {

std::string Name(const char* what, std::uint64_t number) {
  return std::string(what) + " " + std::to_string(number);
}

template <typename T>
concept Number = std::is_integral_v<T> || std::is_enum_v<T>;

// Keeps the first difference.
class Differences {
 public:
  template <Number A, Number B>
  void Add(const std::string& what, A registry, B model) {
    const auto got = static_cast<std::int64_t>(registry), want = static_cast<std::int64_t>(model);
    if (!any() && got != want) {
      first_ = what + ": registry " + std::to_string(got) + ", model " + std::to_string(want);
    }
  }
  void Add(const std::string& what, const Transfer& registry, const Transfer& model) {
    if (!any() && registry != model) first_ = what + ": another transfer";
  }
  void Add(const std::string& what, const ComplianceStatus& got, const ComplianceStatus& want) {
    Add(what + " figure", got.figure, want.figure);
    Add(what + " symbol", got.symbol, want.symbol);
    Add(what + " corrected", got.corrected, want.corrected);
    Add(what + " last year", got.year, want.year);
    Add(what + " as of", got.as_of, want.as_of);
  }
  void AddText(const std::string& difference) {
    if (!any()) first_ = difference;
  }
  bool any() const { return !first_.empty(); }
  const std::string& first() const { return first_; }

 private:
  std::string first_;
};

}  // namespace

std::string Model::Compare(const Registry& registry) const {
  Differences d;
  d.Add("now", registry.now(), now_);
  const auto event = NextEvent();
  d.Add("next due", registry.next_due(), event ? event->due : std::numeric_limits<SimTime>::max());
  d.Add("settled", registry.settlement_sequence(), settled_);
  d.Add("accounts", registry.account_count(), accounts_.size());
  d.Add("ledgers", registry.ledger_count(), ledgers_.size());
  d.Add("firms", registry.entities().size(), firms_.size());
  if (d.any()) return d.first();
  d.AddText(CompareAccounts(registry));
  d.AddText(CompareTrusted(registry));
  d.AddText(CompareLedgers(registry));
  d.AddText(ComparePeople(registry));
  d.AddText(CompareFirms(registry));
  d.AddText(CompareHolds(registry));
  d.AddText(CompareTasks(registry));
  return d.first();
}

// ---- Accounts, ledgers, people ----

std::string Model::CompareAccounts(const Registry& registry) const {
  Differences d;
  for (std::uint32_t id = 0; id < accounts_.size(); ++id) {
    const AccountId account(id);
    const AccountView view = registry.account(account);
    const std::string name = Name("account", id);
    d.Add(name + " kind", view.kind, At(account).kind);
    d.Add(name + " entity", view.entity, At(account).entity);
    d.Add(name + " capabilities", view.capabilities, At(account).capabilities);
    d.Add(name + " closed", view.closed, At(account).closed);
    d.Add(name + " may leave", view.may_leave_trusted_list, At(account).may_leave);
    d.Add(name + " blocked", view.blocked, Blocked(account));
    for (std::uint16_t l = 0; l < ledgers_.size(); ++l) {
      const Holding got = registry.holding(account, LedgerId(l));
      const Holding want = HoldingOf(account, LedgerId(l));
      if (got.posted == want.posted && got.reserved == want.reserved &&
          got.incoming == want.incoming && got.frozen == want.frozen) {
        continue;
      }
      const std::string where = name + " in ledger " + std::to_string(l);
      d.Add(where + " posted", got.posted, want.posted);
      d.Add(where + " reserved", got.reserved, want.reserved);
      d.Add(where + " incoming", got.incoming, want.incoming);
      d.Add(where + " frozen", got.frozen, want.frozen);
    }
  }
  return d.first();
}

std::string Model::CompareTrusted(const Registry& registry) const {
  Differences d;
  std::size_t entries = 0;
  for (std::uint32_t id = 0; id < accounts_.size(); ++id) {
    for (const TrustedView& view : registry.trusted(AccountId(id))) {
      ++entries;
      const auto entry = trusted_.find({id, view.target.raw()});
      const std::string name = Name("account", id) + " trusts " + std::to_string(view.target.raw());
      if (entry == trusted_.end()) return name + " in the registry only";
      d.Add(name, view.state == TrustState::kActive, entry->second.counts);
      d.Add(name + " from", view.effective_at, entry->second.from);
      d.Add(name + " now", registry.is_trusted(AccountId(id), view.target),
            Trusts(AccountId(id), view.target));
    }
  }
  d.Add("trusted entries", entries, trusted_.size());
  return d.first();
}

std::string Model::CompareLedgers(const Registry& registry) const {
  Differences d;
  for (std::uint16_t l = 0; l < ledgers_.size(); ++l) {
    const LedgerId ledger(l);
    std::array<std::int64_t, kPoolCount> pools{};
    std::int64_t reserved = 0, frozen = 0;
    for (std::uint32_t id = 0; id < accounts_.size(); ++id) {
      const Holding holding = HoldingOf(AccountId(id), ledger);
      pools[static_cast<std::size_t>(Row(AccountId(id)).pool)] += holding.posted;
      reserved += holding.reserved;
      frozen += std::max<std::int64_t>(std::min(holding.frozen, holding.posted), 0);
    }
    const LedgerTotals got = registry.totals(ledger);
    const std::string name = Name("ledger", l);
    if (registry.unit(ledger) != ledgers_[l].unit) return name + ": another unit";
    d.Add(name + " cap", registry.cap(ledger), ledgers_[l].cap);
    d.Add(name + " issued", got.issued, -pools[static_cast<std::size_t>(Pool::kSource)]);
    d.Add(name + " held", got.held, pools[static_cast<std::size_t>(Pool::kHeld)]);
    d.Add(name + " surrendered", got.surrendered,
          pools[static_cast<std::size_t>(Pool::kSurrendered)]);
    d.Add(name + " cancelled", got.cancelled, pools[static_cast<std::size_t>(Pool::kCancelled)]);
    d.Add(name + " converted", got.converted, pools[static_cast<std::size_t>(Pool::kConverted)]);
    d.Add(name + " expired", got.expired, pools[static_cast<std::size_t>(Pool::kExpired)]);
    d.Add(name + " reserved", got.reserved, reserved);
    d.Add(name + " frozen", got.frozen, frozen);
    d.Add(name + " limit", registry.holding_limit(ledger), Limit(ledger));
  }
  return d.first();
}

std::string Model::ComparePeople(const Registry& registry) const {
  Differences d;
  d.Add("people", registry.principals().size(), people_.size());
  for (const auto& [number, person] : people_) {
    const PrincipalView* const view = registry.FindPrincipal(number);
    const std::string name = Name("person", number);
    if (view == nullptr) return name + " in the model only";
    d.Add(name + " role", view->role, person.role);
    d.Add(name + " active", view->active, person.active);
    for (std::uint32_t id = 0; id < accounts_.size(); ++id) {
      const auto grant = grants_.find({number, id});
      d.Add(name + " on account", registry.rights(number, AccountId(id)),
            grant == grants_.end() ? 0 : grant->second);
    }
  }
  return d.first();
}

// ---- Firms ----

std::string Model::CompareFirms(const Registry& registry) const {
  Differences d;
  for (const auto& [entity, firm] : firms_) {
    const std::string name = Name("firm", entity);
    const EntityView view = registry.entity(entity);
    d.Add(name + " first", view.first_year, firm.first);
    d.Add(name + " last", view.last_year, firm.last);
    d.Add(name + " group", view.group, firm.group);
    if (!std::equal(view.excluded_years.begin(), view.excluded_years.end(), firm.excluded.begin(),
                    firm.excluded.end())) {
      return name + ": other years excluded";
    }
    d.Add(name, registry.status(entity), firm.status());
    const std::vector<ComplianceStatus> events = registry.status_events(entity);
    d.Add(name + " events", events.size(), firm.events.size());
    for (std::size_t i = 0; i < std::min(events.size(), firm.events.size()); ++i) {
      d.Add(name + " event " + std::to_string(i), events[i], firm.events[i]);
    }
    d.Add(name + " official", registry.official_status(entity),
          law_.status_frozen.month == 0 ? firm.status() : firm.official);
    d.AddText(CompareYears(registry, entity));
    d.AddText(CompareEntitlements(registry, entity));
  }
  return d.first();
}

std::string Model::CompareYears(const Registry& registry, std::uint32_t entity) const {
  Differences d;
  for (const auto& [number, year] : firms_.at(entity).years) {
    const ComplianceView view = registry.compliance(entity, number);
    const std::string name = Name("firm", entity) + " in " + std::to_string(number);
    d.Add(name + " verified", view.verified, year.verified());
    d.Add(name + " emissions", view.emissions.count(), year.emissions());
    d.Add(name + " surrendered", view.surrendered.count(), year.surrendered());
    d.Add(name + " offsets", view.offsets.count(), year.offsets());
    const auto symbol = !year.assessed        ? ComplianceSymbol::kOpen
                        : year.shortfall == 0 ? ComplianceSymbol::kCompliant
                                              : ComplianceSymbol::kShort;
    d.Add(name + " symbol", view.symbol, symbol);
    d.Add(name + " shortfall", view.shortfall.count(), year.shortfall);
    d.Add(name + " owed in units", view.owed_in_units.count(),
          OwesUnits(year) ? OwedInUnits(year) : 0);
    d.Add(name + " fine", view.fine.minor(), Fine(year));
    const std::vector<EmissionsVersion> versions = registry.emissions(entity, number);
    d.Add(name + " versions", versions.size(), year.versions.size());
    for (std::size_t i = 0; i < std::min(versions.size(), year.versions.size()); ++i) {
      const std::string which = name + " version " + std::to_string(i + 1);
      d.Add(which, versions[i].version, i + 1);
      d.Add(which + " emissions", versions[i].emissions.count(), year.versions[i].emissions);
      d.Add(which + " source", versions[i].source, year.versions[i].source);
      d.Add(which + " withdrawn", versions[i].withdrawn, year.versions[i].withdrawn);
      d.Add(which + " at", versions[i].recorded_at, year.versions[i].recorded_at);
    }
  }
  return d.first();
}

std::string Model::CompareEntitlements(const Registry& registry, std::uint32_t entity) const {
  Differences d;
  const std::vector<EntitlementView> views = registry.entitlements(entity);
  const auto mine = std::count_if(entitlements_.begin(), entitlements_.end(),
                                  [&](const auto& e) { return std::get<0>(e.first) == entity; });
  d.Add(Name("entitlements of firm", entity), views.size(), mine);
  for (const EntitlementView& view : views) {
    const std::string name = Name("firm", entity) + " entitlement of " + std::to_string(view.year) +
                             " by table " + std::to_string(view.table);
    const auto found = entitlements_.find({entity, view.year, view.table});
    if (found == entitlements_.end()) return name + " in the registry only";
    const Entitlement& entry = found->second;
    d.Add(name + " version", view.version, entry.version);
    d.Add(name + " amount", view.amount, entry.amount);
    d.Add(name + " allocated", view.allocated, entry.allocated);
    d.Add(name + " returned", view.returned, entry.returned);
    d.Add(name + " reversed", view.reversed, entry.reversed);
    d.Add(name + " withheld", view.withheld, entry.withheld);
  }
  return d.first();
}

// ---- What is numbered ----

std::string Model::CompareHolds(const Registry& registry) const {
  Differences d;
  d.Add("pendings", registry.pending_count(), pendings_.size());
  d.Add("freezes", registry.freeze_count(), freezes_.size());
  d.Add("certificates", registry.certificate_count(), certificates_.size());
  if (d.any()) return d.first();
  for (std::uint32_t i = 0; i < pendings_.size(); ++i) {
    const PendingView view = registry.pending(i + 1);
    const Pending& pending = pendings_[i];
    d.Add(Name("pending", i + 1), view.transfer, pending.transfer);
    d.Add(Name("state of pending", i + 1), view.state, pending.state);
    d.Add(Name("posted of pending", i + 1), view.posted_amount, pending.posted);
    d.Add(Name("end of pending", i + 1), view.expires_at, pending.expires_at);
  }
  for (std::uint32_t i = 0; i < freezes_.size(); ++i) {
    const FreezeView view = registry.freeze(i + 1);
    const Frozen& freeze = freezes_[i];
    d.Add(Name("account of freeze", i + 1), view.account.raw(), freeze.account.raw());
    d.Add(Name("ledger of freeze", i + 1), view.ledger.raw(), freeze.ledger.raw());
    d.Add(Name("amount of freeze", i + 1), view.amount, freeze.amount);
    d.Add(Name("end of freeze", i + 1), view.until, freeze.until);
    d.Add(Name("freeze", i + 1), view.active, freeze.active);
  }
  for (std::uint32_t i = 0; i < certificates_.size(); ++i) {
    const CertificateView view = registry.certificate(i + 1);
    const Certificate& mine = certificates_[i];
    const std::string name = Name("certificate", i + 1);
    d.Add(name + " holder", view.holder.raw(), mine.of.holder.raw());
    d.Add(name + " ledger", view.ledger.raw(), mine.of.ledger.raw());
    d.Add(name + " amount", view.amount, mine.of.amount);
    d.Add(name + " record", view.sequence, mine.sequence);
    d.Add(name + " at", view.at, mine.at);
    d.Add(name + " beneficiary", view.beneficiary.compare(mine.of.beneficiary), 0);
  }
  return d.first();
}

std::string Model::CompareTasks(const Registry& registry) const {
  Differences d;
  d.Add("tasks", registry.task_count(), tasks_.size());
  if (d.any()) return d.first();
  for (std::uint32_t i = 0; i < tasks_.size(); ++i) {
    const TaskView view = registry.task(i + 1);
    const Task& task = tasks_[i];
    const std::string name = Name("task", i + 1);
    std::string payload;
    EncodeCommand(task.command, payload);
    d.Add(name + " kind", view.kind, KindOf(task.command));
    d.Add(name + " payload", view.payload.compare(payload), 0);
    d.Add(name + " state", view.state, task.state);
    d.Add(name + " proposed", view.proposed_at, task.proposed_at);
    d.Add(name + " executes", view.execute_at, task.execute_at);
    d.Add(name + " expires", view.expires_at, task.expires_at);
    d.Add(name + " refusal", view.refusal.value_or(Refusal{}), task.refusal.value_or(Refusal{}));
    d.Add(name + " initiator", view.initiator, task.initiator);
    d.Add(name + " approver", view.approver, task.approver);
    d.Add(name + " accepter", view.accepter, task.accepter);
    d.Add(name + " sequence", view.sequence, task.sequence);
  }
  return d.first();
}

}  // namespace ets::registry::model
