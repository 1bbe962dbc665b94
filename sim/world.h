#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/prng.h"
#include "base/state_hash.h"
#include "market/market.h"
#include "registry/registry.h"
#include "scheme/authority.h"
#include "sim/equilibrium.h"
#include "sim/european_auctions.h"
#include "sim/exporters.h"
#include "sim/firms.h"
#include "sim/importers.h"
#include "sim/kernel.h"
#include "sim/venue.h"

// The inside of a run: what kernel.cc, production.cc, trading.cc, compliance.cc and recording.cc
// share. Only those files include it.
namespace ets::sim {

inline constexpr int kFirstYear = 2024;  // Index 0 of everything by year.
inline constexpr int kOldestVintage = 2020;

// An allowance vintage as an instrument.
struct VintageInstrument {
  int vintage = 0;
  LedgerId ledger;
  InstrumentId instrument;
  bool listed = false;
  int quiet_days = 0;        // Trading days since the last listed trade.
  double recent_volume = 0;  // Listed t and CNY, fading by a tenth a day.
  double recent_value = 0;
};

// Sums of one sector and year that only the run sees.
struct SectorTally {
  double output = 0, baseline = 0;
  double marginal_weighted = 0, marginal_weight = 0;
  std::int64_t auction_sold = 0;
};

class World final : public market::Listener {
 public:
  explicit World(const RunInputs& inputs);

  RunResult Execute();

  // market::Listener.
  void OnFill(const market::Fill& fill) override;
  void OnAuctionCleared(InstrumentId instrument, const auction::Clearing& clearing) override;

 private:
  // kernel.cc
  void OpenAccounts();
  void OpenStock();
  void EnrolSector(std::size_t sector);
  void Morning(Date day);
  void Session(Date day);
  void Evening(Date day);
  void RepayCredit();
  void CloseDay(Date day);
  VintageInstrument& EnsureListed(int vintage);
  void Relist(VintageInstrument& entry);
  Price HeadlineClose() const;

  // production.cc
  void PlanYear(int year);
  void ExpectAllocations(int vintage, bool measured);
  std::vector<std::vector<double>> StandingSteps(int year) const;
  void SolveOutlook(int year);
  void ProduceMonth(int year, int month);
  void MonthOutlook(Date day);
  policy::Activity ActivityIn(std::size_t firm, int year, bool whole_year) const;
  FirmYear& year_of(std::size_t firm, int year) {
    return years_[firm][static_cast<std::size_t>(year - kFirstYear)];
  }
  const FirmYear& year_of(std::size_t firm, int year) const {
    return years_[firm][static_cast<std::size_t>(year - kFirstYear)];
  }

  // trading.cc
  void RefreshBooks(Date day);
  void TradeListed(Date day);
  void OfferOffsets();
  double MarketLevel() const;
  void RelistStale();
  void Buy(std::size_t firm, double need, double panic);
  bool BuyBlock(std::size_t firm, double need);
  void Sell(std::size_t firm, double surplus, bool forced);
  void BuyForCarryOver(std::size_t firm);
  void BuyToBank(std::size_t firm);
  bool Fund(std::size_t firm, std::int64_t amount, std::int64_t chunk);
  std::int64_t MakeAvailable(std::size_t firm, LedgerId ledger, std::int64_t amount);
  Price ToPrice(double cny) const;
  std::int64_t Held(std::size_t firm, LedgerId ledger) const;

  // bidding.cc
  void HoldAuctions(Date day, const std::vector<scheme::PlannedAuction>& auctions);
  void CallBidders();
  void Bid(std::size_t firm, const scheme::PlannedAuction& planned, std::size_t auctions_left);

  // compliance.cc
  void FileReports(Date day);
  void AskBackForSurrender(Date day);
  void SurrenderFirms(Date day);
  void SurrenderFirm(std::size_t firm, int vintage);
  bool SurrendersToday(std::size_t firm, Date day) const;
  static bool PaysArrearsOn(Date day);
  void PayArrears(std::size_t firm, int before_vintage);
  void CarryOverFirms(Date day, bool last_batch);
  void SettleYearEndCash();
  void FixCarryOver();

  // recording.cc
  void RecordOpening();
  void RecordSession(Date day);
  void RecordWeek(Date day);
  void RecordVintage(int vintage);
  void RecordYear(int year);
  std::int64_t HeldByFirms() const;

