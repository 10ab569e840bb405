"""Each accepted program gives its golden plan. ``FLOWC_UPDATE=1`` writes the plans anew: look at each before committing it."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

import pytest

from flowc.compiler.plan import Plan
from flowc.dsl.codes import CODES

from .accepted import compile_program, name_of, programs, settings_of, text_of

UNKNOWN_TASK = "F0901"


def golden(path: Path) -> Path:
    """Where a program's plan is kept."""
    return path.with_suffix(".plan.json")


@pytest.mark.parametrize("path", programs(), ids=name_of)
def test_the_plan_is_the_golden_one(path: Path) -> None:
    made = compile_program(path)
    found = [d.code for d in made.findings if d.code != UNKNOWN_TASK]
    assert found == settings_of(text_of(path)).get("warnings", []), [d.message for d in made.findings if d.code != UNKNOWN_TASK]
    assert made.plan is not None
    plan = made.plan.to_json(indent=1) + "\n"
    if os.environ.get("FLOWC_UPDATE"):
        golden(path).write_text(plan, encoding="utf-8")
    expected = golden(path).read_text(encoding="utf-8") if golden(path).exists() else ""
    difference = difflib.unified_diff(expected.splitlines(True), plan.splitlines(True), "golden", "compiled")
    assert plan == expected, "the plan changed (FLOWC_UPDATE=1 accepts it):\n" + "".join(difference)


@pytest.mark.parametrize("path", programs(), ids=name_of)
def test_plans_come_back_from_json(path: Path) -> None:
    plan = compile_program(path).plan
    assert plan is not None
    assert Plan.from_json(plan.to_json()) == plan


def test_no_golden_plan_is_left_over() -> None:
    folder = Path(__file__).parent / "ok"
    assert sorted(folder.rglob("*.plan.json")) == sorted(map(golden, programs()))


def test_expected_warnings_are_codes() -> None:
    expected = {code for path in programs() for code in settings_of(text_of(path)).get("warnings", [])}
    assert expected <= set(CODES)
