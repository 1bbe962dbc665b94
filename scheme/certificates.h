#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "base/date.h"
#include "base/ids.h"
#include "base/quantity.h"
#include "base/result.h"
#include "registry/registry.h"

namespace ets::scheme {

// The law of a registry that keeps CBAM certificates: one euro ledger, certificates by year of
// import, each year on its own, EUR 100 a missing certificate and the certificate still owed.
// Reg. (EU) 2023/956 Art. 20 to 26, as amended by (EU) 2025/2083; marks in CertificateTerms.
registry::Profile CertificateLaw();

// What the desk goes by. Where the amended text could not be read the reading is said.
struct CertificateTerms {
  Date sale_from = Date::Of(2027, 2, 1);  // Also for imports of 2026.
  int holding_from = 2027;                // First year with a duty at quarter ends.
  int holding_percent = 50;               // Of what was embedded since 1 January; 80 before 2025.
  // Proposed in December 2025, not in force: only certificates bought in the same year count.
  bool holding_counts_own_year_only = false;
  // Art. 23: the text of 2023 bought back a third of what was bought in the year before; the
  // amended one what had to be bought for the holding duty (our reading: the largest duty at a
  // quarter's end of the year before and of this year so far).
  bool repurchase_of_a_third = false;
  // Month x 100 + day of the year after the imports, by custom of the amended text.
  int surrender_until = 930;
  int repurchase_until = 1031;
  int cancelled_on = 1101;
};

enum class CertificateRefusal : std::uint8_t {
  kNotOnSaleYet = 1,  // Before sale_from, or for a year of import that is still to come.
  kNotInFunds = 2,    // Money of the importer's account.
  kTooLate = 3,       // After the last day of the year's calendar.
  kOverLimit = 4,     // Of repurchase.
  kNotHeld = 5,
  kNotDeclared = 6,
  kMoreThanOwed = 7,
  kValueInvalid = 8,  // No certificates, or a day before the last one.
};
std::string_view ToString(CertificateRefusal refusal);  // "NOT_ON_SALE_YET"

// The common central platform and the declarants' accounts over one registry: who buys, holds,
// surrenders and returns certificates, and what lapses. Certificates go nowhere else; the registry
// refuses transfers between declarants. Every change is a command of the registry, so its journal
// tells the whole story; what was paid for which certificates is kept here, oldest first.
// Not thread-safe. REQUIRES: days do not go back; a registry kept under CertificateLaw(), new.
class CertificateDesk {
 public:
  using Outcome = Result<Money, CertificateRefusal>;

  explicit CertificateDesk(registry::Registry& registry, CertificateTerms terms = {});

  // A declarant's account; `importer` is the registry's number of the entity.
  void Authorise(std::uint32_t importer);
  void PayIn(std::uint32_t importer, Money money);  // REQUIRES: authorised, as everything below.

  // Certificates for a year of import at the price in use on the day of purchase (for 2026: that of
  // the quarter of import). Gives what was paid.
  Outcome Buy(std::uint32_t importer, Date day, int year, std::int64_t count, Price price);
  // Goods imported: t CO2e embedded, for the holding duty. Whole years are added up.
  void Import(std::uint32_t importer, Date day, std::int64_t embedded_t);
  // Certificates to be held at the end of the day's quarter; 0 before there is a duty.
  std::int64_t HoldingDuty(std::uint32_t importer, Date day) const;
  std::int64_t HeldTowards(std::uint32_t importer, Date day) const;

  // The declaration of a year: certificates owed. Once.
  Result<Done, CertificateRefusal> Declare(std::uint32_t importer, Date day, int year,
                                           std::int64_t due);
  Result<Done, CertificateRefusal> Surrender(std::uint32_t importer, Date day, int year,
                                             std::int64_t count);
  // Sells back at the price paid, newest first. Gives what is paid out.
  Outcome Repurchase(std::uint32_t importer, Date day, int year, std::int64_t count);
  std::int64_t RepurchaseLimit(std::uint32_t importer, Date day) const;

  // The day's end: on the day of cancellation what was bought in the year before the last is
  // cancelled without compensation, and the day after the last day of surrender a shortfall is
  // assessed. Gives how many were cancelled.
  std::int64_t EndDay(Date day);

  std::int64_t held(std::uint32_t importer, int year) const;
  std::int64_t surrendered(std::uint32_t importer, int year) const;
  std::int64_t owed(std::uint32_t importer, int year) const;  // Declared less surrendered.
  Money penalty(std::uint32_t importer, int year) const;      // Assessed.
  Money money(std::uint32_t importer) const;
  AccountId account(std::uint32_t importer) const;

 private:
  struct Lot {
    Date bought;
    int year = 0;  // Of import.
    Price price;
    std::int64_t left = 0;
  };
  struct Importer {
    AccountId account;
    std::vector<Lot> lots;                   // Oldest first.
    std::map<int, std::int64_t> embedded;    // By year and quarter: year * 10 + quarter.
    std::map<int, std::int64_t> bought;      // By calendar year of purchase.
    std::map<int, std::int64_t> taken_back;  // By calendar year of request.
    std::map<int, std::int64_t> declared;    // By year of import.
  };

  const Importer& Of(std::uint32_t importer) const { return importers_.at(importer); }
  LedgerId LedgerOf(int year);
  void Advance(Date day);
  registry::Receipt Must(const registry::Command& command);
  Date DayAfter(int year, int month_day) const;
  std::int64_t EmbeddedUntil(const Importer& importer, Date day) const;
  void TakeOldest(Importer& importer, int year, std::int64_t count);
  std::int64_t Cancel(Importer& importer, int bought_until);
  void Assess(int year);

  registry::Registry& registry_;
  const CertificateTerms terms_;
  AccountId treasury_;
  LedgerId euro_;
  std::map<std::uint32_t, Importer> importers_;
};

}  // namespace ets::scheme
