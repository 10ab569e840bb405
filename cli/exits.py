"""How the command ends: the one list of exit codes, and the exception that leaves with one."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What the exit code of ``flowc`` says."""

    CLEAN = 0
    FINDINGS = 1
    USAGE = 2
    INTERNAL = 3
    RUN_FAILED = 4
    BROKER = 5
    TIMED_OUT = 6
    INTERRUPTED = 130
    """As a shell reports a process that Ctrl-C ended."""
    BROKEN_PIPE = 141
    """As a shell reports a process whose reader went away."""


class Stop(Exception):
    """Ends the command with a message for the user on standard error, and an exit code. It is no error of flowc's own."""

    def __init__(self, message: str, code: Exit = Exit.USAGE, *, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint
