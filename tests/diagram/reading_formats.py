"""Reads Mermaid, JSON and listings back, each into the same rows, so that they can be compared with what was to be drawn."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TypeAlias

from flowc.compiler.diagram import Drawing, to_dot
from flowc.compiler.diagram.listing import WORDS, quoted
from flowc.compiler.diagram.mermaid import ARROWS, SHAPES
from flowc.compiler.diagram.nesting import public_names

from .reading import parse_dot

#: Where a line begins (a box, or a frame), where it ends, and its kind; how often it occurs.
Rows: TypeAlias = Counter[tuple[str, str, str]]

NODE = re.compile(r'\s*([nkm]\d+)(\(\(|\[\[|\{\{|\(|\[|>)"([^"]+)"(\)\)|\]\]|\}\}|\)|\]):::(\w+)$')
FRAME = re.compile(r'\s*subgraph (g\d+|legend)\["([^"]+)"\]$')
LINE = re.compile(r"\s*([gn]\d+) (-->|-\.->|-\.-x|-\.-o)(\|each\|)? (n\d+)$")
SAMPLE = re.compile(r'\s*k\d+\[" "\]:::sample (-->|-\.->|-\.-x|-\.-o) m\d+\["[^"]+"\]:::sample$')
OTHER = re.compile(
    r"(flowchart (LR|TB)| +direction LR|  %% .*|  class [gn\d,legend]+ \w+|  classDef \w+ [\w:#,.\- ]+|  linkStyle [\d,]+ [\w:#,\- ]+)$"
)


@dataclass
class Flowchart:
    """What a Mermaid text says: words of boxes, boxes and frames in each frame, and lines."""

    words: dict[str, str] = field(default_factory=dict)
    shapes: dict[str, str] = field(default_factory=dict)
    frames: dict[str, str] = field(default_factory=dict)
    inside: dict[str, str] = field(default_factory=dict)
    lines: Rows = field(default_factory=Counter)
    samples: list[str] = field(default_factory=list)


def parse_mermaid(text: str) -> Flowchart:
    """Parse what flowc writes of Mermaid; any other line is an error."""
    chart = Flowchart()
    open_frames: list[str] = []
    arrows = {arrow: kind for kind, arrow in ARROWS.items()}
    for line in text.splitlines():
        if (match := NODE.match(line)) and (match[2], match[4]) in SHAPES.values():
            chart.words[match[1]], chart.shapes[match[1]] = unescaped(match[3]), match[5]
            if open_frames:
                chart.inside[match[1]] = open_frames[-1]
        elif match := FRAME.match(line):
            chart.frames[match[1]] = unescaped(match[2])
            if open_frames:
                chart.inside[match[1]] = open_frames[-1]
            open_frames.append(match[1])
        elif line.strip() == "end":
            open_frames.pop()
        elif match := LINE.match(line):
            chart.lines[match[1], match[4], arrows[match[2]]] += 1
        elif match := SAMPLE.match(line):
            chart.samples.append(arrows[match[1]])
        else:
            assert OTHER.match(line), line
    assert not open_frames
    return chart


def unescaped(text: str) -> str:
    """The words of a Mermaid label, lines parted by line feeds."""
    assert not re.search(r'["`<>;{}]', re.sub(r"#\d+;|<br/>", "", text)), text
    return re.sub(r"#(\d+);", lambda match: chr(int(match[1])), text.replace("<br/>", "\n"))


def wanted(picture: Drawing) -> Rows:
    """The lines of a drawing."""
    return Counter((line.frame or line.tail, line.head, line.kind) for line in picture.lines)


def lines_of_mermaid(text: str, picture: Drawing) -> Rows:
    """The lines of a Mermaid text, in the words of the drawing."""
    ids = {f"n{number}": box.id for number, box in enumerate(picture.boxes)}
    ids.update((f"g{number}", frame.id) for number, frame in enumerate(picture.frames))
    return Counter({(ids[tail], ids[head], kind): count for (tail, head, kind), count in parse_mermaid(text).lines.items()})


def lines_of_json(text: str, picture: Drawing) -> Rows:
    """The lines of a model as JSON, in the words of the drawing."""
    ids = {name: key for key, name in public_names(picture).items()}
    return Counter((edge["cluster"] or ids[edge["from"]], ids[edge["to"]], edge["kind"]) for edge in json.loads(text)["edges"])


def lines_of_text(text: str, picture: Drawing) -> Rows:
    """The lines of a listing, in the words of the drawing."""
    ids = {quoted(name): key for key, name in public_names(picture).items()}
    scopes = [frame.id for frame in picture.frames if frame.kind in ("scope", "messages")]
    ids.update((f"scope {number}", key) for number, key in enumerate(scopes, 1))
    for frame in picture.frames:
        kind, _, key = frame.id.partition(" ")
        if kind in ("flow", "group"):
            ids[f"{'sub-flow' if kind == 'flow' else 'group'} {quoted(key)}"] = frame.id
    kinds = {f"{word}:": kind for kind, word in WORDS.items()}
    found: Rows = Counter()
    head = ""
    for line in text.splitlines()[1:]:
        word = next((word for word in kinds if line.lstrip().startswith(f"{word} ") and line.startswith("    ")), None)
        if word:
            for tail in split(line.strip().removeprefix(f"{word} ")):
                found[ids[tail.removeprefix("each ")], head, kinds[word]] += 1
        elif not line.startswith("# ") and not line.endswith(":"):
            head = ids[first(line.lstrip())]
    return found


def first(text: str) -> str:
    """The name that a line of a listing begins with."""
    found = re.match(r'"(?:[^"\\]|\\.)*"|\S+', text)
    assert found, text
    return found[0]


def split(text: str, by: str = ", ") -> list[str]:
    """Parts of a list of names, of which some stand in quotes."""
    parts, at = [""], 0
    while at < len(text):
        if text[at] == '"':
            end = re.compile(r'"(?:[^"\\]|\\.)*"').match(text, at)
            assert end, text
            parts[-1] += end[0]
            at = end.end()
        elif text.startswith(by, at):
            parts.append("")
            at += len(by)
        else:
            parts[-1] += text[at]
            at += 1
    return parts


def lines_of_dot(picture: Drawing) -> Rows:
    """The lines of the DOT text of a drawing, in its words."""
    from flowc.compiler.diagram import escape

    ids = {escape.node(box.id, number).strip('"'): box.id for number, box in enumerate(picture.boxes)}
    frames = {f"cluster_{number}": frame.id for number, frame in enumerate(picture.frames)}
    looks = {"solid": "data", "dashed": "on_error"}
    found: Rows = Counter()
    for tail, head, look in parse_dot(to_dot(picture)).edges:
        kind = looks.get(look["style"]) or ("then" if look["arrowhead"] == "empty" or look.get("weight") == "4" else "on_message")
        found[frames[look["ltail"]] if look.get("ltail") else ids[tail], ids[head], kind] += 1
    return found
