"""The same random flow embedded, driven and submitted on stock workers, and as a canvas of Celery's own client: it means the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings

from ..shared import SharedStock
from .growing import Handled, Step, Tree, handlers, in_celery, text, trees
from .running import CeleryClient, Outcome, Targets, targets


@pytest.fixture(scope="module")
def on(stock_redis: SharedStock, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Targets]:
    with targets(stock_redis, tmp_path_factory.mktemp("notes")) as made:
        yield made


@pytest.fixture(scope="module")
def client(stock_redis: SharedStock) -> Iterator[CeleryClient]:
    made = CeleryClient(stock_redis)
    yield made
    made.close()


def test_random_flows_mean_the_same(on: Targets, client: CeleryClient) -> None:
    compared = explore(on, client, 25)
    # the slice is of some use: each way was gone
    assert compared["submitted"] >= 4
    assert compared["canvas"] >= 2


@pytest.mark.soak
def test_many_random_flows_mean_the_same(on: Targets, client: CeleryClient) -> None:
    compared = explore(on, client, 600)
    assert compared["submitted"] >= 100
    assert compared["canvas"] >= 50


def explore(on: Targets, client: CeleryClient, examples: int) -> dict[str, int]:
    """Compare so many random flows; gives how many ran on the targets where not all can."""
    compared = {"submitted": 0, "canvas": 0}

    @settings(max_examples=examples, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(trees())
    def compare(tree: Tree) -> None:
        note(text(tree, "key"))
        embedded = on.embedded(tree)
        driven = on.driven(tree)
        assert driven.value == embedded.value
        assert driven.steps == embedded.steps
        assert same_calls(driven, embedded, tree)
        submitted = on.submitted(tree, embedded.counts)
        if submitted is not None:
            compared["submitted"] += 1
            told, remarks = submitted
            assert told.value == embedded.value
            assert told.steps == embedded.steps
            if not remarks:
                assert told.counts == embedded.counts
            else:
                assert all(told.counts[number] >= count for number, count in embedded.counts.items())
        if in_celery(tree):
            compared["canvas"] += 1
            canvas(client, tree, embedded)

    compare()
    return compared


def same_calls(driven: Outcome, embedded: Outcome, tree: Tree) -> bool:
    """Handlers are called as often; where only one step of a scope can fail, for the same one."""
    if driven.counts != embedded.counts:
        return False
    return all(driven.called[number] == embedded.called[number] for number, each in scopes(tree) if each or failing(tree) == 1)


def scopes(tree: Tree) -> Iterator[tuple[int, bool]]:
    match tree:
        case Step():
            return
        case Handled(part, number, each):
            yield from scopes(part)
            yield number, each
        case _:
            for part in tree.parts:
                yield from scopes(part)


def failing(tree: Tree) -> int:
    """How many of its steps would fail."""
    match tree:
        case Step(task):
            return int(task == "fail")
        case Handled(part):
            return failing(part)
        case _:
            return sum(map(failing, tree.parts))


def canvas(client: CeleryClient, tree: Tree, embedded: Outcome) -> None:
    """Celery's own canvas: the same results, the same failures; what flowc skips never runs there, or is marked as failed."""
    told, notes = client.run(tree, embedded.counts)
    ours = dict(zip(numbers(tree), embedded.steps.values(), strict=True))
    for number, (state, value) in ours.items():
        theirs: tuple[str, Any] = told[str(number)]
        match state:
            case "SUCCESS":
                assert theirs == ("SUCCESS", value)
            case "FAILURE":
                assert theirs[0] == "FAILURE"
            case _:
                assert theirs[0] != "SUCCESS", (number, theirs)
    assert {number: len(notes[number]) for number in handlers(tree)} == embedded.counts


def numbers(tree: Tree) -> list[int]:
    """The numbers of its steps, as they are written."""
    match tree:
        case Step(_, number):
            return [number]
        case Handled(part):
            return numbers(part)
        case _:
            return [number for part in tree.parts for number in numbers(part)]
