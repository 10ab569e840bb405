"""Where calls go. The examples of Celery's "Routing Tasks" are among them."""

from __future__ import annotations

import re
import sys
import types
from typing import Any

import pytest
from kombu.common import Broadcast
from kombu.entity import Exchange, Queue

from flowc.runtime.broker.interface import Destination
from flowc.runtime.configuration import Configuration
from flowc.runtime.errors import ImproperlyConfigured, QueueNotFound
from flowc.runtime.queues import Queues
from flowc.runtime.routing import Router


def router(**settings: Any) -> Router:
    conf = Configuration.load(settings)
    return Router(conf, Queues(conf))


def way(
    task: str = "proj.add", /, *, routes: Any = None, settings: dict[str, Any] | None = None, **options: Any
) -> tuple[str, str, str | None]:
    given = {**(settings or {}), **({"task_routes": routes} if routes is not None else {})}
    return tuple(router(**given).route(options, task, (1,), {"k": 2}).destination)  # type: ignore[return-value]


def to(queue: str) -> tuple[str, str, str]:
    return ("", queue, queue)


def test_calls_go_to_the_default_queue() -> None:
    assert way() == to("celery")
    assert way(settings={"task_default_queue": "mine"}) == to("mine")


def test_a_call_goes_to_its_queue() -> None:
    assert way(queue="feeds") == to("feeds")


@pytest.mark.parametrize(
    "routes",
    [
        {"proj.add": "feeds"},
        {"proj.add": {"queue": "feeds"}},
        {"proj.*": {"queue": "feeds"}},
        {"*.add": {"queue": "feeds"}},
        {re.compile(r"(proj|else)\.\w+"): {"queue": "feeds"}},
        [("proj.*", {"queue": "feeds"})],
        [[("nothing", "x"), ("proj.*", {"queue": "feeds"})]],
        [{"nothing.*": "x"}, {"proj.add": "feeds"}],
        {"proj.*": {"queue": "patterns come after names"}, "proj.add": "feeds"},
        {"*": Queue("feeds")},
        lambda name, args, kwargs, options, task=None, **kw: {"queue": "feeds"} if name == "proj.add" else None,
        [lambda *args, **kw: None, lambda *args, **kw: "feeds"],
    ],
    ids=lambda routes: re.sub(r" at 0x\w+", "", str(routes)),  # parallel processes must agree on the names
)
def test_routes_send_a_task_to_a_queue(routes: Any) -> None:
    assert way(routes=routes)[1:] == ("feeds", "feeds")
    if not callable(routes) and not isinstance(routes, list) and "*" not in routes:
        assert way("other.task", routes=routes) == to("celery")


def test_a_pattern_matches_from_the_start_of_a_name() -> None:
    assert way("xproj.add", routes={re.compile(r"proj\."): "feeds"}) == to("celery")


def test_router_functions_see_the_whole_call() -> None:
    seen: list[Any] = []

    def route(name: str, args: Any, kwargs: Any, options: Any, task: Any = None, **kw: Any) -> Any:
        seen.append((name, args, kwargs, dict(options), task))
        return {"queue": f"tenant-{kwargs['k']}", "priority": 3}

    found = router(task_routes=route).route({"serializer": "yaml"}, "proj.add", (1,), {"k": 2}, "the task")
    assert seen == [("proj.add", (1,), {"k": 2}, {"serializer": "yaml"}, "the task")]
    assert found.destination == Destination(*to("tenant-2"))
    assert found.options == {"queue": "tenant-2", "priority": 3, "serializer": "yaml"}


def test_routers_are_imported_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("my_routers")

    class Old:
        def route_for_task(self, task: str, args: Any = None, kwargs: Any = None) -> Any:
            return "old" if task == "old" else None

    module.Old = Old  # type: ignore[attr-defined]
    module.new = lambda name, *args, **kw: "new" if name == "new" else None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "my_routers", module)
    found = router(task_routes=["my_routers.Old", "my_routers:new"])
    assert [found.route({}, name).destination.routing_key for name in ("old", "new", "x")] == ["old", "new", "celery"]
    with pytest.raises(ImproperlyConfigured, match=r"my_routers\.None_"):
        router(task_routes="my_routers.None_").route({}, "x")


def test_what_is_no_route_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"proj\.add"):
        router(task_routes={"proj.add": 5})
    with pytest.raises(ImproperlyConfigured, match="5"):
        router(task_routes=lambda *args, **kw: 5).route({}, "x")


