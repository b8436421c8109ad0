from __future__ import annotations

import gzip
import json
from functools import cache

import pytest

import cloudtrails
from apitrail.delivery import export, insight_replay
from apitrail.errors import UsageError
from apitrail.insights.thresholds import Thresholds
from apitrail.reading.insight_list import Chosen
from apitrail.trail.reader import Reader
from watched import AFTER, DAY, HOUR, T0, record


@cache
def records():
    """Eight days of one machine, and somebody who stops the log."""
    usual = [
        record(moment, name)
        for moment in range(T0, T0 + 9 * DAY, HOUR // 2)
        for name in ("DescribeInstances", "CreateTags")
    ]
    return [*usual, record(AFTER, "StopLogging", service="cloudtrail")]


@pytest.fixture
def logs(tmp_path):
    """Files that overlap, in no order, one of them compressed, and things that are no log files."""
    found = list(reversed(records()))
    place = tmp_path / "AWSLogs"
    place.mkdir()
    (place / "1.json").write_text(json.dumps({"Records": found[300:]}))
    (place / "0.json.gz").write_bytes(gzip.compress(json.dumps({"Records": found[:400]}).encode()))
    (place / "README").write_text("no log")
    (place / "cut.json").write_text('{"Records": [')
    return place


def told(path, **chosen):
    lines = insight_replay.lines(
        insight_replay.replay(path, Thresholds()), output="jsonl", chosen=Chosen(**chosen)
    )
    return [json.loads(line) for line in lines]


def test_log_files_are_put_in_order_and_each_event_counts_once(logs):
    start, end = told(logs)
    assert start["time"] == "2026-03-10T00:00:00.000Z"
    assert start["events"] == [f"{AFTER}-StopLogging"]
    assert start["insightDetails"]["eventName"] == "StopLogging"
    assert (start["state"], end["state"]) == ("Start", "End")
    assert start["sharedEventID"] == end["sharedEventID"] != start["eventID"]


def test_two_runs_give_the_same_and_write_nothing(logs):
    before = {path: path.read_bytes() for path in logs.rglob("*")}
    assert told(logs) == told(logs)
    assert {path: path.read_bytes() for path in logs.rglob("*")} == before


def test_one_file_is_a_place_too_and_what_is_no_record_is_said(logs):
    said = []
    list(insight_replay.replay(logs, Thresholds(), said.append))
    assert said == ["left out: 1 of kind 'file that is cut short or no JSON'"]
    assert told(logs / "1.json") == []


def test_only_what_was_asked_for_is_printed(logs):
    assert not told(logs, kinds=("rate",))
    assert [each["state"] for each in told(logs, since=AFTER + 1)] == ["End"]


def test_text_says_why(logs):
    found = insight_replay.replay(logs, Thresholds())
    line = next(insight_replay.lines(found, output="text", chosen=Chosen()))
    assert line.startswith("2026-03-10T00:00:00.000Z  Start  first-seen")
    assert "cloudtrail:StopLogging is new to the account" in line


def test_a_place_without_calls_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no calls in"):
        list(insight_replay.replay(tmp_path, Thresholds()))


def test_a_trail_and_a_bundle_of_it_tell_the_same(tmp_path):
    reads = [
        cloudtrails.record(
            number, eventName=f"Describe{number}", readOnly=True,
            eventSource=f"s{number % 6}.amazonaws.com",
            userIdentity={"type": "IAMUser", "arn": "arn:aws:iam::123456789012:user/ada"},
        )
        for number in range(30)
    ]  # fmt: skip
    trail = cloudtrails.make(tmp_path / "trail", [cloudtrails.draft(each) for each in reads])
    with Reader(trail) as reader:
        export.to_file(reader, export.Job(), form="bundle", path=tmp_path / "evidence.zip")
    found = told(trail)
    assert [each["name"] for each in found] == ["enumeration"] * len(found)
    assert len(found[0]["events"]) >= 22
    assert told(tmp_path / "evidence.zip") == found
