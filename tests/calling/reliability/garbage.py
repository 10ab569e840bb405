"""Messages that no client of flowc or Celery would send, and what must become of them."""

from __future__ import annotations

import bz2
import json
import lzma
import os
import pickle
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import brotli  # type: ignore[import-untyped]
import zstandard

#: ``worker_max_message_size`` of the workers that get them.
LIMIT = 200_000

JSON = "application/json"
PICKLE = "application/x-python-serialize"
YAML = "application/x-yaml"

#: What may become of a message: a stored failure; a stored success; nothing is stored; any of these, as long as nobody is harmed.
FAILURE, SUCCESS, NOTHING, ANY = "FAILURE", "SUCCESS", "NOTHING", "ANY"

#: Stands for a header that is not there.
ABSENT = object()


@dataclass(frozen=True)
class Garbage:
    """A message. ``headers`` are over those of a call of ``r.early``; ``says``: part of the stored failure, or of the log line."""

    name: str
    body: bytes | str
    headers: Mapping[str, Any] = field(default_factory=dict)
    content_type: Any = JSON
    content_encoding: Any = "utf-8"
    properties: Mapping[str, Any] = field(default_factory=dict)
    ends: str = FAILURE
    says: str = ""


class Creates(NamedTuple):
    """Unpickled, it makes a file."""

    path: Path

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.path),))


def body(args: Any = ("g", 0), kwargs: Any = None, embed: Any = None) -> str:
    """The body of a call."""
    return json.dumps([args, {} if kwargs is None else kwargs, {} if embed is None else embed])


def all_garbage(folder: Path) -> list[Garbage]:
    """Every kind. What would make a file or folder makes it in ``folder``."""
    return [*bodies(), *types(folder), *compressed(), *identities(), *headers(), *embedded()]


def bodies() -> Iterator[Garbage]:
    """Bodies that are no ``[args, kwargs, embed]``."""
    for name, text in {
        "not json": "{not json", "empty": "", "cut": body()[:-5], "two": '[["g"], {}]', "four": '[["g"], {}, {}, {}]', "none": "[]",
        "object": '{"args": ["g"]}', "text": '"args"', "three letters": '"abc"', "number": "5", "null": "null", "true": "true",
        "kwargs null": "[[], null, {}]", "kwargs list": "[[], [], {}]", "kwargs text": '[[], "ab", {}]', "kwargs number": "[[], 5, {}]",
        "args null": "[null, {}, {}]", "args number": "[5, {}, {}]", "args text": '["ab", {}, {}]', "args object": '[{"a": 1}, {}, {}]',
        "deep": "[" * 100_000 + "]" * 100_000, "deep in args": body()[:1] + "[" * 50_000 + "]" * 50_000 + ", {}, {}]",
        "false moment": '[[{"__type__": "datetime", "__value__": "x"}], {}, {}]',
        "false type": '[[{"__type__": "os.system", "__value__": "true"}, 1, 2, 3], {}, {}]',
        "huge number": f"[[1, {'9' * 5000}], {{}}, {{}}]",
    }.items():  # fmt: skip
        yield Garbage(f"body {name}", text)
    yield Garbage("body no utf-8", b'[["\xff\xfe"], {}, {}]')
    yield Garbage("body random", bytes(range(256)) * 8)
    yield Garbage("body too large", body(["x" * (LIMIT + 1)]), says="worker_max_message_size")
    yield Garbage("arguments that do not fit", body([1, 2, 3, 4, 5]), says="argument")
    yield Garbage("names that do not fit", body([], {"nonsense": 1, "key": 2}), says="nonsense")


def types(folder: Path) -> Iterator[Garbage]:
    """Content types that are refused or unknown."""
    creates = pickle.dumps(((Creates(folder / "unpickled"),), {}, {}))
    yield Garbage("pickle", creates, content_type=PICKLE, content_encoding="binary", says="pickle")
    yield Garbage("pickle as json", creates, content_encoding="binary")
    yield Garbage("pickle as pickle2", creates, content_type="application/x-python-serialize2")
    yield Garbage("yaml", f'[[!!python/object/apply:os.mkdir ["{folder}/yaml"]], {{}}, {{}}]', content_type=YAML, says="yaml")
    yield Garbage("msgpack", b"\x93\x90\x80\x80", content_type="application/x-msgpack", content_encoding="binary", says="msgpack")
    for name, value in {"unknown": "x/y", "empty": "", "long": "a" * 200, "data": "application/data", "plain": "text/plain"}.items():
        yield Garbage(f"content type {name}", body(), content_type=value)
    for encoding in ("nonsense", "", "utf-16", "rot13", "zlib", "base64"):
        yield Garbage(f"content encoding {encoding or 'empty'}", body(), content_encoding=encoding, ends=ANY)


