"""The flows of a revision, by git: what is read of it is put into a folder of its own, and nothing of it is run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from ..dsl.columns import visible
from .exits import Stop

#: What git calls a regular file.
_REGULAR = ("100644", "100755")


class Revision:
    """The flows of one revision, in a folder.

    Args:
        name: what the user calls it.
        top: the folder of the repository.
        folder: where its flows were put.
        paths: of these flows, from ``top``.
    """

    def __init__(self, name: str, top: str, folder: str, paths: frozenset[str]) -> None:
        self.name = name
        self._top = top
        self._folder = folder
        self._paths = paths

    def path_of(self, path: str) -> str | None:
        """Where the file is that stands at ``path`` now; None if the revision does not have it.

        Raises:
            Stop: it does not stand in the repository.
        """
        inside = self._inside(path)
        return os.path.join(self._folder, *inside.split("/")) if inside in self._paths else None

    def below(self, folder: str) -> list[str]:
        """The flows that were below a folder, as paths from the current folder."""
        inside = self._inside(folder)
        within = "" if inside == "." else f"{inside}/"
        return sorted(os.path.relpath(os.path.join(self._top, path)) for path in self._paths if path.startswith(within))

    def _inside(self, path: str) -> str:
        inside = os.path.relpath(os.path.realpath(path), self._top).replace(os.sep, "/")
        if inside == ".." or inside.startswith("../"):
            raise Stop(f"{path} is not in the repository {self._top}")
        return inside


@contextmanager
def revision(name: str, *, at: str = ".") -> Iterator[Revision]:
    """The flows of a revision (a branch, tag or commit) of the repository around ``at``; the folder goes when the block ends.

    Raises:
        Stop: there is no git, no repository, or no such revision.
    """
    top = os.path.realpath(_git(["rev-parse", "--show-toplevel"], at).decode("utf-8", "surrogateescape").rstrip("\n"))
    if name.startswith("-"):
        raise Stop(f"--git: {name!r} is no revision")
    commit = _git(["rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"], top, f"there is no revision {name!r}")
    blobs = _flows(top, commit.decode().strip())
    with TemporaryDirectory(prefix="flowc-") as folder:
        for (path, _), data in zip(blobs, _contents(top, [blob for _, blob in blobs]), strict=True):
            target = os.path.join(folder, *path.split("/"))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as file:
                file.write(data)
        yield Revision(name, top, folder, frozenset(path for path, _ in blobs))


def _flows(top: str, commit: str) -> list[tuple[str, str]]:
    """The paths of the flows, and the names of their contents. Git has no path with ``..`` in it."""
    found = []
    for entry in _git(["ls-tree", "-r", "-z", commit], top).decode("utf-8", "surrogateescape").split("\0"):
        about, _, path = entry.partition("\t")
        if path.endswith(".flow") and about.split(" ")[0] in _REGULAR:
            found.append((path, about.split(" ")[2]))
    return found


def _contents(top: str, blobs: Sequence[str]) -> Iterator[bytes]:
    """What ``git cat-file --batch`` prints: for each a line that ends in its size, the bytes, and a line's end."""
    if not blobs:
        return
    told = _git(["cat-file", "--batch"], top, given="\n".join([*blobs, ""]).encode())
    at = 0
    for _ in blobs:
        end = told.index(b"\n", at)
        size = int(told[at:end].split(b" ")[-1])
        yield told[end + 1 : end + 1 + size]
        at = end + size + 2


def _git(words: list[str], folder: str, otherwise: str = "", given: bytes = b"") -> bytes:
    try:
        ran = subprocess.run(["git", *words], cwd=folder, input=given, capture_output=True, check=False)
    except FileNotFoundError:
        raise Stop("--git needs git, which is not installed") from None
    if ran.returncode:
        said = ran.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
        raise Stop(visible(otherwise or f"git: {said or 'it failed'}"))
    return ran.stdout
