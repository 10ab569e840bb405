"""A difference as a Mermaid flowchart, which GitHub and GitLab draw in a pull request: what changed, and what stands next to it."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagram.captions import NAME, cut_middle, short
from ..diagram.escape import mermaid as escaped
from ..plan import Plan
from .model import Difference
from .union import Box, Line, Status, unite

#: Boxes at most: more are no picture for a comment, and GitHub draws no more than 500 lines and 50,000 characters.
MOST_BOXES = 60
_MOST_LINES = 400

SIGNS: dict[Status, str] = {"added": "+ ", "removed": "− ", "changed": "~ ", "moved": "→ ", "same": ""}
_LOOKS: dict[Status, str] = {
    "added": "fill:#dafbe1,stroke:#1a7f37,stroke-width:2px,color:#1f2328",
    "removed": "fill:#ffebe9,stroke:#cf222e,stroke-width:2px,stroke-dasharray:6 4,color:#1f2328",
    "changed": "fill:#fff8c5,stroke:#9a6700,stroke-width:2px,color:#1f2328",
    "moved": "fill:#ddf4ff,stroke:#0969da,stroke-width:2px,color:#1f2328",
    "same": "fill:#f6f8fa,stroke:#8c959f,color:#1f2328",
}
_STROKES = {"added": "stroke:#1a7f37,stroke-width:3px", "removed": "stroke:#cf222e,stroke-width:2px,stroke-dasharray:6 4"}


def to_mermaid(difference: Difference, new: Plan) -> str:
    """The text of a flowchart, without the fence of Markdown; empty where no step and no edge is different."""
    union = unite(difference, new, MOST_BOXES)
    if not union.boxes:
        return ""
    lines = union.lines[:_MOST_LINES]
    return "".join(f"{line}\n" for line in _text(union.boxes, lines, union.left_out, len(union.lines) - len(lines)))


def _text(boxes: tuple[Box, ...], lines: tuple[Line, ...], left_out: int, cut: int) -> Iterator[str]:
    yield "flowchart LR"
    for number, box in enumerate(boxes):
        yield f"  n{number}{_box(box)}:::{box.status}"
    if left_out:
        yield f'  rest["and {left_out:,} more"]:::same'
    for line in lines:
        yield f"  n{line.tail} {'-.->' if line.kind == 'then' else '-->'}{'|+|' if line.status == 'added' else ''} n{line.head}"
    for status, stroke in _STROKES.items():
        numbers = [str(number) for number, line in enumerate(lines) if line.status == status]
        if numbers:
            yield f"  linkStyle {','.join(numbers)} {stroke}"
    if cut:
        yield f"  %% {cut} lines are left out"
    used = {"same" if left_out else "", *(box.status for box in boxes)}
    for look, style in _LOOKS.items():
        if look in used:
            yield f"  classDef {look} {style}"


def _box(box: Box) -> str:
    name = cut_middle(box.name, NAME)
    word = cut_middle(short(box.word), NAME)
    many = f" × {box.many:,}" if box.many > 1 else ""
    second = "" if word == name or box.name.startswith(f"{word}#") else f"<br/>{escaped(word)}"
    opening, closing = ("[[", "]]") if box.word in ("list", "each", "chunks") else ("(", ")")
    return f'{opening}"{SIGNS[box.status]}{escaped(name)}{many}{second}"{closing}'
