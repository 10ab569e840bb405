"""Built-in functions: those on values, ``env`` and ``secret``, and Celery's one-message ``map``, ``starmap`` and ``chunks``."""

from __future__ import annotations

from ...dsl import tree
from ...dsl.source import Span
from ..plan import Late
from ..types import ANY, STR, ListOf, union
from .arguments import Given, fit
from .calls import TaskTarget, evaluate_arguments, find_target
from .contains import STEP_FUNCTIONS
from .domain import (
    WRONG,
    Compound,
    Elab,
    GroupValue,
    Known,
    LateValue,
    StepValue,
    Unknown,
    elab_type,
    is_known,
    list_of,
    parts,
)
from .emit import emit, emit_group, enter_group
from .expressions import iterate, members_of, operate
from .state import Feed, Frame, Layer, Lowering


def call_function(
    low: Lowering,
    frame: Frame,
    name: str,
    arguments: tree.Arguments,
    options: tree.Options | None,
    own: Layer,
    feed: Feed | None,
    step: str | None,
    whole: Span,
) -> Elab:
    """The value of a built-in function's call."""
    if name in STEP_FUNCTIONS:
        return _step_function(low, frame, name, arguments, own, feed, step, whole)
    if options is not None:
        return low.report("F0608", frame, options.span, name=f"{name}(…)")
    if feed is not None:
        return low.report("F0603", frame, whole)
    for keyword in arguments.kwargs:
        return low.report("F0416", frame, keyword.span, name=name)
    evaluate = members_of if name in ("zip", "enumerate", "len") else _operand
    values = [evaluate(low, arg, frame) for arg in arguments.args]
    spans = [arg.span for arg in arguments.args]
    if name == "range" and any(isinstance(v, LateValue) for v in values):
        return low.report("F0360", frame, whole, what="`range`")
    if name in ("env", "secret"):
        return _late(low, frame, name, values, whole)
    if name == "len" and len(values) == 1 and isinstance(values[0], (GroupValue, Compound)):
        return len(values[0].members if isinstance(values[0], GroupValue) else values[0].items)
    if name in ("zip", "enumerate") and values and _pairs_members(values):
        return _paired(low, frame, name, values, spans)
    return operate(low, frame, whole, name, values, spans)


def _operand(low: Lowering, expr: tree.Expr, frame: Frame) -> Elab:
    return low.value(expr, frame)


def _pairs_members(values: list[Elab]) -> bool:
    return any(isinstance(v, (GroupValue, Compound)) for v in values) and not any(isinstance(v, (Unknown, StepValue)) for v in values)


def _paired(low: Lowering, frame: Frame, name: str, values: list[Elab], spans: list[Span]) -> Elab:
    """``zip`` and ``enumerate`` over groups pair their members."""
    if name == "enumerate":
        items = iterate(low, frame, spans[0], values[0])
        start = values[1] if len(values) > 1 and isinstance(values[1], int) else 0
        return WRONG if isinstance(items, Unknown) else list_of(tuple(list_of((i, m)) for i, m in enumerate(items, start)))
    columns = [iterate(low, frame, span, value) for span, value in zip(spans, values, strict=True)]
    if any(isinstance(c, Unknown) for c in columns):
        return WRONG
    return list_of(tuple(list_of(row) for row in zip(*columns, strict=False)))


def _late(low: Lowering, frame: Frame, name: str, values: list[Elab], whole: Span) -> Elab:
    most = 2 if name == "env" else 1
    if not 1 <= len(values) <= most or not isinstance(values[0], str):
        return low.report("F0419", frame, whole, name=name, form='env("NAME", default)' if name == "env" else 'secret("NAME")')
    if name == "secret":
        return LateValue(Late("secret", (values[0],)), STR, secret=True)
    if values[0] not in low.settings.env:
        low.report("F0714", frame, whole, name=values[0], help=f'list it in pyproject.toml: `[tool.flowc]` `env = ["{values[0]}"]`')
    if len(values) == 1:
        return LateValue(Late("env", (values[0],)), STR)
    if not is_known(values[1]):
        return low.report("F0419", frame, whole, name=name, form='env("NAME", default)')
    return LateValue(Late("env", (values[0], low.values.of(values[1]))), union((STR, elab_type(values[1]))))


