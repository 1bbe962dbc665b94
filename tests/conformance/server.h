#pragma once

#include <sys/types.h>

#include <csignal>
#include <memory>
#include <string>
#include <vector>

namespace ets::conformance {

// A folder of the suite's own, gone with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// `capclear serve registry` as a child process, with a data folder of its own, on a free port of
// this machine. Ended by its process id.
class Server {
 public:
  // `flags` stand behind --data and --listen.
  Server(std::string program, std::vector<std::string> flags);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Until it listens. False: it ended before it did; said() and exit_code() tell how.
  bool Start() { return Start(flags_); }
  bool Start(const std::vector<std::string>& flags);
  void Kill() { End(SIGKILL); }
  int Stop() { return End(SIGTERM); }  // The exit code.
  void Signal(int signal) const;
  int Wait();
  // From now on no file of it grows beyond so much.
  void LimitFileSize(std::uint64_t bytes) const;

  const std::string& address() const { return address_; }
  std::string token() const;  // The operator's.
  std::string said() const;   // On both outputs, since the last start.
  int exit_code() const { return exit_code_; }
  std::string data() const { return folder_.path() + "/data"; }

 private:
  int End(int signal);
  bool HasEnded();
  void Become(const std::vector<std::string>& flags) const;

  const std::string program_;
  const std::vector<std::string> flags_;
  TemporaryFolder folder_;
  std::string address_;
  pid_t process_ = 0;
  int exit_code_ = 0;
};

std::string ContentsOf(const std::string& path);

}  // namespace ets::conformance
