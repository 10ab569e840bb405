"""The tasks of the census. What they do stands in `reading`, `merging`, `charts` and `report`."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from flowc import App

from . import charts, merging, reading, report

app = App("census")

Rows = list[dict[str, Any]]


@app.task(name="census.scan")
def scan(package: str) -> dict[str, Any]:
    return reading.count_package(package)


@app.task(name="census.merge")
def merge(counts: Rows, longest: int = 15) -> dict[str, Any]:
    return merging.merge(counts, longest)


@app.task(name="census.draw_lines")
def draw_lines(packages: Rows, path: str) -> str:
    return write(path, charts.lines_chart(packages))


@app.task(name="census.draw_docstrings")
def draw_docstrings(packages: Rows, path: str) -> str:
    return write(path, charts.docstrings_chart(packages))


@app.task(name="census.write_csv")
def write_csv(rows: Rows, path: str) -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


@app.task(name="census.write_report")
def write_report(census: dict[str, Any], path: str, charts: list[str], tables: list[str]) -> dict[str, Any]:
    write(path, report.markdown(census, [Path(chart).name for chart in charts]))
    return {"totals": census["totals"], "files": [path, *charts, *tables]}


def write(path: str, text: str) -> str:
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return path
