"""The protocol counts UTF-16 units, and ends lines as editors do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol.types import Position

from flowc.lsp.documents import path_of, uri_of
from flowc.lsp.positions import Lines


@pytest.mark.parametrize(
    ("encoding", "column"),
    [("utf-16", 5), ("utf-8", 11), ("utf-32", 3)],
)
def test_columns_count_units(encoding: str, column: int) -> None:
    lines = Lines("a\n€😀\U0001f469x\n", encoding)
    assert lines.position(5) == Position(1, column)
    assert lines.offset(Position(1, column)) == 5


def test_a_place_inside_a_character_is_its_start() -> None:
    assert Lines("😀😀").offset(Position(0, 3)) == 1


def test_places_outside_are_moved_inside() -> None:
    lines = Lines("ab\r\nc\rd\ne")
    assert lines.offset(Position(0, 99)) == 2
    assert lines.offset(Position(99, 0)) == 9
    assert [lines.position(at).line for at in (0, 4, 6, 8)] == [0, 1, 2, 3]
    assert lines.position(99) == Position(3, 1)


@given(st.text(st.sampled_from("a😀é\n\r\u2028\x0b\t𝄞"), max_size=20), st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_there_and_back(text: str, encoding: str) -> None:
    lines = Lines(text, encoding)
    for offset in range(len(text) + 1):
        if text[offset - 1 : offset + 1] != "\r\n":
            assert lines.offset(lines.position(offset)) == offset


@pytest.mark.parametrize("path", ["/a/b.flow", "/with blank/é😀#?%.flow", "/a/[x]{y}/z.flow"])
def test_paths_and_uris(path: str) -> None:
    uri = uri_of(path)
    assert uri.isascii()
    assert path_of(uri) == path


@pytest.mark.parametrize("uri", ["untitled:Untitled-1", "git:/a/b.flow", "", "file://", "file:///a%00b", "http://[bad", "::"])
def test_what_is_no_file_has_no_path(uri: str) -> None:
    assert path_of(uri) is None
