// A snapshot: the founding, then the state's parts one behind the other, packed as in the journal,
// then the state hash and a hash of all bytes before it.
#include <cstring>

#include "market/codec.h"
#include "market/impl.h"
#include "market/input_fields.h"

namespace ets::matching {

void Fields(auto& io, market::Is<OrderView> auto& in) {
  io(in.id, in.owner, in.state, in.side, in.type, in.time_in_force, in.self_trade, in.post_only,
     in.limit, in.stop, in.quantity, in.open, in.visible, in.display, in.expire, in.client_id);
}
void Fields(auto& io, market::Is<Holding> auto& in) {
  io(in.available, in.reserved, in.bought_today);
}

}  // namespace ets::matching

namespace ets::market {
namespace {

constexpr std::string_view kMagic = "CCMS";
constexpr std::uint32_t kSnapshotVersion = 2;
constexpr std::size_t kHashSize = sizeof(std::uint64_t);

std::uint64_t HashOfBytes(std::string_view bytes) {
  StateHash hash;
  hash.Add(bytes);
  return hash.value();
}

// A member's holding in a ledger; only those that are not empty.
struct SavedHolding {
  LedgerId ledger;
  MemberId member;
  matching::Holding holding;
};
// What an engine is beside its orders.
struct SavedEngine {
  matching::BookPhase phase{};
  Price lowest, highest, collar_low, collar_high;
  Price last, reach_low, reach_high;
  std::vector<matching::OrderView> orders;
};

}  // namespace

void Fields(auto& io, Is<SavedHolding> auto& in) { io(in.ledger, in.member, in.holding); }
void Fields(auto& io, Is<SavedEngine> auto& in) {
  io(in.phase, in.lowest, in.highest, in.collar_low, in.collar_high, in.last, in.reach_low,
     in.reach_high, in.orders);
}
void Fields(auto& io, Is<Fill> auto& in) {
  io(in.trade_id, in.channel, in.instrument, in.seller, in.buyer, in.price, in.quantity,
     in.seller_fee, in.buyer_fee, in.taker, in.sell_order, in.buy_order);
}
void Fields(auto& io, Is<WithdrawalReady> auto& in) { io(in.member, in.ledger, in.amount, in.to); }
void Fields(auto& io, Is<SettlementMessage> auto& in) { io(in.sequence, in.fills, in.withdrawals); }
void Fields(auto& io, Is<Envelope> auto& in) {
  io(in.step, in.sim_time, in.wall_time, in.source, in.source_id);
}
void Fields(auto& io, Is<InstrumentView> auto& in) {
  io(in.unit_ledger, in.cash_ledger, in.listed, in.session, in.phase, in.phase_until,
     in.previous_close, in.band_low, in.band_high, in.block_band_low, in.block_band_high, in.open,
     in.high, in.low, in.close, in.last, in.auction_price, in.listed_volume, in.block_volume,
     in.auction_volume, in.one_way_volume, in.listed_value, in.block_value, in.auction_value,
     in.one_way_value, in.listed_trades, in.block_trades, in.first_day, in.last_day,
     in.delisting_day, in.holding_limit, in.large_holder_from);
}
void Fields(auto& io, Is<Market::Impl::Member> auto& in) { io(in.escrow, in.holder, in.blocked); }
void Fields(auto& io, Is<Market::Impl::OpenQuote> auto& in) { io(in.id, in.quote, in.reserved); }
void Fields(auto& io, Is<OneWayView::Bid> auto& in) {
  io(in.bid, in.member, in.price, in.quantity);
}
void Fields(auto& io, Is<Market::Impl::OneWayBid> auto& in) { io(in.view, in.reserved); }
void Fields(auto& io, Is<Market::Impl::OpenOneWay> auto& in) {
  io(in.id, in.terms, in.reserved, in.bids);
}

// Everything that is plain data, one way or the other.
void Market::Impl::PlainFields(auto& io, auto& in) {
  io(in.members, in.block_quotes, in.one_ways, in.session_open, in.session_date, in.had_session,
     in.now, in.next_order, in.next_trade, in.next_offer, in.orders_accepted, in.bids_accepted,
     in.sequence, in.positions_sequence, in.settlement_sequence, in.fills, in.withdrawals,
     in.taken_before, in.last_envelope, in.reports_holders);
}

namespace {

void SaveInstrument(const Market::Impl::Instrument& instrument, Writer& write) {
  const matching::Engine& engine = instrument.engine;
  const matching::Engine::TradeMarks marks = engine.trade_marks();
  SavedEngine saved{engine.phase(),      engine.lowest(),      engine.highest(),
                    engine.collar_low(), engine.collar_high(), marks.last,
                    marks.reach_low,     marks.reach_high,     {}};
  engine.ForEach([&saved](const matching::OrderView& order) { saved.orders.push_back(order); });
  std::vector<MemberId> large;
  for (std::size_t i = 0; i < instrument.is_large.size(); ++i) {
    if (instrument.is_large[i]) large.emplace_back(static_cast<std::uint32_t>(i));
  }
  write(instrument.view, instrument.in_session, instrument.halted, instrument.prolonged,
        instrument.closing_price, instrument.own_limits, large, saved);
}

}  // namespace

void Market::Impl::Save(std::string& out) const {
  const std::size_t begin = out.size();
  out.append(kMagic);
  ByteWriter bytes(out);
  Writer write(out);
  bytes.Put(kSnapshotVersion);
  std::string founded;
  EncodeFounding(founding, founded);
  bytes.PutText(founded);
  PlainFields(write, *this);
  bytes.Put(admissions.value());
  std::vector<SavedHolding> held;
  for (std::uint16_t l = 0; l < holdings.ledger_count_max(); ++l) {
    if (holdings.total(LedgerId(l)) == 0) continue;
    const std::span<const matching::Holding> rows = holdings.all(LedgerId(l));
    for (std::uint32_t m = 0; m < rows.size(); ++m) {
      if (rows[m].total() > 0) held.push_back({LedgerId(l), MemberId(m), rows[m]});
    }
  }
  write(held);
  bytes.Put(static_cast<std::uint16_t>(instruments.size()));
  for (const auto& instrument : instruments) SaveInstrument(*instrument, write);
  std::vector<std::pair<std::pair<LedgerId, MemberId>, std::int64_t>> fees;
  for (const auto& [ledger, member] : fees_due.Sorted()) {
    fees.emplace_back(std::pair(ledger, member), fees_due.at(member, ledger));
  }
  write(fees);
  answers.Save(bytes);
  SaveAuctions(bytes);
  SaveCalendars(bytes);
  bytes.Put(StateHash());
  bytes.Put(HashOfBytes(std::string_view(out).substr(begin)));
}

// Into a market that was just founded by the same rules.
std::string Market::Impl::LoadState(ByteReader& bytes) {
  Reader read(bytes);
  PlainFields(read, *this);
  admissions = ets::StateHash::From(bytes.Get<std::uint64_t>());
  std::vector<SavedHolding> held;
  read(held);
  if (!read.ok()) return "the members cannot be decoded";
  for (std::size_t i = 0; i < members.size(); ++i) holdings.AddMember();
  for (const SavedHolding& one : held) {
    const matching::Holding& row = one.holding;
    if (!Has(one.member) || !Has(one.ledger) || row.available < 0 || row.reserved < 0 ||
        row.bought_today < 0 || holdings.at(one.member, one.ledger).total() != 0) {
      return "a holding makes no sense";
    }
    holdings.Restore(one.member, one.ledger, row);
  }
  const auto count = bytes.Get<std::uint16_t>();
  for (std::uint16_t i = 0; i < count && read.ok(); ++i) {
    if (!LoadInstrument(read)) return "instrument " + std::to_string(i) + " makes no sense";
  }
  std::vector<std::pair<std::pair<LedgerId, MemberId>, std::int64_t>> fees;
  read(fees);
  for (const auto& [where, fee] : fees) {
    if (!Has(where.first) || !Has(where.second)) return "a fee makes no sense";
    fees_due.Add(where.second, where.first, Money::FromMinor(fee));
  }
  if (!read.ok() || !answers.Load(bytes) || !LoadAuctions(bytes) || !LoadCalendars(bytes) ||
      !bytes.ok()) {
    return "the answers, auctions or calendars cannot be decoded";
  }
  return "";
}

bool Market::Impl::LoadInstrument(Reader& read) {
  InstrumentView view;
  bool in_session = false, halted = false, prolonged = false;
  std::optional<Price> closing_price;
  std::vector<std::pair<MemberId, Tonnes>> own_limits;
  std::vector<MemberId> large;
  SavedEngine saved;
  read(view, in_session, halted, prolonged, closing_price, own_limits, large, saved);
  if (!read.ok() || !Has(view.unit_ledger) || !Has(view.cash_ledger) ||
      view.session >= founding.rules.sessions.size()) {
    return false;
  }
  Instrument& instrument =
      *instruments.emplace_back(std::make_unique<Instrument>(holdings, EngineTermsOf(view)));
  instrument.view = view;
  instrument.in_session = in_session;
  instrument.halted = halted;
  instrument.prolonged = prolonged;
  instrument.closing_price = closing_price;
  instrument.own_limits = std::move(own_limits);
  for (const MemberId member : large) {
    if (!Has(member)) return false;
    instrument.is_large.resize(members.size());
    instrument.is_large[member.raw()] = true;
  }
  if (in_session) instrument.schedule.emplace(TypeOf(view), session_date, founding.rules.zone);
  matching::Engine& engine = instrument.engine;
  if (saved.lowest <= saved.highest) {
    if (saved.lowest <= Price() || saved.highest > kPriceMax) return false;
    engine.OpenRange(saved.lowest, saved.highest);
  } else if (!saved.orders.empty()) {
    return false;
  }
  engine.SetPhase(saved.phase);
  engine.SetCollar(saved.collar_low, saved.collar_high);
  engine.RestoreTrades({saved.last, saved.reach_low, saved.reach_high});
  for (const matching::OrderView& order : saved.orders) {
    const bool waits = order.state == matching::OrderState::kStopped;
    const Price at = waits ? order.stop : order.limit;
    if (!Has(order.owner) || order.visible <= Tonnes(0) || order.open < order.visible ||
        order.quantity < order.open || at < saved.lowest || at > saved.highest ||
        engine.IsLive(order.id)) {
      return false;
    }
    engine.Restore(order);
  }
  return true;
}

void Market::Save(std::string& out) const { impl_->Save(out); }

Result<std::unique_ptr<Market>, std::string> Market::Load(std::string_view bytes, Journal* journal,
                                                          Listener* listener) {
  const auto wrong = [](const std::string& what) {
    return Fail{"the snapshot of an exchange: " + what};
  };
  if (!bytes.starts_with(kMagic) || bytes.size() < kMagic.size() + kHashSize) {
    return wrong("it is none");
  }
  const std::string_view hashed = bytes.substr(0, bytes.size() - kHashSize);
  ByteReader trailer(bytes.substr(hashed.size()));
  if (trailer.Get<std::uint64_t>() != HashOfBytes(hashed)) return wrong("bytes have changed");
  ByteReader in(hashed.substr(kMagic.size()));
  if (const auto version = in.Get<std::uint32_t>(); version != kSnapshotVersion) {
    return wrong("version " + std::to_string(version) + ", allowed is " +
                 std::to_string(kSnapshotVersion));
  }
  const auto founding = DecodeFounding(in.GetText());
  if (!founding.ok()) return wrong(founding.error());
  auto market =
      std::make_unique<Market>(founding->rules, founding->ledger_count_max, nullptr, nullptr);
  if (const std::string no = market->impl_->LoadState(in); !no.empty()) return wrong(no);
  if (in.Get<std::uint64_t>() != market->StateHash() || !in.ok() || !in.empty()) {
    return wrong("its state hash differs");
  }
  market->impl_->journal = journal;
  market->impl_->listener = listener;
  return market;
}

}  // namespace ets::market
