"""Small sums."""

from __future__ import annotations

from flowc import App

app = App("maps")


@app.task(name="maps.square")
def square(n: int) -> int:
    return n * n


@app.task(name="maps.halve")
def halve(n: int) -> float:
    return n / 2


@app.task(name="maps.add")
def add(x: float, y: float) -> float:
    return x + y


@app.task(name="maps.subtract")
def subtract(x: float, y: float) -> float:
    return x - y


@app.task(name="maps.multiply")
def multiply(x: int, y: int) -> int:
    return x * y


@app.task(name="maps.extremes")
def extremes(values: list[float]) -> dict[str, float]:
    return {"low": min(values), "high": max(values)}
