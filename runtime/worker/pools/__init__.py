"""The pools: three ways to run jobs, one interface (:class:`flowc.runtime.worker.pools.interface.Pool`)."""

from __future__ import annotations

import os

from ...app import App
from ...errors import UsageError
from .interface import Pool, Reporter

#: The pools by name; the first is the default.
POOLS = ("threads", "processes", "solo")


def default_concurrency(name: str) -> int:
    """How many jobs a pool runs at once that is not told."""
    cores = os.cpu_count() or 1
    return {"threads": min(32, cores * 4), "solo": 1}.get(name, cores)


def make_pool(name: str, concurrency: int | None, app: App, report: Reporter) -> Pool:
    """A pool by name, not started before its first job.

    Args:
        name: ``threads``, ``processes`` or ``solo``.
        concurrency: how many jobs at once; None for the default: the number of processors, for threads four times that (at most 32).

    Raises:
        UsageError: another name, or a concurrency below one.
    """
    if concurrency is not None and concurrency < 1:
        raise UsageError(f"a concurrency of {concurrency} is too small: it must be 1 or more")
    most = concurrency or default_concurrency(name)
    if name == "threads":
        from .threads import ThreadPool

        return ThreadPool(app, most, report)
    if name == "processes":
        if not hasattr(os, "fork"):
            raise UsageError("the pool processes needs fork, which this system does not have; use threads")
        from .processes import ProcessPool

        return ProcessPool(app, most, report)
    if name == "solo":
        from .solo import SoloPool

        return SoloPool(app, report)
    raise UsageError(f"there is no pool {name!r}: it must be one of {', '.join(POOLS)}")
