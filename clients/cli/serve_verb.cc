#include "clients/cli/serve_verb.h"

#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include "clients/cli/run_verb.h"
#include "market/rules_file.h"
#include "registry/profile.h"
#include "server/serve.h"

namespace ets::cli {
namespace {

namespace fs = std::filesystem;

// What only the people who run a server say.
struct Arguments {
  std::string data;
  std::string listen = "127.0.0.1:50051";
  std::string binary;
  std::string fix;
  std::string rules;
  int busy_poll = 0;
  std::string profile = "sim";
  std::string clock = "real";
  std::string start;
  bool read_only = false;
  bool fsync = true;
  std::string second_anchor;
  std::string tls_cert, tls_key, tls_client_ca;
  bool insecure = false;
  bool no_auth = false;
  std::string token_file;
  bool reflection = true;
  double rate = 5;
  double overdraft = 50;
  std::string name;
  // `serve exchange`
  std::string registry;
  std::string registry_token_file;
  std::string registry_ca, registry_cert, registry_key;
  bool registry_tls = false;
};

std::optional<registry::Profile> ProfileOf(const std::string& text, std::string& error) {
  if (const registry::Profile* const shipped = registry::FindProfile(text)) return *shipped;
  std::ifstream file(text);
  std::stringstream contents;
  contents << file.rdbuf();
  if (!file) {
    error = "--profile " + text + ": allowed: a profile's file, or one of";
    for (const registry::Profile& profile : registry::Profiles()) error += " " + profile.name;
    return std::nullopt;
  }
  const auto parsed = registry::ParseProfile(contents.str());
  if (parsed.ok()) return *parsed;
  error = text + ": " + parsed.error();
  return std::nullopt;
}

// The venue's rules, when a file is named. False: `error` says all that is wrong with it.
bool ReadRules(const std::string& path, std::optional<market::VenueRules>& rules,
               std::string& error) {
  if (path.empty()) return true;
  std::ifstream file(path);
  std::stringstream contents;
  contents << file.rdbuf();
  std::error_code ignored;
  if (!file || fs::is_directory(path, ignored)) {
    error = "--rules " + path +
            ": cannot be read; allowed: a file as 'capclear market rules' "
            "prints one";
    return false;
  }
  auto parsed = market::ParseRules(contents.str(), path);
  if (parsed.ok()) rules = std::move(parsed.value());
  if (!parsed.ok()) {
    for (const std::string& problem : parsed.error())
      error += (error.empty() ? "" : "\n") + problem;
  }
  return parsed.ok();
}

// The operator's token, from its file or into it; it is printed once, when it is made.
bool ReadAuth(const Arguments& arguments, server::AuthOptions& auth, std::string& error) {
  auth.required = !arguments.no_auth;
  if (arguments.no_auth) {
    if (server::IsLoopback(arguments.listen)) return true;
    error = "--no-auth: allowed only at an address of this machine alone";
    return false;
  }
  std::string path = arguments.token_file;
  if (path.empty()) {
    path = arguments.data + "/operator.token";
    std::error_code ignored;
    if (!arguments.read_only) fs::create_directories(arguments.data, ignored);
  }
  bool is_new = false;
  const auto token = server::TokenFromFile(path, is_new);
  if (!token.ok()) {
    error = token.error();
    return false;
  }
  if (is_new) std::cout << "the operator's token, now in " << path << ": " << *token << std::endl;
  auth.operator_hash = server::HashOfToken(*token);
  return true;
}

bool ReadToken(const std::string& path, std::string& token, std::string& error) {
  if (path.empty()) return true;
  std::error_code ignored;
  if (!fs::exists(path, ignored)) {
    error = path + ": is not there; allowed: a file of mode 0600 with a token";
    return false;
  }
  bool is_new = false;
  const auto read = server::TokenFromFile(path, is_new);
  if (!read.ok()) error = read.error();
  if (read.ok()) token = *read;
  return read.ok();
}

server::PortOptions PortOf(const Arguments& arguments) {
  server::PortOptions port;
  port.listen = arguments.listen;
  port.tls = {arguments.tls_cert, arguments.tls_key, arguments.tls_client_ca};
  port.is_insecure_allowed = arguments.insecure;
  port.reflection = arguments.reflection;
  return port;
}

// "2026-03-02" or "2026-03-02T09:30:00Z".
std::optional<SimTime> ParseInstant(const std::string& text) {
  const auto date = Date::Parse(text.substr(0, 10));
  if (!date) return std::nullopt;
  const SimTime midnight = InstantOf(*date, 0, 0);
  if (text.size() == 10) return midnight;
  std::tm time{};
  const char* const end = strptime(text.c_str() + 10, "T%H:%M:%SZ", &time);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return midnight +
         SimTime{(time.tm_hour * 60 + time.tm_min) * 60 + time.tm_sec} * kMicrosPerSecond;
}

bool ReadOptions(const Arguments& arguments, server::ServeOptions& options, std::string& error) {
  options.live.data = arguments.data;
  options.live.read_only = arguments.read_only;
  options.live.fsync = arguments.fsync;
  options.live.store.second_anchor_folder = arguments.second_anchor;
  const auto profile = ProfileOf(arguments.profile, error);
  if (!profile) return false;
  options.live.profile = *profile;
  const auto clock = server::ParseClock(arguments.clock);
  if (!clock.ok()) {
    error = "--clock " + clock.error();
    return false;
  }
  options.live.clock = *clock;
  if (!arguments.start.empty()) {
    const auto start = ParseInstant(arguments.start);
    if (!start) {
      error = "--start " + arguments.start + ": allowed: as in 2026-03-02 or 2026-03-02T09:30:00Z";
      return false;
    }
    options.live.clock.start = *start;
  }
  options.services.rate = {arguments.rate, arguments.overdraft};
  options.services.registry = arguments.name;
  options.port = PortOf(arguments);
  std::error_code ignored;
  if (arguments.read_only && !fs::is_directory(arguments.data, ignored)) {
    error = "--data " + arguments.data + ": is no folder";
    return false;
  }
  return ReadAuth(arguments, options.services.auth, error);
}

using Started = Result<std::unique_ptr<server::LiveServer>, server::ServeFailure>;

// They have no encryption of their own.
bool MayListenPlainly(const Arguments& arguments, std::string& error) {
  for (const auto& [flag, address] :
       {std::pair("--binary ", arguments.binary), std::pair("--fix ", arguments.fix)}) {
    if (address.empty() || server::IsLoopback(address)) continue;
    if (arguments.no_auth) {
      error = flag + address + ": with --no-auth allowed only at an address of this machine alone";
      return false;
    }
    if (arguments.insecure) continue;
    error = flag + address + ": it is plain text; allowed: an address of this machine, or " +
            "--insecure";
    return false;
  }
  return true;
}

Started StartRegistry(const Arguments& arguments, bool with_exchange) {
  server::ServeOptions options;
  options.with_exchange = with_exchange;
  std::string error;
  if (arguments.data.empty()) {
    return Fail{server::ServeFailure{true, "--data is required: the folder of the registry"}};
  }
  if (!ReadRules(arguments.rules, options.rules, error) ||
      !ReadOptions(arguments, options, error) || !MayListenPlainly(arguments, error)) {
    return Fail{server::ServeFailure{true, error}};
  }
  options.binary_listen = arguments.binary;
  options.venue.busy_poll = std::chrono::microseconds(arguments.busy_poll);
  options.fix_listen = arguments.fix;
  return server::LiveServer::Start(options);
}

Started StartExchange(const Arguments& arguments) {
  server::ServeExchangeOptions options;
  options.exchange.data = arguments.data;
  options.exchange.fsync = arguments.fsync;
  options.registry.address = arguments.registry;
  options.registry.tls = {arguments.registry_cert, arguments.registry_key, arguments.registry_ca};
  options.registry.use_tls = arguments.registry_tls;
  options.port = PortOf(arguments);
  std::string error;
  if (!ReadRules(arguments.rules, options.exchange.rules, error) ||
      !ReadAuth(arguments, options.auth, error) ||
      !ReadToken(arguments.registry_token_file, options.registry.token, error) ||
      !MayListenPlainly(arguments, error)) {
    return Fail{server::ServeFailure{true, error}};
  }
  options.binary_listen = arguments.binary;
  options.venue.busy_poll = std::chrono::microseconds(arguments.busy_poll);
  options.fix_listen = arguments.fix;
  return server::LiveServer::Start(options);
}

// Until a signal, or until a journal fails.
int Run(const std::function<Started()>& start) {
  // Blocked before the first thread starts, so that no thread but this one gets them.
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);

