"""`apitrail events`: filters, forms, and what it says when there is nothing to say."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import trails
from apitrail.__main__ import run
from apitrail.event import Event
from apitrail.trail import statements
from apitrail.trail.rows import Draft

NAMES = ("CreateUser", "GetUser", "DeleteUser")


def names(output):
    return [json.loads(line)["eventName"] for line in output.splitlines()]


def test_a_table_newest_first_is_the_default(cli):
    status, out, err = cli("events")
    lines = out.splitlines()
    assert status == 0
    assert lines[0].split() == ["TIME", "EVENT", "CALLER", "REGION", "RESULT", "RESOURCE", "ID"]
    assert [line.split()[2] for line in lines[1:4]] == [
        "iam:DeleteUser",
        "iam:GetUser",
        "iam:CreateUser",
    ]
    assert len(lines) == 13
    assert err == ""


def test_jsonl_is_one_cloudtrail_record_a_line(cli):
    _, out, _ = cli("events", "--output", "jsonl")
    assert names(out) == [NAMES[i % 3] for i in range(11, -1, -1)]


def test_json_is_a_cloudtrail_log_file(cli):
    _, out, _ = cli("events", "--output", "json", "-n", "2")
    assert [record["eventSource"] for record in json.loads(out)["Records"]] == [
        "iam.amazonaws.com"
    ] * 2


def test_csv_has_a_header(cli):
    _, out, _ = cli("events", "--output", "csv")
    assert [row["eventName"] for row in csv.DictReader(out.splitlines())][:1] == ["DeleteUser"]


def test_text_is_tab_separated(cli):
    _, out, _ = cli("events", "--output", "text", "-n", "1")
    assert out.split("\t")[2] == "DeleteUser"


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (["--event-name", "CreateUser"], 4),
        (["--event-name", "CreateUser", "--event-name", "GetUser"], 8),
        (["--event-source", "iam"], 12),
        (["--event-source", "s3.amazonaws.com"], 0),
        (["--username", "user1"], 4),
        (["--username", "user1", "--event-name", "CreateUser"], 0),
        (["--access-key-id", "AKIA0000000000000002"], 4),
        (["--resource-name", "target3"], 1),
        (["--resource-name", "arn:aws:iam::123456789012:user/target3"], 1),
        (["--resource-type", "AWS::IAM::User"], 12),
        (["--resource-type", "AWS::IAM::Role"], 0),
        (["--read-only"], 4),
        (["--no-read-only"], 8),
        (["--error"], 3),
        (["--error", "NoSuchEntity"], 3),
        (["--error", "AccessDenied"], 0),
        (["--source-ip", "10.0.0.4"], 2),
        (["--region", "us-east-1"], 12),
        (["--event-id", "00000000-0000-0000-0000-000000000003"], 1),
        (["--since", "2026-11-22T00:00Z"], 12),
        (["--since", "2027-01-01"], 0),
        (["--until", "2026-01-01"], 0),
        (["-n", "5"], 5),
        (["-n", "0"], 0),
    ],
)
def test_each_filter(cli, options, count):
    status, out, _ = cli("events", "--output", "jsonl", *options)
    assert (status, len(out.splitlines())) == (0, count)


def test_the_newest_run(tmp_path, capsys):
    async def work(trail):
        for name in ("one", "two"):
            await trail.append(trails.run(name))
            await trail.append(trails.draft({"one": 1, "two": 2}[name], run=name))

    trails.write(tmp_path / "runs", work)
    for asked, expected in (("last", ["DeleteUser"]), ("one", ["GetUser"]), ("three", [])):
        assert (
            run(["events", "--run", asked, "--output", "jsonl", "--trail", str(tmp_path / "runs")])
            == 0
        )
        assert names(capsys.readouterr().out) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Records[].eventName | [0]", '"DeleteUser"\n'),
        ("[].eventName | [0]", '"DeleteUser"\n'),
        ("length(Records)", "12\n"),
    ],
)
def test_a_query(cli, query, expected):
    assert cli("events", "--output", "json", "--query", query) == (0, expected, "")


def test_no_match_is_said_to_the_person_not_the_pipe(cli):
    status, out, err = cli("events", "--since", "2030-01-01")
    assert (status, out, err) == (0, "", "no events match\n")


def test_a_question_that_cannot_match_is_said_so(cli):
    status, out, err = cli("events", "--event-name", "CreateUsr")
    assert (status, out) == (0, "")
    assert err == (
        "apitrail: no event here has the name 'CreateUsr', and AWS no such operation; the nearest"
        " is 'CreateUser'\nno events match\n"
    )
    assert cli("history", "targt3")[2] == (
        "apitrail: no event here names the resource 'targt3'; the nearest is 'target3'\n"
    )


def test_a_table_is_a_question(cli):
    """Each cell of a line, given back as a filter, finds the line."""
    _, out, _ = cli("events", "--max-items", "1")
    header, line = out.splitlines()
    cells = dict(zip(header.split(), line.split()[1:], strict=True))
    for option, column in (
        ("--event-name", "EVENT"),
        ("--username", "CALLER"),
        ("--region", "REGION"),
        ("--resource-name", "RESOURCE"),
        ("--error", "RESULT"),
        ("--event-id", "ID"),
    ):
        _, found, said = cli("events", option, cells[column], "-n", "1")
        assert found == out, option
        assert "no event" not in said


def test_a_table_shows_a_screenful_and_says_so(tmp_path, capsys):
    trails.make(tmp_path / "many", 60)
    run(["events", "--trail", str(tmp_path / "many")])
    captured = capsys.readouterr()
    assert len(captured.out.splitlines()) == 51
    assert captured.err == "the newest 50; -n shows more\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["events", "--output", "xml"], "xml"),
        (["events", "--since", "soon"], "not a time: 'soon'"),
        (["events", "--event-id", "123"], "not an event id: '123'"),
        (["events", "--query", "["], "not a JMESPath expression"),
        (["events", "--follow", "--query", "a"], "--query needs the whole list"),
        (["events", "--no-such-option"], "no such option"),
        (["events", "-n", "-1"], "-1"),
        (["show", "ffff"], "no event 'ffff'"),
        (["show", "0000"], "events begin with '0000'"),
        (["show"], "missing argument"),
        (["nonsense"], "no such command"),
    ],
)
def test_bad_input_gets_one_line_and_a_hint(cli, arguments, message):
    status, out, err = cli(*arguments)
    lines = err.splitlines()
    assert (status, out) == (2, "")
    assert lines[0].startswith("apitrail: ")
    assert message in lines[0]
    assert lines[1].startswith("hint: ")
    assert len(lines) == 2


@pytest.mark.parametrize("kind", ["missing", "file", "text", "other", "empty"])
def test_what_is_no_trail_is_named_and_left_alone(cli, tmp_path, kind):
    path = tmp_path / "not-a-trail"
    if kind == "file":
        path.write_text("hello")
    elif kind != "missing":
        path.mkdir()
        if kind == "text":
            (path / "trail.db").write_text("hello" * 1000)
        elif kind == "empty":
            (path / "trail.db").touch()
        else:
            trails.sqlite3.connect(path / "trail.db").execute(
                "CREATE TABLE x(y)"
            ).connection.close()
    before = sorted(tmp_path.rglob("not-a-trail*"))
    # A file may be a bundle, and whatever verify is handed as one gets a verdict.
    verify = [] if kind == "file" else [["verify"]]
    for command in (["events"], ["show", "00"], *verify):
        status, out, err = cli(*command, on=path)
        assert (status, out) == (2, ""), err
        assert [line.split(":")[0] for line in err.splitlines()][-2:] == ["apitrail", "hint"]
    assert sorted(tmp_path.rglob("not-a-trail*")) == before


def test_show_gives_the_event_the_request_and_the_response(cli):
    status, out, _ = cli("show", "00000000-0000-0000-0000-000000000003", "--output", "json")
    shown = json.loads(out)
    assert status == 0
    assert shown["event"]["eventName"] == "DeleteUser"
    assert shown["request"]["parameters"] == {"UserName": "target2"}
    assert shown["response"]["result"] == {"User": {"UserName": "target2"}}
    assert shown["entry"]["kind"] == "api"


def test_show_for_people_says_who_when_and_what(cli):
    _, out, _ = cli("show", "00000000-0000-0000-0000-000000000003")
    assert "iam:DeleteUser" in out.splitlines()[0]
    assert len(out.splitlines()) < 24
    assert "user2" in out
    assert "target2" in out


@pytest.mark.parametrize("output", ["table", "json", "jsonl"])
def test_a_secret_that_no_call_has_is_not_found_in_any_form(trail, output):
    done = subprocess.run(
        [sys.executable, "-m", "apitrail", "find-value", "--output", output, "--trail", str(trail)],
        input=b"never seen", capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert b"no call has this value redacted" in done.stderr


def test_following_shows_what_is_recorded_from_then_on(trail):
    command = [
        sys.executable,
        "-m",
        "apitrail",
        "events",
        "--follow",
        "--output",
        "jsonl",
        "-n",
        "1",
    ]
    environment = {**os.environ, "APITRAIL_TRAIL": str(trail)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as follower:
        assert follower.stdout is not None
        first = follower.stdout.readline()

        async def work(writer):
            await writer.append(trails.draft(100))

        trails.write(trail, work)
        second = follower.stdout.readline()
        follower.kill()
    assert [names(first), names(second)] == [["DeleteUser"], ["GetUser"]]


def test_a_closed_pipe_is_no_error(tmp_path):
    trails.make(tmp_path / "many", 400)
    command = f"{sys.executable} -m apitrail events --output jsonl | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False,
        env={**os.environ, "APITRAIL_TRAIL": str(tmp_path / "many")},
    )  # fmt: skip
    assert (done.returncode, len(done.stdout.splitlines()), done.stderr) == (0, 1, "")


def test_reading_imports_neither_mitmproxy_nor_botocore(trail):
    probe = (
        "import sys; from apitrail.__main__ import run; run(['events', '-n', '1']);"
        "print([m for m in ('mitmproxy', 'botocore', 'asyncio') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True,
        env={**os.environ, "APITRAIL_TRAIL": str(trail)}, cwd=Path(__file__).parent,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] in ("[]", "['asyncio']")


def test_calls_are_found_by_the_label_of_their_run(tmp_path, capsys):
    async def work(opened):
        await opened.append(trails.opening())
        said = statements.Run(id="r1", labels={"build": "7", "team": "a"})
        await opened.append(statements.draft(said))
        await opened.append(trails.draft(0, run="r1"))
        await opened.append(trails.draft(1))

    trails.write(tmp_path / "labelled", work)
    for labels, count in (
        (["build=7"], 1),
        (["build"], 1),
        (["build=8"], 0),
        ([""], 0),
        (["build=7", "build=8"], 1),
        (["build=7", "team=a"], 1),
        (["build=7", "team=b"], 0),
    ):
        options = [word for label in labels for word in ("--label", label)]
        run(["events", *options, "--output", "jsonl", "--trail", str(tmp_path / "labelled")])
        assert len(capsys.readouterr().out.splitlines()) == count


def test_calls_about_a_stand_in_are_shown_only_when_asked_for(tmp_path, capsys):
    async def work(opened):
        await opened.append(trails.opening())
        facets = trails.call(0)
        facets["what"] = facets["what"][:-1] + b',"standIn":true}'
        row = Event.parse(facets).row()
        await opened.append(Draft(kind="api", facets=facets, row=row))
        await opened.append(trails.draft(1))

    trails.write(tmp_path / "stand-in", work)
    for options, count in (((), 1), (("--stand-in",), 2)):
        run(["events", *options, "--output", "jsonl", "--trail", str(tmp_path / "stand-in")])
        assert len(capsys.readouterr().out.splitlines()) == count
    assert trails.check(tmp_path / "stand-in").holds
