"""Options: evaluated where they are written, merged from the weakest layer to the innermost, validated once per distinct set.

Weakest first: file ``defaults``, task declaration, block ``defaults``, flow call, group or scope, call. ``retry_policy`` and ``headers``
merge by key.
"""

from __future__ import annotations

from ...dsl import tree
from ...dsl.source import Span
from ..budget import OperatorError
from ..option_table import ALL
from ..options import unknown_help
from ..plan import Map
from .domain import Elab, GroupValue, LateValue, StepValue, Unknown, late_argument, parts
from .state import NO_OPTIONS, Frame, Layer, Lowering, Option, TooMuchError

#: Options of the design that a later version brings.
LATER = ("attempts", "backoff", "need", "max_parallel")

_BY_KEY = ("retry_policy", "headers")
_EMPTY = Map()


def layer(low: Lowering, node: tree.Options, frame: Frame) -> Layer:
    """The options of one pair of braces, each checked by itself."""
    written: Layer = {}
    for item in node.items:
        name = item.name.text
        if name in LATER:
            low.report("F0803", frame, item.span, option=name)
            continue
        if isinstance(item.value, tree.Range):
            low.report("F0502", frame, item.span, option=name, type="one value", given="a range")
            continue
        hole, low.hole = low.hole, None
        value = low.value(item.value, frame)
        low.hole = hole
        if any(isinstance(p, (StepValue, GroupValue)) for p in parts(value)):
            if name in ALL:
                low.report("F0607", frame, item.value.span, option=name)
            else:
                low.report("F0501", frame, item.span, option=name, help=unknown_help(name))
        elif not any(isinstance(p, Unknown) for p in parts(value)):
            written[name] = Option(value, frame.source, item.span)
    if written:
        _validated(low, written, node.span, frame)
    return written


def merge(weak: Layer, strong: Layer) -> Layer:
    """Two layers as one: the stronger wins, maps of ``retry_policy`` and ``headers`` merge by key."""
    if not strong:
        return weak
    if not weak:
        return strong
    merged = {**weak, **strong}
    for name in _BY_KEY:
        if name in weak and name in strong:
            merged[name] = Option(_merged_maps(weak[name].value, strong[name].value), strong[name].source, strong[name].span)
    return merged


def _merged_maps(weak: Elab, strong: Elab) -> Elab:
    from .domain import Compound, map_of

    inner = [v.items if isinstance(v, Compound) else v for v in (weak, strong)]
    if all(isinstance(v, dict) for v in inner):
        return map_of({**inner[0], **inner[1]})  # type: ignore[dict-item] # both are maps
    return strong


def resolve(low: Lowering, frame: Frame, span: Span, declared: Layer, own: Layer) -> tuple[Map, Layer]:
    """The options of one step: as the plan has them, and as they were written."""
    layers = (frame.file.defaults, declared, frame.block, frame.wrapper, own)
    if not any(layers):
        return _EMPTY, NO_OPTIONS
    key = tuple(map(id, layers))
    cached = low.option_sets.get(key)
    if cached is None:
        merged: Layer = NO_OPTIONS
        for one in layers:
            merged = merge(merged, one)
        cached = (layers, _validated(low, merged, span, frame), merged)
        if not own or len(low.option_sets) < 1_000:
            low.option_sets[key] = cached
    if "headers" in cached[2]:
        _account(low, frame, span, cached[1])
    return cached[1], cached[2]


def _account(low: Lowering, frame: Frame, span: Span, options: Map) -> None:
    """Headers may be many, and stand with every step that has them."""
    try:
        low.budget.place(options)
    except OperatorError as problem:
        low.refuse(problem, frame, span)
        raise TooMuchError from problem


def _validated(low: Lowering, written: Layer, span: Span, frame: Frame) -> Map:
    from ..options import validate

    plain = {name: _plain(option.value) for name, option in written.items()}
    low.spend(frame, span, sum(low.budget.measure(value)[0] for value in plain.values()) // 20)
    result = validate(plain)
    for problem in result.problems:
        option = written.get(problem.option)
        if option is None:
            low.refuse(problem, frame, span)
        else:
            low.refuse(problem, option.source, option.span)
    return result.options


def _plain(value: Elab) -> object:
    """An option's value as the schema takes it: known values as they are, late ones in the plan's form."""
    return late_argument(value) if any(isinstance(p, LateValue) for p in parts(value)) else value
