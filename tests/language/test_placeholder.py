"""`_`: where the linked result goes."""

from __future__ import annotations

import pytest

from .compiling import codes, steps


def test_it_says_where_the_result_goes_and_nothing_is_prepended() -> None:
    assert steps("a -> b(1, data=_)\n")[1] == "b#1 = b(1, data=<a#1>)"
    assert steps('a -> b(_.id, _["name"], _[0])\n')[1] == "b#1 = b(<a#1.id>, <a#1.name>, <a#1[0]>)"


def test_any_number_of_times() -> None:
    assert steps("a -> b(_, _, k=_.x)\n")[1] == "b#1 = b(<a#1>, <a#1>, k=<a#1.x>)"


def test_inside_lists_and_maps_of_an_argument() -> None:
    assert steps("a -> b({k: _, l: {m: _.x}})\n")[1] == "b#1 = b({k: <a#1>, l: {m: <a#1.x>}})"
    assert codes("a -> b([_, 1])\n") == []


def test_for_a_group_on_the_right_in_each_member() -> None:
    assert steps("a -> [b(1, _), c(k=_) -> d(2, _), e]\n")[1:] == [
        "b#1 = b(1, <a#1>)",
        "c#1 = c(k=<a#1>)",
        "d#1 = d(2, <c#1>)",
        "e#1 = e(<a#1>)",
    ]
    assert steps("a -> [b(i, _) for i in [1, 2]]\n")[1:] == ["b#1 = b(1, <a#1>)", "b#2 = b(2, <a#1>)"]


def test_of_a_group_on_the_left_it_is_the_list() -> None:
    assert steps("[a, b] -> c(1, _)\n")[2] == "c#1 = c(1, <group#1>)"


def test_of_a_value_at_the_head_it_is_the_value() -> None:
    assert steps("5 -> b(1, _)\n") == ["b#1 = b(1, 5)"]


@pytest.mark.parametrize(
    "text",
    [
        "f(_)",
        "_ -> f",
        "_",
        "a(_) -> b",
        "a => b(_)",
        "a -> b(c(_))",
        "a -> b([c(_)])",
        "a -> b !> h(_)",
        "a -> b ~> h(_)",
        "a -> b() {queue = _}",
        "a -> b((c(_) -> d))",
        "a => [b(_)]",
        "[f(i) for i in _]",
    ],
)
def test_nowhere_else(text: str) -> None:
    """Not inside a nested call, not behind `=>`, not in handlers or at a head."""
    assert codes(text + "\n") == ["F0602"]


@pytest.mark.parametrize(
    "text", ["_ = a()", "from p import a as _", "[f(1) for _ in [1]]", "flow f(_):\n    return 1", 'include "x.flow" as _']
)
def test_it_cannot_be_bound(text: str) -> None:
    assert "F0121" in codes(text + "\n")


def test_of_a_sub_flow_it_fills_a_parameter() -> None:
    assert steps("flow go(x, y):\n    return f(x, y)\na -> go(1, _)\n")[1] == "go#1/f#1 = f(1, <a#1>)"
