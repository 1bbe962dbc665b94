#pragma once

#include <grpc/support/time.h>
#include <grpcpp/grpcpp.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/child_process.h"

// `capclear serve ...` as a child process, and what its clients need.
namespace ets {

class ServedProcess {
 public:
  // Starts the program; `logs` is a folder for what it says. Its port is taken from --listen, or is
  // what it was the last time, so that clients find it again.
  ServedProcess(std::string program, std::vector<std::string> arguments, std::string logs)
      : program_(std::move(program)), arguments_(std::move(arguments)), logs_(std::move(logs)) {}
  ~ServedProcess() { Kill(); }
  ServedProcess(const ServedProcess&) = delete;
  ServedProcess& operator=(const ServedProcess&) = delete;

  // Until it listens. False: it ended before; error() says what it said.
  bool Start() {
    std::vector<std::string> command = {program_};
    command.insert(command.end(), arguments_.begin(), arguments_.end());
    command.insert(command.end(), {"--listen", address_.empty() ? "127.0.0.1:0" : address_});
    std::vector<char*> arguments;
    for (std::string& argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    const std::string out = logs_ + "/out", err = logs_ + "/err";
    std::ofstream(out, std::ios::trunc);
    pid_ = fork();
    if (pid_ == 0) BecomeProgram(arguments.data(), out.c_str(), err.c_str(), O_APPEND);
    while (true) {
      const std::string said = Contents(out);
      const std::size_t at = said.find(kListening);
      if (at != said.npos && said.find('\n', at) != said.npos) {
        const std::size_t begin = at + std::string(kListening).size();
        address_ = said.substr(begin, said.find('\n', at) - begin);
        return true;
      }
      int status = 0;
      if (waitpid(pid_, &status, WNOHANG) == pid_) {
        exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        pid_ = 0;
        return false;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

  void Kill() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  // SIGTERM; the exit code, 128 and more when a signal ended it.
  int Stop() {
    if (pid_ > 0) kill(pid_, SIGTERM);
    return Wait();
  }
  int Wait() {
    if (pid_ <= 0) return exit_code_;
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  const std::string& address() const { return address_; }
  std::string said() const { return Contents(logs_ + "/out"); }
  std::string error() const { return Contents(logs_ + "/err"); }

  std::shared_ptr<grpc::Channel> Connect() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 200);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 20);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // A connection of one's own.
    return grpc::CreateCustomChannel("ipv4:" + address_, grpc::InsecureChannelCredentials(),
                                     arguments);
  }

 private:
  static constexpr const char* kListening = "listening on ";

  static std::string Contents(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }

  const std::string program_;
  const std::vector<std::string> arguments_;
  const std::string logs_;
  std::string address_;
  pid_t pid_ = 0;
  int exit_code_ = 0;
};

inline std::string Uuid(std::uint64_t high, std::uint64_t low) {
  char text[37];
  std::snprintf(text, sizeof text, "%08x-0000-4000-8000-%012llx", static_cast<unsigned>(high),
                static_cast<unsigned long long>(low));
  return text;
}

// A deadline.
inline gpr_timespec In(std::chrono::milliseconds patience) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_millis(patience.count(), GPR_TIMESPAN));
}

// One call with a deadline, and a token unless it is empty.
template <typename Stub, typename Request, typename Response>
grpc::Status Call(Stub& stub,
                  grpc::Status (Stub::*rpc)(grpc::ClientContext*, const Request&, Response*),
                  const Request& request, Response& response, const std::string& token = {},
                  std::chrono::milliseconds patience = std::chrono::seconds(10)) {
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(In(patience));
  if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
  response.Clear();
  return (stub.*rpc)(&context, request, &response);
}

// Whether a client does not know what came of its call, and asks again.
inline bool IsUnknown(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::UNAVAILABLE ||
         status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED ||
         status.error_code() == grpc::StatusCode::UNKNOWN;
}

}  // namespace ets
