"""Reads a file of parameters, JSON or YAML, which may be hostile: bounded time and memory, no code run."""

from __future__ import annotations

import json
import os
import stat
from typing import Any

from ..dsl.diagnostics import quote
from .budget import DEEPEST
from .literals import ParameterError

#: The largest file, in bytes.
LARGEST = 1 << 20

#: Keys and values in a YAML file: each takes half a kilobyte and, without libyaml, a tenth of a millisecond.
MOST_VALUES = 100_000

#: A YAML scalar that is no text may have this many characters: some kinds take quadratic time.
_LONGEST_SCALAR = 1_000


def read(path: str) -> dict[Any, Any]:
    """The map that a ``.json``, ``.yaml`` or ``.yml`` file holds. Raises ParameterError, which names the file."""
    ending = os.path.splitext(path)[1].lower()
    if ending not in (".json", ".yaml", ".yml"):
        raise ParameterError(f"{path}: parameters are read from files that end in .json, .yaml or .yml")
    text = _text(path)
    try:
        found = _json(text) if ending == ".json" else _yaml(text)
    except RecursionError:
        raise ParameterError(f"{path}: the value nests deeper than {DEEPEST} levels") from None
    except ParameterError as error:
        raise ParameterError(f"{path}: {error.reason}") from None
    if not isinstance(found, dict):
        kind = "nothing" if found is None else "a list" if isinstance(found, list) else "a single value"
        raise ParameterError(f"{path}: it holds {kind}; a map from parameters' names to values is expected")
    return found


def _text(path: str) -> str:
    """A regular file's text, read without waiting for pipes and devices."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise ParameterError(f"{quote(path, 200)}: cannot be read ({reason or 'not a path'})") from None
    try:
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ParameterError(f"{path}: it is no regular file")
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise ParameterError(f"{path}: cannot be read ({error.strerror})") from None
    if len(data) > LARGEST:
        raise ParameterError(f"{path}: it is larger than 1 MiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ParameterError(f"{path}: it is no UTF-8 text (byte {error.start + 1})") from None


def _json(text: str) -> Any:
    def constant(word: str) -> Any:
        raise ParameterError(f"{word} is no number that JSON knows")

    try:
        return json.loads(text, object_pairs_hook=_unique, parse_constant=constant)
    except json.JSONDecodeError as error:
        raise ParameterError(f"line {error.lineno}, column {error.colno}: it is no JSON ({error.msg})") from None
    except ParameterError:
        raise
    except ValueError:
        raise ParameterError("a number has too many digits") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ParameterError(f"the key {quote(json.dumps(key, ensure_ascii=False))} stands twice")
            seen.add(key)
    return found


def _yaml(text: str) -> Any:
    try:
        import yaml
    except ImportError:
        raise ParameterError("reading YAML needs PyYAML: install flowc[yaml], or write the parameters as JSON") from None
    try:
        _check_events(yaml, text)
        loader = _loader(yaml)(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
        raise ParameterError(f"{where}it is no YAML that can be read ({quote(error.problem or error.context or 'syntax', 200)})") from None
    except yaml.YAMLError as error:
        raise ParameterError(f"it is no YAML ({quote(' '.join(str(error).split()), 200)})") from None
    except ParameterError:
        raise
    except (ValueError, OverflowError, LookupError) as error:
        raise ParameterError(f"a value in it cannot be read ({quote(error, 200)})") from None


def _check_events(yaml: Any, text: str) -> None:
    """Refuse deep nesting before anything recurses (libyaml's composer would overflow the C stack), and very many values."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))):
        if count > MOST_VALUES:
            raise ParameterError(f"it has more than {MOST_VALUES:,} values; write that many as JSON")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise ParameterError(f"the value nests deeper than {DEEPEST} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _loader(yaml: Any) -> Any:
    """The safe loader (libyaml's where there is one) that also refuses repeated keys, merge keys and overlong numbers."""
    base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    def construct_mapping(self: Any, node: Any, deep: bool = False) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(None, None, "merge keys (`<<`) are not supported", key_node.start_mark)
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "keys are text", key_node.start_mark)
            key = self.construct_object(key_node, deep=True)
            if key in found:
                raise yaml.constructor.ConstructorError(None, None, f"the key {quote(key)} stands twice", key_node.start_mark)
            found[key] = self.construct_object(value_node, deep=deep)
        return found

    def construct_map(self: Any, node: Any) -> Any:
        data: dict[Any, Any] = {}
        yield data
        if not isinstance(node, yaml.MappingNode):
            raise yaml.constructor.ConstructorError(None, None, "a map is expected", node.start_mark)
        data.update(construct_mapping(self, node))

    def construct_scalar(self: Any, node: Any) -> Any:
        value = base.construct_scalar(self, node)
        if node.tag != "tag:yaml.org,2002:str" and len(value) > _LONGEST_SCALAR:
            raise yaml.constructor.ConstructorError(None, None, "a number or date is too long", node.start_mark)
        return value

    members = {"construct_mapping": construct_mapping, "construct_scalar": construct_scalar}
    loader = type("ParameterLoader", (base,), members)
    loader.add_constructor("tag:yaml.org,2002:map", construct_map)  # type: ignore[attr-defined]
    return loader
