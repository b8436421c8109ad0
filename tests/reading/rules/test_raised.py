"""Alerts of a log: the same id however often they are found, and documents without what was erased."""

from __future__ import annotations

import json

import pytest

import trails
from apitrail.query import Filter
from apitrail.reading.rules import raised, rule_tables, rule_trial
from apitrail.reading.rules.looked_at import LookedAt
from apitrail.trail.reader import Reader
from apitrail.trail.statements import Target

FAILED = {"name": "failed", "filter": {"error": True}, "level": "low"}


def found(source, tmp_path, *tables, where=Filter()):  # noqa: B008
    watched = [rule_tables.parse(table, tmp_path) for table in tables]
    return list(rule_trial.attempt(source, where, watched))


@pytest.fixture
def log(tmp_path):
    trails.make(tmp_path / "t", 6)
    with Reader(tmp_path / "t") as reader:
        yield reader


def test_an_alert_has_the_same_id_each_time_and_each_rule_its_own(log, tmp_path):
    [first] = found(log, tmp_path, FAILED)
    [again, other] = found(log, tmp_path, FAILED, FAILED | {"name": "other"})
    assert first == again
    assert first.id != other.id


def test_the_past_is_played_through_rules_narrowed_by_a_filter(log, tmp_path):
    anything = {"name": "any", "jmespath": "eventName"}
    assert len(found(log, tmp_path, anything)) == 6
    assert len(found(log, tmp_path, anything, where=Filter(event_name=("CreateUser",)))) == 2


def test_a_document_tells_who_did_what_and_has_the_record(log, tmp_path):
    [alert] = found(log, tmp_path, FAILED)
    told = json.loads(raised.line(raised.document(log, alert, "example.com/log")))
    assert told["summary"] == "iam:CreateUser by user0 from 10.0.0.3 in us-east-1"
    assert told["record"]["eventID"] == told["eventIDs"][0]
    assert (told["alert"], told["level"], told["entry"]) == ("failed", "low", 5)
    assert (told["log"], told["count"], told["labels"]) == ("example.com/log", 1, {})
    [row] = rule_trial.rows([told])
    assert row[1:5] == ["low", "failed", "5", "1"]
    assert rule_trial.counted([told, told]) == "2 alerts: failed 2"


def test_what_was_erased_meanwhile_is_not_sent(log, tmp_path):
    [alert] = found(log, tmp_path, FAILED)

    async def erase(trail):
        await trail.erase([Target(5, ("who", "what", "request", "response"))])

    trails.write(tmp_path / "t", erase)
    with Reader(tmp_path / "t") as reader:
        told = raised.document(reader, alert, None)
        assert (told["record"], told["eventIDs"]) == (None, [None])
        assert told["summary"] == "the record was erased"
        assert found(reader, tmp_path, FAILED) == []


def test_a_rule_that_cannot_judge_an_entry_is_told_and_others_go_on(log, tmp_path):
    broken = rule_tables.parse({"name": "broken", "jmespath": "length(readOnly)"}, tmp_path)
    watched = [broken, rule_tables.parse(FAILED, tmp_path)]
    problems = []
    hits = list(rule_trial.attempt(log, Filter(), watched, lambda *told: problems.append(told)))
    assert [each.alert for each in hits] == ["failed"]
    assert len(problems) == 6
    assert problems[0][0] == "broken"
    assert "(entry 2)" in str(problems[0][1])


def test_an_insight_is_told_by_its_operation():
    record = {"eventID": "x", "insightDetails": {"eventSource": "iam.amazonaws.com", "eventName": "CreateUser"}}  # fmt: skip
    assert raised.summary(record) == "unusual: iam:CreateUser"
    seen = LookedAt(index=1, time=0, record=record, insight="rate")
    assert (seen.id, seen.row) == ("x", None)
