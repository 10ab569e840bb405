"""Looking names up and binding them, and the values of parameters."""

from __future__ import annotations

from typing import Any

from ...dsl import tree
from ...dsl.diagnostics import Label
from ...dsl.source import Source, Span
from ...dsl.words import RESERVED
from ..borrowed import name_help
from ..fits import fits
from ..literals import ParameterError
from ..parameters import from_data, from_text
from ..suggest import did_you_mean
from ..type_syntax import from_tree
from ..types import ANY, Scalar, Type, accepts
from .domain import WRONG, Elab, LateValue, Unknown, elab_type, is_known, parts
from .state import Binding, Bound, FileNames, FlowName, Frame, IncludeName, Lowering, Names, TaskName


def lookup(low: Lowering, frame: Frame, name: str) -> Binding | None:
    """What a name stands for, marked as used; a parameter's value is worked out when it is first asked for."""
    found = frame.names.find(name)
    if found is None and name in frame.file.params:
        found = ask(low, frame.file, frame.file.params[name])
    if found is not None:
        low.use(found)
    return found


def excused(frame: Frame, name: str) -> bool:
    """Whether a missing name is reported already: its binding has a syntax error, or it is a reserved word."""
    return name in frame.file.module.broken or name in RESERVED


def unbound(low: Lowering, frame: Frame, name: tree.Name) -> Elab:
    """Report a name that nothing binds, where a value is needed."""
    low.spend(frame, name.span, 20)  # what it resembles is looked up each time that a loop comes by
    if excused(frame, name.text):
        return WRONG
    later = frame.names.bound_later(name.text)
    if later is not None:
        label = Label(frame.source, later, "bound only here")
        low.used.add((frame.source.name, later.start))
        return low.report("F0204", frame, name.span, labels=(label,), name=name.text)
    if name.text in low.short or name.text in low.tasks:
        return low.report("F0212", frame, name.span, name=name.text, help=f"call it: `{name.text}(…)`")

    def known() -> list[str]:
        return [*frame.names.known(), *frame.file.params]

    return low.report("F0203", frame, name.span, name=name.text, help=lambda: name_help(name.text) or did_you_mean(name.text, known()))


def not_a_value(low: Lowering, frame: Frame, span: Span, name: str, binding: Binding) -> Elab:
    """Report a task, flow or include that stands where a value is needed."""
    if isinstance(binding, IncludeName):
        return low.report("F0213", frame, span, name=name, help=f"name one of its members: `{name}.…`")
    return low.report("F0212", frame, span, name=name, help=f"call it: `{name}(…)`")


_WORDS = {TaskName: "a task", FlowName: "a flow", IncludeName: "an include"}


def _called(binding: Binding) -> str:
    if isinstance(binding, Bound):
        return {"parameter": "a parameter", "loop": "a loop's name"}.get(binding.kind, "a name")
    return _WORDS[type(binding)]


def bind(low: Lowering, frame: Frame, names: Names, name: tree.Name, binding: Binding) -> None:
    """Bind a name in a block. A name is bound once, and hides no import, task, flow, include or parameter of the file."""
    text = name.text
    earlier = names.table.get(text)
    if earlier is None:
        hidden = _hidden(frame.file, names, text)
        if hidden is not None:
            label = Label(hidden[1], hidden[2], "bound here")
            low.report("F0206", frame, name.span, name=text, what=hidden[0], labels=(label,))
            low.use(binding)
    else:
        label = Label(earlier.source, earlier.span, "first bound here")
        low.report("F0205", frame, name.span, name=text, what=_called(earlier), labels=(label,))
        low.use(binding)
        return
    names.table[text] = binding


def _hidden(file: FileNames, names: Names, text: str) -> tuple[str, Source, Span] | None:
    outer: Names | None = names.outer
    left = names.block
    while outer is not None:
        found = outer.table.get(text)
        if found is not None and (not isinstance(found, Bound) or found.kind == "parameter" or not left):
            return _called(found), found.source, found.span
        left = left or outer.block
        outer = outer.outer
    if text in file.params and names is not file.names:
        return "a parameter", file.source, file.params[text].name.span
    return None


