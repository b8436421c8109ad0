"""`apitrail top`, `apitrail diff` and `apitrail events --chart`."""

from __future__ import annotations

import json

import terminal
import trails


def test_top_shows_it_once_in_a_pipe(cli):
    status, out, _err = cli("top", "--window", "20000d", "--by", "operation")
    assert status == 0
    assert out.startswith("OPERATION")
    assert "no calls in the last 1s" in cli("top", "--window", "1s")[2]
    rows = json.loads(cli("top", "--window", "20000d", "--output", "json", "-n", "1")[1])["rows"]
    assert len(rows) == 1
    assert rows[0]["calls"]
    assert "cannot be" in cli("top", "--window", "0s")[2]


def test_diff_says_by_its_status_whether_there_is_one(cli, tmp_path):
    directory = tmp_path / "runs"

    async def work(trail):
        await trail.append(trails.run("run-1"))
        await trail.append(trails.draft(1, run="run-1", name="GetRole"))
        await trail.append(trails.run("run-2"))
        await trail.append(trails.draft(2, run="run-2", name="CreateUser"))

    trails.write(directory, work)
    status, out, _ = cli("diff", "run-1", "last", on=directory)
    assert status == 0
    assert "+ iam:CreateUser  1 call" in out
    assert cli("diff", "run-1", "last", "--exit-code", on=directory)[0] == 1
    assert cli("diff", "run-1", "run-1", "--exit-code", on=directory)[0] == 0
    assert cli("diff", "run-1", "run-9", on=directory)[0] == 2


def test_diff_takes_a_bundle_for_all_calls_in_it(cli, tmp_path):
    before, after, other = tmp_path / "before.zip", tmp_path / "after.zip", tmp_path / "x.zip"
    assert cli("export", "--event-name", "CreateUser", "-o", str(before))[0] == 0
    assert cli("export", "-o", str(after))[0] == 0
    status, out, _ = cli("diff", str(before), str(after), "--exit-code")
    assert status == 1
    assert out.startswith("---  before.zip")
    assert "+++  after.zip" in out
    assert "12 calls" in out
    assert cli("diff", str(after), str(after), "--exit-code")[0] == 0
    said = json.loads(cli("diff", str(before), str(after), "--output", "json")[1])
    assert said["before"]["bundle"] == "before.zip"
    assert "run" not in said["before"]
    other.write_text("no zip")
    assert "is no bundle" in cli("diff", str(other), str(after))[2]
    assert "no bundle at" in cli("diff", str(tmp_path / "gone.zip"), str(after))[2]


def test_a_chart_is_drawn(cli):
    status, out, _ = cli("events", "--chart")
    assert status == 0
    assert "12 calls, " in out
    assert json.loads(cli("events", "--chart", "--output", "json")[1])["bars"]
    assert "no events match" in cli("events", "--chart", "--event-name", "Never")[2]
    assert cli("events", "--chart", "-n", "5")[0] == 2


def test_a_chart_fits_the_terminal(trail):
    status, shown = terminal.run("events", "--chart", "--trail", str(trail), columns=40)
    assert status == 0
    assert max(map(len, terminal.plain(shown).splitlines())) <= 40
