"""Which findings ``flowc check`` tells, how bad they are, and what it leaves with: options and ``[tool.flowc.check]``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flowc.cli.globs import Glob

from .conftest import Flowc

#: An error F0203 and warnings F0904, F0901, F0902.
MANY = "from m import unused\nx = add(nothing)\ny = x\nmul(1)\n"


@pytest.fixture
def many(here: Path) -> Path:
    (here / "a.flow").write_text(MANY)
    return here


def codes(flowc: Flowc, *args: str) -> list[str]:
    """The codes that are told, or what is wrong with the options."""
    ran = flowc("check", "--output-format", "json", *args)
    return [finding["code"] for finding in json.loads(ran.out)["findings"]] if ran.out else [ran.err]


ALL = ["F0902", "F0901", "F0203", "F0904", "F0901"]


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ([], ALL),
        (["--select", "F02"], ["F0203"]),
        (["--select", "f02,F0904"], ["F0203", "F0904"]),
        (["--select", "F02", "--select", "F0904"], ["F0203", "F0904"]),
        (["--select", "F"], ALL),
        (["--ignore", "F09"], ["F0203"]),
        (["--ignore", "F"], []),
        (["--ignore", "F09", "--select", "F0904"], ["F0904"]),
        (["--select", "F09", "--ignore", "F0901"], ["F0902", "F0904"]),
        (["--select", "F0901", "--ignore", "F0901"], []),
        (["--per-file-ignore", "*.flow:F09"], ["F0203"]),
        (["--per-file-ignore", "b.flow:F09"], ALL),
        (["--per-file-ignore", "a.flow:F0902,F0904", "--per-file-ignore", "**:F02"], ["F0901", "F0901"]),
    ],
)
def test_codes_are_chosen_by_their_beginnings(flowc: Flowc, many: Path, args: list[str], told: list[str]) -> None:
    assert codes(flowc, *args) == told


def test_what_is_hidden_is_counted(flowc: Flowc, many: Path) -> None:
    ran = flowc("check", "--ignore", "F")
    assert (ran.code, ran.out) == (0, "No findings in 1 file; 1 error and 4 warnings ignored.\n")


def test_severities_can_be_changed(flowc: Flowc, many: Path) -> None:
    ran = flowc("check", "--output-format", "concise", "--severity", "F09=error", "--severity", "F0901=warning,", "--ignore", "F0902")
    assert ran.code == 2  # a comma behind the level
    ran = flowc(
        "check", "--output-format", "concise", "--severity", "F09=error", "--severity", "F0901=WARNING", "--severity", "F02=warning"
    )
    assert [line.split(" ")[1] for line in ran.out.splitlines()[:-1]] == [
        "error[F0902]:",
        "warning[F0901]:",
        "warning[F0203]:",
        "error[F0904]:",
        "warning[F0901]:",
    ]
    assert ran.code == 1
    assert flowc("check", "--severity", "F02=warning").code == 0


def test_syntax_and_unread_files_are_always_told(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text("a(\n")
    for args in (["--select", "F09"], ["--ignore", "F"], ["--severity", "F=warning"], ["--per-file-ignore", "**:F"]):
        ran = flowc("check", *args, "a.flow", "missing.flow")
        assert ran.code == 1, args
        assert "error[F0102]" in ran.out
        assert "error[F0701]" in ran.out


@pytest.mark.parametrize(
    ("args", "message", "hint"),
    [
        (["--ignore", "F0101"], "--ignore: F0101 cannot be ignored or changed", "not all is checked"),
        (["--ignore", "F01"], "--ignore: F01 cannot be ignored or changed", ""),
        (["--severity", "F0701=warning"], "--severity: F0701 cannot be ignored", ""),
        (["--ignore", "F0999"], "--ignore: no code begins with 'F0999'", "Did you mean F099"),
        (["--select", "E501"], "--select: no code begins with 'E501'", ""),
        (["--select", "*"], "--select: no code begins with '*'", "flowc explain"),
        (["--severity", "F0901"], "--severity wants CODES=LEVEL", "F0901=error"),
        (["--severity", "F0901=info"], "'info' is no severity; there are error and warning", "ignore its code"),
        (["--per-file-ignore", "F0901"], "--per-file-ignore wants GLOB:CODES", ""),
    ],
)
def test_wrong_choices_are_told(flowc: Flowc, many: Path, args: list[str], message: str, hint: str) -> None:
    ran = flowc("check", *args)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert hint in ran.err


def test_exit_codes(flowc: Flowc, many: Path) -> None:
    assert flowc("check").code == 1
    assert flowc("check", "--exit-zero").code == 0
    assert flowc("check", "--ignore", "F02").code == 0
    assert flowc("check", "--ignore", "F02", "--strict").code == 1
    assert flowc("check", "--ignore", "F02", "--strict", "--exit-zero").code == 0
    assert flowc("check", "--exit-zero", "--select", "X").code == 2


def test_statistics(flowc: Flowc, many: Path) -> None:
    lines = flowc("check", "--statistics", "--output-format", "concise").out.splitlines()
    assert [line.split()[:2] for line in lines[-6:-2]] == [["2", "F0901"], ["1", "F0203"], ["1", "F0902"], ["1", "F0904"]]
    assert lines[-1] == "Found 1 error and 4 warnings in 1 file."
    counted = json.loads(flowc("check", "--statistics", "--output-format", "json").out)["statistics"]
    assert counted[0] == {"code": "F0901", "count": 2}
    assert flowc("check", "--statistics", "--select", "F03").out == "No findings in 1 file; 1 error and 4 warnings ignored.\n"


def test_excluded_files_are_not_looked_for(flowc: Flowc, many: Path) -> None:
    for name in ("drafts/deep/b.flow", "old/c.flow", "old/keep/d.flow"):
        (many / name).parent.mkdir(parents=True, exist_ok=True)
        (many / name).write_text("a(\n")
    assert flowc("check").out.endswith("in 4 files.\n")
    assert "F0102" not in flowc("check", "--exclude", "drafts", "--exclude", "old/").out
    assert flowc("check", "--exclude", "old/*.flow").out.count("error[F0102]") == 2
    assert "F0102" in flowc("check", "--exclude", "old", "old/c.flow").out  # named by the user
    ran = flowc("check", "--exclude", "*.flow")
    assert (ran.code, ran.out) == (2, "")
    assert "that is not excluded" in ran.err


@pytest.mark.parametrize(
    ("pattern", "covers", "not_covers"),
    [
        ("a.flow", ["a.flow", "x/a.flow", "a.flow/y.flow"], ["b.flow", "aa.flow"]),
        ("*.flow", ["a.flow", "x/y/b.flow"], ["a.flo"]),
        ("drafts", ["drafts/a.flow", "x/drafts/y/b.flow"], ["draft/a.flow"]),
        ("drafts/", ["drafts/a.flow"], ["a.flow"]),
        ("x/*.flow", ["x/a.flow"], ["a.flow", "x/y/a.flow", "y/x/a.flow"]),
        ("./x/y", ["x/y/z/a.flow"], ["x/a.flow"]),
        ("/x", ["x/a.flow"], ["y/x/a.flow"]),
        ("**/x/*.flow", ["x/a.flow", "y/x/a.flow", "z/y/x/a.flow"], ["x/y/a.flow"]),
        ("x/**/a.flow", ["x/a.flow", "x/y/a.flow", "x/y/z/a.flow"], ["a.flow", "y/a.flow"]),
        ("x/**", ["x/a.flow", "x/y/a.flow"], ["y/a.flow"]),
        ("**", ["a.flow", "x/a.flow"], []),
        ("**/**/**", ["x/a.flow", "x/y/a.flow"], []),
        ("[ab].flow", ["a.flow", "x/b.flow"], ["c.flow"]),
        ("a?.flow", ["ab.flow"], ["a.flow"]),
        ("*a*a*a*a*a*a*a*a*a*a*a*a*b", [], ["a" * 200]),
        ("/".join(["**", "*a*"] * 20), [], ["/".join(["b" * 20] * 60)]),
    ],
)
def test_patterns(here: Path, pattern: str, covers: list[str], not_covers: list[str]) -> None:
    glob = Glob(str(here), pattern)
    assert [path for path in covers if not glob.covers(path)] == []
    assert [path for path in not_covers if glob.covers(path)] == []
    assert not glob.covers("../elsewhere.flow")


def test_warnings_do_not_drive_out_errors(flowc: Flowc, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowc.cli.inspecting.MOST_TOLD", 7)
    for number in range(5):
        (here / f"a{number}.flow").write_text("a(1)\nb(1)\n")
    (here / "z.flow").write_text("a(nothing)\n")
    ran = flowc("check", "--output-format", "concise")
    assert ran.code == 1
    assert ran.err == "flowc: 4 more findings are left out\n"
    assert ran.out.count("F0901") == 7
    assert "z.flow:1:3: error[F0203]" in ran.out
    assert flowc("check", "--ignore", "F0901").err == ""  # what is ignored takes no room


def test_warnings_of_one_file_do_not_drive_out_its_errors(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text("".join(f"t{number}()\n" for number in range(1_100)) + "a(nothing)\n")
    ran = flowc("check", "--ignore", "F0901")
    assert ran.code == 1
    assert "a.flow:1101:3: error[F0203]" in ran.out
    assert flowc("plan", "a.flow").code == 1
