#pragma once

#include <grpcpp/support/status.h>

#include <optional>
#include <vector>

#include "registry/registry.h"
#include "server/auth.h"

// What a caller is told about what it may not do or see. What it may not know of looks exactly as
// if it were not there.
namespace ets::server {

// The account that a command draws on or changes, if it is one.
std::optional<AccountId> SubjectOf(const registry::Command& command);

bool MaySee(const registry::Registry& state, const Caller& caller,
            const registry::Transfer& transfer);
bool MaySee(const registry::Registry& state, const Caller& caller, const registry::TaskView& task);

grpc::Status AccountNotFound(AccountId account);
grpc::Status LedgerNotFound(Unit unit);
// One of these; the first eight are named.
grpc::Status LedgersNotFound(const std::vector<Unit>& units);
grpc::Status EntityNotFound(std::uint32_t entity);
grpc::Status TaskNotFound(std::uint32_t task);
grpc::Status PendingNotFound(std::uint32_t pending);

// By the role alone.
grpc::Status RoleRequired(const Caller& caller);
// Why MayCommand() said no in this state.
grpc::Status Forbidden(const registry::Registry& state, const Caller& caller,
                       const registry::Command& command);

}  // namespace ets::server
