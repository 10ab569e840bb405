"""What flowc publishes is what Celery 5.5, 5.6 and 5.7 publish for the same calls: headers, properties and bodies.

The differences that there are, are there on purpose: ``DELIBERATE`` has each of them with its reason. Everything else that differs fails
(but for ids, which only have to stand for one another, ``origin``, and times, which have to lie equally far from the call).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import pytest

from . import calls, ours
from .comparing import MISSING, Difference, differences
from .stored import VERSIONS, over, stored


class Deliberate(NamedTuple):
    """Differences on purpose. ``call`` and ``path`` are regular expressions for the whole of either; ``only``: its broker."""

    call: str
    path: str
    allows: Callable[[Any, Any], bool]
    reason: str
    only: str | None = None


def _same_moment(theirs: Any, ours: Any) -> bool:
    return dt.datetime.fromisoformat(theirs) == dt.datetime.fromisoformat(ours) and ours.endswith("+00:00")


DELIBERATE = [
    Deliberate(
        ".*", r".*properties\.expiration", lambda theirs, ours: ours is MISSING,
        "RabbitMQ would drop an expired message without a word; by the header alone, a worker finds it and tells that it was revoked",
    ),
    Deliberate(
        ".*", r".*reply_to", lambda theirs, ours: theirs == "<replies>" and ours in ("", MISSING),
        "a queue for replies is named where results come by rpc; here they are stored in Redis",
    ),
    Deliberate(
        "long-arguments|nested-arguments|gzip|bzip2-yaml|map|starmap|chunks|worker-callback-immutable", r".*\.(args|kwargs)repr",
        lambda theirs, ours: len(ours) <= 1024, "texts for people: long values are shortened elsewhere, and signatures are shown as calls",
    ),
    Deliberate("eta-elsewhere", r"0\.headers\.eta", _same_moment, "times are written in UTC"),
    Deliberate(
        "by-name", r"0\.headers\.ignore_result", lambda theirs, ours: theirs is None and ours is False,
        "5.7 leaves to the worker what its settings say; 5.5 and 5.6 say False, as we do",
    ),
    Deliberate(
        "reprs", r"0\.properties\.(args|kwargs)repr", lambda theirs, ours: ours is MISSING,
        "they are headers; Celery lets them pass as properties too", "redis",
    ),
    Deliberate(
        "queue|worker-.*", r"\d+\.properties\.priority", lambda theirs, ours: theirs is MISSING and ours == 0,
        "no priority is priority 0, and we always say so; Celery does not on RabbitMQ where a queue is named", "rabbitmq",
    ),
    Deliberate(
        "worker-retry.*", r"0\.properties\.origin", lambda theirs, ours: ours is MISSING,
        "the origin is a header; Celery lets that of a retry pass as a property too", "redis",
    ),
    Deliberate(
        "chain-to-group", r"0\.body\.2\.chain\.0\..*options\.(group_index|root_id|parent_id)", lambda theirs, ours: ours is MISSING,
        "the worker that begins the group sets them anew",
    ),
    Deliberate(
        "chain-to-chord", r"0\.body\.2\.chain\.0\.kwargs\.header",
        lambda theirs, ours: [task["task"] for task in theirs["kwargs"]["tasks"]] == [task["task"] for task in ours],
        "the header is a list of signatures, which every version takes; a group holds a copy of the body in each task on 5.5 and 5.6",
    ),
    Deliberate(
        "chord-to-task", r"\d+\.body\.2\.chord\..*",
        lambda theirs, ours: True,
        "what follows the body is its chain, not a chain as a body: one step less for the worker, and the body has its own id",
    ),
    Deliberate(
        "chord.*", r".*\.chord\.options\.group_id", lambda theirs, ours: ours is MISSING,
        "from 5.6, a body names the group of its header, as if it were a part of it; with 5.5 and with us it is in no group",
    ),
    Deliberate("worker-body-of-chord", r"0\.headers\.group", lambda theirs, ours: ours is None, "the same, in the body's message"),
    Deliberate(
        "group-in-group", r"[12]\.headers\.group_index", lambda theirs, ours: ours == theirs + 1,
        "the tasks of a group in a group are numbered on; Celery gives two of them one number",
    ),
    Deliberate(
        "worker-(callbacks|errback.*)", r"\d+\.headers\.(group|group_index)", lambda theirs, ours: ours is None,
        "callbacks and errbacks are sent one by one, not as a group that nobody knows of",
    ),
    Deliberate(
        "worker-group-of-chain", r"\d+\.body\.2\.chain", lambda theirs, ours: theirs == [] and ours is None, "nothing follows, either way",
    ),
]  # fmt: skip


@cache
def rules() -> list[tuple[re.Pattern[str], re.Pattern[str], Deliberate]]:
    return [(re.compile(one.call), re.compile(one.path), one) for one in DELIBERATE]


def reason(call: str, found: Difference) -> Deliberate | None:
    for named, placed, one in rules():
        if named.fullmatch(call) and placed.fullmatch(found.path) and one.allows(found.theirs, found.ours):
            return one
    return None


@pytest.mark.parametrize("broker", ["redis", "rabbitmq"])
def test_our_messages_are_celerys(broker: str, request: pytest.FixtureRequest, redis_database: str) -> None:
    url = redis_database if broker == "redis" else str(request.getfixturevalue("rabbitmq_url"))
    made = ours.captured(url, redis_database, {name: len(record["messages"]) for name, record in stored("5.7").items()})
    used: set[str] = set()
    unlike: list[str] = []
    for version in VERSIONS:
        for name, record in made.items():
            for found in differences(over(broker, stored(version)[name]), record):
                why = reason(name, found)
                if why is None:
                    unlike.append(f"{version} {name} {found.path}: {found.theirs!r}, ours {found.ours!r}")
                else:
                    used.add(why.reason)
    assert not unlike, "\n".join(unlike)
    elsewhere = {one.reason for one in DELIBERATE if one.only not in (None, broker)}
    assert used == {one.reason for one in DELIBERATE} - elsewhere, "a difference that is said to be there is not"
    assert set(made) == {*calls.CALLS, *(f"worker-{name}" for name in calls.STARTS)}
    assert all(record["messages"] for version in VERSIONS for record in stored(version).values())


def test_a_difference_is_found() -> None:
    record = stored("5.7")["link-options"]
    message = record["messages"][0]
    for change in (
        {"headers": {**message["headers"], "retries": 1}},
        {"headers": {**message["headers"], "root_id": "00000000-0000-4000-8000-00000000ffff"}},
        {"headers": {key: value for key, value in message["headers"].items() if key != "stamps"}},
        {"properties": {**message["properties"], "priority": 3}},
        {"body": message["body"].replace("3000", "3001")},
        {"body": message["body"].replace('"immutable": false', '"immutable": true')},
        {"content-type": "application/x-yaml"},
    ):
        assert differences(record, {**record, "messages": [{**message, **change}]}), change
    late = dt.datetime.fromisoformat(record["now"]) + dt.timedelta(seconds=3000)
    eta = stored("5.7")["countdown"]
    assert differences(eta, {**eta, "now": late.isoformat()})
