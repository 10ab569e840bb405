"""The rejected programs of the corpus: many small ones in a file, each expected finding written on its line.

- Lines ``---`` part the programs of a file. A line ``=== name.flow`` in one begins a further file, which the first may include.
- ``### F0203 "nothing here is called"`` behind a line expects a finding that begins on it: its code, and a part of its message. Several
  may stand there.
- ``#: {"env": ["X"]}`` on a line gives settings: ``params``, ``param_texts``, ``env``, ``max_steps``, ``require_params``.
- A file's first line may be ``### ignore F0901 F0904``: codes that are no matter of its programs (unless one is expected there).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flowc.compiler.pipeline import Settings, compile_source
from flowc.dsl.diagnostics import Diagnostic
from flowc.dsl.source import Source

REJECTED = Path(__file__).parent / "err"
MAIN = "main.flow"

_SETTINGS = re.compile(r"^#: (\{.*\})$", re.MULTILINE)
_MARK = re.compile(r"### (?=F\d{4})(.*)$")
_EXPECTED = re.compile(r'(F\d{4})(?: "([^"]*)")?')


@dataclass(frozen=True, slots=True)
class Expected:
    """A finding that a program must have: in which of its files, on which line, and what its message contains."""

    file: str
    line: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Program:
    """One rejected program. ``line``: where it begins in the corpus file, for reports."""

    path: Path
    line: int
    files: tuple[tuple[str, str], ...]
    expected: tuple[Expected, ...]
    ignored: frozenset[str]

    @property
    def name(self) -> str:
        """How the program is called in reports."""
        return f"{self.path.name}:{self.line}"


def programs() -> list[Program]:
    """Every rejected program, by file and place."""
    return [program for path in sorted(REJECTED.glob("*.flow")) for program in _split(path)]


def _split(path: Path) -> list[Program]:
    lines = path.read_text(encoding="utf-8").splitlines()
    ignored = frozenset(re.findall(r"F\d{4}", lines[0])) if lines[0].startswith("### ignore") else frozenset()
    start = 1 if ignored else 0
    made = []
    for number in [*(n for n, line in enumerate(lines) if line == "---"), len(lines)]:
        made.append(_program(path, start + 1, lines[start:number], ignored))
        start = number + 1
    return made


def _program(path: Path, first: int, lines: list[str], ignored: frozenset[str]) -> Program:
    files: dict[str, list[str]] = {MAIN: []}
    expected = []
    name = MAIN
    for line in lines:
        if line.startswith("=== "):
            name = line.removeprefix("=== ").strip()
            files[name] = []
            continue
        files[name].append(line)
        mark = _MARK.search(line)
        if mark:
            expected += [Expected(name, len(files[name]), code, part) for code, part in _EXPECTED.findall(mark[1])]
    texts = tuple((n, "\n".join(content) + "\n") for n, content in files.items())
    return Program(path, first, texts, tuple(expected), ignored)


def settings_of(text: str) -> dict[str, Any]:
    """What a program's ``#:`` comment says."""
    found = _SETTINGS.search(text)
    given: dict[str, Any] = json.loads(found[1]) if found else {}
    return given


def findings_of(program: Program) -> tuple[Diagnostic, ...]:
    """Compile a program in a folder of its own."""
    text = program.files[0][1]
    with TemporaryDirectory() as folder:
        for name, content in program.files:
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        given = Settings(**settings_of(text))
        return compile_source(Source(MAIN, text, str(Path(folder, MAIN))), given).findings
