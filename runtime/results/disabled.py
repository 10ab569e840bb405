"""No result backend: tasks run, and nothing is kept of what they return."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from .interface import Backend, Meta, Stored, Watch

_NONE = (
    "results are not kept: result_backend is not set. Set it in the application, as in  App(…, backend='redis://localhost:6379/1'), "
    "'sqlite:///results.db' or 'rpc://'"
)


def _refuse() -> NoReturn:
    raise NotImplementedError(_NONE)


class DisabledBackend(Backend):
    """Takes results and keeps none; whoever asks for one gets an error that says so."""

    keeps_groups = False
    url = "disabled"

    def store(self, states: Sequence[Stored]) -> list[Stored]:
        return []

    def get_many(self, task_ids: Sequence[str]) -> dict[str, Meta]:
        _refuse()

    def watch(self, task_ids: Iterable[str], *, progress: bool = True) -> Watch:
        _refuse()

    def forget(self, task_ids: Sequence[str]) -> None:
        _refuse()

    def save_group(self, group_id: str, document: Mapping[str, Any]) -> None:
        _refuse()

    def load_group(self, group_id: str) -> Mapping[str, Any] | None:
        _refuse()

    def forget_group(self, group_id: str) -> None:
        _refuse()

    def open_chord(self, group_id: str, size: int) -> None:
        raise NotImplementedError(f"a chord needs a result backend that counts its parts: {_NONE}")

    def add_to_chord(self, group_id: str, more: int = 1) -> None:
        _refuse()

    def chord_part(self, group_id: str, index: int, meta: Meta) -> list[Meta] | None:
        _refuse()

    def close_chord(self, group_id: str) -> None:
        _refuse()

    def expire(self) -> int:
        return 0

    def close(self) -> None:
        """Nothing is open."""
