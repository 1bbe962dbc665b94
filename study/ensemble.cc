#include "study/ensemble.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <exception>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>
#include <thread>

#include "base/assert.h"

namespace ets::study {
namespace {

// What the threads share: the next cell to take, and how far all cells are.
class Board {
 public:
  Board(std::size_t cells, const std::function<bool(const EnsembleProgress&)>& progress)
      : shares_(cells, 0), progress_(progress) {}

  // The next cell nobody has taken; empty when there is none or the ensemble is stopped.
  std::optional<std::size_t> Take() {
    const std::lock_guard lock(mutex_);
    if (stopped_ || next_ == shares_.size()) return std::nullopt;
    return next_++;
  }

  // False: stop.
  bool Advance(std::size_t cell, double share) {
    const std::lock_guard lock(mutex_);
    if (stopped_) return false;
    done_ += share - shares_[cell];
    shares_[cell] = share;
    return Tell();
  }

  void Finish(std::size_t cell) {
    const std::lock_guard lock(mutex_);
    done_ += 1 - shares_[cell];
    shares_[cell] = 1;
    ++runs_done_;
    if (!stopped_) Tell();
  }

  // The first exception stops all; it comes out when the threads have ended.
  void Break(std::exception_ptr exception) {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    if (!exception_) exception_ = std::move(exception);
  }

  void RethrowIfBroken() const {
    if (exception_) std::rethrow_exception(exception_);
  }

 private:
  bool Tell() {
    if (!progress_) return true;
    const auto runs = static_cast<double>(shares_.size());
    stopped_ = !progress_({runs_done_, shares_.size(), done_ / runs});
    return !stopped_;
  }

  std::mutex mutex_;
  std::size_t next_ = 0, runs_done_ = 0;
  std::vector<double> shares_;
  double done_ = 0;
  bool stopped_ = false;
  std::exception_ptr exception_;
  const std::function<bool(const EnsembleProgress&)>& progress_;
};

CellResult RunCell(const Variant& variant, const Cell& cell,
                   const std::function<bool(const sim::Progress&)>& progress) {
  sim::Scenario scenario = variant.scenario;
  scenario.seed = cell.seed;
  YearlyRecorder recorder;
  sim::RunInputs inputs;
  inputs.scenario = &scenario;
  inputs.population = PopulationOf(variant, cell.seed);
  inputs.european_facts = variant.european_facts;
  inputs.european_auctioneers = variant.european_auctioneers;
  inputs.recorder = &recorder;
  inputs.progress = progress;
  CellResult result{cell, sim::Run(inputs), {}};
  if (result.run.completed) result.years = recorder.Years();
  return result;
}

// The shortest text that reads back as the same number.
std::string Text(double number) {
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, number);
  ETS_ASSERT(error == std::errc{});
  return {text, end};
}

std::string Hex(std::uint64_t number) {
  char text[16];
  const auto [end, error] = std::to_chars(text, text + sizeof text, number, 16);
  ETS_ASSERT(error == std::errc{});
  const std::string digits(text, end);
  return std::string(sizeof text - digits.size(), '0') + digits;
}

}  // namespace

std::vector<Cell> CrossDesign(std::size_t variants, std::uint64_t first_seed, int seeds) {
  std::vector<Cell> design;
  for (std::size_t variant = 0; variant < variants; ++variant) {
    for (int i = 0; i < seeds; ++i)
      design.push_back({variant, first_seed + static_cast<std::uint64_t>(i)});
  }
  return design;
}

sim::Population PopulationOf(const Variant& variant, std::uint64_t seed) {
  if (!variant.scenario.firms_file.empty()) return variant.population;
  sim::Scenario scenario = variant.scenario;
  scenario.seed = seed;
  return sim::DrawPopulation(scenario);
}

