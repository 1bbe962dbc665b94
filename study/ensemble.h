#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "cbam/certificate_price.h"
#include "sim/kernel.h"
#include "sim/population.h"
#include "sim/scenario.h"
#include "study/yearly_figures.h"

namespace ets::study {

// One scenario of an ensemble, with what its runs need besides the seed. The scenario's name labels
// its rows.
struct Variant {
  sim::Scenario scenario;
  sim::Population population;  // Used only where the scenario reads its firms from a file.
  std::vector<cbam::AuctionFact> european_facts;
  std::vector<std::string> european_auctioneers;  // One per fact.
};

// One run of an ensemble.
struct Cell {
  std::size_t variant = 0;
  std::uint64_t seed = 0;
  friend bool operator==(const Cell&, const Cell&) = default;
};

// Every variant with the seeds first_seed, first_seed + 1, ...; by variant, then seed. Variants
// meet the same seeds, so that they can be compared run by run.
std::vector<Cell> CrossDesign(std::size_t variants, std::uint64_t first_seed, int seeds);

// The firms of a cell: those of the file, or else drawn with the cell's seed.
sim::Population PopulationOf(const Variant& variant, std::uint64_t seed);

struct CellResult {
  Cell cell;
  sim::RunResult run;  // run.completed is false for what was stopped or never begun.
  std::vector<YearFigures> years;
};

// Where an ensemble stands.
struct EnsembleProgress {
  std::size_t runs_done = 0, runs = 0;
  double share_done = 0;  // Of all simulated days, 0 to 1.
};

// Runs every cell of the design and returns the results in its order. Each cell gives exactly what
// a run of its own with that scenario and seed gives, so the outcome depends neither on the number
// of threads nor on which of them was faster. `progress` may be null; it is called at the end of
// each simulated day of any run, from several threads but never from two at once, and false stops
// all runs. An exception from a run stops the others and comes out here. REQUIRES: threads > 0, and
// every cell names a variant.
std::vector<CellResult> RunEnsemble(const std::vector<Variant>& variants,
                                    const std::vector<Cell>& design, int threads,
                                    const std::function<bool(const EnsembleProgress&)>& progress);

// The value below which a share of the numbers lies, linear between neighbours (the default of R
// and NumPy). REQUIRES: at least one number, and a share from 0 to 1.
double Quantile(std::vector<double> numbers, double share);

// One figure of one variant and year over the runs that have it.
struct SummaryRow {
  std::size_t variant = 0;
  int year = 0;
  std::size_t figure = 0;  // Index into kFigures.
  int runs = 0;            // That have the figure. 0: the rest is without meaning.
  double p05 = 0, median = 0, p95 = 0, mean = 0;
};

// By variant, year and figure; a row for every figure of every year that a run of the variant has.
std::vector<SummaryRow> Summarise(const std::vector<CellResult>& results);

// The files of an ensemble. Numbers are written so that reading them back gives the same bits; what
// a run does not have is an empty field.
// scenario,seed,year and the figures: one line per run and year.
std::string EnsembleCsv(const std::vector<Variant>& variants,
                        const std::vector<CellResult>& results);
// scenario,year,figure,unit,runs,p05,median,p95,mean: one line per summary row.
std::string SummaryCsv(const std::vector<Variant>& variants, const std::vector<SummaryRow>& rows);
// scenario,seed,event_hash,orders,trades,alarms: one line per run, to hold a replay against.
std::string RunsCsv(const std::vector<Variant>& variants, const std::vector<CellResult>& results);

}  // namespace ets::study
