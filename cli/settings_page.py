"""Writes the list of all settings into ``docs/configuration.md``, from the settings themselves.

``python -m flowc.cli.settings_page docs/configuration.md`` (`make docs`). What stands outside of its two marks is left alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..runtime.configuration.base import SettingsBase
from ..runtime.configuration.broker_settings import BrokerSettings
from ..runtime.configuration.configuration import Configuration
from ..runtime.configuration.monitoring_settings import MonitoringSettings
from ..runtime.configuration.result_settings import ResultSettings
from ..runtime.configuration.strangers import FOREIGN, FOREIGN_FAMILIES
from ..runtime.configuration.task_settings import ExecutionSettings, FormSettings, RoutingSettings
from ..runtime.configuration.worker_settings import WorkerSettings

START = "<!-- written by `make docs` from runtime/configuration/; change it there -->\n"
END = "<!-- end of what is written -->\n"

GROUPS: dict[str, type[SettingsBase]] = {
    "The broker": BrokerSettings,
    "The form of messages": FormSettings,
    "Where calls go": RoutingSettings,
    "How tasks run": ExecutionSettings,
    "Results": ResultSettings,
    "Workers": WorkerSettings,
    "Events and remote commands": MonitoringSettings,
}


def page(text: str) -> str:
    """The page with the list as it is now.

    Raises:
        ValueError: the page has not the two marks.
    """
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError("the page has not the two marks between which the settings stand")
    return f"{before}{START}\n{settings()}\n{END}{after}"


def settings() -> str:
    """Every setting with what it may be, its default and what it is for; then Celery's that flowc has not."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    plain = Configuration.model_validate({})
    for title, group in GROUPS.items():
        yield f"### {title}\n"
        yield "| setting | may be | default | what for |"
        yield "|---|---|---|---|"
        for key in (name for name in Configuration.KEYS if name in group.model_fields):
            words, default = Configuration.KINDS[key].words, _written(plain[key])
            yield f"| `{key}` | {_cell(words)} | {_cell(default)} | {_cell(group.model_fields[key].description or '')} |"
        yield ""
    yield "### Settings of Celery that flowc does not have\n"
    for name, reason in sorted({**{f"{family}*": why for family, why in FOREIGN_FAMILIES.items()}, **FOREIGN}.items()):
        yield f"- `{name}`" + (f": {reason}" if reason else "")


def _written(value: object) -> str:
    if value == 86_400.0:
        return "`86400` (a day)"
    if isinstance(value, int) and value == 64 << 20 and not isinstance(value, bool):
        return f"`{value}` (64 MiB)"
    if value is None:
        return "None"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return f"`{json.dumps(value)}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(args: Sequence[str]) -> int:
    """Write the list into the page named."""
    path = Path(args[0])
    path.write_text(page(path.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stderr.write(f"{path}: {len(Configuration.KEYS)} settings\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
