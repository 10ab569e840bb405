"""``flowc submit`` as a command."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import redis

import flowc
from flowc.cli.fleet import FleetChoices
from flowc.cli.main import main
from flowc.cli.refusal import note_refusal
from flowc.dsl.source import Source
from flowc.runtime.fleet.refusals import SubmissionRefused

from ..shared import SharedStock

CHAIN = (
    "from proj import add, tsum, echo\nparam n: int = 3\n\nx = add(2, 2)\nrows = [x -> add(i) for i in range(n)]\nrows -> tsum -> add(16)\n"
)
DAG = "from proj import add\n\nx = add(2, 2)\ny = add(3, 3)\nadd(x, y)\n"

Submit = Callable[..., SimpleNamespace]


@pytest.fixture
def submit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Submit:
    """Run ``flowc submit a.flow`` with a text in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(text: str, *args: str) -> SimpleNamespace:
        (tmp_path / "a.flow").write_text(text)
        capsys.readouterr()
        code = main(["submit", "a.flow", *args])
        said = capsys.readouterr()
        return SimpleNamespace(code=int(code), out=said.out, err=said.err)

    return run


@pytest.fixture
def fleet(stock_redis: SharedStock) -> list[str]:
    return ["--broker", stock_redis.broker, "--backend", stock_redis.backend]


def test_it_prints_the_runs_id_and_every_steps_task_id(submit: Submit, fleet: list[str]) -> None:
    done = submit(CHAIN, *fleet)
    first, *lines = done.out.splitlines()
    run = first.removeprefix("run ")
    assert done.code == 0
    assert [line.split() for line in lines] == [
        ["x", "proj.add", "sent", f"{run}.x"],
        *([f"rows[{n}]", "proj.add", "in", "rows", f"{run}.rows[{n}]"] for n in range(3)),
        ["tsum#1", "proj.tsum", "joins", "rows", f"{run}.tsum#1"],
        ["add#1", "proj.add", "after", "tsum#1", f"{run}.add#1"],
    ]
    assert "6 steps in 1 message of " in done.err


def test_json(submit: Submit, fleet: list[str]) -> None:
    document = json.loads(submit(CHAIN, *fleet, "--json", "-p", "n=1").out)
    run = document["run"]
    assert (document["flow"], document["messages"], document["notes"]) == ("a", 1, [])
    assert [(step["id"], step["task_id"], step["how"], step["by"]) for step in document["steps"]] == [
        ("x", f"{run}.x", "message", None),
        ("rows[0]", f"{run}.rows[0]", "link", "x"),
        ("tsum#1", f"{run}.tsum#1", "link", "rows"),
        ("add#1", f"{run}.add#1", "link", "tsum#1"),
    ]
    assert document["steps"][0]["where"] == "a.flow:4:5"


def test_wait(submit: Submit, fleet: list[str]) -> None:
    done = submit(CHAIN, *fleet, "--wait")
    assert (done.code, done.out) == (0, "31\n")
    assert "[6/6] add#1 succeeded" in done.err
    assert "6 steps: 6 succeeded" in done.err


def test_wait_for_json(submit: Submit, fleet: list[str]) -> None:
    document = json.loads(submit("from proj import fail, add\nfail(1) -> add(1)\n", *fleet, "--wait", "--json").out)
    assert [(step["id"], step["state"], step["because"]) for step in document["steps"]] == [
        ("fail#1", "FAILURE", None), ("add#1", "SKIPPED", "fail#1"),
    ]  # fmt: skip
    assert document["steps"][0]["task_id"] == f"{document['run']}.fail#1"
    assert (document["ok"], document["timed_out"]) == (False, False)


def test_a_failed_run_leaves_with_4(submit: Submit, fleet: list[str]) -> None:
    done = submit("from proj import fail, add\nfail(1) -> add(1)\n", *fleet, "--wait")
    assert (done.code, done.out) == (4, "")
    assert "a.flow:2:1: error: step fail#1 failed: ValueError: 1" in done.err
    assert "Skipped, because fail#1 did not succeed: add#1" in done.err


def test_a_run_that_takes_too_long_leaves_with_6(submit: Submit, fleet: list[str]) -> None:
    done = submit("from proj import sleep\nsleep(1)\n", *fleet, "--wait", "--timeout", "0.1")
    assert (done.code, done.out) == (6, "")
    assert "Still running when the waiting ended: sleep#1" in done.err
    assert "has not ended in 0.1 s; it goes on" in done.err


