"""Pictures of flows of 100,000 steps: from the plan to an SVG, and what compiling takes before that.

The wide flow is two comprehensions and a join; the written one 100,000 lines, each a step with a name of its own that joins two before it.
"""

from __future__ import annotations

from .measure import Row, peak_of

_WIDE = """
text = '''task t.add(x: int, y: int) -> int
task t.total(x: list[int]) -> int
raw = [t.add(i, i + 1) {queue = f"q.{i % 10}"} for i in range(49_999)]
rows = [r -> add(2) for r in raw]
total(rows)
'''
"""

_WRITTEN = """
lines = ["task t.add(x: int, y: int) -> int", "task t.begin(x: int) -> int"]
lines += [f"s{i} = t.begin({i})" if i < 10 else f"s{i} = t.add(s{i // 2}, s{i - 1})" for i in range(100_000)]
text = "\\n".join(lines) + "\\n"
"""

_CODE = """
import resource, statistics, time
from flowc.compiler.diagram import drawing, render, to_dot, to_mermaid
from flowc.compiler.pipeline import compile_source
from flowc.dsl.source import Source

def spent():
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime

start = spent()
plan = compile_source(Source("steps.flow", text)).plan
compiled = spent() - start
assert len(plan.calls) > 99_000
drawn, mermaid = [], []
for turn in range(4):
    start = spent()
    render(to_dot(drawing(plan)), "svg")
    between = spent()
    to_mermaid(plan)
    if turn:
        drawn.append(between - start)
        mermaid.append(spent() - between)
print(compiled, statistics.median(drawn), statistics.median(mermaid))
"""


def run() -> list[Row]:
    """The rows of this benchmark."""
    rows = []
    for name, source in (("in comprehensions", _WIDE), ("written, with joins", _WRITTEN)):
        peak, printed = peak_of(source + _CODE)
        compiled, drawn, mermaid = map(float, printed.split())
        rows += [
            Row(f"100,000 steps {name}: the plan as SVG", f"{drawn:.1f} s", "≤ 3 s"),
            Row(f"100,000 steps {name}: the plan as Mermaid", f"{mermaid:.1f} s", "≤ 3 s"),
            Row(f"100,000 steps {name}: compiled before that", f"{compiled:.1f} s"),
            Row(f"100,000 steps {name}: peak memory of the process", f"{peak:.0f} MB"),
        ]
    return rows
