// A served program has the files that it opens itself: a socket that its parent has open when it
// starts is none of them.

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "tests/capclear_process.h"
#include "tests/serve_process.h"

namespace ets {
namespace {

class ChildProcess : public ::testing::Test {
 protected:
  ChildProcess() : socket_(socket(AF_INET, SOCK_STREAM, 0)) {}
  ~ChildProcess() override { close(socket_); }

  // As /proc names it: socket:[12345].
  std::string OwnSocket() const {
    struct stat about {};
    EXPECT_EQ(fstat(socket_, &about), 0);
    return "socket:[" + std::to_string(about.st_ino) + "]";
  }

  const int socket_;
  const TestFolder folder_;
};

TEST_F(ChildProcess, ThatIsServedHasNoFileOfItsParent) {
  ServedProcess served("/bin/sh", {"-c", "ls -l /proc/self/fd; echo listening on nothing; sleep 9"},
                       folder_.path().string());
  ASSERT_TRUE(served.Start()) << served.error();
  EXPECT_NE(served.said().find(folder_ / "out"), std::string::npos) << served.said();
  EXPECT_EQ(served.said().find(OwnSocket()), std::string::npos) << served.said();
}

TEST_F(ChildProcess, ThatIsRunHasNoFileOfItsParent) {
  const Said said = RunCommand({"/bin/ls", "-l", "/proc/self/fd"});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_EQ(said.out.find(OwnSocket()), std::string::npos) << said.out;
}

}  // namespace
}  // namespace ets
