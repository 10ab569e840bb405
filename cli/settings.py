"""The options that say how a flow is compiled, shared by several commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from ..dsl.columns import visible
from .exits import Stop
from .gathering import gathered

if TYPE_CHECKING:
    from ..compiler.pipeline import Settings
    from ..compiler.stubs import Stubs
    from .config import Config


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user chose, as texts."""

    params: tuple[str, ...]
    params_file: str | None
    app: str | None
    stubs: tuple[str, ...]
    max_steps: int
    include_root: str | None


_OPTIONS = (
    click.option("-p", "params", multiple=True, metavar="NAME=VALUE", help="Set a parameter of the flow. May be repeated."),
    click.option("--params", "params_file", metavar="FILE", help="Read parameters from a JSON or YAML file; -p wins over it."),
    click.option("--app", metavar="MODULE[:ATTR]", help="Import an application and check against the tasks that it registers."),
    click.option(
        "--stubs",
        multiple=True,
        metavar="FILE",
        help="Check against the tasks that a file declares, written by flowc stubs. May be repeated; replaces stubs in [tool.flowc].",
    ),
    click.option(
        "--max-steps",
        type=click.IntRange(min=1),
        default=100_000,
        show_default=True,
        metavar="N",
        help="Refuse a flow that unfolds to more steps.",
    ),
    click.option("--include-root", metavar="DIR", help="The folder that includes may not leave [default: the folder of the flow]."),
)

#: Adds ``-p --params --app --stubs --max-steps --include-root`` to a command, which gets them as one argument ``choices``.
compile_options = gathered("choices", Choices, _OPTIONS)


def make_settings(choices: Choices, config: Config, *, require_params: bool, tasks: Mapping[str, Any] | None = None) -> Settings:
    """The compiler's settings for what the user chose. ``tasks``: what an application has registered.

    Raises:
        Stop: a parameter that is not ``name=value``, or a parameter file that cannot be read.
    """
    from ..compiler.pipeline import Settings

    return Settings(
        params=_read_parameters(choices.params_file) if choices.params_file is not None else {},
        param_texts=dict(_split(text) for text in choices.params),
        tasks=tasks,
        stubs=_stubs(choices.stubs or config.stubs),
        env=config.env,
        max_steps=choices.max_steps,
        include_root=choices.include_root,
        require_params=require_params,
    )


def _stubs(paths: tuple[str, ...]) -> Stubs | None:
    if not paths:
        return None
    from ..compiler.stubs import read_stubs

    return read_stubs(paths)


def _split(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise Stop(f"-p wants NAME=VALUE, not {text!r}", hint="For example: -p day=2026-11-22")
    return name.strip(), value


def _read_parameters(path: str) -> Mapping[str, object]:
    from ..compiler.literals import ParameterError
    from ..compiler.parameters import read_params_file

    try:
        return read_params_file(path)
    except ParameterError as problem:
        raise Stop(visible(str(problem))) from None
