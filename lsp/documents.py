"""The texts that an editor has open, and all others as they are on the disk."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import quote, unquote, urlsplit

from ..compiler.include import read_source
from ..compiler.lookup.project import Read
from ..dsl.diagnostics import Findings
from ..dsl.source import Source
from .positions import Lines

#: Flow files below the folders of a workspace that are looked at for uses of a name.
MOST_FILES = 5_000

_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages"})


def path_of(uri: str) -> str | None:
    """The path of a ``file:`` URI; None for any other (an unsaved text, say)."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme != "file":
        return None
    path = unquote(parts.path)
    if os.name == "nt":
        path = path.lstrip("/").replace("/", "\\")
    return None if "\0" in path or not path else os.path.normpath(path)


def uri_of(path: str) -> str:
    """The URI of a path."""
    path = path.replace("\\", "/") if os.name == "nt" else path
    return "file://" + quote(path if path.startswith("/") else f"/{path}", safe="/~:" if os.name == "nt" else "/~")


@dataclass(eq=False)
class Document:
    """One open text. It is replaced, never changed."""

    uri: str
    text: str
    version: int | None = None
    path: str | None = None
    encoding: str = "utf-16"

    @cached_property
    def source(self) -> Source:
        """The text as the compiler reads it: without a byte order mark, as from a file."""
        return Source(self.path or self.uri, self.text.removeprefix("\ufeff"), self.path)

    @cached_property
    def lines(self) -> Lines:
        """Positions in it."""
        return Lines(self.source.text, self.encoding)


@dataclass(eq=False)
class Documents:
    """All open texts, by URI."""

    encoding: str = "utf-16"
    open: dict[str, Document] = field(default_factory=dict)
    _disk: dict[str, tuple[tuple[int, int], Source]] = field(default_factory=dict)

    def put(self, uri: str, text: str, version: int | None = None) -> Document:
        """Open a text, or change it."""
        document = self.open[uri] = Document(uri, text, version, path_of(uri), self.encoding)
        return document

    def close(self, uri: str) -> None:
        """Forget a text; from now on its file counts."""
        self.open.pop(uri, None)

    @property
    def opened(self) -> dict[str, str]:
        """The open texts that have a file, by its real path."""
        return {os.path.realpath(d.path): d.source.text for d in self.open.values() if d.path is not None}

    def reader(self) -> Read:
        """Gives the text of a path: the open one, else that on the disk."""
        open_ = {os.path.realpath(d.path): d.source for d in self.open.values() if d.path is not None}

        def read(path: str) -> Source | None:
            return open_.get(path) or open_.get(os.path.realpath(path)) or self._from_disk(path)

        return read

    def _from_disk(self, path: str) -> Source | None:
        try:
            stat = os.stat(path)
        except (OSError, ValueError):
            return None
        stamp = (stat.st_mtime_ns, stat.st_size)
        known = self._disk.get(path)
        if known is None or known[0] != stamp:
            source = read_source(path, Findings())
            if source is None:
                return None
            known = self._disk[path] = (stamp, source)
        return known[1]

    def uri(self, source: Source) -> str:
        """The URI of a source: as the editor calls it, if it has it open."""
        path = source.path
        if path is None:
            return source.name
        same = (d.uri for d in self.open.values() if d.path == path)
        return next(same, None) or uri_of(path)

    def lines(self, source: Source) -> Lines:
        """Positions in a source."""
        return Lines(source.text, self.encoding)


def flows_below(folders: Iterable[str]) -> Iterator[str]:
    """Every ``*.flow`` below some folders, but for hidden ones and those that hold other people's files; at most ``MOST_FILES``."""
    left = MOST_FILES
    for folder in folders:
        for parent, inner, files in os.walk(folder):
            inner[:] = sorted(
                n for n in inner if not (n.startswith(".") or n in _SKIPPED or os.path.exists(os.path.join(parent, n, "pyvenv.cfg")))
            )
            for name in sorted(files):
                if name.endswith(".flow"):
                    left -= 1
                    if left < 0:
                        return
                    yield os.path.join(parent, name)
