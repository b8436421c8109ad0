"""Bundles with something wrong in them, by a seed and a number: the same each time."""

from __future__ import annotations

import copy
import hashlib
import json
import os
import random
from functools import cache
from typing import Any

from evidence.bundle.edits import Case
from evidence.bundle.evidence import SG, files, zipped

SEED = int(os.environ.get("SEED", "20261126"))

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
            there = name.replace("events/", "events/1", 1).replace("packed/", "packed/1", 1)
            content[there] = content[name]
        case 3:
            content[dice.choice(["x", "events/3/facets/tape", "range/opened/256.jsonl", "checkpoints/7",
                                 "range/opened/0.jsonl", "events/2/salts.json", "witness",
                                 "packed/0/proof", "packed/3/opened.jsonl"])] = content[name]  # fmt: skip
        case 4:
            content[name] = bits(content[name], dice)
        case 5 if opened := [name for name in names if name.endswith(".jsonl")]:
            name = dice.choice(opened)
            lines = content[name].splitlines()
            at = dice.randrange(len(lines))
            lines[at] = json.dumps(odd(json.loads(lines[at]), dice)).encode()
            content[name] = b"".join(line + b"\n" for line in lines)
        case 6:
            # A file of a later version, as the manifest lists it.
            new = dice.choice(["x/y", "events/x/leaf.json", "events/3/leaf.txt", "checkpoints/x",
                               "range/opened/x.jsonl", "range/x", "tile/x", "consistency/x"])  # fmt: skip
            manifest = json.loads(content["manifest.json"])
            manifest["files"] = manifest["files"] | {new: hashlib.sha256(b"new").hexdigest()}
            content |= {new: b"new", "manifest.json": json.dumps(manifest).encode()}
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


@cache
def _contents(case: Case) -> tuple[dict[str, bytes], dict[str, bytes]]:
    return files(case.plain), files(case.complete)


def mutant(case: Case, number: int) -> bytes:
    """The zip of one mutant."""
    dice = random.Random(f"{SEED} {number}")
    which = dice.randrange(2)
    if dice.randrange(6) == 0:
        return bits((case.plain, case.complete)[which], dice)
    if dice.randrange(5) == 0:
        return zipped(asked(_contents(case)[which], dice))
    return zipped(in_files(_contents(case)[which], dice))
