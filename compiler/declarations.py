"""What is known of a task before it runs: its parameters, their types, its result, its default options."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from functools import partial
from typing import Any, Literal

from ..dsl.diagnostics import quote
from ..dsl.record import dataclass
from .annotations import from_annotation, hints_of
from .fits import fits
from .source_text import value_source
from .types import ANY, Type, optional

#: What a declaration says of a default that it does not tell.
UNTOLD = "..."

#: Characters of a default in a signature that a finding shows.
LONGEST_SHOWN = 40


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """One parameter of a task or sub-flow.

    ``kind``: ``plain`` (by position or name), ``positional`` (by position alone), ``keyword`` (by name alone), ``*args`` or ``**kwargs``.
    ``default``: as a flow writes it, ``...`` where it is not told; empty where there is none.
    """

    name: str
    kind: Literal["plain", "positional", "keyword", "*args", "**kwargs"] = "plain"
    type: Type = ANY
    required: bool = True
    default: str = ""


@dataclass(frozen=True, slots=True)
class Declaration:
    """The signature of a task (``parameters`` None: any arguments) and its default options, by Celery's names."""

    name: str
    parameters: tuple[ParameterSpec, ...] | None = None
    returns: Type = ANY
    options: Mapping[str, object] = field(default_factory=dict)
    description: str | None = None

    def signature(self) -> str:
        """The signature as it would be declared: ``add(x: int, y: int = 0) -> int``."""
        returns = "" if self.returns is ANY else f" -> {self.returns}"
        return f"{self.name}{self.parameters_source(LONGEST_SHOWN)}{returns}"

    def parameters_source(self, longest: int | None = None) -> str:
        """The parameters as they would be declared, brackets and all; empty where any arguments will do.

        ``longest``: defaults of more characters are cut, for people to read.
        """
        return "" if self.parameters is None else f"({', '.join(_shown(self.parameters, longest))})"


def _shown(parameters: Iterable[ParameterSpec], longest: int | None) -> Iterator[str]:
    star = False
    before = ""
    for p in parameters:
        if before == "positional" != p.kind:
            yield "/"
        if p.kind == "keyword" and not star:
            star = True
            yield "*"
        star = star or p.kind == "*args"
        before = p.kind
        name = f"{p.kind.rstrip('argskw')}{p.name}" if p.kind in ("*args", "**kwargs") else p.name
        typed = name if p.type is ANY else f"{name}: {p.type}"
        if p.required or p.kind in ("*args", "**kwargs"):
            yield typed
        else:
            default = p.default or UNTOLD
            # As the formatter has it: blanks round the sign only behind a type.
            yield typed + ("=" if p.type is ANY else " = ") + (default if longest is None else quote(default, longest))
    if before == "positional":
        yield "/"


_KINDS: dict[Any, Literal["plain", "positional", "keyword", "*args", "**kwargs"]] = {
    inspect.Parameter.POSITIONAL_OR_KEYWORD: "plain",
    inspect.Parameter.POSITIONAL_ONLY: "positional",
    inspect.Parameter.KEYWORD_ONLY: "keyword",
    inspect.Parameter.VAR_POSITIONAL: "*args",
    inspect.Parameter.VAR_KEYWORD: "**kwargs",
}


def declare(name: str, function: Callable[..., object], *, bound: bool = False, options: Mapping[str, object] | None = None) -> Declaration:
    """The declaration that a registered Python function amounts to.

    Args:
        name: the task's full name.
        function: what the task runs. Annotations that cannot be resolved count as ``any``.
        bound: whether the first parameter is the task itself (``bind=True``) and so no argument of the task.
        options: the task's default options.
    """
    description = _description(function)
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return Declaration(name, options=options or {}, description=description)
    hints = hints_of(function)
    parameters = list(signature.parameters.values())[1 if bound else 0 :]
    specs = tuple(_spec(p, hints.get(p.name, _NONE)) for p in parameters)
    returns = from_annotation(hints["return"]) if "return" in hints else ANY
    return Declaration(name, specs, returns, options or {}, description)


#: Stands for an annotation that there is not; None is one.
_NONE = object()


def _spec(parameter: inspect.Parameter, annotation: object) -> ParameterSpec:
    wanted = ANY if annotation is _NONE else from_annotation(annotation)
    kind = _KINDS[parameter.kind]
    if parameter.default is parameter.empty:
        return ParameterSpec(parameter.name, kind, wanted, kind not in ("*args", "**kwargs"))
    if parameter.default is None:
        wanted = optional(wanted)  # `x: int = None` is common
    default = value_source(parameter.default)
    if default is not None and fits(_as_in_flows(parameter.default), wanted) is not None:
        default = None
    return ParameterSpec(parameter.name, kind, wanted, False, default or UNTOLD)


def _as_in_flows(value: object) -> object:
    return tuple(map(_as_in_flows, value)) if isinstance(value, list) else value


def _description(function: object) -> str | None:
    while isinstance(function, partial):  # its own text is about functools
        function = function.func
    try:
        return inspect.getdoc(function) or None
    except Exception:  # the object is the user's own: whatever asking it raises, it only means that nothing is said of it
        return None
