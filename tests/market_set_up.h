#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>

#include "ets/market/v1/market_service.grpc.pb.h"
#include "ets/registry/v1/account_service.grpc.pb.h"
#include "ets/registry/v1/transfer_service.grpc.pb.h"
#include "ets/registry/v1/unit_service.grpc.pb.h"
#include "tests/serve_process.h"

// What a served registry with an exchange begins with, through its services: an open session of
// CEA26-CNY around 70.00 on 2 March 2026, and members that hold units and money in their escrow.
namespace ets {

namespace mk = ::ets::market::v1;
namespace rg = ::ets::registry::v1;

inline constexpr const char* kMarketInstrument = "instruments/CEA26-CNY";
inline constexpr std::int64_t kMarketUnits = 1'000'000;       // Of each member; tonnes.
inline constexpr std::int64_t kMarketCash = 100'000'000'000;  // Of each member; fen.

// The escrow account of member `index`, from 0.
inline int EscrowOfMember(int index) { return 4 + 2 * index; }

inline void Must(const grpc::Status& status) {
  if (status.ok()) return;
  std::cerr << status.error_message() << "\n";
  std::abort();
}

inline void SetUpMarket(const std::shared_ptr<grpc::Channel>& channel, int members) {
  std::uint64_t last_id = 0;
  const auto next_id = [&last_id] { return Uuid(9, ++last_id); };
  const auto market = mk::MarketService::NewStub(channel);
  const auto accounts = rg::AccountService::NewStub(channel);
  const auto units = rg::UnitService::NewStub(channel);
  const auto transfers = rg::TransferService::NewStub(channel);
  const auto open = [&](rg::AccountKind kind, int firm) {
    rg::CreateAccountRequest request;
    request.set_request_id(next_id());
    request.set_kind(kind);
    if (firm != 0) request.set_entity(static_cast<std::uint32_t>(firm));
    rg::CreateAccountResponse response;
    Must(Call(*accounts, &rg::AccountService::Stub::CreateAccount, request, response));
  };
  const auto issue = [&](int to, const char* unit, std::int64_t amount, rg::TransferCode code) {
    rg::IssueAllowancesRequest request;
    request.set_request_id(next_id());
    request.mutable_draft()->set_account("accounts/" + std::to_string(to));
    request.mutable_draft()->set_unit(unit);
    request.mutable_draft()->set_amount(amount);
    request.mutable_draft()->set_code(code);
    rg::IssueAllowancesResponse response;
    Must(Call(*units, &rg::UnitService::Stub::IssueAllowances, request, response));
  };
  const auto move = [&](int from, int to, const char* unit, std::int64_t amount,
                        rg::TransferCode code) {
    rg::CreateTransferRequest request;
    request.set_request_id(next_id());
    request.mutable_transfer()->set_debit("accounts/" + std::to_string(from));
    request.mutable_transfer()->set_credit("accounts/" + std::to_string(to));
    request.mutable_transfer()->set_unit(unit);
    request.mutable_transfer()->set_amount(amount);
    request.mutable_transfer()->set_code(code);
    rg::CreateTransferResponse response;
    Must(Call(*transfers, &rg::TransferService::Stub::CreateTransfer, request, response));
  };
  open(rg::ACCOUNT_KIND_ISSUANCE, 0);
  open(rg::ACCOUNT_KIND_BANK, 0);
  open(rg::ACCOUNT_KIND_ALLOCATION, 0);
  for (int i = 0; i < members; ++i) {
    open(rg::ACCOUNT_KIND_HOLDER, i + 1);
    open(rg::ACCOUNT_KIND_ESCROW, i + 1);
  }
  for (const char* const unit : {"CEA26", "CNY"}) {
    rg::OpenLedgerRequest request;
    request.set_request_id(next_id());
    request.set_unit(unit);
    rg::OpenLedgerResponse response;
    Must(Call(*units, &rg::UnitService::Stub::OpenLedger, request, response));
  }
  issue(2, "CEA26", kMarketUnits * members, rg::TRANSFER_CODE_ISSUE);
  for (int i = 0; i < members; ++i) {
    const int escrow = EscrowOfMember(i), holder = escrow - 1;
    issue(holder, "CNY", kMarketCash, rg::TRANSFER_CODE_LOAN);
    move(2, holder, "CEA26", kMarketUnits, rg::TRANSFER_CODE_OTHER);
    move(holder, escrow, "CNY", kMarketCash, rg::TRANSFER_CODE_DEPOSIT);
    move(holder, escrow, "CEA26", kMarketUnits, rg::TRANSFER_CODE_DEPOSIT);
  }
  mk::GetStatusResponse status;
  do {
    Must(Call(*market, &mk::MarketService::Stub::GetStatus, mk::GetStatusRequest(), status));
  } while (status.members() < static_cast<std::uint32_t>(members));
  mk::ListInstrumentRequest list;
  list.set_unit("CEA26");
  list.set_cash_unit("CNY");
  list.set_reference_price(7'000);
  mk::ListInstrumentResponse listed;
  Must(Call(*market, &mk::MarketService::Stub::ListInstrument, list, listed));
  mk::OpenSessionRequest session;
  session.set_date("2026-03-02");
  mk::OpenSessionResponse opened;
  Must(Call(*market, &mk::MarketService::Stub::OpenSession, session, opened));
}

}  // namespace ets
