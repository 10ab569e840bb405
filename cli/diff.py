"""``flowc diff``: what makes one version of a flow of another, step by step."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from .exits import Exit, Stop
from .settings import Choices, compile_options, make_settings
from .terminal import out, wants_colour

if TYPE_CHECKING:
    from ..compiler.comparing import Difference
    from ..compiler.pipeline import Settings
    from ..compiler.plan import Plan
    from ..dsl.diagnostics import Findings
    from ..dsl.source import Source
    from .revision import Revision

FORMATS = ("text", "json", "markdown", "mermaid")
_COLOURS = {"added": "32", "removed": "31", "changed": "33", "moved": "36", "place": "2"}


class _Pair(NamedTuple):
    """A flow's two files; None: it is not there. ``name`` is what to call the flow, ``was`` its older version."""

    name: str
    was: str
    old: str | None
    new: str | None


@click.command()
@click.argument("paths", nargs=-1, metavar="OLD NEW | [FILE|DIR]...")
@click.option("--git", "revision_name", metavar="REV", help="Compare files with what they were in a revision: a branch, tag or commit.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="How to print the difference.")
@click.option("--exit-code", is_flag=True, help="Leave with 1 if there is a difference.")
@compile_options
def command(paths: tuple[str, ...], revision_name: str | None, form: str, exit_code: bool, choices: Choices) -> int:
    """Show which steps and edges of a flow were added, removed, changed or moved. Layout, comments and names of files make no difference.

    With --git, compare each file, and every *.flow below a folder (by default the current one), with what it was in that revision.
    """
    from .application import declared_tasks
    from .config import read_config

    settings = make_settings(choices, read_config(), require_params=True, tasks=declared_tasks(choices.app))
    if revision_name is None:
        if len(paths) != 2:
            raise Stop("two flows are compared: give OLD and NEW", hint="With --git REV, files are compared with what they were.")
        return _compare([_Pair(paths[1], paths[0], paths[0], paths[1])], settings, form, exit_code, one=True)
    from .revision import revision

    with revision(revision_name) as past:
        pairs = [
            _Pair(path, f"{past.name}:{path}", past.path_of(path), path if os.path.exists(path) else None) for path in _meant(paths, past)
        ]
        return _compare(pairs, settings, form, exit_code, one=len(paths) == 1 and not os.path.isdir(paths[0]))


def _meant(paths: Sequence[str], past: Revision) -> list[str]:
    """The flows that are there now or were there, each once, sorted within each folder."""
    from .flows import below

    found: dict[str, None] = {}
    for path in paths or (".",):
        if os.path.isdir(path):
            found.update(dict.fromkeys(sorted({*below(path), *past.below(path)})))
        elif os.path.exists(path) or past.path_of(path) is not None:
            found[path] = None
        else:
            raise Stop(f"there is no {path}, and there was none in {past.name}")
    return list(found)


def _compare(pairs: Sequence[_Pair], settings: Settings, form: str, exit_code: bool, *, one: bool) -> int:
    compared: list[tuple[_Pair, Difference, Plan]] = []
    broken = False
    for pair in pairs:
        found = _difference(pair, settings)
        if found is None:
            broken = True
        else:
            compared.append((pair, *found))
    if compared or not broken:
        _print(compared, form, one)
    if broken:
        return Exit.FINDINGS
    return Exit.FINDINGS if exit_code and any(difference for _, difference, _ in compared) else Exit.CLEAN


def _difference(pair: _Pair, settings: Settings) -> tuple[Difference, Plan] | None:
    """None after telling what is wrong with one of them."""
    from ..compiler.comparing import compare
    from ..compiler.plan import Plan

    plans = []
    for path, name in ((pair.old, pair.was), (pair.new, pair.name)):
        plan = Plan(os.path.basename(pair.name), None, (), (), (), (), None) if path is None else _compile(path, name, pair.name, settings)
        if plan is None:
            return None
        plans.append(plan)
    return compare(*plans), plans[1]


def _compile(path: str, name: str, called: str, settings: Settings) -> Plan | None:
    """The plan of a file that findings call ``name``, and places in the difference ``called``."""
    from ..compiler.pipeline import compile_source
    from ..dsl.diagnostics import Findings
    from .report import note_findings

    findings = Findings()
    source = _read(path, name, findings)
    if source is None:
        note_findings(findings.sorted(), path=name)
        return None
    compiled = compile_source(source, settings)
    findings.extend(compiled.findings)
    if compiled.plan is None:
        note_findings(findings.sorted(), path=name)
    return compiled.plan


def _read(path: str, name: str, findings: Findings) -> Source | None:
    from ..compiler.include import read_source
    from .flows import STDIN, read_flow

    return read_flow(path, findings) if path == STDIN else read_source(path, findings, name)


def _print(compared: Sequence[tuple[_Pair, Difference, Plan]], form: str, one: bool) -> None:
    if form == "markdown":
        from ..compiler.comparing.markdown import to_markdown

        out(to_markdown([(pair.name, difference, plan) for pair, difference, plan in compared]))
    elif form == "json":
        from ..compiler.comparing.as_json import to_json

        texts = [to_json(difference, pair.was, pair.name) for pair, difference, _ in compared]
        out(texts[0] if one and len(texts) == 1 else f"[{','.join(texts)}]\n")
    elif form == "mermaid":
        from ..compiler.comparing.mermaid import to_mermaid

        if len(compared) != 1:
            raise Stop("mermaid is one picture: name one flow", hint="--format markdown has a picture for each.")
        out(to_mermaid(compared[0][1], compared[0][2]) or "flowchart LR\n")
    else:
        out("".join(_texts(compared, one)))


def _texts(compared: Sequence[tuple[_Pair, Difference, Plan]], one: bool) -> Iterator[str]:
    from ..compiler.comparing.text import to_text
    from ..dsl.columns import visible

    colour = wants_colour(sys.stdout)

    def paint(what: str, text: str) -> str:
        return f"\x1b[{_COLOURS[what]}m{text}\x1b[0m" if colour else text

    same = 0
    for pair, difference, _ in compared:
        if one or difference:
            yield "" if one else f"{visible(pair.name)}: "
            yield to_text(difference, paint) + ("" if one else "\n")
        else:
            same += 1
    if same:
        yield f"{same:,} {'flow is' if same == 1 else 'flows are'} as before.\n"
