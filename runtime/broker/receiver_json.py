"""Messages as kombu writes them where a server keeps text."""

from __future__ import annotations

import json
from typing import Any

from kombu.utils import json as kombu_json

_loads: Any = kombu_json.loads
_dumps: Any = kombu_json.dumps


def read_json(text: bytes | str) -> Any:
    """Read it. Moments, decimals and the like, which kombu writes as objects with a ``__type__``, become what they were.

    Raises:
        ValueError: it is no JSON.
    """
    special = '"__type__"' in text if isinstance(text, str) else b'"__type__"' in text
    # kombu's own way calls a function for every object of the text
    return _loads(text) if special else json.loads(text)


def write_json(message: Any) -> str:
    """Write it.

    Raises:
        TypeError: something in it cannot be written.
    """
    text: str = _dumps(message)
    return text
