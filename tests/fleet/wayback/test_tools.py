"""Celery's tools on our worker: its command line, its event receiver and state, ``celery events`` and Flower."""

from __future__ import annotations

import json
import platform
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import celery
import pytest

import flowc
from flowc.exceptions import TaskRevokedError

from ...slices import every
from .monitors import Capture, Flower, capturing, celery_says, dumping, wait_for
from .ours import OurWorker

BROKERS = ["redis", "rabbitmq"]


SLOW = pytest.mark.soak


@pytest.fixture
def url(broker: str, request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("redis_database" if broker == "redis" else "rabbitmq_url"))


@pytest.fixture
def name() -> str:
    return uuid.uuid4().hex[:8]


@pytest.fixture
def client(url: str, name: str, redis_database: str) -> Iterator[flowc.App]:
    settings = {"task_default_queue": f"tools-{name}"}
    with flowc.App("client", broker=url, backend=redis_database, settings=settings, set_as_current=False) as made:
        yield made


def worker_of(client: flowc.App, name: str, folder: Path, *options: str) -> OurWorker:
    conf, host = client.conf, f"ours-{name}@here"
    return OurWorker(
        conf.broker_url, str(conf.result_backend), queue=conf.task_default_queue, hostname=host, folder=folder, options=options
    )  # fmt: skip


#: What ``celery inspect`` is asked for, beside the calls that it is to find.
ASKED = (
    "ping", "active", "reserved", "scheduled", "revoked", "stats", "conf", "report", "clock", "active_queues",
    "registered name max_retries",
)  # fmt: skip

#: What ``celery`` says to some commands, in one line.
SAID = {
    "status": "-> HOST: OK 1 node online.",
    "inspect active_queues": "-> HOST: OK * {'name': 'QUEUE', 'exchange': {'name': 'QUEUE', 'type': 'direct'",
    "inspect registered": "-> HOST: OK * proj.add * proj.fail * proj.hold",
    "inspect memdump": "ERROR flowc's workers have no debugging commands",
    "control enable_events": "OK task events enabled",
    "control rate_limit proj.add 1/s": "ERROR flowc's workers do not limit rates",
    "control time_limit proj.add 5": "ERROR time limits are kept by --pool processes alone",
    "control pool_grow 1": "ERROR a flowc worker has as many places",
    "control cancel_consumer nonsense": "ERROR queue 'nonsense' is not read",
    "control add_consumer MORE": "OK add consumer MORE",
}


@pytest.mark.parametrize(
    ("broker", "version"),
    [("redis", None), *(pytest.param(broker, version, marks=SLOW) for broker in BROKERS for version in ("5.5", "5.6", "5.7"))],
)
def test_the_command_line(broker: str, version: str | None, name: str, url: str, client: flowc.App, tmp_path: Path) -> None:
    with worker_of(client, name, tmp_path / "w", "-c", "1") as worker:
        host, queue, more = worker.hostname, worker.queue, f"more-{name}"
        running, waiting = client.send_task("proj.hold", (str(tmp_path / "go"),)), client.send_task("proj.add", (2, 3))
        late = client.send_task("proj.add", ([1], {"a": "b"}), countdown=3600)
        gone = client.send_task("proj.add", (1, 1), countdown=3600)
        gone.revoke()
        with pytest.raises(TaskRevokedError):
            gone.get(timeout=60)
        unread = client.send_task("proj.add", (4, 4), queue=more)
        to = ["-t", "10", "-d", host]
        asked_for = (*ASKED, f"query_task {running.id} {waiting.id} {late.id}")
        said = celery_says(
            url,
            *(["inspect", "-j", *to, *command.split()] for command in asked_for),
            *([command.split()[0], *to, *command.replace("MORE", more).split()[1:]] for command in SAID),
            version=version,
        )
        assert [code for code, _ in said] == [0] * len(said)
        answers = [json.loads(text)[host] for _, text in said[: len(asked_for)]]
        check_answers(dict(zip(asked_for, answers, strict=True)), worker, str(tmp_path / "go"), running.id, waiting.id, late.id, gone.id)
        for (command, wanted), (_, text) in zip(SAID.items(), said[len(asked_for) :], strict=True):
            wanted = wanted.replace("HOST", host).replace("QUEUE", queue).replace("MORE", more)
            assert wanted in " ".join(text.split()), command
        (tmp_path / "go").touch()
        assert [result.get(timeout=60) for result in (running, waiting, unread)] == ["held", 5, 8]
        assert [told["name"] for told in control(url, host, "active_queues")] == [queue, more]
        assert control(url, host, "cancel_consumer", queue=more) == {"ok": f"no longer consuming from {more}"}
        wait_for(lambda: [told["name"] for told in control(url, host, "active_queues")] == [queue])
        client.control.revoke([late.id])
        assert control(url, host, "shutdown") == {"ok": "stopping"}
        wait_for(lambda: not worker.running)


