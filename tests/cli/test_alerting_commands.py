"""`apitrail alert`: what is configured, what the past would have raised, what became of deliveries."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import trails
import visiting
from apitrail.cli import apitrail
from apitrail.delivery import export
from apitrail.query import Filter
from apitrail.trail.reader import Reader

CONFIG = """
[[alert]]
name = "made"
level = "low"
filter = {{ event-name = "Create*" }}
file = "{file}"
command = ["{command}", "--token", "secret"]
"""


@pytest.fixture(scope="module")
def trail(tmp_path_factory):
    directory = trails.make(tmp_path_factory.mktemp("alerts") / "trail", 6)
    visiting.raise_alerts(directory)
    return directory


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(file="a.jsonl", command="true"))
    return path


def run(*arguments, status=0):
    done = CliRunner().invoke(apitrail, ["alert", *map(str, arguments)])
    assert done.exit_code == status, done.output
    return done


def test_what_is_configured_is_listed_without_secrets(config, tmp_path):
    text = run("list", "--config", config).output
    assert "made   low    made  file" in text
    assert "secret" not in text
    told = json.loads(run("list", "--config", config, "--output", "json").output)
    assert told["sinks"] == [f"file {tmp_path / 'a.jsonl'}", "command true"]
    assert "built-in:root-used" in run("rules").output


def test_the_past_is_played_through_rules(config, trail, tmp_path):
    text = run("test", config, "--trail", trail).output
    assert "apitrail: 2 alerts: made 2" in text
    lines = run("test", config, "--event-name", "CreateUser", "--username", "user0", "--trail", trail,
                "--output", "json").output.splitlines()  # fmt: skip
    told = [json.loads(line) for line in lines]
    assert [each["entry"] for each in told] == [2, 5]
    assert told[0]["log"] == trails.ORIGIN
    assert "0 alerts" in run("test", "built-in:all", "--trail", trail).output
    assert not (tmp_path / "a.jsonl").exists()


def test_a_bundle_is_played_too(config, trail, tmp_path):
    path = tmp_path / "evidence.zip"
    with Reader(trail) as reader:
        job = export.Job(where=Filter(username=("user0",)))
        export.to_file(reader, job, form="bundle", path=path)
    lines = run("test", config, "--trail", path, "--output", "json").output.splitlines()
    assert [json.loads(line)["entry"] for line in lines] == [2, 5]


def test_a_rule_that_cannot_judge_is_told_once(trail, tmp_path):
    path = tmp_path / "c.toml"
    path.write_text('[[alert]]\nname = "broken"\njmespath = "length(readOnly)"\n')
    text = run("test", path, "--trail", trail).output
    assert "alert 'broken': 6 entries could not be judged" in text


def test_deliveries_are_told_and_tried_again(trail):
    text = run("log", "--trail", trail).output
    assert "webhook https://example.com/: given up after 1 try (it answered 500)" in text
    told = [json.loads(each) for each in run("log", "--trail", trail, "--output", "json").output.splitlines()]  # fmt: skip
    assert [each["state"] for each in told] == ["waiting", "given up", "delivered"]
    assert "2 deliveries are tried again" in run("retry", "--trail", trail).output
    assert "0 deliveries are tried again" in run("retry", "--trail", trail).output


def test_a_test_is_sent_to_where_alerts_go(config, tmp_path):
    text = run("send", "--config", config).output
    assert text == f"made: file {tmp_path / 'a.jsonl'}: delivered\nmade: command true: delivered\n"
    assert json.loads((tmp_path / "a.jsonl").read_text())["test"] is True
    config.write_text(CONFIG.format(file="a.jsonl", command="false"))
    assert "'false' ended with 1" in run("send", "made", "--config", config, status=1).output


@pytest.mark.parametrize(
    "arguments",
    [("list",), ("test",), ("send",), ("list", "--config", "none.toml"), ("test", "none.yml"),
     ("retry", "--trail", "nowhere"), ("test", "built-in:none")],
)  # fmt: skip
def test_what_cannot_be_done_is_told(arguments, tmp_path, monkeypatch):
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path))
    done = CliRunner().invoke(apitrail, ["alert", *arguments])
    assert done.exit_code != 0
    assert type(done.exception).__name__ in ("UsageError", "SystemExit")
