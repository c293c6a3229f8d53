"""Describes this machine, and the load by other work while it was measured. Linux."""

import os
import platform
import resource


def describe() -> dict:
    """CPU, memory and system, with the kernel's names."""
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        lines = [x.split(":", 1) for x in f.read().split("\n\n")[0].splitlines()]
    cpu = {k.strip(): v.strip() for k, v in lines}
    with open("/proc/meminfo", encoding="ascii") as f:
        memory_kb = int(f.readline().split()[1])
    return {
        "cpu": cpu.get("model name", platform.machine()),
        "family_model_stepping": [cpu.get(k) for k in ("cpu family", "model", "stepping")],
        "flags": cpu.get("flags", ""),
        "cores": os.cpu_count(),
        "memory_gb": round(memory_kb / 2**20, 1),
        "system": f"{platform.system()} {platform.release()}",
        "load_average_before": os.getloadavg()[0],
    }


def _busy_s() -> tuple[float, float]:
    """Seconds of all CPUs: spent in programs and the kernel, and taken by the host."""
    with open("/proc/stat", encoding="ascii") as f:
        user, nice, system, _, _, irq, soft, steal, *_ = map(int, f.readline().split()[1:])
    tick = os.sysconf("SC_CLK_TCK")
    return (user + nice + system + irq + soft) / tick, steal / tick


def _own_s() -> float:
    """CPU seconds of this program and the children that it has waited for."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, who))


class Watch:
    """Measures the machine's other work from construction to end(). Figures with much other work
    should be discarded."""

    def __init__(self) -> None:
        self._busy, self._own = _busy_s(), _own_s()

    def end(self) -> dict[str, float]:
        """CPU seconds, when no child is left running."""
        (busy, steal), own = _busy_s(), _own_s() - self._own
        return {
            "own_cpu_s": own,
            "other_cpu_s": max(0.0, busy - self._busy[0] - own),
            "stolen_cpu_s": steal - self._busy[1],
        }
