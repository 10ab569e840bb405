"""The plan: what a compiled flow asks a runtime to do, and the one thing that a runtime reads.

A plan is frozen, versioned, deterministic (the same text and parameters give the same bytes) and goes to JSON and back.
Calls stand in an order in which each comes after all that it needs.

A *value* in a plan is one of: None, bool, int, float, str, ``datetime.date``, an aware ``datetime.datetime``, a tuple of values (a list),
:class:`Map`, :class:`Ref` (the result of a call or group) or :class:`Late` (known at submission only). Durations are seconds.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from ..dsl.record import dataclass

#: The format of the JSON form. It changes when an older reader could misunderstand a newer plan.
PLAN_VERSION = 1


class PlanError(ValueError):
    """A text that is no plan, or one of a version that this flowc does not read."""


class Location(NamedTuple):
    """Where something was written: lines and columns count from 1, in code points; the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Ref:
    """The result of a call or group, or what its path reaches inside it: ``x.count`` is ``Ref("x", ("count",))``.

    A text in the path reads a key of a map (or an attribute where there is no such key), a number an item of a list.
    """

    id: str
    path: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class Late:
    """A value that is known when the run is submitted: ``now()``, ``env(name[, default])``, ``secret(name)``, or an operation on such.

    ``op`` is ``now``, ``env``, ``secret`` or an operator or built-in function of :mod:`flowc.compiler.operators`.
    """

    op: str
    args: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Map:
    """An immutable map with text keys, in written order."""

    items: tuple[tuple[str, Value], ...] = ()

    def __iter__(self) -> Iterator[tuple[str, Value]]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key, or ``default``."""
        for name, value in self.items:
            if name == key:
                return value
        return default


Value: TypeAlias = bool | int | float | str | dt.date | dt.datetime | tuple["Value", ...] | Map | Ref | Late | None


@dataclass(frozen=True, slots=True)
class Trigger:
    """What starts a call: it is ready when everything in ``needs`` has succeeded.

    ``kind``: ``start`` (nothing: it starts with the run), ``link`` (one step's success, whose result is an argument),
    ``then`` (one step's success, whose result is not used) or ``join`` (several, or a group).
    ``link``: the id whose result the arrow ``->`` handed over, if one did. ``after``: the ids that stand left of ``=>``.
    ``needs``: every id (of calls and groups) that must have succeeded, without repeats, in the order of first mention.
    """

    kind: Literal["start", "link", "then", "join"] = "start"
    link: str | None = None
    after: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """One step: one task call.

    ``args`` are complete: a linked result already stands where it goes, as a :class:`Ref`.
    ``options`` are those of ``apply_async`` by Celery's names; durations in seconds; ``retry_policy`` and ``headers`` are maps.
    ``group``: ids of the groups around the step, outermost first. ``flow``: ids of the sub-flow calls around it.
    ``scope``: the innermost scope with handlers that it is written in. ``returns``: the declared type of its result, as text.
    """

    id: str
    task: str
    args: tuple[Value, ...]
    kwargs: Map
    options: Map
    trigger: Trigger
    group: tuple[str, ...]
    flow: tuple[str, ...]
    scope: str | None
    returns: str
    where: Location


@dataclass(frozen=True, slots=True)
class Group:
    """A group: its value is the list of its members' values, in written order (an empty one is done at once).

    ``kind``: ``list`` (written out), ``each`` (a comprehension) or ``chunks``. ``label`` is what to call it in pictures.
    ``parents``: ids of the groups around it, outermost first. ``after``: what must have succeeded first (where no member waits for it).
    """

    id: str
    kind: Literal["list", "each", "chunks"]
    members: tuple[Value, ...]
    label: str
    parents: tuple[str, ...]
    flow: tuple[str, ...]
    after: tuple[str, ...]
    where: Location


@dataclass(frozen=True, slots=True)
class Handler:
    """A task that is called for a scope: an errback gets ``(request, exc, traceback, *args, **kwargs)``, a listener each state message.

    ``by_id``: an errback that is declared to take one positional argument: it gets the failed task's id instead.
    """

    id: str
    task: str
    args: tuple[Value, ...]
    kwargs: Map
    options: Map
    where: Location
    by_id: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """The steps left of ``!>`` (``error``) or ``~>`` (``message``): those calls whose innermost scope is this one or one inside it.

    An ``error`` scope calls its handlers in order, once, for its first failed step; with ``each``, for every failed step.
    ``parent``: the scope around it. Inner scopes are served first.
    """

    id: str
    kind: Literal["error", "message"]
    each: bool
    handlers: tuple[Handler, ...]
    parent: str | None
    where: Location


@dataclass(frozen=True, slots=True)
class SubFlow:
    """One inlined call of a sub-flow (or include): ``id`` prefixes its steps, ``parents`` are those around it."""

    id: str
    name: str
    parents: tuple[str, ...]
    where: Location


@dataclass(frozen=True, slots=True)
class Carried:
    """How one step gets to a stock Celery worker when nobody drives the run.

    Attributes:
        id: that of the call; for glue, that of the group and a suffix.
        how: ``message`` (a message of its own, sent at submission), ``link`` (inside the message of ``by``, started when that succeeded),
            ``header`` (a first step of a chord's header; the chord is ``by``) or ``body`` (of the chord ``by``).
        by: the id of the :class:`Carried` or :class:`Chord` that starts it; None for ``message``.
        immutable: nothing is prepended to its arguments.
        links: the ids of what its own success starts (steps and chords), in order.
        errbacks: the handlers that its failure calls, as (scope id, handler id), in order.
        glue: None for a step of the flow. Otherwise the built-in task ``celery.accumulate`` stands here, which every worker has:
            ``pass`` hands on what it is given (``index=0``), ``list`` makes a list of it (a group of one), ``value`` gives ``literal``.
        literal: of glue ``value``: the value of a plan that it gives.
        args: the positional arguments of its message or signature, without what is prepended. They hold no :class:`Ref`.
        kwargs: its named arguments, likewise.
    """

    id: str
    how: Literal["message", "link", "header", "body"]
    by: str | None = None
    immutable: bool = False
    links: tuple[str, ...] = ()
    errbacks: tuple[tuple[str, str], ...] = ()
    glue: Literal["pass", "list", "value"] | None = None
    literal: Value = None
    args: tuple[Value, ...] = ()
    kwargs: Map = Map()


@dataclass(frozen=True, slots=True)
class Chord:
    """A group whose end starts one step: the header's members run side by side, then the body gets the list of their results.

    Attributes:
        id: that of the group.
        by: the step (or glue) whose success starts the header, or the chord in whose header this one stands; None: it is sent at once.
        members: for each member, in order, the path of ids from the step (or chord) that the header holds to the one whose result is
            collected, each started by the one before it. A chord stands there for its body too: the result of a chord is that of its body.
        body: the id of the :class:`Carried` that is its body.
    """

    id: str
    by: str | None
    members: tuple[tuple[str, ...], ...]
    body: str


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why no message can carry a flow: what stands in the way, which steps it concerns (ids, in the order of the plan), and where.

    ``code`` is that of the registry of findings.
    """

    reason: str
    steps: tuple[str, ...]
    where: Location
    code: str = "F1001"


@dataclass(frozen=True, slots=True)
class Canvas:
    """What stock workers can do of a flow by themselves, once its first messages are sent.

    Attributes:
        carried: each step once, and the glue, so that everything comes after what starts it. Left out are the steps that obstacles
            name, and those behind them.
        chords: in the same order. They need a result backend that counts chords.
        obstacles: why it cannot be carried, if it cannot; then the rest is as far as it went.
        remarks: what will be different from a run that is driven (a handler that may be called more than once, say).
    """

    carried: tuple[Carried, ...]
    chords: tuple[Chord, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    remarks: tuple[Obstacle, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether messages can carry all of the flow."""
        return not self.obstacles


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled flow. ``value`` is that of its last statement. ``name`` is the file's name without folder and ending."""

    name: str
    description: str | None
    calls: tuple[Call, ...]
    groups: tuple[Group, ...]
    scopes: tuple[Scope, ...]
    flows: tuple[SubFlow, ...]
    value: Value
    version: int = PLAN_VERSION

    def to_json(self, indent: int | None = None) -> str:
        """The plan as JSON text. The same plan gives the same bytes."""
        from .plan_json import encode_plan

        return json.dumps(encode_plan(self), ensure_ascii=False, indent=indent, allow_nan=False)

    @staticmethod
    def from_json(text: str | bytes) -> Plan:
        """Read a plan back.

        Raises:
            PlanError: the text is not JSON, not a plan, or of another version.
        """
        from .plan_json import decode_plan

        return decode_plan(text)

    def bind(self, *, now: dt.datetime, env: Mapping[str, str], secrets: Mapping[str, str]) -> Plan:
        """The plan with every :class:`Late` value worked out, as it is submitted.

        Args:
            now: the one moment of the run, aware.
            env: the variables that ``env`` may read.
            secrets: the values of ``secret`` by name.

        Raises:
            PlanError: a variable or secret is not set, or an operation on one fails; the message says which and where.
        """
        from .late import bind_plan

        return bind_plan(self, now=now, env=env, secrets=secrets)

    def canvas(self) -> Canvas:
        """What stock Celery workers can do of the plan by themselves: links, groups, chords and errbacks inside messages."""
        from .canvas import carry

        return carry(self)
