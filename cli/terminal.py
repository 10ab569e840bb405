"""Where output goes: whether to colour it, and what to do with characters that it cannot take."""

from __future__ import annotations

import os
import sys
from typing import TextIO


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
    from ..dsl.columns import escaped

    out(escaped(text))


def out(text: str) -> None:
    """Write a product of the command to standard output, as it is."""
    sys.stdout.write(text)


def note(text: str) -> None:
    """Write something about the command's work to standard error, as it is."""
    sys.stderr.write(text)
