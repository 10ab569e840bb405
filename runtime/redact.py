"""Secrets never show: whatever a run prints, stores or hands to a handler goes through here."""

from __future__ import annotations

import contextlib
import itertools
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from .failures import Failure

#: What stands for a secret.
MASK = "***"

_SHORT = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}


class Redactor:
    """Replaces every occurrence of the given secrets in texts, also as ``repr`` and JSON write them, and numbers that they spell.

    Args:
        secrets: the secret texts; empty ones are ignored.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        texts = {secret for secret in secrets if secret}
        self._numbers = {number for secret in texts for number in _numbers(secret)}
        texts |= {str(number) for number in self._numbers}
        # as bytes, which are looked through as Latin-1 and written so by repr
        texts |= {text.encode("utf-8", "surrogatepass").decode("latin-1") for text in texts}
        # the longest first, so that a secret that contains another is masked whole
        ordered = sorted(texts, key=lambda text: (-len(text), text))
        self._pattern = re.compile("|".join(map(_escaped_or_not, ordered))) if ordered else None

    def __bool__(self) -> bool:
        """Whether there is anything to mask."""
        return self._pattern is not None

    def text(self, text: str) -> str:
        """A text without secrets."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)

    def value(self, value: Any) -> Any:
        """A value (lists, maps, texts) without secrets; the same object where there are none to mask. One that is nested too deeply to be
        looked through is masked as a whole."""
        if self._pattern is None:
            return value
        try:
            return self._masked(value)
        except RecursionError:
            return MASK

    def _masked(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self._masked(key): self._masked(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._masked(item) for item in value]
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value in self._numbers:
            return MASK
        if isinstance(value, bytes):
            return self.text(value.decode("latin-1")).encode("latin-1")
        return value

    def failure(self, failure: Failure) -> Failure:
        """A failure without secrets; its live exception is dropped if its text has one."""
        if self._pattern is None:
            return failure
        masked = replace(
            failure,
            message=self.text(failure.message),
            args=tuple(self.value(arg) for arg in failure.args),
            traceback=self.text(failure.traceback),
        )
        return masked if masked == failure else replace(masked, exception=None)


def _escaped_or_not(text: str) -> str:
    """A pattern for a text as it is and as ``repr`` and JSON write it, also inside one another (a ``repr`` in a ``repr``)."""
    parts: list[str] = []
    for char, same in itertools.groupby(text):
        count = len(list(same))
        if char == "\\":  # one pattern for a run of any length: several in a row would backtrack
            parts.append(r"\\+")
            continue
        slashes = "" if parts and parts[-1] == r"\\+" else r"\\*"
        if char in "'\"/":
            parts.append(f"{slashes}{char}" + rf"\\*{char}" * (count - 1))
        elif char.isprintable() and char.isascii():
            parts.append(re.escape(char) * count)
        else:
            parts.append(_writings(char) * count)
    return "".join(parts)


def _writings(char: str) -> str:
    """A character that may be written as an escape sequence."""
    code = ord(char)
    forms = [re.escape(char), rf"\\+u{code:04x}", rf"\\+U{code:08x}"]
    if code < 0x100:
        forms.append(rf"\\+x{code:02x}")
    if code >= 0x10000:  # JSON in ASCII writes two
        high, low = divmod(code - 0x10000, 0x400)
        forms.append(rf"\\+u{0xD800 + high:04x}\\+u{0xDC00 + low:04x}")
    if char in _SHORT:
        forms.append(rf"\\+{_SHORT[char]}")
    return f"(?:{'|'.join(forms)})"


def _numbers(secret: str) -> Iterator[int | float]:
    """The numbers that a secret spells: a PIN may be handed on as one."""
    for kind in (int, float):
        with contextlib.suppress(ValueError, OverflowError):
            number = kind(secret)
            if math.isfinite(number):
                yield number
