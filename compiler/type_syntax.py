"""Types as written in a flow → types."""

from __future__ import annotations

from typing import Protocol

from ..dsl import tree
from ..dsl.source import Span
from .suggest import did_you_mean
from .types import ANY, SCALARS, ListOf, MapOf, Record, Text, TupleOf, Type, optional, union

#: Types that take others in brackets.
GENERIC = ("list", "map", "tuple")

#: What people write for our words.
_OTHER_WORDS = {
    "string": "str", "text": "str", "integer": "int", "number": "float", "double": "float", "boolean": "bool", "dict": "map",
    "mapping": "map", "object": "map", "record": "map", "array": "list", "sequence": "list", "set": "list", "timedelta": "duration",
    "time": "datetime", "timestamp": "datetime", "none": "null", "void": "null", "unknown": "any", "Any": "any", "None": "null",
}  # fmt: skip


#: What Python's typing writes with brackets, and we do not.
_TYPING = {
    "Optional": "write `int?` for an int or null",
    "Union": "write `int | str`",
    "Literal": 'write the texts themselves: `"a" | "b"`',
}


class Report(Protocol):
    """How a finding is made: its code and place, help lines, and the values of its message."""

    def __call__(self, code: str, span: Span, /, *, help: str | tuple[str, ...] = (), **values: object) -> None:  # noqa: A002
        """Report a finding of the registry."""


def from_tree(expr: tree.TypeExpr, report: Report) -> Type:
    """The type that a text writes. What is wrong in it is reported, and ``any`` taken in its place.

    Codes: F0450 unknown type, F0451 wrong number of types in brackets.
    """
    if isinstance(expr, tree.TypeName):
        return _named(expr, report)
    if isinstance(expr, tree.TypeText):
        return Text(expr.text)
    if isinstance(expr, tree.TypeOptional):
        return optional(from_tree(expr.inner, report))
    if isinstance(expr, tree.TypeUnion):
        return union([from_tree(member, report) for member in expr.members])
    fields: dict[str, Type] = {}
    for name, field in expr.fields:
        fields.setdefault(name.text, from_tree(field, report))
    return Record(tuple(fields.items()))


def _named(expr: tree.TypeName, report: Report) -> Type:
    word = expr.name.text
    args = [from_tree(arg, report) for arg in expr.args]
    if word in SCALARS:
        if args:
            report("F0451", expr.span, type=word, expected="none", given=len(args), help=f"write `{word}` alone")
        return SCALARS[word]
    if word == "tuple":
        return TupleOf(tuple(args)) if args else ListOf(ANY)
    if word in GENERIC:
        if len(args) > 1:
            two = "; a map's keys are always text, so write its values' type alone" if word == "map" else ""
            report("F0451", expr.span, type=word, expected="one", given=len(args), help=f"as in `{word}[int]`{two}")
        item = args[-1] if args else ANY
        return ListOf(item) if word == "list" else MapOf(item)
    other = _OTHER_WORDS.get(word) or _OTHER_WORDS.get(word.lower())
    known = (*SCALARS, *GENERIC)
    help_ = f"did you mean `{other}`?" if other else _TYPING.get(word) or did_you_mean(word, known, listed=20)
    report("F0450", expr.name.span, type=word, help=help_)
    return ANY
