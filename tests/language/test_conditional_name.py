"""A conditional at the head of a statement: the step that is taken has the statement's name."""

from __future__ import annotations

import pytest

import flowc


@pytest.mark.parametrize(("test", "task"), [("true", "a"), ("false", "b")])
def test_the_step_taken_has_the_name(test: str, task: str) -> None:
    plan = flowc.loads(f"x = a() if {test} else b()\nf(x)\n").plan
    assert [(call.id, call.task) for call in plan.calls] == [("x", task), ("f#1", "f")]
