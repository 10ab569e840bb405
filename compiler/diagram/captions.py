"""What stands in boxes, frames and tooltips, as plain text: names, options, arguments, places."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from ..display import display
from ..plan import Group, Location, Map, SubFlow, Value
from ..values import duration_text
from .escape import visible

#: Longer names are cut in the middle, longer details and values at their end.
NAME = 40
DETAIL = 60
VALUE = 200
TOOLTIP = 1500

DURATIONS = ("countdown", "expires", "time_limit", "soft_time_limit", "timeout")


def cut(text: str, longest: int) -> str:
    """At most that many characters, the last of them … if there were more."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def cut_middle(text: str, longest: int) -> str:
    """The same, keeping both ends: long names tend to differ at their ends."""
    if len(text) <= longest:
        return text
    half = (longest - 1) // 2
    return text[: longest - 1 - half] + "…" + text[-half:]


def short(task: str) -> str:
    """A task's name without its module."""
    return task.rsplit(".", 1)[-1] or task


def own_name(key: str) -> str:
    """What was given a name: ``sub/totals`` is ``totals``. Empty for a name made by the compiler, as ``add#2`` or ``x.add#1``."""
    name = key.rsplit("/", 1)[-1]
    stem, mark, number = name.rpartition("#")
    return "" if mark and stem and number.rstrip("'").isdigit() else name


def word_of(data: Mapping[str, Any]) -> str:
    """What a step does, in a word: its task's short name; for the built-ins that run a task over many values, with that task's."""
    word = short(data["task"])
    if data["task"] in ("celery.map", "celery.starmap"):
        signature = data["kwargs"].get("task")
        inner = signature.get("task") if isinstance(signature, Map) else None
        if isinstance(inner, str):
            return f"{word}({short(inner)})"
    return word


def step_title(key: str, word: str, many: bool) -> tuple[str, str]:
    """A step's name and, if it is another, the word for what it does. For ``many`` members ``raw[0]`` is ``raw``."""
    name = own_name(key)
    if many and name.endswith("]"):
        name = name.rpartition("[")[0]
    if not name or name == word:
        return cut_middle(word, NAME), ""
    return cut_middle(name, NAME), cut_middle(word, NAME)


def option_text(name: str, value: Value, longest: int = VALUE) -> str:
    """One option's value; a number of seconds as a duration."""
    if name in DURATIONS and isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return duration_text(dt.timedelta(seconds=value))
        except (OverflowError, ValueError):
            return f"{value}s"
    return value_text(value, longest)


def value_text(value: Value, longest: int = VALUE) -> str:
    """Any value of a plan; a secret only by its name."""
    try:
        return display(value, longest=longest)
    except RecursionError:
        return "…"


def step_detail(options: Map) -> list[str]:
    """What of a step's options is worth the second line of its box: where it runs, and when."""
    found = []
    queue = options.get("queue")
    if queue is not None:
        found.append(f"queue {queue if isinstance(queue, str) else value_text(queue, DETAIL)}")
    for name in ("countdown", "eta"):
        value = options.get(name)
        if value is not None:
            found.append(f"{name} {option_text(name, value, DETAIL)}")
    return found


def call_text(data: Mapping[str, Any]) -> str:
    """A call as one would write it: ``proj.add(2, y=x.count)``."""
    parts: list[str] = []
    room = VALUE
    for name, value in (*((None, value) for value in data["args"]), *data["kwargs"].items):
        if room <= 0:
            parts.append("…")
            break
        text = value_text(value, room)
        parts.append(text if name is None else f"{cut(name, NAME)}={text}")
        room -= len(parts[-1])
    return f"{cut_middle(data['task'], 3 * NAME)}({', '.join(parts)})"


def step_tooltip(node: str, data: Mapping[str, Any], copies: int, result: bool) -> str:
    """All that the box does not show: call, type, options, place."""
    named = own_name(node)
    lines = [f"{cut_middle(node, 2 * NAME)} = {call_text(data)}" if named else call_text(data)]
    if copies > 1:
        lines[0] = f"{copies:,} steps, the first: {lines[0]}"
    returns = data.get("returns")
    if returns and returns != "any":
        lines.append(f"returns {cut(returns, VALUE)}")
    for name, value in data["options"].items:
        lines.append(f"{cut(name, NAME)} = {option_text(name, value)}")
    if result:
        lines.append("the value of the flow")
    lines.append(place(data["span"]))
    return tooltip(*lines)


def tooltip(*lines: str) -> str:
    """Lines of a tooltip, those that say nothing left out. A line feed inside one stays inside."""
    return cut("\n".join(visible(line) for line in lines if line), TOOLTIP)


def place(span: Location | None) -> str:
    """``etl.flow:3``."""
    return f"{cut_middle(span.file, VALUE)}:{span.line}" if span and span.line else ""


def uses_text(uses: tuple[tuple[int | str, tuple[str | int, ...]], ...], tail: str) -> str:
    """What of a result goes where: ``x.count as n``."""
    from ..display import path_text

    parts = []
    for where, path in uses[:8]:
        what = tail + "".join(map(path_text, path[:8]))
        parts.append(f"{cut(what, VALUE)} as {f'argument {where + 1}' if isinstance(where, int) else cut(where, NAME)}")
    return ", ".join(parts) + (", …" if len(uses) > 8 else "")


def group_title(group: Group) -> tuple[str, str]:
    """A group's name, if it was given one, and what kind of group it is."""
    name = own_name(group.id)
    label = group.label if group.label not in (group.id, name) else ""
    if group.kind == "each" and label and not label.startswith("each "):
        label = f"each {label}"
    elif group.kind == "chunks":
        label = "chunks"
    return cut_middle(name, NAME), cut(label, DETAIL)


def flow_title(flow: SubFlow, many: bool) -> tuple[str, str]:
    """The name given to a sub-flow's call and the sub-flow's own; for ``many`` members only the latter."""
    return (cut_middle(flow.name, NAME), "") if many else step_title(flow.id, flow.name, False)
