"""A flow of 100,000 steps: seconds and peak memory, through the graph and the plan."""

from __future__ import annotations

from .measure import Row, peak_of

_CODE = """
import time
from flowc.dsl.source import Source
from flowc.compiler.pipeline import compile_source
from flowc.compiler.graph import to_graph
text = '''task proj.tasks.add(x: int, y: int) -> int
raw = [proj.tasks.add(i, i + 1) {queue = f"q.{i % 10}"} for i in range(50000)]
rows = [r -> add(2) for r in raw]
'''
start = time.process_time()
plan = compile_source(Source("steps.flow", text)).plan
compiled = time.process_time()
graph = to_graph(plan)
assert graph.number_of_nodes() == 100_000
print(compiled - start, time.process_time() - compiled)
"""


def run() -> list[Row]:
    """The rows of this benchmark."""
    peak, printed = peak_of(_CODE)
    compiled, graphed = map(float, printed.split())
    return [
        Row("100,000 steps: compiled to a plan", f"{compiled:.1f} s"),
        Row("100,000 steps: the plan as a networkx graph", f"{graphed:.1f} s"),
        Row("100,000 steps: both", f"{compiled + graphed:.1f} s", "≤ 10 s"),
        Row("100,000 steps: peak memory of the process", f"{peak:.0f} MB", "≤ 400 MB"),
    ]
