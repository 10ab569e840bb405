"""Compressing bodies, and decompressing what strangers sent without letting it grow beyond a limit.

Names, aliases and content types are kombu's. The decompressors of the six that kombu knows are read in steps, so that a bomb is found
before it is large; one that somebody else registered can only be looked at afterwards.
"""

from __future__ import annotations

import bz2
import difflib
import importlib
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from kombu import compression

from .errors import DecodeError, EncodeError

# kombu's functions have no types
_kombu: Any = compression

#: Extras of flowc that bring a compression.
EXTRAS = {"brotli": "brotli", "zstd": "zstd", "zstandard": "zstd", "application/x-brotli": "brotli", "application/zstd": "zstd"}

#: Bytes of memory that a decompressor may need for itself, whatever a message asks for.
_WINDOW = 1 << 27

_STEP = 1 << 20


class _TooLarge(Exception):
    pass


class _Damaged(Exception):
    pass


def compress(data: bytes | str, name: str) -> tuple[bytes, str]:
    """Compressed data, and the content type of its compression.

    Raises:
        EncodeError: the compression is not known or not installed, or it failed.
    """
    try:
        packed, content_type = _kombu.compress(data, name)
    except KeyError:
        raise EncodeError(f"compression {name!r} is not {_known(name)}") from None
    except Exception as exc:  # whatever a registered compressor raises
        raise EncodeError(f"compression {name!r} failed: {exc}") from exc
    return packed, content_type


def decompress(data: bytes | str, content_type: str, limit: int) -> bytes:
    """The data again.

    Args:
        data: compressed.
        content_type: of the compression, or its name.
        limit: bytes that it may grow to.

    Raises:
        DecodeError: it is damaged, would grow beyond the limit, or its compression is not known or not installed.
    """
    raw = data.encode("latin-1", "replace") if isinstance(data, str) else bytes(data)
    content_type = _kombu._aliases.get(content_type, content_type)
    try:
        if content_type in _STEPWISE and content_type in _kombu._decoders:
            return _bounded(_STEPWISE[content_type](raw, limit), limit)
        whole: bytes = _kombu.decompress(raw, content_type)
    except KeyError:
        raise DecodeError(f"the message is compressed as {content_type!r}, which is not {_known(content_type)}") from None
    except _TooLarge:
        raise DecodeError(too_large(limit)) from None
    except Exception as exc:  # whatever a decompressor raises on damaged data
        raise DecodeError(f"the compressed body ({content_type}) cannot be read: {exc}") from None
    if len(whole) > limit:
        raise DecodeError(too_large(limit))
    return whole


def too_large(limit: int) -> str:
    """What is said of a message beyond the limit."""
    return f"the message is larger than worker_max_message_size allows ({limit:,} bytes)"


def _known(name: str) -> str:
    extra = EXTRAS.get(name)
    if extra is not None:
        return f"installed; install it with  pip install 'flowc[{extra}]'"
    names = sorted(alias for alias in _kombu._aliases)
    near = difflib.get_close_matches(name, names, 1)
    return f"known; did you mean {near[0]!r}?" if near else f"known; there are {', '.join(names)}"


def _bounded(parts: Iterator[bytes], limit: int) -> bytes:
    kept, size = [], 0
    for part in parts:
        size += len(part)
        if size > limit:
            raise _TooLarge
        kept.append(part)
    return kept[0] if len(kept) == 1 else b"".join(kept)


def _streams(make: Callable[[], Any], data: bytes, limit: int) -> Iterator[bytes]:
    """One stream after the other, as long as there are any."""
    while True:
        reader = make()
        part = reader.decompress(data, limit + 1)
        yield part
        if not reader.eof:
            raise _TooLarge if len(part) > limit else _Damaged("it ends too early")
        data = reader.unused_data
        if not data:
            return


def _zlib(data: bytes, limit: int) -> Iterator[bytes]:
    reader = zlib.decompressobj()
    part = reader.decompress(data, limit + 1)
    yield part
    if not reader.eof:
        raise _TooLarge if len(part) > limit else _Damaged("it ends too early")


def _bz2(data: bytes, limit: int) -> Iterator[bytes]:
    return _streams(bz2.BZ2Decompressor, data, limit)


def _lzma(data: bytes, limit: int) -> Iterator[bytes]:
    return _streams(lambda: lzma.LZMADecompressor(memlimit=_WINDOW), data, limit)


def _zstd(data: bytes, limit: int) -> Iterator[bytes]:
    for module in ("compression.zstd", "backports.zstd"):
        try:
            zstd: Any = importlib.import_module(module)
        except ImportError:
            continue
        yield from _streams(zstd.ZstdDecompressor, data, limit)
        return
    zstandard: Any = importlib.import_module("zstandard")
    reader = zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(data, read_across_frames=True)
    while part := reader.read(_STEP):
        yield part


def _brotli(data: bytes, limit: int) -> Iterator[bytes]:
    try:
        brotli: Any = importlib.import_module("brotli")
    except ImportError:
        brotli = importlib.import_module("brotlicffi")
    reader = brotli.Decompressor()
    try:
        part = reader.process(data, output_buffer_limit=_STEP)
    except TypeError:  # before brotli 1.2 there was no limit: a few bytes at a time cannot become too much
        yield from (reader.process(data[start : start + 16]) for start in range(0, len(data), 16))
    else:
        while part or not (reader.is_finished() or reader.can_accept_more_data()):
            yield part
            part = b"" if reader.is_finished() else reader.process(b"", output_buffer_limit=_STEP)
    if not reader.is_finished():
        raise _Damaged("it ends too early")


_STEPWISE: dict[str, Callable[[bytes, int], Iterator[bytes]]] = {
    "application/x-gzip": _zlib,
    "application/x-bz2": _bz2,
    "application/x-lzma": _lzma,
    "application/x-brotli": _brotli,
    "application/zstd": _zstd,
}
