"""A statement as a document: where its line may be broken.

Brackets break round their items, one a line; chains before their arrows; inside brackets, an operation breaks before the operators that
bind most loosely. Comments inside a statement stay behind the token that they stood behind, or on a line of their own before the next.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Container, Iterator
from itertools import pairwise

from .format_declaration import types_and_description
from .format_doc import GAP, HARD, HARD_GAP, LINE, SOFT, Doc, Free, Group, IfBroken, Indent, Suffix, Wide
from .format_lines import Comment, Line, Marks
from .format_spacing import Spaced
from .scanner import ARROW_TYPES, CLOSING, OPENING

#: Columns that a block, and what stands in brackets, is indented by.
STEP = 4

#: Columns that an arrow at the beginning of a line is indented by.
ARROW_STEP = 2

_OPEN = frozenset(OPENING.values())
_CLOSE = frozenset(CLOSING.values())

#: How tightly operators bind, the loosest first.
_LEVELS = (
    "COALESCE",
    "IF ELSE",
    "OR",
    "AND",
    "EQUALS DIFFERS LESSTHAN AT_MOST MORETHAN AT_LEAST NOT IN",
    "VBAR",
    "PLUS MINUS",
    "STAR SLASH FLOOR PERCENT",
    "POWER",
)
_BINDING = {kind: level for level, kinds in enumerate(_LEVELS) for kind in kinds.split()}


def document(line: Line, spaced: Spaced) -> Doc:
    """The document of a line's tokens (its last comment not included)."""
    return _Layout(line, spaced).whole()


