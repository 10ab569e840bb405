"""Whatever a text holds, compiling it gives findings or a plan: a short slice of what `make soak` does for long."""

from __future__ import annotations

import random
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from flowc.compiler.pipeline import Compiled, Settings, compile_source
from flowc.compiler.plan import Plan, PlanError
from flowc.dsl.codes import CODES
from flowc.dsl.source import Source

from ..corpus.accepted import programs, text_of
from ..corpus.finishing import bound, finish
from ..corpus.rejected import programs as rejected
from ..slices import some
from .mutation import STRANGE, mutate

#: Programs that reach a limit take seconds each.
HEAVY = re.compile(r"0000|range\(300\)|\*\* *10")

CORPUS = [text_of(p) for p in programs()] + [content for p in rejected() for _, content in p.files if not HEAVY.search(content)]

LENIENT = Settings(require_params=False, env=("X",), max_steps=500)


def hold(text: str) -> Compiled:
    """Compile a text and check what is true of every outcome."""
    made = compile_source(Source("x.flow", text), LENIENT)
    for d in made.findings:
        assert d.code in CODES
        assert 0 <= d.span.start <= d.span.end <= len(d.source.text)
        assert d.message
    errors = [d for d in made.findings if d.severity.value == "error"]
    if made.plan is not None:
        assert errors == []
        check_plan(made.plan)
    return made


def check_plan(plan: Plan) -> None:
    """A plan is whole: it comes back from JSON, ids are its own, each call stands behind what it needs, and it can be run to its end."""
    assert Plan.from_json(plan.to_json()) == plan
    groups = {g.id for g in plan.groups}
    scopes = {s.id: s for s in plan.scopes}
    ids = [c.id for c in plan.calls] + [g.id for g in plan.groups]
    assert len(ids) == len(set(ids))
    done: set[str] = set()
    for call in plan.calls:
        assert set(call.trigger.needs) <= done | groups
        assert set(call.trigger.after) <= set(call.trigger.needs)
        assert set(call.group) <= groups
        assert call.scope is None or call.scope in scopes
        done.add(call.id)
    assert all(set(g.after) <= done | groups for g in plan.groups)
    assert all(s.parent is None or s.parent in scopes for s in plan.scopes)
    try:
        bound(plan)
    except PlanError:
        return  # an operation on a late value that fails at submission
    finish(plan)


def test_the_corpus_holds() -> None:
    for text in CORPUS:
        hold(text)


def test_damaged_flows_hold() -> None:
    chance = random.Random(20261122)
    for _ in range(1_500):
        hold(mutate(chance.choice(CORPUS), chance, CORPUS))


@settings(max_examples=some(100), deadline=None)
@given(st.lists(st.sampled_from([*STRANGE, " ", " ", "\n", "a", "b()", "x = ", "[a, b]"]), max_size=60).map(" ".join))
def test_soup_of_words_holds(text: str) -> None:
    hold(text)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200))
def test_any_text_holds(text: str) -> None:
    hold(text)


_NAMES = st.sampled_from(["a", "b", "x", "y", "g"])
_LEAVES = st.sampled_from(
    ["1", '"t"', "x", "y", "g", "a", "a()", "b(1)", "_", "now", "[]", "{k: x}", "x.n", "g[0]", "[1, 2]", "null", "5m"]
)


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(inner, inner)
    return st.one_of(
        two.map(" -> ".join),
        two.map(" => ".join),
        two.map(lambda p: f"[{p[0]}, {p[1]}]"),
        two.map(lambda p: f"a({p[0]}, k={p[1]})"),
        two.map(lambda p: f"[{p[0]} for i in {p[1]}]"),
        two.map(lambda p: f"({p[0]} !> b({p[1]}))"),
        two.map(lambda p: f"({p[0]} if {p[1]} else 2)"),
        two.map(lambda p: f"({p[0]}) + ({p[1]})"),
        inner.map(lambda e: f"({e}) {{priority = 5}}"),
        inner.map(lambda e: f"zip({e}, g)"),
        inner.map(lambda e: f"f({e})"),
        inner.map(lambda e: f"chunks(a, {e}, 2)"),
        inner.map(lambda e: f"f'{{{e.replace(chr(34), '')}}}'"),
    )


_EXPRESSIONS = st.recursive(_LEAVES, _grown, max_leaves=12)
_STATEMENTS = st.one_of(
    _EXPRESSIONS,
    _EXPRESSIONS.map(lambda e: f"x = {e}"),
    _EXPRESSIONS.map(lambda e: f"y = {e}"),
    _EXPRESSIONS.map(lambda e: f"g = [{e}, b]"),
    _EXPRESSIONS.map(lambda e: f"flow f(p = 1):\n    q = {e}\n    return q"),
    _EXPRESSIONS.map(lambda e: f"when {e}:\n    y = a()"),
    _EXPRESSIONS.map(lambda e: f"{e} !> b ~> a"),
)


@settings(max_examples=some(100), deadline=None)
@given(st.lists(_STATEMENTS, max_size=6).map("\n".join))
def test_well_formed_flows_hold(text: str) -> None:
    hold(text + "\n")
