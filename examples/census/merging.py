"""Puts the counts of all packages together."""

from __future__ import annotations

import platform
from collections import Counter
from typing import Any

Rows = list[dict[str, Any]]

#: What is counted, in the order of the tables.
COLUMNS = ("files", "lines", "code", "docstring", "comment", "blank", "classes", "functions", "describable", "described")


def merge(counts: Rows, longest: int) -> dict[str, Any]:
    """Totals, and rows for the tables: the largest package first, the longest function first, the commonest import first."""
    found = [one for one in counts if one["counts"]]
    packages = sorted((row(one) for one in found), key=lambda p: (-p["lines"], p["package"]))
    functions = [{"package": one["package"], **function} for one in found for function in one["functions"]]
    imports = [{"package": one["package"], "imports": name, "times": n} for one in found for name, n in one["imports"].items()]
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "totals": {"packages": len(packages), **totals(packages)},
        "packages": packages,
        "functions": sorted(functions, key=lambda f: (-f["lines"], f["function"]))[:longest],
        "imports": sorted(imports, key=lambda i: (-i["times"], i["package"], i["imports"])),
        "unread": [one for each in found for one in each["unread"]],
        "missing": sorted(one["package"] for one in counts if not one["counts"]),
    }


def row(one: dict[str, Any]) -> dict[str, Any]:
    """A package's row: its counts, how much of it is described (in percent), and how many other packages it imports."""
    counts = {name: one["counts"].get(name, 0) for name in COLUMNS}
    described = round(100 * counts["described"] / counts["describable"], 1) if counts["describable"] else 0.0
    return {"package": one["package"], **counts, "percent_described": described, "imports": len(one["imports"])}


def totals(packages: Rows) -> dict[str, int]:
    """The sum of each column."""
    sums: Counter[str] = Counter()
    for package in packages:
        sums.update({name: package[name] for name in COLUMNS})
    return {name: sums[name] for name in COLUMNS}
