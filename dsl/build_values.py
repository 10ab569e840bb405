"""From productions to nodes: single values, lists and maps. Each method begins with the rule whose children it receives."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from . import tree
from .build_expressions import Expressions, name_of, new
from .literals import BadWord, number, unescape
from .scanner import Token
from .source import Span
from .words import FOREIGN, RESERVED

#: Most numbers of a flow are short, and the same few.
_usual_number = lru_cache(4096)(number)

_SPECIAL = RESERVED | {"_"}


class Values(Expressions):
    """Builds what an expression is made of."""

    def name(self, c: list[Any]) -> tree.Name | tree.Placeholder:
        # name: NAME
        token = c[0]
        text = token.value
        span = new(Span, (token.start_pos, token.end_pos))
        if text in _SPECIAL or not text.isascii():
            if text == "_":
                return tree.Placeholder(span)
            if text in RESERVED or not text.isidentifier():
                self.refuse(span, text)
        return tree.Name(span, text)

    def number(self, c: list[Any]) -> tree.Literal:
        # number: NUMBER
        token = c[0]
        word = token.value
        span = new(Span, (token.start_pos, token.end_pos))
        try:
            return tree.Literal(span, _usual_number(word) if len(word) < 32 else number(word))
        except BadWord as bad:
            self.findings.report(bad.code, self.source, span, help=bad.help or (), word=word)
            return tree.Literal(span, 0)

    def string(self, c: list[Any]) -> tree.Literal:
        # string: STRING
        token = c[0]
        raw = token.value
        span = new(Span, (token.start_pos, token.end_pos))
        if raw[0] != raw[1] and "\\" not in raw:
            return tree.Literal(span, raw[1:-1])
        return tree.Literal(span, self.text(token))

    def text(self, token: Token) -> str:
        """What stands between the quotes of a STRING."""
        raw = token.value
        quotes = 3 if raw[:3] in ('"""', "'''") and len(raw) >= 6 else 1
        return self._unescape(raw[quotes:-quotes], token.start_pos + quotes)

    def _unescape(self, raw: str, offset: int) -> str:
        text, bad = unescape(raw)
        for escape in bad:
            self.findings.report(
                "F0109", self.source, Span(offset + escape.start, offset + escape.end), escape=raw[escape.start : escape.end]
            )
        return text

    def fstring(self, c: list[Any]) -> tree.FString:
        # fstring: FSTRING
        token = c[0]
        quotes = 3 if token.value[1:4] in ('"""', "'''") and len(token.value) >= 7 else 1
        at, end = token.start_pos + 1 + quotes, token.end_pos - quotes
        source = self.source.text
        find = re.compile(r"[{}]").search
        parts: list[str | tree.Expr] = []
        text: list[str] = []
        while at < end:
            found = find(source, at, end)
            brace = found.start() if found else end
            text.append(self._unescape(source[at:brace], at))
            if brace == end:
                break
            if source[brace] == source[brace + 1 : min(brace + 2, end)]:
                text.append(source[brace])
                at = brace + 2
                continue
            value, at = self._embedded(brace, end)
            if value is not None:
                parts += ("".join(text), value)
                text = []
        parts.append("".join(text))
        return tree.FString(Span(token.start_pos, token.end_pos), tuple(part for part in parts if part != ""))

    def _embedded(self, brace: int, end: int) -> tuple[tree.Expr | None, int]:
        """The value in braces at ``brace`` of an f-string that ends at ``end``, and where the text goes on."""
        from .language import closing_brace

        source = self.source.text
        close = -1 if source[brace] == "}" else closing_brace(source, brace + 1, end)
        if close < 0:
            self.findings.report("F0116", self.source, Span(brace, brace + 1), brace=source[brace])
            return None, end if source[brace] == "{" else brace + 1
        if not source[brace + 1 : close].strip():
            self.findings.report("F0119", self.source, Span(brace, close + 1))
            return None, close + 1
        return self.inner(brace, close), close + 1

    def true(self, c: list[Any]) -> tree.Literal:
        # true: "true"
        return tree.Literal(new(Span, (c[0].start_pos, c[0].end_pos)), True)

    def false(self, c: list[Any]) -> tree.Literal:
        # false: "false"
        return tree.Literal(new(Span, (c[0].start_pos, c[0].end_pos)), False)

    def null(self, c: list[Any]) -> tree.Literal:
        # null: "null"
        return tree.Literal(new(Span, (c[0].start_pos, c[0].end_pos)), None)

    def now(self, c: list[Any]) -> tree.Now:
        # now: "now"
        return tree.Now(new(Span, (c[0].start_pos, c[0].end_pos)))

    def paren(self, c: list[Any]) -> tree.Paren:
        # paren: "(" _expression ")"
        return tree.Paren(Span(c[0].start_pos, c[2].end_pos), c[1])

    def group(self, c: list[Any]) -> tree.ListExpr:
        # group: "[" (chain ("," chain)* ","?)? "]"
        return tree.ListExpr(new(Span, (c[0].start_pos, c[-1].end_pos)), tuple(c[1:-1:2]))

    def comprehension(self, c: list[Any]) -> tree.Comprehension:
        # comprehension: "[" chain clause+ "]"
        return tree.Comprehension(new(Span, (c[0].start_pos, c[-1].end_pos)), c[1], tuple(c[2:-1]))

    def clause(self, c: list[Any]) -> tree.For:
        # clause: "for" NAME ("," NAME)* "in" disjunction ("if" disjunction)*
        at = 2
        while c[at].type != "IN":
            at += 2
        targets = tuple(self.bound(token) for token in c[1:at:2])
        return tree.For(Span(c[0].start_pos, c[-1].span[1]), targets, c[at + 1], tuple(c[at + 3 :: 2]))

    def mapping(self, c: list[Any]) -> tree.MapExpr:
        # mapping: "{" (item ("," item)* ","?)? "}"
        items = tuple(c[1:-1:2])
        seen: dict[str, tree.Name] = {}
        for item in items:
            self.once(item.key, seen)
        return tree.MapExpr(new(Span, (c[0].start_pos, c[-1].end_pos)), items)

    def item(self, c: list[Any]) -> tree.MapItem:
        # item: (word | STRING) ":" _value
        return tree.MapItem(Span(c[0].start_pos, c[2].span[1]), self.key(c[0]), c[2])

    def key(self, token: Token) -> tree.Name:
        """The name that a word or STRING stands for in a map or record."""
        return tree.Name(Span(token.start_pos, token.end_pos), self.text(token) if token.type == "STRING" else token.value)

    # ── names ──

    def bound(self, token: Token) -> tree.Name:
        """The name that a NAME binds; reported if it cannot be bound."""
        return self.bindable(name_of(token))

    def bindable(self, name: tree.Name) -> tree.Name:
        """The name itself; reported if it cannot be bound."""
        text = name.text
        if text in _SPECIAL or not (text.isascii() or text.isidentifier()):
            self.refuse(name.span, text)
        return name

    def refuse(self, span: Span, word: str) -> None:
        """Report a word that can be no name of the flow's own."""
        self.broken.add(word)
        self.refused.append(span[0])
        if word == "_":
            self.findings.report("F0121", self.source, span)
        elif word in RESERVED:
            self.findings.report("F0105", self.source, span, word=word, help=FOREIGN.get(word, ()))
        else:
            self.findings.report("F0104", self.source, span, text=word)
