"""Lines to handlers: one by one where they are few, from a frame where they would be a sheaf."""

from __future__ import annotations

from flowc.compiler.diagram import drawing, to_dot
from flowc.compiler.diagram.model import Drawing

from . import plans
from .reading import drawn, lines, parse_dot


def handling(picture: Drawing) -> set[tuple[str, str]]:
    return {(tail, head) for tail, head, kind in lines(picture) if kind in ("on_error", "on_message")}


def within(picture: Drawing, frame: str) -> set[str]:
    parents = {one.id: one.parent for one in picture.frames}
    found = set()
    for box in picture.boxes:
        here = box.frame
        while here is not None and here != frame:
            here = parents[here]
        if here == frame:
            found.add(box.id)
    return found


def test_two_steps_and_one_handler_have_lines_of_their_own() -> None:
    assert handling(drawing(plans.one_liner())) == {("add#1", "error_handler#1"), ("add#2", "error_handler#1")}


def test_one_step_has_a_line_to_each_of_its_handlers() -> None:
    assert handling(drawn("a !> [h, k, l] ~> f")) == {("a#1", head) for head in ("h#1", "k#1", "l#1", "f#1")}


def test_a_larger_scope_is_a_frame_with_one_line_to_each_handler() -> None:
    picture = drawn("a -> b -> c !> [h, k]")
    (frame,) = picture.frames
    assert frame.kind == "scope"
    assert within(picture, frame.id) == {"a#1", "b#1", "c#1"}
    assert handling(picture) == {(frame.id, "h#1"), (frame.id, "k#1")}
    for tail, _, look in parse_dot(to_dot(picture)).edges:
        assert (tail == "c#1" and look["ltail"] == "cluster_0") or not look.get("ltail")


def test_messages_and_failures_of_one_scope_share_the_frame() -> None:
    picture = drawn("a -> b -> c !> h ~> f")
    (frame,) = picture.frames
    assert handling(picture) == {(frame.id, "h#1"), (frame.id, "f#1")}
    assert [one.kind for one in drawn("a -> b -> c ~> f").frames] == ["messages"]


def test_inner_scopes_are_inside_outer_ones() -> None:
    picture = drawn("(a -> b -> c !> h) -> d -> e !> k")
    outer, inner = picture.frames
    assert (outer.parent, inner.parent) == (None, outer.id)
    assert within(picture, inner.id) == {"a#1", "b#1", "c#1"}
    assert within(picture, outer.id) == {"a#1", "b#1", "c#1", "d#1", "e#1"}
    assert handling(picture) == {(inner.id, "h#1"), (outer.id, "k#1")}


def test_the_frame_of_a_group_or_sub_flow_that_is_the_scope_is_used() -> None:
    picture = drawn("[a, b, c] !> h")
    (frame,) = picture.frames
    assert frame.kind == "group"
    assert handling(picture) == {(frame.id, "h#1")}
    assert next(box.frame for box in picture.boxes if box.id == "h#1") is None
    called = drawn("flow f(x):\n    return a(x) -> b -> c\nf(1) !> h")
    (frame,) = called.frames
    assert frame.kind == "flow"
    assert handling(called) == {(frame.id, "h#1")}
    assert next(box.frame for box in called.boxes if box.id == "h#1") is None


def test_a_handler_written_in_a_sub_flow_is_drawn_in_it() -> None:
    picture = drawn("flow f(x):\n    return a(x) -> b -> c !> h\nf(1)")
    flow, scope = picture.frames
    assert (flow.kind, scope.kind, scope.parent) == ("flow", "scope", flow.id)
    assert next(box.frame for box in picture.boxes if box.kind == "errback") == flow.id


def test_a_handler_of_a_member_is_drawn_in_the_group() -> None:
    picture = drawn("[(a -> b !> h), c]")
    assert len(within(picture, picture.frames[0].id)) == 4


def test_a_frame_line_never_leads_into_its_own_frame() -> None:
    """Graphviz refuses lines from the border of a cluster to what is inside it."""
    for text in ("[(a -> b -> c !> h)]", "flow f(x):\n    return [a(x), b, c] !> h\nf(1) !> k", "(([a, b, c] !> h) -> d !> k) -> e ~> f"):
        picture = drawn(text)
        for line in picture.lines:
            if line.frame is not None:
                held = within(picture, line.frame)
                assert line.tail in held
                assert line.head not in held


def test_each_failure_is_said() -> None:
    (box,) = [box for box in drawn("[a, b] !> each h").boxes if box.kind == "errback"]
    assert box.detail == "each failure"
