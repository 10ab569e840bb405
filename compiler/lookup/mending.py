"""What to write instead of a mistake: the fix of a finding, or the word that its help asks for with "did you mean"."""

from __future__ import annotations

import re

from ...dsl import tree
from ...dsl.diagnostics import Diagnostic, Edit
from ...dsl.record import dataclass
from ...dsl.source import Span
from ..suggest import suggest
from .symbols import Index

_MEANT = re.compile(r"did you mean `([^`]+)`\?")
_WORDS = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*|\"[^\"\n]*\"")


@dataclass(frozen=True, slots=True)
class Mending:
    """Edits of the finding's own file, and what they do. ``safe``: they are what the rule itself gives."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool = False


def mend(finding: Diagnostic, at: Index) -> Mending | None:
    """How a finding of a file would be put right; None where that takes thought."""
    if finding.fix:
        return Mending(_title(finding), finding.fix, True)
    for line in finding.help:
        found = _MEANT.fullmatch(line)
        if found is not None:
            edit = _replacing(finding, found[1], at)
            return None if edit is None else Mending(f"Change to `{edit.text}`", (edit,))
    return None


def _title(finding: Diagnostic) -> str:
    if len(finding.fix) == 1:
        edit = finding.fix[0]
        text = " ".join(edit.text.split())
        if not text:
            return "Remove it" if edit.span.end > edit.span.start else "Fix it"
        if len(text) <= 60:
            return f"Change to `{text}`" if edit.span.end > edit.span.start else f"Insert `{text}`"
    return f"Fix {finding.code}"


def _replacing(finding: Diagnostic, meant: str, at: Index) -> Edit | None:
    """The word of the finding's span that the one that is meant resembles, replaced by it."""
    text = at.source.text
    for found in _WORDS.finditer(text, finding.span.start, finding.span.end):
        span, word = Span(*found.span()), found[0]
        quoted = word.startswith('"')
        word = word[1:-1] if quoted else word
        new = f'"{meant}"' if quoted and not meant.startswith('"') else meant
        use = next((use for use in at.uses if use.span == span), None)
        if use is not None and use.symbol is not None and isinstance(use.symbol.node, tree.Import):
            return _in_import(use.symbol.node, use.symbol.name, meant)
        if word != meant and suggest(word, [meant]) is not None:
            return Edit(span, new)
    return None


def _in_import(node: tree.Import, bound: str, meant: str) -> Edit | None:
    """The name in an import that brought a task that there is not. Only of the same module: another one would be another import."""
    module, _, short = meant.rpartition(".")
    if node.module.text != module:
        return None
    for name in node.names:
        if name.bound.text == bound:
            return Edit(name.name.span, short if name.bound.span != name.name.span else f"{short} as {bound}")
    return None
