"""Steps are ended from outside, expire, are run twice; and two runs share a fleet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from .driven import PATIENCE, Driven, ends, new_key, step, told, wait_for
from .remains import found, left_of_run
from .sites import given_back_after, site

#: One child runs ``first``; the others wait in the worker or in the queue.
FLOW = """
first = proj.sleep(SECONDS, 1, "KEY.first")
(proj.keep(1, "KEY.second") !> proj.on_error("KEY.handler")) -> proj.keep("KEY.never")
third = proj.keep(2, "KEY.third") {expires = 1s}
first -> proj.keep("KEY.after")
"""


@pytest.mark.parametrize("kind", ["redis", pytest.param("rabbitmq", marks=pytest.mark.soak)])
@pytest.mark.parametrize("source", ["events", pytest.param("results", marks=pytest.mark.soak)])
def test_steps_that_are_revoked_or_expire_while_they_wait(tmp_path: Path, kind: str, source: str) -> None:
    """From outside, while the only child of the worker is busy; the rest of the run goes on."""
    key = new_key()
    with site(kind, tmp_path) as there:
        backend = None if source == "events" else there.url if kind == "redis" else "rpc://"
        with there.worker(backend=backend, pool="prefork", concurrency=1, options=["--prefetch-multiplier=8"]) as worker:
            text = FLOW.replace("KEY", key).replace("SECONDS", "2")
            with Driven(text, there.url, backend) as run:
                wait_for(lambda: worker.calls(f"{key}.first"))
                run.app.control.revoke(run.task_id("keep#1"))
                result = run.wait()
            assert ends(result) == {
                "first": "SUCCESS", "keep#1": "REVOKED", "keep#2": "SKIPPED", "third": "REVOKED", "keep#3": "SUCCESS",
            }, told(result)  # fmt: skip
            assert "revoked" in str(step(result, "keep#1").error)
            assert "expired" in str(step(result, "third").error)
            assert [worker.calls(f"{key}.{name}") for name in ("second", "third", "never", "after")] == [[], [], [], [1]]
            assert worker.calls(f"{key}.handler") == [], "as in Celery"


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["redis", "rabbitmq"])
@pytest.mark.parametrize("source", ["events", "results"])
@pytest.mark.parametrize("signal", ["SIGTERM", "SIGKILL"])
def test_a_step_that_is_terminated_with_others_behind_it(tmp_path: Path, kind: str, source: str, signal: str) -> None:
    key = new_key()
    flow = f"""
        (proj.sleep(600, 1, "{key}.first") !> proj.on_error("{key}.handler")) -> proj.keep("{key}.never")
        [proj.sleep(0.2, n) for n in range(5)] -> proj.tsum -> proj.keep("{key}.after")
    """
    with site(kind, tmp_path) as there:
        backend = None if source == "events" else there.url if kind == "redis" else "rpc://"
        with there.worker(backend=backend, pool="prefork", concurrency=1) as worker, Driven(flow, there.url, backend) as run:
            wait_for(lambda: worker.calls(f"{key}.first"))
            run.app.control.terminate(run.task_id("sleep#1"), signal)
            result = run.wait()
            assert {id_: state for id_, state in ends(result).items() if state != "SUCCESS"} == {
                "sleep#1": "REVOKED", "keep#1": "SKIPPED",
            }, told(result)  # fmt: skip
            assert worker.calls(f"{key}.first") == ["began"]
            assert worker.calls(f"{key}.after") == [10]
            assert worker.calls(f"{key}.handler") == [], "as in Celery"


@pytest.mark.soak
@pytest.mark.parametrize("backend", [False, True])
def test_a_step_that_takes_longer_than_the_visibility_timeout(tmp_path: Path, backend: bool) -> None:
    """Redis gives its message to workers again and again: what follows it is sent once all the same."""
    key = new_key()
    flow = f'proj.sleep_late(5, 3, "{key}") -> proj.keep("{key}.after") -> proj.sleep(8, _) -> proj.keep("{key}.last")'
    with site("redis", tmp_path) as there:
        store = there.url if backend else None
        with there.worker(settings=given_back_after(1), backend=store, concurrency=8) as worker, Driven(flow, there.url, store) as run:
            result = run.wait()
            assert result.ok, told(result)
            assert worker.calls(key).count("began") > 1, "it was to run more than once"
            assert worker.calls(f"{key}.after") == [3]
            assert worker.calls(f"{key}.last") == [3]


@pytest.mark.soak
def test_a_task_that_workers_do_not_have(tmp_path: Path) -> None:
    """Without a look at the fleet first, workers say so, or drop it; of two workers, one has it."""
    key = new_key()
    flow = f"""
        (proj.no_such(1) !> proj.on_error("{key}.handler")) -> proj.keep("{key}.never")
        proj.add(1, 2) -> proj.keep("{key}.after")
    """
    with site("redis", tmp_path) as there, there.worker() as worker, Driven(flow, there.url, preflight=False) as run:
        result = run.wait()
        assert ends(result) == {"no_such#1": "FAILURE", "keep#1": "SKIPPED", "add#1": "SUCCESS", "keep#2": "SUCCESS"}, told(result)
        assert worker.calls(f"{key}.never") == []
        assert len(worker.calls(f"{key}.handler")) == 1


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["redis", "rabbitmq"])
def test_two_runs_on_one_fleet(tmp_path: Path, kind: str) -> None:
    """The worker dies under both; each learns of its own steps, and neither disturbs the other's."""
    keys = [new_key(), new_key()]
    flows = [
        f"""
        (proj.sleep(600, 1, "{key}.early") !> proj.on_error("{key}.handler")) -> proj.keep("{key}.never")
        total = [proj.echo(n) for n in range(60)] -> proj.tsum
        [total -> proj.sleep_late(6, _, "{key}.late") for n in range(2)] -> proj.tsum -> proj.keep("{key}.after")
        """
        for key in keys
    ]
    with site(kind, tmp_path) as there, there.worker(concurrency=8) as worker:
        wait_for(lambda: worker.running)
        before = found(there.server)
        with Driven(flows[0], there.url, patience=replace(PATIENCE, lost_after=3.0)) as one, Driven(flows[1], there.url) as two:
            # what kombu has taken off a queue in Redis and not yet noted as unacknowledged is lost with the worker: let none be on its way
            wait_for(lambda: all(len(worker.calls(f"{key}.late")) == 2 for key in keys))
            worker.kill()
            worker.start()
            results = [one.wait(), two.wait()]
        after = found(there.server)
        for key, run, result in zip(keys, (one, two), results, strict=True):
            assert [id_ for id_, state in ends(result).items() if state not in ("SUCCESS", "SKIPPED")] == ["sleep#1"], told(result)
            assert ends(result)["sleep#1"] == "LOST"
            assert worker.calls(f"{key}.early") == ["began"]
            assert worker.calls(f"{key}.after") == [2 * 1770]
            assert len(worker.calls(f"{key}.handler")) == 1
            assert not left_of_run(before, after, run.run_id)
