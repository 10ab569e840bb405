"""Do these arguments fit that signature? The prepended result counts as the first one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from ...dsl.record import dataclass
from ...dsl.source import Span
from ..borrowed import argument_help
from ..declarations import ParameterSpec
from ..fits import fits
from ..suggest import did_you_mean
from ..types import ANY, Type, accepts
from .domain import Elab, elab_type, is_known
from .state import Frame, Lowering


@dataclass(frozen=True, slots=True)
class Given:
    """The arguments of one call, with the spans to point at. ``linked``: the first one came over an arrow."""

    args: tuple[Elab, ...]
    spans: tuple[Span, ...]
    kwargs: dict[str, Elab]
    names: dict[str, Span]
    linked: bool
    whole: Span


def fit(low: Lowering, frame: Frame, callee: str, specs: Sequence[ParameterSpec], given: Given) -> dict[str, Elab] | None:
    """What each plain or keyword parameter gets; reports what does not fit, and then gives None."""
    before = len(low.findings)
    plain = [s for s in specs if s.kind in ("plain", "positional")]
    taken: dict[str, Elab] = {}
    low.spend(frame, given.whole, len(specs) // 4)
    _positional(low, frame, callee, specs, plain, given, taken)
    _named(low, frame, callee, specs, given, taken)
    missing = [s.name for s in specs if s.required and s.name not in taken and s.kind not in ("*args", "**kwargs")]
    if missing:
        shown = ", ".join(f"`{m}`" for m in missing)
        low.report("F0401", frame, given.whole, task=callee, missing=shown, help=partial(_takes, callee, specs))
    return taken if len(low.findings) == before else None


def _takes(callee: str, specs: Sequence[ParameterSpec]) -> str:
    from ..declarations import Declaration

    return f"it takes `{Declaration(callee, tuple(specs)).signature()}`"


def _positional(
    low: Lowering,
    frame: Frame,
    callee: str,
    specs: Sequence[ParameterSpec],
    plain: list[ParameterSpec],
    given: Given,
    taken: dict[str, Elab],
) -> None:
    rest = next((s for s in specs if s.kind == "*args"), None)
    for position, value in enumerate(given.args):
        linked = given.linked and position == 0
        span = given.spans[position]
        if position < len(plain):
            spec = plain[position]
            taken[spec.name] = value
        elif rest is not None:
            spec = rest
        else:
            linked_note = "; the linked result is the first of them" if given.linked else ""
            at = given.whole if linked else span
            help_ = partial(_takes, callee, specs)
            low.report("F0402", frame, at, task=callee, most=len(plain), given=len(given.args), note=linked_note, help=help_)
            return
        check_type(low, frame, span, callee, spec.name, value, spec.type, linked=linked)


def _argument_help(name: str, known: Mapping[str, ParameterSpec]) -> tuple[str, ...]:
    return argument_help(name, known.keys()) or did_you_mean(name, known.keys())


def _named(low: Lowering, frame: Frame, callee: str, specs: Sequence[ParameterSpec], given: Given, taken: dict[str, Elab]) -> None:
    by_name = {s.name: s for s in specs if s.kind in ("plain", "keyword")}
    rest = next((s for s in specs if s.kind == "**kwargs"), None)
    for name, value in given.kwargs.items():
        spec = by_name.get(name, rest)
        span = given.names[name]
        if spec is None:
            low.report("F0403", frame, span, task=callee, name=name, help=partial(_argument_help, name, by_name))
            continue
        if name in taken:
            how = "by the linked result, which comes first" if given.linked and next(iter(taken)) == name else "by position"
            low.report("F0404", frame, span, task=callee, name=name, how=how)
            continue
        if spec is not rest:
            taken[name] = value
        check_type(low, frame, span, callee, name, value, spec.type)


def check_type(low: Lowering, frame: Frame, span: Span, callee: str, name: str, value: Elab, wanted: Type, *, linked: bool = False) -> None:
    """Report a value that is not of a parameter's type."""
    if wanted is ANY:
        return
    if is_known(value):
        why = fits(value, wanted)
        if why is not None:
            low.report("F0406" if linked else "F0405", frame, span, task=callee, name=name, why=why)
        return
    given = elab_type(value)
    if not accepts(wanted, given):
        code = "F0406" if linked else "F0405"
        low.report(code, frame, span, task=callee, name=name, why=f"{given} is given, {wanted} expected")