  const auto server = start();
  if (!server.ok()) {
    std::cerr << server.error().message << "\n";
    return server.error().is_bad_input ? kBadInput : kFailed;
  }
  if ((*server)->binary_port() != 0) {
    std::cout << "binary order entry on port " << (*server)->binary_port() << std::endl;
  }
  if ((*server)->fix_port() != 0) {
    std::cout << "FIX on port " << (*server)->fix_port() << std::endl;
  }
  std::cout << "listening on " << (*server)->address() << std::endl;
  constexpr timespec kLook{0, 100'000'000};
  while ((*server)->failed().empty() && sigtimedwait(&ending, nullptr, &kLook) < 0) {
  }
  pthread_sigmask(SIG_UNBLOCK, &ending, nullptr);  // A second one ends the program at once.
  const std::string error = (*server)->Shutdown();
  if (error.empty()) return kDone;
  std::cerr << error << "\n";
  return kFailed;
}

// ---- Flags ----

void AddPort(CLI::App* verb, Arguments& arguments) {
  verb->add_option("--listen", arguments.listen, "Where to listen; port 0 takes a free one")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  verb->add_option("--tls-cert", arguments.tls_cert, "The server's certificate chain, in PEM")
      ->type_name("FILE");
  verb->add_option("--tls-key", arguments.tls_key, "Its key, in PEM")->type_name("FILE");
  verb->add_option("--tls-client-ca", arguments.tls_client_ca,
                   "Who signs clients' certificates; a client that shows one with the common name "
                   "principals/4 is principal 4")
      ->type_name("FILE");
  verb->add_flag("--insecure", arguments.insecure, "Plain text also beyond this machine");
  verb->add_option("--token-file", arguments.token_file,
                   "The operator's token, mode 0600; made when it is not there (default: "
                   "DATA/operator.token)")
      ->type_name("FILE");
  verb->add_flag("--no-auth", arguments.no_auth,
                 "Everybody is the operator; only at an address of this machine alone");
  verb->add_flag("--reflection,!--no-reflection", arguments.reflection,
                 "Tell callers what services there are (default: yes)");
  verb->add_flag("--fsync,!--no-fsync", arguments.fsync,
                 "Sync each batch before it is answered (default: yes); without it a crash may "
                 "lose everything");
}

void AddRegistry(CLI::App* verb, Arguments& arguments) {
  verb->add_option("--data", arguments.data,
                   "The folder of the registry; made when it is not there. With --read-only also "
                   "a finished run's. Required")
      ->type_name("DIR");
  verb->add_option("--profile", arguments.profile,
                   "The law of a registry that is made: cn, eu, uk, ca, sim or a profile's file; "
                   "an existing one has its own")
      ->type_name("NAME|FILE")
      ->capture_default_str();
  verb->add_option("--clock", arguments.clock,
                   "Where simulated time comes from: real, scaled:X (X times as fast), or manual "
                   "(AdminService.AdvanceTime moves it)")
      ->type_name("CLOCK")
      ->capture_default_str();
  verb->add_option("--start", arguments.start,
                   "When simulated time begins in a registry that is made, unless real: 2026-03-02 "
                   "or 2026-03-02T09:30:00Z")
      ->type_name("TIME");
  verb->add_flag("--read-only", arguments.read_only, "Answer reads, refuse every change");
  verb->add_option("--anchor-folder", arguments.second_anchor,
                   "A second pair of anchors, on another device")
      ->type_name("DIR");
  verb->add_option("--rate", arguments.rate, "Calls a second and person; 0: no limit")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->add_option("--overdraft", arguments.overdraft, "Calls a person may make at once")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  verb->add_option("--name", arguments.name,
                   "{registry} of its resource names (default: the name of its law)")
      ->type_name("NAME");
  AddPort(verb, arguments);
}

void AddProtocols(CLI::App* verb, Arguments& arguments) {
  verb->add_option("--rules", arguments.rules,
                   "The venue's rules of an exchange that is made: session types, hours, calls, "
                   "bands, ticks, fees, limits ('capclear market rules' prints such a file). With "
                   "hours sessions open and end by the clock. Default: the shipped types without "
                   "hours, open from 'market open' to 'market close'; an existing exchange has its "
                   "own")
      ->type_name("FILE");
  verb->add_option("--binary", arguments.binary,
                   "Where the binary order entry listens (docs/binary-order-entry.md); none by "
                   "default")
      ->type_name("HOST:PORT");
  verb->add_option("--busy-poll", arguments.busy_poll,
                   "So many microseconds the binary order entry looks for the next message before "
                   "it sleeps; for who has a processor to spare")
      ->type_name("MICROSECONDS")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  verb->add_option("--fix", arguments.fix,
                   "Where the FIX 4.4 gateway listens (docs/fix.md); none by default")
      ->type_name("HOST:PORT");
}

void AddExchange(CLI::App* verb, Arguments& arguments) {
  AddProtocols(verb, arguments);
  verb->add_option("--data", arguments.data, "The folder of the exchange; made when not there")
      ->required()
      ->type_name("DIR");
  verb->add_option("--registry", arguments.registry, "Where the registry listens")
      ->required()
      ->type_name("HOST:PORT");
  verb->add_option("--registry-token-file", arguments.registry_token_file,
                   "The token of a principal with the role of an exchange, mode 0600")
      ->type_name("FILE");
  verb->add_option("--registry-ca", arguments.registry_ca,
                   "Who signed the registry's certificate, in PEM")
      ->type_name("FILE");
  verb->add_option("--registry-cert", arguments.registry_cert,
                   "The certificate to show to the registry, in PEM")
      ->type_name("FILE");
  verb->add_option("--registry-key", arguments.registry_key, "Its key")->type_name("FILE");
  verb->add_flag("--registry-tls", arguments.registry_tls,
                 "The registry's certificate is signed by one that this machine trusts");
  AddPort(verb, arguments);
}

constexpr const char* kServeFooter =
    "Everything in one process: registry, exchange and clock, on one sequencer. 'serve registry'\n"
    "and 'serve exchange' are the two apart; what passes between them is then gRPC, and goes on\n"
    "where it was after either has been killed.\n\n"
    "Prints 'listening on HOST:PORT' when it is ready; Ctrl-C ends it: no more calls are taken, "
    "one\n"
    "batch is drained, the journals are closed. An answer to a change comes when its record is on\n"
    "the disk. A disk that fails ends the program with 1; what was not answered is not known, and "
    "is\n"
    "asked again with the same request_id. A journal that does not verify is not served.\n\n"
    "The services are those of ets.registry.v1 and ets.market.v1 (proto/README.md), with health\n"
    "checks for each and for ets.registry.v1.writes, and reflection. Callers send\n"
    "'authorization: Bearer TOKEN'. The operator's token is made at the first start and printed\n"
    "once; the operator gives others theirs with AdminService.SetPrincipal and SetGrant.\n\n"
    "The exchange trades from 'market open' to 'market close', at any hour; with --rules FILE it\n"
    "keeps the hours of the file by itself (docs/market.md).\n\n"
    "  capclear market rules > venue.toml\n"
    "  capclear serve --data market --rules venue.toml\n"
    "  capclear serve --data reg --profile eu --clock manual --start 2026-03-02\n"
    "  capclear serve --data runs/china-transition-1 --read-only --no-auth\n"
    "  grpcurl -plaintext -H \"authorization: Bearer $(cat reg/operator.token)\" \\\n"
    "    127.0.0.1:50051 ets.registry.v1.AdminService/GetRegistry";

constexpr const char* kExchangeFooter =
    "Needs a principal at the registry whose role is exchange. What is deposited into an escrow\n"
    "account there arrives here by itself; what trades is settled there at the day's close, as "
    "often\n"
    "as it takes. The service is ets.market.v1.MarketService (proto/README.md).\n\n"
    "  capclear serve registry --data reg --listen 127.0.0.1:50051\n"
    "  capclear serve exchange --data ex --registry 127.0.0.1:50051 \\\n"
    "    --registry-token-file ex/registry.token --listen 127.0.0.1:50052";

}  // namespace

