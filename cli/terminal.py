"""Where output goes: whether to colour it, and what to do with characters that it cannot take."""

from __future__ import annotations

import os
import re
import sys
from typing import TextIO

_BEYOND = re.compile("[^\n -~]+")


def wants_colour(stream: TextIO) -> bool:
    """Whether to colour what is written to a stream: on a terminal, unless ``NO_COLOR`` is set; anywhere if ``FORCE_COLOR`` is."""
    if os.environ.get("NO_COLOR"):
        return False
    forced = os.environ.get("FORCE_COLOR")
    if forced is not None:
        return forced not in ("", "0")
    return os.environ.get("TERM") != "dumb" and stream.isatty()


def is_live(stream: TextIO) -> bool:
    """Whether a stream is a terminal on which lines can be rewritten."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def prepare_streams() -> None:
    """Let output that its encoding cannot express be escaped, not fail."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def out_json(text: str) -> None:
    """Write JSON to standard output: what a terminal would obey or not show is written as an escape sequence of JSON."""
    out(text if text.isascii() and "\x7f" not in text else _BEYOND.sub(_escaped, text))


def _escaped(found: re.Match[str]) -> str:
    return "".join(c if c.isprintable() else _json_escape(c) for c in found[0])


def _json_escape(character: str) -> str:
    """A character as JSON in ASCII has it."""
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def out(text: str) -> None:
    """Write a product of the command to standard output, as it is."""
    sys.stdout.write(text)


def note(text: str) -> None:
    """Write something about the command's work to standard error, as it is."""
    sys.stderr.write(text)
