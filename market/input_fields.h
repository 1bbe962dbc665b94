#pragma once

#include "market/packing.h"

namespace ets::market {

// ---- The fields of every input, in the order of their declaration. ----

void Fields(auto& io, Is<SessionType> auto& in) {
  io(in.name, in.mechanism, in.hours, in.opening_call, in.closing_call, in.volatility_call,
     in.band_bp, in.static_range_bp, in.dynamic_range_bp, in.lot, in.quantity_from,
     in.quantity_below, in.quantity_max, in.open_orders_max, in.ticks.rows, in.visible_levels,
     in.resale_next_day, in.close, in.fees.maker.bp, in.fees.taker.bp, in.fees.maker.per_tonne,
     in.fees.taker.per_tonne);
}
void Fields(auto& io, Is<Founding> auto& in) {
  io(in.rules.sessions, in.rules.zone.offset_minutes, in.rules.zone.daylight_saving,
     in.rules.fee_account, in.rules.bids_per_bidder_max, in.ledger_count_max);
  io.Tail(in.rules.closed_days, in.rules.holding_limit, in.rules.large_holder_from);
}
void Fields(auto& io, Is<AdmitMember> auto& in) { io(in.escrow, in.holder); }
void Fields(auto& io, Is<BlockMember> auto& in) { io(in.member, in.blocked); }
void Fields(auto& io, Is<ListInstrument> auto& in) {
  io(in.unit_ledger, in.cash_ledger, in.reference, in.session, in.first_day, in.last_day,
     in.delisting_day, in.holding_limit, in.large_holder_from);
}
void Fields(auto& io, Is<DelistInstrument> auto& in) { io(in.instrument); }
void Fields(auto& io, Is<SetHoldingLimit> auto& in) { io(in.member, in.instrument, in.limit); }
void Fields(auto& io, Is<Position> auto& in) { io(in.sequence, in.member, in.ledger, in.amount); }
void Fields(auto& io, Is<Withdraw> auto& in) { io(in.member, in.ledger, in.amount); }
void Fields(auto& io, Is<DropLedger> auto& in) { io(in.ledger); }
void Fields(auto& io, Is<AdvanceTo> auto& in) { io(in.sim_time); }
void Fields(auto& io, Is<OpenSession> auto& in) { io(in.date); }
void Fields(auto&, Is<CloseSession> auto&) {}
void Fields(auto& io, Is<DayClosed> auto& in) {
  io(in.date, in.settlement_sequence, in.registry_state_hash, in.market_state_hash);
}
void Fields(auto& io, Is<HaltTrading> auto& in) { io(in.instrument, in.cancel_orders); }
void Fields(auto& io, Is<ResumeTrading> auto& in) { io(in.instrument); }
void Fields(auto& io, Is<SetPhase> auto& in) { io(in.instrument, in.phase); }
void Fields(auto& io, Is<PlaceOrder> auto& in) {
  io(in.member, in.instrument, in.side, in.time_in_force, in.limit, in.quantity, in.type,
     in.self_trade);
  io.Rare(in.post_only, in.stop, in.display, in.minimum, in.expire, in.client_id);
}
void Fields(auto& io, Is<CancelOrder> auto& in) {
  io(in.member, in.instrument);
  io.Rare(in.order, in.client_id);
}
void Fields(auto& io, Is<ChangeOrder> auto& in) {
  io(in.member, in.instrument, in.order, in.client_id, in.limit, in.quantity, in.new_client_id);
}
void Fields(auto& io, Is<CancelOrders> auto& in) { io(in.member, in.instrument, in.side); }
void Fields(auto& io, Is<QuoteBlock> auto& in) {
  io(in.member, in.instrument, in.side, in.price, in.quantity, in.counterparty);
}
void Fields(auto& io, Is<ConfirmBlock> auto& in) { io(in.member, in.offer); }
void Fields(auto& io, Is<CancelBlock> auto& in) { io(in.member, in.offer); }
void Fields(auto& io, Is<TradeBlock> auto& in) {
  io(in.seller, in.buyer, in.instrument, in.price, in.quantity);
}
void Fields(auto& io, Is<AnnounceOneWay> auto& in) {
  io(in.applicant, in.instrument, in.side, in.price, in.quantity, in.bid_from, in.sell_from,
     in.pricing, in.opens, in.closes);
}
void Fields(auto& io, Is<BidOneWay> auto& in) {
  io(in.member, in.announcement, in.price, in.quantity);
}
void Fields(auto& io, Is<WithdrawOneWay> auto& in) { io(in.member, in.announcement, in.bid); }
void Fields(auto& io, Is<OpenAuction> auto& in) {
  io(in.auctioneer, in.instrument, in.terms, in.pay_day);
  io.Tail(in.opens, in.closes);
}
void Fields(auto& io, Is<ChangeBid> auto& in) {
  io(in.member, in.bid, in.price, in.quantity);
  io.Tail(in.auction);
}
void Fields(auto& io, Is<WithdrawBid> auto& in) {
  io(in.member, in.bid);
  io.Tail(in.auction);
}
void Fields(auto& io, Is<PayAuction> auto& in) { io(in.auction); }
void Fields(auto& io, Is<SubmitBid> auto& in) {
  io(in.member, in.price, in.quantity);
  io.Tail(in.client_id, in.auction);
}
void Fields(auto& io, Is<SubmitBids::Step> auto& in) { io(in.price, in.quantity); }
void Fields(auto& io, Is<SubmitBids> auto& in) {
  io(in.member, in.bids);
  io.Tail(in.client_id, in.auction);
}
void Fields(auto&, Is<CloseAuction> auto&) {}
void Fields(auto& io, Is<CalendarRow> auto& in) { io(in.date, in.first_volume, in.volume); }
void Fields(auto& io, Is<SetAuctionCalendar> auto& in) {
  io(in.name, in.auctioneer, in.instrument, in.terms, in.opens, in.closes, in.pay_days, in.as_of,
     in.why, in.auctions);
}

}  // namespace ets::market
