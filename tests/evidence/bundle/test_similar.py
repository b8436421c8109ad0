"""Texts of others cannot pose as parts of the statement, and a mistyped name is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from apitrail.evidence.bundle.similar import quoted, similar
from apitrail.query import Filter
from evidence.bundle import evidence, judges
from evidence.bundle.evidence import MINUTE, NOON, SECOND, SG, Story
from evidence.bundle.judges import Standalone


def lines(tmp_path: Path, standalone: Standalone, *names: str) -> list[str]:
    trail, path = tmp_path / "trail", tmp_path / "bundle.zip"
    story = Story().open().wait(SECOND).call("StopInstances", resources=(SG,)).wait(MINUTE)
    signer = story.beat().wait(MINUTE).beat().write(trail)
    where = Filter(resource_name=names, since=NOON, until=NOON + MINUTE)
    path.write_bytes(evidence.bundle_of(trail, evidence.job(trail, where, complete=True)))
    report = judges.by_package(path, signer.verifier)
    assert standalone(path, signer.verifier)[1].splitlines() == str(report).splitlines()
    return list(report.statement)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (f"{SG}, {SG}", f'resource-name "{SG}, {SG}"'),
        (f"{SG} ", f'resource-name "{SG} "'),
        (f"{SG}; region eu-central-1", f'resource-name "{SG}; region eu-central-1"'),
        (SG.replace("c", "\u0441"), 'resource-name "' + SG.replace("c", "\\u0441") + '"'),
        ('a" or "b', 'resource-name "a\\" or \\"b"'),
        (SG.upper(), f'resource-name "{SG.upper()}"'),
    ],
    ids=["a list", "a space", "another part", "a Cyrillic letter", "quotes", "capitals"],
)
def test_a_question_shows_each_value_as_it_was_asked(
    asked: str, said: str, tmp_path: Path, standalone: Standalone
) -> None:
    found = lines(tmp_path, standalone, asked)
    assert f"  question     {said}" in found
    [told] = [line for line in found if "no entry of the range names" in line]
    assert told.endswith(f'; similar: "{SG}"') is ("or" not in asked)


def test_names_that_are_there_are_not_remarked_on(tmp_path: Path, standalone: Standalone) -> None:
    found = lines(tmp_path, standalone, SG)
    assert not any("names" in line.split("rests on")[0] for line in found if "rests on" not in line)
    assert any(line.startswith("  rests on") for line in found)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("payroll", "Payroll", True), ("payroll", "payrol1", True), ("payroll", "payroll-db", True),
        ("payroll", "salaries", False), ("ab", "xyz", False), ("ab", "AB", True), ("", "abc", False),
        ("abcdef", "abxyef", True), ("abcdef", "axyzef", False),
    ],
)  # fmt: skip
def test_what_is_alike(one: str, other: str, alike: bool) -> None:
    assert similar(one, other) is alike
    assert similar(other, one) is alike


def test_what_is_not_printable_ascii_is_escaped() -> None:
    assert quoted('a\\"\x7f\u202e\U0001f600\ud800é') == (
        '"a\\\\\\"\\x7f\\u202e\\u1f600\\ud800\\xe9"'
    )
