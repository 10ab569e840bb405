"""Text of a user stays text, whatever is in it: in DOT, in SVG, in tooltips and in links."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowc.compiler.diagram import drawing, render, to_dot
from flowc.compiler.diagram.captions import NAME, TOOLTIP
from flowc.compiler.diagram.escape import visible
from flowc.compiler.plan import Plan, Ref

from .plans import Builder
from .reading import parse_dot, plain, svg_texts, svg_tooltips

HOSTILE = [
    'a"b', "a\\", "\\", "\\N", "\\\\N", "\\G\\E\\T\\L", "\\n\\l\\r", "<b>x</b>", "</b>", "<", ">",
    "<<b>>", "&", "&amp;", "&lt;b&gt;", "&#92;N", "%N %d %s",
    "]]>", "</script><script>alert(1)</script>", "-->", "--", "{x|y}", "x -> y", '"]; evil [',
    "a:b:c", "digraph", "node", "subgraph cluster_0", "edge",
    "line\nfeed", "tab\there", "\r", "\x00", "\x1b[31m", "\x7f", "\x85", "\u202egnp.exe", "\u200b",
    "\ufeff", "\ufffe", "\ud800", "\udfff", "🦊", "é", "日本",
    "''", "javascript:alert(1)", "x" * 5000, "", " ", "  two  spaces  ", "#", "//", "/* x */",
    "\U000e0041", "ltail=cluster_0",
]  # fmt: skip

TEXTS = st.text(max_size=60) | st.sampled_from(HOSTILE) | st.text(alphabet='\\"<>&;#%NGELT/ \n{}|[]ab', max_size=30)


def hostile_plan(text: str) -> Plan:
    """The text in every place that a picture shows: name, task, option, argument, key, group, sub-flow, type, handler, file, title."""
    b = Builder(text, text)
    flow = (b.flow(f"{text}/", text),)
    b.scope(f"s{text}", (f"h{text}", text))
    b.call("a", f"t.{text}", text, options={"queue": text}, returns=text, given={text: text})
    b.call(f"x{text}", text, link="a", group=("g",), flow=flow, scope=f"s{text}")
    b.call("y", "t", Ref("a", (text,)), group=("g",), flow=flow, scope=f"s{text}")
    b.group("g", (Ref(f"x{text}"), Ref("y")), "each", text, flow=flow)
    return b.plan(b.call("z", "t", Ref("g", (text,)), scope=f"s{text}"))


def check(text: str) -> None:
    plan = hostile_plan(text)
    picture = drawing(plan)
    parsed = parse_dot(to_dot(picture))
    assert len(parsed.nodes) == len(picture.boxes) == 5
    assert len(parsed.edges) == len(picture.lines)
    assert len(parsed.clusters) == len(picture.frames)
    titles = [plain(node["label"]).replace("\xa0", " ") for node in parsed.nodes.values()]
    for box in picture.boxes:
        shown = visible(box.title).replace("\xa0", " ")
        assert any(title.startswith(shown) for title in titles), (box.title, titles)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text)[:20])
def test_hostile_text_makes_no_other_picture(text: str) -> None:
    check(text)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS)
def test_any_text_makes_no_other_picture(text: str) -> None:
    check(text)


def test_hostile_text_comes_back_out_of_the_svg_as_it_was() -> None:
    b = Builder("t")
    for number, text in enumerate(HOSTILE):
        b.call(f"n{number}", f"mod.{text}", text, options={"queue": text})
    svg = render(to_dot(drawing(b.plan(), limit=None)), "svg")
    texts = [text.replace("\xa0", " ") for text in svg_texts(svg)]
    tooltips = "\n".join(svg_tooltips(svg)).replace("\xa0", " ")
    for text in HOSTILE:
        shown = visible(text)
        if len(text) < 30 and text.strip():
            assert any(f"queue {shown}" in found for found in texts), text
            assert f"mod.{shown}(" in tooltips, text


def test_no_link_leaves_for_another_place() -> None:
    from dataclasses import replace

    plan = Builder("t")
    plan.call("a", "t.a")
    for file in ("javascript:alert(1)", "//host/x", "/etc/passwd", "C:\\x", "<stdin>", 'a" onload="x', "a?b#c"):
        here = replace(plan.calls[0], where=plan.calls[0].where._replace(file=file))
        text = to_dot(replace(plan.plan(), calls=(here,)))
        link = parse_dot(text).nodes["a"].get("URL") or ""
        assert ":" not in link
        assert not link.startswith("/")
        assert '"' not in link


def test_long_texts_are_cut() -> None:
    b = Builder("t")
    named: dict[str, Any] = {"k" * 9000: ("w",) * 9000}
    b.call("n" * 9000, "t." + "m" * 9000, "v" * 100_000, options={"queue": "q" * 9000}, returns="r" * 9000, **named)
    (box,) = drawing(b.plan()).boxes
    assert len(box.title) <= NAME
    assert len(box.tooltip) <= TOOLTIP
    assert len(to_dot(b.plan())) < 6000


@pytest.mark.parametrize(
    ("text", "shown"), [("a\nb", "a\\nb"), ("\x00", "\\x00"), ("\u202e", "\\u202e"), ("\ud800", "\\ud800"), ("é日🦊", "é日🦊")]
)
def test_what_cannot_be_seen_is_shown_as_its_code(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_secrets_show_their_name_only() -> None:
    from .reading import plan_of

    text = to_dot(plan_of('a(secret("KEY"), f"x{secret("KEY")}", now + 1h)'.replace('f"x{secret("KEY")}"', 'secret("KEY") + "x"')))
    assert 'secret(\\"KEY\\")' in text
