"""Remote commands that ask: the answers of ``celery inspect`` and ``celery status``, by the names and in the form of Celery's workers.

Source: "Workers Guide", section "Inspecting workers".
"""

from __future__ import annotations

import datetime as dt
import os
import platform
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ... import __version__
from ..configuration.configuration import DEFAULT
from .described import broker_of, plain, request_of, usage, waiting
from .revoked import ids_in

if TYPE_CHECKING:
    from .entry import Entry
    from .service import WorkerService

#: What ``registered`` tells of a task beside its name, if nothing else is asked for.
TASK_INFO = ("exchange", "routing_key", "rate_limit")


def ping(_: WorkerService) -> Any:
    """A sign of life."""
    return {"ok": "pong"}


def clock(worker: WorkerService) -> Any:
    """The logical clock."""
    return {"clock": worker.clock.value}


def hello(worker: WorkerService, from_node: str, revoked: Any = None, **_: Any) -> Any:
    """Another worker has started: both tell each other what is revoked."""
    if from_node == worker.hostname:
        return None
    known = worker.revoked
    worker.revoke(ids_in(revoked))
    return {"revoked": known, "clock": worker.clock.forward()}


def active(worker: WorkerService, **_: Any) -> Any:
    """The calls that run."""
    return [_told(worker, entry) for entry in worker.calls if entry.begun is not None]


def reserved(worker: WorkerService, **_: Any) -> Any:
    """The calls that wait for a free place."""
    return [_told(worker, entry) for entry in worker.calls if entry.begun is None]


def scheduled(worker: WorkerService, **_: Any) -> Any:
    """The calls that wait for their time."""
    return [
        {"eta": dt.datetime.fromtimestamp(due, dt.UTC).isoformat(), "priority": 6, "request": waiting(held, worker.hostname)}
        for due, held in worker.scheduled()
    ]


def query_task(worker: WorkerService, ids: str | Iterable[str] = (), **_: Any) -> Any:
    """What is known of some calls, by their ids."""
    wanted = {ids} if isinstance(ids, str) else set(ids)
    found: dict[str, Any] = {
        held.headers["id"]: ["scheduled", waiting(held, worker.hostname)] for _, held in worker.scheduled() if held.headers["id"] in wanted
    }
    for entry in worker.calls:
        if entry.id in wanted:
            found[entry.id] = ["reserved" if entry.begun is None else "active", _told(worker, entry)]
    return found


def revoked(worker: WorkerService, **_: Any) -> Any:
    """The ids that are not to run."""
    return worker.revoked


def registered(worker: WorkerService, taskinfoitems: Sequence[Any] | None = None, builtins: bool = False, **_: Any) -> Any:
    """The tasks: ``name`` or, with attributes, ``name [attribute=value …]``."""
    wanted = [item for item in taskinfoitems or TASK_INFO if isinstance(item, str) and not item.startswith("_")]
    return [_with_attributes(task, wanted) for name, task in sorted(worker.app.tasks.items()) if builtins or not name.startswith("celery.")]


def _with_attributes(task: Any, wanted: Sequence[str]) -> str:
    known = {name: value for name in wanted if isinstance(value := getattr(task, name, None), (str, int, float, list, tuple, dict))}
    return f"{task.name} [{' '.join(f'{name}={plain(value, name)}' for name, value in known.items())}]" if known else str(task.name)


def active_queues(worker: WorkerService, **_: Any) -> Any:
    """The queues that are read, with their exchanges and bindings."""
    topology = worker.app.broker.topology
    return [plain(topology.queue(name).as_dict(recurse=True)) for name in worker.queues]


def stats(worker: WorkerService, **_: Any) -> Any:
    """Numbers: of calls by task, of the pool, the broker and this process."""
    return {
        "total": dict(worker.begun),
        "pid": os.getpid(),
        "clock": str(worker.clock),
        "uptime": round(time.monotonic() - worker.since),
        "pool": _pool(worker),
        "broker": broker_of(worker.app.broker),
        "prefetch_count": worker.prefetch,
        "rusage": usage(),
        "ended": dict(worker.counts),
    }


def _pool(worker: WorkerService) -> dict[str, Any]:
    limits = worker.app.conf.task_soft_time_limit, worker.app.conf.task_time_limit
    return {
        "implementation": f"flowc:{worker.pool_name}", "max-concurrency": worker.concurrency, "processes": worker.pool.processes(),
        "max-tasks-per-child": "N/A", "put-guarded-by-semaphore": False, "timeouts": [limit or 0 for limit in limits],
    }  # fmt: skip


def conf(worker: WorkerService, with_defaults: bool = False, **_: Any) -> Any:
    """The settings that differ from their defaults; with ``with_defaults`` all."""
    settings = worker.app.conf
    return {key: plain(value, key) for key, value in settings.items() if with_defaults or settings.origin(key) != DEFAULT}


def report(worker: WorkerService, **_: Any) -> Any:
    """Versions, for reports of bugs."""
    import kombu

    settings = worker.app.conf
    told = {
        "software": f"flowc:{__version__} kombu:{kombu.__version__} py:{platform.python_version()}",
        "platform": f"{platform.system()} {platform.machine()}",
        "transport": f"{worker.app.broker.traits.name} results:{plain(worker.app.backend.url, 'result_backend')}",
        "pool": f"{worker.pool_name} -c {worker.concurrency}",
    }
    lines = [f"{key} -> {value}" for key, value in told.items()]
    changed = [f"{key}: {plain(value, key)!r}" for key, value in settings.items() if settings.origin(key) != DEFAULT]
    return {"ok": "\n".join([*lines, "", *changed, ""])}


def _told(worker: WorkerService, entry: Entry) -> dict[str, Any]:
    return request_of(entry, worker.hostname, worker.pool.process_of(entry.key))


#: By name; the second names are those of older clients.
COMMANDS: Final[Mapping[str, Callable[..., Any]]] = {
    "ping": ping, "clock": clock, "hello": hello, "active": active, "reserved": reserved, "scheduled": scheduled,
    "query_task": query_task, "revoked": revoked, "registered": registered, "active_queues": active_queues, "stats": stats, "conf": conf,
    "report": report,
    "dump_active": active, "dump_reserved": reserved, "dump_schedule": scheduled, "dump_revoked": revoked, "dump_tasks": registered,
    "dump_conf": conf,
}  # fmt: skip
