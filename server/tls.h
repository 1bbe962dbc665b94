#pragma once

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string>

#include "base/result.h"

namespace ets::server {

// PEM files; empty: not given.
struct TlsFiles {
  std::string cert;  // This end's certificate chain, and its key.
  std::string key;
  // Of a server: the authority that signs its clients' certificates; a client that shows one is
  // then known by its common name, "principals/4". Of a client: the one that signed the server's.
  std::string ca;

  bool empty() const { return cert.empty() && key.empty() && ca.empty(); }
};

// Plain text without files. Or what is wrong with them.
Result<std::shared_ptr<grpc::ServerCredentials>, std::string> ServerCredentials(
    const TlsFiles& files);
// With neither a file nor `use_tls`: plain text.
Result<std::shared_ptr<grpc::ChannelCredentials>, std::string> ChannelCredentials(
    const TlsFiles& files, bool use_tls);

// Whether HOST:PORT is reached from this machine only.
bool IsLoopback(const std::string& listen);

}  // namespace ets::server
