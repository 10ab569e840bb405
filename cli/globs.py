"""Patterns for paths, as ``exclude`` and ``per_file_ignores`` have them.

``*`` and ``?`` stand for characters of one name, ``[ab]`` for one of them, ``**`` for any folders. A pattern without ``/`` is the name of a
file or folder anywhere; one with ``/`` starts at the folder that it was written for. What matches a folder covers all that is below it.
"""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from typing import NamedTuple

#: Names of folders that a pattern may have.
DEEPEST = 100


class Glob(NamedTuple):
    """A pattern, and the absolute path of the folder that it starts at."""

    folder: str
    pattern: str

    def covers(self, path: str) -> bool:
        """Whether the pattern matches a path (seen from the current folder), or a folder that it is in."""
        inside = self.folder.rstrip(os.sep) + os.sep
        absolute = os.path.abspath(path)
        if not absolute.startswith(inside):
            return False
        names = absolute[len(inside) :].split(os.sep)
        pattern = self.pattern.removeprefix("./").rstrip("/")
        if "/" not in pattern:
            return any(fnmatchcase(name, pattern) for name in names)
        return _begins(names, pattern.removeprefix("/").split("/")[:DEEPEST])


def _begins(names: list[str], parts: list[str]) -> bool:
    """Whether a pattern's parts match the first of some names, or all."""
    if parts[-1] == "**":
        parts = [*parts[:-1], "*"]  # what is below the name that this matches is covered anyway
    reached = {0}  # how many parts may be matched so far
    for name in names:
        following = set()
        for at in _past(reached, parts):
            if parts[at] == "**":
                following.add(at)
            elif fnmatchcase(name, parts[at]):
                following.add(at + 1)
        if len(parts) in following:
            return True
        reached = following
    return False


def _past(reached: set[int], parts: list[str]) -> set[int]:
    """What is reached by taking each ``**`` for no folder at all, too."""
    found = set(reached)
    for at in reached:
        while parts[at] == "**":
            at += 1
            found.add(at)
    return found
