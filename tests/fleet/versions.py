"""Virtual environments with the versions of Celery that flowc is tested with, made on first use in ``.celery/`` of the checkout.

``python -m tests.fleet.versions`` makes all of them. Only `make soak` needs more than the version that the tests themselves have.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.metadata
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".celery"

#: By version, what is installed: together, they span the kombu and redis-py that go with Celery 5.5 to 5.7.
VERSIONS: dict[str, tuple[str, ...]] = {
    "5.5": ("celery==5.5.3", "kombu==5.5.4", "redis==5.2.1"),
    "5.6": ("celery==5.6.2", "kombu==5.7.0", "redis==8.1.0"),
    "5.7": ("celery==5.7.0", "kombu==5.7.0", "redis==8.1.0"),
}

#: What every version is installed with. kombu 5.7 imports packaging with its Redis transport.
ALWAYS = ("amqp==5.4.2", "billiard==4.3.2", "sqlalchemy==2.*", "msgpack", "pyyaml", "packaging")


@cache
def main_version() -> str:
    """The version of Celery in this environment, such as ``5.7``."""
    return ".".join(importlib.metadata.version("celery").split(".")[:2])


@cache
def installed(version: str | None = None) -> str:
    """The exact versions of an environment, such as ``5.5.3 (kombu 5.5.4, redis-py 5.2.1)``."""
    code = "from importlib.metadata import version as v; print(v('celery'), '(kombu', v('kombu') + ', redis-py', v('redis') + ')')"
    return subprocess.run([python_of(version), "-c", code], check=True, capture_output=True, text=True).stdout.strip()


@cache
def python_of(version: str | None = None) -> Path:
    """The interpreter that has a version of Celery: this one, or one of an environment that is made where there is none yet.

    Raises:
        KeyError: the version is not among :data:`VERSIONS`.
        subprocess.CalledProcessError: the environment cannot be made.
    """
    if version is None or version == main_version():
        return Path(sys.executable)
    wanted = (*VERSIONS[version], *ALWAYS)
    mark = hashlib.sha256("\n".join((sys.version, *wanted)).encode()).hexdigest()
    folder = FOLDER / version
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / f"{version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / "installed"
        if not done.exists() or done.read_text() != mark:
            kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True, env=kept)
            pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, *wanted], check=True, env=kept)
            done.write_text(mark)
    return folder / "bin/python"


if __name__ == "__main__":
    for number in VERSIONS:
        print(number, python_of(number))
