"""Writes a parameter file that names every package and module of this Python's standard library: `python packages.py > all.json`."""

from __future__ import annotations

import json
import sys
import sysconfig
from pathlib import Path


def packages() -> list[str]:
    """The names of what is installed and written in Python, in alphabetical order."""
    library = Path(sysconfig.get_path("stdlib"))
    return sorted(name for name in sys.stdlib_module_names if (library / f"{name}.py").is_file() or (library / name).is_dir())


if __name__ == "__main__":
    print(json.dumps({"packages": packages()}, indent=2))
