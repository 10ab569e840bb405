"""Texts from anywhere as the formats of other tools can hold them."""

from __future__ import annotations

import re

_HALVES = re.compile("[\ud800-\udfff]")


def well_formed(text: str) -> str:
    """The text without halves of surrogate pairs, which no UTF-8 can hold: they are written as escape sequences, ``\\udc80``.

    They come from names of files that are not UTF-8.
    """
    return text if text.isascii() else _HALVES.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
