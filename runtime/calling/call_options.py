"""THE table of the options of a call, and the check of a set of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from . import option_checks as checks
from .nearest import did_you_mean
from .option_checks import Check

#: What ``apply_async`` takes, by Celery's names. Source: "Calling Tasks" of Celery's guide and ``Task.apply_async`` of its reference.
OPTIONS: Final[dict[str, Check]] = {
    # when
    "countdown": checks.a_number,
    "eta": checks.a_moment,
    "expires": checks.an_expiry,
    # how it is sent
    "retry": checks.a_bool,
    "retry_policy": checks.a_policy,
    "serializer": checks.a_text,
    "compression": checks.a_text,
    "connection": checks.anything,
    "producer": checks.anything,
    "publisher": checks.anything,
    "headers": checks.a_mapping,
    "delivery_mode": checks.a_delivery_mode,
    "mandatory": checks.a_bool,
    # where it goes
    "queue": checks.a_named,
    "exchange": checks.a_named,
    "routing_key": checks.a_key,
    "priority": checks.a_priority,
    # how it runs
    "time_limit": checks.a_limit,
    "soft_time_limit": checks.a_limit,
    "ignore_result": checks.a_bool,
    # what follows
    "link": checks.a_link,
    "link_error": checks.a_link,
    "add_to_parent": checks.a_bool,
    # who it is
    "task_id": checks.a_text,
    "shadow": checks.a_text,
    "root_id": checks.a_text,
    "parent_id": checks.a_text,
    "argsrepr": checks.a_key,
    "kwargsrepr": checks.a_key,
    # what a canvas sets
    "group_id": checks.a_text,
    "group_index": checks.a_count,
    "chain": checks.a_list,
    "chord": checks.anything,
    "reply_to": checks.a_key,
    "retries": checks.a_count,
    "replaced_task_nesting": checks.a_count,
    "stamped_headers": checks.a_list,
}

#: What signatures of Celery's may have besides: taken, and of no effect here.
FOREIGN: Final = frozenset({"declare", "exchange_type", "expiration", "immediate", "route_name", "router", "stamps", "timeout", "trail"})


def check_options(options: Mapping[str, Any]) -> None:
    """Make sure that these options exist and fit, by themselves and together. None stands for: not given.

    Raises:
        TypeError: an unknown option (the message names the nearest), or a value of the wrong type.
        ValueError: a value out of its range, or options that contradict each other.
    """
    get = OPTIONS.get
    for name, value in options.items():
        check = get(name)
        if check is None:
            _refuse(name, options)
        elif value is not None:
            check(name, value)
    if "countdown" in options and options["countdown"] is not None and options.get("eta") is not None:
        raise ValueError("countdown and eta both say when to start: give one of them")
    check_limits(options)


def check_limits(options: Mapping[str, Any]) -> None:
    """Make sure that a soft time limit comes before the hard one. Raises ValueError."""
    soft, hard = options.get("soft_time_limit"), options.get("time_limit")
    if soft is not None and hard is not None and soft > hard:
        raise ValueError(f"soft_time_limit={soft!r} is above time_limit={hard!r}, so it could never be reached")


def check_names(names: Iterable[str]) -> None:
    """Make sure that options of these names exist.

    Raises:
        TypeError: there is none of that name.
    """
    for name in names:
        if name not in OPTIONS:
            _refuse(name, {})


def _refuse(name: str, options: Mapping[str, Any]) -> None:
    if name in FOREIGN or name in (options.get("stamped_headers") or ()):
        return
    hint = did_you_mean(name, OPTIONS) or "; the options are those of Celery's apply_async"
    raise TypeError(f"a call has no option {name!r}{hint}")
