"""Realistic flow text of any length, and the same workflow as a Celery canvas."""

from __future__ import annotations

from typing import Any

HEAD = (
    '"""Shards, their totals and dashboards."""',
    "from proj.tasks import extract, clean, total, load, audit, page",
    "param day: date = 2026-11-22",
    'defaults {queue = "etl", expires = 2h}',
    "",
)

#: Lines and steps of one shard.
SHARD_LINES = 10
SHARD_STEPS = 10


def shard(i: int) -> list[str]:
    """Ten lines that make ten steps: a small fan-out, a join, chains, options, a handler, reach-ins, a comment and a blank line."""
    return [
        f'raw{i} = [extract(day, r) {{queue = f"io.{{r}}"}} for r in ["eu", "us"]]',
        f"rows{i} = [r -> clean(strict=true, shard={i}) for r in raw{i}]",
        f'report{i} = total(rows{i}, day=day, label="shard {i} of the nightly run") {{priority = 9}}',
        f'report{i} -> load({i}, mode="append", table="totals", retries=3)',
        f'  => audit("loaded", day, count=report{i}.count, source="nightly/{i}")',
        f'  !> page("etl", shard={i})',
        f"# and the totals of shard {i}, for the dashboards of the night shift",
        f'dash{i} = total(report{i}, {i} * 2 + 1, scale=1.5) -> load({{name: "dash", day: day}})',
        f'dash{i} -> audit("dash", [1, 2, {i}], flag=true, source="nightly/{i}")',
        "",
    ]


def text(lines: int) -> str:
    """A flow of about that many lines."""
    if lines <= SHARD_LINES:
        return "\n".join([*HEAD, *shard(1)[:5]]) + "\n"
    made = list(HEAD)
    for i in range((lines - len(HEAD)) // SHARD_LINES):
        made += shard(i)
    return "\n".join(made) + "\n"


def canvas(shards: int) -> list[Any]:
    """The same steps as Celery's canvas: the tails of a report cannot share it, so each shard is two canvases and the report runs twice."""
    from celery import Celery, chain, chord, signature

    Celery("bench", broker="memory://", backend="cache+memory://").set_default()  # a chord cannot be frozen without a result backend

    def task(name: str, *args: object, immutable: bool = False, queue: str = "etl", **kwargs: object) -> Any:
        return signature(f"proj.tasks.{name}", args=args, kwargs=kwargs, immutable=immutable, queue=queue, expires=7200)

    def report(i: int) -> Any:
        header = [chain(task("extract", "2026-11-22", r, queue=f"io.{r}"), task("clean", strict=True, shard=i)) for r in ("eu", "us")]
        return chord(header, task("total", day="2026-11-22", label=f"shard {i} of the nightly run").set(priority=9))

    made = []
    for i in range(shards):
        page = task("page", "etl", shard=i)
        load = task("load", i, mode="append", table="totals", retries=3)
        audit = task("audit", "loaded", "2026-11-22", source=f"nightly/{i}", immutable=True)
        made.append(chain(report(i), load.on_error(page), audit.on_error(page.clone())))
        dash = chain(task("total", i * 2 + 1, scale=1.5), task("load", {"name": "dash"}), task("audit", "dash", [1, 2, i], flag=True))
        made.append(dash)
    return made