# ── one message for many calls ───────────────────────────────────────────────────────────────────────────────


def _step_function(
    low: Lowering,
    frame: Frame,
    name: str,
    arguments: tree.Arguments,
    own: Layer,
    feed: Feed | None,
    step: str | None,
    whole: Span,
) -> Elab:
    form = f"{name}(task, list, size)" if name == "chunks" else f"{name}(task, list)"
    if not arguments.args or arguments.kwargs:
        return low.report("F0411", frame, whole, name=name, form=form)
    task = _task_argument(low, frame, arguments.args[0])
    rest = tree.Arguments(arguments.span, arguments.args[1:], ())
    given = evaluate_arguments(low, frame, rest, feed, whole)
    wanted = 2 if name == "chunks" else 1
    if task is None:
        return WRONG
    if len(given.args) != wanted:
        return low.report("F0411", frame, whole, name=name, form=form)
    items = given.args[0]
    if is_known(items) and not isinstance(items, (tuple, str)):
        return low.report("F0411", frame, whole, name=name, form=form)
    _check_items(low, frame, name, task, items, given)
    if name == "chunks":
        return _chunks(low, frame, task, given, own, feed, step, whole)
    return _mapped(low, frame, name, task, items, own, feed, step, whole)


def _mapped(
    low: Lowering, frame: Frame, name: str, task: str, items: Elab, own: Layer, feed: Feed | None, step: str | None, whole: Span
) -> StepValue:
    kwargs: dict[str, Elab] = {"task": _signature(task), "it": items}
    made = emit(low, frame, f"celery.{name}", None, (), kwargs, own, feed, step, whole)
    returns = low.tasks[task].returns if task in low.tasks else ANY
    return StepValue(made.id, ListOf(returns))


def _signature(task: str) -> dict[str, Known]:
    """A task's signature as Celery's ``xmap`` tasks take it."""
    return {"task": task, "args": (), "kwargs": {}, "options": {}, "subtask_type": None, "immutable": False}


def _task_argument(low: Lowering, frame: Frame, expr: tree.Expr) -> str | None:
    trailers = expr.trailers if isinstance(expr, tree.Postfix) else ()
    head = expr.head if isinstance(expr, tree.Postfix) else expr
    if not isinstance(head, tree.Name):
        low.report("F0420", frame, expr.span)
        return None
    found, taken = find_target(low, frame, head, trailers, frozenset())
    if isinstance(found, TaskTarget) and taken == len(trailers):
        return found.task
    if found is not None:
        low.report("F0420", frame, expr.span)
    return None


def _check_items(low: Lowering, frame: Frame, name: str, task: str, items: Elab, given: Given) -> None:
    declaration = low.tasks.get(task)
    if declaration is None or declaration.parameters is None or not isinstance(items, tuple):
        return
    span = given.spans[0]
    for item in items:
        low.spend(frame, span)
        args = item if name != "map" and isinstance(item, tuple) else (item,)
        if fit(low, frame, task, declaration.parameters, Given(args, (span,) * len(args), {}, {}, False, span)) is None:
            return


def _chunks(low: Lowering, frame: Frame, task: str, given: Given, own: Layer, feed: Feed | None, step: str | None, whole: Span) -> Elab:
    """One ``starmap`` message for each chunk; the value is the list of their lists."""
    items = iterate(low, frame, given.spans[0], given.args[0])
    size = given.args[1]
    if isinstance(items, Unknown) or isinstance(size, Unknown):
        return WRONG
    if not isinstance(size, int) or isinstance(size, bool) or size < 1:
        return low.report("F0411", frame, given.spans[-1], name="chunks", form="chunks(task, list, size)")
    identity, inner = enter_group(low, frame, step, "chunks")
    members: list[Elab] = []
    for position, start in enumerate(range(0, len(items), size)):
        chunk = list_of(tuple(items[start : start + size]))
        own_name = f"{step}[{position}]" if step is not None else None
        used = feed if feed is not None and not any(isinstance(p, (StepValue, GroupValue)) for p in parts(chunk)) else None
        members.append(_mapped(low, inner, "starmap", task, chunk, own, used, own_name, whole))
    return emit_group(low, frame, whole, "chunks", task.rsplit(".", 1)[-1], tuple(members), identity, None)
