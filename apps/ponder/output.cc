// Checked writes to stdout.
#include "output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "ponder/wire.h"

namespace ponder::app {
namespace {

int g_errno = 0;  // errno of the first write that failed

void note(bool ok) {
  if (!ok && g_errno == 0) g_errno = errno;
}

}  // namespace

void write(std::string_view s) {
  if (!output_broken()) note(std::fwrite(s.data(), 1, s.size(), stdout) == s.size());
}
void write_line(std::string_view s) {
  write(s);
  write("\n");
  flush();
}
void flush() {
  if (!output_broken()) note(std::fflush(stdout) == 0);
}
bool output_broken() { return g_errno != 0; }
Status output_status() {
  if (g_errno == 0 || g_errno == EPIPE) return {};
  return Error{Code::kIo, "to write to stdout", std::strerror(g_errno), "output",
               "free some space, or write elsewhere"};
}

std::string one_line(const std::string& s) {
  std::string o;
  for (char c : s) {
    if (c == '\n')
      o += "\\n";
    else if (static_cast<unsigned char>(c) < 32 || c == 127)
      o += ' ';
    else
      o += c;
  }
  return o;
}

std::string shown(const std::string& s) {
  const std::string quoted = quoted_json(s);
  return quoted.substr(1, quoted.size() - 2);
}

int exit_code(const Error& e) {
  return e.code == Code::kInvalid || e.code == Code::kNotFound || e.code == Code::kUnsupported ? 2
                                                                                               : 1;
}

}  // namespace ponder::app
