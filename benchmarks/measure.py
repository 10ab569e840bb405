"""Measuring: medians of CPU seconds, sides in turn, and a table of rows."""

from __future__ import annotations

import gc
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the result: what was measured, the figure, and what is asked of it (empty where nothing is)."""

    what: str
    figure: str
    asked: str = ""


def medians(*sides: Callable[[], object], repeats: int = 5) -> list[float]:
    """CPU seconds of each side: the median of ``repeats`` turns, after one turn to warm up."""
    taken: list[list[float]] = [[] for _ in sides]
    for turn in range(repeats + 1):
        for side, times in zip(sides, taken, strict=True):
            gc.collect()
            start = time.process_time()
            side()
            if turn:
                times.append(time.process_time() - start)
    return [statistics.median(times) for times in taken]


def processes(*commands: Sequence[str], repeats: int = 11, cwd: str | None = None) -> list[float]:
    """CPU seconds (user and system) of each command as a new process: medians, in turn."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    taken: list[list[float]] = [[] for _ in commands]
    for turn in range(repeats + 1):
        for command, times in zip(commands, taken, strict=True):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command, check=True, capture_output=True, env=environment, cwd=cwd)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            if turn:
                times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return [statistics.median(times) for times in taken]


def peak_of(code: str) -> tuple[float, str]:
    """Run Python code in a new process: its peak memory in MB, and what it printed."""
    # Not ru_maxrss: a child takes over its parent's peak there. VmHWM begins anew with the program.
    script = f"{code}\nprint(next(int(l.split()[1]) / 1024 for l in open('/proc/self/status') if l.startswith('VmHWM')))"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    *printed, peak = done.stdout.strip().splitlines()
    return float(peak), "\n".join(printed)


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown."""
    lines = ["| what | measured | asked |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {row.what} | {row.figure} | {row.asked} |" for row in rows)])
