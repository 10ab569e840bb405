"""``flowc stubs``, and the commands that read what it wrote."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import flowc as library

from .conftest import Flowc

APP = '''
import flowc

print("imported")
app = flowc.App("shop")


@app.task(queue="io", time_limit=60)
def fetch(day: str, *, retries: int = 3) -> list[dict[str, int]]:
    """Fetch a day."""


@app.task(bind=True, name="my-app.add")
def add(self, x: int, y: int = 0) -> int:
    return x + y
'''

TASKS = """\
# Made by `flowc stubs --app MODULE:app`, which writes it anew.

task "my-app.add"(x: int, y: int = 0) -> int

task MODULE.fetch(day: str, *, retries: int = 3) -> list[map[int]] {
    time_limit = 1m,
    queue = "io",
} "Fetch a day."
"""


@pytest.fixture
def module(here: Path, request: pytest.FixtureRequest) -> str:
    """An application in a module of its own name: modules stay imported."""
    name = re.sub(r"\W+", "_", f"shop_{request.node.name}")
    (here / f"{name}.py").write_text(APP)
    return name


def test_to_standard_output(flowc: Flowc, module: str) -> None:
    ran = flowc("stubs", "--app", f"{module}:app")
    assert (ran.code, ran.out) == (0, TASKS.replace("MODULE", module))
    assert ran.err == "imported\n"


def test_to_a_file(flowc: Flowc, here: Path, module: str) -> None:
    ran = flowc("stubs", "--app", f"{module}:app", "-o", "tasks.flow")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.endswith("2 tasks in tasks.flow.\n")
    target = here / "tasks.flow"
    assert target.read_text() == TASKS.replace("MODULE", module)
    assert flowc("fmt", "--check", "tasks.flow").code == 0
    assert flowc("check", "--strict", "tasks.flow").code == 0
    before = target.stat()
    assert flowc("stubs", "--app", f"{module}:app", "tasks.flow").err == "2 tasks in tasks.flow, as before.\n"
    assert target.stat().st_mtime_ns == before.st_mtime_ns
    assert [name for name in os.listdir(here) if name.startswith(".flowc-")] == []


def test_a_file_keeps_its_permissions_and_a_link_its_place(flowc: Flowc, here: Path, module: str) -> None:
    (here / "real.flow").write_text("old")
    (here / "real.flow").chmod(0o640)
    (here / "link.flow").symlink_to("real.flow")
    assert flowc("stubs", "--app", f"{module}:app", "link.flow").code == 0
    assert (here / "link.flow").is_symlink()
    assert stat.S_IMODE((here / "real.flow").stat().st_mode) == 0o640
    assert (here / "real.flow").read_text().startswith("# Made by")


def test_check(flowc: Flowc, here: Path, module: str) -> None:
    app = ("--app", f"{module}:app")
    ran = flowc("stubs", *app, "--check", "tasks.flow")
    assert ran.code == 1
    assert "+task " in ran.out
    assert ran.err.endswith(f"tasks.flow is not there: `flowc stubs --app {module}:app -o tasks.flow` writes it.\n")
    assert flowc("stubs", *app, "-o", "tasks.flow").code == 0
    ran = flowc("stubs", *app, "--check", "-o", "tasks.flow")
    assert (ran.code, ran.out) == (0, "")
    target = here / "tasks.flow"
    target.write_text(target.read_text().replace("retries: int = 3", "retries: int = 4"))
    ran = flowc("stubs", *app, "--check", "tasks.flow")
    assert ran.code == 1
    removed, added = (line for line in ran.out.splitlines() if line[:5] in ("-task", "+task"))
    assert ("= 4" in removed, "= 3" in added) == (True, True)
    assert ran.err.startswith("tasks.flow is out of date")
    assert "retries: int = 4" in target.read_text()
    assert flowc("stubs", *app, "-o", "tasks.flow").code == 0
    assert flowc("stubs", "--app", f"{module}.py:app", "--check", "tasks.flow").code == 0, "the application, called in another way"
    target.write_bytes(TASKS.replace("MODULE", module).replace("\n", "\r\n").encode())
    assert flowc("stubs", *app, "--check", "tasks.flow").code == 1


def test_the_project_says_which(flowc: Flowc, here: Path, module: str) -> None:
    (here / "pyproject.toml").write_text(f'[tool.flowc]\napp = "{module}:app"\nstubs = ["tasks.flow"]\n')
    assert flowc("stubs", "-o", "tasks.flow").code == 0
    assert flowc("stubs", "--check").code == 0
    (here / "tasks.flow").write_text("")
    assert flowc("stubs", "--check").code == 1
    (here / "a.flow").write_text("fetch(1)\n")
    assert "F0201" in flowc("check", "a.flow").out
    assert flowc("stubs", "-o", "tasks.flow").code == 0
    assert "F0405" in flowc("check", "a.flow").out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("stubs",), "there is no application whose tasks could be written down"),
        (("stubs", "--check", "--app", "x"), "--check needs the FILE to look at"),
        (("stubs", "a.flow", "-o", "b.flow"), "two files are given: a.flow and b.flow"),
        (("stubs", "--app", "nowhere:app"), "no module is named 'nowhere'"),
    ],
)
def test_wrong_usage(flowc: Flowc, arguments: tuple[str, ...], message: str) -> None:
    ran = flowc(*arguments)
    assert ran.code == 2
    assert message in ran.err


@pytest.mark.parametrize("target", ["missing/tasks.flow", "folder", "/dev/null"])
def test_a_file_that_cannot_be_written(flowc: Flowc, here: Path, module: str, target: str) -> None:
    (here / "folder").mkdir()
    ran = flowc("stubs", "--app", f"{module}:app", "-o", target)
    assert ran.code == 2
    assert f"cannot write {target}: " in ran.err


def test_what_is_left_out_is_told(flowc: Flowc, here: Path) -> None:
    (here / "odd_app.py").write_text('import flowc\napp = flowc.App()\n@app.task(name="a\\x1bb")\ndef f(): ...\n')
    ran = flowc("stubs", "--app", "odd_app")
    assert ran.code == 0
    assert 'flowc: the task "a\\u001bb" is left out' in ran.err


def test_tasks_of_imported_modules_are_there(flowc: Flowc, here: Path) -> None:
    (here / "base_app.py").write_text('import flowc\napp = flowc.App("base", settings={"imports": ["more_tasks"]})\n')
    (here / "more_tasks.py").write_text('from base_app import app\n@app.task(name="more.work")\ndef work(): ...\n')
    assert "task more.work()\n" in flowc("stubs", "--app", "base_app").out


# ------------------------------------------------------------------------------------------------------------------- reading them
def test_every_command_reads_them(flowc: Flowc, here: Path, module: str) -> None:
    flowc("stubs", "--app", f"{module}:app", "-o", "tasks.flow")
    (here / "a.flow").write_text('fetch("mon")\nadd(1) -> add(2)\n')
    stubs = ("--stubs", "tasks.flow")
    assert flowc("check", "a.flow", *stubs).out == "No findings in 1 file.\n"
    calls = json.loads(flowc("plan", "a.flow", "--json", *stubs).out)["calls"]
    assert calls[0]["options"] == {"time_limit": 60, "queue": "io"}
    assert flowc("graph", "a.flow", "--format", "dot", *stubs).code == 0
    ran = flowc("run", "a.flow", "--app", f"{module}:app", *stubs)
    assert (ran.code, json.loads(ran.out)) == (0, 3)


def test_the_command_line_replaces_those_of_the_project(flowc: Flowc, here: Path) -> None:
    (here / "pyproject.toml").write_text('[tool.flowc]\nstubs = ["one.flow"]\n')
    (here / "one.flow").write_text("task p.one()\n")
    (here / "two.flow").write_text("task p.two()\n")
    (here / "a.flow").write_text("one()\n")
    assert flowc("check", "a.flow").code == 0
    assert flowc("check", "a.flow", "--stubs", "two.flow").code == 1
    assert flowc("check", "a.flow", "--stubs", "two.flow", "--stubs", "one.flow").code == 0
    (here / "below").mkdir()
    os.chdir(here / "below")
    assert flowc("check", "../a.flow").code == 0


def test_a_mistake_in_them_is_told_once_where_it_is(flowc: Flowc, here: Path) -> None:
    (here / "tasks.flow").write_text("task p.one(x: itn)\n")
    (here / "a.flow").write_text("one(1)\n")
    (here / "b.flow").write_text("one(2)\n")
    ran = flowc("check", "a.flow", "b.flow", "--stubs", "tasks.flow", "--output-format", "concise")
    assert ran.code == 1
    assert [line.split(" ")[0] for line in ran.out.splitlines()[:-1]] == ["tasks.flow:1:15:"]
    ran = flowc("run", "a.flow", "--stubs", "missing.flow")
    assert ran.code == 1
    assert "missing.flow:1:1: error[F0701]: cannot read `missing.flow`" in ran.err


def test_from_python(here: Path) -> None:
    (here / "tasks.flow").write_text('task p.one(x: int) -> int {queue = "q"}\n')
    (here / "a.flow").write_text("one(1) -> one()\n")
    for stubs in (["tasks.flow"], "tasks.flow", here / "tasks.flow"):
        assert library.load("a.flow", stubs=stubs).plan.calls[1].options.get("queue") == "q"
    assert [call.task for call in library.loads("one(1)", stubs=["tasks.flow"]).plan.calls] == ["p.one"]
    with pytest.raises(library.FlowError, match="F0405"):
        library.loads("one('x')", stubs=["tasks.flow"])
    with pytest.raises(library.FlowError, match="F0701"):
        library.loads("one(1)", stubs=["none.flow"])


CHECK = "import sys; from flowc.cli.main import main; print(main(['check', 'a.flow', '--stubs', 'tasks.flow']), *sorted(sys.modules))"


def test_a_check_imports_neither_the_application_nor_its_libraries(flowc: Flowc, here: Path, module: str) -> None:
    assert flowc("stubs", "--app", f"{module}:app", "-o", "tasks.flow").code == 0
    (here / "a.flow").write_text('fetch("mon")\n')
    done = subprocess.run([sys.executable, "-c", CHECK], cwd=here, capture_output=True, text=True, check=True)
    code, *loaded = done.stdout.splitlines()[-1].split()
    assert code == "0", done.stdout
    assert {module, "celery", "kombu", "redis", "flowc.runtime.app", "lark", "networkx"} & set(loaded) == set()


# ------------------------------------------------------------------------------------------------------------------------ Celery
CELERY = '''
from typing import TypedDict

from celery import Celery, shared_task


class Row(TypedDict):
    id: int
    name: str


app = Celery("proj", broker="redis://localhost:1/0", backend="rpc://")
app.conf.task_serializer = "json"
app.conf.task_time_limit = 300


@app.task(queue="io", time_limit=60, max_retries=5, serializer="pickle", rate_limit="10/m")
def fetch(day: str, *, retries: int = 3) -> list[Row]:
    """Fetch a day."""


@app.task(bind=True, name="my-app.add")
def add(self, x: int, y: int = 0) -> int:
    return x + y


@shared_task
def notify(who, *args, **more):
    "Tell somebody."
'''

CELERYS = """\
# Made by `flowc stubs --app proj.celery_app:app`, which writes it anew.

task "my-app.add"(x: int, y: int = 0) -> int

task proj.celery_app.fetch(day: str, *, retries: int = 3) -> list[{id: int, name: str}] {
    time_limit = 1m,
    serializer = "pickle",
    queue = "io",
} "Fetch a day."

task proj.celery_app.notify(who, *args, **more) "Tell somebody."
"""


def test_of_a_celery_application(here: Path) -> None:
    (here / "proj").mkdir()
    (here / "proj" / "celery_app.py").write_text(CELERY)
    command = [sys.executable, "-m", "flowc", "stubs", "--app", "proj.celery_app:app"]
    done = subprocess.run([*command, "-o", "tasks.flow"], cwd=here, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "3 tasks in tasks.flow.\n")
    assert (here / "tasks.flow").read_text() == CELERYS
    assert subprocess.run([*command, "--check", "tasks.flow"], cwd=here, check=False).returncode == 0
