"""Random flows that messages can mostly carry: chains, thens, groups in groups, names that several steps follow."""

from __future__ import annotations

import uuid

from hypothesis import strategies as st

import flowc


def cat(*parts: object) -> str:
    """A text that shows what a step was given."""
    return f"({' '.join(map(str, parts))})"


def application() -> flowc.App:
    """An application with the task of random flows, in memory."""
    app = flowc.App("cat", broker="memory://", backend=f"memory://{uuid.uuid4().hex}", set_as_current=False)
    app.task(name="cat.cat")(cat)
    return app


@st.composite
def _stages(draw: st.DrawFn, depth: int) -> str:
    """What may stand behind an arrow."""
    kind = draw(st.sampled_from(["step", "step", "step", "group", "chain"] if depth else ["step"]))
    if kind == "group":
        return f"[{', '.join(draw(st.lists(_stages(depth - 1), min_size=1, max_size=3)))}]"
    if kind == "chain":
        arrow = draw(st.sampled_from(["->", "->", "=>"]))
        return f"{draw(_stages(depth - 1))} {arrow} {draw(_stages(depth - 1))}" if draw(st.booleans()) else draw(_stages(depth - 1))
    return f"cat.cat({draw(st.integers(0, 9))})"


@st.composite
def flows(draw: st.DrawFn, most: int = 4) -> str:
    """The text of a flow whose value is the list of its statements' values."""
    lines: list[str] = []
    for number in range(draw(st.integers(1, most))):
        heads = ["cat.cat(0)", *(f"x{before}" for before in range(number))]
        head = draw(st.sampled_from(heads))
        if draw(st.integers(0, 4)) == 0:
            head = f"[{', '.join(draw(st.lists(st.sampled_from([*heads, 'cat.cat(1) -> cat.cat(2)']), max_size=3)))}]"
        arrows = "".join(f" {draw(st.sampled_from(['->', '->', '=>']))} {draw(_stages(2))}" for _ in range(draw(st.integers(0, 3))))
        lines.append(f"x{number} = {head}{arrows}")
    names = ", ".join(f"x{number}" for number in range(len(lines)))
    return "\n".join([*lines, f"[{names}]"])
