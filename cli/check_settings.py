"""What ``flowc check`` is to do: its options over ``[tool.flowc.check]`` over the defaults."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from ..dsl.record import dataclass
from .gathering import gathered
from .report import FORMATS

if TYPE_CHECKING:
    from .check_table import CheckTable
    from .config import Config
    from .globs import Glob
    from .selection import Selection


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """What the user chose on the command line; None where nothing was."""

    form: str | None = None
    outputs: tuple[str, ...] = ()
    strict: bool | None = None
    exit_zero: bool | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    statistics: bool | None = None
    explain_url: str | None = None


_OPTIONS = (
    click.option("--output-format", "form", type=click.Choice(FORMATS), help="How to print findings  [default: full]"),
    click.option(
        "-o",
        "--output",
        "outputs",
        multiple=True,
        metavar="[FORMAT:]FILE",
        help="Write a report to a file, too. The end of its name (.sarif .json .xml .md) says the format, or FORMAT does. May be repeated.",
    ),
    click.option("--strict/--no-strict", default=None, help="Leave with 1 for warnings too."),
    click.option("--exit-zero/--no-exit-zero", default=None, help="Leave with 0 whatever is found."),
    click.option("--select", multiple=True, metavar="CODES", help="Tell only findings whose code begins so: F0901,F02."),
    click.option("--ignore", multiple=True, metavar="CODES", help="Do not tell findings whose code begins so. The longer beginning wins."),
    click.option("--per-file-ignore", "per_file_ignores", multiple=True, metavar="GLOB:CODES", help="Ignore codes in some files."),
    click.option("--severity", multiple=True, metavar="CODES=LEVEL", help="Make findings errors or warnings: F0901=error."),
    click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out files and folders when a folder is searched."),
    click.option("--statistics/--no-statistics", default=None, help="Tell how often each code occurs."),
    click.option("--explain-url", metavar="URL", help="Where reports link codes to: an address with {code} or {CODE} in it."),
)

#: Adds the options of ``flowc check`` to it, which gets them as one argument ``options``.
check_options = gathered("options", CheckOptions, _OPTIONS)


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """What is in force. ``selection`` is None if everything is told as it is."""

    form: str = "full"
    outputs: tuple[str, ...] = ()
    strict: bool = False
    exit_zero: bool = False
    selection: Selection | None = None
    exclude: tuple[Glob, ...] = ()
    statistics: bool = False
    explain_url: str = ""


def check_settings(options: CheckOptions, config: Config) -> CheckSettings:
    """What is in force, by options and settings.

    Raises:
        Stop: an option or a setting has a value that it cannot have.
    """
    if options == _NOTHING and not config.check:
        return _PLAIN
    from .check_table import CheckTable, read_address, read_check_table

    table = read_check_table(config) if config.check else CheckTable()
    return CheckSettings(
        form=options.form or table.output_format,
        outputs=options.outputs or table.output,
        strict=table.strict if options.strict is None else options.strict,
        exit_zero=table.exit_zero if options.exit_zero is None else options.exit_zero,
        selection=_selection(options, table),
        exclude=_excluded(options, table),
        statistics=table.statistics if options.statistics is None else options.statistics,
        explain_url=table.explain_url if options.explain_url is None else read_address(options.explain_url, "--explain-url"),
    )


_NOTHING = CheckOptions()
_PLAIN = CheckSettings()


def _selection(options: CheckOptions, table: CheckTable) -> Selection | None:
    from .selection import ALL, Selection, read_codes

    select = read_codes(options.select, "--select", hiding=False)
    ignore = read_codes(options.ignore, "--ignore", hiding=True)
    per_file = tuple(_per_file(text) for text in options.per_file_ignores)
    severity = tuple(pair for text in options.severity for pair in _severity(text))
    made = Selection(
        select=select or table.select or (ALL,),
        # Who says what to tell has not asked for what the project leaves out of it.
        ignore=ignore if select else table.ignore + ignore,
        per_file=table.per_file_ignores + per_file,
        severity=table.severity + severity,
    )
    return None if made.is_all else made


def _per_file(text: str) -> tuple[Glob, tuple[str, ...]]:
    from .exits import Stop
    from .globs import Glob
    from .selection import read_codes

    pattern, colon, codes = text.rpartition(":")
    if not colon or not pattern.strip():
        raise Stop(f"--per-file-ignore wants GLOB:CODES, not {text!r}", hint="For example: --per-file-ignore 'tests/*.flow:F0901,F0904'")
    return Glob(os.getcwd(), pattern.strip()), read_codes([codes], "--per-file-ignore", hiding=True)


def _severity(text: str) -> tuple[tuple[str, str], ...]:
    from .exits import Stop
    from .selection import read_codes, read_level

    codes, equals, level = text.rpartition("=")
    if not equals or not codes.strip():
        raise Stop(f"--severity wants CODES=LEVEL, not {text!r}", hint="For example: --severity F0901=error")
    return tuple((code, read_level(level, "--severity")) for code in read_codes([codes], "--severity", hiding=True))


def _excluded(options: CheckOptions, table: CheckTable) -> tuple[Glob, ...]:
    if not options.exclude and not table.exclude:
        return ()
    from .globs import Glob

    return table.exclude + tuple(Glob(os.getcwd(), pattern) for pattern in options.exclude)
