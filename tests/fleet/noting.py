"""What the tasks of ``proj.py`` write down, one file per key: so that tests see what was called, and how often."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

#: The variable that names the folder of the notes.
FOLDER = "PEER_NOTES"


def record(key: str, value: Any) -> int:
    """Write a value down under a key; gives how many stand there now."""
    path = _place(None, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(json.dumps(value, default=repr) + "\n")
        file.flush()
        file.seek(0)
        return sum(1 for _ in file)


def recorded(key: str, folder: Path | None = None) -> list[Any]:
    """Everything under a key, in the order in which it was written."""
    try:
        with _place(folder, key).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            return [json.loads(line) for line in file]
    except FileNotFoundError:
        return []


def _place(folder: Path | None, key: str) -> Path:
    """A file for any key; without a folder of the variable's, one of this process's user."""
    if folder is None:
        folder = Path(os.environ.get(FOLDER) or Path(tempfile.gettempdir()) / f"flowc-notes-{os.getuid()}")
    return folder / hashlib.sha256(key.encode()).hexdigest()[:24]
