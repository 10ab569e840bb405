"""The README does what it says: its files are written, its commands run, and print what stands there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
FILES = {m[1]: text for _, text in BLOCKS if (m := re.match(r"# (\w+\.\w+)\n", text))}
CONSOLES = [text for kind, text in BLOCKS if kind == "console"]


@pytest.mark.parametrize("console", CONSOLES)
def test_console(console: str, tmp_path: Path) -> None:
    for name, text in FILES.items():
        # The name's line is part of the file: who copies a block gets the lines that the README tells.
        (tmp_path / name).write_text(text)
    for part in re.split(r"^\$ ", console, flags=re.MULTILINE)[1:]:
        command, expected = part.split("\n", 1)
        words = shlex.split(command)
        words[:1] = [sys.executable, "-m", "flowc"] if words[0] == "flowc" else [sys.executable]
        env = {**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(tmp_path)}
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, env=env, timeout=60)
        assert done.stdout == expected, done.stderr


def test_there_is_something_to_run() -> None:
    assert len(CONSOLES) >= 3
    assert set(FILES) >= {"day.flow", "tasks.py", "use.py"}


def test_the_one_liner_and_the_picture() -> None:
    text = README.read_text()
    assert "    add(2, 2) -> add(16) !> error_handler\n" in text
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", text):
        assert (README.parent / picture).read_text().startswith("<?xml")


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README.read_text()):
        assert (README.parent / target).exists(), target


def test_the_picture_is_of_the_flow_shown(tmp_path: Path) -> None:
    """The SVG names every step of the flow: it was made from it by flowc."""
    import flowc

    plan = flowc.loads(FILES["day.flow"].split("\n", 1)[1], name="day.flow").plan
    picture = (README.parent / "docs" / "pictures" / "day.svg").read_text()
    for call in plan.calls:
        assert call.id.split("#")[0] in picture
