#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

// Certificates for one test: an authority, and whom it vouches for. Keys and certificates are files
// NAME.pem and NAME.key of a folder; all of them are valid for the hour around now.
namespace ets {

class PemAuthority {
 public:
  // Signed by itself; its certificate is `folder`/NAME.pem.
  PemAuthority(const std::string& folder, const std::string& name) : folder_(folder) {
    key_ = NewKey();
    certificate_ = Signed(*key_, "the authority " + name, nullptr, "critical,CA:TRUE");
    Save(name, *key_, *certificate_);
  }

  // Whoever has `file`.pem and `file`.key is `common_name`, at this machine's loopback address or
  // as registry.test.
  void Vouch(const std::string& file, const std::string& common_name) const {
    const Key key = NewKey();
    const Certificate certificate =
        Signed(*key, common_name, certificate_.get(), "IP:127.0.0.1,DNS:registry.test");
    Save(file, *key, *certificate);
  }

 private:
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
    void operator()(FILE* file) const { std::fclose(file); }
  };
  using Key = std::unique_ptr<EVP_PKEY, Free>;
  using Certificate = std::unique_ptr<X509, Free>;

  static Key NewKey() { return Key(EVP_EC_gen("P-256")); }

  // Without an issuer it is an authority's own.
  Certificate Signed(EVP_PKEY& key, const std::string& common_name, X509* issuer,
                     const char* extension) const {
    constexpr long kHour = 3'600;
    Certificate made(X509_new());
    X509* const it = made.get();
    X509_set_version(it, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(it), issuer == nullptr ? 1 : std::rand());
    X509_gmtime_adj(X509_getm_notBefore(it), -kHour);
    X509_gmtime_adj(X509_getm_notAfter(it), kHour);
    X509_set_pubkey(it, &key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(it), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                               0);
    X509_set_issuer_name(it, X509_get_subject_name(issuer == nullptr ? it : issuer));
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, it, it, nullptr, nullptr, 0);
    const int kind = issuer == nullptr ? NID_basic_constraints : NID_subject_alt_name;
    const std::unique_ptr<X509_EXTENSION, Free> added(
        X509V3_EXT_conf_nid(nullptr, &context, kind, extension));
    X509_add_ext(it, added.get(), -1);
    X509_sign(it, issuer == nullptr ? &key : key_.get(), EVP_sha256());
    return made;
  }

  void Save(const std::string& name, EVP_PKEY& key, X509& certificate) const {
    using File = std::unique_ptr<FILE, Free>;
    const File pem(std::fopen((folder_ + "/" + name + ".pem").c_str(), "w"));
    PEM_write_X509(pem.get(), &certificate);
    const File secret(std::fopen((folder_ + "/" + name + ".key").c_str(), "w"));
    PEM_write_PrivateKey(secret.get(), &key, nullptr, nullptr, 0, nullptr, nullptr);
  }

  std::string folder_;
  Key key_;
  Certificate certificate_;
};

}  // namespace ets
