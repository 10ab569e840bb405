"""``flowc fmt``: flows in the canonical layout."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from .exits import Exit
from .terminal import note, out

if TYPE_CHECKING:
    from ..dsl.source import Source


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="FILE|DIR|-...")
@click.option("--check", "only_check", is_flag=True, help="Write nothing; leave with 1 and name the files that would change.")
@click.option("--diff", "show_diff", is_flag=True, help="Write nothing; leave with 1 and print what would change.")
@click.option("--stdin-filename", metavar="PATH", help="What to call standard input in findings.")
def command(paths: tuple[str, ...], only_check: bool, show_diff: bool, stdin_filename: str | None) -> int:
    """Write flows in the canonical layout. Comments stay, and so does the meaning.

    A folder means every *.flow below it; - reads standard input and prints the result. A flow with syntax errors is left alone.
    """
    from ..dsl.columns import visible
    from ..dsl.diagnostics import Findings
    from ..dsl.format import format_source
    from .difference import shown
    from .flows import STDIN, find_flows, read_flow
    from .replacing import replace_file
    from .report import exit_for, note_findings

    findings = Findings()
    changed = same = 0
    for path in find_flows(paths):
        source = read_flow(path, findings, stdin_filename)
        text = None if source is None else format_source(source, findings)
        if source is None or text is None:
            continue
        changes = not _is_written(path, source, text)
        changed, same = changed + changes, same + (not changes)
        if show_diff:
            out("".join(shown(source.text, text, source.name, sys.stdout)))
        elif only_check:
            note(f"Would reformat: {visible(source.name)}\n" if changes else "")
        elif path == STDIN:
            out("".join(f"{visible(line)}\n" for line in text.splitlines()) if sys.stdout.isatty() else text)
        elif changes:
            replace_file(path, text)
    note_findings(findings.sorted(), path=paths[0])
    writes = not (only_check or show_diff)
    if not (writes and STDIN in paths):
        note(_summary(changed, same, writes))
    code = exit_for(findings.sorted())
    return code or (Exit.FINDINGS if changed and not writes else Exit.CLEAN)


def _is_written(path: str, source: Source, text: str) -> bool:
    """Whether the file already holds exactly the canonical text: line ends and byte order mark count too."""
    if path == "-":
        return text == source.text
    with open(path, "rb") as file:
        return file.read() == text.encode()


def _summary(changed: int, same: int, writes: bool) -> str:
    verb = "reformatted" if writes else "would be reformatted"
    parts = [f"{n:,} file{'' if n == 1 else 's'} {what}" for n, what in ((changed, verb), (same, "already formatted")) if n]
    return f"{', '.join(parts)}.\n" if parts else ""