class _Layout:
    """Builds the document of one line. Ranges of tokens are half-open; ``closes`` maps opening brackets to closing ones.

    ``forced`` are the tokens, in order, before or at which something asks for a line break: a bracket round one of them is broken.
    """

    def __init__(self, line: Line, spaced: Spaced) -> None:
        self.kinds = [token.type for token in line.tokens]
        self.spaced = spaced.texts
        self.after_operand = spaced.after_operand
        marks = line.marks or Marks()
        self.comments = marks.comments
        self.breaks = marks.breaks
        self.gaps = marks.gaps
        self.forced = sorted({*marks.comments, *marks.breaks, *marks.exploded})
        self.types: frozenset[int] = frozenset()
        self.closes: dict[int, int] = {}
        opened: list[int] = []
        for index, kind in enumerate(self.kinds):
            if kind in _OPEN:
                opened.append(index)
            elif kind in _CLOSE:
                self.closes[opened.pop()] = index

    def whole(self) -> Doc:
        """The whole line."""
        if self.kinds[0] == "FROM":
            return self._import()
        if self.kinds[0] in ("TASK", "FLOW"):
            return self._chain(0, len(self.kinds), self._declaration, declares=True)
        return self._chain(0, len(self.kinds), self._run)

    def _text(self, index: int) -> str:
        return self.spaced[index].lstrip(" ")

    def _top(self, start: int, end: int) -> Iterator[int]:
        """The tokens of a range that no bracket in it encloses; of the brackets themselves, the opening ones."""
        while start < end:
            yield start
            start = self.closes.get(start, start) + 1

    def _signs(self, start: int, end: int, kinds: Container[str]) -> list[int]:
        return [at for at in self._top(start, end) if self.kinds[at] in kinds]

    def _operators(self, start: int, end: int, kinds: Container[str]) -> list[int]:
        """Like ``_signs``, but only those between two operands: no names (``x.if``), no signs of a number."""
        return [at for at in self._top(start, end) if self.kinds[at] in kinds and self.after_operand[at]]

    # ── comments ──

    def _comments(self, *indices: int) -> list[Comment]:
        """The comments before some tokens, as one run: only the first may stand behind what is before it."""
        found = [comment for index in indices for comment in self.comments.get(index, ())]
        return found[:1] + [Comment(comment.text, True, comment.blank) for comment in found[1:]]

    def _remarks(self, comments: list[Comment], gaps: bool = True) -> list[Doc]:
        """Comments: the first may stand behind what is before it, the others have own lines. ``gaps``: also the first may have an empty
        line above."""
        docs: list[Doc] = []
        for comment in comments:
            docs += [HARD_GAP if comment.blank and gaps else HARD, comment.text] if comment.own else [Suffix(comment.text)]
            gaps = True
        return docs

    def _before(self, otherwise: Doc, *indices: int) -> list[Doc]:
        """What separates a token from the one before it: the comments of some tokens, or ``otherwise``."""
        comments = self._comments(*indices)
        return [*self._remarks(comments), HARD] if comments else [otherwise]

    # ── arrows and operators ──

    def _chain(self, start: int, end: int, stage: Callable[[int, int], Doc], declares: bool = False) -> Doc:
        """A range that may hold arrows. A declaration's is broken only for a comment."""
        arrows = self._signs(start, end, ARROW_TYPES)
        if declares:
            arrows = [at for at in arrows if at in self.comments or at + 1 in self.comments]
        if not arrows:
            return stage(start, end)
        rest: list[Doc] = []
        docs: list[Doc] = [Group([Free(stage(start, arrows[0])), Indent(ARROW_STEP, rest)])]
        for at, stop in pairwise([*arrows, end]):
            link: list[Doc] = [self._text(at), " ", Free(stage(at + 1, stop))]
            comments = self._comments(at, at + 1)
            if comments or at in self.breaks:
                rest = link
                docs.append(Indent(ARROW_STEP, [*self._remarks(comments), HARD, Group(rest)]))
            else:
                rest += [LINE, *link]
        return docs

    def _operation(self, start: int, end: int) -> Doc:
        """A range without arrows, inside brackets: it may be broken before the operators that bind most loosely."""
        found = self._operators(start, end, _BINDING)
        loosest = min((_BINDING[self.kinds[at]] for at in found), default=0)
        return self._parted(start, [at for at in found if _BINDING[self.kinds[at]] == loosest], end)

    def _parted(self, start: int, places: list[int], end: int) -> Doc:
        """A range that may be broken before some tokens."""
        if not places:
            return self._run(start, end)
        docs: list[Doc] = []
        for at, stop in pairwise([*places, end]):
            docs += [*self._before(LINE, at, at + 1), self._text(at), " ", self._run(at + 1, stop)]
        return Group([self._run(start, places[0]), Indent(STEP, docs)], self._is_forced(start, end - 1))

    def _run(self, start: int, end: int) -> Doc:
        """A range that may be broken in its brackets alone."""
        docs: list[Doc] = []
        for at in self._top(start, end):
            if at > start:
                docs += self._before(" " if self.spaced[at][0] == " " else "", at)
            docs.append(self._bracket(at, self.closes[at]) if at in self.closes else self._text(at))
        return docs

    def _declaration(self, start: int, end: int) -> Doc:
        """The head of a task or flow. Its types are not broken, but for a comment; its description may be as long as it likes."""
        self.types, described = types_and_description(self.kinds, self.closes)
        docs: list[Doc] = []
        for at in self._top(start, end):
            if at > start:
                docs += self._before(" " if self.spaced[at][0] == " " else "", at)
            text = self._text(at)
            docs.append(self._bracket(at, self.closes[at]) if at in self.closes else Wide(text) if at == described else text)
        return docs

    # ── brackets ──

    def _bracket(self, at: int, close: int) -> Doc:
        """What stands in brackets, with them. Brackets that only hold brackets, ``f([…])``, are broken as one."""
        opening, closing = self._text(at), self._text(close)
        if at in self.types and not self._is_forced(at, close):
            return opening + "".join(self.spaced[at + 1 : close + 1])
        if close == at + 1 and close not in self.comments:
            return opening + closing
        if self.closes.get(at + 1) == close - 1 and at + 1 not in self.comments and close not in self.comments:
            return [opening, self._bracket(at + 1, close - 1), closing]
        single = "LSQB" if self.after_operand[at] else "LPAR"
        if self._operators(at + 1, close, ("FOR",)) or (self.kinds[at] == single and not self._signs(at + 1, close, ("COMMA",))):
            inside = self._items([(at + 1, close)], close, "")
        else:
            inside = self._items(self._divided(at + 1, close), close, ",")
        return Group([opening, *inside, closing], self._is_forced(at, close))

    def _divided(self, start: int, end: int) -> list[tuple[int, int]]:
        """The items between the commas of a range."""
        items: list[tuple[int, int]] = []
        for at in [*self._signs(start, end, ("COMMA",)), end]:
            if at > start:
                items.append((start, at))
            start = at + 1
        return items

    def _is_forced(self, at: int, close: int) -> bool:
        """Whether something behind the token ``at``, up to ``close``, asks for a line break."""
        place = bisect_right(self.forced, at)
        return place < len(self.forced) and self.forced[place] <= close

    def _items(self, items: list[tuple[int, int]], close: int, comma: str) -> list[Doc]:
        """Items one a line, with their comments; behind the last, if they are broken, ``comma``."""
        docs: list[Doc] = []
        commas: list[int] = []
        for start, end in items:
            comments = self._comments(*commas, start)
            if commas:
                docs.append(",")
            docs += self._remarks(comments, bool(commas))
            gap = start in self.gaps
            if any(comment.own for comment in comments):
                docs.append(HARD_GAP if gap else HARD)
            else:
                docs.append(SOFT if not commas else GAP if gap else LINE)
            docs.append(self._item(start, end))
            commas = [end] if end < close else []
        if items:
            docs.append(IfBroken(comma))
        docs += self._remarks(self._comments(*commas, close), bool(items))
        return [Indent(STEP, docs), SOFT]

    def _item(self, start: int, end: int) -> Doc:
        """One item, or what stands in the brackets of a comprehension: each of its clauses may begin a line."""
        clauses = self._operators(start, end, ("FOR",))
        docs: list[Doc] = [self._chain(start, min([*clauses, end]), self._operation)]
        for at, stop in pairwise([*clauses, end]):
            docs += [*self._before(LINE, at), self._parted(at, self._operators(at, stop, ("IF",)), stop)]
        return docs

    def _import(self) -> Doc:
        """Imports stand in parentheses only if they are broken."""
        at = 2
        while self.kinds[at] == "DOT":
            at += 2
        start, close = at + 1, len(self.kinds)
        if self.kinds[start] == "LPAR":
            start, close = start + 1, close - 1
        names = self._items(self._divided(start, close), close, ",")
        return [self._run(0, at + 1), " ", Group([IfBroken("("), *names, IfBroken(")")], self._is_forced(at, close))]
