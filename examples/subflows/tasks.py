"""Temperatures that are made up, but always the same for a city."""

from __future__ import annotations

import math
from typing import Any

from flowc import App

app = App("climate")

MEANS = {"Oslo": 6.0, "Cairo": 22.0, "Lima": 19.0}

#: What a thermometer says that has failed.
GAP = -999.0


@app.task(name="climate.measure")
def measure(city: str, days: int) -> list[float]:
    """A reading for each day, in degrees Celsius; every fifth is missing."""
    return [GAP if day % 5 == 4 else round(MEANS[city] + 6 * math.sin(day), 1) for day in range(days)]


@app.task(name="climate.drop_gaps")
def drop_gaps(values: list[float]) -> list[float]:
    return [value for value in values if value != GAP]


@app.task(name="climate.moving_average")
def moving_average(values: list[float], width: int) -> list[float]:
    return [round(sum(values[n : n + width]) / width, 1) for n in range(len(values) - width + 1)]


@app.task(name="climate.lowest")
def lowest(values: list[float]) -> float:
    return min(values)


@app.task(name="climate.highest")
def highest(values: list[float]) -> float:
    return max(values)


@app.task(name="climate.convert")
def convert(celsius: float, unit: str) -> float:
    return celsius if unit == "C" else round(celsius * 9 / 5 + 32, 1)


@app.task(name="climate.describe")
def describe(city: str, unit: str, low: float, high: float) -> dict[str, Any]:
    return {"city": city, "unit": unit, "low": low, "high": high}


@app.task(name="climate.warmest")
def warmest(cities: list[dict[str, Any]]) -> dict[str, Any]:
    celsius = {one["city"]: one["high"] if one["unit"] == "C" else (one["high"] - 32) * 5 / 9 for one in cities}
    return {"warmest": max(celsius, key=lambda city: celsius[city]), "cities": cities}
