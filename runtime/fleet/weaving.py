"""Steps as they stand inside the messages of others: lines of what comes one after the other, with the rest of the flow hanging on them.

A line goes from a step to the largest part of what its success starts; whatever else it starts hangs on it as a callback, which is the
head of another line. So callbacks nest no deeper than the logarithm of the number of steps, and a line is flat however long it is.
A path through a chord's header is one line in any case: only of what stands in a step's chain does a worker tell the chord that it failed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from ...compiler.plan import Call, Canvas, Carried, Chord, Handler, Map, Plan
from ..canvas.lowering import Call as Signed
from ..canvas.lowering import Fan, Sequence_
from ..canvas.wiring import ACCUMULATE, wire
from ..protocol import brief
from ..values import fill
from .ids import message_id
from .options import Options

if TYPE_CHECKING:
    from ..app import App
    from ..redact import Redactor


class Weaving:
    """Makes lines of a plan's steps.

    Args:
        plan: the bound plan.
        canvas: how messages carry it.
        run_id: the id of the run.
        app: whose settings, routes and tasks count.
        redactor: masks what messages show.
        reply_to: the queue for replies; None where the backend needs none.
    """

    def __init__(self, plan: Plan, canvas: Canvas, run_id: str, app: App, redactor: Redactor, reply_to: str | None) -> None:
        self._run_id = run_id
        self._redactor = redactor
        self._reply_to = reply_to
        self._options = Options(app, redactor)
        self._calls: dict[str, Call] = {call.id: call for call in plan.calls}
        self._carried: dict[str, Carried] = {carried.id: carried for carried in canvas.carried}
        self._chords: dict[str, Chord] = {found.id: found for found in canvas.chords}
        self._handlers: dict[tuple[str, str], Handler] = {
            (scope.id, handler.id): handler for scope in plan.scopes for handler in scope.handlers
        }
        self._errbacks: dict[tuple[str, str], dict[str, Any]] = {}
        self._sizes = self._measured(canvas)

    def task_id(self, step: str) -> str:
        """The id of a step's message, or of a group."""
        call = self._calls.get(step)
        own = call.options.get("task_id") if call is not None and call.options.items else None
        return str(own) if own is not None else message_id(self._run_id, step)

    # --------------------------------------------------------------------------------------------------------------- lines
    def line(self, start: str, *, sent: bool) -> Sequence_:
        """What begins with a step or chord, as one line.

        Args:
            start: the id of the step or chord.
            sent: what comes first is sent here, not by a worker.
        """
        made: Sequence_ = []
        at: str | None = start
        while at is not None:
            at = self._put(made, at, sent=sent and not made)
            links = self._carried[at].links
            at = self._go_on(made[-1], links, max(links, key=self._sizes.__getitem__) if links else None)
        return made

    def path(self, ids: Sequence[str], *, sent: bool) -> Sequence_:
        """A member of a chord's header: the line of these ids and no other."""
        made: Sequence_ = []
        bodies = {self._chords[id_].body for id_ in ids if id_ in self._chords}
        steps = [id_ for id_ in ids if id_ not in bodies]
        for id_, following in zip(steps, [*steps[1:], None], strict=True):
            at = self._put(made, id_, sent=sent and not made)
            self._go_on(made[-1], self._carried[at].links, following)
        return made

    def is_chord(self, id_: str) -> bool:
        """Whether an id is that of a chord."""
        return id_ in self._chords

    def start_id(self, chord: str) -> str:
        """The id of the step that does nothing but start a chord."""
        return message_id(self._run_id, f"{chord}.start")

    def behind_glue(self, start: str) -> Sequence_:
        """What begins with a chord, behind a step that does nothing: a worker sends the chord's header."""
        glue = Signed(ACCUMULATE, [None], {"index": 0}, {"task_id": self.start_id(start), "root_id": self._run_id}, True)
        line = self.line(start, sent=False)
        for call in line[0].starts():
            call.immutable = True
        return [glue, *line]

    def _put(self, made: Sequence_, at: str, *, sent: bool) -> str:
        """Put a step, or a chord and its body, behind what is made; gives the id of what comes last."""
        found = self._chords.get(at)
        if found is not None:
            members = [self.path(member, sent=sent) for member in found.members]
            made.append(Fan(members, self.task_id(found.id), True))
            at, sent = found.body, False
        made.append(self._signed(self._carried[at], sent=sent))
        return at

    def _go_on(self, item: Any, links: Sequence[str], following: str | None) -> str | None:
        aside = [self._hanging(link) for link in links if link != following]
        if aside:
            item.options["link"] = aside
        return following

    def _hanging(self, start: str) -> dict[str, Any]:
        """A line as one signature: the rest of it in the options of what comes first."""
        steps = wire(self.line(start, sent=False))
        first = steps.pop()
        if steps:  # a chord hands on what follows it to its body
            head = first["kwargs"]["body"] if first["subtask_type"] == "chord" else first
            head["options"]["chain"] = steps
        return first

    # --------------------------------------------------------------------------------------------------------------- steps
    def _signed(self, carried: Carried, *, sent: bool) -> Signed:
        """A step as a call with its own options, not yet with what follows it."""
        call = self._calls.get(carried.id)
        task, own = (ACCUMULATE, _NOTHING) if call is None else (call.task, call.options)
        args: list[Any] = [fill(value, {}) for value in carried.args]
        kwargs: dict[str, Any] = {key: fill(value, {}) for key, value in carried.kwargs.items}
        options = self._options.own(own) if sent else self._options.nested(task, own, args, kwargs)
        options.update(self._shown(args, kwargs, linked=not (carried.immutable or sent)))
        options["task_id"] = self.task_id(carried.id)
        if sent:
            options["root_id"] = self._run_id
        elif self._reply_to is not None:
            options["reply_to"] = self._reply_to
        if carried.errbacks:
            options["link_error"] = [self._errback(*errback) for errback in carried.errbacks]
        return Signed(task, args, kwargs, options, carried.immutable)

    def _shown(self, args: list[Any], kwargs: dict[str, Any], *, linked: bool) -> dict[str, Any]:
        """How the message is to show its arguments, where they hold a secret."""
        if not self._redactor:
            return {}
        made: dict[str, Any] = {}
        if (shown := self._redactor.value(args)) != args:
            text = brief(tuple(shown))
            made["argsrepr"] = f"(…, {text[1:]}" if linked else text
        if (named := self._redactor.value(kwargs)) != kwargs:
            made["kwargsrepr"] = brief(named)
        return made

    def _errback(self, scope: str, id_: str) -> dict[str, Any]:
        made = self._errbacks.get((scope, id_))
        if made is None:
            handler = self._handlers[scope, id_]
            args = [fill(value, {}) for value in handler.args]
            kwargs = {key: fill(value, {}) for key, value in handler.kwargs.items}
            options = self._options.nested(handler.task, handler.options, args, kwargs)
            options.update(self._shown(args, kwargs, linked=True))
            made = {"task": handler.task, "args": args, "kwargs": kwargs, "options": options, "subtask_type": None, "immutable": False}
            self._errbacks[scope, id_] = made
        return made

    # --------------------------------------------------------------------------------------------------------------- sizes
    def _measured(self, canvas: Canvas) -> Mapping[str, int]:
        """How many steps hang on each step or chord, itself included."""
        sizes: dict[str, int] = {}
        heads = (carried.id for carried in canvas.carried if carried.by is None)
        for root in chain(heads, self._chords):
            stack = [(root, self._started_by(root))]
            while stack:
                at, others = stack[-1]
                following = next((id_ for id_ in others if id_ not in sizes), None)
                if following is not None:
                    stack.append((following, self._started_by(following)))
                    continue
                stack.pop()
                sizes[at] = 1 + sum(sizes[id_] for id_ in self._started_by(at))
        return sizes

    def _started_by(self, at: str) -> Iterator[str]:
        found = self._chords.get(at)
        if found is not None:
            yield from (member[0] for member in found.members)
            at = found.body
            yield at
            return
        yield from self._carried[at].links


_NOTHING = Map()
