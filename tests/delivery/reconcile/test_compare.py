"""CloudTrail's log files against a trail: what went past, what AWS left out, who says what."""

import gzip
import json
from uuid import uuid4

import pytest

import cloudtrails
import trails
from apitrail.__main__ import run
from apitrail.delivery.reconcile import reconcile
from apitrail.errors import UsageError
from apitrail.trail.reader import Reader
from cloudtrails import data_record, draft, record

CALLS = 12


def ours():
    """Twelve calls: ten of management, one of data, one that AWS refused before it knew whose."""
    yield from (draft(record(number)) for number in range(10))
    yield draft(data_record(10))
    yield draft(record(11, errorCode="SignatureDoesNotMatch"), status=403)


@pytest.fixture(scope="module")
def trail(tmp_path_factory):
    return cloudtrails.make(tmp_path_factory.mktemp("reconcile") / "trail", ours())


def aws(number, **overrides):
    """The same call as CloudTrail tells it: under an event id of its own."""
    return record(number, eventID=str(uuid4()), **overrides)


def compare(trail, records, **options):
    with Reader(trail) as reader:
        return reconcile(reader, [("file", item) for item in records], **options)


def test_the_same_calls_match_by_request_id(trail):
    result = compare(trail, [aws(number) for number in range(10)])
    assert (result.matched, result.bypassed, result.disagreements) == (10, [], [])
    assert result.holds


def test_a_call_that_only_aws_saw_is_a_bypass(trail):
    past = aws(4, requestID=str(uuid4()), eventName="DeleteTrail")
    result = compare(trail, [*(aws(number) for number in range(10)), past])
    [seen] = result.bypassed
    assert seen.fields["eventName"] == "DeleteTrail"
    assert seen.event_id == past["eventID"]
    assert not result.holds


def test_the_same_name_and_time_do_not_hide_a_bypass(trail):
    result = compare(trail, [*(aws(n) for n in range(10)), aws(4, requestID=str(uuid4()))])
    assert len(result.bypassed) == 1


