"""``flowc run`` with tasks that do what no task should."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from ..slices import every
from .attack import CLEAN, RUN_FAILED, USAGE, Ended, flowc, shell

SOURCE = Path(__file__).with_name("strange_tasks.py")
TEXT = SOURCE.read_text(encoding="utf-8")
DEADLY = ("exit_at_once", "abort", "kill")
#: What takes seconds, left to `make soak`.
SLOW = ("millions_of_lines",)
WAYS = [way for way in re.findall(r'^    "(\w+)": ', TEXT, re.MULTILINE) if way not in (*DEADLY, *SLOW, "stop_self")]

#: Ways that print what a terminal would not show; that is their own business.
PRINTING = ("prints",)

POOLS = ("threads", "processes", "solo")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(SOURCE, tmp_path / "tasks.py")
    return tmp_path


def run(folder: Path, text: str, *args: str, memory: int = 2 << 30) -> Ended:
    """Run a text with the strange tasks."""
    (folder / "t.flow").write_text("from p import work, bound, keep, handle, reraise, hear\n" + text)
    return flowc(folder, "run", "t.flow", "--app", "tasks", *args, memory=memory)


def checked(ended: Ended, *, printing: bool = False) -> Ended:
    """Fail if a run did not end as one should; a failed step's traceback has frames of the user's alone."""
    assert ended.code in (CLEAN, RUN_FAILED), str(ended)
    assert "internal error" not in ended.err, str(ended)
    assert "flowc/runtime" not in ended.err, str(ended)
    if not printing:
        ended.check_terminal()
    return ended


@pytest.mark.soak
@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("way", [*WAYS, *SLOW])
def test_a_task(folder: Path, way: str, pool: str) -> None:
    text = f'a = work("{way}") -> keep\nb = keep(2)\n[a, b] -> keep !> handle("x") !> reraise\n'
    printing = way in PRINTING
    checked(run(folder, text, "--pool", pool), printing=printing)
    found = json.loads(checked(run(folder, text, "--pool", pool, "--json"), printing=printing).out)
    assert {step["id"]: step["state"] for step in found["steps"]}["b"] == "SUCCESS"
    checked(run(folder, f'bound("{way}") ~> hear\n', "--pool", pool), printing=printing)


@pytest.mark.parametrize(("pool", "part"), [
    ("processes", 3),
    *(pytest.param(pool, 1, marks=pytest.mark.soak) for pool in POOLS),
])  # fmt: skip
def test_all_of_them_at_once(folder: Path, pool: str, part: int) -> None:
    ways = [*WAYS[::part], *DEADLY] if pool == "processes" else WAYS
    text = (
        "".join(f'{way} = work("{way}") -> keep !> handle("x") !> each reraise\n' for way in ways) + '[keep(1), work("noted")] !> handle\n'
    )
    ended = checked(run(folder, text, "--pool", pool, "--json"), printing=True)
    found = json.loads(ended.out)
    assert len(found["steps"]) == 2 * len(ways) + 2
    assert {step["state"] for step in found["steps"]} == {"SUCCESS", "FAILURE", "SKIPPED"}
    assert not any(re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", line) for line in ended.out.splitlines())


@pytest.mark.parametrize("way", DEADLY)
def test_what_ends_the_process(folder: Path, way: str) -> None:
    ended = checked(run(folder, f'a = work("{way}")\nb = keep(2)\n[a, b] -> keep !> handle\n', "--pool", "processes"))
    assert "WorkerLostError" in ended.err


@pytest.mark.parametrize("way", ["exit_at_once", "abort"])
def test_what_ends_our_own_process(folder: Path, way: str) -> None:
    """Nothing can be done about it, but it does not hang."""
    for pool in ("threads", "solo"):
        ended = run(folder, f'work("{way}")\n', "--pool", pool)
        assert "internal error" not in ended.err


def test_a_large_result_is_printed_whole(folder: Path) -> None:
    ended = checked(run(folder, 'work("large_result")\n'))
    assert len(ended.out) == 20_000_003
    assert json.loads(checked(run(folder, 'work("wide_result")\n', "--pool", "processes")).out)[-1] == 499_999


def test_a_task_whose_name_is_strange(folder: Path) -> None:
    (folder / "tasks.py").write_text(
        "from flowc import App\napp = App('t')\n@app.task(name='weird \\x1b[31m name')\ndef f(): raise ValueError\n"
    )
    for text in ("f()", 'task "weird name" as g\ng()', "work()"):
        run(folder, text + "\n").check(CLEAN, 1, USAGE, RUN_FAILED)


# ── secrets ──────────────────────────────────────────────────────────────────────────────────────────────────

SECRET = "tOp-sEcRet'\"\\ü7"

LEAKS = """
import os
from flowc import App

