#include "tests/conformance/server.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <thread>
#include <utility>

namespace ets::conformance {
namespace {

constexpr std::string_view kListening = "listening on ";

int ExitCodeOf(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

std::string ContentsOf(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern =
      (std::filesystem::temp_directory_path() / "capclear-conformance-XXXXXX").string();
  if (mkdtemp(pattern.data()) != nullptr) path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

Server::Server(std::string program, std::vector<std::string> flags)
    : program_(std::move(program)), flags_(std::move(flags)) {}

Server::~Server() { Kill(); }

bool Server::Start(const std::vector<std::string>& flags) {
  const std::string out = folder_.path() + "/out";
  std::ofstream(out, std::ios::trunc).close();
  process_ = fork();
  if (process_ == 0) Become(flags);
  while (true) {
    const std::string text = said();
    const std::size_t at = text.find(kListening);
    const std::size_t end = at == text.npos ? at : text.find('\n', at);
    if (end != text.npos) {
      const std::size_t begin = at + kListening.size();
      address_ = text.substr(begin, end - begin);
      return true;
    }
    if (HasEnded()) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

void Server::Become(const std::vector<std::string>& flags) const {
  std::vector<std::string> words = {program_, "serve",    "registry",   "--data",
                                    data(),   "--listen", "127.0.0.1:0"};
  words.insert(words.end(), flags.begin(), flags.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const int out = open((folder_.path() + "/out").c_str(), O_WRONLY | O_APPEND);
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  std::signal(SIGXFSZ, SIG_IGN);  // A file that may not grow is an error, not the end.
  close_range(STDERR_FILENO + 1, ~0U, 0);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

bool Server::HasEnded() {
  int status = 0;
  if (process_ <= 0) return true;
  if (waitpid(process_, &status, WNOHANG) != process_) return false;
  exit_code_ = ExitCodeOf(status);
  process_ = 0;
  return true;
}

void Server::Signal(int signal) const {
  if (process_ > 0) kill(process_, signal);
}

int Server::Wait() {
  int status = 0;
  if (process_ > 0 && waitpid(process_, &status, 0) == process_) exit_code_ = ExitCodeOf(status);
  process_ = 0;
  return exit_code_;
}

int Server::End(int signal) {
  Signal(signal);
  return Wait();
}

void Server::LimitFileSize(std::uint64_t bytes) const {
  const rlimit limit{bytes, RLIM_INFINITY};
  prlimit(process_, RLIMIT_FSIZE, &limit, nullptr);
}

std::string Server::token() const {
  std::string token = ContentsOf(data() + "/operator.token");
  while (!token.empty() && token.back() == '\n') token.pop_back();
  return token;
}

std::string Server::said() const { return ContentsOf(folder_.path() + "/out"); }

}  // namespace ets::conformance