def test_secrets_do_not_show(submit: Submit, fleet: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIN", "geheim")
    done = submit('from proj import echo, fail\nx = echo(secret("PIN"))\nfail(secret("PIN"))\nx\n', *fleet, "--wait")
    assert done.code == 4
    assert "geheim" not in done.out + done.err
    assert done.out == '"***"\n'


def queues(url: str) -> set[str]:
    """What stands in a Redis database by the names of queues."""
    with redis.Redis.from_url(url) as client:
        bookkeeping = b"_kombu.binding_deadlines"  # one for all queues that expire, which workers tidy up
        return {key.decode().rpartition(".")[2] for key in client.scan_iter("*") if key != bookkeeping}


def test_no_replies_are_asked_for_where_nobody_stays_to_read_them(submit: Submit, redis_database: str) -> None:
    done = submit("from proj import echo\necho(1) -> echo\n", "--broker", redis_database, "--backend", "rpc://")
    assert done.code == 0
    assert queues(redis_database) == {"celery"}
    with redis.Redis.from_url(redis_database) as client:
        assert json.loads(client.lindex("celery", 0))["properties"]["reply_to"] == ""


def test_the_queue_of_replies_goes_with_the_command(submit: Submit, redis_database: str) -> None:
    done = submit("from proj import echo\necho(1)\n", "--broker", redis_database, "--backend", "rpc://", "--wait", "--timeout", "0.1")
    assert done.code == 6
    assert queues(redis_database) == {"celery"}
    with redis.Redis.from_url(redis_database) as client:
        assert json.loads(client.lindex("celery", 0))["properties"]["reply_to"] != ""


def test_after_ctrl_c_the_ids_of_what_was_sent_are_told(submit: Submit, redis_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> tuple[str, ...]:
        raise KeyboardInterrupt

    monkeypatch.setattr("flowc.runtime.fleet.unread.look_for_readers", interrupted)
    done = submit("t.a()", "--broker", redis_database)
    assert done.code == 130
    run = done.out.splitlines()[0].removeprefix("run ")
    assert f"{run}.a#1" in done.out


def test_what_the_sender_remarks_is_a_note(submit: Submit, rabbitmq_url: str) -> None:
    queue = f"plain-{uuid.uuid4().hex}"
    done = submit(f'from proj import echo\necho(1) {{priority = 3, queue = "{queue}"}}\n', "--broker", rabbitmq_url)
    assert done.code == 0
    assert f"note: queue '{queue}' has no priorities" in done.err
    assert "Warning" not in done.err


# ------------------------------------------------------------------------------------------------------------------ refusals
def test_a_refusal_shows_the_place_the_reason_and_what_to_do(submit: Submit, fleet: list[str]) -> None:
    done = submit(DAG, *fleet)
    assert (done.code, done.out) == (1, "")
    assert "a.flow:5:1: error[F1001]:" in done.err
    assert "5 | add(x, y)" in done.err
    assert "flowc run a.flow --broker URL" in done.err


def test_a_refusal_names_the_application_that_was_given(capsys: pytest.CaptureFixture[str]) -> None:
    note_refusal(SubmissionRefused(()), Source("a.flow", ""), "a.flow", FleetChoices(celery="proj.app:app"))
    assert "flowc run a.flow --celery proj.app:app runs it on the same workers" in capsys.readouterr().err


def test_the_seconds_of_a_run_count_from_its_submission(stock_redis: SharedStock) -> None:
    app = flowc.App("client", broker=stock_redis.broker, backend=stock_redis.backend, set_as_current=False)
    with app:
        submission = flowc.loads("proj.add(1, 2)").submit(app)
        assert replace(submission, began=submission.began - 1000).wait(60).duration >= 1000


def test_joins_without_results(submit: Submit, stock_redis: SharedStock) -> None:
    done = submit(CHAIN, "--broker", stock_redis.broker)
    assert done.code == 1
    assert "error[F1020]: `tsum#1` waits for the group `rows`" in done.err


def test_large_messages(submit: Submit, fleet: list[str]) -> None:
    done = submit(CHAIN, *fleet, "--max-message", "300")
    assert done.code == 1
    assert "error[F1021]: the message of `x` has " in done.err
    assert "more than 300 (--max-message)" in done.err


def test_unknown_tasks(submit: Submit, fleet: list[str], tmp_path: Path) -> None:
    (tmp_path / "tasks_of_submit.py").write_text(
        "import flowc\napp = flowc.App('x')\n@app.task(name='proj.add')\ndef add(x: int, y: int) -> int:\n    return x\n"
    )
    text = "from proj import add, ad\nadd(1, 2)\nad(1, 2)\n"
    done = submit(text, *fleet, "--app", "tasks_of_submit")
    assert (done.code, done.out) == (1, "")
    assert "there is no task `proj.ad`" in done.err
    assert submit(text, *fleet, "--app", "tasks_of_submit", "--unregistered").code == 0


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        ([], 2, "there is no broker that leads to workers"),
        (["--broker", "redsi://x"], 2, "did you mean redis://"),
        (["--broker", "redis://localhost:x/0"], 2, "broker_url"),
        (["--broker", "redis//localhost"], 2, "not 'redis//localhost' (--broker)"),
        (["--broker", "redis://127.0.0.1:1/0", "--wait"], 2, "results are not kept"),
        (["--broker", "redis://127.0.0.1:1/0", "--timeout", "1"], 2, "give --wait"),
        (["--broker", "redis://127.0.0.1:1/0", "--lost-after", "1"], 2, "give --wait"),
        (["--celery", "no_such_module"], 2, "--celery: no module is named 'no_such_module'"),
        (["--celery", "a:b", "--app", "c:d"], 2, "give one of them"),
        (
            ["--broker", "redis://127.0.0.1:1/0", "--backend", "redis://:geheim@127.0.0.1:1/2", "--wait"],
            5,
            "the result store redis://**@127.0.0.1:1/2",
        ),
        (["--broker", "redis://:geheim@127.0.0.1:1/0"], 5, "redis://127.0.0.1:1"),
        (["--broker", "amqp://me:geheim@127.0.0.1:1//", "--backend", "rpc://"], 5, "amqp://127.0.0.1:1"),
        (["--broker", "amqp://me:geheim@127.0.0.1:1//"], 5, "Nothing was sent"),
    ],
)
def test_wrong_use(submit: Submit, args: list[str], code: int, said: str) -> None:
    done = submit("from proj import add\nadd(1, 2)\n", *args)
    assert (done.code, done.out) == (code, ""), done.err
    assert said in done.err
    assert "geheim" not in done.err


