#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "auction/auction.h"
#include "base/date.h"
#include "base/ids.h"
#include "registry/registry.h"
#include "scheme/plan.h"
#include "scheme/rulebook.h"
#include "scheme/stability_desk.h"

namespace ets::scheme {

// What one firm was allocated and owes for one vintage.
struct FirmVintage {
  policy::Activity activity;  // As verified; output and emissions are 0 before.
  Tonnes pre_allocated;
  Tonnes allocated;  // Final, whole tonnes.
  Tonnes taken_back;
  Tonnes shortfall;  // At the deadline.
  Money fine;
  bool reported = false, verified = false, final = false, assessed = false;
};

// The authority that allocates and enforces: the scheme's calendar, plans and duties. It reads the
// registry and issues commands to it; it owns plans, never balances. Deterministic; not
// thread-safe.
//
// Each day: Morning() before the market opens, Auctions() for what is to be sold, AuctionHeld()
// with each result, Evening() after settlement and surrenders.
class Authority {
 public:
  using Apply =
      std::function<Result<registry::Receipt, registry::Refusal>(const registry::Command&)>;

  // Opens the system accounts and the currency and offset ledgers.
  Authority(const Rulebook& rulebook, const registry::Registry& registry, Apply apply);
  Authority(const Authority&) = delete;  // The stability desk looks at its rulebook.
  Authority& operator=(const Authority&) = delete;

  // Lists a firm under its number. `last_activity`: its 2024, for shares before anything is
  // verified.
  void Enrol(FirmId firm, std::size_t sector, AccountId holder,
             const policy::Activity& last_activity);

  // Opens the ledger of a vintage if it is not open.
  LedgerId Ledger(int vintage);

  // The firm's own annual report, taken as verified on the verification day (the verifier's error
  // is in it).
  void File(FirmId firm, int vintage, const policy::Activity& activity);

  void Morning(Date today);
  // The mean price of the month that ended, on the first day of the next one.
  void MonthEnded(Date today, Price mean);
  // `last_close`: what the exchange showed last; opens the collar's ceiling.
  std::vector<PlannedAuction> Auctions(Date today, Price last_close = {});
  // Regular auctions of the year from `today` on, today's included.
  std::size_t AuctionsLeft(Date today) const;
  void AuctionHeld(const PlannedAuction& planned, const auction::Clearing& clearing);
  // Deadlines: `month_price` is the average price of the month before, the fine's base; 0 if
  // unknown.
  void Evening(Date today, Price month_price);

  // Notes that arrears were surrendered; the registry has the units. REQUIRES: amount <=
  // arrears(firm).
  void PaidArrears(FirmId firm, Tonnes amount) { firms_[firm.raw()].arrears -= amount; }

  // Carry-over: how much the firm may still convert, given its net sales and what it holds of old
  // vintages; nothing if it was short at the last deadline that they could pay for.
  Tonnes CarryOverRoom(FirmId firm, Tonnes net_sales, Tonnes holding) const;
  // Converts from the firm's holder account, oldest vintage first.
  Tonnes CarryOver(FirmId firm, Tonnes wanted);

  const FirmVintage& firm_vintage(FirmId firm, int vintage) const;
  double sector_figure(std::size_t sector, int vintage) const;  // 0 before it is solved.
  Tonnes offered(std::size_t sector, int vintage) const;        // Paid part of the sector's cap.
  Tonnes arrears(FirmId firm) const;
  const SystemAccounts& accounts() const { return accounts_; }
  const StabilityDesk& stability() const { return stability_; }
  const AuctionPlan& auction_plan() const { return plan_; }  // The running year's.
  LedgerId cny() const { return cny_; }
  LedgerId offset_ledger() const { return offset_; }
  const Rulebook& rulebook() const { return rulebook_; }
  std::size_t firm_count() const { return firms_.size(); }
  // Units issued free to firms, taken back, cancelled and expired: running totals over all
  // vintages, in t.
  struct Totals {
    std::int64_t issued_free = 0, taken_back = 0, cancelled = 0, expired_from_firms = 0,
                 converted = 0;
  };
  const Totals& totals() const { return totals_; }
  // Refused commands; never expected. The kernel stops when it is not 0.
  std::uint64_t refused() const { return refused_; }

 private:
  static constexpr std::size_t kNotListed = ~std::size_t{0};
  struct Enrolled {
    std::size_t sector = kNotListed;
    AccountId holder;
    policy::Activity last_activity;
    Tonnes owed;  // Taken back on paper but not yet in units; netted from later allocations.
    int breaches = 0;
    Tonnes arrears;
    std::vector<FirmVintage> vintages;  // From rulebook.first_vintage on.
  };

  registry::Receipt Do(const registry::Command& command);
  FirmVintage& At(Enrolled& firm, int vintage);
  const VintageBook* Book(std::size_t sector, int vintage) const;
  void OpenCappedYear(int year);
  // authority_auctions.cc
  void PlanAuctions(int year);
  void RegularHeld(const PlannedAuction& planned, const auction::Clearing& clearing);
  void EndAuctionYear(int year);
  // authority.cc
  void PreAllocate(std::size_t sector, int vintage);
  void Verify(std::size_t sector, int vintage);
  Tonnes ServeEntrants(std::size_t sector, int vintage);
  void AllocateFinally(std::size_t sector, int vintage);
  void CloseVintage(int vintage);
  StabilityDesk::Port StabilityPort();
  StabilityDesk::Port::Used UsedIn(int year, bool only_capped) const;
  void ExpireLegacy();
  bool WasShortBeforeBanking(FirmId firm) const;
  void AssessSector(std::size_t sector, int vintage, Price month_price);
  void Give(Enrolled& firm, int vintage, Tonnes amount, registry::TransferCode code);

  Rulebook rulebook_;
  const registry::Registry& registry_;
  Apply apply_;
  SystemAccounts accounts_;
  LedgerId cny_, offset_;
  std::vector<Enrolled> firms_;
  std::vector<std::vector<double>> figures_;  // [sector][vintage - first].
  std::vector<std::vector<Tonnes>> offered_;  // [sector][vintage - first].
  std::vector<std::vector<Tonnes>>
      pools_;  // Free pool of capped vintages, [sector][vintage - first].
  AuctionPlan plan_;
  StabilityDesk stability_;
  Date today_;
  std::size_t slot_today_ = 0;
  std::size_t planned_today_ = 0;     // Auctions of the day that were not held yet.
  std::uint32_t clean_auctions_ = 0;  // In a row: sold out above the reserve price.
  Tonnes kept_;                       // Unsold, in the stock, for after clean auctions.
  std::vector<Price> last_prices_;
  Totals totals_;
  std::uint64_t refused_ = 0;
};

}  // namespace ets::scheme
