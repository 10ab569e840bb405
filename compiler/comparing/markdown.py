"""A difference as Markdown, ready to be the comment of a pull request: counts first, then a picture, then the details.

Source: GitHub Flavored Markdown Spec; "Creating diagrams" of GitHub's documentation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...dsl.render.markdown import code
from ..plan import Plan
from .folding import Fold, fold
from .mermaid import SIGNS, to_mermaid
from .model import Change, Difference
from .summary import summary
from .text import MARKS, edge_text

#: By this, a program that posts the comment can find the one of the run before.
MARKER = "<!-- flowc diff -->"
#: Characters of all details: a comment on GitHub has at most 65,536.
_LONGEST = 40_000


def to_markdown(compared: Sequence[tuple[str, Difference, Plan]]) -> str:
    """The comment.

    Args:
        compared: for each flow its name, the difference and the new plan.
    """
    different = [one for one in compared if one[1]]
    parts = [f"{MARKER}\n### flowc diff\n\n"]
    if not different:
        count = len(compared)
        parts.append(f"No difference in {count:,} {'flow' if count == 1 else 'flows'}.\n")
    left = _LONGEST
    for name, difference, new in different:
        section = "".join(_section(name, difference, new, max(0, left)))
        left -= len(section)
        parts.append(section)
    if different and len(different) < len(compared):
        same = len(compared) - len(different)
        parts.append(f"\n{same:,} more {'flow is' if same == 1 else 'flows are'} as before.\n")
    return "".join(parts)


def _section(name: str, difference: Difference, new: Plan, left: int) -> Iterator[str]:
    yield f"#### {code(name)}\n\n{summary(difference)}\n"
    picture = to_mermaid(difference, new)
    if picture and len(picture) < left:
        left -= len(picture)
        yield f"\n```mermaid\n{picture}```\n"
    rows = list(_rows(difference))
    shown = 0
    yield "\n<details><summary>Details</summary>\n\n| | what | change | place |\n|---|---|---|---|\n"
    for row in rows:
        left -= len(row)
        if left < 0:
            break
        shown += 1
        yield row
    yield "\n"
    if shown < len(rows):
        yield f"{len(rows) - shown:,} more are left out.\n\n"
    yield "</details>\n"


def _rows(difference: Difference) -> Iterator[str]:
    for one in fold(difference.nodes):
        changes = "<br>".join(map(_change, one.changes))
        yield f"| {SIGNS[one.status].strip()} {one.status} | {_name(one)} | {changes} | {code(str(one.nodes[0].where))} |\n"
    for change in (difference.value, difference.description):
        if change is not None:
            yield f"| {MARKS['changed']} changed | the flow's {change.what} | {_change(change)} | |\n"
    for edge in difference.edges:
        yield f"| {SIGNS[edge.status].strip()} {edge.status} | {code(edge_text(edge))} | | |\n"


def _name(one: Fold) -> str:
    node = one.nodes[0]
    many = f" ({len(one.nodes):,} {node.kind}s)" if len(one.nodes) > 1 else ""
    what = node.call if one.status in ("added", "removed") else node.task
    return f"{node.kind} {code(one.name)} {code(what)}{many}"


def _change(change: Change) -> str:
    if change.old is None:
        return f"{code(change.what)}: {code(change.new or '')} (new)"
    if change.new is None:
        return f"{code(change.what)}: {code(change.old)} (gone)"
    return f"{code(change.what)}: {code(change.old)} → {code(change.new)}"
