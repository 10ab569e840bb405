"""``flowc plan --target celery``: the table, the findings below it, JSON and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Flowc

NIGHTLY = """
raw = [extract(day, r) for r in ["eu", "us"]]
rows = [r -> clean(strict=true) for r in raw]
report = rows -> total
report -> load !> [page("etl"), cleanup]
report => audit("loaded")
"""

TABLE = """\
# nightly: 7 steps on stock Celery workers, in 2 messages and 1 join, which a result backend must count

raw[0]   header of rows  extract("2026-11-22", "eu")
raw[1]   header of rows  extract("2026-11-22", "us")
rows[0]  link of raw[0]  clean(_, strict=True)
rows[1]  link of raw[1]  clean(_, strict=True)
report   body of rows    total(_)
load#1   link of report  load(_)  !> page#1, cleanup#1
audit#1  then of report  audit("loaded")
"""


def test_the_table_says_who_carries_whom(here: Path, flowc: Flowc) -> None:
    (here / "nightly.flow").write_text("param day: str\n" + NIGHTLY)
    ran = flowc("plan", "--target", "celery", "nightly.flow", "-p", "day=2026-11-22")
    assert (ran.code, ran.out) == (0, TABLE)
    assert flowc("plan", "--target", "celery", "nightly.flow", "-p", "day=2026-11-22").out == ran.out


def test_glue_is_shown(here: Path, flowc: Flowc) -> None:
    (here / "glue.flow").write_text("x = a()\n[x, x -> b, 5] -> c\n[x] -> d\n")
    assert flowc("plan", "--target", "celery", "glue.flow").out.splitlines()[2:] == [
        "x             message                     a()",
        "b#1           header of group#1, after x  b(_)",
        "group#1.0     header of group#1, after x  celery.accumulate(_)  # hands it on",
        "group#1.2     header of group#1, after x  celery.accumulate(5)  # a value of its own",
        "c#1           body of group#1             c(_)",
        "group#2.list  link of x                   celery.accumulate(_)  # makes it a list of one",
        "d#1           link of group#2.list        d(_)",
    ]


ODD = """\
# odd: 6 steps on stock Celery workers, of which messages cannot carry 2

x        message                     a()
y        message                     b()
z        not carried                 join(x, y)
after#1  behind what is not carried  after(z)
c#1      link of x                   c(_)  !> h#1
d#1      link of x                   d(_)  !> h#1

odd.flow:3:5: error[F1001]: `z` gets the results of `x` and `y`, and a message brings the result of one step
  |
3 | z = join(x, y)
  |     ^^^^^^^^^^
  |
  = help: `flowc run --broker URL` runs it on the same workers, and drives it

odd.flow:5:1: warning[F1010]: `h` may be called up to twice: this scope has branches, and the failure of each calls
  |
5 | x -> [c, d] !> h
  | ^^^^^^^^^^^^^^^^
  |
  = help: write `!> each` if every failure is meant
  = help: `flowc run --broker URL` calls the handlers of a scope once
"""


def test_obstacles_stand_below_with_their_place_and_make_the_exit_code(here: Path, flowc: Flowc) -> None:
    (here / "odd.flow").write_text("x = a()\ny = b()\nz = join(x, y)\nz -> after\nx -> [c, d] !> h\n")
    ran = flowc("plan", "--target", "celery", "odd.flow")
    assert (ran.code, ran.out) == (1, ODD)


def test_json_has_the_plan_and_the_canvas(here: Path, flowc: Flowc) -> None:
    (here / "f.flow").write_text('[a(1), b(secret("X"))] -> c !> h\n')
    ran = flowc("plan", "--target", "celery", "--json", "f.flow")
    found = json.loads(ran.out)
    assert ran.code == 0
    assert (found["version"], found["target"], found["whole"]) == (1, "celery", True)
    assert found["plan"] == json.loads(flowc("plan", "--json", "f.flow").out)
    assert found["carried"] == [
        {"id": "a#1", "how": "header", "by": "group#1", "immutable": True, "args": [1]},
        {"id": "b#1", "how": "header", "by": "group#1", "immutable": True, "args": [{"$late": "secret", "args": ["X"]}]},
        {"id": "c#1", "how": "body", "by": "group#1", "errbacks": [{"scope": "scope#1", "handler": "h#1"}]},
    ]
    assert found["chords"] == [{"id": "group#1", "members": [["a#1"], ["b#1"]], "body": "c#1"}]
    assert (found["obstacles"], found["remarks"]) == ([], [])


def test_json_has_obstacles_with_their_steps(here: Path, flowc: Flowc) -> None:
    (here / "f.flow").write_text("x = a()\nb(1, x)\n")
    ran = flowc("plan", "--target", "celery", "--json", "f.flow")
    (one,) = json.loads(ran.out)["obstacles"]
    assert ran.code == 1
    assert (one["code"], one["steps"], one["where"]["line"]) == ("F1003", ["b#1"], 2)


def test_findings_point_into_included_files(here: Path, flowc: Flowc) -> None:
    (here / "common.flow").write_text("flow both():\n    x = a()\n    return b(1, x)\n")
    (here / "main.flow").write_text('include "common.flow" as common\ncommon.both()\n')
    out = flowc("plan", "--target", "celery", "main.flow").out
    assert "common.flow:3:12: error[F1003]" in out
    assert "3 |     return b(1, x)" in out


@pytest.mark.parametrize("target", ["kafka", ""])
def test_other_targets_are_refused(here: Path, flowc: Flowc, target: str) -> None:
    (here / "f.flow").write_text("a()\n")
    assert flowc("plan", "--target", target, "f.flow").code == 2
