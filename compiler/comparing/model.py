"""What the comparison of two plans gives."""

from __future__ import annotations

from typing import Literal, TypeAlias

from ...dsl.record import dataclass
from ..plan import Location

Kind: TypeAlias = Literal["step", "group", "handler"]
Status: TypeAlias = Literal["added", "removed", "changed", "moved"]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different: ``what`` (``argument 1``, ``option expires``, ``group``), as text before and after (None: not there)."""

    what: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Node:
    """A step, group or handler that is not as it was.

    Attributes:
        status: ``moved``: nothing but its name, its groups or its sub-flows changed.
        id: in the new plan; of a removed one, in the old plan.
        was: its id in the old plan, where that was another one.
        task: its task's name; of a group its kind.
        call: the task and its arguments, as text; of a group its kind.
        changes: what is different, if it is on both sides.
        where: in the new source; of a removed one, in the old source.
        before: in the old source, if it is on both sides.
    """

    kind: Kind
    status: Status
    id: str
    was: str | None
    task: str
    call: str
    changes: tuple[Change, ...]
    where: Location
    before: Location | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge that is on one side alone. ``kind``: ``link``, ``argument``, ``then`` or ``member`` (of a group).

    The ids are those of the new plan where the node is there, else those of the old plan.
    """

    status: Literal["added", "removed"]
    source: str
    target: str
    kind: str


@dataclass(frozen=True, slots=True)
class Difference:
    """All that is different. ``value`` and ``description`` are the flow's own; ``same``: how many steps are as they were."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    value: Change | None
    description: Change | None
    same: int

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.nodes or self.edges or self.value or self.description)

    def count(self, kind: Kind, status: Status) -> int:
        """How many nodes of a kind have a status."""
        return sum(node.kind == kind and node.status == status for node in self.nodes)
