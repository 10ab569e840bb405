"""The outcomes of all combinations as a page: kept in ``out/`` of the checkout from run to run, so that one can be tried again alone."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

from ..versions import ROOT, installed
from .playing import FINE, REFUSED
from .programs import PROGRAMS

#: The page that has the table, between these marks; it is written there when FLOWC_UPDATE is set.
PAGE = ROOT / "docs" / "celery.md"
MARKS = ("<!-- matrix -->", "<!-- end of matrix -->")

_BROKERS = {"redis": "Redis, results in Redis", "rabbitmq": "RabbitMQ, results by rpc"}

#: By combination (``5.7 redis prefork``) and way (``submitted``, ``driven``): how each program went.
Outcomes = dict[str, dict[str, dict[str, str]]]


def keep(combination: str, found: Mapping[str, Mapping[str, str]]) -> None:
    """Add the outcome of one combination, and write the table anew."""
    folder = ROOT / "out"
    folder.mkdir(exist_ok=True)
    known = folder / "celery-matrix.json"
    outcomes: Outcomes = json.loads(known.read_text()) if known.exists() else {}
    outcomes[combination] = {way: dict(of) for way, of in found.items()}
    known.write_text(json.dumps(outcomes, indent=1, sort_keys=True))
    text = written(outcomes)
    (folder / "celery-matrix.md").write_text(text)
    if os.environ.get("FLOWC_UPDATE"):
        update(PAGE, text)


def update(page: Path, text: str) -> None:
    """Put the table between the marks of a page, if it has them."""
    start, end = MARKS
    old = page.read_text() if page.exists() else ""
    if start in old and end in old:
        page.write_text(re.sub(f"{re.escape(start)}.*?{re.escape(end)}", lambda _: f"{start}\n{text}{end}", old, flags=re.DOTALL))


def written(outcomes: Outcomes) -> str:
    """Markdown: a row for each combination, and below what did not go as it should."""
    lines = ["| Celery | broker | pool | submitted | driven |", "|---|---|---|---|---|"]
    wrong: list[str] = []
    for combination in sorted(outcomes):
        version, broker, pool = combination.split()
        cells = []
        for way in ("submitted", "driven"):
            went = outcomes[combination][way]
            fine = sum(told == FINE for told in went.values())
            refused = sum(told == REFUSED for told in went.values())
            cells.append(f"{fine} of {len(went) - refused}" + (f", {refused} refused" if refused else ""))
            wrong += [f"- {combination}, {way}, {name}: {told}" for name, told in went.items() if told not in (FINE, REFUSED)]
        lines.append(f"| {installed(version)} | {_BROKERS[broker]} | {pool} | {cells[0]} | {cells[1]} |")
    joins = ", ".join(program.name for program in PROGRAMS if program.counted)
    lines += ["", f"Refused are flows whose joins rpc cannot count ({joins})."]
    lines += [f"Not submitted over rpc is “{program.name}”: {program.untold}." for program in PROGRAMS if program.untold]
    if wrong:
        lines += ["", "Not as it should be:", "", *wrong]
    return "\n".join(lines) + "\n"
