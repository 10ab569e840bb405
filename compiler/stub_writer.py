"""Declarations as a file of stubs: text that ``flowc fmt`` leaves as it is, and that declares the same when it is read."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Mapping

from ..dsl.format import format_source
from ..dsl.record import dataclass
from ..dsl.source import Source
from .declarations import Declaration
from .option_table import ALL, DOC
from .options import validate
from .source_text import is_bindable, is_word, long_text_source, text_source, value_source
from .types import ANY
from .values import duration_text, from_plan

#: Characters of an option's value, at most.
_LONGEST_OPTION = 10_000


@dataclass(frozen=True, slots=True)
class StubText:
    """A file of stubs. ``tasks``: how many it declares; ``remarks``: what it could not say, in sentences that name the task."""

    text: str
    tasks: int
    remarks: tuple[str, ...]


def stub_text(declarations: Iterable[Declaration], made_by: str) -> StubText:
    """Write declarations as a file of stubs, sorted by the tasks' names; the same declarations give the same text.

    Args:
        declarations: of different tasks.
        made_by: the command that the first line names.

    A name that no flow could write, bare or behind a dot, gets another one with ``as``. Left out, with a remark: tasks whose names no
    message can carry, parameters whose names are no words of the language (then any arguments will do), options that no step can have.
    """
    remarks: list[str] = []
    kept: list[Declaration] = []
    for declaration in sorted(declarations, key=lambda d: d.name):
        if declaration.name and declaration.name.isprintable():
            kept.append(declaration)
        else:
            remarks.append(f"the task {text_source(declaration.name)} is left out: a name has no control characters, and is not empty")
    aliases = _aliases([declaration.name for declaration in kept])
    lines = [f"# Made by `{' '.join(made_by.split())}`, which writes it anew.", ""]
    for declaration in kept:
        lines += [_statement(declaration, aliases.get(declaration.name), remarks), ""]
    text = format_source(Source("stubs", "\n".join(lines[:-1]) + "\n"))
    assert text is not None, "a declaration that was written does not parse"
    return StubText(text, len(kept), tuple(remarks))


def _statement(declaration: Declaration, alias: str | None, remarks: list[str]) -> str:
    name = declaration.name
    parts = [f"task {name if _is_dotted(name) else text_source(name)}"]
    odd = [p.name for p in declaration.parameters or () if not is_word(p.name)]
    if odd:
        remarks.append(f"the parameters of {name} are left out: a flow has no way to write the name {text_source(odd[0])}")
    else:
        parts[0] += declaration.parameters_source()
    if declaration.returns != ANY:
        parts.append(f"-> {declaration.returns}")
    options = _options(name, declaration.options, remarks)
    if options:
        parts.append(f"{{{', '.join(options)}}}")
    if declaration.description is not None:
        parts.append(long_text_source(declaration.description))
    if alias is not None:
        parts.append(f"as {alias}")
    return " ".join(parts)


def _options(task: str, options: Mapping[str, object], remarks: list[str]) -> list[str]:
    given = {name: value for name, value in options.items() if name in ALL and value is not None}
    checked = validate(given)
    written: list[str] = []
    for name, value in checked.options.items:
        source = _duration(value) if DOC[name].type == "duration" else None
        source = source or value_source(from_plan(value), _LONGEST_OPTION)
        if source is not None:
            written.append(f"{name} = {source}")
    said = {line.partition(" = ")[0] for line in written}
    for name in given:
        if name not in said:
            remarks.append(f"the option {name} of {task} is left out: a flow could not give its value to a step")
    return written


def _duration(seconds: object) -> str | None:
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool):
        return None
    duration = dt.timedelta(seconds=seconds)
    exact = duration.total_seconds() == seconds and not duration.microseconds % 1_000
    return duration_text(duration) if exact else None


def _is_dotted(name: str) -> bool:
    return all(map(is_word, name.split(".")))


def _aliases(names: list[str]) -> dict[str, str]:
    """Further names for the tasks that a flow could not call otherwise."""
    shorts = Counter(name.rpartition(".")[2] for name in names)
    taken = set(shorts)
    aliases: dict[str, str] = {}
    for name in names:
        short = name.rpartition(".")[2]
        called = _is_dotted(name) and is_bindable(name.partition(".")[0])
        if called or (shorts[short] == 1 and is_bindable(short)):
            continue
        alias = base = _word(short if shorts[short] == 1 else name)
        number = 2
        while alias in taken:
            alias, number = f"{base}_{number}", number + 1
        taken.add(alias)
        aliases[name] = alias
    return aliases


def _word(text: str) -> str:
    """A word that resembles a text."""
    word = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_") or "unnamed"
    word = f"task_{word}" if word[0].isdigit() else word
    return word if is_bindable(word) else f"{word}_"
