"""The nightly report."""

from __future__ import annotations

from celery import Task, shared_task

ORDERS = {
    "eu": [("tea", 4), ("mug", 9), ("tea", 5)],
    "us": [("mug", 11), ("pot", 30)],
    "ap": [("tea", 3)],
}


@shared_task(name="shop.sales.orders", bind=True)
def orders(self: Task, day: str, region: str) -> list[dict[str, str | int]]:
    """The orders of a region on a day, as ``{"item", "price"}``. Tells how many it has read."""
    rows = [{"item": item, "price": price} for item, price in ORDERS[region]]
    self.update_state(state="PROGRESS", meta={"region": region, "rows": len(rows)})
    return rows


@shared_task(name="shop.sales.revenue")
def revenue(rows: list[dict[str, str | int]]) -> int:
    """What was sold, in all."""
    return sum(int(row["price"]) for row in rows)


@shared_task(name="shop.sales.best")
def best(regions: list[list[dict[str, str | int]]]) -> str:
    """The item that earned most, over all regions."""
    earned: dict[str, int] = {}
    for row in (row for rows in regions for row in rows):
        earned[str(row["item"])] = earned.get(str(row["item"]), 0) + int(row["price"])
    return max(sorted(earned), key=earned.__getitem__)


@shared_task(name="shop.sales.report")
def report(totals: list[int], top: str, day: str) -> str:
    """The report's only line."""
    return f"{day}: {sum(totals)} in all, best: {top}"


@shared_task(name="shop.sales.publish")
def publish(line: str, channel: str = "#sales") -> str:
    """Post the report."""
    return f"{channel}: {line}"


@shared_task(name="shop.sales.show")
def show(message: dict[str, object]) -> None:
    """Print a state message of a step. Called where the flow is run, by ``~>``."""
    if message["status"] == "PROGRESS":
        print("read", message["result"])
