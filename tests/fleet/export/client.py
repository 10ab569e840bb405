"""A program of Celery's that knows nothing of flowc: it executes exported modules, and prints what their flows gave.

Standard input: ``{"broker", "backend", "queue", "modules": {name: code}, "wait": [names]}``; standard output: ``{name: value}`` of those to
wait for.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from celery import Celery
from celery.result import AsyncResult, GroupResult

#: Seconds that a result may take.
PATIENCE = 60


def value_of(result: Any) -> Any:
    """A result in its whole: of a group a list."""
    if isinstance(result, (list, GroupResult)):
        return [value_of(one) for one in result]
    assert isinstance(result, AsyncResult)
    return result.get(timeout=PATIENCE)


def main() -> None:
    """Submit all, then wait."""
    given = json.load(sys.stdin)
    app = Celery("client", broker=given["broker"], backend=given["backend"], set_as_current=False)
    app.conf.task_default_queue = given["queue"]
    results = {}
    for name, code in given["modules"].items():
        module: dict[str, Any] = {"__name__": "exported"}
        exec(compile(code, f"{name}.py", "exec"), module)
        results[name] = module["submit"](app)
    json.dump({name: value_of(results[name]) for name in given["wait"]}, sys.stdout)


if __name__ == "__main__":
    main()
