"""Graphviz's SVG as a part of the page: colours that follow the theme, and elements that the page's program can find."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

from .. import escape
from ..escape import visible
from ..model import Box, Drawing
from ..theme import DARK, LIGHT, Theme

_SVG = "{http://www.w3.org/2000/svg}"


def prepare(svg: bytes, drawing: Drawing) -> str:
    """The ``<svg>`` element. By boxes' numbers: a box is ``<g class="node" id="b3">``, a line ``<g class="edge" data-line="4 7">``."""
    ElementTree.register_namespace("", _SVG[1:-1])
    root = ElementTree.fromstring(svg)
    numbers = {escape.node(box.id, place).strip('"'): place for place, box in enumerate(drawing.boxes)}
    for group in list(root.iter(f"{_SVG}g")):
        kind = group.get("class")
        title = group.find(f"{_SVG}title")
        if kind in ("graph", "node", "edge", "cluster"):
            _unwrap(group)
            group.attrib.pop("id", None)
            if title is not None:
                name = title.text or ""
                group.remove(title)
                if kind == "node" and name in numbers:
                    _mark(group, numbers[name], drawing.boxes[numbers[name]])
                elif kind == "edge":
                    tail, _, head = name.partition("->")
                    if tail in numbers and head in numbers:
                        group.set("data-line", f"{numbers[tail]} {numbers[head]}")
    for name in ("width", "height"):
        root.attrib.pop(name, None)
    root.set("id", "picture")
    root.set("aria-label", f"{visible(drawing.title)}: {len(drawing.boxes)} boxes")
    names = _variables()
    for element in root.iter():
        for attribute in ("fill", "stroke"):
            if element.get(attribute) in names:
                element.set(attribute, f"var({names[element.get(attribute, '')]})")
    return ElementTree.tostring(root, "unicode")


def _unwrap(group: ElementTree.Element) -> None:
    """Take the links away that Graphviz puts around what has a tooltip."""
    for place, child in enumerate(list(group)):
        link = child.find(f"{_SVG}a")
        if child.tag == f"{_SVG}g" and link is not None:
            group.remove(child)
            for offset, inner in enumerate(list(link)):
                group.insert(place + offset, inner)


def _mark(group: ElementTree.Element, number: int, box: Box) -> None:
    group.set("id", f"b{number}")
    group.set("tabindex", "0")
    group.set("role", "button")
    group.set("aria-label", visible(" ".join(filter(None, (box.title, box.detail)))) or box.kind)
    title = ElementTree.Element(f"{_SVG}title")
    title.text = "\n".join(map(visible, box.tooltip.split("\n")))
    group.insert(0, title)


def colours() -> Iterator[tuple[str, str, str]]:
    """The name of each colour of the page, what it is in the light theme, and in the dark one."""
    seen: set[str] = set()
    for number, (light, dark) in enumerate(zip(_all(LIGHT), _all(DARK), strict=True)):
        if light not in seen and light.startswith("#"):
            seen.add(light)
            yield f"--c{number}", light, dark


def _variables() -> dict[str, str]:
    return {light: name for name, light, _ in colours()}


def _all(theme: Theme) -> Iterator[str]:
    yield from (theme.ground, theme.ink, theme.quiet)
    for box in theme.boxes.values():
        yield from (box.fill, box.stroke)
    for line in theme.lines.values():
        yield line.stroke
    for frame in (theme.flow, theme.scope, theme.messages):
        yield from frame
    yield from (theme.group_stroke, theme.result_stroke)
