"""Memory of processes, from /proc."""

from pathlib import Path


def family(pid: int) -> list[int]:
    """Return a process and all that it has started, down to the last."""
    found = [pid]
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in listed.read_text().split():
            found += family(int(child))
    return found


def resident_mb(pid: int) -> float:
    """Return the resident set (RSS) of one process in MB."""
    return _kilobytes(Path(f"/proc/{pid}/status"), "VmRSS") / 1024


def proportional_mb(pid: int) -> float:
    """Return the proportional set (PSS) in MB: a page that several processes share is divided among them."""
    return _kilobytes(Path(f"/proc/{pid}/smaps_rollup"), "Pss") / 1024


def available_mb() -> float:
    """Return what the machine has left in MB."""
    return _kilobytes(Path("/proc/meminfo"), "MemAvailable") / 1024


def _kilobytes(file: Path, key: str) -> int:
    for line in file.read_text().splitlines():
        name, _, value = line.partition(":")
        if name == key:
            return int(value.split()[0])
    raise LookupError(f"{file} has no {key}")
