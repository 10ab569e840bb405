"""A plan's graph in plain dicts, for drawing alone: what :func:`flowc.compiler.graph.to_graph` fills, without the cost of networkx.

Of networkx's ``MultiDiGraph`` it has what the graph's builder and the sketch of a picture use, under the same names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

Attributes: TypeAlias = dict[str, Any]

#: The kinds of edges that graphs of plans have.
KINDS = ("link", "argument", "then", "on_error", "on_message")


class Nodes(dict[str, Attributes]):
    """The attributes of each node; called, as networkx wants it, pairs of node and attributes."""

    def __call__(self, data: bool = False) -> Iterable[Any]:
        """The pairs, or with ``data`` false the nodes alone."""
        return self.items() if data else self.keys()


class Rows:
    """Nodes and edges in the order in which they came; at most one edge of each kind from one node to another."""

    def __init__(self, **attributes: Any) -> None:
        self.graph: Attributes = attributes
        self.nodes = Nodes()
        #: For each node with edges: those behind it with the edge's kind, and the edge's attributes.
        self._ahead: dict[str, dict[tuple[str, str], Attributes]] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self.nodes)

    def __contains__(self, node: object) -> bool:
        return node in self.nodes

    def add_nodes_from(self, nodes: Iterable[tuple[str, Attributes]]) -> None:
        """Add nodes with their attributes."""
        self.nodes.update(nodes)

    def add_node(self, node: str, **attributes: Any) -> None:
        """Add a node."""
        self.nodes[node] = attributes

    def add_edges_from(self, edges: Iterable[tuple[str, str, str, Attributes]]) -> None:
        """Add edges between nodes that are there: from, to, kind, attributes."""
        ahead = self._ahead
        for tail, head, kind, attributes in edges:
            known = ahead.get(tail)
            if known is None:
                ahead[tail] = {(head, kind): attributes}
            elif (head, kind) in known:
                known[head, kind].update(attributes)
            else:
                known[head, kind] = attributes

    def add_edge(self, tail: str, head: str, key: str, **attributes: Any) -> None:
        """Add an edge."""
        self.add_edges_from([(tail, head, key, attributes)])

    def kinds(self) -> Iterator[tuple[str, str, str]]:
        """Each edge as from, to, kind; in the order of the nodes that they come from."""
        ahead = self._ahead
        for tail in self.nodes:
            if tail in ahead:
                for head, kind in ahead[tail]:
                    yield tail, head, kind

    def get_edge_data(self, tail: str, head: str) -> dict[str, Attributes]:
        """The edges from one node to another, by kind."""
        heads = self._ahead.get(tail, {})
        return {kind: heads[head, kind] for kind in KINDS if (head, kind) in heads}


def kinds_of(graph: Any) -> Iterator[tuple[str, str, str]]:
    """Each edge of a graph of either class as from, to, kind."""
    if isinstance(graph, Rows):
        yield from graph.kinds()
        return
    for tail, heads in graph.adjacency():
        for head, kinds in heads.items():
            for kind in kinds:
                yield tail, head, kind
