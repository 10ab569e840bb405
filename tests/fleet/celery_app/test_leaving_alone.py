"""What adopting and running leave as it was: the Celery application, other threads, and programs that know nothing of Celery."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from celery import signals as celery_signals

import flowc
from flowc.runtime.celery_app import adopt, is_celery

from .laptop import add, task
from .laptop import app as celery_app
from .running import run, value

ROOT = Path(__file__).parents[3]

_meet: list[Any] = []


@task("meeting", bind=True)
def meeting(self: Any) -> list[Any]:
    """Says where it is, and waits until the test has looked around."""
    inside, looked = _meet
    inside.set()
    assert looked.wait(30)
    return [type(celery_app).__name__, isinstance(celery_app, Celery), add.delay(1, 2).get()]


def test_once() -> None:
    """One application of flowc's for each of Celery's."""
    app = adopt(celery_app)
    assert adopt(celery_app) is app
    assert app.peer is celery_app
    assert flowc.App("own", set_as_current=False).peer is None
    assert adopt(Celery("other", set_as_current=False)) is not app


def test_lives_as_long() -> None:
    """What stands for an application goes when that goes."""
    peer = Celery("short", set_as_current=False)
    peer.loader.import_default_modules()
    ghost = weakref.ref(adopt(peer))
    peer.close()
    del peer
    gc.collect()
    assert ghost() is None


def test_in_its_place() -> None:
    """From Python, the Celery application itself can be given."""
    flow = flowc.loads("laptop.add(1, 2)", app=celery_app)
    assert flow.run(celery_app).value == 3
    with pytest.raises(flowc.FlowError):
        flowc.loads("laptop.add(1, 2, 3)", app=celery_app)


def test_class_comes_back() -> None:
    """Its class is its own when nothing runs, whatever happened."""
    for text in ("add(1)", "fail()", "calling()", 'replaced("group")'):
        run(text)
        assert type(celery_app) is Celery


def test_other_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a task runs, a thread that runs none sees the application as it is: its settings, its result store, and that it sends."""
    monkeypatch.setattr(Celery, "send_task", lambda *_, **__: "sent")
    _meet[:] = [threading.Event(), threading.Event()]
    found: list[Any] = []

    def flow() -> None:
        found.append(value("meeting()"))

    runner = threading.Thread(target=flow)
    runner.start()
    try:
        assert _meet[0].wait(30)
        assert celery_app.conf.task_always_eager is False
        assert type(celery_app.backend).__name__ == "RedisBackend"
        assert add.delay(1, 2) == "sent"
    finally:
        _meet[1].set()
        runner.join()
    assert found == [["Celery", True, 3]]
    assert type(celery_app) is Celery


def test_signals() -> None:
    """The signals of tasks are sent as a worker sends them."""
    seen: list[Any] = []
    names = ("task_prerun", "task_success", "task_failure", "task_retry", "task_postrun")
    receivers = {}
    for name in names:

        def receive(sender: Any, name: str = name, **told: Any) -> None:
            seen.append((name, sender.name, told.get("state"), str(told.get("exception", ""))))

        receivers[name] = receive
        getattr(celery_signals, name).connect(receive, weak=False)
    try:
        run("add(1)", "solo")
        run("fail()", "solo")
        run("retrying(1)", "solo")
    finally:
        for name, receive in receivers.items():
            getattr(celery_signals, name).disconnect(receive)
    assert seen == [
        ("task_prerun", "laptop.add", None, ""), ("task_success", "laptop.add", None, ""), ("task_postrun", "laptop.add", "SUCCESS", ""),
        ("task_prerun", "laptop.fail", None, ""), ("task_failure", "laptop.fail", None, "boom"),
        ("task_postrun", "laptop.fail", "FAILURE", ""),
        ("task_prerun", "laptop.retrying", None, ""), ("task_retry", "laptop.retrying", None, ""),
        ("task_postrun", "laptop.retrying", "RETRY", ""),
        ("task_prerun", "laptop.retrying", None, ""), ("task_success", "laptop.retrying", None, ""),
        ("task_postrun", "laptop.retrying", "SUCCESS", ""),
    ]  # fmt: skip


def test_without_celery() -> None:
    """Asking whether something is a Celery application does not import Celery; nor does flowc."""
    program = """
import sys, flowc
from flowc.runtime.celery_app import is_celery
from flowc.runtime.loading import load_app
assert not is_celery(object()) and not is_celery(flowc.App("x"))
import flowc.runtime.celery_app.adopting
assert not [name for name in sys.modules if name.partition(".")[0] == "celery"]
"""
    subprocess.run([sys.executable, "-c", program], check=True)


FLOW = """
from laptop import add, total, calling, retrying, telling, replaced, fail, linked, threaded, logging, request
[calling(), retrying(1), telling(1), replaced("group"), replaced("chain"), linked(), threaded(), logging()]
"""


@pytest.mark.parametrize("pool", ["threads", "processes"])
def test_no_connection(pool: str, tmp_path: Path) -> None:
    """``flowc run`` of an application with a broker and a store opens no connection at all, in none of its processes."""
    program = f"""
import os, sys

def forbid(event, arguments):
    if event == "socket.connect":
        os.write(2, f"connecting to {{arguments[1]}}".encode())
        os._exit(99)

sys.addaudithook(forbid)
from flowc.cli.main import main
sys.exit(main(["run", {str(tmp_path / "all.flow")!r}, "--app", "tests.fleet.celery_app.laptop:app", "--pool", {pool!r}]))
"""
    (tmp_path / "all.flow").write_text(FLOW)
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)[1:] == [[0, 1], 1, [3, 7], 13, [2, 12], [3], True]
    assert "a word of warning" in ran.stderr


def test_what_is_celery() -> None:
    """Applications and their subclasses are; classes, tasks and proxies are not."""
    assert is_celery(celery_app)
    assert is_celery(type("Mine", (Celery,), {})("mine", set_as_current=False))
    assert not any(map(is_celery, (Celery, add, None, "celery", flowc.App("x", set_as_current=False))))
    with pytest.raises(TypeError, match="flowc's or Celery's, not an object of type str"):
        adopt("proj.celery_app")
