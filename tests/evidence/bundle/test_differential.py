"""`apitrail verify`, the verifier in the bundle and the one in JavaScript give one verdict on the
same mutants.

`make fuzz` tries two thousand; `make test` some of them. The seed is fixed, so that a mutant that
is found can be made again by its number.
"""

from __future__ import annotations

import copy
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
from evidence.bundle.evidence import SECOND, SG, Story, files, zipped
from evidence.bundle.judges import Script, Standalone

SEED = 20_261_126
MUTANTS = int(os.environ.get("MUTANTS", "150"))
# Seconds for a test: thousands of mutants take their time.
pytestmark = pytest.mark.timeout(120 + MUTANTS)

ODD: list[Any] = [
    None, True, False, 0, 1, -1, 2**63, 10**30, 1.5, 1e400, "", "x", "what", "\ud800", "é\u202e",
    [], [1], ["what", "what"], {}, {"a": 1}, [[]], "9" * 50,
]  # fmt: skip


def bits(data: bytes, dice: random.Random) -> bytes:
    """One bit, a cut, a doubled part, or a byte put in."""
    at = dice.randrange(len(data) + 1)
    match dice.randrange(4):
        case 0 if at < len(data):
            return data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :]
        case 1:
            return data[:at]
        case 2:
            return data[:at] + data[max(0, at - dice.randrange(40)) :]
        case _:
            return data[:at] + bytes([dice.randrange(256)]) + data[at:]


def odd(value: Any, dice: random.Random) -> Any:
    """A JSON value with one thing in it replaced, dropped, renamed or added."""
    holders: list[Any] = []

    def walk(item: Any) -> None:
        if isinstance(item, dict | list) and item:
            holders.append(item)
            for inner in item.values() if isinstance(item, dict) else item:
                walk(inner)

    value = copy.deepcopy(value)
    walk(value)
    if not holders:
        return dice.choice(ODD)
    holder = dice.choice(holders)
    key = dice.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
    match dice.randrange(4):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[dice.choice(["x", "index", "files", "\ud800", "since"])] = holder[key]
        case _:
            holder[key] = dice.choice(ODD)
    return value


def in_files(content: dict[str, bytes], dice: random.Random) -> dict[str, bytes]:
    """A bundle whose files are changed, swapped, dropped or added to."""
    content = dict(content)
    names = sorted(set(content) - {"README.txt", "verify.py"})
    name, other = dice.choice(names), dice.choice(names)
    match dice.randrange(8):
        case 0:
            del content[name]
        case 1:
            content[name], content[other] = content[other], content[name]
        case 2:
            content[name.replace("events/", "events/1", 1)] = content[name]
        case 3:
            content[dice.choice(["x", "events/3/facets/tape", "range/opened/256.jsonl", "checkpoints/7",
                                 "range/opened/0.jsonl", "events/2/salts.json", "witness"])] = content[name]  # fmt: skip
        case 4:
            content[name] = bits(content[name], dice)
        case 5 if "range/opened/0.jsonl" in content:
            lines = content["range/opened/0.jsonl"].splitlines()
            at = dice.randrange(len(lines))
            lines[at] = json.dumps(odd(json.loads(lines[at]), dice)).encode()
            content["range/opened/0.jsonl"] = b"".join(line + b"\n" for line in lines)
        case _:
            jsons = [n for n in names if n.endswith(".json") and not n.endswith("leaf.json")]
            name = dice.choice([*jsons, "manifest.json", "manifest.json"])
            content[name] = json.dumps(odd(json.loads(content[name]), dice)).encode()
    return content


# What a question may ask beside the one of the honest bundles: patterns, labels in one group and in
# several, names in another letter case, and what no version knows.
QUESTIONS: list[dict[str, Any]] = [
    {"resource_name": [{"like": "sg-*"}]},
    {"resource_name": [SG.upper(), SG]},
    {"event_name": [{"like": "ec2:Auth*"}, "StopInstances"]},
    {"event_source": [{"like": "EC2"}], "stand_in": False},
    {"username": [{"like": "*"}], "label": ["a=b", "c"]},
    {"label": [["a=b"], ["c", "d=*"]]},
    {"resource_type": [{"like": "aws::ec2::*"}], "colour": ["red"]},
    {"label": [[]]},
    {"event_name": [{"like": 1}]},
]  # fmt: skip


def asked(content: dict[str, bytes], dice: random.Random) -> dict[str, bytes]:
    """A bundle whose question is another one, as it is or mutated."""
    content = dict(content)
    manifest = json.loads(content["manifest.json"])
    times = {
        name: manifest["filter"][name] for name in ("since", "until") if name in manifest["filter"]
    }
    question = dice.choice(QUESTIONS)
    if dice.randrange(3) == 0:
        question = odd(json.loads(json.dumps(question)), dice)
    if not isinstance(question, dict):
        question = {"resource_name": question}
    manifest["filter"] = {**times, **question}
    manifest["selected"] = dice.choice([manifest["selected"], [], manifest["selected"][:1]])
    content["manifest.json"] = json.dumps(manifest).encode()
    return content


@pytest.mark.parametrize("part", range(4))
def test_the_verifiers_give_one_verdict(
    part: int, case: Case, standalone: Standalone, script: Script | None, tmp_path: Path
) -> None:
    path, key = tmp_path / "bundle.zip", case.signer.verifier
    honest = [case.plain, case.complete]
    contents = [files(data) for data in honest]
    for number in range(part, MUTANTS, 4):
        dice = random.Random(f"{SEED} {number}")
        which = dice.randrange(2)
        if dice.randrange(6) == 0:
            path.write_bytes(bits(honest[which], dice))
        elif dice.randrange(5) == 0:
            path.write_bytes(zipped(asked(contents[which], dice)))
        else:
            path.write_bytes(zipped(in_files(contents[which], dice)))
        judges.agreed(path, standalone, script, key, of=number)


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
        "record": {"eventID": "e"}, "kind": "rate", "name": "n", "time": 1, "caller": "c",
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
    standalone: Standalone, script: Script | None, tmp_path: Path
) -> None:
    for number in range(MUTANTS // 5):
        try:
            path, key = entry_of_a_log(odd, number, tmp_path)
        except Exception as error:
            if "malformed" in str(error) or "JSON" in str(error) or "is not" in str(error):
                continue  # an exporter does not hand this over; no bundle, no verdict
            raise
        judges.agreed(path, standalone, script, key, of=number)
