"""The messages of a driven run: each step and each handler is one call of protocol 2 that names where what comes of it is to be sent."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from typing import Any

from ...compiler.plan import Call, Handler, Map
from .. import protocol
from ..app import App
from ..engine import Send
from ..redact import Redactor
from ..request import Context
from ..sending import Prepared, Sending
from ..values import fill
from ..worker.errbacks import takes_id
from ..worker.jobs import HandlerJob
from .ids import message_id
from .links import Links
from .options import plain_headers

#: Options that are the run's own business.
_OURS = frozenset(("timeout", "task_id", "attempts", "backoff"))


class StepMessages:
    """Makes the messages of one run.

    Args:
        run_id: the root id of all of them.
        app: routes and settings are its own; what it knows of tasks stands below the flow's options.
        links: say where workers send what came of a step.
        reply_to: the queue for replies of the ``rpc`` result backend.
        redactor: masks the arguments that messages show.
        results: whether results are stored too, where neither flow nor task say otherwise.
    """

    def __init__(self, run_id: str, app: App, links: Links, reply_to: str, redactor: Redactor, *, results: bool) -> None:
        self._run_id = run_id
        self._app = app
        self._sender = app.sender
        self._links = links
        self._redactor = redactor
        self._shared: dict[str, Any] = {"root_id": run_id, "reply_to": reply_to}
        if not results:
            self._shared["ignore_result"] = True
        self._origin = f"flowc-{os.getpid()}@{platform.node()}"
        self._last: tuple[Map | None, dict[str, Any]] = (None, {})

    def id_of(self, call: Call) -> str:
        """The message id of a step."""
        return str((call.options.get("task_id") if call.options else None) or message_id(self._run_id, call.id))

    def request(self, send: Send) -> Context:
        """What a handler sees of a step that failed."""
        headers = {"id": self.id_of(send.call), "task": send.call.task, "root_id": self._run_id, "origin": self._origin}
        return protocol.context(headers, send.args, send.kwargs)

    def step(self, send: Send) -> Prepared:
        """The message of a step.

        Raises:
            EncodeError: its arguments cannot be serialized, or its serializer or compressor is not installed.
            QueueNotFound: its queue is not known, and may not be made.
        """
        call = send.call
        return self._prepared(self.id_of(call), call.task, send.args, send.kwargs, self._options(call.options))

    def handler(self, handler: Handler, job: HandlerJob) -> Prepared:
        """The message of a handler: what it is called with stands in the job, as far as it may be shown.

        One that is known to take one positional argument gets the id of the failed step; any other the request, exception and traceback.

        Raises:
            EncodeError, QueueNotFound: as for :meth:`step`.
        """
        task = self._app.tasks.get(job.task)
        request, failure = job.request, job.failure
        first: list[Any] = [request.id]
        if not (handler.by_id if task is None else takes_id(task, job.kwargs)):
            shown = {"id": request.id, "task": request.task, "args": list(request.args), "kwargs": dict(request.kwargs)}
            first = [shown, failure.as_json(), failure.traceback]
        id_ = message_id(self._run_id, f"{job.key}.{handler.id}")  # the handlers of one failure share the key of their job
        return self._prepared(id_, job.task, [*first, *job.args], dict(job.kwargs), self._options(handler.options))

    def queue_of(self, call: Call) -> str | None:
        """The queue that a step goes to, where a queue is what it goes to; what routes a user's function gives is not asked.

        Raises:
            QueueNotFound: it is not known, and may not be made.
        """
        if not self._sender.router.static:
            return None
        sending = Sending(call.task, (), {}, self._options(call.options), self._app.tasks.get(call.task))
        return self._sender.destination(sending).queue

    def own_retry(self, options: Map) -> bool:
        """Whether the flow says how sending is tried again."""
        return any(key in ("retry", "retry_policy") for key, _ in options.items)

    def timeout_of(self, options: Map) -> float | None:
        """The option ``timeout``, in seconds."""
        found = options.get("timeout") if options else None
        return float(found) if isinstance(found, (int, float)) else None

    # ----------------------------------------------------------------------------------------------------------- messages
    def _prepared(self, id_: str, task: str, args: list[Any], kwargs: dict[str, Any], options: Mapping[str, Any]) -> Prepared:
        own = {**options, "task_id": id_, **self._links.of(id_)}
        if self._redactor:
            own["argsrepr"] = protocol.brief(tuple(self._redactor.value(args)))
            own["kwargsrepr"] = protocol.brief(self._redactor.value(kwargs)) if kwargs else "{}"
        (prepared,) = self._sender.prepare([Sending(task, args, kwargs, own, self._app.tasks.get(task))])
        return prepared

    def _options(self, options: Map) -> Mapping[str, Any]:
        """Those of ``apply_async``. Calls that stand side by side mostly share theirs."""
        last, made = self._last
        if options is not last:
            own = {key: fill(value, {}) for key, value in options.items if key not in _OURS}
            for shown in ("headers", "shadow"):  # these are read, logged and kept by every broker and monitor on the way
                if shown in own:
                    own[shown] = self._redactor.value(own[shown])
            if own.get("headers"):
                own["headers"] = plain_headers(own["headers"])
            made = {**self._shared, **own}
            self._last = (options, made)
        return made
