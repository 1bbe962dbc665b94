#include "server/registry_journal.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

namespace ets::server {

namespace fs = std::filesystem;
using registry::Registry;

namespace {

using Kind = JournalFailure::Kind;

std::string Place(const JournalRecord& record) {
  return "record " + std::to_string(record.sequence) + " (" +
         std::string(ToString(registry::KindOf(record))) + ", " +
         ToString(DayOf(record.envelope.sim_time)) + ")";
}

void Count(const registry::Record& record, Verification& verification) {
  if (record.refusal) {
    ++verification.refused;
    return;
  }
  ++verification.applied;
  verification.transfers += record.transfers.size();
  verification.failed_pairs += record.receipt.failed;
  if (std::holds_alternative<registry::DayClosed>(record.command)) ++verification.days;
  if (std::holds_alternative<registry::Settle>(record.command)) ++verification.messages;
}

// The chain head that the run wrote into its run.json; empty when there is none to hold on to.
std::string HeadInRunJson(const std::string& folder) {
  fs::path registry = fs::absolute(folder).lexically_normal();
  if (!registry.has_filename()) registry = registry.parent_path();  // Written with a slash behind.
  std::ifstream file(registry.parent_path() / "run.json");
  const auto run = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
  if (!run.is_object()) return {};
  const auto head = run.find("registry_chain_hash");
  return head != run.end() && head->is_string() ? head->get<std::string>() : std::string();
}

}  // namespace

Result<std::string, JournalFailure> FindRegistryJournal(const std::string& data) {
  std::error_code ignored;
  for (const std::string& folder : {data + "/registry", data}) {
    if (fs::exists(folder + "/CURRENT", ignored)) return folder;
  }
  const std::string what =
      fs::is_directory(data, ignored) ? "holds no registry journal" : "is no folder";
  return Fail{
      JournalFailure{Kind::kNoJournal, data + ": " + what +
                                           "; allowed: the folder of a run (with registry/ in it) "
                                           "or that registry/ folder"}};
}

Date DayOf(SimTime time) {
  const SimTime local = time + kBeijingOffset;
  const SimTime days = local / kMicrosPerDay - (local % kMicrosPerDay < 0 ? 1 : 0);
  return Date(static_cast<std::int32_t>(days));
}

Result<store::JournalSummary, JournalFailure> WalkRegistryJournal(
    const std::string& folder,
    const std::function<std::string(const JournalRecord&, bool& stop)>& visit) {
  JournalFailure failure;
  const auto read = store::ReadJournal(folder, [&](const JournalRecord& record) {
    bool stop = false;
    if (record.sequence == 1) {
      const auto profile = Registry::ProfileOf(record);
      if (!profile.ok()) failure = {Kind::kNoJournal, folder + ": " + profile.error()};
    }
    if (failure.message.empty()) {
      const std::string wrong = visit(record, stop);
      if (!wrong.empty()) failure = {Kind::kDamaged, folder + ": " + Place(record) + ": " + wrong};
    }
    return failure.message.empty() && !stop;
  });
  if (!failure.message.empty()) return Fail{failure};
  if (!read.ok()) return Fail{JournalFailure{Kind::kDamaged, read.error().message}};
  return *read;
}

std::string RebuiltRegistry::Take(const JournalRecord& record) {
  if (!registry_) registry_.emplace(Registry::ProfileOf(record).value(), nullptr);
  return registry_->Replay(record);
}

Result<Verification, JournalFailure> VerifyRegistryJournal(
    const std::string& folder, const std::function<bool()>& wants_stop) {
  Verification verification;
  RebuiltRegistry rebuilt;
  registry::Record decoded;
  bool stopped = false;
  const auto walked =
      WalkRegistryJournal(folder, [&](const JournalRecord& record, bool& stop) -> std::string {
        stop = stopped = wants_stop && record.sequence % 1'024 == 1 && wants_stop();
        std::string wrong = rebuilt.Take(record);
        if (!wrong.empty() || record.sequence == 1) return wrong;
        registry::Decode(record, decoded);
        Count(decoded, verification);
        if (std::holds_alternative<registry::DayClosed>(decoded.command)) {
          rebuilt->CheckInvariants();
        }
        return {};
      });
  if (!walked.ok()) return Fail{walked.error()};
  if (stopped) return Fail{JournalFailure{Kind::kStopped, folder + ": not read to its end"}};
  if (rebuilt.empty()) {
    return Fail{JournalFailure{Kind::kNoJournal, folder + ": the journal holds no record"}};
  }
  rebuilt->CheckInvariants();
  const std::string head = HeadInRunJson(folder);
  if (!head.empty() && head != walked->chain_head) {
    return Fail{JournalFailure{Kind::kDamaged, folder + ": the chain ends with " +
                                                   walked->chain_head +
                                                   ", but the run.json beside it says " + head}};
  }
  verification.journal = *walked;
  verification.accounts = rebuilt->account_count();
  verification.ledgers = rebuilt->ledger_count();
  verification.sim_time = rebuilt->now();
  verification.state_hash = rebuilt->BooksHash();
  return verification;
}

std::string ToHex(std::uint64_t number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) {
    text += kDigits[(number >> static_cast<unsigned>(shift)) & 15U];
  }
  return text;
}

}  // namespace ets::server
