"""How a flow travels on stock Celery workers, as a table: ``flowc plan --target celery``.

One line for each message, and for each step that another message carries: its identity, how it travels, the call (``_`` is the result that
it is given), and whose errbacks it has. Glue is Celery's own task ``celery.accumulate``, which stands where the flow has no step.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..compiler.display import display
from ..compiler.plan import Call, Canvas, Carried, Chord, Plan
from ..dsl.columns import visible

#: Characters of an identity or a way that lines are aligned for, and of a call.
WIDEST, LONGEST = 36, 70

_GLUE = {
    "pass": "celery.accumulate(_)  # hands it on",
    "list": "celery.accumulate(_)  # makes it a list of one",
    "value": "celery.accumulate({})  # a value of its own",
}


def carriage(plan: Plan, canvas: Canvas) -> str:
    """The table's text. The same plan gives the same text."""
    rows = list(_rows(plan, canvas))
    widths = [min(WIDEST, max((len(row[column]) for row in rows), default=0)) for column in (0, 1)]
    lines = (f"{id_:<{widths[0]}}  {way:<{widths[1]}}  {call}" for id_, way, call in rows)
    return "".join(visible(line).rstrip() + "\n" for line in (f"# {summary(plan, canvas)}", "", *lines))


def summary(plan: Plan, canvas: Canvas) -> str:
    """One line: how many steps, messages and joins."""
    steps = _count(len(plan.calls), "step")
    at_once: set[str | None] = set()
    for chord in reversed(canvas.chords):  # outer ones stand behind those in their headers
        if chord.by is None or chord.by in at_once:
            at_once.add(chord.id)
    if not canvas.whole:
        left = len(plan.calls) - sum(1 for one in canvas.carried if one.glue is None)
        return f"{plan.name}: {steps} on stock Celery workers, of which messages cannot carry {left:,}"
    sent = sum(1 for one in canvas.carried if one.how == "message" or (one.how == "header" and one.by in at_once))
    joins = f" and {_count(len(canvas.chords), 'join')}, which a result backend must count" if canvas.chords else ""
    return f"{plan.name}: {steps} on stock Celery workers, in {_count(sent, 'message')}{joins}"


def _rows(plan: Plan, canvas: Canvas) -> Iterator[tuple[str, str, str]]:
    carried = {one.id: one for one in canvas.carried}
    chords = {chord.id: chord for chord in canvas.chords}
    named = {step for obstacle in canvas.obstacles for step in obstacle.steps}
    calls = {call.id: call for call in plan.calls}
    for one in _in_order(plan, canvas):
        if isinstance(one, Carried):
            called = [handler for _, handler in one.errbacks]
            errbacks = f"  !> {', '.join(called)}" if called else ""
            yield one.id, _way(one, chords, carried), _text(one, calls.get(one.id)) + errbacks
        else:
            yield one.id, "not carried" if one.id in named else "behind what is not carried", _call_text(one)


def _in_order(plan: Plan, canvas: Canvas) -> Iterator[Carried | Call]:
    """What is carried, in its order, and the steps that are not where the text has them."""
    known = {one.id for one in canvas.carried}
    waiting = iter(plan.calls)
    for one in canvas.carried:
        if one.glue is None:
            for call in waiting:
                if call.id == one.id:
                    break
                if call.id not in known:
                    yield call
        yield one
    yield from (call for call in waiting if call.id not in known)


def _way(one: Carried, chords: dict[str, Chord], carried: dict[str, Carried]) -> str:
    if one.how == "message":
        return "message"
    if one.how == "header":
        start = chords[one.by or ""].by
        return f"header of {one.by}" if start is None or start in chords else f"header of {one.by}, after {start}"
    return f"{'then' if one.immutable and one.how == 'link' else one.how} of {one.by}"


def _text(one: Carried, call: Call | None) -> str:
    if one.glue is not None:
        return _GLUE[one.glue].format(display(one.literal, "python", LONGEST))
    assert call is not None
    given = ["_"] if _takes_result(one) else []
    given += [display(arg, "python", LONGEST) for arg in one.args]
    given += [f"{name}={display(value, 'python', LONGEST)}" for name, value in one.kwargs]
    return _cut(f"{call.task}({', '.join(given)})")


def _takes_result(one: Carried) -> bool:
    return one.how != "message" and not one.immutable


def _call_text(call: Call) -> str:
    given = [display(arg, "python", LONGEST) for arg in call.args]
    given += [f"{name}={display(value, 'python', LONGEST)}" for name, value in call.kwargs]
    return _cut(f"{call.task}({', '.join(given)})")


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
