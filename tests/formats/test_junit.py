"""JUnit XML, by the rules of Jenkins' schema, read again by an XML parser."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from flowc.dsl.columns import visible
from flowc.dsl.render import Report, render_full, rendered

from .hostile import TEXTS, plain, report

#: What each element may have, and must have; and what may stand in it.
ATTRIBUTES = {
    "testsuites": ({"name", "tests"}, {"time", "failures", "errors", "disabled"}),
    "testsuite": ({"name", "tests"}, {"failures", "errors", "skipped", "time", "timestamp", "hostname", "id", "package"}),
    "testcase": ({"name", "classname"}, {"time", "file", "assertions", "status"}),
    "failure": (set(), {"message", "type"}),
    "system-out": (set(), set()),
}
CHILDREN = {"testsuites": {"testsuite"}, "testsuite": {"testcase"}, "testcase": {"failure", "system-out"}}


def parsed(made: Report) -> ElementTree.Element:
    """The test suite, in a document that must be valid."""
    text = rendered(made, "junit")
    assert text.isascii()
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n')
    document = ElementTree.fromstring(text)
    assert document.tag == "testsuites"
    for element in document.iter():
        needed, allowed = ATTRIBUTES[element.tag]
        assert needed <= set(element.attrib) <= needed | allowed
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
        assert element.tag in ("failure", "system-out") or not (element.text or "").strip()
        assert len(element.findall("failure")) <= 1
    (suite,) = document
    cases = suite.findall("testcase")
    for counted in (document, suite):
        assert counted.attrib["tests"] == str(len(cases))
        assert counted.attrib["failures"] == str(len(suite.findall("testcase/failure")))
    assert len({case.attrib["name"] for case in cases}) == len(cases)
    return suite


@pytest.mark.parametrize("what", TEXTS)
def test_hostile_texts_stay_texts(what: str) -> None:
    name = f"odd/{TEXTS[what]}.flow"
    made = report(TEXTS[what], name=name)
    case = parsed(made)[0]
    assert case.attrib["name"] == visible(made.path(name)).replace("\r\n", "\n")
    failure = case.find("failure")
    assert failure is not None
    assert failure.text == render_full(made.findings[:2])
    assert failure.attrib == {"message": f"2 errors, first F0201: {visible(TEXTS[what])}", "type": "F0201"}


def test_each_file_is_a_test() -> None:
    suite = parsed(report("x", name="main.flow"))
    outcomes = {case.attrib["name"]: [child.tag for child in case] for case in suite}
    assert outcomes == {"sub/main.flow": ["failure"], "sub/clean.flow": [], "sub/lib/x": ["system-out"], "sub/gone.flow": ["failure"]}


def test_warnings_fail_when_strict() -> None:
    suite = parsed(report("x", name="main.flow", strict=True))
    failures = {case.attrib["name"] for case in suite if case.find("failure") is not None}
    assert failures == {"sub/main.flow", "sub/lib/x", "sub/gone.flow"}


def test_one_error_is_the_message() -> None:
    failure = parsed(plain())[0].find("failure")
    assert failure is not None
    assert failure.attrib["message"] == "F0203: error 0"


def test_a_clean_run_has_its_tests() -> None:
    suite = parsed(Report((), ("a.flow", "b.flow")))
    assert [case.attrib["name"] for case in suite] == ["a.flow", "b.flow"]
    assert suite.attrib["failures"] == "0"


def test_a_file_under_two_names_is_one_test() -> None:
    suite = parsed(Report((), ("a.flow", "./a.flow"), folder="/repo", root="/repo"))
    assert len(suite) == 1
