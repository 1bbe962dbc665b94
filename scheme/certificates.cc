#include "scheme/certificates.h"

#include <algorithm>

#include "base/assert.h"

namespace ets::scheme {
namespace {

using registry::AccountKind;
using registry::TransferCode;

int QuarterOf(Date day) { return (day.month() + 2) / 3; }

Unit CertificateOf(int year) {
  return Unit::Of(UnitType::kCertificate, static_cast<Vintage>(year));
}

}  // namespace

registry::Profile CertificateLaw() {
  const registry::Profile* european = registry::FindProfile("eu");
  ETS_ASSERT(european != nullptr);
  registry::Profile law = *european;
  law.name = "cbam";
  // The registry of declarants is a system of its own: its platform acts at once and alone.
  const registry::Profile plain;
  law.four_eyes = false;
  law.trusted_list_only = false;
  law.trusted = plain.trusted;
  law.untrusted = plain.untrusted;
  law.trusted_entry = plain.trusted_entry;
  law.proposal_hours = 0;
  law.abort_before_minutes = 0;
  law.compliance = registry::ComplianceRule::kPerYear;
  law.emissions_due = {};
  law.status_frozen = {};
  law.shortfall = registry::Shortfall::kFixedFine;
  law.fine_minor = 10'000;  // Art. 26 with Dir. 2003/87/EC Art. 16(3): EUR 100, before indexation.
  return law;
}

std::string_view ToString(CertificateRefusal refusal) {
  switch (refusal) {
    case CertificateRefusal::kNotOnSaleYet:
      return "NOT_ON_SALE_YET";
    case CertificateRefusal::kNotInFunds:
      return "NOT_IN_FUNDS";
    case CertificateRefusal::kTooLate:
      return "TOO_LATE";
    case CertificateRefusal::kOverLimit:
      return "OVER_LIMIT";
    case CertificateRefusal::kNotHeld:
      return "NOT_HELD";
    case CertificateRefusal::kNotDeclared:
      return "NOT_DECLARED";
    case CertificateRefusal::kMoreThanOwed:
      return "MORE_THAN_OWED";
    case CertificateRefusal::kValueInvalid:
      return "VALUE_INVALID";
  }
  return "";
}

CertificateDesk::CertificateDesk(registry::Registry& registry, CertificateTerms terms)
    : registry_(registry), terms_(terms) {
  for (const AccountKind kind : {AccountKind::kIssuance, AccountKind::kBank,
                                 AccountKind::kSurrender, AccountKind::kCancellation}) {
    Must(registry::OpenAccount{kind, 0});
  }
  treasury_ = AccountId(Must(registry::OpenAccount{AccountKind::kTreasury, 0}).id);
  euro_ = LedgerId(
      static_cast<std::uint16_t>(Must(registry::OpenLedger{Unit::Cash(Currency::kEur), 0}).id));
}

registry::Receipt CertificateDesk::Must(const registry::Command& command) {
  const auto receipt = registry_.Apply({.sim_time = registry_.now()}, command);
  ETS_ASSERT(receipt.ok());
  return receipt.value();
}

void CertificateDesk::Advance(Date day) {
  const SimTime noon = InstantOf(day, kMicrosPerDay / 2, 0);
  if (noon > registry_.now()) Must(registry::AdvanceTo{noon});
}

LedgerId CertificateDesk::LedgerOf(int year) {
  if (!registry_.has_ledger(CertificateOf(year))) {
    Must(registry::OpenLedger{CertificateOf(year), 0});
  }
  return registry_.ledger(CertificateOf(year));
}

Date CertificateDesk::DayAfter(int year, int month_day) const {
  return Date::Of(year + 1, month_day / 100, month_day % 100);
}

void CertificateDesk::Authorise(std::uint32_t importer) {
  ETS_ASSERT(!importers_.contains(importer));
  importers_[importer].account =
      AccountId(Must(registry::OpenAccount{AccountKind::kImporter, importer}).id);
}

void CertificateDesk::PayIn(std::uint32_t importer, Money money) {
  Must(registry::Issue{Of(importer).account, euro_, money.minor(), TransferCode::kDeposit});
}

CertificateDesk::Outcome CertificateDesk::Buy(std::uint32_t importer, Date day, int year,
                                              std::int64_t count, Price price) {
  if (count <= 0 || price <= Price()) return Fail{CertificateRefusal::kValueInvalid};
  if (day < terms_.sale_from || year > day.year()) return Fail{CertificateRefusal::kNotOnSaleYet};
  if (day > DayAfter(year, terms_.surrender_until) && owed(importer, year) < count) {
    return Fail{CertificateRefusal::kTooLate};
  }
  const Money cost = price * Tonnes(count);
  if (money(importer) < cost) return Fail{CertificateRefusal::kNotInFunds};
  Advance(day);
  Importer& buyer = importers_.at(importer);
  Must(registry::MakeTransfer{{buyer.account, treasury_, euro_, cost.minor(),
                               TransferCode::kCertificateSale, static_cast<std::uint16_t>(year)}});
  Must(registry::Issue{buyer.account, LedgerOf(year), count, TransferCode::kCertificateSale});
  buyer.lots.push_back({day, year, price, count});
  buyer.bought[day.year()] += count;
  return cost;
}

void CertificateDesk::Import(std::uint32_t importer, Date day, std::int64_t embedded_t) {
  importers_.at(importer).embedded[day.year() * 10 + QuarterOf(day)] += embedded_t;
}

std::int64_t CertificateDesk::EmbeddedUntil(const Importer& importer, Date day) const {
  std::int64_t sum = 0;
  for (const auto& [key, embedded] : importer.embedded) {
    if (key / 10 == day.year() && key % 10 <= QuarterOf(day)) sum += embedded;
  }
  return sum;
}

std::int64_t CertificateDesk::HoldingDuty(std::uint32_t importer, Date day) const {
  if (day.year() < terms_.holding_from) return 0;
  return (EmbeddedUntil(Of(importer), day) * terms_.holding_percent + 99) / 100;
}

std::int64_t CertificateDesk::HeldTowards(std::uint32_t importer, Date day) const {
  std::int64_t sum = 0;
  for (const Lot& lot : Of(importer).lots) {
    if (!terms_.holding_counts_own_year_only || lot.bought.year() == day.year()) sum += lot.left;
  }
  return sum;
}

Result<Done, CertificateRefusal> CertificateDesk::Declare(std::uint32_t importer, Date day,
                                                          int year, std::int64_t due) {
  Importer& declarant = importers_.at(importer);
  if (due < 0 || year >= day.year() || declarant.declared.contains(year)) {
    return Fail{CertificateRefusal::kValueInvalid};
  }
  Advance(day);
  declarant.declared[year] = due;
  Must(registry::VerifyEmissions{importer, static_cast<std::uint16_t>(year), Tonnes(due)});
  return Done{};
}

Result<Done, CertificateRefusal> CertificateDesk::Surrender(std::uint32_t importer, Date day,
                                                            int year, std::int64_t count) {
  if (count <= 0) return Fail{CertificateRefusal::kValueInvalid};
  Importer& declarant = importers_.at(importer);
  if (!declarant.declared.contains(year)) return Fail{CertificateRefusal::kNotDeclared};
  if (count > owed(importer, year)) return Fail{CertificateRefusal::kMoreThanOwed};
  if (count > held(importer, year)) return Fail{CertificateRefusal::kNotHeld};
  Advance(day);
  Must(registry::Surrender{declarant.account, LedgerOf(year), static_cast<std::uint16_t>(year),
                           count});
  TakeOldest(declarant, year, count);
  return Done{};
}

void CertificateDesk::TakeOldest(Importer& importer, int year, std::int64_t count) {
  for (Lot& lot : importer.lots) {
    if (lot.year != year) continue;
    const std::int64_t taken = std::min(lot.left, count);
    lot.left -= taken;
    count -= taken;
  }
  std::erase_if(importer.lots, [](const Lot& lot) { return lot.left == 0; });
  ETS_ASSERT(count == 0);
}

std::int64_t CertificateDesk::RepurchaseLimit(std::uint32_t importer, Date day) const {
  const Importer& holder = Of(importer);
  const auto in = [](const std::map<int, std::int64_t>& by_year, int year) {
    const auto found = by_year.find(year);
    return found == by_year.end() ? std::int64_t{0} : found->second;
  };
  std::int64_t limit = 0;
  if (terms_.repurchase_of_a_third) {
    limit = in(holder.bought, day.year() - 1) / 3;
  } else {
    limit = std::max(HoldingDuty(importer, Date::Of(day.year() - 1, 12, 31)),
                     HoldingDuty(importer, day));
  }
  return std::max(std::int64_t{0}, limit - in(holder.taken_back, day.year()));
}

CertificateDesk::Outcome CertificateDesk::Repurchase(std::uint32_t importer, Date day, int year,
                                                     std::int64_t count) {
  if (count <= 0) return Fail{CertificateRefusal::kValueInvalid};
  if (day > DayAfter(year, terms_.repurchase_until)) return Fail{CertificateRefusal::kTooLate};
  if (count > held(importer, year)) return Fail{CertificateRefusal::kNotHeld};
  if (count > RepurchaseLimit(importer, day)) return Fail{CertificateRefusal::kOverLimit};
  Advance(day);
  Importer& seller = importers_.at(importer);
  Money paid;
  std::int64_t left = count;
  for (auto lot = seller.lots.rbegin(); lot != seller.lots.rend(); ++lot) {
    if (lot->year != year) continue;
    const std::int64_t taken = std::min(lot->left, left);
    lot->left -= taken;
    left -= taken;
    paid = paid + lot->price * Tonnes(taken);
  }
  std::erase_if(seller.lots, [](const Lot& lot) { return lot.left == 0; });
  const auto at = static_cast<std::uint16_t>(year);
  Must(registry::MakeTransfer{{seller.account, treasury_, LedgerOf(year), count,
                               TransferCode::kCertificateRepurchase, at}});
  Must(registry::MakeTransfer{
      {treasury_, seller.account, euro_, paid.minor(), TransferCode::kCertificateRepurchase, at}});
  seller.taken_back[day.year()] += count;
  return paid;
}

std::int64_t CertificateDesk::Cancel(Importer& importer, int bought_until) {
  std::int64_t cancelled = 0;
  for (Lot& lot : importer.lots) {
    if (lot.bought.year() > bought_until) continue;
    Must(registry::CancelUnits{importer.account, LedgerOf(lot.year), lot.left, "", "lapsed"});
    cancelled += lot.left;
    lot.left = 0;
  }
  std::erase_if(importer.lots, [](const Lot& lot) { return lot.left == 0; });
  return cancelled;
}

void CertificateDesk::Assess(int year) {
  for (const auto& [number, importer] : importers_) {
    if (!importer.declared.contains(year)) continue;
    Must(registry::AssessCompliance{number, static_cast<std::uint16_t>(year)});
  }
}

std::int64_t CertificateDesk::EndDay(Date day) {
  const int month_day = day.month() * 100 + day.day();
  std::int64_t cancelled = 0;
  if (month_day == terms_.surrender_until) {
    Advance(day);
    Assess(day.year() - 1);
  }
  if (month_day == terms_.cancelled_on) {
    Advance(day);
    for (auto& [number, importer] : importers_) cancelled += Cancel(importer, day.year() - 2);
  }
  return cancelled;
}

std::int64_t CertificateDesk::held(std::uint32_t importer, int year) const {
  const Unit unit = CertificateOf(year);
  if (!registry_.has_ledger(unit)) return 0;
  return registry_.balance(Of(importer).account, registry_.ledger(unit));
}

std::int64_t CertificateDesk::surrendered(std::uint32_t importer, int year) const {
  if (!registry_.has_entity(importer)) return 0;
  return registry_.compliance(importer, static_cast<std::uint16_t>(year)).surrendered.count();
}

std::int64_t CertificateDesk::owed(std::uint32_t importer, int year) const {
  const auto found = Of(importer).declared.find(year);
  return found == Of(importer).declared.end() ? 0 : found->second - surrendered(importer, year);
}

Money CertificateDesk::penalty(std::uint32_t importer, int year) const {
  if (!registry_.has_entity(importer)) return {};
  return registry_.compliance(importer, static_cast<std::uint16_t>(year)).fine;
}

Money CertificateDesk::money(std::uint32_t importer) const {
  return Money::FromMinor(registry_.balance(Of(importer).account, euro_));
}

AccountId CertificateDesk::account(std::uint32_t importer) const { return Of(importer).account; }

}  // namespace ets::scheme
