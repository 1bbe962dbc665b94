#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cbam/certificate_price.h"
#include "registry/registry.h"
#include "scheme/certificates.h"
#include "sim/recorder.h"

namespace ets::sim {

// What imports of 2026 owe by quarter, EUR a tonne: each quarter's own price (Reg. (EU) 2025/2083),
// and the mean of the others where no auction of a quarter is known. Empty: none is.
std::optional<std::array<Price, 4>> QuartersOf2026(const cbam::CertificatePrices& prices);

// Those who import the exports: one declarant a sector, with an account in a registry of its own
// kind (scheme/certificates.h), apart from the Chinese one. A declarant imports a quarter of the
// year's goods each quarter, buys at each quarter's end what the holding duty still asks for, and
// the rest in September of the next year; surrenders on the last day; sells back what is left, as
// far as it may. For 2026 it pays each quarter's own price, from February 2027 on.
class Importers {
 public:
  struct SectorYear {
    std::int64_t embedded_t = 0;  // Declared.
    std::int64_t due = 0;         // Certificates.
  };

  explicit Importers(std::vector<std::string> sectors);

  // Lives through a calendar year, of which it is known what was imported. Gives the import year
  // before it, settled. REQUIRES: one entry a sector; years in order, without gaps.
  std::vector<CbamImporterRow> Live(int year, const std::vector<SectorYear>& sectors,
                                    const cbam::CertificatePrices& prices);

  const registry::Registry& registry() const { return registry_; }

 private:
  struct Open {
    SectorYear figures;
    CbamImporterRow row;
  };

  void Buy(std::uint32_t importer, Date day, int year, std::int64_t count, Price price);
  void BuyFor2026(std::uint32_t importer, Date day, const cbam::CertificatePrices& prices);
  void Settle(std::uint32_t importer, int year, const cbam::CertificatePrices& prices);
  void Surrender(std::uint32_t importer, int year);
  CbamImporterRow Return(std::uint32_t importer, int year);
  void EndQuarter(int year, int quarter, const cbam::CertificatePrices& prices);

  const std::vector<std::string> sectors_;
  registry::Registry registry_;
  scheme::CertificateDesk desk_;
  std::map<int, std::vector<Open>> years_;  // By year of import.
};

}  // namespace ets::sim
