"""How text looks on a terminal: what is shown for each character, and how many columns it takes.

Source text is never sent to a terminal as it is: control characters, escape sequences and marks that turn
the direction of writing are replaced by something visible, so that a hostile file cannot draw a false picture.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import category as category_of
from unicodedata import combining, east_asian_width

TAB = 4

#: Combining marks shown on one letter; more are dropped, since a terminal would draw them over other lines.
MOST_MARKS = 4

_STRANGE = re.compile("[^ -~]+")


def cells(text: str, column: int = 0) -> Iterator[tuple[str, int]]:
    """What stands for each character of a line, and its width in columns; the first one stands in ``column``."""
    marks = 0
    for character in text:
        if character == "\t":
            width = TAB - column % TAB
            shown = " " * width
        elif " " <= character <= "~":
            shown, width = character, 1
        else:
            shown, width = _beyond_ascii(character)
        marks = marks + 1 if width == 0 else 0
        if marks > MOST_MARKS:
            shown = ""
        column += width
        yield shown, width


def visible(text: str) -> str:
    """A text as it is shown: tabs expanded, control characters made visible."""
    if text.isascii() and text.isprintable():
        return text
    if "\t" in text:  # its width depends on where it stands
        return "".join(shown for shown, _ in cells(text))
    return _STRANGE.sub(lambda found: "".join(shown for shown, _ in cells(found[0])), text)


def escaped(text: str) -> str:
    """A text with JSON's or Python's strings in it: what is not printable stands in them as an escape sequence. Line breaks stay."""
    if text.isprintable() or (text.isascii() and "\x7f" not in text):
        return text
    return _STRANGE.sub(lambda found: "".join(c if c.isprintable() or c == "\n" else _sequence(c) for c in found[0]), text)


def _sequence(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _beyond_ascii(character: str) -> tuple[str, int]:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code), 1
    if code == 0x7F:
        return "␡", 1
    if code == 0x3000:
        return "  ", 2
    if not character.isprintable():
        name = f"<U+{code:04X}>"
        return name, len(name)
    if combining(character) or category_of(character) in ("Mn", "Me"):
        return character, 0
    return character, 2 if east_asian_width(character) in "WF" else 1
