"""Compiling small texts, and plans in a form that a test can spell out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flowc.compiler.pipeline import Compiled, Settings, compile_source
from flowc.compiler.plan import Call, Group, Handler, Late, Map, Plan, Ref, Scope
from flowc.dsl.diagnostics import Diagnostic
from flowc.dsl.source import Source

MAIN = "main.flow"

#: Nothing is known of most tasks of these texts, which is of no interest here.
UNKNOWN_TASK = "F0901"


def compiled(text: str, files: Mapping[str, str] | None = None, **settings: Any) -> Compiled:
    """Compile a text, beside other files (by relative path) if it includes some."""
    given = Settings(**settings)
    if files is None:
        return compile_source(Source(MAIN, text), given)
    with TemporaryDirectory() as folder:
        main = write(folder, {**files, MAIN: text})
        return compile_source(Source(MAIN, text, str(main)), given)


def write(folder: str | Path, files: Mapping[str, str]) -> Path:
    """Write files below a folder; returns the path of the main one."""
    for name, content in files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return Path(folder, MAIN)


def findings(text: str, files: Mapping[str, str] | None = None, **settings: Any) -> list[Diagnostic]:
    """What is found in a text, but for tasks of which nothing is known."""
    return [d for d in compiled(text, files, **settings).findings if d.code != UNKNOWN_TASK]


def codes(text: str, files: Mapping[str, str] | None = None, **settings: Any) -> list[str]:
    """The codes of what is found in a text, in order."""
    return [d.code for d in findings(text, files, **settings)]


def one(text: str, files: Mapping[str, str] | None = None, **settings: Any) -> str:
    """The only finding in a text, as ``F0203 at `name`: message``; the place is the text that its span covers."""
    found = findings(text, files, **settings)
    assert len(found) == 1, [f"{d.code} {d.message}" for d in found]
    return shown(found[0])


def shown(finding: Diagnostic) -> str:
    """A finding with the text that it points at."""
    return f"{finding.code} at `{finding.source.text[finding.span.start : finding.span.end]}`: {finding.message}"


def plan(text: str, files: Mapping[str, str] | None = None, **settings: Any) -> Plan:
    """The plan of a text without errors (there may be warnings)."""
    made = compiled(text, files, **settings)
    assert made.plan is not None, [shown(d) for d in made.findings if d.code != UNKNOWN_TASK]
    return made.plan


def clean(text: str, files: Mapping[str, str] | None = None, **settings: Any) -> Plan:
    """The plan of a text in which nothing at all is found."""
    made = compiled(text, files, **settings)
    assert [shown(d) for d in made.findings if d.code != UNKNOWN_TASK] == []
    assert made.plan is not None
    return made.plan


def steps(text: str, files: Mapping[str, str] | None = None, **settings: Any) -> list[str]:
    """The calls of a text's plan, each as :func:`call_text` writes it."""
    return [call_text(c) for c in plan(text, files, **settings).calls]


def call(made: Plan, identity: str) -> Call:
    """The call of that identity."""
    return next(c for c in made.calls if c.id == identity)


def group(made: Plan, identity: str) -> Group:
    """The group of that identity."""
    return next(g for g in made.groups if g.id == identity)


def scope(made: Plan, identity: str) -> Scope:
    """The scope of that identity."""
    return next(s for s in made.scopes if s.id == identity)


def argument(text: str, **settings: Any) -> Any:
    """The value of ``work``'s only argument, as a plan has it."""
    return call(plan(text, **settings), "work#1").args[0]


def options(made: Plan, identity: str) -> dict[str, Any]:
    """The options of a call, by name."""
    return dict(call(made, identity).options.items)


def call_text(made: Call) -> str:
    """A call as ``id = task(<other>, 2, x=3) after <ids>``."""
    after = f" after {' '.join(made.trigger.after)}" if made.trigger.after else ""
    return f"{made.id} = {made.task}{arguments_text(made)}{after}"


def arguments_text(made: Call | Handler) -> str:
    """Arguments in brackets."""
    listed = [value_text(a) for a in made.args] + [f"{k}={value_text(v)}" for k, v in made.kwargs]
    return f"({', '.join(listed)})"


def value_text(value: Any) -> str:
    """A value of a plan: results as ``<id.path>``, late ones as ``op!(…)``."""
    if isinstance(value, Ref):
        return f"<{value.id}{''.join(f'.{p}' if isinstance(p, str) else f'[{p}]' for p in value.path)}>"
    if isinstance(value, Late):
        return f"{value.op}!({', '.join(map(value_text, value.args))})"
    if isinstance(value, tuple):
        return f"[{', '.join(map(value_text, value))}]"
    if isinstance(value, Map):
        return f"{{{', '.join(f'{k}: {value_text(v)}' for k, v in value)}}}"
    if isinstance(value, dt.date):
        return value.isoformat()
    return repr(value)


def scope_text(made: Plan, identity: str) -> str:
    """A scope as ``steps !> handlers``."""
    found = scope(made, identity)
    inside = " ".join(c.id for c in made.calls if identity in _scopes_of(made, c))
    arrow = {"error": "!>", "message": "~>"}[found.kind] + (" each" if found.each else "")
    return f"{inside} {arrow} {' '.join(f'{h.task}{arguments_text(h)}' for h in found.handlers)}"


def _scopes_of(made: Plan, step: Call) -> list[str]:
    found: list[str] = []
    at = step.scope
    while at is not None:
        found.append(at)
        at = scope(made, at).parent
    return found
