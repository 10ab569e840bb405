"""Entries of a signature as attributes."""

from __future__ import annotations

from typing import Any, Generic, Self, TypeVar, overload

T = TypeVar("T")


class Entry(Generic[T]):
    """``sig.args`` for ``sig["args"]``."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._key = name

    @overload
    def __get__(self, sig: None, owner: type) -> Self: ...

    @overload
    def __get__(self, sig: Any, owner: type | None = None) -> T: ...

    def __get__(self, sig: Any, owner: type | None = None) -> Self | T:
        if sig is None:
            return self
        value: T = sig[self._key]
        return value

    def __set__(self, sig: Any, value: T) -> None:
        sig[self._key] = value


class Within(Generic[T]):
    """``canvas.tasks`` for ``canvas["kwargs"]["tasks"]``. ``key``: where it has another name there."""

    def __init__(self, key: str | None = None) -> None:
        self._key = key or ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._key = self._key or name

    @overload
    def __get__(self, sig: None, owner: type) -> Self: ...

    @overload
    def __get__(self, sig: Any, owner: type | None = None) -> T: ...

    def __get__(self, sig: Any, owner: type | None = None) -> Self | T:
        if sig is None:
            return self
        value: T = sig["kwargs"][self._key]
        return value

    def __set__(self, sig: Any, value: T) -> None:
        sig["kwargs"][self._key] = value


class OptionEntry:
    """``sig.id`` for ``sig["options"]["task_id"]``; None where it is not set."""

    def __init__(self, option: str) -> None:
        self._option = option

    @overload
    def __get__(self, sig: None, owner: type) -> Self: ...

    @overload
    def __get__(self, sig: Any, owner: type | None = None) -> str | None: ...

    def __get__(self, sig: Any, owner: type | None = None) -> Self | str | None:
        if sig is None:
            return self
        value: str | None = sig["options"].get(self._option)
        return value

    def __set__(self, sig: Any, value: str | None) -> None:
        sig["options"][self._option] = value
