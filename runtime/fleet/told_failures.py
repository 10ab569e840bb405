"""Failures as documents, replies and events of stock workers tell them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ..failures import LONGEST_MESSAGE, LONGEST_NAME, LONGEST_TRACEBACK, Failure, cut

#: A frame of a traceback that is the worker's own, with the line of code below it.
_WORKERS_OWN = re.compile(
    r'^  File "[^"\n]*[/\\](?:celery|billiard)[/\\](?:app|concurrency|worker|pool)[^"\n]*", line .*\n(?:    .*\n)*', re.MULTILINE
)


def told_failure(result: Any, traceback: str | None) -> Failure:
    """What a worker told of a failure, as a :class:`Failure`.

    Args:
        result: a map of ``exc_type``, ``exc_message`` and ``exc_module``, or whatever else was told.
        traceback: the worker's, with its own frames.
    """
    trace = cut(_WORKERS_OWN.sub("", traceback), LONGEST_TRACEBACK) if isinstance(traceback, str) else ""
    if isinstance(result, BaseException):  # pickled
        from ..failures import failure_of

        made = failure_of(result, keep=False)
        return Failure(made.type, made.module, made.message, made.args, trace)
    if not isinstance(result, Mapping):
        text = _text(str, result)
        return Failure("Exception", "builtins", cut(text, LONGEST_MESSAGE), (text,), trace)
    name, module, given = result.get("exc_type"), result.get("exc_module"), result.get("exc_message")
    args = tuple(given) if isinstance(given, (list, tuple)) else () if given is None else (given,)
    text = "" if not args else _text(str, args[0]) if len(args) == 1 else _text(repr, args)
    return Failure(_word(name, "Exception").rpartition(".")[2], _word(module, ""), cut(text, LONGEST_MESSAGE), args, trace)


def _text(shown: Callable[[object], str], value: object) -> str:
    """A value as text; JSON may bring some that are nested too deeply to be one."""
    try:
        return shown(value)
    except RecursionError:
        return "…"


def _word(text: object, other: str) -> str:
    return text[:LONGEST_NAME] if isinstance(text, str) and text else other
