"""``flowc export --to python``: the code that it writes, and what it says of flows that have no canvas."""

from __future__ import annotations

import ast
import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import celery
import pytest
from hypothesis import given, settings

from flowc.compiler.plan import Plan
from flowc.compiler.python_code import python_code
from flowc.compiler.python_names import python_names
from flowc.compiler.python_values import quoted

from ..compiler.test_canvas_properties import plans
from ..slices import some
from .conftest import Flowc

RUFF = shutil.which("ruff", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}") or ""

NIGHTLY = '''"""Totals, one shard per region."""
param day: str
raw = [extract(day, r) {queue = f"io.{r}"} for r in ["eu", "us"]]
rows = [r -> clean(strict=true) for r in raw]
report = rows -> total {priority = 9, expires = 2h}
report -> load !> [page("etl"), cleanup]
report => audit("loaded")
ping()
'''

CODE = '''"""Totals, one shard per region.

The flow nightly.flow as a canvas of Celery: submit(app) sends it.
"""

from celery import Celery, chain, chord, group


def build(app: Celery):
    """The canvas, ready to be sent."""
    signature = app.signature
    page_1 = signature("page", args=("etl",))
    cleanup_1 = signature("cleanup")
    raw_0 = signature("extract", args=("2026-11-22", "eu"), queue="io.eu")
    raw_1 = signature("extract", args=("2026-11-22", "us"), queue="io.us")
    rows_0 = signature("clean", kwargs={"strict": True})
    rows_1 = signature("clean", kwargs={"strict": True})
    report = signature("total", expires=7200, priority=9)
    load_1 = signature("load", link_error=[page_1, cleanup_1])
    audit_1 = signature("audit", args=("loaded",), immutable=True)
    ping_1 = signature("ping")
    rows = chord([chain(raw_0, rows_0), chain(raw_1, rows_1)], report)
    return [chain(rows, group(load_1, audit_1)), ping_1]


def submit(app: Celery):
    """Send the flow. Returns a result for each of its parts."""
    return [part.apply_async() for part in build(app)]
'''


def test_the_code_is_what_a_user_of_celery_would_write(here: Path, flowc: Flowc) -> None:
    (here / "nightly.flow").write_text(NIGHTLY)
    ran = flowc("export", "--to", "python", "nightly.flow", "-p", "day=2026-11-22")
    assert (ran.code, ran.out) == (0, CODE)
    written = flowc("export", "--to", "python", "nightly.flow", "-p", "day=2026-11-22", "-o", "nightly.py")
    assert (written.code, written.out) == (0, "")
    assert written.err.endswith("nightly.py: 8 steps\n")
    assert (here / "nightly.py").read_text() == CODE


LATE = """
load(now, env("REGION"), f"io.{env('ZONE', 'eu')}-{now}", secret("PW"), when=now + 2d, d=now - now, left={a: [1, 2.5, null, true]},
     on=2026-11-22, at=2026-11-22T10:00:00+02:00, odd=5 if env("ZONE", "") == "" else -len(env("REGION")) ** 2) {
    eta = now + 1h, queue = f"q.{env('REGION')}"
}
"""


def test_late_values_become_code(here: Path, flowc: Flowc, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "pyproject.toml").write_text('[tool.flowc]\nenv = ["REGION", "ZONE"]\n')
    (here / "late.flow").write_text(LATE)
    out = flowc("export", "--to", "python", "late.flow").out
    monkeypatch.setenv("REGION", "us")
    monkeypatch.setenv("PW", "secret")
    made = build(out)
    now = made.options["eta"] - dt.timedelta(hours=1)
    assert abs(dt.datetime.now(dt.UTC) - now) < dt.timedelta(minutes=5)
    assert made.args == (now, "us", f"io.eu-{now.isoformat()}", "secret")
    assert made.kwargs == {
        "when": now + dt.timedelta(days=2),
        "d": 0.0,
        "left": {"a": [1, 2.5, None, True]},
        "on": dt.date(2026, 11, 22),
        "at": dt.datetime(2026, 11, 22, 8, tzinfo=dt.UTC),
        "odd": 5,
    }
    assert made.options["queue"] == "q.us"
    monkeypatch.setenv("ZONE", "x")
    assert build(out).kwargs["odd"] == -4


def build(code: str) -> Any:
    """What the code's ``build`` gives."""
    module: dict[str, Any] = {}
    exec(compile(code, "exported.py", "exec"), module)
    return module["build"](celery.Celery("t", set_as_current=False))


@pytest.mark.parametrize("text", ["", 'a"b', "it's", '"it\'s"', "\\", "\n\t", "\u202e", "é{x}", "'''", '"""'])
def test_texts_are_quoted(text: str) -> None:
    assert eval(quoted(text)) == text


@pytest.mark.parametrize("text", ['"""', "\\", 'a"', '\\"""', "é", '"""""'])
def test_any_description_and_task_name_will_do(here: Path, flowc: Flowc, text: str) -> None:
    (here / "odd.flow").write_text(
        f"{json.dumps('d ' + text)}\ntask {json.dumps('my-app.' + text)} as a\na({json.dumps(text)})\n", encoding="utf-8"
    )
    ran = flowc("export", "--to", "python", "odd.flow")
    assert ran.code == 0, ran.err
    made = build(ran.out)
    assert (made.task, made.args) == (f"my-app.{text}", (text,))


