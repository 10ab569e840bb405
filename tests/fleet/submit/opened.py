"""Messages taken apart: every signature that is inside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from kombu import compression
from kombu.utils import json as kombu_json

import flowc
from flowc.compiler.plan import Plan
from flowc.runtime.fleet.messages import Messages, weave
from flowc.runtime.redact import Redactor

RUN = "0123456789abcdef0123456789abcdef"


class Found(NamedTuple):
    """A step as it stands in a message, or inside one."""

    id: str
    task: str
    args: list[Any]
    kwargs: dict[str, Any]
    options: dict[str, Any]
    immutable: bool
    depth: int


class Opened(NamedTuple):
    """A message: what a broker gets of it."""

    headers: dict[str, Any]
    properties: dict[str, Any]
    args: list[Any]
    kwargs: dict[str, Any]
    embed: dict[str, Any]
    size: int
    queue: str | None


def woven(plan: Plan, app: flowc.App, redactor: Redactor | None = None) -> Messages:
    """The messages of a plan."""
    return weave(plan, plan.canvas(), RUN, app, redactor or Redactor())


def opened(text: str, app: flowc.App) -> list[Opened]:
    """The messages of a flow, as they would leave."""
    return [_opened(one.envelope) for one in app.sender.prepare(woven(flowc.loads(text).plan, app).sendings)]


def _opened(envelope: Any) -> Opened:
    body = envelope.body.encode() if isinstance(envelope.body, str) else envelope.body
    if "compression" in envelope.headers:
        body = compression.decompress(body, envelope.headers["compression"])
    assert envelope.content_type == "application/json"
    args, kwargs, embed = kombu_json.loads(body.decode())
    return Opened(envelope.headers, envelope.properties, args, kwargs, embed, len(body), envelope.destination.queue)


def steps(message: Opened) -> Iterator[Found]:
    """Every step in a message, errbacks left out; the body of a chord whose header the message is in comes too."""
    yield Found(message.headers["id"], message.headers["task"], message.args, message.kwargs, {}, False, 0)
    embed = message.embed
    inside = [*(embed["chain"] or ()), *(embed["callbacks"] or ())]
    if embed["chord"] is not None:
        inside.append(embed["chord"])
    for one in inside:
        yield from _inside(one, 1)


def _inside(signature: Mapping[str, Any], depth: int) -> Iterator[Found]:
    options, kwargs = signature["options"], signature["kwargs"]
    match signature["subtask_type"]:
        case "chord":
            for one in (*kwargs["header"], kwargs["body"]):
                yield from _inside(one, depth + 1)
        case "chain":
            for one in kwargs["tasks"]:
                yield from _inside(one, depth + 1)
        case None:
            plain = {key: value for key, value in options.items() if key not in ("link", "chain", "chord")}
            task_id = options["task_id"]
            yield Found(task_id, signature["task"], signature["args"], kwargs, plain, signature["immutable"], depth)
    for one in (*(options.get("link") or ()), *(options.get("chain") or ())):
        yield from _inside(one, depth + 1)
    if options.get("chord") is not None:
        yield from _inside(options["chord"], depth + 1)
