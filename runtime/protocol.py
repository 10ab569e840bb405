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
_EMBED: dict[str, Any] = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}

#: Options of a call that change nothing in a message's headers but where and how it travels.
_PROPERTIES = ("priority", "delivery_mode")

_bounded = reprlib.Repr()
_bounded.maxlevel = 4
_bounded.maxtuple = _bounded.maxlist = _bounded.maxdict = 8
_bounded.maxstring = _bounded.maxother = 80


class Message(NamedTuple):
    """One call on its way: ``body`` is ``(args, kwargs, embed)``, not yet serialized."""

    headers: dict[str, Any]
    properties: dict[str, Any]
    body: tuple[Sequence[Any], Mapping[str, Any], Mapping[str, Any]]


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
    shown: tuple[object, object] | None = None,
) -> Message:
    """The message of one call.

    Args:
        task: the task's full name.
        id_: the call's id, unless the options have a ``task_id``.
        args: complete positional arguments.
        kwargs: named arguments.
        options: those of ``apply_async``; durations are seconds, times are aware.
        sent: the moment from which ``countdown`` and a relative ``expires`` count.
        root_id: the id of the whole run.
        origin: who sends it.
        shown: the arguments as they may be shown (secrets masked), if they differ.

    Raises:
        EncodeError: ``countdown`` or ``expires`` reaches further than times go.
    """
    headers = _HEADERS.copy()
    id_ = options.get("task_id") or id_
    headers["task"] = task
    headers["id"] = id_
    headers["root_id"] = root_id
    headers["origin"] = origin
    visible = shown or (args, kwargs)
    headers["argsrepr"] = brief(tuple(visible[0]) if isinstance(visible[0], list) else visible[0])
    headers["kwargsrepr"] = brief(visible[1])
    properties: dict[str, Any] = {"correlation_id": id_, "reply_to": ""}
    if options:
        _apply(options, headers, properties, sent)
    return Message(headers, properties, (args, kwargs, _EMBED))


def _apply(options: Mapping[str, Any], headers: dict[str, Any], properties: dict[str, Any], sent: dt.datetime) -> None:
    countdown, eta, expires = options.get("countdown"), options.get("eta"), options.get("expires")
    if eta is None and countdown:
        eta = _later(sent, countdown, "countdown")
    if eta is not None:
        headers["eta"] = eta.isoformat()
    if expires is not None:
        headers["expires"] = (expires if isinstance(expires, dt.datetime) else _later(sent, expires, "expires")).isoformat()
    if "time_limit" in options or "soft_time_limit" in options:
        headers["timelimit"] = (options.get("time_limit"), options.get("soft_time_limit"))
    if options.get("ignore_result"):
        headers["ignore_result"] = True
    if options.get("shadow"):
        headers["shadow"] = options["shadow"]
    for key, value in dict(options.get("headers") or {}).items():
        headers.setdefault(key, value)
    for key in _PROPERTIES:
        if options.get(key) is not None:
            properties[key] = options[key]


def _later(sent: dt.datetime, seconds: float, option: str) -> dt.datetime:
    try:
        return sent + dt.timedelta(seconds=seconds)
    except OverflowError:
        raise EncodeError(f"{option}: {seconds:g} s from now lies past the year 9999") from None


def context(headers: Mapping[str, Any], args: Sequence[Any], kwargs: Mapping[str, Any], tell: Tell | None = None) -> Context:
    """What the task sees as ``self.request``. Headers that the protocol does not know are in its ``headers``."""
    limit = headers.get("timelimit")
    own = None
    if len(headers) > len(_HEADERS):
        own = {key: value for key, value in headers.items() if key not in _HEADERS and key != "compression"} or None
    get = headers.get
    return Context(
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
