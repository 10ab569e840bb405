"""Whether arguments fit a function, worked out once for each task: ``inspect.Signature.bind`` costs more than all the rest of a call."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class Arity:
    """What a function takes.

    Attributes:
        positional: the names of its positional parameters, in order.
        least: so many of them have no default.
        most: so many positional arguments are taken; None for any number (``*args``).
    """

    __slots__ = ("_by_keyword", "_keyword_only", "_signature", "_takes_any_keyword", "least", "most", "positional")

    def __init__(self, signature: inspect.Signature) -> None:
        parameters = signature.parameters.values()
        positional = [p for p in parameters if p.kind in _POSITIONAL]
        self.positional = tuple(p.name for p in positional)
        self.least = sum(p.default is p.empty for p in positional)
        self.most = None if any(p.kind is p.VAR_POSITIONAL for p in parameters) else len(positional)
        self._signature = signature
        self._by_keyword = {p.name: i for i, p in enumerate(positional) if p.kind is p.POSITIONAL_OR_KEYWORD}
        keyword_only = [p for p in parameters if p.kind is p.KEYWORD_ONLY]
        self._by_keyword.update((p.name, len(positional)) for p in keyword_only)
        self._keyword_only = tuple(p.name for p in keyword_only if p.default is p.empty)
        self._takes_any_keyword = any(p.kind is p.VAR_KEYWORD for p in parameters)

    def check(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """Make sure that the arguments fit.

        Raises:
            TypeError: one is missing, unknown, given twice, or there are too many.
        """
        given = len(args)
        if not kwargs:
            if self.least <= given and (self.most is None or given <= self.most) and not self._keyword_only:
                return
        elif self._fits(given, kwargs):
            return
        self._explain(name, args, kwargs)

    def _fits(self, given: int, kwargs: Mapping[str, Any]) -> bool:
        if self.most is not None and given > self.most:
            return False
        by_keyword = self._by_keyword
        needed = self.least - given
        for key in kwargs:
            place = by_keyword.get(key)
            if place is None:
                if not self._takes_any_keyword or key.__class__ is not str:
                    return False
            elif place < given:
                return False
            elif place < self.least:
                needed -= 1
        return needed <= 0 and (not self._keyword_only or all(key in kwargs for key in self._keyword_only))

    def _explain(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        try:
            self._signature.bind(*args, **kwargs)
        except TypeError as exc:
            raise TypeError(f"{name}{self._signature}: {exc}") from None
        # Since Python 3.13, `bind` lets a name in `**kwargs` stand for a positional-only parameter of that name. A call does not.
        for parameter in self.positional[len(args) : self.least]:
            if parameter not in self._by_keyword:
                raise TypeError(f"{name}{self._signature}: missing a required positional-only argument: {parameter!r}")

    def by_position(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Named arguments that stand for one of the positional ``args`` take its place there."""
        new, rest = list(args), dict(kwargs)
        for key in kwargs:
            place = self._by_keyword.get(key)
            if place is not None and place < len(new) and place < len(self.positional):
                new[place] = rest.pop(key)
        return tuple(new), rest

    def without(self, count: int, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The named arguments but those that ``count`` positional ones give already."""
        return {key: value for key, value in kwargs.items() if self._by_keyword.get(key, count) >= count}


def arity_of(function: Callable[..., Any], *, bound: bool) -> Arity | None:
    """What a function takes (without its first parameter where it is bound); None where Python does not know."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    if bound:
        parameters = list(signature.parameters.values())
        if parameters and parameters[0].kind in _POSITIONAL:
            signature = signature.replace(parameters=parameters[1:])
    return Arity(signature)
