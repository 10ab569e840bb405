"""The parts of flowc agree on the accepted programs: the formatter keeps their plans, the graph has their steps, the engine ends them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flowc.compiler.diagram import to_dot
from flowc.compiler.graph import to_graph
from flowc.compiler.plan import Location, Plan
from flowc.dsl.format import format_source
from flowc.dsl.source import Source

from .accepted import compile_program, name_of, programs, text_of
from .finishing import finish

NOWHERE = Location("", 0, 0, 0, 0)


def plan_of(path: Path, text: str | None = None) -> Plan:
    made = compile_program(path, text)
    assert made.plan is not None, [d.message for d in made.findings]
    return made.plan


def without_places(plan: Plan) -> Plan:
    def strip(item: Any) -> Any:
        return replace(item, where=NOWHERE)

    scopes = tuple(replace(strip(s), handlers=tuple(map(strip, s.handlers))) for s in plan.scopes)
    groups, flows = tuple(map(strip, plan.groups)), tuple(map(strip, plan.flows))
    return replace(plan, calls=tuple(map(strip, plan.calls)), groups=groups, scopes=scopes, flows=flows)


@pytest.mark.parametrize("path", programs(), ids=name_of)
def test_formatting_keeps_the_plan(path: Path) -> None:
    formatted = format_source(Source(name_of(path), text_of(path)))
    assert formatted is not None
    assert without_places(plan_of(path, formatted)) == without_places(plan_of(path))
    assert format_source(Source(name_of(path), formatted)) == formatted


@pytest.mark.parametrize("path", programs(), ids=name_of)
def test_the_graph_has_every_step(path: Path) -> None:
    plan = plan_of(path)
    assert {c.id for c in plan.calls} <= set(to_graph(plan).nodes)
    assert to_dot(plan) == to_dot(plan)


@pytest.mark.parametrize("path", programs(), ids=name_of)
def test_the_engine_ends_every_plan(path: Path) -> None:
    plan = plan_of(path)
    place = {step: n for n, step in enumerate(finish(plan))}
    for call in plan.calls:
        assert all(place[need] < place[call.id] for need in call.trigger.needs if need in place)