def check_answers(asked: dict[str, Any], worker: OurWorker, file: str, running: str, waiting: str, late: str, gone: str) -> None:
    """What a worker says of one call that runs, one that waits for a place, one that waits for its time and one that is revoked."""
    queue = worker.queue
    assert asked["ping"] == {"ok": "pong"}
    [active], [reserved], [scheduled] = asked["active"], asked["reserved"], asked["scheduled"]
    assert (active["id"], active["name"], active["args"], active["kwargs"]) == (running, "proj.hold", [file], {})
    assert (active["hostname"], active["worker_pid"], active["acknowledged"]) == (worker.hostname, worker.pid, True)
    assert active["delivery_info"]["routing_key"] == queue
    assert active["time_start"] > 1e9
    assert (reserved["id"], reserved["args"], reserved["time_start"], reserved["worker_pid"]) == (waiting, [2, 3], None, None)
    assert (scheduled["request"]["id"], scheduled["request"]["args"]) == (late, [[1], {"a": "b"}])
    assert scheduled["eta"].startswith("20")
    assert gone in asked["revoked"]
    found = asked[f"query_task {running} {waiting} {late}"]
    assert {id_: state for id_, (state, _) in found.items()} == {running: "active", waiting: "reserved", late: "scheduled"}
    assert "guest:guest" not in json.dumps(asked), "no password is told"
    stats = asked["stats"]
    assert (stats["pid"], stats["total"]) == (worker.pid, {"proj.hold": 1})
    assert (stats["pool"]["max-concurrency"], stats["pool"]["processes"], stats["prefetch_count"]) == (1, [worker.pid], 4)
    assert stats["rusage"]["maxrss"] > 0
    assert int(stats["clock"]) < asked["clock"]["clock"]
    assert asked["conf"]["task_default_queue"] == queue
    assert "flowc:" in asked["report"]["ok"]
    [told] = asked["active_queues"]
    assert (told["name"], told["exchange"]["name"], told["exchange"]["type"], told["routing_key"]) == (queue, queue, "direct", queue)
    assert "proj.add [name=proj.add max_retries=3]" in asked["registered name max_retries"]


@pytest.mark.parametrize("broker", every(2, BROKERS, first=1))
def test_events(broker: str, url: str, name: str, client: flowc.App, tmp_path: Path) -> None:
    with capturing(url) as capture, dumping(url, tmp_path / "dump") as dump, worker_of(client, name, tmp_path / "w", "-c", "2") as worker:
        host = worker.hostname
        wait_for(lambda: capture.workers("worker-heartbeat", host) and f"{host} [" in dump.read_text())
        before = client.send_task("proj.add", (1, 1))
        assert before.get(timeout=60) == 2
        wait_for(lambda: control(url, host, "stats")["ended"] == {"SUCCESS": 1})  # a result can be read before its event is due
        assert control(url, host, "enable_events") == {"ok": "task events enabled"}
        client.conf.task_send_sent_event = True
        good, bad, again = (
            client.send_task("proj.add", (20, 22)), client.send_task("proj.fail", ("no",)),
            client.send_task("proj.retrying", (f"{name}retry", 1, "done")),
        )  # fmt: skip
        silent, unknown = client.send_task("proj.silent"), client.send_task("proj.unknown", (1,), {"a": 2})
        late, expired = (
            client.send_task("proj.add", (2, 2), countdown=3600),
            client.send_task("proj.add", (2, 2), expires=0.1, countdown=60),
        )
        wait_for(lambda: "task-received" in capture.of(late.id))
        late.revoke()
        ends = [(good, "succeeded"), (bad, "failed"), (again, "succeeded"), (unknown, "failed"), (late, "revoked"), (expired, "revoked")]
        wait_for(lambda: all(f"task-{last}" in capture.of(result.id) for result, last in ends))
        silent.get(timeout=60)
        assert control(url, host, "disable_events") == {"ok": "task events disabled"}
        client.conf.task_send_sent_event = False
        after = client.send_task("proj.add", (3, 3))
        assert after.get(timeout=60) == 6
        worker.stop()
        wait_for(lambda: capture.workers("worker-offline", host) and f"{host}" in dump.read_text().rpartition("shutdown")[0])

        assert [capture.of(result.id) for result in (before, after)] == [[], []]
        assert capture.of(silent.id) == ["task-sent"]
        for result, rest in (
            (good, ["task-started", "task-succeeded"]),
            (bad, ["task-started", "task-failed"]),
            (again, ["task-started", "task-retried", "task-received", "task-started", "task-succeeded"]),
            (late, ["task-revoked"]),
            (expired, ["task-revoked"]),
        ):
            assert sorted(capture.of(result.id)) == sorted(["task-sent", "task-received", *rest])
        check_state(capture, host, worker.pid, good.id, bad.id, unknown.id)
        tasks = capture.state.tasks
        assert (tasks[late.id].state, tasks[late.id].expired, tasks[late.id].terminated) == ("REVOKED", False, False)
        assert (tasks[expired.id].state, tasks[expired.id].expired) == ("REVOKED", True)
        clocks = [event["clock"] for event in capture.events if event["hostname"] == host]
        assert clocks == sorted(set(clocks)), "the logical clock goes up from event to event"
        text = dump.read_text()
        assert f"task sent: proj.add({good.id}) args=(20, 22) kwargs={{}}" in text
        assert "result=42" in text
        assert "exception=ValueError('no')" in text


