"""Family F04, calls and types."""

from __future__ import annotations

from .entry import Code

TYPES: tuple[Code, ...] = (
    Code(
        "F0450",
        "Unknown type",
        "there is no type `{type}`",
        """The types are `int float str bool bytes date datetime duration json any`, `list[T]`, `map[T]`, `tuple[T, …]`, `T?` (a T
or null), texts
(`"a" | "b"`) and records (`{ok: bool, n: int}`).""",
        bad="param names: list[string]\ntask jobs.work(xs)\nwork(names)\n",
        good="param names: list[str]\ntask jobs.work(xs)\nwork(names)\n",
    ),
    Code(
        "F0451",
        "Wrong number of types in brackets",
        "`{type}` takes {expected} in brackets, {given} given",
        "`list[T]` and `map[T]` take one type (a map's keys are always text), `tuple[T, U]` any number, and the others none.",
        bad="param limits: map[str, int]\ntask jobs.work(x)\nwork(limits)\n",
        good="param limits: map[int]\ntask jobs.work(x)\nwork(limits)\n",
    ),
    Code(
        "F0452",
        "A field given twice",
        "the field `{field}` stands twice in this record",
        "Each field of a record type has one type; for a choice of types write `a: int | str`.",
        bad="param limits: {low: int, low: float}\ntask jobs.work(x)\nwork(limits)\n",
        good="param limits: {low: int, high: float}\ntask jobs.work(x)\nwork(limits)\n",
    ),
)

CODES: tuple[Code, ...] = (*TYPES,)
