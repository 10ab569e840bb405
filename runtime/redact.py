"""Secrets never show: whatever a run prints, stores or hands to a handler goes through here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from .failures import Failure

#: What stands for a secret.
MASK = "***"


class Redactor:
    """Replaces every occurrence of the given secrets in texts, also as ``repr`` and JSON write them.

    Args:
        secrets: the secret texts; empty ones are ignored.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms: set[str] = set()
        for secret in secrets:
            if secret:
                forms |= {secret, repr(secret)[1:-1], json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
        # the longest first, so that a secret that contains another is masked whole
        ordered = sorted(forms, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def __bool__(self) -> bool:
        """Whether there is anything to mask."""
        return self._pattern is not None

    def text(self, text: str) -> str:
        """A text without secrets."""
        return text if self._pattern is None else self._pattern.sub(MASK, text)

    def value(self, value: Any) -> Any:
        """A value (lists, maps, texts) without secrets; the same object where there are none to mask."""
        if self._pattern is None:
            return value
        return self._masked(value)

    def _masked(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self._masked(key): self._masked(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._masked(item) for item in value]
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
            args=tuple(self.value(list(failure.args))),
            traceback=self.text(failure.traceback),
        )
        return masked if masked == failure else replace(masked, exception=None)
