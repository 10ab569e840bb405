"""Late values: what is known at submission only (``now``, ``env``, ``secret`` and operations on them), and how a plan gets them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NoReturn

from ..dsl.codes import CODES
from ..dsl.diagnostics import Severity, quote
from .budget import Budget, OperatorError
from .operators import apply
from .plan import Call, Group, Handler, Late, Location, Map, Plan, PlanError, Ref, Scope, Value
from .types import ANY, BOOL, DATETIME, DURATION, FLOAT, INT, STR, Type, union
from .values import seconds, to_plan


def make_late(op: str, args: Sequence[object], budget: Budget) -> Late:
    """A late value of an operation on compile-time values of which one is late (or of ``now``, ``env``, ``secret`` themselves).

    Durations stay durations: they stand as ``Late("duration", (seconds,))``.

    Raises:
        OperatorError: the value would be too large, or nested too deeply.
    """
    budget.spend()
    late = Late(op, tuple([_late_arg(arg) for arg in args]))
    budget.measure(late)
    return late


def _late_arg(value: object) -> Value:
    if isinstance(value, dt.timedelta):
        return Late("duration", (seconds(value),))
    if isinstance(value, tuple):
        return tuple(_late_arg(item) for item in value)
    if isinstance(value, dict):
        return Map(tuple((name, _late_arg(item)) for name, item in value.items()))
    return to_plan(value)


def _any_late(value: object, secret: bool) -> bool:
    """Whether a value holds a late value (a secret one). A reference to a step's result is neither."""
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, Late):
            if item.op == "secret" or not secret:
                return True
            todo.extend(item.args)
        elif isinstance(item, tuple) and not isinstance(item, Location):
            todo.extend(item)
        elif isinstance(item, dict):
            todo.extend(item.values())
        elif isinstance(item, Map):
            todo.extend(v for _, v in item.items)
    return False


def is_late(value: object) -> bool:
    """Whether a plan's or compile-time value holds a late one anywhere."""
    return _any_late(value, secret=False)


def taints(value: object) -> bool:
    """Whether a value holds a secret anywhere, so that it must not be shown."""
    return _any_late(value, secret=True)


_STATIC: dict[str, Type] = {
    "now": DATETIME,
    "secret": STR,
    "concat": STR,
    "str": STR,
    "int": INT,
    "float": FLOAT,
    "len": INT,
    "duration": DURATION,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in", "not in", "not"), BOOL),
}


def static_type(value: object) -> Type:
    """The type that a plan's late value will have, as far as it can be told; ``any`` where it cannot, and for a step's result."""
    from .fits import type_of

    if not isinstance(value, Late):
        return ANY if isinstance(value, Ref) else type_of(value)
    known = _STATIC.get(value.op)
    if known is not None:
        return known
    if value.op == "env":
        return union((STR, static_type(value.args[1]))) if len(value.args) > 1 else STR
    types = [static_type(arg) for arg in value.args]
    if value.op == "if":
        return union(types[1:])
    if value.op in ("and", "or"):
        return union(types)
    if value.op in ("+", "-") and len(types) == 2:
        return _sum_type(value.op, types[0], types[1])
    return ANY


def _sum_type(op: str, a: Type, b: Type) -> Type:
    if a == b and a in (DATETIME, DURATION):
        return DURATION
    if DATETIME in (a, b) and DURATION in (a, b):
        return DATETIME
    return a if a == b and a in (STR, INT, FLOAT) else ANY


