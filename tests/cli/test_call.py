"""``flowc call``: what is sent, what is printed, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import kombu
import pytest

from flowc.cli import call_values
from flowc.cli.exits import Exit, Stop

from .conftest import Flowc

_kombu: Any = kombu  # its functions have no types

TASKS = """
import flowc

app = flowc.App("proj", set_as_current=False)


@app.task(name="proj.add")
def add(x, y=10):
    print("adding", x, y)
    return x + y


@app.task(name="proj.echo")
def echo(*args, **kwargs):
    return {"args": args, "kwargs": kwargs}


@app.task(name="proj.fail")
def fail(word):
    raise ValueError(word)


@app.task(name="proj.elsewhere", queue="elsewhere")
def elsewhere():
    return "there"


@app.task(name="proj.further")
def further():
    return elsewhere.delay().get(timeout=20, disable_sync_subtasks=False)


@app.task(name="proj.ignored", ignore_result=True)
def ignored():
    return 1


@app.task(name="proj.tell", bind=True)
def tell(self):
    self.update_state(state="PROGRESS", meta={"half": True})
    return "done"


@app.task(name="proj.sleep")
def sleep(seconds):
    import time

    time.sleep(seconds)
"""


@pytest.fixture
def app(here: Path) -> str:
    """The spec of an application, in a module of its own for each test."""
    name = f"tasks_{uuid.uuid4().hex}"
    (here / f"{name}.py").write_text(TASKS)
    return name


@pytest.fixture
def one() -> str:
    """An id that no other test uses: results in memory are those of the whole process."""
    return uuid.uuid4().hex


class Folder:
    """A broker in a folder, without a server: what was sent can be looked at."""

    def __init__(self, path: Path) -> None:
        path.mkdir()
        folders = ("data_folder_in", "data_folder_out", "control_folder")
        self.options = dict.fromkeys(folders, str(path))

    def messages(self, queue: str = "celery") -> list[Any]:
        """The messages in a queue, each once."""
        found = []
        with _kombu.Connection("filesystem://", transport_options=self.options) as connection:
            channel = connection.channel()
            simple = _kombu.Queue(queue, channel=channel)
            while (message := simple.get(no_ack=True, accept=["json", "yaml"])) is not None:
                found.append(message)
        return found

    def message(self, queue: str = "celery") -> Any:
        """The only message in a queue."""
        (found,) = self.messages(queue)
        return found


@pytest.fixture
def folder(here: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    made = Folder(here / "broker")
    monkeypatch.setenv("FLOWC_BROKER_URL", "filesystem://")
    monkeypatch.setenv("FLOWC_BROKER_TRANSPORT_OPTIONS", json.dumps(made.options))
    return made


# ------------------------------------------------------------------------------------------------------------------- values
@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("2", 2),
        ("-2.5", -2.5),
        ("true", True),
        ("null", None),
        ("[1, 2]", [1, 2]),
        ('{"a": 1}', {"a": 1}),
        ('"2"', "2"),
        ("hello", "hello"),
        ("", ""),
        ("01", "01"),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("[1", "[1"),
        ("2026-11-22", "2026-11-22"),
        ("'x'", "'x'"),
    ],
)
def test_a_word_is_json_or_text(word: str, value: object) -> None:
    assert call_values.read_value(word) == value
    assert call_values.positional([word], None, text=True) == [word]
    assert call_values.named([f"a={word}"], None, text=True) == {"a": word}


@pytest.mark.parametrize("word", ["9" * 5_000, "[" * 100_000 + "]" * 100_000])
def test_json_that_python_cannot_hold_is_refused(word: str) -> None:
    with pytest.raises(Stop, match="--text"):
        call_values.read_value(word)
    with pytest.raises(Stop, match="--args"):
        call_values.positional([], word, text=False)


def test_arguments_come_together() -> None:
    assert call_values.positional(["3", "x"], "[1, 2]", text=False) == [1, 2, 3, "x"]
    assert call_values.named(["y=2", " z =a=b", '{"w": 0}'], '{"x": 1, "y": 1}', text=False) == {"x": 1, "y": 2, "z": "a=b", "w": 0}


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--args", "{}"), "--args wants a JSON list, not '{}'"),
        (("--args", "[1,"), "--args wants a JSON list: "),
        (("--args", "[NaN]"), "--args wants a JSON list"),
        (("--kwargs", "[]"), "--kwargs wants a JSON object, not '[]'"),
        (("-k", "x"), "-k wants NAME=VALUE, not 'x'"),
        (("-k", "=1"), "-k wants NAME=VALUE"),
        (("-k", "{1}"), "-k wants a JSON object"),
        (("--eta", "soon", "--broker", "filesystem://"), "--eta wants a date and time such as 2026-11-22T08:30:00+01:00, not 'soon'"),
        (("--expires", "soon", "--broker", "filesystem://"), "--expires wants a date and time"),
        (("--timeout", "5"), "--timeout says how long to wait: give --wait, too"),
        (("--priority", "256"), "256 is not in the range 0<=x<=255"),
        (("-1",), "-1 looks like an option. Write -- before arguments"),
        (("-.5",), "Write -- before arguments"),
        (("--que", "x"), "No such option"),
        ((), "the broker is inside this process (memory://), so nothing would ever run the task"),
        (("--wait",), "there is no application that has the task"),
        (("--broker", "reds://h"), "no transport is called 'reds'; did you mean"),
        (("--broker", "h"), "broker_url must be a URL such as redis://localhost:6379/0, or a list of them, not 'h'"),
        (("--broker", "filesystem://", "--wait"), "results are not kept, since result_backend is not set"),
        (("--broker", "filesystem://", "--countdown", "nan"), "countdown=nan: seconds are a finite number"),
        (("--broker", "filesystem://", "--serializer", "jsn"), "serializer 'jsn'"),
        (("--broker", "filesystem://", "--countdown", "1", "--eta", "2026-11-22"), "countdown and eta both say when to start"),
        (("--app", "no_such_module"), "no module is named 'no_such_module'"),
    ],
)
def test_wrong_usage(flowc: Flowc, args: tuple[str, ...], said: str) -> None:
    ran = flowc("call", "proj.add", *args)
    assert ran.code == Exit.USAGE, ran
    assert said in ran.err
    assert ran.out == ""


# ------------------------------------------------------------------------------------------------------------------ sending
def test_it_prints_the_id(flowc: Flowc, folder: Folder) -> None:
    ran = flowc("call", "any.name", "2", "two", "-k", "z=[3]", "--kwargs", '{"w": null}')
    assert (ran.code, ran.err) == (0, "")
    message = folder.message()
    assert message.headers["id"] == ran.out.strip()
    assert message.headers["task"] == "any.name"
    assert message.payload[:2] == [[2, "two"], {"z": [3], "w": None}]


def test_as_json(flowc: Flowc, folder: Folder) -> None:
    ran = flowc("call", "any.name", "--task-id", "my-id", "--json")
    assert json.loads(ran.out) == {"version": 1, "task": "any.name", "task_id": "my-id"}
    assert folder.message().headers["id"] == "my-id"


def test_arguments_that_begin_with_a_minus(flowc: Flowc, folder: Folder) -> None:
    assert flowc("call", "any.name", "--", "-1", "--wait").code == 0
    assert folder.message().payload[0] == [-1, "--wait"]


def test_options_reach_the_message(flowc: Flowc, folder: Folder) -> None:
    ran = flowc(
        *("call", "any.name", "--queue", "mine", "--serializer", "yaml", "--compression", "gzip", "--ignore-result", "--no-retry"),
        *("--time-limit", "9", "--soft-time-limit", "8", "--countdown", "100", "--expires", "200"),
    )
    assert ran.code == 0, ran.err
    assert folder.messages() == []
    message = folder.message("mine")
    assert message.content_type == "application/x-yaml"
    assert message.headers["compression"] == "application/x-gzip"
    assert message.headers["ignore_result"] is True
    assert message.headers["timelimit"] == [9, 8]
    eta, expires = (datetime.fromisoformat(message.headers[name]) for name in ("eta", "expires"))
    assert timedelta(seconds=50) < eta - datetime.now(UTC) < timedelta(seconds=101)
    assert timedelta(seconds=150) < expires - datetime.now(UTC) < timedelta(seconds=201)


def test_times_without_a_zone_are_in_that_of_the_settings(flowc: Flowc, folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWC_TIMEZONE", "Asia/Tokyo")
    assert flowc("call", "any.name", "--eta", "2126-11-22T08:30", "--expires", "2126-11-23T08:30:00.5+02:00").code == 0
    headers = folder.message().headers
    assert datetime.fromisoformat(headers["eta"]) == datetime(2126, 11, 22, 8, 30, tzinfo=timezone(timedelta(hours=9)))
    assert datetime.fromisoformat(headers["expires"]) == datetime(2126, 11, 23, 6, 30, 0, 500_000, tzinfo=UTC)


# -------------------------------------------------------------------------------------------------------------- applications
def test_the_application_checks_name_and_arguments(flowc: Flowc, app: str, folder: Folder) -> None:
    unknown = flowc("call", "proj.ad", "--app", app)
    assert (unknown.code, unknown.out) == (Exit.USAGE, "")
    assert "the application registers no task 'proj.ad'" in unknown.err
    assert "Did you mean 'proj.add'?" in unknown.err
    strange = flowc("call", "zzzzzzzz", "--app", app)
    assert "--unregistered sends it nevertheless" in strange.err
    wrong = flowc("call", "proj.add", "1", "2", "3", "--app", app)
    assert (wrong.code, wrong.out) == (Exit.USAGE, "")
    assert "proj.add(x, y=10): too many positional arguments" in wrong.err
    assert folder.messages() == []
    assert flowc("call", "zzzzzzzz", "--app", app, "--unregistered").code == 0
    assert folder.message().headers["task"] == "zzzzzzzz"


def test_the_application_of_the_project_file(flowc: Flowc, app: str, folder: Folder, here: Path) -> None:
    (here / "pyproject.toml").write_text(f'[tool.flowc]\napp = "{app}"\ntask_default_queue = "toml"\n')
    assert "Did you mean 'proj.add'?" in flowc("call", "proj.ad").err
    assert flowc("call", "proj.add", "1").code == 0
    assert folder.message("toml").payload[0] == [1]


# ------------------------------------------------------------------------------------------------------------------ waiting
def test_it_runs_here_when_nothing_else_can(flowc: Flowc, app: str) -> None:
    ran = flowc("call", "proj.add", "2", "-k", "y=3", "--app", app, "--wait")
    assert (ran.code, ran.out) == (0, "5\n"), ran.err
    assert "(memory://): the task runs here" in ran.err
    assert "adding 2 3" in ran.err


def test_a_result_with_everything(flowc: Flowc, app: str, one: str) -> None:
    ran = flowc("call", "proj.echo", "é", "--app", app, "--wait", "--json", "--task-id", one, "--queue", "mine")
    document = json.loads(ran.out)
    assert document.pop("traceback") is None
    assert document == {
        "version": 1,
        "task": "proj.echo",
        "task_id": one,
        "state": "SUCCESS",
        "result": {"args": ["é"], "kwargs": {}},
        "error": None,
    }


def test_messages_on_the_way_go_to_standard_error(flowc: Flowc, app: str, one: str) -> None:
    ran = flowc("call", "proj.tell", "--app", app, "--wait", "--task-id", one)
    assert (ran.code, ran.out) == (0, '"done"\n')
    assert f"{one} says PROGRESS: {{'half': True}}" in ran.err


@pytest.mark.parametrize(
    ("args", "out"),
    [
        (("proj.elsewhere",), '"there"\n'),
        (("proj.further",), '"there"\n'),
        (("proj.add", "1", "--exchange", "celery"), "11\n"),
        (("proj.add", "1", "--routing-key", "celery"), "11\n"),
        (("proj.ignored", "--no-ignore-result"), "1\n"),
    ],
)
def test_it_runs_here_whatever_its_queue(flowc: Flowc, app: str, args: tuple[str, ...], out: str) -> None:
    ran = flowc("call", *args, "--app", app, "--wait", "--timeout", "30")
    assert (ran.code, ran.out) == (0, out), ran.err


@pytest.mark.parametrize("args", [("proj.add", "1", "--ignore-result"), ("proj.ignored",)])
def test_a_result_that_is_not_kept(flowc: Flowc, app: str, args: tuple[str, ...]) -> None:
    ran = flowc("call", *args, "--app", app, "--wait")
    assert (ran.code, ran.out) == (Exit.USAGE, "")
    assert f"there is nothing to wait for: results of {args[0]} are not kept" in ran.err


def test_an_exchange_that_nobody_reads(flowc: Flowc, app: str) -> None:
    ran = flowc("call", "proj.add", "1", "--app", app, "--wait", "--exchange", "nobodys", "--routing-key", "x")
    assert (ran.code, ran.out) == (Exit.USAGE, "")
    assert "no queue is known that exchange 'nobodys' would fill" in ran.err


def test_a_task_that_fails(flowc: Flowc, app: str) -> None:
    ran = flowc("call", "proj.fail", "\x1b[31mred", "--app", app, "--wait")
    assert (ran.code, ran.out) == (Exit.RUN_FAILED, "")
    assert "proj.fail failed: ValueError: " in ran.err
    assert "raise ValueError(word)" in ran.err
    assert "\x1b" not in ran.err
    as_json = json.loads(flowc("call", "proj.fail", "x", "--app", app, "--wait", "--json").out)
    assert (as_json["state"], as_json["result"], as_json["error"]) == ("FAILURE", None, "ValueError: x")
    assert "raise ValueError(word)" in as_json["traceback"]


def test_a_task_that_is_too_late(flowc: Flowc, app: str) -> None:
    ran = flowc("call", "proj.add", "1", "--app", app, "--wait", "--countdown", "0.3", "--expires", "0.1")
    assert ran.code == Exit.RUN_FAILED, ran
    assert "proj.add was revoked: " in ran.err


def test_no_result_in_time(flowc: Flowc, app: str, one: str) -> None:
    ran = flowc("call", "proj.sleep", "1", "--app", app, "--wait", "--timeout", "0.05", "--task-id", one)
    assert (ran.code, ran.out) == (Exit.TIMED_OUT, "")
    assert f"no result of proj.sleep came in 0.05 s; its id is {one}" in ran.err


def test_a_task_that_nobody_waits_for_does_not_keep_the_command(here: Path, app: str) -> None:
    command = [sys.executable, "-m", "flowc", "call", "proj.sleep", "600", "--app", app, "--wait", "--timeout", "0.2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (Exit.TIMED_OUT, ""), done
    assert "Traceback" not in done.stderr


def test_an_eager_application_runs_it_without_a_worker(flowc: Flowc, app: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWC_TASK_ALWAYS_EAGER", "1")
    ran = flowc("call", "proj.add", "1", "--app", app, "--wait")
    assert (ran.code, ran.out) == (0, "11\n"), ran.err


# ------------------------------------------------------------------------------------------------------------- out of reach
@pytest.mark.parametrize("url", ["redis://127.0.0.1:{port}/0", "amqp://me:hunter2@127.0.0.1:{port}//"])
def test_a_broker_out_of_reach(flowc: Flowc, url: str, unused_port: int) -> None:
    ran = flowc("call", "any.name", "--broker", url.format(port=unused_port))
    assert (ran.code, ran.out) == (Exit.BROKER, "")
    assert f"127.0.0.1:{unused_port}" in ran.err
    assert "hunter2" not in ran.err
    assert "Traceback" not in ran.err


def test_a_result_store_out_of_reach(flowc: Flowc, folder: Folder, unused_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWC_RESULT_BACKEND_TRANSPORT_OPTIONS", '{"retry_policy": {"max_retries": 0}}')
    ran = flowc("call", "any.name", "--backend", f"redis://:hunter2@127.0.0.1:{unused_port}/0", "--wait", "--timeout", "5")
    assert (ran.code, ran.out) == (Exit.BROKER, ""), ran
    assert f"127.0.0.1:{unused_port}" in ran.err
    assert "hunter2" not in ran.err


@pytest.fixture
def unused_port() -> int:
    """A port of this machine on which nobody listens."""
    import socket

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_a_call_has_a_name(flowc: Flowc) -> None:
    ran = flowc("call", "", "--broker", "sqlite:///nothing.db")
    assert (ran.code, ran.out) == (Exit.USAGE, ""), ran
    assert "by its name" in ran.err
    assert not Path("nothing.db").exists()
