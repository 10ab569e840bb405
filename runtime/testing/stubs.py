"""What stands in for a task: a value, a function, an exception, or one of these after the other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from ..calling.declared import check_declared
from .errors import StubError
from .virtual_clock import sleep


class Exhausted(BaseException):
    """A sequence was called once more than it has outcomes: no failure of the step, but a mistake in the test."""


class Asserted(BaseException):
    """An assertion in a stub's function did not hold: no failure of the step either, but of the test."""

    def __init__(self, assertion: AssertionError) -> None:
        super().__init__(str(assertion))
        self.assertion = assertion


class Sequence:
    """One outcome after the other, a call each. See :func:`sequence`."""

    def __init__(self, outcomes: tuple[Any, ...]) -> None:
        self.outcomes = outcomes
        self.used = 0

    def next(self) -> Any:
        """The outcome of the next call."""
        if self.used == len(self.outcomes):
            raise Exhausted(f"its sequence ends after {len(self.outcomes)}, and this is call {self.used + 1}")
        self.used += 1
        return self.outcomes[self.used - 1]

    def __repr__(self) -> str:
        return f"sequence({', '.join(map(repr, self.outcomes))})"


class Takes:
    """An outcome after some time. See :func:`takes`."""

    def __init__(self, seconds: float | dt.timedelta, outcome: Any) -> None:
        self.seconds = seconds
        self.outcome = outcome

    def __repr__(self) -> str:
        return f"takes({self.seconds!r}, {self.outcome!r})"


class Declared:
    """An outcome of a task with options. See :func:`task`."""

    def __init__(self, outcome: Any, bind: bool, options: Mapping[str, Any]) -> None:
        self.outcome = outcome
        self.bind = bind
        self.options = options

    def __repr__(self) -> str:
        return f"task({', '.join([repr(self.outcome), *(f'{key}={value!r}' for key, value in self.options.items())])})"


def sequence(*outcomes: Any) -> Sequence:
    """A stub that does something else at each call: ``sequence(OSError("no route"), 5)`` fails, then returns 5.

    Args:
        outcomes: values, exceptions (raised), functions (called). A further call ends the test with :class:`StubError`.
    """
    if not outcomes:
        raise StubError("sequence() needs what the calls do: sequence(OSError, 5)")
    return Sequence(outcomes)


def takes(seconds: float | dt.timedelta, outcome: Any = None) -> Takes:
    """A stub that lets so much virtual time pass before it does what ``outcome`` says."""
    return Takes(seconds, outcome)


def task(outcome: Any = None, *, bind: bool = False, **options: Any) -> Declared:
    """A stub with options of ``@app.task``, such as ``autoretry_for`` and ``max_retries``; the application's task has the others.

    Args:
        outcome: what it does.
        bind: give a function the task itself first: for ``self.retry``, ``self.request`` and ``self.update_state``.
        options: by Celery's names.

    Raises:
        TypeError, ValueError: as ``@app.task``.
    """
    check_declared("a stub", options)
    return Declared(outcome, bind, options)


def play(stub: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], bound: Any = None) -> Any:
    """Do what a stub does when its task is called. ``bound``: the task, for functions that want it.

    Raises:
        Exhausted: a sequence is at its end.
        Asserted: a function has raised an AssertionError.
    """
    first: tuple[Any, ...] = ()
    while True:
        match stub:
            case Sequence():
                stub = stub.next()
            case Takes(seconds=seconds, outcome=outcome):
                sleep(seconds)
                stub = outcome
            case Declared(outcome=outcome, bind=bind):
                stub = outcome
                if bind:
                    first = (bound,)
            case BaseException():
                raise stub.with_traceback(None)
            case type() if issubclass(stub, BaseException):
                raise stub()
            case _ if callable(stub):
                try:
                    return stub(*first, *args, **kwargs)
                except AssertionError as exc:
                    raise Asserted(exc) from None
            case _:
                return stub


def options_of(stub: Any) -> Mapping[str, Any]:
    """The options of ``@app.task`` that a stub declares."""
    return stub.options if isinstance(stub, Declared) else {}


def function_of(stub: Any) -> Callable[..., Any] | None:
    """The function whose parameters a stub has; None if it takes anything."""
    found = stub.outcome if isinstance(stub, Declared) else stub
    while isinstance(found, Takes):
        found = found.outcome
    return found if callable(found) and not isinstance(found, (Sequence, type)) else None


def check_stub(stub: Any, name: str) -> None:
    """Make sure that what a stub raises can be made.

    Raises:
        StubError: an exception class that needs arguments.
    """
    stack = [stub]
    while stack:
        match stack.pop():
            case Sequence(outcomes=outcomes):
                stack += outcomes
            case Takes(outcome=outcome) | Declared(outcome=outcome):
                stack.append(outcome)
            case type() as kind if issubclass(kind, BaseException):
                try:
                    kind()
                except Exception as exc:
                    raise StubError(f"the stub of {name!r}: {kind.__name__} cannot be made without arguments: {exc}; give one") from None
