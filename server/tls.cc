#include "server/tls.h"

#include <fstream>
#include <sstream>

namespace ets::server {
namespace {

Result<std::string, std::string> Contents(const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file || text.str().empty()) return Fail{path + ": cannot be read; allowed: a PEM file"};
  return text.str();
}

struct Pem {
  std::string cert, key, ca;
};

Result<Pem, std::string> Load(const TlsFiles& files) {
  Pem pem;
  for (const auto& [path, into] :
       {std::pair(&files.cert, &pem.cert), {&files.key, &pem.key}, {&files.ca, &pem.ca}}) {
    const auto text = Contents(*path);
    if (!text.ok()) return Fail{text.error()};
    *into = *text;
  }
  if (pem.cert.empty() != pem.key.empty()) {
    return Fail{std::string("a certificate needs its key, and a key its certificate")};
  }
  return pem;
}

}  // namespace

Result<std::shared_ptr<grpc::ServerCredentials>, std::string> ServerCredentials(
    const TlsFiles& files) {
  if (files.empty()) return grpc::InsecureServerCredentials();
  const auto pem = Load(files);
  if (!pem.ok()) return Fail{pem.error()};
  if (pem->cert.empty()) return Fail{std::string("TLS needs a certificate and its key")};
  grpc::SslServerCredentialsOptions options(pem->ca.empty()
                                                ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                                : GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = pem->ca;
  options.pem_key_cert_pairs.push_back({pem->key, pem->cert});
  return grpc::SslServerCredentials(options);
}

Result<std::shared_ptr<grpc::ChannelCredentials>, std::string> ChannelCredentials(
    const TlsFiles& files, bool use_tls) {
  if (files.empty() && !use_tls) return grpc::InsecureChannelCredentials();
  const auto pem = Load(files);
  if (!pem.ok()) return Fail{pem.error()};
  return grpc::SslCredentials({pem->ca, pem->key, pem->cert});
}

bool IsLoopback(const std::string& listen) {
  const std::string host = listen.substr(0, listen.rfind(':'));
  return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

}  // namespace ets::server
