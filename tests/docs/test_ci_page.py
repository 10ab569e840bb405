"""``docs/ci.md``: its commands run, its settings are taken, its flows get the findings that they speak of."""

from __future__ import annotations

import re
import shlex
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from flowc.cli.check_table import KEYS
from flowc.cli.outputs import ENDINGS
from flowc.dsl.render import FORMATS

from ..cli.conftest import Flowc, flowc, here

__all__ = ["flowc", "here"]

PAGE = (Path(__file__).parents[2] / "docs" / "ci.md").read_text(encoding="utf-8")
FLOW = "total = count()\nreport(totl)\n"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def steps(value: Any) -> list[str]:
    """The commands of flowc in a pipeline."""
    if isinstance(value, str):
        return [value] if value.startswith("flowc ") else []
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [command for item in items for command in steps(item)]


PIPELINE_STEPS = list(dict.fromkeys(command for block in blocks("yaml") for command in steps(yaml.safe_load(block))))
JENKINS_STEPS = [command for block in blocks("groovy") for command in re.findall(r"sh '(flowc [^']*)'", block)]


@pytest.mark.parametrize("command", PIPELINE_STEPS + JENKINS_STEPS)
def test_the_steps_run_and_write_what_the_next_ones_take(flowc: Flowc, here: Path, command: str) -> None:
    (here / "day.flow").write_text("count()\n")
    words = shlex.split(command.replace("$GITHUB_STEP_SUMMARY", "summary"))[1:]
    ran = flowc(*words, *(["."] if words == ["fmt"] else []))
    assert ran.code == 0
    for output in (word for flag, word in pairwise(words) if flag == "-o"):
        assert (here / output.partition(":")[2]).is_file() if ":" in output else (here / output).is_file()


def test_every_service_has_its_steps() -> None:
    assert len(PIPELINE_STEPS) == 5
    assert len(JENKINS_STEPS) == 1


def test_files_that_steps_take_are_those_that_others_write() -> None:
    written = {word.rpartition(":")[2] for command in PIPELINE_STEPS for word in shlex.split(command)}
    for name in re.findall(r"(?:sarif_file|codequality|junit): (\S+)", PAGE):
        assert name in written


def test_the_run_that_is_shown(flowc: Flowc, here: Path) -> None:
    (block,) = blocks("console")
    command, _, shown = block.partition("\n")
    (here / "day.flow").write_text("task report(x)\nreport(totl)\n")
    ran = flowc(*shlex.split(command.removeprefix("$ flowc ")))
    assert ran.out == shown
    assert sorted(path.name for path in here.iterdir()) == ["day.flow", "flowc.sarif", "reports.tmp"]


def test_the_settings_are_all_there_and_taken(flowc: Flowc, here: Path) -> None:
    (block,) = blocks("toml")
    assert set(tomllib.loads(block)["tool"]["flowc"]["check"]) == set(KEYS)
    (here / "pyproject.toml").write_text(block)
    (here / "build").mkdir()
    (here / "day.flow").write_text(FLOW)
    assert flowc("check").code == 1
    assert (here / "build" / "flowc.sarif").is_file()
    assert flowc("config").code == 0


def test_the_comments_ignore_what_they_say(flowc: Flowc, here: Path) -> None:
    (block,) = blocks("flow")
    (here / "day.flow").write_text(block)
    assert flowc("check", "--severity", "F09=error", "--output-format", "concise").out.splitlines()[-1].endswith("; 2 warnings ignored.")
    found = flowc("check", "--output-format", "concise").out
    assert "F0904" not in found
    assert "`report`" not in found


def test_every_format_and_ending_is_in_the_table() -> None:
    table = PAGE.split("\n## Formats\n")[1].split("\n\nColours")[0]
    assert set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == set(FORMATS)
    for ending, form in ENDINGS.items():
        assert re.search(rf"^\| `{form}` .*`{re.escape(ending)}`", table, re.MULTILINE), ending


def test_every_option_of_check_is_on_the_page(flowc: Flowc) -> None:
    compiling = {"--params", "--app", "--stubs", "--max-steps", "--include-root", "--stdin-filename", "--help"}
    options = {name for name in re.findall(r"(?<![\w-])--[a-z-]+", flowc("check", "--help").out) if not name.startswith("--no-")}
    assert [name for name in sorted(options - compiling) if name not in PAGE] == []


def test_links_lead_somewhere() -> None:
    heads = {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)}
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        if target.startswith("#"):
            assert target[1:] in heads, target
        elif not target.startswith("https://"):
            assert (Path(__file__).parents[2] / "docs" / target.partition("#")[0]).exists(), target
