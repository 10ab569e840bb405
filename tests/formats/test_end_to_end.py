"""Files with hostile names and texts on a disk, checked by the command: what comes out is read again, and names the file and the text."""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree

import pytest

from flowc.dsl.columns import visible
from flowc.dsl.render import FORMATS
from flowc.dsl.render.characters import well_formed

from ..cli.conftest import Flowc, flowc, here
from .test_github import read as read_command
from .test_markdown import page

__all__ = ["flowc", "here"]

NAMES = [
    b"quo\"te's`.flow",
    b"two\nlines\r.flow",
    b"]]><x>&amp;.flow",
    b"::error file=x::y.flow",
    b"%0A::error::z%.flow",
    b"\x1b[31mred\x07.flow",
    "\u202eright\u200f.flow".encode(),
    b"not utf-8 \xff\x80.flow",
    b"a|b, @me #1 [c](d).flow",
    b"##[error]x.flow",
    "日本語😀.flow".encode(),
]

#: Names that are in messages: strings may hold anything but NUL, halves of pairs and line breaks.
STRINGS = ["]]></script>", "::error::x", "%0A%25", "\x1b[31m", "\u202e", "@me", "|`|", "##[error]", "\\n", "<!--"]


@pytest.fixture
def names(here: Path) -> list[str]:
    text = "".join(f'add(1) {{queue = missing["{string}"], "{string}" = 1}}\n' for string in (s.replace("\\", "\\\\") for s in STRINGS))
    for number, raw in enumerate(NAMES):
        with open(os.path.join(os.fsencode(here), raw), "wb") as file:
            file.write((f"x{number} = nothing\n" + text).encode())
    return [os.fsdecode(raw) for raw in NAMES]


@pytest.mark.parametrize("form", FORMATS)
def test_what_comes_out_names_every_file(flowc: Flowc, names: list[str], form: str) -> None:
    ran = flowc("check", "--output-format", form)
    assert ran.code == 1, ran.err
    ran.out.encode()  # no halves of surrogate pairs
    assert all(character.isprintable() or character == "\n" for character in ran.out.replace("\ufe0f", ""))
    assert found(form, ran.out) >= {known(form, name) for name in names}


def known(form: str, name: str) -> str | bytes:
    """How a format names a file."""
    if form == "sarif":
        return os.fsencode(name)
    return {"json": name, "gitlab": well_formed(name)}.get(form) or visible(name)


def found(form: str, text: str) -> set[str | bytes]:
    """The files that a report names."""
    if form == "json":
        return {entry["file"] for entry in json.loads(text)["findings"]}
    if form == "gitlab":
        return {entry["location"]["path"] for entry in json.loads(text)}
    if form == "sarif":
        places = [result["locations"][0]["physicalLocation"] for result in json.loads(text)["runs"][0]["results"]]
        return set(map(unquote_to_bytes, (place["artifactLocation"]["uri"] for place in places)))
    if form == "junit":
        return {case.attrib["name"] for case in ElementTree.fromstring(text).iter("testcase")}
    if form == "markdown":
        return set(page(text).bold)
    if form == "github":
        commands = [command for command in map(read_command, text.split("\n")) if command]
        assert {command.name for command in commands} <= {"error", "warning", "notice"}
        # Beyond ten they are lines of the log.
        logged = (name for name in map(visible, map(os.fsdecode, NAMES)) if f" {name.replace('##[', '## [')}:" in text)
        return {*(command.properties.get("file", "") for command in commands), *logged}
    return {line.rpartition(": error[")[0].rsplit(":", 2)[0] for line in text.split("\n") if ": error[" in line}
