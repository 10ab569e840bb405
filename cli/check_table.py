"""The table ``[tool.flowc.check]``: settings of ``flowc check``, with the types that they must have."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sized
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .exits import Stop
from .globs import Glob
from .report import FORMATS
from .selection import read_codes, read_level

if TYPE_CHECKING:
    from .config import Config


#: Entries of a list or table.
MOST = 1_000

#: An address without any sign that Markdown gives a meaning.
_ADDRESS = re.compile(r"https?://(?:[A-Za-z0-9._~:/?#@&+,;=%-]|\{code\}|\{CODE\})+")


@dataclass(frozen=True, slots=True)
class CheckTable:
    """What the table says. Patterns start at the folder of the pyproject.toml, and names of files are seen from the current one."""

    output_format: str = "full"
    output: tuple[str, ...] = ()
    strict: bool = False
    exit_zero: bool = False
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[Glob, tuple[str, ...]], ...] = ()
    severity: tuple[tuple[str, str], ...] = ()
    exclude: tuple[Glob, ...] = ()
    statistics: bool = False
    explain_url: str = ""


def read_check_table(config: Config) -> CheckTable:
    """The settings of ``flowc check`` in a project's file.

    Raises:
        Stop: a key that there is not, or a value that a key cannot have.
    """
    path = config.path or "pyproject.toml"
    values: dict[str, Any] = {}
    for key, value in config.check.items():
        reader = KEYS.get(key)
        if reader is None:
            raise Stop(f"{path}: [tool.flowc.check] has no key {key!r}", hint=_suggestion(key))
        values[key] = reader(f"{path}: [tool.flowc.check] {key}", value, os.path.dirname(path))
    return CheckTable(**values)


def _suggestion(key: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(key[:100].lower().replace("-", "_"), KEYS, 1, 0.7)
    return f"Did you mean '{near[0]}'?" if near else f"It knows {', '.join(KEYS)}."


def _shown(value: object) -> str:
    try:
        return repr(value)[:100]
    except ValueError:
        return "a number of very many digits"


def _flag(where: str, value: object, _: str) -> bool:
    if isinstance(value, bool):
        return value
    raise Stop(f"{where} must be true or false, not {_shown(value)}")


def read_address(text: str, where: str) -> str:
    """The address of explanations, which goes into Markdown and JSON as it is.

    Raises:
        Stop: it is no plain address, or has no place for a code.
    """
    if _ADDRESS.fullmatch(text) and ("{code}" in text or "{CODE}" in text):
        return text
    raise Stop(f"{where} must be an address with {{code}} or {{CODE}} in it, not {_shown(text)}", hint="https://docs.example/flowc#{code}")


def _address(where: str, value: object, _: str) -> str:
    return read_address(value if isinstance(value, str) else _shown(value), where)


def _form(where: str, value: object, _: str) -> str:
    if isinstance(value, str) and value in FORMATS:
        return value
    raise Stop(f"{where} must be one of {', '.join(FORMATS)}, not {_shown(value)}")


def _texts(where: str, value: object, example: str) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value):
        _bounded(where, value)
        return tuple(value)
    raise Stop(f"{where} must be a list such as {example}, not {_shown(value)}")


def _bounded(where: str, value: Sized) -> None:
    if len(value) > MOST:
        raise Stop(f"{where} has more than {MOST:,} entries")


def _selected(where: str, value: object, _: str) -> tuple[str, ...]:
    return read_codes(_texts(where, value, '["F01", "F02"]'), where, hiding=False)


def _ignored(where: str, value: object, _: str) -> tuple[str, ...]:
    return read_codes(_texts(where, value, '["F0901", "F0904"]'), where, hiding=True)


def _table(where: str, value: object, example: str) -> Mapping[str, object]:
    if isinstance(value, dict):
        _bounded(where, value)
        return value
    raise Stop(f"{where} must be a table such as {example}, not {_shown(value)}")


def _per_file(where: str, value: object, folder: str) -> tuple[tuple[Glob, tuple[str, ...]], ...]:
    table = _table(where, value, '{"tests/*.flow" = ["F0901"]}')
    return tuple((Glob(folder, pattern), _ignored(f"{where}.{pattern!r}", codes, folder)) for pattern, codes in table.items())


def _severity(where: str, value: object, _: str) -> tuple[tuple[str, str], ...]:
    table = _table(where, value, '{F0901 = "error"}')
    return tuple(
        (code, read_level(level if isinstance(level, str) else _shown(level), where))
        for key, level in table.items()
        for code in read_codes([key], where, hiding=True)
    )


def _globs(where: str, value: object, folder: str) -> tuple[Glob, ...]:
    return tuple(Glob(folder, pattern) for pattern in _texts(where, value, '["drafts", "flows/old/*.flow"]'))


def _outputs(where: str, value: object, folder: str) -> tuple[str, ...]:
    return tuple(_beside(text, folder) for text in _texts(where, value, '["build/flowc.sarif", "gitlab:quality.json"]'))


def _beside(text: str, folder: str) -> str:
    """A file that stands beside the pyproject.toml, wherever the command is called."""
    form, colon, path = text.partition(":")
    if not colon or form not in FORMATS:
        form, colon, path = "", "", text
    return f"{form}{colon}{path if os.path.isabs(path) else os.path.relpath(os.path.join(folder, path))}"


#: Each key with what reads its value: given what a message calls it, the value, and the folder of the pyproject.toml.
KEYS: dict[str, Callable[[str, object, str], object]] = {
    "output_format": _form,
    "output": _outputs,
    "strict": _flag,
    "exit_zero": _flag,
    "select": _selected,
    "ignore": _ignored,
    "per_file_ignores": _per_file,
    "severity": _severity,
    "exclude": _globs,
    "statistics": _flag,
    "explain_url": _address,
}
