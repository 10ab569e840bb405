"""SARIF 2.1.0: the form by its models, what code scanning asks for beyond it, and hostile texts.

``sarif_pydantic`` has a model for each object of the standard with the types of its properties.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from pydantic import BaseModel
from sarif_pydantic import Sarif

from flowc.dsl.codes import CODES
from flowc.dsl.diagnostics import Diagnostic, Severity
from flowc.dsl.render import Report, rendered
from flowc.dsl.render.characters import well_formed
from flowc.dsl.source import Source, Span

from .hostile import TEXTS, plain, report


def parsed(made: Report) -> dict[str, Any]:
    """The document, which must be valid."""
    text = rendered(made, "sarif")
    assert text.isascii()
    document: dict[str, Any] = json.loads(text)
    json.dumps(document, ensure_ascii=False).encode()  # no halves of surrogate pairs
    for model in below(Sarif.model_validate(document)):
        # The columnKind of a run is the one property in use that the models lack.
        assert set(model.model_extra or ()) <= {"columnKind", "$schema"}, type(model)
    assert_rules_of_the_schema(document)
    return document


def below(value: object) -> list[BaseModel]:
    """All models in a model."""
    if isinstance(value, BaseModel):
        return [value, *(model for item in value.__dict__.values() for model in below(item))]
    if isinstance(value, dict):
        return [model for item in value.values() for model in below(item)]
    if isinstance(value, list):
        return [model for item in value for model in below(item)]
    return []


def assert_rules_of_the_schema(document: dict[str, Any]) -> None:
    """What the schema asks for and the models do not: required properties, least values, unique items, names of enumerations."""
    assert document["version"] == "2.1.0"
    for run in document["runs"]:
        driver = run["tool"]["driver"]
        assert driver["name"]
        rules = driver["rules"]
        assert len({rule["id"] for rule in rules}) == len(rules)
        assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
        assert all(type(invocation["executionSuccessful"]) is bool for invocation in run["invocations"])
        for result in run["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
            assert result["level"] in ("none", "note", "warning", "error")
            assert isinstance(result["message"]["text"], str)
            assert all(isinstance(mark, str) for mark in result["partialFingerprints"].values())
            for place in (*result["locations"], *result.get("relatedLocations", ())):
                physical = place["physicalLocation"]
                assert re.fullmatch(r"[A-Za-z0-9%._~/:\-]*", physical["artifactLocation"]["uri"])
                assert physical["artifactLocation"].get("uriBaseId", "%SRCROOT%") in run["originalUriBaseIds"]
                region = physical["region"]
                assert all(region[key] >= 1 for key in ("startLine", "startColumn", "endLine", "endColumn"))
                assert (region["startLine"], region["startColumn"]) <= (region["endLine"], region["endColumn"])
            for fix in result.get("fixes", ()):
                assert all(change["replacements"] for change in fix["artifactChanges"])


@pytest.mark.parametrize("what", TEXTS)
def test_hostile_texts_stay_texts(what: str) -> None:
    made = report(TEXTS[what])
    results = parsed(made)["runs"][0]["results"]
    text = well_formed(TEXTS[what]).replace("](", "] (")
    assert results[0]["message"]["text"] == f"{text}\n{text}"
    assert results[0]["relatedLocations"][0]["message"]["text"] == text
    assert results[1]["message"]["text"] == f"`{text}`"
    assert len(results) == len(made.findings)


@pytest.mark.parametrize("what", TEXTS)
def test_addresses_name_the_file(what: str) -> None:
    name = f"odd/{TEXTS[what]}.flow"
    made = report(TEXTS[what], name=name)
    place = parsed(made)["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    raw = f"sub/{name}"
    try:
        expected = raw.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # no name of a file that Linux could have
        expected = well_formed(raw).encode()
    if TEXTS[what].startswith("/"):
        expected = expected.replace(b"odd//", b"odd/")
    assert place["uriBaseId"] == "%SRCROOT%"
    assert b"/".join(unquote_to_bytes(place["uri"]).split(b"/")) == expected.replace(b"//", b"/").replace(b"/./", b"/")


def test_columns_count_utf16_code_units() -> None:
    text = 'é = "日本😀😀" + nothing  # 😀\n😀 = nothing'
    source = Source("a.flow", text)
    first, second = (found.start() for found in re.finditer("nothing", text))
    spans = (Span(first, first + 7), Span(second, second + 7), Span(0, len(text)))
    made = Report(tuple(Diagnostic("F0203", Severity.ERROR, source, span, "m") for span in spans), ("a.flow",))
    for result, line in zip(parsed(made)["runs"][0]["results"], text.split("\n"), strict=False):
        region = result["locations"][0]["physicalLocation"]["region"]
        units = line.encode("utf-16-le")
        assert units[2 * (region["startColumn"] - 1) : 2 * (region["endColumn"] - 1)].decode("utf-16-le") == "nothing"
        assert region["snippet"]["text"] == "nothing"
    whole = parsed(made)["runs"][0]["results"][2]["locations"][0]["physicalLocation"]["region"]
    assert (whole["startColumn"], whole["endLine"], whole["endColumn"]) == (1, 2, len("😀 = nothing".encode("utf-16-le")) // 2 + 1)


def test_rules_explain_the_codes_that_occur() -> None:
    rules = parsed(plain())["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["F0203", "F0904"]
    for rule in rules:
        entry = CODES[rule["id"]]
        assert rule["shortDescription"]["text"] == entry.title
        assert entry.explanation.strip() in rule["help"]["markdown"]
        assert entry.good.strip() in rule["help"]["markdown"]
        assert rule["defaultConfiguration"]["level"] == entry.severity.value


def test_every_rule_is_valid() -> None:
    source = Source("a.flow", "x")
    found = tuple(Diagnostic(code, entry.severity, source, Span(0, 1), "m") for code, entry in CODES.items())
    assert len(parsed(Report(found, ("a.flow",)))["runs"][0]["tool"]["driver"]["rules"]) == len(CODES)


def test_a_clean_run_is_a_run_without_results() -> None:
    (run,) = parsed(Report((), ("a.flow",)))["runs"]
    assert run["results"] == []


def test_files_elsewhere_have_addresses_of_their_own() -> None:
    found = tuple(
        Diagnostic("F0203", Severity.ERROR, Source(name, "x"), Span(0, 1), "m") for name in ("../a b.flow", "/else/where.flow", "<stdin>")
    )
    results = parsed(Report(found, (), folder="/repo/sub", root="/repo"))["runs"][0]["results"]
    places = [result["locations"][0]["physicalLocation"]["artifactLocation"] for result in results]
    assert places == [
        {"uri": "a%20b.flow", "uriBaseId": "%SRCROOT%"},
        {"uri": "file:///else/where.flow"},
        {"uri": "%3Cstdin%3E"},
    ]


def test_rules_lead_to_their_explanations() -> None:
    made = replace(plain(), explain_url="https://docs.example/#{code}")
    assert [rule["helpUri"] for rule in parsed(made)["runs"][0]["tool"]["driver"]["rules"]] == [
        "https://docs.example/#f0203",
        "https://docs.example/#f0904",
    ]
