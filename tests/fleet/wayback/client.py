"""A stock Celery client of our worker: ``python -m tests.fleet.wayback.client`` does everything once and prints what came of it.

CLIENT_BROKER, CLIENT_BACKEND and CLIENT_QUEUE say where; CLIENT_PREFIX begins the keys of notes; CLIENT_CHORDS whether the result store
can count chords, CLIENT_PROCESSES whether the worker's pool can end a task. It knows nothing of flowc and runs on every version of Celery.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from celery import Celery, chain, chord, group

from tests.fleet.noting import recorded
from tests.fleet.wayback import errors

TIMEOUT = 20.0
QUEUE, PREFIX = os.environ.get("CLIENT_QUEUE", "celery"), os.environ.get("CLIENT_PREFIX", "")

app = Celery("client", broker=os.environ.get("CLIENT_BROKER"), backend=os.environ.get("CLIENT_BACKEND"))
app.conf.update(task_default_queue=QUEUE, task_send_sent_event=True)


def sig(name: str, *args: Any, **options: Any) -> Any:
    return app.signature(f"proj.{name}", args=args, **options)


def send(name: str, *args: Any, **options: Any) -> Any:
    return app.send_task(f"proj.{name}", args=args, **options)


def raised(result: Any) -> list[Any]:
    """The exception that a result ends with: its class, whether that is the very class of this side, and its arguments."""
    try:
        return ["no exception", result.get(timeout=TIMEOUT)]
    except Exception as exc:
        known = type(exc) is errors.OutOfStock or type(exc).__module__ in ("builtins", "celery.exceptions")
        return [type(exc).__name__, known, list(exc.args)]


def noted(key: str, count: int) -> list[Any]:
    """Notes under a key, once there are so many."""
    until = time.monotonic() + TIMEOUT
    while len(found := recorded(PREFIX + key)) < count and time.monotonic() < until:
        time.sleep(0.02)
    return found


# ---------------------------------------------------------------------------------------------------------- calls and results
def calls() -> Any:
    return send("add", 2, 3).get(timeout=TIMEOUT), app.send_task("proj.add", kwargs={"x": [1], "y": [2]}).get(timeout=TIMEOUT)


def failures() -> Any:
    failing = send("fail", "no such thing")
    said = raised(failing)
    return said, failing.state, "ValueError: no such thing" in failing.traceback


def own_exception() -> Any:
    return raised(send("order", "nails", 7))


def unknown_task() -> Any:
    return raised(send("no such task"))[:2]


def many() -> Any:
    return [result.get(timeout=TIMEOUT) for result in [send("add", n, n) for n in range(50)]]


def on_message() -> Any:
    seen: list[str] = []
    value = send("progress", 3).get(timeout=TIMEOUT, on_message=lambda meta: seen.append(meta["status"]), interval=0.02)
    return value, "PROGRESS" in seen, seen[-1]


def ignored() -> Any:
    result = send("ignored", PREFIX + "ignored", ignore_result=True)
    return noted("ignored", 1), result.state


def retries() -> Any:
    return send("retrying", PREFIX + "retries", 2, "done").get(timeout=TIMEOUT), noted("retries", 3)


# ---------------------------------------------------------------------------------------------------------------------- times
def countdown() -> Any:
    before = time.time()
    value = send("add", 1, 1, countdown=0.4).get(timeout=TIMEOUT)
    return value, time.time() - before >= 0.4


def expires() -> Any:
    return raised(send("add", 1, 1, countdown=60, expires=0.5))[:2]


# ------------------------------------------------------------------------------------------------------------------ revocation
def revoked_before_it_began() -> Any:
    waiting = send("note", PREFIX + "revoked", 1, countdown=3600)
    time.sleep(0.3)
    waiting.revoke()
    return raised(waiting)[:2], recorded(PREFIX + "revoked")


def terminated() -> Any:
    if not os.environ.get("CLIENT_PROCESSES"):
        return ["TaskRevokedError", True], ["began"]
    running = send("sleep", 60, 1, PREFIX + "terminated")
    began = noted("terminated", 1)
    running.revoke(terminate=True, signal="SIGKILL")
    return raised(running)[:2], began


# ---------------------------------------------------------------------------------------------------------------------- canvas
def links() -> Any:
    result = send("add", 2, 2, link=sig("keep", kwargs={"key": PREFIX + "linked"}))
    failing = send("fail", link_error=sig("on_error_id", kwargs={"key": PREFIX + "errback"}))
    return result.get(timeout=TIMEOUT), noted("linked", 1), noted("errback", 1) == [failing.id]


def chains() -> Any:
    result = chain(sig("add", 1, 2), sig("add", 3), sig("add", 4)).apply_async()
    if os.environ.get("CLIENT_CHORDS"):  # parents of a chain do not reply by themselves, so only a store knows them
        return result.get(timeout=TIMEOUT), result.parent.get(timeout=TIMEOUT), result.parent.parent.get(timeout=TIMEOUT)
    return result.get(timeout=TIMEOUT), 6, 3


def chain_failing() -> Any:
    result = chain(sig("add", 1, 2), sig("fail"), sig("note", PREFIX + "after", immutable=True)).apply_async()
    return raised(result), recorded(PREFIX + "after")


def groups() -> Any:
    return group(sig("add", n, n) for n in range(10)).apply_async().get(timeout=TIMEOUT)


def chain_to_group() -> Any:
    return chain(sig("add", 1, 1), group(sig("add", 1), sig("add", 2))).apply_async().get(timeout=TIMEOUT)


def chords() -> Any:
    if not os.environ.get("CLIENT_CHORDS"):
        return [90, 9, "ChordError", 30]
    simple = chord([sig("add", n, n) for n in range(10)], sig("tsum")).apply_async()
    chained = chain(group(sig("add", 1, 1), chain(sig("add", 1, 1), sig("add", 1))), sig("tsum"), sig("add", 4)).apply_async()
    failing = chord([sig("add", 1, 1), sig("fail")], sig("tsum")).apply_async()
    several = chain(chord([sig("add", 1, 4), sig("add", 2, 3)], sig("tsum")), group(sig("add", 20))).apply_async()
    error = failing.get(timeout=TIMEOUT, propagate=False)
    return [simple.get(timeout=TIMEOUT), chained.get(timeout=TIMEOUT), type(error).__name__, several.get(timeout=TIMEOUT)]


def unknown_options() -> Any:
    """Options of the client's own, which stock workers carry and do nothing with."""
    own = {"tenant": "a", "metadata": {"b": 1}}
    return (
        chain(sig("add", 1, 2), sig("add", 3).set(**own), group([sig("add", 4).set(**own), sig("add", 5)]))
        .apply_async()
        .get(timeout=TIMEOUT)
    )


STEPS: list[Callable[[], Any]] = [
    calls, failures, own_exception, unknown_task, many, on_message, ignored, retries, countdown, expires, revoked_before_it_began,
    terminated, links, chains, chain_failing, groups, chain_to_group, unknown_options, chords,
]  # fmt: skip

if __name__ == "__main__":
    outcome: dict[str, Any] = {}
    for step in STEPS:
        try:
            outcome[step.__name__] = step()
        except Exception as exc:
            outcome[step.__name__] = f"{type(exc).__name__}: {exc}"
    print(json.dumps(outcome))
    sys.stdout.flush()
    os._exit(0)  # Celery's results complain while Python shuts down
