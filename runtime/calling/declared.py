"""The options of ``@app.task``: what there is, what each may hold, and what it is when it is not given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from . import option_checks as checks
from .call_options import OPTIONS
from .nearest import did_you_mean
from .option_checks import Check


def _backoff(option: str, value: Any) -> None:
    if not isinstance(value, bool):
        checks.a_number(option, value)
        _not_negative(option, value)


def _delay(option: str, value: Any) -> None:
    checks.a_number(option, value)
    _not_negative(option, value)


def _not_negative(option: str, value: Any) -> None:
    if value < 0:
        raise ValueError(f"{option}={value!r}: it cannot be negative")


def _retry_kwargs(option: str, value: Any) -> None:
    checks.a_mapping(option, value)
    for key, item in value.items():
        if key not in _RETRY_KEYS and key not in OPTIONS:
            raise TypeError(f"{option} has no key {key!r}{did_you_mean(key, {*_RETRY_KEYS, *OPTIONS})}")
        if item is not None:
            (checks.a_count if key == "max_retries" else OPTIONS.get(key, checks.anything))(f"{option}[{key!r}]", item)


def _callable(option: str, value: Any) -> None:
    if not callable(value):
        raise TypeError(f"{option}={value!r}: a function (task, args, kwargs, options) → text is needed")


_RETRY_KEYS = frozenset({"max_retries", "countdown", "eta", "throw"})

#: Options that stand below those of every call of the task.
CALL_DEFAULTS: Final = (
    "queue", "exchange", "routing_key", "priority", "serializer", "compression", "expires", "time_limit", "soft_time_limit",
    "ignore_result", "delivery_mode", "mandatory",
)  # fmt: skip

#: What a worker reads of a task: default and check. Source: "List of Options" and "Retrying" in the guide to Celery's tasks.
ATTRIBUTES: Final[dict[str, tuple[Any, Check]]] = {
    "max_retries": (3, checks.a_count),
    "default_retry_delay": (180, _delay),
    "autoretry_for": ((), checks.some_classes),
    "dont_autoretry_for": ((), checks.some_classes),
    "retry_kwargs": ({}, _retry_kwargs),
    "retry_backoff": (False, _backoff),
    "retry_backoff_max": (600, _delay),
    "retry_jitter": (True, checks.a_bool),
    "throws": ((), checks.some_classes),
    "typing": (True, checks.a_bool),
    "trail": (True, checks.a_bool),
    "shadow_name": (None, _callable),
    "send_events": (True, checks.a_bool),
}

#: The same, where the setting of that name holds unless the task has its own.
FROM_SETTINGS: Final[dict[str, str]] = {
    "acks_late": "task_acks_late",
    "acks_on_failure_or_timeout": "task_acks_on_failure_or_timeout",
    "reject_on_worker_lost": "task_reject_on_worker_lost",
    "track_started": "task_track_started",
    "store_errors_even_if_ignored": "task_store_errors_even_if_ignored",
}

#: Options of Celery's that there are not here, and what to do instead.
_WITHOUT = {
    "rate_limit": "give the task a queue of its own and a worker with few places (-c)",
    "base": "decorate a function; what a base class would do goes into the function or a decorator",
    "backend": "an application has one result backend (result_backend)",
    "pydantic": "validate in the function: model.model_validate(argument)",
    "lazy": "tasks are registered at once",
    "shared": "@flowc.shared_task makes a task of every application",
    "countdown": "it belongs to a call: task.apply_async(countdown=…)",
    "eta": "it belongs to a call: task.apply_async(eta=…)",
    "retry": "it belongs to a call, or to all of them: task_publish_retry",
    "retry_policy": "it belongs to a call, or to all of them: task_publish_retry_policy",
}

KNOWN: Final = frozenset({"name", "bind", *CALL_DEFAULTS, *ATTRIBUTES, *FROM_SETTINGS})


def check_declared(task: str, options: Mapping[str, Any]) -> None:
    """Make sure that the options of ``@app.task`` exist and fit.

    Raises:
        TypeError: an unknown option (the message names the nearest), or a value of the wrong type.
        ValueError: a value out of its range.
    """
    for name, value in options.items():
        if name in CALL_DEFAULTS:
            check = OPTIONS[name]
        elif name in FROM_SETTINGS:
            check = checks.a_bool
        elif name in ATTRIBUTES:
            check = ATTRIBUTES[name][1]
        else:
            hint = f": {_WITHOUT[name]}" if name in _WITHOUT else did_you_mean(name, KNOWN)
            raise TypeError(f"@app.task of {task}: there is no option {name!r}{hint}")
        if value is not None:
            try:
                check(name, value)
            except (TypeError, ValueError) as exc:
                raise type(exc)(f"@app.task of {task}: {exc}") from None
    soft, hard = options.get("soft_time_limit"), options.get("time_limit")
    if soft is not None and hard is not None and soft > hard:
        raise ValueError(f"@app.task of {task}: soft_time_limit={soft!r} is above time_limit={hard!r}, so it could never be reached")
