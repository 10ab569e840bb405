"""Every compression there and back, and bombs."""

from __future__ import annotations

import bz2
import lzma
import subprocess
import sys
import tracemalloc
import zlib
from typing import Any

import pytest
from kombu import compression as kombu_compression

from flowc.runtime import codec
from flowc.runtime.errors import DecodeError, EncodeError

MIB = 1 << 20
NAMES = ["brotli", "bzip2", "gzip", "lzma", "zlib", "zstd"]
ALIASES = ["bzip", "xz", "zstandard", "application/x-gzip"]


def packed(data: bytes, name: str) -> tuple[bytes, dict[str, str]]:
    body, content_type = kombu_compression.compress(data, name)
    return body, {"compression": content_type}


@pytest.mark.parametrize("name", NAMES + ALIASES)
@pytest.mark.parametrize("size", [0, 1, 1000, 3 * MIB])
def test_a_body_comes_back(name: str, size: int) -> None:
    body: Any = (["x" * size], {}, {})
    _, _, data, content_type = codec.encode_body(body, "json", name)
    back = codec.decompress(data, {"compression": content_type}, 64 * MIB)
    assert codec.decode_body(back, "application/json", "utf-8", ["json"]) == [["x" * size], {}, {}]
    assert kombu_compression.decompress(data, content_type) == back


@pytest.mark.parametrize("name", NAMES)
def test_a_bomb_is_refused_before_it_is_large(name: str) -> None:
    if name == "brotli":  # kombu asks for its slowest
        bomb, headers = pytest.importorskip("brotli").compress(bytes(32 * MIB), quality=1), {"compression": "application/x-brotli"}
    else:
        bomb, headers = packed(bytes(32 * MIB), name)
    assert len(bomb) < MIB
    tracemalloc.start()
    try:
        with pytest.raises(DecodeError, match=r"worker_max_message_size.*4,194,304"):
            codec.decompress(bomb, headers, 4 * MIB)
        assert tracemalloc.get_traced_memory()[1] < 20 * MIB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", NAMES)
def test_the_limit_is_exact(name: str) -> None:
    body, headers = packed(b"y" * 5000, name)
    assert codec.decompress(body, headers, 5000) == b"y" * 5000
    with pytest.raises(DecodeError):
        codec.decompress(body, headers, 4999)


def test_what_is_not_compressed_has_the_same_limit() -> None:
    assert codec.decompress(b"12345", {}, 5) == b"12345"
    with pytest.raises(DecodeError, match="larger"):
        codec.decompress(b"123456", {}, 5)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "damage", [lambda data: data[: len(data) // 2], lambda data: b"nonsense", lambda data: b""], ids=["cut", "nonsense", "empty"]
)
def test_damaged_data_is_a_decode_error(name: str, damage: Any) -> None:
    body, headers = packed(b"some text " * 1000, name)
    with pytest.raises(DecodeError):
        codec.decompress(damage(body), headers, MIB)


@pytest.mark.parametrize("module", [bz2, lzma])
def test_several_streams_in_a_row_count_together(module: Any) -> None:
    name = {bz2: "application/x-bz2", lzma: "application/x-lzma"}[module]
    body = module.compress(b"a" * 600) + module.compress(b"b" * 600)
    assert codec.decompress(body, {"compression": name}, 1200) == b"a" * 600 + b"b" * 600
    with pytest.raises(DecodeError, match="larger"):
        codec.decompress(body, {"compression": name}, 1000)


def test_a_bomb_in_a_bomb_is_unpacked_once() -> None:
    inner = zlib.compress(bytes(16 * MIB))
    body, headers = packed(inner, "gzip")
    assert codec.decompress(body, headers, MIB) == inner


def test_lzma_may_not_ask_for_all_memory() -> None:
    greedy = lzma.compress(b"x", format=lzma.FORMAT_XZ, filters=[{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 30}])
    with pytest.raises(DecodeError):
        codec.decompress(greedy, {"compression": "lzma"}, MIB)


def test_any_compression_of_kombu_will_do() -> None:
    kombu_compression.register(lambda data: data[::-1], lambda data: data[::-1], "application/x-mirror", aliases=["mirror"])
    _, _, data, content_type = codec.encode_body(([], {}, {}), "json", "mirror")
    assert content_type == "application/x-mirror"
    assert codec.decompress(data, {"compression": content_type}, MIB) == b"[[], {}, {}]"
    with pytest.raises(DecodeError, match="larger"):
        codec.decompress(b"x" * 100, {"compression": content_type}, 99)


def test_an_unknown_compression_is_refused_on_both_ends() -> None:
    with pytest.raises(EncodeError, match="did you mean 'gzip'"):
        codec.encode_body(([], {}, {}), "json", "gzipp")
    with pytest.raises(DecodeError, match="x-nothing"):
        codec.decompress(b"x", {"compression": "application/x-nothing"}, MIB)


@pytest.mark.parametrize(("name", "packages"), [("brotli", ["brotli", "brotlicffi"]), ("zstd", ["backports", "compression", "zstandard"])])
def test_a_missing_extra_is_named(name: str, packages: list[str]) -> None:
    """In a process of its own, where the package is not there."""
    content_type = {"brotli": "application/x-brotli", "zstd": "application/zstd"}[name]
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({packages!r}))\n"
        "from flowc.runtime import codec\n"
        "from flowc.runtime.errors import StepError\n"
        f"for act in (lambda: codec.encode_body(([], {{}}, {{}}), 'json', {name!r}),\n"
        f"            lambda: codec.decompress(b'x', {{'compression': {content_type!r}}}, 100)):\n"
        "    try: act()\n"
        "    except StepError as exc: print(exc)\n"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(printed) == 2
    assert all(f"flowc[{name}]" in line for line in printed)
