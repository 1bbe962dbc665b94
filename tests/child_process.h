#pragma once

#include <fcntl.h>
#include <unistd.h>

// What a child does between fork() and its program.
namespace ets {

// Becomes the program `arguments`, which end with null. What it says goes to two files; of its
// parent's other files, sockets above all, it has none: one that it kept open would stay connected
// when the parent closes it. For a child of many threads: nothing here allocates.
[[noreturn]] inline void BecomeProgram(char* const* arguments, const char* out, const char* err,
                                       int flags) {
  dup2(open(out, O_WRONLY | O_CREAT | flags, 0600), STDOUT_FILENO);
  dup2(open(err, O_WRONLY | O_CREAT | flags, 0600), STDERR_FILENO);
  close_range(STDERR_FILENO + 1, ~0U, 0);
  execvp(arguments[0], arguments);
  _exit(127);
}

}  // namespace ets
