"""What is built into the language, in words: functions, arrows and words with a meaning of their own."""

from __future__ import annotations

from ...dsl.record import dataclass


@dataclass(frozen=True, slots=True)
class Doc:
    """One thing: how it is written, and what it does."""

    form: str
    note: str


FUNCTIONS: dict[str, Doc] = {
    "range": Doc("range(stop) or range(start, stop, step)", "the whole numbers from `start` up to, but without, `stop`"),
    "len": Doc("len(x)", "how many items a list or map has, members a group, or characters a text"),
    "zip": Doc("zip(a, b, …)", "the items of several lists, or members of groups, side by side"),
    "enumerate": Doc("enumerate(xs, start)", "the items of a list, or members of a group, each with its number"),
    "min": Doc("min(xs) or min(a, b, …)", "the smallest item"),
    "max": Doc("max(xs) or max(a, b, …)", "the greatest item"),
    "sum": Doc("sum(xs, start)", "the items of a list added up"),
    "sorted": Doc("sorted(xs)", "the items of a list from the smallest to the greatest"),
    "str": Doc("str(x)", "a value as text"),
    "int": Doc("int(x, base)", "a text or number as a whole number"),
    "float": Doc("float(x)", "a text or number as a number"),
    "env": Doc(
        'env("NAME", default)', "an environment variable, read when the flow is submitted; it must be listed as `env` in `[tool.flowc]`"
    ),
    "secret": Doc('secret("NAME")', "a secret, read when the flow is submitted; it shows in no plan, picture or log"),
    "map": Doc("map(task, xs)", "one message that calls the task for each item"),
    "starmap": Doc("starmap(task, xs)", "one message that calls the task for each item, whose items are the arguments"),
    "chunks": Doc("chunks(task, xs, size)", "the calls of `starmap`, in messages of `size` each"),
}

SIGNS: dict[str, Doc] = {
    "->": Doc("a -> b(1)", "link: `b` starts when `a` has succeeded, and gets its result as first argument (or where `_` stands)"),
    "=>": Doc("a => b(1)", "then: `b` starts when `a` has succeeded, and gets nothing from it"),
    "!>": Doc("scope !> handler", "on error: the handler is called once if a step of the scope fails, with `(request, exc, traceback)`"),
    "*>": Doc("scope *> step", "always: the step starts when the scope has ended, however it ended"),
    "~>": Doc("scope ~> task", "on message: called where the flow is run, with every state message of the scope's steps"),
    "??": Doc("a ?? b", "`a`, or `b` where `a` is null"),
}

WORDS: dict[str, Doc] = {
    "task": Doc("task proj.add(x: int, y: int = 0) -> int", "declares what a task takes and gives"),
    "flow": Doc("flow name(p: T = v) -> T:", "a sub-flow: steps that are called like a task"),
    "param": Doc("param name: type = default", "a parameter of the whole flow: `-p name=value`"),
    "from": Doc("from proj.tasks import add, mul as times", "short names for tasks"),
    "import": Doc("from proj.tasks import add, mul as times", "short names for tasks"),
    "include": Doc('include "file.flow" as name', "what another file declares, under a name"),
    "as": Doc("… as name", "gives another name"),
    "defaults": Doc('defaults {queue = "etl"}', "options for every step of the file or block"),
    "return": Doc("return value", "the value of a sub-flow"),
    "when": Doc("when condition:", "a block of which only one branch counts"),
    "else": Doc("else:", "the other branch of a `when`; in a value, `a if condition else b`"),
    "for": Doc("[step(x) for x in xs if condition]", "a group with a member for each item"),
    "in": Doc("x in xs", "whether a list, map or text holds something; behind `for`, what is gone through"),
    "if": Doc("a if condition else b", "one of two values; in a comprehension, which items count"),
    "and": Doc("a and b", "both"),
    "or": Doc("a or b", "one of them"),
    "not": Doc("not a", "the opposite"),
    "true": Doc("true", "yes"),
    "false": Doc("false", "no"),
    "null": Doc("null", "no value"),
    "each": Doc("scope !> each handler", "on error: the handler is called for every step of the scope that fails"),
    "now": Doc("now", "the moment of submission"),
    "_": Doc("a -> b(1, data=_)", "the linked result, where it is not the first argument"),
}
