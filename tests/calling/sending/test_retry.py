"""Sending again: how often, how long in between, and what is said at the end."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from kombu.exceptions import OperationalError

from flowc.runtime.broker.interface import NO_RETRY, RetryPolicy
from flowc.runtime.broker.retry import pause, persist, policy
from flowc.runtime.sending import Sending

from .reading import application, name, send


def test_the_defaults_are_those_of_the_guide() -> None:
    assert policy(True, None) == RetryPolicy(3, 0, 0.2, 0.2)
    assert policy(False, {"max_retries": 9}) == NO_RETRY
    default = {"max_retries": 5, "interval_start": 1, "interval_step": 2, "interval_max": 4}
    assert policy(True, {"max_retries": None}, default) == RetryPolicy(None, 1, 2, 4)
    assert policy(True, {"retry_errors": [KeyError]}).retry_errors == (KeyError,)
    assert policy(True, {"retry_errors": None}).retry_errors == ()


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"max_retrys": 3}, TypeError, "did you mean 'max_retries'"),
        ({"errback": 3}, TypeError, "interval_start"),
        ({"max_retries": -1}, ValueError, "max_retries"),
        ({"interval_start": "1"}, ValueError, "interval_start"),
        ({"interval_max": None}, ValueError, "interval_max"),
        ({"interval_step": float("nan")}, ValueError, "interval_step"),
        ({"max_retries": True}, ValueError, "max_retries"),
        ({"retry_errors": ["KeyError"]}, ValueError, "retry_errors"),
    ],
)
def test_what_is_no_policy_is_refused(given: dict[str, Any], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        policy(True, given)


def test_pauses_grow_up_to_their_limit() -> None:
    wanted = RetryPolicy(None, 0.5, 0.2, 1.0)
    assert [round(pause(wanted, n), 3) for n in range(5)] == [0.5, 0.7, 0.9, 1.0, 1.0]
    assert [pause(RetryPolicy(), n) for n in range(3)] == [0, 0.2, 0.2]


class Broken(Exception):
    pass


def tried(wanted: RetryPolicy, failures: int, progress: Any = lambda: None) -> tuple[int, list[float], BaseException | None]:
    tries, pauses = [0], list[float]()

    def attempt() -> None:
        tries[0] += 1
        if tries[0] <= failures:
            raise Broken

    try:
        persist(wanted, attempt, lambda exc: isinstance(exc, Broken), lambda exc: OperationalError("over"), progress, pauses.append)
    except OperationalError as exc:
        return tries[0], pauses, exc.__cause__
    return tries[0], pauses, None


def test_three_retries_are_four_tries() -> None:
    assert tried(RetryPolicy(), 3) == (4, [0.2, 0.2], None)
    tries, _, cause = tried(RetryPolicy(), 4)
    assert tries == 4
    assert isinstance(cause, Broken)
    assert tried(NO_RETRY, 1)[0] == 1
    assert tried(RetryPolicy(max_retries=None), 50)[0] == 51


def test_progress_begins_the_count_anew() -> None:
    done = iter(range(10))
    assert tried(RetryPolicy(max_retries=1), 6, lambda: next(done))[0] == 7


def test_what_cannot_pass_is_raised_as_it_is_unless_the_policy_names_it() -> None:
    tries: list[int] = []

    def attempt() -> None:
        tries.append(1)
        raise KeyError("x")

    with pytest.raises(KeyError):
        persist(RetryPolicy(), attempt, lambda exc: False, lambda exc: OperationalError())
    assert len(tries) == 1
    named = policy(True, {"retry_errors": (LookupError,)})
    with pytest.raises(OperationalError):
        persist(named, attempt, lambda exc: False, lambda exc: OperationalError(), sleep=lambda seconds: None)
    assert len(tries) == 5


# ------------------------------------------------------------------------------------------------------------ against sockets
def url_of(scheme: str, port: int) -> str:
    return {"redis": f"redis://:secret-word@127.0.0.1:{port}/0", "amqp": f"amqp://somebody:secret-word@127.0.0.1:{port}//"}[scheme]


@pytest.fixture
def refusing() -> int:
    """A port on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextlib.contextmanager
def counting() -> Iterator[tuple[int, list[int]]]:
    """A server that hangs up on everybody; the list grows by one for each who called."""
    calls: list[int] = []
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(64)

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = server.accept()
                    calls.append(1)
                    client.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1], calls
        server.shutdown(socket.SHUT_RDWR)
    thread.join(10)


