"""A task that looks at its own request."""

from __future__ import annotations

from typing import Any

from flowc import App

app = App("options")


@app.task(name="options.look", bind=True)
def look(self: Any) -> dict[str, Any]:
    """What a call's options have left in the request: the others work on the message's way."""
    request = self.request
    seen = {"eta": request.eta, "expires": request.expires, "headers": request.headers, "shadow": request.shadow}
    limits = dict(zip(("time_limit", "soft_time_limit"), request.timelimit or (), strict=False))
    return {"id": request.id, **{name: value for name, value in {**seen, **limits}.items() if value is not None}}


@app.task(name="options.urgent_look", bind=True, queue="fast", priority=9)
def urgent_look(self: Any) -> dict[str, Any]:
    return {"id": self.request.id}