std::vector<CellResult> RunEnsemble(const std::vector<Variant>& variants,
                                    const std::vector<Cell>& design, int threads,
                                    const std::function<bool(const EnsembleProgress&)>& progress) {
  ETS_ASSERT(threads > 0);
  std::vector<CellResult> results(design.size());
  for (std::size_t i = 0; i < design.size(); ++i) {
    ETS_ASSERT(design[i].variant < variants.size());
    results[i].cell = design[i];
  }
  Board board(design.size(), progress);
  const auto work = [&] {
    try {
      while (const std::optional<std::size_t> i = board.Take()) {
        results[*i] =
            RunCell(variants[design[*i].variant], design[*i],
                    [&](const sim::Progress& day) { return board.Advance(*i, day.share_done); });
        if (results[*i].run.completed) board.Finish(*i);
      }
    } catch (...) {
      board.Break(std::current_exception());
    }
  };
  std::vector<std::thread> workers;
  const std::size_t useful = std::min(static_cast<std::size_t>(threads), design.size());
  try {
    while (workers.size() < useful) workers.emplace_back(work);
  } catch (...) {
    board.Break(std::current_exception());
  }
  for (std::thread& worker : workers) worker.join();
  board.RethrowIfBroken();
  return results;
}

double Quantile(std::vector<double> numbers, double share) {
  ETS_ASSERT(!numbers.empty() && share >= 0 && share <= 1);
  std::sort(numbers.begin(), numbers.end());
  const double place = share * static_cast<double>(numbers.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, numbers.size() - 1);
  return std::lerp(numbers[below], numbers[above], place - static_cast<double>(below));
}

std::vector<SummaryRow> Summarise(const std::vector<CellResult>& results) {
  std::map<std::pair<std::size_t, int>, std::array<std::vector<double>, kFigures.size()>> samples;
  for (const CellResult& result : results) {
    for (const YearFigures& year : result.years) {
      auto& sample = samples[{result.cell.variant, year.year}];
      for (std::size_t f = 0; f < kFigures.size(); ++f) {
        if (const auto& number = year.*kFigures[f].member) sample[f].push_back(*number);
      }
    }
  }
  std::vector<SummaryRow> rows;
  for (const auto& [key, sample] : samples) {
    for (std::size_t f = 0; f < kFigures.size(); ++f) {
      const std::vector<double>& numbers = sample[f];
      SummaryRow row{key.first, key.second, f, static_cast<int>(numbers.size())};
      if (!numbers.empty()) {
        row.p05 = Quantile(numbers, 0.05);
        row.median = Quantile(numbers, 0.5);
        row.p95 = Quantile(numbers, 0.95);
        row.mean = std::accumulate(numbers.begin(), numbers.end(), 0.0) /
                   static_cast<double>(numbers.size());
      }
      rows.push_back(row);
    }
  }
  return rows;
}

std::string EnsembleCsv(const std::vector<Variant>& variants,
                        const std::vector<CellResult>& results) {
  std::string csv = "scenario,seed,year";
  for (const Figure& figure : kFigures) csv.append(",").append(figure.name);
  csv += '\n';
  for (const CellResult& result : results) {
    for (const YearFigures& year : result.years) {
      csv += variants[result.cell.variant].scenario.name + "," + std::to_string(result.cell.seed) +
             "," + std::to_string(year.year);
      for (const Figure& figure : kFigures) {
        csv += ',';
        if (const auto& number = year.*figure.member) csv += Text(*number);
      }
      csv += '\n';
    }
  }
  return csv;
}

std::string SummaryCsv(const std::vector<Variant>& variants, const std::vector<SummaryRow>& rows) {
  std::string csv = "scenario,year,figure,unit,runs,p05,median,p95,mean\n";
  for (const SummaryRow& row : rows) {
    csv += variants[row.variant].scenario.name + "," + std::to_string(row.year) + ",";
    csv.append(kFigures[row.figure].name).append(",").append(kFigures[row.figure].unit);
    csv += "," + std::to_string(row.runs);
    for (const double number : {row.p05, row.median, row.p95, row.mean})
      csv += "," + (row.runs > 0 ? Text(number) : std::string());
    csv += '\n';
  }
  return csv;
}

std::string RunsCsv(const std::vector<Variant>& variants, const std::vector<CellResult>& results) {
  std::string csv = "scenario,seed,event_hash,orders,trades,alarms\n";
  for (const CellResult& result : results) {
    csv += variants[result.cell.variant].scenario.name + "," + std::to_string(result.cell.seed) +
           "," + Hex(result.run.event_hash) + "," +
           std::to_string(result.run.orders + result.run.bids) + "," +
           std::to_string(result.run.trades) + "," + std::to_string(result.run.alarms) + "\n";
  }
  return csv;
}

}  // namespace ets::study
