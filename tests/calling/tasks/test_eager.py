"""``apply`` and ``task_always_eager``: calls that run here and now."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest

from flowc import App, EagerResult, GroupResult, Task, chain, chord, group, signature
from flowc.exceptions import ChordError, EncodeError, Ignore, MaxRetriesExceededError, NotRegistered

from .recording import Recorder


class Proj:
    """An application with some tasks; ``log`` is what they left behind."""

    def __init__(self, **settings: Any) -> None:
        self.app = App("proj", backend=f"memory://{uuid.uuid4().hex}", settings=settings)
        self.log: list[Any] = []
        self.add = self.app.task(name="proj.add")(lambda x, y: x + y)
        self.total = self.app.task(name="proj.total")(sum)
        self.echo = self.app.task(name="proj.echo")(lambda *args: list(args))
        self.note = self.app.task(name="proj.note")(lambda *args: self.log.append(args))
        self.fail = self.app.task(name="proj.fail")(self._fail)
        self.errback = self.app.task(name="proj.errback")(lambda request, exc, tb: self.log.append((request.id, repr(exc), "line" in tb)))

    @staticmethod
    def _fail(*_: Any) -> None:
        raise ValueError("no")


@pytest.fixture
def proj() -> Proj:
    return Proj()


@pytest.fixture
def eager() -> Proj:
    return Proj(task_always_eager=True)


def test_apply_runs_it_here(proj: Proj) -> None:
    result = proj.add.apply((2, 2), task_id="mine")
    assert type(result) is EagerResult
    assert (result.id, result.get(), result.state, result.successful(), result.ready()) == ("mine", 4, "SUCCESS", True, True)
    assert proj.add.apply((2,), {"y": 3}).get() == 5
    assert proj.add.s(2).apply((4,)).get() == 6
    with pytest.raises(TypeError, match="missing a required argument: 'y'"):
        proj.add.apply((2,))


def test_a_failure_is_kept_or_thrown(proj: Proj) -> None:
    result = proj.fail.apply()
    assert (result.state, repr(result.result), result.failed()) == ("FAILURE", "ValueError('no')", True)
    assert "raise ValueError" in str(result.traceback)
    with pytest.raises(ValueError, match="no"):
        result.get()
    assert repr(result.get(propagate=False)) == "ValueError('no')"
    with pytest.raises(ValueError, match="no"):
        proj.fail.apply(throw=True)
    with pytest.raises(ValueError, match="no"):
        Proj(task_eager_propagates=True).fail.apply()


def test_the_request_of_an_eager_call(proj: Proj) -> None:
    @proj.app.task(bind=True)
    def look(self: Task, deeper: bool = True) -> Any:
        request = self.request
        seen = [request.id, request.root_id, request.parent_id, request.is_eager, request.called_directly, request.retries, request.headers]
        return [seen, look.apply((False,), task_id="inner").result if deeper else None]

    outer, (inner, _) = look.apply(task_id="outer", headers={"a": 1}).result
    assert outer == ["outer", "outer", None, True, False, 0, {"a": 1}]
    assert inner == ["inner", "outer", "outer", True, False, 0, None]


def test_retries_happen_at_once(proj: Proj) -> None:
    @proj.app.task(bind=True, max_retries=3)
    def t(self: Task, x: int) -> list[int]:
        if self.request.retries < 2:
            raise self.retry(countdown=3600, args=(x + 1,))
        return [x, self.request.retries]

    assert t.apply((5,)).get() == [7, 2]

    @proj.app.task(bind=True, max_retries=2)
    def never(self: Task) -> None:
        raise self.retry()

    with pytest.raises(MaxRetriesExceededError):
        never.apply().get()


def test_ignore_has_a_state_of_its_own(proj: Proj) -> None:
    @proj.app.task
    def t() -> None:
        raise Ignore

    assert t.apply().state == "IGNORED"


def test_callbacks_follow(eager: Proj) -> None:
    eager.add.apply_async((2, 2), link=[eager.note.s("first"), eager.note.si("second")])
    assert eager.log == [(4, "first"), ("second",)]
    eager.fail.apply_async(link_error=eager.errback.s(), task_id="f")
    assert eager.log[2:] == [("f", "ValueError('no')", True)]


def test_always_eager_carries_arguments_as_messages_do(eager: Proj) -> None:
    moment = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    assert eager.echo.delay((1, 2), moment).get() == [[1, 2], moment]
    with pytest.raises(EncodeError):
        eager.echo.delay(object())
    assert eager.app.send_task("proj.add", (1, 2)).get() == 3
    with pytest.raises(NotRegistered, match=r"no task is registered as 'not\.here'"):
        eager.app.send_task("not.here")


def test_eager_results_are_stored_when_asked_for() -> None:
    proj = Proj(task_always_eager=True, task_store_eager_result=True)
    good, bad = proj.add.delay(2, 2), proj.fail.delay()
    assert proj.app.AsyncResult(good.id).get(timeout=5) == 4
    assert proj.app.AsyncResult(bad.id).state == "FAILURE"


def test_canvases_run_here(proj: Proj, eager: Proj) -> None:
    for made, call in ((proj, "apply"), (eager, "apply_async")):
        add, total = made.add, made.total

        def run(canvas: Any, *args: Any, how: str = call) -> Any:
            return getattr(canvas, how)(*args)

        result = run(chain(add.s(2, 2), add.s(4), add.s(8)))
        assert (result.get(), result.parent.get(), result.parent.parent.get()) == (16, 8, 4)
        side = run(group(add.s(i, i) for i in range(4)))
        assert type(side) is GroupResult
        assert [one.get() for one in side.results] == [0, 2, 4, 6]
        both = run(chord([add.s(i) for i in range(4)], total.s()), (1,))
        assert both.get() == 10
        assert [one.get() for one in both.parent.results] == [1, 2, 3, 4]
        assert run(add.s(1, 1) | group(add.s(1), add.s(2)) | total.s() | add.s(5)).get() == 12
        assert run(chord([], total.s())).get() == 0
        assert run(add.starmap([(1, 2), (3, 4)])).get() == [3, 7]
        assert [one.get() for one in run(add.chunks(zip(range(5), range(5), strict=True), 2)).results] == [[0, 2], [4, 6], [8]]


def test_what_follows_a_failure_has_failed_with_it(proj: Proj) -> None:
    result = chain(proj.fail.s(), proj.note.s(), proj.note.s()).apply()
    assert (result.state, proj.log) == ("FAILURE", [])
    with pytest.raises(ValueError, match="no"):
        result.get()
    result = chord([proj.add.s(1, 1), proj.fail.s()], proj.note.s()).apply()
    assert proj.log == []
    with pytest.raises(ChordError, match=r"Dependency .* raised ValueError\('no'\)"):
        result.get()


def test_the_rest_of_a_chain_runs_too(proj: Proj) -> None:
    rest = [dict(proj.add.s(100)), dict(proj.add.s(10))]
    assert (proj.add.s(1) | proj.add.s(2)).apply((0,), chain=rest).get() == 113


def test_replacing_a_task_that_runs_here(proj: Proj) -> None:
    @proj.app.task(bind=True)
    def t(self: Task, how: str) -> Any:
        return self.replace({"task": proj.add.s(1, 2), "group": group(proj.add.s(1, 2), proj.add.s(3, 4))}[how])

    assert (t.apply(("task",)).get(), t("task")) == (3, 3)


def test_an_unknown_name_cannot_run_here(proj: Proj) -> None:
    Recorder(proj.app)
    with pytest.raises(NotRegistered, match=r"not\.here"):
        signature("not.here", app=proj.app).apply()
