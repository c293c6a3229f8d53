// The machine that the library runs on: its threads and its instruction sets. Not the choices of a
// model (model.h).
#pragma once

#include <cstdint>

namespace ponder {

/// The largest instruction set that the engine may use, where the CPU has it: on x86-64, AVX-512
/// and AMX, AVX2, or neither.
enum class InstructionSet : std::uint8_t { kBest, kAvx2, kBaseline };
/// Limits the instruction set of the whole process, for measurements and comparisons of machines.
/// Call it before any model is loaded, while no other thread uses the library. Another instruction
/// set changes the last bits of numbers.
void limit_instruction_set(InstructionSet);

/// Returns the number of threads that this process may use, from scheduler affinity and the cgroup
/// CPU quota.
int available_threads();

}  // namespace ponder
