"""Mutations of flows: small damage of every kind, for the fuzzers."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

#: About the words of the language: names, numbers, strings, signs, blanks, line breaks.
WORDS = re.compile(
    r'"""|"[^"\n]*"|\'[^\'\n]*\'|[^\W\d]\w*|\d[\w.:+-]*'
    r"|->|=>|!>|~>|\*>|\?\?|==|!=|<=|>=|//|\*\*|\.\.|\n[ \t]*|[ \t]+|.",
    re.DOTALL,
)

_SIGNS = "-> => !> ~> *> ?? ( ) [ ] { } , ; : . = _ + - * ** / // % < <= == != # $ @ ! ? ` ~ &"
_RESERVED = "in not and or if else for when flow param task from import include as defaults return each now null true false"
_VALUES = "1 0 2.5 1h30m 2026-11-22 2026-11-22T10:00:00Z 9999999999999999999 1e999 x y a b add len range env secret map chunks é 😀"
_BLANKS = ("\\", "\n", "\n\t", "\n    ", "\0", "\r", "\t", "\x0c", "\u2028", "\ud800")

#: What is put in: what the grammar knows, and what it does not.
STRANGE = (*_SIGNS.split(), *_RESERVED.split(), *_VALUES.split(), *_BLANKS, '"x"', "'y'", 'f"{x}"', '"""', 'f"{')


def mutate(text: str, chance: random.Random, others: Sequence[str] = ()) -> str:
    """A text with one to six of its words, or stretches of characters, deleted, doubled, swapped or replaced."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        text = _words(text, chance, others) if chance.random() < 0.7 else _characters(text, chance)
    return text


def _words(text: str, chance: random.Random, others: Sequence[str]) -> str:
    words = WORDS.findall(text)
    if not words:
        return chance.choice(STRANGE)
    at, other = chance.randrange(len(words)), chance.randrange(len(words))
    match chance.randrange(7):
        case 0:
            del words[at]
        case 1:
            words.insert(at, words[at])
        case 2:
            words[at], words[other] = words[other], words[at]
        case 3:
            words[at] = chance.choice(STRANGE)
        case 4:
            words.insert(at, chance.choice(STRANGE))
        case 5:
            low, high = sorted((at, other))
            words[at:at] = words[low : min(high, low + 12)]
        case _:
            source = WORDS.findall(chance.choice(others)) if others else words
            start = chance.randrange(len(source) + 1)
            words[at : at + chance.randrange(3)] = source[start : start + chance.randrange(1, 12)]
    return "".join(words)


def _characters(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text) + 1)
    length = chance.randrange(1, 6)
    match chance.randrange(4):
        case 0:
            return text[:at] + text[at + length :]
        case 1:
            return text[:at] + text[at : at + length] + text[at:]
        case 2:
            return text[:at] + chr(chance.choice((0, 9, 13, 32, 34, 39, 92, 0x7F, 0xA0, 0x2028, 0xD800, 0xFEFF, 0x1F600))) + text[at:]
        case _:
            return text[:at]
