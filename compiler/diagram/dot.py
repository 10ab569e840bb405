"""A drawing as DOT text.

The text is written line by line into the body of a :class:`graphviz.Digraph`, which is thirteen times as fast as its methods ``node`` and
``edge``. All strings of a user go through :mod:`.escape`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote

from ..plan import Location
from . import escape
from .model import Box, Direction, Drawing, Frame, Line, LineKind
from .nesting import nested
from .ranks import ranks
from .sequence import rows
from .theme import FONT, LIGHT, Theme

#: Above this many boxes, or this length of all lines in ranks, the layout gives up some beauty for time.
LARGE = 400
DENSE = 800


def write_dot(drawing: Drawing, base: str | None = None, theme: Theme = LIGHT) -> str:
    """DOT text of a drawing.

    Args:
        drawing: made by :func:`flowc.compiler.diagram.arrange.arrange`.
        base: what to put before the file names of links to the source (``https://…/blob/main/``); empty for links beside the picture,
            None for no links.
        theme: the colours.
    """
    import graphviz

    writer = _Writer(drawing, base, theme)
    look = _graph_look(drawing, theme, writer.large())
    if writer.ordered():
        look["remincross"] = "false"  # the second round, which is for all frames together, does not see the invisible lines
    graph = graphviz.Digraph(name="flow", graph_attr=look, node_attr=_node_look(theme), edge_attr=_edge_look(theme))
    graph.body.extend(writer.lines())
    return str(graph.source)


def _graph_look(drawing: Drawing, theme: Theme, large: bool) -> dict[str, str]:
    look = {
        "rankdir": drawing.direction,
        "compound": "true",
        "newrank": "true",
        "bgcolor": theme.ground,
        "pad": "0.25",
        "nodesep": "0.22",
        "ranksep": "0.45" if drawing.direction == "LR" else "0.4",
        "fontname": FONT,
        "fontsize": "11",
        "fontcolor": theme.ink,
        "tooltip": " ",
    }
    if large:
        look.update(nslimit="0.5", nslimit1="0.5", mclimit="0.1", splines="line")
    return look


def _node_look(theme: Theme) -> dict[str, str]:
    return {"fontname": FONT, "fontsize": "12", "fontcolor": theme.ink, "height": "0.36", "width": "0.6", "penwidth": "1.1"}


def _edge_look(theme: Theme) -> dict[str, str]:
    return {"fontname": FONT, "fontsize": "9", "fontcolor": theme.quiet, "arrowsize": "0.7"}


class _Writer:
    def __init__(self, drawing: Drawing, base: str | None, theme: Theme) -> None:
        self._drawing, self._base, self._theme = drawing, base, theme
        self._names = {box.id: escape.node(box.id, number) for number, box in enumerate(drawing.boxes)}
        self._ranks = ranks((box.id for box in drawing.boxes), ((line.tail, line.head) for line in drawing.lines))
        self._inside = _contents(drawing, self._ranks)
        self._rows: dict[str, list[str]] = {}
        for frame, keys in rows(drawing, self._inside, self._ranks):
            self._rows.setdefault(frame.id, []).append(self._row(keys))
        self._points = {box.id for box in drawing.boxes if box.kind == "join"}
        self._clusters = {frame.id: f"cluster_{number}" for number, frame in enumerate(drawing.frames)}

    def _row(self, keys: Sequence[str]) -> str:
        """Invisible lines that hold boxes of one rank in order, which goes upwards where ranks go from left to right."""
        if self._drawing.direction == "LR":
            keys = keys[::-1]
        return f"\t{{ rank=same; {' -> '.join(self._names[key] for key in keys)} [style=invis minlen=0] }}\n"

    def ordered(self) -> bool:
        """Whether there are boxes whose order is given."""
        return bool(self._rows)

    def large(self) -> bool:
        """Whether a careful layout would take long."""
        length = sum(abs(self._ranks[line.head] - self._ranks[line.tail]) for line in self._drawing.lines)
        return len(self._drawing.boxes) > LARGE or length > DENSE

    def lines(self) -> Iterator[str]:
        """All lines of the body. Frames nest without recursion."""
        yield f"\tlabelloc=t labeljust=l label={_heading(self._drawing, self._theme)}\n"
        stack: list[Box | Frame | str] = list(reversed(self._inside[None]))
        while stack:
            item = stack.pop()
            if isinstance(item, str):
                yield item
            elif isinstance(item, Box):
                yield self._box(item)
            else:
                yield self._open(item)
                stack.append("\t}\n")
                stack.extend(self._rows.get(item.id, ()))
                stack.extend(reversed(self._inside[item.id]))
        for line in self._drawing.lines:
            yield self._line(line)

    def _column(self, frame: Frame) -> bool:
        """Whether the frame holds boxes of different ranks only."""
        held = [self._ranks[item.id] for item in self._inside[frame.id] if isinstance(item, Box)]
        return len(held) == len(self._inside[frame.id]) == len(set(held))

    def _open(self, frame: Frame) -> str:
        tip = f"tooltip={escape.tooltip(frame.tooltip)}{self._link(frame.span)}"
        look = _frame_look(frame, self._theme, self._drawing.direction, self._column(frame))
        return f"\tsubgraph {self._clusters[frame.id]} {{ {look} {tip}\n"

    def _box(self, box: Box) -> str:
        look = self._theme.boxes[box.kind]
        tip = f"tooltip={escape.tooltip(box.tooltip)}{self._link(box.span)}"
        if box.kind == "join":
            return f'\t{self._names[box.id]} [shape=point width=0.09 height=0.09 color="{look.stroke}" label="" {tip}]\n'
        style = look.style
        if box.count > 1:
            style += ",dashed"
        extra = f' penwidth=2.2 color="{self._theme.result_stroke}"' if box.result else f' color="{look.stroke}"'
        shape = f'shape={look.shape} style="{style}" fillcolor="{look.fill}" margin="{look.margin}"{extra}'
        return f"\t{self._names[box.id]} [label={_box_label(box, self._theme)} {shape} {tip}]\n"

    def _line(self, line: Line) -> str:
        look = self._theme.lines[line.kind]
        head = "none" if line.head in self._points else look.head
        parts = [f'style={look.style} color="{look.stroke}" penwidth={look.width} arrowhead={head}']
        if line.kind in ("data", "then"):
            parts.append("weight=4")
        if line.each:
            parts.append(f'label=<<font color="{self._theme.quiet}">&#160;each&#160;</font>>')
        if line.frame:
            parts.append(f"ltail={self._clusters[line.frame]}")
        if line.tooltip:
            parts.append(f"tooltip={escape.tooltip(line.tooltip)}")
        return f"\t{self._names[line.tail]} -> {self._names[line.head]} [{' '.join(parts)}]\n"

    def _link(self, span: Location | None) -> str:
        """A link to the line, for files named relative to the folder that the picture is for."""
        if self._base is None or span is None or not span.line or span.file.startswith(("/", "\\", "<")) or ":" in span.file[:3]:
            return ""
        file = span.file.encode("utf-8", "replace")
        return f" URL={escape.address(f'{self._base}{quote(file)}#L{span.line}')}"


def _contents(drawing: Drawing, rank: Mapping[str, int]) -> dict[str | None, list[Box | Frame]]:
    """What is directly inside each frame (None: of the picture), in the order in which Graphviz draws it in text order.

    Where ranks go from left to right it draws what has the same rank in a cluster from the bottom up, and so parts without a connection.
    """
    inside = nested(drawing)
    if drawing.direction == "LR":
        place = _places(drawing, rank)
        for key, held in inside.items():
            if key is not None:
                held.sort(key=lambda item: place[isinstance(item, Frame), item.id])
        inside[None] = _parts_reversed(drawing, inside)
    return inside


def _places(drawing: Drawing, rank: Mapping[str, int]) -> dict[tuple[bool, str], tuple[int, int]]:
    """Where each box and each frame (by its first box) goes within what is around it: by rank, then the last of the text first."""
    parents = {frame.id: frame.parent for frame in drawing.frames}
    place: dict[tuple[bool, str], tuple[int, int]] = {}
    for number, box in enumerate(drawing.boxes):
        place[False, box.id] = (rank[box.id], -number)
        key = box.frame
        while key is not None and (True, key) not in place:
            place[True, key] = place[False, box.id]
            key = parents[key]
    return place


def _parts_reversed(drawing: Drawing, inside: dict[str | None, list[Box | Frame]]) -> list[Box | Frame]:
    """What is in no frame, the last of the parts that nothing connects coming first."""
    top: dict[str, int] = {}
    for number, item in enumerate(inside[None]):
        stack: list[Box | Frame] = [item]
        while stack:
            here = stack.pop()
            if isinstance(here, Frame):
                stack.extend(inside[here.id])
            else:
                top[here.id] = number
    leader = list(range(len(inside[None])))

    def lead(number: int) -> int:
        while leader[number] != number:
            leader[number] = number = leader[leader[number]]
        return number

    for line in drawing.lines:
        a, b = sorted((lead(top[line.tail]), lead(top[line.head])))
        leader[b] = a
    order = sorted(range(len(leader)), key=lambda number: (-lead(number), number))
    return [inside[None][number] for number in order]


def _box_label(box: Box, theme: Theme) -> str:
    title = f"<b>{escape.html(box.title)}</b>" if box.kind not in ("run", "rest") else escape.html(box.title)
    if box.count > 1:
        title += f'<font color="{theme.quiet}"> × {box.count:,}</font>'
    if box.detail:
        title += f'<br/><font point-size="9.5" color="{theme.quiet}">{escape.html(box.detail)}</font>'
    return f"<{title}>"


def _frame_look(frame: Frame, theme: Theme, direction: Direction, column: bool) -> str:
    if frame.kind in ("scope", "messages"):
        stroke, fill = theme.scope if frame.kind == "scope" else theme.messages
        return f'label="" style="rounded,filled" color="{stroke}" fillcolor="{fill}" penwidth=0.8 margin=10'
    stroke = theme.result_stroke if frame.result else theme.flow.stroke if frame.kind == "flow" else theme.group_stroke
    common = f'label={_frame_label(frame, theme, direction, column)} labeljust=l color="{stroke}" penwidth={2.2 if frame.result else 1.0}'
    if frame.kind == "flow":
        return f'{common} style="rounded,filled" fillcolor="{theme.flow.fill}" margin=12'
    return f'{common} style="rounded,dashed" margin=10'


def _frame_label(frame: Frame, theme: Theme, direction: Direction, column: bool) -> str:
    words = [f"<b>{escape.html(frame.title)}</b>"] if frame.title else []
    if frame.detail:
        words.append(escape.html(frame.detail))
    if frame.many:
        words.append(f"× {frame.many:,}")
    if not words:
        return '""'
    text = f'<font point-size="10" color="{theme.quiet}">{"  ".join(words)}</font>'
    if direction == "LR" or not column:
        return f"<{text}>"
    # Lines come in from above, often in the middle: room to the right of the words keeps the words beside them.
    room = min(6 * (len(frame.title) + len(frame.detail) + 8 * bool(frame.many)), 300)
    return (
        '<<table border="0" cellborder="0" cellspacing="0" cellpadding="0"><tr>'
        f'<td align="left">{text}</td><td width="{room}"></td></tr></table>>'
    )


def _heading(drawing: Drawing, theme: Theme) -> str:
    rows = [f'<td align="left"><font point-size="14"><b>{escape.html(drawing.title)}</b></font></td>']
    quiet = [*filter(None, [drawing.description]), *drawing.notes]
    rows.extend(
        f'<td align="left"><font color="{theme.quiet}">{escape.html(line)}</font></td>' for text in quiet for line in _wrapped(text)
    )
    if drawing.legend:
        cells = "".join(_legend_cells(kind, theme) for kind in drawing.legend)
        rows.append(f'<td align="left"><table border="0" cellborder="0" cellspacing="0" cellpadding="0"><tr>{cells}</tr></table></td>')
    rows.append('<td height="6"></td>')
    table = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<<table border="0" cellborder="0" cellspacing="0" cellpadding="2">{table}</table>>'


def _wrapped(text: str, width: int = 72) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width, break_long_words=True, max_lines=3, placeholder=" …")


def _legend_cells(kind: LineKind, theme: Theme) -> str:
    look = theme.lines[kind]
    sample = (
        '<td><table border="0" cellborder="0" cellspacing="0" cellpadding="0"><tr>'
        f'<td width="24" height="7" fixedsize="true" border="1" sides="b" style="{look.style}" color="{look.stroke}"></td></tr>'
        '<tr><td width="24" height="6" fixedsize="true"></td></tr></table></td>'
    )
    words = f'<font point-size="9.5" color="{look.stroke}">{look.sign} {look.meaning}&#160;&#160;&#160;</font>'
    return f"{sample}<td>{words}</td>"
