#include "clients/cli/registry_client.h"

#include <grpc/support/log.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <fstream>
#include <iterator>
#include <random>
#include <thread>

#include "clients/cli/registry_folder.h"
#include "clients/cli/run_verb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "registry/profile.h"
#include "server/registry_errors.h"

namespace ets::cli {
namespace {

constexpr SimTime kMicrosPerMinute = 60 * kMicrosPerSecond;

Result<std::string, Failure> Contents(const std::string& option, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) return Fail{Failure{kBadInput, option + " " + path + " cannot be read"}};
  return text;
}

// Plain text unless something of TLS was asked for.
Result<std::shared_ptr<grpc::ChannelCredentials>, Failure> CredentialsOf(const Target& target) {
  const bool has_pair = !target.tls_certificate.empty() || !target.tls_key.empty();
  if (!target.tls && target.tls_ca.empty() && !has_pair) return grpc::InsecureChannelCredentials();
  if (target.tls_certificate.empty() != target.tls_key.empty()) {
    return Fail{Failure{kBadInput, "--tls-cert and --tls-key go together"}};
  }
  grpc::SslCredentialsOptions options;
  const std::pair<const char*, std::pair<const std::string*, std::string*>> files[] = {
      {"--tls-ca", {&target.tls_ca, &options.pem_root_certs}},
      {"--tls-cert", {&target.tls_certificate, &options.pem_cert_chain}},
      {"--tls-key", {&target.tls_key, &options.pem_private_key}}};
  for (const auto& [option, paths] : files) {
    if (paths.first->empty()) continue;
    auto text = Contents(option, *paths.first);
    if (!text.ok()) return Fail{text.error()};
    *paths.second = *text;
  }
  return grpc::SslCredentials(options);
}

Result<std::string, Failure> TokenOf(const Target& target) {
  std::string token = target.token;
  if (!target.token_file.empty()) {
    auto text = Contents("--token-file", target.token_file);
    if (!text.ok()) return text;
    token = *text;
  }
  token.erase(std::find_if(token.rbegin(), token.rend(),
                           [](unsigned char letter) { return !std::isspace(letter); })
                  .base(),
              token.end());
  return token;
}

// What a person typed wrong, as against what the registry would not or could not do.
bool IsBadInput(grpc::StatusCode code) {
  return code == grpc::StatusCode::INVALID_ARGUMENT || code == grpc::StatusCode::NOT_FOUND ||
         code == grpc::StatusCode::OUT_OF_RANGE;
}

std::string NameOf(grpc::StatusCode code) {
  static constexpr std::array<const char*, 17> kNames = {"OK",
                                                         "CANCELLED",
                                                         "UNKNOWN",
                                                         "INVALID_ARGUMENT",
                                                         "DEADLINE_EXCEEDED",
                                                         "NOT_FOUND",
                                                         "ALREADY_EXISTS",
                                                         "PERMISSION_DENIED",
                                                         "RESOURCE_EXHAUSTED",
                                                         "FAILED_PRECONDITION",
                                                         "ABORTED",
                                                         "OUT_OF_RANGE",
                                                         "UNIMPLEMENTED",
                                                         "INTERNAL",
                                                         "UNAVAILABLE",
                                                         "DATA_LOSS",
                                                         "UNAUTHENTICATED"};
  const auto number = static_cast<std::size_t>(code);
  return number < kNames.size() ? kNames[number] : std::to_string(number);
}

// "10:00" or "10:00:30" as microseconds of the day.
std::optional<SimTime> ParseClock(const std::string& text) {
  if (text.size() != 5 && text.size() != 8) return {};
  std::array<int, 3> parts{};
  for (std::size_t i = 0; 3 * i < text.size(); ++i) {
    const char tens = text[3 * i];
    const char ones = text[3 * i + 1];
    if (!std::isdigit(static_cast<unsigned char>(tens)) ||
        !std::isdigit(static_cast<unsigned char>(ones)) || (i > 0 && text[3 * i - 1] != ':')) {
      return {};
    }
    parts[i] = (tens - '0') * 10 + (ones - '0');
  }
  if (parts[0] > 23 || parts[1] > 59 || parts[2] > 59) return {};
  return ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * kMicrosPerSecond;
}

// A day, with or without a time of it.
struct Reading {
  Date date;
  std::optional<SimTime> clock;
  bool is_utc = false;
};
std::optional<Reading> ParseReading(const std::string& text) {
  constexpr std::size_t kDateSize = 10;
  const auto date = Date::Parse(text.substr(0, kDateSize));
  if (!date) return {};
  if (text.size() == kDateSize) return Reading{*date, {}, false};
  if (text[kDateSize] != 'T' && text[kDateSize] != ' ') return {};
  std::string rest = text.substr(kDateSize + 1);
  const bool is_utc = rest.ends_with('Z');
  if (is_utc) rest.pop_back();
  const auto clock = ParseClock(rest);
  if (!clock) return {};
  return Reading{*date, clock, is_utc};
}

// A reading's instant; of a day alone its last microsecond.
SimTime InstantOf(const Reading& reading, Zone zone) {
  const SimTime clock = reading.clock.value_or(kMicrosPerDay - 1);
  return ToInstant({reading.date, clock}, reading.is_utc ? Zone{0, false} : zone);
}

std::optional<std::uint64_t> ParseSequence(const std::string& text) {
  const bool is_number =
      !text.empty() && text.size() <= 18 &&
      std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  return is_number ? std::optional(std::stoull(text)) : std::nullopt;
}

}  // namespace

