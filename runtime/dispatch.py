"""Sends the calls of one run to a worker inside this process: message, queue, worker, pool."""

from __future__ import annotations

import datetime as dt
import os
import platform
from collections.abc import Mapping
from typing import Any

from ..compiler.plan import Call, Map
from . import protocol
from .app import App
from .clock import CLOCK, Clock
from .engine import Send
from .redact import Redactor
from .request import Context, Resend
from .values import fill

#: Options of ``@app.task`` that stand for those of a call which has none of its own.
TASK_OPTIONS = (
    "queue", "serializer", "compression", "expires", "time_limit", "soft_time_limit", "ignore_result", "priority", "delivery_mode",
)  # fmt: skip

#: Options whose default is a setting. Not ``task_ignore_result``: what follows in a flow needs results.
SETTINGS = {
    "serializer": "task_serializer", "compression": "task_compression", "time_limit": "task_time_limit",
    "soft_time_limit": "task_soft_time_limit",
}  # fmt: skip


class Dispatcher:
    """One private queue, the worker that reads it and the pool that it feeds.

    Args:
        run_id: the root id of every message.
        app: whose tasks run.
        pool: the pool that runs them.
        redactor: masks the arguments that messages show.
        clock: from which the countdown of a retry counts.
    """

    def __init__(self, run_id: str, app: App, pool: Any, redactor: Redactor, clock: Clock = CLOCK) -> None:
        from .broker.private import MemoryBroker
        from .codec import encode_body
        from .worker.consumer import Worker

        self._run_id = run_id
        self._app = app
        self._redactor = redactor
        self._clock = clock
        self._encode = encode_body
        self._origin = f"flowc-{os.getpid()}@{platform.node()}"
        self._broker = MemoryBroker(f"flowc.run.{run_id}")
        self._accept = {"json"}
        self._timed: set[str] = set()
        self.worker = Worker(self._broker, pool, self._accept, self._timed, clock)
        self._last: tuple[Map, str, dict[str, Any]] = (Map(), "", {})
        self._settings: dict[str, Any] = {}
        if app.configured:
            values = {option: getattr(app.conf, setting) for option, setting in SETTINGS.items()}
            self._settings = {option: value for option, value in values.items() if value is not None}

    def options(self, options: Map, task: str) -> dict[str, Any]:
        """The options of a call, above its task's own, above the settings. Calls that stand side by side mostly share theirs."""
        last = self._last
        if options is last[0] and task == last[1]:
            return last[2]
        found = self._app.tasks.get(task)
        defaults: Mapping[str, Any] = found.options if found is not None else {}
        merged = {**self._settings, **{key: defaults[key] for key in TASK_OPTIONS if defaults.get(key) is not None}}
        merged.update((key, fill(value, {})) for key, value in options.items)
        if self._redactor and "headers" in merged:  # headers are read, logged and kept by every broker and monitor on the way
            merged["headers"] = self._redactor.value(merged["headers"])
        self._last = (options, task, merged)
        return merged

    def id_of(self, call: Call) -> str:
        """The message id of a step."""
        return str(call.options.get("task_id") or f"{self._run_id}.{call.id}")

    def request(self, send: Send) -> Context:
        """What a handler sees of a call."""
        headers = {"id": self.id_of(send.call), "task": send.call.task, "root_id": self._run_id, "origin": self._origin}
        return protocol.context(headers, send.args, send.kwargs)

    def send(self, send: Send, sent: dt.datetime) -> str:
        """Publish a call; gives its message id.

        Args:
            send: the call, complete.
            sent: when it became ready: ``countdown`` and ``expires`` count from then.

        Raises:
            EncodeError: its arguments cannot be serialized.
        """
        return self._publish(send, self.options(send.call.options, send.call.task), sent)

    def resend(self, call: Call, wanted: Resend) -> None:
        """Publish a call once more, as its task asked with ``self.retry``.

        Raises:
            EncodeError: its new arguments cannot be serialized.
        """
        options = {**self.options(call.options, call.task), **wanted.options, "retries": wanted.retries}
        options["eta"], options["countdown"] = wanted.eta, wanted.countdown
        self._publish(Send(call, wanted.args, wanted.kwargs), options, self._clock.now())

    def timeout(self, call: Call) -> float | None:
        """Seconds that a call may take from when it begins; None for no limit."""
        return self.options(call.options, call.task).get("timeout")

    def priority(self, call: Call) -> int:
        """The priority of a call: higher is first."""
        return int(self.options(call.options, call.task).get("priority") or 0)

    def _publish(self, send: Send, options: Mapping[str, Any], sent: dt.datetime) -> str:
        call = send.call
        shown = (self._redactor.value(send.args), self._redactor.value(send.kwargs)) if self._redactor else None
        headers, properties, body = protocol.encode(
            call.task, self.id_of(call), send.args, send.kwargs, options,
            sent=sent, root_id=self._run_id, origin=self._origin, shown=shown,
        )  # fmt: skip
        serializer = options.get("serializer") or "json"
        content_type, encoding, data, compression = self._encode(body, serializer, options.get("compression"))
        if compression is not None:
            headers["compression"] = compression
        if options.get("timeout"):
            self._timed.add(headers["id"])
        # the queue is private: what this run itself has written may be read
        self._accept.add(serializer)
        self._broker.publish(headers, properties, data, content_type, encoding)
        return str(headers["id"])

    def close(self) -> None:
        """Delete the queue."""
        self._broker.close()
