"""A cold `flowc check` of a ten-line file, beside importing Celery."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from .flows import text
from .measure import Row, processes


def run() -> list[Row]:
    """The rows of this benchmark."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ten.flow"
        path.write_text(text(10))
        bare, ours, theirs = processes(
            [sys.executable, "-c", "pass"],
            [sys.executable, "-m", "flowc", "check", str(path)],
            [sys.executable, "-c", "from celery import Celery, chain"],
            cwd=folder,
        )
    return [
        Row("bare Python", f"{bare * 1000:.0f} ms"),
        Row("flowc check, ten lines, cold", f"{ours * 1000:.0f} ms"),
        Row('python -c "from celery import Celery, chain"', f"{theirs * 1000:.0f} ms"),
        Row("ratio flowc / Celery", f"{ours / theirs:.2f}", "≤ 1"),
    ]