@pytest.mark.parametrize(
    "by_aws",
    [
        {"userIdentity": {"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}},
        {"userIdentity": {"type": "AssumedRole", "invokedBy": "cloudformation.amazonaws.com"}},
        {"sourceIPAddress": "AWS Internal"},
        {"sourceIPAddress": "autoscaling.amazonaws.com"},
        {"eventType": "AwsServiceEvent"},
    ],
)
def test_what_a_service_did_is_no_bypass(trail, by_aws):
    record_of_aws = aws(4, **{"requestID": str(uuid4()), **by_aws})
    result = compare(trail, [*(aws(number) for number in range(10)), record_of_aws])
    assert (len(result.by_aws), result.holds) == (1, True)


def test_a_console_call_is_a_bypass(trail):
    past = aws(4, requestID=str(uuid4()), sessionCredentialFromConsole="true")
    assert len(compare(trail, [aws(3), aws(5), past]).bypassed) == 1


def test_an_event_that_was_delivered_twice_counts_once(trail):
    past = aws(4, requestID=str(uuid4()))
    result = compare(trail, [aws(3), aws(5), past, past])
    assert (result.matched, len(result.bypassed)) == (2, 1)


def test_what_aws_did_not_log_has_a_reason(trail):
    result = compare(trail, [aws(0), aws(9)], until=trails.T0 + 60_000)
    reasons = [(why, seen.fields["eventName"]) for why, seen in result.unlogged]
    assert reasons[-2:] == [("data", "GetObject"), ("refused", "DeleteUser")]
    assert [why for why, _ in reasons[:-2]] == ["other"] * 8


def test_a_call_without_an_answer_has_that_reason_and_is_matched_by_likeness(tmp_path):
    mute = record(1)
    del mute["requestID"]
    drafts = [draft(record(0)), draft(mute, status=None), draft(record(2))]
    trail = cloudtrails.make(tmp_path / "trail", drafts)
    result = compare(trail, [aws(0), aws(2)])
    assert [why for why, _ in result.unlogged] == ["unanswered"]
    result = compare(trail, [aws(0), aws(1), aws(2)])
    assert (result.matched, result.unlogged, result.bypassed) == (3, [], [])


@pytest.mark.parametrize(
    ("field", "theirs", "value"),
    [
        ("eventName", {"eventName": "ListUsers"}, "ListUsers"),
        ("eventSource", {"eventSource": "sts.amazonaws.com"}, "sts.amazonaws.com"),
        ("awsRegion", {"awsRegion": "eu-west-1"}, "eu-west-1"),
        ("readOnly", {"readOnly": True}, True),
        ("errorCode", {"errorCode": "AccessDenied"}, "AccessDenied"),
        ("accessKeyId", {"userIdentity": {"accessKeyId": "AKIAOTHER"}}, "AKIAOTHER"),
    ],
)
def test_disagreements_name_the_field_and_both_values(trail, field, theirs, value):
    [item] = compare(trail, [aws(3), aws(6, **theirs), aws(9)]).disagreements
    assert item.fields == {field: (value, cloudtrails_value(field))}


def cloudtrails_value(field):
    ours = record(6)
    return ours["userIdentity"]["accessKeyId"] if field == "accessKeyId" else ours.get(field)


def test_where_aws_is_silent_there_is_no_disagreement(trail):
    silent = aws(6, userIdentity={"type": "AWSAccount"})
    del silent["readOnly"]
    assert compare(trail, [silent]).disagreements == []


def test_an_error_that_aws_does_not_tell_is_a_disagreement(tmp_path):
    drafts = [draft(record(0)), draft(record(1, errorCode="NoSuchEntityException"), status=404)]
    trail = cloudtrails.make(tmp_path / "trail", drafts)
    [item] = compare(trail, [aws(0), aws(1)]).disagreements
    assert item.fields == {"errorCode": (None, "NoSuchEntityException")}


def test_only_the_time_that_both_cover_is_compared(trail):
    before = record(0, eventTime="2020-01-01T00:00:00Z", requestID="x", eventID=str(uuid4()))
    after = record(0, eventTime="2030-01-01T00:00:00Z", requestID="y", eventID=str(uuid4()))
    result = compare(trail, [before, *(aws(number) for number in range(12)), after])
    assert result.bypassed == []
    result = compare(trail, [aws(4), aws(6)])
    assert [seen.fields["eventName"] for _, seen in result.unlogged] == ["DeleteUser"]


def test_since_and_until_make_silence_a_statement(trail):
    times = {"since": trails.T0 + 5000, "until": trails.T0 + 8000}
    assert len(compare(trail, [], **times).unlogged) == 3
    with pytest.raises(UsageError, match="hold no records"):
        compare(trail, [])


def test_no_time_in_common_is_said(trail):
    with pytest.raises(UsageError, match="no time in common"):
        compare(trail, [record(0, eventTime="2020-01-01T00:00:00Z")])


def test_a_record_without_time_is_named(trail):
    with pytest.raises(UsageError, match="file has a record without eventTime"):
        compare(trail, [record(0, eventTime="yesterday")])


def write(path, records):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(json.dumps({"Records": records}).encode()))


def test_the_command_says_what_went_past(trail, tmp_path, capsys):
    logs = tmp_path / "AWSLogs" / "1" / "CloudTrail"
    write(logs / "a.json.gz", [aws(number) for number in range(10)])
    assert run(["reconcile", str(tmp_path), "--trail", str(trail)]) == 0
    assert "      10  in both" in capsys.readouterr().out
    write(logs / "b.json.gz", [aws(4, requestID=str(uuid4()), eventName="DeleteTrail")])
    assert run(["reconcile", str(tmp_path), "--trail", str(trail)]) == 1
    said = capsys.readouterr().out
    assert "       1  BYPASSED" in said
    assert "iam:DeleteTrail" in said
    assert "b.json.gz" in said


def test_the_command_prints_json(trail, tmp_path, capsys):
    write(tmp_path / "a.json.gz", [aws(3), aws(4, readOnly=True), aws(6)])
    assert run(["reconcile", str(tmp_path), "--trail", str(trail), "--output", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["matched"] == 3
    assert [item["reason"] for item in told["unlogged"]] == ["other"]
    assert told["bypassed"] == told["byAWS"] == []
    assert told["disagreements"] == []


def test_a_directory_without_log_files_is_used_wrongly(trail, tmp_path, capsys):
    assert run(["reconcile", str(tmp_path), "--trail", str(trail)]) == 2
    assert "hold no records" in capsys.readouterr().err


def test_what_no_recorder_can_see_is_not_a_bypass(trail, tmp_path, capsys):
    browser = [
        aws(4, requestID=None, eventName="ConsoleLogin", eventType="AwsConsoleSignIn"),
        aws(4, requestID=None, eventName="SwitchRole", eventSource="signin.amazonaws.com"),
        aws(5, requestID=None, eventName="Viewed", eventType="AwsConsoleAction"),
    ]
    service = aws(5, requestID=None, eventName="RotateKey", eventType="AwsServiceEvent")
    insight = {"eventType": "AwsCloudTrailInsight", "eventTime": "2026-11-22T06:46:40Z"}
    write(tmp_path / "a.json.gz", [*(aws(n) for n in range(10)), *browser, service, insight])
    (tmp_path / "b.json").write_bytes(b'{"Records": [')
    (tmp_path / "c.json").write_text(json.dumps({"configurationItems": [], "fileVersion": "1.0"}))
    assert run(["reconcile", str(tmp_path), "--trail", str(trail)]) == 0
    said = capsys.readouterr().out
    assert "       0  BYPASSED" in said
    assert "       1  made by AWS's own services" in said
    assert (
        "       6  left out, as no client's calls: 1 AWS Config file, 1 Insight, 1 console action, "
        "2 console sign-in, 1 file that is cut short or no JSON"
    ) in said
    assert run(["reconcile", str(tmp_path), "--trail", str(trail), "--output", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["leftOut"]["console sign-in"] == 2


def test_files_with_nothing_but_other_things_say_so(trail, tmp_path, capsys):
    (tmp_path / "b.json").write_bytes(b'{"Records": [')
    assert run(["reconcile", str(tmp_path), "--trail", str(trail)]) == 2
    assert "but 1 file that is cut short or no JSON" in capsys.readouterr().err
