"""Why a step failed, as data: made where the task ran, shown where the run was started, rebuilt where a handler is called."""

from __future__ import annotations

import builtins
import contextlib
import sys
import traceback as tracebacks
from collections.abc import Container
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from . import errors

#: Longest message and traceback that are kept, in characters; the middle of a longer one is cut.
LONGEST_MESSAGE = 10_000
LONGEST_NAME = 200
LONGEST_TRACEBACK = 100_000

#: Frames of files whose paths begin so are not the user's.
_not_shown: tuple[str, ...] = (str(Path(__file__).parent),)


@dataclass(frozen=True, slots=True)
class Failure:
    """An exception as data.

    ``args`` are the exception's: those that JSON carries as they are, others as their ``repr``.
    ``traceback`` begins at the user's first frame.
    ``exception`` is the live exception, or pickled by the process that raised it: only ever read where a handler runs.
    """

    type: str
    module: str
    message: str
    args: tuple[Any, ...] = ()
    traceback: str = ""
    exception: BaseException | bytes | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{self.type}: {self.message}" if self.message else self.type

    def as_json(self) -> dict[str, Any]:
        """The form in which Celery's results carry it."""
        return {"exc_type": self.type, "exc_message": list(self.args), "exc_module": self.module}


def cut(text: str, longest: int) -> str:
    """A text of at most ``longest`` characters: the middle of a longer one is left out."""
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"


def failure_of(exc: BaseException, *, keep: bool = True) -> Failure:
    """An exception as a :class:`Failure`, whatever its own code does. ``keep``: hold on to the live exception."""
    name, module = _class_name(type(exc))
    return Failure(
        type=name,
        module=module,
        message=cut(_message(exc), LONGEST_MESSAGE),
        args=_args(exc),
        traceback=cut(_traceback(exc), LONGEST_TRACEBACK),
        exception=exc if keep else None,
    )


def _class_name(kind: type[BaseException]) -> tuple[str, str]:
    """A class's name and module, from type itself: a metaclass may answer anything."""
    name, module = (type.__dict__[what].__get__(kind) for what in ("__qualname__", "__module__"))
    return name.rpartition(".")[2][:LONGEST_NAME], module[:LONGEST_NAME] if isinstance(module, str) else builtins.__name__


def _message(exc: BaseException) -> str:
    try:
        return str(exc)
    except BaseException as other:  # the exception's own __str__ is the user's code
        return f"<the exception's text cannot be shown: {type(other).__name__}>"


def _args(exc: BaseException) -> tuple[Any, ...]:
    try:
        return tuple(_plain(arg) for arg in exc.args)
    except BaseException:  # a class may have made args what it likes
        return ()


def _plain(value: object) -> Any:
    if value is None or type(value) in (bool, int, float, str):
        return cut(value, LONGEST_MESSAGE) if isinstance(value, str) else value
    try:
        return cut(repr(value), LONGEST_MESSAGE)
    except BaseException:  # the same for __repr__
        return f"<{type(value).__name__}>"


def _traceback(exc: BaseException) -> str:
    try:
        found = tracebacks.TracebackException(type(exc), exc, exc.__traceback__, compact=True)
        _leave_out_ours(found)
        return "".join(found.format())
    except BaseException:
        return f"{_class_name(type(exc))[0]}\n"


def never_show(*paths: str) -> None:
    """Leave frames of further files out of tracebacks: of what stands between flowc and the user's tasks."""
    global _not_shown
    _not_shown = tuple(dict.fromkeys((*_not_shown, *paths)))


def _leave_out_ours(found: tracebacks.TracebackException) -> None:
    """Let a traceback, and those of what led to it, show the user's frames alone."""
    stack: list[tracebacks.TracebackException | None] = [found]
    seen: set[int] = set()
    while stack:
        one = stack.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            one.stack[:] = [frame for frame in one.stack if not frame.filename.startswith(_not_shown)]
            stack += (one.__cause__, one.__context__, *(one.exceptions or ()))


def exception_of(failure: Failure, modules: Container[str] = ()) -> BaseException:
    """The exception again: the live one where it is at hand, else one of the same class.

    Args:
        failure: what to rebuild.
        modules: names of loaded modules in which its class may be looked up, besides builtins and flowc's own errors.
            None is ever imported for it: an unknown class becomes an ``Exception`` subclass of the same name.
    """
    if isinstance(failure.exception, BaseException):
        return failure.exception
    if isinstance(failure.exception, bytes):
        with contextlib.suppress(Exception):
            return _unpickled(failure.exception)
    kind = _class_of(failure, modules)
    if kind is not None:
        with contextlib.suppress(Exception):
            return kind(*failure.args)
    stand_in = type(failure.type, (Exception,), {"__module__": failure.module, "__doc__": "A stand-in: its class is not known here."})
    made = stand_in(*failure.args)
    assert isinstance(made, BaseException)
    return made


def _class_of(failure: Failure, modules: Container[str]) -> type[BaseException] | None:
    if failure.module not in (builtins.__name__, errors.__name__) and failure.module not in modules:
        return None
    found = getattr(sys.modules.get(failure.module), failure.type, None)
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


def pickled(failure: Failure) -> Failure:
    """The failure ready to leave its process: its live exception pickled where that works both ways, else dropped."""
    exc = failure.exception
    if not isinstance(exc, BaseException):
        return failure
    import pickle

    # an exception is pickled as a call of its class with its args, which fails for a class that takes others: then its parts go
    for form in (lambda: exc, lambda: (type(exc), exc.args, vars(exc))):
        with contextlib.suppress(BaseException):  # what is pickled and read back runs code of its own
            data = pickle.dumps(form())
            if type(_unpickled(data)) is type(exc):
                return replace(failure, exception=data)
    return replace(failure, exception=None)


def _unpickled(data: bytes) -> BaseException:
    """What was pickled by a child process of ours."""
    import pickle

    form = pickle.loads(data)
    if isinstance(form, BaseException):
        return form
    kind, args, state = form
    made: BaseException = kind.__new__(kind, *args)
    made.__dict__.update(state)
    return made