# -------------------------------------------------------------------------------------------------------------- applications
def test_a_flowc_application_is_no_celery_one(submit: Submit, tmp_path: Path) -> None:
    (tmp_path / "ours_of_submit.py").write_text("import flowc\napp = flowc.App('x', broker='redis://127.0.0.1:1/0')\n")
    done = submit(CHAIN, "--celery", "ours_of_submit")
    assert done.code == 2
    assert "is a flowc.App, not a Celery application" in done.err


THEIRS = """
from celery import Celery
from celery import shared_task

app = Celery("theirs", broker={url!r}, backend={url!r})
app.conf.task_routes = {{"proj.mul": {{"queue": "elsewhere"}}}}

@app.task(name="proj.add")
def add(x: int, y: int) -> int:
    return x + y

@app.task(name="proj.mul", priority=6)
def mul(x: list[int], y: int) -> list[int]:
    return x * y
"""


def test_a_celery_application_brings_broker_results_and_routes(tmp_path: Path, redis_database: str) -> None:
    """In a process of its own: this one should not have the application of a test as Celery's current one."""
    (tmp_path / "theirs.py").write_text(THEIRS.format(url=redis_database))
    (tmp_path / "a.flow").write_text("from proj import add, mul\nmul([1], 2)\n[add(1, 1), add(2, 2)] -> mul(3)\n")
    command = "import sys; from flowc.cli.main import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", command, "submit", "a.flow", "--celery", "theirs:app", "--json"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with redis.Redis.from_url(redis_database) as client:
        assert client.llen("celery") == 2
        (routed,) = client.lrange("elsewhere\x06\x166", 0, -1)
        assert json.loads(routed)["headers"]["task"] == "proj.mul"
        (first, _) = client.lrange("celery", 0, -1)
        chord = json.loads(base64.b64decode(json.loads(first)["body"]))[2]["chord"]
        assert (chord["options"]["queue"], chord["options"]["priority"]) == ("elsewhere", 6)
        assert client.keys("celery-taskset-meta-*.s") != []


# ------------------------------------------------------------------------------------------------------------------- imports
def test_celery_is_never_imported(tmp_path: Path, redis_database: str) -> None:
    (tmp_path / "a.flow").write_text(CHAIN)
    command = (
        "import sys; from flowc.cli.main import main; code = main(sys.argv[1:]);"
        "print(code, *(name for name in ('celery', 'networkx', 'lark', 'rich', 'asyncio') if name in sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", command, "submit", "a.flow", "--broker", redis_database, "--backend", redis_database],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    # redis-py imports asyncio itself
    assert done.stderr.splitlines()[-1].split() in (["0"], ["0", "asyncio"])
