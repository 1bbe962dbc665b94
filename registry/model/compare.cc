// The registry's answers held against the model's.

#include <algorithm>
#include <limits>

#include "registry/model/model.h"

namespace ets::registry::model {
namespace {

std::string Differs(const std::string& what, std::int64_t registry, std::int64_t model) {
  if (registry == model) return {};
  return what + ": registry " + std::to_string(registry) + ", model " + std::to_string(model);
}
std::string Name(const char* what, std::uint64_t number) {
  return std::string(what) + " " + std::to_string(number);
}

// Keeps the first difference.
class Differences {
 public:
  void Add(const std::string& what, std::int64_t registry, std::int64_t model) {
    if (first_.empty()) first_ = Differs(what, registry, model);
  }
  void AddText(const std::string& difference) {
    if (first_.empty()) first_ = difference;
  }
  const std::string& first() const { return first_; }

 private:
  std::string first_;
};

}  // namespace

std::string Model::Compare(const Registry& registry) const {
  Differences differences;
  differences.Add("now", registry.now(), now_);
  const auto event = NextEvent();
  differences.Add("next due", registry.next_due(),
                  event ? event->due : std::numeric_limits<SimTime>::max());
  differences.Add("settled", static_cast<std::int64_t>(registry.settlement_sequence()),
                  static_cast<std::int64_t>(settled_));
  differences.AddText(CompareAccounts(registry));
  differences.AddText(CompareFirms(registry));
  differences.AddText(CompareTasks(registry));
  return differences.first();
}

std::string Model::CompareAccounts(const Registry& registry) const {
  Differences d;
  d.Add("accounts", registry.account_count(), static_cast<std::int64_t>(accounts_.size()));
  d.Add("ledgers", registry.ledger_count(), static_cast<std::int64_t>(ledgers_.size()));
  if (!d.first().empty()) return d.first();
  std::vector<LedgerTotals> totals(ledgers_.size());
  for (std::uint32_t id = 0; id < accounts_.size(); ++id) {
    const AccountId account(id);
    const AccountView view = registry.account(account);
    const std::string name = Name("account", id);
    d.Add(name + " capabilities", view.capabilities, At(account).capabilities);
    d.Add(name + " closed", view.closed, At(account).closed);
    d.Add(name + " blocked", view.blocked, Blocked(account));
    std::int64_t waiting = 0;
    for (const TrustedView& entry : registry.trusted(account)) {
      waiting += entry.state == TrustState::kPending ? entry.effective_at : 1;
    }
    for (auto entry = trusted_.lower_bound({id, 0});
         entry != trusted_.end() && entry->first.first == id; ++entry) {
      waiting -= entry->second > 0 ? entry->second : 1;
    }
    d.Add(name + " trusted", waiting, 0);
    for (std::uint16_t l = 0; l < ledgers_.size(); ++l) {
      const LedgerId ledger(l);
      const Holding got = registry.holding(account, ledger);
      const Holding want = HoldingOf(account, ledger);
      const std::string where = name + " in ledger " + std::to_string(l);
      d.Add(where + " posted", got.posted, want.posted);
      d.Add(where + " reserved", got.reserved, want.reserved);
      d.Add(where + " incoming", got.incoming, want.incoming);
      d.Add(where + " frozen", got.frozen, want.frozen);
      LedgerTotals& total = totals[l];
      total.reserved += want.reserved;
      total.frozen += std::max<std::int64_t>(std::min(want.frozen, want.posted), 0);
      std::int64_t* const pools[] = {&total.issued,    &total.held,      &total.surrendered,
                                     &total.cancelled, &total.converted, &total.expired};
      *pools[static_cast<std::size_t>(Row(account).pool)] += want.posted;
    }
  }
  for (std::uint16_t l = 0; l < ledgers_.size(); ++l) {
    const LedgerTotals got = registry.totals(LedgerId(l));
    const std::string name = Name("ledger", l);
    d.Add(name + " issued", got.issued, -totals[l].issued);
    d.Add(name + " held", got.held, totals[l].held);
    d.Add(name + " surrendered", got.surrendered, totals[l].surrendered);
    d.Add(name + " cancelled", got.cancelled, totals[l].cancelled);
    d.Add(name + " converted", got.converted, totals[l].converted);
    d.Add(name + " expired", got.expired, totals[l].expired);
    d.Add(name + " reserved", got.reserved, totals[l].reserved);
    d.Add(name + " frozen", got.frozen, totals[l].frozen);
    d.Add(name + " limit", registry.holding_limit(LedgerId(l)), Limit(LedgerId(l)));
  }
  return d.first();
}

std::string Model::CompareFirms(const Registry& registry) const {
  Differences d;
  d.Add("firms", static_cast<std::int64_t>(registry.entities().size()),
        static_cast<std::int64_t>(firms_.size()));
  for (const auto& [entity, firm] : firms_) {
    const std::string name = Name("firm", entity);
    const ComplianceStatus got = registry.status(entity);
    const ComplianceStatus want = Status(entity, false);
    d.Add(name + " figure", got.figure, want.figure);
    d.Add(name + " symbol", static_cast<int>(got.symbol), static_cast<int>(want.symbol));
    d.Add(name + " corrected", got.corrected, want.corrected);
    d.Add(name + " last year", got.year, want.year);
    if (law_.status_frozen.month != 0) {
      const ComplianceStatus official = registry.official_status(entity);
      d.Add(name + " official figure", official.figure, firm.official.figure);
      d.Add(name + " official symbol", static_cast<int>(official.symbol),
            static_cast<int>(firm.official.symbol));
    }
    for (const auto& [number, year] : firm.years) {
      const ComplianceView view = registry.compliance(entity, number);
      const std::string when = name + " in " + std::to_string(number);
      d.Add(when + " verified", view.verified, year.verified());
      d.Add(when + " emissions", view.emissions.count(), year.emissions());
      d.Add(when + " surrendered", view.surrendered.count(), year.surrendered());
      d.Add(when + " offsets", view.offsets.count(), year.offsets());
      d.Add(when + " assessed", view.symbol != ComplianceSymbol::kOpen, year.assessed);
      d.Add(when + " shortfall", view.shortfall.count(), year.shortfall);
      d.Add(when + " owed in units", view.owed_in_units.count(),
            OwesUnits(year) ? OwedInUnits(year) : 0);
      d.Add(when + " versions",
            static_cast<std::int64_t>(registry.emissions(entity, number).size()),
            static_cast<std::int64_t>(year.versions.size()));
    }
    for (const EntitlementView& entry : registry.entitlements(entity)) {
      const auto found = entitlements_.find({entity, entry.year, entry.table});
      if (found == entitlements_.end()) return name + ": an entitlement too many";
      const Entitlement& mine = found->second;
      const std::string which = name + " entitlement";
      d.Add(which + " version", entry.version, mine.version);
      d.Add(which + " allocated", entry.allocated, mine.allocated);
      d.Add(which + " returned", entry.returned, mine.returned);
      d.Add(which + " reversed", entry.reversed, mine.reversed);
    }
  }
  return d.first();
}

std::string Model::CompareTasks(const Registry& registry) const {
  Differences d;
  d.Add("pendings", registry.pending_count(), static_cast<std::int64_t>(pendings_.size()));
  d.Add("tasks", registry.task_count(), static_cast<std::int64_t>(tasks_.size()));
  d.Add("freezes", registry.freeze_count(), static_cast<std::int64_t>(freezes_.size()));
  d.Add("certificates", registry.certificate_count(), certificates_);
  if (!d.first().empty()) return d.first();
  for (std::uint32_t i = 0; i < pendings_.size(); ++i) {
    const PendingView view = registry.pending(i + 1);
    d.Add(Name("pending", i + 1), static_cast<int>(view.state),
          static_cast<int>(pendings_[i].state));
    d.Add(Name("posted of pending", i + 1), view.posted_amount, pendings_[i].posted);
  }
  for (std::uint32_t i = 0; i < tasks_.size(); ++i) {
    const TaskView view = registry.task(i + 1);
    const Task& task = tasks_[i];
    const std::string name = Name("task", i + 1);
    d.Add(name + " state", static_cast<int>(view.state), static_cast<int>(task.state));
    d.Add(name + " executes", view.execute_at, task.execute_at);
    d.Add(name + " expires", view.expires_at, task.expires_at);
    d.Add(name + " refusal", static_cast<int>(view.refusal.value_or(Refusal{})),
          static_cast<int>(task.refusal.value_or(Refusal{})));
    d.Add(name + " approver", view.approver, task.approver);
    d.Add(name + " sequence", static_cast<std::int64_t>(view.sequence),
          static_cast<std::int64_t>(task.sequence));
  }
  for (std::uint32_t i = 0; i < freezes_.size(); ++i) {
    d.Add(Name("freeze", i + 1), registry.freeze(i + 1).active, freezes_[i].active);
  }
  return d.first();
}

}  // namespace ets::registry::model
