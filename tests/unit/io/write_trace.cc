// Writes the sample trace to the file named by the only argument: for arviz_test.py.
#include <cstdio>

#include "ponder/core/files.h"
#include "sample_trace.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const ponder::Status s = ponder::write_netcdf(ponder::sample_trace(), argv[1]);
  if (!s.ok()) std::fprintf(stderr, "%s\n", s.error().message().c_str());
  return s.ok() ? 0 : 1;
}