# ── parameters ───────────────────────────────────────────────────────────────────────────────────────────────


def type_from(low: Lowering, where: Frame | Source, expr: tree.TypeExpr | None) -> Type:
    """A written type; ``any`` where none is written."""
    if expr is None:
        return ANY
    source = where.source if isinstance(where, Frame) else where

    def report(code: str, span: Span, /, *, help: str | tuple[str, ...] = (), **values: Any) -> None:  # noqa: A002 - as in Findings.report
        low.report(code, source, span, help=help, **values)

    return from_tree(expr, report)


def ask(low: Lowering, file: FileNames, param: tree.Param) -> Bound:
    """The value of a parameter: given, or its default, or (where the compile allows it) unknown."""
    name = param.name.text
    if name in file.asking:
        path = " -> ".join([*file.asking[file.asking.index(name) :], name])
        low.report("F0210", file.source, param.name.span, path=path)
        return Bound(WRONG, file.source, param.name.span, "parameter")
    file.asking.append(name)
    try:
        bound = Bound(_parameter_value(low, file, param), file.source, param.name.span, "parameter")
    finally:
        file.asking.pop()
    file.names.table.setdefault(name, bound)
    return bound


def _parameter_value(low: Lowering, file: FileNames, param: tree.Param) -> Elab:
    wanted = type_from(low, file.source, param.type)
    key = file.space.replace("/", ".") + param.name.text
    settings = low.settings
    low.asked.add(key)
    default = _default(low, file, param, wanted)
    try:
        if key in settings.param_texts:
            return from_text(settings.param_texts[key], wanted)  # type: ignore[return-value] # what it gives are known values
        if key in settings.params:
            return from_data(settings.params[key], wanted)  # type: ignore[return-value] # what it gives are known values
    except ParameterError as problem:
        return low.report("F0713", file.source, param.name.span, name=key, why=str(problem))
    if param.default is not None:
        return default
    if settings.require_params:
        return low.report("F0712", file.source, param.name.span, name=key, help=f"give it one: `-p {key}=…`")
    low.incomplete = True
    return Unknown(wanted)


def _default(low: Lowering, file: FileNames, param: tree.Param, wanted: Type) -> Elab:
    if param.default is None:
        return WRONG
    return plain_default(low, Frame(file, file.names, space=file.space), param.default, wanted)


def plain_default(low: Lowering, frame: Frame, default: tree.Expr, wanted: Type) -> Elab:
    """The value of a default: no steps in it, and of the declared type."""
    with low.discarding():
        value = low.value(default, frame)
        stepped = bool(low.out.order)
    if stepped or any(not isinstance(p, (LateValue, Unknown)) for p in parts(value)):
        return low.report("F0716", frame, default.span)
    return checked(low, frame, default.span, value, wanted, "F0715")


def _unquoted(value: Elab, wanted: Type) -> tuple[str, ...]:
    """What to do about a text that would be of the type without its quotes."""
    if not isinstance(value, str) or len(value) > 40 or not isinstance(wanted, Scalar):
        return ()
    try:
        from_text(value, wanted)
    except ParameterError:
        return ()
    return (f"write it without quotes: `{value}`",)


def checked(low: Lowering, frame: Frame, span: Span, value: Elab, wanted: Type, code: str) -> Elab:
    """The value, after reporting ``code`` if it is not of the type; an int where a float is wanted becomes one."""
    if is_known(value):
        why = fits(value, wanted)
        if why is not None:
            return low.report(code, frame, span, why=why, help=_unquoted(value, wanted))
        return value

    given = elab_type(value)
    if not accepts(wanted, given):
        return low.report(code, frame, span, why=f"{given} is given, {wanted} expected")
    return value
