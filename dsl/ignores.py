"""Comments that ignore findings where they occur: ``# flow: ignore[F0901] the reason``.

Such a comment covers the statement that it stands in, behind one of its lines or between them; on a line of its own above a statement it
covers that one. Of a block it covers the head. What is covered are findings that begin in the lines of the statement, wherever in them the
formatter puts the comment. It names whole codes; one that nothing is found of is a finding of its own: no comment outlives its reason.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field
from functools import partial

from .diagnostics import Diagnostic, Findings
from .ignored import is_always_told
from .record import dataclass
from .scanner import ARROW_TYPES, Token, tokens
from .source import Source, Span

_COMMENT = re.compile(r"#[ \t]*flow:[ \t]*ignore(?![\w-])(?:[ \t]*\[([^\[\]]*)\])?")
_CODE = re.compile(r"[^\s,]+")
_OPEN = frozenset({"LPAR", "LSQB", "LBRACE"})
_CLOSE = frozenset({"RPAR", "RSQB", "RBRACE"})


@dataclass(frozen=True, slots=True)
class Ignore:
    """One code that a comment names, and where."""

    code: str
    span: Span


@dataclass(frozen=True, slots=True)
class Cover:
    """What the comments of one statement ignore: findings that begin in ``span``, the statement's lines."""

    span: Span
    ignores: tuple[Ignore, ...]


@dataclass(frozen=True, slots=True)
class Sifted:
    """Findings by what comments say of them. ``kept`` has also what is wrong with the comments; both are sorted."""

    kept: tuple[Diagnostic, ...]
    ignored: tuple[Diagnostic, ...] = ()


def may_ignore(source: Source) -> bool:
    """Whether a text may hold such comments: a quick look."""
    return "flow:" in source.text and _COMMENT.search(source.text) is not None


def sift(findings: Sequence[Diagnostic], checked: Iterable[Source] = (), *, complete: bool = True) -> Sifted:
    """Take out the findings that comments of their own files ignore.

    ``checked``: the sources whose comments are looked at for mistakes, such as codes that nothing is found of; of included files only some
    findings are known. ``complete``: whether ``findings`` are all there are.
    """
    comments = Comments()
    for source in checked:
        comments.check(source)
    sifted = comments.sift(findings)
    remarks = comments.remarks(complete=complete)
    return Sifted(tuple(sorted((*sifted.kept, *remarks), key=lambda d: (d.source.name, d.span, d.code))), sifted.ignored)


class Comments:
    """What comments ignore in the files of a run, as their findings come in. Files are told apart by their names."""

    def __init__(self) -> None:
        self._covers: dict[str, list[Cover]] = {}
        self._checked: dict[str, Source] = {}
        self._used: set[tuple[str, Span]] = set()
        self._broken: set[str] = set()
        self._remarks = Findings()

    def check(self, source: Source) -> None:
        """Look at a file's own comments for mistakes, too. Findings of it must come later."""
        if may_ignore(source):
            self._checked[source.name] = source
            self._covers[source.name] = list(_covers(source, self._remarks))

    def sift(self, findings: Iterable[Diagnostic]) -> Sifted:
        """Take out those of some findings that comments ignore."""
        kept: list[Diagnostic] = []
        ignored: list[Diagnostic] = []
        for finding in findings:
            source = finding.source
            if is_always_told(finding.code):
                self._broken.add(source.name)
            hits = [ignore.span for ignore in _covering(self._covers_of(source), finding) if ignore.code == finding.code]
            self._used.update((source.name, span) for span in hits)
            (ignored if hits else kept).append(finding)
        return Sifted(tuple(kept), tuple(ignored))

    def remarks(self, *, complete: bool = True) -> tuple[Diagnostic, ...]:
        """What is wrong with the comments of the files that were checked. ``complete``: whether all findings have come in."""
        # Behind a mistake of syntax not all is found.
        for name in self._checked.keys() - self._broken if complete else ():
            for cover in self._covers[name]:
                for ignore in cover.ignores:
                    if (name, ignore.span) not in self._used:
                        self._remarks.report("F0991", self._checked[name], ignore.span, name=ignore.code, help="remove it")
        return self._remarks.sorted()

    def _covers_of(self, source: Source) -> list[Cover]:
        covers = self._covers.get(source.name)
        if covers is None:
            covers = self._covers[source.name] = list(_covers(source, Findings())) if may_ignore(source) else []
        return covers


