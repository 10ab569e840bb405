"""Messages of kombu's virtual transports, which keep them as one mapping each; and what is none."""

from __future__ import annotations

import base64
import binascii
import contextlib
import logging
from typing import Any

from .interface import Delivery

logger = logging.getLogger("flowc.worker")

#: What reading something that is no message can raise.
NO_MESSAGE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


def delivery_of(raw: dict[str, Any], tag: Any, *, redelivered: bool = False) -> Delivery:
    """The delivery of a message in kombu's form. What is damaged goes on where the headers have an id, without its parts of a wrong type:
    reading it fails later, with a name to store the failure under. So does a body that says it is base64 and is not.

    Raises:
        ValueError, TypeError, KeyError, AttributeError, RecursionError: it is no message of kombu's.
    """
    headers = raw.get("headers") or {}
    if not isinstance(headers, dict):
        raise TypeError("its headers are no map")
    properties: Any = raw.get("properties")
    body = raw.get("body")
    info: Any = properties.get("delivery_info") or {} if isinstance(properties, dict) else None
    if not (isinstance(info, dict) and isinstance(body, (str, bytes))):
        if not isinstance(headers.get("id"), str):
            raise TypeError("its properties, delivery_info or body are of a wrong type")
        properties, info, body = _of(dict, properties, {}), _of(dict, info, {}), _of((str, bytes), body, b"")
    if body and properties.get("body_encoding") == "base64":
        with contextlib.suppress(binascii.Error, ValueError):
            body = base64.b64decode(body)
    again = redelivered or bool(info.get("redelivered"))
    if "redelivered" in headers:  # kombu notes it there too when it gives a message back
        headers = {key: value for key, value in headers.items() if key != "redelivered"}
        again = True
    info = {"exchange": "", "routing_key": "", **info, "redelivered": again, "priority": properties.get("priority")}
    content_type, encoding = _of(str, raw.get("content-type"), ""), _of(str, raw.get("content-encoding"), "")
    return Delivery(headers, properties, body, content_type, encoding, info, tag)


def _of(kind: type | tuple[type, ...], value: Any, other: Any) -> Any:
    return value if isinstance(value, kind) else other


def say_dropped(queue: str, failure: BaseException) -> None:
    """Log that something in a queue was no message; what it was is not told, it may be anybody's secret."""
    logger.warning("dropped what is no message from the queue %r: %s: %s", queue, type(failure).__name__, failure)
