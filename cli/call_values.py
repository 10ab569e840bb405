"""What stands on the command line of ``flowc call``, as arguments and options of the call."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from .exits import Stop

#: Characters of a wrong value that are shown.
SHOWN = 100


def positional(words: Sequence[str], as_json: str | None, *, text: bool) -> list[Any]:
    """The positional arguments.

    Args:
        words: each is JSON if it can be read so, else a text.
        as_json: ``--args``: all of them as one JSON list, before the others.
        text: take each word as the text that it is.

    Raises:
        Stop: ``--args`` is no JSON list.
    """
    given = [] if as_json is None else _json(as_json, "--args", list, "list")
    return [*given, *(word if text else read_value(word) for word in words)]


def named(pairs: Sequence[str], as_json: str | None, *, text: bool) -> dict[str, Any]:
    """The named arguments.

    Args:
        pairs: ``NAME=VALUE`` with a value as in :func:`positional`, or (as Celery's ``-k``) a JSON object of some.
        as_json: ``--kwargs``: a JSON object of them; a pair of the same name wins over it.
        text: take each value as the text that it is.

    Raises:
        Stop: what is none of these.
    """
    found: dict[str, Any] = {} if as_json is None else _json(as_json, "--kwargs", dict, "object")
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if pair.lstrip().startswith("{"):
            found.update(_json(pair, "-k", dict, "object"))
        elif equals and name.strip():
            found[name.strip()] = value if text else read_value(value)
        else:
            raise Stop(f"-k wants NAME=VALUE, not {_cut(pair)!r}", hint="For example: -k day=2026-11-22")
    return found


def read_value(word: str) -> Any:
    """A word as JSON if it is JSON, else as the text that it is.

    Raises:
        Stop: it is JSON that Python cannot hold: too deep, or a number of very many digits.
    """
    try:
        return json.loads(word, parse_constant=_no_constant)
    except json.JSONDecodeError:
        return word
    except _Constant:
        return word
    except (ValueError, RecursionError):
        raise Stop(f"{_cut(word)!r} is too large a number, or nests too deep; --text takes it as a text") from None


class _Constant(Exception):
    """``NaN`` or ``Infinity``, which is no JSON."""


def _no_constant(word: str) -> Any:
    raise _Constant(word)


def _json(text: str, option: str, kind: type, word: str) -> Any:
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as wrong:
        raise Stop(f"{option} wants a JSON {word}: {wrong.msg} at character {wrong.pos + 1} of {_cut(text)!r}") from None
    except (ValueError, RecursionError, _Constant):
        raise Stop(f"{option} wants a JSON {word}, with numbers and a depth that Python can hold, not {_cut(text)!r}") from None
    if not isinstance(value, kind):
        raise Stop(f"{option} wants a JSON {word}, not {_cut(text)!r}")
    return value


def moment(text: str, option: str, zone: tzinfo) -> datetime:
    """A date and time in ISO 8601; in ``zone`` where it names none.

    Raises:
        Stop: it is none.
    """
    try:
        read = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Stop(f"{option} wants a date and time such as 2026-11-22T08:30:00+01:00, not {_cut(text)!r}") from None
    return read if read.utcoffset() is not None else read.replace(tzinfo=zone)


def expiry(text: str, zone: tzinfo) -> float | datetime:
    """Seconds from now, or a date and time.

    Raises:
        Stop: it is neither.
    """
    try:
        return float(text)
    except ValueError:
        return moment(text, "--expires", zone)


def call_options(chosen: Mapping[str, Any], zone: tzinfo) -> dict[str, Any]:
    """The options of ``apply_async`` among the choices: those that were given."""
    options = {name: value for name, value in chosen.items() if value is not None}
    if "eta" in options:
        options["eta"] = moment(options["eta"], "--eta", zone)
    if "expires" in options:
        options["expires"] = expiry(options["expires"], zone)
    return options


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
