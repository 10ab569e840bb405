"""``flowc check``: what it reads, prints and leaves with."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from .conftest import Flowc

GOOD = "task add(x: int, y: int) -> int\nadd(2, 2) -> add(16)\n"
WRONG = "task add(x: int, y: int) -> int\nadd(2, nothing)\n"
WARNING = "task add(x: int, y: int)\nfrom proj.tasks import unused\nadd(2, 2)\n"


def feed(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_a_clean_file(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text(GOOD)
    ran = flowc("check", "a.flow")
    assert (ran.code, ran.out, ran.err) == (0, "No findings in 1 file.\n", "")


def test_an_error(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text(WRONG)
    ran = flowc("check", "a.flow")
    assert ran.code == 1
    assert ran.out.startswith("a.flow:2:8: error[F02")
    assert "2 | add(2, nothing)\n  |        ^^^^^^^\n" in ran.out
    assert ran.out.endswith("\nFound 1 error in 1 file.\n")


def test_warnings_fail_only_when_strict(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text(WARNING)
    ran = flowc("check", "a.flow")
    assert ran.code == 0
    assert ": warning[F09" in ran.out
    assert ran.out.endswith("Found 1 warning in 1 file.\n")
    assert flowc("check", "--strict", "a.flow").code == 1


def test_without_a_path_the_current_folder(flowc: Flowc, here: Path) -> None:
    (here / "sub").mkdir()
    (here / "a.flow").write_text(GOOD)
    (here / "sub" / "b.flow").write_text(WRONG)
    ran = flowc("check")
    assert ran.code == 1
    assert "sub/b.flow:2:8" in ran.out
    assert ran.out.endswith("Found 1 error in 2 files.\n")


def test_standard_input(flowc: Flowc, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    feed(monkeypatch, WRONG.encode())
    ran = flowc("check", "-", "--output-format", "concise")
    assert ran.code == 1
    assert ran.out.startswith("<stdin>:2:8: error[")


def test_standard_input_under_a_name_includes_from_there(flowc: Flowc, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "sub").mkdir()
    (here / "sub" / "common.flow").write_text("flow twice(x: int) -> int:\n    return double(x)\n\ntask double(x: int) -> int\n")
    feed(monkeypatch, b'include "common.flow" as c\nc.twice(2)\nc.twice("text")\n')
    ran = flowc("check", "-", "--stdin-filename", "sub/main.flow", "--output-format", "concise")
    assert ran.code == 1
    assert ran.out.splitlines()[0].startswith("sub/main.flow:3:9: error[F04")


def test_json(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text(WRONG)
    (here / "b.flow").write_text(GOOD)
    ran = flowc("check", "--output-format", "json", "a.flow", "b.flow")
    assert ran.code == 1
    document = json.loads(ran.out)
    assert document["counts"] == {"files": 2, "errors": 1, "warnings": 0}
    assert document["findings"][0]["range"]["start"] == {"line": 2, "column": 8}
    assert json.loads(flowc("check", "--output-format", "json", "b.flow").out)["findings"] == []


def test_findings_of_an_included_file_are_there_once(flowc: Flowc, here: Path) -> None:
    (here / "common.flow").write_text("task one(x: int, x: int)\n")
    (here / "main.flow").write_text('include "common.flow" as c\nc.one(1)\n')
    ran = flowc("check", "--output-format", "concise", ".")
    lines = ran.out.splitlines()
    assert len(lines) == len(set(lines))
    assert any(line.startswith("common.flow:1:") for line in lines)


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"a\x00b", bytes(range(256)) * 40, b"(" * 50_000, b"\xef\xbb\xbf", b"9" * 5_000])
def test_any_bytes_give_findings_not_tracebacks(flowc: Flowc, here: Path, data: bytes) -> None:
    (here / "a.flow").write_bytes(data)
    ran = flowc("check", "a.flow")
    assert ran.code in (0, 1)
    assert "internal error" not in ran.err
    assert all(character.isprintable() or character == "\n" for character in ran.out)


@pytest.mark.parametrize("path", ["missing.flow", "/dev/zero", "/dev/null/x.flow", "a\x00b.flow", "x" * 5_000])
def test_what_cannot_be_read_is_a_finding(flowc: Flowc, path: str) -> None:
    ran = flowc("check", path)
    assert ran.code == 1
    assert "error[F07" in ran.out


def test_parameters_are_checked(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text("task f(x: int)\nparam n: int\nf(n)\n")
    assert flowc("check", "a.flow").code == 0
    assert flowc("check", "a.flow", "-p", "n=2").code == 0
    assert flowc("check", "a.flow", "-p", "n=two").code == 1
    assert flowc("check", "a.flow", "-p", "m=2").code == 1


@pytest.mark.parametrize("text", ["n", "=2", " =2"])
def test_a_parameter_without_name_or_value_is_wrong_usage(flowc: Flowc, here: Path, text: str) -> None:
    (here / "a.flow").write_text("param n: int\n")
    ran = flowc("check", "a.flow", "-p", text)
    assert ran.code == 2
    assert "-p wants NAME=VALUE" in ran.err


@pytest.mark.soak
def test_a_parameter_file_that_grows(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text("task f(x: int)\nparam n: int\nf(n)\n")
    bomb = [f"{n}: &{n} [*{p}, *{p}, *{p}, *{p}, *{p}, *{p}, *{p}, *{p}]" for p, n in zip("abcdefgh", "bcdefghi", strict=True)]
    (here / "bomb.yaml").write_text("\n".join(["a: &a [x]", *bomb]))
    ran = flowc("check", "a.flow", "--params", "bomb.yaml")
    assert ran.code in (1, 2)
    assert "bomb.yaml" in ran.err + ran.out


def test_a_parameter_file(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text("task f(x: int)\nparam n: int\nf(n)\n")
    (here / "good.json").write_text('{"n": 2}')
    (here / "wrong.yaml").write_text("n: two\n")
    (here / "list.json").write_text("[1]")
    assert flowc("check", "a.flow", "--params", "good.json").code == 0
    assert flowc("check", "a.flow", "--params", "wrong.yaml").code == 1
    for name in ("list.json", "missing.json", "a.flow"):
        ran = flowc("check", "a.flow", "--params", name)
        assert ran.code in (1, 2), name
        assert name in ran.err + ran.out
        assert "internal error" not in ran.err


def test_user_code_is_imported_only_when_the_command_line_says_so(flowc: Flowc, here: Path) -> None:
    (here / "pyproject.toml").write_text('[tool.flowc]\napp = "evil"\n')
    (here / "evil.py").write_text("raise SystemExit('ran')\n")
    (here / "a.flow").write_text("add(1)\n")
    for command in (["check", "a.flow"], ["plan", "a.flow"], ["graph", "a.flow"], ["fmt", "--check", "a.flow"]):
        assert flowc(*command).code == 0, command
    ran = flowc("check", "a.flow", "--app", "evil")
    assert ran.code == 2
    assert "ran" in ran.err
    assert flowc("run", "a.flow").code == 2


def test_an_application_gives_tasks_and_signatures(flowc: Flowc, here: Path) -> None:
    (here / "checked_tasks.py").write_text(
        "import flowc\n\napp = flowc.App('checked_tasks')\n\n\n@app.task\ndef add(x: int, y: int) -> int:\n    return x + y\n"
    )
    (here / "a.flow").write_text('add(1, "two")\n')
    assert "error[" not in flowc("check", "a.flow").out
    ran = flowc("check", "a.flow", "--app", "checked_tasks")
    assert ran.code == 1
    assert "a.flow:1:8: error[F04" in ran.out


def test_wrong_configuration_is_told(flowc: Flowc, here: Path) -> None:
    (here / "pyproject.toml").write_text("[tool.flowc]\napps = 1\n")
    (here / "a.flow").write_text(GOOD)
    ran = flowc("check", "a.flow")
    assert ran.code == 2
    assert "has no key 'apps'" in ran.err
    assert "Did you mean 'app'?" in ran.err


def test_colours_only_where_they_are_wanted(flowc: Flowc, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "a.flow").write_text(WRONG)
    assert "\x1b" not in flowc("check", "a.flow").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[1;31merror[" in flowc("check", "a.flow").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in flowc("check", "a.flow").out


def test_limits(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text("[add(n) for n in range(100)]\n")
    assert flowc("check", "a.flow", "--max-steps", "100").code == 0
    ran = flowc("check", "a.flow", "--max-steps", "99")
    assert ran.code == 1
    assert flowc("check", "a.flow", "--max-steps", "0").code == 2


def test_the_include_root(flowc: Flowc, here: Path) -> None:
    (here / "sub").mkdir()
    (here / "common.flow").write_text("flow one():\n    return add(1)\n")
    (here / "sub" / "a.flow").write_text('include "../common.flow" as c\nc.one()\n')
    assert flowc("check", "sub/a.flow").code == 1
    assert flowc("check", "--include-root", ".", "sub/a.flow").code == 0
