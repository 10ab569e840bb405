"""Why a flow was not submitted, as findings are shown."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..dsl.columns import visible
from ..dsl.render import Painter, number
from .outcome import snippet
from .terminal import note, wants_colour

if TYPE_CHECKING:
    from ..dsl.source import Source
    from ..runtime.errors import UnknownTasks
    from ..runtime.fleet.refusals import SubmissionRefused
    from .fleet import FleetChoices

#: Reasons that are shown; of more there is but the number.
MOST_SHOWN = 10


def note_refusal(why: SubmissionRefused, source: Source, path: str, fleet: FleetChoices) -> None:
    """Tell each reason with its place, and what to do."""
    paint = Painter(wants_colour(sys.stderr))
    note("".join(f"{line}\n" for line in _refusal(why, source, path, fleet, paint)))


def _refusal(why: SubmissionRefused, source: Source, path: str, fleet: FleetChoices, paint: Painter) -> Iterator[str]:
    for found in why.obstacles[:MOST_SHOWN]:
        message = paint("message", visible(found.reason))
        yield f"{paint('place', visible(str(found.where)))}: {paint('error', f'error[{found.code}]')}: {message}"
        yield from snippet(found.where, source, paint)
        yield ""
    left = len(why.obstacles) - MOST_SHOWN
    if left > 0:
        yield f"and {number(left, 'more reason')}"
    yield "Nothing was sent: messages cannot carry this flow by themselves."
    where = "--broker URL" if fleet.celery is None else f"--celery {fleet.celery}"
    yield visible(f"flowc run {path} {where} runs it on the same workers, and drives it from here.")


def note_unknown(unknown: UnknownTasks) -> None:
    """Tell which tasks the application lacks."""
    paint = Painter(wants_colour(sys.stderr))
    for problem in unknown.problems[:MOST_SHOWN]:
        where, _, said = problem.partition(": ")
        note(f"{paint('place', visible(where))}: {paint('error', 'error')}: {paint('message', visible(said))}\n")
    left = len(unknown.problems) - MOST_SHOWN
    if left > 0:
        note(f"and {number(left, 'more problem')}\n")
    note("Nothing was sent. --unregistered sends tasks that the application does not register.\n")