def compressed() -> Iterator[Garbage]:
    """Bombs, and what is damaged."""
    large = body(["x" * 20_000_000]).encode()
    bombs = {
        "application/x-gzip": zlib.compress(large), "application/x-bz2": bz2.compress(large), "application/x-lzma": lzma.compress(large),
        "application/x-brotli": brotli.compress(large, quality=1), "application/zstd": zstandard.compress(large),
    }  # fmt: skip
    for kind, data in bombs.items():
        assert len(data) < LIMIT
        yield Garbage(f"bomb {kind}", data, {"compression": kind}, content_encoding="binary", says="worker_max_message_size")
        yield Garbage(f"damaged {kind}", data[: len(data) // 2], {"compression": kind}, content_encoding="binary")
        yield Garbage(f"no {kind} at all", body(), {"compression": kind})
    for name, value in {"unknown": "application/x-zip", "number": 5, "list": ["application/x-gzip"], "true": True}.items():
        yield Garbage(f"compression {name}", body(), {"compression": value})


def identities() -> Iterator[Garbage]:
    """Ids and names."""
    for name, value in {"absent": ABSENT, "null": None, "number": 5, "empty": "", "list": ["a"], "object": {"a": 1}, "true": True}.items():
        yield Garbage(f"id {name}", body(), {"id": value}, ends=NOTHING, says="no id")
        yield Garbage(f"task {name}", body(), {"task": value}, says="names no task")
        yield Garbage(f"id and task {name}", body(), {"id": value, "task": value}, ends=NOTHING, says="no id")
    yield Garbage("task unknown", body(), {"task": "r.nonsense"}, says="r.nonsense")
    yield Garbage("task dunder", body(), {"task": "__class__"}, says="__class__")
    yield Garbage("task long", body(), {"task": "a" * 10_000})
    for name, text in {"long": "i" * 3000, "lines": "a\nb\r\n\x1b[31m", "nul": "a\0b", "path": "../../a/../b", "glob": "*"}.items():
        yield Garbage(f"id {name}", body(), {"id": text}, ends=ANY)
    old = {"task": "r.early", "id": "protocol-1", "args": ["g", 0], "kwargs": {}, "retries": 0, "eta": None}
    yield Garbage("protocol 1", json.dumps(old), {"id": ABSENT, "task": ABSENT}, ends=NOTHING, says="no id")
    yield Garbage("protocol 1 with headers", json.dumps(old))


_ODD: dict[str, Any] = {"number": 5, "text": "x", "list": [1], "object": {"a": {"b": 1}}, "true": True, "float": 1e300, "minus": -1}


def headers() -> Iterator[Garbage]:
    """Known headers with values of a wrong type."""
    times: dict[str, Any] = {
        "epoch": 1_700_000_000, "float": 1.5, "text": "tomorrow", "list": [2030], "object": {}, "false": False, "empty": "",
        "year 0": "0000-01-01T00:00:00", "month 13": "2030-13-01T00:00:00", "digits": "٢٠٣٠-01-01",
    }  # fmt: skip
    for header in ("eta", "expires"):
        for name, value in times.items():
            yield Garbage(f"{header} {name}", body(), {header: value}, says="ISO 8601")
    yield Garbage("eta of year 1", body(), {"eta": "0001-01-01T00:00:00+14:00"}, ends=ANY)
    yield Garbage("expires of year 1", body(), {"expires": "0001-01-01T00:00:00+14:00"}, ends=ANY)
    limits = {**_ODD, "texts": ["a", "b"], "three": [1, 2, 3], "lists": [[1], [2]], "nested": {"soft": 1, "hard": 2}, "minus": [-1, -1]}
    for name, value in limits.items():
        yield Garbage(f"timelimit {name}", body(), {"timelimit": value}, ends=ANY)
    for header in (
        "lang", "shadow", "group", "group_index", "retries", "root_id", "parent_id", "argsrepr", "kwargsrepr", "origin", "ignore_result",
        "replaced_task_nesting", "stamped_headers", "stamps", "redelivered", "delivery_info", "headers",
    ):  # fmt: skip
        for name, value in _ODD.items():
            yield Garbage(f"{header} {name}", body(), {header: value}, ends=ANY)


def embedded() -> Iterator[Garbage]:
    """Signatures that are none."""
    signatures: dict[str, Any] = {
        **_ODD, "no task": [{}], "task number": [{"task": 5}], "args text": [{"task": "r.early", "args": "ab", "kwargs": 5, "options": 7}],
        "subtask type": [{"task": "r.early", "args": [], "kwargs": {}, "options": {}, "subtask_type": "nonsense"}],
        "group of nothing": {"task": "celery.group", "args": [], "kwargs": {"tasks": 5}, "options": {}, "subtask_type": "group"},
        "chord of nothing": {"task": "celery.chord", "args": [], "kwargs": {"header": 5, "body": 7}, "subtask_type": "chord"},
        "no options": [{"task": "r.early", "args": []}], "nested": [[[{"task": "r.early"}]]],
    }  # fmt: skip
    yield Garbage("embed null", json.dumps([["g", 0], {}, None]), ends=SUCCESS)
    for name, value in _ODD.items():
        yield Garbage(f"embed {name}", body(embed=value), ends=ANY)
    for key in ("callbacks", "errbacks", "chain", "chord"):
        for name, value in signatures.items():
            yield Garbage(f"{key} {name}", body(embed={key: value}), ends=ANY)
            yield Garbage(f"{key} {name}, failed", body(["odd"], embed={key: value}), {"task": "r.fails"}, ends=FAILURE)
            yield Garbage(f"{key} {name} in a group", body(embed={key: value}), {"group": "g", "group_index": 0}, ends=ANY)
