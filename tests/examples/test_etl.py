"""The ETL against the same sums done in another way, from the files that it made."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import pytest

from .conftest import Flowc


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def expected_totals(folder: Path) -> tuple[dict[str, tuple[int, int]], set[str]]:
    """Orders and cents by country, with integers alone, and the ids of the orders that do not count."""
    country = {row["id"]: row["country"].strip() for row in rows(folder / "customers.csv")}
    rate = {row["id"]: int(float(row["rate"]) * 10_000 + 0.5) for row in rows(folder / "rates.csv")}
    totals: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    seen: set[str] = set()
    rejected: set[str] = set()
    for order in rows(folder / "orders.csv"):
        if order["amount"] == "" or order["id"] in seen:
            rejected.add(order["id"])
            continue
        seen.add(order["id"])
        if not country.get(order["customer"]) or order["currency"] not in rate:
            rejected.add(order["id"])
            continue
        cents = int(order["amount"].replace(".", "")) * rate[order["currency"]]
        total = totals[country[order["customer"]]]
        total[0] += 1
        total[1] += (cents + 5_000) // 10_000
    return {name: (orders, cents) for name, (orders, cents) in totals.items()}, rejected


@pytest.mark.parametrize(("size", "seed"), [(500, 7), (60, 1), (1, 3)])
def test_the_totals_are_right(example: Flowc, here: Path, size: int, seed: int) -> None:
    ran = example("etl/etl", "-p", f"size={size}", "-p", f"seed={seed}", "-p", "folder=data")
    assert ran.code == 0, ran.err
    totals, rejected = expected_totals(here / "data")
    written = {row["country"]: (int(row["orders"]), int(row["cents"])) for row in rows(here / "data/totals.csv")}
    assert written == totals
    assert {row["id"] for row in rows(here / "data/rejects.csv") if row["id"].startswith("o")} == rejected
    assert ran.value == {
        "countries": len(totals),
        "orders": sum(orders for orders, _ in totals.values()),
        "cents": sum(cents for _, cents in totals.values()),
        "files": ["data/totals.csv", "data/rejects.csv"],
    }


def test_rows_are_rejected_for_every_reason(example: Flowc, here: Path) -> None:
    example("etl/etl")
    reasons = {row["why"] for row in rows(here / "out/etl/rejects.csv")}
    assert reasons == {"no amount", "no country", "the id has come before", "unknown customer", "unknown currency"}
