#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "server/live_registry.h"

namespace ets::server {

inline const Patience kForever{std::chrono::system_clock::time_point::max(), {}};
inline Patience For(std::chrono::milliseconds time) {
  return {std::chrono::system_clock::now() + time, {}};
}

// The id of a request, by number.
inline registry::RequestKey Key(std::uint64_t number, std::uint64_t digest = 1) {
  registry::RequestKey key;
  for (std::size_t i = 0; i < 8; ++i) key.id[i] = static_cast<char>(number >> (8 * i));
  key.digest = digest;
  return key;
}

// A live registry in a folder of the test's own, with a manual clock, a bank, two holders with
// escrow, and one ledger of money.
class LiveTest : public ::testing::Test {
 protected:
  static constexpr SimTime kStart = SimTime{1'772'409'600} * kMicrosPerSecond;  // 2 March 2026.

  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "capclear-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    data_ = name;
    options_.data = data_;
    options_.clock.kind = ClockOptions::Kind::kManual;
    options_.clock.start = kStart;
  }
  void TearDown() override {
    live_.reset();
    std::filesystem::remove_all(data_);
  }

  void Start() {
    auto opened = LiveRegistry::Open(options_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    live_ = std::move(opened.value());
  }
  void Restart() {
    live_.reset();
    Start();
  }
  void StartWithAccounts() {
    Start();
    if (::testing::Test::HasFatalFailure()) return;
    bank_ = Account(registry::AccountKind::kBank, 0);
    holder_ = Account(registry::AccountKind::kHolder, 1);
    escrow_ = Account(registry::AccountKind::kEscrow, 1);
    other_ = Account(registry::AccountKind::kHolder, 2);
    cny_ = LedgerId(static_cast<std::uint16_t>(
        Do(registry::OpenLedger{Unit::Cash(Currency::kCny), 0}).receipt.id));
    ASSERT_EQ(Do(registry::Issue{holder_, cny_, 1'000, registry::TransferCode::kLoan}).kind,
              Answer::Kind::kApplied);
  }

  AccountId Account(registry::AccountKind kind, std::uint32_t entity) {
    return AccountId(Do(registry::OpenAccount{kind, entity}).receipt.id);
  }
  static Submission Of(const registry::Command& command,
                       std::optional<registry::RequestKey> request = {}) {
    Submission submission;
    submission.command = command;
    submission.source = SourceKind::kAuthority;
    submission.request = request;
    return submission;
  }
  Answer Do(const registry::Command& command, std::optional<registry::RequestKey> request = {}) {
    return live_->SubmitAndWait(Of(command, request));
  }
  registry::Command Pay(std::int64_t amount) const {
    return registry::MakeTransfer{
        {holder_, other_, cny_, amount, registry::TransferCode::kOther, 0, 0}};
  }
  std::int64_t BalanceOf(AccountId account) {
    std::int64_t amount = 0;
    const auto failed =
        live_->Read(kForever, [&](const registry::Registry& state, const StatePoint&) {
          amount = state.balance(account, cny_);
        });
    EXPECT_FALSE(failed);
    return amount;
  }

  std::string data_;
  LiveOptions options_;
  std::unique_ptr<LiveRegistry> live_;
  AccountId bank_, holder_, escrow_, other_;
  LedgerId cny_;
};

}  // namespace ets::server
