"""What `apitrail mcp` refuses before it serves anything."""

import importlib.util
import json
import re
import tomllib
from pathlib import Path

import pytest

from apitrail.cli.agents import mcp_command


@pytest.fixture(autouse=True)
def _no_run(monkeypatch):
    monkeypatch.delenv("APITRAIL_RUN", raising=False)


@pytest.mark.parametrize(
    ("arguments", "problem", "hint"),
    [
        ([], "this is no part of a run", "--run ID"),
        (["--run", "x"], "no run 'x'", "apitrail events"),
        (["--run", "x", "--all-runs"], "exclude each other", None),
        (["--all-runs", "--http", "0.0.0.0:0"], "can be reached from other machines", "127.0.0.1"),
        (["--all-runs", "--http", "example.com:0"], "can be reached from other machines", None),
        (["--all-runs", "--http", "127.0.0.1:0", "--log-format", "json"], "would be written into the log", "--token-file"),
        (["--all-runs", "--http", "nowhere"], "not an address", None),
    ],
)  # fmt: skip
def test_it_is_refused_with_a_line_and_a_hint(cli, arguments, problem, hint):
    status, out, said = cli("mcp", *arguments)
    assert (status, out) == (2, "")
    assert problem in said
    assert hint is None or hint in said.partition("hint")[2]


def test_a_run_of_another_trail_is_not_shown(cli, monkeypatch):
    monkeypatch.setenv("APITRAIL_RUN", "elsewhere")
    assert "no run 'elsewhere'" in cli("mcp")[2]


def test_a_token_is_for_http(cli, tmp_path):
    (tmp_path / "token").write_text("x" * 20)
    status, _, said = cli("mcp", "--all-runs", "--token-file", str(tmp_path / "token"))
    assert (status, "a token is for --http" in said) == (2, True)


def test_without_the_package_it_says_how_to_get_it(cli, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "mcp" else find(name))  # fmt: skip
    status, _, said = cli("mcp", "--all-runs")
    assert status == 2
    assert "pip install 'apitrail[mcp]'" in said


def test_a_trail_that_is_not_there(cli, tmp_path):
    assert "no trail" in cli("mcp", "--all-runs", on=tmp_path / "none")[2]


def servers():
    """Each server that a block of docs/mcp.md registers."""
    text = (Path(__file__).parents[2] / "docs" / "mcp.md").read_text("utf-8")
    for form, block in re.findall(r"```(json|toml)\n(.*?)```", text, re.DOTALL):
        found = json.loads(block) if form == "json" else tomllib.loads(block)
        [named] = found.values()
        yield named["apitrail"]


def test_the_lines_of_the_docs_register_a_command_that_there_is():
    known = {option for each in mcp_command.params for option in each.opts}
    found = list(servers())
    assert len(found) == 6
    for server in found:
        command, *options = server["args"]
        assert (server["command"], command) == ("apitrail", "mcp")
        assert {each for each in options if each.startswith("-")} <= known
        handed = {*server.get("env", {}), *server.get("env_vars", ())}
        assert {"APITRAIL_RUN", "APITRAIL_TRAIL"} <= handed or "--all-runs" in options