void AddServeVerb(CLI::App& app, int& exit_code) {
  const auto both = std::make_shared<Arguments>();
  CLI::App* const verb =
      app.add_subcommand("serve", "Serve a live registry and exchange over gRPC");
  AddRegistry(verb, *both);
  AddProtocols(verb, *both);
  verb->footer(kServeFooter);
  verb->require_subcommand(0, 1);

  const auto alone = std::make_shared<Arguments>();
  CLI::App* const registry_verb = verb->add_subcommand("registry", "The registry alone");
  AddRegistry(registry_verb, *alone);
  registry_verb->footer("As 'capclear serve', without an exchange.");

  const auto exchange = std::make_shared<Arguments>();
  exchange->listen = "127.0.0.1:50052";
  CLI::App* const exchange_verb =
      verb->add_subcommand("exchange", "The exchange alone, beside a registry in another process");
  AddExchange(exchange_verb, *exchange);
  exchange_verb->footer(kExchangeFooter);

  verb->callback([=, &exit_code] {
    if (registry_verb->parsed()) {
      exit_code = Run([&] { return StartRegistry(*alone, false); });
    } else if (exchange_verb->parsed()) {
      exit_code = Run([&] { return StartExchange(*exchange); });
    } else {
      exit_code = Run([&] { return StartRegistry(*both, true); });
    }
  });
}

}  // namespace ets::cli
