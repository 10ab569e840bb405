"""What a Celery task says of itself, as options of ``@app.task``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from ..calling.declared import ATTRIBUTES, CALL_DEFAULTS, FROM_SETTINGS, check_declared

#: Options for which Celery writes what a setting says onto every task that has none of its own.
_BY_SETTING = {
    "serializer": "task_serializer",
    "priority": "task_default_priority",
    "time_limit": "task_time_limit",
    "soft_time_limit": "task_soft_time_limit",
    "ignore_result": "task_ignore_result",
    **FROM_SETTINGS,
}

#: Celery's names for options of which it has two.
_PARTS = {"acks_on_failure_or_timeout": ("acks_on_failure", "acks_on_timeout")}

_TRUTHS = frozenset({"typing", "trail", "retry_jitter", "ignore_result", "mandatory", "send_events", *FROM_SETTINGS})


def options_of(peer: Any, conf: Any) -> dict[str, Any]:
    """The options that a Celery task has of its own, by flowc's names.

    Args:
        peer: the Celery task.
        conf: the settings of its application: what merely repeats them is left out.
    """
    found: dict[str, Any] = {}
    for name, value in _given(peer, conf):
        made = _made(name, value)
        try:
            check_declared(peer.name, {**found, name: made})
        except (TypeError, ValueError):  # Celery takes it as it is; its workers do what they can with it
            continue
        found[name] = made
    return found


def _given(peer: Any, conf: Any) -> Iterator[tuple[str, Any]]:
    for name in (*CALL_DEFAULTS, *ATTRIBUTES, *FROM_SETTINGS):
        if name == "shadow_name":
            continue
        value = _part(peer, name)
        if value is None and name != "max_retries":
            continue
        setting = _BY_SETTING.get(name)
        if setting is None or value != conf.get(setting):
            yield name, value


def _part(peer: Any, name: str) -> Any:
    """An option's value; False where either of its two parts is."""
    if name in _PARTS and False in [getattr(peer, part, None) for part in _PARTS[name]]:
        return False
    return getattr(peer, name, None)


def _made(name: str, value: Any) -> Any:
    """A value in the form that flowc takes."""
    if name in _TRUTHS:
        return bool(value)
    if name in ("throws", "autoretry_for", "dont_autoretry_for"):
        return (value,) if isinstance(value, type) else tuple(value)
    if name == "retry_backoff" and not isinstance(value, bool):
        return float(value)
    return value


def function_of(peer: Any) -> tuple[Callable[..., Any], bool]:
    """The user's own function, and whether its first parameter is the task."""
    run = getattr(peer, "_orig_run", None) or peer.run
    if inspect.ismethod(run):
        return run.__func__, True
    return run, False


def body_of(peer: Any, base: Any) -> Callable[..., Any]:
    """What a worker calls: the task itself where its class has a ``__call__`` of its own, else its ``run``."""
    for kind in type(peer).__mro__:
        if kind is base:
            break
        if "__call__" in vars(kind):
            return peer  # type: ignore[no-any-return]
    return peer.run  # type: ignore[no-any-return]
