"""What verification says, in words and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from apitrail.errors import FormatError, VerificationError
from apitrail.evidence.verify.report import Finding, Report, Verdict, not_known, tampered

OK = Report(verdict=Verdict.OK, message="all of it", entries=9, calls=3, first=1, last=1_500)


def test_the_first_word_is_the_verdict():
    assert str(OK) == "OK: all of it"
    assert str(OK.failing(tampered("altered", index=4))) == "TAMPERED: entry 4: altered"


@pytest.mark.parametrize(("count", "words"), [(1, "1 erasure"), (2, "2 erasures")])
def test_erasures_are_told_with_what_holds_and_not_with_what_does_not(count, words):
    report = replace(OK, erasures=count)
    assert str(report) == f"OK with {words}: all of it"
    assert str(report.failing(tampered("altered"))) == "TAMPERED: altered"


def test_what_stops_it_keeps_what_was_known():
    report = OK.failing(Finding(Verdict.STALE, "silent", hint="start it"))
    assert (report.verdict, report.message, report.hint) == (Verdict.STALE, "silent", "start it")
    assert (report.entries, report.holds) == (9, False)


@pytest.mark.parametrize("error", [VerificationError("bad proof"), FormatError("bad bytes")])
def test_whatever_else_does_not_hold_is_tampering(error):
    report = OK.failing(error)
    assert (report.verdict, report.message, report.index) == (Verdict.TAMPERED, str(error), None)


def test_as_json_it_has_every_field_and_times_in_iso_8601():
    said = json.loads(json.dumps(replace(OK, unknown={"weather": 2}).to_json()))
    assert len(said) == len(Report.__dataclass_fields__) + 1
    assert (said["verdict"], said["holds"]) == ("OK", True)
    assert (said["first"], said["last"]) == ("1970-01-01T00:00:00.001Z", "1970-01-01T00:00:01.500Z")
    assert said["unknown"] == {"weather": 2}


@pytest.mark.parametrize(
    ("unknown", "text"),
    [
        ({}, None),
        ({"weather": 1}, "1 entry with a kind or facet this apitrail does not know (weather)"),
        ({"b": 2, "a": 1}, "3 entries with a kind or facet this apitrail does not know (a, b)"),
    ],
)
def test_what_a_later_version_wrote_is_counted_and_named(unknown, text):
    assert not_known(unknown) == text
