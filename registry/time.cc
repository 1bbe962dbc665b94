#include <algorithm>
#include <limits>

#include "registry/impl.h"

namespace ets::registry {
namespace {

constexpr std::size_t kBranchNameMax = 64;  // Bytes.

bool IsBranchName(std::string_view name) {
  return !name.empty() && name.size() <= kBranchNameMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

// The first midnight of that day of a year after `time`, on the profile's clocks.
SimTime NextOf(MonthDay day, SimTime time, Zone zone) {
  for (int year = ToLocal(time, zone).date.year();; ++year) {
    const int last = DaysInMonth(year, day.month);
    const SimTime due =
        ToInstant({Date::Of(year, day.month, std::min<int>(day.day, last)), 0}, zone);
    if (due > time) return due;
  }
}

}  // namespace

// ---- The clock ----

void Registry::Impl::SetNow(SimTime time) {
  now = time;
  current_year = ToLocal(now, profile.zone).date.year();
}

MaybeRefusal Registry::Impl::Check(const AdvanceTo& command) const {
  if (command.sim_time < latest) {
    return Refuse(Refusal::kTimeGoesBack, {.asked = command.sim_time, .limit = latest});
  }
  return {};
}

Receipt Registry::Impl::Do(const AdvanceTo& command) {
  Receipt receipt;
  const bool is_first = now == 0;
  while (!timers.empty() && timers.begin()->due <= command.sim_time) {
    const Timer timer = *timers.begin();
    timers.erase(timers.begin());
    SetNow(std::max(now, timer.due));
    at = std::max(latest, timer.due);
    Fire(timer);
    ++receipt.amount;
  }
  if (is_first) {  // What fell due before its first day is no registry's business.
    due_from = due_year;
    for (const Firm& firm : firms) UpdateEmissionsBlock(firm);
  }
  SetNow(command.sim_time);
  latest = command.sim_time;
  return receipt;
}

void Registry::Impl::Fire(const Timer& timer) {
  const auto number = static_cast<std::uint32_t>(timer.number);
  switch (timer.kind) {
    case TimerKind::kPending:
      Resolve(number, PendingState::kExpired, 0);
      return;
    case TimerKind::kTask:
      TaskIsDue(number);
      return;
    case TimerKind::kTrusted:
      ActivateTrusted(timer.number);
      return;
    case TimerKind::kFreeze:
      EndFreeze(number);
      return;
    case TimerKind::kNewYear:
      for (Firm& firm : firms) UpdateStatus(firm);
      FindBreaches();
      break;
    case TimerKind::kEmissionsDue:
      due_year = static_cast<std::uint16_t>(current_year - 1);
      if (due_from == 0) due_from = due_year;
      for (const Firm& firm : firms) UpdateEmissionsBlock(firm);
      break;
    case TimerKind::kStatusFrozen:
      for (Firm& firm : firms) {
        ChangePart({firm.entity, kPartOfficial}, firm.official,
                   [&](ComplianceStatus& official) { official = OfficialStatus(firm); });
      }
      break;
    case TimerKind::kCure:
      Consign(timer.number);
      return;
  }
  ScheduleYearly(timer.kind);
}

// ---- What will fall due ----

void Registry::Impl::ScheduleYearly(TimerKind kind) {
  MonthDay day{1, 1};
  if (kind == TimerKind::kEmissionsDue) day = profile.emissions_due;
  if (kind == TimerKind::kStatusFrozen) day = profile.status_frozen;
  if (day.month != 0) timers.insert({NextOf(day, now, profile.zone), kind, 0});
}

void Registry::Impl::ScheduleAll() {
  timers.clear();
  // Nothing changes by the year where each emission year stands on its own and no limit counts.
  if (profile.compliance == ComplianceRule::kCumulative || profile.limit_base_t > 0) {
    ScheduleYearly(TimerKind::kNewYear);
  }
  ScheduleYearly(TimerKind::kEmissionsDue);
  ScheduleYearly(TimerKind::kStatusFrozen);
  for (const PendingView& pending : pendings) {
    if (pending.state == PendingState::kPending && pending.expires_at != 0) {
      timers.insert({pending.expires_at, TimerKind::kPending, pending.pending});
    }
  }
  for (const Task& task : tasks) {
    const TaskView& view = task.view;
    if (view.state == TaskState::kDelayed) {
      timers.insert({view.execute_at, TimerKind::kTask, view.task});
    } else if (IsUndecided(view.state) && view.expires_at != 0) {
      timers.insert({view.expires_at, TimerKind::kTask, view.task});
    }
  }
  for (const auto& [key, entry] : trusted) {
    if (entry.state == TrustState::kPending) {
      timers.insert({entry.effective_at, TimerKind::kTrusted, key.first << 32U | key.second});
    }
  }
  for (const FreezeView& freeze : freezes) {
    if (freeze.active && freeze.until != 0) {
      timers.insert({freeze.until, TimerKind::kFreeze, freeze.freeze});
    }
  }
  for (const auto& [key, due] : cures) timers.insert({due, TimerKind::kCure, key.first});
}

// ---- Days and branches ----

MaybeRefusal Registry::Impl::Check(const DayClosed&) const { return {}; }
Receipt Registry::Impl::Do(const DayClosed&) { return {}; }

MaybeRefusal Registry::Impl::Check(const BeginBranch& command) const {
  if (!IsBranchName(command.branch) ||
      (!command.profile_text.empty() && !ParseProfile(command.profile_text).ok())) {
    return Refuse(Refusal::kValueInvalid);
  }
  return {};
}

// Another law may hold at once: what was recorded stays, what falls due is counted anew.
Receipt Registry::Impl::Do(const BeginBranch& command) {
  branch = command.branch;
  if (command.profile_text.empty()) return {};
  profile = *ParseProfile(command.profile_text);
  SetNow(now);
  SortRetirement();
  ScheduleAll();
  for (Firm& firm : firms) UpdateStatus(firm);
  return {};
}

}  // namespace ets::registry