RegistryClient::Patience::Patience(double seconds)
    : end_(std::chrono::steady_clock::now() +
           std::chrono::microseconds(std::llround(seconds * 1e6))) {}

bool RegistryClient::Patience::WaitFor(const grpc::Status& status) const {
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return false;
  for (const google::protobuf::Any& detail : details.details()) {
    google::rpc::RetryInfo retry;
    if (!detail.UnpackTo(&retry)) continue;
    const auto wait = std::chrono::seconds(retry.retry_delay().seconds()) +
                      std::chrono::nanoseconds(retry.retry_delay().nanos());
    if (std::chrono::steady_clock::now() + wait > end_) return false;
    std::this_thread::sleep_for(wait);
    return true;
  }
  return false;
}

std::string RegistryClient::Name(const std::string& name) const {
  return parent_.empty() || name.starts_with("registries/") ? name : parent_ + "/" + name;
}

std::string RegistryClient::Account(const std::string& text) const {
  return Name(text.find('/') == std::string::npos ? "accounts/" + text : text);
}

void RegistryClient::Prepare(grpc::ClientContext& context) const {
  const auto patience = std::chrono::microseconds(std::llround(timeout_s_ * 1e6));
  context.set_deadline(std::chrono::system_clock::now() + patience);
  if (!token_.empty()) context.AddMetadata("authorization", "Bearer " + token_);
}

Failure RegistryClient::FailureOf(const grpc::Status& status) {
  const std::string reason = server::ReasonOf(status);
  const std::string number = server::NumberOf(status);
  std::string message = status.error_message();
  // Some messages begin with the reason.
  if (!reason.empty() && message.starts_with(reason)) {
    message.erase(0, reason.size());
    message.erase(0, message.find_first_not_of(": "));
  }
  std::string text = NameOf(status.error_code());
  if (!reason.empty()) text += " " + reason;
  if (!number.empty()) text += " (" + number + ")";
  if (!message.empty()) text += ": " + message;
  Failure failure{IsBadInput(status.error_code()) ? kBadInput : kFailed, std::move(text)};
  // Said by this end's gRPC: nobody was reached.
  if (reason.empty() && status.error_code() == grpc::StatusCode::UNAVAILABLE) {
    failure.message +=
        "\nallowed: the address of a server that runs; with --tls-ca, the authority that signed "
        "its "
        "certificate, if it speaks TLS, and without if not; --tls-name, when the certificate is "
        "for "
        "another name";
  }
  return failure;
}

Result<Zone, Failure> RegistryClient::zone() {
  if (zone_) return *zone_;
  pb::GetProfileRequest request;
  request.set_parent(parent_);
  const auto answer = Call(*admin_, &pb::AdminService::Stub::GetProfile, request);
  if (!answer.ok()) return Fail{answer.error()};
  const auto profile = registry::ParseProfile(answer->profile_text());
  if (!profile.ok()) return Fail{Failure{kFailed, "the registry's profile: " + profile.error()}};
  zone_ = profile->zone;
  return *zone_;
}

