"""Files joined by their includes: what a name means whichever file binds it, and where it is used."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import field

from ...dsl.diagnostics import Findings
from ...dsl.parser import parse
from ...dsl.record import dataclass
from ...dsl.source import Source, Span
from .indexing import index
from .symbols import Index, Kind, Symbol, Use

#: Files that include each other in a row, at most, and what is followed of a path through them.
DEEPEST = 30

#: Gives a file's text as it stands: in an editor, else on the disk; None where there is none to read.
Read = Callable[[str], Source | None]


@dataclass(frozen=True, slots=True)
class Place:
    """A span in a file."""

    file: Source
    span: Span


@dataclass(eq=False)
class Project:
    """Reads files when something in them is asked for. A text that is the same as before is not parsed again.

    ``stubs`` are the files that declare tasks for all others.
    """

    read: Read
    stubs: tuple[str, ...] = ()
    _known: dict[str, Index] = field(default_factory=dict)

    def index(self, source: Source) -> Index:
        """The names of a text."""
        key = source.path or source.name
        known = self._known.get(key)
        if known is None or known.source.text != source.text:
            known = self._known[key] = index(source, parse(source, Findings()))
        return known

    def file(self, path: str) -> Index | None:
        """The names of a file."""
        source = self.read(path)
        return None if source is None else self.index(source)

    def included(self, include: Symbol) -> Index | None:
        """The file that a name of an include stands for."""
        path = self.path_of(include)
        return None if path is None else self.file(path)

    @staticmethod
    def path_of(include: Symbol) -> str | None:
        """Where the file of an include is, or would be."""
        written = str(include.node.path.value)
        if include.file.path is None or not written.endswith(".flow") or "\0" in written:
            return None
        return os.path.normpath(os.path.join(os.path.dirname(include.file.path), written))

    # ── what a use means ──

    def resolve(self, use: Use) -> Symbol | None:
        """What a use is bound to: in its own file, or behind includes. An argument's name is a parameter of what is called."""
        found = use.symbol
        for name in use.path[:DEEPEST]:
            if found is None or found.kind is not Kind.INCLUDE:
                return None
            inner = self.included(found)
            if inner is None:
                return None
            found = inner.top.table.get(name) or _short(inner, name)
        if use.argument:
            called = self.declared(found.task) if found is not None and found.kind is Kind.TASK else found
            called = self.declared(use.task) if use.task else called
            return None if called is None else called.inner.get(use.argument)
        return found

    def task_of(self, use: Use) -> str:
        """The full name of the task that a use means, as far as that is known; empty if it means none."""
        if use.argument:
            return ""
        if use.task:
            found = self.declared(use.task)
            return use.task if found is None else found.task
        symbol = self.resolve(use)
        return symbol.task if symbol is not None else ""

    def declared(self, task: str, near: Index | None = None) -> Symbol | None:
        """Where a task is declared: by its full name, or as the only one that ends in a short one."""
        every = list(self.declaring(near))
        for one in every:
            if task in one.tasks:
                return one.tasks[task]
        if "." in task:
            return None
        found = {name: symbol for one in every for name, symbol in one.tasks.items() if name.endswith(f".{task}") or symbol.name == task}
        return next(iter(found.values())) if len(found) == 1 else None

    def declaring(self, near: Index | None = None) -> Iterator[Index]:
        """The files that may declare tasks for others: the one at hand and those it includes, stubs, and what else is known."""
        seen: set[str] = set()
        for one in (
            *(self.reach(near) if near is not None else ()),
            *filter(None, map(self.file, self.stubs)),
            *list(self._known.values()),
        ):
            if one.source.name not in seen:
                seen.add(one.source.name)
                yield one

    def reach(self, start: Index) -> Iterator[Index]:
        """A file and all that it includes, each once."""
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            one = waiting.pop()
            if one.source.name in seen:
                continue
            seen.add(one.source.name)
            yield one
            waiting += filter(None, (self.included(symbol) for symbol in one.symbols if symbol.kind is Kind.INCLUDE))

    def definition(self, at: Index, use: Use) -> list[Place]:
        """The places that bind what a use means. An include's own name leads to the file."""
        symbol = self.resolve(use)
        task = self.task_of(use)
        if task:
            declared = self.declared(task, at)
            if declared is not None and (declared is not symbol or symbol.node is declared.node):
                return [Place(declared.file, declared.node.name.span)]
        if symbol is None:
            return []
        if symbol.kind is Kind.INCLUDE and use.binds:
            inner = self.included(symbol)
            return [] if inner is None else [Place(inner.source, Span(0, 0))]
        return [Place(symbol.file, span) for span in symbol.spans]

    # ── where it is used ──

    def references(self, at: Index, use: Use, files: Iterable[str], *, binding: bool = True) -> list[Place]:
        """All uses of what a use means, in the file at hand and in others. Of a task that is every call of it.

        ``files``: paths of those that may name it. ``binding``: whether the places that bind it count.
        """
        task = self.task_of(use)
        symbol = self.resolve(use)
        if not task and symbol is None:
            return []
        word = task.rpartition(".")[2] if task else symbol.name if symbol is not None else ""
        places: dict[tuple[str, Span], Place] = {}
        for one in self._candidates(at, symbol, files, word):
            for other in one.uses:
                same = (self.task_of(other) == task) if task else self.resolve(other) is symbol
                if same and (binding or not other.binds):
                    places.setdefault((one.source.name, other.span), Place(one.source, other.span))
        return list(places.values())

    def _candidates(self, at: Index, symbol: Symbol | None, files: Iterable[str], word: str) -> Iterator[Index]:
        seen: set[str] = set()
        home = self.file(symbol.file.path) if symbol is not None and symbol.file.path else None
        yield from self._fresh((at, *((home,) if home is not None else ())), seen)
        for path in files:
            if path in seen:
                continue
            source = self.read(path)
            if source is not None and word in source.text:
                yield from self._fresh((self.index(source),), seen)

    @staticmethod
    def _fresh(found: Iterable[Index], seen: set[str]) -> Iterator[Index]:
        for one in found:
            key = one.source.path or one.source.name
            if key not in seen:
                seen.add(key)
                yield one


def _short(inner: Index, name: str) -> Symbol | None:
    """A task that an included file declares under a dotted name, by its last word."""
    found = [symbol for full, symbol in inner.tasks.items() if full.rpartition(".")[2] == name]
    return found[0] if len(found) == 1 else None
