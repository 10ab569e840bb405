"""Chains, groups and chords as Python code, over signatures that have names already.

A *line* is what follows one after the other: steps and chords, in a chain, up to a step that starts several things, which come as a group.
Each line and chord is written after those inside it; so nothing nests, and nothing recurses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

from .plan import Canvas
from .python_layout import Bracketed, Code, lines

#: A line by its first id, or a chord by its id.
_Unit: TypeAlias = tuple[Literal["line", "chord"], str]

#: A line of so many parts stands where it is used; a longer one gets a name.
SHORT = 3


class Composer:
    """Writes the composition of one canvas.

    Args:
        canvas: the canvas.
        names: Python names of its steps, glue and chords.
    """

    def __init__(self, canvas: Canvas, names: dict[str, str]) -> None:
        self._canvas, self._names = canvas, names
        self._carried = {one.id: one for one in canvas.carried}
        self._chords = {chord.id: chord for chord in canvas.chords}
        self._taken = set(names.values())
        self._made: dict[_Unit, Code] = {}
        self._roots = [one.id for one in canvas.carried if one.how == "message"]
        self._roots += [chord.id for chord in canvas.chords if chord.by is None]
        order = {id_: number for number, id_ in enumerate([one.id for one in canvas.carried])}
        self._roots.sort(key=lambda id_: order[id_] if id_ in order else order[self._chords[id_].body])
        self.words: set[str] = set()

    def flows(self) -> list[Code]:
        """The expressions of what is sent at submission. To be called after :meth:`statements`."""
        return [self._made["line", id_] for id_ in self._roots]

    def statements(self) -> Iterator[str]:
        """The lines of code that put it together."""
        for root in self._roots:
            stack: list[tuple[_Unit, bool]] = [(("line", root), False)]
            while stack:
                unit, ready = stack.pop()
                if unit in self._made:
                    continue
                if ready:
                    yield from self._write(unit, last=unit == ("line", root))
                else:
                    stack.append((unit, True))
                    stack.extend((inner, False) for inner in reversed(self._inside(unit)))

    def _links(self, id_: str) -> tuple[str, ...]:
        return self._carried[self._chords[id_].body if id_ in self._chords else id_].links

    def _line(self, start: str) -> tuple[list[str], tuple[str, ...]]:
        """The ids of a line, and what starts side by side at its end."""
        found = [start]
        while len(links := self._links(found[-1])) == 1:
            found.append(links[0])
        return found, links

    def _sides(self, path: Sequence[str], at: int) -> list[str]:
        """What else a node on the path to a member starts."""
        following = path[at + 1] if at + 1 < len(path) else None
        return [link for link in self._links(path[at]) if link != following]

    def _inside(self, unit: _Unit) -> list[_Unit]:
        kind, id_ = unit
        if kind == "line":
            found, branches = self._line(id_)
            return [*(("chord", one) for one in found if one in self._chords), *(("line", one) for one in branches)]
        inside: list[_Unit] = []
        for path in self._chords[id_].members:
            for at, one in enumerate(path):
                if one in self._chords:
                    inside.append(("chord", one))
                inside.extend(("line", side) for side in self._sides(path, at))
        return inside

    def _write(self, unit: _Unit, *, last: bool) -> Iterator[str]:
        kind, id_ = unit
        if kind == "chord":
            yield from self._chord(id_)
            return
        found, branches = self._line(id_)
        parts: list[Code] = [self._names[one] for one in found]
        if branches:
            parts.append(self._word("group", [self._made["line", one] for one in branches]))
        code = parts[0] if len(parts) == 1 else self._word("chain", parts)
        if not last and not isinstance(code, str) and (branches or len(parts) > SHORT):
            name = self._free(f"{self._names[id_]}_chain")
            yield from lines(Bracketed(f"{name} = {code.head}", code.parts), "    ")
            code = name
        self._made[unit] = code

    def _chord(self, id_: str) -> Iterator[str]:
        chord = self._chords[id_]
        members: list[Code] = []
        for path in chord.members:
            for at, one in enumerate(path):
                body = self._chords[one].body if one in self._chords else one
                for side in self._sides(path, at):
                    yield from lines(Bracketed(f"{self._names[body]}.link", (self._made["line", side],)), "    ")
            parts: list[Code] = [self._names[one] for one in path]
            members.append(parts[0] if len(parts) == 1 else self._word("chain", parts))
        name = self._names[id_]
        self.words.add("chord")
        header = Bracketed("", tuple(members), "[]")
        yield from lines(Bracketed(f"{name} = chord", (header, self._names[chord.body])), "    ")
        self._made["chord", id_] = name

    def _word(self, word: str, parts: Sequence[Code]) -> Bracketed:
        self.words.add(word)
        return Bracketed(word, tuple(parts))

    def _free(self, wanted: str) -> str:
        name, number = wanted, 2
        while name in self._taken:
            name, number = f"{wanted}_{number}", number + 1
        self._taken.add(name)
        return name
