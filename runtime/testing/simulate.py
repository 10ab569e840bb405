"""Runs a plan as an embedded run does, by the same code, with a clock that is wound on and a pool that takes no time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from ...compiler.plan import Plan
from .. import request as requests
from ..app import App
from ..binding import bind
from ..codec import decode_body, unpack
from ..driver import EmbeddedRun
from ..errors import DecodeError, UsageError
from ..events import CallHandler, Notify
from ..failures import Failure, exception_of, failure_of
from ..preflight import check_ids
from ..redact import Redactor
from ..task import Task
from ..worker.attempt import Killed
from ..worker.errbacks import takes_id
from ..worker.jobs import Ended, HandlerJob, TaskJob
from ..worker.pools.interface import Reporter
from .errors import StubError
from .names import Assigned, Names
from .outcome import FlowRun, Heard, TaskCall
from .staging import play_for, stage
from .stubs import Asserted
from .virtual_clock import VirtualClock, current
from .virtual_pool import VirtualPool

#: How many steps run at once unless the test says otherwise: all that are ready.
MANY = 1_000_000


def simulate(
    plan: Plan,
    *,
    stubs: Mapping[str, Any] | None = None,
    fail: Mapping[str, Any] | None = None,
    app: App | None = None,
    now: dt.datetime | None = None,
    env: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    concurrency: int | None = None,
    elsewhere: Callable[[str], bool] = lambda name: False,
) -> FlowRun:
    """Run a plan to its end under a virtual clock, in this thread.

    Args:
        plan: the plan, bound or not.
        stubs: what stands in for a task or step, by name.
        fail: the exception (or its class) that a task or step raises, by name.
        app: whose tasks run where there is no stub.
        now: the moment at which the run starts, aware; the present one if None.
        env: the variables that ``env(…)`` may read; those of the process if None.
        secrets: the values of ``secret(…)``; those of the environment if None.
        concurrency: how many steps may run at once; any number if None.
        elsewhere: whether a name stands in the flow though not in its plan, so that a stub for it is no mistake.

    Raises:
        StubError: a name that the flow does not have, a task that nothing stands in for, a stub that is wrong.
        PlanError: the plan is damaged, or a variable or secret that it needs is not set.
        UsageError: a concurrency below one, or a start without a time zone.
    """
    if concurrency is not None and concurrency < 1:
        raise UsageError(f"a concurrency of {concurrency} is too small: it must be 1 or more")
    if now is not None and now.tzinfo is None:
        raise UsageError(f"now={now!r} has no time zone: write datetime(…, tzinfo=UTC)")
    names = Names(plan)
    assigned = Assigned(names, stubs or {}, fail or {}, elsewhere)
    start = now or dt.datetime.now(dt.UTC)
    bound, redactor = bind(plan, now=start, env=env, secrets=secrets)
    check_ids(bound)
    return Simulation(bound, names, assigned, app, VirtualClock(start), redactor, concurrency or MANY).play()


class Simulation(EmbeddedRun):
    """The state of one run under test.

    Args:
        plan: the bound plan.
        names: its names.
        assigned: its stubs.
        real: whose tasks run where there is no stub.
        clock: the time of the run.
        redactor: masks what is shown.
        most: how many steps at once.
    """

    def __init__(
        self, plan: Plan, names: Names, assigned: Assigned, real: App | None, clock: VirtualClock, redactor: Redactor, most: int
    ) -> None:
        self._names = names
        self._assigned = assigned
        self._virtual = clock
        self._calls: list[TaskCall] = []
        self._heard: list[Heard] = []
        self._at: tuple[str | None, str] = (None, "")
        self._submitted: dict[str, tuple[str, str]] = {}
        self._escaped: BaseException | None = None
        self._app = app = stage(plan, names, assigned, real, self._play_stub)

        def making(report: Reporter) -> VirtualPool:
            return VirtualPool(app, report, clock, most, self)

        self._flow = plan.name
        super().__init__(plan, app, making, None, redactor, clock=clock)

    def play(self) -> FlowRun:
        """Run it to its end. Raises what a stub raised that is no failure of its step: StubError, AssertionError, KeyboardInterrupt …"""
        with current(self._virtual):
            result = self.run()
        return FlowRun(self._flow, result, self._names, tuple(self._calls), tuple(self._heard))

    # ------------------------------------------------------------------------------------------------------------- hooks
    def _listening(self) -> AbstractContextManager[None]:
        """Signals are for whoever runs the tests."""
        return nullcontext()

    def _submit(self, action: CallHandler, job: HandlerJob) -> None:
        self._submitted[job.key] = (self._handling.handler(action).id, action.step)
        super()._submit(action, job)

    def _listen(self, action: Notify) -> None:
        result = self._redactor.value(action.result)
        handler = self._handling.handler(action)
        self._heard.append(Heard(handler.task, handler.id, action.step, action.state, result, self._virtual.monotonic()))
        self._at = (handler.id, action.step)
        super()._listen(action)
        self._let_out()

    # ------------------------------------------------------------------------------------------------------- jobs and stubs
    @contextmanager
    def running(self, job: TaskJob | HandlerJob) -> Iterator[Callable[[Ended], None]]:
        """See :class:`~flowc.runtime.testing.virtual_pool.Witness`."""
        args: tuple[Any, ...]
        if isinstance(job, HandlerJob):
            self._at = self._submitted[job.key]
            task, retries, args, kwargs = job.task, 0, self._for_handler(job), job.kwargs
        else:
            self._at = (None, self._out[job.key])
            task, retries = job.headers["task"], job.headers["retries"]
            args, kwargs = _arguments(job)
        handler, step = self._at
        place = len(self._calls)

        def seen(ended: Ended) -> None:
            self._let_out(ended.failure)
            if ended.state != "REVOKED":  # it expired, and was not called
                result = None if ended.result is None else _readable(ended.result)
                made = TaskCall(
                    task, step, handler, args, kwargs, ended.started, ended.finished, ended.state, result, ended.failure, retries
                )
                self._calls.insert(place, made)

        yield seen

    def _play_stub(self, task: Task, fallback: Callable[..., Any] | None, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        handler, step = self._at
        context = requests.current()
        inner = context is not None and context.called_directly  # a listener, or what a map calls
        began, place = self._virtual.monotonic(), len(self._calls)
        result, failure = None, None
        try:
            result = play_for(task, self._assigned, handler or step, fallback, args, kwargs)
            return result
        except BaseException as exc:
            if isinstance(exc, StubError) or _ends_a_test(exc):
                self._escaped = exc.assertion if isinstance(exc, Asserted) else exc
            failure = failure_of(exc, keep=False)
            raise
        finally:
            if inner:
                state = "SUCCESS" if failure is None else "FAILURE"
                ended = self._virtual.monotonic()
                self._calls.insert(place, TaskCall(task.name, step, handler, args, kwargs, began, ended, state, result, failure))

    def _for_handler(self, job: HandlerJob) -> tuple[Any, ...]:
        """What an errback is called with."""
        if takes_id(self._app.tasks[job.task], job.kwargs):
            return (job.request.id, *job.args)
        return (job.request, exception_of(job.failure), job.failure.traceback, *job.args)

    def _let_out(self, failure: Failure | None = None) -> None:
        """Raise what a task raised that is no failure of its step."""
        escaped = self._escaped
        if escaped is None and failure is not None and isinstance(failure.exception, BaseException) and _ends_a_test(failure.exception):
            escaped = failure.exception
        if escaped is not None:
            raise escaped


def _ends_a_test(exc: BaseException) -> bool:
    """Whether an exception is for whoever runs the test, as Ctrl-C and ``pytest.fail`` are. SystemExit fails the step, as in every run."""
    return not isinstance(exc, (Exception, SystemExit, GeneratorExit, Killed))


def _arguments(job: TaskJob) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
    """What the task of a job is called with: read apart from what it gets itself, and may change."""
    try:
        args, kwargs, _ = decode_body(job.body, job.content_type, job.content_encoding, job.accept)
    except DecodeError:
        return (), {}
    return tuple(args), kwargs


def _readable(result: Any) -> Any:
    try:
        return unpack(result)
    except DecodeError as exc:
        return f"<{exc}>"
