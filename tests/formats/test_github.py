"""Workflow commands, read again as GitHub's runner reads them."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import pytest

from flowc.dsl.columns import visible
from flowc.dsl.diagnostics import Diagnostic, Severity
from flowc.dsl.render import Report, rendered
from flowc.dsl.source import Source, Span

from .hostile import TEXTS, plain, report

#: Commands that the runner acts on.
KNOWN = {"error", "warning", "notice", "debug", "group", "endgroup", "set-output", "stop-commands", "add-mask", "add-path", "save-state"}


class Command(NamedTuple):
    name: str
    properties: dict[str, str]
    data: str


def unescaped(text: str, **more: str) -> str:
    """As the runner does it: one replacement after the other, the percent sign last."""
    for written, meant in {"%0D": "\r", "%0A": "\n", **more, "%25": "%"}.items():
        text = text.replace(written, meant)
    return text


def read(line: str) -> Command | None:
    """The command that the runner sees in a line of output, if any: ``::name k=v::data`` at its start, ``##[name k=v]data`` anywhere."""
    line = line.lstrip()
    if line.startswith("::") and "::" in line[2:]:
        head, _, data = line[2:].partition("::")
        name, _, properties = head.partition(" ")
        if name in KNOWN:
            pairs = (pair.partition("=") for pair in properties.strip().split(",") if "=" in pair)
            return Command(name, {key: unescaped(value, **{"%3A": ":", "%2C": ","}) for key, _, value in pairs if value}, unescaped(data))
    _, old, rest = line.partition("##[")
    if old and "]" in rest and rest.partition("]")[0].partition(" ")[0] in KNOWN:
        return Command(rest.partition("]")[0].partition(" ")[0], {}, rest.partition("]")[2])
    return None


def commands(made: Report) -> tuple[list[Command], list[str]]:
    """The commands in a report, and the other lines. The runner breaks lines where .NET does."""
    text = rendered(made, "github")
    assert all(character.isprintable() or character == "\n" for character in text)
    found = [(line, read(line)) for line in text.split("\n")]
    return [command for _, command in found if command], [line for line, command in found if not command and line]


@pytest.mark.parametrize("what", TEXTS)
def test_hostile_texts_stay_texts(what: str) -> None:
    made = report(TEXTS[what], name=f"odd/{TEXTS[what]}.flow")
    text = visible(TEXTS[what])
    found, others = commands(made)
    assert [command.name for command in found] == ["error", "error", "error", "warning"]
    assert found[0].data == "\n".join((text, f"help: {text}"))
    assert found[1].data == visible(f"`{TEXTS[what]}`")
    assert found[0].properties["file"] == visible(made.path(f"odd/{TEXTS[what]}.flow"))
    assert found[0].properties["title"].startswith("F0201: ")
    assert set(found[0].properties) <= {"title", "file", "line", "endLine", "col", "endColumn"}
    assert others == ["Found 3 errors and 1 warning in 2 files."]


@pytest.mark.parametrize("what", TEXTS)
def test_lines_beyond_the_limit_are_no_commands(what: str) -> None:
    source = Source(f"{TEXTS[what]}", "x")
    made = Report(tuple(Diagnostic("F0201", Severity.ERROR, source, Span(0, 1), TEXTS[what]) for _ in range(12)), ("x",))
    found, others = commands(made)
    assert [command.name for command in found] == ["error"] * 10 + ["notice"]
    assert len(others) == 3


def test_errors_come_first_and_what_github_cuts_is_told() -> None:
    made = plain(errors=12, warnings=23)
    found, others = commands(replace(made, findings=tuple(reversed(made.findings))))
    assert [command.name for command in found] == ["error"] * 10 + ["warning"] * 10 + ["notice"]
    assert found[-1].data == "2 errors and 13 warnings more: GitHub shows 10 of each kind a step, the log has all"
    assert [line.partition("[")[0] for line in others[:-1]] == ["error"] * 2 + ["warning"] * 13
    assert others[0] == "error[F0203] sub/a.flow:2:5: error 1"
    assert others[-1] == "Found 12 errors and 23 warnings in 1 file."


def test_ten_of_each_are_not_too_many() -> None:
    found, others = commands(plain(errors=10, warnings=10))
    assert "notice" not in {command.name for command in found}
    assert len(others) == 1


def test_places() -> None:
    source = Source("a.flow", "one\ntwo\nthree\n")
    spans = (Span(4, 7), Span(0, 6), Span(0, 8), Span(14, 14))
    found, _ = commands(Report(tuple(Diagnostic("F0201", Severity.ERROR, source, span, "m") for span in spans), ("a.flow",)))
    keys = ("line", "endLine", "col", "endColumn")
    assert [tuple(command.properties.get(key) for key in keys) for command in found] == [
        ("2", "2", "1", "4"),
        ("1", "2", None, None),  # columns are only of one line
        ("1", "2", None, None),  # it ends with a line break
        ("4", "4", "1", "1"),
    ]


def test_what_is_no_file_is_named_in_the_message() -> None:
    found, _ = commands(Report((Diagnostic("F0201", Severity.ERROR, Source("<stdin>", "x"), Span(0, 1), "m"),), ("<stdin>",), root="/r"))
    assert "file" not in found[0].properties
    assert found[0].data == "<stdin>: m"


def test_a_clean_run_says_so() -> None:
    assert rendered(Report((), ("a.flow",)), "github") == "No findings in 1 file.\n"
