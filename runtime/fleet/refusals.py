"""Why a flow is not sent to carry itself: found before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ...compiler.plan import Canvas, Location, Obstacle, Plan
from ..errors import UsageError

if TYPE_CHECKING:
    from ..results.interface import Backend


class SubmissionRefused(UsageError):
    """Messages cannot carry the flow; nothing was sent. A driven run can do it: ``flowc run --broker URL``.

    Attributes:
        obstacles: why, each with the steps that it concerns and its place.
    """

    def __init__(self, obstacles: tuple[Obstacle, ...]) -> None:
        self.obstacles = obstacles
        super().__init__("\n".join(f"{found.where}: {found.reason}" for found in obstacles))


def refuse(plan: Plan, canvas: Canvas, backend: Backend) -> None:
    """Make sure that messages can carry a flow.

    Args:
        plan: the bound plan.
        canvas: its canvas.
        backend: the result backend, which the workers share.

    Raises:
        SubmissionRefused: they cannot.
    """
    found = (*canvas.obstacles, *_joins(plan, canvas, backend))
    if found:
        raise SubmissionRefused(found)


def too_large(plan: Plan, sizes: Mapping[str, int], most: int) -> SubmissionRefused:
    """The refusal of messages that are larger than ``most`` bytes; ``sizes``: their bytes by the step that each starts.

    Members of a group that were written in one place are told of together.
    """
    written, places = Places(plan), dict[Location, list[str]]()
    for step in sizes:
        places.setdefault(written[step], []).append(step)
    found: list[Obstacle] = []
    for where, steps in places.items():
        largest = max(sizes[step] for step in steps)
        others = len(steps) - 1
        what = f"the messages of `{steps[0]}` and {others:,} more have up to" if others else f"the message of `{steps[0]}` has"
        said = f"{what} {largest:,} bytes with all that follows inside, more than {most:,} (--max-message)"
        found.append(Obstacle(said, tuple(steps), where, "F1021"))
    return SubmissionRefused(tuple(found))


class Places:
    """Where the steps and groups of a plan were written; glue stands where its group does."""

    def __init__(self, plan: Plan) -> None:
        self._found = {call.id: call.where for call in plan.calls} | {group.id: group.where for group in plan.groups}

    def __getitem__(self, id_: str) -> Location:
        return self._found.get(id_) or self._found[id_.rpartition(".")[0]]


def _joins(plan: Plan, canvas: Canvas, backend: Backend) -> Iterator[Obstacle]:
    """Joins, where nobody counts them."""
    if backend.keeps_groups:
        return
    calls, places = {call.id: call for call in plan.calls}, Places(plan)
    for chord in canvas.chords:
        body = calls.get(chord.body)
        steps = tuple(id_ for member in chord.members for id_ in member[-1:] if id_ in calls)
        what = f"`{body.id}` waits for the group `{chord.id}`" if body is not None else f"the group `{chord.id}` is waited for"
        where = body.where if body is not None else places[chord.id]
        said = f"{what}, whose members nobody counts: that takes a result backend such as redis:// (--backend), not rpc:// or none"
        yield Obstacle(said, (*steps, *((body.id,) if body is not None else ())), where, "F1020")
