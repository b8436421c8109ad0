"""The page in a bundle: what it says, and that nothing in it can be more than text."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import trails
from apitrail.delivery import export
from apitrail.event import Answered, Asked, CallFacts, Event, Resource, What, Who
from apitrail.query import Filter
from apitrail.reading import report_page
from apitrail.reading.report_page import Page, Told
from apitrail.trail.reader import Reader

HOSTILE = '"><script>alert(1)</script><img src=x onerror=y>&\x1b[2J\u202e\ud800'
VOID = {"meta"}


class Reading(HTMLParser):
    """Text and elements; raises where they are not closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: Page) -> Reading:
    reading = Reading()
    reading.feed(bytes(page).decode("utf-8"))
    reading.close()
    assert reading.open == []
    return reading


def event(**fields: Any) -> Event:
    event = Event(
        who=Who(
            record={"userIdentity": {"arn": "arn:aws:iam::1:user/alice", "accessKeyId": "AKIA1"}},
            identity={"known": "learned", "signature": "verified"},
        ),
        what=What(
            record={"eventSource": "iam.amazonaws.com", "eventName": "CreateUser", "eventID": "e1"},
            call=CallFacts(started=1, ended=2, status=200),
            resources=(Resource(name="carol", type="AWS::IAM::User"),),
        ),
        request=Asked(parameters={"UserName": "carol", "Tags": []}),
        response=Answered(result={"User": {"Path": "/"}}),
    )
    return replace(event, **fields)


def page(*events: Event, **fields: Any) -> Page:
    return Page(
        **{
            "origin": "example.com/log", "size": 9, "root": "00ff", "version": "1", "number": len(events),
            "question": "every call", "calls": [Told(i, None, each) for i, each in enumerate(events)],
        }
        | fields
    )  # fmt: skip


def test_it_says_who_what_asked_and_answered() -> None:
    text = read(page(event())).text
    for said in (
        "iam:CreateUser", "arn:aws:iam::1:user/alice", "(learned, signature verified)",
        "UserName = carol", "User.Path = /", "AWS::IAM::User carol", "1 call",
    ):  # fmt: skip
        assert said in text


@pytest.mark.parametrize(
    ("identity", "claim"),
    [
        ({"known": "claimed"}, True),
        ({"known": "decoded"}, True),
        ({}, True),
        ({"known": "learned", "signature": "invalid"}, True),
        ({"known": "learned", "signature": "verified"}, False),
        ({"known": "refusal"}, False),
        ({"known": "configured"}, False),
    ],
)
def test_a_claim_is_told_from_what_is_known(identity: dict[str, str], claim: bool) -> None:
    shown = read(page(event(who=replace(event().who, identity=identity))))
    assert (("class", "claimed") in shown.attributes) is claim
    for word in identity.values():
        meaning = {**report_page.KNOWN, **report_page.SIGNATURES}[word]
        assert meaning in shown.text


def test_the_operator_is_told_beside_the_caller() -> None:
    assert "operatordora" in read(
        page(event(who=replace(event().who, operator="dora")))
    ).text.replace("\n", "")


def test_it_warns_that_it_proves_nothing() -> None:
    text = read(page(event())).text
    assert "It proves nothing" in text
    assert "python3 -I verify.py --key VKEY" in text


def test_whatever_was_recorded_stays_text() -> None:
    hostile = event(
        who=Who(
            record={
                "userIdentity": {"arn": HOSTILE, "accessKeyId": HOSTILE},
                "sourceIPAddress": HOSTILE,
                "userAgent": HOSTILE,
            },
            identity={"known": HOSTILE, "signature": HOSTILE},
        ),
        what=What(
            record={"eventSource": HOSTILE, "eventName": HOSTILE, "eventID": HOSTILE},
            call=CallFacts(started=1, error=HOSTILE, problems=(HOSTILE,)),
            resources=(Resource(name=HOSTILE, arn=HOSTILE, type=HOSTILE),),
        ),
        request=Asked(parameters={HOSTILE: HOSTILE, "x": [HOSTILE]}),
        response=Answered(record={"errorMessage": HOSTILE}),
    )
    shown = read(page(hostile, event(), question=HOSTILE, origin=HOSTILE, version=HOSTILE))
    assert not shown.tags & {"script", "img"}
    assert {name for name, _ in shown.attributes} <= {
        "lang", "charset", "http-equiv", "content", "name", "class", "id", "href", "scope",
    }  # fmt: skip
    assert all(
        value.startswith("#e") for name, value in shown.attributes if name == "href" and value
    )
    assert not {"\x1b", "\u202e", "\ud800"} & set(bytes(page(hostile)).decode())
    assert r"\x1b[2J\x202e\xd800" in shown.text


def test_nothing_is_loaded_and_nothing_runs() -> None:
    text = bytes(page(event())).decode()
    assert "default-src 'none'" in text
    assert "http" not in text.replace("http-equiv", "")
    assert "url(" not in text


@pytest.mark.parametrize(
    "facets",
    [
        {"what": b"[]"},
        {"what": b"{"},
        {"who": b"5"},
        {"what": b'{"record":{},"call":{"started":1000000000000000000000}}'},
        {"what": b'{"record":{"eventName":[],"eventSource":{}},"call":{"started":-9}}'},
        {"request": b'{"parameters":' + b'{"a":' * 400 + b"1" + b"}" * 400 + b"}"},
        {"who": b'{"record":{"userIdentity":[]},"identity":{"known":[],"signature":{}}}'},
        {},
    ],
)
def test_a_call_that_cannot_be_read_is_told_as_such(facets: dict[str, bytes]) -> None:
    text = read(page(number=1, calls=[Told.parse(3, None, facets)])).text
    assert "It proves nothing" in text


def test_long_values_and_many_members_are_cut() -> None:
    many = {f"M{number}": "x" * 5000 for number in range(100)}
    text = read(page(event(request=Asked(parameters=many)))).text
    assert "(5000 characters)" in text
    assert "… and 60 more" in text


def test_of_many_calls_the_rest_is_counted() -> None:
    assert "7 more are in the bundle" in read(page(event(), number=8)).text


def bundle(trail: Path, **fields: Any) -> dict[str, bytes]:
    out = io.BytesIO()
    with Reader(trail) as source:
        export.FORMATS["bundle"][0](source, export.Job(**fields), out)
    with zipfile.ZipFile(out) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_bundle_s_page_tells_what_is_opened_and_nothing_else(tmp_path: Path) -> None:
    trail = trails.make(tmp_path / "trail", 4)
    where = Filter(event_name=("GetUser",))
    whole = bundle(trail, where=where)["report.html"].decode()
    assert "UserName = target1" in whole
    assert "user1" in whole
    part = bundle(trail, where=where, facets=("what",))["report.html"].decode()
    assert "UserName = target1" not in part
    assert "user1" not in part
    assert "not opened in this bundle" in part
    assert "target0" not in whole


def test_the_same_question_gives_the_same_page(tmp_path: Path) -> None:
    trail = trails.make(tmp_path / "trail", 4)
    content = bundle(trail)
    assert content["report.html"] == bundle(trail)["report.html"]
    assert set(json.loads(content["manifest.json"])["files"]) == {"report.html"}
