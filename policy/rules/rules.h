#pragma once

#include <span>

#include "policy/allocation.h"

// What the table in allocation.cc is made of: each rule in the file of its name.
namespace ets::policy {

double AllocateBenchmark(const Activity& activity, const Terms& terms);
double AllocateNeutral(const Activity& activity, const Terms& terms);

double AllocateBand(const Activity& activity, const Terms& terms);
double SolveBand(std::span<const Activity> sector, const Terms& terms);

double AllocateCap(const Activity& activity, const Terms& terms);
double SolveCap(std::span<const Activity> sector, const Terms& terms);

// For rules that every firm can work out alone.
double SolveNothing(std::span<const Activity> sector, const Terms& terms);

// The peaking factor of a unit of this class at this load factor (a fraction).
double PeakingFactorOf(PeakingFactor form, UnitClass unit_class, double load_factor);

}  // namespace ets::policy
