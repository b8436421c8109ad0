"""What the log says of itself: each statement reads what it writes, and refuses what it would not."""

from __future__ import annotations

import json
from typing import Any

import pytest

import trails
from apitrail.errors import FormatError
from apitrail.evidence.verify import Verdict
from apitrail.trail import statements
from apitrail.trail.reader import Reader
from apitrail.trail.statements import (
    Anchor,
    Clock,
    Close,
    Erase,
    Gap,
    Heartbeat,
    Insight,
    Key,
    Open,
    Refused,
    Run,
    Statement,
    Target,
)  # fmt: skip

# The exact bytes that apitrail has written since format 1, docs/format.md.
WRITTEN: list[tuple[Statement, str]] = [
    (
        Open(apitrail="0.1", configuration={"heartbeat": 60.0, "sha256": "ab"}),
        '{"apitrail":"0.1","configuration":{"heartbeat":60.0,"sha256":"ab"}}',
    ),
    (Close(reason="SIGTERM", calls=12), '{"reason":"SIGTERM","calls":12}'),
    (
        Heartbeat(calls=3, tunnelled={"example.com": 2}, in_flight=1),
        '{"calls":3,"tunnelled":{"example.com":2},"in_flight":1}',
    ),
    (
        Heartbeat(calls=3, tunnelled={}, in_flight=0, rejected=7),
        '{"calls":3,"tunnelled":{},"in_flight":0,"rejected":7}',
    ),
    (
        Heartbeat(recording=False, calls=0, tunnelled={}, in_flight=0),
        '{"recording":false,"calls":0,"tunnelled":{},"in_flight":0}',
    ),
    (
        Run(id="a1", labels={"team": "x"}, command="aws s3 ls", started=5),
        '{"run":{"id":"a1","labels":{"team":"x"},"command":"aws s3 ls"},"started":5}',
    ),
    (Run(id="a1", labels={}, started=5), '{"run":{"id":"a1","labels":{}},"started":5}'),
    (Gap(("note\n",), 9), '{"lost":["note\\n"],"size":9}'),
    (
        Erase((Target(4, ("who", "what")),), "by request"),
        '{"erased":[{"index":4,"facets":["who","what"]}],"reason":"by request"}',
    ),
    (Erase((Target(0, ("resbody",)),)), '{"erased":[{"index":0,"facets":["resbody"]}]}'),
    (Clock(9, 4), '{"from":9,"to":4}'),
    (
        Refused(start=4, end=9, calls=2, reason="disk full"),
        '{"from":4,"to":9,"calls":2,"reason":"disk full"}',
    ),
    (
        Insight(
            record={"eventID": "e"}, kind="rate", name="n", time=7, caller="c", why=("w",),
            evidence=(3, 4), start=0, stop=5, detector=1, thresholds={"pages": 9},
        ),
        ('{"record":{"eventID":"e"},"kind":"rate","name":"n","time":7,"caller":"c","why":["w"],'
        '"evidence":[3,4],"from":0,"to":5,"detector":1,"thresholds":{"pages":9}}'),
    ),
    (Key("a+1", "a+2", "n\n"), '{"old":"a+1","new":"a+2","note":"n\\n"}'),
    (
        Anchor(
            bucket="b", prefix="p/", number=2, key="k", version="v", note="nv", sha256="00",
            until="2027-01-01T00:00:00Z", entries=7, objects=(("o", "ov"),),
        ),
        ('{"anchor":"s3","bucket":"b","prefix":"p/","shipment":2,"key":"k","version":"v",'
        '"note":"nv","sha256":"00","retainUntil":"2027-01-01T00:00:00Z","entries":7,'
        '"objects":[{"key":"o","version":"ov"}]}'),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("said", "content"), WRITTEN)
def test_its_bytes_never_change_and_are_read_back(said, content):
    draft = statements.draft(said)
    assert draft.facets == {"what": content.encode()}
    assert statements.parse(draft.kind, content.encode()) == said


@pytest.mark.parametrize(("said", "content"), WRITTEN)
def test_members_of_a_later_version_are_left_alone(said, content):
    assert statements.read(said.KIND, json.loads(content) | {"later": [1]}) == said


INSIGHT = {
    "record": {}, "kind": "rate", "name": "n", "time": 1, "caller": "c", "why": [], "evidence": [],
    "from": 0, "to": 1, "detector": 1, "thresholds": {},
}  # fmt: skip
MALFORMED: list[tuple[str, dict[str, Any]]] = [
    ("open", {"configuration": 5}),
    ("open", {"apitrail": 1}),
    ("close", {"calls": "2"}),
    ("heartbeat", {"in_flight": False}),
    ("heartbeat", {"recording": 0}),
    ("heartbeat", {"tunnelled": []}),
    ("run", {}),
    ("run", {"run": {"id": 5}}),
    ("gap", {}),
    ("gap", {"lost": []}),
    ("gap", {"lost": [5]}),
    ("gap", {"lost": ["n"], "size": True}),
    ("erase", {}),
    ("erase", {"erased": []}),
    ("erase", {"erased": [7]}),
    ("erase", {"erased": [{"index": -1, "facets": ["who"]}]}),
    ("erase", {"erased": [{"index": 7, "facets": []}]}),
    ("erase", {"erased": [{"index": 7, "facets": ["No Tag"]}]}),
    ("erase", {"erased": [{"index": "7", "facets": ["who"]}]}),
    ("key", {"old": "a", "new": "b"}),
    ("clock", {"from": True, "to": 5}),
    ("clock", {"from": 5}),
    ("refused", {"from": 1, "to": 2, "calls": "2", "reason": "x"}),
    ("refused", {"from": 1, "to": 2, "calls": 2}),
    ("insight", {"record": {}, "kind": "rate"}),
    ("insight", INSIGHT | {"evidence": ["3"]}),
    ("insight", INSIGHT | {"why": [3]}),
    ("insight", INSIGHT | {"time": True}),
    ("anchor", {"anchor": "s3", "bucket": "b"}),
]


@pytest.mark.parametrize(("kind", "what"), MALFORMED)
def test_what_it_would_not_write_is_refused(kind, what):
    with pytest.raises(FormatError, match=r"^malformed "):
        statements.read(kind, what)


@pytest.mark.parametrize(("kind", "what"), [each for each in MALFORMED if each[0] != "anchor"])
def test_verification_names_the_entry_that_is_malformed(kind, what, tmp_path):
    trail = trails.make(tmp_path / "trail", 2)
    trails.write(trail, lambda opened: opened.append(trails.book(kind, **what)))
    report = trails.check(trail)
    assert report.verdict is Verdict.TAMPERED
    assert report.message.startswith("entry 6: malformed ")


@pytest.mark.parametrize("seconds", [0, -1, True, "60", None, 10**9, float("inf"), 10**400])
def test_a_promise_that_is_none_is_no_fault_of_the_log(seconds):
    assert Open(configuration={"heartbeat": seconds}).interval is None


def test_a_promise_is_in_milliseconds():
    assert Open(configuration={"heartbeat": 1.5}).interval == 1_500


@pytest.mark.parametrize("kind", ["api", "unknown", "later"])
def test_other_kinds_say_nothing_here(kind):
    assert statements.read(kind, {"anything": 1}) is None


def test_an_anchor_of_another_sort_is_left_alone():
    assert Anchor.parse({"anchor": "witness"}) is None


def test_statements_are_read_from_a_log(tmp_path):
    with Reader(trails.make(tmp_path / "trail", 2)) as reader:
        assert statements.of(reader, "close", 5) == Close(reason="SIGTERM", calls=2)
