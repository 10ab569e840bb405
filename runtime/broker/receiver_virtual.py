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
    """The delivery of a message in kombu's form. A body that says it is base64 and is not stays as it is: decoding it fails later,
    with a name to store the failure under.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: it is no message of kombu's.
    """
    properties, headers, body = raw["properties"], raw.get("headers") or {}, raw["body"]
    info = properties.get("delivery_info") or {}
    if not (isinstance(headers, dict) and isinstance(info, dict) and isinstance(body, (str, bytes))):
        raise TypeError("its headers, delivery_info or body are of a wrong type")
    if body and properties.get("body_encoding") == "base64":
        with contextlib.suppress(binascii.Error, ValueError):
            body = base64.b64decode(body)
    again = redelivered or bool(info.get("redelivered"))
    if "redelivered" in headers:  # kombu notes it there too when it gives a message back
        headers = {key: value for key, value in headers.items() if key != "redelivered"}
        again = True
    info = {"exchange": "", "routing_key": "", **info, "redelivered": again, "priority": properties.get("priority")}
    content_type, encoding = _text(raw.get("content-type")), _text(raw.get("content-encoding"))
    return Delivery(headers, properties, body, content_type, encoding, info, tag)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def say_dropped(queue: str, failure: BaseException) -> None:
    """Log that something in a queue was no message; what it was is not told, it may be anybody's secret."""
    logger.warning("dropped what is no message from the queue %r: %s: %s", queue, type(failure).__name__, failure)
