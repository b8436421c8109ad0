"""`apitrail verify`, the verifier in the bundle and the one in JavaScript give one verdict on the
same mutants.

`make fuzz` tries two thousand; `make test` some of them. The seed is fixed, so that a mutant that
is found can be made again by its number.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from apitrail.query import Filter, Pattern, Row
from apitrail.trail.rows import Draft
from evidence.bundle import evidence, judges
from evidence.bundle.edits import Case
from evidence.bundle.evidence import SECOND, SG, Story
from evidence.bundle.judges import Standalone
from evidence.bundle.mutants import SEED, mutant, odd

MUTANTS = int(os.environ.get("MUTANTS", "150"))
# Seconds for a test: thousands of mutants take their time.
pytestmark = pytest.mark.timeout(120 + MUTANTS)


# The parts from this one on are of bundles whose entries are in packs.
PACKED = 3


@pytest.mark.parametrize("part", range(5))
def test_the_verifiers_give_one_verdict(
    part: int, case: Case, packed: Case, standalone: Standalone, tmp_path: Path
) -> None:
    path = tmp_path / "bundle.zip"
    case = case if part < PACKED else packed
    for number in range(part, MUTANTS, 5):
        path.write_bytes(mutant(case, number))
        judges.agreed(path, standalone, case.signer.verifier, of=number)


def entry_of_a_log(
    facets: Callable[[Any, random.Random], Any], number: int, folder: Path
) -> tuple[Path, Any]:
    """A log that has signed a mutant, and its bundle."""
    dice = random.Random(f"{SEED} log {number}")
    what = {
        "record": {"eventID": evidence.event_id_of(1), "eventSource": "s", "eventName": "n",
                   "readOnly": False, "awsRegion": "r"},
        "call": {"started": 1, "ended": 2, "error": "E", "problems": ["p"], "status": 1},
        "resources": [{"name": SG, "type": dice.choice(["T", "AWS::RDS::DBCluster"]), "arn": "a"}],
        "undetermined": dice.randrange(2) == 0, "standIn": False,
    }  # fmt: skip
    who = {
        "record": {"userIdentity": {"type": "AssumedRole", "principalId": "P:x", "arn": "a/b",
                                    "accessKeyId": "k", "userName": "u"}, "sourceIPAddress": "i"},
        "identity": {"known": "learned", "signature": "verified"},
        "run": {"id": "r", "labels": {"a": "b"}},
    }  # fmt: skip
    beat: Any = {"calls": 1, "tunnelled": {"h": 2}, "in_flight": 0, "recording": True}
    step: Any = {"from": evidence.NOON, "to": evidence.NOON + 5000}
    refused: Any = {"from": 1, "to": 2, "calls": 3, "reason": "r"}
    insight: Any = {
        "record": {"eventID": "e"}, "kind": "drift", "name": "n", "time": 1, "caller": "c",
        "why": ["w"], "evidence": [1], "from": 0, "to": 1, "detector": 1, "thresholds": {"a": 1},
    }  # fmt: skip
    match dice.randrange(6):
        case 5:
            insight = facets(insight, dice)
        case 3:
            step = facets(step, dice)
        case 4:
            refused = facets(refused, dice)
        case 0:
            what = facets(what, dice)
        case 1:
            who = facets(who, dice)
        case _:
            beat = facets(beat, dice)
    story = Story().open().wait(SECOND)
    row = Row(id=evidence.event_id_of(1), time=evidence.NOON, resources=frozenset({(SG, "")}))
    content = {tag: json.dumps(said).encode() for tag, said in (("who", who), ("what", what))}
    story.drafts.append((story.at, Draft(kind="api", facets=content, row=row)))
    story.wait(SECOND).drafts.append(
        (story.at, Draft(kind="heartbeat", facets={"what": json.dumps(beat).encode()}))
    )
    for kind, said in (("clock", step), ("refused", refused), ("insight", insight)):
        story.drafts.append(
            (story.at, Draft(kind=kind, facets={"what": json.dumps(said).encode()}))
        )
    trail = folder / f"trail{number}"
    signer = story.wait(SECOND).beat().write(trail)
    where = dice.choice([
        Filter(resource_name=(SG,)), Filter(resource_name=(SG,), username=("x",)),
        Filter(resource_name=(Pattern("s*-*"),)), Filter(resource_name=(SG.upper(),)),
        Filter(label=(("a=b", "c"), ("a",))), Filter(username=(Pattern("?*"), Pattern("K*"))),
        Filter(event_name=(Pattern("s:n*"),), stand_in=False),
    ])  # fmt: skip
    path = folder / "bundle.zip"
    path.write_bytes(evidence.bundle_of(trail, evidence.job(trail, where, complete=True)))
    return path, signer.verifier


def test_the_verifiers_judge_what_a_log_has_signed_alike(
    standalone: Standalone, tmp_path: Path
) -> None:
    for number in range(MUTANTS // 5):
        try:
            path, key = entry_of_a_log(odd, number, tmp_path)
        except Exception as error:
            if "malformed" in str(error) or "JSON" in str(error) or "is not" in str(error):
                continue  # an exporter does not hand this over; no bundle, no verdict
            raise
        judges.agreed(path, standalone, key, of=number)
