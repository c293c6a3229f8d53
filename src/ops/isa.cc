// The limit on instruction sets: stores it, and tells Highway's dispatch.
#include <hwy/targets.h>

#include <atomic>

#include "ops/isa.h"

namespace ponder {
namespace {

std::atomic<InstructionSet> g_limit{InstructionSet::kBest};

}  // namespace

InstructionSet instruction_set_limit() { return g_limit.load(); }

void limit_instruction_set(InstructionSet limit) {
  g_limit.store(limit);
  std::int64_t disabled = 0;
#if HWY_ARCH_X86
  constexpr std::int64_t kAvx512 = HWY_AVX3 | HWY_AVX3_DL;
  if (limit == InstructionSet::kAvx2) disabled = kAvx512;
  if (limit == InstructionSet::kBaseline) disabled = kAvx512 | HWY_AVX2;
#endif
  hwy::DisableTargets(disabled);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace ponder
