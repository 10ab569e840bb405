"""Row "routing": queues, routes, exchanges and priorities."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from kombu.entity import Exchange, Queue

import flowc
from flowc.runtime.sending import PriorityWarning

from .proj import DEADLINE, Proj, depth, project, unique, waiting


@contextmanager
def another(idle: Proj, **settings: Any) -> Iterator[Proj]:
    """An application over the same broker, with other settings and a task that tells by which queue it came."""
    with project(idle.broker, idle.store, idle.urls, **settings) as made:

        @made.task(bind=True)
        def came_by(self: Any) -> str:
            info = self.request.delivery_info
            return str(info.get("routing_key"))

        yield made


def test_a_queue_by_name(idle: Proj) -> None:
    high, other = unique("priority.high"), unique()
    with another(idle) as proj:
        proj.add.apply_async((1, 1), queue=other)
        result = proj.came_by.apply_async(queue=high)
        with proj.app.embedded_worker([high]):
            assert result.get(timeout=DEADLINE) == high
        assert depth(proj.app, other) == 1  # nobody reads that one


def test_a_worker_of_several_queues(idle: Proj) -> None:
    one, two = unique("a"), unique("b")
    with another(idle) as proj, proj.app.embedded_worker([one, two]):
        results = [proj.came_by.apply_async(queue=queue) for queue in (one, two, one)]
        assert [result.get(timeout=DEADLINE) for result in results] == [one, two, one]


def test_the_queue_of_a_task(idle: Proj) -> None:
    own, other = unique("own"), unique("other")
    with another(idle) as proj:
        task = proj.app.task(name="proj.own", queue=own)(lambda: None)
        task.delay()
        assert depth(proj.app, own) == 1
        task.apply_async(queue=other)
        assert (depth(proj.app, own), depth(proj.app, other)) == (1, 1)


def test_routes_by_name_glob_and_regex(idle: Proj) -> None:
    name, glob, regex, default = (unique(word) for word in ("name", "glob", "regex", "default"))
    routes = {
        "proj.feeds.one": {"queue": name},
        "proj.feeds.*": {"queue": glob},
        re.compile(r"proj\.(video|image)\..+"): {"queue": regex},
    }
    with another(idle, task_routes=routes, task_default_queue=default) as proj:
        for task, queue in (
            ("proj.feeds.one", name),
            ("proj.feeds.two", glob),
            ("proj.video.cut", regex),
            ("proj.image.cut", regex),
            ("proj.audio.cut", default),
        ):
            proj.app.send_task(task)
            assert waiting(proj.app, queue).headers["task"] == task
        proj.app.send_task("proj.feeds.one", queue=default)  # the call's own queue comes first
        assert waiting(proj.app, default).headers["task"] == "proj.feeds.one"


def test_routes_by_functions(idle: Proj) -> None:
    large, default = unique("large"), unique("default")

    def by_size(name: str, args: Any, kwargs: Any, options: Any, task: Any = None, **more: Any) -> Any:
        return {"queue": large} if args and args[0] > 100 else None

    with another(idle, task_routes=(by_size, {"proj.*": default}), task_default_queue=unique()) as proj:
        proj.add.delay(1000, 1)
        proj.add.delay(1, 1)
        assert waiting(proj.app, large).payload[0] == [1000, 1]
        assert waiting(proj.app, default).payload[0] == [1, 1]


def test_a_route_has_other_options_too(idle: Proj) -> None:
    queue = unique()
    with another(idle, task_routes={"proj.add": {"queue": queue, "serializer": "yaml"}}) as proj:
        proj.add.delay(1, 1)
        assert waiting(proj.app, queue).content_type == "application/x-yaml"
        proj.add.apply_async((1, 1), serializer="json")
        assert waiting(proj.app, queue).content_type == "application/json"


def test_a_worker_reads_the_queues_of_the_routes(idle: Proj) -> None:
    queue = unique()
    with another(idle, task_routes={"proj.came_by": queue}) as proj, proj.app.embedded_worker():
        assert proj.came_by.delay().get(timeout=DEADLINE) == queue


# --------------------------------------------------------------------------------------------------------------- exchanges
def test_a_direct_exchange(idle: Proj) -> None:
    media, video, image = unique("media"), unique("video"), unique("image")
    exchange = Exchange(media, type="direct")
    queues = [Queue(video, exchange, routing_key="video"), Queue(image, exchange, routing_key="image")]
    with another(idle, task_queues=queues, task_default_queue=video) as proj, proj.app.embedded_worker():
        assert proj.came_by.apply_async(exchange=media, routing_key="image").get(timeout=DEADLINE) in ("image", image)
        assert proj.came_by.apply_async(exchange=exchange, routing_key="video").get(timeout=DEADLINE) in ("video", video)
        assert proj.came_by.apply_async(queue=image).get(timeout=DEADLINE) in ("image", image)


def test_a_topic_exchange(idle: Proj) -> None:
    topics, usa, news = unique("topics"), unique("usa"), unique("news")
    exchange = Exchange(topics, type="topic")
    queues = [Queue(usa, exchange, routing_key="usa.#"), Queue(news, exchange, routing_key="*.news")]
    with another(idle, task_queues=queues, task_default_queue=usa) as proj:
        with proj.app.embedded_worker():
            pass  # it declares them
        proj.add.apply_async((1, 1), exchange=topics, routing_key="usa.weather")
        proj.add.apply_async((2, 2), exchange=topics, routing_key="norway.news")
        proj.add.apply_async((3, 3), exchange=topics, routing_key="usa.news")
        assert [waiting(proj.app, usa).payload[0] for _ in range(2)] == [[1, 1], [3, 3]]
        assert [waiting(proj.app, news).payload[0] for _ in range(2)] == [[2, 2], [3, 3]]


def test_a_fanout_exchange(idle: Proj) -> None:
    everyone, one, two = unique("everyone"), unique("one"), unique("two")
    exchange = Exchange(everyone, type="fanout")
    queues = [Queue(one, exchange), Queue(two, exchange)]
    with another(idle, task_queues=queues, task_default_queue=one) as proj:
        first, second = proj.app.embedded_worker([one]), proj.app.embedded_worker([two])
        with first, second:
            proj.note.apply_async(("all",), exchange=everyone, routing_key="")
            assert proj.noted(2) == [("note", "all")] * 2


# -------------------------------------------------------------------------------------------------------------- priorities
#: In which order these are served. RabbitMQ and SQLite: the highest first. Redis: 0 first, in the steps 0, 3, 6 and 9. Memory: in turn.
GIVEN = [5, 0, 255, 9, 3]
SERVED = {"rabbitmq": [255, 9, 5, 3, 0], "sqlite": [255, 9, 5, 3, 0], "redis": [0, 5, 3, 255, 9], "memory": GIVEN}


@pytest.mark.filterwarnings("ignore::flowc.runtime.sending.PriorityWarning")
def test_priorities(idle: Proj) -> None:
    limit = {"task_queue_max_priority": 255} if idle.broker == "rabbitmq" else {}
    with another(idle, **limit) as proj:
        results = [proj.note.apply_async((priority,), priority=priority) for priority in GIVEN]
        with proj.app.embedded_worker(concurrency=1, prefetch_multiplier=1):
            for result in results:
                result.get(timeout=DEADLINE)
        assert [value for _, value in proj.seen] == SERVED[idle.broker]


def test_where_there_are_none_a_warning_says_so(idle: Proj) -> None:
    with another(idle) as proj:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            proj.add.apply_async((1, 1), priority=5)
            proj.add.apply_async((1, 1))
        none = {"memory": r"\(memory\) has no priorities", "rabbitmq": "task_queue_max_priority"}.get(idle.broker)
        assert len(caught) == (1 if none else 0)
        assert all(issubclass(one.category, PriorityWarning) and re.search(str(none), str(one.message)) for one in caught)


def test_numbers_go_from_0_to_255(idle: Proj) -> None:
    for wrong in (-1, 256):
        with pytest.raises(ValueError, match="0 to 255"):
            idle.add.apply_async((1, 1), priority=wrong)


# ------------------------------------------------------------------------------------------------------------------- flows
def test_options_of_routing_in_flows(here: Proj) -> None:
    text = "add(1, 1) {queue = 'high', exchange = 'media', routing_key = 'video', priority = 255}"
    flow = flowc.loads(text, app=here.app)
    assert dict(flow.plan.calls[0].options) == {"queue": "high", "exchange": "media", "routing_key": "video", "priority": 255}
    assert flow.run(here.app).value == 2


def test_priorities_in_flows(here: Proj) -> None:
    text = "[note(n) {priority = n} for n in [5, 0, 9, 3]]"
    flowc.loads(text, app=here.app).run(here.app, concurrency=1, pool="solo")
    assert [value for _, value in here.seen] == [9, 5, 3, 0]
