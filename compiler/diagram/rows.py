"""A plan's graph in plain dicts, for drawing alone: what :func:`flowc.compiler.graph.to_graph` fills, without the cost of networkx.

Of networkx's ``MultiDiGraph`` it has what the graph's builder and the sketch of a picture use, under the same names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

Attributes: TypeAlias = dict[str, Any]
Adjacency: TypeAlias = dict[str, dict[str, dict[str, Attributes]]]


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
        self._ahead: Adjacency = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self.nodes)

    def __contains__(self, node: object) -> bool:
        return node in self.nodes

    def add_nodes_from(self, nodes: Iterable[tuple[str, Attributes]]) -> None:
        """Add nodes with their attributes."""
        for node, attributes in nodes:
            self.nodes[node] = attributes
            self._ahead[node] = {}

    def add_node(self, node: str, **attributes: Any) -> None:
        """Add a node."""
        self.nodes[node] = attributes
        self._ahead[node] = {}

    def add_edges_from(self, edges: Iterable[tuple[str, str, str, Attributes]]) -> None:
        """Add edges between nodes that are there: from, to, kind, attributes."""
        ahead = self._ahead
        for tail, head, kind, attributes in edges:
            heads = ahead[tail]
            known = heads.get(head)
            if known is None:
                heads[head] = {kind: attributes}
            elif kind in known:
                known[kind].update(attributes)
            else:
                known[kind] = attributes

    def add_edge(self, tail: str, head: str, key: str, **attributes: Any) -> None:
        """Add an edge."""
        self.add_edges_from([(tail, head, key, attributes)])

    def adjacency(self) -> Iterable[tuple[str, Mapping[str, Mapping[str, Attributes]]]]:
        """For each node those behind it, and the edges there by kind."""
        return self._ahead.items()

    def get_edge_data(self, tail: str, head: str) -> Mapping[str, Attributes] | None:
        """The edges from one node to another, by kind."""
        return self._ahead.get(tail, {}).get(head)
