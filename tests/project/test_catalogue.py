"""The registry of findings: every code's examples are run, and docs/diagnostics.md is what they give."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import flowc.dsl.codes
from flowc.cli.catalogue import CARRIED, FAMILIES, catalogue, example_findings
from flowc.dsl.codes import CODES, Code

from ..slices import every

ROOT = Path(__file__).parents[2]


#: Their examples reach a limit, which takes seconds. The page, which another test makes, has what is found of them.
SLOW = {CODES[code] for code in ("F0362", "F0363")}


@pytest.mark.parametrize("entry", every(1, CODES.values(), never=SLOW), ids=lambda entry: str(entry.code))
def test_the_bad_example_gets_the_finding_and_the_good_one_does_not(entry: Code) -> None:
    if entry.bad.strip():
        assert entry.code in [d.code for d in example_findings(entry.bad, entry.code.startswith(CARRIED))]
    if entry.good.strip():
        assert entry.code not in [d.code for d in example_findings(entry.good, entry.code.startswith(CARRIED))]


@pytest.mark.parametrize("entry", CODES.values(), ids=lambda entry: str(entry.code))
def test_entries_are_complete(entry: Code) -> None:
    assert re.fullmatch(r"F\d{4}", entry.code)
    assert entry.code[:3] in FAMILIES
    assert entry.title.strip() == entry.title != ""
    assert not entry.title.endswith(".")
    assert entry.message.strip()
    assert len(entry.explanation.strip()) > 20


def test_each_code_is_given_once() -> None:
    families = [importlib.import_module(f"flowc.dsl.codes.{info.name}") for info in pkgutil.iter_modules(flowc.dsl.codes.__path__)]
    codes = [entry.code for family in families for entry in getattr(family, "CODES", ())]
    assert sorted(codes) == sorted(set(codes))
    assert set(codes) == set(CODES)


def test_the_page_is_current() -> None:
    page = ROOT / "docs" / "diagnostics.md"
    assert page.read_text(encoding="utf-8") == catalogue(), "run `make docs`"


def test_good_examples_have_no_errors_at_all() -> None:
    """An example of how to do it right must not be wrong in another way."""
    wrong = {
        entry.code: [f"{d.code} {d.message}" for d in found]
        for entry in CODES.values()
        if entry.good.strip()
        and (found := [d for d in example_findings(entry.good, entry.code.startswith(CARRIED)) if d.severity.value == "error"])
    }
    assert wrong == {}
