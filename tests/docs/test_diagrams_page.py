"""The page on diagrams shows what flowc draws. With FLOWC_UPDATE=1, its pictures are drawn anew."""

from __future__ import annotations

import os
import re
import shlex
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from flowc.cli.main import main
from flowc.compiler.diagram import LIMIT
from flowc.compiler.diagram.mermaid import CHARACTERS, EDGES
from flowc.compiler.diagram.model import BoxKind, FrameKind, LineKind

from ..diagram.reading import svg_texts, svg_tooltips

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "diagrams.md"
TEXT = PAGE.read_text()
FLOW = TEXT.split("```flow\n# orders.flow\n")[1].split("```\n")[0]
COMMANDS = re.findall(r"^\$ (flowc graph .*)\n((?:(?!`{3,4}$)(?!\$ ).*\n)*)", TEXT, re.MULTILINE)
DRAWN = [command for command, _ in COMMANDS if " -o " in command]
PRINTED = [(command, printed) for command, printed in COMMANDS if " -o " not in command]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("orders.flow").write_text(FLOW)
    return tmp_path


def words(svg: bytes) -> tuple[Counter[str], Counter[str]]:
    """What a picture says, whatever Graphviz and the fonts make of its places."""
    return Counter(svg_texts(svg)), Counter(svg_tooltips(svg))


@pytest.mark.parametrize("command", DRAWN)
def test_the_pictures_are_of_the_flow_shown(here: Path, command: str) -> None:
    arguments = shlex.split(command)[1:]
    assert main(arguments) == 0
    drawn, kept = here / arguments[-1], ROOT / "docs" / "pictures" / arguments[-1]
    if os.environ.get("FLOWC_UPDATE"):
        kept.write_bytes(drawn.read_bytes())
    assert words(drawn.read_bytes()) == words(kept.read_bytes()), "FLOWC_UPDATE=1 draws the pictures of this page anew"
    assert ("#14181f" in kept.read_text()) == ("dark" in command)


@pytest.mark.parametrize(("command", "printed"), PRINTED)
def test_what_is_printed(here: Path, capsys: pytest.CaptureFixture[str], command: str, printed: str) -> None:
    assert main(shlex.split(command)[1:]) == 0
    said = capsys.readouterr().out
    assert said == printed.removeprefix("```mermaid\n")
    if "mermaid" in command:
        assert TEXT.count(f"```mermaid\n{said}```") == 2


def test_the_page_shows_pictures_and_text() -> None:
    assert len(DRAWN) == 3
    assert len(PRINTED) == 2
    for picture in re.findall(r"!\[[^]]*\]\((pictures/[^)]*)\)", TEXT):
        assert (PAGE.parent / picture).read_text().startswith("<?xml")


def test_numbers_and_kinds_are_those_of_the_code() -> None:
    assert f"more than {LIMIT} boxes" in TEXT
    assert f"at most {EDGES} lines and {CHARACTERS:,} characters" in TEXT
    for kinds in (BoxKind, FrameKind, LineKind):
        for kind in get_args(kinds):
            assert f"`{kind}`" in TEXT, kind
