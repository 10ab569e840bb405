from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowc.runtime.app import App
from flowc.runtime.errors import AppNotFound, UsageError
from flowc.runtime.loading import load_app
from flowc.runtime.task import Task


def test_tasks_are_registered_under_automatic_or_given_names() -> None:
    app = App("proj")

    @app.task
    def add(x: int, y: int = 1) -> int:
        """Adds."""
        return x + y

    @app.task(name="proj.mul", queue="math", time_limit=5)
    def mul(x: int, y: int) -> int:
        return x * y

    assert isinstance(add, Task)
    assert add.name == f"{__name__}.add"
    assert (mul.name, dict(mul.options), mul.bind) == ("proj.mul", {"queue": "math", "time_limit": 5}, False)
    assert (add(2), add(2, y=5), mul(2, 3)) == (3, 7, 6)
    assert (add.__doc__, inspect.unwrap(add).__name__) == ("Adds.", "add")
    assert str(inspect.signature(add)) == "(x: 'int', y: 'int' = 1) -> 'int'"
    builtin = ["celery.map", "celery.starmap", "celery.accumulate", "celery.chord_unlock"]
    assert list(app.tasks) == [*builtin, f"{__name__}.add", "proj.mul"]
    assert app.tasks["proj.mul"] is mul
    assert app.tasks.get("nothing") is None


def test_a_bound_task_gets_itself() -> None:
    app = App()

    @app.task(name="me", bind=True)
    def me(self: Task, x: int) -> list[Any]:
        return [self.name, x, self.request.called_directly, self.request.args, self.request.id]

    assert me(5) == ["me", 5, True, (5,), None]
    assert str(inspect.signature(me)) == "(x: 'int') -> 'list[Any]'"


def test_two_functions_cannot_have_one_name() -> None:
    app = App()
    app.task(name="t")(len)
    with pytest.raises(ValueError, match=r"two tasks have the name 't': builtins\.len and builtins\.max"):
        app.task(name="t")(max)
    app.task(name="t")(len)  # the same one again, as after a reload


def test_a_forgotten_keyword_is_explained() -> None:
    with pytest.raises(TypeError, match=r"@app\.task\(name='proj\.add'\)"):
        App().task("proj.add")  # type: ignore[call-overload]


def test_update_state_outside_of_a_run_does_nothing_but_check() -> None:
    app = App()

    @app.task(bind=True)
    def t(self: Task, **kwargs: Any) -> str:
        self.update_state(**kwargs)
        return "done"

    assert t(state="PROGRESS", meta={"n": 1}) == "done"
    with pytest.raises(ValueError, match="needs a state"):
        t(meta=1)
    with pytest.raises(ValueError, match="only update its own state"):
        t(task_id="other", state="X")


def test_importing_the_application_imports_no_broker() -> None:
    code = "import sys, flowc.runtime.app as a; a.App(); print([m for m in ('kombu', 'celery', 'rich') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_run_imports_no_celery() -> None:
    code = (
        "import sys\nfrom flowc.runtime.app import App\nfrom flowc.runtime.driver import run\nfrom flowc.compiler.plan import Plan\n"
        "run(Plan('x', None, (), (), (), (), None), App())\nprint('kombu' in sys.modules, 'celery' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "True False\n"


# ------------------------------------------------------------------------------------------------------------- loading
@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, for modules that are forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("from flowc.runtime.app import App\n" + text)


def test_the_application_is_found_by_name_or_alone(folder: Path) -> None:
    write(folder, "la_one.py", "app = App('one')\nother = App('two')\n")
    write(folder, "la_two.py", "jobs = App('jobs')\nagain = jobs\n")
    write(folder, "la_pkg/__init__.py", "")
    write(folder, "la_pkg/tasks.py", "class Site:\n    app = App('deep')\n")
    assert load_app("la_one").name == "one"
    assert load_app("la_one:other").name == "two"
    assert load_app("la_two").name == "jobs"
    assert load_app("la_two.py").name == "jobs"
    assert load_app("la_pkg/tasks.py:Site.app").name == "deep"
    assert sys.path[0] == str(folder)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("", r"not MODULE or MODULE:ATTRIBUTE"),
        ("no-module", r"not MODULE or MODULE:ATTRIBUTE"),
        ("lb_taks", r"no module is named 'lb_taks'; did you mean 'lb_tasks'\?"),
        ("lb_tasks.sub", r"no module is named 'lb_tasks.sub' \(looked"),
        ("lb_pkg.celry", r"no module is named 'lb_pkg.celry'; did you mean 'lb_pkg.celery'\?"),
        ("lb_pkg.celry:app", r"did you mean 'lb_pkg.celery'\?"),
        ("lb_pgk.celery:app", r"no module is named 'lb_pgk'; did you mean 'lb_pkg'\?"),
        ("lb_tasks:app_oen", r"lb_tasks has no 'app_oen'; did you mean 'app_one'\?"),
        ("lb_tasks:x", r"lb_tasks has no 'x'; its applications: app_one, app_two"),
        ("lb_tasks:text", r"lb_tasks:text is a str, not a flowc\.App"),
        ("lb_tasks", r"lb_tasks has several applications \(app_one, app_two\); name one: lb_tasks:app_one"),
        ("lb_none", r"no application in lb_none, flowc's or Celery's; name the module that has it, or make one .*App\('lb_none'\)"),
    ],
)
def test_what_is_not_found_is_explained(folder: Path, spec: str, message: str) -> None:
    write(folder, "lb_tasks.py", "app_one, app_two, text = App('1'), App('2'), 'text'\n")
    write(folder, "lb_none.py", "")
    write(folder, "lb_pkg/__init__.py", "")
    write(folder, "lb_pkg/celery.py", "")
    with pytest.raises(AppNotFound, match=message):
        load_app(spec)


@pytest.mark.parametrize(
    ("name", "line", "error"),
    [
        ("lc_raises", "1 / 0", "ZeroDivisionError: division by zero"),
        ("lc_imports", "import lc_nothing", "ModuleNotFoundError: No module named 'lc_nothing'"),
        ("lc_celery", "raise ModuleNotFoundError('none here', name='celery')", "none here; pip install 'flowc[celery]'"),
        ("lc_exits", "raise SystemExit(3)", "SystemExit: 3"),
        ("lc_syntax", "def f(:", "SyntaxError: invalid syntax"),
    ],
)
def test_an_error_in_the_users_module_shows_its_line(folder: Path, name: str, line: str, error: str) -> None:
    write(folder, f"{name}.py", f"{line}\n")
    with pytest.raises(AppNotFound) as caught:
        load_app(name)
    assert error in str(caught.value)
    assert f'{name}.py", line 2' in caught.value.traceback
    assert line in caught.value.traceback
    assert "importlib" not in caught.value.traceback


def test_the_queues_of_a_worker_are_a_list() -> None:
    with App("x", set_as_current=False) as app, pytest.raises(UsageError, match=r"write \['letters'\]"), app.embedded_worker("letters"):
        raise AssertionError("it would read the queues l, e, t, t …")
