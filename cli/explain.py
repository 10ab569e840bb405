"""``flowc explain``: what the code of a finding means."""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING

import click

from .exits import Exit, Stop
from .terminal import out, wants_colour

if TYPE_CHECKING:
    from ..dsl.codes import Code
    from ..dsl.render import Painter

WIDTH = 88


@click.command()
@click.argument("codes", nargs=-1, metavar="[CODE]...")
def command(codes: tuple[str, ...]) -> int:
    """Explain the codes of findings, such as F0201; without one, list them all."""
    from ..dsl.codes import CODES
    from ..dsl.render import Painter

    paint = Painter(wants_colour(sys.stdout))
    if not codes:
        for entry in CODES.values():
            out(f"{paint(entry.severity.value, entry.code)}  {entry.title}\n")
        return Exit.CLEAN
    entries = [CODES.get(_normal(code)) or _unknown(code) for code in codes]
    out("\n".join(explain(entry, paint) for entry in entries))
    return Exit.CLEAN


def explain(entry: Code, paint: Painter) -> str:
    """A code's page as plain text."""
    parts = [f"{paint(entry.severity.value, f'{entry.severity.value}[{entry.code}]')}: {paint('message', entry.title)}"]
    parts.extend(_plain(entry.explanation))
    if entry.bad.strip():
        parts.append("This gets the finding:")
        parts.append(textwrap.indent(entry.bad.strip("\n"), "    "))
    if entry.good.strip():
        parts.append("This does not:")
        parts.append(textwrap.indent(entry.good.strip("\n"), "    "))
    return "\n\n".join(parts) + "\n"


def _plain(markdown: str) -> list[str]:
    """Paragraphs wrapped, lists and code blocks as they are written, fences turned into indentation."""
    blocks: list[str] = []
    fenced: list[str] | None = None
    paragraph: list[str] = []

    def end_paragraph() -> None:
        if paragraph:
            text = "\n".join(paragraph)
            keep = paragraph[0].lstrip().startswith(("- ", "* ", "|", "    "))
            blocks.append(text if keep else textwrap.fill(" ".join(text.split()), WIDTH, break_long_words=False, break_on_hyphens=False))
            paragraph.clear()

    for line in textwrap.dedent(markdown).strip().splitlines():
        if line.startswith("```"):
            end_paragraph()
            if fenced is not None:
                blocks.append("\n".join(f"    {code}".rstrip() for code in fenced))
            fenced = [] if fenced is None else None
        elif fenced is not None:
            fenced.append(line)
        elif line.strip():
            paragraph.append(line)
        else:
            end_paragraph()
    end_paragraph()
    return blocks


def _normal(code: str) -> str:
    code = code.strip().upper()
    return code if code.startswith("F") else f"F{code}"


def _unknown(code: str) -> Code:
    from difflib import get_close_matches

    from ..dsl.codes import CODES

    near = get_close_matches(_normal(code), CODES, 1)
    hint = f"Did you mean {near[0]} ({CODES[near[0]].title})?" if near else "`flowc explain` lists them all."
    raise Stop(f"there is no code {code!r}", hint=hint)
