"""`apitrail insights`."""

import json

import refusing
import trails
from apitrail.insights.thresholds import Thresholds
from apitrail.trail import statements
from apitrail.trail.reader import Reader
from apitrail.trail.telling import Teller
from watched import AFTER, record


def test_a_quiet_trail(cli):
    status, out, err = cli("insights")
    assert (status, out) == (0, "")
    assert "nothing unusual" in err


def test_log_files_need_no_trail(cli, tmp_path):
    logs = tmp_path / "logs"
    logs.mkdir()
    refused = [record(AFTER + n * 1000, f"ListX{n}", errorCode="AccessDenied") for n in range(9)]
    (logs / "a.json").write_text(json.dumps({"Records": refused}))
    arguments = ("insights", "--replay", str(logs), "--output", "jsonl", "--kind", "sequence")
    status, out, _ = cli(*arguments, on=tmp_path / "nothing")
    assert status == 0
    assert json.loads(out)["name"] == "refusals"
    assert not (tmp_path / "nothing").exists()


def test_thresholds_are_those_of_the_configuration(cli, tmp_path):
    refused = [record(AFTER + n * 1000, f"ListX{n}", errorCode="AccessDenied") for n in range(9)]
    (tmp_path / "a.json").write_text(json.dumps({"Records": refused}))
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text("[insights]\ndistinct_refusals = 50\n")
    status, out, _ = cli("insights", "--replay", str(tmp_path / "a.json"))
    assert (status, out) == (0, "")


def test_a_place_that_is_not_there(cli):
    status, _, err = cli("insights", "--replay", "nowhere")
    assert status == 2
    assert "nowhere" in err


def test_no_trail(cli, tmp_path):
    status, _, err = cli("insights", on=tmp_path / "none")
    assert status == 2
    assert "no trail at" in err


def test_insights_among_the_events(cli, tmp_path):
    directory = refusing.make(tmp_path / "refused")
    with Reader(directory) as reader:
        [said] = Teller(0, Thresholds()).read(reader, reader.size)
    trails.write(directory, lambda opened: opened.append(statements.draft(said)))
    status, out, _ = cli("events", "--category", "insight", "--output", "json", on=directory)
    assert status == 0
    assert json.loads(out)["Records"] == [said.record]
    query = ("--query", "Records[].insightDetails.state", "--output", "text")
    assert cli("events", "--category", "insight", *query, on=directory)[1] == "Start\n"
    assert "refused" in cli("events", "--category", "insight", on=directory)[1]
    assert cli("events", "--category", "insight", "--since", "2027-01-01", on=directory)[1] == ""
    status, _, err = cli("events", "--category", "insight", "--username", "ada", on=directory)
    assert status == 2
    assert "chosen by --since" in err


def test_one_insight_and_the_calls_behind_it(cli, tmp_path):
    directory = refusing.make(tmp_path / "refused")
    with Reader(directory) as reader:
        [said] = Teller(0, Thresholds()).read(reader, reader.size)
    trails.write(directory, lambda opened: opened.append(statements.draft(said)))
    number = str(said.record["eventID"])
    status, out, _ = cli("insights", on=directory)
    assert status == 0
    assert number[:8] in out
    status, out, _ = cli("insights", "show", number[:8], on=directory)
    assert status == 0
    assert "7 different operations were refused" in out


def test_what_is_like_an_insight_is_muted_and_heard_again(cli, tmp_path):
    directory = tmp_path / "refused"
    number = refusing.unusual(directory).record["eventID"]
    assert "refusals" not in cli("insights", "mutes", on=directory)[1]
    status, _, err = cli("insights", "mute", number[:8], "--reason", "a drill", on=directory)
    assert status == 0
    assert "sequence refusals of iam:List6 by arn:aws:iam::123456789012:user/ada" in err
    status, out, err = cli("insights", on=directory)
    assert out == ""
    assert err == "apitrail: 1 muted; --muted lists them too\n"
    assert (
        "muted     entry 12  sequence refusals"
        in cli("insights", "show", number[:8], on=directory)[1]
    )
    assert number[:8] in cli("insights", "--muted", on=directory)[1]
    entry = json.loads(cli("insights", "mutes", "--output", "jsonl", on=directory)[1])["entry"]
    assert cli("insights", "unmute", str(entry), on=directory)[0] == 0
    assert number[:8] in cli("insights", on=directory)[1]
    assert "nothing is muted" in cli("insights", "mutes", on=directory)[2]
    assert trails.check(directory).holds


def test_a_mute_names_something_and_ends_when_it_is_said(cli, tmp_path):
    directory = tmp_path / "refused"
    refusing.unusual(directory)
    assert "a mute of everything" in cli("insights", "mute")[2]
    assert "two ways to say it" in cli("insights", "mute", "abc", "--kind", "rate")[2]
    assert (
        cli("insights", "mute", "--kind", "rate", "--caller", "*ci*", "--for", "30d", on=directory)[
            0
        ]
        == 0
    )
    assert "rate by *ci* until 2" in cli("insights", "mutes", on=directory)[1]
    assert "no mute at entry 7" in cli("insights", "unmute", "7", on=directory)[2]
