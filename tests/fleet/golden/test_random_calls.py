"""Random calls with random options, links and canvases: flowc writes what this environment's Celery writes."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any

import celery
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import flowc

from ...slices import some
from . import calls, wire
from .comparing import MISSING, Difference, differences

#: A call by either library: what it is made of.
Call = dict[str, Any]

names = st.text("abcdefgh-._", min_size=1, max_size=12)
plain = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
values = st.recursive(plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=6)
moments = st.datetimes(dt.datetime(2031, 1, 1), dt.datetime(2039, 1, 1), timezones=st.just(dt.UTC))


def optional(**of: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=of)


#: Options of any call, also of those behind it.
common = optional(
    countdown=st.sampled_from([0, 1000, 90000.5]), priority=st.integers(0, 9), shadow=names, task_id=names, ignore_result=st.booleans(),
    headers=st.dictionaries(st.sampled_from(["tenant", "trace"]), values, max_size=2), queue=st.sampled_from(calls.QUEUES),
    retry=st.booleans(), time_limit=st.integers(10, 20), soft_time_limit=st.integers(1, 10),
)  # fmt: skip
first = st.tuples(
    common,
    optional(
        expires=st.sampled_from([2000, 80000]) | moments, root_id=names, parent_id=names, group_id=names, group_index=st.integers(0, 99),
        retries=st.integers(0, 5), reply_to=names, delivery_mode=st.sampled_from([1, 2]), replaced_task_nesting=st.integers(0, 3),
        serializer=st.sampled_from(["json", "pickle"]), compression=st.sampled_from(["gzip", "bzip2"]),
        stamped_headers=st.just(["stamp"]),
    ),
).map(lambda pair: {**pair[0], **pair[1]})  # fmt: skip

#: What may follow: signatures, and chains and groups of them.
steps = st.tuples(st.just("step"), st.lists(values, max_size=2), common, st.booleans())
later = st.recursive(
    steps, lambda inner: st.tuples(st.just("chain"), st.lists(inner, min_size=2, max_size=3)), max_leaves=4
) | st.tuples(st.just("group"), st.lists(steps, min_size=2, max_size=3))  # fmt: skip


def signature(project: calls.Project, made: Any) -> Any:
    if made[0] == "step":
        _, args, options, immutable = made
        return project.call.signature(tuple(args), immutable=immutable, **options)
    parts = [signature(project, part) for part in made[1]]
    return project.lib.chain(*parts) if made[0] == "chain" else project.lib.group(parts)


@pytest.fixture(scope="module")
def projects() -> Iterator[tuple[calls.Project, calls.Project, wire.Taps]]:
    """Celery's and ours, in memory."""
    options = {**calls.SETTINGS, "task_default_queue": calls.DEFAULT}
    theirs = celery.Celery("proj", broker="memory://", backend="cache+memory://", set_as_current=False)
    theirs.conf.update(options)
    with (
        flowc.App("proj", broker="memory://", backend=f"memory://{uuid.uuid4().hex}", settings=options, set_as_current=False) as app,
        wire.Taps("memory://", calls.QUEUES) as taps,
    ):
        yield calls.Project(theirs, celery), calls.Project(app, flowc), taps


def is_deliberate(found: Difference) -> bool:
    """As in test_encoder.py, where the reasons stand."""
    path, theirs, ours = found
    if path.endswith("properties.body_encoding"):
        return True  # how bytes stay in memory
    if path.endswith(("expiration", "reply_to")):
        return ours in (MISSING, "")
    if path.endswith(("argsrepr", "kwargsrepr")):
        return True
    return path.endswith(("options.group_index", "options.root_id", "options.parent_id")) and theirs in (None, 0, 1, 2) and ours is MISSING


@pytest.mark.filterwarnings("ignore::flowc.runtime.sending.PriorityWarning")  # memory has no priorities
@given(args=st.lists(values, max_size=3), kwargs=st.dictionaries(st.sampled_from("abc"), values, max_size=2), options=first,
       links=st.lists(later, max_size=2), errors=st.lists(steps, max_size=2))  # fmt: skip
@settings(max_examples=some(20), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_call_is_celerys(
    projects: tuple[calls.Project, calls.Project, wire.Taps], args: list[Any], kwargs: Call, options: Call, links: Any, errors: Any
) -> None:
    *both, taps = projects
    if "stamped_headers" in options:
        options = {**options, "stamp": "mark"}
    records = []
    for project in both:
        linked = {"link": [signature(project, one) for one in links], "link_error": [signature(project, one) for one in errors]}
        now = dt.datetime.now(dt.UTC).isoformat()
        project.call.apply_async(tuple(args), kwargs, **options, **{key: value for key, value in linked.items() if value})
        records.append({"now": now, "messages": taps.take()})
    assert [found for found in differences(*records) if not is_deliberate(found)] == []
