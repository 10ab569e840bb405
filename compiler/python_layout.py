"""Python code laid out as ruff does: on one line where it fits, else one part a line, each with a comma."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from ..dsl.record import dataclass

WIDTH = 88
_STEP = "    "


@dataclass(frozen=True, slots=True)
class Bracketed:
    """What stands between brackets: ``head`` is what comes before them, a name or keyword with ``=``, and ``parts`` are inside.

    ``brackets``: ``()`` of a call, ``(,)`` of a tuple, ``[]`` or ``{}``.
    """

    head: str
    parts: tuple[Code, ...]
    brackets: str = "()"


#: A piece of an expression: text, or something between brackets.
Code: TypeAlias = "str | Bracketed"


def prefixed(text: str, code: Code) -> Code:
    """A piece with a text in front, such as ``queue=``."""
    return text + code if isinstance(code, str) else Bracketed(text + code.head, code.parts, code.brackets)


def flat(code: Code) -> str:
    """A piece on one line."""
    if isinstance(code, str):
        return code
    inside = ", ".join(map(flat, code.parts))
    lone = "," if code.brackets == "(,)" and len(code.parts) == 1 else ""
    return f"{code.head}{code.brackets[0]}{inside}{lone}{code.brackets[-1]}"


def lines(code: Code, indent: str = "", end: str = "") -> Iterator[str]:
    """A piece as lines; ``end`` stands behind it (and counts for its width)."""
    if isinstance(code, str):
        yield f"{indent}{code}{end}"
        return
    if _width(code) + len(indent) + len(end) <= WIDTH or not code.parts:
        yield f"{indent}{flat(code)}{end}"
        return
    yield f"{indent}{code.head}{code.brackets[0]}"
    for part in code.parts:
        yield from lines(part, indent + _STEP, ",")
    yield f"{indent}{code.brackets[-1]}{end}"


def _width(code: Code, most: int = WIDTH) -> int:
    """The length of a piece on one line, as far as it matters: at most a little more than ``most``."""
    if isinstance(code, str):
        return len(code)
    width = len(code.head) + 2
    for part in code.parts:
        width += _width(part, most - width) + 2
        if width > most + 2:
            break
    return width - 2 * bool(code.parts)