def _covering(covers: list[Cover], finding: Diagnostic) -> tuple[Ignore, ...]:
    if not covers:
        return ()
    at = bisect_right(covers, finding.span.start, key=lambda cover: cover.span.start) - 1
    return covers[at].ignores if at >= 0 and finding.span.start <= covers[at].span.end else ()


def _covers(source: Source, remarks: Findings) -> Iterator[Cover]:
    """The covers of a text in order, which do not overlap. What is wrong with the comments themselves is reported."""
    for statement in _statements(source):
        found = [ignore for comment in statement.comments for ignore in _read(source, comment, remarks)]
        if found:
            yield Cover(statement.span, tuple(found))


def _read(source: Source, comment: Token, remarks: Findings) -> Iterator[Ignore]:
    from .codes import CODES

    for match in _COMMENT.finditer(comment.value):
        at = comment.start_pos + match.start(1)
        names = list(_CODE.finditer(match[1] or ""))
        if not names:
            whole = Span(comment.start_pos + match.start(), comment.start_pos + match.end())
            remarks.report("F0994", source, whole, help="name the codes: `# flow: ignore[F0901] the reason`")
        for name in names:
            span = Span(at + name.start(), at + name.end())
            if name[0] not in CODES:
                remarks.report("F0992", source, span, name=name[0], help=partial(_near, name[0]))
            elif is_always_told(name[0]):
                remarks.report("F0993", source, span, name=name[0])
            else:
                yield Ignore(name[0], span)


def _near(wrong: str) -> str:
    from difflib import get_close_matches

    from .codes import CODES

    near = get_close_matches(wrong[:20].upper(), CODES, 1)
    return f"did you mean `{near[0]}`?" if near else "`flowc explain` lists all codes"


@dataclass(slots=True)
class _Statement:
    """The lines of a statement, and its comments."""

    span: Span
    comments: list[Token] = field(default_factory=list)


def _statements(source: Source) -> list[_Statement]:
    """The statements that have comments which ignore something. One that none follows stands at the end of the text."""
    found = [_Statement(Span(0, 0))]
    pending: list[tuple[Token, bool]] = []
    brackets, turned, last = 0, True, ""
    for token in tokens(source):
        kind = token.type
        if kind == "_NEWLINE":
            turned = True
        elif kind == "COMMENT":
            if _COMMENT.search(token.value):
                pending.append((token, turned))
        else:
            goes_on = brackets > 0 or not turned or kind in ARROW_TYPES or last in ARROW_TYPES
            found[-1].comments.extend(comment for comment, own in pending if goes_on or not own)
            if not goes_on:
                start = source.text.rfind("\n", 0, token.start_pos) + 1
                found.append(_Statement(Span(start, start), [comment for comment, own in pending if own]))
            pending.clear()
            found[-1].span = Span(found[-1].span.start, token.end_pos)
            brackets = max(0, brackets + (kind in _OPEN) - (kind in _CLOSE))
            turned, last = False, kind
    found[-1].comments.extend(comment for comment, own in pending if not own)
    end = len(source.text)
    found.append(_Statement(Span(end, end), [comment for comment, own in pending if own]))
    return [_Statement(_to_line_end(source, one.span), one.comments) for one in found if one.comments]


def _to_line_end(source: Source, span: Span) -> Span:
    end = source.text.find("\n", span.end)
    return Span(span.start, len(source.text) if end < 0 else end)
