"""What people read, and JSON: hostile texts draw no false lines and give no orders to a terminal, and JSON gives them back as they were."""

from __future__ import annotations

import json

import pytest

from flowc.dsl.columns import visible
from flowc.dsl.ignored import Ignored
from flowc.dsl.render import Report, rendered

from .hostile import TEXTS, report


@pytest.mark.parametrize("what", TEXTS)
def test_a_finding_is_one_line(what: str) -> None:
    made = report(TEXTS[what])
    lines = rendered(made, "concise").split("\n")
    assert lines[-2:] == ["Found 3 errors and 1 warning in 2 files.", ""]
    assert lines[0] == f"{visible(TEXTS[what])}:1:5: error[F0201]: {visible(TEXTS[what])}"
    assert len(lines) == len(made.findings) + 2
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("what", TEXTS)
def test_the_whole_finding_is_shown(what: str) -> None:
    text = rendered(report(TEXTS[what]), "full")
    assert all(character.isprintable() or character == "\n" for character in text)
    assert text.count(": error[F0") == 3
    assert f" = help: {visible(TEXTS[what])}".rstrip() in text


@pytest.mark.parametrize("what", TEXTS)
def test_json_gives_texts_back(what: str) -> None:
    text = rendered(report(TEXTS[what]), "json")
    assert text.isascii()
    first = json.loads(text)["findings"][0]
    assert (first["file"], first["message"], first["help"]) == (TEXTS[what], TEXTS[what], [TEXTS[what]])
    assert first["labels"][0]["file"] == f"lib/{TEXTS[what]}"
    assert first["fixes"][0]["text"] == TEXTS[what]


@pytest.mark.parametrize(
    ("ignored", "told"),
    [
        (Ignored(), "No findings in 1 file."),
        (Ignored(0, 1), "No findings in 1 file; 1 warning ignored."),
        (Ignored(1, 0), "No findings in 1 file; 1 error ignored."),
        (Ignored(2, 0), "No findings in 1 file; 2 errors ignored."),
        (Ignored(1, 1), "No findings in 1 file; 1 error and 1 warning ignored."),
        (Ignored(2, 1_000), "No findings in 1 file; 2 errors and 1,000 warnings ignored."),
    ],
)
def test_what_is_ignored_is_told(ignored: Ignored, told: str) -> None:
    made = Report((), ("a.flow",), ignored=ignored)
    for form in ("full", "concise", "github"):
        assert rendered(made, form) == f"{told}\n"
    assert told in rendered(made, "markdown")
    assert json.loads(rendered(made, "json"))["ignored"] == {"errors": ignored.errors, "warnings": ignored.warnings}
