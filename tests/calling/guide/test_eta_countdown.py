"""Row "ETA, countdown": a task starts when it is asked to, and not earlier."""

from __future__ import annotations

import datetime as dt
import threading
import time
from zoneinfo import ZoneInfo

import pytest

import flowc
from flowc import group

from .proj import DEADLINE, Proj, depth, unique, until


@pytest.fixture
def timed(proj: Proj) -> Proj:
    """With a task that tells when it starts."""

    def moment() -> str:
        return now().isoformat()

    if "proj.moment" not in proj.app.tasks:
        proj.task()(moment)
    return proj


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def started(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def test_countdown_is_seconds_from_now(timed: Proj) -> None:
    before = now()
    results = [timed.moment.apply_async(countdown=seconds) for seconds in (0, 0.1, 0.4)]
    for seconds, result in zip((0, 0.1, 0.4), results, strict=True):
        assert started(result.get(timeout=DEADLINE)) >= before + dt.timedelta(seconds=seconds)


def test_eta_is_a_moment_with_milliseconds(timed: Proj) -> None:
    for milliseconds in (1, 123, 321):
        eta = now() + dt.timedelta(milliseconds=milliseconds)
        assert started(timed.moment.apply_async(eta=eta).get(timeout=DEADLINE)) >= eta


def test_eta_in_any_zone(timed: Proj) -> None:
    eta = now() + dt.timedelta(seconds=0.3)
    for zone in (ZoneInfo("Asia/Kolkata"), dt.timezone(dt.timedelta(hours=-9))):
        assert started(timed.moment.apply_async(eta=eta.astimezone(zone)).get(timeout=DEADLINE)) >= eta


def test_eta_in_the_past_is_now(timed: Proj) -> None:
    assert timed.add.apply_async((2, 2), eta=now() - dt.timedelta(days=1)).get(timeout=DEADLINE) == 4
    assert timed.add.apply_async((2, 2), countdown=-1).get(timeout=DEADLINE) == 4


def test_eta_without_a_zone_is_refused(timed: Proj) -> None:
    with pytest.raises(ValueError, match="time zone"):
        timed.add.apply_async((2, 2), eta=dt.datetime.now())
    with pytest.raises(TypeError, match="countdown"):
        timed.add.apply_async((2, 2), eta=10)
    with pytest.raises(ValueError, match="countdown and eta"):
        timed.add.apply_async((2, 2), eta=now(), countdown=10)


def test_what_comes_later_does_not_hold_up_what_comes_now(idle: Proj) -> None:
    queue = unique()
    later = [idle.add.apply_async((n, n), countdown=3600, queue=queue) for n in range(20)]
    with idle.app.embedded_worker([queue], concurrency=1, prefetch_multiplier=1):
        assert idle.add.apply_async((2, 2), queue=queue).get(timeout=DEADLINE) == 4
        assert not any(result.ready() for result in later)


def test_a_group_with_a_countdown(timed: Proj) -> None:
    before = now()
    found = group(timed.moment.s() for _ in range(3)).apply_async(countdown=0.3).get(timeout=DEADLINE)
    assert all(started(text) >= before + dt.timedelta(seconds=0.3) for text in found)


def test_many_that_wait_cost_no_threads_and_survive_an_orderly_stop(idle: Proj) -> None:
    app, queue, count = idle.app, unique(), 200
    due = now() + dt.timedelta(hours=1)
    group(idle.add.signature((n, n), eta=due, queue=queue) for n in range(count)).apply_async()
    with app.embedded_worker([queue], concurrency=2) as worker:
        threads = threading.active_count()
        until(lambda: len(worker.scheduled()) == count)
        assert threading.active_count() <= threads + 2
    until(lambda: depth(app, queue) == count)
    with app.embedded_worker([queue], concurrency=2) as worker:
        until(lambda: len(worker.scheduled()) == count)


def test_what_waited_in_a_stopped_worker_runs_in_the_next(idle: Proj) -> None:
    app, queue = idle.app, unique()
    ran: list[int] = []
    remember = app.task(name=unique("proj.remember"))(ran.append)
    before = time.monotonic()
    results = [remember.apply_async((n,), countdown=0.9, queue=queue) for n in range(20)]
    with app.embedded_worker([queue]) as worker:
        until(lambda: len(worker.scheduled()) == 20 or time.monotonic() > before + 0.6)
    with app.embedded_worker([queue]):
        for result in results:
            result.get(timeout=DEADLINE)
    assert sorted(ran) == list(range(20))


# ------------------------------------------------------------------------------------------------------------------- flows
def test_times_in_flows(here: Proj) -> None:
    here.app.task(name="proj.moment")(lambda: now().isoformat())
    before = now()
    for text in ("moment() {countdown = 300ms}", "moment() {eta = now + 300ms}", "moment() {countdown = 0.3}"):
        found = flowc.loads(text, app=here.app).run(here.app).value
        assert started(found) >= before + dt.timedelta(seconds=0.3)
    eta = now() + dt.timedelta(seconds=0.4)
    text = f"moment() {{eta = {eta.isoformat(timespec='milliseconds').replace('+00:00', 'Z')}}}"
    assert started(flowc.loads(text, app=here.app).run(here.app).value) >= eta - dt.timedelta(milliseconds=1)
    with pytest.raises(flowc.FlowError):
        flowc.loads("moment() {eta = 2030-01-01T10:00:00}", app=here.app)
