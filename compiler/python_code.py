"""Plan → Celery's canvas as Python code, so that nobody is locked in: ``flowc export --to python``.

Each step is a ``signature`` under a name of its own; chains, groups and chords are put together below, inner ones first. What the canvas
(:mod:`.canvas`) has as glue is Celery's own task ``celery.accumulate``. Late values become code that reads the clock and the environment.
"""

from __future__ import annotations

from collections.abc import Iterator

from .late import is_late
from .plan import Call, Canvas, Handler, Map, Plan
from .python_composing import Composer
from .python_layout import Bracketed, Code, lines, prefixed
from .python_names import python_names
from .python_values import Expressions, import_lines, quoted

#: Names that the code itself uses.
_TAKEN = (
    "app",
    "build",
    "chain",
    "chord",
    "date",
    "datetime",
    "group",
    "now",
    "os",
    "signature",
    "submit",
    "text",
    "timedelta",
    "timezone",
)

#: Functions that the code of late values calls.
_CALLED = ("enumerate", "float", "int", "len", "list", "max", "min", "range", "sorted", "sum", "zip")

#: Options that no message carries.
_LEFT_OUT = frozenset({"timeout"})

_GLUE = {"pass": "hands on what it is given", "list": "makes it a list of one", "value": "gives this value"}


def python_code(plan: Plan, canvas: Canvas, file: str) -> str:
    """A module with ``build(app)``, which gives the canvas, and ``submit(app)``, which sends it. The same plan gives the same text.

    Args:
        plan: not bound: values that are known at submission only are read when the code runs.
        canvas: its canvas; what that cannot carry is named in a comment.
        file: what the flow is called there.
    """
    return _Module(plan, canvas, file).text()


class _Module:
    """Writes one module."""

    def __init__(self, plan: Plan, canvas: Canvas, file: str) -> None:
        self.plan, self.canvas, self.file = plan, canvas, file
        self.calls: dict[str, Call] = {call.id: call for call in plan.calls}
        self.handlers: dict[tuple[str, str], Handler] = {(scope.id, one.id): one for scope in plan.scopes for one in scope.handlers}
        self.used = dict.fromkeys(key for one in canvas.carried for key in one.errbacks)
        ids = [*(one.id for one in canvas.carried), *(chord.id for chord in canvas.chords), *(handler for _, handler in self.used)]
        late = any(is_late((call.args, call.kwargs, call.options)) for call in plan.calls)
        self.names = python_names(ids, (*_TAKEN, *_CALLED) if late else _TAKEN)
        self.values = Expressions()

    def text(self) -> str:
        """Everything."""
        composer = Composer(self.canvas, self.names)
        body = [*self._signatures(), *composer.statements()]
        flows = composer.flows()
        returned = flows[0] if len(flows) == 1 else Bracketed("", tuple(flows), "[]")
        body.extend(lines(prefixed("return ", returned), "    "))
        if self.values.moment:
            body[:0] = ["    now = datetime.now(timezone.utc)"]
        words = ["Celery", *composer.words]
        parts = ["\n".join(self._head()), ""]
        standard = import_lines(self.values.imports)
        parts += [*standard, *([""] if standard else []), f"from celery import {', '.join(sorted(words, key=_ordered))}", ""]
        parts += [helper for _, helper in sorted(self.values.helpers.items())]
        parts += ["", "def build(app: Celery):", '    """The canvas, ready to be sent."""']
        parts += ["    signature = app.signature"] if self.canvas.carried else []
        parts += [*body, "", "", "def submit(app: Celery):", *_submit(len(flows)), ""]
        return "\n".join(parts)

    def _head(self) -> Iterator[str]:
        title = (self.plan.description or "").strip() or f"{self.plan.name}."
        told = f"{title}\n\nThe flow {self.file} as a canvas of Celery: submit(app) sends it."
        yield f'"""{_inside_quotes(told)}\n"""'
        if self.canvas.obstacles:
            yield "\n# NOT ALL OF THE FLOW IS HERE. No canvas can express this:"
            for one in self.canvas.obstacles:
                yield from _comment(f"{one.where}: {one.reason}")
            there = {one.id for one in self.canvas.carried}
            missing = [call.id for call in self.plan.calls if call.id not in there]
            yield from _comment(f"missing: {', '.join(missing)}")
        if self.canvas.remarks:
            yield "\n# What will be different from the flow:"
            for one in self.canvas.remarks:
                yield from _comment(f"{one.where}: {one.reason}")

    def _signatures(self) -> Iterator[str]:
        for scope, handler in self.used:
            one = self.handlers[scope, handler]
            yield from self._assigned(handler, one.task, one.args, one.kwargs, one.options, ())
        waiting = self._started_by_others()
        for carried in self.canvas.carried:
            call = self.calls.get(carried.id) if carried.glue is None else None
            if call is None and carried.glue is not None:
                yield f"    # {_GLUE[carried.glue]}"
            more: list[Code] = ["immutable=True"] if carried.immutable and carried.id in waiting else []
            if carried.errbacks:
                more.append(Bracketed("link_error=", tuple(self.names[handler] for _, handler in carried.errbacks), "[]"))
            task = "celery.accumulate" if call is None else call.task
            options = Map() if call is None else call.options
            yield from self._assigned(carried.id, task, carried.args, carried.kwargs, options, tuple(more))

    def _started_by_others(self) -> set[str]:
        """What is not sent at submission: it is given a result unless it is immutable."""
        at_once: set[str | None] = set()
        for chord in reversed(self.canvas.chords):  # outer ones stand behind those in their headers
            if chord.by is None or chord.by in at_once:
                at_once.add(chord.id)
        return {one.id for one in self.canvas.carried if one.how != "message" and not (one.how == "header" and one.by in at_once)}

    def _assigned(self, id_: str, task: str, args: tuple[object, ...], kwargs: Map, options: Map, more: tuple[Code, ...]) -> Iterator[str]:
        parts: list[Code] = [quoted(task)]
        if args:
            parts.append(Bracketed("args=", tuple(self.values.value(arg) for arg in args), "(,)"))  # type: ignore[arg-type]
        if kwargs.items:
            parts.append(prefixed("kwargs=", self.values.mapping(kwargs)))
        parts += [prefixed(f"{name}=", self.values.value(value)) for name, value in options if name not in _LEFT_OUT]
        yield from lines(Bracketed(f"{self.names[id_]} = signature", (*parts, *more)), "    ")


def _ordered(name: str) -> tuple[bool, str]:
    """Classes before functions, as ruff sorts imported names."""
    return not name[0].isupper(), name


def _inside_quotes(text: str) -> str:
    """A text as it stands in a docstring: it can neither end that, nor say anything to a terminal."""
    quotes = text.replace("\\", "\\\\").replace('"""', r"\"\"\"")
    return "".join(char if char.isprintable() or char == "\n" else char.encode("unicode_escape").decode() for char in quotes)


def _comment(text: str) -> Iterator[str]:
    import textwrap

    printable = "".join(char if char.isprintable() else " " for char in text)
    yield textwrap.fill(printable, 86, initial_indent="# - ", subsequent_indent="#   ", break_long_words=False, break_on_hyphens=False)


def _submit(flows: int) -> list[str]:
    if flows == 1:
        return ['    """Send the flow. Returns the result of what comes last."""', "    return build(app).apply_async()"]
    return ['    """Send the flow. Returns a result for each of its parts."""', "    return [part.apply_async() for part in build(app)]"]
