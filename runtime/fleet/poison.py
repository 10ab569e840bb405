"""Messages on which stock workers stop, run in circles, or which they drop without a word: none of them is ever sent.

Source: what stock workers of 5.5, 5.6 and 5.7 did with such messages. A body that is not three parts, or a message without an id, ends the
worker and then the next one; named arguments that are null are taken and never run; a time of a wrong type is dropped.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import EncodeError
from ..sending import Sending

_SECONDS = ("countdown", "time_limit", "soft_time_limit")
_TIMES = ("eta", "expires")
_LISTS = ("chain", "link", "link_error")


class Taster:
    """Looks at messages before they are sent, and at each signature inside them once."""

    def __init__(self) -> None:
        self._seen: dict[int, object] = {}

    def taste(self, sending: Sending) -> None:
        """Make sure that a message does no harm.

        Raises:
            EncodeError: it would.
        """
        id_ = sending.options.get("task_id")
        if not isinstance(id_, str) or not id_:
            raise EncodeError(f"a message of {sending.name!r} must have an id, a text, not {id_!r}")
        waiting: list[tuple[Any, Any, Any, Any]] = [(sending.name, sending.args, sending.kwargs, sending.options)]
        while waiting:
            task, args, kwargs, options = waiting.pop()
            _check(task, args, kwargs, options)
            for one in _inside(kwargs, options):
                if id(one) not in self._seen:
                    self._seen[id(one)] = one
                    if not isinstance(one, Mapping):
                        raise EncodeError(f"a message of {task!r} has something inside that is no signature")
                    waiting.append((one.get("task"), one.get("args"), one.get("kwargs"), one.get("options")))


def _check(task: Any, args: Any, kwargs: Any, options: Any) -> None:
    if not isinstance(task, str) or not task:
        raise EncodeError(f"a message needs the name of its task, a text, not {task!r}")
    if not isinstance(args, (list, tuple)):
        raise EncodeError(f"a message of {task!r} needs a list of arguments, not one of type {type(args).__name__}")
    if not isinstance(kwargs, Mapping) or not all(isinstance(key, str) for key in kwargs):
        raise EncodeError(f"a message of {task!r} needs a map of named arguments, whose names are texts")
    if not isinstance(options, Mapping):
        raise EncodeError(f"a message of {task!r} needs a map of options")
    for key in _SECONDS:
        if not _is_number(options.get(key), int, float):
            raise EncodeError(f"a message of {task!r}: {key} must be a number of seconds, not {options[key]!r}")
    for key in _TIMES:
        value = options.get(key)
        if not (_is_time(value) or (key == "expires" and _is_number(value, int, float))):
            raise EncodeError(f"a message of {task!r}: {key} must be a time, not {value!r}")
    if not _is_number(options.get("retries"), int):
        raise EncodeError(f"a message of {task!r}: retries must be a number, not {options['retries']!r}")


def _is_number(value: Any, *kinds: type) -> bool:
    return value is None or (isinstance(value, kinds) and not isinstance(value, bool))


def _is_time(value: Any) -> bool:
    if isinstance(value, str):
        try:
            dt.datetime.fromisoformat(value)
        except ValueError:
            return False
        return True
    return value is None or isinstance(value, dt.datetime)


def _inside(kwargs: Mapping[str, Any], options: Mapping[str, Any]) -> Iterator[Any]:
    """The signatures inside a message or signature."""
    for key in _LISTS:
        yield from options.get(key) or ()
    if options.get("chord") is not None:
        yield options["chord"]
    if "header" in kwargs and "body" in kwargs and isinstance(kwargs["header"], list):  # a chord's
        yield from kwargs["header"]
        yield kwargs["body"]
    elif isinstance(kwargs.get("tasks"), list) and all(isinstance(one, dict) and "subtask_type" in one for one in kwargs["tasks"]):
        yield from kwargs["tasks"]
