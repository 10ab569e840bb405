"""The servers of a whole run: one of each kind, none where nobody asks, gone at the end; and what is said where one is missing."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .redis import ask
from .test_servers import await_none, is_listening

ROOT = Path(__file__).parents[2]

ASKING = """
import os, pathlib, time, pytest

@pytest.mark.parametrize("number", range(6))
def test_one(redis_url, number):
    mine = pathlib.Path(__file__).parent
    (mine / f"{os.getpid()}-{number}").write_text(redis_url + " " + os.environ["FLOWC_TEST_SERVERS"])
    if (mine / "linger").exists():
        (mine / "lingering").touch()
        time.sleep(600)
    while len({path.name.split("-")[0] for path in mine.glob("[0-9]*-[0-9]")}) < 2:
        time.sleep(0.01)  # each process gets its turn
"""


def pytest_in(folder: Path, *args: str, **env: str) -> subprocess.Popen[str]:
    """A pytest run of its own in a folder, with the fixtures of these tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "FLOWC", "CI"))}
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "tests.conftest",
            "-p",
            "no:cacheprovider",
            "--basetemp",
            str(folder / "tmp"),
            "-ra",
            *args,
            ".",
        ],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT), **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def told(folder: Path) -> set[str]:
    return {path.read_text() for path in folder.glob("[0-9]*-[0-9]")}


def test_two_processes_share_a_server(tmp_path: Path) -> None:
    (tmp_path / "test_asking.py").write_text(ASKING)
    run = pytest_in(tmp_path, "-n", "2")
    out, _ = run.communicate(timeout=200)
    assert re.search("6 passed", out), out
    assert len({path.name.split("-")[0] for path in tmp_path.glob("[0-9]*-[0-9]")}) == 2
    ((url, servers),) = {tuple(line.split()) for line in told(tmp_path)}
    assert not is_listening(int(url.split(":")[2].partition("/")[0]))
    assert not Path(servers).exists()
    await_none(Path(servers))


@pytest.mark.parametrize(
    ("processes", "number"),
    [
        pytest.param(
            processes,
            number,
            id=f"{processes}-{number.name}",
            marks=() if (processes, number) == ("2", signal.SIGTERM) else pytest.mark.soak,
        )
        for processes in ("0", "2")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
    ],
)
def test_no_server_outlives_an_interrupted_run(tmp_path: Path, processes: str, number: signal.Signals) -> None:
    (tmp_path / "test_asking.py").write_text(ASKING)
    (tmp_path / "linger").touch()
    with pytest_in(tmp_path, "-n", processes) as run:
        until = time.monotonic() + 120
        while not (tmp_path / "lingering").exists() and time.monotonic() < until:
            time.sleep(0.05)
        run.send_signal(number)
        (line,) = told(tmp_path)
        url, servers = line.split()
        until = time.monotonic() + 60
        port = int(url.split(":")[2].partition("/")[0])
        while (is_listening(port) or Path(servers).exists()) and time.monotonic() < until:
            time.sleep(0.05)
        run.wait(60)  # not sooner: until then a dead run is a zombie, which has to count as dead
        with contextlib.suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
    assert not is_listening(port)
    assert not Path(servers).exists()
    await_none(Path(servers))


def test_nothing_is_started_for_who_does_not_ask(tmp_path: Path) -> None:
    (tmp_path / "test_quiet.py").write_text(
        "import os, pathlib\ndef test_one():\n    assert not pathlib.Path(os.environ['FLOWC_TEST_SERVERS']).exists()\n"
    )
    out, _ = pytest_in(tmp_path).communicate(timeout=100)
    assert "1 passed" in out, out


@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_missing_server_is_told_of(tmp_path: Path, processes: str) -> None:
    (tmp_path / "test_asking.py").write_text(ASKING + "\ndef test_of_its_own(tmp_path):\n" + INSIDE)
    out, _ = pytest_in(tmp_path, "-n", processes, PATH=str(tmp_path)).communicate(timeout=100)
    assert "7 skipped" in out, out
    assert "7 tests were not run: redis-server is not installed: `make servers` installs it or says how" in out
    out, _ = pytest_in(tmp_path, "-n", processes, PATH=str(tmp_path), CI="true").communicate(timeout=100)
    assert re.search("7 (failed|errors?)|6 errors|1 failed, 6 errors", out), out
    assert "skipped" not in out
    assert "redis-server is not installed" in out


INSIDE = """    from tests.servers.redis import RedisServer
    RedisServer(tmp_path / "r").start()
"""


def test_the_shared_servers_answer(redis_url: str, rabbitmq_url: str) -> None:
    from kombu.connection import Connection

    assert ask(int(redis_url.split(":")[2].partition("/")[0]), "PING") == "PONG"
    with Connection(rabbitmq_url) as connection:
        assert connection.ensure_connection(max_retries=1).connected


def test_a_database_is_empty_and_apart(redis_database: str, redis_url: str) -> None:
    port, number = re.fullmatch(r"redis://127.0.0.1:(\d+)/(\d+)", redis_database).groups()  # type: ignore[union-attr]
    assert number != "0"
    assert redis_url == f"redis://127.0.0.1:{port}/0"
    assert ask(int(port), "DBSIZE", database=int(number)) == "0"
    assert ask(int(port), "SET", "only-in", number, database=int(number)) == "OK"
    assert ask(int(port), "GET", "only-in") == "-1"


def test_brokers(broker_url: str) -> None:
    assert re.match(r"memory://$|sqlite:////.*/broker\.db$|redis://127.0.0.1:\d+/0$|amqp://guest:guest@127.0.0.1:\d+//$", broker_url)


def test_stores_of_results(result_url: str) -> None:
    assert re.match(r"cache\+memory://$|sqlite:////.*/results\.db$|redis://127.0.0.1:\d+/0$|rpc://$", result_url)
