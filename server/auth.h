#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "registry/registry.h"
#include "server/live_registry.h"

namespace ets::server {

// Who is asking. Number 0 is the server's own operator: whoever holds the bootstrap token, and
// everybody on a server that was started without authentication. It may do everything.
struct Caller {
  std::uint32_t principal = 0;
  registry::Role role = registry::Role::kRegistryAdmin;
  bool is_operator = false;
  // People are limited in how much they may ask; systems are not.
  bool is_person() const { return !is_operator && role != registry::Role::kExchange; }
};

// How callers are told apart.
struct AuthOptions {
  bool required = true;  // False: everybody is the operator. For one's own machine.
  // SHA-256 of the operator's token; zeros: there is none.
  std::array<char, 32> operator_hash{};
};

std::array<char, 32> HashOfToken(std::string_view token);
// 32 bytes of the machine's randomness in hex: a new token.
std::string NewToken();
// Reads a token file, or makes one with a new token, readable by its owner only. Fails when others
// may read it.
Result<std::string, std::string> TokenFromFile(const std::string& path, bool& is_new);
// Takes the same time wherever two hashes differ.
bool EqualInConstantTime(const std::array<char, 32>& a, const std::array<char, 32>& b);

// Who is behind "Bearer TOKEN", or behind the subject common name of a verified client certificate
// ("principals/4"). Empty: nobody that is known.
std::optional<Caller> Authenticate(const AuthOptions& options, const LiveRegistry& live,
                                   std::string_view authorization,
                                   std::string_view certificate_name);

// ---- What a caller may do; asked on the sequencer's thread of the state that counts. ----

// Of the role alone. The operator has every role.
bool HasRole(const Caller& caller, std::initializer_list<registry::Role> roles);
// May see an account, its holdings and its transfers: by role (authority, admin, regulator,
// auditor; the exchange: escrow and its holders) or by grant.
bool MayRead(const registry::Registry& registry, const Caller& caller, AccountId account);
bool MayReadAll(const Caller& caller);
// Of the grants: representatives act on their accounts only.
bool MayInitiate(const registry::Registry& registry, const Caller& caller, AccountId account);
bool MayApprove(const registry::Registry& registry, const Caller& caller, AccountId account);

// Whether a role may give a command at all, and what it must hold on the command's account. One row
// a command, walked by the tests and printed in server/README.md.
bool MayCommand(const registry::Registry& registry, const Caller& caller,
                const registry::Command& command);

}  // namespace ets::server
