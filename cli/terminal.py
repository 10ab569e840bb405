"""Where output goes: whether to colour it, and what to do with characters that it cannot take."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TextIO

from .exits import Stop


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
    """Let output that its encoding cannot express be escaped, not fail; and that of streams which the shell has closed go nowhere."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        # else the next file that is opened would be taken for the stream
        if getattr(sys, name) is None and os.open(os.devnull, os.O_RDWR) == number and number:
            setattr(sys, name, open(number, "w", encoding="utf-8"))  # noqa: SIM115 - it stays open
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
    if sys.stdout.closed:  # by the user's own code
        raise Stop("standard output is closed")
    sys.stdout.write(text)


def note(text: str) -> None:
    """Write something about the command's work to standard error, as it is, if that is possible."""
    try:
        sys.stderr.write(text)
    except (OSError, ValueError):
        abandon(sys.stderr)


def abandon(stream: TextIO) -> None:
    """Forget what a stream has not taken, so that it is not tried again when the process ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
