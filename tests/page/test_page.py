"""The page's text: whole, self-contained, and data stays data."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

from flowc.compiler.diagram.page import Remark
from flowc.compiler.plan import Location
from flowc.dsl.columns import escaped

from .making import page

FLOW = '''"""Reports."""
rows = [shop.orders(day, region) {expires = 1h} for region in ["eu", "us"]]
top = rows -> shop.best(limit=3)
top -> shop.publish !> shop.page("sales")
'''.replace("day, ", '"monday", ')

HOSTILE = (
    "</script><script>alert(1)</script>", "]]>", "<img src=x onerror=alert(1)>", "\"'><b>", "&lt;b&gt;", "<!--", "{{title}}", "a\u202eb",
    "\x1b[31m", "javascript:alert(1)", "</svg>", "</title>", "\u2028", "\x00",
)  # fmt: skip


class Reader(HTMLParser):
    """Elements with their attributes, and the texts of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._inside: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style", "title", "h1", "p", "text"):
            self._inside.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.texts[self._inside[-1]][-1] += data

    def data(self) -> Any:
        """What the page's program reads."""
        return json.loads(self.texts["script"][0])


def test_it_tells_of_each_step() -> None:
    read = Reader(page(FLOW))
    boxes = {str(box["title"]): box for box in read.data()["boxes"]}
    assert boxes["top"]["arguments"] == [["1", "rows"], ["limit", "3"]]
    assert boxes["top"]["task"] == "shop.best"
    assert boxes["rows[0]"]["options"] == [["expires", "1h"]]
    assert boxes["page"]["kind"] == "handler of failures"
    assert boxes["top"]["where"] == "a.flow:3:15"
    assert boxes["top"]["source"] == [[3, "top = rows -> shop.best(limit=3)"]]
    marked = {attrs["id"] for tag, attrs in read.elements if tag == "g" and attrs.get("class") == "node"}
    assert marked == {f"b{number}" for number in range(len(boxes))}
    assert all(attrs.get("tabindex") == "0" and attrs.get("aria-label") for tag, attrs in read.elements if attrs.get("class") == "node")


def test_every_line_is_between_its_boxes() -> None:
    read = Reader(page(FLOW))
    lines = {tuple(line[:2]) for line in read.data()["lines"]}
    drawn = {tuple(map(int, str(attrs["data-line"]).split())) for _, attrs in read.elements if "data-line" in attrs}
    assert drawn == lines


def test_findings_stand_with_their_steps() -> None:
    remark = Remark("F0901", "warning", "unused", Location("a.flow", 3, 1, 3, 4))
    boxes = {str(box["title"]): box for box in Reader(page(FLOW, remarks=(remark,))).data()["boxes"]}
    assert boxes["top"]["findings"] == [{"code": "F0901", "severity": "warning", "message": "unused"}]
    assert boxes["rows[0]"]["findings"] == []


def test_it_loads_nothing_and_lets_only_its_own_program_run() -> None:
    text = page(FLOW)
    read = Reader(text)
    (policy,) = (attrs["content"] for tag, attrs in read.elements if attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    for directive, kind, place in (("script-src", "script", 1), ("style-src", "style", 0)):
        digest = base64.b64encode(hashlib.sha256(read.texts[kind][place].encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for _, attrs in read.elements:
        assert not {"src", "href", "xlink:href", "style"} & attrs.keys()
        assert not any(name.startswith("on") for name in attrs)
    assert not re.search(r"https?://(?!www\.w3\.org/)", text)


def test_hostile_texts_stay_text() -> None:
    harmless = Reader(page(FLOW))
    quoted = list(map(json.dumps, HOSTILE))
    text = page("\n".join(f"# {one}\nt.a({one}, {{k: {one}}}, k={one}) !> t.h({one})" for one in quoted))
    read = Reader(text)
    assert [tag for tag, _ in read.elements if tag in ("script", "style", "img", "b")] == ["style", "script", "script"]
    assert read.texts["script"][1] == harmless.texts["script"][1]
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", text)
    boxes = [box for box in read.data()["boxes"] if box["kind"] == "step"]
    assert [box["arguments"][0] for box in boxes] == [["1", one] for one in map(escaped, quoted)]
