#include "clients/cli/serve_verb.h"

#include <csignal>
#include <iostream>
#include <memory>
#include <string>

#include "clients/cli/run_verb.h"
#include "server/registry_service.h"

namespace ets::cli {
namespace {

struct Arguments {
  std::string data;
  std::string listen = "127.0.0.1:50051";
};

int Serve(const Arguments& arguments) {
  // Blocked before the first thread starts, so that no thread but this one gets them.
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);

  const auto server = server::RegistryServer::Start(arguments.data, arguments.listen);
  if (!server.ok()) {
    std::cerr << server.error().message << "\n";
    return server.error().is_bad_input ? kBadInput : kFailed;
  }
  std::cout << "listening on " << (*server)->address() << std::endl;
  int signal = 0;
  sigwait(&ending, &signal);
  pthread_sigmask(SIG_UNBLOCK, &ending, nullptr);  // A second one ends the program at once.
  (*server)->Shutdown();
  return kDone;
}

}  // namespace

void AddServeVerb(CLI::App& app, int& exit_code) {
  const auto arguments = std::make_shared<Arguments>();
  CLI::App* const verb =
      app.add_subcommand("serve", "Serve the registry of a finished run over gRPC, read-only");
  verb->add_option("--data", arguments->data, "A run's folder, or the registry/ folder in it")
      ->required()
      ->type_name("DIR");
  verb->add_option("--listen", arguments->listen, "Where to listen; port 0 takes a free one")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  verb->footer(
      "Prints 'listening on HOST:PORT' when it is ready; Ctrl-C ends it. The services are\n"
      "those of ets.registry.v1 (proto/README.md), with health checks and reflection.\n"
      "It is plain text and asks nobody who they are: anyone who reaches the address can read the\n"
      "run.\n\n"
      "  capclear serve --data runs/china-transition-1\n"
      "  grpcurl -plaintext -d '{\"name\": \"accounts/12\"}' 127.0.0.1:50051 \\\n"
      "    ets.registry.v1.AccountService/GetAccount");
  verb->callback([arguments, &exit_code] { exit_code = Serve(*arguments); });
}

}  // namespace ets::cli
