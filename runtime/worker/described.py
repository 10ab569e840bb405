"""What remote commands tell of calls, queues and the worker, in Celery's form: all of it JSON, and without passwords.

Source: "Workers Guide", sections "Inspecting workers" and "Statistics".
"""

from __future__ import annotations

import sys
import time
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from ..broker.interface import Delivery
from ..codec import decode_body, encode_json
from ..configuration.secrets import masked
from ..errors import StepError
from ..redact import MASK
from .entry import Entry

if TYPE_CHECKING:
    from ..broker.broker import Broker

#: Bytes of a message's body beyond which its arguments are told as the caller has shown them, and not read.
LONGEST_BODY = 20_000


def request_of(entry: Entry, hostname: str, pid: int | None) -> dict[str, Any]:
    """A call that was taken in.

    Args:
        entry: the call.
        hostname: the worker's name.
        pid: of the process that runs it.
    """
    begun = entry.begun
    return {
        **waiting(entry.delivery, hostname),
        "time_start": None if begun is None else time.time() - (time.monotonic() - begun),
        "acknowledged": entry.acked, "worker_pid": pid if begun is not None else None,
    }  # fmt: skip


def waiting(delivery: Delivery, hostname: str) -> dict[str, Any]:
    """A call that has not begun."""
    headers, info = delivery.headers, delivery.delivery_info
    args, kwargs = _arguments(delivery)
    return {
        "id": headers.get("id"), "name": headers.get("task"), "args": args, "kwargs": kwargs, "type": headers.get("task"),
        "hostname": hostname, "time_start": None, "acknowledged": False,
        "delivery_info": {
            "exchange": info.get("exchange"), "routing_key": info.get("routing_key"),
            "priority": delivery.properties.get("priority"), "redelivered": bool(info.get("redelivered")),
        },
        "worker_pid": None,
    }  # fmt: skip


def _arguments(delivery: Delivery) -> tuple[Any, Any]:
    """The arguments; as their caller has shown them, where they hold a secret, or reading them would cost much or run code."""
    headers = delivery.headers
    hidden = any(MASK in str(headers.get(key)) for key in ("argsrepr", "kwargsrepr"))  # the caller has masked a secret
    if hidden:
        return headers.get("argsrepr"), headers.get("kwargsrepr")
    if delivery.content_type == "application/json" and len(delivery.body) <= LONGEST_BODY and not headers.get("compression"):
        try:
            args, kwargs, _ = decode_body(delivery.body, delivery.content_type, delivery.content_encoding, ("json",))
            encode_json([args, kwargs])
        except (StepError, ValueError, TypeError):
            pass
        else:
            return args, kwargs
    return headers.get("argsrepr"), headers.get("kwargsrepr")


def plain(value: Any, key: str = "") -> Any:
    """A value as JSON carries it: passwords masked, and what JSON does not know as its ``repr``."""
    value = masked(value, key)
    if isinstance(value, Mapping):
        return {str(name): plain(item, str(name)) for name, item in value.items()}
    if isinstance(value, Collection) and not isinstance(value, (str, bytes)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    try:
        return str(masked(repr(value)))
    except Exception as error:  # of the user's own class
        return f"{type(value).__name__} (its repr failed: {type(error).__name__})"


def broker_of(broker: Broker) -> dict[str, Any]:
    """The connection to the broker, without its password."""
    if not broker.traits.shared:
        return {"transport": broker.traits.name}
    told = {key: value for key, value in broker.connection().info().items() if key != "password"}
    told["transport_options"] = broker.conf.broker_transport_options
    return {key: plain(value, "" if key != "alternates" else "alternates_url") for key, value in told.items()}


def usage() -> dict[str, float | int] | str:
    """What this process has used of the system, by the names of ``getrusage``; ``N/A`` where the system does not say."""
    if sys.platform == "win32":
        return "N/A"
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        name: getattr(used, f"ru_{name}")
        for name in (
            "utime", "stime", "maxrss", "ixrss", "idrss", "isrss", "minflt", "majflt", "nswap", "inblock", "oublock", "msgsnd", "msgrcv",
            "nsignals", "nvcsw", "nivcsw",
        )
    }  # fmt: skip