def test_the_calls_own_options_come_before_its_route() -> None:
    assert way(routes={"proj.add": {"queue": "feeds", "routing_key": "r"}}, queue="mine") == to("mine")
    found = router(task_routes={"proj.add": {"priority": 1, "expires": 5}}).route({"priority": 2}, "proj.add")
    assert found.options == {"priority": 2, "expires": 5}


MEDIA = [
    Queue("default", Exchange("default"), routing_key="default"),
    Queue("videos", Exchange("media"), routing_key="media.video"),
    Queue("images", Exchange("media"), routing_key="media.image"),
    Queue("feed", Exchange("feeds", type="topic"), routing_key="feed.#"),
    Queue("news", Exchange("all", type="fanout")),
    Broadcast("broadcast_tasks"),
]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"queue": "videos"}, to("videos")),
        ({"queue": "videos", "routing_key": "media.video"}, to("videos")),
        ({"exchange": "media", "routing_key": "media.image"}, ("media", "media.image", None)),
        ({"exchange": Exchange("media"), "routing_key": "media.image"}, ("media", "media.image", None)),
        ({"queue": "feed", "routing_key": "feed.import"}, ("feeds", "feed.import", "feed")),
        ({"queue": "feed"}, ("feeds", "feed.#", "feed")),
        ({"queue": "news"}, ("all", "celery", "news")),
        ({"exchange": "all"}, ("all", "celery", None)),
        ({"exchange": "", "routing_key": "reply"}, ("", "reply", None)),
        ({"exchange": "", "routing_key": "videos"}, to("videos")),
        ({"queue": Queue("own", Exchange("ex", type="topic"), routing_key="a.*"), "routing_key": "a.b"}, ("ex", "a.b", "own")),
        ({"queue": "broadcast_tasks"}, ("broadcast_tasks", "celery", None)),
    ],
)
def test_exchanges_and_keys(options: dict[str, Any], expected: tuple[str, str, str | None]) -> None:
    assert way(settings={"task_queues": MEDIA}, **options) == expected


def test_the_default_exchange_may_be_a_topic() -> None:
    settings = {
        "task_default_queue": "default", "task_default_exchange": "tasks", "task_default_exchange_type": "topic",
        "task_default_routing_key": "task.default", "task_queues": [{"name": "default", "routing_key": "task.#"}],
    }  # fmt: skip
    assert way(settings=settings, routing_key="task.feed") == ("tasks", "task.feed", "default")
    assert way(settings=settings) == ("tasks", "task.#", "default")


def test_queues_are_described_in_many_ways() -> None:
    conf = Configuration.load(
        {"task_queues": {"a": {"exchange": "ex", "exchange_type": "topic", "binding_key": "a.#"}, "b": None, "c": Queue("c")}}
    )
    queues = Queues(conf)
    assert [(q.name, q.exchange, q.exchange_type, q.routing_key) for q in queues.values()] == [
        ("a", "ex", "topic", "a.#"), ("b", "celery", "direct", "b"), ("c", "celery", "direct", "celery"),
    ]  # fmt: skip
    assert queues.consumed == ("a", "b", "c")
    with pytest.raises(ImproperlyConfigured, match="exchange_type"):
        Queues(Configuration.load({"task_queues": [{"name": "a", "exchange_type": "tropic"}]}))


def test_a_missing_queue_is_made_or_refused() -> None:
    with pytest.raises(QueueNotFound, match="did you mean 'videos'"):
        way(settings={"task_queues": MEDIA, "task_create_missing_queues": False}, queue="vidoes")
    assert way(settings={"task_queues": MEDIA}, queue="new") == to("new")


def test_a_worker_reads_the_queues_that_are_named() -> None:
    assert router().queue_names() == ("celery",)
    assert router(task_routes={"a.*": "feeds", "b": {"queue": "web"}, "c": {"priority": 1}}).queue_names() == ("celery", "feeds", "web")
    assert router(task_queues=["a", "b"]).queue_names() == ("a", "b")


def test_the_newest_queue_of_a_name_counts() -> None:
    found = router()
    assert found.route({"queue": "q"}, "x").destination.exchange == ""
    found.route({"queue": Queue("q", Exchange("ex", type="topic"), routing_key="k")}, "x")
    assert found.route({"queue": "q"}, "x").destination == Destination("ex", "k", "q")
