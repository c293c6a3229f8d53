// Runs the tests of a program with narrower vectors than those of the CPU: PONDER_TEST_ISA=avx2.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string_view>

#include "ponder/core/machine.h"

namespace {

class Limit final : public testing::Environment {
  void SetUp() override {
    const char* isa = std::getenv("PONDER_TEST_ISA");
    if (isa && std::string_view(isa) == "avx2")
      ponder::limit_instruction_set(ponder::InstructionSet::kAvx2);
  }
};
const auto* const g_limit = testing::AddGlobalTestEnvironment(new Limit);

}  // namespace
