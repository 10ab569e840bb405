"""Reads a plan's JSON form strictly: whatever is not exactly a plan is refused with the path to it, and nothing else is ever raised."""

from __future__ import annotations

import datetime as dt
import gc
import json
import math
import re
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from .plan import PLAN_VERSION, Call, Group, Handler, Late, Location, Map, Plan, PlanError, Ref, Scope, SubFlow, Trigger, Value
from .plan_json import DEEPEST

T = TypeVar("T")

_WHERE = re.compile(r"(.*):(\d{1,9}):(\d{1,9})-(\d{1,9}):(\d{1,9})\Z", re.DOTALL | re.ASCII)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_EMPTY = Map()
_START = Trigger()
_MISSING = object()


def read_plan(text: str | bytes) -> Plan:
    """The plan that a JSON text holds. Raises PlanError, which gives the path to what is wrong."""
    from .plan_links import check_links

    # Only what stays is made here, and nothing in circles: looking for garbage meanwhile takes as long again.
    collecting = gc.isenabled()
    gc.disable()
    try:
        plan = _plan(_parse(text))
        check_links(plan)
    finally:
        if collecting:
            gc.enable()
    return plan


def _parse(text: str | bytes) -> Any:
    def constant(word: str) -> NoReturn:
        raise PlanError(f"the text is no JSON: {word} is no number")

    try:
        if not isinstance(text, str):
            text = bytes(text).decode("utf-8-sig")
        data = json.loads(text, object_pairs_hook=_unique, parse_constant=constant)
        if _SURROGATE.search(text):
            json.dumps(data, ensure_ascii=False).encode()
        else:
            text.encode()
    except PlanError:
        raise
    except RecursionError:
        raise PlanError("the text nests too deeply") from None
    except UnicodeError:
        raise PlanError("the text is not UTF-8") from None
    except (ValueError, TypeError) as error:
        raise PlanError(f"the text is no JSON: {str(error)[:200]}") from None
    return data


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise PlanError("an object has the same key twice")
    return found


def _error(path: str, reason: str) -> PlanError:
    return PlanError(f"{path or 'the plan'}: {reason}")


class _Fields:
    """The fields of one object, each taken once; what is left at the end is not known."""

    __slots__ = ("_data", "path")

    def __init__(self, data: Any, path: str) -> None:
        if not isinstance(data, dict):
            raise _error(path, f"an object is expected, not {_named(data)}")
        self._data: dict[str, Any] = data
        self.path = path

    def text(self, name: str, default: Any = _MISSING) -> str:
        found = self._data.pop(name, default)
        if found.__class__ is str or (found is default and default is not _MISSING):
            return found
        raise self._wrong(name, found, "text")

    def choice(self, name: str, choices: tuple[str, ...]) -> Any:
        found = self._data.pop(name, _MISSING)
        if found in choices:
            return found
        raise self._wrong(name, found, "one of " + ", ".join(choices))

    def flag(self, name: str) -> bool:
        found = self._data.pop(name, False)
        if found is True or found is False:
            return found
        raise self._wrong(name, found, "true or false")

    def words(self, name: str) -> tuple[str, ...]:
        found = self._data.pop(name, None)
        if found is None:
            return ()
        if found.__class__ is list and all(word.__class__ is str for word in found):
            return tuple(found)
        raise self._wrong(name, found, "a list of texts")

    def each(self, name: str, read: Callable[[Any, str], T], required: bool = False) -> tuple[T, ...]:
        found = self._data.pop(name, _MISSING if required else [])
        if found.__class__ is not list:
            raise self._wrong(name, found, "a list")
        path = self.path + "." + name if self.path else name
        return tuple([read(item, f"{path}[{number}]") for number, item in enumerate(found)])

    def values(self, name: str, required: bool = False) -> tuple[Value, ...]:
        return self.each(name, _value, required)

    def map(self, name: str) -> Map:
        found = self._data.pop(name, None)
        if found is None:
            return _EMPTY
        value = _value(found, f"{self.path}.{name}")
        if isinstance(value, Map):
            return value
        raise self._wrong(name, found, "a map")

    def value(self, name: str) -> Value:
        if name not in self._data:
            raise self._wrong(name, _MISSING, "a value")
        return _value(self._data.pop(name), name)

    def where(self) -> Location:
        found = self._data.pop("where", _MISSING)
        match = _WHERE.match(found) if isinstance(found, str) else None
        if match is None:
            raise self._wrong("where", found, 'a place as "file:line:column-line:column"')
        file, line, column, end_line, end_column = match.groups()
        return Location(file, int(line), int(column), int(end_line), int(end_column))

    def take(self, name: str) -> Any:
        return self._data.pop(name, None)

    def end(self) -> None:
        if self._data:
            raise _error(self.path, f"the field {json.dumps(next(iter(self._data)))[:60]} is not known")

    def _wrong(self, name: str, found: Any, expected: str) -> PlanError:
        if found is _MISSING:
            return _error(self.path, f"the field {name!r} is missing")
        return _error(f"{self.path}.{name}" if self.path else name, f"{expected} is expected, not {_named(found)}")