  // stability.cc
  void RecordFigures();
  void RecordReadings();
  void RecordStability(int year);
  // What one can always buy at: the collar's ceiling where it holds without end; else none.
  std::optional<Price> CeilingOf(int year) const;
  void KnowCeiling(Agent& agent, int year) const;
  Price BelowCeiling(Price price) const;

  // border.cc
  void RecordCbam(int year);
  std::optional<double> MeanCertificate(int year, const cbam::CertificatePrices& prices) const;
  CbamRow RecordSectorCbam(std::size_t sector, int year, double certificate);
  ExportYear ExportsOf(const Exporter& exporter, std::size_t sector, int year) const;

  const Scenario& scenario_;
  const Population& population_;
  Recorder& recorder_;
  const RunInputs& inputs_;
  registry::Registry registry_;
  market::Market market_;
  Venue venue_;
  scheme::Authority authority_;
  EquilibriumSolver solver_;
  EuropeanAuctions europe_;
  cbam::CertificatePrices domestic_prices_;  // Of [cbam] source = "domestic", in euro cents.

  Date today_;
  int year_ = 0;
  int days_to_deadline_ = 0;  // Trading days.
  bool last_buying_day_ = false;
  std::vector<Agent> agents_;
  std::vector<std::vector<FirmYear>> years_;  // [firm][year - kFirstYear].
  std::vector<bool> sector_open_;
  std::vector<int> capped_from_;      // By sector: its first capped vintage; 9999: never.
  std::vector<double> sector_shock_;  // AR(1) state.
  std::vector<double> sector_level_;  // Output over 2024, without price reactions.
  std::vector<std::vector<double>> expected_figure_;  // [sector][year - kFirstYear].
  std::vector<std::vector<SectorTally>> tallies_;     // [sector][year - kFirstYear].
  std::vector<int> deadline_day_rank_;

  std::vector<VintageInstrument> vintages_;  // Oldest first.
  InstrumentId offset_instrument_;
  MemberId auctioneer_, projects_;
  AccountId projects_holder_;
  std::vector<std::int32_t> firm_of_member_;  // -1: the auctioneer or the offset projects.

  EquilibriumPath planned_, fallback_, opening_path_;
  Outlook outlook_;
  std::vector<double> recent_closes_;  // Headline, the last 30 trading days.
  Price month_average_;
  std::int64_t month_t_ =
      0;  // Listed trades and awards since the month began: what firms see of prices.
  Money month_value_;
  std::int64_t december_t_ = 0;
  Money december_value_;
  double elapsed_share_ = 0;  // Of the year, by calendar.

  std::vector<std::uint32_t> active_;  // Scratch.
  std::vector<std::uint32_t> large_sellers_;
  Prng day_dice_;
  Prng error_dice_;
  auction::Clearing last_clearing_;
  std::uint32_t auction_days_ = 0;  // With an auction, so far.
  std::vector<std::uint32_t>
      next_bid_;  // By firm: the auction day on which it bids again; 0: none yet.
  std::vector<std::uint32_t> bidders_;  // Scratch: firms.
  market::SubmitBids schedule_;         // Scratch.

  // Running totals for the scarcity ledger, of the calendar year.
  std::int64_t held_before_ = 0, sold_at_auction_ = 0, containment_sold_ = 0, obligations_met_ = 0,
               offsets_used_ = 0;
  scheme::Authority::Totals totals_before_;
  std::size_t figures_recorded_ = 0, readings_recorded_ = 0;
  std::int64_t above_caps_before_ = 0;
  std::int64_t week_auction_t_ = 0, week_auction_offered_ = 0, week_auction_bid_ = 0;
  Money week_auction_value_;
  std::vector<double> certificate_sum_;           // By year: sum of daily certificate prices ...
  std::vector<int> certificate_days_;             // ... and how many.
  std::vector<std::vector<Exporter>> exporters_;  // By sector.
  std::vector<std::size_t> exporting_;            // Sectors that export.
  std::optional<Importers> importers_;            // In the order of exporting_.
  std::vector<double> headline_sum_;
  std::vector<int> headline_days_;

  StateHash events_;
  RunResult result_;
};

}  // namespace ets::sim
