"""What holds for every example: it is checked, drawn and formatted, its commands work, and its declarations tell the truth."""

from __future__ import annotations

import importlib
import os
import re
import shlex
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from flowc.compiler.declarations import declare
from flowc.dsl import tree
from flowc.dsl.diagnostics import Findings
from flowc.dsl.parser import parse
from flowc.dsl.source import Source

from ..slices import every
from .conftest import EXAMPLES, Flowc

FLOWS = sorted(path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.rglob("*.flow"))
GENERATED = ["celery/tasks.flow"]  # by `flowc stubs`, which has a test of its own
STUBS = [name for name in FLOWS if name.endswith("tasks.flow") and name not in GENERATED]
LIBRARIES = [*STUBS, *GENERATED, "subflows/climate.flow"]
MAIN = [name for name in FLOWS if name not in LIBRARIES]

#: Examples that fail on purpose, and the one that has a warning on purpose.
FAILING = ("hello/failing.flow", "handlers/handlers.flow", "times/expired.flow")
WARNING = {"times/expired.flow": "F0516"}

#: Parameters without a default.
NEEDED = {"parameters/": "day=2026-11-22", "celery/nightly": "day=monday", "celery/signup": "name=ada"}

COMMAND = re.compile(r"^#   ((?:flowc|python) [^#…]*?)(?:  +#.*)?$", re.MULTILINE)
COMMANDS = [(name, command) for name in MAIN for command in COMMAND.findall((EXAMPLES / name).read_text(encoding="utf-8"))]


def where(name: str) -> str:
    """How a flow is named on the command line; of a folder with settings of its own, that is the current one."""
    folder, _, file = name.rpartition("/")
    if not (EXAMPLES / folder / "pyproject.toml").exists():
        return f"examples/{name}"
    os.chdir(Path("examples", folder))
    return file


def test_there_are_examples() -> None:
    assert len({name.split("/")[0] for name in MAIN}) >= 12
    assert {name for name, _ in COMMANDS} == set(MAIN), "each says how to run it"


@pytest.mark.parametrize("name", FLOWS)
def test_it_is_clean(flowc: Flowc, name: str) -> None:
    app = ["--app", "examples.hello.tasks"] if name.startswith("hello/") else []
    ran = flowc("check", "--strict", "--output-format", "concise", where(name), *app)
    if name in WARNING:
        assert ran.code == 1
        assert len(re.findall(r"(error|warning)\[F\d+\]", ran.out)) == 1
        assert WARNING[name] in ran.out
    else:
        assert ran.code == 0, ran.out + ran.err
        assert ran.out.startswith("No findings")


@pytest.mark.parametrize("name", MAIN)
def test_it_is_drawn(flowc: Flowc, here: Path, name: str) -> None:
    given = [word for start, value in NEEDED.items() if name.startswith(start) for word in ("-p", value)]
    assert flowc("graph", where(name), "-o", str(here / "picture.svg"), *given).code == 0
    assert ElementTree.parse(here / "picture.svg").getroot().tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.parametrize("name", every(6, MAIN))
def test_it_is_drawn_in_dots(flowc: Flowc, here: Path, name: str) -> None:
    given = [word for start, value in NEEDED.items() if name.startswith(start) for word in ("-p", value)]
    assert flowc("graph", where(name), "-o", str(here / "picture.png"), *given).code == 0
    assert (here / "picture.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", FLOWS)
def test_it_is_formatted(flowc: Flowc, name: str) -> None:
    pytest.importorskip("flowc.dsl.format")
    ran = flowc("fmt", "--diff", f"examples/{name}")
    assert ran.code == 0, ran.out


@pytest.mark.parametrize(("name", "command"), COMMANDS)
def test_its_commands_work(flowc: Flowc, monkeypatch: pytest.MonkeyPatch, name: str, command: str) -> None:
    words = shlex.split(command)
    if words[0] == "python":
        pytest.skip("a Python program, which has a test of its own")
    monkeypatch.setenv("API_TOKEN", "token-of-a-test")
    where(name)
    if name.startswith("census/"):
        words += ["-p", "packages=json,re"]
    if name.startswith("celery/"):
        pytest.skip("a Celery application for this process alone: test_celery.py runs it in others")
    ran = flowc(*words[1:])
    assert ran.code == (4 if name in FAILING and words[1] == "run" else 0), ran.err
    assert "internal error" not in ran.err


@pytest.mark.parametrize("name", STUBS)
def test_its_declarations_are_those_of_its_tasks(here: Path, name: str) -> None:
    """Names, order, kinds and defaults of parameters; that the types are right shows when ``flowc check`` looks at the calls."""
    sys.path.insert(0, str(here))
    app = importlib.import_module(f"examples.{name.removesuffix('/tasks.flow')}.tasks").app
    module = parse(Source(name, (EXAMPLES / name).read_text(encoding="utf-8")), Findings())
    declared = [statement for statement in module.statements if isinstance(statement, tree.TaskDecl)]
    assert {one.name.text for one in declared} == {task for task in app.tasks if not task.startswith("celery.")}
    for one in declared:
        task = app.tasks[one.name.text]
        wanted = declare(task.name, task.function, bound=task.bind).parameters or ()
        assert [(p.name.text, p.kind, p.default is None) for p in one.parameters or () if p.kind != "**kwargs"] == [
            (p.name, p.kind, p.required) for p in wanted if p.kind != "**kwargs"
        ], one.name.text
