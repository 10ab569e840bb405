"""The examples of docs/calling.md do what stands beside them, on every transport."""

from __future__ import annotations

import doctest
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import flowc
from flowc import App

from ..slices import every

PAGE = Path(__file__).parents[2] / "docs" / "calling.md"
_BLOCK = re.compile(r"(?:<!-- ([\w ]+) -->\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

TRANSPORTS = {
    "memory": ("memory://", "cache+memory://"),
    "sqlite": ("sqlite:///{folder}/broker.db", "sqlite:///{folder}/results.db"),
    "redis": ("{redis}", "{redis}"),
    "rabbitmq": ("{rabbitmq}", "rpc://"),
}


class Block(NamedTuple):
    """One block of code: its language, its text, the line it begins on, and what is said of it."""

    kind: str
    text: str
    line: int
    said: str


def blocks() -> Iterator[Block]:
    """The blocks of the page, in order."""
    text = PAGE.read_text()
    for found in _BLOCK.finditer(text):
        yield Block(found[2], found[3], text[: found.start(3)].count("\n"), found[1] or "")


def eventually(read: Callable[[], Any], seconds: float = 10) -> Any:
    """What ``read`` gives as soon as it has stayed the same for a moment and is not empty."""
    deadline = time.monotonic() + seconds
    found = read()
    while time.monotonic() < deadline:
        time.sleep(0.3)
        again = read()
        if again and again == found:
            return again
        found = again
    return found


@pytest.mark.parametrize("transport", every(1, TRANSPORTS, never=["sqlite"]))
def test_the_examples(transport: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    broker, backend = (
        url.format(
            folder=tmp_path,
            redis=request.getfixturevalue("redis_url") if "{redis}" in url else "",
            rabbitmq=request.getfixturevalue("rabbitmq_url") if "{rabbitmq}" in url else "",
        )
        for url in TRANSPORTS[transport]
    )
    names: dict[str, Any] = {"eventually": eventually, "__name__": "proj"}
    with ExitStack() as ending:
        for block in blocks():
            if block.said == "setup":
                text = block.text.replace("redis://localhost:6379/0", broker).replace("redis://localhost:6379/1", backend)
                exec(compile(text, str(PAGE), "exec"), names)
                app: App = names["app"]
                app.conf.update(task_default_queue=f"page-{tmp_path.name}-{transport}", accept_content=["json"])
                ending.callback(app.close)
            elif block.kind == "python":
                if "embedded_worker" not in block.text:
                    names["app"] = app
                exec(compile(block.text, str(PAGE), "exec"), names)
            elif block.kind == "pycon" and not (block.said == "not rpc" and backend == "rpc://"):
                with app.embedded_worker():
                    _examples(block, names, transport)


def _examples(block: Block, names: dict[str, Any], transport: str) -> None:
    text = block.text.replace('"celery"', f'"{names["app"].conf.task_default_queue}"')  # servers are shared: a queue of its own
    test = doctest.DocTestParser().get_doctest(text, names, f"calling.md on {transport}", str(PAGE), block.line)
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    runner.run(test, out=said.append, clear_globs=False)
    names.update(test.globs)
    assert runner.failures == 0, "".join(said)


@pytest.mark.parametrize("block", [block for block in blocks() if block.kind == "flow"], ids=lambda block: block.text.split("\n")[0])
def test_the_flows(block: Block) -> None:
    app = App("proj", set_as_current=False)
    app.task(name="add")(lambda x, y: x + y)
    app.task(name="note")(lambda value, label="note": value)
    app.task(name="on_error")(lambda request, exc, traceback: None)
    app.task(name="upload")(lambda files: files)
    app.task(name="show")(lambda message: None)
    result = flowc.loads(block.text, app=app).run(app)
    assert result.ok, result.failed


def test_every_kind_is_there() -> None:
    kinds = [block.kind for block in blocks()]
    assert kinds.count("pycon") >= 12
    assert kinds.count("flow") >= 7


def test_the_tests_that_the_table_names_are_there() -> None:
    guide = PAGE.parents[1] / "tests" / "calling" / "guide"
    table = PAGE.read_text().split("## Beside Celery's guide")[1]
    named = re.findall(r"`(test_\w+\.py)::(\w+)`", table)
    assert len(named) > 50
    missing = [f"{file}::{name}" for file, name in named if not re.search(rf"^def {name}\(", (guide / file).read_text(), re.MULTILINE)]
    assert missing == []
    assert {file for file, _ in named} == {path.name for path in guide.glob("test_*.py")}  # each part of the guide has its rows
