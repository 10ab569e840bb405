"""Identities: derived from the text alone, kept when other statements come and go; the same text gives the same bytes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ..corpus.accepted import compile_program, programs, text_of
from .compiling import call, plan

FLOW = """from p import load
raw = [extract(r) -> clean for r in ["eu", "us"]]
x = a -> b -> c !> h
y = f(g(1), g(2))
z = [k -> l, [m], {v: n()}.v]
flow sub(q):
    s = t(q)
    return s -> u
w = sub(y)
load(x, z, w, raw)
"""

NAMED = [
    "raw[0].extract#1",
    "raw[0]",
    "raw[1].extract#1",
    "raw[1]",
    "x.a#1",
    "x.b#1",
    "x",
    "y.g#1",
    "y.g#2",
    "y",
    "z[0].k#1",
    "z[0]",
    "z[1][0]",
    "z[2].n#1",
    "w/s",
    "w/u#1",
]


def ids(text: str) -> list[str]:
    made = plan(text)
    return [c.id for c in made.calls] + [g.id for g in made.groups] + [f.id for f in made.flows]


def test_identities() -> None:
    assert [c.id for c in plan(FLOW).calls] == [*NAMED, "load#1"]


@pytest.mark.parametrize("statement", ["a(1) -> b", "q = extract(9) -> clean", "[g, g]", "sub(5)", "new = sub(6)", "const = 5", "a !> h"])
@pytest.mark.parametrize("at", [1, 2, 3, 4, 5, 9, 10])
def test_a_new_statement_renumbers_nothing_that_has_a_name(statement: str, at: int) -> None:
    lines = FLOW.splitlines(keepends=True)
    assert set(NAMED) <= set(ids("".join([*lines[:at], statement + "\n", *lines[at:]])))


@pytest.mark.parametrize("at", range(1, 4))
def test_a_statement_taken_away_renumbers_nothing_either(at: int) -> None:
    lines = ["x = a -> b\n", "y = a -> b\n", "a -> b\n", "z = [a, b]\n"]
    rest = ids("".join(lines[:at] + lines[at + 1 :]))
    whole = ids("".join(lines))
    gone = {1: "y", 2: "a#1", 3: "z"}[at]
    assert rest == [i for i in whole if not (i == gone or i.startswith((f"{gone}.", f"{gone}[")) or (at == 2 and i == "b#1"))]


def test_x_on_a_chain_names_its_last_step() -> None:
    assert ids("x = a -> b\n") == ["x.a#1", "x"]


def test_unnamed_steps_are_their_task_and_a_number() -> None:
    assert ids("p.q.add(1) -> add\nadd(2)\n") == ["add#1", "add#2", "add#3"]
    assert ids("x = add(add(1), add(2))\n") == ["x.add#1", "x.add#2", "x"]


def test_members_are_numbered_in_brackets() -> None:
    assert ids("x = [a, b -> c, [d]]\n") == ["x[0]", "x[1].b#1", "x[1]", "x[2][0]", "x[2]", "x"]


def test_steps_of_sub_flows_stand_below_their_call() -> None:
    assert ids("flow go():\n    s = a()\n    return s -> b\nx = go()\ngo()\n") == ["x/s", "x/b#1", "go#1/s", "go#1/b#1", "x", "go#1"]


def test_steps_of_included_flows_stand_below_their_name() -> None:
    made = plan('include "l.flow" as ns\nns.go()\n', {"l.flow": "flow go():\n    return a()\n"})
    assert [c.id for c in made.calls] == ["ns/go#1/a#1"]


def test_every_identity_is_given_once() -> None:
    for path in programs():
        made = compile_program(path).plan
        assert made is not None
        taken = (
            [c.id for c in made.calls]
            + [g.id for g in made.groups]
            + [s.id for s in made.scopes]
            + [h.id for s in made.scopes for h in s.handlers]
        )
        assert len(taken) == len(set(taken)), path


@pytest.mark.parametrize(
    "text", ['task "a#1" as b\nz.a()\nb()\n', 'task "x/y" as z\nx = z()\nz()\n', 'task "x[0]" as y\nx = [z.a]\ny()\nx -> y\n']
)
def test_odd_task_names_cannot_take_anothers_identity(text: str) -> None:
    made = ids(text)
    assert len(made) == len(set(made))


def test_identities_come_from_the_text_and_the_parameters() -> None:
    text = "param n: int\nx = [f(i) for i in range(n)]\ny = g(x)\n"
    small, large = (plan(text, params={"n": n}) for n in (1, 3))
    assert [c.id for c in small.calls] == ["x[0]", "y"]
    assert [c.id for c in large.calls] == ["x[0]", "x[1]", "x[2]", "y"]
    assert call(small, "x[0]") == call(large, "x[0]")


def test_the_same_text_gives_the_same_bytes() -> None:
    for path in programs():
        one, other = compile_program(path).plan, compile_program(path).plan
        assert one is not None
        assert other is not None
        assert one.to_json() == other.to_json()


def test_white_space_and_comments_change_places_alone() -> None:
    spread = "# first\n\n" + FLOW.replace(" -> ", "\n    -> ").replace("(1)", "( 1 )")
    assert [(c.id, c.task, c.args) for c in plan(spread).calls] == [(c.id, c.task, c.args) for c in plan(FLOW).calls]


SCRIPT = """
import sys
from flowc.compiler.pipeline import Settings, compile_source
from flowc.dsl.source import Source
for text in sys.stdin.read().split("\\0"):
    made = compile_source(Source("x.flow", text), Settings(require_params=False))
    print([(d.code, d.span, d.message, d.help) for d in made.findings])
    print(made.plan and made.plan.to_json())
"""


def test_the_bytes_do_not_depend_on_the_seed_of_hashes() -> None:
    wrong = "f(wrong, toatl)\ntotal = a()\nb(x=1, y=2, z=3) {queu = 1, foo = 2}\ntask p.a(x: int | str | float)\np.a(null, k=1, l=2)\n"
    texts = [FLOW, wrong, *(text_of(p) for p in programs() if p.name != "main.flow")]
    package = Path(sys.modules["flowc"].__file__ or "").parents[1]
    outputs = set()
    for seed in ("0", "1", "12345"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(package)}
        done = subprocess.run([sys.executable, "-c", SCRIPT], input="\0".join(texts), capture_output=True, text=True, env=env, check=True)
        outputs.add(done.stdout)
    assert len(outputs) == 1
