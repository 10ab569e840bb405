"""Which flows a command line means: files, folders and standard input."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from .exits import Stop

if TYPE_CHECKING:
    from ..dsl.diagnostics import Findings
    from ..dsl.source import Source
    from .globs import Glob

STDIN = "-"

#: Folders that hold other people's files. Hidden folders and virtual environments are left out too.
SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages"})


def find_flows(paths: Iterable[str], exclude: Sequence[Glob] = ()) -> list[str]:
    """The files that are meant, each once: as given, and every ``*.flow`` below a folder, sorted.

    Links that lead out of the folder are not followed. Of what is found in folders, files and folders that ``exclude`` covers are left out.

    Raises:
        Stop: a folder without any flow below it.
    """
    found: dict[str, None] = {}
    for path in paths:
        if path == STDIN or not os.path.isdir(path):
            found.setdefault(path)
            continue
        inside = sorted(below(path, exclude), key=lambda name: name.split(os.sep))
        if not inside:
            raise Stop(f"there is no .flow file below {path}{' that is not excluded' if exclude else ''}")
        for name in inside:
            found.setdefault(name)
    return list(found)


def below(folder: str, exclude: Sequence[Glob] = ()) -> Iterator[str]:
    """Every ``*.flow`` below a folder; not in hidden folders, virtual environments, those of other people's files, and what is excluded."""
    root = os.path.realpath(folder)

    def is_wanted(path: str) -> bool:
        return not any(glob.covers(path) for glob in exclude)

    def is_inside(path: str) -> bool:
        return not os.path.islink(path) or os.path.realpath(path).startswith(root + os.sep)

    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if _is_ours(os.path.join(parent, name), name) and is_wanted(os.path.join(parent, name))]
        for name in files:
            path = os.path.join(parent, name)
            if (
                name.endswith(".flow")
                and (not os.path.islink(path) or os.path.realpath(path).startswith(root + os.sep))
                and is_wanted(path)
            ):
                yield os.path.normpath(path)


def _is_ours(path: str, name: str) -> bool:
    return not (name.startswith(".") or name in SKIPPED or os.path.exists(os.path.join(path, "pyvenv.cfg")))


def read_flow(path: str, findings: Findings, stdin_filename: str | None = None) -> Source | None:
    """Read a file, or standard input for ``-``; None after reporting why it cannot be.

    ``stdin_filename`` is what standard input is called in findings, and where its includes are looked for.
    """
    from ..compiler.include import LARGEST_FILE, decode_source, read_source

    if path != STDIN:
        return read_source(path, findings)
    import sys

    from ..dsl.source import Source, Span

    name = stdin_filename or "<stdin>"
    try:
        raw = sys.stdin.buffer.read(LARGEST_FILE + 1)
    except (OSError, AttributeError, ValueError) as problem:  # a folder, or nothing at all
        why = (problem.strerror or "").lower() if isinstance(problem, OSError) else "it is closed"
        findings.report("F0701", Source(name, ""), Span(0, 0), path=name, why=why)
        return None
    return decode_source(raw, name, findings, stdin_filename)


def source_of(main: Source) -> Callable[[str], Source]:
    """The sources of a flow that was compiled, by the names under which findings speak of them: its own, and those of files it includes."""
    from ..compiler.include import read_source
    from ..dsl.diagnostics import Findings
    from ..dsl.source import Source

    known = {main.name: main}

    def find(name: str) -> Source:
        if name not in known:
            known[name] = (read_source(name, Findings()) if name.endswith(".flow") else None) or Source(name, "", shown=False)
        return known[name]

    return find
