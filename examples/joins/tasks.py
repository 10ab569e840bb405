"""Tasks to join. Those of the second flow note each execution, to show that every step runs once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from flowc import App

app = App("joins")

Rows = list[dict[str, Any]]

#: Executions so far. A flow on the pool of threads runs in this process, so a plain counter will do.
seen: Counter[str] = Counter()

TABLES: dict[str, Rows] = {
    "customers": [{"id": 1, "name": "Ada"}, {"id": 2, "name": "Linus"}],
    "orders": [{"id": 1, "item": "book"}, {"id": 2, "item": "lamp"}, {"id": 2, "item": "desk"}],
    "stock": [{"id": 2, "shelf": "B4"}],
}


@app.task(name="joins.read")
def read(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")


@app.task(name="joins.count_words")
def count_words(text: str) -> int:
    return len(text.split())


@app.task(name="joins.count_letters")
def count_letters(text: str) -> int:
    return sum(character.isalpha() for character in text)


@app.task(name="joins.average")
def average(total: int, count: int) -> float:
    return round(total / count, 2)


@app.task(name="joins.load")
def load(table: str) -> Rows:
    seen[f"load {table}"] += 1
    return TABLES[table]


@app.task(name="joins.match")
def match(left: Rows, right: Rows) -> Rows:
    """Rows of both sides with the same `id`, as one."""
    seen["match"] += 1
    return [{**one, **other} for one in left for other in right if one["id"] == other["id"]]


@app.task(name="joins.executions")
def executions() -> dict[str, int]:
    told = dict(sorted(seen.items()))
    seen.clear()
    return told
