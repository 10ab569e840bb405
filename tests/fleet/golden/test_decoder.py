"""Our worker reads what Celery 5.5, 5.6 and 5.7 publish, in protocol 2 and 1: each call runs with its arguments, and knows its request."""

from __future__ import annotations

import base64
import datetime as dt
import json
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from kombu.connection import Connection

import flowc
from flowc.runtime.codec import encode_json

from . import calls, wire
from .comparing import body_of
from .stored import VERSIONS, stored

#: What the tasks of the calls give, so that what follows them can run.
RESULTS = {"proj.add": 4, "proj.mul": 32, "proj.tsum": 6, "proj.limited": 1}

#: Tasks that every worker has.
BUILT_IN = ("celery.map", "celery.starmap", "celery.chunks", "celery.group", "celery.chord", "celery.accumulate")


class Recorder:
    """Every call that the worker ran, by its id: arguments and request."""

    def __init__(self, app: flowc.App, names: set[str]) -> None:
        self.runs: dict[str, list[tuple[Any, Any, dict[str, Any]]]] = {}
        self._lock = threading.Lock()
        for name in sorted(names):
            app.task(name=name, bind=True)(self._task(name))

    def _task(self, name: str) -> Any:
        def task(self_: Any, *args: Any, **kwargs: Any) -> Any:
            request = self_.request
            kept = {key: getattr(request, key) for key in REQUEST}
            with self._lock:
                self.runs.setdefault(request.id, []).append((list(args), kwargs, kept))
            return RESULTS.get(name)

        return task


#: What a request is asked for, and the header that has it.
REQUEST = {
    "id": "id", "task": "task", "root_id": "root_id", "parent_id": "parent_id", "group": "group", "group_index": "group_index",
    "retries": "retries", "shadow": "shadow", "ignore_result": "ignore_result", "replaced_task_nesting": "replaced_task_nesting",
    "stamped_headers": "stamped_headers", "argsrepr": "argsrepr", "kwargsrepr": "kwargsrepr", "timelimit": "timelimit",
    "headers": None, "reply_to": None, "correlation_id": None, "callbacks": None, "errbacks": None, "chain": None, "chord": None,
    "eta": "eta", "expires": "expires",
}  # fmt: skip


def due(text: str | None, seconds: float) -> str | None:
    """A time that was in the future once is in it no more; or is again."""
    return text and (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)).isoformat()


def timely(message: Mapping[str, Any]) -> dict[str, Any]:
    """The message as it would be if it was sent now: due, and not expired."""
    made = {**message, "headers": dict(message["headers"])}
    holder = made["headers"]
    if "task" not in holder:  # protocol 1
        body = body_of(message)
        if body["eta"] is None and body["expires"] is None:
            return made
        body.update(eta=due(body["eta"], -1), expires=due(body["expires"], 3600))
        return {**made, "body": json.dumps(body)}
    holder.update(eta=due(holder["eta"], -1), expires=due(holder["expires"], 3600))
    return made


def envelope(message: Mapping[str, Any]) -> str:
    """As it stands in a list of Redis."""
    told = {key: message[key] for key in ("headers", "properties", "content-type", "content-encoding")}
    return json.dumps({**told, "body": base64.b64encode(wire.raw_body(dict(message))).decode()})


def messages(version: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, record in stored(version).items():
        for message in record["messages"]:
            yield name, timely(message)


def parts(message: Mapping[str, Any]) -> tuple[str, str, Any, Any, Mapping[str, Any], Mapping[str, Any]]:
    """Id, task, args, kwargs, what is embedded, and the headers: of either protocol."""
    body, headers = body_of(message), message["headers"]
    if "task" in headers:
        return headers["id"], headers["task"], *body, headers
    return body["id"], body["task"], body["args"], body["kwargs"], {**body, "chain": None}, {**body, "group": body["taskset"], **headers}


def like(value: Any) -> Any:
    """As kombu's JSON has it; a set in order."""
    if isinstance(value, Mapping):
        return {key: like(one) for key, one in value.items()}
    if isinstance(value, (set, list, tuple)):
        return [like(one) for one in (sorted(value) if isinstance(value, set) else value)]
    return json.loads(encode_json(value))


@pytest.mark.parametrize("version", VERSIONS)
def test_our_worker_reads_celerys_messages(redis_database: str, version: str) -> None:
    sent = list(messages(version))
    settings = {**calls.SETTINGS, "task_track_started": False}
    with flowc.App("proj", broker=redis_database, backend=redis_database, settings=settings, set_as_current=False) as app:
        names = {parts(message)[1] for _, message in sent} | {"proj.echo", "proj.tsum", "proj.call", "proj.mul", "proj.add"}
        recorder = Recorder(app, names - set(BUILT_IN))
        with Connection(redis_database) as connection:
            connection.default_channel.client.lpush(calls.DEFAULT, *(envelope(message) for _, message in sent))
        with app.embedded_worker([calls.DEFAULT, calls.OTHER, calls.HELD], concurrency=4):
            wanted = {parts(message)[0] for _, message in sent if parts(message)[1] not in BUILT_IN}
            until = time.monotonic() + 60
            while not wanted <= set(recorder.runs) and time.monotonic() < until:
                time.sleep(0.02)
            for _, message in sent:
                if parts(message)[1] in BUILT_IN:
                    assert app.AsyncResult(parts(message)[0]).get(timeout=60) is not None
    for name, message in sent:
        id_, task, args, kwargs, embed, headers = parts(message)
        if task in BUILT_IN:
            continue
        assert id_ in recorder.runs, f"{name} has not run"
        runs = [run for run in recorder.runs[id_] if run[2]["task"] == task]
        assert any(matches(run, message, like(args), like(kwargs), embed, headers) for run in runs), f"{name}: {runs}"


def matches(run: Any, message: Any, args: Any, kwargs: Any, embed: Mapping[str, Any], headers: Mapping[str, Any]) -> bool:
    """Whether a run is that of a message."""
    ran_args, ran_kwargs, request = run
    expected = {name: headers.get(header) for name, header in REQUEST.items() if header and name not in ("argsrepr", "kwargsrepr")}
    expected["root_id"] = expected["root_id"] or expected["id"]
    for flag in ("ignore_result", "retries", "replaced_task_nesting"):
        expected[flag] = expected[flag] or type(request[flag])()
    expected["timelimit"] = tuple(headers.get("timelimit") or (None, None))
    if "argsrepr" in headers:
        expected |= {"argsrepr": headers["argsrepr"], "kwargsrepr": headers["kwargsrepr"]}
    expected["reply_to"] = message["properties"]["reply_to"]
    expected["correlation_id"] = message["properties"]["correlation_id"]
    if {"tenant", "k"} & set(headers):
        expected["headers"] = {key: headers[key] for key in ("tenant", "deep", "k") if key in headers}
    expected |= {key: embed.get(key) for key in ("callbacks", "errbacks", "chain", "chord")}
    told = {key: request[key] for key in expected}
    told["timelimit"] = tuple(told["timelimit"] or (None, None))
    return [like(ran_args), like(ran_kwargs), like(told)] == [args, kwargs, like(expected)]
