"""Reads DOT text and SVG back, so that tests speak of boxes and lines, not of text."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any

from flowc.compiler.diagram import drawing
from flowc.compiler.diagram.model import Drawing
from flowc.compiler.pipeline import Settings, compile_source
from flowc.compiler.plan import Plan
from flowc.dsl.source import Source


def plan_of(text: str, settings: Settings | None = None) -> Plan:
    """The plan of a flow that has no mistake."""
    compiled = compile_source(Source("a.flow", text), settings or Settings())
    assert compiled.plan is not None, compiled.findings
    return compiled.plan


def drawn(text: str, **choices: Any) -> Drawing:
    """The drawing of a flow's text."""
    return drawing(plan_of(text), **choices)


def lines(picture: Drawing) -> set[tuple[str, str, str]]:
    """Its lines by the ids of boxes (or of the frame that they begin at)."""
    return {(line.frame or line.tail, line.head, line.kind) for line in picture.lines}


def boxes(picture: Drawing) -> list[tuple[str, str, int]]:
    """Kind, title and count of its boxes, in order."""
    return [(box.kind, box.title, box.count) for box in picture.boxes]


@dataclass(frozen=True)
class Parsed:
    """What Graphviz's own parser found in DOT text, but for the invisible lines that only hold boxes in order."""

    nodes: dict[str, dict[str, str]]
    edges: list[tuple[str, str, dict[str, str]]]
    clusters: dict[str, set[str]]
    attributes: dict[str, dict[str, str]]


def parse_dot(text: str) -> Parsed:
    """Parse DOT text with Graphviz's parser."""
    import pygraphviz

    graph = pygraphviz.AGraph(string=text)
    clusters, attributes = {}, {}
    stack = list(graph.subgraphs())
    while stack:
        sub = stack.pop()
        if sub.name and sub.name.startswith("cluster"):
            clusters[sub.name] = set(map(str, sub.nodes()))
            attributes[sub.name] = dict(sub.graph_attr)
        stack.extend(sub.subgraphs())
    return Parsed(
        nodes={str(node): dict(node.attr) for node in graph.nodes()},
        edges=[edge for edge in _edges(graph) if edge[2].get("style") != "invis"],
        clusters=clusters,
        attributes=attributes,
    )


def _edges(graph: Any) -> list[tuple[str, str, dict[str, str]]]:
    return [(str(edge[0]), str(edge[1]), dict(edge.attr)) for edge in graph.edges_iter()]


def svg_texts(svg: bytes) -> list[str]:
    """All words that an SVG shows, one for each text element."""
    import xml.etree.ElementTree as Tree

    return ["".join(node.itertext()) for node in Tree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def svg_tooltips(svg: bytes) -> list[str]:
    """All tooltips of an SVG."""
    import xml.etree.ElementTree as Tree

    links = Tree.fromstring(svg).iter("{http://www.w3.org/2000/svg}a")
    return [link.attrib["{http://www.w3.org/1999/xlink}title"] for link in links if "{http://www.w3.org/1999/xlink}title" in link.attrib]


def svg_places(svg: bytes) -> dict[str, tuple[float, float]]:
    """Where each text begins, from the left and from the top; of equal texts the last."""
    import xml.etree.ElementTree as Tree

    texts = Tree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    return {"".join(text.itertext()): (float(text.attrib["x"]), float(text.attrib["y"])) for text in texts}


def svg_heights(svg: bytes) -> dict[str, float]:
    """How far below the top each text is."""
    return {text: y for text, (_, y) in svg_places(svg).items()}


def plain(label: str) -> str:
    """The text of an HTML-like label, without its tags."""
    inner = label[1:-1] if label.startswith("<<") else label
    return html.unescape(re.sub(r"<[^<>]*>", "", inner)).replace("\\\\", "\\")
