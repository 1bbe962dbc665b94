#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "scheme/authority.h"

namespace ets::scheme {

using registry::TransferCode;

// A scheme of a few firms whose days pass one by one. Nothing it commands may ever be refused.
class AuthorityTest : public ::testing::Test {
 protected:
  AuthorityTest() {
    book_.calendar = TradingCalendar({Date::Of(2027, 2, 6), Date::Of(2028, 1, 26)});
    book_.first_vintage = 2024;
    book_.last_vintage = 2030;
    book_.auction_format = *auction::FindFormat("cn-weekly");
    book_.legacy_expiry = Date::Of(2026, 6, 30);
    for (int year = 2027; year <= 2030; ++year) {
      book_.auction_reserve[year] = Price::FromMinorPerTonne(60'00);
      book_.containment_trigger[year] = Price::FromMinorPerTonne(150'00);
    }
  }
  void TearDown() override {
    if (authority_ == nullptr) return;
    EXPECT_EQ(authority_->refused(), 0U);
    registry_.CheckInvariants();
  }

  // A sector under one rule from `first_vintage` on.
  std::size_t AddSector(const char* rule, int first_vintage = 2025) {
    SectorBook sector;
    sector.name = "sector" + std::to_string(book_.sectors.size());
    sector.first_vintage = first_vintage;
    for (int vintage = first_vintage; vintage <= book_.last_vintage; ++vintage) {
      VintageBook rules;
      rules.rule = policy::FindRule(rule);
      rules.dates = {Date::Of(vintage + 1, 4, 10), Date::Of(vintage + 1, 3, 31),
                     Date::Of(vintage + 1, 6, 30), Date::Of(vintage + 1, 9, 30),
                     Date::Of(vintage + 1, 12, 31)};
      if (rules.rule->capped) rules.dates.pre_allocation = Date::Of(vintage, 4, 30);
      sector.vintages.emplace(vintage, rules);
    }
    book_.sectors.push_back(sector);
    book_.carry_over_base.push_back(Tonnes(10'000));
    return book_.sectors.size() - 1;
  }
  VintageBook& rules(std::size_t sector, int vintage) {
    return book_.sectors[sector].vintages.at(vintage);
  }
  void Cap(std::size_t sector, int vintage, std::int64_t cap, double paid) {
    rules(sector, vintage).cap = Tonnes(cap);
    rules(sector, vintage).paid_share = paid;
    rules(sector, vintage).reserve_share = 0.02;
  }

  void Start() {
    authority_ = std::make_unique<Authority>(
        book_, registry_,
        [this](const registry::Command& command) { return registry_.Apply({}, command); });
  }
  FirmId AddFirm(std::size_t sector, double emissions, double output = 1) {
    const FirmId firm(static_cast<std::uint32_t>(holders_.size()));
    const AccountId holder(
        registry_.Apply({}, registry::OpenAccount{registry::AccountKind::kHolder, firm.raw()})->id);
    holders_.push_back(holder);
    authority_->Enrol(firm, sector, holder, Did(emissions, output));
    return firm;
  }
  static policy::Activity Did(double emissions, double output = 1) {
    policy::Activity activity;
    activity.output = output;
    activity.emissions = activity.process_emissions = emissions;
    return activity;
  }

  // Every day from the last one lived to `date`, both with their morning and evening.
  void LiveTo(Date date, Price month_price = Price::FromMinorPerTonne(80'00)) {
    for (; today_ <= date; today_ = today_ + 1) {
      authority_->Morning(today_);
      if (today_.day() == 1 && month_mean_) authority_->MonthEnded(today_, month_mean_(today_ - 1));
      for (const PlannedAuction& planned : authority_->Auctions(today_, close_)) Hold(planned);
      authority_->Evening(today_, month_price);
    }
  }
  // What the market does with an auction: by default sells all of it for CNY 100.
  void Hold(const PlannedAuction& planned) {
    held_.push_back(planned);
    const double part = sold_share_ ? sold_share_(held_.size()) : 1;
    auction::Clearing clearing;
    clearing.supply = planned.volume;
    clearing.sold =
        Tonnes(static_cast<std::int64_t>(part * static_cast<double>(planned.volume.count())) /
               1000 * 1000);
    clearing.unsold = planned.volume - clearing.sold;
    clearing.price = price_;
    if (clears_) clears_(planned, clearing);
    if (clearing.sold > Tonnes()) {
      ASSERT_TRUE(
          registry_
              .Apply({},
                     registry::MakeTransfer{{authority_->accounts().auction_stock, holders_[0],
                                             authority_->Ledger(planned.vintage),
                                             clearing.sold.count(), TransferCode::kAuctionAward}})
              .ok());
    }
    authority_->AuctionHeld(planned, clearing);
  }
  void Give(FirmId from, FirmId to, int vintage, std::int64_t amount) {
    ASSERT_TRUE(registry_
                    .Apply({}, registry::MakeTransfer{{holders_[from.raw()], holders_[to.raw()],
                                                       authority_->Ledger(vintage), amount,
                                                       TransferCode::kOther}})
                    .ok());
  }

  std::int64_t Holds(FirmId firm, int vintage) {
    return registry_.balance(holders_[firm.raw()], authority_->Ledger(vintage));
  }
  std::int64_t In(AccountId account, int vintage) {
    return registry_.balance(account, authority_->Ledger(vintage));
  }
  const SystemAccounts& accounts() const { return authority_->accounts(); }

  Rulebook book_;
  registry::Registry registry_{*registry::FindProfile("sim"), nullptr};
  std::unique_ptr<Authority> authority_;
  std::vector<AccountId> holders_;
  Date today_ = Date::Of(2026, 1, 1);
  std::vector<PlannedAuction> held_;
  std::function<double(std::size_t)> sold_share_;  // By the number of the auction, from 1.
  Price price_ = Price::FromMinorPerTonne(100'00);
  Price close_;
  std::function<Price(Date)> month_mean_;  // Of the month that a day is in; none: nobody tells.
  // Changes what an auction came to.
  std::function<void(const PlannedAuction&, auction::Clearing&)> clears_;
};

}  // namespace ets::scheme
