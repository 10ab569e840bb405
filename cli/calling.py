"""Sending the one call of ``flowc call``, waiting for its result and printing it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..dsl.columns import visible
from .exits import Exit, Stop
from .outcome import JSON_VERSION, value_text
from .progress import LONGEST_META
from .terminal import note, out, out_json

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

        if isinstance(self.app.backend, DisabledBackend) and not self.app.conf.task_always_eager:
            hint = "Give --backend URL or set result_backend, to where the workers keep them."
            raise Stop("there is nothing to wait for: results are not kept, since result_backend is not set", hint=hint)

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
        queue = self.options.get("queue")
        with self.app.embedded_worker(None if queue is None else [queue]) as service:
            try:
                yield
            except BaseException:  # nobody waits for the task any longer
                service.stop(now=True)
                raise

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
        said = str(meta.get("result"))
        said = said if len(said) <= LONGEST_META else f"{said[: LONGEST_META - 1]}…"
        note(visible(f"{meta.get('task_id')} says {meta.get('status')}: {said}") + "\n")


def _print_json(document: Mapping[str, Any]) -> None:
    out_json(value_text({"version": JSON_VERSION, **document}))