def _named(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _plan(data: Any) -> Plan:
    fields = _Fields(data, "")
    version = fields.take("flowc")
    if version.__class__ is not int:
        raise _error("", "the text is no plan of flowc: the field 'flowc', its version, is missing")
    if version != PLAN_VERSION:
        raise _error("", f"it is a plan of version {str(version)[:20]}, and this flowc reads version {PLAN_VERSION}")
    plan = Plan(
        name=fields.text("name"),
        description=fields.text("description", None),
        calls=fields.each("calls", _call, required=True),
        groups=fields.each("groups", _group),
        scopes=fields.each("scopes", _scope),
        flows=fields.each("flows", _flow),
        value=fields.value("value"),
    )
    fields.end()
    return plan


def _call(data: Any, path: str) -> Call:
    fields = _Fields(data, path)
    trigger = fields.take("trigger")
    call = Call(
        id=fields.text("id"),
        task=fields.text("task"),
        args=fields.values("args"),
        kwargs=fields.map("kwargs"),
        options=fields.map("options"),
        trigger=_START if trigger is None else _trigger(trigger, f"{path}.trigger"),
        group=fields.words("group"),
        flow=fields.words("flow"),
        scope=fields.text("scope", None),
        returns=fields.text("returns", "any"),
        where=fields.where(),
    )
    fields.end()
    return call


def _trigger(data: Any, path: str) -> Trigger:
    fields = _Fields(data, path)
    trigger = Trigger(
        kind=fields.choice("kind", ("start", "link", "then", "join")),
        link=fields.text("link", None),
        after=fields.words("after"),
        needs=fields.words("needs"),
    )
    fields.end()
    return trigger


def _group(data: Any, path: str) -> Group:
    fields = _Fields(data, path)
    group = Group(
        id=fields.text("id"),
        kind=fields.choice("kind", ("list", "each", "chunks")),
        members=fields.values("members", required=True),
        label=fields.text("label", ""),
        parents=fields.words("parents"),
        flow=fields.words("flow"),
        after=fields.words("after"),
        where=fields.where(),
    )
    fields.end()
    return group


def _scope(data: Any, path: str) -> Scope:
    fields = _Fields(data, path)
    scope = Scope(
        id=fields.text("id"),
        kind=fields.choice("kind", ("error", "message")),
        each=fields.flag("each"),
        handlers=fields.each("handlers", _handler, required=True),
        parent=fields.text("parent", None),
        where=fields.where(),
    )
    fields.end()
    return scope


def _handler(data: Any, path: str) -> Handler:
    fields = _Fields(data, path)
    handler = Handler(
        id=fields.text("id"),
        task=fields.text("task"),
        args=fields.values("args"),
        kwargs=fields.map("kwargs"),
        options=fields.map("options"),
        where=fields.where(),
        by_id=fields.flag("by_id"),
    )
    fields.end()
    return handler


def _flow(data: Any, path: str) -> SubFlow:
    fields = _Fields(data, path)
    flow = SubFlow(id=fields.text("id"), name=fields.text("name"), parents=fields.words("parents"), where=fields.where())
    fields.end()
    return flow


def _value(data: Any, path: str, depth: int = 0) -> Value:
    kind = data.__class__
    if kind is str or kind is int or kind is bool or data is None:
        return data  # type: ignore[no-any-return]
    if kind is float:
        if not math.isfinite(data):
            raise _error(path, "the number is not finite")
        return data  # type: ignore[no-any-return]
    if depth > DEEPEST:
        raise _error(path[:100], f"the value nests deeper than {DEEPEST} levels")
    if kind is list:
        return tuple([_value(item, path, depth + 1) for item in data])
    if any(key[:1] == "$" for key in data):
        return _special(data, path, depth)
    return Map(tuple([(key, _value(item, path, depth + 1)) for key, item in data.items()]))


def _special(data: dict[str, Any], path: str, depth: int) -> Value:
    """What JSON lacks: an object with one key that begins with ``$``, and maybe a field of that."""
    keys = tuple(data)
    tag = keys[0]
    found = data[tag]
    if keys in (("$ref",), ("$ref", "path")) and isinstance(found, str):
        steps = data.get("path", [])
        if isinstance(steps, list) and all(step.__class__ in (str, int) for step in steps):
            return Ref(found, tuple(steps))
    elif keys in (("$late",), ("$late", "args")) and isinstance(found, str):
        args = data.get("args", [])
        if isinstance(args, list):
            return Late(found, tuple([_value(arg, path, depth + 1) for arg in args]))
    elif keys == ("$map",) and isinstance(found, list):
        return _pairs(found, path, depth)
    elif keys in (("$date",), ("$datetime",)) and isinstance(found, str):
        try:
            return dt.date.fromisoformat(found) if tag == "$date" else dt.datetime.fromisoformat(found)
        except ValueError:
            raise _error(path, f"{json.dumps(found)[:40]} is no date") from None
    raise _error(path, f"an object with the key {json.dumps(next(k for k in keys if k.startswith('$')))[:40]} that is none of a plan's own")


def _pairs(found: list[Any], path: str, depth: int) -> Map:
    pairs: dict[str, Value] = {}
    for pair in found:
        if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], str) or pair[0] in pairs:
            raise _error(path, "a $map holds pairs of a text, each text once, and a value")
        pairs[pair[0]] = _value(pair[1], path, depth + 1)
    return Map(tuple(pairs.items()))
