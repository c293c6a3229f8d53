// The machine that everything runs on: its threads and its instruction sets. Not what a model takes
// of it (model.h).
#pragma once

#include <cstdint>

namespace ponder {

/// The most that the engine may use of what the CPU has: on x86-64, AVX-512 and AMX, AVX2, or
/// neither.
enum class InstructionSet : std::uint8_t { kBest, kAvx2, kBaseline };
/// Holds for the whole process, from before any model is loaded: to measure, or to compare
/// machines. Other instructions mean other last bits. Threads: to be called while no other thread
/// uses the library.
void limit_instruction_set(InstructionSet);

/// Threads that this process may really use: scheduler affinity and the cgroup CPU quota.
int available_threads();

}  // namespace ponder
