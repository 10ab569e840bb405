"""Tasks that say what they were given, each value with the Python type it came as."""

from __future__ import annotations

from typing import Any

from flowc import App

app = App("parameters")


@app.task(name="parameters.connect")
def connect(city: str, token: str) -> dict[str, Any]:
    return {"city": city, "signed_in": token.startswith("token-")}


@app.task(name="parameters.describe")
def describe(login: dict[str, Any], **given: Any) -> dict[str, Any]:
    return {**login, **{name: f"{type(value).__name__} {value}" for name, value in given.items()}}
