"""``[tool.flowc.check]``: the settings of ``flowc check``, and what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flowc.cli.check_settings import CheckOptions
from flowc.cli.check_table import KEYS, CheckTable

from .conftest import Flowc

#: An error F0203 and warnings F0902, F0904, F0901.
MANY = "from m import unused\nx = add(nothing)\ny = x\nmul(1)\n"


def settings(folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(f"[tool.flowc.check]\n{text}\n")


def codes(flowc: Flowc, *args: str) -> list[str]:
    return [finding["code"] for finding in json.loads(flowc("check", "--output-format", "json", *args).out)["findings"]]


def test_every_option_is_a_setting_too() -> None:
    assert set(KEYS) == set(CheckTable.__slots__)
    assert {name.removesuffix("s") for name in CheckOptions.__slots__} - {"form"} == {name.removesuffix("s") for name in KEYS} - {
        "output_format"
    }


def test_codes(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text(MANY)
    settings(here, 'select = ["F02", "F0904"]\nignore = ["F0904"]')
    assert codes(flowc) == ["F0203"]
    assert codes(flowc, "--select", "F0904") == ["F0904"]  # in place of both
    assert codes(flowc, "--ignore", "F0203") == []  # over them
    settings(here, 'ignore = ["F09"]\nseverity = {F0203 = "warning", F09 = "error"}')
    assert flowc("check").code == 0
    assert flowc("check", "--severity", "F0203=error").code == 1


def test_files(flowc: Flowc, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "flows" / "old").mkdir(parents=True)
    (here / "flows" / "a.flow").write_text(MANY)
    (here / "flows" / "old" / "b.flow").write_text("a(\n")
    settings(here, 'exclude = ["flows/old"]\n[tool.flowc.check.per_file_ignores]\n"flows/*.flow" = ["F09"]')
    assert codes(flowc) == ["F0203"]
    monkeypatch.chdir(here / "flows")
    assert codes(flowc) == ["F0203"]  # patterns start at the pyproject.toml
    assert "F0102" in codes(flowc, "old/b.flow")  # a file that is named is checked


def test_how_it_ends_and_what_it_writes(flowc: Flowc, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "sub").mkdir()
    (here / "sub" / "a.flow").write_text("mul(1)\n")
    settings(here, 'strict = true\noutput_format = "concise"\noutput = ["all.json", "full:seen"]\nstatistics = true')
    monkeypatch.chdir(here / "sub")
    ran = flowc("check")
    assert ran.code == 1
    assert ran.out.splitlines()[0].startswith("a.flow:1:1: warning[F0901]")
    assert "1  F0901  A task that" in ran.out
    assert (here / "all.json").exists()
    assert (here / "seen").read_text().startswith("a.flow:1:1")
    assert flowc("check", "--no-strict").code == 0
    (here / "all.json").unlink()
    assert "F0901  A task" not in flowc("check", "--no-statistics", "--output-format", "full", "-o", "other.md").out
    assert not (here / "all.json").exists()
    settings(here, "exit_zero = true\nstrict = true")
    assert flowc("check").code == 0
    assert flowc("check", "--no-exit-zero").code == 1


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("ignor = []", "[tool.flowc.check] has no key 'ignor'", "Did you mean 'ignore'?"),
        ("per-file-ignores = {}", "has no key 'per-file-ignores'", "Did you mean 'per_file_ignores'?"),
        ("zzz = 1", "has no key 'zzz'", "It knows output_format, output, strict"),
        ("strict = 1", "strict must be true or false, not 1", ""),
        ('output_format = "xml"', "output_format must be one of full, concise", ""),
        ('ignore = "F09"', "ignore must be a list such as", ""),
        ("ignore = [1]", "ignore must be a list such as", ""),
        ('ignore = ["F0950"]', "ignore: no code begins with 'F0950'", "Did you mean F09"),
        ('ignore = ["F0101"]', "ignore: F0101 cannot be ignored", ""),
        ('severity = "error"', "severity must be a table such as", ""),
        ('severity = {F0901 = "info"}', "severity: 'info' is no severity", ""),
        ("severity = {F0901 = 1}", "severity: '1' is no severity", ""),
        ('severity = {F9 = "error"}', "severity: no code begins with 'F9'", ""),
        ('per_file_ignores = ["F09"]', "per_file_ignores must be a table such as", ""),
        ('per_file_ignores = {"a" = "F09"}', "per_file_ignores.'a' must be a list", ""),
        ("exclude = [1]", "exclude must be a list such as", ""),
        ('output = ["report"]', "-o report: which format?", ""),
        ('explain_url = "https://x.example"', "explain_url must be an address with {code} or {CODE} in it", ""),
        ('explain_url = "javascript:{code}"', "explain_url must be an address", ""),
        ("explain_url = 1", "explain_url must be an address", ""),
        (f"exclude = {['x'] * 1_001}", "exclude has more than 1,000 entries", ""),
    ],
)
def test_what_is_wrong_is_told(flowc: Flowc, here: Path, text: str, message: str, hint: str) -> None:
    (here / "a.flow").write_text(MANY)
    settings(here, text)
    ran = flowc("check")
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert hint in ran.err


def test_other_commands_are_not_kept_from_working(flowc: Flowc, here: Path) -> None:
    (here / "a.flow").write_text("task a(x)\na(1)\n")
    settings(here, 'ignor = ["F09"]')
    assert flowc("plan", "a.flow").code == 0
