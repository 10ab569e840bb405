"""What leaves over each transport, read by a plain kombu consumer."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from kombu.connection import Connection
from kombu.entity import Exchange, Queue

from flowc.runtime.app import App
from flowc.runtime.sending import Sending

from .reading import application, depth, name, send, take


@pytest.fixture
def queue() -> str:
    return name()


@pytest.fixture
def app(broker_url: str, queue: str) -> Iterator[App]:
    with application(broker_url, task_default_queue=queue, task_queue_max_priority=10) as made:
        yield made


def reader(app: App, queue: Any) -> Any:
    """The queue as a consumer declares it."""
    return app.broker.topology.queue(queue)


def test_one_call_arrives(app: App, broker_url: str, queue: str) -> None:
    id_ = send(app, 2, y="é\x00")
    (message,) = take(broker_url, reader(app, queue), 1)
    assert message.headers["id"] == message.properties["correlation_id"] == id_
    assert message.payload[0] == [2]
    assert (message.delivery_info["exchange"], message.delivery_info["routing_key"]) == ("", queue)
    assert message.properties["delivery_mode"] == 2


@pytest.mark.parametrize("count", [1, 99, 333, pytest.param(2, marks=pytest.mark.soak), pytest.param(1234, marks=pytest.mark.soak)])
def test_many_calls_arrive_once_and_in_order(app: App, broker_url: str, queue: str, count: int) -> None:
    ids = app.sender.send_many([Sending("proj.add", (n, "x" * (n % 7)), {}, {"group_id": "G", "group_index": n}) for n in range(count)])
    found = take(broker_url, reader(app, queue), count)
    assert [message.headers["id"] for message in found] == ids
    assert [message.payload[0][0] for message in found] == list(range(count))
    assert take(broker_url, reader(app, queue), 1, seconds=0.05) == []


@pytest.mark.parametrize("serializer", ["json", "yaml", "msgpack", "pickle"])
@pytest.mark.parametrize("compression", [None, "gzip"])
def test_every_serializer_survives_the_transport(app: App, broker_url: str, queue: str, serializer: str, compression: str | None) -> None:
    options: dict[str, Any] = {"serializer": serializer, "compression": compression}
    send(app, "é", [1, None], **options)
    app.sender.send_many([Sending("proj.add", ("é", [1, None]), {}, options)] * 2)
    for message in take(broker_url, reader(app, queue), 3):
        assert list(message.decode()[0]) == ["é", [1, None]]


def test_large_messages_arrive(app: App, broker_url: str, queue: str) -> None:
    big = "x" * 1_000_000
    send(app, big)
    app.sender.send_many([Sending("proj.add", (big, n), {}, {}) for n in range(5)])
    found = take(broker_url, reader(app, queue), 6)
    assert [len(message.payload[0][0]) for message in found] == [1_000_000] * 6


def test_an_own_header_arrives(app: App, broker_url: str, queue: str) -> None:
    send(app, headers={"tenant": "x", "nested": {"a": [1, None, True]}})
    (message,) = take(broker_url, reader(app, queue), 1)
    assert (message.headers["tenant"], message.headers["nested"]) == ("x", {"a": [1, None, True]})


@pytest.mark.filterwarnings("ignore::flowc.runtime.sending.PriorityWarning")
def test_priority_is_served_as_the_transport_says(app: App, broker_url: str, queue: str) -> None:
    priorities = [5, 0, 9, 3, 0]
    for n, priority in enumerate(priorities):
        send(app, n, priority=priority)
    app.sender.send_many([Sending("proj.add", (n + 5,), {}, {"priority": priority}) for n, priority in enumerate(priorities)])
    found = [message.payload[0][0] for message in take(broker_url, reader(app, queue), 10)]
    both = priorities + priorities
    expected = {
        "lowest": sorted(range(10), key=lambda n: min(both[n] // 3, 3)),
        "highest": sorted(range(10), key=lambda n: -both[n]),
        None: list(range(10)),
    }
    assert found == expected[app.broker.traits.priority]


def test_topics_and_fanouts_reach_their_queues(broker_url: str) -> None:
    topic, fanout, direct = name("topic"), name("fanout"), name("direct")
    first, second, copies, keyed = name(), name(), name(), name()
    queues = [
        Queue(first, Exchange(topic, type="topic"), routing_key="feed.#"),
        Queue(second, Exchange(topic, type="topic"), routing_key="*.image"),
        Queue(copies, Exchange(fanout, type="fanout")),
        Queue(keyed, Exchange(direct, type="direct"), routing_key="key"),
    ]
    with application(broker_url, task_queues=queues) as app, Connection(broker_url) as connection, connection.channel() as channel:
        queues = [app.broker.topology.queue(queue.name) for queue in queues]
        for queue in queues:
            queue.bind(channel).declare()
        copied: list[Any] = []
        consumer = connection.Consumer(queues[2].bind(channel), channel=channel, on_message=copied.append, no_ack=True)
        with consumer:
            with contextlib.suppress(TimeoutError):
                connection.drain_events(timeout=0.3)  # Redis: subscribed from now on
            send(app, 1, exchange=topic, routing_key="feed.image")
            send(app, 2, exchange=topic, routing_key="feed.import")
            send(app, 3, exchange=direct, routing_key="key")
            app.sender.send_many([Sending("proj.add", (n,), {}, {"exchange": topic, "routing_key": "feed.x"}) for n in (4, 5)])
            send(app, 6, exchange=fanout)
            while not copied:
                connection.drain_events(timeout=20)
    assert [m.payload[0][0] for m in take(broker_url, queues[0], 4)] == [1, 2, 4, 5]
    assert [m.payload[0][0] for m in take(broker_url, queues[1], 1)] == [1]
    assert [m.payload[0][0] for m in take(broker_url, queues[3], 1)] == [3]
    assert [m.payload[0][0] for m in copied] == [6]


def test_a_queue_is_declared_before_anything_is_sent_to_it(broker_url: str) -> None:
    """Whoever sends before the first worker starts loses nothing."""
    exchange, queue = name("ex"), name()
    spec = Queue(queue, Exchange(exchange, type="topic"), routing_key="a.*")
    with application(broker_url, task_queues=[spec]) as app:
        send(app, 1, exchange=exchange, routing_key="a.b")
        send(app, 2, queue=queue, routing_key="a.c")
    assert [m.payload[0][0] for m in take(broker_url, spec, 2)] == [1, 2]


def test_no_message_waits_where_none_was_sent(app: App, broker_url: str, queue: str) -> None:
    send(app, 1)
    take(broker_url, reader(app, queue), 1)
    assert take(broker_url, reader(app, queue), 1, seconds=0.05) == []


def test_a_queue_without_priorities_gets_a_warning(rabbitmq_url: str) -> None:
    with application(rabbitmq_url, task_default_queue=name()) as app, pytest.warns(UserWarning, match="no priorities"):
        send(app, priority=3)


def test_rabbitmq_says_when_nobody_would_get_a_mandatory_message(rabbitmq_url: str) -> None:
    with application(rabbitmq_url, task_default_queue=name()) as app:
        with pytest.raises(Exception, match="NO_ROUTE"):
            send(app, exchange="amq.direct", routing_key=name(), mandatory=True)
        send(app, mandatory=True)


def test_rabbitmq_declares_a_queue_again_that_somebody_deleted(rabbitmq_url: str) -> None:
    queue = name()
    with application(rabbitmq_url, task_default_queue=queue) as app:
        send(app, 1)
        with Connection(rabbitmq_url) as connection, connection.channel() as channel:
            channel.queue_delete(queue)
        send(app, 2)
        app.sender.send_many([Sending("proj.add", (n,), {}, {}) for n in (3, 4)])
        assert depth(rabbitmq_url, queue) == 3


def test_an_unknown_exchange_of_rabbitmq_is_an_error_at_once(rabbitmq_url: str) -> None:
    with application(rabbitmq_url, task_default_queue=name()) as app:
        with pytest.raises(Exception, match="NOT_FOUND"):
            send(app, exchange=name("nothing"), routing_key="x")
        send(app)  # the next has a connection again


def test_redis_keys_have_the_global_prefix(redis_url: str) -> None:
    queue, prefix = name(), name("prefix") + ":"
    options = {"global_keyprefix": prefix}
    with application(redis_url, task_default_queue=queue, broker_transport_options=options) as app:
        send(app, 1)
        app.sender.send_many([Sending("proj.add", (n,), {}, {"priority": 9}) for n in (2, 3)])
    with Connection(redis_url) as connection:
        client = connection.default_channel.client
        assert client.llen(prefix + queue) == 1
        assert client.llen(f"{prefix}{queue}\x06\x169") == 2
    with Connection(redis_url, transport_options=options) as connection, connection.channel() as channel:
        bound = Queue(queue, no_declare=True).bind(channel)
        assert [bound.get(no_ack=True).payload[0][0] for _ in range(3)] == [1, 2, 3]


def test_redis_queues_that_expire_are_left_to_kombu(redis_url: str) -> None:
    spec = Queue(name(), expires=30)
    with application(redis_url, task_queues=[spec], task_default_queue=spec.name) as app:
        send(app, 1)
        app.sender.send_many([Sending("proj.add", (n,), {}, {}) for n in (2, 3)])
    with Connection(redis_url) as connection:
        assert 0 < connection.default_channel.client.pttl(spec.name) <= 30_000
    assert [m.payload[0][0] for m in take(redis_url, spec.name, 3)] == [1, 2, 3]
