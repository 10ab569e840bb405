"""The canonical layout of a flow.

What a flow says stays as it is; only blanks, line breaks, quotes and what follows from them change:

- blocks are indented by four columns, arrows that begin a line by two; one statement a line, blocks below their colon
- one blank round operators, arrows and ``=``; none round the ``=`` of an argument; nothing is aligned; two blanks before ``#``
- at most one empty line between statements, none where a block or file begins, nor before ``else``
- strings in double quotes, if no escape is needed for that; numbers and f-strings as written
- a line over 100 columns is broken: before all its arrows if it has some, else in its brackets, one item a line, each with a comma (and
  inside them, if that does not do, before the operators that bind most loosely); brackets right inside brackets are broken as one; the
  types of a declaration are not broken, and its description may be as long as it likes
- an arrow that the user put on a new line (or wrote at the end of one) begins a line, and a comma before a closing bracket keeps that
  bracket broken: so a layout that was chosen stays. All other line breaks inside a statement go.
- brackets round imports are only there where they are needed to break the line; all others stay as the user wrote them
- comments keep their text and their place; own-line ones are indented as the block that they stand in

The layout goes from token to token, so nothing can get lost on the way; the tree is used to make sure of that.
"""

from __future__ import annotations

import gc
from dataclasses import replace

from .diagnostics import Findings, Severity
from .format_doc import WIDTH, render
from .format_layout import STEP, document
from .format_lines import Line, split
from .format_same import same
from .format_spacing import space
from .parser import parse
from .scanner import tokens
from .source import Source


class ChangedProgram(Exception):
    """The layout would have changed what a flow says: a mistake of ours, caught before anything is written."""


def format_source(source: Source, findings: Findings | None = None) -> str | None:
    """The text of a flow in the canonical layout; formatting it again gives the same.

    None if the flow has errors of syntax, which are added to ``findings`` (such a text is never changed), or would be too large. Raises
    ChangedProgram when the result does not parse to the same tree.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _format(source, findings)
    finally:
        if collecting:
            gc.enable()


def _format(source: Source, findings: Findings | None) -> str | None:
    syntax = Findings()
    before = parse(source, syntax)
    errors = [finding for finding in syntax.sorted() if finding.severity is Severity.ERROR]
    if errors:
        if findings is not None:
            findings.extend(errors)
        return None
    clean = Source(source.name, source.text.removeprefix("\ufeff").replace("\r\n", "\n"), source.path)
    text = _text(split(clean, tokens(clean)))
    if text != clean.text:
        again = Findings()
        after = parse(Source(source.name, text, source.path), again)
        too_large = [finding for finding in again if finding.code == "F0703"]
        if too_large:
            if findings is not None:
                findings.extend(replace(finding, message=f"laid out, {finding.message}") for finding in too_large)
            return None
        if again.has_errors or not same(before, after) or text.count("#") != clean.text.count("#"):
            raise ChangedProgram(source.name)
    return text


def _text(lines: list[Line]) -> str:
    out: list[str] = []
    depth = -1
    for line in lines:
        if line.blank and line.depth <= depth:
            out.append("\n")
        depth = line.depth
        code = _code(line) if line.tokens else ""
        blanks = " " * (STEP * depth)
        if line.comment:
            code += "  " + line.comment if code else line.comment
        out.append(f"{blanks}{code}\n")
    return "".join(out)


def _code(line: Line) -> str:
    """A line's tokens, on one line if they fit and nothing asks for a line break."""
    spaced = space(line.tokens)
    if line.marks is None and not (line.tokens[0].type == "FROM" and line.tokens[-1].type == "RPAR"):
        flat = "".join(spaced.texts)
        if len(flat) + STEP * line.depth <= WIDTH and "\n" not in flat:
            return flat
    return render(document(line, spaced), STEP * line.depth)
