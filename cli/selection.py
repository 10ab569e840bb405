"""Which findings a check tells, and how bad each is, by the user's choice of codes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .exits import Stop
from .globs import Glob

if TYPE_CHECKING:
    from ..dsl.diagnostics import Diagnostic

#: What stands for all codes.
ALL = "F"

#: The names of severities.
LEVELS = ("error", "warning")


@dataclass(frozen=True, slots=True)
class Selection:
    """Codes by their beginnings: ``F0901`` is one, ``F09`` a family, ``F`` all.

    A finding is told if a longer beginning of its code is selected than ignored. ``per_file``: what is ignored in files that a pattern
    covers, too. ``severity``: levels that take the place of the code's own; the longest beginning counts.
    """

    select: tuple[str, ...] = (ALL,)
    ignore: tuple[str, ...] = ()
    per_file: tuple[tuple[Glob, tuple[str, ...]], ...] = ()
    severity: tuple[tuple[str, str], ...] = ()

    @property
    def is_all(self) -> bool:
        """Whether everything is told as it is."""
        return self == Selection()


def choose(findings: Iterable[Diagnostic], selection: Selection) -> tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
    """The findings that are told, with their severities, and those that are not. Some are always told: see ``is_always_told``."""
    from ..dsl.diagnostics import Severity
    from ..dsl.ignored import is_always_told

    told: list[Diagnostic] = []
    hidden: list[Diagnostic] = []
    levels = dict(selection.severity)
    files: dict[str, tuple[str, ...]] = {}
    for finding in findings:
        if is_always_told(finding.code):
            told.append(finding)
            continue
        name = finding.source.name
        if name not in files:
            files[name] = tuple(code for glob, codes in selection.per_file if glob.covers(name) for code in codes)
        level = levels.get(_longest(finding.code, levels))
        if level is not None and level != finding.severity.value:
            finding = replace(finding, severity=Severity(level))
        wanted = len(_longest(finding.code, selection.select)) > len(_longest(finding.code, selection.ignore))
        shown = wanted and not _longest(finding.code, files[name])
        (told if shown else hidden).append(finding)
    return tuple(told), tuple(hidden)


def _longest(code: str, beginnings: Iterable[str]) -> str:
    """The longest of the beginnings that a code has; empty if it has none."""
    return max((beginning for beginning in beginnings if code.startswith(beginning)), key=len, default="")


def read_codes(texts: Sequence[str], where: str, *, hiding: bool) -> tuple[str, ...]:
    """Beginnings of codes, written one by one or with commas between them.

    Args:
        texts: what the user wrote.
        where: what a message calls the place.
        hiding: whether they are to be ignored, or changed, which some codes cannot be.

    Raises:
        Stop: no code begins so, or it cannot be ignored.
    """
    return tuple(dict.fromkeys(_read_code(part, where, hiding) for text in texts for part in text.split(",") if part.strip()))


def _read_code(text: str, where: str, hiding: bool) -> str:
    from ..dsl.codes import CODES
    from ..dsl.ignored import is_always_told

    code = text.strip().upper()
    known = [name for name in CODES if name.startswith(code)]
    if not re.fullmatch(r"F\d{0,4}", code) or not known:
        raise Stop(f"{where}: no code begins with {text.strip()[:50]!r}", hint=_suggestion(code))
    if hiding and all(map(is_always_told, known)):
        raise Stop(
            f"{where}: {code} cannot be ignored or changed",
            hint="Behind a mistake of syntax, or in a file that cannot be read, not all is checked: that is always an error.",
        )
    return code


def _suggestion(code: str) -> str:
    from difflib import get_close_matches

    from ..dsl.codes import CODES

    near = get_close_matches(code[:20], CODES, 1, 0.75)
    return f"Did you mean {near[0]}?" if near else "`flowc explain` lists them all; F09 stands for all that begin so, F for every code."


def read_level(text: str, where: str) -> str:
    """The name of a severity.

    Raises:
        Stop: there is none of that name.
    """
    level = text.strip().lower()
    if level in LEVELS:
        return level
    raise Stop(
        f"{where}: {text.strip()[:50]!r} is no severity; there are {' and '.join(LEVELS)}", hint="To hide a finding, ignore its code."
    )
