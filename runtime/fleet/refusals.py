"""Why a flow is not sent to carry itself: found before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...compiler.plan import Canvas, Location, Obstacle, Plan
from ..errors import UsageError

if TYPE_CHECKING:
    from ..results.interface import Backend


class SubmissionRefused(UsageError):
    """Messages cannot carry the flow; nothing was sent. A driven run can do it: ``flowc run --broker URL``.

    Attributes:
        obstacles: why, each with the steps that it concerns and its place.
        driven: whether a driven run would do.
    """

    def __init__(self, obstacles: tuple[Obstacle, ...], *, driven: bool = True) -> None:
        self.obstacles = obstacles
        self.driven = driven
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


def too_large(plan: Plan, sizes: dict[str, int], most: int) -> SubmissionRefused:
    """The refusal of messages that are larger than ``most`` bytes; ``sizes``: their bytes by the step that each starts."""
    found = tuple(
        Obstacle(
            f"the message of `{step}` has {size:,} bytes with all that follows inside it, more than {most:,} (--max-message)",
            (step,),
            place_of(plan, step),
            "F1021",
        )
        for step, size in sizes.items()
    )
    return SubmissionRefused(found)


def place_of(plan: Plan, id_: str) -> Location:
    """Where a step was written; for glue, its group; else the first step."""
    for call in plan.calls:
        if call.id == id_:
            return call.where
    for group in plan.groups:
        if id_ == group.id or id_.startswith(group.id):
            return group.where
    return plan.calls[0].where


def _joins(plan: Plan, canvas: Canvas, backend: Backend) -> Iterator[Obstacle]:
    """Joins, where nobody counts them."""
    if backend.keeps_groups:
        return
    calls = {call.id: call for call in plan.calls}
    groups = {group.id: group for group in plan.groups}
    for chord in canvas.chords:
        body, group = calls.get(chord.body), groups.get(chord.id)
        steps = tuple(id_ for member in chord.members for id_ in member[-1:] if id_ in calls)
        what = f"`{body.id}` waits for the group `{chord.id}`" if body is not None else f"the group `{chord.id}` is waited for"
        where = body.where if body is not None else group.where if group is not None else place_of(plan, chord.id)
        said = f"{what}, whose members nobody counts: that takes a result backend such as redis:// (--backend), not rpc:// or none"
        yield Obstacle(said, (*steps, *((body.id,) if body is not None else ())), where, "F1020")
