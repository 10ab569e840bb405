"""What Python and Celery call things, and how a flow writes them: help for names that mean nothing here."""

from __future__ import annotations

from collections.abc import Collection

from .option_table import ALL, HINTS
from .suggest import suggest

_CALL = 'write the call itself, flowc sends it: `add(2, 2) {queue = "etl"}`'
_SIGNATURE = "a call is the signature: `add(2, 2)`; behind `->` it gets the result in front, behind `=>` it does not"
_REACHED = "a result has no methods: its name stands for it, and `x.key` and `x[0]` reach into it"

#: Names that are called or used as a value.
_NAMES = {
    "None": "write `null`",
    "True": "write `true`",
    "False": "write `false`",
    "chain": "steps one after another are written `a -> b`",
    "group": "steps side by side are written `[a, b]`",
    "chord": "a group and what follows when all are done is written `[a, b] -> callback`",
    "signature": _SIGNATURE,
    "subtask": _SIGNATURE,
    "xmap": "write `map(task, xs)`",
    "xstarmap": "write `starmap(task, xs)`",
    "list": "a list is written `[1, 2]` or `[x for x in xs]`",
    "dict": "a map is written `{name: value}`",
    "tuple": "a list is written `[1, 2]`",
    "datetime.now": "`now` is the moment at which the flow is submitted",
    "datetime.utcnow": "`now` is the moment at which the flow is submitted",
    "timedelta": "a duration is one word: `90s`, `1h30m`",
    "datetime.timedelta": "a duration is one word: `90s`, `1h30m`",
    "os.environ": '`env("NAME")` reads a variable of the environment',
    "os.getenv": '`env("NAME")` reads a variable of the environment',
    "os.environ.get": '`env("NAME", default)` reads a variable of the environment',
}

#: What Celery calls of a task.
_OF_TASKS = {
    "delay": _CALL,
    "apply_async": _CALL,
    "apply": _CALL,
    "s": _SIGNATURE,
    "si": _SIGNATURE,
    "signature": _SIGNATURE,
    "subtask": _SIGNATURE,
    "map": "write `map(add, xs)`",
    "starmap": "write `starmap(add, xs)`",
    "chunks": "write `chunks(add, xs, 10)`",
}

#: What Celery calls of a signature or result.
_OF_STEPS = {
    "set": 'options stand in braces behind the call: `add(2, 2) {queue = "etl"}`',
    "link": "what runs next is written `a -> b`",
    "then": "what runs next is written `a -> b`",
    "link_error": "what runs on failure is written `a !> handler`",
    "on_error": "what runs on failure is written `a !> handler`",
    "get": _REACHED,
    "result": _REACHED,
    "delay": _CALL,
    "apply_async": _CALL,
}


def name_help(name: str) -> tuple[str, ...]:
    """Help for a name that nothing binds and no task has. May be empty."""
    return _lines(_NAMES.get(name)) or method_help(name)


def method_help(name: str) -> tuple[str, ...]:
    """Help for a dotted name that ends in what Celery calls of a task: ``add.delay``."""
    task, _, method = name.rpartition(".")
    return _lines(_OF_TASKS.get(method)) if task else ()


def member_help(key: object) -> tuple[str, ...]:
    """Help for something behind a step that its result does not have: ``add(2, 2).set``."""
    return _lines(_OF_STEPS.get(key)) if isinstance(key, str) else ()


def argument_help(name: str, known: Collection[str]) -> tuple[str, ...]:
    """Help for an argument that is no parameter of the task, unless it resembles a ``known`` one, but an option. May be empty."""
    if suggest(name, known):
        return ()
    if name in ALL:
        return (f"options stand in braces behind the call: `{{{name} = …}}`",)
    return _lines(HINTS.get(name))


def _lines(text: str | None) -> tuple[str, ...]:
    return () if text is None else (text,)
