// Years, symbols, limits, and what happens as time passes.

#include <algorithm>
#include <limits>

#include "registry/model/model.h"

namespace ets::registry::model {
namespace {

enum Kind { kPending = 1, kTask, kTrusted, kFreeze, kNewYear, kEmissionsDue, kStatusFrozen, kCure };

constexpr std::int64_t kAll = 10'000;
constexpr std::uint64_t kGroup = std::uint64_t{1} << 32U;
constexpr SimTime kNever = std::numeric_limits<SimTime>::max();

}  // namespace

// ---- Years ----

std::int64_t Model::Year::surrendered() const {
  std::int64_t sum = 0;
  for (const Given& each : given) sum += each.amount;
  return sum;
}
std::int64_t Model::Year::offsets() const {
  std::int64_t sum = 0;
  for (const Given& each : given) sum += each.offset ? each.amount : 0;
  return sum;
}
const Model::Year* Model::FindYear(std::uint32_t entity, std::uint16_t year) const {
  const auto firm = firms_.find(entity);
  if (firm == firms_.end()) return nullptr;
  const auto found = firm->second.years.find(year);
  return found == firm->second.years.end() ? nullptr : &found->second;
}
bool Model::Counts(std::uint32_t entity, std::uint16_t year) const {
  return !firms_.at(entity).excluded.contains(year);
}
std::uint16_t Model::FirstYear(const Firm& firm) const {
  if (firm.first != 0) return firm.first;
  for (const auto& [number, year] : firm.years) {
    if (year.verified()) return number;
  }
  return 0;
}
bool Model::OwesUnits(const Year& year) const {
  return law_.shortfall == Shortfall::kUnits && year.assessed && year.shortfall > 0;
}
std::int64_t Model::UnitsFor(std::int64_t shortfall) const {
  const auto multiple = std::int64_t{law_.units_multiple};
  return shortfall > kAmountMax / multiple ? kAmountMax : shortfall * multiple;
}
// All that was given since, and all that was reversed since, counts.
std::int64_t Model::OwedInUnits(const Year& year) const {
  std::int64_t owed = UnitsFor(year.shortfall);
  for (const Given& each : year.given) owed -= each.in_arrears ? each.amount : 0;
  return owed;
}
std::int64_t Model::Fine(const Year& year) const {
  if (law_.shortfall != Shortfall::kFixedFine || law_.fine_minor == 0) return 0;
  return year.shortfall > kAmountMax / law_.fine_minor ? kAmountMax
                                                       : year.shortfall * law_.fine_minor;
}
std::int64_t Model::Owed(std::uint32_t entity, std::uint16_t year) const {
  const Year& asked = *FindYear(entity, year);
  if (OwesUnits(asked)) return OwedInUnits(asked);
  std::int64_t owed = Counts(entity, year) ? asked.emissions() - asked.surrendered() : 0;
  if (law_.compliance == ComplianceRule::kCumulative) {
    owed = 0;
    for (const auto& [number, each] : firms_.at(entity).years) {
      if (number <= year && Counts(entity, number)) owed += each.emissions();
      owed -= each.surrendered();
    }
  }
  return std::max<std::int64_t>(owed, 0);
}
std::int64_t Model::OffsetRoom(std::uint32_t entity, std::uint16_t year) const {
  const Year* const found = FindYear(entity, year);
  const Year asked = found == nullptr ? Year{} : *found;
  std::int64_t room =
      MulDivFloor(asked.emissions(), OffsetLimitBp(law_, year), kAll) - asked.offsets();
  if (OwesUnits(asked)) {
    room = MulDivFloor(UnitsFor(asked.shortfall), kAll - law_.allowance_share_bp, kAll);
    for (const Given& each : asked.given) {
      if (each.offset_in_arrears) room -= each.amount;
    }
  }
  return std::max<std::int64_t>(room, 0);
}
bool Model::Eligible(LedgerId ledger, std::uint32_t entity, std::uint16_t year) const {
  const Year* const found = FindYear(entity, year);
  const bool is_short = found != nullptr && found->assessed && found->shortfall > 0;
  return MaySurrender(law_, UnitOf(ledger), year, is_short);
}
std::vector<LedgerId> Model::LedgersInOrder() const {
  std::vector<LedgerId> order;
  const auto take = [&](bool offsets) {
    std::vector<std::pair<int, std::uint16_t>> found;
    for (std::uint16_t id = 0; id < ledgers_.size(); ++id) {
      const Unit unit = ledgers_[id].unit;
      if (unit.type == UnitType::kCurrency || (unit.type == UnitType::kOffset) != offsets) continue;
      const bool newest = law_.retirement == RetirementOrder::kNewestFirst;
      found.emplace_back(newest ? -unit.vintage : unit.vintage, id);
    }
    std::sort(found.begin(), found.end());
    for (const auto& [place, id] : found) order.emplace_back(id);
  };
  const bool offsets_first = law_.retirement == RetirementOrder::kOffsetsThenOldest;
  take(offsets_first);
  take(!offsets_first);
  return order;
}

// ---- Symbols ----

ComplianceStatus Model::Status(std::uint32_t entity, bool official) const {
  const Firm& firm = firms_.at(entity);
  ComplianceStatus status;
  if (law_.compliance == ComplianceRule::kPerYear) {
    bool counts = false;
    for (const auto& [number, year] : firm.years) {
      if (!year.verified()) continue;
      status.year = number;
      if (!Counts(entity, number)) continue;
      counts = true;
      status.figure -= std::max<std::int64_t>(year.emissions() - year.surrendered(), 0);
      status.corrected |= year.versions.back().source != EmissionsSource::kVerified;
    }
    if (status.year == 0) return {};
    status.symbol = !counts ? Symbol::kExcluded : status.figure < 0 ? Symbol::kB : Symbol::kA;
    return status;
  }
  const int first = FirstYear(firm);
  if (first == 0) return {};
  const bool in_last_year = firm.last == ThisYear();
  bool missing = false, any = false, any_excluded = !firm.excluded.empty();
  for (int number = first; number <= ThisYear(); ++number) {
    if (firm.last != 0 && number > firm.last) break;
    if (number == ThisYear() && (!in_last_year || official)) break;
    const auto y = static_cast<std::uint16_t>(number);
    status.year = y;
    if (!Counts(entity, y)) continue;
    any = true;
    const Year* const year = FindYear(entity, y);
    if (year == nullptr || !year->verified()) {
      missing = true;
      continue;
    }
    status.figure -= year->emissions();
    status.corrected |= year->versions.back().source != EmissionsSource::kVerified;
  }
  for (const auto& [number, year] : firm.years) status.figure += year.surrendered();
  status.symbol = status.figure < 0 ? Symbol::kB : Symbol::kA;
  if (missing) status.symbol = Symbol::kC;
  if (!any && any_excluded) status.symbol = Symbol::kExcluded;
  if (ThisYear() < first || (ThisYear() == first && !in_last_year)) {
    status.symbol = Symbol::kNotApplicable;
  }
  return status;
}

// ---- Limits ----

bool Model::Current(LedgerId ledger) const {
  return UnitOf(ledger).type == UnitType::kAllowance && UnitOf(ledger).vintage <= ThisYear();
}
std::int64_t Model::Limit(LedgerId ledger) const {
  if (law_.limit_base_t == 0 || UnitOf(ledger).type != UnitType::kAllowance) return 0;
  std::int64_t budget = ledgers_[ledger.raw()].cap;
  if (Current(ledger)) {
    budget = 0;
    for (const Ledger& each : ledgers_) {
      if (each.unit == Unit::Allowance(static_cast<Vintage>(ThisYear()))) budget = each.cap;
    }
  }
  const std::int64_t base = std::min(budget, law_.limit_base_t);
  return base * law_.limit_base_bp / kAll + (budget - base) * law_.limit_rest_bp / kAll;
}
std::uint64_t Model::GroupOf(std::uint32_t entity) const {
  const std::uint32_t group = firms_.at(entity).group;
  return group == 0 ? entity : kGroup | group;
}
bool Model::Limited(AccountId account) const {
  return Row(account).has_entity && At(account).kind != AccountKind::kEscrow &&
         At(account).kind != AccountKind::kLimitedUse;
}
std::int64_t Model::GroupHolds(std::uint64_t group, LedgerId ledger) const {
  std::int64_t sum = 0;
  for (std::uint32_t id = 0; id < accounts_.size(); ++id) {
    if (!Limited(AccountId(id)) || GroupOf(accounts_[id].entity) != group) continue;
    for (std::uint16_t l = 0; l < ledgers_.size(); ++l) {
      const bool counts = LedgerId(l) == ledger || (Current(ledger) && Current(LedgerId(l)));
      if (counts) sum += Balance(AccountId(id), LedgerId(l));
    }
  }
  return sum;
}
std::optional<LedgerId> Model::CurrentVintage() const {
  for (std::uint16_t id = 0; id < ledgers_.size(); ++id) {
    if (ledgers_[id].unit == Unit::Allowance(static_cast<Vintage>(ThisYear()))) return LedgerId(id);
  }
  return {};
}
void Model::WatchLimit(std::uint64_t group, std::int32_t days) {
  const auto current = CurrentVintage();
  if (!current || Limit(*current) == 0 || GroupHolds(group, *current) <= Limit(*current)) return;
  const Date day = AddWorkingDays(law_, ToLocal(at_, law_.zone).date, days);
  cures_.try_emplace(group, ToInstant({day, 0}, law_.zone));
}
void Model::Consign(std::uint64_t group) {
  cures_.erase(group);
  const auto stock = First(AccountKind::kAuctionStock);
  const auto current = CurrentVintage();
  if (!current || !stock || Limit(*current) == 0) return;
  std::int64_t excess = GroupHolds(group, *current) - Limit(*current);
  std::vector<LedgerId> order = LedgersInOrder();
  std::reverse(order.begin(), order.end());
  for (const LedgerId ledger : order) {
    for (std::uint32_t id = 0; id < accounts_.size() && Current(ledger); ++id) {
      const AccountId account(id);
      if (!Limited(account) || GroupOf(accounts_[id].entity) != group) continue;
      const std::int64_t part = std::min(excess, Available(account, ledger));
      if (part <= 0) continue;
      Move({account, *stock, ledger, part, TransferCode::kConsignment});
      excess -= part;
    }
  }
  WatchLimit(group, 1);
}

// A change is noted when it happens, whatever made it.
void Model::NoteStatuses() {
  for (auto& [entity, firm] : firms_) {
    ComplianceStatus status = Status(entity, false);
    status.as_of = firm.status().as_of;
    if (status == firm.status()) continue;
    status.as_of = at_;
    firm.events.push_back(status);
  }
}

// ---- Time ----

SimTime Model::NextYearly(int kind) const {
  MonthDay day{1, 1};
  if (kind == kEmissionsDue) day = law_.emissions_due;
  if (kind == kStatusFrozen) day = law_.status_frozen;
  const bool new_year_counts =
      law_.compliance == ComplianceRule::kCumulative || law_.limit_base_t > 0;
  if (day.month == 0 || (kind == kNewYear && !new_year_counts)) return kNever;
  const SimTime last = yearly_[static_cast<std::size_t>(kind - kNewYear)];
  for (int year = ToLocal(last, law_.zone).date.year();; ++year) {
    const SimTime due = ToInstant({Date::Of(year, day.month, day.day), 0}, law_.zone);
    if (due > last) return due;
  }
}
std::optional<Model::Event> Model::NextEvent() const {
  std::set<Event> events;
  for (std::size_t i = 0; i < pendings_.size(); ++i) {
    if (pendings_[i].state == PendingState::kPending && pendings_[i].expires_at != 0) {
      events.insert({pendings_[i].expires_at, kPending, i + 1});
    }
  }
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    const Task& task = tasks_[i];
    if (task.state == TaskState::kDelayed) events.insert({task.execute_at, kTask, i + 1});
    if (IsUndecided(task) && task.expires_at != 0) {
      events.insert({task.expires_at, kTask, i + 1});
    }
  }
  for (const auto& [key, entry] : trusted_) {
    if (!entry.counts) {
      events.insert({entry.from, kTrusted, std::uint64_t{key.first} << 32U | key.second});
    }
  }
  for (std::size_t i = 0; i < freezes_.size(); ++i) {
    if (freezes_[i].active && freezes_[i].until != 0) {
      events.insert({freezes_[i].until, kFreeze, i + 1});
    }
  }
  for (const int kind : {kNewYear, kEmissionsDue, kStatusFrozen}) {
    if (NextYearly(kind) != kNever) events.insert({NextYearly(kind), kind, 0});
  }
  for (const auto& [group, due] : cures_) events.insert({due, kCure, group});
  if (events.empty()) return {};
  return *events.begin();
}
void Model::Do(const AdvanceTo& c) {
  std::int64_t count = 0;
  const bool is_first = now_ == 0;
  for (auto event = NextEvent(); event && event->due <= c.sim_time; event = NextEvent()) {
    now_ = std::max(now_, event->due);
    at_ = std::max(latest_, event->due);
    Happen(*event);
    NoteStatuses();
    ++count;
  }
  // What lies before its first day is no registry's business.
  if (is_first && !due_years_.empty()) due_years_ = {*due_years_.rbegin()};
  now_ = c.sim_time;
  latest_ = c.sim_time;
  answer_.receipt = {};
  answer_.receipt.amount = count;
}
void Model::Happen(const Event& event) {
  const auto number = static_cast<std::uint32_t>(event.number);
  Receipt ignored;
  switch (event.kind) {
    case kPending:
      pendings_[number - 1].state = PendingState::kExpired;
      break;
    case kTask:
      if (tasks_[number - 1].state == TaskState::kDelayed) {
        Execute(tasks_[number - 1], ignored);
      } else {
        tasks_[number - 1].state = TaskState::kExpired;
      }
      break;
    case kTrusted:
      trusted_.at({static_cast<std::uint32_t>(event.number >> 32U), number}).counts = true;
      break;
    case kFreeze:
      freezes_[number - 1].active = false;
      break;
    case kNewYear:
      for (const auto& [entity, firm] : firms_) WatchLimit(GroupOf(entity), law_.limit_cure_days);
      break;
    case kEmissionsDue:
      due_years_.insert(static_cast<std::uint16_t>(ThisYear() - 1));
      break;
    case kStatusFrozen:
      for (auto& [entity, firm] : firms_) {
        firm.official = Status(entity, true);
        firm.official.as_of = firm.status().as_of;
        if (firm.official != firm.status()) firm.official.as_of = at_;
      }
      break;
    default:
      Consign(event.number);
      break;
  }
  if (event.kind >= kNewYear && event.kind <= kStatusFrozen) {
    yearly_[static_cast<std::size_t>(event.kind - kNewYear)] = event.due;
  }
}

}  // namespace ets::registry::model
