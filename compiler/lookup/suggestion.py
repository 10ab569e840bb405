"""What a completion offers, as data."""

from __future__ import annotations

from enum import StrEnum

from ...dsl.record import dataclass
from ...dsl.source import Span


class Sort(StrEnum):
    """What a suggestion is, for its icon."""

    STEP = "step"
    PARAM = "parameter"
    FLOW = "flow"
    TASK = "task"
    FUNCTION = "function"
    INCLUDE = "include"
    MODULE = "module"
    OPTION = "option"
    VALUE = "value"
    KEYWORD = "keyword"
    TYPE = "type"
    FIELD = "field"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One word that may stand at the cursor.

    ``text`` is what is written, where it is not the label; ``call``: brackets may follow it.
    """

    label: str
    sort: Sort
    detail: str = ""
    doc: str = ""
    text: str = ""
    call: bool = False


@dataclass(frozen=True, slots=True)
class Completions:
    """Suggestions, best first, and the span that each of them replaces."""

    span: Span
    items: tuple[Suggestion, ...] = ()
