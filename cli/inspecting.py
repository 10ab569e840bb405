"""Many flows compiled, one after the other: which of their findings are told, and how many are not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..compiler.pipeline import compile_source
from ..dsl.diagnostics import Diagnostic, Findings, Severity
from .flows import read_flow

if TYPE_CHECKING:
    from ..compiler.pipeline import Settings
    from ..dsl.ignores import Comments
    from ..dsl.source import Source
    from .selection import Selection

#: Findings of each severity that a run tells; of each file the compiler keeps fewer.
MOST_TOLD = 10_000

Finding = tuple[str, str, tuple[int, int]]


class Inspected(NamedTuple):
    """What came of a run.

    ``told``: the findings, sorted; what a file and one that includes it have in common is there once. ``hidden_errors`` and
    ``hidden_warnings`` count those that comments or the user's choice leave out, ``dropped`` those that are too many.
    """

    told: tuple[Diagnostic, ...]
    hidden_errors: int = 0
    hidden_warnings: int = 0
    dropped: int = 0


def inspect(
    files: Sequence[str], settings: Settings, *, stdin_filename: str | None = None, selection: Selection | None = None
) -> Inspected:
    """Check files. ``selection``: which findings are told, and how bad they are; None: all, as they are."""
    run = _Run(selection)
    for path in files:
        found = Findings()
        source = read_flow(path, found, stdin_filename)
        if source is None:
            run.take(found)
            continue
        run.begin(source)
        compiled = compile_source(source, settings)
        run.dropped += compiled.dropped
        run.take((*found, *compiled.findings))
    return run.end()


class _Run:
    """The findings so far."""

    def __init__(self, selection: Selection | None) -> None:
        self.selection = selection
        self.told = Findings(MOST_TOLD)
        self.hidden: dict[Severity, set[Finding]] = {severity: set() for severity in Severity}
        self.comments: Comments | None = None
        self.dropped = 0

    def begin(self, source: Source) -> None:
        """The next findings are of this file, and those that it includes."""
        if "flow:" in source.text:
            self._comments().check(source)

    def take(self, findings: Iterable[Diagnostic]) -> None:
        """Take in some findings."""
        found = tuple(findings)
        if self.comments is not None or any("flow:" in finding.source.text for finding in found):
            sifted = self._comments().sift(found)
            self._hide(sifted.ignored)
            found = sifted.kept
        self._tell(found)

    def end(self) -> Inspected:
        """What came of it all."""
        if self.comments is not None:
            self._tell(self.comments.remarks(complete=not self.dropped))
        errors, warnings = (len(self.hidden[severity]) for severity in (Severity.ERROR, Severity.WARNING))
        return Inspected(self.told.sorted(), errors, warnings, self.dropped + self.told.dropped)

    def _tell(self, findings: tuple[Diagnostic, ...]) -> None:
        if self.selection is not None:
            from .selection import choose

            findings, hidden = choose(findings, self.selection)
            self._hide(hidden)
        self.told.extend(findings)

    def _hide(self, findings: Iterable[Diagnostic]) -> None:
        for finding in findings:
            self.hidden[finding.severity].add((finding.code, finding.source.name, finding.span))

    def _comments(self) -> Comments:
        if self.comments is None:
            from ..dsl.ignores import Comments

            self.comments = Comments()
        return self.comments
