"""The job's processes as its supervisor sees them: who descends from whom, and how to signal them.

Standard library only where there is a /proc: the supervisor starts without site-packages there. psutil elsewhere.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Container, Iterable
from contextlib import suppress

HAS_PROC = os.path.exists("/proc/self/stat")
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


def adopt_orphans() -> None:
    """Make orphans among this process's descendants its own children, so that none gets away (Linux only)."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants(root: int, spared: Container[int] = ()) -> list[int]:
    """The pids of all living processes below `root`; zombies are left out, but not what is below them.

    Of those in `spared` neither they nor what is below them.
    """
    if not HAS_PROC:
        return _descendants_by_psutil(root, spared)
    children: dict[int, list[tuple[int, bytes]]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (fields := _stat(entry)):
            children.setdefault(int(fields[1]), []).append((int(entry), fields[0]))
    found, ahead = [], [root]
    while ahead:
        for pid, state in children.get(ahead.pop(), ()):
            if pid in spared:
                continue
            ahead.append(pid)
            if state not in (b"Z", b"X"):
                found.append(pid)
    return found


def ignores(pid: int, signum: int) -> bool:
    """Whether process `pid` ignores `signum`, so that there is no use in waiting; False where nobody can tell."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            mask = next(line for line in file if line.startswith(b"SigIgn:")).split()[1]
    except (OSError, StopIteration):
        return False
    return bool(int(mask, 16) >> (signum - 1) & 1)


def signal_group(leader: int, signum: int) -> None:
    """Send `signum` to the process group of `leader`, and let it go on if it is paused; nothing where it has gone."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signum)
        os.killpg(leader, signal.SIGCONT)


def signal_each(pids: Iterable[int], signum: int) -> None:
    """Send `signum` to each of `pids`; those that have gone are passed over."""
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signum)


def _stat(entry: str) -> list[bytes]:
    """State, parent, … of a process: what follows its name in /proc/PID/stat; empty where it has gone."""
    try:
        with open(f"/proc/{entry}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()
    except OSError:
        return []


def _descendants_by_psutil(root: int, spared: Container[int]) -> list[int]:
    import psutil

    found, ahead = [], [psutil.Process(root)]
    while ahead:
        with suppress(psutil.Error):
            for process in ahead.pop().children():
                if process.pid in spared:
                    continue
                ahead.append(process)
                if process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process.pid)
    return found
