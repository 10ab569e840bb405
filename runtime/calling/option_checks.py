"""The options of a call, by Celery's names, and what each may hold. Checked before anything is sent.

These run on every call that has options, so they are plain functions: a schema library would cost more than the call.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from .nearest import did_you_mean

#: Checks one value; gets the option's name for its message. Raises TypeError or ValueError.
Check = Callable[[str, Any], None]

POLICY_KEYS: Final = frozenset({"max_retries", "interval_start", "interval_step", "interval_max", "retry_errors"})


def a_number(option: str, value: Any) -> None:
    """Seconds, finite."""
    kind = type(value)
    if kind is int or (kind is float and math.isfinite(value)):
        return
    if isinstance(value, dt.timedelta):
        raise TypeError(f"{option}={value!r}: seconds are a number; write {option}={value.total_seconds():g}")
    if isinstance(value, float):
        if math.isfinite(value):
            return
        raise ValueError(f"{option}={value!r}: seconds are a finite number")
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{option}={_shown(value)}: seconds are a number, not {_kind(value)}")


def a_limit(option: str, value: Any) -> None:
    """Seconds above zero."""
    a_number(option, value)
    if value <= 0:
        raise ValueError(f"{option}={value!r}: a limit is more than 0 seconds")


def a_moment(option: str, value: Any) -> None:
    """A moment with a time zone."""
    if not isinstance(value, dt.datetime):
        hint = "; for seconds from now give countdown" if option == "eta" and isinstance(value, (int, float)) else ""
        raise TypeError(f"{option}={_shown(value)}: a datetime is needed, not {_kind(value)}{hint}")
    if value.utcoffset() is None:
        raise ValueError(
            f"{option}={value.isoformat()}: this datetime has no time zone, so the moment is not certain; "
            "make it with datetime.now(timezone.utc), or add one with .replace(tzinfo=…)"
        )


def an_expiry(option: str, value: Any) -> None:
    """Seconds from now, or a moment with a time zone."""
    if isinstance(value, dt.datetime):
        a_moment(option, value)
    else:
        a_number(option, value)


def a_bool(option: str, value: Any) -> None:
    """True or false."""
    if value is not True and value is not False:
        raise TypeError(f"{option}={_shown(value)}: True or False is needed, not {_kind(value)}")


def a_text(option: str, value: Any) -> None:
    """A text that is not empty."""
    if not isinstance(value, str):
        raise TypeError(f"{option}={_shown(value)}: a text is needed, not {_kind(value)}")
    if not value:
        raise ValueError(f"{option}='': an empty text says nothing; leave the option out")


def a_named(option: str, value: Any) -> None:
    """A text, or an object of kombu's with a name (``Queue``, ``Exchange``). An exchange may be the nameless one."""
    if isinstance(value, str):
        if not value and option == "queue":
            a_text(option, value)
    elif not isinstance(getattr(value, "name", None), str):
        raise TypeError(f"{option}={_shown(value)}: a name or kombu's {option.title()} is needed, not {_kind(value)}")


def a_key(option: str, value: Any) -> None:
    """A text, which may be empty."""
    if not isinstance(value, str):
        raise TypeError(f"{option}={_shown(value)}: a text is needed, not {_kind(value)}")


def a_priority(option: str, value: Any) -> None:
    """An integer from 0 to 255."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{option}={_shown(value)}: an integer from 0 to 255 is needed, not {_kind(value)}")
    if not 0 <= value <= 255:
        raise ValueError(f"{option}={value}: priorities go from 0 to 255")


def a_count(option: str, value: Any) -> None:
    """An integer, 0 or more."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{option}={_shown(value)}: an integer is needed, not {_kind(value)}")
    if value < 0:
        raise ValueError(f"{option}={value}: it cannot be negative")


def a_delivery_mode(option: str, value: Any) -> None:
    """1, 2, "transient" or "persistent"."""
    if value not in (1, 2, "transient", "persistent") or isinstance(value, bool):
        raise ValueError(f"{option}={_shown(value)}: it is 1 or 'transient', 2 or 'persistent'")


def a_mapping(option: str, value: Any) -> None:
    """A mapping whose keys are texts."""
    if not isinstance(value, Mapping):
        raise TypeError(f"{option}={_shown(value)}: a mapping is needed, not {_kind(value)}")
    for key in value:
        if not isinstance(key, str):
            raise TypeError(f"{option}: its keys are texts, so not {_shown(key)}")


def a_policy(option: str, value: Any) -> None:
    """The keys of a retry policy. ``max_retries`` None is for ever; intervals are seconds; ``retry_errors`` are exception classes.

    Source: "Message Sending Retry" of Celery's guide.
    """
    a_mapping(option, value)
    for key, item in value.items():
        if key not in POLICY_KEYS:
            raise TypeError(f"{option} has no key {key!r}{did_you_mean(key, POLICY_KEYS)} (it has {', '.join(sorted(POLICY_KEYS))})")
        name = f"{option}[{key!r}]"
        if key == "max_retries":
            if item is not None:
                a_count(name, item)
        elif key == "retry_errors":
            if item is not None:
                some_classes(name, item)
        elif item is not None:
            a_number(name, item)
            if item < 0:
                raise ValueError(f"{name}={item!r}: an interval is not negative")


def some_classes(option: str, value: Any) -> None:
    """A tuple of exception classes."""
    if isinstance(value, type) and issubclass(value, BaseException):
        raise TypeError(f"{option} is a tuple of exception classes: write {option}=({value.__name__},)")
    if not isinstance(value, (tuple, list, set, frozenset)) or not all(isinstance(c, type) and issubclass(c, BaseException) for c in value):
        raise TypeError(f"{option}={_shown(value)}: a tuple of exception classes is needed")


def a_link(option: str, value: Any) -> None:
    """A signature, its dict form, or a list of them."""
    for one in value if isinstance(value, (list, tuple)) else (value,):
        if not isinstance(one, dict) or "task" not in one:
            hint = "; write it as a signature: task.s(…)" if hasattr(one, "apply_async") else ""
            raise TypeError(f"{option} takes a signature or a list of them, not {_shown(one)}{hint}")


def a_list(option: str, value: Any) -> None:
    """A list."""
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"{option}={_shown(value)}: a list is needed, not {_kind(value)}")


def anything(option: str, value: Any) -> None:
    """Whatever it is: objects of kombu's, and what only another part of a call can judge."""


def _kind(value: object) -> str:
    return "None" if value is None else f"of type {type(value).__name__}"


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
