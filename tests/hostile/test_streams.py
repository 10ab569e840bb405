"""Streams that are closed, full, gone or something else than they should be."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..slices import every
from .attack import CLEAN, FINDINGS, RUN_FAILED, USAGE, flowc, shell

GONE = 141

FLOW = "".join(f"x{n} = add({n}, wrong{n})\n" for n in range(2_000))
GOOD = "".join(f"add({n})\n" for n in range(5_000)) + '[1, "' + "x" * 200_000 + '"]\n'
TASKS = """
from flowc import App
app = App("tasks")

@app.task(name="add")
def add(x):
    print("told by a task")
    return x
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bad.flow").write_text(FLOW)
    (tmp_path / "good.flow").write_text(GOOD)
    (tmp_path / "small.flow").write_text("add(1)\n")
    (tmp_path / "ugly.flow").write_text("add( 1)\n")
    (tmp_path / "tasks.py").write_text(TASKS)
    return tmp_path


LINES = [
    "check bad.flow",
    "check --output-format json bad.flow",
    "plan good.flow",
    "plan --json good.flow",
    "graph good.flow",
    "graph --format png small.flow",
    "fmt - < good.flow",
    "fmt --diff ugly.flow",
    "run small.flow --app tasks",
    "run --json --pool solo small.flow --app tasks",
    "run --json --pool processes small.flow --app tasks",
    "explain",
    "--help",
    "check --help",
    "--version",
]


@pytest.mark.parametrize("line", every(2, LINES, always=LINES[8:11]))
def test_a_full_disk(folder: Path, line: str) -> None:
    ended = shell(folder, f"flowc {line} > /dev/full").check(CLEAN, FINDINGS, USAGE)
    assert "no space left" in ended.err or ended.code == FINDINGS, str(ended)
    assert "Exception ignored" not in ended.err


@pytest.mark.parametrize("line", every(2, LINES, first=1))
def test_standard_output_closed(folder: Path, line: str) -> None:
    ended = shell(folder, f"flowc {line} >&-").check(CLEAN, FINDINGS, USAGE)
    assert "Exception ignored" not in ended.err


@pytest.mark.parametrize("line", every(3, [*LINES[:5], "explain", "run good.flow --app tasks --pool solo"]))
def test_a_reader_that_leaves(folder: Path, line: str) -> None:
    ended = shell(folder, f"flowc {line} | head -1").check(CLEAN, FINDINGS, GONE)
    assert "Exception ignored" not in ended.err


def test_all_streams_closed(folder: Path) -> None:
    shell(folder, "flowc check small.flow <&- >&- 2>&-").check(CLEAN)
    shell(folder, "flowc check bad.flow 2>&-").check(FINDINGS)
    shell(folder, "flowc run small.flow --app tasks <&- >&- 2>&-").check(CLEAN)
    shell(folder, "flowc run small.flow --app tasks --pool processes 2>&-").check(CLEAN)
    shell(folder, "flowc run small.flow --app tasks 2>/dev/full").check(CLEAN, RUN_FAILED)  # the task's own printing fails


@pytest.mark.soak
def test_more_streams_closed(folder: Path) -> None:
    shell(folder, "flowc plan bad.flow 2>/dev/full").check(FINDINGS)
    shell(folder, "flowc run small.flow --app tasks 2>&-").check(CLEAN)
    shell(folder, "flowc fmt bad.flow <&- >&- 2>&-").check(CLEAN)
    assert (folder / "bad.flow").read_text() == FLOW


def test_standard_input_that_is_none(folder: Path) -> None:
    for source in (".", "/dev/full", "/proc/self/mem"):
        assert flowc(folder, "check", "-", stdin=source).code in (CLEAN, FINDINGS)
    shell(folder, "flowc check - <&-").check(FINDINGS)
    shell(folder, "flowc check - < .").check(FINDINGS)
    shell(folder, "flowc plan - < .").check(FINDINGS)


def test_a_folder_that_is_gone(folder: Path) -> None:
    shell(folder, "mkdir d; cd d; rmdir ../d; flowc check ../small.flow").check(CLEAN, FINDINGS, USAGE)
    shell(folder, "mkdir d; cd d; rmdir ../d; flowc check").check(FINDINGS, USAGE)
    shell(folder, "mkdir d; cd d; rmdir ../d; flowc run ../small.flow --app tasks").check(FINDINGS, USAGE)
    shell(folder, "mkdir d; cd d; rmdir ../d; flowc graph ../small.flow -o x.svg").check(FINDINGS, USAGE)


ENCODINGS = (
    {"LC_ALL": "C", "PYTHONUTF8": "0"},
    {"HOME": "/nowhere"},
    {"TERM": "dumb"},
    {"LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "latin-1"},
)


@pytest.mark.parametrize("env", every(3, ENCODINGS), ids=str)
@pytest.mark.parametrize("commands", [("check", "fmt --diff"), pytest.param(("plan", "graph"), marks=pytest.mark.soak)], ids=" ".join)
def test_strange_encodings(folder: Path, commands: tuple[str, ...], env: dict[str, str]) -> None:
    (folder / "ünïcode.flow").write_text("add('ä漢🎉')\n")
    for command in commands:
        shell(folder, f"flowc {command} ünïcode.flow", env=env).check(CLEAN, FINDINGS)


SURROUNDINGS = (
    *({"COLUMNS": "9" * 30}, {"FORCE_COLOR": "x"}, {"COLUMNS": "-1"}),
    *({"COLUMNS": "x"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, {"TZ": "\x1b"}),
)


@pytest.mark.parametrize("env", every(3, SURROUNDINGS), ids=str)
def test_strange_surroundings(folder: Path, env: dict[str, str]) -> None:
    shell(folder, "flowc --help; flowc check small.flow", env=env)
    ended = shell(folder, "flowc run small.flow --app tasks", env=env)
    assert ended.code == CLEAN, str(ended)


def test_few_open_files(folder: Path) -> None:
    shell(folder, "ulimit -n 12; flowc check small.flow; flowc plan small.flow").check(CLEAN, USAGE)
    shell(folder, "ulimit -n 12; flowc run --pool processes small.flow --app tasks >/dev/null").check(CLEAN, USAGE)


@pytest.mark.soak
def test_few_open_files_for_many_steps(folder: Path) -> None:
    shell(folder, "ulimit -n 12; flowc run --pool processes good.flow --app tasks >/dev/null").check(CLEAN, USAGE)
