"""Flows at random: texts of every form, with line breaks, blanks and comments wherever the language allows them."""

from __future__ import annotations

from itertools import pairwise
from random import Random

Tokens = list[str]

_NAMES = ("a", "b", "load", "extract_all", "x", "y", "größe", "proj", "a_rather_long_name_of_a_step")
_ATOMS = (
    "1", "2.5", "1_000", "0xff", "1e-3", "500ms", "1h30m", "2026-11-22", "2026-11-22T10:00:00Z", "true", "false", "null", "now", "_",
    '"text"', "'text'", "'it\"s'", "'a\\'b'", '"# no comment"', '""', "''", '"""long\n  text # no comment\n"""', "'''it's'''", "''''''",
    'f"io.{a}.{b + 1}"', "f'{x[\"k\"]}'", 'f"""{a\n}"""',
)  # fmt: skip
_WORDS = ("queue", "expires", "if", "in", "not", "now", "when", "true", "k")
_OPERATORS = ("+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or")
_TYPES = ("int", "str", "json", '"a"', "'b'", "f")
_COMMENTS = ("# why", "#", "#tight", '# "quoted', "# f(1,", "#  two  ")


class Mess:
    """Writes tokens as texts. ``comments`` are those it has strewn in, in order; ``mess`` is how often it breaks lines."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.comments: list[str] = []
        self.mess = self.random.choice((0.0, 0.1, 0.3, 0.6))

    def text(self, tokens: Tokens, indent: str, last: bool = True) -> str:
        """Tokens as a text, begun on the line at hand, and ended if it is the ``last``."""
        parts = [tokens[0]]
        depth = int(tokens[0] in ("(", "[", "{"))
        for before, token in pairwise(tokens):
            arrows = {before, token} & {"->", "=>", "!>", "*>", "~>"}
            free = depth or (arrows and tokens[0] != "when")
            parts.append(self.breaks(indent + " ") if free and self._chance(self.mess) else self.blanks(before, token))
            parts.append(token)
            depth += (token in ("(", "[", "{")) - (token in (")", "]", "}"))
        return "".join(parts) + (self.end(indent) if last else "")

    def blanks(self, before: str, token: str) -> str:
        """Blanks between two tokens; none only where they stay two without."""
        needless = before in ("(", "[", "{", ",", ":", ")", "}", "]") or token in (")", "]", "}", ",", ":")
        return self._blanks() if needless or (token == "." and before.isidentifier()) else " " + self._blanks()

    def breaks(self, indent: str) -> str:
        """Line breaks, with or without comments, and blanks to begin the line with."""
        text = self._blanks()
        for _ in range(self.random.choice((1, 1, 2, 3))):
            text += (" " + self.comment() if self._chance(0.4) else "") + "\n" + indent + self._blanks()
        return text

    def end(self, indent: str) -> str:
        """The end of a line, empty and comment lines after it."""
        text = " " + self.comment() if self._chance(0.15) else self._blanks()
        for _ in range(self.random.choice((0, 0, 0, 1, 3)) if self.mess else 0):
            text += "\n" + (self.random.choice(("", indent, indent + "  ")) + self.comment() if self._chance(0.4) else self._blanks())
        return text + "\n"

    def comment(self) -> str:
        comment = self.random.choice(_COMMENTS)
        self.comments.append(comment.rstrip())
        return comment

    def _blanks(self) -> str:
        return self.random.choice(("", "", " ", "  ", "\t")) if self.mess else ""

    def _comma(self) -> Tokens:
        return [","] if self._chance(0.2) else []

    def _joined(self, items: list[Tokens]) -> Tokens:
        return [token for item in items for token in (",", *item)][1:]

    def _chance(self, share: float) -> bool:
        return self.random.random() < share


class Flows(Mess):
    """Makes flows from one source of chance."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.size = self.random.choice((1, 2, 2, 3))
        self.fresh = 0

    def file(self) -> str:
        """A whole text, which parses."""
        lines = [self.description()] if self._chance(0.2) else []
        lines += [self.text(self.declaration(), "") for _ in range(self.random.randrange(3))]
        lines += self.block("", 2)
        text = "".join(lines)
        text = text[: -1 if self._chance(0.2) and text.endswith("\n") else None]
        text = text.replace("\n", "\r\n") if self._chance(0.1) else text
        return ("\ufeff" if self._chance(0.05) else "") + text

    def description(self) -> str:
        return self.text([self.random.choice(('"""What it does."""', "'short'", '"""Two\nlines."""'))], "")

    # ── statements ──

    def block(self, indent: str, size: int) -> list[str]:
        """Lines of statements; ``size`` bounds how deep blocks nest in it."""
        lines: list[str] = []
        for _ in range(self.random.randrange(1, 5)):
            form = self.random.randrange(8)
            if form == 0 and size:
                lines += self.headed(indent, ["flow", self.name(), *self.parameters(), *self.returned(), ":"], size)
            elif form == 1 and size:
                lines += self.headed(indent, ["when", *self.value(1), ":"], size)
                if self._chance(0.5):
                    lines += self.headed(indent, ["else", ":"], size)
            elif form == 2 and self._chance(0.5):
                several = [self.text(self.statement(), indent, last=False) for _ in range(2)]
                lines.append(indent + "; ".join(part.strip(" ") for part in several) + self.end(indent))
            else:
                lines.append(indent + self.text(self.statement(), indent))
        return lines

    def headed(self, indent: str, head: Tokens, size: int) -> list[str]:
        line = indent + self.text(head, indent, last=False)
        if self._chance(0.2):
            return [line + self._blanks() + self.text(self.statement(), indent)]
        deeper = indent + self.random.choice(("  ", "    ", "   ")) if "\t" not in indent else indent + "\t"
        if not indent and self._chance(0.2):
            deeper = "\t"
        return [line + self.end(deeper), *self.block(deeper, size - 1)]

    def statement(self) -> Tokens:
        form = self.random.randrange(6)
        if form == 0:
            return ["return", *self.scoped(self.size)]
        if form == 1:
            return ["defaults", *self.options(2)]
        if form < 4:
            return [self.name(), "=", *self.scoped(self.size)]
        return self.scoped(self.size)

    def declaration(self) -> Tokens:
        form = self.random.randrange(4)
        if form == 0:
            names = self._joined([self.imported() for _ in range(self.random.randrange(1, 9))])
            many = ["(", *names, *self._comma(), ")"]
            return ["from", *self.dotted(), "import", *(many if self._chance(0.5) else names)]
        if form == 1:
            return ["include", self.random.choice(('"other.flow"', "'other.flow'")), "as", self.name()]
        if form == 2:
            typed = [":", *self.type(2)] if self._chance(0.7) else []
            return ["param", self.name(), *typed, *(["=", *self.value(2)] if self._chance(0.7) else [])]
        name = ["'a-task'"] if self._chance(0.2) else self.dotted()
        parts = [self.parameters(), self.returned(), self.options(1), ['"What it does."'], ["as", self.name()]]
        return ["task", *name, *(token for part in parts if self._chance(0.5) for token in part)]

    def imported(self) -> Tokens:
        return [self.name()] if self._chance(0.7) else ["when", "as", self.name()]

    def dotted(self) -> Tokens:
        return ["proj", *(token for _ in range(self.random.randrange(3)) for token in (".", self.random.choice(("tasks", "in", "flow"))))]

    def returned(self) -> Tokens:
        return ["->", *self.type(2)] if self._chance(0.4) else []

    def parameters(self) -> Tokens:
        given: list[Tokens] = []
        for _ in range(self.random.randrange(4)):
            typed = [":", *self.type(2)] if self._chance(0.6) else []
            given.append([self.name(), *typed, "=", *self.value(1)])
        if self._chance(0.2):
            given.append(["*"] if self._chance(0.5) else ["*", self.name(), ":", "int"])
            given.append([self.name(), ":", "int"])
        if self._chance(0.2):
            given.append(["**", self.name()])
        return ["(", *self._joined(given), *(self._comma() if given else []), ")"]

    # ── expressions ──

    def scoped(self, size: int) -> Tokens:
        tokens = self.chain(size)
        for _ in range(self.random.choice((0, 0, 0, 1, 2))):
            arrow = self.random.choice(("!>", "!>", "!> each", "*>", "~>")).split()
            tokens += [*arrow, *self.postfix(size - 1)]
        return tokens

    def chain(self, size: int) -> Tokens:
        tokens = self.value(size)
        for _ in range(self.random.choice((0, 0, 1, 1, 2, 5))):
            tokens += [self.random.choice(("->", "->", "=>")), *self.value(size)]
        return tokens

    def value(self, size: int) -> Tokens:
        """An expression without arrows; ``size`` bounds how deep brackets nest in it."""
        form = self.random.randrange(14) if size > 0 else 9
        if form == 0:
            return [*self.sum(size - 1), "if", *self.postfix(size - 1), "else", *self.postfix(size - 1)]
        if form == 1:
            return [*self.postfix(size - 1), "??", *self.postfix(size - 1)]
        if form == 2:
            return self.sum(size)
        if form == 3:
            return [*self.random.choice((["-"], ["+"], ["-", "-"])), *self.postfix(size - 1)]
        if form == 4:
            return ["not", *self.postfix(size - 1)]
        return self.postfix(size)

    def sum(self, size: int) -> Tokens:
        tokens = self.postfix(size - 1)
        for _ in range(self.random.randrange(1, 6)):
            operator = self.random.choice(_OPERATORS)
            tokens += [
                *operator.split(),
                *(["-"] if self._chance(0.1) and operator in ("+", "-", "*", "/") else []),
                *self.postfix(size - 1),
            ]
        return tokens

    def postfix(self, size: int) -> Tokens:
        tokens = self.atom(size)
        for _ in range(self.random.choice((0, 1, 1, 2)) if size > 0 else 0):
            form = self.random.randrange(5)
            if form < 2:
                tokens += self.arguments(size - 1)
            elif form == 2:
                tokens += [".", self.random.choice((*_NAMES, "if", "now"))]
            elif form == 3:
                tokens += ["[", *self.value(size - 1), "]"]
            else:
                tokens += self.options(size - 1)
        return tokens

    def arguments(self, size: int) -> Tokens:
        given = [self.value(size) for _ in range(self.random.randrange(4))]
        words = self.random.sample(_WORDS, self.random.randrange(3))
        given += [[word, "=", *self.value(size)] for word in words]
        return ["(", *self._joined(given), *(self._comma() if given else []), ")"]

    def options(self, size: int) -> Tokens:
        words = self.random.sample((*_WORDS[:2], "priority", "countdown", "headers"), self.random.randrange(4))
        given = [[word, "=", *(["5s", "..", "2m"] if self._chance(0.1) else self.value(size))] for word in words]
        return ["{", *self._joined(given), *(self._comma() if given else []), "}"]

    def atom(self, size: int) -> Tokens:
        form = self.random.randrange(8) if size > 0 else 5
        if form == 0:
            return ["(", *self.scoped(size - 1), ")"]
        if form == 1:
            items = [self.chain(size - 1) for _ in range(self.random.randrange(4))]
            return ["[", *self._joined(items), *(self._comma() if items else []), "]"]
        if form == 2:
            return ["[", *self.chain(size - 1), *self.clauses(size), "]"]
        if form == 3:
            keys = self.random.sample((*_WORDS, '"any key"', "'other'"), self.random.randrange(3))
            items = [[key, ":", *self.value(size - 1)] for key in keys]
            return ["{", *self._joined(items), *(self._comma() if items else []), "}"]
        return [self.random.choice(_NAMES if form < 6 else _ATOMS)]

    def clauses(self, size: int) -> Tokens:
        tokens: Tokens = []
        for _ in range(self.random.choice((1, 1, 2))):
            targets = self._joined([[self.name()] for _ in range(self.random.randrange(1, 3))])
            tokens += ["for", *targets, "in", *self.postfix(size - 1)]
            for _ in range(self.random.choice((0, 0, 1, 2))):
                tokens += ["if", *self.postfix(size - 1)]
        return tokens

    def type(self, size: int) -> Tokens:
        form = self.random.randrange(6) if size > 0 else 5
        if form == 0:
            return ["list", "[", *self.type(size - 1), *self._comma(), "]"]
        if form == 1:
            return ["tuple", "[", *self._joined([self.type(size - 1), self.type(size - 1)]), *self._comma(), "]"]
        if form == 2:
            return ["{", "ok", ":", *self.type(size - 1), ",", "'a key'", ":", "int", *self._comma(), "}"]
        if form == 3:
            return [*self.type(0), "|", *self.type(0)]
        return [self.random.choice(_TYPES), *(["?"] if self._chance(0.3) else [])]

    def name(self) -> str:
        """A name that nothing else binds."""
        self.fresh += 1
        return f"n{self.fresh}"
