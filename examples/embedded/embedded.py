"""A flow in a Python program: loaded, looked at, drawn and run. No command line, no server.

python examples/embedded/embedded.py
"""

from __future__ import annotations

from pathlib import Path

import flowc

app = flowc.App("embedded")


@app.task(name="square")
def square(n: int) -> int:
    return n * n


@app.task(name="total")
def total(numbers: list[int]) -> int:
    return sum(numbers)


TEXT = """
param most: int
[square(n) for n in range(1, most + 1)] -> total
"""


def main() -> None:
    # With the application, tasks and the types of their arguments are checked before anything runs.
    flow = flowc.loads(TEXT, name="squares.flow", params={"most": 4}, app=app)
    print(f"{flow.graph.number_of_nodes()} steps, {flow.graph.number_of_edges()} edges")

    result = flow.run(app)
    print(f"1 + 4 + 9 + 16 = {result.value}")

    # A flow of which a step fails raises nothing: its result tells which, and why.
    failing = flowc.loads('total(["a", "b"])\n', name="failing.flow").run(app)
    print(f"ok: {failing.ok}, {failing.failed[0].id}: {failing.failed[0].error}")

    # A flow with mistakes does not come to be. The error prints as `flowc check` does.
    try:
        flowc.loads("squared(2)\n", name="mistaken.flow", app=app)
    except flowc.FlowError as error:
        print(error)

    Path("out").mkdir(exist_ok=True)
    Path("out/squares.dot").write_text(flow.dot(), encoding="utf-8")


if __name__ == "__main__":
    main()
