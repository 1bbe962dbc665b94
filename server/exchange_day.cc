// The exchange's day: sessions by the clock, and the evening's close.
#include <algorithm>

#include "market/schedule.h"
#include "server/exchange_live_impl.h"

namespace ets::server {
namespace {

using std::chrono::milliseconds;

// A deposit may be on its way while the mirrors are compared.
constexpr int kComparisons = 20;
constexpr milliseconds kBetweenComparisons(50);

}  // namespace

// ---- The day's close ----

std::vector<LiveExchange::Impl::Difference> LiveExchange::Impl::CompareMirrors() {
  struct Mirror {
    MemberId member;
    AccountId escrow;
    std::map<std::uint16_t, std::int64_t> amounts;
  };
  std::vector<Mirror> mirrors;
  const auto ledgers = link.Ledgers();
  if (!ledgers.ok()) return {};
  Run([&] {
    for (const auto& [escrow, member] : members) {
      Mirror& mirror = mirrors.emplace_back(Mirror{member, AccountId(escrow), {}});
      for (const auto& [ledger, unit] : *ledgers) {
        if (ledger >= options.ledger_count_max) continue;
        const std::int64_t amount = market->holding(member, LedgerId(ledger)).total();
        if (amount != 0) mirror.amounts[ledger] = amount;
      }
    }
  });
  std::vector<Difference> different;
  for (const Mirror& mirror : mirrors) {
    const auto balances = link.Balances(mirror.escrow);
    if (balances.ok() && *balances == mirror.amounts) continue;
    different.push_back({mirror.member, balances.ok()});
  }
  return different;
}

Exchanged<DayReport> LiveExchange::Impl::CloseDay(std::optional<Date> only,
                                                  const Patience& patience) {
  const std::lock_guard one_at_a_time(closing);
  std::uint64_t failed_before = 0;
  {
    const std::lock_guard lock(mutex);
    failed_before = failed;
  }
  // A close that was cut off goes on where it was.
  bool is_session_over = false;
  bool is_another = false;
  Run([&] {
    is_session_over = open_day && !market->session_open();
    is_another = only && open_day != only;
  });
  if (is_another) return DayReport{};
  if (!is_session_over) {
    const auto closed = Do(market::CloseSession{});
    if (!closed.ok()) return ets::Fail{closed.error()};
  }
  DayReport report;
  Date date;
  std::uint64_t market_hash = 0;
  Run([&] {
    report.settlement_sequence = market->settlement_sequence();
    date = open_day.value_or(Date());
  });
  const bool is_settled =
      WaitUntil([&] { return delivered >= report.settlement_sequence; }, patience);
  if (!is_settled) {
    return ets::Fail{
        ExchangeFailure{std::nullopt, {}, "the registry has not answered the settlement yet"}};
  }
  {
    const std::lock_guard lock(mutex);
    report.failed = static_cast<std::uint32_t>(failed - failed_before);
  }
  std::vector<Difference> different;
  for (int i = 0; i < kComparisons && !patience.ended(); ++i) {
    different = CompareMirrors();
    if (different.empty()) break;
    WaitUntil([] { return false; }, {std::chrono::system_clock::now() + kBetweenComparisons, {}});
  }
  for (const Difference& of : different) report.mismatches.push_back(of.member);
  alarm_count += report.mismatches.size();
  Run([&] {
    for (const Difference& of : different) {
      if (!of.is_known) continue;
      (void)Apply(market::BlockMember{of.member, true}, SourceKind::kClock);
    }
    market_hash = market->StateHash();
  });
  const auto registry_hash = link.CloseDay(date, report.settlement_sequence, market_hash);
  if (!registry_hash.ok()) {
    return ets::Fail{ExchangeFailure{std::nullopt, {}, registry_hash.error().message}};
  }
  Run([&] {
    (void)Apply(
        market::DayClosed{date, report.settlement_sequence, *registry_hash, market->StateHash()},
        SourceKind::kClock);
  });
  return report;
}

Exchanged<DayReport> LiveExchange::CloseDay(const Patience& patience) {
  return impl_->CloseDay(std::nullopt, patience);
}

// ---- By the clock ----

// Not while a call runs that was given its time again.
bool LiveExchange::Impl::IsOver(Date day, SimTime now) const {
  const auto trading = market::TradingDayOf(market->rules(), day);
  if (!trading || now < trading->closes) return false;
  for (std::uint16_t i = 0; i < market->instrument_count(); ++i) {
    if (market->instrument(InstrumentId(i)).phase_until != 0) return false;
  }
  return true;
}

void LiveExchange::Impl::KeepDay(SimTime now) {
  if (open_day) {
    // A close that was cut off goes on, too.
    if (market->session_open() && !IsOver(*open_day, now)) return;
    {
      const std::lock_guard lock(mutex);
      if (day_to_close) return;
      day_to_close = open_day;
    }
    changed.notify_all();
    return;
  }
  const market::VenueRules& rules = market->rules();
  const Date today = ToLocal(now, rules.zone).date;
  const auto trading = market::TradingDayOf(rules, today);
  if (!trading || now < trading->opens || now >= trading->closes) return;
  if (market->session_date() >= today) return;  // It was open, and somebody has closed it.
  (void)Apply(market::OpenSession{today}, SourceKind::kClock);
}

void LiveExchange::Impl::CloseDays() {
  constexpr std::chrono::seconds kPatience(30), kPause(1);
  while (true) {
    std::optional<Date> day;
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return day_to_close || stopping || stopped; });
      if (stopping || stopped) return;
      day = day_to_close;
    }
    const auto now = [] { return std::chrono::system_clock::now(); };
    const auto closed = CloseDay(day, {now() + kPatience, [this] { return stopping.load(); }});
    if (!closed.ok()) WaitUntil([] { return false; }, {now() + kPause, {}});
    const std::lock_guard lock(mutex);
    day_to_close.reset();
  }
}

}  // namespace ets::server
