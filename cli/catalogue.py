"""Writes the catalogue of findings, ``docs/diagnostics.md``, from the registry.

``python -m flowc.cli.catalogue docs/diagnostics.md`` (`make docs`). The examples are compiled:
what stands below them is what flowc says.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from ..compiler.canvas_findings import canvas_findings
from ..compiler.pipeline import Settings, compile_source
from ..dsl.codes import CODES, Code
from ..dsl.diagnostics import Diagnostic
from ..dsl.ignores import sift
from ..dsl.render import render_full
from ..dsl.source import Source

EXAMPLE = "example.flow"

FAMILIES = {
    "F01": "Syntax",
    "F02": "Names",
    "F03": "Values and limits",
    "F04": "Calls and types",
    "F05": "Options",
    "F06": "Arrows, scopes and groups",
    "F07": "Files, includes and parameters",
    "F08": "Not yet supported",
    "F09": "Lints",
    "F10": "Flows on stock Celery workers",
}

#: The family that ``flowc check`` does not report.
CARRIED = "F10"

HEAD = """\
# Findings

Every finding has a code. `flowc check` reports those of all families but F10, which `flowc plan --target celery` shows. This page lists
them all: what each means, a flow that gets it with what flowc says, and one that does not. `flowc explain F0201` prints the same in the
terminal. A code keeps its meaning and is never used again for something else. [flowc in CI](ci.md#what-is-told) says how to choose what is
told, and how a comment in a flow ignores a finding.

*This page is written by `make docs` from the registry in `dsl/codes/`; change it there.*
"""


@cache
def example_findings(text: str, carried: bool = False) -> tuple[Diagnostic, ...]:
    """What ``flowc check`` finds in an example of the registry: a flow, and after lines ``=== name.flow`` the files that it includes.

    ``carried``: and what ``flowc plan --target celery`` does.
    """
    main, *others = ("\n" + text).split("\n=== ")
    with TemporaryDirectory() as folder:
        for other in others:
            name, _, content = other.partition("\n")
            path = Path(folder, name.strip())
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content + "\n", encoding="utf-8")
        first = Path(folder, EXAMPLE)
        content = main[1:].removesuffix("\n") + "\n"
        first.write_text(content, encoding="utf-8")
        source = Source(EXAMPLE, content, str(first))
        compiled = compile_source(source, Settings(require_params=False))
        findings = sift(compiled.findings, [source]).kept
        if carried and compiled.plan is not None:
            canvas = compiled.plan.canvas()
            findings += canvas_findings((*canvas.obstacles, *canvas.remarks), lambda _: source)
        return tuple(_without_folder(finding, folder) for finding in findings)


def _without_folder(finding: Diagnostic, folder: str) -> Diagnostic:
    """The finding as it would be in the example's own folder."""
    message = finding.message.replace(folder, ".")
    return replace(finding, message=message, help=tuple(text.replace(folder, ".") for text in finding.help))


def catalogue() -> str:
    """The page's text. The same registry gives the same text."""
    return "\n".join(_parts())


def _parts() -> Iterator[str]:
    yield HEAD
    for family, title in FAMILIES.items():
        entries = [entry for entry in CODES.values() if entry.code.startswith(family)]
        if entries:
            yield f"- [{title}](#{title.lower().replace(' ', '-').replace(',', '')}): {family}xx"
    yield ""
    for family, title in FAMILIES.items():
        entries = [entry for entry in CODES.values() if entry.code.startswith(family)]
        if not entries:
            continue
        yield f"## {title}\n"
        yield "| code | | |\n|---|---|---|"
        for entry in entries:
            yield f"| [{entry.code}](#{entry.code.lower()}) | {entry.severity.value} | {_cell(entry.title)} |"
        yield ""
        for entry in entries:
            yield _section(entry)


def _section(entry: Code) -> str:
    parts = [f"### {entry.code}", f"**{entry.title}** ({entry.severity.value})", textwrap.dedent(entry.explanation).strip()]
    if entry.bad.strip():
        found = example_findings(entry.bad, entry.code.startswith(CARRIED))
        shown = render_full([d for d in found if d.code == entry.code])
        parts += [_fence("flow", entry.bad), "gives", _fence("text", shown)]
    if entry.good.strip():
        parts += ["Instead:" if entry.bad.strip() else "For example:", _fence("flow", entry.good)]
    return "\n\n".join(parts) + "\n"


def _fence(language: str, text: str) -> str:
    ticks = "```"
    while ticks in text:
        ticks += "`"
    return f"{ticks}{language}\n{text.strip(chr(10))}\n{ticks}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(args: Sequence[str]) -> int:
    """Write the page to the file named, or to standard output."""
    text = catalogue()
    if args:
        Path(args[0]).parent.mkdir(parents=True, exist_ok=True)
        Path(args[0]).write_text(text, encoding="utf-8")
        sys.stderr.write(f"{args[0]}: {len(CODES)} codes\n")
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
