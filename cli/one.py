"""Compiling the one flow of a command that makes something of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .report import note_findings

if TYPE_CHECKING:
    from ..compiler.pipeline import Settings
    from ..compiler.plan import Plan
    from ..dsl.diagnostics import Diagnostic
    from ..dsl.source import Source


def compile_one(path: str, settings: Settings, stdin_filename: str | None = None, app: str | None = None) -> tuple[Source, Plan] | None:
    """A flow's source and plan. Its findings go to standard error; None if one of them is an error.

    ``app`` names the application whose tasks are in the settings, if any.
    """
    one = compile_whole(path, settings, stdin_filename, app)
    return None if one is None else (one.source, one.plan)


class One(NamedTuple):
    """A flow's source, its plan, and what was found in it: no errors."""

    source: Source
    plan: Plan
    findings: tuple[Diagnostic, ...]


def compile_whole(path: str, settings: Settings, stdin_filename: str | None = None, app: str | None = None) -> One | None:
    """As :func:`compile_one`, with the findings."""
    from ..compiler.pipeline import compile_source
    from ..dsl.diagnostics import Findings
    from .flows import read_flow

    findings = Findings()
    source = read_flow(path, findings, stdin_filename)
    plan = None
    if source is not None:
        compiled = compile_source(source, settings)
        findings.extend(compiled.findings)
        plan = compiled.plan
    note_findings(findings.sorted(), path=path, app=app)
    return None if source is None or plan is None else One(source, plan, findings.sorted())
