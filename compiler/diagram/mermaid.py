"""A drawing as a Mermaid flowchart, which GitHub and GitLab draw in Markdown.

They draw at most :data:`EDGES` lines and :data:`CHARACTERS` characters of text; :func:`fits` says whether a drawing keeps to that. Mermaid
has neither octagons nor hollow heads: handlers of failures are hexagons, and their lines end in a cross, those of messages in a circle.
Lines, frames and their words take the colours of the page they are on, light or dark; boxes bring theirs along.
"""

from __future__ import annotations

from collections.abc import Iterator

from . import escape
from .model import Box, BoxKind, Drawing, Frame, LineKind
from .nesting import nested
from .theme import LIGHT, Theme

#: What GitHub and GitLab draw: Mermaid's own defaults of ``maxEdges`` and ``maxTextSize``.
EDGES = 500
CHARACTERS = 50_000

SHAPES: dict[BoxKind, tuple[str, str]] = {
    "step": ("(", ")"),
    "errback": ("{{", "}}"),
    "listener": (">", "]"),
    "join": ("((", "))"),
    "flow": ("[[", "]]"),
    "group": ("[[", "]]"),
    "run": ("[", "]"),
    "rest": ("(", ")"),
}
ARROWS: dict[LineKind, str] = {"data": "-->", "then": "-.->", "on_error": "-.-x", "on_message": "-.-o"}
#: Colours with a contrast of 3 : 1 and more to white and to black: the page may be either.
STYLES: dict[LineKind, str] = {"on_error": "stroke:#d9443a,stroke-dasharray:6 4", "on_message": "stroke:#2f80d8,stroke-dasharray:2 3"}


def fits(drawing: Drawing) -> bool:
    """Whether GitHub and GitLab draw it."""
    return _edges(drawing) <= EDGES and len(write_mermaid(drawing).encode("utf-16-le")) // 2 <= CHARACTERS


def _edges(drawing: Drawing) -> int:
    return len(drawing.lines) + len(drawing.legend)


def write_mermaid(drawing: Drawing, theme: Theme = LIGHT) -> str:
    """The text of a flowchart, without the fence of Markdown."""
    return "".join(f"{line}\n" for line in _lines(drawing, theme))


def _lines(drawing: Drawing, theme: Theme) -> Iterator[str]:
    yield f"flowchart {drawing.direction}"
    for text in filter(None, (drawing.title, drawing.description, *drawing.notes)):
        yield f"  %% {escape.mermaid_comment(text)}"
    names = {box.id: f"n{number}" for number, box in enumerate(drawing.boxes)}
    frames = {frame.id: f"g{number}" for number, frame in enumerate(drawing.frames)}
    yield from _boxes(drawing, names, frames)
    drawn: dict[LineKind, list[int]] = {}
    for number, line in enumerate(drawing.lines):
        drawn.setdefault(line.kind, []).append(number)
        tail = frames[line.frame] if line.frame else names[line.tail]
        yield f"  {tail} {ARROWS[line.kind]}{'|each|' if line.each else ''} {names[line.head]}"
    yield from _frame_classes(drawing, frames)
    if drawing.legend:
        yield from _legend(drawing, theme, drawn)
    for kind, numbers in drawn.items():
        if kind in STYLES:
            yield f"  linkStyle {','.join(map(str, numbers))} {STYLES[kind]}"
    yield from _classes(drawing, theme)


def _boxes(drawing: Drawing, names: dict[str, str], frames: dict[str, str]) -> Iterator[str]:
    inside = nested(drawing)
    stack: list[tuple[Box | Frame | None, int]] = [(item, 1) for item in reversed(inside[None])]
    while stack:
        item, depth = stack.pop()
        indent = "  " * min(depth, 8)
        if item is None:
            yield f"{indent}end"
        elif isinstance(item, Box):
            yield f"{indent}{_box(item, names[item.id])}"
        else:
            yield f'{indent}subgraph {frames[item.id]}["{_frame_words(item)}"]'
            yield from _direction(drawing, indent)
            stack.append((None, depth))
            stack.extend((held, depth + 1) for held in reversed(inside[item.id]))


