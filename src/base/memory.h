// How much memory this process may still take: what the machine has free, within the cgroup limit.
#pragma once

#include <cstdint>

namespace ponder {

std::int64_t available_memory();  // bytes

}  // namespace ponder