void Moment::Fill(SimTime time, google::protobuf::Timestamp& out) {
  const SimTime seconds = time / kMicrosPerSecond - (time % kMicrosPerSecond < 0 ? 1 : 0);
  out.set_seconds(seconds);
  out.set_nanos(static_cast<std::int32_t>((time - seconds * kMicrosPerSecond) * 1'000));
}

SimTime TimeOf(const google::protobuf::Timestamp& time) {
  return time.seconds() * kMicrosPerSecond + time.nanos() / 1'000;
}

std::string ShowTime(const google::protobuf::Timestamp& time, Zone zone) {
  if (time.seconds() == 0 && time.nanos() == 0) return "";
  const LocalTime local = ToLocal(TimeOf(time), zone);
  const auto two = [](SimTime number) { return std::to_string(100 + number).substr(1); };
  const SimTime minute = local.micros_of_day / kMicrosPerMinute;
  return ToString(local.date) + " " + two(minute / 60) + ":" + two(minute % 60) + ":" +
         two(local.micros_of_day / kMicrosPerSecond % 60);
}

bool IsMoment(const std::string& text) {
  return ParseSequence(text).has_value() || ParseReading(text).has_value();
}

Result<SimTime, Failure> ResolveTime(RegistryClient& client, const std::string& option,
                                     const std::string& text) {
  const auto reading = ParseReading(text);
  if (!reading) {
    return Fail{Failure{
        kBadInput, option + " '" + text + "' is no time; write 2027-01-31 or 2027-01-31T10:00"}};
  }
  const auto zone = client.zone();
  if (!zone.ok()) return Fail{zone.error()};
  return InstantOf(*reading, *zone);
}

Result<Moment, Failure> ResolveMoment(RegistryClient& client, const std::string& option,
                                      const std::string& text) {
  if (text.empty()) return Moment{};
  if (const auto sequence = ParseSequence(text)) return Moment{sequence, {}};
  const auto time = ResolveTime(client, option, text);
  if (!time.ok()) return Fail{time.error()};
  const auto reading = ParseReading(text);
  if (reading->clock) return Moment{{}, *time};

  // A day that is not over yet: as far as it has come.
  pb::GetRegistryRequest request;
  request.set_parent(client.parent());
  const auto registry = client.Call(client.admin(), &pb::AdminService::Stub::GetRegistry, request);
  if (!registry.ok()) return Fail{registry.error()};
  const SimTime now = TimeOf(registry->sim_time());
  if (*time > now && ToLocal(now, *client.zone()).date == reading->date) {
    return Moment{registry->sequence(), {}};
  }
  return Moment{{}, *time};
}

Result<std::uint64_t, Failure> SequenceOf(RegistryClient& client, const std::string& option,
                                          const std::string& text) {
  const auto moment = ResolveMoment(client, option, text);
  if (!moment.ok()) return Fail{moment.error()};
  pb::ListLedgersRequest request;  // Any read says which state it is about.
  request.set_parent(client.parent());
  request.set_page_size(1);
  moment->Ask(request);
  const auto answer = client.Call(client.units(), &pb::UnitService::Stub::ListLedgers, request);
  if (!answer.ok()) return Fail{answer.error()};
  return answer->sequence();
}

std::string NewRequestId() {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::random_device chance;
  std::string id;
  for (std::size_t i = 0; i < 32; ++i) {
    if (i == 8 || i == 12 || i == 16 || i == 20) id += '-';
    unsigned digit = chance() & 0xFU;
    if (i == 12) digit = 4;                    // Version: random.
    if (i == 16) digit = 8U | (digit & 0x3U);  // Variant of RFC 4122.
    id += kDigits[digit];
  }
  return id;
}

Result<std::unique_ptr<RegistryClient>, Failure> RegistryClient::Connect(const Target& target,
                                                                         Access access) {
  std::unique_ptr<RegistryClient> client(new RegistryClient);
  client->timeout_s_ = target.timeout_s;
  if (target.server.empty()) {
    auto folder = RegistryFolder::Open(target.data, access == Access::kChange);
    if (!folder.ok()) return Fail{folder.error()};
    client->folder_ = std::move(folder.value());
    client->channel_ = client->folder_->channel();
  } else {
    const auto credentials = CredentialsOf(target);
    if (!credentials.ok()) return Fail{credentials.error()};
    const auto token = TokenOf(target);
    if (!token.ok()) return Fail{token.error()};
    client->token_ = *token;
    // What gRPC has to say comes back as a status; its log would say it twice.
    gpr_set_log_function([](gpr_log_func_args*) {});
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(64 << 20);
    if (!target.tls_name.empty()) arguments.SetSslTargetNameOverride(target.tls_name);
    client->channel_ = grpc::CreateCustomChannel(target.server, *credentials, arguments);
  }
  client->accounts_ = pb::AccountService::NewStub(client->channel_);
  client->admin_ = pb::AdminService::NewStub(client->channel_);
  client->allocation_ = pb::AllocationService::NewStub(client->channel_);
  client->compliance_ = pb::ComplianceService::NewStub(client->channel_);
  client->transfers_ = pb::TransferService::NewStub(client->channel_);
  client->units_ = pb::UnitService::NewStub(client->channel_);
  if (!target.branch.empty()) {
    if (const auto failure = client->UseBranch(target.branch)) return Fail{*failure};
  }
  return client;
}

MaybeFailure RegistryClient::UseBranch(const std::string& branch) {
  const auto registry = Call(*admin_, &pb::AdminService::Stub::GetRegistry, {});
  if (!registry.ok()) return registry.error();
  const std::string& name = registry->name();  // registries/{registry}/branches/{branch}
  parent_ = name.substr(0, name.rfind('/') + 1) + branch;
  return {};
}

RegistryClient::RegistryClient() = default;
RegistryClient::~RegistryClient() = default;

}  // namespace ets::cli
