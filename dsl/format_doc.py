"""Documents that know where they may be broken, and the printer that breaks them where a line would get too long.

The algebra is Wadler's ("A prettier printer", 2003), printed in linear time as by Oppen ("Prettyprinting", 1980): a group stands on one
line if it fits, with what follows it up to the next possible line break; else each of its own breaks becomes a new line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

#: Columns of a line, at most, where it can be broken.
WIDTH = 100

#: Columns of indentation inside a statement, at most: brackets in brackets must not blow a text up.
_DEEPEST = 80


@dataclass(frozen=True, slots=True)
class Break:
    """A place for a line break: ``flat`` stands there in a group that is not broken. ``always``: a line break in any group. ``empty``: with
    an empty line."""

    flat: str = " "
    always: bool = False
    empty: bool = False


SOFT = Break("")
LINE = Break(" ")
GAP = Break(" ", empty=True)
HARD = Break(always=True)
HARD_GAP = Break(always=True, empty=True)


@dataclass(frozen=True, slots=True)
class Indent:
    """Lines that begin inside stand ``columns`` further to the right, if the group around is broken."""

    columns: int
    doc: Doc


@dataclass(frozen=True, slots=True)
class Group:
    """On one line, or broken at each of its own breaks. ``broken`` asks for the latter."""

    doc: Doc
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Free:
    """What is inside may be broken though the group around it is not."""

    doc: Doc


@dataclass(frozen=True, slots=True)
class IfBroken:
    """Text that stands only in a broken group."""

    text: str


@dataclass(frozen=True, slots=True)
class Suffix:
    """A comment behind what stands on the line; it takes none of the line's width, and a line break must follow."""

    text: str


@dataclass(frozen=True, slots=True)
class Wide:
    """Text that nothing is broken for, however long it is."""

    text: str


Doc: TypeAlias = "str | Break | Indent | Group | Free | IfBroken | Suffix | Wide | list[Doc]"
_Item: TypeAlias = tuple[int, bool, Doc]


def render(doc: Doc, indent: int) -> str:
    """The text of a document whose first line begins at column ``indent`` (the blanks before it not included)."""
    out: list[str] = []
    column = indent
    stack: list[_Item] = [(indent, True, doc)]
    while stack:
        margin, broken, item = stack.pop()
        if isinstance(item, (str, Wide)):
            text = item if isinstance(item, str) else item.text
            out.append(text)
            at = text.rfind("\n")
            column = column + len(text) if at < 0 else len(text) - at - 1
        elif isinstance(item, list):
            stack.extend((margin, broken, part) for part in reversed(item))
        elif isinstance(item, Break):
            if broken or item.always:
                out.append(("\n\n" if item.empty else "\n") + " " * margin)
                column = margin
            else:
                out.append(item.flat)
                column += len(item.flat)
        elif isinstance(item, Group):
            breaks = item.broken or (broken and not _fits(item.doc, stack, WIDTH - column))
            stack.append((margin, breaks, item.doc))
        elif isinstance(item, Indent):
            stack.append((_indented(margin, item.columns) if broken else margin, broken, item.doc))
        elif isinstance(item, Free):
            stack.append((margin, True, item.doc))
        elif isinstance(item, IfBroken):
            if broken:
                stack.append((margin, True, item.text))
        else:
            out.append("  " + item.text)
    return "".join(out)


def _indented(margin: int, columns: int) -> int:
    return max(margin, min(margin + columns, _DEEPEST))


def _fits(doc: Doc, rest: list[_Item], room: int) -> bool:
    """Whether a document takes no more than ``room`` columns up to its first line break that is always one; if it has none, with what
    comes after it, up to the first place where that could be broken."""
    below = len(rest)
    stack: list[tuple[bool, Doc]] = [(False, doc)]
    while room >= 0:
        if not stack:
            if not below:
                return True
            below -= 1
            stack.append(rest[below][1:])
        broken, item = stack.pop()
        if isinstance(item, str):
            at = item.find("\n")
            if at > room:
                return False
            room = room - len(item) if at < 0 else WIDTH - (len(item) - item.rfind("\n") - 1)
        elif isinstance(item, list):
            stack.extend((broken, part) for part in reversed(item))
        elif isinstance(item, Break):
            if broken or item.always:
                return True
            room -= len(item.flat)
        elif isinstance(item, Group):
            stack.append((broken or item.broken, item.doc))
        elif isinstance(item, Free):
            stack.append((broken or below < len(rest), item.doc))
        elif isinstance(item, Indent):
            stack.append((broken, item.doc))
        elif isinstance(item, IfBroken) and broken:
            room -= len(item.text)
    return False
