"""Texts with a cursor, and files round them, for the queries that know no protocol."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flowc.compiler.include import read_source
from flowc.compiler.lookup.completing import Around, complete
from flowc.compiler.lookup.describing import describe
from flowc.compiler.lookup.observing import Observed, observe
from flowc.compiler.lookup.project import Place, Project
from flowc.compiler.lookup.renaming import rename
from flowc.compiler.lookup.suggestion import Suggestion
from flowc.compiler.lookup.symbols import Index
from flowc.compiler.pipeline import Settings
from flowc.dsl.diagnostics import Findings
from flowc.dsl.source import Source

TASKS = """\
task proj.extract(day: date, region: str = "eu") -> list[map] {queue = "etl"} "Read a region."
task proj.load(rows: list[map], mode: "fast" | "safe" = "safe", *, dry: bool = false) -> {count: int, took: duration} "Write the rows."
task other.page(request, exc, traceback, team: str)
"""


@dataclass(frozen=True)
class Desk:
    """A text with the cursor where ``§`` stood."""

    source: Source
    offset: int
    project: Project
    settings: Settings
    files: tuple[str, ...] = ()

    @property
    def index(self) -> Index:
        """Its names."""
        return self.project.index(self.source)

    @property
    def observed(self) -> Observed:
        """What the compiler says of it."""
        return observe(self.source, self.settings)

    def hover(self) -> str:
        """What is said of the place of the cursor; empty where nothing is."""
        found = describe(self.project, self.index, self.observed, self.offset)
        return "" if found is None else found.text

    def complete(self) -> list[str]:
        """The labels of what may stand at the cursor."""
        return [one.label for one in self.suggestions()]

    def suggestions(self) -> tuple[Suggestion, ...]:
        """What may stand at the cursor."""
        return complete(Around(self.project, self.index, self.observed, lambda: ("tasks.flow", "lib/a.flow")), self.offset).items

    def definition(self) -> list[str]:
        """Where what the cursor is at is bound, as ``file:line:text``."""
        use = self.index.use_at(self.offset)
        return [] if use is None else [shown(place) for place in self.project.definition(self.index, use)]

    def references(self) -> list[str]:
        """Where it is used."""
        use = self.index.use_at(self.offset)
        return [] if use is None else [shown(place) for place in self.project.references(self.index, use, self.files)]

    def rename(self, new: str) -> dict[str, str]:
        """The texts after a rename, by the names of the files."""
        texts: dict[str, str] = {}
        for source, edits in rename(self.project, self.index, self.offset, new, self.files).values():
            text = source.text
            for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
                text = text[: edit.span.start] + edit.text + text[edit.span.end :]
            texts[Path(source.name).name] = text
        return texts


def shown(place: Place) -> str:
    """A place as ``file:line:text``."""
    line = place.file.position(place.span.start).line
    return f"{Path(place.file.name).name}:{line}:{place.file.text[place.span.start : place.span.end]}"


def desk(text: str, folder: Path | None = None, tasks: str = TASKS, **files: str) -> Desk:
    """Put a text on the desk, with files beside it (``lib="…"`` is ``lib.flow``) if there is a folder; else ``tasks`` stands above it."""
    before, cursor, after = text.partition("§")
    assert cursor, "no cursor"
    if folder is None:
        source = Source("main.flow", tasks + before + after)
        return Desk(source, len(tasks) + len(before), Project(lambda path: None), Settings(require_params=False))
    for name, content in files.items():
        (folder / f"{name}.flow").write_text(content, "utf-8")
    path = str(folder / "main.flow")
    (folder / "main.flow").write_text(before + after, "utf-8")
    paths = tuple(str(folder / f"{name}.flow") for name in (*files, "main"))
    project = Project(lambda name: read_source(name, Findings()))
    return Desk(Source(path, before + after, path), len(before), project, Settings(require_params=False), paths)
