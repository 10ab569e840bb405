"""Tasks of the application in laptop.py that call others, are replaced by others, or run beside others."""

from __future__ import annotations

import threading
import time
from typing import Any

from celery import chain, chord, current_app, current_task, group, signals
from celery.utils.log import get_task_logger

from .laptop import add, app, fail, retrying, task, telling, total


@task("calling")
def calling() -> list[Any]:
    """Every way to call other tasks."""
    return [
        add.delay(1, 2).get(),
        add.apply_async((3,), {"y": 4}, countdown=60).get(timeout=5),
        app.send_task("laptop.add", (5, 6)).get(),
        current_app.signature("laptop.add", (7, 8)).delay().get(),
        group(add.s(i, i) for i in range(3))().get(),
        chain(add.s(1, 1), add.s(5), add.s(5))().get(),
        chord([add.s(i, 1) for i in range(3)])(total.s()).get(),
        (group(add.s(1), add.s(2)) | total.s()).delay().get(),
        add.map([1, 2]).apply_async().get(),
        retrying.delay(2).get(),
        telling.delay(1).get(),
        app.AsyncResult(add.delay(20, 2).id).get(timeout=5),
        fail.delay().state,
        current_task.name,
    ]


@task("remembering")
def remembering() -> list[Any]:
    """Results by their ids alone."""
    saved = group(add.s(1, 1), chain(add.s(2, 2), add.s(1)), fail.s())()
    saved.save()
    again = app.GroupResult.restore(saved.id)
    return [again.results[0].get(timeout=5), again.results[1].get(timeout=5), again.results[2].state]


@task("unknown")
def unknown() -> None:
    app.send_task("laptop.nowhere")


@task("itself", bind=True)
def itself(self: Any) -> Any:
    return self.delay().get()


_seen: list[int] = []


@task("logging")
def logging_() -> bool:
    """Log as Celery's documentation says; whether the signals of a worker's start have come before."""
    get_task_logger(__name__).warning("a word of warning")
    return _begun == ["worker_init", "worker_process_init"]


_begun: list[str] = []


def _begin(signal: Any, **_: Any) -> None:
    _begun.append(signal.name)


for _signal in (signals.worker_init, signals.worker_process_init):
    _signal.connect(_begin)


@task("keep")
def keep(number: int, more: int) -> None:
    _seen.append(number + more)


@task("linked")
def linked() -> list[int]:
    """Callbacks run too."""
    _seen.clear()
    return [add.apply_async((1, 1), link=keep.s(10)).get(), *_seen]


@task("replaced", bind=True)
def replaced(self: Any, how: str) -> Any:
    match how:
        case "task":
            return self.replace(add.s(1, 2))
        case "raise":
            raise self.replace(add.s(1, 3))
        case "chain":
            raise self.replace(add.s(1, 2) | add.s(10))
        case "group":
            raise self.replace(group(add.s(1, 2), add.s(3, 4)))
        case "chord":
            raise self.replace(chord([add.s(1, 2), add.s(3, 4)], total.s()))
        case _:
            raise self.replace(fail.s("replaced"))


@task("threaded")
def threaded() -> Any:
    """A call in a thread of the task's own."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(add.delay(1, 2).get()))
    thread.start()
    thread.join()
    return found


@task("busy", bind=True)
def busy(self: Any, number: int) -> list[Any]:
    """Whether its request is its own while other threads run it, too."""
    seen = []
    for _ in range(20):
        time.sleep(0.001)
        self.update_state(state="BUSY", meta=number)
        seen.append([self.request.args[0], self.request.id == current_task.request.id, add.delay(number, 1).get()])
    return [number, all(one == [number, True, number + 1] for one in seen)]
