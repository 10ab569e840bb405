"""The tasks of the ETL: each takes plain rows and gives plain rows, so that each can be tested by itself."""

from __future__ import annotations

import csv
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from flowc import App

from .data import make

app = App("etl")

Row = dict[str, str]


@app.task(name="etl.make_files")
def make_files(folder: str, size: int = 500, seed: int = 7) -> dict[str, str]:
    tables = make(size, seed)
    return {name: write(rows, f"{folder}/{name}.csv") for name, rows in tables.items()}


@app.task(name="etl.read_csv")
def read_csv(path: str) -> list[Row]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@app.task(name="etl.write_csv")
def write_csv(rows: list[dict[str, Any]], path: str) -> str:
    return write(rows, path)


@app.task(name="etl.clean")
def clean(rows: list[Row], need: list[str]) -> dict[str, list[Row]]:
    good: dict[str, Row] = {}
    bad: list[Row] = []
    for row in rows:
        lacking = [name for name in need if not row.get(name, "").strip()]
        if lacking:
            bad.append({**row, "why": f"no {lacking[0]}"})
        elif row["id"] in good:
            bad.append({**row, "why": "the id has come before"})
        else:
            good[row["id"]] = {name: value.strip() for name, value in row.items()}
    return {"good": list(good.values()), "bad": bad}


@app.task(name="etl.join")
def join(rows: list[Row], table: list[Row], on: str) -> dict[str, list[Row]]:
    by_id = {row["id"]: row for row in table}
    return {
        "matched": [{**by_id[row[on]], **row} for row in rows if row[on] in by_id],
        "unmatched": [{**row, "why": f"unknown {on}"} for row in rows if row[on] not in by_id],
    }


@app.task(name="etl.total")
def total(rows: list[Row], by: str) -> list[dict[str, Any]]:
    orders: Counter[str] = Counter()
    cents: Counter[str] = Counter()
    for row in rows:
        orders[row[by]] += 1
        cents[row[by]] += in_cents(Decimal(row["amount"]) * Decimal(row["rate"]))
    return [{by: name, "orders": orders[name], "cents": cents[name]} for name in sorted(orders, key=lambda n: (-cents[n], n))]


@app.task(name="etl.write_rejects")
def write_rejects(rejects: list[list[Row]], path: str) -> str:
    return write([{"id": row.get("id", ""), "why": row["why"]} for rows in rejects for row in rows], path)


@app.task(name="etl.summary")
def summary(totals: list[dict[str, Any]], files: list[str]) -> dict[str, Any]:
    return {
        "countries": len(totals),
        "orders": sum(row["orders"] for row in totals),
        "cents": sum(row["cents"] for row in totals),
        "files": files,
    }


def in_cents(amount: Decimal) -> int:
    return int((100 * amount).to_integral_value(ROUND_HALF_UP))


def write(rows: list[dict[str, Any]], path: str) -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path
