"""Remote commands that tell a worker to do something: those of ``celery control``, by the names of Celery's workers.

Source: "Workers Guide", sections "Revoking tasks", "Remote shutdown", "Time limits" and "Queues".
"""

from __future__ import annotations

import logging
import signal as signals
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from ..calling.declared import check_declared
from ..errors import QueueNotFound, UsageError

if TYPE_CHECKING:
    from .service import WorkerService

logger = logging.getLogger("flowc.worker")


def revoke(worker: WorkerService, task_id: str | Iterable[str], terminate: bool = False, signal: str | int | None = None, **_: Any) -> Any:
    """Let tasks not begin; with ``terminate``, end those that run."""
    ids = [task_id] if isinstance(task_id, str) else [str(one) for one in task_id]
    worker.revoke(ids, terminate=terminate, number=number_of(signal))
    if terminate:
        return {"ok": f"terminate: {', '.join(ids)}"}
    return {"ok": f"tasks {', '.join(ids)} flagged as revoked"}


def terminate(worker: WorkerService, task_id: str | Iterable[str], signal: str | int | None = None, **_: Any) -> Any:
    """:func:`revoke`, and end those that run."""
    return revoke(worker, task_id, terminate=True, signal=signal)


def enable_events(worker: WorkerService, **_: Any) -> Any:
    """Send events of tasks from now on."""
    if not worker.events.heard:
        return {"error": f"no events are sent over {worker.app.broker.traits.name}"}
    return {"ok": "task events enabled" if worker.events.switch(True) else "task events already enabled"}


def disable_events(worker: WorkerService, **_: Any) -> Any:
    """Send no more events of tasks."""
    return {"ok": "task events disabled" if worker.events.switch(False) else "task events already disabled"}


def heartbeat(worker: WorkerService, **_: Any) -> Any:
    """Send a heartbeat now."""
    worker.events.beat()


def shutdown(worker: WorkerService, **_: Any) -> Any:
    """Stop in order."""
    logger.warning("stopping, as a remote command asks")
    worker.stop()
    return {"ok": "stopping"}


def time_limit(worker: WorkerService, task_name: str, hard: float | None = None, soft: float | None = None, **_: Any) -> Any:
    """Give a task other time limits, in seconds."""
    task = worker.app.tasks.get(task_name)
    if task is None:
        return {"error": "unknown task"}
    if worker.pool_name != "processes":
        return {"error": "time limits are kept by --pool processes alone"}
    try:
        check_declared(task_name, {"time_limit": hard, "soft_time_limit": soft})
    except (TypeError, ValueError) as wrong:
        return {"error": str(wrong)}
    task.time_limit, task.soft_time_limit = hard, soft
    worker.forget_conditions(task_name)
    logger.warning("time limits of %s are set by a remote command: soft %s, hard %s", task_name, soft, hard)
    return {"ok": "time limits set successfully"}


def add_consumer(
    worker: WorkerService,
    queue: str,
    exchange: str | None = None,
    exchange_type: str | None = None,
    routing_key: str | None = None,
    **_: Any,
) -> Any:
    """Read one more queue: as the settings describe it, else as the command does."""
    queues = worker.app.broker.queues
    if queues.known(queue) is None and exchange is not None:
        queues.add({"name": queue, "exchange": exchange, "exchange_type": exchange_type or "direct", "routing_key": routing_key})
    try:
        worker.app.broker.topology.queue(queue)
    except (UsageError, QueueNotFound) as refused:
        return {"error": str(refused)}
    worker.reading.add(queue)
    return {"ok": f"add consumer {queue}"}


def cancel_consumer(worker: WorkerService, queue: str, **_: Any) -> Any:
    """Read a queue no more."""
    if queue not in worker.queues:
        return {"error": f"queue {queue!r} is not read; there are {', '.join(worker.queues) or 'none'}"}
    worker.reading.remove(queue)
    return {"ok": f"no longer consuming from {queue}"}


def _refusal(why: str) -> Callable[..., Any]:
    """A command of Celery's that is understood and not done."""
    return lambda _, **arguments: {"error": why}


def number_of(name: str | int | None) -> int:
    """The number of a signal by its name (``SIGTERM``, ``TERM``) or number; SIGTERM if None.

    Raises:
        KeyError: there is no such signal.
    """
    if isinstance(name, int):
        return name
    text = (name or "SIGTERM").upper()
    return int(signals.Signals[text if text.startswith("SIG") else f"SIG{text}"])


_FIXED = _refusal("a flowc worker has as many places as it was started with (-c)")
_NO_LIMITER = _refusal("flowc's workers do not limit rates: give the task a queue and a worker with few places of its own")
_NO_DEBUGGING = _refusal("flowc's workers have no debugging commands")

COMMANDS: Final[Mapping[str, Callable[..., Any]]] = {
    "revoke": revoke, "terminate": terminate, "enable_events": enable_events, "disable_events": disable_events, "heartbeat": heartbeat,
    "shutdown": shutdown, "time_limit": time_limit, "add_consumer": add_consumer, "cancel_consumer": cancel_consumer,
    "rate_limit": _NO_LIMITER, "pool_grow": _FIXED, "pool_shrink": _FIXED, "autoscale": _FIXED,
    "pool_restart": _refusal("flowc's workers do not restart their pools: start another worker, then shut this one down"),
    "revoke_by_stamped_headers": _refusal("flowc has no stamps: revoke by id"),
    "election": _refusal("flowc's workers hold no elections"),
    "memsample": _NO_DEBUGGING, "memdump": _NO_DEBUGGING, "objgraph": _NO_DEBUGGING,
}  # fmt: skip
