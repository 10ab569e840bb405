"""Celery's own client: reads flows as JSON, one a line, sends them as a canvas, and says what came of each step."""

from __future__ import annotations

import json
import sys
import time
import uuid
from typing import Any

from celery import chain, group
from celery.result import AsyncResult

from tests.fleet.proj import app

#: Seconds for a canvas to end.
PATIENCE = 60.0


def canvas(tree: Any, run: str, key: str, *, immutable: bool = False) -> Any:
    """The canvas of a tree. ``immutable``: its first steps get nothing prepended."""
    if "task" in tree:
        keywords = {"k": tree["number"]} if tree["keyword"] else {}
        return app.signature(
            f"proj.{tree['task']}", (f"s{tree['number']}",), keywords, immutable=immutable, task_id=f"{run}.{tree['number']}"
        )
    if "chain" in tree:
        thens = [immutable, *tree["thens"]]
        return chain(*(canvas(part, run, key, immutable=then) for part, then in zip(tree["chain"], thens, strict=True)))
    if "group" in tree:
        return group([canvas(part, run, key, immutable=immutable) for part in tree["group"]])
    handled = canvas(tree["handled"], run, key, immutable=immutable)
    handled.link_error(app.signature("proj.on_error", (), {"key": f"{key}{tree['number']}"}))
    return handled


def steps(tree: Any) -> list[Any]:
    """Its steps."""
    if "task" in tree:
        return [tree]
    return [step for part in tree.get("chain") or tree.get("group") or [tree["handled"]] for step in steps(part)]


def ended(results: dict[int, AsyncResult], failing: bool) -> dict[int, Any]:
    """The state and result of every step, once nothing more happens: all have ended, or one has failed and the rest has been quiet."""
    until, quiet_since = time.monotonic() + PATIENCE, time.monotonic()
    before: dict[int, str] = {}
    while time.monotonic() < until:
        states = {number: result.state for number, result in results.items()}
        if states != before:
            before, quiet_since = states, time.monotonic()
        if all(state in ("SUCCESS", "FAILURE") for state in states.values()):
            break
        if failing and time.monotonic() - quiet_since > 0.5:
            break
        time.sleep(0.02)
    told: dict[int, Any] = {}
    for number, result in results.items():
        state = result.state
        told[number] = [state, result.result if state == "SUCCESS" else repr(result.result) if state == "FAILURE" else None]
    return told


def main() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        run = uuid.uuid4().hex
        canvas(order["tree"], run, order["key"]).apply_async()
        every = steps(order["tree"])
        results = {step["number"]: app.AsyncResult(f"{run}.{step['number']}") for step in every}
        print(json.dumps(ended(results, any(step["task"] == "fail" for step in every))), flush=True)


if __name__ == "__main__":
    main()
