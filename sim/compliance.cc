// What firms do for the authority: reports, surrender, carry-over, the year's last settlement of
// cash.

#include <algorithm>

#include "policy/offsets.h"
#include "sim/world.h"

namespace ets::sim {

void World::FileReports(Date day) {
  const int vintage = day.year() - 1;
  for (std::size_t s = 0; s < scenario_.sectors.size(); ++s) {
    const auto& vintages = authority_.rulebook().sectors[s].vintages;
    const auto book = vintages.find(vintage);
    if (book == vintages.end() || book->second.dates.report != day) continue;
    for (std::size_t i = 0; i < agents_.size(); ++i) {
      if (agents_[i].sector != s || !agents_[i].enrolled) continue;
      policy::Activity activity = ActivityIn(i, vintage, false);
      const double error = 1 + scenario_.verification_error_sd * error_dice_.Normal();
      activity.emissions *= std::max(error, 0.5);
      activity.process_emissions *= std::max(error, 0.5);
      activity.neutral = false;  // The authority decides.
      authority_.File(FirmId(static_cast<std::uint32_t>(i)), vintage, activity);
    }
  }
}

// Each firm has its own day; who could not cover everything then tries again on the deadline.
bool World::SurrendersToday(std::size_t firm, Date day) const {
  const Agent& agent = agents_[firm];
  if (!agent.enrolled || agent.never_complies) return false;
  if (day.month() * 100 + day.day() == scenario_.deadline) return true;
  return days_to_deadline_ == agent.surrender_rank && agent.due_gap <= 0 &&
         authority_.rulebook().calendar.IsTradingDay(day);
}

// Arrears are paid in the middle of each month.
bool World::PaysArrearsOn(Date day) { return day.day() == 15; }

void World::AskBackForSurrender(Date day) {
  const int vintage = day.year() - 1;
  if (PaysArrearsOn(day)) {
    for (std::size_t i = 0; i < agents_.size(); ++i) {
      const FirmId id(static_cast<std::uint32_t>(i));
      if (agents_[i].never_complies || authority_.arrears(id) == Tonnes()) continue;
      for (const VintageInstrument& entry : vintages_)
        venue_.AskBack(agents_[i].member, entry.ledger);
    }
  }
  if (days_to_deadline_ > 40) return;
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    if (!SurrendersToday(i, day)) continue;
    const registry::ComplianceView view =
        registry_.compliance(static_cast<std::uint32_t>(i), static_cast<std::uint16_t>(vintage));
    if (!view.verified || view.surrendered >= view.emissions) continue;
    for (const VintageInstrument& entry : vintages_) {
      if (entry.vintage <= vintage) venue_.AskBack(agents_[i].member, entry.ledger);
    }
    venue_.AskBack(agents_[i].member, authority_.offset_ledger());
  }
}

void World::SurrenderFirms(Date day) {
  if (PaysArrearsOn(day)) {
    for (std::size_t i = 0; i < agents_.size(); ++i) {
      if (!agents_[i].never_complies) PayArrears(i, day.year() - 1);
    }
  }
  if (days_to_deadline_ > 40) return;
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    if (SurrendersToday(i, day)) SurrenderFirm(i, day.year() - 1);
  }
}

void World::SurrenderFirm(std::size_t firm, int vintage) {
  const Agent& agent = agents_[firm];
  const auto entity = static_cast<std::uint32_t>(firm);
  const auto year = static_cast<std::uint16_t>(vintage);
  registry::ComplianceView view = registry_.compliance(entity, year);
  if (!view.verified) return;
  const auto give = [&](LedgerId ledger, std::int64_t most, bool offset) {
    const std::int64_t owed = (view.emissions - view.surrendered).count();
    const std::int64_t amount = std::min({owed, most, registry_.balance(agent.holder, ledger)});
    if (amount <= 0) return;
    const auto receipt = venue_.Apply(registry::Surrender{agent.holder, ledger, year, amount},
                                      SourceKind::kAgent, entity);
    ETS_ASSERT(receipt.ok());
    view.surrendered += Tonnes(amount);
    obligations_met_ += amount;
    if (offset) {
      view.offsets += Tonnes(amount);
      offsets_used_ += amount;
    }
  };
  const Tonnes room = policy::OffsetLimit(view.emissions, scenario_.offset_limit) - view.offsets;
  give(authority_.offset_ledger(), room.count(), true);
  const bool legacy = vintage < scenario_.first_banking_vintage;
  for (const VintageInstrument& entry : vintages_) {  // Oldest first.
    if (entry.vintage > vintage || (!legacy && entry.vintage < scenario_.first_banking_vintage))
      continue;
    give(entry.ledger, kAmountMax, false);
  }
}

// What was not surrendered at a deadline stays due, and is paid with whatever vintage since 2025 is
// at hand.
void World::PayArrears(std::size_t firm, int before_vintage) {
  const Agent& agent = agents_[firm];
  const FirmId id(static_cast<std::uint32_t>(firm));
  for (int vintage = kFirstYear; vintage < before_vintage && authority_.arrears(id) > Tonnes();
       ++vintage) {
    const auto year = static_cast<std::uint16_t>(vintage);
    registry::ComplianceView view = registry_.compliance(id.raw(), year);
    if (view.symbol != registry::ComplianceSymbol::kShort) continue;
    for (const VintageInstrument& entry : vintages_) {
      if (entry.vintage < scenario_.first_banking_vintage) continue;
      const std::int64_t owed =
          std::min((view.emissions - view.surrendered).count(), authority_.arrears(id).count());
      const std::int64_t amount = std::min(owed, registry_.balance(agent.holder, entry.ledger));
      if (amount <= 0) continue;
      ETS_ASSERT(venue_
                     .Apply(registry::Surrender{agent.holder, entry.ledger, year, amount},
                            SourceKind::kAgent, id.raw())
                     .ok());
      view.surrendered += Tonnes(amount);
      obligations_met_ += amount;
      authority_.PaidArrears(id, Tonnes(amount));
    }
  }
}

void World::CarryOverFirms(Date day, bool last_batch) {
  static_cast<void>(day);
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    Agent& agent = agents_[i];
    if (!agent.enrolled || agent.carry_over_left <= 0) continue;
    if (!last_batch && i % 2 == 0) continue;  // Half apply early.
    const Tonnes converted =
        authority_.CarryOver(FirmId(static_cast<std::uint32_t>(i)), Tonnes(agent.carry_over_left));
    agent.carry_over_left -= converted.count();
    if (last_batch) agent.carry_over_left = 0;
  }
}

// Unspent loans and sale proceeds go back to the holders, and from there to the bank; what was
// spent is refinanced from operating income, so that each year starts with the full credit line.
void World::SettleYearEndCash() {
  for (const Agent& agent : agents_) {
    if (agent.enrolled) venue_.AskBack(agent.member, authority_.cny());
  }
}

// The room to carry old vintages over is fixed by net sales and holdings on the last evening of
// their life.
void World::FixCarryOver() {
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    Agent& agent = agents_[i];
    if (!agent.enrolled || agent.never_complies) continue;
    std::int64_t held = 0;
    for (const VintageInstrument& entry : vintages_) {
      if (entry.vintage < scenario_.first_banking_vintage) held += Held(i, entry.ledger);
    }
    agent.carry_over_left = authority_
                                .CarryOverRoom(FirmId(static_cast<std::uint32_t>(i)),
                                               Tonnes(agent.net_sales_legacy), Tonnes(held))
                                .count();
  }
}

}  // namespace ets::sim
