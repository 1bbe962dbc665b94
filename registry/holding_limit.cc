#include <algorithm>

#include "registry/impl.h"

// How much a group of firms may hold: 17 CCR 95920, with the figures of the profile. The current
// limit is over all vintages up to the current year together; each later vintage has its own.
namespace ets::registry {
namespace {

constexpr std::uint64_t kIsGroup = std::uint64_t{1} << 32U;  // Else an entity that stands alone.

}  // namespace

std::uint64_t Registry::Impl::GroupOf(std::uint32_t entity) const {
  const Firm* const firm = FindFirm(entity);
  const std::uint32_t group = firm == nullptr ? 0 : firm->info.group;
  return group == 0 ? entity : kIsGroup | group;
}

bool Registry::Impl::CountsForLimit(AccountId account) const {
  const AccountKind kind = At(account).kind;
  return RowOf(kind).has_entity && kind != AccountKind::kEscrow && kind != AccountKind::kLimitedUse;
}

bool Registry::Impl::CountsNow(LedgerId ledger) const {
  return UnitOf(ledger).type == UnitType::kAllowance && UnitOf(ledger).vintage <= current_year;
}

std::optional<LedgerId> Registry::Impl::CurrentVintage() const {
  for (std::uint16_t id = 0; id < ledgers.size(); ++id) {
    if (ledgers[id].unit == Unit::Allowance(static_cast<Vintage>(current_year))) {
      return LedgerId(id);
    }
  }
  return {};
}

std::int64_t Registry::Impl::HoldingLimit(LedgerId ledger) const {
  if (profile.limit_base_t == 0 || UnitOf(ledger).type != UnitType::kAllowance) return 0;
  const auto of_budget = CountsNow(ledger) ? CurrentVintage() : std::optional(ledger);
  const std::int64_t budget = of_budget ? ledgers[of_budget->raw()].cap : 0;
  if (budget == 0) return 0;
  constexpr std::int64_t kAll = 10'000;
  const std::int64_t base = std::min(profile.limit_base_t, budget);
  return MulDivFloor(base, profile.limit_base_bp, kAll) +
         MulDivFloor(budget - base, profile.limit_rest_bp, kAll);
}

std::vector<AccountId> Registry::Impl::AccountsOfGroup(std::uint64_t group) const {
  std::vector<AccountId> counted;
  const auto add = [&](const Firm& firm) {
    for (const AccountId account : firm.accounts) {
      if (CountsForLimit(account)) counted.push_back(account);
    }
  };
  if ((group & kIsGroup) == 0) {
    const Firm& alone = *FindFirm(static_cast<std::uint32_t>(group));
    if (alone.info.group == 0) add(alone);  // Else it has joined one since.
    return counted;
  }
  const auto found = firms_of_group.find(static_cast<std::uint32_t>(group));
  if (found == firms_of_group.end()) return counted;
  for (const std::uint32_t firm : found->second) add(firms[firm]);
  std::sort(counted.begin(), counted.end());
  return counted;
}

// Of the ledger's vintage, or of all that the current limit counts together.
std::int64_t Registry::Impl::GroupHolding(std::uint64_t group, LedgerId ledger) const {
  std::int64_t sum = 0;
  for (const AccountId account : AccountsOfGroup(group)) {
    if (!CountsNow(ledger)) {
      sum += balances.balance(account, ledger);
      continue;
    }
    for (std::uint16_t id = 0; id < ledgers.size(); ++id) {
      if (CountsNow(LedgerId(id))) sum += balances.balance(account, LedgerId(id));
    }
  }
  return sum;
}

MaybeRefusal Registry::Impl::CheckHoldingLimit(const Transfer& transfer) const {
  const std::int64_t limit = HoldingLimit(transfer.ledger);
  if (limit == 0 || !CountsForLimit(transfer.credit)) return {};
  const std::uint64_t group = GroupOf(At(transfer.credit).entity);
  if (CountsForLimit(transfer.debit) && GroupOf(At(transfer.debit).entity) == group) return {};
  if (GroupHolding(group, transfer.ledger) + transfer.amount <= limit) return {};
  return Refuse(Refusal::kHoldingLimitExceeded, {.account = transfer.credit,
                                                 .ledger = transfer.ledger,
                                                 .asked = transfer.amount,
                                                 .limit = limit});
}

// On 1 January a vintage becomes current, and a group may stand above the limit by it alone.
void Registry::Impl::FindBreaches() {
  for (const Firm& firm : firms) WatchLimit(GroupOf(firm.entity), profile.limit_cure_days);
}

void Registry::Impl::WatchLimit(std::uint64_t group, std::int32_t days) {
  const auto current = CurrentVintage();
  const std::int64_t limit = current ? HoldingLimit(*current) : 0;
  if (limit == 0 || cures.contains({group, 0}) || GroupHolding(group, *current) <= limit) return;
  const Date today = ToLocal(at, profile.zone).date;
  const SimTime due = ToInstant({AddWorkingDays(profile, today, days), 0}, profile.zone);
  cures.Change({group, 0}, [&](SimTime& cure) { cure = due; });
  timers.insert({due, TimerKind::kCure, group});
}

// What is still above the limit goes to auction, in the opposite of the retirement order. What is
// reserved or frozen then is looked at again on the next working day, and so on.
void Registry::Impl::Consign(std::uint64_t group) {
  cures.Erase({group, 0});
  const auto current = CurrentVintage();
  const std::int64_t limit = current ? HoldingLimit(*current) : 0;
  const std::vector<AccountId> stocks = [&] {
    const auto stock = First(AccountKind::kAuctionStock);
    return stock && !At(*stock).closed ? std::vector{*stock} : std::vector<AccountId>{};
  }();
  if (limit == 0 || stocks.empty()) return;
  std::int64_t excess = GroupHolding(group, *current) - limit;
  for (auto ledger = retirement_order.rbegin(); ledger != retirement_order.rend(); ++ledger) {
    if (!CountsNow(*ledger)) continue;
    for (const AccountId account : AccountsOfGroup(group)) {
      const std::int64_t moved = std::min(excess, Available(account, *ledger));
      if (moved <= 0) continue;
      Move({account, stocks.front(), *ledger, moved, TransferCode::kConsignment});
      excess -= moved;
    }
  }
  WatchLimit(group, 1);
}

}  // namespace ets::registry
