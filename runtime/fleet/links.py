"""The link and the errback of each step of a driven run: by them, the worker that ran the step publishes what came of it.

Their tasks are registered nowhere, so a worker has no choice but to send them. Where to, they say by exchange and routing key: a
queue would be declared by the worker, with arguments of its own, which a broker may refuse. ``declare`` is empty for the same reason.
What a broker that is away for a while must not lose, the worker's own retries of publishing carry over (``retry_policy``).
"""

from __future__ import annotations

from typing import Any, Final

from ..broker.run_queue import RunQueue

#: The names of the tasks.
RETURNED: Final = "flowc.returned"
RAISED: Final = "flowc.raised"

_RETRIES: Final = {"max_retries": 60, "interval_start": 0.2, "interval_step": 0.5, "interval_max": 2}


class Links:
    """Makes the links of a run's messages.

    Args:
        queue: the run's.
    """

    def __init__(self, queue: RunQueue) -> None:
        self._options = {
            "exchange": queue.exchange,
            "routing_key": queue.routing_key,
            "declare": [],
            "serializer": "json",
            "ignore_result": True,
            "retry": True,
            "retry_policy": _RETRIES,
        }

    def of(self, task_id: str) -> dict[str, Any]:
        """The options ``link`` and ``link_error`` of a message."""
        return {"link": [self._signature(RETURNED, f"{task_id}:ok")], "link_error": [self._signature(RAISED, f"{task_id}:failed")]}

    def _signature(self, task: str, id_: str) -> dict[str, Any]:
        options = {**self._options, "task_id": id_}
        return {"task": task, "args": [], "kwargs": {}, "options": options, "subtask_type": None, "immutable": False}


def linked(id_: str) -> str:
    """The id of the message whose link has that id."""
    return id_.rpartition(":")[0]
