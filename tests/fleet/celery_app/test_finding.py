"""``--app`` and ``[tool.flowc] app`` find Celery applications as ``celery -A`` does, and say what is wrong where they do not."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flowc.cli.main import main
from flowc.runtime.errors import AppNotFound
from flowc.runtime.loading import load_app

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes the modules of a package, and gives its name, which no other has. The folder is the current one."""
    made: list[str] = []
    monkeypatch.chdir(tmp_path)
    path = list(sys.path)

    def files(**texts: str) -> str:
        name = f"proj_{uuid.uuid4().hex}"
        made.append(name)
        (tmp_path / name).mkdir()
        for module, text in {"init": "", **texts}.items():
            file = "__init__.py" if module == "init" else f"{module}.py"
            (tmp_path / name / file).write_text(text.replace("PROJ", name))
        return name

    yield files
    sys.path[:] = path
    for name in list(sys.modules):
        if name.partition(".")[0] in made:
            del sys.modules[name]
    importlib.invalidate_caches()


APP = 'from celery import Celery\n{name} = Celery("PROJ", set_as_current=False)\n'
TASK = "\n@{name}.task(shared=False)\ndef add(x: int, y: int) -> int:\n    return x + y\n"


def peer(spec: str) -> Any:
    return load_app(spec).peer


def test_attribute(write: Write) -> None:
    """``module:attribute``."""
    name = write(celery_app=APP.format(name="mine") + TASK.format(name="mine"))
    app = load_app(f"{name}.celery_app:mine")
    assert app.peer is sys.modules[f"{name}.celery_app"].mine
    assert f"{name}.celery_app.add" in app.tasks
    assert app.name == name


def test_module(write: Write) -> None:
    """``app``, then ``celery``, else the only one. Celery's own module of that name is none."""
    name = write(
        one=APP.format(name="app") + APP.format(name="other"),
        two="import celery as other\n" + APP.format(name="celery") + APP.format(name="third"),
        three="import celery\n" + APP.format(name="mine") + "same = mine\n",
    )
    assert peer(f"{name}.one") is sys.modules[f"{name}.one"].app
    assert peer(f"{name}.two") is sys.modules[f"{name}.two"].celery
    assert peer(f"{name}.three") is sys.modules[f"{name}.three"].mine


def test_package(write: Write) -> None:
    """A package's module ``celery``, as ``celery -A proj`` finds it."""
    name = write(celery=APP.format(name="app"))
    assert peer(name) is sys.modules[f"{name}.celery"].app
    other = write(init="from .celery import app as celery_app\n__all__ = ('celery_app',)\n", celery=APP.format(name="app"))
    assert peer(other) is sys.modules[f"{other}.celery"].app


def test_proxy(write: Write) -> None:
    """What ``current_app`` stands for, where it is named."""
    name = write(celery_app='from celery import Celery, current_app\nmine = Celery("mine")\n')
    assert peer(f"{name}.celery_app:current_app") is sys.modules[f"{name}.celery_app"].mine
    assert peer(f"{name}.celery_app") is sys.modules[f"{name}.celery_app"].mine


