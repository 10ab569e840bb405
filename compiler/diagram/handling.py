"""Lines from steps to the handlers of their scope.

Where that makes one or two lines, each step has its own. More would be a sheaf, so there each handler has one line, which begins at a
frame: at that of the sub-flow or group that holds just these boxes, or else at one drawn around the scope for this.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from .frames import Chain
from .model import Line, LineKind
from .sketch import FrameKey, Sketch

#: Up to this many lines from the steps of a scope to its handlers are drawn one by one.
LINES = 2

HANDLERS = ("errback", "listener")
KINDS: tuple[LineKind, ...] = ("on_error", "on_message")


@dataclass
class Handling:
    """The lines to handlers; ``chains`` are the frames around each piece, those of scopes now among them."""

    chains: dict[str, Chain]
    lines: list[Line] = field(default_factory=list)


def handle(small: Sketch, chains: dict[str, Chain]) -> Handling:
    """The lines to all handlers of a sketch, and the frames that they need."""
    done = Handling(dict(chains))
    sources = _sources(small)
    scopes: dict[frozenset[str], list[str]] = {}
    for handler, steps in sources.items():
        scopes.setdefault(frozenset(steps), []).append(handler)
    starts: dict[frozenset[str], FrameKey | None] = {}
    for held in sorted(scopes, key=len, reverse=True):
        few = len(held) == 1 or len(held) * len(scopes[held]) <= LINES
        starts[held] = None if few else _start(small, done.chains, held, scopes[held])
    for handler, ordered in sources.items():
        kind: LineKind = "on_error" if small.pieces[handler].kind == "errback" else "on_message"
        start = starts[frozenset(ordered)]
        if start is not None:
            done.lines.append(Line(_sink(small, ordered), handler, kind, frame=f"{start[0]} {start[1]}"))
        else:
            tails = ordered if len(ordered) <= LINES else [_sink(small, ordered)]
            done.lines.extend(Line(tail, handler, kind) for tail in tails)
    done.lines.extend(_into_others(small))
    return done


def _sources(small: Sketch) -> dict[str, list[str]]:
    """The steps that each handler serves, in text order."""
    before = small.before()
    found: dict[str, list[str]] = {}
    for key, piece in small.pieces.items():
        if piece.kind in HANDLERS:
            steps = _steps(small, [tail for tail, kind in before[key].items() if kind in KINDS])
            if steps:
                found[key] = steps
    return found


def _steps(small: Sketch, tails: Sequence[str]) -> list[str]:
    """These pieces, and instead of the joins of scopes what comes together there, in text order."""
    before = small.before()
    seen: set[str] = set()
    stack = list(tails)
    while stack:
        tail = stack.pop()
        if tail not in seen:
            seen.add(tail)
            if _hidden(small, tail):
                stack.extend(before[tail])
    if len(seen) == 1:
        return [tail for tail in seen if not _hidden(small, tail)]
    return [tail for tail in small.pieces if tail in seen and not _hidden(small, tail)]


def _hidden(small: Sketch, key: str) -> bool:
    return small.pieces[key].scope is not None and small.pieces[key].kind == "join"


def _into_others(small: Sketch) -> Iterator[Line]:
    """Lines to boxes that handlers have been collapsed into: from each box whose steps they serve."""
    before = small.before()
    for key, piece in small.pieces.items():
        if piece.kind in HANDLERS or _hidden(small, key):
            continue
        for kind in KINDS:
            tails = [tail for tail in before[key] if (tail, key, kind) in small.edges]
            yield from (Line(tail, key, kind) for tail in (_steps(small, tails) if tails else ()) if tail != key)


def _start(small: Sketch, chains: dict[str, Chain], steps: frozenset[str], handlers: Sequence[str]) -> FrameKey | None:
    """The frame at which lines from these steps begin: one that is there, or a new one, which is put into ``chains``."""
    inside = _insides(small, chains)
    around = {frame for handler in handlers for frame in chains[handler]}
    for frame, held in inside.items():
        if held == steps and frame not in around:
            return frame
    ordered = [key for key in small.pieces if key in steps]
    prefixes = {tuple(_outside(chains[key], inside, steps, around)) for key in ordered}
    if len(prefixes) != 1:
        return None
    at = len(next(iter(prefixes)))
    kinds = {small.pieces[handler].kind for handler in handlers}
    new: FrameKey = ("scope" if "errback" in kinds else "messages", f"scope of {ordered[0]} and {len(ordered)}")
    for key in (*ordered, *_joins_within(small, steps)):
        chains[key] = (*chains[key][:at], new, *chains[key][at:])
    return new


def _insides(small: Sketch, chains: dict[str, Chain]) -> dict[FrameKey, set[str]]:
    inside: dict[FrameKey, set[str]] = {}
    for key, chain in chains.items():
        if small.pieces[key].kind not in (*HANDLERS, "join"):
            for frame in chain:
                inside.setdefault(frame, set()).add(key)
    return inside


def _outside(chain: Chain, inside: dict[FrameKey, set[str]], steps: frozenset[str], around: Collection[FrameKey]) -> Iterator[FrameKey]:
    for frame in chain:
        if inside[frame] <= steps and frame not in around:
            return
        yield frame


def _joins_within(small: Sketch, steps: Collection[str]) -> Iterator[str]:
    before, after = small.before(), small.after()
    for key, piece in small.pieces.items():
        if piece.kind == "join" and piece.scope is None and before[key] and {*before[key], *after[key]} <= set(steps):
            yield key


def _sink(small: Sketch, ordered: Sequence[str]) -> str:
    """The last of the steps that none of the others waits for."""
    inner = {tail for tail, head, _ in small.edges if head in ordered}
    return next((key for key in reversed(ordered) if key not in inner), ordered[-1])