app = App("tasks")

class Told(Exception):
    def __init__(self, value):
        super().__init__(value, {"value": [value]})
        self.__notes__ = [f"note {value}", repr(value)]

@app.task(name="p.result")
def result(value):
    return {value: [value, repr(value), value.encode(), (value + "x").upper() if False else f"<{value}>"]}

@app.task(name="p.fails")
def fails(value):
    local = f"local {value}"
    try:
        raise KeyError(value)
    except KeyError as exc:
        raise Told(value) from exc

@app.task(name="p.named")
def named(value):
    raise type("E", (Exception,), {"__doc__": value})(f"{value!r} {value.encode()!r}")

@app.task(name="p.groups")
def groups(value):
    raise ExceptionGroup(value, [ValueError(value), ExceptionGroup(value, [TypeError(value)])])

@app.task(name="p.key")
def key(value):
    return {}[value]

@app.task(name="p.tells", bind=True)
def tells(self, value):
    self.update_state(state="PROGRESS", meta={"is": value})
    return 1

@app.task(name="p.handler")
def handler(request, exc, traceback, *rest):
    raise RuntimeError(f"{request} {request.args!r} {request.kwargs!r} {exc!r} {traceback} {rest}")

@app.task(name="p.listener")
def listener(message):
    pass
"""


LEAKY = [
    "result(secret('PIN'))",
    "fails(secret('PIN')) !> handler",
    "named(value=f\"a {secret('PIN')} b\") !> each handler",
    "groups(secret('PIN')) !> handler(secret('PIN'))",
    "key(secret('PIN')) !> handler",
    "tells(secret('PIN')) ~> listener",
    "x = result(secret('PIN'))\nfails(x.nope) !> handler",
]


@pytest.mark.parametrize(("text", "pool"), [
    pytest.param(text, pool, marks=() if (number + place) % 3 == 0 else pytest.mark.soak)
    for number, pool in enumerate(POOLS) for place, text in enumerate(LEAKY)
])  # fmt: skip
def test_secrets_never_show(folder: Path, text: str, pool: str) -> None:
    (folder / "tasks.py").write_text(LEAKS)
    (folder / "t.flow").write_text(f"from p import result, fails, named, groups, key, tells, handler, listener\n{text}\n")
    for args in ([], ["--json"]):
        ended = flowc(folder, "run", "t.flow", "--app", "tasks", "--pool", pool, *args, env={"PIN": SECRET})
        assert ended.code in (CLEAN, RUN_FAILED), str(ended)
        shown = ended.out + ended.err
        for form in (
            SECRET,
            repr(SECRET)[1:-1],
            json.dumps(SECRET)[1:-1],
            json.dumps(SECRET, ensure_ascii=False)[1:-1],
            repr(SECRET.encode())[2:-1],
        ):
            assert form not in shown, str(ended)
        assert "tOp-sEcRet" not in shown, str(ended)


# ── limits of the machine ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("pool", every(3, POOLS, first=1))
def test_too_much_at_once(folder: Path, pool: str) -> None:
    (folder / "t.flow").write_text("[p.keep(n) for n in range(400)]\n")
    shell(folder, f"ulimit -n 40; flowc run t.flow --app tasks --pool {pool} -c 300").check(CLEAN, USAGE, RUN_FAILED)
