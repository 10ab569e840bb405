"""grammar.lark: a reference that Lark itself takes, and tables that are made from it and nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowc.dsl import tables
from flowc.dsl.automaton import digest
from flowc.dsl.build import Builder
from flowc.dsl.diagnostics import Findings
from flowc.dsl.grammar import GENERATED, GRAMMAR, load_lark, make_tables, render
from flowc.dsl.language import Language, current_tables
from flowc.dsl.parser import Parser
from flowc.dsl.source import Source

from ..slices import some
from .messy_flows import Flows
from .parsing import accepted

TEXT = GRAMMAR.read_text(encoding="utf-8")


def test_lark_takes_the_grammar_strictly() -> None:
    pytest.importorskip("interegular")
    assert load_lark(TEXT, strict=True).rules


def test_stored_tables_are_current() -> None:
    assert GENERATED.read_text(encoding="utf-8") == render(make_tables(TEXT)), "run: python -m flowc.dsl.grammar"


@pytest.mark.parametrize("seed", ["1", pytest.param("2", marks=pytest.mark.soak)])
def test_tables_are_the_same_in_every_process(seed: str) -> None:
    code = "from flowc.dsl.grammar import *; print(make_tables(GRAMMAR.read_text(encoding='utf-8')) == TABLES)"
    code = f"from flowc.dsl.tables import TABLES; {code}"
    environment = os.environ | {"PYTHONHASHSEED": seed}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout == "True\n"


def test_line_ends_do_not_change_the_digest() -> None:
    assert digest(TEXT.replace("\n", "\r\n")) == digest(TEXT) != digest(TEXT + " ")


def test_every_rule_is_headed_by_an_example() -> None:
    for match in re.finditer(r"^(.*)\n(\??\w+): ", TEXT, re.MULTILINE):
        before, rule = match[1], match[2]
        if rule.isupper() or rule.startswith("_"):
            continue
        assert before.startswith("//"), f"{rule} has no example"


def test_parsing_needs_no_lark() -> None:
    code = "import sys; import flowc.dsl.parser; print(sorted(m for m in sys.modules if m.split('.')[0] in ('lark', 'interegular')))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_a_changed_grammar_gets_new_tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    changed = tmp_path / "grammar.lark"
    changed.write_text(TEXT.replace('"when" _value', '"whenever" _value'), encoding="utf-8")
    monkeypatch.setattr("flowc.dsl.language.GRAMMAR", str(changed))
    assert ("whenever", "WHENEVER") in Language(current_tables()).keywords.items()


def test_without_a_grammar_the_stored_tables_serve(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("flowc.dsl.language.GRAMMAR", str(tmp_path / "none.lark"))
    assert current_tables() is tables.TABLES


class Relay:
    """Hands Lark's calls on to the builder of the text at hand, so that Lark loads the grammar once."""

    builder: Builder

    def __getattr__(self, rule: str) -> Callable[[list[Any]], Any]:
        if not hasattr(Builder, rule):
            raise AttributeError(rule)
        return lambda children: getattr(self.builder, rule)(children)


RELAY = Relay()


@cache
def lark() -> Any:
    return load_lark(TEXT, RELAY)


def agree(text: str) -> None:
    """Our driver and Lark's own parser, lexer and Indenter build the same tree of a text."""
    source = Source("test.flow", text)
    findings = Findings()
    RELAY.builder = Builder(source, findings, Parser(source, findings, text).embedded)
    lark().options.postlex.flow = text
    assert accepted(text) == lark().parse(text)
    assert not len(findings)


@settings(max_examples=some(15), deadline=None)
@given(st.integers(0, 10**9))
def test_driver_and_lark_agree(seed: int) -> None:
    text = Flows(seed).file().removeprefix("\ufeff")
    agree(text if text.endswith("\n") else f"{text}\n")


EXAMPLES = """
from when.flow import task as t, b
include "a.flow" as c
x = f(when=1, not=2, now=3, true=4, null=5) {if = 1, true = 2}.task
when a in b and not c: d; e;
flow g(a, *, b: int? = 1) -> {ok: bool}: a
y = -a ** -b if c not in d else not e ?? now + 1d
[i -> k(_) for i, j in z if i if j for k in i] => m !> each [n, o] ~> p *> q
task a.task(when: int = 1, **in)
"""


def test_driver_and_lark_agree_on_corner_cases() -> None:
    agree(EXAMPLES.lstrip())
