"""Workers are killed, stopped for a while, started anew: each step of the run ends as it should, and none is sent twice."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from .driven import PATIENCE, Driven, ends, new_key, step, told, wait_for
from .remains import found, left_of_run
from .sites import site

KINDS = ["redis", "rabbitmq"]

#: One step that is acknowledged early and one late, each with something after it, beside others that have nothing to do with them.
FLOW = """
early = proj.sleep(600, 1, "KEY.early") !> proj.on_error("KEY.handler")
early -> proj.keep("KEY.never")
late = proj.sleep_late(3, 2, "KEY.late")
late -> proj.add(10) -> proj.keep("KEY.after")
[proj.sleep(0.1, n) for n in range(6)] -> proj.tsum
"""


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
def test_a_worker_that_is_killed_in_the_middle_of_steps(tmp_path: Path, kind: str) -> None:
    """What it had acknowledged is lost, and reported once; what it had not is run by the next worker."""
    key = new_key()
    with site(kind, tmp_path) as there, there.worker(pool="prefork", concurrency=2) as first:
        before = found(there.server)
        with Driven(FLOW.replace("KEY", key), there.url) as run:
            wait_for(lambda: first.calls(f"{key}.early") and first.calls(f"{key}.late"))
            time.sleep(1)  # what kombu has taken off a queue in Redis and not yet noted as unacknowledged would be lost with the worker
            first.kill()
            with there.worker() as second:
                result = run.wait()
                assert ends(result) == {
                    "early": "LOST", "keep#1": "SKIPPED", "late": "SUCCESS", "add#1": "SUCCESS", "keep#2": "SUCCESS",
                    **{f"sleep#{n}": "SUCCESS" for n in range(1, 7)}, "tsum#1": "SUCCESS",
                }, told(result)  # fmt: skip
                assert second.calls(f"{key}.early") == ["began"], "it is not sent again"
                assert second.calls(f"{key}.late") == ["began", "began", "ended"]
                assert second.calls(f"{key}.after") == [12]
                assert second.calls(f"{key}.never") == []
                (handled,) = second.calls(f"{key}.handler")
                assert handled[2] == "StepLostError"
                assert not left_of_run(before, found(there.server), run.run_id)


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
def test_all_workers_are_killed_and_come_back_late(tmp_path: Path, kind: str) -> None:
    """What waits in the queue waits for as long as it takes."""
    key = new_key()
    flow = f"""
        ([proj.sleep(600, n, "{key}.early") for n in range(2)] !> proj.on_error("{key}.handler")) -> proj.keep("{key}.never")
        [proj.sleep(0.1, n, "{key}.queued") for n in range(10)] -> proj.tsum
    """
    with site(kind, tmp_path) as there:
        workers = [there.worker(concurrency=1, options=["--prefetch-multiplier=1"]) for _ in range(2)]
        with workers[0], workers[1]:
            run = Driven(flow, there.url, patience=replace(PATIENCE, down_after=3.0))
            wait_for(lambda: len(workers[0].calls(f"{key}.early")) == 2)
            time.sleep(1)
            for worker in workers:
                worker.kill()
            time.sleep(8)
            assert run.running
            for worker in workers:
                worker.start()
            with run:
                result = run.wait()
            states = ends(result)
            assert [states["sleep#1"], states["sleep#2"], states["keep#1"]] == ["LOST", "LOST", "SKIPPED"]
            assert len(workers[0].calls(f"{key}.early")) == 2
            assert len(workers[0].calls(f"{key}.handler")) == 1
            queued = [step(result, f"sleep#{n}") for n in range(3, 13)]
            assert {str(one.state) for one in queued} == {"SUCCESS"}, told(result)
            assert workers[0].calls(f"{key}.queued").count("began") == 10


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
def test_a_worker_that_stands_still_for_a_while(tmp_path: Path, kind: str) -> None:
    """It answers nothing, but is connected: nothing is given up, and all goes on when it does."""
    key = new_key()
    flow = f'[proj.sleep(1, n, "{key}") for n in range(4)] -> proj.tsum -> proj.keep("{key}.after")'
    with site(kind, tmp_path) as there, there.worker(concurrency=2) as worker:
        with Driven(flow, there.url, patience=replace(PATIENCE, silent_after=60.0)) as run:
            wait_for(lambda: worker.calls(key))
            worker.pause()
            time.sleep(8)
            assert run.running
            worker.resume()
            assert run.wait().ok, told(run.wait())
        assert worker.calls(key).count("began") == 4
        assert worker.calls(f"{key}.after") == [6]