def _direction(drawing: Drawing, indent: str) -> Iterator[str]:
    """Said again in each frame, since one without lines to the outside would run from the top down."""
    if drawing.direction != "TB":
        yield f"{indent}  direction {drawing.direction}"


def _frame_classes(drawing: Drawing, frames: dict[str, str]) -> Iterator[str]:
    """Behind the lines: a line that begins at a frame makes a box of that name, which has to have the look as well."""
    looks: dict[str, list[str]] = {}
    for frame in drawing.frames:
        looks.setdefault(f"{'value' if frame.result else frame.kind}Frame", []).append(frames[frame.id])
    for look, held in looks.items():
        yield f"  class {','.join(held)} {look}"


def _box(box: Box, name: str) -> str:
    opening, closing = SHAPES[box.kind]
    words = "all" if box.kind == "join" else escape.mermaid(box.title)
    if box.count > 1:
        words += f" × {box.count:,}"
    if box.detail:
        words += f"<br/>{escape.mermaid(box.detail)}"
    style = "value" if box.result else "many" if box.count > 1 and box.kind == "step" else box.kind
    return f'{name}{opening}"{words}"{closing}:::{style}'


def _frame_words(frame: Frame) -> str:
    words = [escape.mermaid(text) for text in (frame.title, frame.detail) if text]
    if frame.many:
        words.append(f"× {frame.many:,}")
    return " · ".join(words) or "#160;"


def _legend(drawing: Drawing, theme: Theme, drawn: dict[LineKind, list[int]]) -> Iterator[str]:
    """A frame with a sample of each kind of line."""
    yield '  subgraph legend["#160;"]'
    yield from _direction(drawing, "  ")
    for number, kind in enumerate(drawing.legend):
        drawn.setdefault(kind, []).append(len(drawing.lines) + number)
        yield f'    k{number}[" "]:::sample {ARROWS[kind]} m{number}["{escape.mermaid(theme.lines[kind].meaning)}"]:::sample'
    yield "  end"
    yield "  class legend legendFrame"


def _classes(drawing: Drawing, theme: Theme) -> Iterator[str]:
    """The looks that occur."""
    kinds = {box.kind for box in drawing.boxes}
    for kind, look in theme.boxes.items():
        if kind in kinds:
            dashes = ",stroke-dasharray:2 3" if kind == "rest" else ",stroke-dasharray:6 4" if kind == "group" else ""
            stroke = "none" if look.stroke == "none" else look.stroke
            colour = "" if kind == "run" else f",color:{theme.ink}"
            yield f"  classDef {kind} fill:{look.fill},stroke:{stroke}{colour}{dashes}"
    step = theme.boxes["step"]
    if any(box.count > 1 for box in drawing.boxes):
        yield f"  classDef many fill:{step.fill},stroke:{step.stroke},color:{theme.ink},stroke-dasharray:6 4"
    if any(box.result for box in drawing.boxes):
        yield f"  classDef value fill:{step.fill},stroke:{theme.result_stroke},color:{theme.ink},stroke-width:3px"
    frames = {"value" if frame.result else frame.kind for frame in drawing.frames}
    for name, stroke, more in (
        ("flow", theme.flow.stroke, ""),
        ("group", theme.group_stroke, ",stroke-dasharray:6 4"),
        ("scope", theme.scope.stroke, ""),
        ("messages", theme.messages.stroke, ""),
        ("value", theme.result_stroke, ",stroke-width:3px,stroke-dasharray:6 4"),
    ):
        if name in frames:
            yield f"  classDef {name}Frame fill:none,stroke:{stroke}{more}"
    if drawing.legend:
        yield "  classDef legendFrame fill:none,stroke:none"
        yield "  classDef sample fill:none,stroke:none"
