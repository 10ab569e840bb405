"""The report of the census, in Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

#: How many of the most imported packages are named.
MOST_IMPORTED = 12

BAR = 30


def markdown(census: dict[str, Any], charts: Sequence[str]) -> str:
    """The whole report; ``charts`` are the names of pictures beside it."""
    return "\n".join([*_head(census, charts), *_packages(census), *_functions(census), *_imports(census), *_rest(census)])


def _head(census: dict[str, Any], charts: Sequence[str]) -> Iterator[str]:
    totals = census["totals"]
    yield f"# A census of the standard library of {census['python']}\n"
    yield (
        f"{totals['packages']} packages have {totals['files']:,} files with {totals['lines']:,} lines, "
        f"{totals['classes']:,} classes and {totals['functions']:,} functions. Of all modules, classes and functions, "
        f"{100 * totals['described'] / max(1, totals['describable']):.0f} % have a docstring.\n"
    )
    for chart in charts:
        yield f"![{chart.removesuffix('.svg')}]({chart})\n"


def _packages(census: dict[str, Any]) -> Iterator[str]:
    yield "## Packages\n"
    columns = ("files", "lines", "code", "classes", "functions")
    rows = [(p["package"], *(f"{p[c]:,}" for c in columns), f"{p['percent_described']:.1f} %") for p in census["packages"]]
    yield from _table("lrrrrrr", ("package", *columns, "described"), rows)


def _functions(census: dict[str, Any]) -> Iterator[str]:
    yield "## The longest functions\n"
    rows = [(f"`{f['name']}`", f["function"], f"{f['lines']:,}") for f in census["functions"]]
    yield from _table("llr", ("function", "where", "lines"), rows)


def _imports(census: dict[str, Any]) -> Iterator[str]:
    yield "## What is imported most\n"
    users: Counter[str] = Counter(edge["imports"] for edge in census["imports"])
    most = sorted(users.items(), key=lambda item: (-item[1], item[0]))[:MOST_IMPORTED]
    widest = max(users.values(), default=1)
    rows = [(f"`{name}`", str(n), "█" * round(BAR * n / widest)) for name, n in most]
    yield from _table("lrl", ("module", "packages that import it", ""), rows)


def _rest(census: dict[str, Any]) -> Iterator[str]:
    if census["unread"]:
        yield "## Files that do not parse\n"
        yield from (f"- `{one['file']}`: {one['why']}" for one in census["unread"])
        yield ""
    if census["missing"]:
        yield f"Not installed, or not written in Python: {', '.join(census['missing'])}.\n"


def _table(align: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(header)} |"
    yield f"|{'|'.join({'l': '---', 'r': '---:'}[side] for side in align)}|"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""
