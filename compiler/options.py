"""The options of a step, checked with pydantic, once for each distinct set.

The schema is given to pydantic's core: importing pydantic's models too would take as long as all the rest of checking a small flow.

Option values are compile-time values, or late values of a plan: of those only the type is known, and checked; the rest when they are bound.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import field
from functools import cache
from typing import TYPE_CHECKING, Any

from ..dsl.record import dataclass
from .fits import kind
from .option_rules import contradictions
from .option_table import ALL, DOC, GROUP_ONLY, HINTS, MERGED, UNSUPPORTED
from .option_values import (
    LONGEST_NAME,
    LONGEST_TEXT,
    Wrong,
    WrongValue,
    a_bool,
    a_delivery_mode,
    a_duration,
    a_moment,
    a_retry_policy,
    a_text,
    an_expiry,
    an_int,
    check_late,
    misspelt,
    some_headers,
)
from .plan import Late, Map
from .suggest import did_you_mean
from .values import to_plan

if TYPE_CHECKING:
    from pydantic_core import SchemaValidator

__all__ = ["ALL", "CHECKS", "DOC", "GROUP_ONLY", "MERGED", "UNSUPPORTED", "OptionsResult", "Problem", "merge", "validate"]

#: Distinct sets remembered.
_MOST_KEPT = 2_048


#: How each option that a step can have in this version is checked and converted.
CHECKS: dict[str, Callable[[Any], object]] = {
    "countdown": a_duration(0),
    "eta": a_moment,
    "expires": an_expiry,
    "retry": a_bool,
    "retry_policy": a_retry_policy,
    "time_limit": a_duration(1),
    "soft_time_limit": a_duration(1),
    "timeout": a_duration(1),
    "serializer": a_text(LONGEST_NAME),
    "compression": a_text(LONGEST_NAME),
    "queue": a_text(LONGEST_NAME),
    "exchange": a_text(LONGEST_NAME),
    "routing_key": a_text(LONGEST_NAME),
    "priority": an_int(0, 255),
    "ignore_result": a_bool,
    "task_id": a_text(LONGEST_NAME),
    "headers": some_headers,
    "shadow": a_text(LONGEST_TEXT),
    "delivery_mode": a_delivery_mode,
    "mandatory": a_bool,
}


@cache
def _schema() -> SchemaValidator:
    """What pydantic checks a set of options against."""
    from pydantic_core import SchemaValidator, core_schema

    fields = {
        name: core_schema.typed_dict_field(core_schema.no_info_before_validator_function(check, core_schema.any_schema()), required=False)
        for name, check in CHECKS.items()
    }
    return SchemaValidator(core_schema.typed_dict_schema(fields, extra_behavior="forbid"))


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one option: a code of the registry, the values of its message, and help lines.

    ``option`` is the name under which it was given: the place to point at.
    """

    code: str
    option: str
    values: dict[str, object] = field(hash=False)
    help: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OptionsResult:
    """Options as a plan holds them (those that are wrong by themselves left out), and what is wrong."""

    options: Map
    problems: tuple[Problem, ...]


_KEPT: dict[object, OptionsResult] = {}


def validate(options: Mapping[str, object]) -> OptionsResult:
    """Check one step's options, all together.

    Args:
        options: by name; each a compile-time value, or a late value of a plan. A number where a duration is asked means seconds.
            null means: as if it were not given.

    Returns:
        The options as a plan holds them: durations as seconds, maps as :class:`~.plan.Map`, in the order of the table; and the
        problems, in the order given.
    """
    key = tuple([(name, _key(value)) for name, value in options.items()])
    found = _KEPT.get(key)
    if found is None:
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.clear()
        found = _KEPT[key] = _validate(options)
    return found


