"""Row "compression": six schemes and others; who decides; what is missing; and bombs."""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator

import kombu.compression
import pytest

import flowc
from flowc.exceptions import DecodeError, EncodeError

from .proj import DEADLINE, Proj, project, unique, waiting

TYPES = {
    "brotli": "application/x-brotli",
    "bzip2": "application/x-bz2",
    "gzip": "application/x-gzip",
    "lzma": "application/x-lzma",
    "zlib": "application/x-gzip",
    "zstd": "application/zstd",
    "based": "application/x-based",
}


@pytest.fixture(scope="module", autouse=True)
def based() -> Iterator[list[int]]:
    """A compression of our own, which makes things larger. The sizes that it was given are in the list."""
    given: list[int] = []

    def pack(data: bytes) -> bytes:
        given.append(len(data))
        return base64.b64encode(data)

    kombu.compression.register(pack, base64.b64decode, "application/x-based", aliases=["based"])
    yield given
    for known, name in ((kombu.compression._encoders, "application/x-based"), (kombu.compression._decoders, "application/x-based")):
        del known[name]
    del kombu.compression._aliases["based"]


@pytest.mark.parametrize("name", TYPES)
def test_each_of_them_carries_a_call(proj: Proj, name: str) -> None:
    assert proj.add.apply_async(("é" * 2000, "b"), compression=name).get(timeout=DEADLINE) == "é" * 2000 + "b"
    assert flowc.group(proj.add.s(n, n) for n in range(3)).apply_async(compression=name).get(timeout=DEADLINE) == [0, 2, 4]


@pytest.mark.parametrize("serializer", ["pickle", "msgpack"])
def test_with_every_serializer(idle: Proj, serializer: str) -> None:
    queue = unique()
    idle.add.apply_async(("a" * 2000, "b"), compression="zlib", serializer=serializer, queue=queue)
    message = waiting(idle.app, queue)
    assert message.headers["compression"] == TYPES["zlib"]
    message.accept = {message.content_type}
    assert list(message.decode()[0]) == ["a" * 2000, "b"]


def test_the_message_says_how_it_is_compressed(idle: Proj) -> None:
    for name, content_type in TYPES.items():
        queue = unique()
        idle.add.apply_async(("a" * 2000, "b"), compression=name, queue=queue)
        message = waiting(idle.app, queue)
        assert message.headers["compression"] == content_type
        assert message.decode()[0] == ["a" * 2000, "b"]  # by kombu


def test_the_option_comes_before_the_task_and_the_task_before_the_setting(idle: Proj) -> None:
    own = idle.app.task(name=unique("proj.own"), compression="bzip2")(lambda x: x)
    queue = unique()
    idle.app.conf.task_compression = "lzma"
    idle.app.close()  # what was read of the settings is forgotten
    try:
        for call, expected in (
            (lambda: own.apply_async((1,), queue=queue, compression="zlib"), "zlib"),
            (lambda: own.apply_async((1,), queue=queue), "bzip2"),
            (lambda: idle.add.apply_async((1, 1), queue=queue), "lzma"),
        ):
            call()
            assert waiting(idle.app, queue).headers["compression"] == TYPES[expected]
    finally:
        idle.app.conf.task_compression = None
        idle.app.close()
    idle.add.apply_async((1, 1), queue=queue)
    assert "compression" not in waiting(idle.app, queue).headers


def test_an_unknown_one_is_refused_and_the_known_are_named(proj: Proj) -> None:
    with pytest.raises(EncodeError, match=r"squeeze.*gzip.*lzma"):
        proj.add.apply_async((2, 2), compression="squeeze")
    with pytest.raises(EncodeError, match="did you mean 'brotli'"):
        proj.add.apply_async((2, 2), compression="brotly")


@pytest.mark.parametrize("name", ["brotli", "zstd"])
def test_a_missing_extra_is_named(proj: Proj, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for known in (kombu.compression._aliases, kombu.compression._encoders, kombu.compression._decoders):
        for key in [key for key in known if name in key]:
            monkeypatch.delitem(known, key)
    for module in ("brotli", "zstandard", "compression.zstd", "backports.zstd"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(EncodeError, match=rf"flowc\[{name}\]"):
        proj.add.apply_async((2, 2), compression=name)


def test_a_bomb_is_refused(idle: Proj) -> None:
    with project(idle.broker, idle.store, idle.urls, worker_max_message_size=100_000) as small, small.app.embedded_worker([small.queue]):
        for name in TYPES:
            result = small.note.apply_async(("a" * 1_000_000,), compression=name)
            with pytest.raises(DecodeError, match="worker_max_message_size"):
                result.get(timeout=DEADLINE)
            assert small.seen == []
            assert small.add.apply_async(("a" * 50_000, "b"), compression=name).get(timeout=DEADLINE) == "a" * 50_000 + "b"


# ------------------------------------------------------------------------------------------------------------------- flows
@pytest.mark.parametrize("name", TYPES)
def test_compressions_in_flows(here: Proj, name: str) -> None:
    assert flowc.loads(f"add('a', 'b') {{compression = '{name}'}}", app=here.app).run(here.app).value == "ab"


def test_a_flow_chooses_in_the_same_order(here: Proj, based: list[int]) -> None:
    here.app.task(name="proj.zipped", compression="zlib")(lambda x: x)
    here.app.task(name="proj.packed", compression="based")(lambda x: x)
    for text, packed in (("zipped('a') {compression = 'based'}", 1), ("zipped('a')", 0), ("packed('a')", 1), ("note('a')", 0)):
        based.clear()
        assert flowc.loads(text, app=here.app).run(here.app).value == "a"
        assert len(based) == packed


def test_a_flow_takes_the_setting_where_nothing_else_is_said(based: list[int]) -> None:
    app = flowc.App("settings", settings={"task_compression": "based"}, set_as_current=False)
    app.task(name="same")(lambda x: x)
    for text, packed in (("same('a')", 1), ("same('a') {compression = 'zlib'}", 0)):
        based.clear()
        assert flowc.loads(text, app=app).run(app).value == "a"
        assert len(based) == packed
