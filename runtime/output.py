"""What tasks print must not mix with what the run prints: standard output is for the flow's value alone."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import TextIO


@contextlib.contextmanager
def tasks_print_to_stderr() -> Iterator[None]:
    """While inside, standard output goes to standard error: Python's, and that of child processes and C code too.

    Start a run inside, so that its child processes have it so from the beginning. Both streams are others than outside, and are
    put back at the end: whatever a task does to them, closing them included, is over then.
    """
    with contextlib.ExitStack() as undo:
        try:
            handles = sys.stdout.fileno(), sys.stderr.fileno()
            sys.stdout.flush()
        except (OSError, ValueError, AttributeError, io.UnsupportedOperation):  # one of them is no file: a test or a notebook
            undo.enter_context(contextlib.redirect_stdout(sys.stderr))
        else:
            undo.callback(_put_back, sys.stdout, sys.stderr)
            for handle in handles:
                kept = os.dup(handle)
                undo.callback(os.close, kept)
                undo.callback(os.dup2, kept, handle)
            out, err = handles
            os.dup2(err, out)
            sys.stdout, sys.stderr = _writer(out), _writer(err)
            undo.callback(_flush, sys.stdout, sys.stderr)
        yield


def _writer(handle: int) -> TextIO:
    return open(handle, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)


def _flush(*streams: TextIO) -> None:
    for stream in streams:
        with contextlib.suppress(OSError, ValueError):
            stream.close()


def _put_back(out: TextIO, err: TextIO) -> None:
    sys.stdout, sys.stderr = out, err
