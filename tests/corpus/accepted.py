"""The accepted programs of the corpus: flows with the plans that they must give.

A flow's settings may stand in a comment ``#: {"params": {…}}``: ``params``, ``param_texts``, ``env`` and ``warnings`` (the codes of
expected warnings). A folder with a ``main.flow`` is one program; the other files in it are those that it includes.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from flowc.compiler.pipeline import Compiled, Settings, compile_source
from flowc.dsl.source import Source

ACCEPTED = Path(__file__).parent / "ok"

_SETTINGS = re.compile(r"^#: (\{.*\})\r?$", re.MULTILINE)


def programs() -> list[Path]:
    """Every accepted program, in order of its name."""
    return sorted([*ACCEPTED.glob("*.flow"), *ACCEPTED.glob("*/main.flow")])


def name_of(path: Path) -> str:
    """How a program is called in reports: its path below the corpus."""
    return path.relative_to(ACCEPTED).as_posix()


def text_of(path: Path) -> str:
    """A program's text, with its own line breaks."""
    return path.read_bytes().decode("utf-8")


def settings_of(text: str) -> dict[str, Any]:
    """What a program's ``#:`` comment says."""
    found = _SETTINGS.search(text)
    given: dict[str, Any] = json.loads(found[1]) if found else {}
    return given


def compile_program(path: Path, text: str | None = None) -> Compiled:
    """Compile a program (or another text in its place) with its settings."""
    given = settings_of(text_of(path))
    given.pop("warnings", None)
    return compile_source(Source(name_of(path), text_of(path) if text is None else text, str(path)), Settings(**given))
