"""From facts to ends: which fact ends a step, and what a missing one means. No thread, no clock: moments are given.

What stock workers tell is incomplete and comes late, twice and in any order. The first fact that says that a step has ended
counts; some ends are told in two halves (an errback does not say what was raised), and some are told by silence alone.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ..errors import StepLostError, TaskRevokedError, UntoldError
from ..errors import TimeoutError as StepTimeoutError
from ..events import State
from ..failures import Failure, failure_of
from .facts import Alive, Fact, Lost, Raised, Returned, Seen, alike
from .told_failures import told_failure

#: Seconds that a step which failed waits for a second source to say how, before it fails without that.
DETAILS = 3.0
#: Seconds after its ``expires`` that a step of which no start was seen is asked for, and then counts as expired.
EXPIRY, EXPIRY_ANSWER = 30.0, 10.0
#: Seconds that workers have to say that they have a step whose ``timeout`` is over and of which nothing was heard.
OVERDUE = 3.0
#: Seconds that the result of a step may be on its way when its success was seen.
RESULT = 60.0

#: States that say no more than that a step is known.
_WAITING = frozenset(("PENDING", "RECEIVED", "REJECTED", "IGNORED"))


@dataclass(frozen=True, slots=True)
class Over:
    """A message has ended. ``began``: the moment of the first sign that it had started, or of its sending.

    ``given_up``: nobody has said so, it is waited for no longer: it may still run, or wait.
    """

    task_id: str
    state: State
    result: Any = None
    failure: Failure | None = None
    began: float = 0.0
    worker: str | None = None
    given_up: bool = False


@dataclass(frozen=True, slots=True)
class Says:
    """A message has told a state: one of its own, or ``RETRY``."""

    task_id: str
    state: str
    meta: Any
    failure: Failure | None = None


Outcome: TypeAlias = Over | Says
_Kind: TypeAlias = Literal["details", "result", "expiry", "expired", "timeout", "overdue"]


@dataclass(slots=True)
class _Awaited:
    """What is known of a message that is out."""

    sent: float
    timeout: float | None
    alive: bool = False
    started: float | None = None
    raised: bool = False
    worker: str | None = None
    said: tuple[str, Any] | None = None


class Signals:
    """The messages that are out.

    Args:
        ask: looks for the state of a message at once: the answer comes as a fact.
        probe: asks the workers at once who has a message: the answer comes as a fact, or none does.
    """

    def __init__(self, ask: Callable[[str], None], probe: Callable[[str], None]) -> None:
        self._ask = ask
        self._probe = probe
        self._out: dict[str, _Awaited] = {}
        self._deadlines: list[tuple[float, int, str, _Kind]] = []
        self._numbers = itertools.count()

    def __len__(self) -> int:
        return len(self._out)

    def __contains__(self, task_id: object) -> bool:
        return task_id in self._out

    def __iter__(self) -> Iterator[str]:
        return iter(self._out)

    def sent(self, task_id: str, now: float, *, delay: float = 0.0, expires: float | None = None, timeout: float | None = None) -> None:
        """A message is on its way.

        Args:
            task_id: its id.
            now: the moment, in seconds of any clock that only goes forward.
            delay: seconds before which no worker begins it (``countdown``, ``eta``).
            expires: seconds after which no worker begins it.
            timeout: seconds that it may take from the first sign that it started, or else from now and ``delay``.
        """
        self._out[task_id] = _Awaited(now + max(0.0, delay), timeout)
        if timeout is not None:
            self._set(now + max(0.0, delay) + timeout, task_id, "timeout")
        if expires is not None:
            self._set(now + max(0.0, expires) + EXPIRY, task_id, "expiry")

    def forget(self, task_id: str) -> None:
        """It is out no more."""
        self._out.pop(task_id, None)

    # ------------------------------------------------------------------------------------------------------------- facts
    def take(self, fact: Fact, now: float) -> Outcome | None:
        """Take in a fact; what follows from it, if anything does."""
        awaited = self._out.get(fact.task_id)
        if awaited is None:
            return None
        worker = getattr(fact, "worker", None)
        if worker is not None and (awaited.worker is None or isinstance(fact, (Seen, Alive))):  # links name the sender alone
            awaited.worker = worker
        match fact:
            case Returned(id_, result):
                return None if awaited.raised else self._over(id_, State.SUCCESS, result=result)
            case Raised(id_):
                if not awaited.raised:
                    awaited.raised = awaited.alive = True
                    self._set(now + DETAILS, id_, "details")
                    self._ask(id_)
            case Seen():
                return self._seen(fact, awaited, now)
            case Alive(_, state):
                self._is_alive(awaited, now, started=state == "started")
            case Lost(id_, why):
                if awaited.raised:
                    return self._over(id_, State.FAILURE, failure=_UNTOLD)
                return self._over(id_, State.LOST, failure=failure_of(StepLostError(why), keep=False))
        return None

    def _seen(self, seen: Seen, awaited: _Awaited, now: float) -> Outcome | None:
        id_, state = seen.task_id, seen.status
        if state == "FAILURE":
            return self._over(id_, State.FAILURE, failure=told_failure(seen.result, seen.traceback))
        if awaited.raised:  # it has failed: only how is still to be learned
            return None
        if state == "SUCCESS":
            self._is_alive(awaited, now, started=True)
            if seen.complete:
                return self._over(id_, State.SUCCESS, result=seen.result)
            self._set(now + RESULT, id_, "result")
            return None
        if state == "REVOKED":
            return self._over(id_, State.REVOKED, failure=_revoked(seen))
        self._is_alive(awaited, now, started=state not in _WAITING)
        if state in _WAITING or state == "STARTED" or alike(awaited.said, (state, seen.result)):
            return None
        awaited.said = (state, seen.result)
        return Says(id_, state, seen.result, told_failure(seen.result, seen.traceback) if state == "RETRY" else None)

    def _is_alive(self, awaited: _Awaited, now: float, *, started: bool) -> None:
        awaited.alive = True
        if started and awaited.started is None:
            awaited.started = now

    def _over(self, task_id: str, state: State, *, result: Any = None, failure: Failure | None = None, given_up: bool = False) -> Over:
        awaited = self._out.pop(task_id)
        began = awaited.sent if awaited.started is None else awaited.started
        return Over(task_id, state, result, failure, began, awaited.worker, given_up)

    def _lost(self, task_id: str, why: str) -> Over:
        return self._over(task_id, State.LOST, failure=failure_of(StepLostError(why), keep=False), given_up=True)

    # ----------------------------------------------------------------------------------------------------------- silence
    def _set(self, when: float, task_id: str, kind: _Kind) -> None:
        heapq.heappush(self._deadlines, (when, next(self._numbers), task_id, kind))

    def wait(self, now: float) -> float | None:
        """Seconds until silence means something; None: it never will."""
        while self._deadlines and self._deadlines[0][2] not in self._out:
            heapq.heappop(self._deadlines)
        return max(0.0, self._deadlines[0][0] - now) if self._deadlines else None

    def due(self, now: float) -> list[Over]:
        """What follows from the facts that have not come."""
        ends: list[Over] = []
        while self._deadlines and self._deadlines[0][0] <= now:
            _, _, task_id, kind = heapq.heappop(self._deadlines)
            awaited = self._out.get(task_id)
            if awaited is not None and (end := self._silent(task_id, awaited, kind, now)) is not None:
                ends.append(end)
        return ends

    def _silent(self, task_id: str, awaited: _Awaited, kind: _Kind, now: float) -> Over | None:
        if kind == "details":
            return self._over(task_id, State.FAILURE, failure=_UNTOLD)
        if kind in ("timeout", "overdue"):
            return self._too_long(task_id, awaited, now, probed=kind == "overdue")
        if awaited.raised:
            return None
        if kind == "result":
            return self._lost(task_id, "it succeeded, but its result never came")
        if awaited.started is not None:
            return None
        if kind == "expiry":
            self._ask(task_id)
            self._set(now + EXPIRY_ANSWER, task_id, "expired")
            return None
        return self._over(task_id, State.REVOKED, failure=failure_of(TaskRevokedError("expired"), keep=False), given_up=True)

    def _too_long(self, task_id: str, awaited: _Awaited, now: float, *, probed: bool) -> Over | None:
        limit = awaited.timeout
        assert limit is not None
        if not probed and awaited.started is not None and now < awaited.started + limit:
            self._set(awaited.started + limit, task_id, "timeout")
            return None
        if awaited.raised:
            return self._over(task_id, State.FAILURE, failure=_UNTOLD)
        if not awaited.alive and not probed:
            self._probe(task_id)
            self._set(now + OVERDUE, task_id, "overdue")
            return None
        if not awaited.alive:
            return self._lost(task_id, f"nothing was heard of it in {limit:g}s (timeout), and no worker has it")
        late = StepTimeoutError(f"no end within {limit:g}s")
        return self._over(task_id, State.FAILURE, failure=failure_of(late, keep=False), given_up=True)


_UNTOLD = failure_of(UntoldError("it failed, and its worker told nobody how: see the worker's log, or give the run a backend"), keep=False)


def _revoked(seen: Seen) -> Failure:
    """Why a step was revoked, where that is told."""
    if isinstance(seen.result, (dict, BaseException)):
        told = told_failure(seen.result, None)
        text = told.message or "revoked"
    else:
        text = str(seen.result) if seen.result else "revoked"
    return failure_of(TaskRevokedError(text), keep=False)
