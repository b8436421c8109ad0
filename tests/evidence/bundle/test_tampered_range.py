"""Nothing can be hidden in a complete range, taken out of it or put into it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from apitrail.query import Filter
from evidence.bundle import evidence, judges
from evidence.bundle.edits import (
    Case,
    Edit,
    Judge,
    ask,
    claim,
    leaves,
    opened,
    put,
    swap,
    widen,
)
from evidence.bundle.evidence import MINUTE, NOON, SG, changed


def hide_match(content: dict[str, bytes], case: Case) -> None:
    claims = json.loads(content["manifest.json"])
    [match] = claims["selected"]
    content["manifest.json"] = json.dumps(claims | {"selected": []}).encode()
    for name in [name for name in content if name.startswith(f"events/{match}/")]:
        del content[name]


def hide_match_and_open(content: dict[str, bytes], case: Case) -> None:
    """Hide it, and do not open it in the range either."""
    [match] = json.loads(content["manifest.json"])["selected"]
    hide_match(content, case)
    opened(lambda lines: lines.remove(next(x for x in lines if x["index"] == match)))(content, case)


def later(content: dict[str, bytes], case: Case) -> None:
    first = json.loads(content["manifest.json"])["range"]["first"]
    claim(first=first + 2)(content, case)


def earlier(content: dict[str, bytes], case: Case) -> None:
    last = json.loads(content["manifest.json"])["range"]["last"]
    claim(last=last - 1)(content, case)
    content[f"tile/entries/000.p/{last}"] = content.pop(f"tile/entries/000.p/{last + 1}")
    leaves(lambda entries: entries.pop())(content, case)


def two_ways(content: dict[str, bytes], case: Case) -> None:
    """The match is opened truly by itself, and otherwise in the range."""

    def change(lines: list[dict[str, Any]]) -> None:
        [line] = [line for line in lines if line["index"] == case.first]
        line["facets"]["what"]["content"] = "{}"

    opened(change)(content, case)


def swap_facets(lines: list[dict[str, Any]]) -> None:
    lines[2]["facets"], lines[3]["facets"] = lines[3]["facets"], lines[2]["facets"]


def swap_salts(lines: list[dict[str, Any]]) -> None:
    one, other = lines[2]["facets"]["what"], lines[3]["facets"]["what"]
    one["salt"], other["salt"] = other["salt"], one["salt"]


def swap_leaves(entries: list[bytes]) -> None:
    entries[4], entries[5] = entries[5], entries[4]


def edit_leaf(entries: list[bytes]) -> None:
    entries[7] = (
        entries[7].replace(b'"k":"api"', b'"k":"run"').replace(b'"k":"heartbeat"', b'"k":"run"')
    )


def edit_first_leaf(entries: list[bytes]) -> None:
    """One that came along before the range, unopened."""
    entries[0] = entries[0].replace(b'"k":"open"', b'"k":"run"')


COMPLETE: dict[str, tuple[Edit, str]] = {
    "a match hidden": (hide_match, "matches the question and is not shown"),
    "a match hidden and not opened": (hide_match_and_open, "is not opened, nor erased"),
    "an entry not opened": (opened(lambda lines: lines.pop(3)), "is not opened, nor erased"),
    "what not opened": (opened(lambda lines: lines[3]["facets"].clear()), "is not opened, nor erased"),
    "what edited": (opened(lambda lines: lines[3]["facets"]["what"].update(content="{}")), "was altered"),
    "salts of the range swapped": (opened(swap_salts), "was altered"),
    "facets of the range swapped": (opened(swap_facets), "was altered"),
    "a match opened in two ways": (two_ways, "facet 'what' is opened in two ways"),
    "a line twice": (opened(lambda lines: lines.append(lines[0])), "does not belong here"),
    "a line of no entry": (opened(lambda lines: lines.append({"index": 300, "facets": {}})), "does not belong here"),
    "a line malformed": (opened(lambda lines: lines.append({"index": "x"})), "malformed"),
    "opened facets gone": (put("range/opened/0.jsonl", None), "is not opened, nor erased"),
    "an entry of the range edited": (leaves(edit_leaf), "does not follow the entry before it"),
    "an entry before the range edited": (leaves(edit_first_leaf), "differs from the entry in the range"),
    "an entry of the range removed": (leaves(lambda entries: entries.pop(5)), "does not hold the entries"),
    "an entry of the range doubled": (leaves(lambda entries: entries.insert(5, entries[5])), "does not hold the entries"),
    "entries of the range swapped": (leaves(swap_leaves), "calls itself entry 5"),
    "entries cut": (leaves(lambda entries: entries.append(b"x" * 3)), "does not hold the entries"),
    "first proof gone": (put("range/first.tlog-proof", None), "has no file"),
    "last proof gone": (put("range/last.tlog-proof", None), "has no file"),
    "ends swapped": (swap("range/first.tlog-proof", "range/last.tlog-proof"), "is a proof of something else"),
    "asked from earlier on": (widen("since", -2 * MINUTE), ""),
    "asked until later": (widen("until", 30_000), "too early for its question"),
    "range begins later": (later, ""),
    "range ends earlier": (earlier, ""),
    "range beyond the log": (claim(last=34), "malformed range"),
    "range backwards": (claim(first=30, last=3), "malformed range"),
    "range opens nothing": (claim(opened=[]), "malformed range"),
    "range longer than its entries": (claim(last=33), "are not those of the range it claims"),
    "a tile too many": (put("tile/entries/007", b""), "are not those of the range it claims"),
    "asked from a time beyond time": (ask(since=10**30), "malformed filter"),
    "asked for something else": (ask(resource_name=["sg-00000000000000000"]), "does not match the question"),
    "asked by user": (ask(username=["alice"]), "does not open what its question needs"),
}  # fmt: skip

# A range that begins with the log's first entry is never too late: that one is honest.
WIDER_AND_TRUE = ("asked from earlier on",)


@pytest.mark.parametrize("name", [name for name in COMPLETE if name not in WIDER_AND_TRUE])
def test_tampering_with_a_range(name: str, case: Case, judge: Judge) -> None:
    edit, expected = COMPLETE[name]
    verdict, message = judge(changed(case.complete, lambda content: edit(content, case)))
    assert verdict == "TAMPERED"
    assert expected in message


def test_a_range_must_reach_back_as_far_as_its_question(case: Case, tmp_path: Path) -> None:
    trail = tmp_path / "trail"
    signer = evidence.day().write(trail)
    asked = Filter(resource_name=(SG,), since=NOON + 20 * MINUTE, until=NOON + 25 * MINUTE)
    honest = evidence.bundle_of(trail, evidence.job(trail, asked, complete=True))
    path = tmp_path / "bundle.zip"
    widened = widen("since", -MINUTE)
    path.write_bytes(changed(honest, lambda content: widened(content, case)))
    report = judges.by_package(path, signer.verifier)
    assert (str(report.verdict), "too late" in report.message) == ("TAMPERED", True)
    assert judges.by_itself(path, signer.verifier, cwd=tmp_path)[1].startswith(
        "TAMPERED: the range begins"
    )
