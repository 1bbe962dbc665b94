#include "matching/engine_trial.h"

#include <algorithm>
#include <sstream>
#include <vector>

#include "base/prng.h"
#include "matching/call_auction.h"
#include "matching/engine.h"
#include "matching/reference_engine.h"

namespace ets::matching {
namespace {

constexpr LedgerId kUnits(0);
constexpr LedgerId kCash(1);
constexpr std::int64_t kBase = 1'000;

EngineTerms TermsOf(const TrialShape& shape) {
  EngineTerms terms;
  terms.unit_ledger = kUnits;
  terms.cash_ledger = kCash;
  terms.orders_max = shape.orders_max;
  terms.resale_next_day = shape.seed % 2 == 0;
  if (shape.with_fees) {
    terms.fees = {{3, Price::FromMinorPerTonne(1)}, {7, Price()}};
    if (shape.seed % 3 == 0) terms.fees = {{0, Price()}, {10'000, Price::FromMinorPerTonne(9)}};
  }
  return terms;
}

std::string Text(const Event& e) {
  std::ostringstream out;
  out << "kind " << int(e.kind) << " why " << int(e.why) << " side " << int(e.side) << " state "
      << int(e.state) << " owner " << e.owner.raw() << " order " << e.order.raw() << " price "
      << e.price.minor_per_tonne() << " quantity " << e.quantity.count() << " open "
      << e.open.count() << " visible " << e.visible.count() << " level " << e.level_quantity.count()
      << "/" << e.level_orders << " other " << e.other.raw() << "@" << e.other_owner.raw()
      << " open " << e.other_open.count() << " fees " << e.fee.minor() << ","
      << e.other_fee.minor();
  return out.str();
}

// Dice that a seed or a fuzzer's bytes throw.
class TrialDice {
 public:
  TrialDice(std::uint64_t seed, std::span<const std::uint8_t> bytes)
      : dice_(seed), bytes_(bytes), of_bytes_(!bytes.empty()) {}

  std::uint64_t Below(std::uint64_t bound) {
    if (!of_bytes_) return dice_.Below(bound);
    std::uint64_t value = 0;
    for (std::uint64_t room = 1; room < bound && !bytes_.empty(); room <<= 8U) {
      value = value << 8U | bytes_.front();
      bytes_ = bytes_.subspan(1);
    }
    return value % bound;
  }
  bool are_used_up() const { return of_bytes_ && bytes_.empty(); }

 private:
  Prng dice_;
  std::span<const std::uint8_t> bytes_;
  const bool of_bytes_;
};

class Trial {
 public:
  explicit Trial(const TrialShape& shape)
      : shape_(shape),
        dice_(shape.seed, shape.bytes),
        holdings_(2),
        engine_(MakeEngine()),
        reference_(shape.members, TermsOf(shape)) {
    for (std::uint32_t i = 0; i < shape.members; ++i) {
      // The last one is poor.
      const std::int64_t units = i + 1 == shape.members ? 20 : 3'000;
      const std::int64_t cash = i + 1 == shape.members ? 30'000 : 4'000'000;
      holdings_.Credit(MemberId(i), kUnits, units);
      holdings_.Credit(MemberId(i), kCash, cash);
      reference_.Give(MemberId(i), units, cash);
    }
    OpenRange();
    SetPhase(BookPhase::kContinuous);
  }

  TrialCounts Run() {
    for (std::uint64_t i = 0; i < shape_.messages && counts_.broken.empty() && !dice_.are_used_up();
         ++i) {
      ++counts_.messages;
      Throw();
      Count();
      if (counts_.broken.empty()) Compare();
      if (counts_.broken.empty() && i % 64 == 0) CheckDeeply();
      if (!counts_.broken.empty()) {
        counts_.broken = "seed " + std::to_string(shape_.seed) + ", message " + std::to_string(i) +
                         " (" + what_ + "): " + counts_.broken;
      }
    }
    return counts_;
  }

 private:
  Engine MakeEngine() {
    for (std::uint32_t i = 0; i < shape_.members; ++i) holdings_.AddMember();
    return {holdings_, TermsOf(shape_)};
  }
  bool Chance(int percent) { return dice_.Below(100) < static_cast<std::uint64_t>(percent); }
  std::int64_t Between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(dice_.Below(static_cast<std::uint64_t>(high - low + 1)));
  }
  MemberId AnyMember() { return MemberId(static_cast<std::uint32_t>(dice_.Below(shape_.members))); }
  Side AnySide() { return Chance(50) ? Side::kBuy : Side::kSell; }
  Price AnyPrice(Side side) {
    // Near the middle, at times through it, at times outside the range.
    if (Chance(1)) return Price::FromMinorPerTonne(Between(low_ - 3, high_ + 3));
    std::int64_t distance = 0;
    while (distance < shape_.levels && Chance(70)) ++distance;
    if (Chance(25)) distance = -distance;
    const std::int64_t price = middle_ + (side == Side::kBuy ? -distance : distance);
    return Price::FromMinorPerTonne(std::clamp(price, low_, high_));
  }
  Tonnes AnyQuantity() { return Tonnes(Chance(5) ? Between(0, 400) : Between(1, 30)); }

  void Throw() {
    if (Chance(10)) middle_ = std::clamp(middle_ + Between(-1, 1), low_, high_);
    if (engine_.phase() != BookPhase::kContinuous && Chance(4)) return ChangePhase();
    const std::uint64_t roll = dice_.Below(1'000);
    if (static_cast<int>(roll) < shape_.call_percent * 10) {
      ChangePhase();
    } else if (roll < 550) {
      ThrowOrder();
    } else if (roll < 800) {
      ThrowCancel();
    } else if (roll < 985) {
      ThrowChange();
    } else if (roll < 990) {
      ThrowMany();
    } else if (roll < 994) {
      OpenRange();
    } else if (roll < 997) {
      const auto low = Price::FromMinorPerTonne(middle_ - Between(0, 9));
      const auto high = Price::FromMinorPerTonne(middle_ + Between(0, 9));
      what_ = "collar";
      engine_.SetCollar(low, high);
      reference_.SetCollar(low, high);
    } else {
      what_ = "expire";
      const Date day(static_cast<std::int32_t>(++day_));
      Same(engine_.Expire(day), reference_.Expire(day), "count");
    }
  }

  void ThrowOrder() {
    OrderEntry entry;
    entry.number = ++number_;
    entry.owner = AnyMember();
    entry.side = AnySide();
    entry.limit = AnyPrice(entry.side);
    entry.quantity = AnyQuantity();
    if (Chance(70)) entry.client_id = AnyClientId();
    if (Chance(shape_.special_percent)) MakeSpecial(entry);
    what_ = "order";
    const auto answer = engine_.Place(entry);
    const auto expected = reference_.Place(entry);
    SameAnswer(answer, expected);
    if (answer.ok()) recent_.push_back({entry.owner, answer->order});
    if (recent_.size() > 64) recent_.erase(recent_.begin());
  }
  ClientOrderId AnyClientId() { return ClientOrderId::FromNumber(dice_.Below(400)); }

  void MakeSpecial(OrderEntry& entry) {
    entry.self_trade = static_cast<SelfTradePrevention>(Between(1, 4));
    entry.time_in_force = static_cast<TimeInForce>(Between(1, 5));
    if (entry.time_in_force == TimeInForce::kGoodTillDate) {
      entry.expire = Date(static_cast<std::int32_t>(day_ + Between(0, 4)));
    }
    entry.type = static_cast<OrderType>(Between(1, 4));
    if (entry.type == OrderType::kStop || entry.type == OrderType::kStopLimit) {
      entry.stop = AnyPrice(Opposite(entry.side));
      if (Chance(50)) entry.time_in_force = TimeInForce::kGoodTillCancel, entry.expire = Date(0);
    }
    if (entry.type == OrderType::kMarket || entry.type == OrderType::kStop) entry.limit = Price();
    if (entry.type == OrderType::kLimit && Chance(50)) {
      if (entry.time_in_force == TimeInForce::kDay ||
          entry.time_in_force == TimeInForce::kGoodTillCancel) {
        if (Chance(50)) entry.display = Tonnes(Between(1, 5));
        if (Chance(30)) entry.post_only = true;
      }
      if (Chance(20)) entry.minimum = Tonnes(Between(0, 12));
    }
    if (Chance(2)) entry.post_only = !entry.post_only;  // Contradictions are refused by both.
  }

  struct Known {
    MemberId owner;
    OrderId order;
  };
  Known AnyKnown() {
    if (recent_.empty() || Chance(1)) return {AnyMember(), OrderIdOf(number_ + 1, 3)};
    Known known = recent_[dice_.Below(recent_.size())];
    if (Chance(2)) known.owner = AnyMember();
    return known;
  }

  void ThrowCancel() {
    what_ = "cancel";
    const Known known = AnyKnown();
    Same(engine_.Cancel(known.owner, known.order),
         reference_.Cancel(known.owner, known.order, Departure::kByMember), "found");
  }
  void ThrowChange() {
    what_ = "change";
    const Known known = AnyKnown();
    std::optional<Price> limit;
    std::optional<Tonnes> quantity;
    ClientOrderId client_id;
    if (Chance(60)) limit = AnyPrice(AnySide());
    if (Chance(60)) quantity = AnyQuantity();
    if (Chance(10)) client_id = AnyClientId();
    SameAnswer(engine_.Change(known.owner, known.order, limit, quantity, client_id),
               reference_.Change(known.owner, known.order, limit, quantity, client_id));
  }
  void ThrowMany() {
    what_ = "cancel all";
    std::optional<MemberId> owner;
    std::optional<Side> side;
    if (Chance(90)) owner = AnyMember();
    if (Chance(50)) side = AnySide();
    Same(engine_.CancelAll(owner, side, Departure::kByOperator),
         reference_.CancelAll(owner, side, Departure::kByOperator), "count");
  }

  void OpenRange() {
    what_ = "range";
    low_ = kBase + Between(-10, 10);
    high_ = low_ + shape_.levels - 1;
    middle_ = std::clamp(middle_, low_ + 1, high_ - 1);
    engine_.OpenRange(Price::FromMinorPerTonne(low_), Price::FromMinorPerTonne(high_));
    reference_.OpenRange(Price::FromMinorPerTonne(low_), Price::FromMinorPerTonne(high_));
  }
  void SetPhase(BookPhase phase) {
    what_ = "phase";
    engine_.SetPhase(phase);
    reference_.SetPhase(phase);
  }
  void ChangePhase() {
    if (engine_.phase() == BookPhase::kCall) {
      ClearTheCall();
      if (!counts_.broken.empty()) return;
      SetPhase(Chance(90) ? BookPhase::kContinuous : BookPhase::kHalted);
    } else if (engine_.phase() == BookPhase::kHalted) {
      SetPhase(BookPhase::kCall);
    } else {
      SetPhase(Chance(80) ? BookPhase::kCall : BookPhase::kHalted);
    }
  }
  void ClearTheCall() {
    what_ = "uncross";
    engine_.SetCollar(engine_.lowest(), engine_.highest());
    reference_.SetCollar(engine_.lowest(), engine_.highest());
    while (engine_.IsCrossed() && counts_.broken.empty()) {
      std::vector<CallLevel> bids;
      std::vector<CallLevel> offers;
      engine_.AppendCallLevels(Side::kBuy, bids);
      engine_.AppendCallLevels(Side::kSell, offers);
      const Price reference = Price::FromMinorPerTonne(middle_);
      const CallResult call =
          ClearCall({engine_.at_market(Side::kBuy), bids}, {engine_.at_market(Side::kSell), offers},
                    reference, TickTable::Flat(Price::FromMinorPerTonne(1)));
      engine_.Uncross(call.price);
      reference_.Uncross(call.price);
      ++counts_.uncrossed;
      CheckCall(call);
      Count();
      Compare();
    }
    // Market orders that met nobody.
    engine_.Uncross(engine_.lowest());
    reference_.Uncross(engine_.lowest());
  }
  // Without self-trade prevention in the way, a call trades what was said.
  void CheckCall(const CallResult& call) {
    Tonnes traded;
    bool prevented = false;
    for (const Event& event : engine_.events()) {
      if (event.kind == EventKind::kTraded) traded += event.quantity;
      prevented = prevented || event.why == Departure::kSelfTrade;
    }
    if (!prevented && traded != call.volume) Break("the call traded another volume than it said");
  }

  void Count() {
    if (engine_.events().empty()) return;
    for (const Event& event : engine_.events()) {
      counts_.trades += event.kind == EventKind::kTraded ? 1 : 0;
      counts_.triggered += event.kind == EventKind::kTriggered ? 1 : 0;
      counts_.refreshed += event.kind == EventKind::kRefreshed ? 1 : 0;
    }
  }

  void Break(const std::string& why) {
    if (counts_.broken.empty()) counts_.broken = why;
  }
  template <typename T>
  void Same(const T& a, const T& b, const char* what) {
    if (!(a == b)) Break(std::string(what) + " differs");
  }
  void SameAnswer(const Result<Placed, Refused>& a, const Result<Placed, Refused>& b) {
    if (a.ok() != b.ok()) {
      Break(a.ok() ? "refused by the reference only, for " + std::to_string(int(b.error().why))
                   : "refused by the engine only, for " + std::to_string(int(a.error().why)));
      return;
    }
    if (!a.ok()) {
      ++counts_.refused;
      if (!(a.error() == b.error())) {
        Break("refused for " + std::to_string(int(a.error().why)) + " (" +
              std::to_string(a.error().asked) + ", " + std::to_string(a.error().limit) +
              ") and for " + std::to_string(int(b.error().why)) + " (" +
              std::to_string(b.error().asked) + ", " + std::to_string(b.error().limit) + ")");
      }
      return;
    }
    counts_.interrupted += a->interrupted ? 1U : 0U;
    Same(a->order, b->order, "the order's id");
    Same(a->traded, b->traded, "what traded");
    Same(a->value, b->value, "its value");
    Same(a->open, b->open, "what is open");
    Same(a->interrupted, b->interrupted, "the interruption");
  }

  void Compare() {
    const auto& expected = reference_.events();
    for (std::size_t i = 0; i < std::max(expected.size(), engine_.events().size()); ++i) {
      if (i >= expected.size() || i >= engine_.events().size() ||
          !(engine_.events()[i] == expected[i])) {
        Break("event " + std::to_string(i) + ":\n  engine    " +
              (i < engine_.events().size() ? Text(engine_.events()[i]) : "none") +
              "\n  reference " + (i < expected.size() ? Text(expected[i]) : "none"));
        return;
      }
    }
    Same(engine_.phase(), reference_.phase(), "the phase");
    Same(engine_.StateHash(), reference_.StateHash(), "the hash");
    for (std::uint32_t i = 0; i < shape_.members; ++i) {
      const MemberId member(i);
      const Holding& units = holdings_.at(member, kUnits);
      const Holding& cash = holdings_.at(member, kCash);
      const ReferenceEngine::Purse& purse = reference_.purse(member);
      Same(units.total(), purse.units, "what a member holds");
      Same(units.bought_today, purse.bought_today, "what a member bought");
      Same(cash.total(), purse.cash, "a member's cash");
      Same(units.reserved, reference_.Reserved(member, Side::kSell), "reserved units");
      Same(cash.reserved, reference_.Reserved(member, Side::kBuy), "reserved cash");
    }
  }

  void CheckDeeply() {
    engine_.CheckInvariants();
    holdings_.CheckInvariants();
    std::vector<std::int64_t> units(shape_.members);
    std::vector<std::int64_t> cash(shape_.members);
    engine_.AddReserved(units, cash);
    for (std::uint32_t i = 0; i < shape_.members; ++i) {
      Same(units[i], holdings_.at(MemberId(i), kUnits).reserved, "bound units");
      Same(cash[i], holdings_.at(MemberId(i), kCash).reserved, "bound cash");
    }
    Engine copy(holdings_, TermsOf(shape_));
    copy.OpenRange(engine_.lowest(), engine_.highest());
    copy.SetPhase(BookPhase::kCall);
    engine_.ForEach([&copy](const OrderView& order) { copy.Restore(order); });
    std::vector<OrderView> orders;
    copy.ForEach([&orders](const OrderView& order) { orders.push_back(order); });
    Same(orders, reference_.All(), "a snapshot");
    copy.CheckInvariants();
  }

  const TrialShape shape_;
  TrialDice dice_;
  Holdings holdings_;
  Engine engine_;
  ReferenceEngine reference_;
  std::int64_t low_ = kBase;
  std::int64_t high_ = kBase;
  std::int64_t middle_ = kBase + 20;
  std::int64_t day_ = 0;
  std::uint64_t number_ = 0;
  std::vector<Known> recent_;
  std::string what_;
  TrialCounts counts_;
};

}  // namespace

TrialCounts RunTrial(const TrialShape& shape) { return Trial(shape).Run(); }

TrialShape AnyShape(std::uint64_t number) {
  Prng dice(number);
  const auto one_of = [&dice](std::initializer_list<int> values) {
    return values.begin()[dice.Below(values.size())];
  };
  TrialShape shape;
  shape.seed = number;
  shape.members = static_cast<std::uint32_t>(one_of({1, 2, 3, 8, 20}));
  shape.levels = one_of({3, 6, 15, 40, 200, 5'000});
  shape.orders_max = static_cast<std::uint32_t>(one_of({1, 5, 30, 100, 200}));
  shape.special_percent = one_of({0, 20, 40, 70, 95});
  shape.call_percent = one_of({0, 1, 1, 5, 20});
  shape.with_fees = dice.Below(2) == 0;
  return shape;
}

}  // namespace ets::matching
