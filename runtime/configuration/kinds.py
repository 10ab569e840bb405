"""What a setting may be: types for pydantic that also say so in words, and how such a value is written in an environment variable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field

#: A mebibyte, in bytes.
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Kind:
    """What is allowed, in words that follow "must be"; ``writing``: the form of the value in an environment variable."""

    words: str
    writing: Literal["text", "json", "list", "flag"] = "json"


def _as_tuple(value: object) -> object:
    """Lists and sets as a tuple, which nobody changes without its being checked."""
    if isinstance(value, (set, frozenset)):
        return tuple(sorted(value, key=str))
    return tuple(value) if isinstance(value, list) else value


def _broker_urls(value: object) -> object:
    """Several URLs as kombu reads them, joined by semicolons."""
    return ";".join(value) if isinstance(value, (list, tuple)) and value and all(isinstance(url, str) for url in value) else value


def _expiry(value: object) -> object:
    """Seconds; None for zero, which Celery takes as "never" too."""
    if isinstance(value, timedelta):
        value = value.total_seconds()
    return None if not isinstance(value, bool) and value == 0 else value


def _delivery_mode(value: object) -> object:
    return {"transient": 1, "persistent": 2}.get(value, value) if isinstance(value, str) else value


def _zone(value: object) -> object:
    """A known time zone, as it was given."""
    if isinstance(value, str):
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("no such time zone") from None
    elif not isinstance(value, tzinfo):
        raise ValueError("no time zone")
    return value


def _routes(value: object) -> object:
    """Routes by their outer form; what stands in a table is the router's to check."""
    if isinstance(value, (list, tuple)) and all(_is_route(route) for route in value):
        return tuple(value)
    if not isinstance(value, (list, tuple)) and _is_route(value):
        return value
    raise ValueError("no routes")


def _is_route(route: object) -> bool:
    """A function, a table or pairs, or the name of a function."""
    if isinstance(route, str):
        return all(part.isidentifier() for part in route.replace(":", ".").split("."))
    return callable(route) or isinstance(route, (Mapping, list, tuple))


def _queues(value: object) -> object:
    if isinstance(value, Mapping) and all(isinstance(name, str) and name for name in value):
        return dict(value)
    if isinstance(value, (list, tuple, set, frozenset)) and all(_is_queue(queue) for queue in value):
        return tuple(value)
    raise ValueError("no queues")


def _is_queue(queue: object) -> bool:
    """A name, a mapping with one, or kombu's ``Queue``."""
    name = queue if isinstance(queue, str) else queue.get("name") if isinstance(queue, Mapping) else getattr(queue, "name", None)
    return isinstance(name, str) and bool(name)


def _policy(value: object) -> object:
    """All four keys, those that are not given with their defaults."""
    if not isinstance(value, Mapping) or not set(value) <= set(RETRY_POLICY):
        raise ValueError("no policy")
    policy = {**RETRY_POLICY, **value}
    retries, *pauses = policy.values()
    if not (retries is None or (_is_number(retries) and retries == int(retries))) or not all(map(_is_number, pauses)):
        raise ValueError("no policy")
    return policy


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < float("inf")


#: The keys of a retry policy with their defaults: "Message sending retry" of Celery's guide, in seconds.
RETRY_POLICY: dict[str, Any] = {"max_retries": 3, "interval_start": 0.0, "interval_step": 0.2, "interval_max": 0.2}

_NAME = Field(min_length=1, pattern=r"\S")
_PAUSE = Field(ge=0, allow_inf_nan=False)
_ABOVE_ZERO = Field(gt=0, allow_inf_nan=False)

Flag: TypeAlias = Annotated[bool, Kind("true or false", "flag")]
Name: TypeAlias = Annotated[str, _NAME, Kind("a name (text)", "text")]
MaybeName: TypeAlias = Annotated[Annotated[str, _NAME] | None, Kind("a name (text) or None", "text")]
Names: TypeAlias = Annotated[tuple[Annotated[str, _NAME], ...], BeforeValidator(_as_tuple), Kind("a list of names", "list")]
MaybeNames: TypeAlias = Annotated[
    tuple[Annotated[str, _NAME], ...] | None, BeforeValidator(_as_tuple), Kind("a list of names or None", "list")
]
MaybeText: TypeAlias = Annotated[str | None, Kind("a text or None", "text")]
Count: TypeAlias = Annotated[int, Field(ge=0), Kind("a whole number, 0 or more")]
AtLeastOne: TypeAlias = Annotated[int, Field(ge=1), Kind("a whole number, 1 or more")]
MaybeCount: TypeAlias = Annotated[Annotated[int, Field(ge=0)] | None, Kind("a whole number, 0 or more, or None")]
MaybeAtLeastOne: TypeAlias = Annotated[Annotated[int, Field(ge=1)] | None, Kind("a whole number, 1 or more, or None")]
Priority: TypeAlias = Annotated[Annotated[int, Field(ge=0, le=255)] | None, Kind("a whole number from 0 to 255, or None")]
MaybeSeconds: TypeAlias = Annotated[Annotated[float, _ABOVE_ZERO] | None, Kind("a number of seconds above 0, or None")]
Milliseconds: TypeAlias = Annotated[int, Field(ge=0), Kind("a whole number of milliseconds, 0 or more")]
Expiry: TypeAlias = Annotated[
    Annotated[float, _PAUSE] | None, BeforeValidator(_expiry), Kind("a number of seconds, a timedelta, or None for never")
]
Options: TypeAlias = Annotated[dict[str, Any], Kind("a table of options")]
MaybeOptions: TypeAlias = Annotated[dict[str, Any] | None, Kind("a table of options, or None")]
Tls: TypeAlias = Annotated[bool | dict[str, Any], Kind("true, false or a table of TLS options")]
MaybeTls: TypeAlias = Annotated[bool | dict[str, Any] | None, Kind("true, false, a table of TLS options, or None")]
BrokerUrl: TypeAlias = Annotated[
    str,
    BeforeValidator(_broker_urls),
    Field(pattern=r"^[A-Za-z][\w.:+-]*://"),
    Kind("a URL such as redis://localhost:6379/0, or a list of them", "text"),
]
ExchangeType: TypeAlias = Annotated[
    Literal["direct", "topic", "fanout", "headers"], Kind('"direct", "topic", "fanout" or "headers"', "text")
]
QueueType: TypeAlias = Annotated[Literal["classic", "quorum"], Kind('"classic" or "quorum"', "text")]
DeliveryMode: TypeAlias = Annotated[Literal[1, 2], BeforeValidator(_delivery_mode), Kind('"persistent" (2) or "transient" (1)')]
Pool: TypeAlias = Annotated[Literal["threads", "processes", "solo"], Kind('"threads", "processes" or "solo"', "text")]
Zone: TypeAlias = Annotated[
    Annotated[Any, BeforeValidator(_zone)] | None, Kind("a time zone such as Europe/Paris, a tzinfo, or None", "text")
]
Routes: TypeAlias = Annotated[
    Annotated[Any, BeforeValidator(_routes)] | None,
    Kind("a table from tasks' names to queues or options, a function, a list of such, or None"),
]
Queues: TypeAlias = Annotated[
    Annotated[Any, BeforeValidator(_queues)] | None,
    Kind("a list of queues (kombu's, names, or tables with a name), or a table of them, or None", "list"),
]
RetryPolicy: TypeAlias = Annotated[
    dict[str, Any],
    BeforeValidator(_policy),
    Kind("a table of max_retries, interval_start, interval_step and interval_max (numbers, 0 or more; max_retries may be None)"),
]
