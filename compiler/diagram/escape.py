"""Text of unknown origin as text in DOT and Mermaid, whatever is in it.

Graphviz reads a string several times: the DOT lexer (quotes), HTML entities (in every string), escapes such as ``\\N`` for the node's
name (in labels once, in tooltips twice) and, in labels between ``<`` and ``>``, tags. What cannot be shown, or would turn the text around
it, is shown as its code.
"""

from __future__ import annotations

import re

#: Control characters, what separates or joins invisibly, what changes the direction of writing, halves of pairs, and non-characters.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u115f\u1160\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\uffff\ufdd0-\ufdef\ud800-\udfff\U000e0000-\U000e0fff]"
)
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.,/#\[\] '-]*\Z")


def visible(text: str) -> str:
    """The text with what cannot be seen written as its code: NUL is ``\\x00``."""
    return _UNSEEN.sub(_code, text)


def _code(match: re.Match[str]) -> str:
    number = ord(match[0])
    if number < 0x100:
        return {9: "\\t", 10: "\\n", 13: "\\r"}.get(number, f"\\x{number:02x}")
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def html(text: str) -> str:
    """For use between tags of an HTML-like label, which would merge spaces. Never empty, which Graphviz would call a syntax error."""
    text = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return text.replace("\\", "\\\\").replace("  ", " &#160;") or "&#160;"


def tooltip(text: str) -> str:
    """A quoted DOT string for a tooltip; line feeds part its lines."""
    lines = [visible(line).replace("&", "&amp;").replace("\\", "\\\\\\\\").replace('"', '\\"') for line in text.split("\n")]
    return f'"{"&#10;".join(lines)}"'


def address(text: str) -> str:
    """A quoted DOT string for a link. The text is an address already (percent-encoded)."""
    return '"{}"'.format(text.replace("&", "&amp;").replace("\\", "%5C").replace('"', "%22"))


def node(key: str, number: int) -> str:
    """A quoted DOT id for a box: its own id where that is harmless and short, else a made one."""
    return f'"{key}"' if len(key) <= 100 and _PLAIN.match(key) else f'"~{number}"'


#: What stands for itself in a quoted label of Mermaid: letters, digits, spaces, and marks between two letters or digits.
_MERMAID = re.compile(r"(?:[^\W_ﬂ]|[×…·–—]|(?<=[^\W_])[-_./](?=[^\W_])|(?<=\S) (?=\S)|(?<=[^\W_]),(?= )|(?<=[^\W\d_])\.(?= |\Z))")
_LETTER = re.compile(r"[^\W_ﬂ]|(?<=\S) (?=\S)")
_INDEX = re.compile(r"(?<=[^\W_])#91;(\d+)#93;")
_LIST_OR_LINK = re.compile(r"\s*\d+[.)]|www\.", re.IGNORECASE)


def mermaid(text: str) -> str:
    """For use between the quotes of a Mermaid label.

    All that Mermaid, the Markdown inside its labels, or HTML might read otherwise becomes ``#34;``, Mermaid's way to write a character's
    code. A colon, too: its lexer takes ``style x:y#…;`` for a statement.
    """
    text = visible(text)
    plain = _MERMAID if not _LIST_OR_LINK.search(text) else _LETTER
    escaped = "".join(part if plain.match(text, at) else f"#{ord(part)};" for at, part in enumerate(text))
    return _INDEX.sub(r"[\1]", escaped) or "#160;"


def mermaid_comment(text: str) -> str:
    """For use behind ``%%``: braces would begin a directive, backquotes end a block of Markdown."""
    return re.sub("[{}`]", lambda match: f"#{ord(match[0])};", visible(text))
