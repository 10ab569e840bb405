"""Sending the one call of ``flowc call``, waiting for its result and printing it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..dsl.columns import visible
from .exits import Exit, Stop
from .outcome import JSON_VERSION, value_text
from .terminal import note, out, out_json
from .told_state import state_line

if TYPE_CHECKING:
    from ..runtime.app import App
    from ..runtime.result import AsyncResult

#: Characters of an exception's text that are shown.
LONGEST_ERROR = 2_000


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is about to be sent; ``options`` are those of ``apply_async``."""

    app: App
    task: str
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    options: Mapping[str, Any]

    def send(self, *, as_json: bool) -> int:
        """Send it and print its id.

        Raises:
            Stop: the arguments or options do not fit.
        """
        result = self._sent()
        if as_json:
            _print_json({"task": self.task, "task_id": result.id})
        else:
            out(f"{result.id}\n")
        return Exit.CLEAN

    def wait(self, timeout: float | None, *, embedded: bool, as_json: bool) -> int:
        """Send it, wait for its result and print that.

        Args:
            timeout: seconds to wait at most.
            embedded: run it here, by a worker of our own.
            as_json: print state, exception and traceback, too.

        Raises:
            Stop: the arguments or options do not fit, results are not kept, or none came in time.
        """
        from ..runtime.errors import TimeoutError as NoResult
        from ..runtime.output import tasks_print_to_stderr

        self._check_results()
        with tasks_print_to_stderr(), self._worker(embedded):
            result = self._sent()
            note(f"{result.id} was sent\n")
            try:
                value = result.get(timeout=timeout, propagate=False, on_message=_tell)
            except NoResult:
                raise Stop(f"no result of {self.task} came in {timeout:g} s; its id is {result.id}", Exit.TIMED_OUT) from None
            state, traceback = result.state, result.traceback
        return self._ended(result.id, state, value, traceback, as_json=as_json)

    def _check_results(self) -> None:
        """Before anything is sent: is there a place where the result will be?"""
        from ..runtime.results.disabled import DisabledBackend

        task, conf = self.app.tasks.get(self.task), self.app.conf
        if conf.task_always_eager:
            return
        if isinstance(self.app.backend, DisabledBackend):
            hint = "Give --backend URL or set result_backend, to where the workers keep them."
            raise Stop("there is nothing to wait for: results are not kept, since result_backend is not set", hint=hint)
        known = {} if task is None else task.options
        asked = self.options.get("ignore_result", known.get("ignore_result"))
        if conf.task_ignore_result if asked is None else asked:
            raise Stop(f"there is nothing to wait for: results of {self.task} are not kept", hint="--no-ignore-result keeps this one.")

    def _sent(self) -> AsyncResult:
        from ..runtime.errors import EncodeError

        try:
            return self.app.send_task(self.task, self.args, self.kwargs, **self.options)
        except (TypeError, ValueError, EncodeError) as wrong:
            raise Stop(visible(str(wrong))) from None

    @contextmanager
    def _worker(self, embedded: bool) -> Iterator[None]:
        if not embedded:
            yield
            return
        note("the broker is inside this process (memory://): the task runs here\n")
        with self.app.embedded_worker(self._queues()) as service:
            try:
                yield
            except BaseException:  # nobody waits for the task any longer
                service.stop(now=True)
                raise

    def _queues(self) -> list[str]:
        """What the worker reads: the queue that this call goes to, and those of everything that it may call."""
        router, task = self.app.sender.router, self.app.tasks[self.task]
        own = {**task.options, **self.options}
        there = router.route(own, self.task, self.args, self.kwargs, task).destination
        here = [there.queue] if there.queue is not None else [queue.name for queue in self.app.broker.queues.bound_to(there.exchange)]
        if not here:
            raise Stop(f"the broker is inside this process (memory://), and no queue is known that exchange {there.exchange!r} would fill")
        others = [other.options.get("queue") for other in self.app.tasks.values()]
        return list(dict.fromkeys([*here, *router.queue_names(), *(name for name in others if isinstance(name, str))]))

    def _ended(self, task_id: str, state: str, value: object, traceback: str | None, *, as_json: bool) -> int:
        succeeded = state == "SUCCESS"
        error = None if succeeded else f"{type(value).__name__}: {value}" if isinstance(value, BaseException) else str(value)
        if error is not None:
            for line in (traceback or "").rstrip().splitlines():
                note(f"  {visible(line)}\n")
            note(visible(f"{self.task} {'was revoked' if state == 'REVOKED' else 'failed'}: {error[:LONGEST_ERROR]}") + "\n")
        if as_json:
            done = {"state": state, "result": value if succeeded else None, "error": error, "traceback": traceback}
            _print_json({"task": self.task, "task_id": task_id, **done})
        elif succeeded:
            out_json(value_text(value))
        return Exit.CLEAN if succeeded else Exit.RUN_FAILED


def _tell(meta: Mapping[str, Any]) -> None:
    """A state message on the way, as one line."""
    from ..runtime.results.interface import READY_STATES

    if meta.get("status") not in READY_STATES:
        note(state_line(str(meta.get("task_id")), meta.get("status"), meta.get("result")) + "\n")


def _print_json(document: Mapping[str, Any]) -> None:
    out_json(value_text({"version": JSON_VERSION, **document}))
