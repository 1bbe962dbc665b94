#include "market/auction_plan.h"

#include <algorithm>
#include <charconv>

#include "auction/statistics.h"
#include "base/assert.h"

namespace ets::market {
namespace {

std::vector<auction::PlannedAuction> PlannedOf(const std::vector<CalendarRow>& rows) {
  std::vector<auction::PlannedAuction> planned;
  for (const CalendarRow& row : rows) {
    planned.push_back({row.date, {row.first_volume, row.volume}, false, {}});
  }
  return planned;
}

}  // namespace

AuctionPlan::AuctionPlan(const SetAuctionCalendar& first)
    : terms_(first),
      steps_{{Step::Kind::kEdition, first.as_of, first.why, first.auctions, {}}},
      calendar_(first.name, first.terms.format, first.as_of, PlannedOf(first.auctions)) {
  terms_.auctions.clear();
}

AuctionPlan::AuctionPlan(SetAuctionCalendar terms, std::vector<Step> steps,
                         std::vector<Started> started)
    : terms_(std::move(terms)),
      steps_(std::move(steps)),
      calendar_(terms_.name, terms_.terms.format, steps_.front().as_of,
                PlannedOf(steps_.front().rows)),
      started_(std::move(started)) {
  for (std::size_t i = 1; i < steps_.size(); ++i) Play(steps_[i]);
}

void AuctionPlan::Play(const Step& step) {
  switch (step.kind) {
    case Step::Kind::kEdition:
      calendar_.Replace(step.as_of, step.why, PlannedOf(step.rows));
      break;
    case Step::Kind::kHeld:
      calendar_.Held(step.result.sold, step.result.withheld, step.result.above_reserve);
      ++settled_;
      break;
    case Step::Kind::kCancelled:
      calendar_.Cancelled(step.why);
      ++settled_;
      break;
  }
}

void AuctionPlan::Replace(const SetAuctionCalendar& next) {
  Step step{Step::Kind::kEdition, next.as_of, next.why, {}, {}};
  // What has begun stays as it is.
  const auto& planned = calendar_.auctions();
  for (std::size_t i = settled_; i < started_.size(); ++i) {
    const auto found = std::ranges::find(planned, started_[i].date, &auction::PlannedAuction::date);
    ETS_ASSERT(found != planned.end());
    step.rows.push_back({found->date, found->slot.first_volume, found->slot.volume});
  }
  for (const CalendarRow& row : next.auctions) {
    if (started_.empty() || row.date > started_.back().date) step.rows.push_back(row);
  }
  terms_ = next;
  terms_.auctions.clear();
  Play(step);
  steps_.push_back(std::move(step));
}

const auction::PlannedAuction* AuctionPlan::Next() const {
  const auto& planned = calendar_.auctions();
  const auto next = std::ranges::find_if(planned, [this](const auction::PlannedAuction& one) {
    return !one.held && (started_.empty() || one.date > started_.back().date);
  });
  return next == planned.end() ? nullptr : &*next;
}

void AuctionPlan::Opened(std::uint32_t number) {
  ETS_ASSERT(Next() != nullptr && number != 0);
  started_.push_back({Next()->date, number});
}

void AuctionPlan::PassedOver(const std::string& why) {
  ETS_ASSERT(Next() != nullptr);
  started_.push_back({Next()->date, 0, why, Result{}});
  Settle();
}

bool AuctionPlan::Finish(std::uint32_t number, const Result& result) {
  const auto found = std::ranges::find(started_, number, &Started::number);
  if (number == 0 || found == started_.end() || found->result) return false;
  found->result = result;
  Settle();
  return true;
}

// In the order of their days, as far as results are known.
void AuctionPlan::Settle() {
  while (settled_ < started_.size() && started_[settled_].result) {
    const Started& one = started_[settled_];
    Step step;
    step.kind = one.number == 0 ? Step::Kind::kCancelled : Step::Kind::kHeld;
    step.why = one.why;
    step.result = *one.result;
    Play(step);
    steps_.push_back(std::move(step));
  }
}

std::uint64_t AuctionPlan::SeedOf(Date date) const {
  const std::string hex = auction::SeedCommitment("calendar " + terms_.name + " " + ToString(date),
                                                  terms_.terms.tie_seed);
  std::uint64_t seed = 0;
  std::from_chars(hex.data(), hex.data() + 16, seed, 16);
  return seed;
}

}  // namespace ets::market
