"""What a Celery task says of itself, as options of ``@app.task``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
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

#: What is looked for. A task's ``shadow_name`` is a method in Celery.
_NAMES = tuple(name for name in (*CALL_DEFAULTS, *ATTRIBUTES, *FROM_SETTINGS) if name != "shadow_name")

_TRUTHS = frozenset({"typing", "trail", "retry_jitter", "ignore_result", "mandatory", "send_events", *FROM_SETTINGS})


def by_settings(conf: Any) -> dict[str, Any]:
    """What the settings of a Celery application write onto its tasks, by the tasks' options."""
    return {name: conf.get(setting) for name, setting in _BY_SETTING.items()}


def options_of(peer: Any, written: Mapping[str, Any]) -> dict[str, Any]:
    """The options that a Celery task has of its own, by flowc's names.

    Args:
        peer: the Celery task.
        written: what the settings have written onto it (:func:`by_settings`), which is left out.
    """
    found = {name: _made(name, value) for name, value in _given(peer, written)}
    if _fit(peer.name, found):
        return found
    fitting: dict[str, Any] = {}
    for name, value in found.items():  # what flowc does not take, Celery takes as it is: its workers do what they can with it
        if _fit(peer.name, {**fitting, name: value}):
            fitting[name] = value
    return fitting


def _fit(task: str, options: dict[str, Any]) -> bool:
    try:
        check_declared(task, options)
    except (TypeError, ValueError):
        return False
    return True


def _given(peer: Any, written: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in _NAMES:
        value = _part(peer, name)
        if (value is not None or name == "max_retries") and (name not in written or value != written[name]):
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
