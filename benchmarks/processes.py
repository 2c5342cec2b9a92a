"""What a server costs: CPU time and memory of a process and all its children, from /proc; and the machine's own line."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")
PAGE_KB = os.sysconf("SC_PAGE_SIZE") / 1024


@dataclass(frozen=True, slots=True)
class Usage:
    """Sums over a family of processes at one moment; `names` says how much CPU each took, by pid."""

    user_s: float
    system_s: float
    pss_kb: float
    rss_kb: float
    threads: int
    cpu_s_of: dict[int, float]
    name_of: dict[int, str]

    @property
    def cpu_s(self) -> float:
        return self.user_s + self.system_s


def parse_stat(text: str) -> tuple[str, int, int, int, int, int]:
    """Read /proc/PID/stat (man 5 proc): name, parent, user ticks, system ticks, threads, resident pages."""
    name = text[text.index("(") + 1 : text.rindex(")")]
    fields = text[text.rindex(")") + 2 :].split()
    return name, int(fields[1]), int(fields[11]), int(fields[12]), int(fields[17]), int(fields[21])


def family(roots: list[int]) -> list[int]:
    """Return the roots and all their descendants that live."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                parent = parse_stat((entry / "stat").read_text())[1]
            except (OSError, ValueError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found: list[int] = []
    queue = [pid for pid in roots if (PROC / str(pid)).exists()]
    while queue:
        pid = queue.pop()
        if pid not in found:
            found.append(pid)
            queue += children.get(pid, [])
    return sorted(found)


def run_time_s(pid: int) -> float | None:
    """Return the CPU seconds of all living threads to the nanosecond, None where the kernel does not tell (schedstat)."""
    try:
        return (
            sum(
                int((task / "schedstat").read_text().split()[0])
                for task in (PROC / str(pid) / "task").iterdir()
            )
            * 1e-9
        )
    except (OSError, ValueError, IndexError):
        return None


@dataclass(frozen=True, slots=True)
class Shares:
    """CPU seconds of a server's first process, which signals, and of those that it started, which carry the media."""

    control_s: float
    workers_s: float

    @property
    def total_s(self) -> float:
        return self.control_s + self.workers_s

    def __sub__(self, before: Shares) -> Shares:
        return Shares(self.control_s - before.control_s, self.workers_s - before.workers_s)

    def __mul__(self, times: float) -> Shares:
        return Shares(self.control_s * times, self.workers_s * times)


def shares(roots: list[int]) -> Shares:
    """Return what the family of `roots` has used by now; to the nanosecond where the kernel tells."""
    spent = {pid: _spent_s(pid) for pid in family(roots)}
    control_s = sum(spent_s for pid, spent_s in spent.items() if pid in roots)
    return Shares(control_s, sum(spent.values()) - control_s)


def waited_s(roots: list[int]) -> float:
    """Return how long the first processes have been ready to run by now and had no core to run on (schedstat)."""
    total_ns = 0
    for pid in roots:
        try:
            tasks = [
                (task / "schedstat").read_text().split() for task in (PROC / str(pid) / "task").iterdir()
            ]
            total_ns += sum(int(fields[1]) for fields in tasks)
        except (OSError, ValueError, IndexError):
            continue
    return total_ns * 1e-9


def _spent_s(pid: int) -> float:
    if (exact := run_time_s(pid)) is not None:
        return exact
    try:
        _, _, user_ticks, system_ticks, _, _ = parse_stat((PROC / str(pid) / "stat").read_text())
    except (OSError, ValueError):  # gone meanwhile
        return 0.0
    return (user_ticks + system_ticks) * TICK_S


def descriptors(roots: list[int]) -> dict[int, int]:
    """Return how many files and sockets each process of the family has open."""
    counts = {}
    for pid in family(roots):
        try:
            counts[pid] = sum(1 for _ in (PROC / str(pid) / "fd").iterdir())
        except OSError:
            continue
    return counts


def measure(roots: list[int], *, memory: bool = True) -> Usage:
    """Add up the family of `roots` now; reading PSS walks page tables, so leave `memory` out of a running measurement."""
    user = system = pss = rss = 0.0
    threads = 0
    cpu_s_of: dict[int, float] = {}
    name_of: dict[int, str] = {}
    for pid in family(roots):
        try:
            name, _, user_ticks, system_ticks, count, pages = parse_stat(
                (PROC / str(pid) / "stat").read_text()
            )
        except (OSError, ValueError):  # gone meanwhile
            continue
        user += user_ticks * TICK_S
        system += system_ticks * TICK_S
        threads += count
        rss += pages * PAGE_KB
        name_of[pid] = name
        cpu_s_of[pid] = (user_ticks + system_ticks) * TICK_S
        if memory:
            pss += _pss_kb(pid) or pages * PAGE_KB
    return Usage(user, system, pss, rss, threads, cpu_s_of, name_of)


def resident_kb(pids: list[int]) -> float:
    """Return what the processes have in memory now, shared pages in each; quick enough for a running measurement."""
    pages = 0
    for pid in pids:
        try:
            pages += parse_stat((PROC / str(pid) / "stat").read_text())[5]
        except (OSError, ValueError):  # gone meanwhile
            continue
    return pages * PAGE_KB


def _pss_kb(pid: int) -> float | None:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return None
    return next((float(line.split()[1]) for line in lines if line.startswith("Pss:")), None)


def find_pids(pattern: str) -> list[int]:
    """Return processes whose command line contains `pattern`, without ourselves, our parents and those they started."""
    ancestors = set()
    pid = os.getpid()
    while pid > 1:
        ancestors.add(pid)
        try:
            pid = parse_stat((PROC / str(pid) / "stat").read_text())[1]
        except (OSError, ValueError):
            break
    found = []
    for entry in PROC.iterdir():
        if entry.name.isdigit() and int(entry.name) not in ancestors:
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            except OSError:
                continue
            if pattern in command and "benchmarks." not in command:
                found.append(int(entry.name))
    return found


def machine_busy_s() -> tuple[float, float]:
    """Return the CPU seconds that all programs together have used since boot, and those the hypervisor kept (steal)."""
    try:
        fields = [int(field) for field in (PROC / "stat").read_text().split("\n", 1)[0].split()[1:]]
    except (OSError, ValueError):
        return 0.0, 0.0
    user, nice, system, _, _, irq, softirq, steal = (fields + [0] * 8)[:8]
    return (user + nice + system + irq + softirq) * TICK_S, steal * TICK_S


def kernel_drops() -> dict[str, int]:
    """Return the machine's counters of packets it lost itself: UDP buffers, checksum, the queue of a CPU."""
    counters: dict[str, int] = {}
    try:
        rows = [
            line.split() for line in (PROC / "net/snmp").read_text().splitlines() if line.startswith("Udp:")
        ]
        udp = dict(zip(rows[0][1:], map(int, rows[1][1:]), strict=False))
        counters = {name: udp.get(name, 0) for name in ("RcvbufErrors", "SndbufErrors", "InErrors")}
        backlog = (PROC / "net/softnet_stat").read_text().splitlines()
        counters["BacklogDrops"] = sum(int(line.split()[1], 16) for line in backlog)
    except (OSError, IndexError, ValueError):
        pass
    return counters


def machine_line() -> dict[str, str | int]:
    """Say where a figure was measured."""
    import numpy as np  # noqa: PLC0415 - only its version

    model = "unknown"
    try:
        for line in (PROC / "cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    return {
        "cpu": model,
        "cores": os.cpu_count() or 0,
        "kernel": platform.release(),
        "python": sys.version.split()[0],
        "numpy": np.__version__,
    }
