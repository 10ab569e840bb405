"""Settings as they may be shown: without the passwords in them."""

from __future__ import annotations

import re
from collections.abc import Mapping

#: What stands for a password.
MASK = "***"

#: What is shown of a value, in characters.
LONGEST = 200

#: Keys whose value is a secret: of settings, of options and of a URL's query.
_SECRET_KEY = re.compile(r"(?i)pass(word|wd|phrase)?$|secret|token|access_?key|credential|private_?key|^key$")

#: ``scheme://user:password@``, up to the last @ before another URL: a password may hold anything that its writer forgot to quote.
_USER_INFO = re.compile(r"([A-Za-z][\w.+-]*://)((?:(?![A-Za-z][\w.+-]*://).)*)@", re.DOTALL)

#: Ends of keys that hold URLs: what stands there may be one whose writer forgot the scheme.
_URLS = ("_url", "_backend")

_QUERY = re.compile(r"([?&]([\w.-]+)=)([^&\s;,'\"]*)")


def masked(value: object, key: str = "") -> object:
    """A value without passwords: in URLs, and under keys that say that they hold one, or a URL."""
    if isinstance(value, str) and "://" not in value and "@" in value and key.endswith(_URLS):
        return f"{MASK}@{value.rpartition('@')[2]}"
    if key and value is not None and _SECRET_KEY.search(key) and not isinstance(value, (bool, Mapping)):
        return MASK
    if isinstance(value, str):
        return _masked_text(value)
    if isinstance(value, Mapping):
        return {name: masked(item, str(name)) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        items = [masked(item) for item in value]
        return tuple(items) if type(value) is tuple else items
    return value


def _masked_text(text: str) -> str:
    text = _USER_INFO.sub(_without_password, text)
    return _QUERY.sub(lambda found: found[1] + (MASK if _SECRET_KEY.search(found[2]) else found[3]), text)


def _without_password(found: re.Match[str]) -> str:
    user, colon, _ = found[2].partition(":")
    return f"{found[1]}{user}{f':{MASK}' if colon else ''}@"


def shown(value: object, key: str = "") -> str:
    """A value for a message: without passwords, and not too long of it."""
    try:
        text = repr(masked(value, key))
    except Exception as error:  # the repr of a user's object, or a number of very many digits
        return f"{type(value).__name__} (its repr failed: {type(error).__name__})"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
