"""Reading flow files: the file of the command line, and those that it includes.

A flow is untrusted input: an include is a regular ``.flow`` file below one root folder, without links out of it and of bounded size. A
file that is no flow is never opened, so nothing of it can be shown.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType

from ..dsl import tree
from ..dsl.diagnostics import Findings
from ..dsl.parser import parse
from ..dsl.record import dataclass
from ..dsl.source import Source, Span

#: The largest file that is read, and what all included files of one flow may have, in bytes.
LARGEST_FILE = 16 * 1024 * 1024
_MEGABYTES = f"{LARGEST_FILE // (1024 * 1024)} MiB"

NOWHERE = Span(0, 0)


def read_source(path: str, findings: Findings, name: str | None = None) -> Source | None:
    """Read the file of a command line.

    Returns None after reporting why where it cannot be read: no such file, a folder, a device, too large, not UTF-8.
    """
    shown = name or path
    blank = Source(shown, "", path, shown=False)
    try:
        raw = _read(path)
    except OSError as problem:
        findings.report("F0701", blank, NOWHERE, path=shown, why=_why(problem))
        return None
    except _NotAFlowFileError as problem:
        findings.report(problem.code, blank, NOWHERE, path=shown, most=_MEGABYTES)
        return None
    return decode_source(raw, shown, findings, path)


def decode_source(raw: bytes, name: str, findings: Findings, path: str | None = None) -> Source | None:
    """Decode what was read (from a file or standard input); None after reporting where it is too large or not UTF-8."""
    if len(raw) > LARGEST_FILE:
        findings.report("F0703", Source(name, "", path, shown=False), NOWHERE, path=name, most=_MEGABYTES)
        return None
    try:
        return Source(name, raw.decode("utf-8-sig"), path)
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        findings.report("F0704", Source(name, "", path, shown=False), NOWHERE, path=name, line=line, byte=f"0x{raw[problem.start]:02x}")
        return None


class _NotAFlowFileError(Exception):
    """Not a file that flowc reads; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _read(path: str, follow: bool = True) -> bytes:
    """The bytes of a regular file of bounded size. Raises OSError, _NotAFlowFileError."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW))
    except ValueError as problem:  # a NUL in the path
        raise OSError(0, "not a path") from problem
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise _NotAFlowFileError("F0702")
        if not stat.S_ISREG(mode):
            raise _NotAFlowFileError("F0705")
        with os.fdopen(handle, "rb", closefd=False) as file:
            raw = file.read(LARGEST_FILE + 1)
    finally:
        os.close(handle)
    if len(raw) > LARGEST_FILE:
        raise _NotAFlowFileError("F0703")
    return raw


def _why(problem: OSError) -> str:
    return (problem.strerror or str(problem) or "it cannot be opened").lower()


@dataclass(slots=True)
class Loader:
    """Reads and parses included files, each once.

    ``root`` is the folder that includes may not leave; None where there is no file to start from (a text, standard input): then nothing can
    be included. ``opened``: texts by real paths, which are read in place of these files.
    """

    root: str | None
    opened: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    _parsed: dict[str, tuple[Source, tree.Module] | None] = field(default_factory=dict)
    _left: int = LARGEST_FILE

    def load(self, include: tree.Include, including: Source, findings: Findings) -> tuple[Source, tree.Module] | None:
        """The file of an ``include`` statement, parsed; None after reporting why not.

        Syntax errors in it are reported under its own name.
        """
        written = str(include.path.value)
        span = include.path.span
        if self.root is None or including.path is None:
            findings.report("F0708", including, span, path=written)
            return None
        problem = self._misplaced(written)
        path = os.path.join(os.path.dirname(including.path), written)
        real = os.path.realpath(path) if problem is None else ""
        if problem is None and not _is_below(real, os.path.realpath(self.root)):
            problem = "F0706"
        if problem is not None:
            findings.report(problem, including, span, path=written, root=self.root or ".")
            return None
        if real not in self._parsed:
            name = os.path.normpath(os.path.join(os.path.dirname(including.name), written))
            self._parsed[real] = self._parse(real, name, path, including, span, findings)
        return self._parsed[real]

    @staticmethod
    def _misplaced(written: str) -> str | None:
        if not written.isprintable() or os.path.isabs(written):
            return "F0706"
        return None if written.endswith(".flow") else "F0707"

    def _parse(
        self, real: str, name: str, path: str, including: Source, span: Span, findings: Findings
    ) -> tuple[Source, tree.Module] | None:
        try:
            raw = self.opened[real].encode("utf-8", "surrogatepass") if real in self.opened else _read(real, follow=False)
        except OSError as problem:
            findings.report("F0701", including, span, path=name, why=_why(problem))
            return None
        except _NotAFlowFileError as problem:
            findings.report(problem.code, including, span, path=name, most=_MEGABYTES)
            return None
        self._left -= len(raw)
        if self._left < 0:
            findings.report("F0703", including, span, path=name, most=f"what is left of {_MEGABYTES} for all included files")
            return None
        source = decode_source(raw, name, findings, path)
        return None if source is None else (source, parse(source, findings))


def _is_below(path: str, folder: str) -> bool:
    return os.path.commonpath([path, folder]) == folder
