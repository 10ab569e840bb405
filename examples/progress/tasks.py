"""Tasks that tell how far they are with `self.update_state`, and a listener that draws it."""

from __future__ import annotations

import sys
from typing import Any

from flowc import App

app = App("progress")


@app.task(name="progress.download", bind=True)
def download(self: Any, name: str, size: int) -> str:
    for done in range(1, size + 1):
        self.update_state(state="PROGRESS", meta={"name": name, "done": done, "of": size})
    return name


@app.task(name="progress.unpack", bind=True)
def unpack(self: Any, names: list[str]) -> int:
    for done, name in enumerate(names, 1):
        self.update_state(state="PROGRESS", meta={"name": f"unpacking {name}", "done": done, "of": len(names)})
    return len(names)


@app.task(name="progress.show_progress")
def show_progress(message: dict[str, Any]) -> None:
    if message["status"] == "PROGRESS":
        told = message["result"]
        line = f"{told['name']:<18} {'█' * told['done']}{'·' * (told['of'] - told['done'])}"
    else:
        line = f"{message['status'].lower()}: {message['result']}"
    sys.stderr.write(f"{line}\n")
