"""The page of outcomes: what a row says, what is told below, and where it is written."""

from __future__ import annotations

from pathlib import Path

from ..versions import main_version
from . import table
from .playing import FINE, REFUSED


def test_a_row_counts_and_what_failed_is_told() -> None:
    version = main_version()
    text = table.written(
        {
            f"{version} rabbitmq solo": {"submitted": {"a": FINE, "b": REFUSED, "c": FINE}, "driven": {"a": FINE, "b": "came to 1, not 2"}},
            f"{version} redis solo": {"submitted": {"a": FINE}, "driven": {"a": FINE}},
        }
    )
    rows = [line for line in text.splitlines() if line.startswith(f"| {version}.")]
    assert [row.split("| ")[2:] for row in rows] == [
        ["RabbitMQ, results by rpc ", "solo ", "2 of 2, 1 refused ", "1 of 2 |"],
        ["Redis, results in Redis ", "solo ", "1 of 1 ", "1 of 1 |"],
    ]
    assert f"- {version} rabbitmq solo, driven, b: came to 1, not 2" in text
    assert "Not as it should be" not in table.written({f"{version} redis solo": {"submitted": {"a": FINE}, "driven": {"a": FINE}}})


def test_it_is_written_between_the_marks_of_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    table.update(page, "new\n")
    assert not page.exists()
    page.write_text("no marks\n")
    table.update(page, "new\n")
    assert page.read_text() == "no marks\n"
    start, end = table.MARKS
    page.write_text(f"before\n{start}\nold | \\1\n{end}\nafter\n")
    table.update(page, "new \\1\n")
    assert page.read_text() == f"before\n{start}\nnew \\1\n{end}\nafter\n"