def check_state(capture: Capture, host: str, pid: int, good: str, bad: str, unknown: str) -> None:
    """What Celery's own state has made of the events."""
    tasks = capture.state.tasks
    task = tasks[good]
    assert (task.state, task.name, task.args, task.kwargs, task.result) == ("SUCCESS", "proj.add", "(20, 22)", "{}", "42")
    assert (task.worker.hostname, task.root_id, task.retries) == (host, good, 0)
    assert task.received <= task.started <= task.succeeded
    assert 0 <= task.runtime < 60
    task = tasks[bad]
    assert (task.state, task.exception) == ("FAILURE", "ValueError('no')")
    assert task.traceback.startswith("Traceback")
    assert "ValueError: no" in task.traceback
    assert (tasks[unknown].state, tasks[unknown].name, tasks[unknown].exception[:13]) == ("FAILURE", "proj.unknown", "NotRegistered")
    [online], beat = capture.workers("worker-online", host), capture.workers("worker-heartbeat", host)[-1]
    assert (online["sw_ident"], online["sw_ver"], online["sw_sys"]) == ("flowc", flowc.__version__, platform.system())
    assert (beat["pid"], beat["freq"], len(beat["loadavg"])) == (pid, 2.0, 3)
    assert capture.workers("worker-offline", host)[-1]["processed"] >= 6


def control(url: str, host: str, command: str, **arguments: Any) -> Any:
    """What a worker answers to a command of Celery's own client."""
    app = celery.Celery("control", broker=url, set_as_current=False)
    with app.connection() as connection:
        [answers] = app.control.broadcast(
            command, arguments=arguments, destination=[host], reply=True, timeout=30, connection=connection, limit=1
        )  # fmt: skip
    return answers[host]


@pytest.mark.parametrize("broker", ["redis", pytest.param("rabbitmq", marks=pytest.mark.soak)])
def test_flower(broker: str, name: str, request: pytest.FixtureRequest, redis_database: str, tmp_path: Path) -> None:
    url = redis_database if broker == "redis" else request.getfixturevalue("rabbitmq_url")
    settings = {"task_default_queue": f"flower-{name}"}
    app = flowc.App("client", broker=url, backend=redis_database, settings=settings, set_as_current=False)
    with app, Flower(url, tmp_path / "f") as flower, worker_of(app, name, tmp_path / "w", "-E") as worker:
        host = worker.hostname
        good, bad = app.send_task("proj.add", (20, 22)), app.send_task("proj.fail", ("no",))
        wait_for(lambda: {good.id, bad.id} <= set(flower.ask("/api/tasks")))
        wait_for(lambda: [flower.ask(f"/api/task/info/{id_}")["state"] for id_ in (good.id, bad.id)] == ["SUCCESS", "FAILURE"])
        told = flower.ask(f"/api/task/info/{good.id}")
        assert (told["name"], told["args"], told["result"], told["state"], told["worker"]) == (
            "proj.add",
            "(20, 22)",
            "42",
            "SUCCESS",
            host,
        )
        assert flower.ask(f"/api/task/info/{bad.id}")["exception"] == "ValueError('no')"
        seen = flower.ask(f"/api/workers?refresh=1&workername={host}")[host]
        assert seen["stats"]["pid"] == worker.pid
        assert [queue["name"] for queue in seen["active_queues"]] == [worker.queue]
        assert "proj.add" in seen["registered"]
        assert seen["conf"]["task_default_queue"] == worker.queue
        page = flower.get(f"/worker/{host}")
        assert "Flowc:threads" in page
        assert flower.ask("/api/workers?status=1")[host] is True
