"""How often something is tried against a broker, and how long to wait in between.

Source: "Message Sending Retry" of Celery's guide.
"""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from .interface import NO_RETRY, RetryPolicy

T = TypeVar("T")

_KEYS = ("max_retries", "interval_start", "interval_step", "interval_max", "retry_errors")


def policy(retry: bool, given: Mapping[str, Any] | None, default: Mapping[str, Any] | None = None) -> RetryPolicy:
    """The policy of one call.

    Args:
        retry: whether to try again at all.
        given: the call's ``retry_policy``; what it lacks comes from ``default``.
        default: ``task_publish_retry_policy``.

    Raises:
        TypeError: a key that there is not.
        ValueError: a number below zero, something that is no number, or no exception classes.
    """
    if not retry:
        return NO_RETRY
    merged = {**(default or {}), **(given or {})}
    for key, value in merged.items():
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, 1)
            raise TypeError(f"retry_policy has no {key!r}; " + (f"did you mean {near[0]!r}?" if near else f"it has {', '.join(_KEYS)}"))
        if key == "retry_errors":
            merged[key] = _classes(value)
            continue
        if key == "max_retries" and value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
            raise ValueError(f"retry_policy: {key} is a number from 0, not {value!r}")
    return RetryPolicy(**merged)


def _classes(value: Any) -> tuple[type[BaseException], ...]:
    found = () if value is None else tuple(value) if isinstance(value, (list, tuple, set, frozenset)) else (value,)
    if not all(isinstance(one, type) and issubclass(one, BaseException) for one in found):
        raise ValueError(f"retry_policy: retry_errors are classes of exceptions, not {value!r}")
    return found


def pause(wanted: RetryPolicy, retries: int) -> float:
    """Seconds to wait before retry number ``retries`` (from 0)."""
    return min(wanted.interval_start + wanted.interval_step * retries, wanted.interval_max)


def persist(
    wanted: RetryPolicy,
    attempt: Callable[[], T],
    may_pass: Callable[[Exception], bool],
    exhausted: Callable[[Exception], Exception],
    progress: Callable[[], object] = lambda: None,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """Try until it works, or the policy ends it.

    Args:
        wanted: the policy.
        attempt: what to do.
        may_pass: whether it may work the next time, after an exception of ``attempt``; others are raised as they are.
        exhausted: what to raise when no retry is left.
        progress: a value that changes when an attempt that failed has still got something done: then retries count anew.
        sleep: for tests.
    """
    retries, before = 0, progress()
    while True:
        try:
            return attempt()
        except Exception as exc:
            if not may_pass(exc) and not isinstance(exc, wanted.retry_errors):
                raise
            now = progress()
            if now != before:
                retries, before = 0, now
            if wanted.max_retries is not None and retries >= wanted.max_retries:
                raise exhausted(exc) from exc
        wait = pause(wanted, retries)
        retries += 1
        if wait > 0:
            sleep(wait)
