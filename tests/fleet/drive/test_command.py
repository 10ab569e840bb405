"""``flowc run --broker``: what is printed, and the exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
import redis

from ...cli.conftest import Flowc
from ..shared import SharedStock


@pytest.fixture
def at(stock_redis: SharedStock) -> tuple[str, ...]:
    return ("--broker", stock_redis.broker)


def write(here: Path, text: str) -> str:
    here.joinpath("f.flow").write_text(text)
    return "f.flow"


def test_value_and_report(flowc: Flowc, here: Path, at: tuple[str, ...]) -> None:
    ran = flowc("run", write(here, "x = proj.add(1, 2)\n[x -> proj.add(n) for n in range(3)] -> proj.tsum\n"), *at)
    assert (ran.code, ran.out) == (0, "12\n")
    assert "5 steps: 5 succeeded" in ran.err


def test_json_names_the_workers(flowc: Flowc, here: Path, stock_redis: SharedStock) -> None:
    ran = flowc("run", write(here, "proj.add(1, 2)\n"), "--broker", stock_redis.broker, "--json")
    assert [step["worker"] for step in json.loads(ran.out)["steps"]] == [stock_redis.hostname]


def test_json_and_a_failure(flowc: Flowc, here: Path, at: tuple[str, ...]) -> None:
    ran = flowc("run", write(here, 'proj.fail("no") -> proj.add(1)\n'), *at, "--json")
    assert ran.code == 4
    told = json.loads(ran.out)
    assert [(step["id"], step["state"], step["error"]) for step in told["steps"]] == [
        ("fail#1", "FAILURE", "ValueError: no"), ("add#1", "SKIPPED", None),
    ]  # fmt: skip
    assert "raise ValueError(message)" in ran.err


def test_a_lost_step_is_said_to_be_lost(flowc: Flowc, here: Path, at: tuple[str, ...]) -> None:
    queue = uuid.uuid4().hex
    ran = flowc("run", write(here, f'proj.add(1, 2) {{queue = "{queue}", timeout = 200ms}}\n'), *at, "--json")
    assert ran.code == 4
    assert json.loads(ran.out)["steps"][0]["state"] == "LOST"
    assert f"note: no worker reads the queue '{queue}', where step add#1 goes" in ran.err
    assert "step add#1 is lost: StepLostError: nothing was heard of it in 0.2s" in ran.err
    assert "1 step: 1 lost" in ran.err


def test_how_soon_a_step_is_lost(flowc: Flowc, here: Path, at: tuple[str, ...]) -> None:
    ran = flowc("run", write(here, "proj.ignore()\n"), *at, "--lost-after", "0.5")
    assert ran.code == 4
    assert "step ignore#1 is lost: StepLostError: its only worker does not know it" in ran.err


def test_a_task_that_no_worker_has(flowc: Flowc, here: Path, at: tuple[str, ...]) -> None:
    ran = flowc("run", write(here, "proj.addd(1, 2)\n"), *at)
    assert (ran.code, ran.out) == (2, "")
    assert "f.flow:1:1: step addd#1: the worker that answered has no task 'proj.addd'; did you mean 'proj.add'?" in ran.err


def test_the_time_is_over(flowc: Flowc, here: Path, at: tuple[str, ...]) -> None:
    ran = flowc("run", write(here, f'proj.add(1, 2) {{queue = "{uuid.uuid4().hex}"}}\n'), *at, "--timeout", "0.3")
    assert ran.code == 6
    assert "Still running when the run was ended: add#1" in ran.err


def test_a_broker_out_of_reach(flowc: Flowc, here: Path) -> None:
    ran = flowc("run", write(here, "proj.add(1, 2)\n"), "--broker", "redis://:s3cret@127.0.0.1:9/0")
    assert ran.code == 5
    assert "127.0.0.1:9" in ran.err
    assert "s3cret" not in ran.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--backend", "redis://h"), "--backend says where workers keep results: give --broker, too"),
        (("--timeout", "3"), "--timeout is for runs on workers"),
        (("--no-preflight",), "--no-preflight is for runs on workers"),
        (("--lost-after", "60"), "--lost-after is for runs on workers"),
        (("--broker", "redis://h", "--pool", "solo"), "--pool and --concurrency are for runs here"),
        (("--broker", "redis://h", "-c", "2"), "--pool and --concurrency are for runs here"),
        (("--broker", "rediss"), "broker_url"),
    ],
)
def test_options_that_mean_nothing_together(flowc: Flowc, here: Path, options: tuple[str, ...], said: str) -> None:
    ran = flowc("run", write(here, "proj.add(1, 2)\n"), *options)
    assert ran.code == 2
    assert said in ran.err


def test_ctrl_c_twice_leaves(here: Path, at: tuple[str, ...]) -> None:
    write(here, f'proj.add(1, 2) {{queue = "{uuid.uuid4().hex}"}}\n')
    with subprocess.Popen([sys.executable, "-m", "flowc", "run", "f.flow", *at], stderr=subprocess.PIPE, text=True, cwd=os.getcwd()) as run:
        try:
            said_until(run, "no worker reads")
            run.send_signal(signal.SIGINT)
            assert "waiting for add#1 (again to leave)" in said_until(run, "SIGINT: stopping")
            run.send_signal(signal.SIGINT)
            assert run.stderr is not None
            rest = run.stderr.read()
        finally:
            run.kill()  # has no effect on one that has left
    assert run.returncode == 130
    assert "Still running when the run was ended: add#1" in rest


def test_a_signal_while_the_workers_are_looked_at(here: Path, redis_database: str) -> None:
    write(here, "proj.add(1, 2)\n")
    number = redis_database.rpartition("/")[2]
    with redis.Redis.from_url(redis_database) as client, client.pubsub() as deaf:
        deaf.subscribe(f"/{number}.celery.pidbox")  # as a worker that answers nothing: it is waited for
        assert deaf.get_message(timeout=30)
        command = [sys.executable, "-m", "flowc", "run", "f.flow", "--broker", redis_database]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=os.getcwd()) as run:
            try:
                until = time.monotonic() + 60
                while not client.keys("_kombu.binding.flowc.*"):
                    assert time.monotonic() < until
                    time.sleep(0.005)
                run.send_signal(signal.SIGTERM)
                out, said = run.communicate(timeout=60)
            finally:
                run.kill()
        assert (run.returncode, out) == (143, "")
        assert "note: SIGTERM: nothing was sent\n" in said
        assert "no worker has answered" not in said
        assert client.keys("_kombu.binding.flowc.*") == []
        assert client.llen("celery") == 0


def said_until(run: subprocess.Popen[str], word: str) -> str:
    """The first line with a word in it."""
    assert run.stderr is not None
    said = ""
    while (line := run.stderr.readline()) and word not in line:
        said += line
    assert word in line, said
    return line