class _Binder:
    """Replaces late values in one plan. What holds none stays the same object."""

    def __init__(self, now: dt.datetime, env: Mapping[str, str], secrets: Mapping[str, str]) -> None:
        self._now = now
        self._env = env
        self._secrets = secrets
        self._budget = Budget()
        self._known: dict[int, tuple[object, bool]] = {}
        self._where = ""

    def value(self, value: Value) -> Value:
        if not isinstance(value, (tuple, Map, Late)) or not value or not self._is_late(value):
            return value
        if isinstance(value, Late):
            try:
                return to_plan(self._result(value))
            except OperatorError as error:
                # What a secret holds may be in the message's values, so only the kind of mistake is told.
                self._fail(CODES[error.code].title if taints(value) else str(error), value)
            except PlanError:
                raise
            except (ValueError, IndexError):
                self._fail("it has the wrong number of operands", value)
        if isinstance(value, Map):
            return Map(tuple([(name, self.value(item)) for name, item in value.items]))
        return tuple([self.value(item) for item in value])

    def _is_late(self, value: object) -> bool:
        known = self._known.get(id(value))
        if known is None:
            known = self._known[id(value)] = (value, is_late(value))
        return known[1]

    def _fail(self, reason: str, value: Late) -> NoReturn:
        from .display import display

        raise PlanError(f"{self._where}: {display(value, longest=80)}: {reason}")

    def _result(self, value: object) -> object:
        """A late value's own value, as a compile-time value (its durations are durations)."""
        if isinstance(value, tuple):
            return tuple(self._result(item) for item in value)
        if isinstance(value, Map):
            return {name: self._result(item) for name, item in value.items}
        if isinstance(value, Ref):
            self._fail("a step's result is not known at submission", Late("index", (value,)))
        if not isinstance(value, Late):
            return value
        if value.op == "now":
            return self._now
        if value.op == "secret":
            return self._read("secret", self._secrets, value)
        if value.op == "env":
            return self._read("environment variable", self._env, value)
        if value.op in ("and", "or", "if"):
            return self._lazy(value)
        try:
            return apply(value.op, [self._result(arg) for arg in value.args], self._budget)
        except KeyError:
            self._fail(f"there is no operation {value.op!r}", value)

    def _lazy(self, value: Late) -> object:
        """``and``, ``or`` and ``if`` work out only what they need, as in Python."""
        first = self._result(value.args[0])
        if value.op == "if":
            return self._result(value.args[1 if first else 2])
        return self._result(value.args[1]) if bool(first) == (value.op == "and") else first

    def _read(self, what: str, known: Mapping[str, str], value: Late) -> object:
        name = str(value.args[0])
        if name not in known:
            if len(value.args) > 1:
                return self._result(value.args[1])
            where = "; secrets are read from environment variables of their names" if what == "secret" else ""
            self._fail(f"the {what} {name!r} is not set{where}", value)
        text = known[name]
        try:
            text.encode()
        except UnicodeEncodeError:
            self._fail(f"the {what} {name!r} holds bytes that are no UTF-8 text", value)
        return text

    def at(self, what: str, id: str, where: Location) -> None:  # noqa: A002 - the field's name
        self._where = f"{where}: {what} {id!r}"

    def call(self, call: Call) -> Call:
        self.at("step", call.id, call.where)
        args, kwargs, options = self.value(call.args), self.value(call.kwargs), self.value(call.options)
        if args is call.args and kwargs is call.kwargs and options is call.options:
            return call
        if options is not call.options:
            options = self._checked(options)
        return replace(call, args=args, kwargs=kwargs, options=options)  # type: ignore[arg-type]

    def handler(self, handler: Handler) -> Handler:
        self.at("handler", handler.id, handler.where)
        args, kwargs, options = self.value(handler.args), self.value(handler.kwargs), self.value(handler.options)
        if args is handler.args and kwargs is handler.kwargs and options is handler.options:
            return handler
        if options is not handler.options:
            options = self._checked(options)
        return replace(handler, args=args, kwargs=kwargs, options=options)  # type: ignore[arg-type]

    def _checked(self, options: Value) -> Map:
        """Options whose values were late, checked now that they are known."""
        from .options import validate

        assert isinstance(options, Map)
        result = validate(dict(options.items))
        for problem in result.problems:
            entry = CODES[problem.code]
            if entry.severity is Severity.ERROR:
                raise PlanError(f"{self._where}: " + entry.message.format(**{k: quote(v) for k, v in problem.values.items()}))
        return result.options

    def group(self, group: Group) -> Group:
        self.at("group", group.id, group.where)
        members = self.value(group.members)
        return group if members is group.members else replace(group, members=members)  # type: ignore[arg-type]

    def scope(self, scope: Scope) -> Scope:
        handlers = tuple([self.handler(handler) for handler in scope.handlers])
        if all(new is old for new, old in zip(handlers, scope.handlers, strict=True)):
            return scope
        return replace(scope, handlers=handlers)


def bind_plan(plan: Plan, *, now: dt.datetime, env: Mapping[str, str], secrets: Mapping[str, str]) -> Plan:
    """The plan with every late value replaced by its value, as it is submitted. Options whose values were late are checked again.

    Args:
        plan: as compiled.
        now: the one moment of the run, aware.
        env: the variables that ``env`` may read.
        secrets: the values of ``secret`` by name.

    Raises:
        PlanError: a variable or secret is not set, or an operation on one fails; the message names it, the step and where that was written.
    """
    if now.tzinfo is None:
        raise PlanError("the moment of submission has no time zone")
    binder = _Binder(now, env, secrets)
    calls = tuple([binder.call(call) for call in plan.calls])
    groups = tuple([binder.group(group) for group in plan.groups])
    scopes = tuple([binder.scope(scope) for scope in plan.scopes])
    binder._where = f"value of {plan.name!r}"
    return replace(plan, calls=calls, groups=groups, scopes=scopes, value=binder.value(plan.value))
