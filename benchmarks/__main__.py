"""Run the benchmarks that are named, or all."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable

from . import compile_lines, compile_steps, draw, fleet_drive, fleet_submit, pending, publish, run_steps, startup, worker_rate
from .measure import Row, table

ALL: dict[str, Callable[[], list[Row]]] = {
    "startup": startup.run,
    "lines": compile_lines.run,
    "steps": compile_steps.run,
    "draw": draw.run,
    "run": run_steps.run,
    "publish": publish.run,
    "worker": worker_rate.run,
    "pending": pending.run,
    "drive": fleet_drive.run,
    "submit": fleet_submit.run,
}


def main(names: list[str]) -> int:
    """Print a table for each benchmark; 2 for a name that there is none of."""
    unknown = [name for name in names if name not in ALL]
    if unknown:
        print(f"no benchmark is called {unknown[0]!r}; there are {', '.join(ALL)}", file=sys.stderr)
        return 2
    print(f"Python {platform.python_version()}; medians, the sides in turn.")
    for name in names or list(ALL):
        print(f"\n## {name}\n\n{table(ALL[name]())}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
