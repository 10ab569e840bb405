"""Celery's message protocol 2: what stands in the headers, properties and body of a call. Pure functions, without any I/O.

A message is made from a template: copying a dict costs a tenth of building it.
"""

from __future__ import annotations

import datetime as dt
import reprlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .errors import EncodeError
from .request import Context, Tell

#: Longest ``argsrepr`` and ``kwargsrepr``, in characters.
LONGEST_REPR = 1024

_HEADERS: dict[str, Any] = {
    "lang": "py",
    "task": None,
    "id": None,
    "shadow": None,
    "eta": None,
    "expires": None,
    "group": None,
    "group_index": None,
    "retries": 0,
    "timelimit": (None, None),
    "root_id": None,
    "parent_id": None,
    "argsrepr": "",
    "kwargsrepr": "",
    "origin": None,
    "ignore_result": False,
    "replaced_task_nesting": 0,
    "stamped_headers": None,
    "stamps": {},
}
#: Names that headers of a user's own cannot have.
HEADERS = frozenset((*_HEADERS, "compression"))

_PROPERTIES: dict[str, Any] = {"correlation_id": None, "reply_to": ""}
_EMBED: dict[str, Any] = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}

#: Options of a call that are headers by another name.
_SAME = {
    "group_id": "group", "group_index": "group_index", "parent_id": "parent_id", "root_id": "root_id", "shadow": "shadow",
    "retries": "retries", "replaced_task_nesting": "replaced_task_nesting", "argsrepr": "argsrepr", "kwargsrepr": "kwargsrepr",
}  # fmt: skip

#: Options of a call that are properties.
_AS_PROPERTY = frozenset(("priority", "delivery_mode", "reply_to"))

_LIMITS = frozenset(("time_limit", "soft_time_limit"))

#: Options of a call that are signatures which the worker sends on.
_EMBEDDED = {"link": "callbacks", "link_error": "errbacks", "chain": "chain", "chord": "chord"}

_DELIVERY_MODES = {"transient": 1, "persistent": 2}

_bounded = reprlib.Repr()
_bounded.maxlevel = 4
_bounded.maxtuple = _bounded.maxlist = _bounded.maxdict = 8
_bounded.maxstring = _bounded.maxother = 80


class Message(NamedTuple):
    """One call on its way: ``body`` is ``(args, kwargs, embed)``, not yet serialized."""

    headers: dict[str, Any]
    properties: dict[str, Any]
    body: tuple[Sequence[Any], Mapping[str, Any], Mapping[str, Any]]


class Draft(NamedTuple):
    """What the messages of many calls have in common."""

    headers: dict[str, Any]
    properties: dict[str, Any]
    embed: Mapping[str, Any]


def draft(task: str, options: Mapping[str, Any], origin: str) -> Draft:
    """What a task and options make of its messages, but for their times."""
    headers = _HEADERS.copy()
    headers["task"] = task
    headers["origin"] = origin
    properties = _PROPERTIES.copy()
    return Draft(headers, properties, _apply(options, headers, properties, _EMBED))


def finish(
    prepared: Draft,
    id_: str,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    options: Mapping[str, Any],
    *,
    root_id: str,
    parent_id: str | None = None,
    shown: tuple[object, object] | None = None,
) -> Message:
    """The message of one call, from what its like have in common and its own options. Arguments as for :func:`encode`."""
    headers, properties, embed = prepared
    headers = headers.copy()
    properties = properties.copy()
    headers["id"] = properties["correlation_id"] = id_
    if options:
        embed = _apply(options, headers, properties, embed)
    if headers["root_id"] is None:
        headers["root_id"] = root_id
    if parent_id is not None and headers["parent_id"] is None:
        headers["parent_id"] = parent_id
    visible = shown or (args, kwargs)
    if not headers["argsrepr"]:
        headers["argsrepr"] = brief(tuple(visible[0]) if isinstance(visible[0], list) else visible[0])
    if not headers["kwargsrepr"]:
        headers["kwargsrepr"] = brief(visible[1]) if visible[1] else "{}"
    return Message(headers, properties, (args, kwargs, embed))


def _apply(options: Mapping[str, Any], headers: dict[str, Any], properties: dict[str, Any], embed: Mapping[str, Any]) -> Mapping[str, Any]:
    """Write options into headers and properties; gives the embedded signatures."""
    more: dict[str, Any] | None = None
    for key, value in options.items():
        header = _SAME.get(key)
        if header is not None:
            if value is not None:
                headers[header] = value
        elif key in _EMBEDDED:
            if value is not None:
                more = more or dict(embed)
                more[_EMBEDDED[key]] = [value] if key in ("link", "link_error") and isinstance(value, Mapping) else value
        elif key in _AS_PROPERTY:
            if value is not None:
                properties[key] = _DELIVERY_MODES.get(value, value) if key == "delivery_mode" else value
        elif key in _LIMITS:
            hard, soft = headers["timelimit"]
            headers["timelimit"] = (value, soft) if key == "time_limit" else (hard, value)
        elif key == "ignore_result":
            if value is not None:
                headers["ignore_result"] = bool(value)
        elif key == "headers":
            for name, header_value in dict(value or {}).items():
                headers.setdefault(name, header_value)
        elif key == "stamped_headers" and value:
            headers["stamped_headers"] = list(value)
            headers["stamps"] = {name: options[name] for name in value if name in options}
    return embed if more is None else more


