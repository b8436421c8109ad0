"""Alerts behind a writer: at least once, whatever ends the process, and no sink delays another."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from contextlib import closing
from pathlib import Path

import pytest

import trails
from apitrail import places
from apitrail.reading.rules import rule_tables
from apitrail.recording.alerts import alerting, courier
from apitrail.recording.alerts.alert_settings import Alert
from apitrail.recording.alerts.alerting import Alerting
from apitrail.recording.alerts.sink import CommandSink, DeliveryError, FileSink, WebhookSink
from apitrail.trail import outbox, statements
from apitrail.trail.outbox import Outbox
from apitrail.trail.statements import Insight
from apitrail.trail.writer import Trail
from recording.alerts.receiver import receiving

KEY = b"k" * 32
MADE = {"name": "made", "filter": {"event-name": "CreateUser"}}
MANY = """
title: many
name: made
logsource: {product: aws, service: cloudtrail}
detection: {sel: {eventName: CreateUser}, condition: sel}
---
title: Many users are made
name: many
correlation: {type: event_count, rules: [made], timespan: 1h, condition: {gte: 3}}
"""


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(courier, "FIRST", 0.02)


@pytest.fixture
def file(tmp_path):
    return FileSink(tmp_path / "alerts.jsonl", 10.0)


def sent(tmp_path: Path) -> list[dict[str, object]]:
    """What the file got."""
    path = tmp_path / "alerts.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def alert(tmp_path, *sinks, table=MADE) -> Alert:
    return Alert(rule_tables.parse(table, tmp_path), sinks)


def record(tmp_path, alerts, calls, until=lambda _: True, said=None):
    """Record these calls with alerts behind the writer; gives what was counted."""

    async def main():
        said_of = [] if said is None else said
        clock = trails.Clock()
        async with await Trail.open(tmp_path / "t", signer=trails.SIGNER, clock=clock) as trail:
            running = Alerting(trail, alerts, places.clock, lambda text, *_: said_of.append(text))
            await running.begin()
            if not trail.size:
                await trail.append(trails.opening())
            for number in calls:
                draft = trails.draft(number) if isinstance(number, int) else number
                await trail.append(draft)
            while not until(running):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await running.ended()
            return running.figures

    return asyncio.run(main())


def test_an_alert_is_delivered_while_the_recorder_works(tmp_path, file):
    figures = record(
        tmp_path, [alert(tmp_path, file)], range(6), lambda a: a.figures.delivered == 2
    )
    assert (figures.found, figures.failed, figures.waiting, figures.behind) == (2, 0, 0, 0)
    assert [each["entry"] for each in sent(tmp_path)] == [1, 4]
    assert sent(tmp_path)[0]["log"] == trails.ORIGIN


def test_a_command_that_has_ended_leaves_nothing_behind(tmp_path, file):
    """Without a pause between the last call and the end."""
    record(tmp_path, [alert(tmp_path, file)], range(6))
    assert len(sent(tmp_path)) == 2


def test_what_was_recorded_before_the_first_alert_raises_none(tmp_path, file):
    record(tmp_path, [], range(3))
    assert not (tmp_path / "t" / outbox.FILE).exists()
    record(tmp_path, [alert(tmp_path, file)], range(3, 6))
    record(tmp_path, [], range(6, 9))
    record(tmp_path, [alert(tmp_path, file)], range(9, 12))
    assert [each["entry"] for each in sent(tmp_path)] == [4, 10]


def crash(tmp_path, calls, before: bool) -> None:
    """A recorder that is killed as it delivers: before the file has the line, or right after."""

    class Killer(FileSink):
        async def send(self, message):
            if not before:
                await FileSink.send(self, message)
            os.kill(os.getpid(), signal.SIGKILL)

    if (child := os.fork()) == 0:
        try:
            sink = Killer(tmp_path / "alerts.jsonl", 10.0)
            record(tmp_path, [alert(tmp_path, sink)], calls, lambda _: False)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL


def test_killed_between_the_commit_and_the_delivery_it_is_delivered_by_the_next(tmp_path, file):
    crash(tmp_path, [0], before=True)
    assert sent(tmp_path) == []
    record(tmp_path, [alert(tmp_path, file)], [1])
    assert [each["entry"] for each in sent(tmp_path)] == [1]


def test_killed_between_the_delivery_and_the_mark_it_is_delivered_twice_with_one_id(tmp_path, file):
    crash(tmp_path, [0], before=False)
    record(tmp_path, [alert(tmp_path, file)], [1])
    first, second = sent(tmp_path)
    assert first == second


def test_what_was_recorded_when_the_follower_was_killed_is_judged_by_the_next(tmp_path, file):
    """Between the commit and the outbox: the log has the call, and nobody has looked at it."""
    record(tmp_path, [alert(tmp_path, file)], [1])

    async def more(trail):
        await trail.append(trails.draft(0))

    trails.write(tmp_path / "t", more)
    record(tmp_path, [alert(tmp_path, file)], [2])
    assert [each["entry"] for each in sent(tmp_path)] == [2]


def test_a_sink_that_hangs_delays_no_other_and_no_end(tmp_path, file, monkeypatch):
    monkeypatch.setattr(alerting, "PATIENCE", 0.1)
    said: list[str] = []
    with receiving() as receiver:
        receiver.hold = threading.Event()
        hook = WebhookSink(receiver.url, (KEY,), 60.0, trails.Clock())
        alerts = [alert(tmp_path, hook, CommandSink(("sleep", "300"), 300.0), file)]
        record(tmp_path, alerts, range(30), lambda a: a.figures.delivered == 10, said)
    assert len(sent(tmp_path)) == 10
    assert said == ["20 alerts were not delivered; the next recorder does it"]


def test_what_fails_is_tried_again_and_told_once(tmp_path):
    with receiving() as receiver:
        receiver.answers = [500, 404, 302]
        hook = WebhookSink(receiver.url, (KEY,), 10.0, trails.Clock())
        said: list[str] = []
        figures = record(
            tmp_path, [alert(tmp_path, hook)], [0], lambda a: a.figures.delivered, said
        )
    assert (figures.failed, figures.delivered, figures.waiting) == (3, 1, 0)
    assert len({body for _, body in receiver.got}) == 1
    where = hook.shown
    assert said == [f"alerts do not reach {where}: it answered 500", f"alerts reach {where} again"]


def test_one_that_is_refused_does_not_hold_up_the_others(tmp_path):
    class Picky(FileSink):
        async def send(self, message):
            if b'"entry":1,' in message.body:
                raise DeliveryError("it answered 400")
            await FileSink.send(self, message)

    sink = Picky(tmp_path / "alerts.jsonl", 10.0)
    figures = record(
        tmp_path, [alert(tmp_path, sink)], range(9), lambda a: a.figures.delivered == 2
    )
    assert (figures.found, figures.waiting) == (3, 1)
    assert [each["entry"] for each in sent(tmp_path)] == [4, 7]


def test_what_nobody_takes_is_given_up_after_days_and_shown(tmp_path, monkeypatch):
    monkeypatch.setattr(courier, "GIVE_UP", 0)
    sink = CommandSink(("false",), 10.0)
    figures = record(tmp_path, [alert(tmp_path, sink)], [0], lambda a: a.figures.given_up)
    assert (figures.given_up, figures.waiting) == (1, 0)
    with closing(Outbox.look(tmp_path / "t")) as looked:
        [(_, [delivery])] = looked.newest(1)
    assert (delivery.state, delivery.problem) == (outbox.GIVEN_UP, "'false' ended with 1")


def test_a_rule_that_fails_is_told_once_and_the_others_go_on(tmp_path, file):
    broken = alert(tmp_path, file, table={"name": "broken", "jmespath": "length(readOnly)"})
    said: list[str] = []
    figures = record(tmp_path, [broken, alert(tmp_path, file)], range(6), said=said)
    assert (figures.errors, figures.found) == (6, 2)
    [text] = said
    assert text.startswith("alert 'broken': its rule cannot judge an entry: ")


def test_a_rule_that_counts_remembers_what_was_before_a_restart(tmp_path, file):
    (tmp_path / "many.yml").write_text(MANY)
    record(tmp_path, [alert(tmp_path, file, table={"rule": "many.yml"})], [0, 3])
    record(tmp_path, [alert(tmp_path, file, table={"rule": "many.yml"})], [6, 9])
    [told] = sent(tmp_path)
    assert (told["entries"], told["count"], told["rule"]) == ([1, 2, 3], 3, "many")


def test_a_region_is_new_once_for_all_recorders(tmp_path, file):
    def call(number, region):
        facets = trails.call(number, source="ec2.amazonaws.com")
        facets["what"] = facets["what"].replace(b"us-east-1", region.encode())
        return trails.Draft(kind="api", facets=facets, row=trails.Event.parse(facets).row())

    watching = [alert(tmp_path, file, table={"rule": "built-in:new-region"})]
    record(tmp_path, watching, [call(1, "eu-west-1")])
    watching = [alert(tmp_path, file, table={"rule": "built-in:new-region"})]
    record(tmp_path, watching, [call(2, "ap-south-1"), call(3, "ap-south-1")])
    watching = [alert(tmp_path, file, table={"rule": "built-in:new-region"})]
    record(tmp_path, watching, [call(4, "ap-south-1"), call(5, "eu-west-1"), call(6, "sa-east-1")])
    assert [each["record"]["awsRegion"] for each in sent(tmp_path)] == ["ap-south-1", "sa-east-1"]


def test_an_insight_raises_an_alert(tmp_path, file):
    said = Insight(
        record={"eventID": "11111111-2222-4333-8444-555555555555", "insightDetails": {
            "eventSource": "iam.amazonaws.com", "eventName": "CreateUser", "state": "Start"}},
        kind="rate", name="x", time=trails.T0, caller="mary", why=("many",), evidence=(1,), start=0,
        stop=2, detector=1,
    )  # fmt: skip
    table = {"name": "unusual", "insights": ["rate"]}
    record(tmp_path, [alert(tmp_path, file, table=table)], [0, statements.draft(said)])
    [told] = sent(tmp_path)
    assert (told["alert"], told["summary"]) == ("unusual", "unusual: iam:CreateUser")


def test_a_log_that_is_not_the_one_of_the_cursor_begins_anew(tmp_path, file):
    record(tmp_path, [alert(tmp_path, file)], range(3))
    with closing(Outbox.open(tmp_path / "t")) as box:
        box.add((), outbox.Cursor(2, "00"), now=0)
    said: list[str] = []
    record(tmp_path, [alert(tmp_path, file)], [6], said=said)
    assert said == ["alerts begin anew: the log is not the one that they were raised of"]
    assert [each["entry"] for each in sent(tmp_path)] == [1, 4]
