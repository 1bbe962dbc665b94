#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/child_process.h"

// The built program as a child process, and a folder to let it write into.
namespace ets {

inline std::string Contents(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

inline void Write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
}

// A folder of one test's own, gone with it.
class TestFolder {
 public:
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "capclear-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
    path_ = name;
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

// Starts a program; standard output and error go to files.
inline pid_t Start(const std::vector<std::string>& command, const std::string& out,
                   const std::string& err) {
  std::vector<char*> arguments;
  for (const std::string& argument : command)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const pid_t child = fork();
  if (child != 0) return child;
  BecomeProgram(arguments.data(), out.c_str(), err.c_str(), O_TRUNC);
}

// The exit code; 128 and more when a signal ended it.
inline int ExitCode(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

struct Said {
  int code = 0;
  std::string out, err;
};

inline Said RunCommand(const std::vector<std::string>& command) {
  const TestFolder folder;
  Said said;
  said.code = ExitCode(Start(command, folder / "out", folder / "err"));
  said.out = Contents(folder / "out");
  said.err = Contents(folder / "err");
  return said;
}

inline Said Capclear(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), CAPCLEAR);
  return RunCommand(arguments);
}

inline constexpr const char* kDefaultScenario = "scenarios/china-transition.toml";

// A population file of every twentieth firm of the default one: 278 firms of every sector.
inline void WriteSmallPopulation(const std::string& path) {
  const Said all = Capclear({"population", kDefaultScenario});
  ASSERT_EQ(all.code, 0) << all.err;
  std::stringstream lines(all.out);
  std::string small;
  std::string line;
  for (int i = 0; std::getline(lines, line); ++i) {
    if (i % 20 == 0) small += line + "\n";
  }
  Write(path, small);
}

// `capclear run` of the default scenario with few firms to the end of 2026, into `folder`.
inline std::vector<std::string> SmallRun(const std::string& firms, const std::string& folder) {
  return {"run",   kDefaultScenario,      "--out", folder,
          "--set", "last_day=2026-12-31", "--set", "firms=\"" + firms + "\""};
}

}  // namespace ets