@pytest.mark.parametrize(
    ("text", "spec", "said"),
    [
        (APP.format(name="mine") + APP.format(name="other"), "", "has several applications (mine, other); name one: PROJ.celery_app:mine"),
        (
            "def create_app():\n    pass\n",
            "",
            "there is no application in PROJ.celery_app; PROJ.celery_app:create_app seems to make one: call it",
        ),
        (
            "def create_app():\n    pass\n",
            ":create_app",
            "is a function, not an application; if it makes one, call it in a module, as in  app =",
        ),
        (APP.format(name="mine"), ":mien", "has no 'mien'; did you mean 'mine'?"),
        (APP.format(name="mine"), ":x", "has no 'x'; its applications: mine"),
        ("x = 3\n", ":x", "x is a int, not a flowc.App and not an application of Celery's"),
        (
            APP.format(name="app") + "app.config_from_object('PROJ.nowhere')\n",
            "",
            "the Celery application of PROJ.celery_app: its settings come from 'PROJ.nowhere', which cannot be read: Mod",
        ),
        (APP.format(name="app") + "app.conf.imports = ['PROJ.nowhere']\n", "", "ModuleNotFoundError: No module named 'PROJ.nowhere'"),
        (APP.format(name="app") + "app.conf.include = ['PROJ.broken']\n", "", "ZeroDivisionError: division by zero"),
    ],
)
def test_not_found(write: Write, text: str, spec: str, said: str) -> None:
    """Where, what and what to do."""
    name = write(celery_app=text, broken="1 / 0\n")
    with pytest.raises(AppNotFound) as caught:
        load_app(f"{name}.celery_app{spec}")
    assert said.replace("PROJ", name) in str(caught.value)
    frames = [line for line in caught.value.traceback.splitlines() if line.startswith('  File "')]
    assert all(name in frame for frame in frames), "the user's own alone"
    assert bool(frames) == ("ZeroDivision" in said)


def test_settings_that_need_what_is_not_there(write: Write) -> None:
    """Celery's look-ups take a ``KeyError`` of the module with the settings for a setting that is not set."""
    name = write(
        celery_app=APP.format(name="app") + "app.config_from_object('PROJ.settings')\n",
        settings="import os\nbroker_url = os.environ['NO_SUCH_BROKER']\n",
    )
    with pytest.raises(AppNotFound, match=f"come from '{name}.settings', which cannot be read: KeyError: 'NO_SUCH_BROKER'") as caught:
        load_app(f"{name}.celery_app")
    assert "os.environ['NO_SUCH_BROKER']" in caught.value.traceback


def test_what_workers_import(write: Write) -> None:
    """``imports``, ``include`` and ``autodiscover_tasks`` are imported; shared tasks are among the application's."""
    shared = "from celery import shared_task\n\n@shared_task(name='PROJ.{0}')\ndef task():\n    return '{0}'\n"
    name = write(
        celery_app=APP.format(name="app")
        + "app.conf.update(imports=['PROJ.one'], include=['PROJ.two'])\napp.autodiscover_tasks(['PROJ'])\n",
        one=shared.format("one"), two=shared.format("two"), tasks=shared.format("three"),
    )  # fmt: skip
    program = f"from flowc.runtime.loading import load_app; print(*load_app('{name}.celery_app').tasks)"  # shared tasks are for every app
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert {f"{name}.one", f"{name}.two", f"{name}.three"} <= set(said.split())


def test_later_tasks(write: Write) -> None:
    """Tasks that the application registers later are there, too."""
    name = write(celery_app=APP.format(name="app"))
    app = load_app(f"{name}.celery_app")
    assert f"{name}.later" not in app.tasks

    def later() -> int:
        return 1

    app.peer.task(later, name=f"{name}.later", shared=False)
    assert f"{name}.later" in app.tasks
    assert f"{name}.later" in list(app.tasks)


def test_command_line(write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """check, plan, graph and run know the declarations of its tasks, by ``--app`` and by ``[tool.flowc]``."""
    name = write(celery=APP.format(name="app") + TASK.format(name="app"))
    (tmp_path / "good.flow").write_text(f"{name}.celery.add(1, 2)\n")
    (tmp_path / "bad.flow").write_text(f'{name}.celery.add(1, "2")\n')

    def flowc(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        code = main(words)
        said = capsys.readouterr()
        return int(code), said.out + said.err

    assert flowc("check", "good.flow", "--app", name) == (0, "No findings in 1 file.\n")
    code, said = flowc("check", "bad.flow", "--app", name)
    assert (code, "error[F" in said) == (1, True)
    assert json.loads(flowc("plan", "good.flow", "--app", name, "--json")[1])
    assert "digraph" in flowc("graph", "good.flow", "--app", name)[1]
    (tmp_path / "pyproject.toml").write_text(f'[tool.flowc]\napp = "{name}"\n')
    code, said = flowc("run", "good.flow")
    assert (code, said.splitlines()[0]) == (0, "3")
