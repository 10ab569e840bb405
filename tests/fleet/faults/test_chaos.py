"""A long run, while workers and the broker are killed, stopped, paused and started anew at random.

``CHAOS_SECONDS=180`` does so for three minutes, to a flow that is as much longer.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flowc.runtime.outcome import RunResult

from ...servers.server import ServerFailed
from ..stock import StockWorker
from .driven import PATIENCE as QUICKER
from .driven import Driven, ends, new_key, told, wait_for
from .remains import found, left_of_run
from .sites import OUTLIVING, Site, site

#: A link may come late: a worker that lost its broker tries again to send it.
PATIENCE = replace(
    QUICKER, probe_after=2.0, pause_first=1.0, pause_most=3.0, lost_after=15.0, untold_after=30.0, unsure_after=40.0, silent_after=60.0,
    down_after=40.0,
)  # fmt: skip

#: Seconds in which things are broken; then the fleet is left in peace.
BREAKING = float(os.environ.get("CHAOS_SECONDS", "45"))
#: Layers, and steps in each; beside them steps that are acknowledged early, each with a handler and something that follows.
LAYERS, WIDTH, EARLY = round(BREAKING / 7.5), 12, round(BREAKING / 5.6)


def flow(key: str) -> str:
    """The late ones must all succeed; of the early ones some are lost."""
    late = "start = proj.sleep_lost(0.1, 1)\n"
    for layer in range(LAYERS):
        source = "start" if layer == 0 else f"layer{layer - 1}"
        steps = ", ".join(f'{source} -> proj.sleep_lost({0.3 + 0.2 * (n % 5):.1f}, _, "{key}.late")' for n in range(WIDTH))
        late += f"layer{layer} = [{steps}] => proj.sleep_lost(0.2, {layer})\n"
    early = "".join(
        f'early{n} = proj.sleep({2 + n % 8}, {"start" if n < 8 else f"layer{n * LAYERS // EARLY - 1}"}, "{key}.early{n}")'
        f' !> proj.on_error("{key}.handler{n}")\n'
        f'early{n} -> proj.sleep_lost(0.1, _, "{key}.after{n}")\n'
        for n in range(EARLY)
    )
    return late + early


class Chaos(threading.Thread):
    """Breaks things until its time is over; then all runs again."""

    def __init__(self, there: Site, workers: list[StockWorker], seed: int, seconds: float) -> None:
        super().__init__(name="chaos", daemon=True)
        self.done: list[str] = []
        self.error: BaseException | None = None
        self._there = there
        self._workers = workers
        self._random = random.Random(seed)
        self._until = time.monotonic() + seconds

    def run(self) -> None:
        try:
            while time.monotonic() < self._until:
                time.sleep(self._random.uniform(1, 4))
                with suppress(ProcessLookupError, FileNotFoundError):  # a worker has ended by itself just now
                    self._break()
                self._mend()
        except BaseException as error:  # told to the test's own thread
            self.error = error

    def _break(self) -> None:
        worker = self._random.choice(self._workers)
        action = self._random.choice(["kill", "kill", "child", "stop", "quit", "pause", "restart", "crash"])
        self.done.append(action)
        match action:
            case "kill" | "stop":
                getattr(worker, action)()
            case "quit":
                worker.quit()
            case "child":
                with suppress(IndexError):
                    os.kill(self._random.choice(worker.children()), signal.SIGKILL)
            case "pause":
                worker.pause()
                time.sleep(self._random.uniform(0.5, 4))
                worker.resume()
            case _:
                getattr(self._there.server, "stop" if action == "restart" else "kill")()
                time.sleep(self._random.uniform(0, 2))
                self._there.server.start()

    def _mend(self) -> None:
        for worker in self._workers:
            if not worker.running:
                with suppress(ServerFailed):  # next time
                    worker.start()


def check(result: RunResult, worker: StockWorker, key: str) -> None:
    """Every step ended as its notes say."""
    states = ends(result)
    late = {id_: state for id_, state in states.items() if not id_.startswith("early") and not _follows_early(result, id_)}
    assert set(late.values()) == {"SUCCESS"}, told(result)
    assert worker.calls(f"{key}.late").count("ended") >= LAYERS * WIDTH
    handlers = {handler.step: handler.ok for handler in result.handlers}
    for n in range(EARLY):
        state, began = states[f"early{n}"], worker.calls(f"{key}.early{n}").count("began")
        assert state in ("SUCCESS", "FAILURE", "LOST")
        if state == "SUCCESS":
            assert began >= 1
            assert "ended" in worker.calls(f"{key}.after{n}")
        else:
            assert worker.calls(f"{key}.after{n}") == []
        called = len(worker.calls(f"{key}.handler{n}"))
        assert called <= 1
        if handlers.get(f"early{n}"):
            assert called == 1
        assert (f"early{n}" in handlers) == (state != "SUCCESS")


def _follows_early(result: RunResult, id_: str) -> bool:
    return any(step.id == id_ and step.because is not None and step.because.startswith("early") for step in result.steps)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("kind", "seed"), [("redis", 1), ("redis", 2), ("rabbitmq", 1), ("rabbitmq", 2)])
def test_chaos(tmp_path: Path, kind: str, seed: int) -> None:
    key = new_key()
    with site(kind, tmp_path) as there, ExitStack() as stack:
        kinds: list[dict[str, Any]] = [{"pool": "prefork"}, {}]
        workers = [
            stack.enter_context(there.worker(**OUTLIVING[kind] | more, concurrency=2, options=["--prefetch-multiplier=2"]))
            for more in kinds
        ]
        before = found(there.server)
        with Driven(flow(key), there.url, patience=PATIENCE) as run:
            wait_for(lambda: run.ended)
            chaos = Chaos(there, workers, seed, BREAKING)
            chaos.start()
            chaos.join(400)
            assert chaos.error is None, chaos.error
            try:
                result = run.wait(150)
            except AssertionError:
                print("done:", chaos.done)
                raise
        print("done:", chaos.done, "in", f"{result.duration:.1f} s;", told(result))
        check(result, workers[0], key)
        assert set(run.sent.values()) == {1}, "brokers may deliver a message twice; the run sends none again"
        assert not left_of_run(before, found(there.server), run.run_id)
