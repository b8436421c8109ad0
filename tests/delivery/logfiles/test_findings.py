"""Many findings are one report, the gravest first; a lost end is no hole."""

from __future__ import annotations

import pytest

from apitrail.delivery.logfiles import findings
from apitrail.delivery.logfiles.place import Place
from apitrail.delivery.logfiles.tree_manifest import DigestFile, LogFile, Manifest
from apitrail.evidence.verify.report import Finding, Verdict

ONE, TWO = Place("123456789012", "eu-central-1"), Place("123456789012", "us-east-1")


def manifest(*chains: tuple[Place, int]) -> Manifest:
    """Digests `d0`, `d1`, … of one log file each (`l0`, …), by place."""
    digests, logs = [], []
    for place, count in chains:
        for number in range(count):
            name = f"{place.region}-{number}"
            digests.append(DigestFile(
                key=f"d-{name}", sha256="", hash="", place=place, start=number, end=number + 1,
                signature="", logs=(f"l-{name}",),
            ))  # fmt: skip
            logs.append(LogFile(
                key=f"l-{name}", sha256="", hash="", place=place, oldest=0, newest=0, indexes=(),
            ))  # fmt: skip
    return Manifest(
        origin="o", bucket="b", prefix="", every=1, digests=tuple(digests), logs=tuple(logs)
    )


@pytest.mark.parametrize(
    ("gone", "verdicts"),
    [
        (["d-eu-central-1-2"], ["TRUNCATED"]),
        (["l-eu-central-1-2"], ["TRUNCATED"]),
        (["d-eu-central-1-1", "l-eu-central-1-2", "d-eu-central-1-2"], ["TRUNCATED"] * 3),
        (["d-eu-central-1-1"], ["TAMPERED"]),
        (["l-eu-central-1-0", "d-eu-central-1-2"], ["TAMPERED", "TRUNCATED"]),
        # Each chain has an end of its own.
        (["d-us-east-1-0"], ["TRUNCATED"]),
    ],
)
def test_an_end_that_is_gone_is_truncated_and_a_hole_is_tampered(gone, verdicts):
    found = findings.missing(manifest((ONE, 3), (TWO, 1)), gone)
    assert [str(each.verdict) for each in found] == verdicts
    assert [str(each) for each in found] == [f"{key} is missing" for key in gone]


def test_the_gravest_verdict_stands_for_all():
    found = findings.together([
        Finding(Verdict.TRUNCATED, "short"), Finding(Verdict.TAMPERED, "odd", hint="look"),
        Finding(Verdict.TRUNCATED, "short"),
    ])  # fmt: skip
    assert (str(found.verdict), str(found), found.hint) == ("TAMPERED", "short; odd", "look")


def test_a_fork_is_graver_than_anything_changed():
    found = findings.together([Finding(Verdict.TAMPERED, "a"), Finding(Verdict.FORK, "b")])
    assert found.verdict is Verdict.FORK


def test_a_flood_of_findings_is_counted():
    found = findings.together([Finding(Verdict.TAMPERED, f"x{n}") for n in range(25)])
    assert str(found).endswith("x19; and 5 more")
