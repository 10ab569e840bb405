"""``flowc check --output-format`` and ``-o``: what is printed and what is written, in one run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flowc.cli.report import FORMATS as OFFERED
from flowc.cli.repository import repository_root
from flowc.dsl.render import FORMATS

from ..cli.conftest import Flowc, flowc, here

__all__ = ["flowc", "here"]

GOOD = "task add(x: int, y: int) -> int\nadd(2, 2)\n"
WRONG = "task add(x: int, y: int) -> int\nadd(2, nothing)\n"


def test_the_command_offers_every_format() -> None:
    assert OFFERED == FORMATS


@pytest.mark.parametrize("form", FORMATS)
def test_each_format_is_printed(flowc: Flowc, here: Path, form: str) -> None:
    (here / "a.flow").write_text(WRONG)
    ran = flowc("check", "--output-format", form)
    assert (ran.code, ran.err) == (1, "")
    assert "F0203" in ran.out
    assert ran.out.endswith("\n")
    (here / "a.flow").write_text(GOOD)
    clean = flowc("check", "--output-format", form)
    assert clean.code == 0
    assert clean.out
    assert "F0203" not in clean.out


def test_several_reports_of_one_run(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text(WRONG)
    outputs = ("out.sarif", "gitlab:quality.json", "report.xml", "comment.md", "all.json", "full:seen.log", "out.sarif.json")
    ran = flowc("check", "--output-format", "concise", *(part for name in outputs for part in ("-o", name)))
    assert ran.code == 1
    assert ran.out == "a.flow:2:8: error[F0203]: nothing here is called `nothing`\nFound 1 error in 1 file.\n"
    assert json.loads((here / "out.sarif").read_text())["version"] == "2.1.0"
    assert (here / "out.sarif.json").read_text() == (here / "out.sarif").read_text()
    assert json.loads((here / "quality.json").read_text())[0]["check_name"] == "F0203"
    assert json.loads((here / "all.json").read_text())["counts"]["errors"] == 1
    assert (here / "report.xml").read_text().startswith("<?xml")
    assert (here / "comment.md").read_text().startswith("<!-- flowc check -->")
    assert "2 | add(2, nothing)" in (here / "seen.log").read_text()
    assert sorted(path.name for path in here.iterdir()) == sorted(
        ["a.flow", "seen.log", "quality.json", *outputs[:1], *outputs[2:5], outputs[6]]
    )


def test_a_clean_run_writes_reports_too(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text(GOOD)
    ran = flowc("check", "-o", "gl-code-quality-report.json", "-o", "out.sarif")
    assert (ran.code, ran.out) == (0, "No findings in 1 file.\n")
    assert (here / "gl-code-quality-report.json").read_text() == "[]\n"
    assert json.loads((here / "out.sarif").read_text())["runs"][0]["results"] == []


def test_colours_stay_out_of_files(flowc: Flowc, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    (here / "a.flow").write_text(WRONG)
    ran = flowc("check", "-o", "seen.txt")
    assert "\x1b" in ran.out
    assert "\x1b" not in (here / "seen.txt").read_text()


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        (["report"], "-o report: which format?", "Write FORMAT:FILE, such as sarif:report."),
        (["sariv:x"], "-o sariv:x: which format?", "Did you mean sarif:x?"),
        (["sarif:"], "names no file", "--output-format sarif"),
        (["json:-"], "names no file", "--output-format json"),
        (["a.json", "gitlab:./a.json"], "-o names ./a.json twice", ""),
        (["full:a.flow"], "would overwrite a flow", ""),
        (["sarif:bad\0name"], "it is no path", ""),
    ],
)
def test_wrong_outputs_are_told_before_anything_is_checked(flowc: Flowc, here: Path, given: list[str], message: str, hint: str) -> None:
    (here / "a.flow").write_text(WRONG)
    ran = flowc("check", *(part for name in given for part in ("-o", name)))
    assert (ran.code, ran.out) == (2, ""), ran.err
    assert message in ran.err
    assert hint in ran.err
    assert [path.name for path in here.iterdir()] == ["a.flow"]
    assert (here / "a.flow").read_text() == WRONG


def test_what_cannot_be_written_keeps_nothing_else_from_being_said(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text(WRONG)
    ran = flowc("check", "-o", "missing/a.md", "-o", "b.md")
    assert ran.code == 2
    assert "cannot write missing/a.md" in ran.err
    assert "error[F0203]" in ran.out
    assert (here / "b.md").exists()


def test_a_file_that_is_there_is_replaced_whole(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text(GOOD)
    (here / "real.md").write_text("old " * 1_000)
    (here / "link.md").symlink_to("real.md")
    assert flowc("check", "-o", "link.md").code == 0
    assert (here / "link.md").is_symlink()
    assert (here / "real.md").read_text().endswith("No findings in 1 file.\n")


def test_paths_are_those_of_the_repository(flowc: Flowc, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / ".git").mkdir()
    (here / "flows" / "deep").mkdir(parents=True)
    (here / "flows" / "deep" / "a.flow").write_text(WRONG)
    monkeypatch.chdir(here / "flows")
    for variable in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(variable, raising=False)
    assert ",file=flows/deep/a.flow," in flowc("check", "--output-format", "github").out
    assert json.loads(flowc("check", "--output-format", "gitlab", "./deep").out)[0]["location"]["path"] == "flows/deep/a.flow"
    assert json.loads(flowc("check", "--output-format", "json").out)["findings"][0]["file"] == "deep/a.flow"


def test_the_repository_is_where_the_service_says(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "a" / "b" / ".git").mkdir(parents=True)
    monkeypatch.chdir(here / "a" / "b")
    for variable in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        monkeypatch.delenv(variable, raising=False)
    assert repository_root() == str(here / "a" / "b")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(here / "a"))
    assert repository_root() == str(here / "a")
    monkeypatch.setenv("GITHUB_WORKSPACE", "/else/where")
    assert repository_root() == str(here / "a" / "b")


def test_standard_input_has_a_report(flowc: Flowc, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import io
    import sys

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(WRONG.encode())))
    ran = flowc("check", "-", "--stdin-filename", "sub/x.flow", "--output-format", "junit")
    assert ran.out.count("<testcase") == 1
    assert 'name="sub/x.flow"' in ran.out