def encode(
    task: str,
    id_: str,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    options: Mapping[str, Any],
    *,
    sent: dt.datetime,
    root_id: str,
    origin: str,
    parent_id: str | None = None,
    shown: tuple[object, object] | None = None,
) -> Message:
    """The message of one call.

    Args:
        task: the task's full name.
        id_: the call's id, unless the options have a ``task_id``.
        args: complete positional arguments.
        kwargs: named arguments.
        options: those of ``apply_async``; durations are seconds, times without a zone are UTC.
        sent: the moment from which ``countdown`` and a relative ``expires`` count.
        root_id: the id of the whole run, unless the options have one.
        origin: who sends it.
        parent_id: the id of the call that makes this one, unless the options have one.
        shown: the arguments as they may be shown (secrets masked), if they differ.

    Raises:
        EncodeError: ``countdown`` or ``expires`` reaches further than times go.
    """
    headers = _HEADERS.copy()
    headers["task"] = task
    headers["origin"] = origin
    id_ = options.get("task_id") or id_
    prepared = Draft(headers, _PROPERTIES, _EMBED)
    message = finish(prepared, id_, args, kwargs, options, root_id=root_id, parent_id=parent_id, shown=shown)
    if options:
        set_times(message.headers, options, sent)
    return message


def set_times(headers: dict[str, Any], options: Mapping[str, Any], sent: dt.datetime) -> None:
    """Write ``eta`` and ``expires`` into headers: ISO 8601 with microseconds, in UTC.

    Raises:
        EncodeError: ``countdown`` or ``expires`` reaches further than times go.
    """
    countdown, eta, expires = options.get("countdown"), options.get("eta"), options.get("expires")
    if eta is None and countdown:
        eta = _later(sent, countdown, "countdown")
    if eta is not None:
        headers["eta"] = _iso(eta)
    if expires is not None:
        headers["expires"] = _iso(expires if isinstance(expires, (dt.datetime, str)) else _later(sent, expires, "expires"))


def _iso(time: dt.datetime | str) -> str:
    if isinstance(time, str):  # of a call that is sent again
        return time
    try:
        return (time.replace(tzinfo=dt.UTC) if time.tzinfo is None else time.astimezone(dt.UTC)).isoformat()
    except OverflowError:
        raise EncodeError(f"{time} lies outside the years 1 to 9999 in UTC") from None


def _later(sent: dt.datetime, seconds: float, option: str) -> dt.datetime:
    try:
        return sent + dt.timedelta(seconds=seconds)
    except OverflowError:
        raise EncodeError(f"{option}: {seconds:g} s from now lies past the year 9999") from None


def context(headers: Mapping[str, Any], args: Sequence[Any], kwargs: Mapping[str, Any], tell: Tell | None = None) -> Context:
    """What the task sees as ``self.request``. Headers that the protocol does not know are in its ``headers``."""
    limit = headers.get("timelimit")
    own = None
    if not headers.keys() <= _HEADERS.keys():
        own = {key: value for key, value in headers.items() if key not in _HEADERS and key != "compression"} or None
    get = headers.get
    made = Context(
        id=get("id"),
        task=get("task"),
        args=args,
        kwargs=kwargs,
        root_id=get("root_id") or get("id"),
        parent_id=get("parent_id"),
        group=get("group"),
        group_index=get("group_index"),
        retries=get("retries") or 0,
        eta=get("eta"),
        expires=get("expires"),
        timelimit=tuple(limit) if limit else None,
        headers=own,
        correlation_id=get("id"),
        ignore_result=bool(get("ignore_result")),
        shadow=get("shadow"),
        origin=get("origin"),
        argsrepr=get("argsrepr"),
        kwargsrepr=get("kwargsrepr"),
        called_directly=False,
        tell=tell,
    )
    if get("stamped_headers"):
        made.stamped_headers, made.stamps = get("stamped_headers"), get("stamps") or {}
    return made


def moment(text: object) -> float | None:
    """An ``eta`` or ``expires`` header as seconds since the epoch (a time without a zone is UTC); None where there is none.

    Raises:
        ValueError: it is not an ISO 8601 text.
    """
    if text is None:
        return None
    time = dt.datetime.fromisoformat(str(text))
    return (time if time.tzinfo else time.replace(tzinfo=dt.UTC)).timestamp()


def brief(value: object) -> str:
    """A bounded ``repr``: short values in full, long ones with their ends."""
    if type(value) in (tuple, list, dict) and len(value) <= 4 and _flat(value):  # type: ignore[arg-type]
        return repr(value)
    return _bounded.repr(value)[:LONGEST_REPR]


def _flat(value: Any) -> bool:
    for item in value.values() if type(value) is dict else value:
        kind = type(item)
        if kind is str:
            if len(item) > 80:
                return False
        elif kind not in (int, float, bool, type(None)):
            return False
    return True
