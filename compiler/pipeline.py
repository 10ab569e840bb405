"""The compiler, stage by stage: parse, open, lower, check the names, put the plan together."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Mapping
from dataclasses import field
from types import MappingProxyType

from ..dsl import tree
from ..dsl.diagnostics import Diagnostic, Findings
from ..dsl.parser import parse
from ..dsl.record import dataclass
from ..dsl.source import Source
from .budget import Budget, OperatorError
from .declarations import Declaration
from .include import NOWHERE, Loader
from .lower.dispatch import equip
from .lower.domain import Elab, StepValue
from .lower.files import know_task, open_file
from .lower.flows import check_uncalled, without_idle_ends
from .lower.state import MOST_WORK, FileNames, FlowName, Lowering, TooMuchError
from .lower.statements import top
from .plan import Plan
from .rules import ALL
from .stubs import Stubs, know_stubs
from .suggest import did_you_mean

#: Steps that a flow may have after unfolding, unless the user says otherwise.
MOST_STEPS = 100_000


@dataclass(frozen=True, slots=True)
class Settings:
    """What a compile is given besides the text.

    ``params``: JSON-like values of parameters by name (``ns.name`` for included ones); ``param_texts``: the same as texts of a command
    line, which win. ``tasks``: what an application has registered, None where none is given; ``stubs``: what files of stubs declare, which
    counts like it, where the application has nothing of that name. ``env``: the variables that ``env`` may read.
    ``require_params``: whether a parameter without a value is an error, or just unknown. ``opened``: by their real paths, the texts that an
    editor has for files; they are included in place of what is on the disk.
    """

    params: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    param_texts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    tasks: Mapping[str, Declaration] | None = None
    stubs: Stubs | None = None
    env: tuple[str, ...] = ()
    max_steps: int = MOST_STEPS
    include_root: str | None = None
    require_params: bool = True
    opened: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Compiled:
    """What came of a text: its findings, sorted, and the plan, if there is no error and nothing is unknown."""

    findings: tuple[Diagnostic, ...]
    plan: Plan | None
    dropped: int = 0


def compile_source(source: Source, settings: Settings | None = None, observe: Callable[[Lowering], None] | None = None) -> Compiled:
    """Compile a text. Never raises for anything that a text, a file or a parameter can contain.

    ``observe`` gets what walks the tree before it begins, and may put itself in front of its evaluators: editors show what they say.
    """
    # Everything made here is kept until the end, and nothing of it is in a cycle: collecting it again and again would double the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _compile(source, settings or Settings(), observe)
    finally:
        if collecting:
            gc.enable()


def _compile(source: Source, settings: Settings, observe: Callable[[Lowering], None] | None) -> Compiled:
    findings = Findings()
    module = parse(source, findings)
    low = Lowering(findings, settings, Loader(_root(source, settings), settings.opened), Budget())
    low.allowance = MOST_WORK + len(source.text)
    equip(low)
    if observe is not None:
        observe(low)
    plan: Plan | None = None
    try:
        plan = _lower(low, source, module, settings)
    except TooMuchError:
        pass
    except OperatorError as problem:
        low.refuse(problem, source, NOWHERE)
    except RecursionError:
        findings.report("F0367", source, NOWHERE)
    return Compiled(findings.sorted(), None if findings.has_errors or low.incomplete else plan, findings.dropped)


def _root(source: Source, settings: Settings) -> str | None:
    if settings.include_root is not None:
        return settings.include_root
    return None if source.path is None else os.path.dirname(source.path) or "."


def _lower(low: Lowering, source: Source, module: tree.Module, settings: Settings) -> Plan:
    for declaration in (settings.tasks or {}).values():
        know_task(low, declaration)
    if settings.stubs is not None:
        know_stubs(low, settings.stubs, settings.tasks)
    file = open_file(low, source, module)
    value = top(low, file)
    for binding in list(file.names.table.values()):
        if isinstance(binding, FlowName):
            check_uncalled(low, binding)
    _check_given_parameters(low, file, settings)
    for rule in ALL:
        rule(file, low.used, low.findings)
    return _plan(low, file, value)


def _check_given_parameters(low: Lowering, file: FileNames, settings: Settings) -> None:
    unknown = [name for name in {**settings.param_texts, **settings.params} if name not in low.asked]
    if unknown:
        names = ", ".join(f"`{name}`" for name in unknown)
        nowhere = Source(file.source.name, "", file.source.path, shown=False)
        low.report("F0717", nowhere, NOWHERE, names=names, help=did_you_mean(unknown[0], sorted(low.asked)))


def _plan(low: Lowering, file: FileNames, value: Elab) -> Plan:
    out = low.out
    if isinstance(value, StepValue) and value.path == (0,) and value.id in out.ends:
        value = out.ends[value.id]  # what the last sub-flow returns is known; the run waits for its steps anyway
    return Plan(
        name=os.path.basename(file.source.name).removesuffix(".flow") or "flow",
        description=file.module.description,
        calls=tuple(out.calls),
        groups=without_idle_ends(out) if out.ends else tuple(out.groups),
        scopes=tuple(sorted(out.scopes, key=lambda s: out.order[s.id])),
        flows=tuple(out.flows),
        value=low.values.of(value),
    )