@pytest.mark.parametrize("text", ['""""\nraise SystemExit\n""""', '\\""""\nraise SystemExit\n""""', "\x1b[31m\x07\u202e\r\0"])
def test_a_description_cannot_leave_its_docstring(here: Path, flowc: Flowc, text: str) -> None:
    (here / "odd.flow").write_text(f"{json.dumps('d ' + text)}\na()\n", encoding="utf-8")
    ran = flowc("export", "--to", "python", "odd.flow")
    assert ran.code == 0, ran.err
    assert all(char == "\n" or char.isprintable() for char in ran.out)
    assert (ast.get_docstring(ast.parse(ran.out)) or "").startswith("d")
    assert build(ran.out).task == "a"


@pytest.mark.parametrize("names", [("ﬁ", "fi"), ("µ", "μ"), ("ａpp", "ｃhain"), ("é", "e\u0301"), ("²", "༪")])
def test_names_that_python_takes_for_the_same_stay_apart(names: tuple[str, str]) -> None:
    found = python_names(names, ("app", "chain"))
    used = [unicodedata.normalize("NFKC", name) for name in found.values()]
    assert len({*used, "app", "chain"}) == 4
    assert all(name.isidentifier() for name in found.values())


def test_names_of_the_code_itself_are_left_alone(here: Path, flowc: Flowc, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["app", "chain", "chord", "group", "signature", "os", "datetime", "build", "submit", "list", "text"]
    given = "\n".join(f"{name} = a({number}, now, f'{{now}}')" for number, name in enumerate(names))
    late = 'x = b(len(env("REGION")), now) {eta = now + 1h}'
    (here / "pyproject.toml").write_text('[tool.flowc]\nenv = ["REGION"]\n')
    (here / "names.flow").write_text(f"{given}\n[app, chain] -> c -> [d, e]\n{late}\n")
    monkeypatch.setenv("REGION", "us")
    made = build(flowc("export", "--to", "python", "names.flow").out)
    assert [one.args[0] for one in made if one.task == "a"] == [*range(2, len(names))]
    assert made[-1].args[0] == 2


def test_what_has_no_canvas_is_named(here: Path, flowc: Flowc) -> None:
    (here / "odd.flow").write_text("x = a()\ny = b()\nz = join(x, y)\nz -> after\nx -> c\nx -> [d, e] !> h\n")
    ran = flowc("export", "--to", "python", "odd.flow", "-o", "odd.py")
    code = (here / "odd.py").read_text()
    assert ran.code == 1
    assert "odd.flow:3:5: error[F1001]" in ran.err
    assert "odd.flow:6:1: warning[F1010]" in ran.err
    assert ran.err.endswith("Not all of the flow is in the code: Celery's canvas cannot express the rest.\n")
    assert "# NOT ALL OF THE FLOW IS HERE. No canvas can express this:\n# - odd.flow:3:5: `z` gets the results" in code
    assert "\n# - missing: z, after#1\n" in code
    assert len(build(code)) == 2


def test_other_targets_are_refused(here: Path, flowc: Flowc) -> None:
    (here / "f.flow").write_text("a()\n")
    assert flowc("export", "f.flow").code == 2
    assert flowc("export", "--to", "cobol", "f.flow").code == 2


def signatures(one: Any) -> Iterator[Any]:
    """The tasks of a canvas, those linked too."""
    if isinstance(one, list):
        for part in one:
            yield from signatures(part)
        return
    one = celery.signature(one)
    for link in one.options.get("link") or ():
        yield from signatures(link)
    if one.subtask_type in ("chain", "group"):
        yield from signatures(list(one.tasks))
    elif one.subtask_type == "chord":
        yield from signatures([*getattr(one.tasks, "tasks", one.tasks), one.body])
    else:
        yield one


def plain(value: Any) -> str:
    """A value as JSON: a tuple is a list."""
    return json.dumps(value)


@settings(max_examples=some(20), deadline=None)
@given(plans())
def test_every_step_that_is_carried_stands_in_the_code_once(plan: Plan) -> None:
    canvas = plan.canvas()
    code = python_code(plan, canvas, "t.flow")
    found = Counter((one.task, plain(list(one.args)), plain(dict(one.kwargs))) for one in signatures(build(code)))
    wanted = Counter(
        ("t" if one.glue is None else "celery.accumulate", plain(one.args), plain(dict(one.kwargs.items))) for one in canvas.carried
    )
    assert found == wanted


@pytest.mark.skipif(not RUFF, reason="needs ruff")
def test_the_code_is_laid_out_as_ruff_does(here: Path, flowc: Flowc) -> None:
    texts = "\n".join(
        f"w{n} = [work_on_{'x' * n}({n}, name='{'y' * n}', deep=[[1, 2], {{a: 3}}]) for i in [1, 2]] -> join{n} !> page"
        for n in range(1, 60, 4)
    )
    flows = {"a": NIGHTLY.replace("param day: str", 'day = "x"'), "b": texts, "c": "x = a(now, k=f'{now}')\n", "d": "a()\n", "e": ""}
    for name, text in flows.items():
        (here / f"{name}.flow").write_text(text)
        flowc("export", "--to", "python", f"{name}.flow", "-o", f"{name}.py")
    checked = subprocess.run([RUFF, "format", "--isolated", "--diff", "."], cwd=here, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
    assert "5 files already formatted" in checked.stderr
