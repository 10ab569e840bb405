"""The values that an option, an argument or a type has a choice of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..option_table import DOC, RETRY_KEYS, UNSUPPORTED
from ..source_text import text_source
from ..type_syntax import GENERIC
from ..types import BOOL, SCALARS, Optional, Text, Type, Union
from .suggestion import Sort, Suggestion

_TEXTS = {
    "serializer": ("json", "pickle", "yaml", "msgpack"),
    "compression": ("brotli", "bzip2", "gzip", "lzma", "zlib", "zstd"),
    "delivery_mode": ("transient", "persistent"),
}
_WORDS = {"need": ("all", "any", "finished")}
_DURATIONS = ("10s", "5m", "1h", "1d")
_NAMED = re.compile(r"\b(queue|exchange|routing_key)\s*=\s*\"([^\"\\\n{}]{1,100})\"")


def options(given: tuple[str, ...], typed: str) -> Iterator[Suggestion]:
    """The options that a pair of braces does not have yet. What this version cannot do comes only when it is typed."""
    for doc in DOC.values():
        if doc.name not in given and (doc.name not in UNSUPPORTED or (typed and doc.name.startswith(typed))):
            yield Suggestion(doc.name, Sort.OPTION, doc.type, f"{doc.note}\n\nFor example `{doc.example}`", f"{doc.name} = ")


def retry_keys(given: tuple[str, ...]) -> Iterator[Suggestion]:
    """The keys of ``retry_policy``."""
    for key in RETRY_KEYS:
        if key not in given:
            yield Suggestion(key, Sort.OPTION, "int or null" if key == "max_retries" else "duration", text=f"{key}: ")


def option_texts(option: str, text: str) -> Iterator[str]:
    """Texts that an option takes: those that it knows, and for names of queues those that the flow has elsewhere."""
    yield from _TEXTS.get(option, ())
    yield from dict.fromkeys(found[2] for found in _NAMED.finditer(text) if found[1] == option)


def option_values(option: str, text: str) -> Iterator[Suggestion]:
    """Values of an option, as they are written."""
    for value in option_texts(option, text):
        yield Suggestion(text_source(value), Sort.VALUE)
    doc = DOC.get(option)
    words: tuple[str, ...] = _WORDS.get(option, ())
    if doc is not None and doc.type == "bool":
        words = ("true", "false")
    elif doc is not None and "duration" in doc.type and not doc.type.startswith(("map", "range")):
        words = _DURATIONS
    for word in words:
        yield Suggestion(word, Sort.VALUE)


def texts_of(wanted: Type) -> Iterator[str]:
    """The texts that a type has a choice of."""
    if isinstance(wanted, Text):
        yield wanted.value
    elif isinstance(wanted, Union):
        for member in wanted.members:
            yield from texts_of(member)
    elif isinstance(wanted, Optional):
        yield from texts_of(wanted.inner)


def values_of(wanted: Type) -> Iterator[Suggestion]:
    """The values that a type has a choice of, as they are written."""
    for value in texts_of(wanted):
        yield Suggestion(text_source(value), Sort.VALUE)
    inner = wanted.inner if isinstance(wanted, Optional) else wanted
    if inner == BOOL:
        yield Suggestion("true", Sort.VALUE)
        yield Suggestion("false", Sort.VALUE)
    if isinstance(wanted, Optional):
        yield Suggestion("null", Sort.VALUE)


def types() -> Iterator[Suggestion]:
    """The words of types."""
    for name in (*SCALARS, *GENERIC):
        yield Suggestion(name, Sort.TYPE)
