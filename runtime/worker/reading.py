"""What came: the body of a message, and the request that its task sees."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from .. import protocol
from ..codec import decode_body, decompress
from ..errors import DecodeError
from ..request import Context
from .jobs import TaskJob

#: The content type of a body that is ``(args, kwargs, embed)`` as it is: of calls that the worker itself makes up.
READY = "flowc/ready"

_EMPTY: dict[str, Any] = {}


def read(job: TaskJob) -> tuple[Sequence[Any], Mapping[str, Any], Mapping[str, Any]]:
    """Arguments and ``embed`` of a call.

    Raises:
        DecodeError: its content type is refused, it is damaged, too large, or not of message protocol 2.
    """
    if job.content_type == READY:
        return job.body  # type: ignore[return-value]
    limit = job.terms.limit if job.terms is not None else sys.maxsize
    data = decompress(job.body, job.headers, limit)
    body = decode_body(data, job.content_type, job.content_encoding, job.accept)
    if not isinstance(body, (list, tuple)) or len(body) != 3:
        raise DecodeError("the message's body is not [args, kwargs, embed], as message protocol 2 has it")
    args, kwargs, embed = body
    if not isinstance(args, (list, tuple)):
        raise DecodeError(f"the message's positional arguments are no list but of type {type(args).__name__}")
    if not isinstance(kwargs, Mapping) or not all(isinstance(key, str) for key in kwargs):
        raise DecodeError(f"the message's named arguments are no map of names but of type {type(kwargs).__name__}")
    if not embed or not isinstance(embed, Mapping):
        return args, kwargs, _EMPTY
    for key in ("callbacks", "errbacks", "chain"):
        _check_signatures(key, embed.get(key))
    chord = embed.get("chord")
    if chord is not None:
        _check_signatures("chord", [chord])
    return args, kwargs, embed


def _check_signatures(key: str, given: Any) -> None:
    """Make sure that what is to follow can be called. Raises DecodeError."""
    if given is None:
        return
    for signature in [given] if isinstance(given, Mapping) else given if isinstance(given, (list, tuple)) else [given]:
        if (
            not isinstance(signature, Mapping)
            or not isinstance(signature.get("task"), str)
            or not isinstance(signature.get("args") or (), (list, tuple))
            or not isinstance(signature.get("kwargs") or {}, Mapping)
            or not isinstance(signature.get("options") or {}, Mapping)
        ):
            raise DecodeError(f"the message's {key} are no signatures, as message protocol 2 has them")


def context_of(job: TaskJob, app: Any, args: Sequence[Any], kwargs: Mapping[str, Any], embed: Mapping[str, Any]) -> Context:
    """The request of a call."""
    context = protocol.context(job.headers, args, kwargs)
    properties = job.properties
    if not isinstance(context.task, str):
        context.task = None
    context.app = app
    context.delivery_info = dict(job.delivery_info)
    context.reply_to = properties.get("reply_to") or None
    context.correlation_id = properties.get("correlation_id") or context.id
    context.hostname = job.terms.hostname if job.terms is not None else None
    context.replaced_task_nesting = job.headers.get("replaced_task_nesting") or 0
    context.callbacks = _several(embed.get("callbacks"))
    context.errbacks = _several(embed.get("errbacks"))
    context.chain = _several(embed.get("chain"))
    context.chord = embed.get("chord")
    if job.limits != (None, None):
        context.timelimit = job.limits
    return context


def _several(signatures: Any) -> Any:
    """Signatures in Celery's dict form; one that stands alone is a list of one."""
    return [signatures] if isinstance(signatures, Mapping) else signatures
