"""Code Quality reports, by the rules of GitLab's documentation and of its parser."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flowc.dsl.diagnostics import Diagnostic, Severity
from flowc.dsl.render import Report, rendered
from flowc.dsl.render.characters import well_formed
from flowc.dsl.source import Source, Span

from .hostile import TEXTS, plain, report


def parsed(made: Report) -> list[dict[str, Any]]:
    """The entries, which must be as GitLab wants them."""
    text = rendered(made, "gitlab")
    assert text.isascii()
    assert text.startswith("[")  # no byte order mark
    entries: list[dict[str, Any]] = json.loads(text)
    json.dumps(entries, ensure_ascii=False).encode()  # no halves of surrogate pairs, which its parser refuses
    for entry in entries:
        assert isinstance(entry["description"], str)
        assert isinstance(entry["check_name"], str)
        assert entry["severity"] in ("info", "minor", "major", "critical", "blocker")
        location = entry["location"]
        assert not location["path"].startswith("./")
        assert type(location["lines"]["begin"]) is int
        assert 1 <= location["lines"]["begin"] <= location["lines"]["end"]
    marks = [entry["fingerprint"] for entry in entries]
    assert all(isinstance(mark, str) and mark for mark in marks)
    assert len(set(marks)) == len(marks)
    return entries


@pytest.mark.parametrize("what", TEXTS)
def test_hostile_texts_stay_texts(what: str) -> None:
    made = report(TEXTS[what], name=f"odd/{TEXTS[what]}.flow")
    entries = parsed(made)
    assert entries[0]["description"] == well_formed(TEXTS[what])
    assert entries[0]["location"]["path"] == well_formed(made.path(f"odd/{TEXTS[what]}.flow"))
    assert len(entries) == len(made.findings)


def test_an_entry() -> None:
    (entry,) = parsed(plain(errors=0))
    assert entry.pop("fingerprint")
    assert entry == {
        "description": "warning 0",
        "check_name": "F0904",
        "severity": "minor",
        "location": {"path": "sub/a.flow", "lines": {"begin": 2, "end": 2}},
    }
    assert parsed(plain(warnings=0))[0]["severity"] == "major"


def marks(text: str, name: str = "a.flow", **more: int) -> set[str]:
    return {entry["fingerprint"] for entry in parsed(plain(text=text, name=name, **more))}


def test_fingerprints_stay_when_lines_move() -> None:
    before = marks("task add(x: int)\nadd(nothing)\n", errors=3)
    assert marks("# new\n\n\ntask add(x: int)\nother()\n\n    add(nothing)\n", errors=3) == before
    assert not marks("task add(x: int)\nadd(1, nothing)\n", errors=3) & before
    assert not marks("task add(x: int)\nadd(nothing)\n", name="b.flow", errors=3) & before


def test_fingerprints_do_not_depend_on_the_wording() -> None:
    source = Source("a.flow", "x")
    one, two = (Report((Diagnostic("F0201", Severity.ERROR, source, Span(0, 1), text),), ("a.flow",)) for text in ("old", "new"))
    assert parsed(one)[0]["fingerprint"] == parsed(two)[0]["fingerprint"]


def test_nothing_found_is_an_empty_list() -> None:
    assert parsed(Report((), ("a.flow",))) == []