@pytest.fixture
def silent() -> Iterator[int]:
    """A server that takes connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(64)
        yield server.getsockname()[1]


FAST = {"interval_start": 0, "interval_step": 0, "interval_max": 0}


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
@pytest.mark.parametrize(
    ("options", "tries"),
    [
        ({"retry": False}, 1),
        ({"retry_policy": {"max_retries": 0}}, 1),
        ({"retry_policy": {**FAST, "max_retries": 2}}, 3),
        ({"retry_policy": FAST}, 4),
    ],
)
@pytest.mark.parametrize("how", ["pool", "many", "connection", "producer"])
def test_it_is_tried_as_often_as_the_policy_says(scheme: str, options: dict[str, Any], tries: int, how: str) -> None:
    with counting() as (port, calls), application(url_of(scheme, port), task_default_queue=name()) as app:
        if how == "connection":
            options = {**options, "connection": app.connection()}
        elif how == "producer":
            options = {**options, "producer": app.producer_pool.acquire(block=True)}
        count = 3 if how == "many" else 1
        with pytest.raises(OperationalError):
            app.sender.send_many([Sending("proj.add", (1,), {}, options)] * count)
        assert len(calls) == tries


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_the_error_says_where_and_not_the_password(scheme: str, refusing: int) -> None:
    with application(url_of(scheme, refusing)) as app, pytest.raises(OperationalError) as caught:
        send(app, retry=False)
    assert f"{scheme}://127.0.0.1:{refusing}" in str(caught.value)
    assert "refused" in str(caught.value)
    for exc in (caught.value, caught.value.__cause__):
        assert "secret-word" not in repr(exc)


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
@pytest.mark.parametrize("how", ["pool", "connection", "producer", "control"])
def test_a_host_that_never_answers_is_given_up(scheme: str, silent: int, how: str) -> None:
    """Without a limit of time this would wait for ever, and the test's own limit end it."""
    policy_ = {**FAST, "max_retries": 1}
    with application(url_of(scheme, silent), broker_connection_timeout=0.2, task_publish_retry_policy=policy_) as app:
        options: dict[str, Any] = {}
        if how == "connection":
            options["connection"] = app.pool.acquire(block=True)
        elif how == "producer":
            options["producer"] = app.producer_pool.acquire(block=True)
        act = (lambda: app.control.revoke("T")) if how == "control" else (lambda: send(app, **options))
        with pytest.raises(OperationalError):
            act()


def test_retries_without_an_end_go_on_until_somebody_answers(redis_url: str) -> None:
    """The port answers only after a while: what listens there hands everything on to the real server."""
    from urllib.parse import urlsplit

    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))  # bound but not listening: refused
        port = door.getsockname()[1]
        target = urlsplit(redis_url)
        done = threading.Event()
        failed: list[BaseException] = []
        queue = name()

        def sending() -> None:
            try:
                with application(f"redis://127.0.0.1:{port}/0", task_default_queue=queue) as app:
                    send(app, 7, retry_policy={"max_retries": None, "interval_start": 0.01, "interval_step": 0, "interval_max": 0.01})
            except BaseException as exc:
                failed.append(exc)
            finally:
                done.set()

        thread = threading.Thread(target=sending, daemon=True)
        thread.start()
        assert not done.wait(0.5)  # dozens of tries
        door.listen(8)
        door.settimeout(0.1)
        pipes: list[socket.socket] = []
        until = time.monotonic() + 30
        while not done.is_set() and time.monotonic() < until:
            with contextlib.suppress(TimeoutError):
                client, _ = door.accept()
                server = socket.create_connection((target.hostname or "", target.port or 0))
                pipes += [client, server]
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=pump, args=(source, sink), daemon=True).start()
        thread.join(10)
        for pipe in pipes:
            pipe.close()
    assert failed == []
    from .reading import take

    assert [message.payload[0] for message in take(redis_url, queue, 1)] == [[7]]


def pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)


def test_a_wrong_password_is_not_tried_again(rabbitmq_url: str) -> None:
    wrong = rabbitmq_url.replace("guest:guest@", "guest:wrong-password@")
    started = time.monotonic()
    with application(wrong, task_default_queue=name()) as app, pytest.raises(OperationalError, match="ACCESS_REFUSED") as caught:
        send(app, retry_policy={"max_retries": None, "interval_start": 5, "interval_max": 5})
    assert "wrong-password" not in str(caught.value)
    assert time.monotonic() - started < 250  # and not for ever
