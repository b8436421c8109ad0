"""A log whose owner writes nonsense into it, and signs that, crashes neither verifier."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from apitrail.errors import FormatError
from apitrail.query import Filter, Row
from apitrail.trail.rows import Draft
from evidence.bundle import evidence, judges
from evidence.bundle.evidence import SECOND, SG, Story
from evidence.bundle.judges import Standalone

ID = evidence.event_id_of(1)
RECORD = {"eventID": ID, "eventSource": "s", "eventName": "n"}


def what(**fields: Any) -> bytes:
    good = {"record": RECORD, "call": {"started": 1}, "resources": [{"name": SG}]}
    return json.dumps(good | fields).encode()


def who(identity: Any) -> bytes:
    return json.dumps({"record": {"userIdentity": identity}}).encode()


NONSENSE: dict[str, dict[str, bytes]] = {
    "a list": {"what": b"[]"},
    "a number": {"what": b"1"},
    "null": {"what": b"null"},
    "no JSON": {"what": b"{"},
    "no UTF-8": {"what": b"\xff"},
    "deep": {"what": b"[" * 100_000},
    "a long number": {"what": b'{"record":' + b"9" * 5_000 + b"}"},
    "record is a number": {"what": what(record=5)},
    "call is a list": {"what": what(call=[])},
    "id is a number": {"what": what(record=RECORD | {"eventID": 5})},
    "no id": {"what": what(record={"eventSource": "s", "eventName": "n"})},
    "time beyond time": {"what": what(call={"started": 10**30})},
    "time is not a number": {"what": what(call={"started": float("nan")})},
    "time is infinite": {"what": what(call={"started": float("inf")})},
    "resources are a number": {"what": what(resources=5)},
    "a resource is a number": {"what": what(resources=[5])},
    "identity is a list": {"what": what(), "who": who([1])},
    "who is a list": {"what": what(), "who": b"[]"},
    "who without a record": {"what": what(), "who": b"{}"},
}


@pytest.mark.parametrize("name", NONSENSE)
@pytest.mark.parametrize("complete", [False, True], ids=["plain", "complete"])
def test_nonsense_that_is_signed_is_named(
    name: str, complete: bool, standalone: Standalone, tmp_path: Path
) -> None:
    row = Row(id=ID, time=evidence.NOON, resources=frozenset({(SG, "")}))
    story = Story().open().wait(SECOND)
    story.drafts.append((story.at, Draft(kind="api", facets=NONSENSE[name], row=row)))
    signer = story.wait(SECOND).beat().write(tmp_path / "trail")
    job = evidence.job(tmp_path / "trail", Filter(resource_name=(SG,)), complete=complete)
    path = tmp_path / "bundle.zip"
    path.write_bytes(evidence.bundle_of(tmp_path / "trail", job))
    report = judges.by_package(path, signer.verifier)
    status, said = standalone(path, signer.verifier)
    assert judges.verdict(said) == str(report.verdict), (said, report.message)
    assert status == (0 if report.holds else 1)
    assert str(report.verdict) == "TAMPERED"


def test_control_characters_do_not_reach_the_terminal(
    standalone: Standalone, tmp_path: Path
) -> None:
    story = (
        Story().open().wait(SECOND).call("\x1b]0;owned\x07", resources=(SG,), user="\x1b[2J").beat()
    )
    signer = story.write(tmp_path / "trail")
    path = tmp_path / "bundle.zip"
    job = evidence.job(tmp_path / "trail", Filter(resource_name=(SG,)), complete=True)
    path.write_bytes(evidence.bundle_of(tmp_path / "trail", job))
    report = judges.by_package(path, signer.verifier)
    _, said = standalone(path, signer.verifier)
    assert report.holds
    assert "\x1b" not in str(report) + said
    assert "\\x1b]0;owned\\x07" in said


INSIGHT: dict[str, Any] = {
    "record": {}, "kind": "rate", "name": "n", "time": 1, "caller": "c", "why": ["w"],
    "evidence": [1], "from": 0, "to": 1, "detector": 1, "thresholds": {},
}  # fmt: skip
MUTE: dict[str, Any] = {"mute": {"kind": "rate"}, "by": "c", "reason": "", "lifted": False}
STATEMENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "a start of no settings": ("open", {"configuration": 5}),
    "a stop of many calls": ("close", {"calls": "many"}),
    "a heartbeat of False calls": ("heartbeat", {"in_flight": False}),
    "a heartbeat that may record": ("heartbeat", {"recording": 0}),
    "a clock without a time": ("clock", {"from": 1}),
    "a refusal of True calls": ("refused", {"from": 1, "to": 2, "calls": True, "reason": "x"}),
    "an insight of nothing": ("insight", {"record": {}}),
    "an insight with words for entries": ("insight", INSIGHT | {"evidence": ["1"]}),
    "an insight at True o'clock": ("insight", INSIGHT | {"time": True}),
    "a mute of nothing": ("mute", MUTE | {"mute": {}}),
    "a mute of another thing": ("mute", MUTE | {"mute": {"colour": "red"}}),
    "a mute of no kind": ("mute", MUTE | {"mute": {"kind": ""}}),
    "a mute until True": ("mute", MUTE | {"until": True}),
    "a mute by nobody": ("mute", {"mute": {"kind": "rate"}, "reason": "", "lifted": False}),
    "a decision of no ticket": ("decision", {"step": "asked", "guard": "g"}),
    "a decision until True": (
        "decision",
        {"ticket": "t", "step": "asked", "guard": "g", "until": True},
    ),
    "a run without a name": ("run", {"run": {}}),
    "a gap of nothing": ("gap", {"lost": []}),
    "an erasure of nothing": ("erase", {"erased": []}),
    "an erasure of True": ("erase", {"erased": [{"index": True, "facets": ["who"]}]}),
    "an erasure of a facet with a dot": ("erase", {"erased": [{"index": 0, "facets": ["a.b"]}]}),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_both_verifiers_refuse_a_statement_that_no_recorder_writes(
    name: str, standalone: Standalone, tmp_path: Path
) -> None:
    kind, said = STATEMENTS[name]
    story = Story().open().wait(SECOND).call("CreateUser", resources=(SG,))
    story.drafts.append((story.at, Draft(kind=kind, facets={"what": json.dumps(said).encode()})))
    signer = story.wait(SECOND).beat().write(tmp_path / "trail")
    job = evidence.job(tmp_path / "trail", Filter(resource_name=("other",)), complete=True)
    path = tmp_path / "bundle.zip"
    try:
        path.write_bytes(evidence.bundle_of(tmp_path / "trail", job))
    except FormatError:
        assert kind == "erase"  # the exporter itself reads these
        return
    report = judges.by_package(path, signer.verifier)
    _, answer = standalone(path, signer.verifier)
    assert (str(report.verdict), judges.verdict(answer)) == ("TAMPERED", "TAMPERED"), answer
    assert "malformed" in report.message
    assert "malformed" in answer


def test_both_verifiers_let_stand_what_a_later_version_has_written(
    standalone: Standalone, tmp_path: Path
) -> None:
    story = Story().open().wait(SECOND).call("CreateUser", resources=(SG,))
    later = {"what": b"\xff no JSON", "later": b"x"}
    story.drafts.append((story.at, Draft(kind="later", facets=later)))
    signer = story.wait(SECOND).beat().write(tmp_path / "trail")
    job = evidence.job(tmp_path / "trail", Filter(resource_name=(SG,)), complete=True)
    path = tmp_path / "bundle.zip"
    path.write_bytes(evidence.bundle_of(tmp_path / "trail", job))
    report = judges.by_package(path, signer.verifier)
    _, answer = standalone(path, signer.verifier)
    assert (str(report.verdict), judges.verdict(answer)) == ("OK", "OK"), (report.message, answer)
