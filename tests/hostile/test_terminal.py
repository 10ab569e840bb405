"""What a terminal would obey, hide or turn round, in every place of a flow: it never reaches the terminal as it is."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ..slices import every
from .attack import CLEAN, FINDINGS, RUN_FAILED, USAGE, environment, flowc

MARKS = {
    "escape": "\x1b[31m\x1b]0;title\x07",
    "clear": "\x1b[2J\x1b[H",
    "C1": "\x9b31m\x90\x9c",
    "backspace": "\b\b\b",
    "bell": "\a",
    "delete": "\x7f",
    "override": "\u202egnp\u202c",
    "isolate": "\u2066a\u2069",
    "zero width": "a\u200bb\u200db",
    "soft hyphen": "a\u00adb",
    "mark": "\u061c",
    "line separator": "a\u2028b\u2029c",
    "tag": "\U000e0041",
    "private": "\ue000\U000f0000",
    "unassigned": "\u0378",
    "BOM": "a\ufeffb",
    "filler": "\u3164\u115f",
    "zalgo": "a" + "\u0301" * 200,
    "shift": "\x0e\x0f",
    "form feed": "a\x0cb\x0bc",
}

PLACES = {
    "comment": "add(1)  # {0}\n= )\n",
    "string": 'add("{0}", wrong)\n',
    "argument": 'add("{0}")\n',
    "map": 'add({{"{0}": 1}})\n',
    "name": "a{0}b = add(1)\n",
    "a call": "{0}(1)\n",
    "description": '"""{0}"""\nadd(1)\n',
    "option": 'add(1) {{queue = "{0}", headers = {{"{0}": "{0}"}}}}\n',
    "option name": "add(1) {{{0} = 1}}\n",
    "task name": 'task "{0}" as t\nt(wrong)\n',
    "parameter": 'param p: "{0}" | "b" = "{0}"\nadd(p)\n',
    "default": 'task p.t(x: int = "{0}")\np.t("{0}")\n',
    "include": 'include "{0}.flow" as x\n',
    "environment": 'add(env("{0}"), secret("{0}"))\n',
    "reach": 'x = add(1)\nadd(x["{0}"])\n',
    "f-string": "add(f'{0}{{now}}')\n",
    "outside": "{0}\n",
    "two lines": "add(1)\n{0}add(2)\n{0}",
    "flow": 'flow f(p: str = "{0}"):\n    """{0}"""\n    return add(p)\nf()\n',
    "handler": 'add(1) !> page("{0}") ~> show("{0}")\n',
    "group": '[add(x) for x in ["{0}", "b"]] -> add("{0}")\n',
}

COMMANDS = (["plan"], ["plan", "--json"], ["graph"], ["graph", "--format", "svg"], ["fmt", "--diff"], ["fmt", "--check"], ["run", "--json"])


@pytest.mark.parametrize("place", PLACES)
def test_check(tmp_path: Path, place: str) -> None:
    """All marks at once: each in a file of its own, raw and as an escape sequence in strings."""
    for number, mark in enumerate(MARKS.values()):
        escaped = json.dumps(mark)[1:-1]
        (tmp_path / f"raw{number}.flow").write_text(PLACES[place].format(mark), encoding="utf-8", newline="")
        (tmp_path / f"escaped{number}.flow").write_text(PLACES[place].format(escaped), encoding="utf-8", newline="")
    flowc(tmp_path, "check", *(["--output-format", "concise"] if len(place) % 2 else []), seconds=20).check(CLEAN, FINDINGS)
    found = json.loads(flowc(tmp_path, "check", "--output-format", "json", seconds=20).check(CLEAN, FINDINGS).out)
    assert found["counts"]["files"] == 2 * len(MARKS)


@pytest.mark.soak
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("mark", MARKS)
def test_every_command(tmp_path: Path, place: str, mark: str) -> None:
    for text in (MARKS[mark], json.dumps(MARKS[mark])[1:-1]):
        (tmp_path / "t.flow").write_text(PLACES[place].format(text), encoding="utf-8", newline="")
        for command in COMMANDS:
            flowc(tmp_path, *command, "t.flow", env={"FORCE_COLOR": ""}).check(CLEAN, FINDINGS, USAGE, RUN_FAILED)


@pytest.mark.parametrize("place", every(2, ["argument", "option", "description", "parameter", "reach", "group", "handler", "map"]))
def test_products(tmp_path: Path, place: str) -> None:
    mark = "".join(MARKS[name] for name in ("escape", "C1", "override", "zero width", "tag", "delete", "line separator"))
    for text in (mark.replace("\x1b", "").replace("\x07", ""), json.dumps(mark)[1:-1]):
        (tmp_path / "t.flow").write_text(PLACES[place].format(text), encoding="utf-8", newline="")
        for command in COMMANDS:
            flowc(tmp_path, *command, "t.flow").check(CLEAN, FINDINGS, USAGE, RUN_FAILED)


_OWN = re.compile(rb"\x1b\[[0-9;]*[mK]|\x1b\[\?25[lh]|\x1b\[1?A|\r")


@pytest.mark.parametrize("line", every(3, [
    "check",
    "check good.flow --strict",
    "plan good.flow",
    "fmt --diff t.flow good.flow",
    "plan --json good.flow",
    "graph good.flow",
    "fmt -",
]))  # fmt: skip
def test_on_a_terminal(tmp_path: Path, line: str) -> None:
    """With colours there are escape sequences, but of ours alone."""
    text = PLACES["string"].format(json.dumps(MARKS["escape"])[1:-1]) + PLACES["comment"].format("\u202e\x1b[2J\x9b")
    (tmp_path / "t.flow").write_text(text, encoding="utf-8")
    (tmp_path / "good.flow").write_text('"""\u202e"""\nadd("\u202e\u2066")  # \u202e\n', encoding="utf-8")
    written = _OWN.sub(b"", on_terminal(tmp_path, line, stdin=tmp_path / "good.flow")).decode("utf-8", "backslashreplace")
    strange = {c for c in written if not (c.isprintable() or c in "\n\t")}
    assert strange == set(), (line, strange, written[-500:])


def on_terminal(folder: Path, line: str, *, stdin: Path) -> bytes:
    """What a command writes to a terminal."""
    ours, theirs = pty.openpty()
    with stdin.open("rb") as source:
        process = subprocess.Popen(
            [sys.executable, "-m", "flowc", *line.split()],
            cwd=folder,
            env=environment({"TERM": "xterm"}),
            stdin=source,
            stdout=theirs,
            stderr=theirs,
        )
    os.close(theirs)
    written = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:
            break
        if not part:
            break
        written += part
    os.close(ours)
    process.wait(60)
    return written
