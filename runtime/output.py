"""What tasks print must not mix with what the run prints: standard output is for the flow's value alone."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def tasks_print_to_stderr() -> Iterator[None]:
    """While inside, standard output goes to standard error: Python's, and that of child processes and C code too.

    Start a run inside, so that its child processes have it so from the beginning.
    """
    sys.stdout.flush()
    with contextlib.ExitStack() as undo:
        try:
            out, err = sys.stdout.fileno(), sys.stderr.fileno()
        except (OSError, ValueError, AttributeError, io.UnsupportedOperation):  # one of them is no file: a test or a notebook
            undo.enter_context(contextlib.redirect_stdout(sys.stderr))
        else:
            kept = os.dup(out)
            undo.callback(os.close, kept)
            undo.callback(os.dup2, kept, out)
            undo.callback(sys.stdout.flush)
            os.dup2(err, out)
        yield
