"""What is known of a task before it runs: its parameters, their types, its result, its default options."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import Any, Literal, get_type_hints

from ..dsl.record import dataclass
from .annotations import from_annotation
from .fits import fits
from .types import ANY, Type


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """One parameter of a task or sub-flow.

    ``kind``: ``plain`` (by position or name), ``positional`` (by position alone), ``keyword`` (by name alone), ``*args`` or ``**kwargs``.
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
        shown = "" if self.parameters is None else f"({', '.join(_shown(self.parameters))})"
        return f"{self.name}{shown}" + ("" if self.returns is ANY else f" -> {self.returns}")


def _shown(parameters: Iterable[ParameterSpec]) -> Iterable[str]:
    star = False
    for p in parameters:
        if p.kind == "keyword" and not star:
            star = True
            yield "*"
        star = star or p.kind == "*args"
        name = f"{p.kind.rstrip('argskw')}{p.name}" if p.kind in ("*args", "**kwargs") else p.name
        typed = name if p.type is ANY else f"{name}: {p.type}"
        yield typed if p.required or p.kind in ("*args", "**kwargs") else f"{typed} = {p.default or '…'}"


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
    description = inspect.getdoc(function)
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return Declaration(name, options=options or {}, description=description)
    try:
        hints = get_type_hints(function)
    except Exception:  # an annotation is the user's code: whatever it raises, it only means that the type is not known
        hints = {}
    parameters = list(signature.parameters.values())[1 if bound else 0 :]
    specs = tuple(
        ParameterSpec(
            p.name,
            _KINDS[p.kind],
            _parameter_type(hints.get(p.name), p.default),
            p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD),
            "" if p.default is p.empty else repr(p.default)[:40],
        )
        for p in parameters
    )
    returns = from_annotation(hints["return"]) if "return" in hints else ANY
    return Declaration(name, specs, returns, options or {}, description)


def _parameter_type(annotation: object, default: object) -> Type:
    """An annotation's type; ``any`` where the default does not fit it (``x: int = None`` is common and means optional)."""
    if annotation is None:
        return ANY
    wanted = from_annotation(annotation)
    if default is None and fits(None, wanted) is not None:
        return ANY
    return wanted
