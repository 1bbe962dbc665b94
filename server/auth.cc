#include "server/auth.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/assert.h"
#include "store/batch.h"

namespace ets::server {
namespace {

constexpr std::size_t kTokenBytes = 32;
constexpr std::size_t kTokenTextMax = 1'024;
constexpr std::string_view kBearer = "Bearer ";
constexpr std::string_view kPrincipals = "principals/";

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
    text.remove_suffix(1);
  }
  return text;
}

// A file of this process for as long as it is looked at.
class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

std::string Problem(const std::string& path) { return path + ": " + std::strerror(errno); }

Result<std::string, std::string> WriteTokenFile(const std::string& path) {
  const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  const std::string token = NewToken();
  const std::string line = token + "\n";
  if (file.get() < 0 ||
      ::write(file.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    return Fail{Problem(path)};
  }
  return token;
}

Caller CallerOf(const registry::PrincipalView& principal) {
  return {principal.principal, principal.role, false};
}

}  // namespace

std::array<char, 32> HashOfToken(std::string_view token) { return store::Sha256(token); }

std::string NewToken() {
  std::array<unsigned char, kTokenBytes> bytes{};
  const int is_filled = RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  ETS_ASSERT(is_filled == 1);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

Result<std::string, std::string> TokenFromFile(const std::string& path, bool& is_new) {
  is_new = false;
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    if (errno != ENOENT) return Fail{Problem(path)};
    is_new = true;
    return WriteTokenFile(path);
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return Fail{Problem(path)};
  if ((status.st_mode & 077U) != 0) {
    return Fail{path + ": others may read it; allowed: a file of mode 0600"};
  }
  char text[kTokenTextMax];
  const ssize_t size = ::read(file.get(), text, sizeof text);
  if (size < 0) return Fail{Problem(path)};
  const std::string token(Trimmed({text, static_cast<std::size_t>(size)}));
  if (token.size() < 16) return Fail{path + ": allowed: a token of at least 16 characters"};
  return token;
}

bool EqualInConstantTime(const std::array<char, 32>& a, const std::array<char, 32>& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::optional<Caller> Authenticate(const AuthOptions& options, const LiveRegistry& live,
                                   std::string_view authorization,
                                   std::string_view certificate_name) {
  constexpr Caller kOperator{0, registry::Role::kRegistryAdmin, true};
  if (!options.required) return kOperator;
  if (authorization.starts_with(kBearer)) {
    const auto hash = HashOfToken(Trimmed(authorization.substr(kBearer.size())));
    const bool is_operator = EqualInConstantTime(options.operator_hash, hash) &&
                             options.operator_hash != std::array<char, 32>{};
    const auto principal = live.FindByToken(hash);
    if (is_operator) return kOperator;
    if (principal) return CallerOf(*principal);
    return std::nullopt;
  }
  if (!certificate_name.starts_with(kPrincipals)) return std::nullopt;
  const std::string_view digits = certificate_name.substr(kPrincipals.size());
  std::uint32_t number = 0;
  const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (wrong != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  const auto principal = live.FindPrincipal(number);
  if (!principal || !principal->active) return std::nullopt;
  return CallerOf(*principal);
}

}  // namespace ets::server
