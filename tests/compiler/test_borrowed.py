"""Words of Python's and Celery's: what their findings tell to write instead."""

from __future__ import annotations

import pytest

from flowc.compiler.borrowed import argument_help, member_help, method_help, name_help
from flowc.compiler.pipeline import Settings, compile_source
from flowc.dsl.source import Source

DECLARED = "task web.add(x: int, y: int = 1) -> int\ntask web.fetch(x: int) -> {rows: int}\n"


def helps(text: str) -> list[tuple[str, str]]:
    """Code and help of each finding."""
    return [(f.code, " ".join(f.help)) for f in compile_source(Source("main.flow", text), Settings()).findings]


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("add(None)", "F0203", "`null`"),
        ("add(1 if True else 2)", "F0203", "`true`"),
        ("chain(add(1), add(2))", "F0201", "`a -> b`"),
        ("group(add(1), add(2))", "F0201", "`[a, b]`"),
        ("chord([add(1)], add(2))", "F0201", "`[a, b] -> callback`"),
        ("add.delay(1)", "F0208", "write the call itself"),
        ("web.add.apply_async(1)", "F0208", "write the call itself"),
        ("add(1) -> add.s(2)", "F0208", "a call is the signature"),
        ("from web import add\nadd.si(2)", "F0208", "a call is the signature"),
        ("other.task.delay(1)", "F0901", "write the call itself"),
        ('add(1, queue="etl")', "F0403", "`{queue = …}`"),
        ("add(1, link=5)", "F0403", "`a -> b`"),
        ('add(os.environ["N"])', "F0211", "`env("),
        ('add(1).set(queue="etl")', "F0407", "options stand in braces"),
        ("fetch(1).get()", "F0407", "a result has no methods"),
        ("fetch(1).row", "F0407", "did you mean `rows`?"),
        ("add(1) {link = add(2)}", "F0501", "`a -> b`"),
        ("add(1)(2)", "F0601", "one pair of parentheses"),
        ("x = add(1)\nadd(x + 1)", "F0361", "let a task compute"),
        ('x = add(1)\nadd(f"{x}")', "F0361", "makes the text"),
        ('add("a %s" % "b")', "F0301", "f-string"),
        ('add("a".upper())', "F0304", "values have no methods"),
        ('param n: int = "5"', "F0715", "without quotes: `5`"),
        ("add(1) {expires = 1h, countdown = 2h}", "F0516", "behind the time"),
        ("add(1) {time_limit = 5, soft_time_limit = 10}", "F0506", "shorter than `time_limit`"),
        ("param n: Optional[int] = null", "F0450", "`int?`"),
    ],
)
def test_a_borrowed_word_is_told_what_to_write(text: str, code: str, part: str) -> None:
    found = helps(DECLARED + text + "\n")
    assert [help_ for c, help_ in found if c == code and part in help_], found


def test_a_misspelt_argument_comes_before_an_option() -> None:
    assert argument_help("expire", ["expires_at", "expired"]) == ()
    assert argument_help("link_error", ["x"]) != ()


@pytest.mark.parametrize("word", ["", "s", "delay", "x.unknown", "total"])
def test_other_words_get_no_help(word: str) -> None:
    assert name_help(word) == method_help(word) == ()
    assert member_help(0) == member_help(None) == ()


def test_a_task_may_have_the_name_of_a_method() -> None:
    assert helps("task web.add()\ntask web.add.delay()\nweb.add.delay()\n") == []
