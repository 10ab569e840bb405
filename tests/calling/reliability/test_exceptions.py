"""An exception that a result names is made anew from builtins, flowc and what the application registered: nothing is imported."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowc import App
from flowc.runtime.results.interface import Stored

from ...slices import every
from .places import BROKERS, Place
from .workers import FOLDER, Workers

EVIL = """
from pathlib import Path

Path(__file__).with_name("imported").touch()

class Boom(Exception):
    def __init__(self, *args):
        Path(__file__).with_name("called").touch()

class Innocent:
    def __init__(self, *args):
        Path(__file__).with_name("called").touch()
"""


@pytest.fixture
def evil(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a module that can be imported, and leaves a file when it is."""
    name = f"evil_{uuid.uuid4().hex}"
    (tmp_path / f"{name}.py").write_text(EVIL)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield name
    assert name not in sys.modules
    assert not (tmp_path / "imported").exists()
    assert not (tmp_path / "called").exists()


def written(place: Place, result: Any, **more: Any) -> str:
    """A task's failure, written by hand; its id."""
    id_ = str(uuid.uuid4())
    document = {"task_id": id_, "status": "FAILURE", "result": result, "traceback": None, "children": [], "date_done": None, **more}
    if place.backend.startswith("redis"):
        import redis

        with redis.Redis.from_url(place.backend) as client:
            client.set(f"celery-task-meta-{id_}", json.dumps(document))
    else:
        place.app.backend.store([Stored(document)])
    return id_


def raised(app: App, id_: str) -> BaseException:
    """What ``get`` raises."""
    with pytest.raises(BaseException) as caught:
        app.AsyncResult(id_).get(timeout=60)
    for way in ("state", "result", "info", "traceback"):
        getattr(app.AsyncResult(id_), way)
    repr(app.AsyncResult(id_))
    return caught.value


def test_no_module_is_imported(place: Place, evil: str) -> None:
    for module in (
        evil,
        f"{evil}.Boom",
        f"os.path;{evil}",
        f" {evil}",
        f"flowc.{evil}",
        f"flowc.runtime.errors.{evil}",
        f"builtins.{evil}",
    ):
        for kind in ("Boom", "Innocent", f"{evil}.Boom", "__import__"):
            error = raised(place.app, written(place, {"exc_type": kind, "exc_message": ["x", evil], "exc_module": module}))
            assert isinstance(error, Exception)
            assert "x" in str(error)
    antigravity = raised(place.app, written(place, {"exc_type": "fly", "exc_message": [], "exc_module": "antigravity"}))
    assert isinstance(antigravity, Exception)
    assert "antigravity" not in sys.modules


def test_what_is_no_exception_is_not_called(place: Place, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    for module, kind, arguments in (
        ("builtins", "open", [str(touched), "w"]), ("builtins", "exec", [f"open({str(touched)!r}, 'w')"]),
        ("builtins", "eval", [f"open({str(touched)!r}, 'w')"]), ("builtins", "__import__", ["antigravity"]), ("builtins", "exit", [7]),
        ("os", "mkdir", [str(touched)]), ("os", "_exit", [7]), ("subprocess", "check_output", [f"touch {touched}"]),
        ("subprocess", "Popen", [["touch", str(touched)]]), ("pathlib", "Path", [str(touched)]),
        ("flowc.runtime.errors", "__builtins__", []), ("flowc.runtime.app", "App", []), ("flowc.runtime.loading", "load_app", ["this"]),
        ("builtins", "type", ["X", [], {}]), ("builtins", "BaseException.__subclasses__", []), ("builtins", None, []), (None, None, None),
        ("builtins", 5, 5), ([], {}, "text"), ("builtins", "ValueError", 5), ("builtins", "ValueError", {"a": 1}), ("", "", []),
    ):  # fmt: skip
        error = raised(place.app, written(place, {"exc_type": kind, "exc_message": arguments, "exc_module": module}))
        assert isinstance(error, Exception), (module, kind)
        assert not touched.exists(), (module, kind)
    odd: tuple[Any, ...] = (None, 5, "text", [], {}, {"exc_type": "ValueError"}, {"exc_module": "builtins"})
    for result in odd:
        assert isinstance(raised(place.app, written(place, result)), Exception)


def test_what_happens_to_be_loaded_is_not_used(place: Place) -> None:
    error = raised(place.app, written(place, {"exc_type": "JSONDecodeError", "exc_message": ["a", "b", 1], "exc_module": "json.decoder"}))
    assert not isinstance(error, json.JSONDecodeError)
    assert type(error).__name__ == "JSONDecodeError"


@pytest.mark.parametrize("kind", ["SystemExit", "KeyboardInterrupt", "GeneratorExit"])
def test_a_failed_task_does_not_end_who_asks(place: Place, kind: str) -> None:
    """What would end the program is an error of the task's all the same."""
    error = raised(place.app, written(place, {"exc_type": kind, "exc_message": [7], "exc_module": "builtins"}))
    assert isinstance(error, (Exception, SystemExit, KeyboardInterrupt))


@pytest.mark.parametrize("place", every(3, BROKERS, first=2), indirect=True)
def test_an_exception_of_the_workers_own(place: Place, workers: Workers, tmp_path: Path) -> None:
    """The client knows neither the worker's module nor, though it could be imported, does it import it."""
    workers.start(place.queue)
    id_ = place.send("r.fails", "odd")
    place.wait([id_], workers.logs)
    program = f"""
import sys
sys.path.insert(0, {str(FOLDER)!r})
from flowc import App
app = App("client", broker={place.broker!r}, backend={place.backend!r})
try:
    app.AsyncResult({id_!r}).get(timeout=60)
except Exception as error:
    assert type(error).__name__ == "Refused" and str(error) == "odd", repr(error)
    assert "application" not in sys.modules
    print("as it must be")
app.close()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, cwd=tmp_path, check=False)
    assert done.stdout == "as it must be\n", done.stderr