def _key(value: object) -> object:
    """What tells a value from every other one (``1`` and ``true`` are equal in Python, and so are moments in two zones)."""
    kind = value.__class__
    if kind is str or kind is int or kind is bool or kind is dt.timedelta:
        return kind, value
    if isinstance(value, (tuple, list)):
        return ("list", *map(_key, value))
    if isinstance(value, (dict, Map)):
        return ("map", *((name, _key(item)) for name, item in (value.items() if isinstance(value, dict) else value.items)))
    if isinstance(value, Late):
        return ("late", value.op, *map(_key, value.args))
    return kind, value.isoformat() if isinstance(value, dt.datetime) else value


def unknown_help(name: str) -> tuple[str, ...]:
    """Help lines for an option that there is not. May be empty."""
    hint = HINTS.get(name)
    return (hint,) if hint else did_you_mean(name, DOC)


def _validate(options: Mapping[str, object]) -> OptionsResult:
    problems: list[Problem] = []
    plain: dict[str, object] = {}
    checked: dict[str, Any] = {}
    for name, value in options.items():
        if name not in ALL:
            problems.append(Problem("F0501", name, {"option": name}, unknown_help(name)))
        elif name in UNSUPPORTED:
            problems.append(Problem("F0803", name, {"option": name}))
        elif isinstance(value, Late):
            wrong = check_late(name, value)
            if wrong is None:
                checked[name] = value
            else:
                problems.append(_problem(name, wrong))
        elif value is not None:
            plain[name] = dict(value.items) if isinstance(value, Map) else value
    accepted, wrongs = _check(plain)
    checked.update(accepted)
    problems.extend(_problem(name, wrong) for name, wrong in wrongs)
    problems.extend(_problem(name, wrong) for name, wrong in misspelt(accepted))
    problems.extend(_problem(name, wrong) for name, wrong in contradictions(checked))
    order = {name: number for number, name in enumerate(options)}
    problems.sort(key=lambda problem: order[problem.option])
    return OptionsResult(Map(tuple((name, to_plan(checked[name])) for name in DOC if name in checked)), tuple(problems))


def _check(given: dict[str, object]) -> tuple[dict[str, Any], list[tuple[str, Wrong]]]:
    """The values that are right, as a plan holds them, and what is wrong with the others, by option."""
    if not given:
        return {}, []
    from pydantic_core import ValidationError

    wrongs: list[tuple[str, Wrong]] = []
    try:
        checked: dict[str, Any] = _schema().validate_python(given)
    except ValidationError as error:
        for found in error.errors(include_url=False, include_input=False):
            reason = found["ctx"]["error"]
            assert isinstance(reason, WrongValue), found
            wrongs.append((str(found["loc"][0]), reason.wrong))
        bad = {name for name, _ in wrongs}
        checked = _schema().validate_python({name: value for name, value in given.items() if name not in bad})
    return checked, wrongs


def _problem(name: str, wrong: Wrong) -> Problem:
    doc = DOC[name]
    article = "" if doc.type[0].isdigit() or doc.type == "text" else "an " if doc.type.startswith("int") else "a "
    values = {"option": name, "type": article + doc.type, **wrong.values}
    if wrong.given is not None:
        values["given"] = kind(wrong.given[0])
    return Problem(wrong.code, name, values, wrong.help or (f"as in `{doc.example}`",))


def merge(weak: Mapping[str, object], strong: Mapping[str, object]) -> dict[str, object]:
    """The options of an outer and an inner place together: the inner wins; ``retry_policy`` and ``headers`` merge by key.

    Takes and gives values as :func:`validate` takes them; maps that are no maps are left for it to find.
    """
    out = dict(weak)
    for name, value in strong.items():
        before = out.get(name)
        if name in MERGED and isinstance(value, (dict, Map)) and isinstance(before, (dict, Map)):
            out[name] = {**_items(before), **_items(value)}
        else:
            out[name] = value
    return out


def _items(value: dict[str, object] | Map) -> dict[str, object]:
    return value if isinstance(value, dict) else dict(value.items)
