"""What a call hands to the sender, and what comes back."""

from __future__ import annotations

import pickle
import subprocess
import sys
import weakref
from typing import Any

import pytest

import flowc
from flowc import App, AsyncResult, Task, chain, current_app, current_task, group, shared_task
from flowc.runtime import request as requests
from flowc.runtime import shared
from flowc.runtime.request import Context

from .recording import Recorder


@pytest.fixture
def app() -> App:
    return App("proj")


@pytest.fixture
def sent(app: App) -> Recorder:
    return Recorder(app)


@pytest.fixture
def add(app: App) -> Task:
    return app.task(name="proj.add")(lambda x, y=0: x + y)


def test_every_way_to_call_hands_over_the_same(app: App, sent: Recorder, add: Task) -> None:
    results = [
        add.delay(2, y=2),
        add.apply_async((2,), {"y": 2}),
        add.s(2, y=2).delay(),
        add.s(2).apply_async((), {"y": 2}),
        add.subtask((2,), {"y": 2}).apply_async(),
        app.send_task("proj.add", (2,), {"y": 2}),
        app.signature("proj.add", (2,), {"y": 2}).delay(),
        chain(add.s(2, y=2)).apply_async(),
    ]
    assert {(one.name, tuple(one.args), one.kwargs["y"], one.task) for one in sent.sent} == {("proj.add", (2,), 2, add)}
    assert len(sent.sent) == len(results)
    assert all(type(result) is AsyncResult and result.app is app for result in results)


def test_options_go_along(sent: Recorder, add: Task) -> None:
    result = add.apply_async((1,), task_id="mine", queue="q", countdown=5, shadow="other", link=add.s(9), link_error=[add.si(1), add.si(2)])
    assert result.id == "mine"
    options = sent.last.options
    assert {key: options[key] for key in ("task_id", "queue", "countdown", "shadow")} == {
        "task_id": "mine", "queue": "q", "countdown": 5, "shadow": "other",
    }  # fmt: skip
    assert (len(options["link"]), len(options["link_error"])) == (1, 2)
    assert {type(one) for one in (*options["link"], *options["link_error"])} == {dict}


def test_calls_made_inside_a_task_are_its_children(sent: Recorder, add: Task, app: App) -> None:
    context = Context(id="parent", task="proj.add", called_directly=False, app=app)
    requests.push(context)
    try:
        first = add.delay(1)
        add.apply_async((1,), add_to_parent=False)
        second = group(add.s(1), add.s(2)).delay()
        third = (add.s(1) | add.s(2)).delay()
        requests.push(Context(task="proj.add"))  # a plain call inside
        fourth = add.delay(4)
        requests.pop()
    finally:
        requests.pop()
    add.delay(5)
    assert context.children == [first, second, third.parent, fourth]
    quiet = app.task(name="quiet", trail=False)(lambda: None)
    requests.push(context)
    quiet.delay()
    requests.pop()
    assert len(context.children) == 4


def test_a_result_that_is_not_kept_says_so(app: App, sent: Recorder, add: Task) -> None:
    silent = app.task(name="silent", ignore_result=True)(lambda x: x)
    assert (add.delay(1).ignored, silent.delay(1).ignored) == (False, True)
    assert (add.apply_async((1,), ignore_result=True).ignored, silent.apply_async((1,), ignore_result=False).ignored) == (True, False)
    assert silent.delay(1).get() is None
    end = (add.s(1) | silent.s()).delay()
    assert (end.ignored, end.parent.ignored) == (True, False)
    app.conf.update(task_ignore_result=True)
    assert (add.delay(1).ignored, app.send_task("elsewhere").ignored) == (True, True)


def test_a_publisher_on_a_connection(app: App, add: Task) -> None:
    with app.pool.acquire(block=True) as connection, add.get_publisher(connection) as publisher:
        assert publisher.connection is connection
    with add.get_publisher() as publisher:
        assert publisher is not None


def test_a_task_is_pickled_as_its_name(app: App, add: Task) -> None:
    assert pickle.loads(pickle.dumps(add)) is add


def test_what_sending_fails_with_has_a_name(add: Task) -> None:
    import kombu.exceptions

    from flowc.exceptions import OperationalError

    assert add.OperationalError is OperationalError is kombu.exceptions.OperationalError


def test_the_exceptions_are_those_of_the_runtime() -> None:
    import flowc.exceptions as public

    for name in public.__all__:
        assert issubclass(getattr(public, name), Exception)
    with pytest.raises(AttributeError, match="no attribute 'Retyr'"):
        public.Retyr  # noqa: B018


def test_a_shared_task_is_one_of_every_application(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "_registrations", [])  # other tests' applications are to have none of these
    monkeypatch.setattr(shared, "_apps", weakref.WeakSet())
    before = App("before")

    @shared_task(name="lib.twice", max_retries=7)
    def twice(x: int) -> int:
        return 2 * x

    @shared_task
    def plain(x: int) -> int:
        return x

    after = App("after")
    assert before.tasks["lib.twice"] is not after.tasks["lib.twice"]
    assert (twice(4), plain(4), twice.name, twice.max_retries, plain.name) == (8, 4, "lib.twice", 7, f"{__name__}.plain")
    assert twice.app is after
    sent = Recorder(after)
    twice.delay(5)
    assert (sent.last.name, sent.last.args) == ("lib.twice", (5,))
    assert repr(twice.s(1)) == "lib.twice(1)"


def test_the_current_application_and_task(app: App, add: Task) -> None:
    assert current_app == app
    assert current_app.tasks is app.tasks
    assert not current_task

    @app.task
    def who() -> Any:
        return current_task.name, current_task.request.id

    assert who.apply(task_id="w").get() == (who.name, "w")


def test_the_public_names_come_with_little_else() -> None:
    code = (
        "import sys\nfrom flowc import App, Task, chain, chord, group, signature, shared_task, current_app\nimport flowc.exceptions\n"
        "app = App('x')\n@app.task\ndef t(): ...\nt.s() | group(t.s(), t.s()) | t.s()\n"
        "heavy = {'kombu', 'pydantic', 'redis', 'networkx', 'celery', 'asyncio', 'difflib'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_celerys_names_are_there() -> None:
    functions = ["chain", "chord", "chunks", "group", "maybe_signature", "signature", "shared_task", "xmap", "xstarmap"]
    for name in ("App", "AsyncResult", "GroupResult", "Signature", "Task", "current_app", "current_task", *functions):
        assert name in flowc.__all__
        assert getattr(flowc, name) is not None
