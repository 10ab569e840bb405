"""Options that several commands share: a command gets them as one argument."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

Command = TypeVar("Command", bound=Callable[..., Any])


def gathered(name: str, chosen: Callable[..., Any], options: Sequence[Callable[[Any], Any]]) -> Callable[[Command], Command]:
    """A decorator that adds options to a command.

    Args:
        name: the argument by which the command gets them.
        chosen: the class of that argument, with slots of the options' names.
        options: of click, in the order of the help page.
    """

    def decorate(command: Command) -> Command:
        from functools import update_wrapper

        def gather(*args: Any, **values: Any) -> Any:
            own = {slot: values.pop(slot) for slot in chosen.__slots__}  # type: ignore[attr-defined]
            return command(*args, **{name: chosen(**own)}, **values)

        wrapped: Any = update_wrapper(gather, command)
        for option in reversed(options):
            wrapped = option(wrapped)
        result: Command = wrapped
        return result

    return decorate
