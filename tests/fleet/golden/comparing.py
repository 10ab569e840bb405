"""Messages in a form in which those of two clients are equal if they say the same: but for ids, origin and times."""

from __future__ import annotations

import datetime as dt
import json
import pickle
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from . import wire

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?(\+00:00|Z)?")

#: Seconds by which two moments may differ that are the same: the calls name times that lie further apart.
TOLERANCE = 200


class Moment:
    """A time, as seconds from when a call was made, and the way in which it was written."""

    def __init__(self, text: str, now: dt.datetime) -> None:
        self.seconds = (dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC) - now).total_seconds()
        self.zone = text[19:].lstrip(".0123456789")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Moment) and abs(self.seconds - other.seconds) < TOLERANCE and self.zone == other.zone

    def __hash__(self) -> int:
        raise TypeError

    def __repr__(self) -> str:
        return f"<now{self.seconds:+.0f}s{self.zone}>"


class Names:
    """Which ids of one side stand for which of the other: one to one, as they are met."""

    def __init__(self) -> None:
        self._forth: dict[str, str] = {}
        self._back: dict[str, str] = {}

    def equal(self, theirs: str, ours: str) -> bool:
        """Whether two texts are the same but for ids."""
        if _ID.sub("", theirs) != _ID.sub("", ours):
            return False
        pairs = list(zip(_ID.findall(theirs), _ID.findall(ours), strict=True))
        return all(self._forth.setdefault(one, other) == other and self._back.setdefault(other, one) == one for one, other in pairs)


def readable(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The messages of a record of ``capture.py``, each with its body read, and times by their distance."""
    now = dt.datetime.fromisoformat(record["now"])

    def told(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {str(key): _replies(one) if key == "reply_to" else told(one) for key, one in value.items()}
        if isinstance(value, (set, frozenset)):
            return sorted((told(one) for one in value), key=repr)
        if isinstance(value, (list, tuple)):
            return [told(one) for one in value]
        if isinstance(value, dt.datetime):
            return value.isoformat()
        if isinstance(value, str) and _TIME.fullmatch(value):
            near = abs(dt.datetime.fromisoformat(value[:19]) - now.replace(tzinfo=None)) < dt.timedelta(days=3)
            return Moment(value, now) if near else value
        return value

    made = []
    for message in record["messages"]:
        headers = {key: value for key, value in message["headers"].items() if key != "origin"}
        properties = {key: value for key, value in message["properties"].items() if key != "delivery_tag"}
        kept = {key: message[key] for key in ("queue", "content-type", "content-encoding")}
        made.append({**kept, "headers": told(headers), "body": told(body_of(message)), "properties": told(properties)})
    return made


def _replies(queue: str | None) -> str | None:
    """The queue that a client's replies go to has an id for a name."""
    return "<replies>" if queue and _ID.fullmatch(queue) else queue


def body_of(message: Mapping[str, Any]) -> Any:
    """The body of a captured message, read by other means than flowc's."""
    data, kind = wire.raw_body(dict(message)), str(message["content-type"])
    match message["headers"].get("compression"):
        case "application/x-gzip":
            import zlib

            data = zlib.decompress(data)
        case "application/x-bz2":
            import bz2

            data = bz2.decompress(data)
        case None:
            pass
    match kind:
        case "application/json":
            return json.loads(data)
        case "application/x-yaml":
            import yaml

            return yaml.safe_load(data)
        case "application/x-msgpack":
            import msgpack

            return msgpack.unpackb(data)
        case _:
            return pickle.loads(data)


class Missing:
    """Stands where one side has nothing."""

    def __repr__(self) -> str:
        return "<nothing>"


MISSING = Missing()


class Difference(NamedTuple):
    """Where two messages differ: ``path`` is like ``0.headers.argsrepr``."""

    path: str
    theirs: Any
    ours: Any


def differences(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> list[Difference]:
    """Where the messages of two records differ."""
    found: list[Difference] = []
    _differ("", readable(theirs), readable(ours), Names(), found)
    return found


def _differ(path: str, theirs: Any, ours: Any, names: Names, found: list[Difference]) -> None:
    if isinstance(theirs, Mapping) and isinstance(ours, Mapping):
        for key in {**theirs, **ours}:
            _differ(f"{path}.{key}".lstrip("."), theirs.get(key, MISSING), ours.get(key, MISSING), names, found)
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for number, (one, other) in enumerate(zip(theirs, ours, strict=True)):
            _differ(f"{path}.{number}".lstrip("."), one, other, names, found)
    elif isinstance(theirs, str) and isinstance(ours, str):
        if not names.equal(theirs, ours):
            found.append(Difference(path, theirs, ours))
    elif type(theirs) is not type(ours) or theirs != ours:
        found.append(Difference(path, theirs, ours))
